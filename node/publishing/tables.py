"""Reads the tab-separated tables partners have, row by row, saying what is wrong and on which line.

The tables are those of cBioPortal study folders: some lines that start with ``#``, one header row, then data. They
come as found, so this reader copes with what was found in real ones: a byte-order mark, Latin-1 text, Windows and old
Macintosh line ends, a carriage return left inside a row by pasting two tables side by side, quotes that a spreadsheet
put around a cell, short rows, and many words for "not known". What cannot be read without guessing is an error.

Nothing here holds more than one line and one chunk of the file.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from unicodedata import combining, normalize

from node.errors import DocumentSyntaxError, Place
from node.publishing.drafts import Severity
from node.publishing.findings import Findings

_CHUNK = 1 << 16
_MISSING = frozenset(
    [
        *("", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", ".", "?", "unknown", "unk", "not known"),
        *("not available", "not applicable", "not reported", "not specified", "unspecified", "missing"),
    ]
)
_ODD_IN_NAMES = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Limits:
    """What a table may have: bytes in one line, columns in its header."""

    line_bytes: int = 4_000_000
    columns: int = 10_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of data: the line it stands on (from 1) and its cells by column name; absent and unknown are ``""``."""

    line: int
    cells: Sequence[str]
    index: Mapping[str, int]

    def raw(self, column: str) -> str:
        """The cell as it is written, without surrounding space; ``""`` when the table has no such column."""
        place = self.index.get(column)
        return "" if place is None else self.cells[place]

    def __getitem__(self, column: str) -> str:
        """The cell, or ``""`` when it holds one of the words for a value that is not known."""
        place = self.index.get(column)
        if place is None:
            return ""
        text = self.cells[place]
        return "" if is_missing(text) else text


def is_missing(text: str) -> bool:
    """Whether the text is a word for "not known": empty, NA, Na, N/A, [Not Available], Unknown and their like."""
    return not text or (len(text) < 20 and text.strip("[]() ").lower() in _MISSING)


def column_name(text: str) -> str:
    """A header cell as the name we look columns up by: ``Sample Id`` and ``SAMPLE_ID`` are the same column."""
    bare = "".join(c for c in normalize("NFKD", text) if not combining(c))
    return _ODD_IN_NAMES.sub("_", bare.upper()).strip("_")


@dataclass
class Table:
    """One tab-separated table on disk. Make it with ``open_table``, go through ``rows()`` once."""

    path: Path
    columns: tuple[str, ...]
    header_line: int
    findings: Findings
    _lines: Iterator[tuple[int, str]] = field(repr=False)

    def without(self, dropped: Callable[[str], bool]) -> Table:
        """The same table without the names of some columns, so that nobody finds their values."""
        return replace(self, columns=tuple("" if dropped(name) else name for name in self.columns))

    def rows(self) -> Iterator[Row]:
        """The rows of data, in file order, without those that cannot be read (they are findings).

        Raises DocumentSyntaxError for a line over the limit or one that is not text.
        """
        index = _index(self.columns)
        width = len(self.columns)
        for line, text in self._lines:
            if not text.strip():
                continue
            if text.startswith("#"):
                self.findings.add(Severity.WARNING, "a comment line inside the table is left out", line=line)
                continue
            cells = _cells(text)
            if len(cells) < width:
                self.findings.add(
                    Severity.WARNING,
                    "the row has fewer cells than the header; the missing ones are read as empty",
                    line=line,
                    value=f"{len(cells)} of {width}",
                    remedy="Write a tab for every empty cell.",
                )
                cells += [""] * (width - len(cells))
            elif len(cells) > width:
                if any(cells[width:]):
                    self.findings.add(
                        Severity.VIOLATION,
                        "the row has more cells than the header, so its values cannot be told apart",
                        line=line,
                        value=f"{len(cells)} of {width}",
                        remedy="Remove the tab, or the line end, inside a value of this row.",
                    )
                    continue
                self.findings.add(Severity.WARNING, "the row ends in empty cells that have no column", line=line)
            yield Row(line, cells, index)


def open_table(path: Path, required: Sequence[str], limits: Limits = DEFAULT_LIMITS) -> Table:
    """Find the header of the table in ``path`` and check that it has the ``required`` columns.

    Raises DocumentSyntaxError (file, line, column, remedy) when there is no header with these columns, when the file is
    empty, is not text, or passes a limit.
    """
    findings = Findings(str(path))
    lines: Iterator[tuple[int, str]] = _lines(path, limits, findings)
    commented: tuple[int, list[str]] | None = None
    for number, text in lines:
        if text.startswith("#"):
            names = [column_name(cell) for cell in _cells(text[1:])]
            if set(required) <= set(names):
                commented = number, names
            continue
        if not text.strip():
            continue
        names = [column_name(cell) for cell in _cells(text)]
        if not set(required) <= set(names) and commented is not None:
            # The header was commented out with the lines above it: this line is already data.
            findings.add(
                Severity.WARNING,
                "the header row starts with '#'; it is taken as the header all the same",
                line=commented[0],
                remedy="Remove the '#' in front of the header row.",
            )
            return _table(path, commented, required, findings, chain([(number, text)], lines), limits=limits)
        return _table(path, (number, names), required, findings, lines, limits=limits)
    raise DocumentSyntaxError(
        "the table has no header row.",
        where=Place(source=str(path)),
        remedy=f"Write one line with the column names, {', '.join(required)} among them, separated by tabs.",
    )


