"""WSGI under RSGI: what goes in, what comes out, and what happens when an answer breaks."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import pytest
from web_fakes import BASE, FakeNode, make_node

from node.config import Server
from node.errors import QueryTimeout
from node.web.app import create_app
from node.web.call import SERVICE, VALIDATORS
from node.web.connections import break_connection
from node.web.gateway import Gateway
from node.web.looks import Looks
from node.web.promising import Promising
from node.web.wsgi import environment


@dataclass
class FakeHeaders:
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def items(self) -> list[tuple[str, str]]:
        return self.pairs


@dataclass
class FakeScope:
    method: str = "GET"
    path: str = "/"
    query_string: str = ""
    http_version: str = "1.1"
    scheme: str = "http"
    server: str = "127.0.0.1:80"
    client: str = "127.0.0.1:1"
    headers: FakeHeaders = field(default_factory=FakeHeaders)


@dataclass
class FakeProtocol:
    """Granian's side: gives the body, keeps what is answered."""

    body: list[bytes] = field(default_factory=list)
    read: int = 0
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    sent: bytes = b""
    pieces: list[bytes] = field(default_factory=list)
    streamed: bool = False

    async def _chunks(self) -> AsyncIterator[bytes]:
        for chunk in self.body:
            self.read += len(chunk)
            yield chunk

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.sent = status, headers, body

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> FakeProtocol:
        self.status, self.headers, self.streamed = status, headers, True
        return self

    async def send_bytes(self, data: bytes) -> None:
        self.sent += data
        self.pieces.append(data)


@dataclass
class Body:
    """A response body that may break and notes that it was closed."""

    chunks: list[bytes]
    failure: Exception | None = None
    closed: int = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        self.closed += 1


