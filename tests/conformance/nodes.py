"""Real nodes for the suite: their processes, what is put into their stores, and how they are asked."""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Literal as OneOf
from urllib.parse import quote, urlencode, urlsplit

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Triple, serialize

from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change, GraphContent
from tests.command_line import onconode
from tests.conformance.cases import Case, File, GraphStore
from tests.integration.running_node import running
from tests.integration.sparql_server import SparqlServer, servers

GRAPH_STORE = "rdf-graph-store"
#: How many members hold the data of a federated test, and which triples are held by two of them.
MEMBERS = 3
_TWICE = 10
#: How a test's triples are spread: each for itself, or those of one subject together.
Split = OneOf["at random", "by subject"]
SPLITS: tuple[Split, ...] = ("at random", "by subject")


@dataclass(frozen=True)
class Reply:
    """An HTTP response."""

    status: int
    content_type: str
    body: bytes
    location: str | None = None


@dataclass
class RunningNode:
    """A node served by a process of its own, and its store, written from here as ``onconode publish`` would."""

    address: str
    store: OxigraphStore
    #: Of its operator.
    token: str
    held: dict[str, bytes] = field(default_factory=dict)
    #: Seconds spent on writing.
    seconds: float = 0.0

    def hold(self, graphs: Mapping[str, bytes]) -> None:
        """Make these public graphs (name to N-Triples) all that the node holds."""
        if graphs == self.held:
            return
        started = time.monotonic()
        put = tuple(GraphContent(name, Tier.PUBLIC, triples) for name, triples in graphs.items())
        self.store.apply(Change(put=put, remove=tuple(self.held.keys() - graphs.keys())))
        self.held = dict(graphs)
        self.seconds += time.monotonic() - started

    def hold_files(self, files: Mapping[str, File], addresses: Mapping[str, str] | None = None) -> None:
        """The same with files of the suite, their blank nodes skolemised, their services where ``addresses`` says."""
        contents = {name: self.skolemised(file).decode() for name, file in files.items()}
        self.hold({name: readdressed(content, addresses or {}).encode() for name, content in contents.items()})

    def unskolemise(self, iri: str) -> NamedNode | BlankNode:
        """The blank node that an IRI of ``_skolemised`` stands for; any other IRI itself."""
        prefix = Identifiers(self.address).skolem("")
        return BlankNode(iri.removeprefix(prefix)) if iri.startswith(prefix) else NamedNode(iri)

    def request(
        self, method: str, path: str, query_string: str = "", *, body: bytes = b"", headers: Mapping[str, str]
    ) -> Reply:
        """One HTTP request with no header but these and what HTTP itself needs."""
        parts = urlsplit(self.address)
        connection = HTTPConnection(parts.netloc, timeout=60)
        try:
            target = f"{parts.path}{path}?{query_string}" if query_string else parts.path + path
            connection.request(method, target, body=body or None, headers=dict(headers))
            response = connection.getresponse()
            headers = response.headers
            return Reply(response.status, headers.get("Content-Type", ""), response.read(), headers.get("Location"))
        finally:
            connection.close()

    def ask(self, path: str, text: str, accept: str, dataset: tuple[tuple[str, str], ...] = ()) -> Reply:
        """Send a query as it is, with the protocol's parameters for the RDF dataset."""
        headers = {"Content-Type": "application/sparql-query", "Accept": accept}
        return self.request("POST", path, urlencode(dataset), body=text.encode(), headers=headers)

    def change(
        self, method: str, path: str, query_string: str = "", *, body: bytes = b"", content_type: str = ""
    ) -> Reply:
        """One request of the node's operator."""
        headers = self.authorization() | ({"Content-Type": content_type} if content_type else {})
        return self.request(method, path, query_string, body=body, headers=headers)

    def authorization(self) -> dict[str, str]:
        """The header that makes a request the operator's."""
        return {"Authorization": f"Bearer {self.token}"}

    def update(self, text: str) -> Reply:
        """Send an update."""
        return self.change("POST", "update", body=text.encode(), content_type="application/sparql-update")

    def set_state(self, state: GraphStore) -> None:
        """Make these graphs all that the node holds, by Update and Graph Store Protocol."""
        self.hold({})
        assert self.update("DROP ALL").status == 204
        graphs = [("default", state.default), *((f"graph={quote(n, safe='')}", files) for n, files in state.named)]
        for query_string, files in graphs:
            # Several files are one graph; blank nodes of one file are its own.
            for i, file in enumerate(files):
                body = serialize(file.triples(), format=RdfFormat.N_TRIPLES) or b""
                method = "POST" if i else "PUT"
                reply = self.change(method, GRAPH_STORE, query_string, body=body, content_type="application/n-triples")
                assert reply.status in (201, 204), reply

    def skolemised(self, file: File) -> bytes:
        """The triples of a file as N-Triples, its blank nodes as IRIs of this node."""
        identifiers = Identifiers(self.address)
        names: dict[str, NamedNode] = {}

        def name(term: object) -> object:
            if not isinstance(term, BlankNode):
                return term
            return names.setdefault(term.value, NamedNode(identifiers.skolem(f"{file.path.stem}x{len(names)}")))

        triples = (Triple(name(t.subject), t.predicate, name(t.object)) for t in file.triples())  # type: ignore[arg-type]
        return serialize(triples, format=RdfFormat.N_TRIPLES) or b""


