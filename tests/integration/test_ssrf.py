"""Nobody makes this node call an address that is not listed and public: not by SERVICE, SERVICE ?v, SILENT or LOAD.

The trap is a real listener on loopback. Every case leads to it (or would, were it not for the checks), and it counts.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.config import Identity, Limits, Services, Settings
from node.errors import MemberError, NodeError, TargetRefused
from node.federation.calling.addresses import look_up
from node.federation.calling.documents import fetch_document
from node.federation.engine import FederationEngine
from node.model.identifiers import Identifiers
from node.policy.decide import ANONYMOUS
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.rdf.solutions import is_iri
from node.sparql.parser import parse_query
from node.sparql.results import Results, read_json_results
from node.store.oxigraph import OxigraphStore
from tests.integration import sparql_server
from tests.integration.sparql_server import SparqlServer, servers

BASE = "http://local.example/"
LISTED = ("https://good.example/data/", "http://good.example/data/", "http://rebind.example/")


class Trap:
    """A listener on every loopback form, and how often somebody connected to it."""

    def __init__(self) -> None:
        self.caught = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.caught += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    """One for all cases."""
    made = Trap()
    socket.create_connection(("127.0.0.1", made.port)).close()
    while made.caught == 0:
        pass
    made.caught = 0
    yield made
    made.close()


# What a stranger may write; PORT is the trap's. None of it is listed.
NOT_LISTED = [
    "http://127.0.0.1:PORT/sparql",
    "http://localhost:PORT/sparql",
    "http://LOCALHOST:PORT/",
    "http://localhost.:PORT/",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0x7f.0.0.1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://017700000001:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://0:PORT/",
    "http://0.0.0.0:PORT/",
    "http://[::1]:PORT/",
    "http://[::]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "http://[64:ff9b::7f00:1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[fe80::1%25lo]:PORT/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://172.16.0.1/",
    "http://100.64.0.1/",
    "http://good.example@127.0.0.1:PORT/data/",
    "http://good.example:80@127.0.0.1:PORT/data/",
    "http://127.0.0.1:PORT/?http://good.example/data/",
    "http://127.0.0.1:PORT/#http://good.example/data/",
    "http://127.0.0.1:PORT/http://good.example/data/",
    "http://good.example.evil.example:PORT/data/",
    "http://good.example:PORT/data/",
    "http://good.example/other",
    "http://good.example/data/../admin",
    "http://good.example/data/%2e%2e/admin",
    "http://good.example/data/..%2fadmin",
    "http://good.example/data/%252e%252e/admin",
    "https://good.example/database",
    "http://good.example/data%2f..%2fadmin",
    "HTTP://127.0.0.1:PORT/",
    "ftp://127.0.0.1:PORT/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/_GET",
    "unix:///run/docker.sock",
    "http://127.0.0.1:PORT/\\u0040good.example/data/",
    "http://\\u0031\\u0032\\u0037.0.0.1:PORT/",
    "http://\uff11\uff12\uff17.0.0.1:PORT/",
    "http://\u2460\u2461\u2466.0.0.1:PORT/",
    "http://127\u30020\u30020\u30021:PORT/",
    "http://g\u043eod.example/data/",
]

# Where the listed host may turn out to be.
NOT_PUBLIC = ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
              "2002:7f00:1::", "fe80::1%lo", "fd00::1", "100.64.0.1", "::127.0.0.1"]  # fmt: skip


@contextmanager
def engine(
    folder: Path, resolve: Callable[[str, int], Sequence[tuple[str, int]]], services: Services
) -> Iterator[Callable[[str], Results]]:
    """How a stranger asks a node at /sparql."""
    identifiers = Identifiers(BASE)
    store = OxigraphStore(folder / "data", identifiers=identifiers, workers=1, queue_seconds=5.0)
    settings = Settings(folder=folder, node=Identity(BASE), limits=Limits(federation_seconds=10.0), services=services)
    made = FederationEngine(store, identifiers, settings, resolve=resolve)

    def ask(text: str) -> Results:
        query = parse_query(text, BASE)
        with made.query_node(query, GraphScope(()), ANONYMOUS, (JSON, NTRIPLES)) as answer:
            return read_json_results(b"".join(answer))

    try:
        yield ask
    finally:
        made.close()
        store.close()


def forms(iri: str) -> list[str]:
    """The ways of naming a service."""
    return [
        f"SELECT * {{ SERVICE <{iri}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ VALUES ?v {{ <{iri}> }} SERVICE ?v {{ ?s ?p ?o }} }}",
        f"SELECT * {{ BIND (<{iri}> AS ?v) SERVICE ?v {{ ?s ?p ?o }} }}",
        f"ASK {{ FILTER NOT EXISTS {{ SERVICE <{iri}> {{ ?s ?p ?o }} }} }}",
    ]


def test_not_listed_addresses_are_not_called(tmp_path: Path, trap: Trap) -> None:
    """Whatever they look like: refused for what they are, with SILENT no solution; no name is even looked up."""
    looked_up: list[str] = []

    def resolve(host: str, port: int) -> Sequence[tuple[str, int]]:
        looked_up.append(host)
        return [("127.0.0.1", trap.port)]

    services = Services(allow=LISTED, load=LISTED, private_addresses=True)
    with engine(tmp_path, resolve, services) as ask:
        for pattern in NOT_LISTED:
            iri = pattern.replace("PORT", str(trap.port))
            # Where the pattern is evaluated to find the service's name, what is no IRI is a mistake in the query.
            asked = forms(iri) if is_iri(iri) else forms(iri)[:1]
            for text in asked:
                with pytest.raises(TargetRefused):
                    ask(text)
                silent = ask(text.replace("SERVICE", "SERVICE SILENT"))
                assert silent.boolean is False or len(silent.rows) == 1, text
                assert all(not row.keys() & {"s", "p", "o"} for row in silent.rows)
            with pytest.raises(TargetRefused):
                fetch_document(iri, services=services, max_bytes=1000, seconds=2, resolve=resolve)
    assert trap.caught == 0
    assert looked_up == []


@pytest.mark.parametrize("ip", NOT_PUBLIC)
def test_listed_names_that_lead_inside_are_not_called(tmp_path: Path, trap: Trap, ip: str) -> None:
    """What counts is where the name leads, even beside an address that is public."""
    iri = "http://good.example/data/"
    services = Services(allow=LISTED, load=LISTED)
    for found in ([(ip, trap.port)], [("8.8.8.8", trap.port), (ip, trap.port)]):

        def resolve(host: str, port: int, found: Sequence[tuple[str, int]] = found) -> Sequence[tuple[str, int]]:
            return found

        with engine(tmp_path, resolve, services) as ask:
            for text in forms(iri):
                with pytest.raises(TargetRefused, match="not public"):
                    ask(text)
                assert len(ask(text.replace("SERVICE", "SERVICE SILENT")).rows) <= 1
        with pytest.raises(TargetRefused, match="not public"):
            fetch_document(iri, services=services, max_bytes=1000, seconds=2, resolve=resolve)
    assert trap.caught == 0


def test_listed_private_addresses_are_not_called_either(tmp_path: Path, trap: Trap) -> None:
    """An operator who lists one must also say that such may be called; the machine's own resolver is used."""
    iris = [
        f"http://{host}:{trap.port}/" for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0")
    ]
    services = Services(allow=tuple(iris), load=tuple(iris))
    with engine(tmp_path, look_up, services) as ask:
        for iri in iris:
            with pytest.raises((TargetRefused, MemberError)) as caught:  # no address at all where there is no IPv6
                ask(forms(iri)[0])
            assert isinstance(caught.value, TargetRefused) or "no address" in str(caught.value)
            with pytest.raises(NodeError):
                fetch_document(iri, services=services, max_bytes=1000, seconds=2)
    assert trap.caught == 0


