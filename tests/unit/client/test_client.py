"""The client library over real HTTP, its errors, values and frames."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal

import pytest

from node.client import Client, Verdict
from node.client.failures import error_of
from node.client.frames import columns_of, to_pandas, to_polars, value_of
from node.errors import (
    MemberProtocolError,
    MemberTimeout,
    MemberUnavailable,
    NodeError,
    ProtocolError,
    QuerySyntaxError,
    TooManyQueries,
)
from node.rdf.namespaces import XSD
from node.sparql.terms import Term, iri_term, literal_term
from tests.integration import sparql_server
from tests.integration.sparql_server import SparqlServer, servers

TEXT = "SELECT ?s ?p ?o { ?s ?p ?o }"


@pytest.fixture
def server() -> object:
    with servers(1) as started:
        started[0].store.update(
            'INSERT DATA { <http://a> <http://p> 5 , "x"@en , "é\\t\\"" . _:b <http://p> <http://a> }'
        )
        yield started[0]


def test_rows_booleans_and_graphs(server: SparqlServer) -> None:
    """Each form as what it is."""
    with Client(server.base) as client:
        answer = client.query(TEXT)
        assert answer.variables == ("s", "p", "o")
        assert len(answer) == 4
        assert {row["o"].language for row in answer} == {None, "en"}
        assert client.query("ASK {}").boolean is True
        assert client.query("CONSTRUCT WHERE { ?s ?p 5 }").graph == (f'<http://a> <http://p> "5"^^<{XSD}integer> .\n')
        assert "<td>é\t" in (answer._repr_html_() or "")


def test_a_stream_has_the_same_rows(server: SparqlServer) -> None:
    """Term for term; one that breaks off raises."""
    with Client(server.base) as client:
        with client.stream(TEXT) as rows:
            assert rows.variables == ("s", "p", "o")
            assert rows.verdict is None
            streamed = {row["o"].n3 for row in rows if row["s"].kind == "iri"}
        assert streamed == {row["o"].n3 for row in client.query(TEXT) if row["s"].kind == "iri"}
        server.fault = sparql_server.chunks_cut
        with pytest.raises(MemberProtocolError, match="broke off"), client.stream(TEXT) as rows:
            list(rows)
        server.fault = sparql_server.html
        with pytest.raises(MemberProtocolError, match="text/html"), client.stream(TEXT) as rows:
            list(rows)


def test_failures(server: SparqlServer) -> None:
    """What a node says is wrong is raised as what it is there; what is no answer at all, as its own failure."""
    with pytest.raises(ProtocolError):
        Client("ftp://example.org/")
    with Client(server.base, seconds=0.5) as client:
        with pytest.raises(QuerySyntaxError) as caught:
            client.query("SELECT")
        assert caught.value.problem is not None
        assert caught.value.problem["type"] == "/problems/query-syntax"
        server.fault = sparql_server.hangs
        with pytest.raises(MemberTimeout):
            client.query(TEXT)
        server.fault = sparql_server.html_as_results
        with pytest.raises(MemberProtocolError):
            client.query(TEXT)
        server.close()
        with pytest.raises(MemberUnavailable):
            client.query(TEXT)


def test_problem_documents() -> None:
    """By slug, and for what is not known by status."""
    base = "https://n.example/problems/"
    where = {"line": 3, "column": 7, "source": "q", "odd": []}
    error = error_of({"type": f"{base}query-syntax", "detail": "No.", "where": where, "remedy": "Mend."}, 400, "a")
    assert isinstance(error, QuerySyntaxError)
    assert str(error) == "q, line 3, column 7: No. Mend."
    error = error_of({"type": f"{base}member-timeout", "detail": "Late.", "member": "m1"}, 504, "a")
    assert isinstance(error, MemberTimeout)
    assert error.member == "m1"
    assert isinstance(error_of({"type": f"{base}too-many-queries"}, 429, "a"), TooManyQueries)
    assert type(error_of({"type": f"{base}of-tomorrow", "title": "T"}, 418, "a")) is ProtocolError
    assert type(error_of({}, 500, "a")) is NodeError


def typed(value: str, name: str) -> Term:
    return literal_term(value, datatype=XSD + name)


def test_values_and_frames() -> None:
    """Plain values where that loses nothing; one type a column."""
    assert value_of(typed("2020-02-29", "date")) == dt.date(2020, 2, 29)
    assert value_of(typed("2020-02-29Z", "date")) == "2020-02-29Z"
    assert value_of(typed("1", "boolean")) is True
    assert value_of(typed("many", "integer")) == "many"
    assert value_of(literal_term("x", language="en")) == "x"
    rows = (
        {"a": typed("1", "integer"), "b": typed("1.50", "decimal"), "c": iri_term("http://x")},
        {"a": typed("2", "integer"), "b": typed("1e0", "double"), "c": typed("3", "integer")},
        {"b": typed("7", "integer")},
    )
    names = ("a", "b", "c")
    assert columns_of(names, rows) == {"a": [1, 2, None], "b": [1.5, 1.0, 7.0], "c": ["http://x", "3", None]}
    assert columns_of(("b",), rows[::2]) == {"b": [Decimal("1.50"), Decimal(7)]}
    frame = to_pandas(names, rows)
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame["b"].sum() == 9.5
    polar = to_polars(names, rows)
    assert polar.shape == (3, 3)
    assert polar["a"].null_count() == 1
    assert to_polars(names, ()).columns == to_pandas(names, ()).columns.tolist() == ["a", "b", "c"]


def test_verdicts() -> None:
    """The words of the federation are values of the library."""
    assert Verdict("lower bound") is Verdict.LOWER_BOUND


def test_the_library_is_light() -> None:
    """Importing it brings neither the server nor frames."""
    code = "import sys, node.client; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {
        "flask",
        "granian",
        "rdflib",
        "pandas",
        "polars",
        "node.web",
        "node.assembly",
        "node.publishing",
    }
