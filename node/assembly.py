"""The only place where parts are chosen and joined: settings in, one working node out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from node.config import Limits, Settings, load_settings
from node.federation.engine import FederationEngine
from node.model.identifiers import Identifiers
from node.ontology.concepts import Vocabulary
from node.ontology.mappings import installed_code_map
from node.ontology.releases import installed_vocabulary
from node.policy.decide import Principal, decide
from node.publishing.catalog import Catalog
from node.publishing.publish import NodeParts
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format
from node.sparql.parser import scope_within
from node.store.oxigraph import OxigraphStore
from node.store.quads import Answer, Budget, QuadStore


def query_budget(limits: Limits) -> Budget:
    """What the settings allow one query."""
    return Budget(
        seconds=limits.query_seconds, memory_bytes=limits.query_memory_bytes, result_bytes=limits.result_bytes
    )


@dataclass
class Node:
    """One node, ready to be used by the web service or the command line. Close it when done."""

    settings: Settings
    identifiers: Identifiers
    store: QuadStore
    catalog: Catalog
    federation: FederationEngine
    _vocabulary: tuple[int, Vocabulary] | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def scope(self, principal: Principal) -> GraphScope:
        """The RDF dataset this principal may query."""
        tiers = decide(principal).tiers
        return GraphScope(
            default=tuple(self.identifiers.tier_graph(tier) for tier in tiers), named=self.store.graphs(tiers)
        )

    @contextmanager
    def query(self, text: str, principal: Principal, formats: tuple[Format, Format]) -> Iterator[Answer]:
        """Answer a SPARQL query over this node's own data, within what the principal may see.

        Raises QuerySyntaxError, Unsupported (``SERVICE``), LimitExceeded, StoreError.
        """
        scope = scope_within(text, self.scope(principal), self.identifiers.base)
        with self.store.query(text, scope=scope, formats=formats, budget=query_budget(self.settings.limits)) as answer:
            yield answer

    def vocabulary(self) -> Vocabulary:
        """The codes this node knows: the packaged core and what is installed, as of the current generation."""
        number = self.store.generation().number
        with self._lock:
            if self._vocabulary is None or self._vocabulary[0] != number:
                self._vocabulary = (number, installed_vocabulary(self.store))
            return self._vocabulary[1]

    def parts(self) -> NodeParts:
        """What publishing needs of this node."""
        return NodeParts(
            self.store, self.identifiers, self.vocabulary(), installed_code_map(self.store), self.settings.node
        )

    def close(self) -> None:
        """End the query workers and the connections to members."""
        self.federation.close()
        self.store.close()


def build(folder: Path) -> Node:
    """The node in this folder. Raises ConfigurationError."""
    settings = load_settings(folder)
    identifiers = Identifiers(settings.node.base_iri)
    store = OxigraphStore(
        settings.data,
        identifiers=identifiers,
        workers=settings.limits.query_workers,
        queue_seconds=settings.limits.queue_seconds,
    )
    catalog = Catalog(store, identifiers, settings.node)
    federation = FederationEngine(store, identifiers, settings)
    return Node(settings, identifiers, store, catalog, federation)
