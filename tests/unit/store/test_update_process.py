"""The process that carries out an update: its limits, its end, and what its caller hears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from node.errors import NodeError, QueryMemoryExceeded, QuerySyntaxError, QueryTimeout
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget, Change, GraphContent, Update

IDENTIFIERS = Identifiers("http://node.example/")
BUDGET = Budget(seconds=20, memory_bytes=1_000_000_000, result_bytes=100_000_000)
Open = Callable[..., OxigraphStore]


def update(text: str) -> Update:
    return Update(text, IDENTIFIERS.base, IDENTIFIERS.default_graph, IDENTIFIERS.skolem(""))


def filled(store: OxigraphStore, number: int) -> OxigraphStore:
    content = b"".join(b'<http://x/s%d> <http://x/p> "%032d" .\n' % (n, n) for n in range(number))
    store.apply(Change(put=(GraphContent(IDENTIFIERS.graph("a"), Tier.PUBLIC, content),)))
    return store


def test_an_update_that_needs_too_much_memory_is_ended(open_store: Open) -> None:
    """Its process is; nothing has changed, and the next update works."""
    store = filled(open_store(), 1_000)
    hungry = """INSERT { <http://x/s> <http://x/p> ?c } WHERE {
        SELECT ?c { GRAPH ?g { ?a ?b ?c . ?d ?e ?f . ?h ?i ?j } } ORDER BY ?c ?f ?j }"""
    with pytest.raises(QueryMemoryExceeded):
        store.update(update(hungry), replace(BUDGET, memory_bytes=150_000_000))
    assert store.generation().number == 1
    assert store.update(update("INSERT DATA { <http://x/s> <http://x/p> 1 }"), BUDGET).number == 2


def test_much_that_is_new_needs_little_memory(open_store: Open) -> None:
    """It is loaded in parts, as large as the memory allows."""
    store = filled(open_store(), 20_000)
    copies = "INSERT { GRAPH ?c { ?s ?p ?o } } WHERE { VALUES ?c { <http://x/1> <http://x/2> } GRAPH ?g { ?s ?p ?o } }"
    store.update(update(copies), replace(BUDGET, seconds=60, memory_bytes=300_000_000))
    for graph in ("http://x/1", "http://x/2"):
        state = store.graph(graph)
        assert state is not None
        assert state.triples == 20_000


def test_errors_come_with_their_place_and_remedy(open_store: Open) -> None:
    """As if the update were carried out in this process."""
    with pytest.raises(QuerySyntaxError) as caught:
        open_store().update(update("INSERT DATA {\n <http://x/s> }"), BUDGET)
    assert caught.value.where is not None
    assert caught.value.where.line == 2


def test_what_the_evaluator_refuses_is_a_syntax_error(open_store: Open) -> None:
    """A variable that is assigned twice gets past our parser."""
    with pytest.raises(QuerySyntaxError):
        open_store().update(update("INSERT { ?x ?x ?x } WHERE { BIND (1 AS ?x) BIND (2 AS ?x) }"), BUDGET)


def test_a_failed_update_leaves_no_folder(open_store: Open, tmp_path: Path) -> None:
    """Whether it was refused or killed."""
    store = filled(open_store(), 500)
    product = "?a ?b ?d . ?e ?f ?h . ?i ?j ?k . ?l ?m ?n"
    endless = f"INSERT {{ <a:s> <a:p> ?c }} WHERE {{ SELECT (COUNT(*) AS ?c) {{ GRAPH ?g {{ {product} }} }} }}"
    for text, error in (("DROP GRAPH <http://x/none>", NodeError), (endless, QueryTimeout)):
        with pytest.raises(error):
            store.update(update(text), replace(BUDGET, seconds=2))
        assert not list((tmp_path / "data" / "generations").glob("*.building"))
