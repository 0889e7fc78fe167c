"""Parts of a pattern, asked for as different rows of those of their variables that are needed.

A part is one triple pattern, or a star that is local (``locality``). Those whose values would narrow others are fetched
first where that saves more than a round costs; a member is asked for all its rows, or for those with values that are
known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from node.federation.calling.rows import Table, cell
from node.federation.planning.conditions import rename
from node.federation.planning.hash_joins import pays
from node.federation.planning.order import REQUEST, TRIPLE, VALUE
from node.federation.planning.plan import Candidates, Scan, Star
from node.federation.planning.relations import Relation
from node.federation.planning.requests import BLOCK, Job, blocks
from node.federation.planning.rounds import Answer, Rounds
from node.federation.planning.selection import Catalogue
from node.sparql.algebra import Expression
from node.sparql.terms import Term
from node.sparql.writer import write_expression

#: However far away members are, a round is not thought to be worth more microseconds of theirs.
_MOST_OF_ROUND = 30_000.0


@dataclass(frozen=True)
class Part:
    """One part of the pattern. ``kept`` are the variables that are asked for; ``counted``: with how often each row
    occurs."""

    element: Scan | Star
    kept: tuple[str, ...]
    counted: bool
    conditions: tuple[Expression, ...]

    @property
    def scans(self) -> tuple[Scan, ...]:
        """Its triple patterns."""
        return self.element.scans if isinstance(self.element, Star) else (self.element,)

    def text(self, variable: str | None = None, values: Sequence[bytes] = (), *, hashed: bool = False) -> str:
        """The request for its rows, or for those with these values of a variable."""
        column = self._column
        listed = [f"?{column(v)}" for v in self.kept]
        ends = ""
        if self.counted:
            listed.append("(COUNT(*) AS ?n)")
            ends = f" GROUP BY {' '.join(listed[:-1])}"
        elif len(self.kept) < len(self.element.variables):
            listed.insert(0, "DISTINCT")
        given = "" if variable is None else f"VALUES ?{column(variable)} {{ {b' '.join(values).decode()} }} "
        form = "{{ SELECT * WHERE {{ {} }} }}" if hashed else "{} ."
        patterns = " ".join(
            form.format(" ".join(cell(p).decode() if isinstance(p, Term) else f"?{column(p)}" for p in (s.s, s.p, s.o)))
            for s in self.scans
        )
        filters = "".join(f" FILTER({write_expression(rename(f, column))})" for f in self.conditions)
        return f"SELECT {' '.join(listed)} WHERE {{ {given}{patterns}{filters} }}{ends}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of its rows."""
        return (*map(self._column, self.kept), *(("n",) if self.counted else ()))

    def _column(self, variable: str) -> str:
        return f"v{sorted(self.element.variables).index(variable)}"


