"""What a node publishes, to read: the list of datasets, and the description of anything it has an IRI for.

Reads what everybody may see, through the store's queries with small budgets. Query texts are put together from IRIs
that ``node.rdf.terms.iri`` has checked, and from nothing else a caller gave.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import quote

from node.config import Identity
from node.errors import NotFound, ResultTooLarge
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.model.kinds import Kind, kind_of, name_of
from node.publishing.contexts import PATH as CONTEXT_PATH
from node.publishing.jsonld import serialize
from node.publishing.ntriples import bare, split_line
from node.publishing.provenance import catalogue
from node.publishing.publish import withdrawn
from node.publishing.registry import FILE, Entry, Registry, State, read_registry
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES, Format
from node.rdf.namespaces import DCAT, DCT, FOAF, RDF_TYPE, RDFS_LABEL, SCHEMA
from node.rdf.terms import iri as iri_term
from node.rdf.terms import is_absolute_iri
from node.sparql.results import Results, Term, read_json_results
from node.store.quads import Answer, Budget, QuadStore

#: What one question to the store may cost.
SMALL = Budget(seconds=10.0, memory_bytes=1_000_000_000, result_bytes=20_000_000)
#: What reading a whole dataset may cost.
WHOLE = Budget(seconds=120.0, memory_bytes=2_000_000_000, result_bytes=2_000_000_000)

_BLOCK = 200  # datasets, or nodes of a description, asked for at once
_MOST_NODES = 10_000  # nodes under one resource that its description shows


@dataclass(frozen=True)
class DatasetSummary:
    """One line of the catalogue. ``id`` is the name here, ``iri`` the IRI of what is described, which may be foreign.

    ``publisher`` is a name where one is stated, else an IRI; ``issued`` and ``modified`` are what the description
    says, else when it was published here; ``samples`` and ``donors`` are counts, of a restricted dataset too;
    ``version`` and ``digest`` are those of the register (``node.publishing.registry.Entry``).
    """

    id: str
    iri: str
    title: str
    description: str
    publisher: str
    license: str
    access_rights: str
    issued: str
    modified: str
    keywords: tuple[str, ...]
    samples: int
    donors: int
    version: str = ""
    digest: str = ""

    @property
    def path(self) -> str:
        """Its address here, without the base."""
        kind, slug = kind_of(self.id)
        return f"{kind}/{slug}"


class Catalog:
    """The published descriptions of one node. Safe to use from several threads."""

    def __init__(self, store: QuadStore, identifiers: Identifiers, identity: Identity) -> None:
        self._store = store
        self._identifiers = identifiers
        self._identity = identity
        self._lock = threading.Lock()
        self._registry_of: tuple[int, Registry] | None = None
        self._found_of: tuple[int, Mapping[Kind, tuple[DatasetSummary, ...]]] | None = None

    def datasets(self) -> tuple[DatasetSummary, ...]:
        """All published datasets, by identifier."""
        return self.descriptions(Kind.DATASET)

    def descriptions(self, kind: Kind) -> tuple[DatasetSummary, ...]:
        """All published descriptions of one kind, by identifier."""
        number = self._store.generation().number
        with self._lock:
            if self._found_of is not None and self._found_of[0] == number and kind in self._found_of[1]:
                return self._found_of[1][kind]
        entries = [e for _, e in sorted(self._registry().items()) if e.state is State.PUBLISHED and e.kind is kind]
        found: list[DatasetSummary] = []
        for start in range(0, len(entries), _BLOCK):
            found.extend(self._summaries(entries[start : start + _BLOCK]))
        with self._lock:
            known = self._found_of[1] if self._found_of is not None and self._found_of[0] == number else {}
            self._found_of = (number, {**known, kind: tuple(found)})
        return tuple(found)

    def dataset(self, dataset_id: str) -> DatasetSummary:
        """The summary of one dataset by its identifier here. Raises NotFound and Withdrawn."""
        entry = self._published(dataset_id)
        return next(summary for summary in self._summaries([entry]))

    def catalog_description(self) -> bytes:
        """The catalogue (``dcat:Catalog``) with its records, as N-Triples."""
        return catalogue(self._registry(), self._identity, self._identifiers)

    def describe(self, iri: str) -> bytes:
        """What is said of one IRI, and of the nodes without a name under it, as N-Triples.

        A dataset's description does not hold its samples. Raises NotFound when nothing is said of it, Withdrawn when it
        is of a dataset that was taken back, ResultTooLarge for more than 10,000 nodes.
        """
        if iri == self._identifiers.catalog:
            return self.catalog_description()
        self._refuse_withdrawn(iri)
        if not is_absolute_iri(iri):
            raise self._unknown(iri)
        scope = GraphScope(default=(self._identifiers.tier_graph(Tier.PUBLIC),))
        nameless = f"<{self._identifiers.skolem('')}"
        lines: list[str] = []
        seen = {iri}
        waiting = [iri]
        while waiting:
            block, waiting = waiting[:_BLOCK], waiting[_BLOCK:]
            for line in filter(None, self._construct(block, scope)):
                lines.append(line)
                value = split_line(line)[2]
                if value.startswith(nameless) and bare(value) not in seen:
                    seen.add(bare(value))
                    waiting.append(bare(value))
            if len(seen) > _MOST_NODES:
                raise ResultTooLarge(f"more than {_MOST_NODES:,} nodes hang under {iri}.")
        if not lines:
            raise self._unknown(iri)
        return "".join(f"{line}\n" for line in sorted(lines)).encode("utf-8")

    def represent(self, iri: str, format_: Format) -> bytes:
        """The description of an IRI in a format; JSON-LD names this node's own context. Raises as ``describe`` does."""
        return serialize(self.describe(iri), format_, iri, context=f"{self._identifiers.base}{CONTEXT_PATH}")

    def samples(self, dataset_id: str, offset: int = 0, limit: int = 100) -> tuple[str, ...]:
        """The IRIs of a dataset's samples that everybody may see, sorted, ``limit`` of them from ``offset`` on.

        Raises NotFound and Withdrawn.
        """
        entry = self._published(dataset_id)
        text = (
            f"SELECT DISTINCT ?s WHERE {{ ?s {iri_term(DCT + 'isPartOf')} {iri_term(entry.iri)} "
            f"FILTER NOT EXISTS {{ ?s {iri_term(RDF_TYPE)} {iri_term(DCAT + 'Dataset')} }} }} "
            f"ORDER BY ?s OFFSET {max(0, int(offset))} LIMIT {max(0, int(limit))}"
        )
        scope = GraphScope(default=(self._identifiers.graph(dataset_id),))
        return tuple(row["s"].value for row in self._select(text, scope).rows)

    def dataset_graph(self, dataset_id: str, format_: Format = NTRIPLES) -> AbstractContextManager[Answer]:
        """The named graph of a dataset description, whole, as it streams from the store. Raises NotFound, Withdrawn."""
        self._published(dataset_id)
        return self._graph(self._identifiers.graph(dataset_id), format_)

    def provenance(self, dataset_id: str, format_: Format = NTRIPLES) -> AbstractContextManager[Answer]:
        """Where a dataset description came from; also that of one that was withdrawn. Raises NotFound."""
        if dataset_id not in self._registry():
            raise self._unknown(self._identifiers.description(dataset_id))
        return self._graph(self._identifiers.provenance_graph(dataset_id), format_)

    def resolve(self, path: str) -> str:
        """The IRI that a path under the node's base, percent-decoded, stands for.

        ``datasets/<id>`` of a dataset with a foreign IRI stands for that IRI; ``software/<id>`` and the like too.
        """
        parts = path.split("/", 3)
        if parts[0] not in list(Kind) or len(parts) == 1:
            return self._identifiers.base + quote(path, safe="/:@!$&'()*+,;=~#")
        dataset = quote(parts[1], safe="")
        if len(parts) == 2:
            name = name_of(Kind(parts[0]), dataset)
            entry = self._registry().get(name)
            return entry.iri if entry is not None else self._identifiers.description(name)
        if parts[0] == Kind.DATASET and len(parts) == 4 and parts[2] == "samples":
            return self._identifiers.sample(dataset, parts[3])
        if parts[0] == Kind.DATASET and len(parts) == 4 and parts[2] == "donors":
            return self._identifiers.donor(dataset, parts[3])
        return self._identifiers.base + quote(path, safe="/")

    def _registry(self) -> Registry:
        number = self._store.generation().number
        with self._lock:
            if self._registry_of is not None and self._registry_of[0] == number:
                return self._registry_of[1]
        registry = read_registry(self._store.file(FILE))
        with self._lock:
            self._registry_of = (number, registry)
        return registry

    def _published(self, dataset_id: str) -> Entry:
        entry = self._registry().get(dataset_id)
        if entry is None:
            raise self._unknown(self._identifiers.description(dataset_id))
        if entry.state is State.WITHDRAWN:
            raise withdrawn(entry)
        return entry

    def _refuse_withdrawn(self, iri: str) -> None:
        registry = self._registry()
        named = registry.get(self._identifiers.name(iri) or "")
        for entry in (named, *(e for e in registry.values() if e.iri == iri)):
            if entry is not None and entry.state is State.WITHDRAWN:
                raise withdrawn(entry)

    def _unknown(self, iri: str) -> NotFound:
        return NotFound(f"nothing is known here about {iri}.", remedy=f"The catalogue: {self._identifiers.catalog}")

    def _summaries(self, entries: list[Entry]) -> Iterator[DatasetSummary]:
        values = " ".join(iri_term(e.iri) for e in entries)
        text = (
            f"SELECT ?d ?p ?o ?name WHERE {{ VALUES ?d {{ {values} }} ?d ?p ?o "
            f"OPTIONAL {{ ?o {iri_term(FOAF + 'name')}|{iri_term(RDFS_LABEL)} ?name }} }}"
        )
        scope = GraphScope(default=(self._identifiers.tier_graph(Tier.PUBLIC),))
        said: dict[str, dict[str, list[Term]]] = {}
        names: dict[str, str] = {}
        for row in self._select(text, scope).rows:
            said.setdefault(row["d"].value, {}).setdefault(row["p"].value, []).append(row["o"])
            if "name" in row:
                names[row["o"].value] = row["name"].value
        for entry in entries:
            about = said.get(entry.iri, {})
            publisher = self._text(about, DCT + "publisher")
            yield DatasetSummary(
                id=entry.dataset,
                iri=entry.iri,
                title=self._text(about, DCT + "title") or self._text(about, SCHEMA + "name") or entry.title,
                description=self._text(about, DCT + "description") or self._text(about, SCHEMA + "description"),
                publisher=names.get(publisher, publisher),
                license=self._text(about, DCT + "license") or self._text(about, SCHEMA + "license"),
                access_rights=self._text(about, DCT + "accessRights"),
                issued=self._text(about, DCT + "issued") or entry.issued,
                modified=self._text(about, DCT + "modified") or entry.modified,
                keywords=tuple(sorted({t.value for t in about.get(DCAT + "keyword", [])})),
                samples=entry.samples,
                donors=entry.donors,
                version=entry.version,
                digest=entry.digest,
            )

    def _text(self, about: Mapping[str, list[Term]], predicate: str) -> str:
        """One value: in the node's language, else in English, else without or in any; '' where there is none."""
        order = [self._identity.language, "en", None]

        def rank(term: Term) -> tuple[int, str]:
            return (order.index(term.language) if term.language in order else len(order), term.value)

        return min(about.get(predicate, ()), key=rank, default=Term("literal", "")).value

    def _construct(self, iris: Iterable[str], scope: GraphScope) -> list[str]:
        values = " ".join(iri_term(i) for i in iris)
        text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ {values} }} ?s ?p ?o }}"
        with self._store.query(text, scope=scope, formats=(JSON, NTRIPLES), budget=SMALL) as answer:
            return b"".join(answer).decode("utf-8").split("\n")

    def _select(self, text: str, scope: GraphScope) -> Results:
        with self._store.query(text, scope=scope, formats=(JSON, NTRIPLES), budget=SMALL) as answer:
            return read_json_results(b"".join(answer))

    def _graph(self, graph: str, format_: Format) -> AbstractContextManager[Answer]:
        return self._store.query(
            "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
            scope=GraphScope(default=(graph,)),
            formats=(JSON, format_),
            budget=WHOLE,
        )
