"""Rows as bytes: whatever way a term comes, it is the same cell, and it loads as the term it was."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.federation.calling.rows import Shape, Table, cell, merged, read_json, read_tsv
from node.sparql.results import MalformedResults, Term
from node.sparql.terms import literal_term

XSD = "http://www.w3.org/2001/XMLSchema#"
S, P = ox.NamedNode("http://s"), ox.NamedNode("http://p")


def _types() -> st.SearchStrategy[str]:
    return st.sampled_from(["integer", "decimal", "double", "boolean", "date", "int", "string", "anyURI"])


def _literals() -> st.SearchStrategy[ox.Literal]:
    lexical = st.one_of(
        st.text(max_size=8), st.sampled_from(["1", "-01", "1.5", ".5", "1e5", "true", "INF", "1.", "0"])
    )
    typed = st.builds(lambda v, t: ox.Literal(v, datatype=ox.NamedNode(XSD + t)), lexical, _types())
    return st.one_of(typed, st.builds(lambda v: ox.Literal(v, language="en-GB"), st.text(max_size=8)))


@given(st.lists(_literals(), max_size=6))
def test_tsv_and_json_give_the_same_cells_and_load_as_the_same_terms(literals: list[ox.Literal]) -> None:
    """TSV with its short forms and JSON are read into equal cells; as N-Triples these are the store's terms again."""
    store = ox.Store()
    store.extend(ox.Quad(S, P, literal) for literal in literals)
    query = "SELECT ?s ?o { ?s ?p ?o }"
    tsv = store.query(query).serialize(format=ox.QueryResultsFormat.TSV) or b""
    json = store.query(query).serialize(format=ox.QueryResultsFormat.JSON) or b""
    first, second = read_tsv(tsv, ("s", "o")), read_json(json, ("s", "o"))
    assert sorted(first.rows()) == sorted(second.rows())
    loaded = ox.Store()
    loaded.load(Shape("s", b"<http://p>", "o").statements(first), format=ox.RdfFormat.N_TRIPLES)
    assert set(loaded) == set(store)


@given(st.lists(_literals(), min_size=1, max_size=6))
def test_cells_stand_in_a_values_block(literals: list[ox.Literal]) -> None:
    """A cell sent back in VALUES finds the term it came from."""
    store = ox.Store()
    store.extend(ox.Quad(S, P, literal) for literal in literals)
    table = read_tsv(store.query("SELECT ?o { ?s ?p ?o }").serialize(format=ox.QueryResultsFormat.TSV) or b"", ("o",))
    values = b" ".join(table.values("o")).decode()
    found = store.query(f"SELECT (COUNT(*) AS ?n) {{ VALUES ?o {{ {values} }} ?s ?p ?o }}")
    assert next(iter(found))["n"].value == str(len(store))


@given(st.text(max_size=8), st.sampled_from([None, "en", "pt-BR"]))
def test_a_cell_of_a_term_is_what_the_store_would_send(value: str, language: str | None) -> None:
    """Constants of a query compare with fetched cells as bytes."""
    store = ox.Store()
    store.add(ox.Quad(S, P, ox.Literal(value, language=language) if language else ox.Literal(value)))
    table = read_tsv(store.query("SELECT ?o { ?s ?p ?o }").serialize(format=ox.QueryResultsFormat.TSV) or b"", ("o",))
    assert table.values("o") == {cell(literal_term(value, language=language))}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"?s\t?o",
        b"?o\t?s\n<a:s>\t<a:o>\n",
        b"?s\n<a:s>\n",
        b"?s\t?o\n<a:s>\t<a:o>",
        b"?s\t?o\n<a:s>\n",
        b"?s\t?o\n<a:s>\t\n",
        b"?s\t?o\n<a:s>\t<a:o>\t<a:x>\n",
        b"?s\t?o\n<a:s>\t<a:o\n",
        b'?s\t?o\n<a:s>\t"abc\n',
        b"?s\t?o\n<a:s>\tabc\n",
        b"?s\t?o\n<a s>\t<a:o>\n",
        b"<html><body>not found</body></html>\n",
    ],
)
def test_tsv_that_is_not_is_refused(data: bytes) -> None:
    """A cut line, a missing cell, other columns, HTML: none of it is taken for an answer."""
    with pytest.raises(MalformedResults):
        read_tsv(data, ("s", "o"))


