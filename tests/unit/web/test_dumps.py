"""The dump over HTTP: one file a generation, with its digest, in ranges for those whose connection broke."""

from __future__ import annotations

import base64
import gzip
import hashlib

import pyoxigraph
from flask.testing import FlaskClient
from web_fakes import FakeNode
from werkzeug.test import TestResponse


def got(client: FlaskClient, headers: dict[str, str] | None = None) -> TestResponse:
    """The dump, its file closed as a server closes it."""
    return client.get("/dump.nq.gz", headers=headers, buffered=True)


def test_the_dump_is_what_is_public(client: FlaskClient) -> None:
    """All of it, with length and digest; the digest is to be had alone, as sha256sum reads it."""
    response = got(client, headers={"Accept-Encoding": "gzip, zstd"})
    assert response.status_code == 200
    assert response.content_type == "application/gzip"
    assert "Content-Encoding" not in response.headers
    assert response.content_length == len(response.data)
    quads = list(pyoxigraph.parse(gzip.decompress(response.data), pyoxigraph.RdfFormat.N_QUADS))
    assert {quad.graph_name.value for quad in quads} == {"http://node.example/graph/glioma"}
    digest = hashlib.sha256(response.data)
    assert response.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert response.headers["ETag"] == f'"{digest.hexdigest()}"'
    assert response.headers["Cache-Control"] == "public, no-cache, no-transform"
    assert "Expires" not in response.headers
    assert client.get("/dump.nq.gz.sha256").text == f"{digest.hexdigest()}  dump.nq.gz\n"


def test_conditional_requests_and_ranges(client: FlaskClient) -> None:
    """RFC 9110, sections 13 and 14."""
    whole = got(client)
    tag = whole.headers["ETag"]
    assert got(client, headers={"If-None-Match": tag}).status_code == 304
    part = got(client, headers={"Range": "bytes=10-19", "If-Range": tag})
    assert (part.status_code, part.data) == (206, whole.data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.data)}"
    for headers in ({"Range": "bytes=10-", "If-Range": '"another"'}, {"Range": f"bytes={len(whole.data)}-"}):
        again = got(client, headers=headers)
        assert (again.status_code, again.data) == (200, whole.data)


def test_a_dump_is_made_once_a_generation(client: FlaskClient, fake_node: FakeNode) -> None:
    """What was withdrawn is in none that is served afterwards."""
    first = got(client)
    asked = len(fake_node.store.answers)
    assert got(client).data == first.data
    assert len(fake_node.store.answers) == asked
    fake_node.store.store.clear()
    fake_node.store.number += 1
    second = got(client)
    assert gzip.decompress(second.data) == b""
    assert second.headers["ETag"] != first.headers["ETag"]


def test_void_leads_to_it(client: FlaskClient) -> None:
    """VoID, section 3.4; and the catalogue's page."""
    assert b"dataDump> <http://node.example/dump.nq.gz>" in client.get("/.well-known/void?format=nt").data
    assert 'href="/dump.nq.gz"' in client.get("/", headers={"Accept": "text/html"}).text
