"""WSGI under RSGI: what goes in, what comes out, and what happens when an answer breaks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from node.errors import QueryTimeout
from node.web.gateway import Gateway, break_connection, environment


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

    async def run() -> None:
        gateway = Gateway(application, threads=2, body_limit=1_000, on_stop=lambda: None)  # type: ignore[arg-type]
        await gateway.__rsgi__(scope or FakeScope(), protocol)
        gateway.__rsgi_del__(asyncio.get_running_loop())

    asyncio.run(run())
    return protocol, seen


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
