"""Modules by syntactic locality: the few axioms of a large ontology that matter to a set of names.

After Cuenca Grau, Horrocks, Kazakov and Sattler, "Modular Reuse of Ontologies: Theory and Practice" (JAIR 31, 2008),
and Sattler, Schneider and Zakharyaschev, "Which Kind of Module Should I Extract?" (DL 2009), for the nested kind, which
the OWL API calls STAR. What an ontology says of the names follows from the module alone; and when another ontology that
shares no other names with it is put beside it, the two say the same with the module as with the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable

from node.curation.owl import BOTTOM_PROPERTIES, NOTHING, THING, TOP_PROPERTIES, Axiom, Part, Term

BOTTOM, TOP, STAR = "bottom", "top", "star"


def module(axioms: Collection[Axiom], names: Iterable[str], kind: str = STAR) -> list[Axiom]:
    """The module of ``axioms`` for these names, in their order.

    ``kind`` BOTTOM keeps all superclasses of the names, TOP all subclasses; STAR nests the two until nothing more goes,
    and is the smallest.
    """
    start = frozenset(names)
    if kind != STAR:
        return _module(list(axioms), start, kind)
    current = list(axioms)
    while True:
        smaller = _module(_module(current, start, BOTTOM), start, TOP)
        if len(smaller) == len(current):
            return smaller
        current = smaller


def _module(axioms: list[Axiom], start: frozenset[str], kind: str) -> list[Axiom]:
    using: dict[str, list[int]] = defaultdict(list)
    signatures = [axiom.signature for axiom in axioms]
    for number, signature in enumerate(signatures):
        for name in signature:
            using[name].append(number)
    known = set(start)
    locality = _Locality(known, kind)
    inside: set[int] = set()
    waiting: list[int] = list(range(len(axioms)))
    while waiting:
        number = waiting.pop()
        if number in inside or locality.is_local(axioms[number].term):
            continue
        inside.add(number)
        for name in signatures[number] - known:
            known.add(name)
            waiting.extend(other for other in using[name] if other not in inside)
    return [axiom for number, axiom in enumerate(axioms) if number in inside]


class _Locality:
    """Whether an axiom says nothing once every name outside ``known`` is read as empty (BOTTOM) or as all (TOP)."""

    def __init__(self, known: Collection[str], kind: str) -> None:
        self._known = known
        self._outside_is_top = kind == TOP

    def is_local(self, axiom: Term) -> bool:
        rule = _AXIOMS.get(axiom.kind)
        return rule is not None and rule(self, axiom.parts)

    # Class expressions

    def bottom(self, part: Part) -> bool:
        """Whether the expression is then empty for its form alone."""
        if isinstance(part, str):
            return part == NOTHING or (not self._outside_is_top and self._outside(part))
        if not isinstance(part, Term):
            return False
        kind, parts = part.kind, part.parts
        if kind == "ComplementOf":
            return self.top(parts[0])
        if kind == "IntersectionOf":
            return any(self.bottom(one) for one in parts)
        if kind in ("UnionOf", "OneOf"):
            return all(self.bottom(one) for one in parts) if kind == "UnionOf" else not parts
        if kind == "SomeValuesFrom":
            return self.bottom_property(parts[0]) or self.bottom(parts[1])
        if kind == "AllValuesFrom":
            return self.top_property(parts[0]) and self.bottom(parts[1])
        if kind in ("HasValue", "HasSelf"):
            return self.bottom_property(parts[0])
        return self._bottom_cardinality(kind, parts)

    def _bottom_cardinality(self, kind: str, parts: tuple[Part, ...]) -> bool:
        if kind not in ("MinCardinality", "MaxCardinality", "ExactCardinality"):
            return False
        filler: Part = parts[2] if len(parts) > 2 else THING
        too_few = parts[0] != 0 and (self.bottom_property(parts[1]) or self.bottom(filler))
        too_many = parts[0] == 0 and self.top_property(parts[1]) and self.top(filler)
        return (kind != "MaxCardinality" and too_few) or (kind != "MinCardinality" and too_many)

    def top(self, part: Part) -> bool:
        """Whether the expression is then everything for its form alone."""
        if isinstance(part, str):
            return part == THING or (self._outside_is_top and self._outside(part))
        if not isinstance(part, Term):
            return False
        kind, parts = part.kind, part.parts
        if kind == "ComplementOf":
            return self.bottom(parts[0])
        if kind == "IntersectionOf":
            return all(self.top(one) for one in parts)
        if kind == "UnionOf":
            return any(self.top(one) for one in parts)
        if kind == "SomeValuesFrom":
            return self.top_property(parts[0]) and self.top(parts[1])
        if kind == "AllValuesFrom":
            return self.bottom_property(parts[0]) or self.top(parts[1])
        if kind in ("HasValue", "HasSelf"):
            return self.top_property(parts[0])
        return self._top_cardinality(kind, parts)

    def _top_cardinality(self, kind: str, parts: tuple[Part, ...]) -> bool:
        if kind not in ("MinCardinality", "MaxCardinality", "ExactCardinality"):
            return False
        filler: Part = parts[2] if len(parts) > 2 else THING
        enough = parts[0] == 0 or (parts[0] == 1 and self.top_property(parts[1]) and self.top(filler))
        few = self.bottom_property(parts[1]) or self.bottom(filler)
        return (kind == "MaxCardinality" or enough) and (kind == "MinCardinality" or few)

    # Properties

    def bottom_property(self, part: Part) -> bool:
        if isinstance(part, Term):
            return any(self.bottom_property(one) for one in part.parts)  # an inverse, or a chain
        return part in BOTTOM_PROPERTIES or (not self._outside_is_top and self._outside(str(part)))

    def top_property(self, part: Part) -> bool:
        if isinstance(part, Term):
            return all(self.top_property(one) for one in part.parts)
        return part in TOP_PROPERTIES or (self._outside_is_top and self._outside(str(part)))

    def _outside(self, name: str) -> bool:
        # OWL's own names and datatypes mean what they mean, whether they are in the signature or not
        return name not in self._known and not name.startswith("http://www.w3.org/")


Rule = Callable[[_Locality, "tuple[Part, ...]"], bool]


def _same(it: _Locality, parts: tuple[Part, ...]) -> bool:
    return all(it.bottom(one) for one in parts) or all(it.top(one) for one in parts)


def _same_properties(it: _Locality, parts: tuple[Part, ...]) -> bool:
    return all(it.bottom_property(one) for one in parts) or all(it.top_property(one) for one in parts)


def _disjoint_union(it: _Locality, parts: tuple[Part, ...]) -> bool:
    filled = [one for one in parts[1:] if not it.bottom(one)]
    if it.bottom(parts[0]):
        return not filled
    return it.top(parts[0]) and len(filled) == 1 and it.top(filled[0])


_AXIOMS: dict[str, Rule] = {
    "SubClassOf": lambda it, p: it.bottom(p[0]) or it.top(p[1]),
    "EquivalentClasses": _same,
    "DisjointClasses": lambda it, p: sum(not it.bottom(one) for one in p) <= 1,
    "DisjointUnion": _disjoint_union,
    "SubPropertyOf": lambda it, p: it.bottom_property(p[0]) or it.top_property(p[1]),
    "EquivalentProperties": _same_properties,
    "InverseProperties": _same_properties,
    "DisjointProperties": lambda it, p: sum(not it.bottom_property(one) for one in p) <= 1,
    "PropertyDomain": lambda it, p: it.bottom_property(p[0]) or it.top(p[1]),
    "PropertyRange": lambda it, p: it.bottom_property(p[0]) or it.top(p[1]),
    "FunctionalProperty": lambda it, p: it.bottom_property(p[0]),
    "InverseFunctionalProperty": lambda it, p: it.bottom_property(p[0]),
    "TransitiveProperty": lambda it, p: it.bottom_property(p[0]) or it.top_property(p[0]),
    "SymmetricProperty": lambda it, p: it.bottom_property(p[0]) or it.top_property(p[0]),
    "AsymmetricProperty": lambda it, p: it.bottom_property(p[0]),
    "ReflexiveProperty": lambda it, p: it.top_property(p[0]),
    "IrreflexiveProperty": lambda it, p: it.bottom_property(p[0]),
    "HasKey": lambda it, p: it.bottom(p[0]) or any(it.bottom_property(one) for one in p[1:]),
    "ClassAssertion": lambda it, p: it.top(p[0]),
    "PropertyAssertion": lambda it, p: it.top_property(p[0]),
    "NegativePropertyAssertion": lambda it, p: it.bottom_property(p[0]),
}
