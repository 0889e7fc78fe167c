"""What the columns of a table look like: how many rows are filled, which values there are, of what form they are."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from node.publishing.tables import column_name, is_missing
from node.publishing.tabular.sheets import Sheet

#: How many rows are looked at, and how many different values of one column are counted.
ROWS_LOOKED_AT = 50_000
_MOST_VALUES = 2_000
_NUMBER = re.compile(r"[<>≥≤]?=?\s*-?\d{1,7}([.,]\d{1,12})?\s*\+?")


@dataclass
class ColumnProfile:
    """One column: ``filled`` rows of ``rows``, its commonest ``values``, and whether these are ``all`` there are."""

    name: str
    rows: int = 0
    filled: int = 0
    values: Counter[str] = field(default_factory=Counter)
    all: bool = True
    unique: bool = True
    longest: int = 0
    numbers: int = 0
    highest: float = 0.0
    spaced: int = 0

    @property
    def key(self) -> str:
        """The header as names are compared: ``Sample Id`` is ``SAMPLE_ID``."""
        return column_name(self.name)

    @property
    def numeric(self) -> bool:
        """Whether at least nine tenths of the values are numbers."""
        return self.filled > 0 and self.numbers >= 0.9 * self.filled

    def add(self, cell: str) -> None:
        """Count one cell."""
        self.rows += 1
        if is_missing(cell):
            return
        self.filled += 1
        self.longest = max(self.longest, len(cell))
        self.spaced += " " in cell
        if _NUMBER.fullmatch(cell):
            self.numbers += 1
            self.highest = max(self.highest, float(re.sub(r"[^\d.]", "", cell.replace(",", ".")) or 0))
        if cell in self.values:
            self.unique = False
            self.values[cell] += 1
        elif len(self.values) < _MOST_VALUES:
            self.values[cell] = 1
        else:
            self.all = False


def profile(sheet: Sheet) -> tuple[list[ColumnProfile], bool]:
    """The profiles of all columns, and whether the table has more rows than were looked at."""
    profiles = [ColumnProfile(name) for name in sheet.columns]
    rows = sheet.rows()
    for _, cells in islice(rows, ROWS_LOOKED_AT):
        for one, cell in zip(profiles, cells, strict=True):
            one.add(cell)
    return profiles, next(rows, None) is not None
