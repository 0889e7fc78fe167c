"""The suite itself: that its comparison sees differences, its ledger names tests, its report can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from tests.conformance import ledger
from tests.conformance.comparison import Graph, Result, Solutions, Table, received, same
from tests.conformance.conftest import suite
from tests.conformance.earl import EARL, Report
from tests.conformance.judging import Judge

A, B, P = NamedNode("urn:a"), NamedNode("urn:b"), NamedNode("urn:p")
XSD = "http://www.w3.org/2001/XMLSchema#"


def number(text: str, datatype: str) -> Literal:
    """A typed literal."""
    return Literal(text, datatype=NamedNode(XSD + datatype))


def solutions(*values: NamedNode | BlankNode | Literal | None) -> Solutions:
    """Rows of one variable; None leaves it unbound."""
    return Solutions(("x",), tuple({} if value is None else {"x": value} for value in values))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, True),
        (solutions(A, B), solutions(B, A)),
        (solutions(BlankNode("m"), BlankNode("n")), solutions(BlankNode("s"), BlankNode("t"))),
        (solutions(number("01.50", "decimal")), solutions(number("1.5", "decimal"))),
        (solutions(number("1e3", "double")), solutions(number("1000", "double"))),
        (solutions(number("1", "boolean")), solutions(number("true", "boolean"))),
        (solutions(Literal("a", language="en-GB")), solutions(Literal("a", language="en-gb"))),
        (Graph(frozenset({Triple(BlankNode("m"), P, A)})), Graph(frozenset({Triple(BlankNode("n"), P, A)}))),
        (Table(("x", "y"), (("1", "2"),)), Table(("y", "x"), (("2", "1"),))),
        (Table(("x",), (("_:m",), ("_:n",))), Table(("x",), (("_:s",), ("_:t",)))),
    ],
)
def test_same(one: Result, other: Result) -> None:
    """Order, names of blank nodes and the spelling of numbers make no difference."""
    assert same(one, other, ordered=False)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, False),
        (True, solutions()),
        (solutions(A), solutions(B)),
        (solutions(A, A), solutions(A)),
        (solutions(A, A, B), solutions(A, B, B)),
        (solutions(None), solutions()),
        (solutions(BlankNode("m"), BlankNode("m")), solutions(BlankNode("s"), BlankNode("t"))),
        (solutions(number("1", "integer")), solutions(number("1", "decimal"))),
        (solutions(Literal("1.0")), solutions(Literal("1"))),
        (solutions(Literal("a", language="en")), solutions(Literal("a"))),
        (Solutions(("x", "y"), ()), Solutions(("x",), ())),
        (Graph(frozenset({Triple(A, P, BlankNode("m"))})), Graph(frozenset({Triple(A, P, A)}))),
        (Table(("x",), (("1",),)), Table(("x",), (("1.0",),))),
        (Table(("x",), (("_:m",), ("_:m",))), Table(("x",), (("_:s",), ("_:t",)))),
    ],
)
def test_different(one: Result, other: Result) -> None:
    """Terms, multiplicity, unbound variables and which blank nodes are one do."""
    assert not same(one, other, ordered=False)


def test_order() -> None:
    """Where a query orders its solutions, so does the comparison."""
    assert same(solutions(A, B), solutions(A, B), ordered=True)
    assert not same(solutions(A, B), solutions(B, A), ordered=True)


def test_skolem_iris_are_blank_nodes_again() -> None:
    """An IRI that stands for a blank node is read as one, in every format."""

    def back(iri: str) -> NamedNode | BlankNode:
        return BlankNode("b") if iri == "http://h/genid/b" else NamedNode(iri)

    tsv = received("text/tab-separated-values", b"?x\n<http://h/genid/b>\n", back)
    csv = received("text/csv; charset=utf-8", b"x\r\nhttp://h/genid/b\r\n", back)
    assert tsv == solutions(BlankNode("b"))
    assert csv == Table(("x",), (("_:b",),))


@pytest.mark.shared
def test_ledger_names_tests(shared: Path) -> None:
    """Every entry of a ledger is a test that runs at its endpoint."""
    found = suite()
    assert found is not None
    federated = {case.iri for case in found.cases if case.kind == "evaluation"}
    queries = {case.iri for case in found.cases if "update" not in case.kind}
    updates = {case.iri for case in (*found.updates, *found.cases)} - queries
    protocol = {case.iri for case in found.protocol}
    assert ledger.NODE.keys() <= {*queries, *protocol, *found.descriptions}
    assert ledger.UPDATE.keys() <= updates | protocol
    assert ledger.GRAPH_STORE.keys() <= {case.iri for case in found.graph_store}
    assert ledger.FEDERATION.keys() <= federated


@pytest.mark.shared
def test_every_test_is_run_or_left_out(shared: Path) -> None:
    """The numbers of the reference: nothing in the manifests gets lost."""
    found = suite()
    assert found is not None
    run = (found.cases, found.updates, found.protocol, found.graph_store, found.descriptions)
    assert [len(tests) for tests in run] == [411, 94, 34, 13, 3]
    assert len(found.left_out) == 88


def test_stale_ledger_fails() -> None:
    """A test that passes although the ledger says it fails is an error."""
    judge = Judge("sparql", {"urn:test": "it fails"}, Report())
    with pytest.raises(AssertionError, match="stale ledger"):
        judge.judge("urn:test", lambda: None)
    with pytest.raises(pytest.xfail.Exception):
        judge.judge("urn:test", _fail)
    with pytest.raises(AssertionError, match="wrong answer"):
        judge.judge("urn:other", _fail)


def test_report(tmp_path: Path) -> None:
    """The report is Turtle with an assertion for each outcome."""
    report = Report()
    report.add("sparql", "urn:one", passed=True)
    report.add("sparql", "urn:two", passed=False, note="why")
    report.leave_out("sparql", "urn:three", "why")
    report.write(tmp_path / "earl.ttl")
    triples = [quad.triple for quad in parse(path=tmp_path / "earl.ttl", format=RdfFormat.TURTLE)]
    outcomes = sorted(str(t.object) for t in triples if t.predicate.value == EARL + "outcome")
    assert outcomes == [f"<{EARL}failed>", f"<{EARL}passed>", f"<{EARL}untested>"]


def _fail() -> None:
    raise AssertionError("wrong answer")