def _table(
    path: Path,
    header: tuple[int, list[str]],
    required: Sequence[str],
    findings: Findings,
    lines: Iterator[tuple[int, str]],
    *,
    limits: Limits,
) -> Table:
    """The table with this header (line number, names) and these lines below it.

    Raises DocumentSyntaxError for a column that must be there and is not.
    """
    line, names = header
    if len(names) > limits.columns:
        raise DocumentSyntaxError(
            f"the header has {len(names)} columns, more than the {limits.columns} a table may have.",
            where=Place(source=str(path), line=line),
            remedy="Publish the clinical columns only; measurements do not belong into this table.",
        )
    for name in required:
        if name not in names:
            shown = ", ".join(name for name in names[:8] if name) or "no name at all"
            raise DocumentSyntaxError(
                f"the header has no column {name} (it begins with: {shown[:200]}).",
                where=Place(source=str(path), line=line, field=name),
                remedy="The first line without '#' must hold the column names, separated by tabs.",
            )
    for name, count in Counter(names).items():
        if name and count > 1:
            findings.add(
                Severity.VIOLATION if name in required else Severity.WARNING,
                "the header names a column more than once; the first is read",
                line=line,
                column=name,
                remedy="Give each column its own name.",
            )
    return Table(path, tuple(names), line, findings, lines)


def _index(columns: Sequence[str]) -> dict[str, int]:
    index: dict[str, int] = {}
    for place, name in enumerate(columns):
        if name:
            index.setdefault(name, place)
    return index


def _cells(text: str) -> list[str]:
    if '"' in text:
        return [_unquoted(cell.strip()) for cell in text.split("\t")]
    return [cell.strip() for cell in text.split("\t")]


def _unquoted(cell: str) -> str:
    """A cell without the quotes a spreadsheet wrote around it."""
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"').strip()
    return cell


def _lines(path: Path, limits: Limits, findings: Findings) -> Iterator[tuple[int, str]]:
    """Numbered lines as text. Translates every error of reading the file into DocumentSyntaxError."""
    source = str(path)
    latin = False
    pasted = False
    try:
        for number, raw in _raw_lines(path, limits):
            if b"\0" in raw:
                raise DocumentSyntaxError(
                    "the file is not a text table (it holds a zero byte).",
                    where=Place(source=source, line=number),
                    remedy="Save the table as tab-separated text in UTF-8.",
                )
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                text = raw.decode("latin-1")
                if not latin:
                    latin = True
                    findings.add(
                        Severity.WARNING,
                        "the text is not UTF-8; lines that are not are read as Latin-1",
                        line=number,
                        value=text[max(0, error.start - 20) : error.start + 20].strip(),
                        remedy="Save the table in UTF-8.",
                    )
            if "\r" in text and not pasted:
                pasted = True
                findings.add(
                    Severity.WARNING,
                    "a row holds a carriage return inside; it is read as a space",
                    line=number,
                    remedy="Use one kind of line end in the whole file.",
                )
            yield number, text.replace("\r", " ")
    except OSError as error:
        raise DocumentSyntaxError(
            f"cannot be read: {error.strerror or error}.", where=Place(source=source), remedy="Check the file."
        ) from error


def _raw_lines(path: Path, limits: Limits) -> Iterator[tuple[int, bytes]]:
    """Numbered lines as bytes without their line ends, split at LF, or at CR in a file that has no LF at its start."""
    number = 0
    with path.open("rb") as stream:
        chunk = stream.read(_CHUNK)
        if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DocumentSyntaxError(
                "the table is written in UTF-16.", where=Place(source=str(path)), remedy="Save the table in UTF-8."
            )
        end = b"\r" if b"\r" in chunk and b"\n" not in chunk else b"\n"
        pending = chunk.removeprefix(codecs.BOM_UTF8)
        while True:
            *whole, pending = pending.split(end)
            for line in whole:
                number += 1
                yield number, _limited(line, number, path, limits).removesuffix(b"\r")
            _limited(pending, number + 1, path, limits)
            chunk = stream.read(_CHUNK)
            if not chunk:
                break
            pending += chunk
    if pending:
        yield number + 1, pending.removesuffix(b"\r")


def _limited(line: bytes, number: int, path: Path, limits: Limits) -> bytes:
    if len(line) > limits.line_bytes:
        raise DocumentSyntaxError(
            f"the line is longer than the {limits.line_bytes} bytes a line may have.",
            where=Place(source=str(path), line=number),
            remedy="Check that this is a table with one sample a line.",
        )
    return line
