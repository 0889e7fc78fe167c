"""Members that change between queries, or in the middle of one: never an answer from what they held before."""

from __future__ import annotations

from random import Random

import pyoxigraph as ox
import pytest
from merged_store import StoreSource, evaluate_in_memory, expected, federated_by, merge, same
from random_queries import QueryMaker, random_members

from node.errors import NodeError
from node.federation.execution import Execution
from node.federation.members.versions import Changed, Patience, Versions
from node.sparql.parser import parse_query

EX = "http://ex.org/"


def store_of(*triples: tuple[str, str, str]) -> ox.Store:
    """A store with these triples; the terms are local names."""
    store = ox.Store()
    store.extend(ox.Quad(*(ox.NamedNode(EX + name) for name in triple)) for triple in triples)
    return store


def test_a_member_that_was_pruned_is_looked_at_before_the_answer_goes_out() -> None:
    """It held nothing of the predicate when it was last asked, and does now."""
    first = StoreSource("first", store_of(("a", "p", "b")), remembers=True)
    other = StoreSource("other", store_of(("a", "q", "b")), remembers=True)
    text = f"SELECT * {{ ?s <{EX}p> ?o }}"
    execution = Execution(evaluate_in_memory, cache_bytes=1 << 20)
    try:
        assert len(federated_by(execution, [first, other], text)[0]) == 1
        other.change(store_of(("c", "p", "d")))
        assert len(federated_by(execution, [first, other], text)[0]) == 2
        first.change(store_of())
        assert len(federated_by(execution, [first, other], text)[0]) == 1
    finally:
        execution.close()


class Restless(StoreSource):
    """Holds other data each time that it has answered, for ``changes`` times."""

    changes = 0
    held: tuple[ox.Store, ...] = ()

    def change(self, store: ox.Store) -> None:
        self.held = (*self.held, self.store, store)
        super().change(store)

    def select(self, text, columns, meter):  # type: ignore[no-untyped-def]
        table = super().select(text, columns, meter)
        if self.changes:
            self.changes -= 1
            self.change(store_of(("a", "p", f"b{self.version}"), (f"b{self.version}", "q", "c")))
        return table


@pytest.mark.parametrize("changes", [1, 2, 3, 20])
def test_a_member_that_changes_while_it_is_asked(changes: int) -> None:
    """Planned again until it stays as it is; one that never does is asked for everything, and the query ends."""
    restless = Restless("restless", store_of(("a", "p", "b0"), ("b0", "q", "c")), remembers=True)
    restless.changes = changes
    other = StoreSource("other", store_of(("x", "r", "y"), ("a", "p", "z"), ("z", "q", "c")), remembers=True)
    text = f"SELECT * {{ ?s <{EX}p> ?o . ?o <{EX}q> ?x }}"
    execution = Execution(evaluate_in_memory, cache_bytes=1 << 20)
    try:
        rows = federated_by(execution, [restless, other], text)[0]
    finally:
        execution.close()
    if changes <= 2:
        # All of one instant, though both patterns are asked for at once.
        assert any(same(rows, expected(merge([store, other.store]), text)) for store in restless.held)
    # Two plans that came to nothing, one that holds it to nothing: it is not asked without end.
    assert len(restless.requests) <= 8


@pytest.mark.parametrize("seed", range(60))
def test_whatever_changed_between_queries(seed: int) -> None:
    """Random members whose data is exchanged under summaries and parts that are kept: answers are of the data now."""
    random = Random(seed)
    maker = QueryMaker(random)
    sources = [StoreSource(f"m{i}", store, remembers=True) for i, store in enumerate(random_members(random))]
    execution = Execution(evaluate_in_memory, cache_bytes=1 << 20)
    asked = 0
    try:
        while asked < 6:
            for source, store in zip(sources, random_members(random), strict=True):
                if random.random() < 0.4:
                    source.change(store)
            text = maker.query()
            try:
                parse_query(text)
                wanted = expected(merge([source.store for source in sources]), text)
            except (NodeError, SyntaxError):
                continue
            asked += 1
            if "LIMIT" not in text and "OFFSET" not in text:
                assert same(federated_by(execution, sources, text)[0], wanted), text
            else:
                federated_by(execution, sources, text)
    finally:
        execution.close()


def test_versions_and_patience() -> None:
    """What was seen before the query came is to be seen again; what differs is a change; who changes loses credit."""
    versions = Versions(since=10.0)
    versions.plan("old", "v1", 9.0)
    versions.plan("new", "v1", 11.0)
    assert versions.unseen() == ["old"]
    versions.saw("old", None)
    assert versions.unseen() == ["old"]
    versions.saw("old", "v1")
    versions.saw("stranger", "v9")
    versions.require()
    versions.saw("new", "v2")
    with pytest.raises(Changed) as change:
        versions.require()
    patience = Patience()
    patience.changed(change.value.names)
    assert "new" not in patience
    patience.changed(["new"])
    assert "new" in patience
    assert "old" not in patience
