"""A summary that follows a graph triple by triple says what one counted anew says, and never too little."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from node.rdf.namespaces import RDF_TYPE
from node.rdf.spaces import Spaces, namespace
from node.store import summary as module
from node.store.summary import Summary

GRAPH = NamedNode("http://n.example/graph/public")
HOSTS = ("http://a.example/", "http://b.example/x/", "urn:c:")
IRIS = [
    NamedNode(f"{host}{path}{local}") for host in HOSTS for path in ("", "p/", "p/q/") for local in ("1", "N_2", "M_3")
]
PREDICATES = [NamedNode(RDF_TYPE), NamedNode("http://v.example/p"), NamedNode("http://v.example/q")]
OBJECTS = [*IRIS, Literal("1"), Literal(1), Literal("a", language="en")]

triples = st.tuples(st.sampled_from(IRIS), st.sampled_from(PREDICATES), st.sampled_from(OBJECTS))
histories = st.lists(st.tuples(st.booleans(), triples), max_size=60)


def followed(history: list[tuple[bool, Any]]) -> tuple[Store, Summary]:
    """The graph after these additions (True) and deletions, and the summary that has followed, written and read."""
    store, summary = Store(), Summary({}, {})

    def look(s: Any, p: Any, o: Any) -> Any:
        return store.quads_for_pattern(s, p, o, GRAPH)

    for added, (s, p, o) in history:
        quad = Quad(s, p, o, GRAPH)
        if added and quad not in store:
            store.add(quad)
            summary.adjust(quad, 1, look)
        elif not added and quad in store:
            store.remove(quad)
            summary.adjust(quad, -1, look)
        summary = Summary.read(summary.write())
    summary.complete(store, GRAPH.value)
    return store, summary


@settings(max_examples=150, deadline=None)
@given(histories)
def test_following_is_counting_anew(history: list[tuple[bool, Any]]) -> None:
    """Where nothing was ever too much, the two are the same to the last number."""
    store, summary = followed(history)
    assert json.loads(summary.write()) == json.loads(Summary.of(store, GRAPH.value).write())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_what_was_too_much_still_covers_everything(
    monkeypatch: pytest.MonkeyPatch, history: list[tuple[bool, Any]]
) -> None:
    """With room for two namespaces and two values: prefixes are fewer and shorter, and every term has one."""
    monkeypatch.setattr(module, "SPACES", 2)
    monkeypatch.setattr(module, "VALUES", 2)
    store, summary = followed(history)
    anew = Summary.of(store, GRAPH.value)
    assert summary.values() == anew.values()
    for predicate, details in summary.details.items():
        fresh = anew.details[predicate]
        for name in ("triples", "subjects", "objects", "literals", "listed"):
            assert getattr(details, name) == getattr(fresh, name), (predicate, name)
        found = list(store.quads_for_pattern(None, NamedNode(predicate), None, GRAPH))
        for counted, terms in (
            (details.subject_spaces, [q.subject for q in found]),
            (details.object_spaces, [q.object for q in found if isinstance(q.object, NamedNode)]),
        ):
            assert len(counted.counts) <= 2
            assert sum(counted.counts.values()) == len(terms)
            assert all(any(t.value.startswith(space) for space in counted.counts) for t in terms)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("iri", "space"),
    [
        ("http://purl.obolibrary.org/obo/NCIT_C4017", "http://purl.obolibrary.org/obo/NCIT_"),
        ("http://n.example/sample/d/s1", "http://n.example/sample/d/"),
        ("http://n.example/v#name", "http://n.example/v#"),
        ("urn:uuid:1-2", "urn:uuid:"),
        ("http://n.example", "http://"),
        ("http://n.example/", "http://n.example/"),
        ("http://n.example/2_3", "http://n.example/"),
    ],
)
def test_the_namespace_of_an_iri(iri: str, space: str) -> None:
    """Up to the last separator, and the identifier space of OBO's names."""
    assert namespace(iri) == space


def test_too_many_namespaces_lose_their_last_steps() -> None:
    """All are cut alike, as often as it takes; what is taken away is found under what it was counted under."""
    spaces = Spaces(2)
    for space in ("http://a/x/1/", "http://a/x/2/", "http://b/"):
        spaces.adjust(space, 1)
    assert spaces.counts == {"http://a/x/": 2, "http://b/": 1}
    spaces.adjust("http://a/x/3/", 5)
    spaces.adjust("http://b/", -1)
    assert spaces.counts == {"http://a/x/": 7}
    for host in "cd":
        spaces.adjust(f"http://{host}/", 1)
    assert spaces.counts == {"": 9}