def ask(
    body: Body | Exception,
    scope: FakeScope | None = None,
    sent: list[bytes] | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> tuple[Any, Any]:
    """One request through a gateway; the protocol and the environment the application saw."""
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        seen.update(environ)
        if isinstance(body, Exception):
            raise body
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return body

    protocol = FakeProtocol(sent or [])
    asyncio.run(through(make_gateway(make_node(), application), [(scope or FakeScope(), protocol)]))
    return protocol, seen


def make_gateway(
    node: FakeNode,
    application: Any = None,
    *,
    server: Server | None = None,
    receive_seconds: float = 5.0,
    around: Callable[[Any], Any] = lambda app: app,
) -> Gateway:
    """A gateway over a fake node; without an application of the test's own over what ``around`` makes of the node's."""
    app = create_app(node)  # type: ignore[arg-type]
    return Gateway(
        application or around(app),
        app.extensions[SERVICE],
        base=BASE,
        root="/hub/",
        server=server or Server(threads=2, max_request_bytes=1_000, max_address_bytes=500, max_header_bytes=700),
        limits=node.settings.limits,
        looks=Looks(node, app.extensions[VALIDATORS], "/hub/"),  # type: ignore[arg-type]
        promising=Promising(node, app.extensions[VALIDATORS]),  # type: ignore[arg-type]
        on_stop=lambda: None,
        receive_seconds=receive_seconds,
    )


async def through(gateway: Gateway, requests: list[tuple[FakeScope, FakeProtocol]]) -> None:
    """All these requests at a time, then the end of the gateway."""
    await asyncio.gather(*(gateway.__rsgi__(scope, protocol) for scope, protocol in requests))
    gateway.__rsgi_del__(asyncio.get_running_loop())


def query(gateway: Gateway, *requests: tuple[str, dict[str, Any]]) -> list[FakeProtocol]:
    """Queries one after another: their text and more of the request."""
    protocols = []

    async def run() -> None:
        for text, more in requests:
            headers = FakeHeaders(list(more.get("headers", {}).items()))
            scope = FakeScope(
                method=more.get("method", "GET"),
                path=more.get("path", "/sparql"),
                query_string=urlencode({"query": text}),
                headers=headers,
                http_version=more.get("http_version", "1.1"),
            )
            protocols.append(FakeProtocol())
            await gateway.__rsgi__(scope, protocols[-1])
        gateway.__rsgi_del__(asyncio.get_running_loop())

    asyncio.run(run())
    return protocols


def test_a_short_answer_goes_out_in_one_piece() -> None:
    """One with a length is held together, closed once."""
    body = Body([b"a", b"", b"b"])
    protocol, _ = ask(body, headers=(("Content-Length", "2"),))
    assert (protocol.status, protocol.sent, protocol.streamed) == (200, b"ab", False)
    assert protocol.headers == [("content-type", "text/plain"), ("content-length", "2")]
    assert body.closed == 1


def test_an_answer_without_a_length_goes_out_as_it_comes() -> None:
    """A few packed bytes may stand for much work, so the second chunk is not waited for."""
    body = Body([b"", b"a", b"b"])
    protocol, _ = ask(body)
    assert (protocol.pieces, protocol.streamed, body.closed) == ([b"a", b"b"], True, 1)
    empty, _ = ask(Body([]))
    assert (empty.sent, empty.streamed) == (b"", False)


def test_a_long_answer_is_streamed() -> None:
    """As it comes, whole, closed once."""
    body = Body([b"x" * 50_000] * 5)
    protocol, _ = ask(body)
    assert (len(protocol.sent), protocol.streamed, body.closed) == (250_000, True, 1)


def test_a_broken_answer_breaks_the_connection() -> None:
    """The client's socket is shut down before the coroutine ends: the peer reads an end it was not promised."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, address = listener.accept()
        with client, server:
            body = Body([b"x" * 50_000] * 5, failure=QueryTimeout("too long."))
            ask(body, FakeScope(client=f"{address[0]}:{address[1]}"))
            client.settimeout(5)
            assert client.recv(1) == b""
            assert body.closed == 1


def test_breaking_touches_no_other_connection() -> None:
    """Only the client's own; an unknown one is not found."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pairs = [(socket.create_connection(listener.getsockname()), listener.accept()[0]) for _ in range(2)]
        victim = pairs[0][1].getpeername()
        assert break_connection(f"127.0.0.1:{victim[1]}")
        pairs[1][1].sendall(b"alive")
        assert pairs[1][0].recv(5) == b"alive"
        assert not break_connection("127.0.0.1:1")
        assert not break_connection("unix")
        for one, other in pairs:
            one.close()
            other.close()


def test_http_1_0_gets_a_length_or_an_error() -> None:
    """Without chunks only the length tells a whole answer from a part, so the answer is held until it is whole."""
    scope = FakeScope(http_version="1")
    protocol, _ = ask(Body([b"x" * 50_000] * 5), scope)
    assert ("content-length", "250000") in protocol.headers
    assert len(protocol.sent) == 250_000
    body = Body([b"x" * 50_000] * 5, failure=QueryTimeout("too long."))
    protocol, _ = ask(body, scope)
    assert (protocol.status, protocol.streamed, body.closed) == (422, False, 1)


def test_a_fault_of_the_application_is_a_plain_500() -> None:
    """Nothing of the inside is told."""
    protocol, _ = ask(ValueError("secret"))
    assert protocol.status == 500
    assert b"secret" not in protocol.sent


def test_a_body_is_read_up_to_the_limit_and_one_byte() -> None:
    """The application sees that it was too much; the rest is left where it is."""
    announced = FakeHeaders([("transfer-encoding", "chunked")])
    protocol, seen = ask(Body([b"ok"]), FakeScope(method="POST", headers=announced), [b"x" * 600] * 100)
    assert len(seen["wsgi.input"].read()) == 1_001
    assert protocol.read <= 1_200


def test_the_environment() -> None:
    """PEP 3333: bytes as latin-1 text, several headers of a name joined, no trust in anything else."""
    headers = FakeHeaders([("accept", "a"), ("accept", "b"), ("content-type", "c"), ("x-request-id", "1")])
    scope = FakeScope(path="/é/a b", query_string="q=é", headers=headers, server="[::1]:8080", client="[::1]:9")
    environ = environment(scope, b"body")
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/é/a b"
    assert environ["QUERY_STRING"].encode("latin-1").decode() == "q=é"
    assert (environ["HTTP_ACCEPT"], environ["CONTENT_TYPE"], environ["HTTP_X_REQUEST_ID"]) == ("a,b", "c", "1")
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"], environ["REMOTE_ADDR"]) == ("::1", "8080", "::1")


SELECT = f"SELECT ?t WHERE {{ <{BASE}datasets/glioma> <http://purl.org/dc/terms/description> ?t }}"
#: What differs from one application to the next.
OWN = ("x-request-id", "etag", "onconode-data-version")
JSON_RESULTS = {"accept": "application/sparql-results+json"}


@pytest.mark.parametrize("path", ["/sparql", "/sparql/", "/hub/sparql", "/hub/sparql/", "/federation/sparql"])
def test_a_query_gets_the_same_without_the_framework(path: str) -> None:
    """Status, headers and bytes are those of the application, whichever way; also of a problem and of HEAD."""
    node = make_node()
    client = create_app(node).test_client()  # type: ignore[arg-type]
    for text, headers in (
        (SELECT, JSON_RESULTS),
        (SELECT, {"accept": "text/csv", "x-request-id": "abc", "accept-encoding": "gzip"}),
        ("CONSTRUCT WHERE { ?s ?p ?o }", {"accept-encoding": "zstd"}),
        ("SELECT nonsense", {}),
        (SELECT, {"accept": "image/png"}),
        (SELECT, {"accept-encoding": "identity;q=0"}),
    ):
        for method in ("GET", "HEAD", "POST"):
            more: dict[str, Any] = {"method": method, "headers": headers, "path": path}
            (mine,) = query(make_gateway(node), (text, more))
            plain = path.removeprefix("/hub")
            theirs = client.open(plain, method=method, query_string={"query": text}, headers=headers)
            got = {name: value for name, value in mine.headers if name not in OWN}
            wanted = {k.lower(): v for k, v in theirs.headers.items() if k.lower() not in OWN}
            assert mine.status == theirs.status_code, (text, method)
            assert sorted(got.items()) == sorted(wanted.items()), (text, method)
            if mine.status == 200:
                assert mine.sent == theirs.data


def test_a_kept_answer_comes_from_the_event_loop() -> None:
    """A second time no thread is asked; another format, an unknown ETag or another caller's header goes its own way."""
    node = make_node()
    gateway = make_gateway(node)
    more = {"headers": JSON_RESULTS}
    first, again, head = query(gateway, (SELECT, more), (SELECT, more), (SELECT, {**more, "method": "HEAD"}))
    assert first.sent == again.sent
    assert dict(head.headers)["content-length"] == str(len(first.sent))
    assert head.sent == b""
    assert len(node.store.answers) == 1
    known = {**JSON_RESULTS, "if-none-match": dict(first.headers)["etag"]}
    gateway = make_gateway(node)
    (answer,) = query(gateway, (SELECT, {"headers": known}))
    assert answer.status == 200  # another life of the service has other tags


def test_304_comes_from_the_event_loop() -> None:
    """For who has the answer nothing is evaluated, not even when it is no longer in memory."""
    node = make_node()
    node.settings = replace(node.settings, limits=replace(node.settings.limits, cache_bytes=0))

    async def run() -> None:
        gateway = make_gateway(node)
        for _ in range(2):
            headers = dict(JSON_RESULTS)
            protocol = FakeProtocol()
            await gateway.__rsgi__(scope_of(headers), protocol)
            headers["if-none-match"] = dict(protocol.headers)["etag"]
            await gateway.__rsgi__(scope_of(headers), protocol)
            assert (protocol.status, protocol.sent) == (304, b"")
            assert "content-type" not in dict(protocol.headers)

    def scope_of(headers: dict[str, str]) -> FakeScope:
        return FakeScope(
            path="/sparql", query_string=urlencode({"query": SELECT}), headers=FakeHeaders(list(headers.items()))
        )

    asyncio.run(run())
    assert len(node.store.answers) == 2


def test_pages_are_the_applications() -> None:
    """A browser gets a table, a mistake as a page and the description; the gateway makes none of these."""
    browser = {"headers": {"accept": "text/html"}}
    table, mistake = query(make_gateway(make_node()), (SELECT, browser), ("SELECT nonsense", browser))
    assert (table.status, mistake.status) == (200, 400)
    assert b"Brain tumours." in table.sent
    assert b"<html" in mistake.sent


def test_a_broken_query_breaks_the_connection_or_http_1_0() -> None:
    """The same as for whatever WSGI gives."""
    node = make_node()
    node.store.broken["#breaks"] = QueryTimeout("too long.")
    (old,) = query(make_gateway(node), (SELECT + "#breaks", {"http_version": "1"}))
    assert (old.status, json.loads(old.sent)["type"]) == (422, f"{BASE}problems/query-timeout")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, address = listener.accept()
        with client, server:
            scope = FakeScope(
                path="/sparql",
                query_string=urlencode({"query": SELECT + "#breaks"}),
                client=f"{address[0]}:{address[1]}",
            )
            protocol = FakeProtocol()
            asyncio.run(through(make_gateway(node), [(scope, protocol)]))
            client.settimeout(5)
            assert client.recv(1) == b""
    assert protocol.sent == b"x" * 100_000
    assert node.store.answers[-1].closed


@pytest.mark.parametrize("path", ["/sparql", "/health/live"])
def test_limits_of_addresses_and_headers(path: str) -> None:
    """Each with its problem document, before anything is read."""
    long = FakeScope(path=path, query_string="x" * 600)
    large = FakeScope(path=path, headers=FakeHeaders([("x-a", "b" * 800)]))
    protocols = [FakeProtocol(), FakeProtocol()]
    asyncio.run(through(make_gateway(make_node()), list(zip([long, large], protocols, strict=True))))
    assert [p.status for p in protocols] == [414, 431]
    for protocol, slug in zip(protocols, ("address-too-long", "headers-too-large"), strict=True):
        assert json.loads(protocol.sent)["type"] == f"{BASE}problems/{slug}"
        assert dict(protocol.headers)["content-type"] == "application/problem+json"
        assert "x-request-id" in dict(protocol.headers)


def test_a_client_with_many_queries_waits_and_is_refused() -> None:
    """429 for the client that has as many as it may, at once for nobody; others and kept answers come meanwhile."""
    node = make_node()
    limits = replace(node.settings.limits, client_queries=2, queue_seconds=0.3)
    node.settings = replace(node.settings, limits=limits, server=Server(behind_proxy=True))
    gate = threading.Event()
    node.store.waits["#slow"] = gate

    def request(text: str, client: str) -> tuple[FakeScope, FakeProtocol]:
        headers = FakeHeaders([("x-forwarded-for", f"9.9.9.9, {client}")])
        return FakeScope(path="/sparql", query_string=urlencode({"query": text}), headers=headers), FakeProtocol()

    greedy = [request(SELECT + f"#slow {i}", "1.1.1.1") for i in range(3)]
    modest, kept = request(SELECT + "#2", "2.2.2.2"), request(SELECT, "1.1.1.1")

    async def run() -> None:
        gateway = make_gateway(node, server=node.settings.server)
        await gateway.__rsgi__(request(SELECT, "3.3.3.3")[0], FakeProtocol())
        running = [asyncio.ensure_future(gateway.__rsgi__(*each)) for each in greedy]
        await asyncio.sleep(0.05)
        await asyncio.gather(gateway.__rsgi__(*modest), gateway.__rsgi__(*kept))
        assert (modest[1].status, kept[1].status) == (200, 200)
        await running[2]
        assert not running[0].done()
        gate.set()
        await asyncio.gather(*running)
        gateway.__rsgi_del__(asyncio.get_running_loop())

    asyncio.run(run())
    assert [protocol.status for _, protocol in greedy] == [200, 200, 429]
    refused = greedy[2][1]
    assert json.loads(refused.sent)["type"] == f"{BASE}problems/too-many-queries"
    assert int(dict(refused.headers)["retry-after"]) > 0


class SlowProtocol(FakeProtocol):
    """Announces a body and sends half of it."""

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield b"query=ASK"
        await asyncio.sleep(30)


def test_a_body_that_does_not_come_is_given_up() -> None:
    """408 with its problem document, and the connection is not used again."""
    announced = FakeHeaders([("content-length", "100"), ("content-type", "application/x-www-form-urlencoded")])
    protocol = SlowProtocol()
    scope = FakeScope(method="POST", path="/sparql", headers=announced)
    asyncio.run(through(make_gateway(make_node(), receive_seconds=0.1), [(scope, protocol)]))
    assert protocol.status == 408
    assert json.loads(protocol.sent)["type"] == f"{BASE}problems/request-timeout"
    assert dict(protocol.headers)["connection"] == "close"


def test_busy_queries_keep_nothing_else_waiting() -> None:
    """With every place taken, health, pages and kept answers come at once, and 503 after the time to wait."""
    node = make_node()
    limits = replace(node.settings.limits, query_workers=1, long_queries=1, queue_seconds=0.2)
    node.settings = replace(node.settings, limits=limits)
    gate = threading.Event()
    node.store.waits["#slow"] = gate

    def request(text: str, client: str) -> tuple[FakeScope, FakeProtocol]:
        return FakeScope(path="/sparql", query_string=urlencode({"query": text}), client=client), FakeProtocol()

    busy = [request(f"ASK {{}} #slow {i}", f"10.0.0.{i}:1") for i in range(2)]
    kept, late, live = request(SELECT, "10.0.0.9:1"), request("ASK {} #late", "10.0.0.9:1"), FakeProtocol()

    async def run() -> None:
        gateway = make_gateway(node)
        await gateway.__rsgi__(request(SELECT, "10.0.0.9:1")[0], FakeProtocol())
        running = [asyncio.ensure_future(gateway.__rsgi__(*each)) for each in busy]
        await asyncio.sleep(0.05)
        async with asyncio.timeout(0.15):
            await asyncio.gather(gateway.__rsgi__(*kept), gateway.__rsgi__(FakeScope(path="/health/live"), live))
        await gateway.__rsgi__(*late)
        gate.set()
        await asyncio.gather(*running)
        gateway.__rsgi_del__(asyncio.get_running_loop())

    asyncio.run(run())
    assert [each.status for each in (kept[1], live, late[1], busy[0][1], busy[1][1])] == [200, 200, 503, 200, 200]
    assert json.loads(late[1].sent)["type"] == f"{BASE}problems/too-busy"
