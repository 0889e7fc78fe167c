"""The only place where parts are chosen and joined: settings in, one working node out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from node.config import Limits, Settings, load_settings
from node.errors import LimitExceeded, QueryMemoryExceeded, QueryTimeout, ResultTooLarge
from node.federation.calling.addresses import Resolve, look_up
from node.federation.engine import FederationEngine
from node.federation.members.network_usage import NetworkUsage
from node.federation.session import must_be_merged
from node.model.identifiers import Identifiers
from node.ontology.asking import Mapped, Reach, with_mappings
from node.ontology.by_release import by_release
from node.ontology.codes import Codes
from node.ontology.concepts import Vocabulary
from node.ontology.mapping_sets import Mappings, read_mappings_of
from node.ontology.mappings import installed_code_map
from node.ontology.releases import installed_vocabulary
from node.ontology.search import ConceptSearch
from node.ontology.search_index import open_index
from node.ontology.usage import Usage, datasets_query, groups_query, read_groups
from node.policy.decide import Principal, decide
from node.policy.tokens import TOKENS_FILE, Tokens
from node.publishing.catalog import Catalog
from node.publishing.publish import NodeParts
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, TURTLE, Format
from node.sparql.algebra import Query
from node.sparql.evaluable import dataset_within, evaluable
from node.sparql.parser import parse_query
from node.sparql.results import Term, read_json_results
from node.sparql.words import mentions
from node.store.oxigraph import OxigraphStore
from node.store.quads import Answer, Budget, QuadStore
from node.store.remote import RemoteStore

# A text without these can hold neither keyword: they may also be spelt with escapes.
_MAY_BE_BEYOND = ("service", "from", "\\u")

_DUMP_SECONDS = 3600.0
#: Where, beside the generations, the indexes of names are.
_SEARCH_FOLDER = "search"
#: Concepts whose datasets are remembered.
_CONCEPTS_KEPT = 1_000


def query_budget(limits: Limits) -> Budget:
    """What the settings allow one query."""
    return Budget(limits.query_seconds, limits.query_memory_bytes, limits.result_bytes, limits.result_rows)


def dump_budget(limits: Limits) -> Budget:
    """What reading one whole graph for a dump may take: time and bytes as they come, memory as for any query."""
    return Budget(_DUMP_SECONDS, limits.query_memory_bytes, 1 << 50)


@dataclass
class Node:
    """One node, ready to be used by the web service or the command line. Close it when done."""

    settings: Settings
    identifiers: Identifiers
    store: QuadStore
    catalog: Catalog
    federation: FederationEngine
    _vocabulary: tuple[int, Vocabulary] | None = field(default=None, repr=False)
    _concepts: tuple[int, ConceptSearch] | None = field(default=None, repr=False)
    _datasets_with: dict[tuple[int, Principal, str, int], list[tuple[str, int]]] = field(
        default_factory=dict, repr=False
    )
    _usage: dict[tuple[int, Principal, str], Usage | str] = field(default_factory=dict, repr=False)
    _mappings: tuple[int, Mappings] | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _search_lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _usage_lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @cached_property
    def network_usage(self) -> NetworkUsage:
        """How many samples the other members have of each concept, asked when somebody wants to know."""
        return NetworkUsage(self.federation.sources)

    @cached_property
    def tokens(self) -> Tokens:
        """The tokens of this node's operators."""
        return Tokens(self.settings.folder / TOKENS_FILE)

    def scope(self, principal: Principal) -> GraphScope:
        """The RDF dataset this principal may query."""
        tiers = decide(principal).tiers
        return GraphScope(
            default=tuple(self.identifiers.tier_graph(tier) for tier in tiers), named=self.store.graphs(tiers)
        )

    @contextmanager
    def query(
        self, text: str, principal: Principal, formats: tuple[Format, Format], *, dataset: GraphScope | None = None
    ) -> Iterator[Answer]:
        """Answer a SPARQL query over this node's own data, within what the principal may see.

        ``dataset`` is the part of it that the request names, which counts instead of ``FROM``. A query that the store
        cannot answer by itself is answered by the federation engine. Raises QuerySyntaxError, QueryTooDeep,
        LimitExceeded, StoreError, and for ``SERVICE`` also TargetRefused, MemberError and Unsupported.
        """
        beyond = self.beyond_store(text, principal, dataset)
        if beyond is not None:
            with self.federation.query_node(*beyond, principal, formats) as answer:
                yield answer
            return
        limits = self.settings.limits
        visible, base = self.scope(principal), self.identifiers.base
        text, scope = evaluable(text, visible, base, depth=limits.query_depth, dataset=dataset)
        with self.store.query(text, scope=scope, formats=formats, budget=query_budget(limits)) as answer:
            yield answer

    def beyond_store(
        self, text: str, principal: Principal, dataset: GraphScope | None = None
    ) -> tuple[Query, GraphScope] | None:
        """A query that the store cannot answer by itself, and its RDF dataset; None for one that it can.

        It holds ``SERVICE``, or its default graph is the merge of several graphs. ``dataset`` is the one that the
        request names. Raises QuerySyntaxError, QueryTooDeep for a text that might be such a query.
        """
        merging = dataset is not None and must_be_merged(dataset, self.identifiers)
        if not merging and not mentions(text, *_MAY_BE_BEYOND):
            return None
        query = parse_query(text, self.identifiers.base, depth=self.settings.limits.query_depth)
        scope = dataset or dataset_within(query, self.scope(principal))
        return (query, scope) if query.services or must_be_merged(scope, self.identifiers) else None

    def vocabulary(self) -> Vocabulary:
        """The codes this node knows: the packaged core and what is installed, as of the current generation."""
        number = self.store.generation().number
        with self._lock:
            if self._vocabulary is None or self._vocabulary[0] != number:
                self._vocabulary = (number, installed_vocabulary(self.store))
            return self._vocabulary[1]

    def concepts(self) -> ConceptSearch:
        """What finds the concepts that this node knows, as of the current generation.

        Its index is made when an installation changed the names: seconds for 20,000 concepts. Raises StoreError.
        """
        number = self.store.generation().number
        vocabulary = self.vocabulary()
        with self._search_lock:
            if self._concepts is None or self._concepts[0] != number:
                known = self._concepts[1].index if self._concepts else None
                if known is None or known.digest != vocabulary.digest:
                    known = open_index(self.settings.data / _SEARCH_FOLDER, vocabulary)
                codes = Codes(vocabulary, installed_code_map(self.store), self.mappings())
                self._concepts = (number, ConceptSearch(vocabulary, known, codes))
            return self._concepts[1]

    def usage(self, property_iri: str, principal: Principal) -> Usage:
        """The samples that this principal may see, by the concepts they carry at a property, below ones included.

        Counted once for each generation: about a second for 100,000 samples. Raises what a query raises; what was too
        much for a query once is not tried again before the next generation.
        """
        key = (self.store.generation().number, principal, property_iri)
        with self._usage_lock:
            usage = self._usage.get(key)
            if usage is None:
                try:
                    usage = Usage(read_groups(self._rows(groups_query(property_iri), principal)), self.vocabulary())
                except (QueryTimeout, QueryMemoryExceeded, ResultTooLarge) as error:
                    usage = error.detail
                self._usage = {k: v for k, v in self._usage.items() if k[0] == key[0]} | {key: usage}
            if isinstance(usage, str):
                raise LimitExceeded(usage, remedy="Ask the operator to raise the limits of queries.")
            return usage

    def datasets_with(self, codes: Sequence[str], property_iri: str, principal: Principal) -> list[tuple[str, int]]:
        """The datasets that hold samples with one of these codes at a property, with how many, most first.

        As far as this principal may see them, and at most ``usage.MOST_DATASETS``. Raises what a query raises.
        """
        key = (self.store.generation().number, principal, property_iri, hash(tuple(codes)))
        found = self._datasets_with.get(key)
        if found is None:
            rows = self._rows(datasets_query(property_iri, codes), principal) if codes else ()
            found = [(row["dataset"].value, int(row["n"].value)) for row in rows if "dataset" in row]
            if len(self._datasets_with) >= _CONCEPTS_KEPT:
                self._datasets_with.clear()
            self._datasets_with[key] = found
        return found

    def _rows(self, text: str, principal: Principal) -> tuple[dict[str, Term], ...]:
        with self.query(text, principal, (JSON, TURTLE)) as answer:
            return read_json_results(b"".join(answer)).rows

    def mappings(self) -> Mappings:
        """The mapping sets of this node, as of the current generation."""
        number = self.store.generation().number
        with self._lock:
            if self._mappings is None or self._mappings[0] != number:
                self._mappings = (number, read_mappings_of(self.store))
            return self._mappings[1]

    def mapped(self, text: str, reach: Reach, *, in_rdf: bool = False) -> Mapped:
        """A query with codes of other systems as it is to be evaluated; see ``node.ontology.asking.with_mappings``."""
        return with_mappings(
            text,
            self.mappings(),
            self.vocabulary(),
            reach=reach,
            base=self.identifiers.base,
            depth=self.settings.limits.query_depth,
            in_rdf=in_rdf,
        )

    def parts(self) -> NodeParts:
        """What publishing needs of this node."""
        return NodeParts(
            self.store, self.identifiers, self.vocabulary(), installed_code_map(self.store), self.settings.node
        )

    def by_release(self, text: str, chosen: Sequence[str]) -> str:
        """The query with its hierarchy taken from these releases (``ncit=2020``); see ``ontology.by_release``."""
        depth = self.settings.limits.query_depth
        return by_release(text, chosen, self.store, base=self.identifiers.base, depth=depth)

    def close(self) -> None:
        """End the query workers and the connections to members."""
        with self._search_lock:
            if self._concepts is not None:
                self._concepts[1].index.close()
                self._concepts = None
        self.federation.close()
        self.store.close()


def build(folder: Path, *, resolve: Resolve = look_up) -> Node:
    """The node in this folder; ``resolve`` finds the addresses of hosts that a ``SERVICE`` names.

    Raises ConfigurationError.
    """
    settings = load_settings(folder)
    identifiers = Identifiers(settings.node.base_iri)
    store = _store(settings, identifiers)
    catalog = Catalog(store, identifiers, settings.node)
    federation = FederationEngine(store, identifiers, settings, resolve=resolve)
    return Node(settings, identifiers, store, catalog, federation)


def _store(settings: Settings, identifiers: Identifiers) -> QuadStore:
    """The store that the settings choose."""
    limits = settings.limits
    if settings.store.kind == "sparql":
        return RemoteStore(
            settings.data,
            settings=settings.store,
            identifiers=identifiers,
            places=limits.query_workers + limits.long_queries,
            queue_seconds=limits.queue_seconds,
            query_depth=limits.query_depth,
        )
    return OxigraphStore(
        settings.data,
        identifiers=identifiers,
        workers=limits.query_workers,
        long_queries=limits.long_queries,
        queue_seconds=limits.queue_seconds,
    )
