"""Several ``FROM`` graphs: the default graph is their RDF merge, in which a triple is once (SPARQL 1.1 Query, 13.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from pyoxigraph import QueryResultsFormat, RdfFormat, Store

from tests.integration.operated_node import Operated, operated

GRAPHS = {
    "http://e/a": "<http://e/s> <http://e/p> 1, 2 . <http://e/s> <http://e/q> <http://e/t> .",
    "http://e/b": "<http://e/s> <http://e/p> 2, 3 . <http://e/t> <http://e/q> <http://e/u>, <http://e/s> .",
    "http://e/c": "<http://e/s> <http://e/p> 2 . <http://e/x> <http://e/q> <http://e/s> .",
}
QUERIES = [
    "SELECT ?s ?o {} WHERE {{ ?s <http://e/p> ?o }}",
    "SELECT (COUNT(*) AS ?n) (SUM(?o) AS ?m) {} WHERE {{ ?s <http://e/p> ?o }}",
    "SELECT ?s (COUNT(?o) AS ?n) {} WHERE {{ ?s ?p ?o }} GROUP BY ?s",
    "SELECT ?s ?o {} WHERE {{ ?s <http://e/q>+ ?o }}",
    "SELECT ?s ?o {} WHERE {{ ?s <http://e/q>/<http://e/p> ?o }}",
    "SELECT ?a ?b {} WHERE {{ ?s <http://e/p> ?a OPTIONAL {{ ?s <http://e/p> ?b FILTER(?b > ?a) }} }}",
    "SELECT ?s {} WHERE {{ ?s ?p ?o FILTER NOT EXISTS {{ ?s <http://e/p> 3 }} }}",
    "SELECT ?s ?o {} WHERE {{ ?s ?p ?o MINUS {{ ?s <http://e/p> ?o }} }}",
    "SELECT ?g ?o {} FROM NAMED <http://e/c> WHERE {{ ?s <http://e/p> ?o GRAPH ?g {{ ?s ?p ?o }} }}",
    "SELECT ?o {} WHERE {{ ?s <http://e/p> ?o }} ORDER BY ?o LIMIT 2 OFFSET 1",
]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """A node with three graphs that share triples."""
    with operated(tmp_path_factory.mktemp("from") / "node") as made:
        for graph, triples in GRAPHS.items():
            assert made.update(f"INSERT DATA {{ GRAPH <{graph}> {{ {triples} }} }}").status == 204
        yield made


def merged(text: str, default: tuple[str, ...]) -> list[str]:
    """The rows of the engine over a default graph that really is the merge."""
    store = Store()
    for graph in default:
        store.load(GRAPHS[graph].encode(), format=RdfFormat.TURTLE)
    if "FROM NAMED" in text:
        named = "".join(f"GRAPH <{g}> {{ {GRAPHS[g]} }}\n" for g in GRAPHS if f"FROM NAMED <{g}>" in text)
        store.load(named.encode(), format=RdfFormat.TRIG)
        text = text.replace("FROM NAMED <http://e/c>", "")
    return rows(store.query(text).serialize(format=QueryResultsFormat.JSON) or b"")


def rows(body: bytes) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in json.loads(body)["results"]["bindings"])


@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("default", [("http://e/a", "http://e/b"), tuple(GRAPHS)], ids=["two", "three"])
def test_several_graphs_are_merged(node: Operated, text: str, default: tuple[str, ...]) -> None:
    """Named in the query, and named by the request."""
    expected = merged(text.format(""), default)
    clauses = " ".join(f"FROM <{graph}>" for graph in default)
    accept = {"Accept": "application/sparql-results+json"}
    asked = node.ask("GET", "sparql?" + urlencode({"query": text.format(clauses)}), headers=accept)
    assert asked.status == 200, asked.data
    assert rows(asked.data) == expected
    dataset = [("default-graph-uri", graph) for graph in default] + [("named-graph-uri", "http://e/c")]
    asked = node.ask(
        "GET", "sparql?" + urlencode([("query", text.format("")), *dataset]), operator=False, headers=accept
    )
    assert rows(asked.data) == expected


def test_a_graph_that_nobody_has_adds_nothing(node: Operated) -> None:
    """As a graph that the caller may not see."""
    text = "SELECT * FROM <http://e/a> FROM <http://e/none> FROM <http://e/c> WHERE { ?s <http://e/p> ?o }"
    asked = node.ask(
        "GET", "sparql?" + urlencode({"query": text}), headers={"Accept": "application/sparql-results+json"}
    )
    assert len(rows(asked.data)) == 2
