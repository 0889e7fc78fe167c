"""``/rdf-graph-store`` on the real server: the SPARQL 1.1 Graph Store HTTP Protocol and RFC 9110's conditions."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse

from tests.command_line import onconode
from tests.integration.conftest import PARTNER
from tests.integration.operated_node import Operated, operated

TURTLE = {"Content-Type": "text/turtle"}
PERSON = "@prefix foaf: <http://xmlns.com/foaf/0.1/> . <#me> a foaf:Person ; foaf:knows [ foaf:name 'Jane' ] ."
FORMATS = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/n-quads": RdfFormat.N_QUADS,
    "application/trig": RdfFormat.TRIG,
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    with operated(tmp_path_factory.mktemp("gsp") / "node") as made:
        yield made


@pytest.fixture
def graph(node: Operated, request: pytest.FixtureRequest) -> str:
    """The path of a graph that is not there yet; its IRI is the address."""
    return f"rdf-graph-store/{re.sub(r'[^a-z_]+', '-', request.node.name)}"


def canonical(content: bytes, format_: RdfFormat, base: str) -> Dataset:
    found = Dataset(parse(content, format_, base_iri=base))
    found.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return found


def named(node: Operated, path: str) -> str:
    """The same graph by the parameter ``graph``."""
    return f"rdf-graph-store?graph={quote(node.service.address + path, safe='')}"


def test_put_get_delete(node: Operated, graph: str) -> None:
    """201, then 204; what comes back is isomorphic; 404 once it is gone. Both ways to name it are one graph."""
    assert node.ask("PUT", graph, PERSON, headers=TURTLE).status == 201
    assert node.ask("PUT", named(node, graph), PERSON.replace("Jane", "Joan"), headers=TURTLE).status == 204
    for path in (graph, named(node, graph)):
        got = node.ask("GET", path, operator=False, headers={"Accept": "text/turtle"})
        assert (got.status, got.headers["Content-Type"]) == (200, "text/turtle; charset=utf-8")
        base = node.service.address + graph
        sent = canonical(PERSON.replace("Jane", "Joan").encode(), RdfFormat.TURTLE, base)
        assert canonical(got.data, RdfFormat.TURTLE, base) == sent
    assert node.ask("DELETE", graph).status == 204
    assert node.ask("GET", graph).status == 404
    assert node.ask("HEAD", named(node, graph)).status == 404
    assert node.ask("DELETE", graph).status == 404


@pytest.mark.parametrize("media_type", FORMATS)
def test_every_format_both_ways(node: Operated, graph: str, media_type: str) -> None:
    """Got in a format and put in it again: the same graph, and no new version of it."""
    assert node.ask("PUT", graph, PERSON, headers=TURTLE).status == 201
    got = node.ask("GET", graph, headers={"Accept": media_type})
    assert got.headers["Content-Type"].split(";")[0] == media_type
    again = node.ask("PUT", graph, got.data, headers={"Content-Type": media_type, "If-Match": got.headers["ETag"]})
    assert again.status == 204, again.data
    after = node.ask("GET", graph, headers={"Accept": media_type})
    assert (after.headers["ETag"], after.data) == (got.headers["ETag"], got.data)
    base = node.service.address + graph
    assert canonical(after.data, FORMATS[media_type], base) == canonical(PERSON.encode(), RdfFormat.TURTLE, base)


def test_head_says_what_get_says(node: Operated, graph: str) -> None:
    """The headers, and no body."""
    node.ask("PUT", graph, PERSON, headers=TURTLE)
    get, head = node.ask("GET", graph), node.ask("HEAD", graph)
    assert (head.status, head.data) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control", "Vary"):
        assert head.headers[name] == get.headers[name], name
    assert int(get.headers["Content-Length"]) == len(get.data)


def test_post_merges(node: Operated, graph: str) -> None:
    """New triples are added, blank nodes stay apart; a form's parts are merged too."""
    assert node.ask("POST", graph, "<#me> <http://e/p> [] , 1 .", headers=TURTLE).status == 201
    assert node.ask("POST", graph, "<#me> <http://e/p> [] , 1 .", headers=TURTLE).status == 204
    form = "\r\n".join(
        [
            '--XX\r\nContent-Disposition: form-data; name="a.ttl"; filename="a.ttl"\r\n',
            "<#me> <http://e/p> _:x .",
            '--XX\r\nContent-Disposition: form-data; name="b"',
            "Content-Type: application/n-triples; charset=utf-8\r\n",
            '_:x <http://e/q> "é" .',
            "--XX--\r\n",
        ]
    )
    done = node.ask("POST", graph, form.encode(), headers={"Content-Type": "multipart/form-data; boundary=XX"})
    assert done.status == 204, done.data
    got = list(parse(node.ask("GET", graph, headers={"Accept": "application/n-triples"}).data, RdfFormat.N_TRIPLES))
    assert len(got) == 5
    assert sum(quad.predicate.value == "http://e/p" for quad in got) == 4


