"""From OWL 2 axioms to RDF (https://www.w3.org/TR/owl2-mapping-to-rdf/, section 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from node.curation.owl import CHARACTERISTICS, DATA_PROPERTY, Part, Term
from node.rdf.namespaces import OWL, RDF, RDF_TYPE, RDFS, RDFS_SUBCLASS_OF, XSD

Node = NamedNode | BlankNode
_PAIRS = {
    "SubClassOf": RDFS_SUBCLASS_OF,
    "EquivalentClasses": OWL + "equivalentClass",
    "DisjointClasses": OWL + "disjointWith",
    "SubPropertyOf": RDFS + "subPropertyOf",
    "EquivalentProperties": OWL + "equivalentProperty",
    "DisjointProperties": OWL + "propertyDisjointWith",
    "InverseProperties": OWL + "inverseOf",
    "PropertyDomain": RDFS + "domain",
    "PropertyRange": RDFS + "range",
    "SameIndividual": OWL + "sameAs",
    "DifferentIndividuals": OWL + "differentFrom",
}
_ALL = {
    "DisjointClasses": ("AllDisjointClasses", "members"),
    "DisjointProperties": ("AllDisjointProperties", "members"),
    "DifferentIndividuals": ("AllDifferent", "distinctMembers"),
}
_TYPES = {name: iri for iri, name in CHARACTERISTICS.items()}
_CARDINALITIES = {"MinCardinality": "min", "MaxCardinality": "max", "ExactCardinality": ""}


class Writer:
    """Makes triples of axioms; blank nodes are labelled ``prefix`` and a number that goes on from axiom to axiom.

    ``kinds_of`` says what a name is declared to be: a property's restrictions are written by it.
    """

    def __init__(self, prefix: str, kinds_of: Callable[[str], Iterable[str]] = lambda _: ()) -> None:
        self.prefix = prefix
        self._kinds_of = kinds_of
        self._made = 0
        self._out: list[Triple] = []

    def axiom(self, term: Term) -> list[Triple]:
        """The triples of one axiom; the first is the main one, which annotations of the axiom are about."""
        self._out = []
        main = self._main(term)
        side, self._out = self._out, []
        return [*main, *side]

    def expression(self, part: Part) -> tuple[Node | Literal, list[Triple]]:
        """The node of an expression, and the triples that describe it."""
        self._out = []
        node = self._node(part)
        side, self._out = self._out, []
        return node, side

    def _main(self, term: Term) -> list[Triple]:
        kind, parts = term.kind, term.parts
        if kind in _TYPES:
            return [self._triple(self._node(parts[0]), RDF_TYPE, NamedNode(_TYPES[kind]))]
        if kind == "ClassAssertion":
            return [self._triple(self._node(parts[1]), RDF_TYPE, self._node(parts[0]))]
        if kind == "PropertyAssertion":
            return [self._triple(self._node(parts[1]), str(parts[0]), self._node(parts[2]))]
        if kind == "NegativePropertyAssertion":
            return list(self._negative(parts))
        if kind == "DisjointUnion":
            return [self._triple(self._node(parts[0]), OWL + "disjointUnionOf", self._list(parts[1:]))]
        if kind == "HasKey":
            return [self._triple(self._node(parts[0]), OWL + "hasKey", self._list(parts[1:]))]
        if kind in _ALL and len(parts) > 2:
            type_name, link = _ALL[kind]
            node = self._blank()
            members = self._triple(node, OWL + link, self._list(parts))
            return [self._triple(node, RDF_TYPE, NamedNode(OWL + type_name)), members]
        if kind == "SubPropertyOf" and isinstance(parts[0], Term) and parts[0].kind == "PropertyChain":
            chain = self._list(parts[0].parts)
            return [self._triple(self._node(parts[1]), OWL + "propertyChainAxiom", chain)]
        first = self._node(parts[0])
        return [self._triple(first, _PAIRS[kind], self._node(other)) for other in parts[1:]]

    def _negative(self, parts: tuple[Part, ...]) -> Iterator[Triple]:
        node = self._blank()
        yield self._triple(node, RDF_TYPE, NamedNode(OWL + "NegativePropertyAssertion"))
        yield self._triple(node, OWL + "assertionProperty", self._node(parts[0]))
        yield self._triple(node, OWL + "sourceIndividual", self._node(parts[1]))
        word = "targetValue" if isinstance(parts[2], Literal) else "targetIndividual"
        yield self._triple(node, OWL + word, self._node(parts[2]))

    def _node(self, part: Part) -> Node | Literal:
        if isinstance(part, Literal):
            return part
        if isinstance(part, str):
            return NamedNode(part) if ":" in part else BlankNode(part)
        if isinstance(part, int):
            return Literal(str(part), datatype=NamedNode(XSD + "nonNegativeInteger"))
        return self._described(part)

    def _described(self, term: Term) -> BlankNode:
        node, kind, parts = self._blank(), term.kind, term.parts

        def say(word: str, value: Node | Literal) -> None:
            self._out.append(Triple(node, NamedNode(OWL + word), value))

        if kind == "InverseOf":
            say("inverseOf", self._node(parts[0]))
            return node
        data = self._is_data_range(term)
        named = OWL + "Restriction"
        if kind in ("IntersectionOf", "UnionOf", "OneOf", "ComplementOf", "DatatypeRestriction"):
            named = RDFS + "Datatype" if data else OWL + "Class"
        self._out.append(Triple(node, NamedNode(RDF_TYPE), NamedNode(named)))
        if kind == "ComplementOf":
            say("datatypeComplementOf" if data else "complementOf", self._node(parts[0]))
        elif kind == "DatatypeRestriction":
            say("onDatatype", self._node(parts[0]))
            say("withRestrictions", self._list(parts[1:]))
        elif kind == "Facet":
            raise AssertionError("a facet is written by its list")
        elif kind in ("IntersectionOf", "UnionOf", "OneOf"):
            say(kind[0].lower() + kind[1:], self._list(parts))
        else:
            self._restriction(term, say)
        return node

    def _restriction(self, term: Term, say: Callable[[str, Node | Literal], None]) -> None:
        kind, parts = term.kind, term.parts
        if kind in _CARDINALITIES:
            number, prop, *filler = parts
            word = f"{_CARDINALITIES[kind]}{'Qualified' if filler else ''}Cardinality"
            say("onProperty", self._node(prop))
            say(word[0].lower() + word[1:], self._node(number))
            if filler:
                data = DATA_PROPERTY in (self._kinds_of(prop) if isinstance(prop, str) else ())
                say("onDataRange" if data else "onClass", self._node(filler[0]))
            return
        say("onProperty", self._node(parts[0]))
        if kind == "HasSelf":
            say("hasSelf", Literal("true", datatype=NamedNode(XSD + "boolean")))
        else:
            say(kind[0].lower() + kind[1:], self._node(parts[1]))

    def _is_data_range(self, term: Term) -> bool:
        if term.kind == "DatatypeRestriction":
            return True
        first = term.parts[0] if term.parts else ""
        if isinstance(first, Term):
            return first.kind != "InverseOf" and self._is_data_range(first)
        return isinstance(first, Literal) or (
            isinstance(first, str) and (first.startswith(XSD) or first == RDFS + "Literal")
        )

    def _list(self, parts: Iterable[Part]) -> Node:
        members = list(parts)
        head: Node = NamedNode(RDF + "nil")
        for part in reversed(members):
            node = self._blank()
            if isinstance(part, Term) and part.kind == "Facet":
                facet = self._blank()
                self._out.append(Triple(facet, NamedNode(str(part.parts[0])), self._node(part.parts[1])))
                value: Node | Literal = facet
            else:
                value = self._node(part)
            self._out.append(Triple(node, NamedNode(RDF + "first"), value))
            self._out.append(Triple(node, NamedNode(RDF + "rest"), head))
            head = node
        return head

    def _triple(self, subject: Node | Literal, predicate: str, obj: Node | Literal) -> Triple:
        if isinstance(subject, Literal):
            raise ValueError(f"a literal cannot be the subject of a statement: {subject}")
        return Triple(subject, NamedNode(predicate), obj)

    def _blank(self) -> BlankNode:
        self._made += 1
        return BlankNode(f"{self.prefix}{self._made}")
