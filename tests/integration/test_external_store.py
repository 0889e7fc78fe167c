"""A whole node on an external store answers like one on the embedded store; crashes and mix-ups are noticed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, parse

from node.config import StoreSettings
from node.errors import Conflict, StoreError, Unsupported
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, TURTLE
from node.store.quads import Budget, Change, GraphContent
from node.store.remote import RemoteStore
from tests.command_line import onconode
from tests.integration.running_node import POOL, running
from tests.servers import SERVERS, Server, free_port, started

pytestmark = pytest.mark.slow

PARTNER = Path(__file__).parents[2] / "examples" / "partners" / "neuro-registry"
IDENTIFIERS = Identifiers("http://node.example/")
PUBLIC = GraphScope((IDENTIFIERS.tier_graph(Tier.PUBLIC),))
BUDGET = Budget(seconds=20, memory_bytes=1_000_000_000, result_bytes=100_000_000)
GRAPH = IDENTIFIERS.graph("a")
#: The embedded store knows integers by value and writes all of them as this one; see docs/reference/stores.md.
INTEGERS = (b"XMLSchema#nonNegativeInteger", b"XMLSchema#integer")
QUERIES = (
    "SELECT * WHERE { ?s ?p ?o }",
    "SELECT ?g ?s WHERE { GRAPH ?g { ?s a ?class } }",
    "SELECT ?class (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s a ?class } GROUP BY ?class HAVING (COUNT(?s) > 1)",
    "PREFIX dct: <http://purl.org/dc/terms/> SELECT ?s ?l { ?s dct:isPartOf ?d OPTIONAL { ?d dct:title ?l } }",
    "SELECT DISTINCT ?o WHERE { ?s <http://purl.org/dc/terms/isPartOf>/<http://purl.org/dc/terms/publisher>* ?o }",
)


@pytest.fixture(scope="module", params=list(SERVERS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Each external store, running."""
    with started(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@dataclass(frozen=True)
class Pair:
    """The addresses of two nodes with the same base IRI and content: the embedded one and the one on the server."""

    embedded: str
    external: str


@pytest.fixture(scope="module")
def pair(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both nodes, made and filled by the command line, served."""
    server.empty()
    base = f"http://127.0.0.1:{free_port()}/"
    addresses: list[str] = []
    with ExitStack() as stack:
        for kind in ("embedded", "external"):
            folder = tmp_path_factory.mktemp(kind) / "node"
            made = onconode("init", str(folder), "--base-iri", base, "--title", "A registry")
            assert made.returncode == 0, made.stderr
            if kind == "external":
                with (folder / "node.toml").open("a", encoding="utf-8") as file:
                    file.write(store_table(server.settings))
            published = onconode("publish", str(PARTNER), "--node", str(folder))
            assert published.returncode == 0, published.stderr
            log = folder.parent / "serve.log"
            command = ["-m", "node", "serve", "--node", str(folder), "--port", str(free_port())]
            addresses.append(stack.enter_context(running(command, log)).address)
        yield Pair(*addresses)


def store_table(settings: StoreSettings) -> str:
    """The table ``[store]`` of a node's settings."""
    names = ("kind", "query", "update", "graph_store", "user", "password")
    return "\n[store]\n" + "".join(f"{name} = {json.dumps(getattr(settings, name))}\n" for name in names)


def rows(address: str, query: str) -> Counter[str]:
    """The solutions of a query, with how often each is there."""
    reply = POOL.request("POST", f"{address}sparql", fields={"query": query}, encode_multipart=False)
    assert reply.status == 200, reply.data[:1000]
    solutions = json.loads(timeless(reply.data))["results"]["bindings"]
    return Counter(json.dumps(row, sort_keys=True) for row in solutions)


def timeless(body: bytes) -> bytes:
    """An answer without the moments at which things were published, and with one datatype for integers."""
    body = body.replace(*INTEGERS)
    return re.sub(rb"\d{8}T\d{6}Z|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", b"2000-01-01T00:00:00Z", body)


def graph(address: str) -> Dataset:
    """What an address describes, blank nodes named by what they stand for."""
    reply = POOL.request("GET", address, headers={"Accept": "text/turtle"})
    assert reply.status == 200, reply.data[:1000]
    quads = parse(timeless(reply.data), format=RdfFormat.TURTLE, base_iri=address)
    described = Dataset(Quad(q.subject, q.predicate, q.object) for q in quads)
    described.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return described


@pytest.mark.parametrize("query", QUERIES)
def test_queries_have_the_same_solutions(query: str, pair: Pair) -> None:
    """As multisets: over the merge, by graph, grouped, with a path."""
    expected, found = rows(pair.embedded, query), rows(pair.external, query)
    assert expected
    assert found == expected


def test_catalogues_are_the_same(pair: Pair) -> None:
    """As graphs."""
    expected = graph(pair.embedded)
    assert len(expected) > 0
    assert graph(pair.external) == expected


def test_what_is_held_is_the_same(pair: Pair) -> None:
    """A node on a store of another kind says the same of each property and class, but no more than numbers."""
    expected, found = set(graph(f"{pair.embedded}.well-known/void")), set(graph(f"{pair.external}.well-known/void"))
    assert found < expected
    for name in ("property", "class", "entities", "triples", "sparqlEndpoint"):
        assert any(quad.predicate.value == f"http://rdfs.org/ns/void#{name}" for quad in found), name


def open_store(data: Path, server: Server) -> RemoteStore:
    """A node's store on this server."""
    return RemoteStore(
        data, settings=server.settings, identifiers=IDENTIFIERS, places=4, queue_seconds=5, writer_seconds=10
    )


def change(*values: str, graph: str = GRAPH) -> Change:
    """One graph with these values."""
    content = "".join(f'<http://x/s> <http://x/p> "{value}" .\n' for value in values)
    return Change(put=(GraphContent(graph, Tier.PUBLIC, content.encode()),))


def values(store: RemoteStore) -> list[str]:
    """What the public merge holds."""
    text = "SELECT ?o { ?s ?p ?o } ORDER BY ?o"
    with store.query(text, scope=PUBLIC, formats=(JSON, TURTLE), budget=BUDGET) as answer:
        return [row["o"]["value"] for row in json.loads(b"".join(answer))["results"]["bindings"]]


WRITER = """
import json, sys
from pathlib import Path
from node.config import StoreSettings
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.store.quads import Change, GraphContent
from node.store.remote import RemoteStore
data, settings = Path(sys.argv[1]), StoreSettings(**json.loads(sys.argv[2]))
store = RemoteStore(data, settings=settings, identifiers=Identifiers("http://node.example/"), places=1, queue_seconds=5)
number = store.generation().number
while True:
    number += 1
    content = b'<http://x/s> <http://x/p> "%d" .\\n' % number + b"".join(
        b'<http://x/s> <http://x/p> "%d-%d" .\\n' % (number, n) for n in range(300))
    graphs = [f"http://node.example/graph/{name}" for name in "ab"]
    assert store.apply(Change(put=tuple(GraphContent(g, Tier.PUBLIC, content) for g in graphs))).number == number
"""


def test_a_writer_that_is_killed_leaves_one_generation_whole(server: Server, tmp_path: Path) -> None:
    """Whenever it is killed: what is answered next is exactly what the current generation holds, and a change works."""
    server.empty()
    data = tmp_path / "data"
    settings = json.dumps({name: getattr(server.settings, name) for name in server.settings.__dataclass_fields__})
    interrupted = 0
    for instant in range(8):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(data), settings])
        deadline = time.monotonic() + 60
        while not (data / "undo.json").exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.02 * instant)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        interrupted += (data / "undo.json").exists()
        store = open_store(data, server)
        number = store.generation().number
        expected = sorted([str(number), *(f"{number}-{n}" for n in range(300))]) if number else []
        assert sorted(values(store)) == expected
        assert not (data / "undo.json").exists()
        store.close()
    assert interrupted > 0