def test_post_to_the_service_makes_a_graph(node: Operated) -> None:
    """It says which, and it can be asked for in both ways."""
    made = node.ask("POST", "rdf-graph-store", "<> <http://e/p> 1 .", headers=TURTLE)
    assert made.status == 201
    location = made.headers["Location"]
    path = location.removeprefix(node.service.address)
    assert path.startswith("rdf-graph-store/")
    assert f"<{location}> ".encode() in node.ask("GET", path, headers={"Accept": "application/n-triples"}).data
    assert node.ask("GET", f"rdf-graph-store?graph={location}").status == 200
    other = node.ask("POST", "rdf-graph-store/", "", headers=TURTLE)
    assert other.headers["Location"] != location


def test_the_default_graph(node: Operated) -> None:
    """Always there; the one that an update means."""
    assert node.ask("DELETE", "rdf-graph-store?default").status == 204
    assert node.ask("GET", "rdf-graph-store?default", headers={"Accept": "application/n-triples"}).data == b""
    assert node.ask("PUT", "rdf-graph-store?default", "[] <http://e/default> 1 .", headers=TURTLE).status in (201, 204)
    assert node.true("?s <http://e/default> 1")
    assert node.update("CLEAR DEFAULT").status == 204
    assert node.ask("GET", "rdf-graph-store?default", headers={"Accept": "application/n-triples"}).data == b""


def test_an_empty_graph(node: Operated, graph: str) -> None:
    """PUT of nothing makes one that exists, in every format; its IRI is no other graph's."""
    assert node.ask("PUT", graph).status == 201
    for media_type, format_ in FORMATS.items():
        got = node.ask("GET", graph, headers={"Accept": media_type})
        assert got.status == 200
        assert len(canonical(got.data, format_, "http://e/")) == 0
    assert node.ask("PUT", graph, "", headers=TURTLE).status == 204


def test_percent_signs_are_decoded_once(node: Operated) -> None:
    """``%2531`` names another graph than ``%31``."""
    assert node.ask("PUT", "rdf-graph-store?graph=http://e/%31.ttl", "<s> <p> 1 .", headers=TURTLE).status == 201
    assert node.ask("PUT", "rdf-graph-store?graph=http://e/%2531.ttl", "<s> <p> 2 .", headers=TURTLE).status == 201
    assert b'"1"' in node.ask("GET", "rdf-graph-store?graph=http%3A%2F%2Fe%2F1.ttl&format=nt").data
    assert b'"2"' in node.ask("GET", "rdf-graph-store?graph=http%3A%2F%2Fe%2F%2531.ttl&format=nt").data


@pytest.mark.parametrize(
    ("method", "query", "headers", "body", "status", "problem"),
    [
        ("GET", "", {}, None, 400, "protocol"),
        ("PUT", "", TURTLE, "", 400, "protocol"),
        ("DELETE", "", {}, None, 400, "protocol"),
        ("GET", "?graph=relative", {}, None, 400, "protocol"),
        ("GET", "?graph=http://%5B", {}, None, 400, "protocol"),
        ("GET", "?graph=http://e/a&default", {}, None, 400, "protocol"),
        ("GET", "?graph=http://e/a&graph=http://e/b", {}, None, 400, "protocol"),
        ("GET", "/direct?default", {}, None, 400, "protocol"),
        ("GET", "?graph=http://e/%ff", {}, None, 400, "protocol"),
        ("PUT", "/%ff", TURTLE, "", 400, "protocol"),
        ("PUT", "/bad", TURTLE, "<a> <b> <c> .\n<a> oops", 400, "document-syntax"),
        ("POST", "/bad", {"Content-Type": "application/rdf+xml"}, "<rdf:RDF>", 400, "document-syntax"),
        ("PUT", "/bad", {"Content-Type": "application/trig"}, "<g> { <a> <b> <c> }", 400, "unsupported"),
        ("PUT", "/bad", {"Content-Type": "text/html"}, "<p>", 415, "media-type"),
        ("PUT", "/bad", {}, "<a> <b> <c> .", 415, "media-type"),
        ("PUT", "/bad", {"Content-Type": "text/turtle; charset=latin1"}, "<a> <b> <c> .", 415, "media-type"),
        ("POST", "/bad", {"Content-Type": "multipart/form-data; boundary=XX"}, "nonsense", 400, "protocol"),
        ("POST", "/bad", {"Content-Type": "multipart/form-data"}, "nonsense", 400, "protocol"),
        ("PUT", "/bad", {**TURTLE, "Content-Encoding": "gzip"}, "x", 415, "media-type"),
        ("PATCH", "/bad", TURTLE, "x", 405, "method-not-allowed"),
        ("GET", "?default", {"Accept": "image/png"}, None, 406, "not-acceptable"),
    ],
)
def test_what_is_refused(
    node: Operated, method: str, query: str, headers: dict[str, str], body: str | None, status: int, problem: str
) -> None:
    """With a problem document; no graph is made by it."""
    done = node.ask(method, f"rdf-graph-store{query}", body, headers=headers)
    assert (done.status, done.headers["Content-Type"]) == (status, "application/problem+json"), done.data
    document = json.loads(done.data)
    assert document["type"].endswith(f"/problems/{problem}")
    if problem == "document-syntax" and "Turtle" in document["detail"]:
        assert document["where"]["line"] == 2
    assert node.ask("GET", "rdf-graph-store/bad").status == 404


