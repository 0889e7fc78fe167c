"""Whoever follows the change feed over HTTP has the catalogue's public state, and fetches full pages once."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from node.assembly import Node, build
from node.cli.nodes import create_node
from node.publishing import feed
from node.publishing.publish import publish, withdraw
from node.rdf.formats import GRAPH_FORMATS, Format
from node.rdf.namespaces import AS, DCAT, DCT, FOAF, LDES, PROV, RDF_TYPE, SPDX, TREE
from node.web.app import create_app

BASE = "http://node.example/hub/"
BROWSER = {"Accept": "text/html"}
PAGE = 7


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """An empty node with small pages."""
    monkeypatch.setattr(feed, "PAGE", PAGE)
    create_node(tmp_path / "node", base_iri=BASE, title="A node", publisher="A clinic")
    opened = build(tmp_path / "node")
    yield opened
    opened.close()


@pytest.fixture
def client(node: Node) -> FlaskClient:
    return create_app(node).test_client()


def document(name: str, number: int, access: str) -> dict[str, Any]:
    own = f"datasets/{name}"
    return {
        "@context": "https://w3id.org/onconode/context/v1.jsonld",
        "id": own,
        "type": "Dataset",
        "identifier": name,
        "title": f"Title {number} of {name}",
        "description": "Gliomas of one clinic.",
        "publisher": {"type": "Organization", "name": "A clinic"},
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "accessRights": access,
        "contactPoint": {"type": "Contact", "formattedName": "Office", "email": "mailto:office@example.org"},
        "samples": [
            {
                "id": f"{own}/samples/S{number}",
                "type": "Sample",
                "identifier": f"hidden-S{number}",
                "diagnosis": "NCIT:C3058",
                "derivesFrom": {"id": f"{own}/donors/D", "type": "Donor", "identifier": "D"},
            }
        ],
    }


def put(node: Node, folder: Path, name: str, number: int, access: str = "PUBLIC") -> None:
    path = folder / f"{name}.jsonld"
    path.write_text(json.dumps(document(name, number, access)), encoding="utf-8")
    report = publish([path], node=node.parts())
    assert report.ok, report


class Follower:
    """Follows a feed as LDES 1.0.0 has it, with nothing known but its address: what it holds is the catalogue's state.

    ``state`` gives for each dataset the graph it is in and the digest of that graph; ``fetched`` the pages asked for.
    """

    def __init__(self, client: FlaskClient, address: str) -> None:
        self.client = client
        self.address = address
        self.state: dict[str, tuple[str, str]] = {}
        self.position = 0
        self.known: set[str] = set()
        self.fetched: list[str] = []

    def read(self, address: str) -> tuple[ox.Store, str]:
        response = self.client.get(address.removeprefix("http://node.example"), headers={"Accept": "text/turtle"})
        assert response.status_code == 200
        store = ox.Store()
        store.extend(ox.parse(response.data, ox.RdfFormat.TURTLE, base_iri=address))
        return store, response.headers["Cache-Control"]

    def follow(self) -> None:
        """Read what is new, page by page, and take it over in order."""
        stream, _ = self.read(self.address)
        feed_iri = ox.NamedNode(self.address)
        paths = {name: self.one(stream, feed_iri, LDES + name) for name in ("sequencePath", "versionOfPath")}
        deleted = self.one(stream, feed_iri, LDES + "versionDeleteObject")
        waiting = [self.one(stream, feed_iri, TREE + "view")]
        new: list[tuple[int, ox.NamedNode, ox.Store]] = []
        seen: set[str] = set()
        while waiting:
            page = waiting.pop()
            assert isinstance(page, ox.NamedNode)
            if page.value in seen:
                continue
            seen.add(page.value)
            if page.value in self.known:  # immutable, and read already: only its successor matters
                waiting.append(ox.NamedNode(f"{self.address}/{int(page.value.rsplit('/', 1)[1]) + 1}"))
                continue
            self.fetched.append(page.value)
            store, caching = self.read(page.value)
            if "immutable" in caching:
                self.known.add(page.value)
                assert self.one(store, page, LDES + "immutable").value == "true"
            for quad in store.quads_for_pattern(feed_iri, ox.NamedNode(TREE + "member"), None):
                position = int(self.one(store, quad.object, paths["sequencePath"].value).value)
                new.append((position, quad.object, store))  # type: ignore[arg-type]
            for quad in store.quads_for_pattern(page, ox.NamedNode(TREE + "relation"), None):
                waiting.append(self.one(store, quad.object, TREE + "node"))
        for position, member, store in sorted(new, key=lambda each: each[0]):
            if position <= self.position:
                continue
            assert position == self.position + 1
            self.position = position
            dataset = self.one(store, member, paths["versionOfPath"].value).value
            if self.one(store, member, RDF_TYPE) == deleted:
                self.state.pop(dataset, None)
            else:
                graph = self.one(store, member, PROV + "specializationOf").value
                checksum = self.one(store, member, SPDX + "checksum")
                self.state[dataset] = graph, self.one(store, checksum, SPDX + "checksumValue").value

    def one(self, store: ox.Store, subject: Any, predicate: str) -> Any:
        (quad,) = store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
        return quad.object


def catalogue(client: FlaskClient) -> set[str]:
    """The datasets that the catalogue lists."""
    quads = ox.parse(client.get("/hub/", headers={"Accept": "application/n-triples"}).data, ox.RdfFormat.N_TRIPLES)
    return {q.object.value for q in quads if q.predicate.value == DCAT + "dataset"}  # type: ignore[union-attr]


def digest_served(client: FlaskClient, graph: str) -> str:
    """What ``curl … | sort -u | sha256sum`` gives."""
    lines = client.get(graph.removeprefix("http://node.example"), headers={"Accept": "application/n-triples"}).data
    return hashlib.sha256(b"".join(sorted(set(lines.splitlines(keepends=True))))).hexdigest()


def test_a_follower_has_the_catalogues_state(node: Node, client: FlaskClient, tmp_path: Path) -> None:
    """Random publications, replacements and withdrawals; followed in between and from the beginning."""
    rng = random.Random(4)
    follower = Follower(client, f"{BASE}feed")
    follower.follow()
    assert follower.state == {}
    live: list[str] = []
    for number in range(24):
        action = rng.choice(["new", "new", "replace", "replace", "withdraw"]) if live else "new"
        if action == "withdraw":
            withdraw(live.pop(rng.randrange(len(live))), f"reason {number}", node.parts())
        else:
            name = f"set{number}" if action == "new" else rng.choice(live)
            live += [name] if action == "new" else []
            put(node, tmp_path, name, number, rng.choice(["PUBLIC", "RESTRICTED"]))
        if number % 10 == 9:
            follower.follow()
    follower.follow()
    fresh = Follower(client, f"{BASE}feed")
    fresh.follow()
    assert follower.state == fresh.state
    assert set(fresh.state) == catalogue(client) == {f"{BASE}datasets/{name}" for name in live}
    for graph, digest in fresh.state.values():
        assert digest_served(client, graph) == digest
    assert fresh.position == 24
    # Full pages were read once, and what has been read is not asked for again.
    assert len(fresh.fetched) == 24 // PAGE + 1
    assert all(follower.fetched.count(page) <= 4 for page in follower.fetched)
    follower.fetched.clear()
    follower.follow()
    assert follower.fetched == [f"{BASE}feed/{24 // PAGE + 1}"]


def test_the_feed_holds_nothing_that_is_not_public(node: Node, client: FlaskClient, tmp_path: Path) -> None:
    """No samples of a restricted dataset, nothing of a description that was withdrawn, in any format."""
    put(node, tmp_path, "closed", 1, "RESTRICTED")
    put(node, tmp_path, "gone", 2)
    put(node, tmp_path, "gone", 3)
    withdraw("gone", "consent was taken back", node.parts())
    for address in ("/hub/feed", "/hub/feed/1"):
        for format_ in (*(f.name for f in GRAPH_FORMATS), "html"):
            text = client.get(f"{address}?format={format_}").text
            assert "hidden" not in text
            assert "Title" not in text
            assert "samples/" not in text
    assert "consent was taken back" in client.get("/hub/feed", headers=BROWSER).text


@pytest.mark.parametrize("format_", GRAPH_FORMATS, ids=lambda f: f.name)
def test_every_format_says_the_same(node: Node, client: FlaskClient, tmp_path: Path, format_: Format) -> None:
    """Each format of a page is the same triples."""
    put(node, tmp_path, "one", 1)
    response = client.get("/hub/feed/1", headers={"Accept": format_.media_type})
    assert response.content_type == format_.content_type
    if format_.name == "jsonld":
        content = json.dumps(json.loads(response.data) | {"@context": context(client)}).encode()
    else:
        content = response.data
    triples = {q.triple for q in ox.parse(content, format_.rdf, base_iri=BASE)}  # type: ignore[arg-type]
    plain = client.get("/hub/feed/1?format=nt").data
    assert triples == {q.triple for q in ox.parse(plain, ox.RdfFormat.N_TRIPLES)}
    assert len(triples) > 15


def context(client: FlaskClient) -> Any:
    return json.loads(client.get("/hub/context/v1.jsonld").data)["@context"]


def test_caching_and_links(node: Node, client: FlaskClient, tmp_path: Path) -> None:
    """Full pages for ever, the last one asked for again; the way through; what is not there yet is 404."""
    for number in range(PAGE + 1):
        put(node, tmp_path, "one", number)
    full, last = client.get("/hub/feed/1"), client.get("/hub/feed/2")
    assert full.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert last.headers["Cache-Control"] == "public, no-cache"
    assert '</hub/feed/2>; rel="next"' in full.headers.getlist("Link")
    assert '</hub/feed/1>; rel="prev"' in last.headers.getlist("Link")
    assert '</hub/feed/2>; rel="last"' in client.get("/hub/feed").headers.getlist("Link")
    again = client.get("/hub/feed/1", headers={"If-None-Match": full.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, full.headers["Cache-Control"])
    assert client.get("/hub/feed/1", headers=BROWSER).headers["Cache-Control"] == "public, no-cache"
    put(node, tmp_path, "two", 1)
    assert client.get("/hub/feed/1").data == full.data
    assert client.get("/hub/feed/2", headers={"If-None-Match": last.headers["ETag"]}).status_code == 200
    for wrong in ("0", "3", "x", "01", "-1", "9" * 30, "²"):
        assert client.get(f"/hub/feed/{wrong}").status_code == 404
    assert any("ldes#EventStream" in link for link in client.get("/hub/").headers.getlist("Link"))


def test_the_page_for_people(node: Node, client: FlaskClient, tmp_path: Path) -> None:
    """The newest first, with links to the datasets and to older changes."""
    for number in range(2 * PAGE + 1):
        put(node, tmp_path, "one", number)
    text = client.get("/hub/feed", headers=BROWSER).text
    versions = [int(v) for v in re.findall(r"<td>(\d+)</td></tr>", text)]
    assert versions == list(range(2 * PAGE + 1, PAGE, -1))
    assert '<a href="/hub/datasets/one">' in text
    assert '<a href="/hub/feed/1" rel="prev">Older</a>' in text
    assert "New version" in text
    assert "Published" in client.get("/hub/feed/1", headers=BROWSER).text


def test_members_are_found_in_the_provenance(node: Node, client: FlaskClient, tmp_path: Path) -> None:
    """What the feed names can be looked up: the version by its address, its dataset by the record."""
    put(node, tmp_path, "one", 1)
    put(node, tmp_path, "one", 2)
    provenance = client.get("/hub/graph/one/provenance?format=nt").text
    feed_page = client.get("/hub/feed/1?format=nt").text
    member = f"<{BASE}graph/one/provenance#version-2>"
    for text in (provenance, feed_page):
        assert f"{member} <{DCT}isVersionOf> <{BASE}datasets/one> ." in text
    assert f"{member} <{AS}published>" not in provenance
    record = f"<{BASE}datasets/one#record> <{FOAF}primaryTopic> <{BASE}datasets/one> ."
    assert record in client.get("/hub/?format=nt").text


def test_the_page_of_a_dataset_tells_version_and_digest(node: Node, client: FlaskClient, tmp_path: Path) -> None:
    """As the register and the provenance do; the history is linked."""
    put(node, tmp_path, "one", 1)
    put(node, tmp_path, "one", 2)
    response = client.get("/hub/datasets/one", headers=BROWSER)
    (page_digest,) = re.findall(r"<code>([0-9a-f]{64})</code>", response.text)
    assert page_digest == digest_served(client, f"{BASE}graph/one")
    assert page_digest in client.get("/hub/graph/one/provenance?format=nt").text
    assert 'rel="version-history">2</a>' in response.text
    assert '</hub/graph/one/provenance>; rel="version-history"' in response.headers.getlist("Link")
