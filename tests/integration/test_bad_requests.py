"""Malformed and hostile requests to the real service: each a clear 4xx, and the service as well as before."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import pytest

from tests.integration.running_node import Service

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}
UPDATE = {"Content-Type": "application/sparql-update"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
UTF16 = {"Content-Type": "application/sparql-query; charset=utf-16"}
POST = b"POST /sparql HTTP/1.1\r\nHost: x\r\n"
ASK = quote("ASK {}")


@dataclass(frozen=True)
class Bad:
    """A request that is wrong in one way, and the status that says so."""

    name: str
    status: int
    target: str = "/sparql"
    method: str = "GET"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def ask(text: str, path: str = "/sparql") -> str:
    return f"{path}?query={quote(text)}"


BAD = [
    Bad("a query that is none", 400, ask("bad")),
    Bad("an empty query", 400, "/sparql?query="),
    Bad("an unfinished query", 400, ask("SELECT * WHERE {")),
    Bad("an undeclared prefix", 400, ask("SELECT * WHERE { ?s nope:x ?o }")),
    Bad("an unfinished string", 400, ask('SELECT ("a AS ?x) {}')),
    Bad("a variable bound twice", 400, ask("SELECT (1 AS ?x) (2 AS ?x) {}")),
    Bad("an update as a query", 400, ask("CLEAR ALL")),
    Bad("LOAD as a query", 400, ask("LOAD <http://127.0.0.1:1/>")),
    Bad("DROP as a query, posted", 400, method="POST", body=b"DROP ALL", headers=DIRECT),
    Bad("the parameter update", 400, "/sparql?update=CLEAR%20ALL"),
    Bad("the field update", 400, method="POST", body=b"update=CLEAR+ALL", headers=FORM),
    Bad(
        "an update's content type",
        415,
        method="POST",
        body=b"CLEAR ALL",
        headers=UPDATE,
    ),
    Bad("two queries", 400, f"/sparql?query={ASK}&query={ASK}"),
    Bad("two queries, one in the body", 400, f"/sparql?query={ASK}", "POST", b"ASK {}", DIRECT),
    Bad("a form without a query", 400, method="POST", body=b"a=b", headers=FORM),
    Bad("an empty form", 400, method="POST", body=b"", headers=FORM),
    Bad("a POST of nothing", 400, method="POST"),
    Bad("a body without a type", 415, method="POST", body=b"ASK {}"),
    Bad("a body of another type", 415, method="POST", body=b"ASK {}", headers={"Content-Type": "text/plain"}),
    Bad("a JSON body", 415, method="POST", body=b'{"query": 1}', headers={"Content-Type": "application/json"}),
    Bad("a multipart body", 415, method="POST", body=b"--x", headers=MULTIPART),
    Bad("a broken content type", 415, method="POST", body=b"ASK {}", headers={"Content-Type": ";;;"}),
    Bad(
        "another charset",
        415,
        method="POST",
        body=b"ASK {}",
        headers=UTF16,
    ),
    Bad("a compressed body", 415, method="POST", body=b"\x1f\x8b", headers={**DIRECT, "Content-Encoding": "gzip"}),
    Bad("a body that is not UTF-8", 400, method="POST", body=b"ASK { ?s ?p '\xff\xfe' }", headers=DIRECT),
    Bad("a form that is not UTF-8", 400, method="POST", body=b"query=%ff%fe", headers=FORM),
    Bad("a NUL in a query", 400, "/sparql?query=ASK%20%7B%7D%00"),
    Bad("a NUL in a body", 400, method="POST", body=b"ASK {}\x00", headers=DIRECT),
    Bad("a bare percent sign", 400, "/sparql?query=100%"),
    Bad("a percent sign and nonsense", 400, "/sparql?query=%zz"),
    Bad("an address that is not UTF-8", 400, "/sparql?query=%c3%28"),
    Bad("a bad percent sign elsewhere", 400, "/datasets/?offset=%g0"),
    Bad("thousands of parameters", 400, "/sparql?" + "&".join(f"a{i}=1" for i in range(1_500))),
    Bad("a relative graph", 400, f"/sparql?query={ASK}&default-graph-uri=x"),
    Bad("a graph that is no IRI", 400, f"/sparql?query={ASK}&named-graph-uri=http%3A%2F%2Fa%2F%3Cb%3E"),
    Bad("SERVICE", 403, ask("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }")),
    Bad("SERVICE in disguise", 403, ask("SELECT * { SERV\\u0049CE <http://127.0.0.1:1/> { ?s ?p ?o } }")),
    Bad("SERVICE over the federation", 400, ask("SELECT * { SERVICE ?x { ?s ?p ?o } }", "/federation/sparql")),
    Bad("nonsense over the federation", 400, ask("nonsense", "/federation/sparql")),
    Bad("a relative graph over the federation", 400, f"/federation/sparql?query={ASK}&default-graph-uri=a"),
    Bad("very deep nesting", 422, method="POST", body=b"ASK " + b"{" * 50_000, headers=DIRECT),
    Bad("a body that is too large", 413, method="POST", body=b"#" * 11_000_000, headers=DIRECT),
    Bad("solutions as Turtle", 406, ask("SELECT * { ?s ?p ?o } LIMIT 1"), headers={"Accept": "text/turtle"}),
    Bad("a graph as CSV", 406, ask("CONSTRUCT WHERE { ?s ?p ?o }"), headers={"Accept": "text/csv"}),
    Bad("an answer as a picture", 406, ask("ASK {}"), headers={"Accept": "image/png"}),
    Bad("a dataset as a picture", 406, "/datasets/glioma-registry", headers={"Accept": "image/png"}),
    Bad("a dataset as something unknown", 406, "/datasets/glioma-registry?format=docx"),
    Bad("a dataset that is not there", 404, "/datasets/none"),
    Bad("a sample that is not there", 404, "/datasets/glioma-registry/samples/none"),
    Bad("a sample with a NUL", 404, "/datasets/glioma-registry/samples/%00"),
    Bad("a sample with SPARQL in its name", 404, "/datasets/glioma-registry/samples/%3E%20%7D%20DROP%20ALL"),
    Bad("a dataset with a quote and a newline", 404, "/datasets/%22%0a%3E"),
    Bad("a donor that is not there", 404, "/datasets/glioma-registry/donors/none"),
    Bad("a part that is not there", 404, "/.well-known/genid/none"),
    Bad("a graph that is not there", 404, "/graph/none"),
    Bad("a stored query that is not there", 404, "/queries/none"),
    Bad("a way out of the folder", 404, "/static/..%2f..%2fconfig.py"),
    Bad("an offset that is none", 400, "/datasets/glioma-registry/samples/?offset=-1"),
    Bad("an address of nothing", 404, "/nothing"),
    Bad("an unknown method", 405, method="FROBNICATE"),
    Bad("DELETE of a dataset", 405, "/datasets/glioma-registry", "DELETE"),
    Bad("PUT of a graph", 405, "/graph/glioma-registry", "PUT", b"x"),
    Bad("POST to the catalogue", 405, "/", "POST", b"x"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda b: b.name)
def test_a_clear_answer(service: Service, bad: Bad) -> None:
    """The status, a problem document that says what and what to do, and nothing of the inside."""
    parts = urlsplit(service.address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request(bad.method, bad.target, bad.body, bad.headers)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    # Whether deep nesting is too much for the parser or for the memory is the store's to say.
    allowed = (400, 422) if bad.status == 422 else (bad.status,)
    assert response.status in allowed, text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(text)
    assert problem["status"] == response.status
    assert problem["type"].startswith(f"{service.address}problems/")
    assert problem["detail"]
    assert b"Traceback" not in text
    assert b"/node/" not in text


BROKEN = [
    ("no HTTP", b"garbage\r\n\r\n", (400,)),
    ("a negative length", POST + b"Content-Length: -1\r\n\r\n", (400,)),
    ("two lengths", POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", (400,)),
    ("bytes in the address", b"GET /datasets/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", (400, 404)),
    ("bytes in a header", b"GET /nothing HTTP/1.1\r\nHost: x\r\nAccept: \xff\xfe\r\n\r\n", (404,)),
    ("a very long address", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (414,)),
    ("very long headers", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 500_000 + b"\r\n\r\n", (400, 431)),
    ("very many headers", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 5_000 + b"\r\n", (431,)),
    ("OPTIONS of everything", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", (200, 404)),
    ("another version", b"GET / HTTP/7.3\r\nHost: x\r\n\r\n", (400, 505)),
]


@pytest.mark.parametrize(("name", "data", "statuses"), BROKEN, ids=[name for name, _, _ in BROKEN])
def test_broken_http(service: Service, name: str, data: bytes, statuses: tuple[int, ...]) -> None:
    """What is not HTTP is refused, by the server itself or by the application."""
    answer = _exchange(service, data)
    assert answer[:9] in (b"HTTP/1.1 ", b"HTTP/1.0 "), name
    assert int(answer[9:12]) in statuses, (name, answer[:100])


def test_a_body_that_ends_early_is_not_taken_for_the_whole(service: Service) -> None:
    """Half a query may be a query too: it is not evaluated."""
    data = POST + b"Content-Type: application/sparql-query\r\nContent-Length: 50\r\n\r\nASK {}"
    answer = _exchange(service, data, shut=True)
    assert answer[9:12] == b"400"
    assert b"ends after 6 of the 50 bytes" in answer


def _exchange(service: Service, data: bytes, *, shut: bool = False) -> bytes:
    """Send these bytes and read what comes. The server may answer and close before it has read them all."""
    parts = urlsplit(service.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as client:
        with contextlib.suppress(OSError):
            client.sendall(data)
        if shut:
            client.shutdown(socket.SHUT_WR)
        return client.recv(4_000)


def test_the_service_is_as_well_as_before(service: Service) -> None:
    """After all of that."""
    assert service.healthy()
    assert "Traceback" not in service.log.read_text(encoding="utf-8")
