"""Repeated queries, conditional requests and content codings, through the application."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from backports import zstd
from flask.testing import FlaskClient
from web_fakes import BASE, FakeNode, make_node

from node.errors import QueryTimeout
from node.web.app import create_app
from node.web.coding import Packed

SELECT = f"SELECT ?t WHERE {{ <{BASE}datasets/glioma> <http://purl.org/dc/terms/description> ?t }}"
CONSTRUCT = f"CONSTRUCT WHERE {{ <{BASE}datasets/glioma> ?p ?o }}"
ALL = "CONSTRUCT WHERE { ?s ?p ?o }"
MANY = "SELECT * WHERE { ?s ?p ?o . ?t ?q ?o } LIMIT 6000"
HUGE = "SELECT * WHERE { ?s ?p ?o . ?t ?q ?o } LIMIT 20000"
GZIP = {"Accept-Encoding": "gzip"}
BROWSER = {"Accept": "text/html"}


def url(query: str, path: str = "/sparql", **more: str) -> str:
    return f"{path}?{urlencode({'query': query, **more})}"


@pytest.mark.parametrize("query", [SELECT, MANY, CONSTRUCT])
def test_a_repeated_query_is_not_evaluated_again(client: FlaskClient, fake_node: FakeNode, query: str) -> None:
    """By GET, POST and HEAD; the same bytes under the same type."""
    first = client.get(url(query))
    assert first.data
    again = [
        client.get(url(query)),
        client.post("/sparql", data={"query": query}),
        client.post("/sparql", data=query, content_type="application/sparql-query"),
    ]
    assert client.head(url(query)).headers["ETag"] == first.headers["ETag"]
    assert len(fake_node.store.answers) == 1
    for answer in again:
        assert (answer.data, answer.content_type) == (first.data, first.content_type)
        assert answer.headers.get("Content-Length") == first.headers.get("Content-Length")


def test_what_an_answer_depends_on(client: FlaskClient, fake_node: FakeNode) -> None:
    """Another text, format (also the one for graphs), dataset or generation is another answer."""
    store = fake_node.store
    graph = f"{BASE}graph/glioma"
    requests = [
        (url(SELECT), {}),
        (url(SELECT), {"Accept": "text/csv"}),
        (url(SELECT), {"Accept": "text/csv, application/rdf+xml"}),
        (url(SELECT, **{"default-graph-uri": graph}), {}),
        (url(SELECT, **{"default-graph-uri": f"{BASE}graph/closed/records"}), {}),
        (url(SELECT + " "), {}),
    ]
    answers = [client.get(address, headers=headers) for address, headers in requests]
    assert len(store.answers) == len({a.headers["ETag"] for a in answers}) == len(requests)
    as_csv = client.get(url(SELECT, format="csv"))
    assert as_csv.data == answers[1].data
    assert len(store.answers) == len(requests)
    store.number = 8
    later = client.get(url(SELECT))
    assert later.headers["ETag"] != answers[0].headers["ETag"]
    assert len(store.answers) == len(requests) + 1


def test_pages_take_answers_from_memory_too(client: FlaskClient, fake_node: FakeNode) -> None:
    """The page of an answer needs no worker when a program has asked the same."""
    client.get(url(SELECT))
    assert "Brain tumours." in client.get(url(SELECT), headers=BROWSER).text
    assert len(fake_node.store.answers) == 1


@pytest.mark.parametrize("query", [SELECT, MANY, CONSTRUCT])
def test_304_without_evaluation(client: FlaskClient, fake_node: FakeNode, query: str) -> None:
    """Who has the answer is told so, without a body, as long as the generation is the same."""
    first = client.get(url(query))
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "public, no-cache"
    fake_node.store.failures["WHERE"] = AssertionError("evaluated")
    for method in (client.get, client.head):
        for given in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
            again = method(url(query), headers={"If-None-Match": given})
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["ETag"] == tag
            assert again.headers["Cache-Control"] == "public, no-cache"
            assert again.headers["Vary"] == "Accept, Accept-Encoding, Authorization"
            assert "Content-Type" not in again.headers
    del fake_node.store.failures["WHERE"]
    assert client.get(url(query), headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.get(url(query), headers={"If-None-Match": "*"}).status_code == 304
    assert client.post("/sparql", data={"query": query}, headers={"If-None-Match": tag}).status_code == 200
    fake_node.store.number = 8
    assert client.get(url(query), headers={"If-None-Match": tag}).status_code == 200


def test_any_etag_needs_an_answer_to_exist(client: FlaskClient) -> None:
    """``If-None-Match: *`` of a query that is wrong, or cannot be had so, is its error."""
    anything = {"If-None-Match": "*"}
    assert client.get(url("SELECT"), headers=anything).status_code == 400
    assert client.get(url(SELECT), headers={**anything, "Accept": "text/turtle"}).status_code == 406


def test_an_etag_ends_with_the_process(client: FlaskClient) -> None:
    """A number of a generation may mean something else after a restart."""
    tag = client.get(url(SELECT)).headers["ETag"]
    other = create_app(make_node()).test_client()  # type: ignore[arg-type]
    assert other.get(url(SELECT), headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("path", ["/graph/glioma", "/graph/glioma/provenance"])
def test_graphs_have_etags(client: FlaskClient, fake_node: FakeNode, path: str) -> None:
    """A whole graph is not read again for who has it; the formats differ, and so do the graphs."""
    turtle = client.get(path)
    tags = {turtle.headers["ETag"], client.get(f"{path}?format=nt").headers["ETag"]}
    assert len(tags) == 2
    before = len(fake_node.store.answers)
    assert client.get(path, headers={"If-None-Match": turtle.headers["ETag"]}).status_code == 304
    assert len(fake_node.store.answers) == before
    assert client.get("/graph/none", headers={"If-None-Match": "*"}).status_code == 404


def test_what_must_not_be_kept(client: FlaskClient, fake_node: FakeNode) -> None:
    """What changes each time, the federation's answers, errors: evaluated each time, and no cache may keep them."""
    for address in (url("SELECT (UUID() AS ?u) WHERE {}"), url(SELECT, "/federation/sparql"), url("SELECT")):
        before = len(fake_node.store.answers)
        answers = [client.get(address) for _ in range(2)]
        assert len(fake_node.store.answers) == before + (2 if answers[0].status_code == 200 else 0)
        for answer in answers:
            assert "ETag" not in answer.headers
            assert answer.headers["Cache-Control"] == "no-store"
    posted = client.post("/sparql", data={"query": SELECT})
    assert "ETag" not in posted.headers
    assert posted.headers["Cache-Control"] == "no-store"


