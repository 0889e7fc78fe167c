"""Single graphs replaced, merged into and removed: conditions hold when the change happens."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from memory_store import MemoryStore

from node.errors import Conflict, NotFound, PreconditionFailed
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.publishing.graph_store import ATTEMPTS, Condition, GraphStore
from node.publishing.triples import Triples
from node.rdf.formats import NTRIPLES, TURTLE
from node.store.quads import Budget, Change, Generation, GraphContent, GraphState, Owner

BASE = "http://node.example/"
IDS = Identifiers(BASE)
G, H = "http://example.org/g", "http://example.org/h"
BUDGET = Budget(10, 1 << 30, 1 << 30)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(IDS)


@pytest.fixture
def graphs(store: MemoryStore) -> GraphStore:
    return GraphStore(store, IDS, BUDGET)  # type: ignore[arg-type]


def triples(document: str = "") -> Triples:
    found = Triples()
    found.read(document.encode(), TURTLE, base=G, source="test", pinned=BASE)
    return found


def always(_: GraphState | None) -> None:
    """No condition."""


def version(wanted: str) -> Condition:
    def check(state: GraphState | None) -> None:
        if state is None or state.version != wanted:
            raise PreconditionFailed("another version")

    return check


def lines(store: MemoryStore, graph: str) -> set[bytes]:
    return set(store.held[graph][1].splitlines())


def test_put_makes_then_replaces(graphs: GraphStore, store: MemoryStore) -> None:
    """True the first time; the operator's and open."""
    assert graphs.put(G, triples("<a> <p> 1 ."), always)
    assert not graphs.put(G, triples("<a> <p> 2 ."), always)
    assert len(lines(store, G)) == 1
    assert store.graph(G) == GraphState(Tier.PUBLIC, 1, Owner.OPERATOR, "v1")


def test_an_empty_graph_exists(graphs: GraphStore) -> None:
    """Put without a triple it is there, until it is removed."""
    assert graphs.put(G, triples(), always)
    assert not graphs.put(G, triples(), always)
    graphs.remove(G, always)
    assert graphs.state(G) is None
    with pytest.raises(NotFound):
        graphs.remove(G, always)


def test_what_is_the_same_graph_changes_nothing(graphs: GraphStore, store: MemoryStore) -> None:
    """Put again, or put back as it was got: no new generation, also where its blank nodes came by a merge."""
    graphs.put(G, triples("<a> <p> [ <q> 1 ] ."), always)
    graphs.merge(G, triples("<a> <p> [ <q> 1 ] ."), always, token="t")
    assert len(lines(store, G)) == 4
    out = io.BytesIO()
    graphs.write(G, NTRIPLES, out, BUDGET)
    number, before = store.number, store.held[G]
    assert not graphs.put(G, triples(out.getvalue().decode()), always)
    assert (store.number, store.held[G]) == (number, before)


def test_merge_adds(graphs: GraphStore, store: MemoryStore) -> None:
    """What is there stays and is not there twice; nothing new is no change."""
    assert graphs.merge(G, triples("<a> <p> 1, 2 ."), always, token="1")
    assert not graphs.merge(G, triples("<a> <p> 2, 3 ."), always, token="2")
    assert len(store.held[G][1].splitlines()) == 3
    number = store.number
    assert not graphs.merge(G, triples("<a> <p> 3 ."), always, token="3")
    assert store.number == number


def test_another_graph_changed_meanwhile(graphs: GraphStore, store: MemoryStore) -> None:
    """The change is worked out again and both are there."""
    graphs.put(G, triples("<a> <p> 1 ."), always)
    store.interloper = Change(put=(GraphContent(H, Tier.PUBLIC, b"", Owner.OPERATOR),))
    graphs.put(G, triples("<a> <p> 2 ."), version("v0"))
    assert b'"2"' in store.held[G][1]
    assert H in store.held


