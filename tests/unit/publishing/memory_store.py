"""A QuadStore in memory, written by hand for tests: the same promises, no files and no processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pyoxigraph import NamedNode, Quad, QuerySolutions, QueryTriples, RdfFormat, Store, parse

from node.errors import Conflict
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format
from node.store.quads import Budget, Change, Generation, GraphState, Owner


@dataclass
class MemoryAnswer:
    """All bytes of an answer at once."""

    format: Format
    generation: Generation
    content: bytes

    def __iter__(self) -> Iterator[bytes]:
        yield self.content

    def close(self) -> None:
        """Nothing to give back."""


class MemoryStore:
    """Graphs by name with their tier; tier graphs are put together when asked for."""

    def __init__(self, identifiers: Identifiers) -> None:
        self.identifiers = identifiers
        self.held: dict[str, tuple[Tier | None, bytes]] = {}
        self.about: dict[str, tuple[Owner, str]] = {}
        self.files: dict[str, bytes] = {}
        self.number = 0
        self.interloper: Change | None = None

    def generation(self) -> Generation:
        return Generation(self.number, Path("memory"))

    def graphs(self, tiers: tuple[Tier, ...]) -> tuple[str, ...]:
        return tuple(sorted(name for name, (tier, _) in self.held.items() if tier in tiers))

    def graph(self, name: str) -> GraphState | None:
        if name not in self.held:
            return None
        tier, triples = self.held[name]
        return GraphState(tier, len(set(triples.splitlines())), *self.about[name])

    @contextmanager
    def query(
        self, text: str, *, scope: GraphScope, formats: tuple[Format, Format], budget: Budget
    ) -> Iterator[MemoryAnswer]:
        store = Store()
        for name, (tier, triples) in self.held.items():
            graphs = [name] if tier is None else [name, self.identifiers.tier_graph(tier)]
            for quad in parse(triples, RdfFormat.N_TRIPLES):
                store.extend(Quad(quad.subject, quad.predicate, quad.object, NamedNode(g)) for g in graphs)
        results = store.query(
            text,
            default_graph=[NamedNode(g) for g in scope.default],
            named_graphs=[NamedNode(g) for g in scope.named],
        )
        if isinstance(results, QueryTriples):
            yield MemoryAnswer(formats[1], self.generation(), results.serialize(format=formats[1].rdf))
        else:
            assert isinstance(results, QuerySolutions)
            yield MemoryAnswer(formats[0], self.generation(), results.serialize(format=formats[0].results))

    def file(self, name: str) -> bytes | None:
        return self.files.get(name)

    def apply(self, change: Change) -> Generation:
        if self.interloper is not None:
            other, self.interloper = self.interloper, None
            self.apply(replace(other, base=None))
        if change.base is not None and change.base != self.number:
            raise Conflict("another change came first")
        for content in change.put:
            triples = content.triples.read_bytes() if isinstance(content.triples, Path) else content.triples
            self.held[content.graph] = (content.tier, triples)
            self.about[content.graph] = (content.owner, f"v{self.number}")
        for name in change.remove:
            self.held.pop(name, None)
        for name, data in change.files.items():
            if data is None:
                self.files.pop(name, None)
            else:
                self.files[name] = data.read_bytes() if isinstance(data, Path) else data
        self.number += 1
        return self.generation()

    def close(self) -> None:
        """Nothing to end."""
