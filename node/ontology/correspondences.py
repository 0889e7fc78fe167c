"""Mapping sets after SSSOM 1.1: reading an SSSOM/TSV file row by row, and saying of each line what is wrong with it.

A row says how a subject corresponds to an object, on what grounds, and how sure that is. Unlike the tables of decisions
(``node.ontology.sssom``), subjects here are entities with IRIs.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from node.errors import DocumentSyntaxError, Place
from node.ontology.code_systems import QUERY_PREFIXES, canonical
from node.ontology.sssom_header import read_header, write_header
from node.rdf.namespaces import OBOINOWL, OWL, RDFS, SEMAPV, SKOS, SSSOM
from node.rdf.terms import is_absolute_iri

EXACT, CLOSE = SKOS + "exactMatch", SKOS + "closeMatch"
NARROW, BROAD, RELATED = SKOS + "narrowMatch", SKOS + "broadMatch", SKOS + "relatedMatch"
NO_TERM = SSSOM + "NoTermFound"

#: Predicates that SSSOM recommends (specification, "Predicates") to the SKOS mapping property each is used as; None for
#: one that says too little to answer by.
PREDICATES: Mapping[str, str | None] = {
    EXACT: EXACT,
    CLOSE: CLOSE,
    NARROW: NARROW,
    BROAD: BROAD,
    RELATED: None,
    OWL + "sameAs": EXACT,
    OWL + "equivalentClass": EXACT,
    OWL + "equivalentProperty": None,
    RDFS + "subClassOf": BROAD,
    RDFS + "subPropertyOf": None,
    RDFS + "seeAlso": None,
    OBOINOWL + "hasDbXref": None,
    SEMAPV + "crossSpeciesExactMatch": None,
    SEMAPV + "crossSpeciesNarrowMatch": None,
    SEMAPV + "crossSpeciesBroadMatch": None,
}
INVERSE = {EXACT: EXACT, CLOSE: CLOSE, NARROW: BROAD, BROAD: NARROW}

#: SSSOM 1.1, slot ``mapping_justification``.
JUSTIFICATIONS = frozenset(
    SEMAPV + name
    for name in (
        *("MappingReview", "ManualMappingCuration", "LogicalReasoning", "LexicalMatching", "CompositeMatching"),
        *("UnspecifiedMatching", "SemanticSimilarityThresholdMatching", "LexicalSimilarityThresholdMatching"),
        *("MappingChaining", "MappingInversion", "StructuralMatching", "InstanceBasedMatching"),
        "BackgroundKnowledgeBasedMatching",
    )
)

#: Slots that a header must have, and columns that every row must fill.
REQUIRED_SLOTS = ("mapping_set_id", "license")
REQUIRED = ("subject_id", "predicate_id", "object_id", "mapping_justification")
#: Slots of a set that stand for the same column where rows leave it out (SSSOM 1.1, "propagation of slots").
_PROPAGATED = ("mapping_tool", "mapping_provider", "subject_source", "object_source", "object_source_version")

LONGEST = 64_000_000
MOST_ROWS = 500_000
#: How many problems of one file are told one by one.
MOST_TOLD = 200

#: Prefixes that SSSOM declares itself, so that no file need (specification, "CURIE map").
_BUILT_IN = {
    "sssom": SSSOM,
    "semapv": SEMAPV,
    "skos": SKOS,
    "owl": OWL,
    "rdfs": RDFS,
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "oboInOwl": OBOINOWL,
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_NUMBER = re.compile(r"[01](?:\.\d+)?(?:[eE]-?\d+)?|\.\d+|\d(?:\.\d+)?[eE]-\d+")


class Weight(StrEnum):
    """Whether a problem keeps a set from being installed."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a mapping set, where, and what to do about it. ``count`` is in how many places."""

    weight: Weight
    message: str
    where: Place
    remedy: str = ""
    count: int = 1

    def __str__(self) -> str:
        more = f" ({self.count:,} places)" if self.count > 1 else ""
        return f"{self.weight}: {self.where}: {self.message}{more} {self.remedy}".rstrip()


@dataclass(frozen=True, slots=True)
class Correspondence:
    """One row: IRIs of subject, predicate and object, grounds (SEMAPV term) and confidence (0 to 1; None: not said).

    ``negated``: it says that the two do *not* correspond so. ``line`` is where it stands in the file, from 1.
    """

    subject: str
    predicate: str
    object: str
    justification: str
    confidence: float | None = None
    subject_label: str = ""
    object_label: str = ""
    negated: bool = False
    comment: str = ""
    line: int = 0


