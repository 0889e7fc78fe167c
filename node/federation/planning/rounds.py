"""Rounds of requests: a walk through a plan yields the jobs of one round and is sent their answers."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import TypeAlias

from node.federation.calling.rows import Table
from node.federation.planning.plan import Candidates, GraphPlace
from node.federation.planning.requests import Job

Answer: TypeAlias = Table | bool
#: What an element leaves of its variables; None: it matches nothing, so the whole conjunction has no solution.
Outcome: TypeAlias = dict[str, Candidates] | None
Rounds: TypeAlias = Generator[list[Job], list[Answer], Outcome]


def together(rounds: Sequence[Rounds]) -> Generator[list[Job], list[Answer], list[Outcome]]:
    """Several walks side by side, one round of all of them at a time; their outcomes in order."""
    outcomes: list[Outcome] = [None] * len(rounds)
    waiting: list[tuple[int, Rounds, list[Job]]] = []

    def step(at: int, walk: Rounds, answers: list[Answer] | None) -> None:
        try:
            jobs = next(walk) if answers is None else walk.send(answers)
            waiting.append((at, walk, jobs))
        except StopIteration as end:
            outcomes[at] = end.value

    for at, walk in enumerate(rounds):
        step(at, walk, None)
    while waiting:
        current, waiting = waiting, []
        answers = yield [job for _, _, jobs in current for job in jobs]
        taken = 0
        for at, walk, jobs in current:
            step(at, walk, answers[taken : taken + len(jobs)])
            taken += len(jobs)
    return outcomes


def alongside(walk: Rounds, others: list[Rounds]) -> Rounds:
    """A walk, and beside it those that it puts into ``others`` on its way; its outcome.

    When it finds nothing, the others are given up.
    """
    outcome: Outcome = None
    running: list[tuple[Rounds, list[Job]]] = []

    def go_on(one: Rounds, answers: list[Answer] | None) -> None:
        nonlocal outcome
        try:
            running.append((one, next(one) if answers is None else one.send(answers)))
        except StopIteration as end:
            if one is walk:
                outcome = end.value

    go_on(walk, None)
    started = 0
    while True:
        while started < len(others):
            started += 1
            go_on(others[started - 1], None)
        if not running or (outcome is None and all(one is not walk for one, _ in running)):
            return outcome
        current, running[:] = list(running), []
        answers = yield [job for _, jobs in current for job in jobs]
        taken = 0
        for one, jobs in current:
            go_on(one, answers[taken : taken + len(jobs)])
            taken += len(jobs)


class Gathered:
    """The values that some variables have in the rows that came."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._found: dict[str, set[bytes]] = {v: set() for v in wanted}
        self._blank: dict[str, set[str]] = {v: set() for v in self._found}
        self._matched = False

    @property
    def wanted(self) -> Iterable[str]:
        """The variables."""
        return self._found

    def add(self, source: str, table: Table, positions: Mapping[str, str]) -> None:
        """Take the values of a member's rows; ``positions`` are the columns of the variables."""
        self._matched = self._matched or bool(table.body)
        mixed = table.has_blank_nodes()
        for variable, found in self._found.items():
            values = table.values(positions[variable])
            if mixed and (blanks := {value for value in values if value.startswith(b"_:")}):
                values -= blanks
                self._blank[variable].add(source)
            found.update(values)

    def outcome(self, nodes: frozenset[str], graph: GraphPlace = None) -> Outcome:
        """The candidates, None when there was no row. ``nodes``: variables whose values are nodes of the graph."""
        if not self._matched:
            return None
        return {
            v: Candidates(frozenset(found), frozenset(self._blank[v]), frozenset({graph} if v in nodes else ()))
            for v, found in self._found.items()
        }
