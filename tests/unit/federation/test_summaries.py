"""Summaries are believed only when they are whole."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.config import Identity
from node.federation.members import summaries as module
from node.federation.members.summaries import Relevance, Summary, read_summary_file, read_void
from node.model.identifiers import Identifiers
from node.publishing import summary as describing
from node.publishing.summary import void_description
from node.sparql.terms import Term, iri_term
from node.store import summary as counting
from node.store.digests import whole

sys.path.append(str(Path(__file__).parent.parent / "publishing"))
from memory_store import MemoryStore

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


def test_digests_and_descriptions_of_another() -> None:
    """One digest, of the form that there is, is read. Only a replica may describe itself as its original."""
    digest, other = "0123456789abcdef" * 4, "http://standby.example/sparql"
    line = '<http://n/v#d> <https://w3id.org/onconode/vocab#contentDigest> "{}" .\n'.format

    def read(text: str) -> str | None:
        summary = read_void(text, ENDPOINT, "v1")
        assert summary is not None
        return summary.digest

    assert read(void() + line(digest)) == digest
    assert read(void()) is None
    for wrong in (line(digest[1:]), line(digest) + line(digest[::-1])):
        assert read(void() + wrong) is None
    assert read_void(void(), other, "v1") is None
    assert read_void(void(), other, "v1", standing_for=ENDPOINT) == read_void(void(), ENDPOINT, "v1")


def test_graphs_are_listed_whole_or_not_at_all() -> None:
    """What is listed has to be what the digest of all is made of."""
    graphs = {f"http://n/g{n}": f"{n:064x}" for n in range(3)}
    dataset, onco = "<http://n/v#d>", "https://w3id.org/onconode/vocab#"
    said = {
        graph: f'{dataset} <{onco}namedGraph> <{graph}> .\n<{graph}> <{onco}contentDigest> "{digest}" .\n'
        for graph, digest in graphs.items()
    }

    def read(text: str) -> tuple[str | None, Mapping[str, str] | None]:
        summary = read_void(void() + f'{dataset} <{onco}contentDigest> "{whole(graphs)}" .\n' + text, ENDPOINT, "v1")
        assert summary is not None
        return summary.digest, summary.graphs

    assert read("".join(said.values())) == (whole(graphs), graphs)
    for left in graphs:
        assert read("".join(text for graph, text in said.items() if graph != left)) == (whole(graphs), None)
    assert read("".join(said.values()).replace(f"{1:064x}", f"{9:064x}"))[1] is None
    assert read("".join(said.values()) + f'<http://n/g0> <{onco}contentDigest> "{9:064x}" .\n')[1] is None
    assert read("")[1] is None


def test_a_node_lists_its_graphs_unless_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the digests that its store keeps of them."""
    identifiers = Identifiers("http://n.example/")
    store = MemoryStore(identifiers)
    made = counting.Summary({}, {})
    made.graphs = {f"http://n.example/graph/{n}": f"{n:064x}" for n in range(3)}
    made.digest = whole(made.graphs)
    store.files["summary.json"] = made.write()

    def read() -> Mapping[str, str] | None:
        text = void_description(store, identifiers, Identity(base_iri=identifiers.base)).decode()
        summary = read_void(text, ENDPOINT, "v")
        assert summary is not None
        assert summary.digest == made.digest
        return summary.graphs

    assert read() == made.graphs
    filed = read_summary_file(store.files["summary.json"], "v")
    assert filed is not None
    assert filed.graphs == made.graphs
    monkeypatch.setattr(describing, "_GRAPHS", 2)
    assert read() is None


