"""The reader of SPARQL JSON results: what it takes and what it refuses."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.sparql.results import MalformedResults, Results, Term, read_json_results


def _answer(*bindings: object, names: object = ("x",)) -> bytes:
    return json.dumps({"head": {"vars": names}, "results": {"bindings": bindings}}).encode()


def test_solutions() -> None:
    """Every kind of term is read, an unbound variable is absent."""
    data = _answer(
        {
            "a": {"type": "uri", "value": "http://x"},
            "b": {"type": "bnode", "value": "b0"},
            "c": {"type": "literal", "value": "l"},
        },
        {
            "a": {"type": "literal", "value": "l", "xml:lang": "EN"},
            "c": {"type": "typed-literal", "value": "1", "datatype": "http://t"},
        },
        {},
        names=["a", "b", "c"],
    )
    results = read_json_results(data)
    assert results.variables == ("a", "b", "c")
    assert results.boolean is None
    assert [[f"{k}={t.n3}" for k, t in row.items()] for row in results.rows] == [
        ["a=<http://x>", "b=_:b0", 'c="l"'],
        ['a="l"@en', 'c="1"^^<http://t>'],
        [],
    ]


def test_boolean() -> None:
    """The answer of an ASK."""
    assert read_json_results(b'{"head":{},"boolean":true}') == Results((), (), True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html></html>",
        b"[]",
        b"[" * 100_000,
        b"{}",
        b'{"head":{}}',
        b'{"head":[],"boolean":true}',
        b'{"head":{},"boolean":"true"}',
        b'{"head":{"vars":"x"},"results":{"bindings":[]}}',
        b'{"head":{"vars":["x"]},"results":[]}',
        b'{"head":{"vars":["x"]},"results":{"bindings":{}}}',
        _answer("x"),
        _answer({"y": {"type": "uri", "value": "http://x"}}),
        _answer({"x": "http://x"}),
        _answer({"x": {"type": "uri"}}),
        _answer({"x": {"type": "uri", "value": 1}}),
        _answer({"x": {"type": "iri", "value": "http://x"}}),
        _answer({"x": {"type": "literal", "value": "a", "xml:lang": 1}}),
        _answer({"x": {"type": "uri", "value": "http://x"}})[:-3],
        b"\xff\xfe",
    ],
)
def test_everything_else_is_refused(data: bytes) -> None:
    """What the Recommendation does not allow, a cut answer included, is no answer."""
    with pytest.raises(MalformedResults):
        read_json_results(data)


def test_size_is_bounded() -> None:
    """More bytes than allowed are not parsed."""
    with pytest.raises(MalformedResults, match="more than the 10"):
        read_json_results(_answer(), max_bytes=10)


@given(st.text(), st.sampled_from([None, "en", "fr"]))
def test_what_the_store_writes_is_read(value: str, language: str | None) -> None:
    """A literal comes back from the store's JSON as it went in."""
    store = ox.Store()
    literal = ox.Literal(value, language=language) if language else ox.Literal(value)
    store.add(ox.Quad(ox.NamedNode("http://s"), ox.NamedNode("http://p"), literal))
    data = store.query("SELECT ?o { ?s ?p ?o }").serialize(format=ox.QueryResultsFormat.JSON)
    assert data is not None
    assert read_json_results(data).rows == ({"o": Term("literal", value, language)},)