def test_an_empty_folder_does_not_take_over_what_a_node_has_stored(server: Server, tmp_path: Path) -> None:
    """Nor does an older copy of the folder: both are told, and change nothing."""
    server.empty()
    store = open_store(tmp_path / "data", server)
    store.apply(change("1"))
    other = open_store(tmp_path / "other", server)
    with pytest.raises(Conflict):
        values(other)
    with pytest.raises(Conflict):
        other.apply(change("2"))
    assert other.generation().number == 0
    assert values(store) == ["1"]


def test_a_wrong_password_is_told(server: Server, tmp_path: Path) -> None:
    """As the store's refusal, with the settings to look at."""
    wrong = StoreSettings(
        **{**{n: getattr(server.settings, n) for n in server.settings.__dataclass_fields__}, "password": "x"}
    )
    store = RemoteStore(tmp_path / "data", settings=wrong, identifiers=IDENTIFIERS, places=1, queue_seconds=1)
    with pytest.raises(StoreError, match=r"refuses the node \(401\)") as caught:
        values(store)
    assert "store.password" in str(caught.value)


def test_a_store_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the settings to look at."""
    address = f"http://127.0.0.1:{free_port()}/"
    nowhere = StoreSettings(kind="sparql", query=address, update=address, graph_store=address)
    store = RemoteStore(tmp_path / "data", settings=nowhere, identifiers=IDENTIFIERS, places=1, queue_seconds=1)
    with pytest.raises(StoreError, match="cannot be reached"):
        values(store)


def test_what_only_this_store_understands_does_not_reach_it(server: Server, tmp_path: Path) -> None:
    """No function that runs code within the store, no SERVICE, no clause beyond SPARQL 1.1."""
    store = open_store(tmp_path / "data", server)
    for text in (
        "PREFIX bif: <bif:> SELECT * { BIND (bif:concat('a', 'b') AS ?x) }",
        "SELECT * { BIND (<SQL:DB.DBA.x>('a') AS ?x) }",
        "SELECT * { BIND (<java:java.lang.System>('a') AS ?x) }",
        "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }",
    ):
        with pytest.raises(Unsupported):
            store.query(text, scope=PUBLIC, formats=(JSON, TURTLE), budget=BUDGET)
