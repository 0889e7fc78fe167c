"""Stores on temporary folders, and short ways to ask them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget

IDENTIFIERS = Identifiers("http://node.example/")
PUBLIC = GraphScope((IDENTIFIERS.tier_graph(Tier.PUBLIC),))
BUDGET = Budget(seconds=20, memory_bytes=1_000_000_000, result_bytes=100_000_000)


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., OxigraphStore]]:
    """Opens stores on one data folder; closes them after the test."""
    opened: list[OxigraphStore] = []

    def make(data: Path | None = None, *, workers: int = 2, queue_seconds: float = 5, **more: float) -> OxigraphStore:
        store = OxigraphStore(
            data or tmp_path / "data", identifiers=IDENTIFIERS, workers=workers, queue_seconds=queue_seconds, **more
        )
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def ask() -> Callable[..., list[dict[str, str]]]:
    """Asks a SELECT query and gives its rows, values only."""

    def rows(store: OxigraphStore, text: str, budget: Budget = BUDGET) -> list[dict[str, str]]:
        with store.query(text, scope=PUBLIC, formats=(JSON, NTRIPLES), budget=budget) as answer:
            bindings = json.loads(b"".join(answer))["results"]["bindings"]
        return [{name: term["value"] for name, term in row.items()} for row in bindings]

    return rows
