"""Kept answers, conditional requests and gzip over the real server: publication, long answers, killed workers."""

from __future__ import annotations

import gzip
import http.client
import os
import shutil
import signal
import socket
import time
import zlib
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import urllib3

from tests.command_line import onconode
from tests.integration.running_node import POOL, Service, running
from tests.integration.test_http import DIAGNOSES, descendants

# Its blank nodes get another name each time it is evaluated, so that equal bytes come from memory.
NAMELESS = "PREFIX onco: <https://w3id.org/onconode/vocab#> CONSTRUCT { [] onco:of ?d } WHERE { ?s onco:diagnosis ?d }"
LONG = "SELECT * WHERE { ?s ?p ?o . ?t ?q ?u } LIMIT 20000"
SHORT = "SELECT * WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 100"
ENDLESS = "SELECT * WHERE { ?s ?p ?o . ?t ?q ?u . ?v ?w ?x }"


def ask(service: Service, query: str, **headers: str) -> urllib3.BaseHTTPResponse:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return POOL.request("GET", f"{service.address}sparql", fields={"query": query}, headers=names, decode_content=False)


def test_a_repeated_query_is_the_same_until_the_next_publication(
    published_node: tuple[Path, int], tmp_path: Path
) -> None:
    """Equal bytes, then 304; after a publication by another process both are of the new generation."""
    folder = shutil.copytree(published_node[0], tmp_path / "node")
    examples = Path(__file__).parents[2] / "examples" / "partners"
    with running(["-m", "node", "serve", "--node", str(folder), "--port", "0"], tmp_path / "log") as service:
        first = ask(service, NAMELESS)
        again = ask(service, NAMELESS)
        assert first.data == again.data
        assert b"_:" in first.data or b"[]" in first.data or b"[ " in first.data
        unchanged = ask(service, NAMELESS, If_None_Match=first.headers["ETag"])
        assert (unchanged.status, unchanged.data) == (304, b"")
        rows = ask(service, DIAGNOSES).data
        done = onconode("publish", str(examples / "sarcoma-biobank"), "--node", str(folder))
        assert done.returncode == 0, done.stdout + done.stderr
        changed = ask(service, NAMELESS, If_None_Match=first.headers["ETag"])
        assert changed.status == 200
        assert changed.headers["ETag"] != first.headers["ETag"]
        assert len(changed.data) > len(first.data)
        assert len(ask(service, DIAGNOSES).data) > len(rows)
        log = (tmp_path / "log").read_text(encoding="utf-8")
        assert log.count('"cached": true') == 1


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (SHORT, "text/csv"),
        (SHORT, "application/sparql-results+json"),
        (LONG, "text/csv"),
        pytest.param(LONG, "application/sparql-results+json", marks=pytest.mark.slow),
    ],
)
def test_gzip_is_the_same_answer(service: Service, query: str, accept: str) -> None:
    """In one piece or streamed by tens of megabytes: unpacked it is the identity body."""
    plain = ask(service, query, Accept=accept)
    packed = ask(service, query, Accept=accept, Accept_Encoding="gzip")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] == plain.headers["ETag"]


def test_gzip_for_http_1_0(service: Service) -> None:
    """With the length of what is sent."""
    parts = urlsplit(service.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as old:
        old.sendall(f"GET /sparql?query={quote(LONG)} HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n".encode())
        answer = http.client.HTTPResponse(old)
        answer.begin()
        assert answer.headers["Content-Encoding"] == "gzip"
        body = answer.read()
    assert len(body) == int(answer.headers["Content-Length"])
    assert len(gzip.decompress(body)) > 5_000_000


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_killed_worker_breaks_the_answer(service: Service, coding: str) -> None:
    """The client sees a chunked body without its end; packed, the gzip stream has none either."""
    parts = urlsplit(service.address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request("GET", f"/sparql?query={quote(ENDLESS)}", headers={"Accept-Encoding": coding})
    answer = connection.getresponse()
    assert answer.status == 200
    start = answer.read(1_000)
    workers = [pid for pid in descendants(service.process.pid) if b"node.store." in cmdline(pid)]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)) as broken:
        answer.read()
    connection.close()
    if coding == "gzip":
        assert answer.headers["Content-Encoding"] == "gzip"
        partial = broken.value.partial if isinstance(broken.value, http.client.IncompleteRead) else b""
        unpacker = zlib.decompressobj(31)
        unpacker.decompress(start + partial)
        assert not unpacker.eof
    deadline = time.monotonic() + 10
    while not service.healthy():
        assert time.monotonic() < deadline


def test_head_says_what_get_says(service: Service) -> None:
    """The headers of the packed answer, without it."""
    url = f"{service.address}sparql"
    for coding in ("identity", "gzip"):
        headers = {"Accept-Encoding": coding, "Accept": "text/csv"}
        get = POOL.request("GET", url, fields={"query": SHORT}, headers=headers)
        head = POOL.request("HEAD", url, fields={"query": SHORT}, headers=headers)
        assert get.headers.get("Content-Encoding", "identity") == coding
        for name in ("ETag", "Content-Encoding", "Content-Type", "Vary", "Cache-Control", "Content-Length"):
            assert head.headers.get(name) == get.headers.get(name), name


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
