"""The mapping sets of a node: installed from SSSOM files, removed, and read back by code and by class.

A generation keeps ``mapping-sets.json`` (what is installed) and ``mapping-sets/<name>.sssom.tsv.gz``. What
``ontology install`` has put in of OncoTree and ICD-O-3 counts as sets too, with the corrections that coding uses.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from node.errors import Conflict, DocumentSyntaxError, NotFound, Place, ProtocolError, StoreError
from node.model.access import Tier
from node.model.identifiers import Identifiers, slug
from node.ontology.branches import DIAGNOSIS
from node.ontology.code_systems import ICDO3, ONCOTREE, SYSTEMS, code_name, is_hub, system_of
from node.ontology.concepts import Vocabulary
from node.ontology.correspondences import (
    INVERSE,
    NO_TERM,
    PREDICATES,
    Correspondence,
    MappingFile,
    read_mapping_file,
    write_mapping_file,
)
from node.ontology.mapping_checks import check_rows
from node.ontology.mapping_triples import mapping_iri, row_triples, set_triples
from node.ontology.mappings import BROAD, EXACT, CodeMap, installed_code_map
from node.ontology.releases import NAMES, release_of
from node.ontology.sssom import CHAINED, MANUAL
from node.ontology.terms import core_terms
from node.rdf.namespaces import shorten
from node.store.quads import Change, GraphContent, QuadStore

FILE = "mapping-sets.json"
#: How many sets one node may have: every query that asks with codes reads them.
MOST_SETS = 100
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}|\d+(?:\.\d+)+[a-z]?")
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_BUILT_IN = {"oncotree": ("oncotree",), "icdo3": ("icdo3m", "icdo3t")}
_NAMESPACES = {"oncotree": ONCOTREE, "icdo3m": ICDO3, "icdo3t": ICDO3}


@dataclass(frozen=True)
class MappingSet:
    """One mapping set. ``identifier`` is its ``mapping_set_id``, ``digest`` the SHA-256 of the file it came from,
    ``installed`` a date (ISO 8601), ``rows`` how many mappings it has, ``predicates`` how many of each (CURIEs),
    ``codes`` how many codes lead to a class. ``graph`` is the named graph that serves it; None for what is installed
    as a table of codes."""

    name: str
    version: str
    identifier: str
    licence: str
    source: str
    digest: str
    installed: str
    rows: int
    codes: int
    predicates: Mapping[str, int]
    graph: str | None = None


@dataclass(frozen=True, slots=True)
class Lead:
    """How one code leads to one class: ``predicate`` is a SKOS mapping property, read from the code to the class."""

    code: str
    predicate: str
    concept: str
    row: Correspondence
    set: MappingSet

    @property
    def iri(self) -> str:
        """The IRI of the mapping: of the graph of its set, or of the set itself where that has none here."""
        return mapping_iri(self.set.graph or self.set.identifier, self.row)


class Mappings:
    """All mappings of a node, by code and by class. Immutable."""

    def __init__(self, sets: Iterable[tuple[MappingSet, Iterable[Correspondence]]] = ()) -> None:
        """``sets``: each with its rows; what a row of any set denies, no set leads to."""
        self._by_code: dict[str, list[Lead]] = {}
        self._by_concept: dict[str, list[Lead]] = {}
        found: list[MappingSet] = []
        denied: set[tuple[str, str, str]] = set()
        leads: list[Lead] = []
        for one, rows in sets:
            found.append(one)
            for row in rows:
                lead = _lead(row, one)
                if lead is None:
                    continue
                if row.negated:
                    denied.add((lead.code, lead.predicate, lead.concept))
                else:
                    leads.append(lead)
        for lead in leads:
            if (lead.code, lead.predicate, lead.concept) not in denied:
                self._by_code.setdefault(lead.code, []).append(lead)
                self._by_concept.setdefault(lead.concept, []).append(lead)
        self.sets = tuple(found)

    def of_code(self, iri: str) -> tuple[Lead, ...]:
        """Where a code of another system leads to, in the order of the sets."""
        return tuple(self._by_code.get(iri, ()))

    def of_concept(self, iri: str) -> tuple[Lead, ...]:
        """The codes of other systems that lead to a class."""
        return tuple(self._by_concept.get(iri, ()))

    def codes(self) -> Iterable[str]:
        """The codes that lead to a class."""
        return self._by_code.keys()

    def knows(self, iri: str) -> bool:
        """Whether an IRI is a code of another system: one that a set maps, or of the systems with a namespace here."""
        return iri in self._by_code or (system_of(iri) is not None and not is_hub(iri))

    def coverage(self) -> dict[str, Counter[str]]:
        """For each system of codes how many codes lead somewhere, by the best predicate of each (CURIEs)."""
        order = [EXACT, *(p for p in INVERSE if p != EXACT)]
        counts: dict[str, Counter[str]] = {}
        for code, leads in self._by_code.items():
            system = system_of(code)
            best = min((lead.predicate for lead in leads), key=order.index)
            counts.setdefault(system.name if system else "others", Counter())[shorten(best)] += 1
        return counts


def read_mappings_of(store: QuadStore) -> Mappings:
    """The mappings that this node has. Raises StoreError for a record that is damaged."""
    added = [(one, _rows(store, one)) for one in added_sets(store)]
    return Mappings([*added, *_built_in(store)])


def mapping_sets(store: QuadStore) -> tuple[MappingSet, ...]:
    """The mapping sets of this node: those added by name, then the installed tables of codes."""
    return read_mappings_of(store).sets


def added_sets(store: QuadStore) -> list[MappingSet]:
    """The sets that were added from files, by name. Raises StoreError for a record that is damaged."""
    data = store.file(FILE)
    if data is None:
        return []
    try:
        return [MappingSet(**record) for record in json.loads(data)]
    except (ValueError, TypeError) as error:
        raise StoreError("the record of mapping sets is damaged.", where=Place(FILE)) from error


def check_file(
    path: Path, *, vocabulary: Vocabulary, given: Mapping[str, str] | None = None
) -> tuple[MappingFile, bytes]:
    """Read an SSSOM file (``.gz`` or not) and look at all of it; also its bytes. Raises DocumentSyntaxError."""
    data = _bytes(path)
    found = read_mapping_file(data, source=path.name, given=given)
    found.problems.extend(check_rows(found.rows, vocabulary, source=path.name))
    return found, data


def add_set(
    found: MappingFile,
    data: bytes,
    *,
    source: str,
    store: QuadStore,
    identifiers: Identifiers,
    name: str = "",
    version: str = "",
) -> MappingSet:
    """Install a mapping set that was checked, in the place of one of the same name. One change of the store.

    ``name`` and ``version`` overrule what the file says of itself. Installing what is there already changes nothing.
    Raises DocumentSyntaxError for one with errors, Conflict for a name that is taken, NotFound when it has no rows.
    """
    if not found.ok:
        raise DocumentSyntaxError(
            "the mapping set has errors.", where=Place(source=source), remedy="Correct them all; nothing was installed."
        )
    if not found.rows:
        raise NotFound("there is no mapping in this file.", where=Place(source=source))
    identifier = found.slots["mapping_set_id"]
    name = _name(name or identifier.rstrip("/#").rsplit("/", 1)[-1])
    version = version or _version(found, data)
    graph = identifiers.vocabulary_graph(f"mappings/{name}", version)
    codes = {lead.code for row in found.rows if not row.negated and (lead := _lead(row, None)) is not None}
    one = MappingSet(
        name=name,
        version=version,
        identifier=identifier,
        licence=found.slots["license"],
        source=source,
        digest=sha256(data).hexdigest(),
        installed=datetime.now(UTC).date().isoformat(),
        rows=len(found.rows),
        codes=len(codes),
        predicates=_predicates(found.rows),
        graph=graph,
    )
    before = added_sets(store)
    old = next((s for s in before if s.name == name), None)
    if old is not None and dataclasses.replace(old, installed=one.installed) == one:
        return old
    others = [s for s in before if s.name != name]
    if len(others) >= MOST_SETS:
        raise Conflict(f"there are {MOST_SETS} mapping sets already.", remedy="Remove one, or join some in one file.")
    content = write_mapping_file(found.slots, found.rows, found.curie_map)
    title = found.slots.get("mapping_set_title") or name
    about = set_triples(graph, title=title, version=version, identifier=identifier, licence=one.licence)
    lines = dict.fromkeys([*about, *row_triples(graph, found.rows)])
    store.apply(
        Change(
            put=(GraphContent(graph, Tier.PUBLIC, "".join(lines).encode("utf-8")),),
            remove=(old.graph,) if old is not None and old.graph and old.graph != graph else (),
            files={FILE: _record([*others, one]), _file(name): gzip.compress(content, mtime=0)},
        )
    )
    return one


def remove_set(name: str, *, store: QuadStore) -> MappingSet:
    """Take a mapping set away, with its graph. Raises NotFound."""
    before = added_sets(store)
    gone = _named(before, name)
    kept = [one for one in before if one is not gone]
    files: dict[str, bytes | Path | None] = {FILE: _record(kept) if kept else None, _file(name): None}
    store.apply(Change(remove=(gone.graph,) if gone.graph else (), files=files))
    return gone


def export_set(name: str, *, store: QuadStore) -> bytes:
    """A mapping set as an SSSOM/TSV file, those that are installed as tables of codes too. Raises NotFound."""
    if name not in _BUILT_IN:
        one = _named(added_sets(store), name)
        return gzip.decompress(_packed(store, one))
    one, rows = next(pair for pair in _built_in(store) if pair[0].name == name)
    slots = {"mapping_set_id": one.identifier, "license": one.licence, "mapping_set_version": one.version}
    prefixes = {s.prefix: s.namespace for s in SYSTEMS.values()} | {"NCIT": "http://purl.obolibrary.org/obo/NCIT_"}
    return write_mapping_file({**slots, "sssom_version": "1.1"}, rows, prefixes)


def _named(sets: Iterable[MappingSet], name: str) -> MappingSet:
    found = next((one for one in sets if one.name == name), None)
    if found is None:
        raise NotFound(
            f"no mapping set is called {name!r}.", remedy="onconode ontology mappings list says which there are."
        )
    return found


def _name(text: str) -> str:
    try:
        name = slug(text.removesuffix(".gz").removesuffix(".tsv").removesuffix(".sssom"))
    except ValueError as error:
        raise ProtocolError(f"{text!r} cannot be the name of a mapping set.", remedy="Give one with --name.") from error
    if name in NAMES:
        raise Conflict(f"{name!r} is the name of a release.", remedy="Give the set another with --name.")
    return name


def _version(found: MappingFile, data: bytes) -> str:
    for slot in ("mapping_set_version", "publication_date", "mapping_date"):
        said = found.slots.get(slot, "")
        match = _VERSION.search(said)
        if match or (said and "/" not in said and len(said) <= 40):
            return match.group() if match else said
    return sha256(data).hexdigest()[:12]


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.name.endswith(".gz") else data
    except (OSError, EOFError) as error:
        message = f"cannot be read: {getattr(error, 'strerror', None) or error}."
        raise DocumentSyntaxError(message, where=Place(source=path.name)) from error


def _lead(row: Correspondence, one: MappingSet | None) -> Lead | None:
    """The row read from a code to a class; None where it leads to none."""
    predicate = PREDICATES.get(row.predicate)
    if predicate is None or row.object in (NO_TERM, row.subject):
        return None
    where = one or _NO_SET
    if is_hub(row.object):
        return Lead(row.subject, predicate, row.object, row, where)
    if is_hub(row.subject):
        return Lead(row.object, INVERSE[predicate], row.subject, row, where)
    return None


_NO_SET = MappingSet("", "", "", "", "", "", "", 0, 0, {})


def _predicates(rows: Iterable[Correspondence]) -> dict[str, int]:
    return dict(Counter(("not " if row.negated else "") + shorten(row.predicate) for row in rows).most_common())


def _built_in(store: QuadStore) -> Iterator[tuple[MappingSet, list[Correspondence]]]:
    codes = installed_code_map(store)
    for name, systems in _BUILT_IN.items():
        rows = [row for system in systems for row in _table_rows(codes, system)]
        if not rows:
            continue
        release = release_of(store, name)
        one = MappingSet(
            name=name,
            version=release.version if release else "core",
            identifier=f"https://w3id.org/onconode/mappings/{name}",
            licence=release.licence if release else _LICENCE,
            source=release.source if release else "the package",
            digest=release.digest if release else "",
            installed=release.installed if release else "",
            rows=len(rows),
            codes=len({row.subject for row in rows}),
            predicates=_predicates(rows),
        )
        yield one, rows


def _table_rows(codes: CodeMap, system: str) -> Iterator[Correspondence]:
    """The rows of a table of codes as coding uses them: with what is mended, a code that is none left out."""
    for row in codes.rows(system):
        code = _NAMESPACES[system] + row.source_code
        mended = core_terms().get((DIAGNOSIS, row.source_code.casefold(), system))
        if mended is not None:
            if mended.iri != NO_TERM:
                yield Correspondence(
                    code,
                    mended.predicate,
                    mended.iri,
                    mended.justification,
                    mended.confidence,
                    row.source_label,
                    mended.label,
                    comment=mended.comment,
                )
            continue
        for target, predicate in row.candidates():
            grounds = CHAINED if predicate == BROAD else MANUAL
            confidence = 1.0 if predicate == EXACT else None
            yield Correspondence(
                code, predicate, target, grounds, confidence, row.source_label, comment=row.justification
            )


def _rows(store: QuadStore, one: MappingSet) -> list[Correspondence]:
    return read_mapping_file(gzip.decompress(_packed(store, one)), source=_file(one.name)).rows


def _packed(store: QuadStore, one: MappingSet) -> bytes:
    data = store.file(_file(one.name))
    if data is None:
        raise StoreError(f"the rows of the mapping set {code_name(one.name)!r} are missing.")
    return data


def _file(name: str) -> str:
    return f"mapping-sets/{name}.sssom.tsv.gz"


def _record(sets: Iterable[MappingSet]) -> bytes:
    records = [dataclasses.asdict(one) for one in sorted(sets, key=lambda s: s.name)]
    return (json.dumps(records, indent=1) + "\n").encode("utf-8")
