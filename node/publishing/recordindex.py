"""The samples and donors of one dataset that were met so far, on disk: what a table may have a million of.

An SQLite file in the spool folder answers whether an identifier was there before, where, and what is known of a donor.
Memory stays the same however many there are; the file goes with the spool folder.
"""

from __future__ import annotations

import errno
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from node.errors import Place
from node.ontology.sssom import Match
from node.publishing.coding import Found
from node.publishing.donors import Donor

_SCHEMA = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -8000",
    "CREATE TABLE sample (name TEXT PRIMARY KEY, source INTEGER, line INTEGER, content BLOB) WITHOUT ROWID",
    "CREATE TABLE donor"
    " (number INTEGER PRIMARY KEY, name TEXT UNIQUE, source INTEGER, line INTEGER, age INTEGER, known INTEGER)",
    "CREATE TABLE parent (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID",
)

_Known = tuple[tuple[tuple[str, Match | None], ...], tuple[tuple[str, Found], ...]]


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier row with the same sample identifier: its place, and whether it said the same in every cell."""

    source: str
    line: int
    same: bool


class RecordIndex:
    """Samples by identifier, and donors with what is known of them, in the order in which they were met."""

    def __init__(self, spool: Path, dataset: str) -> None:
        with tempfile.NamedTemporaryFile(dir=spool, prefix=f"{dataset}.", suffix=".sqlite", delete=False) as made:
            self._path = Path(made.name)
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        for statement in _SCHEMA:
            self._execute(statement)
        self._execute("BEGIN")
        self.samples = 0
        self.donors = 0
        self._sources: dict[str, int] = {}
        # What is known of donors is one of a few combinations; the rows hold its number.
        self._numbers: dict[_Known, int] = {}
        self._combinations: list[_Known] = []

    def add_sample(self, name: str, source: str, line: int, cells: Sequence[str]) -> Before | None:
        """Note a sample; None when it is new, else the row that described it before."""
        content = blake2b("\x1f".join(cells).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        values = (name, self._source(source), line, content)
        made = self._execute("INSERT OR IGNORE INTO sample VALUES (?, ?, ?, ?)", values)
        if not made.rowcount:
            query = "SELECT source, line, content FROM sample WHERE name = ?"
            found = self._execute(query, (name,)).fetchone()
            return Before(list(self._sources)[found[0]], found[1], found[2] == content)
        self.samples += 1
        return None

    def has_sample(self, name: str) -> bool:
        """Whether a row has described this sample."""
        return self._execute("SELECT 1 FROM sample WHERE name = ?", (name,)).fetchone() is not None

    def donor(self, name: str) -> Donor | None:
        """What is known of a donor, None for one that was not met yet."""
        query = "SELECT name, source, line, age, known FROM donor WHERE name = ?"
        row = self._execute(query, (name,)).fetchone()
        return None if row is None else self._donor(*row)

    def put_donor(self, name: str, donor: Donor) -> None:
        """Keep what is known of a donor, instead of what was known before."""
        known = self._number((tuple(donor.facts.items()), tuple(donor.unclear.items())))
        changed = self._execute("UPDATE donor SET age = ?, known = ? WHERE name = ?", (donor.age, known, name))
        if not changed.rowcount:
            values = (name, self._source(donor.place.source or ""), donor.place.line, donor.age, known)
            self._execute("INSERT INTO donor (name, source, line, age, known) VALUES (?, ?, ?, ?, ?)", values)
            self.donors += 1

    def all_donors(self) -> Iterator[tuple[str, Donor]]:
        """Every donor with what is known of them, in the order in which they were met."""
        for row in self._execute("SELECT name, source, line, age, known FROM donor ORDER BY number"):
            yield row[0], self._donor(*row)

    def add_parent(self, name: str, line: int) -> None:
        """Note that the row on this line derives its sample from the sample called so."""
        self._execute("INSERT OR IGNORE INTO parent VALUES (?, ?)", (name, line))

    def unknown_parents(self) -> Iterator[tuple[str, int]]:
        """The samples that others derive from and that no row describes, each with the first line that names it."""
        yield from self._execute(
            "SELECT name, line FROM parent WHERE name NOT IN (SELECT name FROM sample) ORDER BY line"
        )

    def close(self) -> None:
        """Done with adding; places can still be asked for."""
        self._execute("COMMIT")
        self._connection.close()

    def sample_place(self, name: str) -> Place | None:
        """Where a sample was first described. To be asked after ``close``."""
        return self._place("SELECT source, line FROM sample WHERE name = ?", name)

    def donor_place(self, name: str) -> Place | None:
        """Where a donor was first met. To be asked after ``close``."""
        return self._place("SELECT source, line FROM donor WHERE name = ?", name)

    def _place(self, query: str, name: str) -> Place | None:
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        try:
            found = connection.execute(query, (name,)).fetchone()
        finally:
            connection.close()
        return None if found is None else Place(source=list(self._sources)[found[0]], line=found[1], record=name)

    def _execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.OperationalError as error:  # of statements that are right, only writing can fail
            raise OSError(errno.ENOSPC, str(error)) from error

    def _source(self, name: str) -> int:
        return self._sources.setdefault(name, len(self._sources))

    def _number(self, known: _Known) -> int:
        number = self._numbers.setdefault(known, len(self._combinations))
        if number == len(self._combinations):
            self._combinations.append(known)
        return number

    def _donor(self, name: str, source: int, line: int, age: int | None, known: int) -> Donor:
        facts, unclear = self._combinations[known]
        return Donor(Place(source=list(self._sources)[source], line=line, record=name), dict(facts), dict(unclear), age)
