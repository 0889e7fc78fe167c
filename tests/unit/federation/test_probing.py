"""Endpoints of other kinds are found out by asking, whatever their quirks; what is found is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox
import pytest

from node.config import Member
from node.errors import MemberProtocolError, MemberUnavailable
from node.federation.calling.meter import Meter
from node.federation.members.membership import inspect, inspect_again, probe
from node.federation.members.probing import FILE, keep_probes, probe_endpoint, read_probes
from node.federation.members.sources import RemoteSource

ROWS = 30


class Endpoint(BaseHTTPRequestHandler):
    """A SPARQL endpoint with quirks: forms of request it takes, rows it cuts at, words it refuses, its status."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    forms: ClassVar[tuple[str, ...]] = ("post", "form", "get")
    cut: ClassVar[int | None] = None
    refuses: ClassVar[str] = "no such word"
    status: ClassVar[int] = 200
    store: ClassVar[ox.Store]

    def do_GET(self) -> None:
        self.reply("get", parse_qs(urlsplit(self.path).query).get("query", [""])[0])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.headers["Content-Type"] == "application/sparql-query":
            self.reply("post", body)
        else:
            self.reply("form", parse_qs(body)["query"][0])

    def reply(self, form: str, text: str) -> None:
        if urlsplit(self.path).path != "/query":
            self.send(404, "text/plain", b"not here")
            return
        if self.status != 200 or form not in self.forms or not text or self.refuses in text:
            self.send(self.status if self.status != 200 else 400, "text/plain", b"no")
            return
        result = self.store.query(text)
        if isinstance(result, ox.QueryTriples):
            self.send(200, "application/n-triples", result.serialize(format=ox.RdfFormat.N_TRIPLES) or b"")
            return
        data = json.loads(result.serialize(format=ox.QueryResultsFormat.JSON) or b"")
        if self.cut is not None and "results" in data:
            del data["results"]["bindings"][self.cut :]
        self.send(200, "application/sparql-results+json", json.dumps(data).encode())

    def send(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Silence."""


@contextmanager
def endpoint(**quirks: object) -> Iterator[Member]:
    """An endpoint of ``ROWS`` triples with two predicates and a blank node."""
    store = ox.Store()
    for i in range(ROWS - 1):
        store.add(ox.Quad(ox.NamedNode(f"http://x/{i}"), ox.NamedNode("http://x/p"), ox.Literal(i)))
    store.add(ox.Quad(ox.BlankNode(), ox.NamedNode("http://x/q"), ox.Literal("b")))
    handler = type("Quirky", (Endpoint,), {"store": store, **quirks})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield Member(endpoint=f"http://127.0.0.1:{server.server_address[1]}/query", name="other")
    finally:
        server.shutdown()
        server.server_close()


def test_what_an_endpoint_can_do() -> None:
    """Forms of request, formats, counts, blank nodes; nothing is cut."""
    with endpoint() as member:
        found = probe_endpoint(member)
    assert found.forms == ("form", "post", "get")
    assert found.form == "form"
    assert found.formats == ("json", "nt")
    assert found.triples == ROWS
    assert found.predicates == {"http://x/p": ROWS - 1, "http://x/q": 1}
    assert (found.row_cap, found.values, found.blank) == (None, True, True)
    assert "30 triples" in found.summary


def test_quirks_are_found() -> None:
    """Only GET, rows cut, no VALUES, no GROUP BY: what cannot be known stays unknown."""
    with endpoint(forms=("get",), cut=7, refuses="VALUES") as member:
        found = probe_endpoint(member)
        assert (found.form, found.forms, found.row_cap, found.values) == ("get", ("get",), 7, False)
        assert "cuts answers at 7 rows" in found.summary
    with endpoint(refuses="COUNT") as member:
        found = probe_endpoint(member)
        assert (found.triples, found.predicates, found.row_cap) == (None, None, None)
    with endpoint(cut=1) as member:
        assert probe_endpoint(member).predicates is None, "one row of two is not all predicates"


@pytest.mark.parametrize("form", ["post", "form", "get"])
def test_queries_are_sent_in_the_form_that_works(form: str, tmp_path: Path) -> None:
    """An endpoint that takes one form only is found, added and asked in that form."""
    with endpoint(forms=(form,)) as member:
        assert probe(member.endpoint).endpoint == member.endpoint
        found = inspect(member, tmp_path)
        assert found is not None
        assert found.form == form
        source = RemoteSource(member, form=found.form)
        try:
            rows = source.select("SELECT ?s WHERE { ?s <http://x/q> ?o }", ("s",), Meter(10, 10, 1 << 20))
            assert len(rows) == 1
        finally:
            source.close()


def test_what_is_no_endpoint() -> None:
    """Nobody there, or one who refuses: an error that names it, after no more requests than make sense."""
    with pytest.raises(MemberUnavailable, match="cannot be reached"):
        probe_endpoint(Member(endpoint="http://127.0.0.1:9/sparql", name="other"))
    with endpoint(status=401) as member, pytest.raises(MemberUnavailable, match="401"):
        probe_endpoint(member)
    with endpoint(forms=()) as member, pytest.raises(MemberProtocolError, match="400"):
        probe_endpoint(member)


def test_what_was_found_is_kept(tmp_path: Path) -> None:
    """In a file of the node's folder; a damaged one counts as none; what is looked at again replaces it."""
    with endpoint(cut=7) as member:
        found = inspect(member, tmp_path)
        assert read_probes(tmp_path) == {member.endpoint: found}
        (tmp_path / FILE).write_text("{", encoding="utf-8")
        assert read_probes(tmp_path) == {}
        inspect_again([member, Member("http://127.0.0.1:9/sparql", "gone")], tmp_path)
        kept = read_probes(tmp_path)
        assert list(kept) == [member.endpoint]
        assert kept[member.endpoint].row_cap == 7
        keep_probes(tmp_path, {member.endpoint: None})
        assert read_probes(tmp_path) == {}