CHANGES: dict[str, Callable[[GraphStore, Condition], object]] = {
    "put": lambda graphs, condition: graphs.put(G, triples("<a> <p> 2 ."), condition),
    "merge": lambda graphs, condition: graphs.merge(G, triples("<a> <p> 2 ."), condition, token="t"),
    "remove": lambda graphs, condition: graphs.remove(G, condition),
}


@pytest.mark.parametrize("change", CHANGES)
def test_this_graph_changed_meanwhile(graphs: GraphStore, store: MemoryStore, change: str) -> None:
    """The condition no longer holds, and the other's change stays; in the state that is meant, it is done."""
    graphs.put(G, triples("<a> <p> 1 ."), always)
    other = b'<http://e/a> <http://e/p> "theirs" .\n'
    store.interloper = Change(put=(GraphContent(G, Tier.PUBLIC, other, Owner.OPERATOR),))
    with pytest.raises(PreconditionFailed):
        CHANGES[change](graphs, version("v0"))
    assert store.held[G][1] == other
    CHANGES[change](graphs, version("v1"))
    assert G not in store.held or store.held[G][1] != other


def test_a_merge_keeps_what_came_between(graphs: GraphStore, store: MemoryStore) -> None:
    """Without a condition, both additions are there."""
    graphs.put(G, triples("<a> <p> 1 ."), always)
    other = store.held[G][1] + b'<http://e/a> <http://e/p> "theirs" .\n'
    store.interloper = Change(put=(GraphContent(G, Tier.PUBLIC, other, Owner.OPERATOR),))
    graphs.merge(G, triples("<a> <p> 2 ."), always, token="t")
    assert len(lines(store, G)) == 3


class RestlessStore(MemoryStore):
    """Somebody else is always first."""

    tried = 0

    def apply(self, change: Change) -> Generation:
        self.tried += 1
        self.number += 1
        raise Conflict("another change came first")


def test_it_gives_up_in_the_end() -> None:
    """With an error that says to try again, not for ever."""
    store = RestlessStore(IDS)
    with pytest.raises(Conflict, match="again and again"):
        GraphStore(store, IDS, BUDGET).put(G, triples("<a> <p> 1 ."), always)  # type: ignore[arg-type]
    assert store.tried == ATTEMPTS


class LockedStore(MemoryStore):
    """Somebody holds the lock."""

    def apply(self, change: Change) -> Generation:
        raise Conflict("another process is writing")


def test_a_conflict_that_is_no_race_is_told_at_once() -> None:
    """The store's own words."""
    with pytest.raises(Conflict, match="is writing"):
        GraphStore(LockedStore(IDS), IDS, BUDGET).put(G, triples("<a> <p> 1 ."), always)  # type: ignore[arg-type]


@pytest.mark.parametrize("graph", [IDS.graph("glioma"), IDS.tier_graph(Tier.PUBLIC), IDS.tier_graph(Tier.CONTROLLED)])
def test_the_nodes_own_graphs_stay(graphs: GraphStore, store: MemoryStore, graph: str) -> None:
    """Publications and tier graphs are not changed, whatever the condition."""
    store.apply(Change(put=(GraphContent(IDS.graph("glioma"), Tier.PUBLIC, b""),)))
    with pytest.raises(Conflict, match="node itself"):
        graphs.put(graph, triples("<a> <p> 1 ."), always)
    with pytest.raises(Conflict, match="node itself"):
        graphs.merge(graph, triples("<a> <p> 1 ."), always, token="t")
    with pytest.raises((Conflict, NotFound)):
        graphs.remove(graph, always)
    assert store.number == 1


def test_the_default_graph_is_always_there(graphs: GraphStore) -> None:
    """Empty until something is put into it; removing it empties it."""
    out = io.BytesIO()
    assert graphs.write(IDS.default_graph, NTRIPLES, out, BUDGET)[0].triples == 0
    graphs.remove(IDS.default_graph, always)
    assert not graphs.put(IDS.default_graph, triples("<a> <p> 1 ."), always)
    graphs.remove(IDS.default_graph, always)
    state = graphs.state(IDS.default_graph)
    assert state is not None
    assert state.triples == 0
