"""What is fetched in the next round: few triples first, and few rounds. Guesses by what members say; they only decide
an order, never what is fetched in the end.

A round costs every member a request, and the query the time of the slowest. So an element that could be narrowed by
the values that others bring waits for them only if they are likely to narrow it, and if that saves more than a round
costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from node.federation.planning.plan import (
    Attachment,
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

#: Microseconds that a member needs for a triple of a scan, a value of a block, and a request.
TRIPLE, VALUE, REQUEST = 6.0, 20.0, 6000.0
#: What a pattern is thought to match at a member that says nothing about itself.
UNKNOWN = 10_000.0
#: A value of a variable may be described at more than one member.
_PLACES = 2.0
#: From a node of a path so many others are reached; more where edges branch, on so many levels.
_STEPS, _LEVELS = 20, 4
#: So many rounds a repeated path is thought to take.
_PATH_ROUNDS = 5.0
#: More triples than these are never fetched at once for a path that is being followed.
_WHOLE = 200_000.0
#: However far away members are, no more triples than these are fetched to save a round.
_MOST = 5000.0
#: What values would hardly narrow may be so many times as much as a round is worth, all together.
_AHEAD = 4.0
_ALMOST = 0.75
_TYPE = iri_term(RDF_TYPE)


@dataclass(frozen=True)
class Round:
    """What to fetch now, and what later."""

    now: list[Element]
    later: list[Element]
    attachments: list[Attachment]
    waiting: list[Attachment]


class Order:
    """Chooses by the catalogue. ``round_trip`` is what a round costs at least, in seconds."""

    def __init__(self, catalogue: Catalogue, round_trip: float) -> None:
        self._catalogue = catalogue
        #: So many triples cost as much as a round.
        self.worth = min(_MOST, max(REQUEST, round_trip * 1e6) / TRIPLE)
        self._ahead = min(_MOST, _AHEAD * self.worth)

    def next_round(
        self, elements: Sequence[Element], attachments: Sequence[Attachment], known: Mapping[str, Candidates]
    ) -> Round:
        """The elements that bring least, and those that need not wait for them.

        An attachment begins when nothing that is still to be fetched could narrow it; or when the last elements are
        fetched, or all of its variables are known, and it is small, or their values would hardly make it smaller.
        """
        guesses = [self.guess(element, known) for element in elements]
        chosen = self._chosen(elements, guesses, known)
        now = [element for element, taken in zip(elements, chosen, strict=True) if taken]
        later = [element for element, taken in zip(elements, chosen, strict=True) if not taken]
        spent = sum(guess for guess, taken in zip(guesses, chosen, strict=True) if taken)
        bound = frozenset().union(*(element.variables for element in elements))
        brought = [(element, guess) for element, guess, taken in zip(elements, guesses, chosen, strict=True) if taken]
        ahead = 0.0
        begun: list[Attachment] = []
        waiting: list[Attachment] = []
        for attachment in attachments:
            entries = attachment.allowed & attachment.body.variables
            begins = not entries & bound
            if not begins and (entries <= known.keys() or not later):
                context = {v: known[v] for v in entries if v in known}
                size = self.size(attachment.body, context)
                # What is unbound costs more now than later.
                begins = size + (0.0 if entries <= known.keys() else spent) <= self.worth
                if not begins and not entries & known.keys() and spent + ahead + size <= self._ahead:
                    few = {v: min((g for e, g in brought if v in e.variables), default=0.0) for v in entries}
                    begins = self._saved(attachment.body, few) <= self.worth
                    ahead += size if begins else 0.0
            (begun if begins else waiting).append(attachment)
        return Round(now, later, begun, waiting)

    def _saved(self, body: Body, values: Mapping[str, float]) -> float:
        """How many triples fewer a body may bring, or cost as much, once so many values of variables are known."""
        saved = sum(self.size(attachment.body, {}) for attachment in body.attachments)
        for element in body.elements:
            whole = self.guess(element, {})
            scans = element.scans if isinstance(element, Star) else (element,) if isinstance(element, Scan) else None
            if scans is None:
                saved += whole
                continue
            saved += whole * (1.0 - self._part(scans, values))
        return saved

    def _part(self, scans: Sequence[Scan], values: Mapping[str, float]) -> float:
        """What part is left of patterns of one element where each member is sent so many values of a variable, or asked
        for all it has if that costs less: a value may be at any of them."""
        catalogue = self._catalogue

        def left(scan: Scan, column: str, number: float) -> float:
            fans, held = catalogue.fans(scan, column), catalogue.likely(scan)
            sent = (min(count, number * (VALUE / TRIPLE + fans.get(name, FAN))) for name, count in held.items())
            return sum(sent) / sum(held.values()) if held else 1.0

        ends = [(s, c, p) for s in scans for c, p in (("s", s.s), ("o", s.o)) if isinstance(p, str) and p in values]
        return min((left(scan, column, values[place]) for scan, column, place in ends), default=1.0)

    def _chosen(
        self, elements: Sequence[Element], guesses: Sequence[float], known: Mapping[str, Candidates]
    ) -> list[bool]:
        """Which elements are fetched now: the best, and what would cost as much when the values of those are known."""
        if sum(guesses) <= self.worth:
            return [True] * len(elements)
        chosen = [False] * len(elements)
        for at in sorted(range(len(elements)), key=guesses.__getitem__):
            now = [(e, g) for e, g, taken in zip(elements, guesses, chosen, strict=True) if taken]
            later = [self._later(elements[at], e, g, known) for e, g in now]
            narrowing = [cost for cost in later if cost is not None]
            apart = not any(e.variables & elements[at].variables for e, _ in now)
            if narrowing:
                chosen[at] = guesses[at] * TRIPLE <= min(narrowing) or self._is_whole(
                    elements[at], guesses[at], now, known
                )
            else:
                chosen[at] = not now or not apart or guesses[at] <= self.worth
        return chosen

    def _is_whole(
        self, element: Element, guess: float, now: Sequence[tuple[Element, float]], known: Mapping[str, Candidates]
    ) -> bool:
        """Whether an element is little, and members would be asked for almost all of it whatever the others bring."""
        scans = element.scans if isinstance(element, Star) else (element,) if isinstance(element, Scan) else ()
        if not scans or element.variables & known.keys() or guess + sum(g for _, g in now) > self._ahead:
            return False
        bound = frozenset().union(*(e.variables for e, _ in now))
        values = {v: min(g for e, g in now if v in e.variables) for v in element.variables & bound}
        return self._part(scans, values) >= _ALMOST

    def _later(self, element: Element, other: Element, values: float, known: Mapping[str, Candidates]) -> float | None:
        """What an element costs once another has brought ``values`` triples; None if that will hardly narrow it."""
        narrowed = [v for v in element.variables & other.variables if v not in known or values < len(known[v].terms)]
        if not narrowed:
            return None
        if isinstance(element, Closure) and element.wide is not None:
            # From its other end it costs hardly anything.
            return 0.0
        scans = element.scans if isinstance(element, Star) else (element,) if isinstance(element, Scan) else ()
        fans = [self._fan(s, "s" if v == s.s else "o") for s in scans for v in narrowed if v in (s.s, s.o)]
        return values * (VALUE + TRIPLE * _PLACES * min(fans, default=1.0))

    def is_worth_some_rounds(self, scans: Sequence[Scan], spent: float) -> bool:
        """Whether fetching all of these costs no more than what following a path has cost, and is expected to.

        So a path that turns out to be long never costs much more than twice the cheaper way.
        """
        total = self.total(scans)
        return total <= _PATH_ROUNDS * self.worth or total <= min(_WHOLE, spent)

    def patience(self, closure: Closure, others: Sequence[Element], known: Mapping[str, Candidates]) -> int | None:
        """How many edges of a path may be fetched at first; None: all.

        With one of its ends known, nobody knows how many nodes lie beyond it: a class may have ten below it or ten
        thousand. If others can bring the other end, it is not followed further than these would cost.
        """
        ends = (closure.start, closure.end)
        bound = [isinstance(place, Term) or place in known for place in ends]
        if closure.wide is not None or closure.once or bound.count(True) != 1:
            return None
        open_end = ends[bound.index(False)]
        binding = [e for e in others if open_end in e.variables and not isinstance(e, Closure)]
        if not binding:
            return None
        return int(max(self.worth, min(_MOST, sum(self.guess(e, known) for e in binding))))

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
                guess = min(guess, len(known[place].terms) * self._fan(scan, column) * _PLACES)
        if isinstance(scan.p, str) and scan.p in known:
            guess = min(guess, len(known[scan.p].terms) * max(1.0, guess / 20))
        return guess

    def _likely(self, scan: Scan) -> float:
        """About how many triples match a pattern by itself."""
        catalogue = self._catalogue
        if catalogue.scope.excludes(scan.graph):
            return 0.0

        def at(name: str, count: int) -> float:
            if isinstance(scan.s, Term):
                return min(count, 2.0 + catalogue.fan(name, scan, "s"))
            if isinstance(scan.o, Term) and scan.p != _TYPE:
                return min(count, _PLACES + _PLACES * catalogue.fan(name, scan, "o"))
            return count

        def find() -> float:
            known, unknown = catalogue.known(scan)
            return sum(at(name, count) for name, count in known.items()) + UNKNOWN * len(unknown)

        places = tuple(place if isinstance(place, Term) else None for place in (scan.s, scan.p, scan.o))
        return catalogue.directory.remembered(("likely", places, catalogue.in_default_graph(scan)), find)

    def _fan(self, scan: Scan, column: str) -> float:
        """About how many triples a member has for one value of a column."""
        catalogue = self._catalogue

        def find() -> float:
            open_scan = Scan("s", scan.p, "o", scan.graph)
            known, _ = catalogue.known(open_scan)
            fans = catalogue.fans(open_scan, column)
            different = sum(n / max(1.0, fans.get(name, FAN)) for name, n in known.items())
            return max(1.0, sum(known.values()) / different) if different else FAN

        return catalogue.directory.remembered(("fan", scan.p, column, catalogue.in_default_graph(scan)), find)