def test_a_node_with_too_many_names_does_not_list_them(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody would keep the description; the log says what it means."""
    identifiers = Identifiers("http://n.example/")
    store = MemoryStore(identifiers)
    store.files["summary.json"] = counting.Summary({f"http://p{n}": 1 for n in range(3)}, {}).write()

    def described() -> bytes:
        return void_description(store, identifiers, Identity(base_iri=identifiers.base))

    assert b"http://p1" in described()
    assert not caplog.records
    monkeypatch.setattr(describing, "NAMES", 2)
    text = described()
    assert b"http://p1" not in text
    assert b'properties> "3"' in text
    assert read_void(text.decode(), ENDPOINT, "v") is None
    assert "ask this one for every pattern" in caplog.text


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


def test_a_description_with_too_many_names_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be kept, and may be of any size; what it leaves unsaid may be there."""
    summary = read_void(void(), ENDPOINT, "v")
    assert summary is not None
    names = max(len(summary.predicates), len(summary.classes))
    monkeypatch.setattr(module, "MOST_NAMES", names)
    monkeypatch.setattr(module, "MOST_OF_CLASSES", 0)
    kept = read_void(void(), ENDPOINT, "v")
    assert kept is not None
    assert kept.used is None
    monkeypatch.setattr(module, "MOST_NAMES", names - 1)
    assert read_void(void(), ENDPOINT, "v") is None


def test_the_summary_file_of_a_generation() -> None:
    """The node's own file has the same counts as JSON; anything else is no summary."""
    data = {"triples": 2, "predicates": {"http://p": 2}, "classes": {}}
    assert read_summary_file(json.dumps(data).encode(), "g") == Summary(2, {"http://p": 2}, {}, "g")
    for bad in (b"", b"[]", b"{}", b'{"triples": 1, "predicates": [], "classes": {}}'):
        assert read_summary_file(bad, "g") is None


HOSTS = ("http://a.example/", "http://b.example/x/", "urn:c:")
IRIS = [ox.NamedNode(f"{host}{path}{local}") for host in HOSTS for path in ("", "p/", "q/") for local in ("1", "N_2")]
PREDICATES = [ox.NamedNode(TYPE), ox.NamedNode("http://v.example/p"), ox.NamedNode("http://v.example/q")]
OBJECTS = [*IRIS, ox.Literal("1"), ox.Literal("a", language="en")]
TIER = "http://n.example/graph/public"

triples = st.tuples(st.sampled_from(IRIS), st.sampled_from(PREDICATES), st.sampled_from(OBJECTS))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=st.lists(triples, max_size=40), limit=st.sampled_from([2, 100]))
def test_nothing_that_is_there_is_excluded(monkeypatch: pytest.MonkeyPatch, held: list[Any], limit: int) -> None:
    """What a node says of itself in VoID, with little or much room, is what its file says; no count is too low for any
    pattern of its terms, and what is surely there is there."""
    monkeypatch.setattr(counting, "SPACES", limit)
    monkeypatch.setattr(counting, "VALUES", limit)
    tier = ox.Store()
    tier.extend(ox.Quad(*triple, ox.NamedNode(TIER)) for triple in held)
    identifiers = Identifiers("http://n.example/")
    store = MemoryStore(identifiers)
    store.files["summary.json"] = counting.Summary.of(tier, TIER).write()
    filed = read_summary_file(store.files["summary.json"], "v")
    text = void_description(store, identifiers, Identity(base_iri=identifiers.base)).decode()
    summary = read_void(text, ENDPOINT, "v")
    assert summary is not None
    assert filed is not None
    assert summary.used == filed.used or not filed.used
    unlisted = limit == 2
    for s, p, o in itertools.product([*IRIS, None], [*PREDICATES, None], [*OBJECTS, None]):
        there = sum(1 for _ in tier.quads_for_pattern(s, p, o, ox.NamedNode(TIER)))
        subject, value = (None if term is None else _term(term) for term in (s, o))
        predicate = None if p is None else p.value
        for said in (summary, filed):
            assert said.at_most(predicate, subject, value) >= there
            if predicate is not None and subject is None and value is not None and value.kind == "iri":
                assert unlisted or said.at_most(predicate, None, value) == there
            relevance = said.relevance(predicate, subject, value)
            assert (relevance is not Relevance.NO) if there else (relevance is not Relevance.YES)
        if predicate is not None:
            assert summary.distinct_subjects(predicate) == (
                filed.distinct_subjects(predicate) if predicate in filed.predicates else None
            )


def _term(term: Any) -> Term:
    if isinstance(term, ox.NamedNode):
        return iri_term(term.value)
    return Term("literal", term.value, language=term.language)
