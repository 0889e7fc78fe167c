"""Virtuoso, Fuseki and Oxigraph's own server as members beside nodes of ours: the answers are those of one store."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from node.config import Identity, Limits, Member, Settings
from node.errors import NodeError
from node.federation.engine import FederationEngine
from node.federation.members.completeness import Verdict
from node.model.identifiers import Identifiers
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.results import Results, read_json_results
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change
from node.store.remote_http import StoreClient
from tests.integration.hub import BASE, graph
from tests.integration.operated_node import operated
from tests.servers import Server, Unobtainable
from tests.servers.fuseki import fuseki
from tests.servers.oxigraph import oxigraph
from tests.servers.virtuoso import virtuoso

pytestmark = pytest.mark.slow

PREFIXES = "PREFIX : <http://ex.org/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
SHARED = ':s1 :dx :glioma . :glioma :label "glioma"@en .'
#: What each member holds, by name; every one also holds SHARED.
DATA = {
    "ours": ":s1 a :Sample ; :in :d1 ; :age 40 . :d1 :title 'One'@en . :gbm :sub :glioma . :s9 :dx :gbm ; :in :d1 .",
    "node": ":s2 a :Sample ; :dx :gbm ; :in :d2 ; :age 50 . :glioma :sub :tumour . :d2 :title 'Two'@en , 'Zwei'@de .",
    "virtuoso": (
        ":s3 a :Sample ; :dx :lgg ; :in :d1 ; :age 50 ; :weight 1.5 . :lgg :sub :glioma . :d1 :contact _:v . "
        "_:v :name 'Vera' ; :org _:o . _:o :city 'Ulm' . :s3 :note \"a\\tb\\n\\\"c\\\" é \U0001f600\" ; :taken "
        "'2020-02-29'^^xsd:date ; :alive true ."
    ),
    "fuseki": (
        ":s4 a :Sample ; :dx :gbm ; :in :d3 ; :age 40 ; :weight 2.5e0 . :d3 :title 'Drei'@de-AT ; :contact _:f . "
        "_:f :name 'Fritz' ; :org _:p . _:p :city 'Bonn' . :s4 :alive false ; :taken '2021-03-01'^^xsd:date ."
    ),
    "oxigraph": (
        ":s5 a :Sample ; :dx :tumour ; :in :d3 ; :age 7 . :d3 :cites :d1 . :d1 :cites :d2 . :d2 :cites :d3 ; "
        ":contact _:v . _:v :name 'Oskar' ; :org _:q . _:q :city 'Ulm' . :s5 :note '' , 'x'@en , 'x' ."
    ),
}
QUERIES = """
SELECT * { ?s :dx ?d ; :in ?x }
SELECT * { ?s :dx ?d ; :in ?x . ?x :title ?t }
SELECT * { ?s :dx ?d OPTIONAL { ?s :age ?a } OPTIONAL { ?s :in/:title ?t } }
SELECT * { ?s :dx/:sub* :glioma }
SELECT * { ?s :dx ?d . ?d :sub+ ?e . ?e :label ?l }
SELECT * { :d1 :cites+ ?d . ?d :title ?t }
SELECT * { ?d :contact ?c . ?c :name ?n }
SELECT ?d ?n ?city { ?d :contact ?c . ?c :name ?n ; :org/:city ?city }
SELECT ?d ?e { ?d :contact/:org/:city ?city . ?e :contact/:org/:city ?city FILTER(?d != ?e) }
SELECT ?d ?n { ?d :contact [ :name ?n ] MINUS { ?d :contact/:org/:city 'Ulm' } }
SELECT * { ?d :title ?t FILTER(LANG(?t) = "de") }
SELECT * { ?d :title ?t FILTER(LANGMATCHES(LANG(?t), "de")) }
SELECT * { ?s :note ?n }
SELECT * { ?s :note "x"@en }
SELECT * { ?s :note "x" }
SELECT * { ?s :age 40 }
SELECT * { ?s :age ?a FILTER(?a > 40) }
SELECT * { ?s :weight ?w FILTER(?w < 2) }
SELECT * { ?s :weight ?w ; :age ?a }
SELECT * { ?s :taken ?t FILTER(?t > '2020-12-31'^^xsd:date) }
SELECT * { ?s :alive true }
SELECT * { ?s :alive ?a ; :in ?x }
SELECT ?x (COUNT(?s) AS ?n) (AVG(?a) AS ?m) { ?s :in ?x ; :age ?a } GROUP BY ?x
SELECT (COUNT(*) AS ?n) { ?s :dx ?d }
SELECT DISTINCT ?d { ?s a :Sample ; :dx ?d } ORDER BY ?d
SELECT ?s { ?s a :Sample FILTER NOT EXISTS { ?s :weight ?w } }
SELECT ?s ?a { ?s :age ?a } ORDER BY DESC(?a) ?s LIMIT 3
SELECT * { { ?s :alive ?v } UNION { ?s :weight ?v } }
SELECT * { VALUES ?s { :s3 :s4 :s5 } ?s ?p ?o FILTER(?p IN (:dx, :in, :note)) }
SELECT * { ?s :dx :glioma . ?s ?p :d1 }
ASK { :s3 :dx/:sub :glioma }
CONSTRUCT { ?d :reachable ?n } WHERE { ?d :contact/:name ?n }
""".strip().splitlines()


def load(server: Server, triples: str) -> None:
    """Put triples into a server: into a graph at Virtuoso, whose default graph is all of them."""
    client = StoreClient(server.settings, 1)
    if server.name == "virtuoso":  # it takes no blank nodes in an update
        file = server.log.with_name("data.nt")
        file.write_text(ntriples(triples), encoding="utf-8")
        client.put("http://ex.org/graph", file, time.monotonic() + 60)
    else:
        client.update(f"{PREFIXES} INSERT DATA {{ {triples} }}", time.monotonic() + 60)
    client.close()


def obtained(stack: ExitStack, starting: AbstractContextManager[Server]) -> Server:
    try:
        return stack.enter_context(starting)
    except Unobtainable as reason:
        if os.environ.get("CI"):
            pytest.fail(f"it cannot be had: {reason}")
        pytest.skip(f"it cannot be had: {reason}")


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FederationEngine]:
    """An engine over this node's store, a node of ours that is served, and the three foreign servers."""
    with ExitStack() as stack:
        folders = {name: tmp_path_factory.mktemp(name) for name in DATA}
        running = {
            "virtuoso": obtained(stack, virtuoso(folders["virtuoso"])),
            "fuseki": obtained(stack, fuseki(folders["fuseki"], protected=False)),
            "oxigraph": obtained(stack, oxigraph(folders["oxigraph"])),
        }
        for name, server in running.items():
            load(server, DATA[name] + SHARED)
        endpoints = {name: server.settings.query for name, server in running.items()}
        endpoints["virtuoso"] = endpoints["virtuoso"].replace("sparql-auth", "sparql")
        node = stack.enter_context(operated(folders["node"] / "node"))
        answer = node.update(f"{PREFIXES} INSERT DATA {{ {DATA['node']} {SHARED} }}")
        assert answer.status < 300, answer.data
        endpoints["node"] = f"{node.service.address}sparql"
        yield stack.enter_context(engine(folders["ours"], endpoints))


