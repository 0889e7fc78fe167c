"""Excel workbooks (.xlsx, ECMA-376) by openpyxl, a row at a time. The one place that knows openpyxl.

A cell is what it shows: the value of a formula as it was when the file was saved, a date as ``2024-05-31``, a whole
number without a point. What would have to be guessed is refused with the address of the cell: a formula whose value was
never computed, an error value, cells that are merged.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from node.errors import DocumentSyntaxError, Place
from node.publishing.drafts import Severity
from node.publishing.findings import Findings
from node.publishing.tabular.compression import check_workbook
from node.publishing.tabular.sheets import LONGEST_CELL, Cells, Layout, Sheet, checked_header

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook

ENDINGS = (".xlsx", ".xlsm")
#: How many bytes the parts of a workbook may have unpacked.
UNPACKED_BYTES = 1_500_000_000
_CHUNK = 1 << 20
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_CORNERS = re.compile(r"([A-Z]+)(\d+):([A-Z]+)(\d+)")
_ZEROS = re.compile(r"0{2,30}")


def open_excel(path: Path, source: str, layout: Layout) -> Sheet:
    """One sheet of a workbook: the one the layout names, else the only one, else the first, which is said.

    Raises DocumentSyntaxError (no workbook, no such sheet, no header), Unsupported and RequestTooLarge.
    """
    from openpyxl import load_workbook  # noqa: PLC0415 - a fifth of a second that only workbooks should cost
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    check_workbook(path, source, limit=UNPACKED_BYTES)
    findings = Findings(source)
    # openpyxl leaves a workbook open that it cannot read
    opened = ExitStack()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that openpyxl does not know
            book = load_workbook(opened.enter_context(path.open("rb")), read_only=True, data_only=True)
            title = _sheet(book, layout.sheet, source, findings)
            sheet = book[title]
            merged, formulas = _scan(path, sheet._worksheet_path)
            formula_book = None
            if formulas:
                formula_book = load_workbook(opened.enter_context(path.open("rb")), read_only=True, data_only=False)
            sheet.reset_dimensions()
    except DocumentSyntaxError:
        opened.close()
        raise
    except (KeyError, ValueError, TypeError, AttributeError, SyntaxError, OSError, zipfile.BadZipFile) as error:
        opened.close()
        raise DocumentSyntaxError(
            f"the workbook cannot be read ({type(error).__name__}: {error}).",
            where=Place(source=source),
            remedy="Open it in a spreadsheet program and save it anew, or save the sheet as CSV.",
        ) from error

    def address(row: int, column: int) -> str:
        return f"{title}!{get_column_letter(column + 1)}{row}"

    beside = formula_book[title] if formula_book is not None else None
    rows = _rows(sheet, beside, findings, source, address, opened=opened)
    wanted = layout.header_row
    for line, cells in rows:
        if line == wanted if wanted else any(cells):
            columns = checked_header(cells, source=source, line=line)
            _refuse_merged(merged, line, len(columns), title, findings)
            return Sheet(source, columns, line, findings, _padded(rows, len(columns)), address, tuple(book.sheetnames))
    raise DocumentSyntaxError(
        f"the sheet {title!r} has no header row.",
        where=Place(source=source, record=title),
        remedy="Write the names of the columns in its first row, or choose another sheet in the mapping.",
    )


def _sheet(book: Workbook, wanted: str | None, source: str, findings: Findings) -> str:
    names: list[str] = [sheet.title for sheet in book.worksheets]
    if wanted is not None:
        if wanted not in names:
            raise DocumentSyntaxError(
                f"the workbook has no sheet {wanted!r} (it has: {', '.join(names)[:300]}).",
                where=Place(source=source, field="sheet"),
                remedy="Correct the name in the mapping.",
            )
        return wanted
    if not names:
        raise DocumentSyntaxError("the workbook has no sheet of cells.", where=Place(source=source))
    if len(names) > 1:
        findings.add(
            Severity.WARNING,
            "the workbook has several sheets and the mapping names none; the first is read",
            value=", ".join(names)[:200],
            remedy=f"Write sheet = {names[0]!r} (or another) under [table] in the mapping.",
        )
    return names[0]


def _rows(
    sheet: Any, beside: Any, findings: Findings, source: str, address: Any, *, opened: ExitStack
) -> Iterator[Cells]:
    formulas = beside.iter_rows() if beside is not None else None
    try:
        for line, row in enumerate(sheet.iter_rows(), 1):
            written = next(formulas, ()) if formulas is not None else ()
            cells = [_text(cell) for cell in row]
            for column, cell in enumerate(row):
                if cell.data_type == "e" and cell.value != "#N/A":
                    findings.add(
                        Severity.VIOLATION,
                        "the cell holds an error of the spreadsheet",
                        line=line,
                        column=address(line, column),
                        value=str(cell.value),
                        remedy="Correct the formula, or clear the cell.",
                    )
                    cells[column] = ""
                elif len(cells[column]) > LONGEST_CELL:
                    findings.add(
                        Severity.VIOLATION,
                        f"the cell has more than {LONGEST_CELL:,} characters",
                        line=line,
                        column=address(line, column),
                    )
                    cells[column] = ""
            for column, cell in enumerate(written):
                if cell.data_type == "f" and (column >= len(row) or row[column].value is None):
                    findings.add(
                        Severity.VIOLATION,
                        "the cell holds a formula whose value was never computed",
                        line=line,
                        column=address(line, column),
                        value=str(getattr(cell.value, "text", cell.value))[:80],
                        remedy="Open the workbook in a spreadsheet program and save it, or replace formulas by values.",
                    )
            yield line, cells
    except (SyntaxError, ValueError, KeyError, TypeError, IndexError, OSError, zipfile.BadZipFile) as error:
        raise DocumentSyntaxError(
            f"the sheet cannot be read ({type(error).__name__}: {error}).",
            where=Place(source=source),
            remedy="Open the workbook in a spreadsheet program and save it anew, or save the sheet as CSV.",
        ) from error
    finally:
        opened.close()


def _padded(rows: Iterator[Cells], width: int) -> Iterator[Cells]:
    """A sheet has no short rows: cells that are not there are empty."""
    for line, cells in rows:
        yield line, cells + [""] * (width - len(cells))


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int):
        # an identifier such as 007 is kept as the number 7 that is shown with leading zeros
        shown = cell.number_format
        return str(value).zfill(len(shown)) if isinstance(shown, str) and _ZEROS.fullmatch(shown) else str(value)
    if isinstance(value, float):
        return repr(round(value, 12))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _scan(path: Path, member: str) -> tuple[list[str], bool]:
    """The merged ranges of a sheet, and whether it has formulas, from its XML without building it."""
    merged: list[str] = []
    formulas = False
    with zipfile.ZipFile(path) as archive, archive.open(member.lstrip("/")) as stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            text = rest + chunk
            formulas = formulas or _FORMULA.search(text) is not None
            end = text.rfind(b"<")
            cut = end if end >= 0 else len(text)
            merged += [found[1].decode() for found in _MERGED.finditer(text, 0, cut)]
            rest = text[cut:][-4096:]
        merged += [found[1].decode() for found in _MERGED.finditer(rest)]
    return merged, formulas


def _refuse_merged(merged: list[str], header: int, width: int, title: str, findings: Findings) -> None:
    """A violation for every merged range that reaches into the header or the rows below it."""
    from openpyxl.utils import column_index_from_string  # noqa: PLC0415

    for found in merged:
        match = _CORNERS.fullmatch(found)
        if match and int(match[4]) >= header and column_index_from_string(match[1]) <= width:
            findings.add(
                Severity.VIOLATION,
                "cells are merged, and only the first of them has the value",
                line=int(match[2]),
                column=f"{title}!{found}",
                remedy="Unmerge them and write the value into each cell that it holds for.",
            )
