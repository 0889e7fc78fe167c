"""A small SPARQL server over a store in memory, with a summary like a node's, and every way of failing."""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pyoxigraph as ox

from node.rdf.namespaces import ONCO, RDF_TYPE, VOID, XSD
from node.sparql.protocol import DATA_VERSION_HEADER, LEASE_HEADER
from node.store.digests import whole

Fault = Callable[["Handler", bytes, str], None]


class SparqlServer:
    """One member. ``summarised``: it publishes VoID, and answers with its data's version as ``ETag``.

    ``digested``: it tells the digests of what it holds (its default graph is to be the merge of the named ones, if
    there are any), and says with each answer which version of its data it is from.

    ``fault`` is what happens to the answers at ``/sparql`` from the request number ``healthy`` on.
    """

    def __init__(self, *, summarised: bool = True, digested: bool = False, port: int = 0) -> None:
        self.digested = digested
        #: How long it takes before it answers, in seconds.
        self.pause = 0.0
        #: For how many seconds it promises not to change. Nothing keeps it from that.
        self.lease = 0.0
        self.store = ox.Store()
        self.version = 1
        self.summarised = summarised
        self.fault: Fault | None = None
        self.healthy = 0
        self.requests: list[str] = []
        #: Held while data and version change together, and while an answer is made of both.
        self.changing = threading.RLock()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", port), Handler)
        self._server.member = self
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    @property
    def endpoint(self) -> str:
        return f"{self.base}sparql"

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def hang(self) -> None:
        self._closing.wait(30)

    def count(self, request: str) -> int:
        with self._lock:
            self.requests.append(request)
            return sum(1 for r in self.requests if not r.startswith("GET"))

    def graphs(self) -> dict[str, str]:
        """A digest of each named graph; where there is none, the default graph counts as one."""
        held: dict[str, set[str]] = {}
        for quad in self.store:
            if isinstance(quad.graph_name, ox.NamedNode):
                held.setdefault(quad.graph_name.value, set()).add(str(quad.triple))
        held = held or {"urn:default": {str(quad.triple) for quad in self.store}}
        return {graph: hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() for graph, lines in held.items()}

    def void(self) -> bytes:
        """The summary of the default graph."""
        lines = [f"<#d> <{VOID}sparqlEndpoint> <{self.endpoint}> ."]
        triples = list(self.store.quads_for_pattern(None, None, None, ox.DefaultGraph()))

        def part(kind: str, key: str, count: str, values: list[str]) -> None:
            for i, value in enumerate(sorted(set(values))):
                lines.append(f"<#d> <{VOID}{kind}Partition> <#{kind}{i}> .")
                lines.append(f"<#{kind}{i}> <{VOID}{key}> <{value}> .")
                lines.append(f'<#{kind}{i}> <{VOID}{count}> "{values.count(value)}"^^<{XSD}integer> .')

        if self.digested:
            graphs = self.graphs()
            lines.append(f'<#d> <{ONCO}contentDigest> "{whole(graphs)}" .')
            for graph, digest in graphs.items():
                lines.append(f"<#d> <{ONCO}namedGraph> <{graph}> .")
                lines.append(f'<{graph}> <{ONCO}contentDigest> "{digest}" .')
        lines.append(f'<#d> <{VOID}triples> "{len(triples)}"^^<{XSD}integer> .')
        part("property", "property", "triples", [t.predicate.value for t in triples])
        part("class", "class", "entities", [t.object.value for t in triples if t.predicate.value == RDF_TYPE])
        return ("\n".join(lines) + "\n").encode()


