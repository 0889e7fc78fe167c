"""Summaries are believed only when they are whole."""

from __future__ import annotations

import json

import pytest

from node.federation.summaries import Summary, read_summary_file, read_void

VOID = "http://rdfs.org/ns/void#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
ENDPOINT = "http://n.example/sparql"


def void(**changes: str) -> str:
    """A description of 5 triples: 2 with p, 3 types of 2 classes."""
    number = '"{}"^^<http://www.w3.org/2001/XMLSchema#integer>'.format
    lines = {
        "endpoint": f"<http://n/v#d> <{VOID}sparqlEndpoint> <{ENDPOINT}> .",
        "title": f'<http://n/v#d> <http://purl.org/dc/terms/title> "<http://n/v#d> <{VOID}triples> \\"9\\" ." .',
        "triples": f"<http://n/v#d> <{VOID}triples> {number(5)} .",
        "first": f"<http://n/v#d> <{VOID}propertyPartition> <http://n/v#p0> .",
        "second": f"<http://n/v#d> <{VOID}propertyPartition> _:b .",
        "p": f"<http://n/v#p0> <{VOID}property> <http://p> .",
        "p count": f"<http://n/v#p0> <{VOID}triples> {number(2)} .",
        "type": f"_:b <{VOID}property> <{TYPE}> .",
        "type count": f"_:b <{VOID}triples> {number(3)} .",
        "class a": f"<http://n/v#d> <{VOID}classPartition> <http://n/v#c0> .",
        "class a is": f"<http://n/v#c0> <{VOID}class> <http://a> .",
        "class a count": f"<http://n/v#c0> <{VOID}entities> {number(1)} .",
        "class b": f"<http://n/v#d> <{VOID}classPartition> <http://n/v#c1> .",
        "class b is": f"<http://n/v#c1> <{VOID}class> <http://b> .",
        "class b count": f"<http://n/v#c1> <{VOID}entities> {number(2)} .",
    }
    return "\n".join((lines | changes).values()) + "\n"


def test_a_whole_description_is_read() -> None:
    """Counts by predicate and class, with the version it came with."""
    summary = read_void(void(), ENDPOINT, '"v1"')
    assert summary == Summary(5, {"http://p": 2, TYPE: 3}, {"http://a": 1, "http://b": 2}, '"v1"')
    assert summary.count(None) == 5
    assert summary.count("http://p") == 2
    assert summary.count("http://q") == 0
    assert summary.count(TYPE) == 3
    assert summary.count(TYPE, "http://b") == 2
    assert summary.count(TYPE, "http://c") == 0


def test_an_empty_node_is_known_to_be_empty() -> None:
    """No triples is also something to know."""
    text = f'<http://n/v#d> <{VOID}sparqlEndpoint> <{ENDPOINT}> .\n<http://n/v#d> <{VOID}triples> "0" .\n'
    summary = read_void(text, ENDPOINT, "v")
    assert summary is not None
    assert summary.count("http://p") == 0


@pytest.mark.parametrize(
    "missing", ["endpoint", "triples", "first", "second", "p", "p count", "class a", "class b count"]
)
def test_a_description_with_gaps_is_not_believed(missing: str) -> None:
    """What does not add up may hide data, so it counts as no summary."""
    assert read_void(void(**{missing: ""}), ENDPOINT, "v") is None


def test_a_description_of_something_else_is_not_believed() -> None:
    """It must name this endpoint."""
    assert read_void(void(), "http://other.example/sparql", "v") is None
    assert read_void("", ENDPOINT, "v") is None


def test_the_summary_file_of_a_generation() -> None:
    """The node's own file has the same counts as JSON; anything else is no summary."""
    data = {"triples": 2, "predicates": {"http://p": 2}, "classes": {}}
    assert read_summary_file(json.dumps(data).encode(), "g") == Summary(2, {"http://p": 2}, {}, "g")
    for bad in (b"", b"[]", b"{}", b'{"triples": 1, "predicates": [], "classes": {}}'):
        assert read_summary_file(bad, "g") is None
