"""What is fetched in the next round: few triples first, few rounds, and few requests.

A round costs a request to every member that is asked, and the query the time of the slowest. So an element that could
be narrowed by the values that others bring waits for them only if that saves more than the round costs (``costs``). By
``guesses``, which only decide an order, never what is fetched in the end.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from node.federation.planning.costs import REQUEST, TRIPLE, of_round
from node.federation.planning.guesses import Guesses, scans_of
from node.federation.planning.plan import Attachment, Body, Candidates, Closure, Element, Scan
from node.federation.planning.selection import Catalogue
from node.sparql.terms import Term

#: However far away members are, a round is not thought to take longer for that (seconds).
_FAR = 0.03
#: So many rounds a repeated path is thought to take.
_PATH_ROUNDS = 5.0
#: More triples than these are never fetched at once for a path that is being followed.
_WHOLE = 200_000.0
#: What values would hardly narrow may be so many times as much as a round is worth, all together, or so many triples.
_AHEAD, _MOST = 4.0, 5000.0
_ALMOST = 0.75


@dataclass(frozen=True)
class Round:
    """What to fetch now, and what later."""

    now: list[Element]
    later: list[Element]
    attachments: list[Attachment]
    waiting: list[Attachment]


class Order:
    """Chooses by the catalogue. ``round_trip`` is what the way to the members takes at least, in seconds."""

    def __init__(self, catalogue: Catalogue, round_trip: float) -> None:
        self.guesses = Guesses(catalogue)
        self._round_trip = min(_FAR, round_trip)

    def next_round(
        self, elements: Sequence[Element], attachments: Sequence[Attachment], known: Mapping[str, Candidates]
    ) -> Round:
        """The elements that bring least, and those that need not wait for them.

        An attachment begins when nothing that is still to be fetched could narrow it; or when the last elements are
        fetched, or all of its variables are known, and it is small, or their values would hardly make it smaller.
        """
        costs = [self.guesses.guess(element, known) for element in elements]
        bound = frozenset().union(*(element.variables for element in elements))
        later = self._first(elements, costs, known)
        if later:
            narrowed = [a for a in attachments if not (a.allowed & a.body.variables & bound) <= known.keys()]
            beside = self._beside(narrowed, _without(later, elements, costs), known)
            for at in self._ahead_of_time(elements, costs, later, beside, known):
                del later[at]
        brought = _without(later, elements, costs)
        begun: list[Attachment] = []
        waiting: list[Attachment] = []
        ahead = 0.0
        for attachment in attachments:
            if bound.isdisjoint(attachment.allowed & attachment.body.variables):
                begun.append(attachment)
                continue
            size = self._begins(attachment, brought, ahead, known, last=not later)
            (waiting if size is None else begun).append(attachment)
            ahead += size or 0.0
        return Round([element for element, _ in brought], [elements[at] for at in sorted(later)], begun, waiting)

    def _beside(
        self,
        attachments: Sequence[Attachment],
        brought: Sequence[tuple[Element, float]],
        known: Mapping[str, Candidates],
    ) -> tuple[float, float]:
        """What attachments cost beside the last elements, in microseconds: all of them at once, or a round of their
        own; and how many members that would ask."""
        if not attachments:
            return 0.0, 0.0
        size = sum(self.guesses.size(attachment.body, known) for attachment in attachments)
        requests = max(self.guesses.asked_for(attachment.body, known, brought) for attachment in attachments)
        return min(size * TRIPLE, self._round(requests)), requests

    def _begins(
        self,
        attachment: Attachment,
        brought: Sequence[tuple[Element, float]],
        ahead: float,
        known: Mapping[str, Candidates],
        *,
        last: bool,
    ) -> float | None:
        """How many triples an attachment brings that is fetched beside others, which bring ``brought`` and ``ahead``;
        None where it waits for their values. ``last``: these are the last elements."""
        body, guesses = attachment.body, self.guesses
        entries = attachment.allowed & body.variables
        is_known = entries <= known.keys()
        if not (is_known or last):
            return None
        size = guesses.size(body, {v: known[v] for v in entries if v in known})
        asked = max((guesses.asked(element, known) for element, _ in brought), default=0.0)
        more, later = guesses.asked_for(body, known) - asked, guesses.asked_for(body, known, brought)
        # Members that are asked for nothing else now cost a request as well.
        worth = self.worth(later) - max(0.0, more) * REQUEST / TRIPLE
        spent = sum(cost for _, cost in brought)
        # What is unbound costs more now than later.
        if size + ahead + (0.0 if is_known else spent) <= worth:
            return size
        if not entries & known.keys() and spent + ahead + size <= self._ahead(later):
            few = {v: min((cost for e, cost in brought if v in e.variables), default=0.0) for v in entries}
            if self._saved(body, few) <= worth:
                return size
        return None

    def _first(
        self, elements: Sequence[Element], costs: Sequence[float], known: Mapping[str, Candidates]
    ) -> dict[int, float]:
        """Which elements could wait, and what they cost then, in microseconds; none where nothing narrows them yet.

        The others are fetched now in any case: the best, and what would cost as much when the values of those are
        known.
        """
        now: list[tuple[Element, float]] = []
        waiting: dict[int, float] = {}
        for at in sorted(range(len(elements)), key=costs.__getitem__):
            element, cost = elements[at], costs[at]
            narrowed = [self._later(element, other, values, known) for other, values in now]
            narrowing = [later for later in narrowed if later is not None]
            if narrowing and not self._is_cheap(element, cost, now, known):
                # What waits itself may narrow it more than what is there by then: from the other end of a chain.
                linked = [self._later(element, elements[o], max(1.0, c / TRIPLE), known) for o, c in waiting.items()]
                narrowing += [later for later in linked if later is not None]
            least = min(narrowing, default=0.0)
            if narrowing:
                first = cost * TRIPLE <= least or self._is_whole(element, cost, now, known)
            else:
                apart = not any(other.variables & element.variables for other, _ in now)
                first = not now or not apart or self._is_cheap(element, cost, now, known)
            if first:
                now.append((element, cost))
            else:
                waiting[at] = least
        return waiting

    def _ahead_of_time(
        self,
        elements: Sequence[Element],
        costs: Sequence[float],
        later: Mapping[int, float],
        beside: tuple[float, float],
        known: Mapping[str, Candidates],
    ) -> Sequence[int]:
        """Which of the elements that could wait are fetched at once, so that this round and the next cost least. Those
        are in ``later``, with the microseconds that they cost then. ``beside``: what attachments cost when no element
        waits, and how many members they ask."""
        now = _without(later, elements, costs)
        waiting = sorted(later, key=lambda at: costs[at] * TRIPLE - later[at])
        asked = {at: self.guesses.asked(elements[at], known) for at in waiting}
        asked_later = {at: self.guesses.asked(elements[at], known, now) for at in waiting}
        least = max((self.guesses.asked(element, known) for element, _ in now), default=0.0)

        def cost(number: int) -> float:
            """Of both rounds, where so many of them are fetched now."""
            first, rest = waiting[:number], waiting[number:]
            spent = sum(costs[at] * TRIPLE for at in first) + sum(later[at] for at in rest)
            # The first round waits, and asks some, whatever is in it.
            spent += (max([least, *(asked[at] for at in first)]) - least) * REQUEST
            return spent + (self._round(max([beside[1], *(asked_later[at] for at in rest)])) if rest else beside[0])

        return waiting[: min(range(len(waiting) + 1), key=cost)]

    def _is_cheap(
        self, element: Element, cost: float, now: Sequence[tuple[Element, float]], known: Mapping[str, Candidates]
    ) -> bool:
        """Whether an element costs no more beside these than another round like this one."""
        least = max(self.guesses.asked(e, known) for e, _ in now)
        more = max(0.0, self.guesses.asked(element, known) - least)
        return cost * TRIPLE + more * REQUEST <= self._round(least)

    def _round(self, requests: float) -> float:
        return of_round(requests, self._round_trip)

    def worth(self, requests: float) -> float:
        """So many triples cost as much as one more round that asks so many members."""
        return self._round(requests) / TRIPLE

    def _ahead(self, requests: float) -> float:
        worth = self.worth(requests)
        return max(worth, min(_MOST, _AHEAD * worth))

    def _saved(self, body: Body, values: Mapping[str, float]) -> float:
        """How many triples fewer a body may bring, or cost as much, once so many values of variables are known."""
        saved = sum(self.guesses.size(attachment.body, {}) for attachment in body.attachments)
        for element in body.elements:
            scans = scans_of(element)
            part = self.guesses.part_left(scans, values) if scans else 0.0
            saved += self.guesses.guess(element, {}) * (1.0 - part)
        return saved

    def _is_whole(
        self, element: Element, cost: float, now: Sequence[tuple[Element, float]], known: Mapping[str, Candidates]
    ) -> bool:
        """Whether an element is little, and members would be asked for almost all of it whatever the others bring."""
        scans = scans_of(element)
        if not scans or element.variables & known.keys():
            return False
        if cost + sum(c for _, c in now) > self._ahead(self.guesses.asked(element, known, now)):
            return False
        bound = frozenset().union(*(e.variables for e, _ in now))
        values = {v: min(c for e, c in now if v in e.variables) for v in element.variables & bound}
        return self.guesses.part_left(scans, values) >= _ALMOST

    def _later(self, element: Element, other: Element, values: float, known: Mapping[str, Candidates]) -> float | None:
        """What an element costs once another has brought ``values`` triples; None if that will hardly narrow it."""
        narrowed = [v for v in element.variables & other.variables if v not in known or values < len(known[v].terms)]
        if not narrowed:
            return None
        if isinstance(element, Closure) and element.wide is not None:
            # From its other end it costs hardly anything.
            return 0.0
        return self.guesses.narrowed(element, narrowed, values)

    def is_worth_some_rounds(self, scans: Sequence[Scan], spent: float) -> bool:
        """Whether fetching all of these costs no more than what following a path has cost, and is expected to.

        So a path that turns out to be long never costs much more than twice the cheaper way.
        """
        total = self.guesses.total(scans)
        return total <= _PATH_ROUNDS * self.step(scans) or total <= min(_WHOLE, spent)

    def step(self, scans: Sequence[Scan]) -> float:
        """So many triples cost as much as a round in which these are asked for."""
        return self.worth(max((self.guesses.asked(scan, {}) for scan in scans), default=0.0))

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
        worth = self.worth(self.guesses.asked(closure, known))
        return int(max(worth, min(_MOST, sum(self.guesses.guess(e, known) for e in binding))))


def _without(
    waiting: Container[int], elements: Sequence[Element], costs: Sequence[float]
) -> list[tuple[Element, float]]:
    """The elements that do not wait, with their costs."""
    return [(e, c) for at, (e, c) in enumerate(zip(elements, costs, strict=True)) if at not in waiting]
