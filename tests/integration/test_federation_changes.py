"""Real nodes that publish while a query is under way: the answer is of before or of after, never of both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox
import pytest

from node.config import Identity, Limits, Member, Settings
from node.federation.calling.http import HttpClient
from node.federation.engine import FederationEngine
from node.federation.members.completeness import Verdict
from node.model.identifiers import Identifiers
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.results import Results, read_json_results
from node.sparql.terms import iri_term
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change
from tests.integration.hub import BASE, LOCAL, graph, rows
from tests.integration.operated_node import Operated, operated
from tests.integration.test_federation_faults import QUERIES, text_of

pytestmark = pytest.mark.slow

PREFIX = "PREFIX : <http://ex.org/> "
SAMPLES = " ".join(f":s{i} :dx :glioma ; :in :d{i % 2} ." for i in range(6))
#: What each node holds at first, and after it has published: more, less, and something else.
STATES = {
    "samples": (f"{SAMPLES} :d0 :title 'Zero' .", ":s0 :dx :glioma . :s7 :dx :lgg ; :in :d1 . :d0 :title 'Nil' ."),
    # Pruned at first by all queries that are not about titles.
    "titles": (":d1 :title 'One' .", ":d1 :title 'One' , 'Uno' . :s8 :dx :gbm ; :in :d1 . :s1 :in :d0 ."),
}


@dataclass
class Network:
    """Two real nodes that others are members of; ``now`` says which state each is in."""

    nodes: dict[str, Operated]
    engine: FederationEngine
    now: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))

    def publish(self, name: str, state: int) -> None:
        """Bring a node into a state, as one generation."""
        before, after = STATES[name][self.now[name]], STATES[name][state]
        if self.now[name] != state:
            text = f"{PREFIX} DELETE DATA {{ {before} }} ; INSERT DATA {{ {after} }}"
            assert self.nodes[name].update(text).status < 300
            self.now[name] = state

    def merged(self, text: str) -> Results:
        """What one store says that holds what all hold now."""
        store = ox.Store()
        store.load(LOCAL.encode(), format=ox.RdfFormat.N_TRIPLES)
        for name, state in self.now.items():
            store.update(f"{PREFIX} INSERT DATA {{ {STATES[name][state]} }}")
        result = store.query(text)
        if isinstance(result, ox.QueryTriples):
            return as_results(result.serialize(format=ox.RdfFormat.N_TRIPLES) or b"")
        return read_json_results(result.serialize(format=ox.QueryResultsFormat.JSON) or b"")

    def ask(self, text: str) -> tuple[Results, Verdict]:
        with self.engine.query(text, (JSON, NTRIPLES)) as answer:
            body = b"".join(answer)
            read = read_json_results if answer.format is JSON else as_results
            return read(body), answer.completeness.verdict


def as_results(triples: bytes) -> Results:
    """Triples as rows."""
    found = sorted(str(quad.triple) for quad in ox.parse(triples, format=ox.RdfFormat.N_TRIPLES))
    return Results(("t",), tuple({"t": iri_term(triple)} for triple in found))


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("changes")
    with operated(folder / "samples") as samples, operated(folder / "titles") as titles:
        nodes = {"samples": samples, "titles": titles}
        for name, node in nodes.items():
            assert node.update(f"{PREFIX} INSERT DATA {{ {STATES[name][0]} }}").status < 300
        store = OxigraphStore(folder / "data", identifiers=Identifiers(BASE), workers=1, queue_seconds=5.0)
        store.apply(Change(put=(graph("own", LOCAL),)))
        members = tuple(Member(f"{node.service.address}sparql", name) for name, node in nodes.items())
        limits = Limits(federation_seconds=20.0, queue_seconds=5.0)
        engine = FederationEngine(
            store, Identifiers(BASE), Settings(folder=folder, node=Identity(BASE), limits=limits, members=members)
        )
        try:
            yield Network(nodes, engine)
        finally:
            engine.close()
            store.close()


@pytest.mark.parametrize("moment", [1, 2])
@pytest.mark.parametrize("changing", STATES)
@pytest.mark.parametrize("query", QUERIES)
def test_publication_in_the_middle(
    network: Network, monkeypatch: pytest.MonkeyPatch, query: str, changing: str, moment: int
) -> None:
    """A node publishes right before one of the query's requests goes out, also one that the plan has no use for."""
    text = text_of(query)
    following = 1 - network.now[changing]
    before = network.merged(text)
    assert rows(network.ask(text)[0]) == rows(before)
    exchange, lock, sent = HttpClient.exchange, threading.Lock(), 0

    def publishing(client: HttpClient, *arguments: Any, **options: Any) -> AbstractContextManager[Any]:
        nonlocal sent
        with lock:
            sent += 1
            if sent == moment:
                network.publish(changing, following)
        return exchange(client, *arguments, **options)

    monkeypatch.setattr(HttpClient, "exchange", publishing)
    got, verdict = network.ask(text)
    happened = sent >= moment
    monkeypatch.undo()
    after = network.merged(text)
    assert verdict is Verdict.COMPLETE
    assert rows(got) in (rows(before), rows(after))
    assert (got.boolean, happened) in ((before.boolean, True), (after.boolean, True), (before.boolean, False))
    again, verdict = network.ask(text)
    assert verdict is Verdict.COMPLETE
    assert rows(again) == rows(after)
    assert again.boolean == after.boolean


def test_the_states_make_a_difference(network: Network) -> None:
    """Most queries have another answer after each of the publications, so that a mixture would show."""
    found: dict[tuple[str, str], list[list[str]]] = {}
    for name in STATES:
        for _ in range(2):
            network.publish(name, 1 - network.now[name])
            for query in QUERIES:
                found.setdefault((name, query), []).append(rows(network.merged(text_of(query))))
    assert sum(one != other for one, other in found.values()) >= 14
