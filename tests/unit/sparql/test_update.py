"""What parse_update makes of a text, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from node.errors import QuerySyntaxError, QueryTooDeep
from node.sparql.algebra import BasicGraphPattern, Group, TriplePattern, Variable
from node.sparql.cursor import MAX_EXPANSION
from node.sparql.parser import parse_query
from node.sparql.terms import iri_term
from node.sparql.update import (
    Add,
    Clear,
    Copy,
    Create,
    DeleteData,
    DeleteWhere,
    Drop,
    Graphs,
    InsertData,
    Load,
    Modify,
    Move,
    Operation,
    QuadPattern,
    Using,
    parse_update,
)

A, B, G = iri_term("http://a"), iri_term("http://b"), iri_term("http://g")
S, O = Variable("s"), Variable("o")  # noqa: E741


def only(text: str, base: str | None = None) -> Operation:
    """The one operation of a text."""
    (operation,) = parse_update(text, base).operations
    return operation


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("LOAD <http://a>", Load("http://a", None, False)),
        ("load silent <http://a> into graph <http://g>", Load("http://a", "http://g", True)),
        ("CLEAR GRAPH <http://g>", Clear("http://g", False)),
        ("CLEAR SILENT DEFAULT", Clear(Graphs.DEFAULT, True)),
        ("DROP named", Drop(Graphs.NAMED, False)),
        ("DROP ALL", Drop(Graphs.ALL, False)),
        ("CREATE SILENT GRAPH <http://g>", Create("http://g", True)),
        ("ADD <http://a> TO GRAPH <http://b>", Add("http://a", "http://b", False)),
        ("MOVE SILENT DEFAULT TO <http://b>", Move(None, "http://b", True)),
        ("COPY GRAPH <http://a> TO DEFAULT", Copy("http://a", None, False)),
    ],
)
def test_graph_management(text: str, operation: Operation) -> None:
    """Every operation on whole graphs keeps what it names and whether it is silent."""
    assert only(text) == operation


def test_data() -> None:
    """Data belongs to the graph it stands in; blank nodes are variables that begin with _:."""
    inserted = only("INSERT DATA { <http://a> <http://b> _:x . GRAPH <http://g> { _:x <http://b> <http://a> } . }")
    assert inserted == InsertData(
        (
            QuadPattern(None, TriplePattern(A, B, Variable("_:x"))),
            QuadPattern(G, TriplePattern(Variable("_:x"), B, A)),
        )
    )
    deleted = only("DELETE DATA { <http://a> <http://b> () GRAPH <http://g> { } }")
    assert isinstance(deleted, DeleteData)
    assert len(deleted.quads) == 1
    nested = only("INSERT DATA { <http://a> <http://b> [ <http://b> (1 2) ] }")
    assert isinstance(nested, InsertData)
    assert len(nested.quads) == 6


def test_delete_where() -> None:
    """DELETE WHERE is its own template, and a query that stands for itself."""
    made = only("PREFIX : <http://>\nDELETE WHERE { ?s :b ?o GRAPH :g { ?s :b :a } }")
    assert isinstance(made, DeleteWhere)
    assert made.quads == (QuadPattern(None, TriplePattern(S, B, O)), QuadPattern(G, TriplePattern(S, B, A)))
    assert made.query == "PREFIX : <http://>\nSELECT * WHERE { ?s :b ?o GRAPH :g { ?s :b :a } }"


def test_modify() -> None:
    """The parts of DELETE and INSERT, the graphs they are about, and the pattern."""
    made = only(
        "WITH <http://g> DELETE { ?s <http://b> ?o } INSERT { GRAPH ?s { ?o <http://b> [] } } "
        "USING <http://a> USING NAMED <http://b> WHERE { ?s <http://b> ?o }"
    )
    assert made == Modify(
        "http://g",
        (QuadPattern(None, TriplePattern(S, B, O)),),
        (QuadPattern(S, TriplePattern(O, B, Variable("_:b1"))),),
        Using(("http://a",), ("http://b",)),
        Group((BasicGraphPattern((TriplePattern(S, B, O),)),)),
        "SELECT * WHERE { ?s <http://b> ?o }",
    )
    inserting = only("WITH <http://g> INSERT { } WHERE { }")
    assert isinstance(inserting, Modify)
    assert (inserting.delete, inserting.insert, inserting.using) == ((), (), None)


def test_each_pattern_is_a_query_with_the_declarations_in_force() -> None:
    """A later PREFIX or BASE changes later operations only, and the texts mean what the patterns mean."""
    update = parse_update(
        "PREFIX a: <x#> PREFIX unused: <http://u>\nDELETE { a:s a:p ?o } WHERE { a:s <p> ?o };"
        "BASE <http://other/> PREFIX a: <y#> INSERT { a:s a:p ?o } WHERE { <p> a:s ?o FILTER(?o = 1) }",
        "http://base/",
    )
    for operation, predicate in zip(update.operations, ("http://base/p", "http://other/y#s"), strict=True):
        assert isinstance(operation, Modify)
        assert "unused" not in operation.query
        query = parse_query(operation.query)
        assert query.select.pattern == operation.where
        element = query.select.pattern.elements[0]
        assert isinstance(element, BasicGraphPattern)
        assert element.triples[0].predicate == iri_term(predicate)
        ox.Store().query(operation.query)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("# nothing", 0), ("PREFIX : <http://x>", 0), ("CLEAR ALL;", 1), ("CLEAR ALL; BASE <http://x>", 1),
     ("CLEAR ALL; PREFIX : <http://x> DROP GRAPH :a", 2), ("INSERT { _:a <p:p> 1 } WHERE { _:a <p:p> 1 }", 1),
     ("INSERT { _:a <p:p> 1 } WHERE { } ; INSERT { _:a <p:p> 1 } WHERE { }", 2)],
)  # fmt: skip
def test_requests(text: str, count: int) -> None:
    """A request may be empty, end in a semicolon, declare again; templates may share labels."""
    assert len(parse_update(text).operations) == count


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("SELECT * { }", 1),
        ("CLEAR ALL;; CLEAR ALL", 11),
        ("CLEAR ALL CLEAR ALL", 11),
        ("INSERT DATA { ?s <p:p> 1 }", 15),
        ("INSERT DATA { GRAPH ?g { } }", 21),
        ("DELETE DATA { <s:s> <p:p> _:x }", 27),
        ("DELETE DATA { <s:s> <p:p> (1) }", 27),
        ("DELETE WHERE { ?s <p:p> [] }", 25),
        ("DELETE { ?s <p:p> [] } WHERE { }", 19),
        ("INSERT { ?s <p:p>/<q:q> ?o } WHERE { }", 18),
        ("INSERT { ?s <p:p> ?o ?o <p:p> ?s } WHERE { }", 22),
        ("INSERT { GRAPH <g:g> { GRAPH <h:h> { } } } WHERE { }", 24),
        ("INSERT WHERE { }", 8),
        ("WITH <g:g> DELETE WHERE { }", 19),
        ("WITH <g:g> INSERT DATA { }", 19),
        ("DELETE { } USING <g:g>", 23),
        ("CREATE <g:g>", 8),
        ("LOAD <g:g> INTO <h:h>", 17),
        ("ADD ALL TO DEFAULT", 5),
        ("CLEAR <g:g>", 7),
        ("DROP GRAPH <relative>", 12),
        ("INSERT DATA { _:a <p:p> 1 }; INSERT DATA { _:a <p:p> 1 }", 44),
        ("INSERT { } WHERE { _:a <p:p> 1 }; INSERT { } WHERE { _:a <p:p> 1 }", 54),
    ],
)
def test_errors_say_where(text: str, column: int) -> None:
    """What is not an update is refused with the column at which it stops being one."""
    with pytest.raises(QuerySyntaxError) as caught:
        parse_update(text)
    assert caught.value.where is not None
    assert (caught.value.where.line, caught.value.where.column) == (1, column)


def test_services() -> None:
    """Whether a request calls other services is seen however deep it asks."""
    assert parse_update("INSERT { } WHERE { FILTER EXISTS { SERVICE <http://x> { } } }").services
    assert not parse_update("INSERT DATA { <a:a> <b:b> 'SERVICE <http://x> { }' }").services


@pytest.mark.parametrize(
    "text",
    [
        "INSERT { } WHERE " + "{" * 500 + "}" * 500,
        "INSERT DATA { <a:a> <b:b> " + "[ <b:b> " * 500 + "1" + "]" * 500 + "}",
    ],
)
def test_deep_nesting_is_a_clear_error(text: str) -> None:
    """An update may nest as deep as the caller says."""
    with pytest.raises(QueryTooDeep, match="nests deeper than 64"):
        parse_update(text)


def test_prefixes_cannot_blow_a_text_up() -> None:
    """A long prefix used often is refused before it fills the memory."""
    long = "http://" + "x" * 400_000
    names = "a:b " * (MAX_EXPANSION // len(long) + 1)
    with pytest.raises(QuerySyntaxError, match="stand for more than"):
        parse_update(f"PREFIX a: <{long}> INSERT {{ }} WHERE {{ VALUES ?x {{ {names} }} }}")


_MANIFEST = """PREFIX mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#>
PREFIX ut: <http://www.w3.org/2009/sparql/tests/test-update#>
SELECT ?kind ?update { ?t a ?kind ; mf:action ?action . OPTIONAL { ?action ut:request ?r }
  BIND(COALESCE(?r, ?action) AS ?update) }"""
_VALID = {"PositiveUpdateSyntaxTest11": True, "NegativeUpdateSyntaxTest11": False, "UpdateEvaluationTest": True}


def _w3c_updates(suite: Path) -> Iterator[tuple[Path, bool]]:
    for manifest in sorted(suite.glob("*/manifest.ttl")):
        store = ox.Store()
        store.load(path=manifest, format=ox.RdfFormat.TURTLE, base_iri=manifest.as_uri())
        rows = store.query(_MANIFEST)
        assert isinstance(rows, ox.QuerySolutions)
        for row in rows:
            kind = row["kind"].value.partition("#")[2]
            name = row["update"].value.rpartition("/")[2]
            if kind in _VALID and name.endswith(".ru"):
                yield manifest.parent / name, _VALID[kind]


@pytest.mark.shared
def test_w3c_updates(shared: Path) -> None:
    """Every update of the W3C suite that is valid parses, every other is refused."""
    checked = {True: 0, False: 0}
    for path, valid in _w3c_updates(shared / "conformance" / "sparql11"):
        text = path.read_text(encoding="utf-8")
        checked[valid] += 1
        if valid:
            for operation in parse_update(text, "http://example.org/").operations:
                if isinstance(operation, Modify):
                    assert parse_query(operation.query).select.pattern == operation.where, path
        else:
            with pytest.raises(QuerySyntaxError):
                parse_update(text, "http://example.org/")
    assert checked[True] > 100
    assert checked[False] == 13
