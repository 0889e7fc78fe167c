"""A QuadStore in memory, as far as installing vocabularies needs one: graphs and files, replaced by each change."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from node.model.access import Tier
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format
from node.store.quads import Answer, Budget, Change, Generation


class MemoryQuadStore:
    """Keeps each graph's N-Triples and each file as bytes; every change makes a generation."""

    def __init__(self) -> None:
        self.content: dict[str, tuple[Tier | None, bytes]] = {}
        self.files: dict[str, bytes] = {}
        self.changes: list[Change] = []

    def generation(self) -> Generation:
        return Generation(len(self.changes), Path())

    def graphs(self, tiers: tuple[Tier, ...]) -> tuple[str, ...]:
        return tuple(sorted(graph for graph, (tier, _) in self.content.items() if tier in tiers))

    def query(
        self, text: str, *, scope: GraphScope, formats: tuple[Format, Format], budget: Budget
    ) -> AbstractContextManager[Answer]:
        raise AssertionError("installing a vocabulary asks no queries")

    def file(self, name: str) -> bytes | None:
        return self.files.get(name)

    def apply(self, change: Change) -> Generation:
        for graph in change.remove:
            self.content.pop(graph, None)
        for put in change.put:
            data = put.triples.read_bytes() if isinstance(put.triples, Path) else put.triples
            self.content[put.graph] = (put.tier, data)
        for name, value in change.files.items():
            if value is None:
                self.files.pop(name, None)
            else:
                self.files[name] = value.read_bytes() if isinstance(value, Path) else value
        self.changes.append(change)
        return self.generation()

    def close(self) -> None:
        pass
