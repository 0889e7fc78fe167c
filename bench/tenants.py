"""Many nodes in one process, for measuring federations of hundreds: datasets in memory behind one small HTTP server.

    python -m bench.tenants DIR [--port 0]

Serves each file ``DIR/<name>.nt`` as a node of that name: ``/<name>/sparql`` (POST, answers in TSV, JSON or N-Triples),
``/<name>/.well-known/void`` with an ``ETag``, both with the version of the data, and leases for those who ask. Blank
nodes become IRIs, as at publication. ``/-/counts`` gives, for each node, the requests since it was last asked for:
queries with rows as answer, queries without, descriptions. Prints its address when it listens.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import socket
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from node.config import Identity
from node.model.identifiers import Identifiers
from node.publishing.summary import void_description
from node.sparql.protocol import DATA_VERSION_HEADER, LEASE_HEADER
from node.store.promises import LONGEST, USUAL
from node.store.summary import Summary

_BLANK = re.compile(r"(?<![^ ])_:(\S+)")
_TIER = "urn:tenants:public"
#: What a node gives on average of what is wanted, while nobody publishes.
_LENT = 0.75


def skolemised(ntriples: str) -> str:
    """The same with IRIs for blank nodes; for those of one file, which no other shares a label with."""
    return _BLANK.sub(r"<https://genid.example.org/\1>", ntriples)


class _Files:
    """As much of a store as its description needs."""

    def __init__(self, summary: bytes) -> None:
        self._summary = summary

    def file(self, name: str) -> bytes | None:
        return self._summary if name == "summary.json" else None


class Tenant:
    """One node."""

    def __init__(self, name: str, ntriples: str, address: str) -> None:
        data = skolemised(ntriples).encode()
        counted = ox.Store()
        graph = f" <{_TIER}> .\n".encode()
        counted.bulk_load(data.replace(b" .\n", graph), format=ox.RdfFormat.N_QUADS)
        summary = Summary.of(counted, _TIER)
        self.store = ox.Store()
        self.store.bulk_load(data, format=ox.RdfFormat.N_TRIPLES)
        identifiers = Identifiers(f"{address}/{name}/")
        files: Any = _Files(summary.write())
        self.void = void_description(files, identifiers, Identity(base_iri=identifiers.base))
        self.version = hashlib.sha256(data).hexdigest()[:16]

    def answer(self, text: str, accept: str) -> tuple[str, bytes]:
        """Media type and body."""
        result = self.store.query(text)
        if isinstance(result, ox.QueryTriples):
            return "application/n-triples", result.serialize(format=ox.RdfFormat.N_TRIPLES) or b""
        wanted = ox.QueryResultsFormat.TSV if "tab-separated" in accept else ox.QueryResultsFormat.JSON
        return wanted.media_type, result.serialize(format=wanted) or b""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    tenants: dict[str, Tenant]
    counts: defaultdict[str, dict[str, int]]
    raw_requestline: bytes
    fields: dict[str, str]
    lock = threading.Lock()

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def parse_request(self) -> bool:
        """Read the head of a request that is well-formed. The base class reads it as e-mail is read, which takes longer
        than a small query, and members that all share a process should not be what is measured."""
        self.command, self.path, self.request_version = self.raw_requestline.decode("latin-1").split()
        self.fields = {}
        while (line := self.rfile.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            self.fields[name.lower()] = value.strip()
        self.close_connection = self.fields.get("connection", "").lower() == "close"
        return True

    def do_GET(self) -> None:
        if self.path == "/-/counts":
            with self.lock:
                body = json.dumps(self.counts).encode()
                self.counts.clear()
            self._send("application/json", body, None)
            return
        _, name, *_ = self.path.split("/")
        tenant = self.tenants[name]
        self._count(name, "descriptions")
        tag = f'W/"{tenant.version}"'
        if self.fields.get("if-none-match") == tag:
            self.send_response_only(304)
            self.send_header("ETag", tag)
            self._lend(tenant)
            self.end_headers()
            return
        self._send("application/n-triples", tenant.void, tenant, {"ETag": tag})

    def do_POST(self) -> None:
        _, name, *_ = self.path.split("/")
        tenant = self.tenants[name]
        text = self.rfile.read(int(self.fields["content-length"])).decode()
        try:
            media_type, body = tenant.answer(text, self.fields.get("accept", ""))
        except (SyntaxError, ValueError) as error:
            self._send("text/plain", str(error).encode(), tenant, status=400)
            return
        empty = body.count(b"\n") <= 1 if "tab-separated" in media_type else b'"bindings":[]' in body
        self._count(name, "empty" if empty else "full")
        self._send(media_type, body, tenant)

    def _count(self, name: str, what: str) -> None:
        with self.lock:
            counted = self.counts.setdefault(name, {"full": 0, "empty": 0, "descriptions": 0})
            counted[what] += 1

    def _lend(self, tenant: Tenant) -> None:
        """The version of the data, and for how long it stays."""
        self.send_header(DATA_VERSION_HEADER, tenant.version)
        if (asked := self.fields.get(LEASE_HEADER.lower())) is not None:
            token, _, wanted = asked.partition(";ms=")
            seconds = min(float(wanted) / 1000 if wanted else USUAL, LONGEST)
            self.send_header(LEASE_HEADER, f"{token};ms={seconds * _LENT * 1000:.0f}")

    def _send(
        self,
        media_type: str,
        body: bytes,
        tenant: Tenant | None,
        headers: dict[str, str] | None = None,
        status: int = 200,
    ) -> None:
        self.send_response_only(status)
        if tenant is not None:
            self._lend(tenant)
        for key, value in {"Content-Type": media_type, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        # In one piece, so that no packet waits for another.
        self._headers_buffer.append(b"\r\n" + body)  # type: ignore[attr-defined]
        self.flush_headers()

    def log_message(self, *args: Any) -> None:
        """Silence."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def main() -> None:
    """Load, listen, serve until killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    server = _Server(("127.0.0.1", arguments.port), _Handler)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    _Handler.counts = defaultdict(dict)
    _Handler.tenants = {
        path.stem: Tenant(path.stem, path.read_text(encoding="utf-8"), address)
        for path in sorted(arguments.folder.glob("*.nt"))
        if path.stem != "merged"
    }
    print(address, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
