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
from node.federation.planning.costs import REQUEST, TRIPLE, VALUE, of_round
from node.federation.planning.guesses import PLACES
from node.federation.planning.hash_joins import pays
from node.federation.planning.plan import Candidates, Scan, Star
from node.federation.planning.requests import BLOCK, Job, blocks
from node.federation.planning.rounds import Answer, Rounds
from node.federation.planning.selection import FAN, Catalogue
from node.sparql.algebra import Expression
from node.sparql.terms import Term
from node.sparql.writer import write_expression

#: However far away members are, a round is not thought to take longer for that (seconds).
_FAR = 0.03


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


@dataclass(frozen=True, slots=True)
class _Choice:
    """How to ask a member for a part, and what it costs: for all its ``rows``, or for those with ``values`` of a
    variable, ``rows`` for each."""

    cost: float
    rows: float
    variable: str | None = None
    values: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Parts:
    """All parts of a pattern, and the members that hold them."""

    parts: tuple[Part, ...]
    catalogue: Catalogue

    def rounds(self, round_trip: float, seeds: Mapping[str, Candidates], found: dict[Part, list[Table]]) -> Rounds:
        """Fetch the parts, those first whose values narrow others; their rows go into ``found``.

        ``round_trip``: what a round costs at least, in seconds. The outcome is None where the rows cannot be joined
        here.
        """
        known, waiting = dict(seeds), list(self.parts)
        while waiting:
            choices = {part: self._choices(part, known) for part in waiting}
            chosen = self._now(choices, min(_FAR, round_trip))
            waiting = [part for part in waiting if part not in chosen]
            jobs = [(part, job) for part in chosen for job in self._jobs(part, choices[part])]
            tables: dict[Part, list[Table]] = {part: [] for part in chosen}
            if jobs:
                answers: list[Answer] = yield [job for _, job in jobs]
                for (part, _), table in zip(jobs, answers, strict=True):
                    assert isinstance(table, Table)
                    if table.has_blank_nodes():
                        return None
                    tables[part].append(table)
            for part, its in tables.items():
                found[part] = its
                for variable, column in zip(part.kept, part.columns, strict=False):
                    if any(variable in other.element.variables for other in waiting):
                        values = Candidates(frozenset().union(*(table.values(column) for table in its)))
                        known[variable] = values.narrowed(known.get(variable))
            if not all(known.values()) or not all(any(table.body for table in its) for its in found.values()):
                # Nothing matches all parts.
                found.clear()
                break
        return {}

    def _now(self, choices: Mapping[Part, Mapping[str, _Choice]], round_trip: float) -> list[Part]:
        """The parts that would hardly cost less if others were fetched before them."""
        costs = {part: sum(choice.cost for choice in its.values()) for part, its in choices.items()}

        def gained(part: Part, other: Part) -> float:
            """By fetching a part after another one."""
            after, members = self._narrowed(part, other, costs[part], float(len(choices[part])))
            return costs[part] - after - of_round(members, round_trip)

        def waits(part: Part, other: Part) -> bool:
            return gained(part, other) > max(0.0, gained(other, part))

        now = [p for p in costs if not any(waits(p, other) for other in costs if other is not p)]
        return now or [min(costs, key=costs.__getitem__)]

    def _narrowed(self, part: Part, other: Part, cost: float, members: float) -> tuple[float, float]:
        """What it would cost, and of how many members, with the values that another part has of a variable of both."""
        for variable in part.element.variables & other.element.variables:
            fan = max(self._fans(part, variable).values(), default=1.0)
            values = self._different(other, variable)
            cost = min(cost, values * (VALUE + TRIPLE * fan))
            if variable == part.scans[0].s:
                members = min(members, PLACES * values)
        return cost, members

    def _different(self, part: Part, variable: str) -> float:
        """About how many values the members have for a variable of a part."""
        catalogue = self.catalogue

        def of(scan: Scan) -> float:
            matches, columns = catalogue.likely(scan), _columns(scan, variable)
            fans = [catalogue.fans(scan, column) for column in columns]
            if not fans:
                return float("inf")
            members = self._held(part)
            return sum(min(matches[name] / max(1.0, its.get(name, FAN)) for its in fans) for name in members)

        return catalogue.directory.remembered(("values", part.scans, variable), lambda: min(map(of, part.scans)))

    def _fans(self, part: Part, variable: str) -> Mapping[str, float]:
        """About how many rows each member has for one value of a variable, at least one."""
        catalogue = self.catalogue

        def find() -> dict[str, float]:
            fans = [catalogue.fans(scan, column) for scan in part.scans for column in _columns(scan, variable)]
            return {name: max(1.0, *(its.get(name, FAN) for its in fans)) for name in self._held(part)}

        return catalogue.directory.remembered(("rows of a value", part.scans, variable), find)

    def _held(self, part: Part) -> Mapping[str, float]:
        """The members that hold a part, with about how many rows each has."""
        catalogue = self.catalogue

        def find() -> dict[str, float]:
            matches = [catalogue.likely(scan) for scan in part.scans]
            return {name: min(its[name] for its in matches) for name in catalogue.holding(part.scans)}

        return catalogue.directory.remembered(("held", part.scans), find)

    def _choices(self, part: Part, known: Mapping[str, Candidates]) -> dict[str, _Choice]:
        """How each member is asked for a part at least cost."""
        narrowing = sorted(part.element.variables & known.keys())
        fans = {variable: self._fans(part, variable) for variable in narrowing}

        def choice(name: str, held: float) -> _Choice:
            best = _Choice(held * TRIPLE, held)
            for variable in narrowing:
                values, fan = self._possible(name, part, variable, known[variable].terms), fans[variable][name]
                if not values:
                    return _Choice(0.0, 0.0, variable, values)
                cost = len(values) * (VALUE + TRIPLE * fan) + (len(values) // BLOCK) * REQUEST
                if cost < best.cost:
                    best = _Choice(cost, fan, variable, values)
            return best

        return {name: choice(name, held) for name, held in self._held(part).items()}

    def _possible(self, name: str, part: Part, variable: str, values: frozenset[bytes]) -> frozenset[bytes]:
        """Those of the values that a member can have for a variable of a part."""
        for scan in part.scans:
            for column in _columns(scan, variable):
                values = self.catalogue.possible(name, scan, column, values)
        if variable == part.scans[0].s:
            values = frozenset(value for value in values if value.startswith(b"<"))
        return values

    def _jobs(self, part: Part, choices: Mapping[str, _Choice]) -> Iterator[Job]:
        """The requests for a part to each member."""
        whole: dict[bool, str] = {}
        columns, matches = part.columns, [self.catalogue.likely(scan) for scan in part.scans]
        for name, choice in choices.items():
            if choice.variable is None:
                hashed = not part.conditions and pays([its[name] for its in matches])
                if hashed not in whole:
                    whole[hashed] = part.text(hashed=hashed)
                yield Job(name, whole[hashed], columns, choice.rows)
            else:
                for block in blocks(sorted(choice.values)):
                    yield Job(name, part.text(choice.variable, block), columns, len(block) * choice.rows)


def _columns(scan: Scan, variable: str) -> list[str]:
    """Where a variable stands in a pattern: as subject (``s``), as object (``o``)."""
    return [column for column, place in (("s", scan.s), ("o", scan.o)) if place == variable]
