"""How much of what a partner wrote is coded, and what is not, counted by value and by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from node.ontology.sssom import Match
from node.publishing.coded import Answer, Coded, Proposed

#: How many distinct values that are not coded are counted one by one, and what the rest are called.
MOST_VALUES = 10_000
OTHERS = "(others)"


@dataclass
class Tally:
    """How many values of one property are coded, and which are not: value -> samples (donors for sex and status).

    ``columns`` counts by column: coded, proposed, unknown. ``candidates`` are those of the proposed values, ``reasons``
    say of each value why it is not coded, ``systems`` of which code system it is said to be a code.
    """

    coded: int = 0
    proposed: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    columns: dict[str, list[int]] = field(default_factory=dict)
    candidates: dict[str, tuple[Match, ...]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    systems: dict[str, str] = field(default_factory=dict)

    def add(self, column: str, answer: Answer) -> None:
        """Count one value; ``column`` is "" where several say it.

        Past a number of distinct values that are not coded they are counted as one.
        """
        counts = self.columns.setdefault(column, [0, 0, 0])
        if isinstance(answer, Coded):
            self.coded += 1
            counts[0] += 1
            return
        proposed = isinstance(answer, Proposed)
        counts[1 if proposed else 2] += 1
        values = self.proposed if proposed else self.unknown
        value = _bounded(values, answer.value)
        values[value] += 1
        if value == answer.value:
            self.reasons[value] = answer.reason
            if answer.system:
                self.systems[value] = answer.system
            if isinstance(answer, Proposed):
                self.candidates[value] = answer.candidates

    def merge(self, other: Tally) -> None:
        """Count what another tally of the same property has counted."""
        self.coded += other.coded
        self.proposed.update(other.proposed)
        self.unknown.update(other.unknown)
        self.candidates = {**other.candidates, **self.candidates}
        self.reasons = {**other.reasons, **self.reasons}
        self.systems = {**other.systems, **self.systems}
        for column, counts in other.columns.items():
            mine = self.columns.setdefault(column, [0, 0, 0])
            mine[:] = [a + b for a, b in zip(mine, counts, strict=True)]


def merged(reports: Iterable[CodingReport]) -> dict[str, Tally]:
    """What became of the values of each property in all of these together, in the order of the properties."""
    whole: dict[str, Tally] = {}
    for report in reports:
        for property_iri, tally in report.tallies.items():
            whole.setdefault(property_iri, Tally()).merge(tally)
    return dict(sorted(whole.items()))


def _bounded(values: Counter[str], value: str) -> str:
    return value if value in values or len(values) < MOST_VALUES else OTHERS


@dataclass
class CodingReport:
    """How many samples got an NCIt diagnosis, and why the others did not (reason -> value -> samples).

    ``justifications`` says on what grounds the coded ones are coded (grounds -> samples). ``tallies`` holds, for each
    property that was coded from words of the partner, what became of the values.
    """

    samples: int = 0
    coded: int = 0
    uncoded: dict[str, Counter[str]] = field(default_factory=dict)
    justifications: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)

    def miss(self, reason: str, value: str) -> None:
        """Count one sample that carries no diagnosis."""
        values = self.uncoded.setdefault(reason, Counter())
        values[_bounded(values, value)] += 1

    def tally(self, property_iri: str, column: str, answer: Answer) -> None:
        """Count what became of one value of a property."""
        self.tallies.setdefault(property_iri, Tally()).add(column, answer)


@dataclass(frozen=True)
class Drafted:
    """A table of decisions that a publication wrote to: how many rows it added, how many wait for a decision."""

    file: str
    added: int
    waiting: int