def test_an_answer_that_broke_is_evaluated_again(client: FlaskClient, fake_node: FakeNode) -> None:
    """Half an answer never enters."""
    fake_node.store.broken["#b"] = QueryTimeout("too long.")
    answer = client.get(url(SELECT + "#b"), buffered=False)
    with pytest.raises(QueryTimeout):
        answer.get_data()
    answer.close()
    fake_node.store.broken.clear()
    assert b"Brain tumours." in client.get(url(SELECT + "#b")).data


def test_the_cache_can_be_turned_off() -> None:
    """``limits.cache_bytes = 0``: each query is evaluated; ETags stay."""
    node = make_node()
    node.settings = replace(node.settings, limits=replace(node.settings.limits, cache_bytes=0))
    client = create_app(node).test_client()  # type: ignore[arg-type]
    tags = {client.get(url(SELECT)).headers["ETag"] for _ in range(2)}
    assert (len(node.store.answers), len(tags)) == (2, 1)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("query", [ALL, MANY, HUGE])
@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_coding_of_answers(client: FlaskClient, query: str, method: str, coding: str) -> None:
    """Short, kept and streamed ones: the same bytes when unpacked, the same ETag, no wrong length."""
    for _ in range(2):
        plain = getattr(client, method)(url(query))
        packed = getattr(client, method)(url(query), headers={"Accept-Encoding": coding})
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == coding
        assert packed.headers["Vary"] == "Accept, Accept-Encoding, Authorization"
        assert len(packed.data) < len(plain.data) / 2
        unpack = gzip.decompress if coding == "gzip" else zstd.decompress
        assert unpack(packed.data) == plain.data
        assert packed.headers.get("ETag") == plain.headers.get("ETag")
        assert packed.headers.get("Content-Length", str(len(packed.data))) == str(len(packed.data))