def test_json_that_is_not_is_refused() -> None:
    """A row without a value and a boolean are no rows."""
    with pytest.raises(MalformedResults, match="without a value"):
        read_json(b'{"head":{"vars":["s"]},"results":{"bindings":[{}]}}', ("s",))
    with pytest.raises(MalformedResults, match="boolean"):
        read_json(b'{"head":{},"boolean":true}', ("s",))


@pytest.mark.parametrize(
    ("shape", "columns", "body", "wanted"),
    [
        (Shape("s", b"<p>", "o"), ("s", "o"), b"<a>\t<b>\n<c>\t1\n", b"<a> <p> <b> .\n<c> <p> 1 .\n"),
        (Shape("s", "p", "o"), ("s", "p", "o"), b"<a>\t<b>\t<c>\n", b"<a> <b> <c> .\n"),
        (Shape(b"<s>", "p", "o"), ("p", "o"), b"<b>\t<c>\n<d>\t<e>\n", b"<s> <b> <c> .\n<s> <d> <e> .\n"),
        (Shape("s", "p", b"<o>"), ("s", "p"), b"<a>\t<b>\n", b"<a> <b> <o> .\n"),
        (Shape(b"<s>", b"<p>", "o"), ("o",), b"<a>\n<b>\n", b"<s> <p> <a> .\n<s> <p> <b> .\n"),
        (Shape("s", b"<p>", "s"), ("s",), b"<a>\n<b>\n", b"<a> <p> <a> .\n<b> <p> <b> .\n"),
        (Shape("s", b"<p>", "o", "g"), ("s", "o", "g"), b"<a>\t<b>\t<g>\n", b"<a> <p> <b> <g> .\n"),
        (Shape("s", b"<p>", "o", b"<g>"), ("s", "o"), b"<a>\t<b>\n", b"<a> <p> <b> <g> .\n"),
        (Shape("s", "p", "o", "g"), ("s", "p", "o", "g"), b"<a>\t<b>\t<c>\t<d>\n", b"<a> <b> <c> <d> .\n"),
        (Shape("s", b"<p>", "o"), ("s", "o"), b"", b""),
    ],
)
def test_statements(shape: Shape, columns: tuple[str, ...], body: bytes, wanted: bytes) -> None:
    """Each shape puts columns and constants where they belong."""
    assert shape.statements(Table(columns, body)) == wanted


def test_filtering_values_and_blank_nodes() -> None:
    """Rows are kept by their cells; blank nodes are told apart from what only looks like one."""
    table = Table(("s", "o"), b'<a>\t<x>\n_:b\t<x>\n<a>\t"_:z"\n<c>\t_:b\n')
    assert len(table) == 4
    assert table.values("s") == {b"<a>", b"_:b", b"<c>"}
    assert table.has_blank_nodes()
    assert not Table(("o",), b'"a _:b"\n<http://x/_:y>\n').has_blank_nodes()
    plain, blank = table.split_blank()
    assert plain.body == b'<a>\t<x>\n<a>\t"_:z"\n'
    assert blank.body == b"_:b\t<x>\n<c>\t_:b\n"
    assert table.where([("s", {b"<a>"}, False)]).body == plain.body
    assert table.where([("o", {b"<x>"}, False)]).body == b"<a>\t<x>\n_:b\t<x>\n"
    assert table.where([("s", {b"<a>"}, True), ("o", {b"<x>"}, False)]).body == b"<a>\t<x>\n_:b\t<x>\n"
    assert merged([plain, blank], table.columns).body == plain.body + blank.body
    assert cell(Term("bnode", "b")) == b"_:b"
