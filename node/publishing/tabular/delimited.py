"""CSV and TSV (RFC 4180 and its relatives): encoding and delimiter are found out and said, quotes are undone strictly.

A file is read twice: once as bytes, to know its encoding for certain, and once as rows. Neither holds more than a line.
"""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from node.errors import DocumentSyntaxError, Place
from node.publishing.drafts import Severity
from node.publishing.findings import Findings
from node.publishing.tabular.sheets import LONGEST_CELL, Cells, Layout, Sheet, checked_header

ENDINGS = (".csv", ".tsv", ".tab", ".txt")
_CHUNK = 1 << 20
_DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "vertical bar"}
#: How many rows are looked at to find the delimiter.
_LOOKED_AT = 50
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Bytes that stand for no character in Windows-1252: a text that has one is written in something else.
_NOT_WINDOWS = frozenset(b"\x81\x8d\x8f\x90\x9d")


def open_delimited(path: Path, name: str, source: str, layout: Layout) -> Sheet:
    """The table in a text file; ``name`` (its ending) says whether to expect tabs.

    Raises DocumentSyntaxError: not text, no header, the delimiter cannot be told, or the encoding is not what the
    layout says. What is wrong with a single row is a finding.
    """
    findings = Findings(source)
    encoding = layout.encoding or _encoding(path, findings)
    quote = '"' if layout.quote is None else layout.quote
    delimiter = layout.delimiter or _delimiter(
        path,
        "," if name.lower().endswith(".csv") else "\t",
        encoding,
        quote=quote,
        source=source,
        findings=findings,
    )
    rows = _rows(path, encoding, delimiter, quote, source)
    header_row = layout.header_row or 1
    for number, (line, cells) in enumerate(rows, 1):
        if number == header_row if layout.header_row else any(cells):
            columns = checked_header(cells, source=source, line=line)
            return Sheet(source, columns, line, findings, rows)
    raise DocumentSyntaxError(
        "the table has no header row.",
        where=Place(source=source),
        remedy="Write the names of the columns in the first row.",
    )


def _rows(path: Path, encoding: str, delimiter: str, quote: str, source: str) -> Iterator[Cells]:
    """Rows with the line on which each begins. Translates every error of reading into DocumentSyntaxError."""
    csv.field_size_limit(LONGEST_CELL)
    line = 1
    try:
        with path.open(encoding=encoding, newline="") as stream:
            reader = csv.reader(
                _without_nul(stream, source),
                delimiter=delimiter,
                quotechar=quote or None,
                quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
                strict=True,
            )
            for cells in reader:
                yield line, [cell.strip() for cell in cells]
                line = reader.line_num + 1
    except csv.Error as error:
        said = str(error)
        if "field larger" in said:
            said = f"a cell has more than {LONGEST_CELL:,} characters; a quotation mark may be open"
        elif "unexpected end of data" in said:
            said = "a quotation mark is opened here and never closed"
        raise DocumentSyntaxError(
            f"the row cannot be read: {said}.",
            where=Place(source=source, line=line),
            remedy='Close the quotation mark; write one inside a value twice (""); if quotation marks mean nothing in '
            'this table, write quote = "" in the mapping.',
        ) from error
    except UnicodeError as error:
        raise DocumentSyntaxError(
            f"the text is not {encoding} ({getattr(error, 'reason', error)}).",
            where=Place(source=source, line=line),
            remedy="Save the table in UTF-8, or correct the encoding in the mapping.",
        ) from error
    except LookupError as error:
        raise DocumentSyntaxError(
            f"no encoding is called {encoding!r}.",
            where=Place(source=source, field="encoding"),
            remedy='Write one such as "utf-8" or "windows-1252" in the mapping.',
        ) from error


def _without_nul(stream: TextIO, source: str) -> Iterator[str]:
    number = 0
    while line := stream.readline(LONGEST_CELL * 20):
        number += 1
        if "\0" in line:
            raise DocumentSyntaxError(
                "the file is not a text table (it holds a zero byte).",
                where=Place(source=source, line=number),
                remedy="Save the table as CSV in UTF-8.",
            )
        if len(line) >= LONGEST_CELL * 20:
            raise DocumentSyntaxError(
                f"the line has more than {LONGEST_CELL * 20:,} characters.",
                where=Place(source=source, line=number),
                remedy="Check that this is a table with one sample a row.",
            )
        yield line


def _encoding(path: Path, findings: Findings) -> str:
    """UTF-8 when all bytes are, what a byte-order mark says, else Windows-1252 with a warning that shows a line."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 0
    strange: set[int] = set()
    utf8 = True
    with path.open("rb") as stream:
        head = stream.read(4)
        marked = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)
        if marked is not None:
            if marked != "utf-8-sig":
                findings.add(Severity.INFO, f"the table is read as {marked.upper()}, as its byte-order mark says")
            return marked
        stream.seek(0)
        while chunk := stream.read(_CHUNK):
            if utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    utf8 = False
                    before = error.object[: error.start]
                    shown = error.object[max(0, error.start - 20) : error.start + 20].decode("windows-1252", "replace")
                    line = lines + before.count(b"\n") + 1
                else:
                    lines += chunk.count(b"\n")
            strange |= _NOT_WINDOWS.intersection(chunk)
    if utf8:
        return "utf-8"
    encoding = "iso-8859-1" if strange else "windows-1252"
    findings.add(
        Severity.WARNING,
        f"the text is not UTF-8; it is read as {encoding}: check that the letters in this example are right",
        line=line,
        value=" ".join(shown.split()),
        remedy='Save the table in UTF-8, or state the encoding in the mapping: encoding = "windows-1252".',
    )
    return encoding


def _delimiter(path: Path, usual: str, encoding: str, *, quote: str, source: str, findings: Findings) -> str:
    """The delimiter that cuts the first rows into equally many cells, more than one. Said when not the usual one."""
    widths: dict[str, Counter[int]] = {}
    for delimiter in _DELIMITERS:
        try:
            rows = _rows(path, encoding, delimiter, quote, source)
            widths[delimiter] = Counter(len(cells) for (_, cells), _ in zip(rows, range(_LOOKED_AT), strict=False))
            rows.close()  # type: ignore[attr-defined]
        except DocumentSyntaxError:
            if delimiter == usual and quote:
                continue
    scores = {
        delimiter: (max(found.values()) / found.total(), max(found, key=lambda width: (found[width], width)))
        for delimiter, found in widths.items()
        if found
    }
    fitting = {d: score for d, score in scores.items() if score[1] > 1 and score[0] >= 0.8}
    if usual in fitting and fitting[usual] >= max(fitting.values()):
        return usual
    if not fitting:
        return usual
    best = max(fitting.values())
    found = [d for d, score in fitting.items() if score == best]
    if len(found) > 1:
        raise DocumentSyntaxError(
            f"the cells may be separated by {' or by '.join(_DELIMITERS[d] for d in found)}.",
            where=Place(source=source, line=1),
            remedy='Say which in the mapping, for example delimiter = ";".',
        )
    (delimiter,) = found
    if delimiter != usual:
        findings.add(Severity.INFO, f"the cells are separated by {_DELIMITERS[delimiter]}")
    return delimiter
