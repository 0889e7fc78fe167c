"""Collects what there is to say about one file, without saying the same thing a thousand times."""

from __future__ import annotations

from collections import Counter

from node.errors import Place
from node.publishing.drafts import Finding, Severity

#: How many findings of one kind are listed one by one.
LISTED = 20


class Findings:
    """Collects findings; of each kind the first few one by one, the rest as one with their number."""

    def __init__(self, source: str, *, limit: int = LISTED) -> None:
        self._source = source
        self._limit = limit
        self._found: list[Finding] = []
        self._counts: Counter[tuple[Severity, str]] = Counter()

    def add(
        self,
        severity: Severity,
        message: str,
        *,
        line: int | None = None,
        record: str | None = None,
        column: str | None = None,
        value: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Note one thing. ``message`` names the kind, so it holds no line number and no value."""
        self._counts[severity, message] += 1
        if self._counts[severity, message] <= self._limit:
            place = Place(source=self._source, line=line, record=record, field=column)
            self._found.append(Finding(severity, message, place, value=value, remedy=remedy))

    def result(self) -> list[Finding]:
        """All findings so far, in the order in which they were made."""
        more = [
            Finding(severity, f"and more of this: {message}", Place(source=self._source), count=count - self._limit)
            for (severity, message), count in self._counts.items()
            if count > self._limit
        ]
        return self._found + more
