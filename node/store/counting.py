"""Counts the rows of an answer while a worker writes it, from the bytes: at C speed, no row becomes an object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from pyoxigraph import QueryResultsFormat, RdfFormat, Triple

#: Graph formats of one triple a line.
LINES = (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS)


class Refusal(Exception):
    """What a query gets instead of an answer: the JSON of an ERROR frame."""

    def __init__(self, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.fields = {"kind": kind, "message": message, **more}


class Rows(Protocol):
    """Takes an answer piece by piece, cut anywhere. Raises Refusal("rows") when it has more rows than it may."""

    def count(self, data: bytes) -> None: ...


class LineRows:
    """Triples of N-Triples and N-Quads: their line ends, for one in a literal is written as an escape."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def count(self, data: bytes) -> None:
        """Take the next piece."""
        self._left -= data.count(b"\n")
        if self._left < 0:
            raise _too_many("triples")


class SolutionRows:
    """Rows of the four formats for solutions, as pyoxigraph writes them.

    JSON: ``,{"`` stands between rows only, because a quotation mark in a text is escaped and no array but that of the
    rows holds objects. Rows in which nothing is bound are not counted. XML: ``<result>``, for ``<`` in a text is
    escaped. TSV: line ends but the first. CSV: the same, outside quotation marks.
    """

    def __init__(self, written: QueryResultsFormat, limit: int) -> None:
        self._mark, self._left = {
            QueryResultsFormat.JSON: (b',{"', limit - 1),
            QueryResultsFormat.XML: (b"<result>", limit),
            QueryResultsFormat.CSV: (b"\n", limit + 1),
            QueryResultsFormat.TSV: (b"\n", limit + 1),
        }[written]
        self._quoted = written == QueryResultsFormat.CSV
        self._inside = False
        self._cut = b""

    def count(self, data: bytes) -> None:
        """Take the next piece."""
        if self._quoted:
            data = self._outside(data)
        # A mark may be cut in two; what is kept of the piece before is too short to hold a whole one.
        joined = self._cut + data
        self._cut = joined[-len(self._mark) + 1 :] if len(self._mark) > 1 else b""
        self._left -= joined.count(self._mark)
        if self._left < 0:
            raise _too_many("rows")

    def _outside(self, data: bytes) -> bytes:
        if b'"' not in data:
            return b"" if self._inside else data
        parts = data.split(b'"')
        outside = b"".join(parts[self._inside :: 2])
        self._inside ^= len(parts) % 2 == 0
        return outside


def counted(triples: Iterable[Triple], limit: int) -> Iterator[Triple]:
    """The triples. Raises Refusal("rows") after ``limit`` of them, for the formats whose text does not tell."""
    for number, triple in enumerate(triples):
        if number >= limit:
            raise _too_many("triples")
        yield triple


def _too_many(what: str) -> Refusal:
    return Refusal("rows", what)