@dataclass(frozen=True)
class Parts:
    """All parts of a pattern, and the members that hold them."""

    parts: tuple[Part, ...]
    catalogue: Catalogue

    def rounds(self, round_trip: float, seeds: Mapping[str, Candidates], found: list[Relation]) -> Rounds:
        """Fetch the parts, those first whose values narrow others; their relations go into ``found``.

        ``round_trip``: what a round costs at least, in seconds. The outcome is None where the rows cannot be joined
        here.
        """
        known, waiting = dict(seeds), list(self.parts)
        while waiting:
            chosen = self._now(waiting, known, min(_MOST_OF_ROUND, max(REQUEST, round_trip * 1e6)))
            waiting = [part for part in waiting if part not in chosen]
            jobs = [(part, job) for part in chosen for job in self._jobs(part, known)]
            tables: dict[Part, list[Table]] = {part: [] for part in chosen}
            if jobs:
                answers: list[Answer] = yield [job for _, job in jobs]
                for (part, _), table in zip(jobs, answers, strict=True):
                    assert isinstance(table, Table)
                    if table.has_blank_nodes():
                        return None
                    tables[part].append(table)
            for part, its in tables.items():
                relation = Relation.of(part.kept, its, counted=part.counted)
                found.append(relation)
                for variable in part.kept:
                    if any(variable in other.element.variables for other in waiting):
                        values = Candidates(relation.values(variable))
                        known[variable] = values.narrowed(known.get(variable))
            if not all(known.values()) or not all(relation.rows for relation in found):
                # Nothing matches all parts.
                found[:] = []
                break
        return {}

    def _now(self, waiting: Sequence[Part], known: Mapping[str, Candidates], round_cost: float) -> list[Part]:
        """The parts that would hardly cost less if others were fetched before them."""
        costs = {part: self._cost(part, known) for part in waiting}

        def waits(part: Part, other: Part) -> bool:
            after = self._narrowed(part, other, costs[part])
            gained = costs[part] - after - round_cost
            return gained > max(0.0, costs[other] - self._narrowed(other, part, costs[other]) - round_cost)

        now = [p for p in waiting if not any(waits(p, other) for other in waiting if other is not p)]
        return now or [min(waiting, key=costs.__getitem__)]

    def _cost(self, part: Part, known: Mapping[str, Candidates]) -> float:
        """Microseconds that the members need for a part, together."""
        return sum(self._choice(name, part, known)[0] for name in self._members(part))

    def _narrowed(self, part: Part, other: Part, cost: float) -> float:
        """What it would cost with the values that another part has of a variable of both."""
        for variable in part.element.variables & other.element.variables:
            values = min(sum(self._different(name, s, variable) for name in self._members(other)) for s in other.scans)
            fans = [self._fan(name, part, variable) for name in self._members(part)]
            cost = min(cost, values * (VALUE + TRIPLE * max(fans, default=1.0)))
        return cost

    def _different(self, name: str, scan: Scan, variable: str) -> float:
        """About how many values the member has for a variable of a pattern; infinite where it is not in it."""
        count = self.catalogue.matches(name, scan) or 0.0
        at = [column for column, place in (("s", scan.s), ("o", scan.o)) if place == variable]
        return min((count / max(1.0, self.catalogue.fan(name, scan, c)) for c in at), default=float("inf"))

    def _fan(self, name: str, part: Part, variable: str) -> float:
        """About how many rows the member has for one value of a variable."""
        places = [(s, c) for s in part.scans for c, place in (("s", s.s), ("o", s.o)) if place == variable]
        return max(1.0, *(self.catalogue.fan(name, scan, column) for scan, column in places))

    def _members(self, part: Part) -> list[str]:
        catalogue = self.catalogue
        return [name for name in catalogue.summaries if all(catalogue.holds(name, scan) for scan in part.scans)]

    def _choice(
        self, name: str, part: Part, known: Mapping[str, Candidates]
    ) -> tuple[float, str | None, frozenset[bytes]]:
        """How to ask a member for a part at least cost: for all rows (None), or for those with values of a variable."""
        catalogue = self.catalogue
        best: tuple[float, str | None, frozenset[bytes]] = (self._held(name, part) * TRIPLE, None, frozenset())
        for variable in sorted(part.element.variables & known.keys()):
            values = known[variable].terms
            for scan in part.scans:
                for column, place in (("s", scan.s), ("o", scan.o)):
                    if variable == place:
                        values = catalogue.possible(name, scan, column, values)
            if variable == part.scans[0].s:
                values = frozenset(value for value in values if value.startswith(b"<"))
            fan = self._fan(name, part, variable)
            cost = len(values) * (VALUE + TRIPLE * fan) + (len(values) // BLOCK) * REQUEST
            if not values:
                return 0.0, variable, values
            if cost < best[0]:
                best = (cost, variable, values)
        return best

    def _held(self, name: str, part: Part) -> float:
        return min(self.catalogue.matches(name, scan) or 0.0 for scan in part.scans)

    def _jobs(self, part: Part, known: Mapping[str, Candidates]) -> Iterator[Job]:
        """The requests for a part to each member."""
        for name in self._members(part):
            _, chosen, values = self._choice(name, part, known)
            if chosen is None:
                matches = [self.catalogue.matches(name, scan) or 0.0 for scan in part.scans]
                hashed = not part.conditions and pays(matches)
                yield Job(name, part.text(hashed=hashed), part.columns, self._held(name, part))
            else:
                fan = self._fan(name, part, chosen)
                for block in blocks(sorted(values)):
                    yield Job(name, part.text(chosen, block), part.columns, len(block) * fan)