def test_unknown_parameters_are_left_aside(node: Operated) -> None:
    """As section 4.2 does not forbid them."""
    assert node.ask("GET", "rdf-graph-store?default&x=y").status == 200


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
def test_conditions(node: Operated, graph: str, coding: str) -> None:
    """A strong ETag, another for each format and coding; each of them is If-Match's and If-None-Match's word."""
    content = "".join(f"<#s> <http://e/p> {i} .\n" for i in range(200))
    node.ask("PUT", graph, content, headers=TURTLE)
    headers = {"Accept": "text/turtle", "Accept-Encoding": coding}
    got = node.ask("GET", graph, headers=headers)
    tag = got.headers["ETag"]
    assert not tag.startswith("W/")
    assert got.headers.get("Content-Encoding", "identity") == coding
    if coding == "gzip":
        assert gzip.decompress(got.data) == node.ask("GET", graph, headers={"Accept": "text/turtle"}).data
    others = [
        node.ask("GET", graph, headers={**headers, "Accept": "application/n-triples"}).headers["ETag"],
        node.ask(
            "GET", graph, headers={**headers, "Accept-Encoding": "identity" if coding == "gzip" else "gzip"}
        ).headers["ETag"],
    ]
    assert tag not in others
    for value in (tag, f'"x", W/{tag}', "*"):
        unchanged = node.ask("GET", graph, headers={**headers, "If-None-Match": value})
        assert (unchanged.status, unchanged.data) == (304, b"")
        assert unchanged.headers["ETag"].strip('"').startswith(tag.strip('"').removesuffix(f"-{coding}"))
    assert node.ask("GET", graph, headers={**headers, "If-None-Match": others[0]}).status == 200
    assert node.ask("GET", graph, headers={**headers, "If-Match": '"x"'}).status == 412
    # changes
    for name, value in (("If-Match", '"x"'), ("If-Match", f"W/{tag}"), ("If-None-Match", "*"), ("If-None-Match", tag)):
        for method, body in (("PUT", "<a> <b> 1 ."), ("POST", "<a> <b> 1 ."), ("DELETE", None)):
            done = node.ask(method, graph, body, headers={**TURTLE, name: value})
            assert done.status == 412, (method, name, value)
            assert json.loads(done.data)["type"].endswith("/problems/precondition-failed")
    assert node.ask("GET", graph, headers=headers).headers["ETag"] == tag
    assert node.ask("PUT", graph, "<a> <b> 1 .", headers={**TURTLE, "If-Match": f'"x", {tag}'}).status == 204
    assert node.ask("PUT", graph, "<a> <b> 2 .", headers={**TURTLE, "If-Match": tag}).status == 412
    assert node.ask("DELETE", graph, headers={"If-Match": "*"}).status == 204
    assert node.ask("PUT", graph, "<a> <b> 1 .", headers={**TURTLE, "If-Match": "*"}).status == 412
    assert node.ask("PUT", graph, "<a> <b> 1 .", headers={**TURTLE, "If-None-Match": "*"}).status == 201
    again = node.ask("PUT", graph, content, headers=TURTLE)
    assert again.status == 204
    assert node.ask("GET", graph, headers=headers).headers["ETag"] != tag, "a version never comes back"


def test_an_etag_outlives_changes_of_other_graphs(node: Operated, graph: str) -> None:
    """It is of the graph, not of the node."""
    node.ask("PUT", graph, PERSON, headers=TURTLE)
    tag = node.ask("GET", graph).headers["ETag"]
    assert node.update("INSERT DATA { <http://e/other> <http://e/p> 1 }").status == 204
    assert node.ask("GET", graph).headers["ETag"] == tag
    assert (
        node.update(f"INSERT DATA {{ GRAPH <{node.service.address}{graph}> {{ <http://e/s> <http://e/p> 1 }} }}").status
        == 204
    )
    assert node.ask("GET", graph).headers["ETag"] != tag