def test_a_name_that_changes_its_address_is_called_where_it_was_judged(tmp_path: Path, trap: Trap) -> None:
    """DNS rebinding: the first answer is judged and connected to; a second one is judged too, for the next request."""
    answers = iter([[("192.0.2.1", trap.port)], [("127.0.0.1", trap.port)]] * 20)
    calls: list[str] = []

    def resolve(host: str, port: int) -> Sequence[tuple[str, int]]:
        calls.append(host)
        return next(answers)

    with engine(tmp_path, resolve, Services(allow=LISTED, seconds=1.0)) as ask:
        for _ in range(4):
            before = len(calls)
            with pytest.raises(NodeError):
                ask("SELECT * { SERVICE <http://rebind.example/> { ?s ?p ?o } }")
            assert len(calls) == before + 1
    assert trap.caught == 0


REDIRECTS = [
    "http://127.0.0.1:PORT/",
    "http://localhost:PORT/",
    "//127.0.0.1:PORT/",
    "http://evil.example/",
    "http://good.example/other",
    "../admin",
    "/data/../admin",
    "/data/%2e%2e/admin",
    "http://good.example@127.0.0.1:PORT/data/",
    "http://good.example:PORT/data/",
    "http://2130706433:PORT/",
    "http://[::1]:PORT/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/",
    "http://[",
    "http:\\\\127.0.0.1:PORT\\",
]


@pytest.mark.parametrize("location", REDIRECTS)
@pytest.mark.parametrize("code", [307, *(pytest.param(code, marks=pytest.mark.slow) for code in (301, 302, 308))])
def test_a_listed_service_cannot_send_the_node_elsewhere(tmp_path: Path, trap: Trap, code: int, location: str) -> None:
    """Every hop is judged as the first."""
    with servers(1, summarised=False) as (server,):
        services = Services(allow=LISTED, load=LISTED, private_addresses=True)
        location = location.replace("PORT", str(trap.port))
        server.fault = sparql_server.status(code, Location=location)
        resolve = _to(server, "good.example")
        with engine(tmp_path, resolve, services) as ask:
            text = "SELECT * { SERVICE <http://good.example/data/x> { ?s ?p ?o } }"
            with pytest.raises(TargetRefused):
                ask(text)
            assert len(ask(text.replace("SERVICE", "SERVICE SILENT")).rows) == 1
        assert len(server.requests) == 2
    assert trap.caught == 0


def _to(server: SparqlServer, name: str) -> Callable[[str, int], Sequence[tuple[str, int]]]:
    def resolve(host: str, port: int) -> Sequence[tuple[str, int]]:
        assert host == name
        return [("127.0.0.1", int(server.base.rsplit(":", 1)[1].strip("/")))]

    return resolve
