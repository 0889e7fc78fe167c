"""Requests that one thread sends and waits for: in any order, in pieces, of members that fail or are slow."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from node.config import Member
from node.errors import LimitExceeded, MemberUnavailable
from node.federation.calling import begun as begun_module
from node.federation.calling.begun import Begun, arrivals
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table
from node.federation.members.sources import RemoteSource

_HEAD = b"HTTP/1.1 %s\r\nServer: Oxigraph/0.5\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
ROW = b"<http://x.example/1>\n"

#: What a server does with one request over one connection; False: it closes the connection.
Turn = Callable[[socket.socket], bool]


def said(body: bytes, status: bytes = b"200 OK", media_type: bytes = b"text/tab-separated-values") -> Turn:
    """An answer with this body."""

    def turn(stream: socket.socket) -> bool:
        stream.sendall(_HEAD % (status, media_type, len(body)) + body)
        return True

    return turn


def rows(number: int) -> Turn:
    """So many rows."""
    return said(b"?s\n" + ROW * number)


def after(seconds: float, turn: Turn) -> Turn:
    """The same, later."""

    def late(stream: socket.socket) -> bool:
        time.sleep(seconds)
        return turn(stream)

    return late


def closed(stream: socket.socket) -> bool:
    """The connection ends."""
    return False


KNOWN = said(b'{"head": {}, "boolean": true}', media_type=b"application/sparql-results+json")


@contextmanager
def serving(*turns: Turn) -> Iterator[tuple[RemoteSource, list[bytes]]]:
    """A member that answers requests so, one after another, and what it heard.

    One request more came before: it has shown which engine this is, and left a connection.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(5)
    left: list[Turn] = [KNOWN, *turns]
    heard: list[bytes] = []

    def serve() -> None:
        while left:
            stream, _ = listening.accept()
            with stream:
                while left and (request := _request(stream)):
                    heard.append(request)
                    if not left.pop(0)(stream):
                        break

    thread = threading.Thread(target=serve)
    thread.start()
    source = RemoteSource(Member(f"http://127.0.0.1:{listening.getsockname()[1]}/query", "m"))
    try:
        assert source.ask("ASK {}", meter())
        heard.clear()
        yield source, heard
    finally:
        source.close()
        thread.join(10)
        listening.close()


def meter(seconds: float = 10.0, requests: int = 10) -> Meter:
    """What a query may use."""
    return Meter(seconds, requests, 100_000_000)


def begun(source: RemoteSource, of: Meter | None = None, text: str = "SELECT ?s {}") -> Begun[Table | bool]:
    """A request for ``?s`` that could be begun."""
    one = source.begin(text, ("s",), of or meter())
    assert one is not None
    return one


def arrived(*requests: Begun[Table | bool], seconds: float = 5.0) -> list[Begun[Table | bool]]:
    """In the order in which they are there."""
    return list(arrivals(requests, time.monotonic() + seconds, lambda: False))


def test_many_are_waited_for_at_once() -> None:
    """All are sent before any is waited for, and taken as they come."""
    started = time.monotonic()
    with serving(after(0.4, rows(1))) as (first, _), serving(after(0.2, rows(2))) as (second, _):
        slow, quick = begun(first), begun(second)
        assert arrived(slow, quick) == [quick, slow]
        assert [len(one.result()) for one in (slow, quick)] == [1, 2]  # type: ignore[arg-type]
    assert time.monotonic() - started < 0.59 + 1


def test_without_an_idle_connection_nothing_is_begun() -> None:
    """While one request is under way on the only connection, another needs a thread; so does an unknown engine."""
    with serving(rows(1), rows(1)) as (source, heard):
        of = meter()
        one = begun(source, of)
        assert source.begin("SELECT ?s {}", ("s",), of) is None
        assert arrived(one) == [one]
        assert one.result() == Table(("s",), ROW)
        other = begun(source, of)
        assert arrived(other) == [other]
        assert other.answer() == Table(("s",), ROW)
        assert len(heard) == of.tallies["m"].requests == 2
    assert RemoteSource(Member("http://127.0.0.1:9/sparql", "n")).begin("SELECT ?s {}", ("s",), meter()) is None


def test_a_connection_that_had_ended_says_nothing_about_the_member() -> None:
    """The request is sent again over a new one."""
    with serving(closed, rows(3)) as (source, heard):
        one = begun(source)
        assert arrived(one) == [one]
        assert one.result() is None
        assert len(one.answer()) == 3  # type: ignore[arg-type]
        assert len(heard) == 2


def test_what_fails_is_asked_again_as_often_as_always() -> None:
    """Three times in all, the first included."""
    busy = said(b"", b"503 Service Unavailable")
    with serving(busy, busy, rows(1)) as (source, _):
        one = begun(source)
        assert arrived(one) == [one]
        assert one.result() is None
        assert one.answer() == Table(("s",), ROW)
    with serving(busy, busy, busy) as (source, heard):
        one = begun(source)
        assert arrived(one) == [one]
        with pytest.raises(MemberUnavailable, match="503"):
            one.answer()
        assert len(heard) == 3


def test_long_answers_are_left_to_others() -> None:
    """What is not there yet is read by whoever takes the answer."""
    many = 5 * begun_module._LONG // len(ROW)
    with serving(rows(many)) as (source, _):
        one = begun(source)
        assert arrived(one) == [one]
        assert one.result() is None
        assert len(one.answer()) == many  # type: ignore[arg-type]


def test_a_request_that_does_not_fit_is_sent_bit_by_bit() -> None:
    """A member that reads late holds nobody up: neither the others nor the thread."""
    text = "SELECT ?s {} #" + 20_000_000 * "x"

    with serving(rows(1)) as (first, heard), serving(rows(2)) as (second, _):
        long, short = begun(first, text=text), begun(second)
        assert not long.go_on()
        assert not long.sent
        assert arrived(long, short, seconds=60.0) == [short, long]
        assert heard == [text.encode()]
        assert long.result() == Table(("s",), ROW)
        short.close()


def test_at_the_end_of_the_time_nothing_is_waited_for() -> None:
    """Neither when a moment has come, nor when nobody wants the rest any more."""
    for is_over, seconds in ((lambda: False, 0.1), (lambda: True, 5.0)):
        with serving(after(0.5, rows(1))) as (source, _):
            one, started = begun(source), time.monotonic()
            assert list(arrivals([one], started + seconds, is_over)) == []
            assert time.monotonic() - started < 0.4
            one.close()


def test_a_query_that_is_given_up_waits_no_longer() -> None:
    """Whoever stops the meter ends the requests under way, and none is sent again."""
    with serving(after(1.0, rows(1))) as (source, heard):
        of = meter()
        one, started = begun(source, of), time.monotonic()
        stopping = threading.Timer(0.1, of.stop)
        stopping.start()
        assert arrived(one) == [one]
        assert time.monotonic() - started < 0.9
        with pytest.raises(LimitExceeded):
            one.answer()
        stopping.join()
        assert len(heard) == 1


def _request(stream: socket.socket) -> bytes:
    held = b""
    while b"\r\n\r\n" not in held:
        more = stream.recv(1 << 16)
        if not more:
            return b""
        held += more
    head, _, body = held.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += stream.recv(1 << 16)
    return body
