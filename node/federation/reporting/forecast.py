"""How a query would be carried out: who evaluates what, in which round, and about how much comes. Guesses, pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from node.federation.fetching.delegation import able_to_give_enough, able_to_say_yes, only_source
from node.federation.planning.counting import counting
from node.federation.planning.locality import local
from node.federation.planning.order import Order
from node.federation.planning.overlaps import overlap
from node.federation.planning.partition import partition
from node.federation.planning.plan import Body, Candidates, Choice, Element, Rows, Scan, Star
from node.federation.planning.selection import Catalogue
from node.federation.planning.stars import grouped
from node.sparql.algebra import Query

#: A variable is not thought to have more values than this: what is beyond it changes no order.
_MOST_VALUES = 1 << 14


class Way(StrEnum):
    """Where a query is evaluated."""

    ALONE = "alone"
    EACH = "each"
    GROUPS = "groups"
    YES = "yes"
    ENOUGH = "enough"
    ROWS = "rows"
    HERE = "here"

    @property
    def fetches(self) -> bool:
        """Whether what is needed is fetched, pattern by pattern."""
        return self in (Way.ROWS, Way.HERE)


@dataclass(frozen=True)
class Foreseen:
    """What is expected of a pattern: in which round it is fetched, counted from 1, about how many triples come, and of
    which members alone because all of its star is there (None: of every one that can hold it)."""

    round: int
    triples: float
    members: tuple[str, ...] | None = None


def way_of(query: Query, body: Body, catalogue: Catalogue) -> tuple[Way, tuple[str, ...]]:
    """Where a query would be evaluated, and by which members where not here."""
    if catalogue.kept:
        return Way.HERE, ()
    if (alone := only_source(query, body, catalogue)) is not None:
        return Way.ALONE, (alone,)
    if able := able_to_say_yes(query, body, catalogue):
        return Way.YES, tuple(able)
    apart = partition(query, catalogue)
    if apart is None and (able := able_to_give_enough(query, body, catalogue)):
        return Way.ENOUGH, tuple(able)
    if apart is None and (few := overlap(query, body, catalogue)) is not None:
        apart = few.apart
    if apart is None:
        return (Way.HERE if counting(query, body, catalogue) is None else Way.ROWS), ()
    return (Way.EACH if apart.merging is None else Way.GROUPS), apart.members


def foresee(body: Body, catalogue: Catalogue, order: Order) -> dict[int, Foreseen]:
    """What is expected of each element of a body that is fetched, by the element's ``id``."""
    forecast = _Forecast(catalogue, order)
    forecast.body(body, {}, 1)
    return forecast.found


class _Forecast:
    """Walks a body as ``fetch`` does, with as many made-up values of each variable as are expected."""

    def __init__(self, catalogue: Catalogue, order: Order) -> None:
        self._catalogue = catalogue
        self._order = order
        self.found: dict[int, Foreseen] = {}

    def body(self, body: Body, context: Mapping[str, Candidates], first: int) -> None:
        """A body whose first round is ``first``."""
        known = dict(context)
        for variable, cells in body.seeds:
            known[variable] = Candidates(cells)
        remaining, waiting, number = grouped(body.elements, self._is_local), list(body.attachments), first
        while True:
            chosen = self._order.next_round(remaining, waiting, known)
            remaining, waiting = chosen.later, chosen.waiting
            for attachment in chosen.attachments:
                self.body(attachment.body, {v: known[v] for v in attachment.allowed if v in known}, number)
            if not chosen.now:
                return
            brought = [(element, self._order.guesses.guess(element, known)) for element in chosen.now]
            for element, triples in brought:
                self._element(element, triples, known, number)
            for element, triples in brought:
                for variable in element.variables:
                    known[variable] = _fewer(known.get(variable), triples)
            number += 1

    def _is_local(self, star: Star) -> bool:
        return not self._catalogue.kept and local(star.scans, (), self._catalogue) is not None

    def _element(self, element: Element, triples: float, known: Mapping[str, Candidates], number: int) -> None:
        match element:
            case Star(_, scans):
                where = local(scans, (), self._catalogue)
                members = where.members if where is not None else None
                self.found |= {id(scan): Foreseen(number, triples, members) for scan in scans}
            case Choice(arms):
                for arm in arms:
                    self.body(arm, known, number)
            case Rows(inner):
                self.body(inner, {}, number)
            case Scan() | _:
                self.found[id(element)] = Foreseen(number, triples)


def _fewer(known: Candidates | None, triples: float) -> Candidates:
    number = int(min(max(1.0, triples), _MOST_VALUES))
    if known is not None and len(known.terms) <= number:
        return known
    return Candidates(frozenset(b"%d" % value for value in range(number)))
