"""Patterns within GRAPH ?g: evaluated in each graph by itself, and what the engine makes of them otherwise."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from node.errors import QueryTooLarge
from node.sparql.graph_names import needs_graph_names, with_graph_names
from node.sparql.parser import parse_query

EX = "http://ex.org/"
DATA = """
:a :p :o . :g1 :p :g2
GRAPH :g1 { :a :p :o ; :q :g1 . :b :p :o . :g1 :p :a }
GRAPH :g2 { :c :p :g1 ; :q :a }
GRAPH :g3 { :d :r :d }
"""


def store() -> ox.Store:
    made = ox.Store()
    made.update(f"PREFIX : <{EX}> INSERT DATA {{ {DATA} }}")
    return made


def rows(text: str, *, names: bool) -> list[dict[str, str]]:
    """Solutions with local names; ``names``: graphs written down."""
    data, query = store(), parse_query(f"PREFIX : <{EX}> {text}")
    if names:
        query = with_graph_names(query, [graph.value for graph in data.named_graphs()]) or query
    found = data.query(query.text)
    variables = [v.value for v in found.variables]
    return [{v: str(row[v].value).removeprefix(EX) for v in variables if row[v] is not None} for row in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "SELECT ?g ?n { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s :p ?o } } }",
            [{"g": "g1", "n": "3"}, {"g": "g2", "n": "1"}, {"g": "g3", "n": "0"}],
        ),
        ("SELECT ?s { GRAPH ?g { ?s :p :o MINUS { ?x :p :o } } }", [{"s": "a"}, {"s": "b"}]),
        ("SELECT ?g { GRAPH ?g { } }", [{"g": "g1"}, {"g": "g2"}, {"g": "g3"}]),
        (
            "SELECT ?g ?t { GRAPH ?g { VALUES (?g ?t) { (UNDEF 1) (:g1 2) (:g9 3) } } FILTER(?t > 1) }",
            [{"g": "g1", "t": "2"}],
        ),
        ("SELECT ?g ?x { GRAPH ?g { OPTIONAL { ?x :r ?y } } }", [{"g": "g1"}, {"g": "g2"}, {"g": "g3", "x": "d"}]),
        # Within the braces ?g is not bound by them.
        ("SELECT ?s { GRAPH ?g { ?s :r ?o FILTER(!BOUND(?g)) } }", [{"s": "d"}]),
        ("SELECT ?s ?g { GRAPH ?g { ?s :q ?o OPTIONAL { ?g :p :g1 } } }", [{"s": "a", "g": "g1"}]),
        ("SELECT ?s { GRAPH ?g { [] :q ?s MINUS { [] :p [] } } }", [{"s": "g1"}, {"s": "a"}]),
        (
            "SELECT ?g ?h { GRAPH ?g { { SELECT ?h { GRAPH ?h { ?x :r ?y } } } } }",
            [{"g": f"g{i}", "h": "g3"} for i in (1, 2, 3)],
        ),
        (
            "SELECT ?s { ?s :p ?o FILTER EXISTS { GRAPH ?g { ?s :p ?z MINUS { ?x :r ?y } } } }",
            [{"s": "a"}, {"s": "g1"}],
        ),
    ],
)
def test_each_graph_by_itself(text: str, wanted: list[dict[str, str]]) -> None:
    """The solutions of section 18.6."""
    key = lambda row: sorted(row.items())  # noqa: E731 - used twice, here
    assert sorted(rows(text, names=True), key=key) == sorted(wanted, key=key)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * { GRAPH ?g { ?g ?p ?o } }",
        "SELECT * { GRAPH ?g { ?s :p ?o OPTIONAL { ?o :q ?x } FILTER(?o != :a) } }",
        "SELECT * { GRAPH ?g { { ?s :p ?o } UNION { ?s :q ?o . FILTER EXISTS { ?o :p ?z } } BIND(STR(?o) AS ?t) } }",
        "SELECT * { GRAPH ?g { ?s :p+ ?o VALUES ?o { :o } } }",
        "SELECT * { GRAPH :g1 { ?s ?p ?o MINUS { ?s :q ?x } } }",
    ],
)
def test_what_the_engine_tells_apart_is_left_as_it_is(text: str) -> None:
    """And has the same solutions either way."""
    query = parse_query(f"PREFIX : <{EX}> {text}")
    assert not needs_graph_names(query)
    assert with_graph_names(query, [f"{EX}g1"]) is None
    assert rows(text, names=False)


def test_the_engine_still_needs_it() -> None:
    """Once this fails the module can go."""
    text = "SELECT ?s { GRAPH ?g { ?s :p :o MINUS { ?x :p :o } } }"
    assert rows(text, names=False) != rows(text, names=True)


def test_without_graphs_and_with_too_many() -> None:
    """No graph, no solution; more than can be written down are a limit that says what to do."""
    query = parse_query("SELECT ?g ?n { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } }")
    none = with_graph_names(query, [])
    assert none is not None
    assert list(ox.Store().query(none.text)) == []
    with pytest.raises(QueryTooLarge, match="FROM NAMED"):
        with_graph_names(query, [f"{EX}{i}" for i in range(5_001)])


@pytest.mark.parametrize("depth", [8, 60])
def test_graphs_within_graphs_are_multiplied(depth: int) -> None:
    """A short text that would become a long one is refused before it does."""
    query = parse_query("ASK { " + "GRAPH ?g { " * depth + "?s ?p ?o MINUS { ?x ?y ?z }" + " }" * depth + " }")
    with pytest.raises(QueryTooLarge, match="FROM NAMED"):
        with_graph_names(query, [f"{EX}{i}" for i in range(5)])
    assert needs_graph_names(query)