def ntriples(text: str) -> str:
    store = ox.Store()
    store.update(f"{PREFIXES} INSERT DATA {{ {text} }}")
    return (store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph()) or b"").decode()


class engine:
    """The engine, with this node's store, closed at the end."""

    def __init__(self, folder: Path, endpoints: dict[str, str]) -> None:
        self._store = OxigraphStore(folder / "data", identifiers=Identifiers(BASE), workers=1, queue_seconds=5.0)
        self._store.apply(Change(put=(graph("own", ntriples(DATA["ours"] + SHARED)),)))
        listed = tuple(Member(endpoint=endpoint, name=name) for name, endpoint in endpoints.items())
        limits = Limits(federation_seconds=30.0)
        settings = Settings(folder=folder, node=Identity(BASE), limits=limits, members=listed)
        self._engine = FederationEngine(self._store, Identifiers(BASE), settings)

    def __enter__(self) -> FederationEngine:
        return self._engine

    def __exit__(self, *error: Any) -> None:
        self._engine.close()
        self._store.close()


@pytest.fixture(scope="module")
def merged() -> ox.Store:
    """All data in one store, blank nodes of each member apart."""
    store = ox.Store()
    for text in DATA.values():
        store.update(f"{PREFIXES} INSERT DATA {{ {text} {SHARED} }}")
    return store


def comparable(body: bytes, graph: bool) -> Counter[str]:
    """Rows with blank nodes alike, numbers by value."""
    if graph:
        return Counter(str(quad.triple) for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES))
    results: Results = read_json_results(body)
    if results.boolean is not None:
        return Counter([str(results.boolean)])
    return Counter(
        str(sorted((name, "_:" if term.kind == "bnode" else term.n3) for name, term in row.items()))
        for row in results.rows
    )


@pytest.mark.parametrize("query", QUERIES)
def test_answers_are_those_of_one_store(federation: FederationEngine, merged: ox.Store, query: str) -> None:
    """Joins over all five, blank nodes, languages, numbers, dates and odd characters."""
    text = PREFIXES + query
    result = merged.query(text)
    is_graph = isinstance(result, ox.QueryTriples)
    wanted = result.serialize(format=ox.RdfFormat.N_TRIPLES if is_graph else ox.QueryResultsFormat.JSON)  # type: ignore[union-attr]
    with federation.query(text, (JSON, NTRIPLES)) as answer:
        got = b"".join(answer)
        assert answer.completeness.verdict is Verdict.COMPLETE
    assert comparable(got, is_graph) == comparable(wanted or b"", is_graph)
    assert sum(comparable(got, is_graph).values()) > 0


def test_all_answer_when_they_are_checked(federation: FederationEngine) -> None:
    """Each foreign server is a member like any other."""
    problems: list[NodeError | str] = [status.problem for status in federation.check() if status.problem]
    assert problems == []
