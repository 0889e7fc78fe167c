"""Reads the tables that other organisations publish of their codes and NCIt, into rows of our own mapping tables."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from node.errors import DocumentSyntaxError, Place
from node.ontology.branches import ANATOMICAL_SITE, BRANCHES
from node.ontology.concepts import Concept
from node.ontology.mappings import BROAD, EXACT, NARROW, MappingRow, gdc_value
from node.rdf.namespaces import OBO

_NCIT_CODE = re.compile(r"C\d+")
_ROOT = "TISSUE"
_LARGEST = 64_000_000
_PREFERRED = "PT"


def read_oncotree(path: Path) -> list[MappingRow]:
    """Rows from a table of OncoTree with its NCIt codes (columns oncotree_code, name, parent, ncit_codes, …).

    A code takes the NCIt code beside it. Where several stand there the first is taken, marked ``narrowMatch``, and
    the justification names all. Where none stands there, the nearest OncoTree ancestor that has one gives it, marked
    ``broadMatch``. The nodes just below the root are organs, not diseases: they map to nothing and give nothing.
    A release of OncoTree itself (JSON) is read too, with the codes of older releases that it names.
    Raises DocumentSyntaxError when the columns are not there.
    """
    if path.suffix == ".json":
        table = _tree_table(path)
    else:
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


def read_icdo3_names(path: Path) -> list[Concept]:
    """The NCIt classes that an ICD-O-3 topography table names, by NCIt's own preferred names.

    Releases of NCIt's neoplasm branch lack many places in the body; this table has them. They stand directly below
    Anatomic Structure, System, or Substance, since the table says no more.
    """
    names: dict[str, Concept] = {}
    for entry in _table(path, ("ICD-O Code", "Term Type", "NCIt Code (if present)")):
        code = entry["NCIt Code (if present)"].strip()
        label = next((v.strip() for k, v in entry.items() if k.lower().startswith("ncit pt string")), "")
        if _NCIT_CODE.fullmatch(code) and label and label != "Topography":
            names.setdefault(code, Concept(_ncit(code), label, BRANCHES[ANATOMICAL_SITE]))
    return list(names.values())


def read_gdc(path: Path) -> list[MappingRow]:
    """Rows from a table of the values of the GDC dictionary with their NCIt codes (value, term, source, term_id).

    A value that stands there with several codes, for different properties, means none of them by itself.
    Raises DocumentSyntaxError when the columns are not there.
    """
    found: dict[str, dict[str, str]] = {}
    for entry in _table(path, ("value", "term", "source", "term_id")):
        code = entry["term_id"].strip()
        if entry["source"] == "NCIt" and _NCIT_CODE.fullmatch(code):
            found.setdefault(gdc_value(entry["value"]), {})[code] = entry["term"]
    rows = []
    for value, codes in found.items():
        code, label = next(iter(codes.items()))
        if len(codes) == 1:
            rows.append(MappingRow(value, label, _ncit(code), EXACT, "GDC data dictionary"))
        else:
            several = f"GDC data dictionary; first of {', '.join(codes)}"
            rows.append(MappingRow(value, label, _ncit(code), NARROW, several))
    return rows


def _tree_table(path: Path) -> dict[str, dict[str, str]]:
    """An OncoTree release in JSON as a table: its codes, and those of older releases that it says became one of them.

    A code that was only renamed (``history``) is exactly the new one. One that became part of another (``precursors``)
    stands below it, so that it is mapped to the class of that as a wider one.
    """
    table: dict[str, dict[str, str]] = {}
    older: dict[str, dict[str, str]] = {}
    waiting = [(node, "") for node in _tree(path).values()]
    while waiting:
        node, parent = waiting.pop()
        code = node.get("code", "")
        codes = ", ".join(node.get("externalReferences", {}).get("NCI", ()))
        entry = {"name": node.get("name", ""), "parent": parent, "ncit_codes": codes, "mapping_source": path.stem}
        table[code] = {"oncotree_code": code, **entry}
        for old in node.get("history") or ():
            older.setdefault(old, {**table[code], "oncotree_code": old, "mapping_source": f"{path.stem}, now {code}"})
        for old in node.get("precursors") or ():
            older.setdefault(old, {"oncotree_code": old, "name": entry["name"], "parent": code, "ncit_codes": ""})
        waiting += [(child, code) for child in (node.get("children") or {}).values()]
    return {**older, **table}


def _tree(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise DocumentSyntaxError(f"the tree has more than {_LARGEST} bytes.", where=Place(source=path.name))
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DocumentSyntaxError(f"is no OncoTree release in JSON: {error}.", where=Place(source=path.name)) from error
    if not (isinstance(tree, dict) and all(isinstance(node, dict) and "code" in node for node in tree.values())):
        raise DocumentSyntaxError(
            "is no OncoTree release in JSON.",
            where=Place(source=path.name),
            remedy="Give the answer of OncoTree's /api/tumorTypes/tree, or a table of codes.",
        )
    return tree


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