def test_gzip_of_everything_else(client: FlaskClient) -> None:
    """Pages, descriptions, files and errors; what is small or has no body stays as it is."""
    for path in ("/datasets/?format=html", "/datasets/glioma/samples/", "/shapes", "/vocab?format=nt", "/queries"):
        _check_gzip(client, path)
    _check_gzip(client, "/static/style.css")
    for path in ("/health/live", url("ASK {}"), "/nothing"):
        assert "Content-Encoding" not in client.get(path, headers=GZIP).headers
    assert "Content-Encoding" not in client.options("/sparql", headers=GZIP).headers


def _check_gzip(client: FlaskClient, path: str) -> None:
    plain, packed = client.get(path, buffered=True), client.get(path, headers=GZIP, buffered=True)
    assert packed.headers["Content-Encoding"] == "gzip", path
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert packed.headers["ETag"].startswith("W/")
    again = client.get(path, headers={**GZIP, "If-None-Match": packed.headers["ETag"]}, buffered=True)
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Encoding" not in again.headers
    head = client.head(path, headers=GZIP, buffered=True)
    assert (head.headers["Content-Encoding"], head.data) == ("gzip", b"")
    assert head.headers.get("Content-Length", "") in ("", packed.headers.get("Content-Length"))


def test_who_refuses_a_body_as_it_is(client: FlaskClient) -> None:
    """``identity;q=0`` packs even the smallest; with nothing else allowed it is 406, sent as it is."""
    only = {"Accept-Encoding": "gzip, identity;q=0"}
    small = client.get(url("ASK {}"), headers=only)
    assert gzip.decompress(small.data) == client.get(url("ASK {}")).data
    assert client.options("/sparql", headers=only).status_code == 200
    refused = client.get(url("ASK {}"), headers={"Accept-Encoding": "identity;q=0"})
    assert (refused.status_code, refused.is_json) == (406, True)
    assert "Content-Encoding" not in refused.headers


def test_a_packed_answer_that_breaks_has_no_end(client: FlaskClient, fake_node: FakeNode) -> None:
    """The failure is raised through the coding, the query is closed, and what came is no whole gzip stream."""
    fake_node.store.broken["#b"] = QueryTimeout("too long.")
    answer = client.get(url(SELECT + "#b"), headers=GZIP, buffered=False)
    received: list[bytes] = []
    with pytest.raises(QueryTimeout):
        received.extend(answer.iter_encoded())
    answer.close()
    assert fake_node.store.answers[-1].closed
    unpacker = zlib.decompressobj(31)
    assert unpacker.decompress(b"".join(received)) == b"x" * 100_000
    assert not unpacker.eof


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_no_chunk_waits_for_the_next(coding: str) -> None:
    """Each can be unpacked whole as soon as it is there."""
    packed = iter(Packed([b"one", b"", b"two"], coding))
    unpacker = zlib.decompressobj(31) if coding == "gzip" else zstd.ZstdDecompressor()
    assert unpacker.decompress(next(packed)) == b"one"
    assert unpacker.decompress(next(packed)) == b"two"
    assert unpacker.decompress(b"".join(packed)) == b""
    assert unpacker.eof
