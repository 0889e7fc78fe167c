"""What every kind of table file is read into: a header, rows of texts, and where each of them stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from node.errors import DocumentSyntaxError, Place, RequestTooLarge
from node.publishing.drafts import Severity
from node.publishing.findings import Findings

#: How many columns a table may have, and how many characters one cell.
MOST_COLUMNS = 2_000
LONGEST_CELL = 100_000

#: The cells of one row with the number of the row or line in the file, from 1.
Cells = tuple[int, list[str]]


@dataclass(frozen=True)
class Layout:
    """How a table file is laid out, as far as its mapping says; None and ``""`` leave it to be found out."""

    sheet: str | None = None
    header_row: int | None = None
    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None


@dataclass
class Sheet:
    """One table, ready to be gone through once. ``address`` names a cell by its row and its column (from 0)."""

    source: str
    columns: tuple[str, ...]
    header_line: int
    findings: Findings
    cells: Iterator[Cells] = field(repr=False)
    address: Callable[[int, int], str] | None = None
    sheets: tuple[str, ...] = ()

    def rows(self) -> Iterator[Cells]:
        """Rows as wide as the header, without those that are empty. A row that is too wide is a finding.

        Rows that are too short, or have values in cells without a column, cannot be told apart and are violations.
        """
        width = len(self.columns)
        for line, cells in self.cells:
            if not any(cells):
                continue
            if len(cells) > width and not any(cells[width:]):
                del cells[width:]
            if len(cells) != width:
                self.findings.add(
                    Severity.VIOLATION,
                    "the row has more cells than the header"
                    if len(cells) > width
                    else "the row has fewer cells than the header",
                    line=line,
                    value=f"{len(cells)} of {width}",
                    remedy="Give every row as many cells as the header has; put a value that holds the delimiter, or a "
                    "line end, in quotation marks.",
                )
                continue
            yield line, cells


def checked_header(names: Sequence[str], *, source: str, line: int) -> tuple[str, ...]:
    """The names of the columns. Empty cells at the end are left out; any other is called ``(column 3)`` or the like.

    Raises DocumentSyntaxError for no header and for two columns of one name, RequestTooLarge for too many.
    """
    columns = [name.strip() for name in names]
    while columns and not columns[-1]:
        columns.pop()
    if len(columns) > MOST_COLUMNS:
        raise RequestTooLarge(
            f"the header has {len(columns)} columns, more than the {MOST_COLUMNS} a table may have.",
            where=Place(source=source, line=line),
            remedy="Publish the columns that describe samples, not measurements.",
        )
    if not columns:
        raise DocumentSyntaxError(
            "the table has no header row.",
            where=Place(source=source, line=line),
            remedy="Write the names of the columns in the first row, or say header_row in the mapping.",
        )
    columns = [name or f"(column {number})" for number, name in enumerate(columns, 1)]
    name, count = Counter(columns).most_common(1)[0]
    if count > 1:
        raise DocumentSyntaxError(
            f"the header names the column {name!r} {count} times.",
            where=Place(source=source, line=line, field=name),
            remedy="Give each column a name of its own.",
        )
    return tuple(columns)


def require_columns(columns: Collection[str], wanted: Collection[str], *, source: str, line: int) -> None:
    """Raise DocumentSyntaxError when the header lacks a column that the mapping speaks of."""
    missing = [name for name in wanted if name not in columns]
    if missing:
        shown = ", ".join(list(columns)[:12])
        raise DocumentSyntaxError(
            f"the table has no column {missing[0]!r} that the mapping speaks of"
            + (f", nor {len(missing) - 1} others" if len(missing) > 1 else "")
            + f" (it has: {shown[:300]}).",
            where=Place(source=source, line=line, field=missing[0]),
            remedy="Correct the name in the mapping (upper and lower case count), or add the column.",
        )
