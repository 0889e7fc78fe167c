"""The parts of a node on an external store that need no store: passwords, locks, queries, answers."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from node.errors import QuerySyntaxError, QueryTimeout, ResultTooLarge, StoreError, TooBusy, Unsupported
from node.rdf.formats import CSV, JSON, NTRIPLES, TSV, TURTLE, Format
from node.sparql.algebra import Form
from node.store.quads import Budget, Generation
from node.store.remote_answer import RemoteAnswer
from node.store.remote_auth import Credentials
from node.store.remote_http import StoreReply
from node.store.remote_lock import Exclusion
from node.store.remote_query import readable

BASE = "http://node.example/"


def results(*values: str) -> bytes:
    """A table with one column."""
    bindings = [{"x": {"type": "literal", "value": value}} for value in values]
    return json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": bindings}}).encode()


RESULTS = results(*(f"}},{{{n}" for n in range(5)))


def test_basic_and_digest_answer_their_challenges() -> None:
    """Only when asked; Digest with a number that grows, so that no answer is good twice."""
    credentials = Credentials("Mufasa", "Circle of Life")
    url = "http://www.example.org/dir/index.html"
    assert credentials.header("GET", url) == {}
    assert credentials.learn(url, {"WWW-Authenticate": 'Basic realm="x"'})
    assert credentials.header("GET", url) == {"Authorization": "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl"}
    challenge = 'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="abc", opaque="FQ"'
    assert credentials.learn(url, {"WWW-Authenticate": challenge})
    first, second = (credentials.header("GET", url)["Authorization"] for _ in range(2))
    assert 'username="Mufasa"' in first
    assert 'uri="/dir/index.html"' in first
    assert ("nc=00000001" in first, "nc=00000002" in second) == (True, True)
    # Without a nonce of the client's own (RFC 2069) the answer is a matter of arithmetic.
    assert credentials.learn(url, {"WWW-Authenticate": 'Digest realm="r", nonce="n"'})
    secret, request = (hashlib.md5(text).hexdigest() for text in (b"Mufasa:r:Circle of Life", b"GET:/dir/index.html"))
    response = hashlib.md5(f"{secret}:n:{request}".encode()).hexdigest()
    assert f'response="{response}"' in credentials.header("GET", url)["Authorization"]
    assert not Credentials("", "").learn(url, {"WWW-Authenticate": challenge})


def test_a_digest_that_is_not_known_is_refused() -> None:
    """With its name."""
    credentials = Credentials("a", "b")
    credentials.learn("http://x/", {"WWW-Authenticate": 'Digest realm="x", nonce="n", algorithm=SHA3'})
    with pytest.raises(StoreError, match="SHA3"):
        credentials.header("GET", "http://x/")


def soon(seconds: float = 0.1) -> float:
    return time.monotonic() + seconds


def test_readers_share_and_a_writer_is_alone(tmp_path: Path) -> None:
    """And a reader that comes while a writer waits has to wait behind it."""
    exclusion = Exclusion(tmp_path)
    with exclusion.reading(soon()), exclusion.reading(soon()), pytest.raises(TooBusy):
        exclusion.writing(soon())
    with exclusion.writing(soon()), pytest.raises(TooBusy):
        exclusion.reading(soon())
    reading = exclusion.reading(soon())
    written = threading.Event()

    def write() -> None:
        with exclusion.writing(soon(20)):
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    deadline = soon(20)
    while time.monotonic() < deadline:
        try:
            exclusion.reading(time.monotonic()).close()
        except TooBusy:
            break
    assert not written.is_set()
    reading.close()
    writer.join(20)
    assert written.is_set()
    exclusion.reading(soon()).close()


def test_a_query_is_sent_as_it_was_understood() -> None:
    """Prefixes and relative IRIs in full, no FROM, and whether it can name graphs."""
    asked = readable("PREFIX : <http://x/> SELECT * FROM <http://secret/> { ?s :p <rel> }", BASE, 64)
    assert (asked.form, asked.graphs) == (Form.SELECT, False)
    assert "secret" not in asked.text
    assert f"<{BASE}rel>" in asked.text
    assert readable("ASK { GRAPH ?g { ?s ?p 'graph' } }", BASE, 64).graphs
    assert not readable("ASK { ?s ?p 'graph <bif:x>' }", BASE, 64).graphs
    for text in ("ASK { FILTER (<bif:x>(1)) }", "ASK { ?s <JAVA:x> ?o }", "ASK { SERVICE <http://x/> {} }"):
        with pytest.raises(Unsupported):
            readable(text, BASE, 64)
    with pytest.raises(QuerySyntaxError):
        readable("DEFINE input:default-graph-uri <http://secret/> SELECT * { ?s ?p ?o }", BASE, 64)


class Reply:
    """What a store sends: ``body`` in small pieces, then the end, or ``broken`` instead."""

    def __init__(self, body: bytes, *, broken: bool = False, most_rows: int | None = None) -> None:
        self.most_rows = most_rows
        self._left = body
        self._broken = broken
        self.closed = threading.Event()

    def read(self, size: int, deadline: float) -> bytes:
        if time.monotonic() > deadline:
            raise QueryTimeout("too slow.")
        piece, self._left = self._left[: min(size, 7)], self._left[min(size, 7) :]
        if not piece and self._broken:
            raise StoreError("the external store broke off its answer.")
        return piece

    def abort(self) -> None:
        """Nothing is being waited for."""

    def close(self) -> None:
        self.closed.set()


def answer(
    reply: Reply,
    form: Form = Form.SELECT,
    formats: tuple[Format, Format] = (TSV, NTRIPLES),
    rows: int = 100,
    size: int = 10_000_000,
    seconds: float = 20,
) -> RemoteAnswer:
    budget = Budget(seconds, 1, size, rows)
    generation = Generation(1, Path("1"))
    return RemoteAnswer(
        cast(StoreReply, reply),
        form,
        formats,
        budget=budget,
        deadline=soon(seconds),
        generation=generation,
        release=lambda: None,
    )


def test_an_answer_is_rewritten() -> None:
    """From JSON and N-Triples into what was asked for; a table for an ASK counts as its value."""
    with answer(Reply(RESULTS)) as given:
        assert b"".join(given) == b"?x\n" + b"".join(b'"},{%d"\n' % n for n in range(5))
    with answer(Reply(b"<http://s> <http://p> <http://o> .\n"), Form.CONSTRUCT, (JSON, TURTLE)) as given:
        assert b"".join(given).endswith(b"\n<http://s> <http://p> <http://o> .\n")
    for value in (b'{"head": {}, "boolean": true}', results("1")):
        with answer(Reply(value), Form.ASK, (CSV, TURTLE)) as given:
            assert b"".join(given) == b"true"


def failures() -> Iterator[tuple[Reply, Form, dict[str, int], type[Exception]]]:
    """Answers that are not to be taken for whole ones."""
    yield Reply(RESULTS[:-20]), Form.SELECT, {}, StoreError
    yield Reply(RESULTS, broken=True), Form.SELECT, {}, StoreError
    yield Reply(b"<html>"), Form.SELECT, {}, StoreError
    yield Reply(b'{"head": {}, "boolean": true}'), Form.SELECT, {}, StoreError
    yield Reply(RESULTS, most_rows=5), Form.SELECT, {}, ResultTooLarge
    yield Reply(RESULTS), Form.SELECT, {"rows": 4}, ResultTooLarge
    yield Reply(RESULTS), Form.SELECT, {"size": 20}, ResultTooLarge
    yield Reply(b"<http://s> <http://p> <http://o> .\n" * 5), Form.CONSTRUCT, {"rows": 4}, ResultTooLarge
    yield Reply(b"<http://s> <http://p> <http://o> .\n", broken=True), Form.CONSTRUCT, {}, StoreError
    yield Reply(RESULTS), Form.SELECT, {"seconds": 0}, QueryTimeout


@pytest.mark.parametrize(("reply", "form", "limits", "error"), list(failures()))
def test_a_part_is_never_taken_for_the_whole(
    reply: Reply, form: Form, limits: dict[str, int], error: type[Exception]
) -> None:
    """Cut off, too long, too late, or no answer at all: an error, and the connection is given up."""
    with pytest.raises(error), answer(reply, form, **limits) as given:  # type: ignore[arg-type]
        b"".join(given)
    assert reply.closed.is_set()


def test_an_answer_nobody_reads_ends_at_its_deadline() -> None:
    """So that a change does not wait for it any longer."""
    row = json.dumps({"x": {"type": "literal", "value": "y" * 100_000}}).encode()
    body = b'{"head": {"vars": ["x"]}, "results": {"bindings": [' + b",".join([row] * 40) + b"]}}"

    class Fast(Reply):
        def read(self, size: int, deadline: float) -> bytes:
            piece, self._left = self._left[:size], self._left[size:]
            return piece

    reply = Fast(body)
    given = answer(reply, seconds=1)
    assert reply.closed.wait(10)
    with pytest.raises(QueryTimeout):
        b"".join(given)
    given.close()
