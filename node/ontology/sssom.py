"""Mappings after SSSOM 1.1 (Simple Standard for Sharing Ontological Mappings): one match, and tables of them.

The subject of a match is what a partner wrote, so the tables are of the kind whose ``subject_type`` is ``rdfs
literal``: the words stand in ``subject_label``, the property that they are a value of in ``subject_category``. Two
columns of our own, declared in the header as SSSOM asks, hold a partner's decision and a number of samples.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from node.errors import DocumentSyntaxError, Place
from node.rdf.namespaces import OBO, ONCO, SEMAPV, SKOS, SSSOM, expand

MANUAL = SEMAPV + "ManualMappingCuration"
REVIEWED = SEMAPV + "MappingReview"
LEXICAL = SEMAPV + "LexicalMatching"
SIMILAR = SEMAPV + "LexicalSimilarityThresholdMatching"
CHAINED = SEMAPV + "MappingChaining"

#: The object of a row that says: these words name nothing that this property could have.
NO_TERM = SSSOM + "NoTermFound"

COLUMNS = (
    *("subject_category", "subject_label", "subject_source", "predicate_id", "object_id", "object_label"),
    *("mapping_justification", "confidence", "mapping_source", "object_source", "object_source_version"),
    *("decision", "samples", "comment"),
)
_REQUIRED = ("subject_category", "subject_label", "object_id")
_PREFIXES = {"semapv": SEMAPV, "sssom": SSSOM, "skos": SKOS, "onco": ONCO}
_OBO = ("NCIT", "OBI", "UBERON")
_LONGEST = 16_000_000


@dataclass(frozen=True, slots=True)
class Match:
    """What a partner wrote at a property, and an ontology class that it means.

    ``property_iri`` is the property's, ``written`` the words to the letter, ``system`` the short name of the code
    system they are a code of ("" for words). ``predicate`` is a SKOS mapping property, ``justification`` a SEMAPV
    term, ``source`` the table that says so with its release. ``ontology`` and ``release`` are those of the class.
    """

    property_iri: str
    written: str
    iri: str
    label: str
    predicate: str
    justification: str
    confidence: float
    system: str = ""
    source: str = ""
    ontology: str = ""
    release: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: a match, the partner's decision about it ("" in a table that has none), its line."""

    match: Match
    decision: str = ""
    samples: int = 0
    line: int = 0


def read_sssom(data: bytes, *, source: str) -> list[Row]:
    """The rows of an SSSOM/TSV table, in order. Columns that we do not use are passed over.

    Raises DocumentSyntaxError with line and column for anything that is no such table.
    """
    if len(data) > _LONGEST:
        raise DocumentSyntaxError(f"the table has more than {_LONGEST} bytes.", where=Place(source=source))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentSyntaxError(
            "the table is not UTF-8.", where=Place(source=source), remedy="Save it as UTF-8, separated by tabs."
        ) from error
    header: list[str] = []
    rows: list[Row] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = next(csv.reader([line], delimiter="\t"))
        if not header:
            header = [cell.strip() for cell in cells]
            missing = [name for name in _REQUIRED if name not in header]
            if missing:
                raise DocumentSyntaxError(
                    f"the table lacks the column {missing[0]!r}.",
                    where=Place(source=source, line=number),
                    remedy=f"It needs at least: {', '.join(_REQUIRED)}; see docs/how-to/decide-on-codes.md.",
                )
            continue
        rows.append(_row(dict(zip(header, (cell.strip() for cell in cells), strict=False)), source, number))
    return rows


def write_sssom(rows: Iterable[Row], *, about: Sequence[str] = (), identifier: str) -> bytes:
    """An SSSOM/TSV table. ``about`` are the lines of its ``comment``, ``identifier`` is its ``mapping_set_id``."""
    out = io.StringIO()
    for line in _header(identifier, about):
        out.write(f"#{line}\n")
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(cells_of(row).values())
    return out.getvalue().encode("utf-8")


def cells_of(row: Row) -> dict[str, str]:
    """The cells of a row by the names of their columns, in the order of ``COLUMNS``."""
    match = row.match
    cells = (
        *(_short(match.property_iri), match.written, match.system, _short(match.predicate), _short(match.iri)),
        *(match.label, _short(match.justification), f"{match.confidence:.2f}", match.source, match.ontology),
        *(match.release, row.decision, str(row.samples or ""), match.comment),
    )
    return {name: " ".join(cell.split()) for name, cell in zip(COLUMNS, cells, strict=True)}


def header_of(text: str) -> list[str]:
    """The names of the columns of an SSSOM/TSV table, none for an empty one."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [cell.strip() for cell in next(csv.reader([next(lines, "")], delimiter="\t"), [])]


def _header(identifier: str, about: Sequence[str]) -> Iterator[str]:
    yield f"mapping_set_id: {identifier}"
    yield "sssom_version: '1.1'"
    yield "license: https://creativecommons.org/publicdomain/zero/1.0/"
    yield "subject_type: rdfs literal"
    yield "curie_map:"
    yield from (f"  {prefix}: {namespace}" for prefix, namespace in _PREFIXES.items())
    yield from (f"  {prefix}: {OBO}{prefix}_" for prefix in _OBO)
    yield "extension_definitions:"
    for name in ("decision", "samples"):
        yield f"  - slot_name: {name}"
        yield f"    property: {ONCO}{name}"
    if about:
        yield "comment: |"
        yield from (f"  {line}".rstrip() for line in about)


def _row(cells: dict[str, str], source: str, number: int) -> Row:
    def iri(column: str, default: str = "") -> str:
        text = cells.get(column, "")
        if not text:
            return default
        found = text if "://" in text else _long(text)
        if found is None:
            raise DocumentSyntaxError(
                f"this is neither an IRI nor a CURIE with a known prefix: {text!r}.",
                where=Place(source=source, line=number, field=column),
                remedy="Write for example NCIT:C3058, OBI:0002117, UBERON:0000955, onco:diagnosis or skos:exactMatch.",
            )
        return found

    match = Match(
        property_iri=iri("subject_category"),
        written=cells.get("subject_label", ""),
        iri=iri("object_id"),
        label=cells.get("object_label", ""),
        predicate=iri("predicate_id", SKOS + "exactMatch"),
        justification=iri("mapping_justification", MANUAL),
        confidence=_number(cells, "confidence", source, number),
        system=cells.get("subject_source", ""),
        source=cells.get("mapping_source", ""),
        ontology=cells.get("object_source", ""),
        release=cells.get("object_source_version", ""),
        comment=cells.get("comment", ""),
    )
    if not (match.property_iri and match.written):
        empty = "subject_label" if match.property_iri else "subject_category"
        raise DocumentSyntaxError(
            "the cell is empty.", where=Place(source=source, line=number, field=empty), remedy="Fill it in."
        )
    samples = cells.get("samples", "")
    return Row(match, cells.get("decision", "").lower(), int(samples) if samples.isdecimal() else 0, number)


def _number(cells: dict[str, str], column: str, source: str, line: int) -> float:
    text = cells.get(column) or "1"
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise DocumentSyntaxError(
            f"a confidence is a number from 0 to 1, not {text!r}.",
            where=Place(source=source, line=line, field=column),
            remedy="Write for example 0.9, or leave the cell empty.",
        )
    return value


def _long(curie: str) -> str | None:
    prefix, _, local = curie.partition(":")
    return _PREFIXES[prefix] + local if prefix in _PREFIXES and local else expand(curie)


def _short(iri: str) -> str:
    for prefix, namespace in (*_PREFIXES.items(), *((name, f"{OBO}{name}_") for name in _OBO)):
        if iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri
