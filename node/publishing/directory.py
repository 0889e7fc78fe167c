"""Exports of a biobank directory (BBMRI, MIABIS Core), read as the tables they are.

A directory is kept as tables: biobanks, collections, networks, the organisations behind them, and lists of codes. The
column names differ between its versions only in spelling. Tables and columns about persons are never read.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from node.errors import DocumentSyntaxError, Place, RequestTooLarge
from node.publishing.drafts import Severity
from node.publishing.findings import Findings

_MOST_BYTES = 200_000_000
_MOST_ROWS = 100_000
#: The tables, by how their files' names end (in lower case, without ending). The longest fitting one counts.
_TABLES = {
    "biobanks": "biobanks",
    "collections": "collections",
    "networks": "networks",
    "juristic_persons": "organisations",
    "disease_types": "diseases",
    "material_types": "materials",
    "collection_types": "types",
    "data_category_types": "categories",
    "exp_data_types": "omics",
}
_SEPARATORS = {".csv": ",", ".tsv": "\t"}

Row = Mapping[str, str]


@dataclass
class Table:
    """One table: its file and its rows by identifier, each with the line it stands on under the key ``""``."""

    path: Path
    rows: dict[str, Row] = field(default_factory=dict)


@dataclass(frozen=True)
class Directory:
    """An export, read: its tables by kind, and where things are said about it."""

    tables: Mapping[str, Table]
    findings: Findings

    def rows(self, table: str) -> Mapping[str, Row]:
        """The rows of a table by identifier; none if the export does not have it."""
        return self.tables[table].rows if table in self.tables else {}

    def label(self, table: str, code: str) -> str:
        """What a code is called in its list; the code in words where there is no list."""
        return self.rows(table).get(code.casefold(), {}).get("label") or code.replace("_", " ").lower()


def is_directory(folder: Path) -> bool:
    """Whether a folder holds a directory's export: a table of biobanks and one of collections."""
    return {"biobanks", "collections"} <= _tables(folder).keys()


def read_tables(folder: Path) -> Directory:
    """The tables of an export. Raises DocumentSyntaxError for a table that cannot be read, RequestTooLarge for one that
    is too large; what is wrong with single rows is in the directory's findings."""
    findings = Findings(str(folder))
    return Directory({name: _read(path, findings) for name, path in _tables(folder).items()}, findings)


def _tables(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        plain = Path(path.name.lower().removesuffix(".gz"))
        if path.is_file() and plain.suffix in _SEPARATORS:
            stem = plain.stem.replace(" ", "_")
            fitting = [end for end in _TABLES if stem.endswith(end)]
            if fitting:
                found.setdefault(_TABLES[max(fitting, key=len)], path)
    return found


def _read(path: Path, findings: Findings) -> Table:
    """A table by the identifiers of its rows, which count as the same in upper and lower case."""
    table = Table(path)
    persons: set[str] = set()
    try:
        rows = csv.reader(io.StringIO(_text(path)), delimiter=_SEPARATORS[_plain(path).suffix], strict=True)
        columns = [_column(name) for name in next(rows, [])]
        if "id" not in columns:
            raise DocumentSyntaxError(
                "the table has no column 'id'.",
                where=Place(source=str(path), line=1),
                remedy="Export the directory's tables with their header.",
            )
        persons = {c for c in columns if c in _PERSONS}
        for cells in rows:
            line = rows.line_num
            row = {c: v.strip() for c, v in zip(columns, cells, strict=False) if c not in _PERSONS}
            if not any(cells):
                continue
            if len(cells) != len(columns) or not any(c.isascii() and c.isalnum() for c in row["id"]):
                findings.add(
                    Severity.VIOLATION,
                    "a row has no identifier with a letter or digit, or not as many cells as the header",
                    line=line,
                    record=path.name,
                    value=f"{len(cells)} of {len(columns)} cells",
                    remedy="Export the table again.",
                )
                continue
            if row["id"].casefold() in table.rows:
                findings.add(
                    Severity.VIOLATION,
                    "two rows have the same identifier",
                    line=line,
                    record=path.name,
                    value=row["id"],
                    remedy="Keep one of them.",
                )
            table.rows[row["id"].casefold()] = {**row, "": str(line)}
            if len(table.rows) > _MOST_ROWS:
                raise RequestTooLarge(f"the table has more than {_MOST_ROWS:,} rows.", where=Place(source=str(path)))
    except csv.Error as error:
        raise DocumentSyntaxError(
            f"this is not a table: {error}.", where=Place(source=str(path)), remedy="Export it again as CSV."
        ) from error
    for column in sorted(persons):
        findings.add(Severity.INFO, "a column about persons is not read", record=path.name, column=column)
    return table


#: Columns, spelt as ``_column`` does, that are about persons.
_PERSONS = frozenset({"contact", "contactperson", "head", "principalinvestigators", "persons", "contacts"})


def _column(name: str) -> str:
    """A column's name in lower-case letters and digits: ``numberOfDonors`` and ``number_of_donors`` are the same."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _plain(path: Path) -> Path:
    return Path(path.name.lower().removesuffix(".gz"))


def _text(path: Path) -> str:
    try:
        with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DocumentSyntaxError(f"cannot be read: {error}.", where=Place(source=str(path))) from error
    if len(content) > _MOST_BYTES:
        raise RequestTooLarge(f"has more than {_MOST_BYTES:,} bytes.", where=Place(source=str(path)))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentSyntaxError(
            "this is not UTF-8.", where=Place(source=str(path), line=line), remedy="Save the table as UTF-8."
        ) from error