class _Server(ThreadingHTTPServer):
    member: SparqlServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is nothing to print."""


class Handler(BaseHTTPRequestHandler):
    """HTTP for one member."""

    protocol_version = "HTTP/1.1"
    #: Headers and body are sent apart, and neither is to wait for the other's acknowledgement.
    disable_nagle_algorithm = True
    server: _Server
    #: Of the data that the answer is from.
    version = 0

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass

    def do_GET(self) -> None:
        member = self.server.member
        member.count(f"GET {self.path}")
        with member.changing:
            self.version = member.version
            void = member.void() if member.summarised else b""
        tag = f'"v{self.version}"'
        if self.path != "/.well-known/void" or not member.summarised:
            self.reply(404, b"nothing here", "text/plain")
        elif self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.send_header("ETag", tag)
            self.send_version()
            self.end_headers()
        else:
            self.reply(200, void, "application/n-triples; charset=utf-8", ETag=tag)

    def do_POST(self) -> None:
        member = self.server.member
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.headers.get("Content-Type") == "application/x-www-form-urlencoded":
            text = parse_qs(text)["query"][0]
        self.asked = text
        number = member.count(text)
        time.sleep(member.pause)
        try:
            body, kind = self.evaluate(text)
        except SyntaxError as error:
            problem = json.dumps({"type": "/problems/query-syntax", "detail": f"No: {error}"})
            self.reply(400, problem.encode(), "application/problem+json")
            return
        if member.fault is not None and number > member.healthy:
            member.fault(self, body, kind)
            self.close_connection = True
        else:
            self.reply(200, body, kind)

    def evaluate(self, text: str) -> tuple[bytes, str]:
        with self.server.member.changing:
            self.version = self.server.member.version
            return self.evaluated(text)

    def evaluated(self, text: str) -> tuple[bytes, str]:
        result = self.server.member.store.query(text)
        if isinstance(result, ox.QueryTriples):
            return result.serialize(format=ox.RdfFormat.N_TRIPLES) or b"", "application/n-triples"
        format_ = ox.QueryResultsFormat.JSON
        if "tab-separated" in self.headers.get("Accept", ""):
            format_ = ox.QueryResultsFormat.TSV
        return result.serialize(format=format_) or b"", format_.media_type

    def reply(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_version()
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def send_version(self) -> None:
        member, token = self.server.member, self.headers.get(LEASE_HEADER)
        if member.digested:
            self.send_header(DATA_VERSION_HEADER, f"v{self.version}")
        if member.lease and token:
            self.send_header(LEASE_HEADER, f"{token}; ms={member.lease * 1000:.0f}")

    def cut_connection(self) -> None:
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)


# --- the ways of failing: each gets the answer that would have been right ---


def status(code: int, **headers: str) -> Fault:
    return lambda handler, body, kind: handler.reply(code, b"no", "text/plain", **headers)


def html(handler: Handler, body: bytes, kind: str) -> None:
    handler.reply(200, b"<html><body>Welcome to our data portal</body></html>", "text/html")


def wrong_type(handler: Handler, body: bytes, kind: str) -> None:
    handler.reply(200, body, "application/octet-stream")


def no_type(handler: Handler, body: bytes, kind: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def html_as_results(handler: Handler, body: bytes, kind: str) -> None:
    handler.reply(200, b"<html>\n</html>\n", kind)


def rows_cut_mid_line(handler: Handler, body: bytes, kind: str) -> None:
    handler.reply(200, body[: len(body) - 3], kind)


def body_cut(handler: Handler, body: bytes, kind: str) -> None:
    """Ends at a line end, before the announced length."""
    half = body[: body.index(b"\n", len(body) // 2) + 1] if b"\n" in body[len(body) // 2 :] else body[: len(body) // 2]
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body) + 10))
    handler.end_headers()
    handler.wfile.write(half)
    handler.cut_connection()


def chunks_cut(handler: Handler, body: bytes, kind: str) -> None:
    """Chunked, and the last chunk never comes."""
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
    handler.cut_connection()


def no_length(handler: Handler, body: bytes, kind: str) -> None:
    """The end of the connection is the end of the answer: nobody could see that it was cut."""
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body)


def gzip_cut(handler: Handler, body: bytes, kind: str) -> None:
    packed = gzip.compress(body)[:-9]
    handler.reply(200, packed, kind, Content_Encoding="gzip")


def unknown_encoding(handler: Handler, body: bytes, kind: str) -> None:
    handler.reply(200, body, kind, Content_Encoding="br")


def closed(handler: Handler, body: bytes, kind: str) -> None:
    """The connection ends before any answer."""
    handler.cut_connection()


def garbage(handler: Handler, body: bytes, kind: str) -> None:
    handler.wfile.write(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
    handler.cut_connection()


def hangs(handler: Handler, body: bytes, kind: str) -> None:
    handler.server.member.hang()


def hangs_after_headers(handler: Handler, body: bytes, kind: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.flush()
    handler.server.member.hang()


def drips(handler: Handler, body: bytes, kind: str) -> None:
    """One byte at a time, so that no single read takes long."""
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    for at in range(len(body)):
        handler.wfile.write(body[at : at + 1])
        handler.wfile.flush()
        time.sleep(0.05)


def capped(handler: Handler, body: bytes, kind: str) -> None:
    """Only the first five rows, as a sound answer: what a server with a limit of rows does."""
    document = json.loads(body)
    if "results" in document:
        del document["results"]["bindings"][5:]
    handler.reply(200, json.dumps(document).encode(), kind)


def redirects_to(target: str) -> Fault:
    return status(307, Location=target)


@contextmanager
def servers(count: int, *, summarised: bool = True, digested: bool = False) -> Iterator[list[SparqlServer]]:
    """Several members, ended afterwards."""
    running = [SparqlServer(summarised=summarised, digested=digested) for _ in range(count)]
    try:
        yield running
    finally:
        for server in running:
            server.close()