@dataclass
class Network:
    """A node that holds nothing, and the members it asks."""

    coordinator: RunningNode
    members: tuple[RunningNode, ...]
    services: tuple[SparqlServer, ...]

    def spread(self, case: Case, split: Split) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
        """Spread a test's data over the members, always alike; every tenth triple is held twice.

        Every file is a graph that is at all members. Gives the protocol's parameters that make of it the test's RDF
        dataset, as ``place`` does, and where the services of the test are.
        """
        addresses = {}
        for server, (service, file) in zip(self.services, case.services, strict=False):
            server.store.clear()
            server.store.extend(Quad(t.subject, t.predicate, t.object) for t in file.triples())
            addresses[service] = server.endpoint
        shares: list[dict[str, bytes]] = [{} for _ in self.members]
        for file in (*case.data, *case.graphs):
            content = readdressed(self.coordinator.skolemised(file).decode(), addresses)
            for share, lines in zip(shares, _split(content.splitlines(keepends=True), split, len(shares)), strict=True):
                share[file.iri] = "".join(lines).encode()
        self.coordinator.hold({})
        for member, share in zip(self.members, shares, strict=True):
            member.hold(share or {"http://example.org/share": b""})
        return dataset_of(case), addresses


def _split(lines: list[str], split: Split, members: int) -> list[list[str]]:
    shares: list[list[str]] = [[] for _ in range(members)]
    for number, line in enumerate(sorted(set(lines))):
        key = line if split == "at random" else line.partition(" ")[0]
        choice = random.Random(key)
        holders = choice.sample(range(members), 2)
        for holder in holders if number % _TWICE == 0 else holders[:1]:
            shares[holder].append(line)
    return shares


def readdressed(text: str, addresses: Mapping[str, str]) -> str:
    """A query or a document with the addresses where services really are."""
    for service, address in addresses.items():
        text = text.replace(f"<{service}>", f"<{address}>")
    return text


def place(node: RunningNode, case: Case, addresses: Mapping[str, str] | None = None) -> tuple[tuple[str, str], ...]:
    """Put a test's data into the node; the protocol's parameters that make of it the test's RDF dataset.

    Every file is a named graph of the public tier, and so in the default graph as well. That is the dataset of a test
    that has no named graphs. For the others the parameters take it apart, unless the query does so itself (FROM).
    """
    node.hold_files({file.iri: file for file in (*case.data, *case.graphs)}, addresses)
    return dataset_of(case)


def dataset_of(case: Case) -> tuple[tuple[str, str], ...]:
    """The protocol's parameters for the RDF dataset of a test that names graphs in it and not in its query."""
    if not case.names_graphs() or "from" in case.query.text().lower():
        return ()
    default = [("default-graph-uri", file.iri) for file in case.data]
    return (*default, *(("named-graph-uri", file.iri) for file in case.graphs))


@contextmanager
def network(folder: Path) -> Iterator[Network]:
    """Start one coordinator and its members; they end with the context."""
    ports = _free_ports(MEMBERS + 1)
    folders = [folder / f"node{i}" for i in range(MEMBERS + 1)]
    addresses = [f"http://127.0.0.1:{port}/" for port in ports]
    for place_, address in zip(folders, addresses, strict=True):
        made = onconode("init", str(place_), "--base-iri", address)
        assert made.returncode == 0, made.stderr
    with servers(MEMBERS, summarised=False) as services, _network(folders, ports, addresses, services) as started:
        yield started


@contextmanager
def _network(
    folders: list[Path], ports: list[int], addresses: list[str], others: list[SparqlServer]
) -> Iterator[Network]:
    # The members play the services of the tests at one node, and some of those call one another.
    allowed = json.dumps([*addresses, *(server.base for server in others)])
    services = f"\n[services]\nallow = {allowed}\nprivate_addresses = true\n"
    tokens = []
    for place_ in folders:
        with (place_ / "node.toml").open("a", encoding="utf-8") as settings:
            settings.write(services)
        made = onconode("token", "create", "conformance", "--node", str(place_), "--json")
        assert made.returncode == 0, made.stderr
        tokens.append(json.loads(made.stdout)["token"])
    members = (f'\n[[members]]\nname = "m{i}"\nendpoint = "{a}sparql"\n' for i, a in enumerate(addresses[1:]))
    with (folders[0] / "node.toml").open("a", encoding="utf-8") as settings:
        settings.write("".join(members))
    with ExitStack() as stack:
        nodes = []
        for place_, address, port, token in zip(folders, addresses, ports, tokens, strict=True):
            store = OxigraphStore(place_ / "data", identifiers=Identifiers(address), workers=1, queue_seconds=5)
            stack.callback(store.close)
            node = RunningNode(address, store, token)
            # A node that never held anything has no summary, which a coordinator remembers for minutes.
            node.hold({"http://example.org/share": b""})
            command = ["-m", "node", "serve", "--node", str(place_), "--port", str(port)]
            stack.enter_context(running(command, place_ / "serve.log"))
            nodes.append(node)
        yield Network(nodes[0], tuple(nodes[1:]), tuple(others))


def _free_ports(count: int) -> list[int]:
    """Ports that the system gives; other sessions on this machine get others."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
