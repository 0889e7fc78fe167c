"""From RDF to OWL 2 axioms (https://www.w3.org/TR/owl2-mapping-to-rdf/, section 3).

What is no logical axiom (annotations, declarations, headers) is left to whoever reads the triples. An expression that
is not well formed is reported, not guessed at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from node.curation.owl import (
    ANNOTATION_PROPERTY,
    CHARACTERISTICS,
    CLASS,
    DATA_PROPERTY,
    DATATYPE,
    ENTITY_KINDS,
    INDIVIDUAL,
    OBJECT_PROPERTY,
    Axiom,
    Part,
    Term,
)
from node.errors import Place
from node.rdf.namespaces import OWL, RDF, RDF_TYPE, RDFS, RDFS_SUBCLASS_OF, XSD

Node = NamedNode | BlankNode
_NIL = RDF + "nil"
_PAIRS = {
    RDFS_SUBCLASS_OF: "SubClassOf",
    OWL + "equivalentClass": "EquivalentClasses",
    OWL + "disjointWith": "DisjointClasses",
    OWL + "complementOf": "ComplementOf",
}
_PROPERTY_PAIRS = {
    RDFS + "subPropertyOf": "SubPropertyOf",
    OWL + "equivalentProperty": "EquivalentProperties",
    OWL + "propertyDisjointWith": "DisjointProperties",
    OWL + "inverseOf": "InverseProperties",
}
_SAME = {OWL + "sameAs": "SameIndividual", OWL + "differentFrom": "DifferentIndividuals"}
_CARDINALITIES = {
    f"{OWL}{word}{qualified}": f"{kind}Cardinality"
    for word, kind in (("min", "Min"), ("max", "Max"))
    for qualified in ("Cardinality", "QualifiedCardinality")
} | {OWL + "cardinality": "ExactCardinality", OWL + "qualifiedCardinality": "ExactCardinality"}
_LISTS = {OWL + "intersectionOf": "IntersectionOf", OWL + "unionOf": "UnionOf", OWL + "oneOf": "OneOf"}
_DEEPEST = 64


class _Malformed(Exception):
    """An expression that the mapping to OWL does not know; says why."""


@dataclass
class Ontology:
    """What some triples say in OWL: axioms, the kinds each entity is declared with, and what could not be read."""

    axioms: list[Axiom] = field(default_factory=list)
    kinds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    malformed: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Graph:
    objects: dict[Node, dict[str, list[Node | Literal]]] = field(default_factory=lambda: defaultdict(dict))

    def values(self, subject: Node, predicate: str) -> list[Node | Literal]:
        return self.objects.get(subject, {}).get(predicate, [])

    def value(self, subject: Node, predicate: str) -> Node | Literal | None:
        found = self.values(subject, predicate)
        return found[0] if found else None


def read_ontology(
    triples: Iterable[Triple],
    *,
    origin: str = "",
    place: Callable[[str], Place] = lambda _: Place(),
    kinds: dict[str, set[str]] | None = None,
) -> Ontology:
    """The axioms of these triples. ``place`` says where a subject is stated, ``kinds`` what is declared elsewhere."""
    graph = _Graph()
    made = Ontology()
    for name, known in (kinds or {}).items():
        made.kinds[name] |= known
    for triple in triples:
        subject, obj = triple.subject, triple.object
        if isinstance(subject, Triple) or isinstance(obj, Triple):
            continue
        graph.objects[subject].setdefault(triple.predicate.value, []).append(obj)
        if (
            triple.predicate.value == RDF_TYPE
            and isinstance(subject, NamedNode)
            and isinstance(obj, NamedNode)
            and obj.value in ENTITY_KINDS
        ):
            made.kinds[subject.value].add(obj.value)
    _Reader(graph, made, origin, place).run()
    return made


class _Reader:
    def __init__(self, graph: _Graph, made: Ontology, origin: str, place: Callable[[str], Place]) -> None:
        self._graph = graph
        self._made = made
        self._origin = origin
        self._place = place

    def run(self) -> None:
        for subject, statements in self._graph.objects.items():
            for predicate, objects in statements.items():
                for obj in objects:
                    try:
                        term = self._axiom(subject, predicate, obj)
                    except _Malformed as why:
                        if isinstance(subject, NamedNode):
                            self._made.malformed.append((subject.value, str(why)))
                        continue
                    if term is not None:
                        about = subject.value if isinstance(subject, NamedNode) else _first_name(term)
                        self._made.axioms.append(Axiom(term, self._place(about), self._origin))

    def _is(self, name: Node | Literal | str, kind: str) -> bool:
        iri = name if isinstance(name, str) else name.value
        return kind in self._made.kinds.get(iri, ())

    def _axiom(self, subject: Node, predicate: str, obj: Node | Literal) -> Term | None:
        if predicate == RDF_TYPE:
            return self._typed(subject, obj)
        if isinstance(obj, Literal):
            if isinstance(subject, NamedNode) and self._is(predicate, DATA_PROPERTY) and self._individual(subject):
                return Term("PropertyAssertion", (predicate, subject.value, obj))
            return None
        if predicate in _PAIRS:
            return self._class_pair(subject, predicate, obj)
        if predicate == OWL + "disjointUnionOf":
            return Term("DisjointUnion", (self.expression(subject), *self._expressions(obj)))
        if predicate in _PROPERTY_PAIRS or predicate in (RDFS + "domain", RDFS + "range"):
            return self._property_axiom(subject, predicate, obj)
        if predicate == OWL + "propertyChainAxiom":
            chain = Term("PropertyChain", tuple(self._property(one) for one in self._list(obj)))
            return Term("SubPropertyOf", (chain, self._property(subject)))
        if predicate == OWL + "hasKey":
            return Term("HasKey", (self.expression(subject), *(self._property(one) for one in self._list(obj))))
        if predicate in _SAME:
            return Term(_SAME[predicate], (subject.value, obj.value))
        if self._is(predicate, OBJECT_PROPERTY) and self._individual(subject) and self._individual(obj):
            return Term("PropertyAssertion", (predicate, subject.value, obj.value))
        return None

    def _class_pair(self, subject: Node, predicate: str, obj: Node) -> Term | None:
        if isinstance(subject, BlankNode) and predicate == OWL + "complementOf":
            return None  # an expression of its own, read where it is used
        if self._is(subject, DATATYPE):
            return None  # a datatype definition
        left, right = self.expression(subject), self.expression(obj)
        if predicate == OWL + "complementOf":
            return Term("EquivalentClasses", (left, Term("ComplementOf", (right,))))
        return Term(_PAIRS[predicate], (left, right))

    def _property_axiom(self, subject: Node, predicate: str, obj: Node) -> Term | None:
        if predicate == OWL + "inverseOf" and isinstance(subject, BlankNode):
            return None
        if isinstance(subject, NamedNode) and not (
            self._is(subject, OBJECT_PROPERTY) or self._is(subject, DATA_PROPERTY)
        ):
            return None  # an annotation property, or nothing that is declared
        if predicate in _PROPERTY_PAIRS:
            if self._is(obj, ANNOTATION_PROPERTY):
                return None
            return Term(_PROPERTY_PAIRS[predicate], (self._property(subject), self._property(obj)))
        kind = "PropertyDomain" if predicate == RDFS + "domain" else "PropertyRange"
        return Term(kind, (self._property(subject), self.expression(obj)))

    def _typed(self, subject: Node, obj: Node | Literal) -> Term | None:
        if isinstance(obj, Literal):
            return None
        kind = obj.value
        if kind in CHARACTERISTICS:
            return Term(CHARACTERISTICS[kind], (self._property(subject),))
        if kind in (OWL + "AllDisjointClasses", OWL + "AllDisjointProperties", OWL + "AllDifferent"):
            listed = self._graph.value(subject, OWL + "members") or self._graph.value(subject, OWL + "distinctMembers")
            if listed is None:
                raise _Malformed(f"{kind.removeprefix(OWL)} lists no members")
            if kind == OWL + "AllDisjointClasses":
                return Term("DisjointClasses", tuple(self._expressions(listed)))
            if kind == OWL + "AllDisjointProperties":
                return Term("DisjointProperties", tuple(self._property(one) for one in self._list(listed)))
            return Term("DifferentIndividuals", tuple(one.value for one in self._list(listed)))
        if kind == OWL + "NegativePropertyAssertion":
            return self._negative(subject)
        is_class = isinstance(obj, BlankNode) or self._is(obj, CLASS)
        if is_class and (isinstance(subject, NamedNode) or self._individual(subject)):
            return Term("ClassAssertion", (self.expression(obj), subject.value))
        return None

    def _negative(self, subject: Node) -> Term:
        parts = [self._graph.value(subject, OWL + word) for word in ("sourceIndividual", "assertionProperty")]
        target = self._graph.value(subject, OWL + "targetIndividual") or self._graph.value(subject, OWL + "targetValue")
        source, prop = parts
        if source is None or prop is None or target is None or isinstance(prop, Literal):
            raise _Malformed("a NegativePropertyAssertion lacks its source, property or target")
        value = target if isinstance(target, Literal) else target.value
        return Term("NegativePropertyAssertion", (self._property(prop), source.value, value))

    def _individual(self, node: Node) -> bool:
        if isinstance(node, BlankNode):
            types = [t.value for t in self._graph.values(node, RDF_TYPE)]
            return any(self._is(t, CLASS) for t in types)
        return self._is(node, INDIVIDUAL)

    def _property(self, node: Node | Literal) -> Part:
        if isinstance(node, NamedNode):
            return node.value
        inverse = self._graph.value(node, OWL + "inverseOf") if isinstance(node, BlankNode) else None
        if not isinstance(inverse, NamedNode):
            raise _Malformed("a property is neither an IRI nor the inverse of one")
        return Term("InverseOf", (inverse.value,))

    def expression(self, node: Node | Literal, depth: int = 0) -> Term | str:
        """The class expression or data range that a node stands for. Raises _Malformed."""
        if isinstance(node, NamedNode):
            return node.value
        if isinstance(node, Literal):
            raise _Malformed(f"the text {node.value!r} stands where a class should be")
        if depth > _DEEPEST:
            raise _Malformed("an expression nests too deep, or goes in a circle")
        found = self._graph.objects.get(node, {})
        for predicate, kind in _LISTS.items():
            if predicate in found:
                listed = self._list(found[predicate][0])
                if kind == "OneOf":
                    return Term(kind, tuple(one if isinstance(one, Literal) else one.value for one in listed))
                return Term(kind, tuple(self.expression(one, depth + 1) for one in listed))
        if OWL + "complementOf" in found:
            return Term("ComplementOf", (self.expression(found[OWL + "complementOf"][0], depth + 1),))
        if OWL + "datatypeComplementOf" in found:
            return Term("ComplementOf", (self.expression(found[OWL + "datatypeComplementOf"][0], depth + 1),))
        if OWL + "onDatatype" in found:
            return self._facets(found)
        if OWL + "onProperty" in found:
            return self._restriction(found, depth)
        raise _Malformed("a class expression has none of the forms of OWL 2")

    def _facets(self, found: dict[str, list[Node | Literal]]) -> Term:
        parts: list[Part] = [found[OWL + "onDatatype"][0].value]
        for facet in self._list((found.get(OWL + "withRestrictions") or [NamedNode(_NIL)])[0]):
            if isinstance(facet, BlankNode):
                for predicate, values in self._graph.objects.get(facet, {}).items():
                    if predicate.startswith((XSD, RDF)) and isinstance(values[0], Literal):
                        parts.append(Term("Facet", (predicate, values[0])))
        return Term("DatatypeRestriction", tuple(parts))

    def _restriction(self, found: dict[str, list[Node | Literal]], depth: int) -> Term:
        prop = self._property(found[OWL + "onProperty"][0])
        for word in ("someValuesFrom", "allValuesFrom"):
            if OWL + word in found:
                kind = word[0].upper() + word[1:]
                return Term(kind, (prop, self.expression(found[OWL + word][0], depth + 1)))
        if OWL + "hasValue" in found:
            value = found[OWL + "hasValue"][0]
            return Term("HasValue", (prop, value if isinstance(value, Literal) else value.value))
        if OWL + "hasSelf" in found:
            return Term("HasSelf", (prop,))
        for predicate, kind in _CARDINALITIES.items():
            if predicate in found:
                number = found[predicate][0].value
                if not number.isdecimal():
                    raise _Malformed(f"a cardinality is a whole number, not {number!r}")
                filler = found.get(OWL + "onClass") or found.get(OWL + "onDataRange")
                rest: tuple[Part, ...] = (self.expression(filler[0], depth + 1),) if filler else ()
                return Term(kind, (int(number), prop, *rest))
        raise _Malformed("a restriction says nothing of its property")

    def _expressions(self, node: Node | Literal) -> list[Term | str]:
        return [self.expression(one) for one in self._list(node)]

    def _list(self, node: Node | Literal) -> list[Node | Literal]:
        members: list[Node | Literal] = []
        seen: set[str] = set()
        while not (isinstance(node, NamedNode) and node.value == _NIL):
            first = self._graph.value(node, RDF + "first") if not isinstance(node, Literal) else None
            rest = self._graph.value(node, RDF + "rest") if not isinstance(node, Literal) else None
            if first is None or rest is None or node.value in seen:
                raise _Malformed("a list is broken")
            seen.add(node.value)
            members.append(first)
            node = rest
        return members


def _first_name(term: Term) -> str:
    for part in term.parts:
        if isinstance(part, str):
            return part
        if isinstance(part, Term):
            found = _first_name(part)
            if found:
                return found
    return ""