def test_no_update_is_lost(node: Operated, graph: str) -> None:
    """Four writers each count one up with If-Match, again after 412: the sum is right."""
    node.ask("PUT", graph, "<> <http://e/count> 0 .", headers=TURTLE)
    refused = []

    def count() -> None:
        for _ in range(3):
            while True:
                got = node.ask("GET", graph, headers={"Accept": "application/n-triples"})
                number = int(got.data.decode().split('"')[1])
                sent = {**TURTLE, "If-Match": got.headers["ETag"]}
                done = node.ask("PUT", graph, f"<> <http://e/count> {number + 1} .", headers=sent)
                if done.status == 204:
                    break
                assert done.status == 412, done.data
                refused.append(number)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert b'"12"' in node.ask("GET", graph, headers={"Accept": "application/n-triples"}).data
    assert refused


def test_who_may(node: Operated, graph: str) -> None:
    """Strangers read open graphs; a wrong token is refused even there; changes are the operators'."""
    node.ask("PUT", graph, PERSON, headers=TURTLE)
    for method in ("PUT", "POST", "DELETE"):
        assert node.ask(method, graph, PERSON, operator=False, headers=TURTLE).status == 401
    stranger = node.ask("GET", graph, operator=False)
    assert (stranger.status, stranger.headers["Cache-Control"]) == (200, "public, no-cache, no-transform")
    assert "Authorization" in stranger.headers["Vary"]
    assert node.ask("GET", graph).headers["Cache-Control"] == "private, no-cache, no-transform"
    wrong = node.ask("GET", graph, operator=False, headers={"Authorization": "Bearer wrong"})
    assert wrong.status == 401


def test_publications_are_read_and_not_changed(node: Operated) -> None:
    """Open ones by anybody, provenance by operators; changes give 409, and nothing is shown of tier graphs."""
    published = onconode("publish", str(PARTNER), "--node", str(node.folder))
    assert published.returncode == 0, published.stdout + published.stderr
    listed = node.ask("GET", "datasets/?format=nt").data.decode()
    dataset = next(line.split()[2] for line in listed.splitlines() if "#dataset>" in line).strip("<>").rsplit("/", 1)[1]
    path = named(node, f"graph/{dataset}")
    got = node.ask("GET", path, operator=False, headers={"Accept": "application/n-triples"})
    assert got.status == 200, got.data
    assert got.data
    assert b".well-known/genid/" not in got.data
    for method in ("PUT", "POST", "DELETE"):
        done = node.ask(method, path, "<a> <b> 1 .", headers=TURTLE)
        assert done.status == 409
        assert "withdraw" in json.loads(done.data)["remedy"]
    hidden = named(node, f"graph/{dataset}/provenance")
    assert node.ask("GET", hidden).status == 200
    assert node.ask("GET", named(node, "tier/public")).status == 404
    assert node.ask("PUT", named(node, "tier/public"), "<a> <b> 1 .", headers=TURTLE).status == 409


def test_scripts_of_other_sites_may_ask(node: Operated) -> None:
    """The preflight names the methods and headers that the protocol needs, without a token."""
    done = node.ask("OPTIONS", "rdf-graph-store?default", operator=False, headers={"Origin": "https://e.example"})
    assert done.status == 200
    for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
        assert method in done.headers["Access-Control-Allow-Methods"]
    assert "PATCH" not in done.headers["Access-Control-Allow-Methods"]
    for name in ("Authorization", "If-Match", "If-None-Match", "Content-Type"):
        assert name in done.headers["Access-Control-Allow-Headers"]


def test_a_body_over_the_limit(node: Operated, graph: str) -> None:
    """413, and no graph."""
    assert node.ask("PUT", graph, b" " * 10_000_001, headers=TURTLE).status == 413
    assert node.ask("GET", graph).status == 404


def test_a_graph_with_more_than_one_chunk(node: Operated, graph: str) -> None:
    """Held in a file, sent whole, packed or not."""
    content = "".join(f'<http://e/{i}> <http://e/p> "{i:0700}" .\n' for i in range(6_000))
    assert node.ask("PUT", graph, content, headers={"Content-Type": "application/n-triples"}).status == 201
    got = node.ask("GET", graph, headers={"Accept": "application/n-triples"})
    assert sorted(got.data.decode().splitlines()) == sorted(content.splitlines())
    packed = node.ask("GET", graph, headers={"Accept": "application/n-triples", "Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == got.data
