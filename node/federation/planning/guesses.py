"""About how many triples an element brings, and how many members are asked for it: by what members say they hold.

Guesses: they decide an order, never what is fetched in the end.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from node.federation.planning.costs import TRIPLE, VALUE
from node.federation.planning.plan import (
    Body,
    Candidates,
    Choice,
    Closure,
    Element,
    Rows,
    Scan,
    Star,
    Step,
)
from node.federation.planning.selection import FAN, Catalogue
from node.rdf.namespaces import RDF_TYPE
from node.sparql.terms import Term, iri_term

#: What a pattern is thought to match at a member that says nothing about itself.
UNKNOWN = 10_000.0
#: A value of a variable may be described at more than one member.
PLACES = 2.0
#: Of so many values at most it is looked up who may have them.
_FEW = 64
#: From a node of a path so many others are reached; more where edges branch, on so many levels.
_STEPS, _LEVELS = 20, 4
_TYPE = iri_term(RDF_TYPE)


class Guesses:
    """Guesses by the catalogue: who is asked by what members say, and how much comes by its ``estimates``."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._estimates = catalogue.estimates
        # With what the keys are the ``id`` of, which is theirs as long as it is here.
        self._asked: dict[Hashable, tuple[frozenset[str], Element, list[frozenset[bytes]]]] = {}

    def part_left(self, scans: Sequence[Scan], values: Mapping[str, float]) -> float:
        """What part is left of patterns of one element where each member is sent those of so many values of a variable
        that it can have, or asked for all it has if that costs less."""
        catalogue = self._estimates

        def left(scan: Scan, column: str, number: float) -> float:
            fans, held = catalogue.fans(scan, column), catalogue.likely(scan)
            each = number * min(1.0, self._spread(scan, column) / max(1, len(held)))
            sent = (min(count, each * (VALUE / TRIPLE + fans.get(name, FAN))) for name, count in held.items())
            return sum(sent) / sum(held.values()) if held else 1.0

        ends = [(s, c, v) for v in values for s, c in _columns(scans, v)]
        return min((left(scan, column, values[variable]) for scan, column, variable in ends), default=1.0)

    def narrowed(self, element: Element, variables: Iterable[str], values: float) -> float:
        """What an element costs, in microseconds, with so many values of one of these variables."""
        fans = [self._fan(scan, column) for v in variables for scan, column in _columns(scans_of(element), v)]
        return values * (VALUE + TRIPLE * PLACES * min(fans, default=1.0))

    def asked_for(
        self, body: Body, known: Mapping[str, Candidates], brought: Sequence[tuple[Element, float]] = ()
    ) -> float:
        """About how many members are asked for a body at first; as ``asked``."""
        inner = (self.asked_for(attachment.body, known, brought) for attachment in body.attachments)
        return max((*(self.asked(element, known, brought) for element in body.elements), *inner), default=0.0)

    def asked(
        self, element: Element, known: Mapping[str, Candidates], brought: Sequence[tuple[Element, float]] = ()
    ) -> float:
        """About how many members are asked for an element, by what is known of its variables, and when others have
        ``brought`` so many triples each, with values of some of them."""
        most = float(len(self._members(element, known)))
        for other, triples in brought:
            for variable in element.variables & other.variables:
                theirs = _columns(scans_of(other), variable)
                for scan, column in _columns(scans_of(element), variable):
                    most = min(most, triples * self._spread(scan, column))
                    for their, place in theirs:
                        most = min(most, self._linked(scan, column, their, place, self._members(other, known)))
        return most

    def _members(self, element: Element, known: Mapping[str, Candidates]) -> frozenset[str]:
        """Those that may hold matches of an element, by what is known of its variables."""
        key = id(element), tuple((v, id(known[v].terms)) for v in element.variables if v in known)
        if (found := self._asked.get(key)) is not None:
            return found[0]
        names = self._holding(element)
        for variable in element.variables & known.keys():
            for scan, column in _columns(scans_of(element), variable):
                having = self._having(scan, column, known[variable])
                names = names if having is None else names & having
        self._asked[key] = names, element, [known[v].terms for v in element.variables if v in known]
        return names

    def _holding(self, element: Element) -> frozenset[str]:
        """Those that may hold matches of an element."""
        match element:
            case Scan() | Star():
                held = [frozenset().union(*self._catalogue.known(scan)) for scan in scans_of(element)]
                return frozenset.intersection(*held)
            case Closure(_, _, steps):
                edges = [step.scan("from", "to", element.graph, any_predicate="p") for step in steps]
                return frozenset().union(*map(self._holding, edges))
            case Choice(arms):
                return frozenset().union(*(self._members(one, {}) for arm in arms for one in arm.elements))
            case Rows(body):
                return frozenset().union(*(self._members(one, {}) for one in body.elements))
            case _:
                return frozenset(self._catalogue.summaries)

    def _having(self, scan: Scan, column: str, values: Candidates) -> frozenset[str] | None:
        """The members that may have some of these values at one place of a pattern, by their namespaces; None: any."""
        if not self._catalogue.in_default_graph(scan) or len(values.terms) > _FEW:
            return None
        holders = self._catalogue.subjects(scan) if column == "s" else self._catalogue.objects(scan)
        names: set[str] = set(values.blank)
        for value in values.terms:
            if not value.startswith(b"<"):
                return None
            names |= holders.having(value[1:-1].decode())
        return frozenset(names)

    def _spread(self, scan: Scan, column: str) -> float:
        """How many members may have a value that one of them has at a place of a pattern."""
        if not self._catalogue.in_default_graph(scan):
            return float("inf")
        holders = self._catalogue.subjects(scan) if column == "s" else self._catalogue.objects(scan)
        return float("inf") if holders.unknown else holders.spread

    def _linked(self, scan: Scan, column: str, other: Scan, place: str, names: frozenset[str]) -> float:
        """How many members may have, at one place of a pattern, what these have at a place of another one; infinite
        where they are many. By namespaces: most things are described where they are mentioned."""
        catalogue = self._catalogue
        if not (catalogue.in_default_graph(scan) and catalogue.in_default_graph(other)):
            return float("inf")
        if 2 * len(names) > len(catalogue.known(scan)[0]):
            return float("inf")

        def find() -> float:
            theirs = catalogue.subjects(other) if place == "s" else catalogue.objects(other)
            ours = catalogue.subjects(scan) if column == "s" else catalogue.objects(scan)
            if not theirs.unknown.isdisjoint(names):
                return float("inf")
            linked = set(ours.unknown)
            for name in names:
                linked.update(*map(ours.overlapping, theirs.of(name) or ()))
            return float(len(linked))

        key = ("linked", _constants(scan), column, _constants(other), place, names)
        return catalogue.directory.remembered(key, find)

    def total(self, scans: Sequence[Scan]) -> float:
        """About how many triples match these patterns."""
        return sum(map(self._likely, scans))

    def onward(self, scans: Sequence[Scan], source: str, nodes: int) -> float:
        """About how many edges are reached from so many nodes, the variable ``source`` of these patterns."""
        fan = sum(self._fan(scan, "s" if scan.s == source else "o") for scan in scans)
        return min(self.total(scans), nodes * max(float(_STEPS), fan**_LEVELS))

    def size(self, body: Body, known: Mapping[str, Candidates]) -> float:
        """About how many triples a whole body brings."""
        seeds = {v: Candidates(cells) for v, cells in body.seeds}
        context = {**known, **seeds}
        of_elements = sum(self.guess(element, context) for element in body.elements)
        return of_elements + sum(self.size(a.body, known) for a in body.attachments)

    def guess(self, element: Element, known: Mapping[str, Candidates]) -> float:
        """About how many triples an element brings, given what is known of its variables."""
        match element:
            case Scan():
                return self._scan(element, known)
            case Star(_, scans):
                return min(self._scan(scan, known) for scan in scans)
            case Closure():
                return self._closure(element, known)
            case Choice(arms):
                return sum(min((self.guess(e, known) for e in arm.elements), default=0.0) for arm in arms)
            case Rows():
                return 0.0
            case _:
                return float("inf") if isinstance(element.graph, str) and element.graph not in known else 1.0

    def _closure(self, closure: Closure, known: Mapping[str, Candidates]) -> float:
        def edges(steps: Iterable[Step]) -> list[Scan]:
            return [step.scan("from", "to", closure.graph, any_predicate="p") for step in steps]

        onward, back = edges(closure.steps), edges(step.reversed() for step in closure.steps)
        costs = [
            self.total(scans)
            if place == closure.wide
            else self.onward(scans, "from", len(known[place].terms) if isinstance(place, str) else 1)
            for place, scans in ((closure.start, onward), (closure.end, back))
            if isinstance(place, Term) or place in known
        ]
        if costs:
            return min(costs)
        # Each node there is counts for a path of no step.
        everything = self._likely(Scan("s", "p", "o", closure.graph)) if closure.minimum == 0 else 0.0
        return 2.0 * self.total(onward) + everything

    def _scan(self, scan: Scan, known: Mapping[str, Candidates]) -> float:
        guess = self._likely(scan)
        for column, place in (("s", scan.s), ("o", scan.o)):
            if isinstance(place, str) and place in known:
                guess = min(guess, len(known[place].terms) * self._fan(scan, column) * PLACES)
        if isinstance(scan.p, str) and scan.p in known:
            guess = min(guess, len(known[scan.p].terms) * max(1.0, guess / 20))
        return guess

    def _likely(self, scan: Scan) -> float:
        """About how many triples match a pattern by itself."""
        catalogue = self._estimates
        if catalogue.scope.excludes(scan.graph):
            return 0.0

        def at(name: str, count: int) -> float:
            if isinstance(scan.s, Term):
                return min(count, 2.0 + catalogue.fan(name, scan, "s"))
            if isinstance(scan.o, Term) and scan.p != _TYPE:
                return min(count, PLACES + PLACES * catalogue.fan(name, scan, "o"))
            return count

        def find() -> float:
            known, unknown = catalogue.known(scan)
            return sum(at(name, count) for name, count in known.items()) + UNKNOWN * len(unknown)

        return catalogue.directory.remembered(("likely", _constants(scan), catalogue.in_default_graph(scan)), find)

    def _fan(self, scan: Scan, column: str) -> float:
        """About how many triples a member has for one value of a column."""
        catalogue = self._estimates

        def find() -> float:
            open_scan = Scan("s", scan.p, "o", scan.graph)
            known, _ = catalogue.known(open_scan)
            fans = catalogue.fans(open_scan, column)
            different = sum(n / max(1.0, fans.get(name, FAN)) for name, n in known.items())
            return max(1.0, sum(known.values()) / different) if different else FAN

        return catalogue.directory.remembered(("fan", scan.p, column, catalogue.in_default_graph(scan)), find)


def scans_of(element: Element) -> Sequence[Scan]:
    """The patterns that an element consists of; none where it is more than patterns of one subject."""
    return element.scans if isinstance(element, Star) else (element,) if isinstance(element, Scan) else ()


def _columns(scans: Iterable[Scan], variable: str) -> list[tuple[Scan, str]]:
    """Where a variable stands in patterns: as subject (``s``), as object (``o``)."""
    return [(scan, column) for scan in scans for column, place in (("s", scan.s), ("o", scan.o)) if place == variable]


def _constants(scan: Scan) -> tuple[Term | None, ...]:
    return tuple(place if isinstance(place, Term) else None for place in (scan.s, scan.p, scan.o))
