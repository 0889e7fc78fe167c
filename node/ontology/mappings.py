"""From the codes of other systems to the concepts used here, after SSSOM's four words: what, to what, how close, why.

Systems: ``oncotree`` (OncoTree codes), ``icdo3m`` and ``icdo3t`` (ICD-O-3 morphology and topography codes), ``gdc``
(values of the NCI Genomic Data Commons dictionary).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from node.errors import DocumentSyntaxError, Place
from node.rdf.namespaces import OBO, SKOS
from node.resources import resource
from node.store.quads import QuadStore

SYSTEMS = ("oncotree", "icdo3m", "icdo3t", "gdc")
#: The columns of a mapping table. A code without target is known, but has nothing it could be mapped to.
COLUMNS = ("source_code", "source_label", "target_iri", "predicate", "justification")
_HEADER = "\t".join(COLUMNS)
_SEVERAL = re.compile(r"first of (.+)$")
_NCIT_CODE = re.compile(r"C\d+")
_GDC_DROPPED = re.compile(r"[^a-z0-9_ ]+")

EXACT = SKOS + "exactMatch"
CLOSE = SKOS + "closeMatch"
#: The target is wider than the source code: true of the sample, but less than the partner said.
BROAD = SKOS + "broadMatch"
#: The target is narrower than the source code: one of several that it may mean.
NARROW = SKOS + "narrowMatch"


@dataclass(frozen=True)
class Mapping:
    """One code of another system and the concept it maps to; ``predicate`` is a SKOS mapping property's IRI."""

    source_code: str
    target_iri: str
    predicate: str
    justification: str


@dataclass(frozen=True)
class MappingRow:
    """One line of a mapping table: ``target_iri`` is None where the code maps to nothing, and why is said."""

    source_code: str
    source_label: str
    target_iri: str | None
    predicate: str
    justification: str

    def candidates(self) -> tuple[tuple[str, str], ...]:
        """The classes that come into question, with the mapping property of each: all of several narrower ones."""
        if self.target_iri is None:
            return ()
        several = _SEVERAL.search(self.justification)
        codes = _NCIT_CODE.findall(several[1]) if several and self.predicate == NARROW else []
        return tuple((f"{OBO}NCIT_{code}", NARROW) for code in codes) or ((self.target_iri, self.predicate),)


class CodeMap:
    """Mappings by system and code. Immutable."""

    def __init__(self, tables: MappingOf[str, MappingOf[str, MappingRow]]) -> None:
        """``tables``: system to source code to row."""
        self._tables = tables

    def lookup(self, system: str, code: str) -> Mapping | None:
        """The mapping of this code; None for one that is unknown or known to have no target (see ``row``)."""
        row = self.row(system, code)
        if row is None or row.target_iri is None:
            return None
        return Mapping(row.source_code, row.target_iri, row.predicate, row.justification)

    def row(self, system: str, code: str) -> MappingRow | None:
        """What the table says of this code, None if it does not hold it. Spaces and letter case are forgiven."""
        table = self._tables.get(system, {})
        trimmed = code.strip()
        return table.get(trimmed) or table.get(gdc_value(trimmed) if system == "gdc" else trimmed.upper())

    def rows(self, system: str) -> tuple[MappingRow, ...]:
        """All rows of the table of this system, none for one that is not here."""
        return tuple(self._tables.get(system, {}).values())

    def label(self, system: str, code: str) -> str | None:
        """What the other system calls this code, None if the code is not known."""
        row = self.row(system, code)
        return row.source_label if row else None

    def overlaid_by(self, other: CodeMap) -> CodeMap:
        """This map with another on top, code by code."""
        systems = {*self._tables, *other._tables}
        return CodeMap({s: {**self._tables.get(s, {}), **other._tables.get(s, {})} for s in systems})

    def __len__(self) -> int:
        return sum(len(table) for table in self._tables.values())


def gdc_value(text: str) -> str:
    """A value of the GDC dictionary as its tables name it: lower case, underscores for spaces, no other signs."""
    return "_".join(_GDC_DROPPED.sub("", text.casefold()).replace("_", " ").split())


def mapping_file(system: str) -> str:
    """The name, within a generation's files, of the installed table of this system."""
    return f"mappings/{system}.tsv"


def core_code_map() -> CodeMap:
    """The mappings that come with the package: OncoTree codes of frequent and rare tumours."""
    name = "ontologies/core-oncotree.tsv"
    return CodeMap({"oncotree": read_mappings(resource(name).read_bytes(), source=name)})


def installed_code_map(store: QuadStore) -> CodeMap:
    """The mappings this node uses: the packaged ones, and on top of them what is installed."""
    tables = {}
    for system in SYSTEMS:
        data = store.file(mapping_file(system))
        if data is not None:
            tables[system] = read_mappings(data, source=mapping_file(system))
    return core_code_map().overlaid_by(CodeMap(tables))


def read_mappings(data: bytes, *, source: str) -> dict[str, MappingRow]:
    """Read a mapping table (UTF-8, tab-separated, ``#`` comments, a header), by source code.

    Raises DocumentSyntaxError with the line.
    """
    rows: dict[str, MappingRow] = {}
    header_seen = False
    for number, line in enumerate(data.decode("utf-8").split("\n"), 1):
        if not line or line[0] == "#":
            continue
        cells = line.split("\t")
        if len(cells) != len(COLUMNS) or (not header_seen and line != _HEADER):
            raise DocumentSyntaxError(
                f"a mapping table has the columns {', '.join(COLUMNS)}.", where=Place(source=source, line=number)
            )
        if header_seen:
            code, label, target, predicate, justification = cells
            rows[code] = MappingRow(code, label, target or None, predicate, justification)
        header_seen = True
    return rows


def write_mappings(rows: Iterable[MappingRow], *, comments: Iterable[str] = ()) -> bytes:
    """A mapping table, sorted by code, after the comments (each without its ``#``)."""
    head = [f"# {comment}".rstrip() for comment in comments]
    body = sorted(
        "\t".join(
            " ".join(cell.split())
            for cell in (r.source_code, r.source_label, r.target_iri or "", r.predicate, r.justification)
        )
        for r in rows
    )
    return ("\n".join([*head, _HEADER, *body]) + "\n").encode("utf-8")
