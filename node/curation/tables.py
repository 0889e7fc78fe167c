"""Tab-separated tables of a workspace, cell by cell with the line and column of each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from node.errors import DocumentSyntaxError, Place

_LARGEST = 64_000_000
_LONGEST_CELL = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells without surrounding white space, and the line of the file that it begins on."""

    line: int
    cells: tuple[str, ...]

    def __getitem__(self, column: int) -> str:
        """The cell of a column (from 0), "" past the end of the row."""
        return self.cells[column] if column < len(self.cells) else ""


def read_table(path: Path, *, name: str = "", text: str | None = None) -> list[Row]:
    """The rows of a table in order, empty ones left out. ``name`` is what errors call the file, ``text`` what is read
    in its place.

    Cells may be quoted as CSV has it. Raises DocumentSyntaxError with the line.
    """
    name = name or path.name
    if text is None:
        text = _text(path, name)
    rows: list[Row] = []
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(text.splitlines(keepends=True), delimiter="\t", strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error as error:
            raise DocumentSyntaxError(
                f"the row cannot be read: {error}.",
                where=Place(source=name, line=line),
                remedy="A cell that begins with a quotation mark ends with one; double those inside it.",
            ) from error
        if cells and cells[0].startswith(("<<<<<<<", ">>>>>>>")):
            raise DocumentSyntaxError("a merge was left unfinished here.", where=Place(source=name, line=line))
        if any(cell.strip() for cell in cells):
            rows.append(Row(line, tuple(cell.strip() for cell in cells)))
        line = reader.line_num + 1


def table_text(rows: Iterable[Sequence[str]]) -> str:
    """Rows as a tab-separated table; cells are quoted only where they must be."""
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(rows)
    return out.getvalue()


def placed_text(rows: Iterable[tuple[int, Sequence[str]]]) -> str:
    """The same, each row on the line that it is given with: empty lines between rows stay."""
    parts: list[str] = []
    line = 1
    for wanted, cells in rows:
        text = "\n" * (wanted - line) + table_text([cells])
        line += text.count("\n")
        parts.append(text)
    return "".join(parts)


def _text(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise DocumentSyntaxError(f"the table has more than {_LARGEST:,} bytes.", where=Place(source=name))
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentSyntaxError(
            "the table is not UTF-8.", where=Place(source=name), remedy="Save it as UTF-8, separated by tabs."
        ) from error
    except OSError as error:
        raise DocumentSyntaxError(f"the table cannot be read: {error.strerror}.", where=Place(source=name)) from error
