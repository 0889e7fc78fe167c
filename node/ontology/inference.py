"""What follows about the superclasses of named classes from the axioms of a release: classification, without Java.

The completion rules of EL (Baader, Brandt and Lutz, "Pushing the EL Envelope", IJCAI 2005; the bookkeeping after
Kazakov, Krötzsch and Simančík, "The Incredible ELK", JAR 2014) over named classes, intersections, existential
restrictions, subproperties and transitive properties; ``hasValue`` is an existential restriction to one thing, and each
member of a union is below it. What else the axioms say (negation, universal and number restrictions, property chains,
domains) is not used: nothing false is inferred, but a reasoner for all of OWL may find more. Curators use one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from node.rdf.namespaces import OWL, RDF, RDF_TYPE, RDFS, RDFS_SUBCLASS_OF

_THING = OWL + "Thing"
_NOTHING = OWL + "Nothing"
_STRUCTURE = {
    **{OWL + name: name for name in ("intersectionOf", "unionOf", "onProperty", "someValuesFrom", "hasValue")},
    OWL + "equivalentClass": "equivalentClass",
    RDFS_SUBCLASS_OF: "subClassOf",
    RDFS + "subPropertyOf": "subPropertyOf",
    RDF + "first": "first",
    RDF + "rest": "rest",
}
#: The predicates of triples that ``Axioms`` takes.
RELEVANT = frozenset((*_STRUCTURE, RDF_TYPE))
#: A release with more pairs of a class and what is above it is left unclassified: it would take minutes and gigabytes.
_MOST_FACTS = 3_000_000


@dataclass
class Axioms:
    """The triples of a release that say something about its classes, as they are met. Terms are IRIs or names of
    blank nodes; literals are no part of it."""

    said: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    transitive: set[str] = field(default_factory=set)
    blank: set[str] = field(default_factory=set)

    def add(self, subject: str, predicate: str, value: str, *, subject_blank: bool, value_blank: bool) -> None:
        """Take one triple in, if it matters here."""
        if (name := _STRUCTURE.get(predicate)) is not None:
            self.said[name][subject].append(value)
            if subject_blank:
                self.blank.add(subject)
            if value_blank:
                self.blank.add(value)
        elif predicate == RDF_TYPE and value == OWL + "TransitiveProperty":
            self.transitive.add(subject)

    @property
    def define(self) -> bool:
        """Whether anything could follow that is not said: some class is defined, or an expression has a superclass."""
        return bool(self.said["equivalentClass"]) or any(s in self.blank for s in self.said["subClassOf"])


def inferred_superclasses(axioms: Axioms) -> dict[str, tuple[str, ...]]:
    """Of each named class the named superclasses that follow from more than what is said of named ones.

    Only the nearest: those that are not above another superclass. Empty when nothing defines a class.
    """
    if not axioms.define:
        return {}
    above = _Completion(axioms).run()
    if above is None:
        return {}
    said = axioms.said["subClassOf"]
    new: dict[str, tuple[str, ...]] = {}
    for name, everything in above.items():
        higher = everything - {name}
        if not higher:
            continue
        known = _reached(name, said, axioms.blank)
        nearest = sorted(h for h in higher - known if not _between(name, h, higher, above))
        if nearest:
            new[name] = tuple(nearest)
    return new


def _between(name: str, high: str, higher: set[str], above: dict[str, set[str]]) -> bool:
    """Whether another class lies between the two; of classes that mean the same, none does."""
    return any(
        high in above.get(other, ()) and other not in above.get(high, ()) and name not in above.get(other, ())
        for other in higher
        if other != high
    )


def _reached(name: str, said: dict[str, list[str]], blank: set[str]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for parent in said.get(waiting.pop(), ()):
            if parent not in found and parent not in blank:
                found.add(parent)
                waiting.append(parent)
    return found


class _Completion:
    """Concepts are numbers: of names, of intersections and of restrictions, each structure once."""

    def __init__(self, axioms: Axioms) -> None:
        self._axioms = axioms
        self._numbers: dict[object, int] = {}
        self._names: dict[int, str] = {}
        self._parts: dict[int, tuple[int, ...]] = {}
        self._relations: dict[int, tuple[str, int]] = {}
        self._built: dict[str, int | None] = {}
        # From a concept to those above it that are said or follow from its structure.
        self._told: dict[int, list[int]] = defaultdict(list)
        # For two concepts that a class must be below, the intersection that it is then below.
        self._joins: dict[int, list[tuple[int, int]]] = defaultdict(list)
        # For the filler of a restriction, by relation, the restriction.
        self._fillers: dict[int, list[tuple[str, int]]] = defaultdict(list)
        self._higher: dict[str, frozenset[str]] = {}

    def run(self) -> dict[str, set[str]] | None:
        """Of each named class all named classes above it, itself included; None if that is too much."""
        said = self._axioms.said
        for kind in ("subClassOf", "equivalentClass"):
            for subject, values in said[kind].items():
                low = self._concept(subject)
                for value in values:
                    high = self._concept(value)
                    if low is not None and high is not None:
                        self._told[low].append(high)
                        if kind == "equivalentClass":
                            self._told[high].append(low)
        return self._saturated()

    def _saturated(self) -> dict[str, set[str]] | None:
        above: dict[int, set[int]] = defaultdict(set)
        links: dict[int, set[tuple[str, int]]] = defaultdict(set)  # filler -> (relation, what is so related to it)
        forward: dict[int, set[tuple[str, int]]] = defaultdict(set)
        waiting: list[tuple[int, int]] = [(number, number) for number in self._names]
        started = set(self._names)
        facts = 0

        def link(low: int, relation: str, filler: int) -> None:
            if (relation, filler) in forward[low]:
                return
            forward[low].add((relation, filler))
            links[filler].add((relation, low))
            if filler not in started:
                started.add(filler)
                waiting.append((filler, filler))
            for over in tuple(above[filler]):
                waiting.extend((low, r) for rel, r in self._fillers.get(over, ()) if rel in self._up(relation))
            for general in self._up(relation) & self._axioms.transitive:
                for rel, further in tuple(forward[filler]):
                    if general in self._up(rel):
                        link(low, general, further)
                for rel, lower in tuple(links[low]):
                    if general in self._up(rel):
                        link(lower, general, filler)

        while waiting:
            low, high = waiting.pop()
            if high in above[low]:
                continue
            above[low].add(high)
            facts += 1
            if facts > _MOST_FACTS:
                return None
            waiting.extend((low, higher) for higher in self._told.get(high, ()))
            waiting.extend((low, part) for part in self._parts.get(high, ()))
            waiting.extend((low, whole) for other, whole in self._joins.get(high, ()) if other in above[low])
            if high in self._relations:
                link(low, *self._relations[high])
            for relation, restriction in self._fillers.get(high, ()):
                waiting.extend((lower, restriction) for rel, lower in links[low] if relation in self._up(rel))
        names = self._names
        return {name: {names[n] for n in above[number] if n in names} for number, name in names.items()}

    def _up(self, relation: str) -> frozenset[str]:
        """A relation and those above it."""
        known = self._higher.get(relation)
        if known is None:
            above = _reached(relation, self._axioms.said["subPropertyOf"], set())
            known = self._higher[relation] = frozenset((relation, *above))
        return known

    def _number(self, key: object) -> tuple[int, bool]:
        new = key not in self._numbers
        return self._numbers.setdefault(key, len(self._numbers)), new

    def _concept(self, term: str) -> int | None:
        """The number of what a term stands for; None for what is not understood here."""
        if term in self._built:
            return self._built[term]
        self._built[term] = None  # should an expression hold itself
        made = self._made(term)
        self._built[term] = made
        return made

    def _made(self, term: str) -> int | None:
        if term in (_THING, _NOTHING):
            return None
        if term not in self._axioms.blank:
            number, _ = self._number(term)
            self._names[number] = term
            return number
        said = self._axioms.said
        if fillers := said["someValuesFrom"].get(term):
            filler = self._concept(fillers[0])
            return None if filler is None else self._restriction(term, filler)
        if values := said["hasValue"].get(term):
            return self._restriction(term, self._number(("thing", values[0]))[0])
        if lists := said["intersectionOf"].get(term):
            parts = [self._concept(member) for member in self._members(lists[0])]
            return self._intersection([p for p in parts if p is not None], whole=None not in parts)
        if lists := said["unionOf"].get(term):
            number, _ = self._number(("union", term))
            for member in self._members(lists[0]):
                if (low := self._concept(member)) is not None:
                    self._told[low].append(number)
            return number
        return None

    def _restriction(self, term: str, filler: int) -> int | None:
        relations = self._axioms.said["onProperty"].get(term)
        if not relations or relations[0] in self._axioms.blank:
            return None
        number, new = self._number((relations[0], filler))
        if new:
            self._relations[number] = (relations[0], filler)
            self._fillers[filler].append((relations[0], number))
        return number

    def _intersection(self, parts: list[int], *, whole: bool) -> int | None:
        """Built of two at a time. One that is not understood whole is below its parts, but nothing is below it."""
        if not parts:
            return None
        if not whole:
            number, _ = self._number(("part of", tuple(sorted(parts)), len(self._numbers)))
            self._parts[number] = tuple(parts)
            return number
        number = parts[0]
        for part in sorted(set(parts[1:]) - {number}):
            pair = tuple(sorted((number, part)))
            joined, new = self._number(("and", pair))
            if new:
                self._parts[joined] = (pair[0], pair[1])
                self._joins[pair[0]].append((pair[1], joined))
                self._joins[pair[1]].append((pair[0], joined))
            number = joined
        return number

    def _members(self, head: str) -> Iterable[str]:
        return _listed(head, self._axioms.said["first"], self._axioms.said["rest"])


def _listed(head: str, first: dict[str, list[str]], rest: dict[str, list[str]]) -> Iterator[str]:
    seen: set[str] = set()
    while head in first and head not in seen:
        seen.add(head)
        yield first[head][0]
        head = rest.get(head, [""])[0]
