"""``/update`` on the real server: the SPARQL 1.1 Protocol, section 2.2, and who may use it."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import urlencode

import pytest

from tests.command_line import onconode
from tests.integration.conftest import PARTNER
from tests.integration.operated_node import Operated, operated

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-update"}
BOTH = "<http://e/s> <http://e/p> 1"

DOCUMENTS = {
    "/open/data.ttl": (200, "text/turtle", b"<#it> <http://e/loaded> [ <http://e/q> 1 ] ."),
    "/open/plain.nt": (200, "text/plain", b"<http://e/plain> <http://e/loaded> <http://e/o> ."),
    "/open/broken.ttl": (200, "text/turtle", b"<#it> oops"),
    "/open/page": (200, "text/html", b"<p>no</p>"),
    "/open/away": (302, "", b"/closed/data.ttl"),
    "/closed/data.ttl": (200, "text/turtle", b"<http://e/closed> <http://e/loaded> 1 ."),
}


class Documents(http.server.BaseHTTPRequestHandler):
    """Serves the documents and remembers what was asked for."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, kind, body = DOCUMENTS.get(self.path, (404, "text/plain", b""))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", body.decode())
            body = b""
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def documents() -> Iterator[str]:
    """The address of a server with some documents."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Documents) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, documents: str) -> Iterator[Operated]:
    """The node, for tests that do not care what it holds."""
    settings = f'\n[services]\nload = ["{documents}/open/"]\nprivate_addresses = true\n'
    with operated(tmp_path_factory.mktemp("update") / "node", settings=settings) as made:
        yield made


@pytest.fixture
def node(served: Operated) -> Operated:
    """The node, empty."""
    assert served.update("DROP ALL").status == 204
    return served


def test_by_form_and_as_it_is(node: Operated) -> None:
    """Both ways, also with a slash at the end; nothing comes back but the number of the generation."""
    done = node.ask("POST", "update", urlencode({"update": f"INSERT DATA {{ {BOTH} }}"}), headers=FORM)
    assert (done.status, done.data) == (204, b"")
    assert node.true(BOTH)
    number = int(done.headers["Onconode-Generation"])
    done = node.ask("POST", "update/", f"DELETE DATA {{ {BOTH} }}", headers=DIRECT)
    assert done.status == 204
    assert int(done.headers["Onconode-Generation"]) == number + 1
    assert not node.true(BOTH)


def test_the_dataset_of_the_request(node: Operated) -> None:
    """using-graph-uri and using-named-graph-uri are what WHERE sees (section 2.2.3), in the form or the address."""
    for i in (1, 2, 3):
        assert node.update(f"INSERT DATA {{ GRAPH <http://e/g{i}> {{ <http://e/s> <http://e/p> {i} }} }}").status == 204
    text = "INSERT { GRAPH <http://e/to> { ?s ?p ?o } } WHERE { ?s ?p ?o }"
    done = node.update(text, "?" + urlencode([("using-graph-uri", "http://e/g1"), ("using-graph-uri", "http://e/g2")]))
    assert done.status == 204
    assert node.true(
        "GRAPH <http://e/to> { ?s <http://e/p> 1, 2 } FILTER NOT EXISTS { GRAPH <http://e/to> { ?s ?p 3 } }"
    )
    text = "INSERT { GRAPH <http://e/names> { ?g <http://e/was> ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }"
    fields = [("update", text), ("using-named-graph-uri", "http://e/g3")]
    assert node.ask("POST", "update", urlencode(fields), headers=FORM).status == 204
    assert node.true(
        "GRAPH <http://e/names> { <http://e/g3> <http://e/was> 3 }"
        " FILTER NOT EXISTS { GRAPH <http://e/names> { ?g ?p 1 } }"
    )


@pytest.mark.parametrize(
    ("query", "headers", "body", "status", "problem"),
    [
        ("", FORM, "update=CLEAR+ALL&update=CLEAR+ALL", 400, "protocol"),
        ("", FORM, "", 400, "protocol"),
        ("", FORM, "query=ASK+%7B%7D", 400, "protocol"),
        ("?query=ASK+%7B%7D", DIRECT, "CLEAR ALL", 400, "protocol"),
        ("?update=CLEAR+ALL", DIRECT, "CLEAR ALL", 400, "protocol"),
        ("?using-graph-uri=g", DIRECT, "CLEAR ALL", 400, "protocol"),
        ("?using-graph-uri=http://e/g", DIRECT, "INSERT {} USING <http://e/h> WHERE {}", 400, "protocol"),
        ("?using-named-graph-uri=http://e/g", DIRECT, "WITH <http://e/h> INSERT {} WHERE {}", 400, "protocol"),
        ("", DIRECT, "CLEAR XYZ", 400, "query-syntax"),
        ("", DIRECT, "ASK {}", 400, "query-syntax"),
        ("", DIRECT, b"CLEAR \xff", 400, "protocol"),
        ("", {"Content-Type": "application/sparql-update; charset=UTF-16"}, "CLEAR ALL", 415, "media-type"),
        ("", {"Content-Type": "text/plain"}, "CLEAR ALL", 415, "media-type"),
        ("", {"Content-Type": "application/sparql-query"}, "ASK {}", 415, "media-type"),
        ("", {**DIRECT, "Content-Encoding": "gzip"}, "CLEAR ALL", 415, "media-type"),
        ("", DIRECT, "INSERT {} WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", 400, "unsupported"),
        ("", DIRECT, "CLEAR GRAPH <http://e/none>", 404, "not-found"),
        ("", DIRECT, "CREATE GRAPH <http://e/g>; CREATE GRAPH <http://e/g>", 409, "conflict"),
    ],
)
def test_what_is_refused(
    served: Operated, query: str, headers: dict[str, str], body: str, status: int, problem: str
) -> None:
    """Each with a problem document, and nothing is changed."""
    before = served.ask("GET", "health/ready").data
    done = served.ask("POST", f"update{query}", body, headers=headers)
    assert (done.status, done.headers["Content-Type"]) == (status, "application/problem+json"), done.data
    assert json.loads(done.data)["type"].endswith(f"/problems/{problem}")
    assert served.ask("GET", "health/ready").data == before


def test_only_by_post(served: Operated) -> None:
    """GET never changes anything; the query endpoint takes no updates."""
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
        done = served.ask(method, "update?update=CLEAR%20ALL")
        assert done.status == 405
        assert "POST" in done.headers["Allow"]
    assert served.ask("POST", "sparql", urlencode({"update": "CLEAR ALL"}), headers=FORM).status == 400
    assert served.ask("POST", "sparql", "CLEAR ALL", headers=DIRECT).status == 415


def test_only_for_operators(node: Operated) -> None:
    """No token, a wrong one, a revoked one: 401 with what to send, and nothing is changed."""
    wrong = {"Authorization": "Bearer onconode_wrong", **DIRECT}
    for headers in (DIRECT, wrong, {**DIRECT, "Authorization": "Basic " + base64.b64encode(b"operator:").decode()}):
        done = node.ask("POST", "update", f"INSERT DATA {{ {BOTH} }}", operator=False, headers=headers)
        assert done.status == 401
        assert done.headers["WWW-Authenticate"].startswith("Bearer ")
        assert json.loads(done.data)["type"].endswith("/problems/unauthenticated")
    assert not node.true(BOTH)
    made = json.loads(onconode("token", "create", "ci", "--node", str(node.folder), "--json").stdout)["token"]
    basic = {"Authorization": "Basic " + base64.b64encode(f"ci:{made}".encode()).decode(), **DIRECT}
    assert node.ask("POST", "update", f"INSERT DATA {{ {BOTH} }}", headers=basic).status == 204
    evil = {**basic, "Origin": "https://evil.example"}
    assert node.ask("POST", "update", "CLEAR ALL", headers=evil).status == 403
    assert onconode("token", "revoke", "ci", "--node", str(node.folder)).returncode == 0
    assert node.ask("POST", "update", "CLEAR ALL", headers=basic).status == 401
    assert node.true(BOTH)


def test_secrets_are_not_in_the_log(served: Operated) -> None:
    """Neither token nor update."""
    served.update("INSERT DATA { <http://e/s> <http://e/p> 'whispered' }")
    served.ask("POST", "update", "CLEAR ALL", operator=False, headers={"Authorization": "Bearer shouted", **DIRECT})
    log = served.service.log.read_text(encoding="utf-8")
    assert '"path": "/update"' in log
    for secret in (served.token, "shouted", "whispered", "Bearer"):
        assert secret not in log


def test_load(node: Operated, documents: str) -> None:
    """What the operator lists is loaded, relative to its address; blank nodes are new each time."""
    loaded = "?s <http://e/loaded> [ <http://e/q> 1 ]"
    for _ in range(2):
        done = node.update(f"LOAD <{documents}/open/data.ttl> INTO GRAPH <http://e/g>")
        assert done.status == 204, done.data
    assert node.true(
        f"GRAPH <http://e/g> {{ <{documents}/open/data.ttl#it> <http://e/loaded> ?a, ?b FILTER(?a != ?b) }}"
    )
    assert node.true(loaded)
    assert node.update(f"LOAD <{documents}/open/plain.nt>").status == 204
    assert node.true("<http://e/plain> ?p ?o")


@pytest.mark.parametrize(
    ("source", "status", "problem"),
    [
        ("{documents}/closed/data.ttl", 403, "target-refused"),
        ("{documents}/open/../closed/data.ttl", 403, "target-refused"),
        ("{documents}/open/away", 403, "target-refused"),
        ("file:///etc/passwd", 403, "target-refused"),
        ("somescheme://e/x", 403, "target-refused"),
        ("{documents}/open/broken.ttl", 400, "document-syntax"),
        ("{documents}/open/page", 415, "media-type"),
        ("{documents}/open/none", 502, "member"),
    ],
)
def test_what_is_not_loaded(served: Operated, documents: str, source: str, status: int, problem: str) -> None:
    """An error that undoes the whole update; with SILENT the rest is done."""
    Documents.asked.clear()
    source = source.format(documents=documents)
    triple = f"<http://e/s> <http://e/beside> {json.dumps(source)}"
    done = served.update(f"INSERT DATA {{ {triple} }}; LOAD <{source}>")
    assert done.status == status, done.data
    assert problem in json.loads(done.data)["type"]
    assert not served.true(triple)
    assert served.update(f"INSERT DATA {{ {triple} }}; LOAD SILENT <{source}>").status == 204
    assert served.true(triple)
    assert not any(path.startswith("/closed/") for path in Documents.asked)


def test_publications_are_not_touched(node: Operated) -> None:
    """An update of a published graph is refused, one of everything leaves it."""
    published = onconode("publish", str(PARTNER), "--node", str(node.folder))
    assert published.returncode == 0, published.stdout + published.stderr
    answer = node.ask(
        "POST",
        "sparql",
        "SELECT ?g { GRAPH ?g { ?d a <http://www.w3.org/ns/dcat#Dataset> } }",
        headers={"Content-Type": "application/sparql-query", "Accept": "text/csv"},
    )
    graph = answer.data.decode().split()[1]
    assert graph.startswith(node.service.address)
    for text in (f"INSERT DATA {{ GRAPH <{graph}> {{ {BOTH} }} }}", f"DROP GRAPH <{graph}>"):
        done = node.update(text)
        assert done.status == 409, done.data
        assert "ublish" in json.loads(done.data)["remedy"]
    assert node.update("DROP ALL").status == 204
    assert node.true(f"GRAPH <{graph}> {{ ?s ?p ?o }}")
