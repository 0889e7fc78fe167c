"""What the real server refuses, how it says so, and what it packs: over sockets, as clients see it."""

from __future__ import annotations

import http.client
import json
import socket
import time
from urllib.parse import quote, urlsplit

import pytest
import urllib3
from backports import zstd

from tests.integration.running_node import POOL, Service

ASK = quote("ASK {}")
MANY = "SELECT * WHERE { ?s ?p ?o . ?t ?q ?u } LIMIT 50000"


def exchange(service: Service, data: bytes) -> http.client.HTTPResponse:
    """The answer to these bytes."""
    parts = urlsplit(service.address)
    client = socket.create_connection((parts.hostname, parts.port), timeout=20)
    client.sendall(data)
    answer = http.client.HTTPResponse(client)
    answer.begin()
    client.close()
    return answer


@pytest.mark.parametrize(
    ("head", "status", "slug"),
    [
        (f"GET /sparql?query={ASK}{'%20' * 11_000} HTTP/1.1\r\n", 414, "address-too-long"),
        (f"GET /{'a' * 40_000} HTTP/1.1\r\n", 414, "address-too-long"),
        (f"GET /sparql?query={ASK} HTTP/1.1\r\nX-A: {'b' * 70_000}\r\n", 431, "headers-too-large"),
        (f"GET /health/live HTTP/1.1\r\nCookie: {'b' * 70_000}\r\n", 431, "headers-too-large"),
    ],
)
def test_too_long_a_head_is_a_problem_document(service: Service, head: str, status: int, slug: str) -> None:
    """The node's own limits are below the server's, so that the client is told what to do."""
    answer = exchange(service, f"{head}Host: x\r\n\r\n".encode())
    document = json.loads(answer.read())
    assert (answer.status, document["status"]) == (status, status)
    assert document["type"] == f"{service.address}problems/{slug}"
    assert document["remedy"]
    assert service.healthy()


def test_zstd_is_the_same_answer(service: Service) -> None:
    """Streamed and whole; gzip for who likes it better."""
    url = f"{service.address}sparql"
    for query in (MANY, "SELECT * WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 100"):
        plain = POOL.request("GET", url, fields={"query": query})
        packed = POOL.request(
            "GET", url, fields={"query": query}, headers={"Accept-Encoding": "gzip, zstd"}, decode_content=False
        )
        assert packed.headers["Content-Encoding"] == "zstd"
        assert zstd.decompress(packed.data) == plain.data
        assert len(packed.data) < len(plain.data) / 3
        other = POOL.request("GET", url, fields={"query": query}, headers={"Accept-Encoding": "gzip, zstd;q=0.5"})
        assert other.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("path", ["sparql", "sparql/", "federation/sparql", "federation/sparql/"])
def test_every_way_of_asking(service: Service, path: str) -> None:
    """GET, a form, the query as it is, and a POST with URL parameters alone as Blazegraph's clients send it."""
    url = f"{service.address}{path}"
    address = f"{url}?query={ASK}"
    answers = [
        POOL.request("GET", address),
        POOL.request("POST", url, body=f"query={ASK}", headers={"Content-Type": "application/x-www-form-urlencoded"}),
        POOL.request("POST", url, body="ASK {}", headers={"Content-Type": "application/sparql-query"}),
        POOL.request("POST", address),
        POOL.request("POST", address, body=b"", headers={"Content-Type": "application/x-www-form-urlencoded"}),
    ]
    assert [answer.status for answer in answers] == [200] * 5
    assert {answer.data for answer in answers} == {answers[0].data}
    assert all(answer.headers["Vary"] == "Accept, Accept-Encoding, Authorization" for answer in answers)
    head = POOL.request("HEAD", address)
    same = ("Content-Type", "Content-Length", "Cache-Control", "ETag", "Vary", "Access-Control-Allow-Origin")
    assert (head.status, head.data) == (200, b"")
    assert [head.headers.get(name) for name in same] == [answers[0].headers.get(name) for name in same]
    options = POOL.request("OPTIONS", url, headers={"Origin": "https://a.example"})
    assert options.status == 200
    assert {"GET", "HEAD", "POST", "OPTIONS"} <= set(options.headers["Allow"].split(", "))
    assert "Authorization" in options.headers["Access-Control-Allow-Headers"]


def test_the_description_is_absolute_and_fast(service: Service) -> None:
    """By negotiation at the endpoint itself; every IRI stands under the node's base or is a well-known one."""
    url = f"{service.address}sparql"
    for accept in ("text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json"):
        answer = POOL.request("GET", url, headers={"Accept": accept})
        assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (200, accept)
    text = POOL.request("GET", url, headers={"Accept": "application/n-triples"}).data.decode()
    assert f"<{url}> <http://www.w3.org/ns/sparql-service-description#endpoint> <{url}> ." in text
    assert f"seeAlso> <{service.address}.well-known/void> ." in text


def test_a_wrong_token_is_refused_for_every_query(service: Service) -> None:
    """Also for one whose public answer is in memory."""
    url = f"{service.address}sparql?query={ASK}"
    assert POOL.request("GET", url).status == 200
    headers = urllib3.HTTPHeaderDict({"Authorization": "Bearer nonsense"})
    refused = POOL.request("GET", url, headers=headers)
    assert (refused.status, refused.headers["Content-Type"]) == (401, "application/problem+json")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


RUNAWAY = quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }")


@pytest.mark.parametrize("path", ["sparql", "federation/sparql"])
@pytest.mark.parametrize("padding", ["", "%20" * 8_000], ids=["short", "long"])
def test_a_client_that_leaves_takes_its_query_along(service: Service, path: str, padding: str) -> None:
    """Long before its deadline of 30 s, whichever way the query came: nobody waits for the answer."""
    said = '"problem": "client-gone"'
    before = service.log.read_text(encoding="utf-8").count(said)
    parts = urlsplit(service.address)
    body = f"query={RUNAWAY}{padding}".encode()
    head = f"POST /{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as client:
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(0.2)
    started = time.monotonic()
    while service.log.read_text(encoding="utf-8").count(said) == before:
        assert time.monotonic() - started < 15
        time.sleep(0.05)
    assert service.healthy()