@dataclass
class MappingFile:
    """What one SSSOM/TSV file says: metadata by slot, prefixes, rows in order, and what is wrong with it."""

    slots: dict[str, str]
    curie_map: dict[str, str]
    rows: list[Correspondence] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing keeps it from being installed."""
        return all(problem.weight is not Weight.ERROR for problem in self.problems)


def read_mapping_file(data: bytes, *, source: str, given: Mapping[str, str] | None = None) -> MappingFile:
    """Read an SSSOM/TSV file with embedded metadata. ``source`` names it in problems.

    ``given`` holds slots that count where the file does not say them (``mapping_set_id``, ``license``,
    ``mapping_justification``, …), as the external metadata of SSSOM do. What is wrong with rows is in ``problems``,
    each with line and column's name. Raises DocumentSyntaxError for what is no such file at all: not UTF-8, too long,
    no header row.
    """
    if len(data) > LONGEST:
        raise DocumentSyntaxError(f"the mapping set has more than {LONGEST:,} bytes.", where=Place(source=source))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DocumentSyntaxError(
            "the mapping set is not UTF-8.", where=Place(source=source, line=line), remedy="Save it as UTF-8."
        ) from error
    lines = text.split("\n")
    comments = [(n, line[1:].rstrip("\r")) for n, line in enumerate(lines, 1) if line.startswith("#")]
    header = read_header(comments, source)
    slots = {**(given or {}), **{slot: value for slot, value in header.slots.items() if value}}
    found = MappingFile(slots, header.curie_map)
    reader = _Rows(found, source, slots)
    for slot in REQUIRED_SLOTS:
        if not slots.get(slot):
            reader.error(
                0, slot, f"the header lacks the slot {slot!r}", f"Add '#{slot}: …' or give it with the command."
            )
    for number, raw in enumerate(lines, 1):
        if raw.strip() and not raw.startswith("#"):
            reader.read(number, raw.rstrip("\r"))
    if reader.columns is None:
        raise DocumentSyntaxError(
            "the mapping set has no row with the names of columns.",
            where=Place(source=source),
            remedy=f"It needs at least: {', '.join(REQUIRED)}.",
        )
    reader.finish()
    return found


def write_mapping_file(slots: Mapping[str, str], rows: Iterable[Correspondence], prefixes: Mapping[str, str]) -> bytes:
    """An SSSOM/TSV file that reads as these slots and rows; ``prefixes`` shorten its IRIs where they can."""
    out = io.StringIO()
    used = {**_BUILT_IN, **prefixes}
    longest = sorted(used.items(), key=lambda item: -len(item[1]))

    def short(iri: str) -> str:
        return next((f"{p}:{iri[len(ns) :]}" for p, ns in longest if iri.startswith(ns) and len(iri) > len(ns)), iri)

    kept = list(rows)
    out.write(write_header(dict(slots), dict(prefixes)))
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    negating = any(row.negated for row in kept)
    modifier = ("predicate_modifier",) if negating else ()
    last = ("mapping_justification", "confidence", "comment")
    writer.writerow(("subject_id", "subject_label", "predicate_id", *modifier, "object_id", "object_label", *last))
    for row in kept:
        confidence = "" if row.confidence is None else f"{row.confidence:g}"
        negation = (("Not" if row.negated else ""),) if negating else ()
        ends = (short(row.subject), row.subject_label, short(row.predicate), *negation, short(row.object))
        writer.writerow((*ends, row.object_label, short(row.justification), confidence, row.comment))
    return out.getvalue().encode("utf-8")


class _Rows:
    """Reads the lines after the header, collecting rows and problems."""

    def __init__(self, into: MappingFile, source: str, slots: Mapping[str, str]) -> None:
        self._into = into
        self._source = source
        self._default = slots.get("mapping_justification", "")
        self._prefixes = {**_BUILT_IN, **into.curie_map}
        self._said: dict[str, int] = {}
        self._untold = 0
        self.columns: list[str] | None = None

    def error(self, line: int, column: str, message: str, remedy: str) -> None:
        """Note an error; past a number of them they are only counted."""
        if len(self._into.problems) >= MOST_TOLD:
            self._untold += 1
            return
        where = Place(source=self._source, line=line or None, field=column)
        self._into.problems.append(Problem(Weight.ERROR, message + ".", where, remedy))

    def finish(self) -> None:
        if self._untold:
            where = Place(source=self._source)
            message = "and more errors like these."
            self._into.problems.append(Problem(Weight.ERROR, message, where, count=self._untold))

    def read(self, number: int, line: str) -> None:
        """One line that is no comment: the names of the columns, then rows."""
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], delimiter="\t", strict=True))]
        except csv.Error as error:
            self.error(number, "", f"the line cannot be read: {error}", "Close the quotation mark in its own cell.")
            return
        if self.columns is None:
            self._header(number, cells)
            return
        if len(cells) > len(self.columns):
            self.error(number, "", f"the row has {len(cells)} cells for {len(self.columns)} columns", "Remove some.")
            return
        if len(self._into.rows) >= MOST_ROWS:
            raise DocumentSyntaxError(
                f"the mapping set has more than {MOST_ROWS:,} rows.", where=Place(source=self._source, line=number)
            )
        row = self._row(number, dict(zip(self.columns, cells, strict=False)))
        if row is not None:
            self._into.rows.append(row)

    def _header(self, number: int, cells: list[str]) -> None:
        self.columns = cells
        for name in {name for name in cells if cells.count(name) > 1}:
            self.error(number, name, f"two columns are called {name!r}", "Remove one of them.")
        for name in REQUIRED:
            if name not in cells and not (name == "mapping_justification" and self._default):
                raise DocumentSyntaxError(
                    f"the mapping set lacks the column {name!r}.",
                    where=Place(source=self._source, line=number),
                    remedy=f"It needs at least: {', '.join(REQUIRED)}. A justification that all rows share can be "
                    "given with --justification.",
                )

    def _row(self, number: int, cells: Mapping[str, str]) -> Correspondence | None:
        if cells.get("subject_type", "") == "rdfs literal":
            self.error(number, "subject_type", "the subject is a text", "Such rows belong in decisions.sssom.tsv.")
            return None
        subject = self._iri(number, "subject_id", cells)
        predicate = self._iri(number, "predicate_id", cells)
        target = self._iri(number, "object_id", cells)
        grounds = self._iri(number, "mapping_justification", cells, self._default)
        confidence = self._confidence(number, cells)
        modifier = cells.get("predicate_modifier", "")
        if modifier not in ("", "Not"):
            self.error(number, "predicate_modifier", f"this is no modifier: {modifier!r}", "Write Not, or nothing.")
        if predicate is not None and predicate not in PREDICATES:
            self.error(
                number,
                "predicate_id",
                f"this is no mapping predicate: {cells.get('predicate_id')!r}",
                "Write skos:exactMatch, closeMatch, narrowMatch, broadMatch or relatedMatch, or owl:equivalentClass.",
            )
        if grounds is not None and grounds not in JUSTIFICATIONS:
            self.error(
                number,
                "mapping_justification",
                f"this is no justification: {cells.get('mapping_justification') or self._default!r}",
                "Write for example semapv:ManualMappingCuration, LexicalMatching or UnspecifiedMatching.",
            )
        if subject is None or predicate is None or target is None or grounds is None:
            return None
        return Correspondence(
            canonical(subject),
            predicate,
            canonical(target),
            grounds,
            confidence,
            cells.get("subject_label", ""),
            cells.get("object_label", ""),
            modifier == "Not",
            cells.get("comment", ""),
            number,
        )

    def _iri(self, number: int, column: str, cells: Mapping[str, str], default: str = "") -> str | None:
        text = cells.get(column) or default
        if not text:
            self.error(number, column, "the cell is empty", "Fill it in: SSSOM requires it.")
            return None
        if "://" in text:
            if is_absolute_iri(text):
                return text
            self.error(number, column, f"this is no IRI: {text!r}", "Write it without spaces and brackets.")
            return None
        prefix, colon, local = text.partition(":")
        namespace = self._prefixes.get(prefix)
        if colon and local and namespace is not None and is_absolute_iri(namespace + local):
            return namespace + local
        if not colon or not local:
            self.error(number, column, f"this is neither an IRI nor a CURIE: {text!r}", "Write it like NCIT:C3058.")
        elif namespace is None:
            known = QUERY_PREFIXES.get(prefix)
            example = f"'#  {prefix}: \"{known or 'https://…'}\"'"
            self.error(
                number, column, f"the prefix {prefix!r} is not in the curie_map", f"Declare it there: {example}."
            )
        else:
            self.error(number, column, f"this makes no IRI: {text!r}", "Look at its prefix in the curie_map.")
        return None

    def _confidence(self, number: int, cells: Mapping[str, str]) -> float | None:
        text = cells.get("confidence", "")
        if not text:
            return None
        value = float(text) if _NUMBER.fullmatch(text) else -1.0
        if 0 <= value <= 1:
            return value
        self.error(
            number, "confidence", f"a confidence is a number from 0 to 1, not {text!r}", "Write for example 0.9."
        )
        return None


def told(problems: Iterable[Problem]) -> Iterator[str]:
    """The problems as lines, errors first."""
    for problem in sorted(problems, key=lambda p: (p.weight is not Weight.ERROR, p.where.line or 0)):
        yield str(problem)
