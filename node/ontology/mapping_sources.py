"""Reads the tables that other organisations publish of their codes and NCIt, into rows of our own mapping tables."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from node.errors import DocumentSyntaxError, Place
from node.ontology.mappings import BROAD, EXACT, NARROW, MappingRow
from node.rdf.namespaces import OBO

_NCIT_CODE = re.compile(r"C\d+")
_ROOT = "TISSUE"
_PREFERRED = "PT"


def read_oncotree(path: Path) -> list[MappingRow]:
    """Rows from a table of OncoTree with its NCIt codes (columns oncotree_code, name, parent, ncit_codes, …).

    A code takes the NCIt code beside it. Where several stand there the first is taken, marked ``narrowMatch``, and
    the justification names all. Where none stands there, the nearest OncoTree ancestor that has one gives it, marked
    ``broadMatch``. The nodes just below the root are organs, not diseases: they map to nothing and give nothing.
    Raises DocumentSyntaxError when the columns are not there.
    """
    table = {r["oncotree_code"]: r for r in _table(path, ("oncotree_code", "name", "parent", "ncit_codes"))}
    return [_oncotree_row(code, table) for code in table]


def _oncotree_row(code: str, table: dict[str, dict[str, str]]) -> MappingRow:
    entry = table[code]
    label = entry["name"]
    source = entry.get("mapping_source") or "OncoTree"
    codes = _NCIT_CODE.findall(entry["ncit_codes"])
    if _is_organ(entry):
        return MappingRow(code, label, None, "", "an organ in OncoTree, not a disease")
    if len(codes) == 1:
        return MappingRow(code, label, _ncit(codes[0]), EXACT, source)
    if codes:
        return MappingRow(code, label, _ncit(codes[0]), NARROW, f"{source}; first of {', '.join(codes)}")
    seen = {code}
    parent = entry["parent"]
    while parent in table and parent not in seen and not _is_organ(table[parent]):
        codes = _NCIT_CODE.findall(table[parent]["ncit_codes"])
        if len(codes) == 1:
            return MappingRow(code, label, _ncit(codes[0]), BROAD, f"by its OncoTree ancestor {parent}")
        seen.add(parent)
        parent = table[parent]["parent"]
    return MappingRow(code, label, None, "", "no NCIt code in OncoTree, nor at an ancestor that is a disease")


def _is_organ(entry: dict[str, str]) -> bool:
    return entry["parent"] in ("", _ROOT)


def read_icdo3(path: Path) -> list[MappingRow]:
    """Rows from one of NCI's ICD-O-3 to NCIt tables (morphology or topography), by the code's preferred term.

    The label is NCIt's: the terms of ICD-O itself are not ours to pass on. Raises DocumentSyntaxError when the
    columns are not there.
    """
    rows: dict[str, MappingRow] = {}
    columns = ("ICD-O Code", "Term Type", "NCIt Code (if present)")
    for entry in _table(path, columns):
        code = entry["ICD-O Code"].strip()
        if entry["Term Type"] != _PREFERRED or code in rows:
            continue
        found = _NCIT_CODE.fullmatch(entry["NCIt Code (if present)"].strip())
        label = next((v for k, v in entry.items() if k.lower().startswith("ncit pt string")), "")
        if found:
            rows[code] = MappingRow(code, label, _ncit(found.group()), EXACT, "NCI EVS ICD-O-3.1 mapping")
        else:
            rows[code] = MappingRow(code, label, None, "", "no NCIt code in the NCI EVS mapping")
    return list(rows.values())


def _ncit(code: str) -> str:
    return f"{OBO}NCIT_{code}"


def _table(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DocumentSyntaxError(f"cannot be read: {error.strerror}.", where=Place(source=path.name)) from error
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    reader = csv.DictReader(lines, delimiter="\t", restval="")
    missing = [c for c in columns if c not in (reader.fieldnames or ())]
    if missing:
        raise DocumentSyntaxError(
            f"the table lacks the column {missing[0]!r}.",
            where=Place(source=path.name, line=1),
            remedy=f"It needs: {', '.join(columns)}.",
        )
    for row in reader:
        yield {k: v or "" for k, v in row.items() if k is not None}
