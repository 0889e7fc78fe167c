"""Catalogues of others, from a server on loopback: what is taken, what is left out, what is refused."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from node.config import Identity, Services
from node.errors import (
    ContextNotPinned,
    DocumentSyntaxError,
    MediaTypeNotSupported,
    MemberUnavailable,
    ProtocolError,
    ResultTooLarge,
    TargetRefused,
)
from node.harvesting.harvest import HARVESTS, harvest
from node.harvesting.pages import Limits
from node.model.identifiers import Identifiers
from node.ontology.mappings import core_code_map
from node.ontology.releases import core_vocabulary
from node.publishing.publish import NodeParts, publish, withdraw
from node.rdf.namespaces import DCT

sys.path.append(str(Path(__file__).parent.parent / "publishing"))
from memory_store import MemoryStore

BASE = "https://node.example.org/"
OPEN = Services(private_addresses=True)
PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix hydra: <http://www.w3.org/ns/hydra/core#> .
@prefix tree: <https://w3id.org/tree#> .
@prefix access: <http://publications.europa.eu/resource/authority/access-right/> .
"""


def dataset(name: str, **changes: str) -> str:
    said = {
        "dct:identifier": f'"{name}"',
        "dct:title": f'"Dataset {name}"',
        "dct:description": '"Of others."',
        "dct:publisher": "<https://other.example/org>",
        "dct:accessRights": "access:PUBLIC",
    } | changes
    body = " ; ".join(f"{property_} {value}" for property_, value in said.items() if value)
    return f"<https://other.example/{name}> a dcat:Dataset ; {body} .\n"


ORGANISATION = '<https://other.example/org> a foaf:Organization ; foaf:name "Others" .\n'
CATALOGUE = (
    '<> a dcat:Catalog ; dct:title "C" ; dcat:dataset <https://other.example/a> , <https://other.example/b> ; '
    "dcat:record [ a dcat:CatalogRecord ; foaf:primaryTopic <https://other.example/a> ] .\n"
)


class Site:
    """What a server answers at each path: status, headers, body; and what it was asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def turtle(self, path: str, text: str, **headers: str) -> str:
        content = {"Content-Type": "text/turtle", **{k.replace("_", "-"): v for k, v in headers.items()}}
        self.answers[path] = (200, content, (PREFIXES + text).encode())
        return f"{self.address}{path}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: ClassVar[Site]

    def do_GET(self) -> None:
        site = type(self).site
        site.asked.append((self.path, dict(self.headers)))
        status, headers, body = site.answers.get(self.path, (404, {}, b"not here"))
        if "ETag" in headers and self.headers.get("If-None-Match") == headers["ETag"]:
            status, body = 304, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    handler = type("SiteHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.site = Site(f"http://127.0.0.1:{server.server_address[1]}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield handler.site  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def node() -> NodeParts:
    identifiers = Identifiers(BASE)
    identity = Identity(base_iri=BASE, title="A node")
    return NodeParts(MemoryStore(identifiers), identifiers, core_vocabulary(), core_code_map(), identity)


def held(node: NodeParts, graph: str) -> str:
    assert isinstance(node.store, MemoryStore)
    return node.store.held[f"{BASE}graph/{graph}"][1].decode()


def test_each_dataset_is_described_under_its_own_iri(site: Site, node: NodeParts) -> None:
    """The record says where it was found; the catalogue that it was in is left out."""
    address = site.turtle("/catalogue", CATALOGUE + dataset("a") + dataset("b") + ORGANISATION)
    found = harvest(address, node=node, services=OPEN)
    assert found.report is not None
    assert found.report.ok, found.report
    assert [d.dataset for d in found.report.datasets] == ["a", "b"]
    assert f"<https://other.example/a> <{DCT}title>" in held(node, "a")
    assert "Catalog>" not in held(node, "a")
    assert f"<{BASE}datasets/a#record> <{DCT}source> <{address}> ." in held(node, "")
    assert f"<{DCT}source> <{address}> ." in held(node, "a/provenance")


def test_an_unchanged_catalogue_costs_one_conditional_request(site: Site, node: NodeParts) -> None:
    """And says so; ``again`` asks without condition, and then each dataset is unchanged."""
    address = site.turtle("/catalogue", dataset("a") + ORGANISATION, ETag='"1"')
    assert harvest(address, node=node, services=OPEN).report is not None
    generation = node.store.generation().number
    assert harvest(address, node=node, services=OPEN).report is None
    assert len(site.asked) == 2
    assert site.asked[1][1]["If-None-Match"] == '"1"'
    report = harvest(address, node=node, services=OPEN, again=True).report
    assert report is not None
    assert [d.outcome.value for d in report.datasets] == ["unchanged"]
    assert node.store.generation().number == generation


def test_a_catalogue_with_a_fault_is_looked_at_again(site: Site, node: NodeParts) -> None:
    """A dataset that fell does not hold back the others, and its catalogue is not taken for known."""
    faulty = dataset("b", **{"dct:publisher": "", "dct:title": ""})
    address = site.turtle("/catalogue", dataset("a") + faulty + ORGANISATION, ETag='"1"')
    for _ in range(2):
        report = harvest(address, node=node, services=OPEN).report
        assert report is not None
        assert not report.ok
    assert [d.outcome.value for d in report.datasets] == ["unchanged", "rejected"]


def test_pages_are_followed(site: Site, node: NodeParts) -> None:
    """Hydra's way and TREE's; a page that leads back is not fetched twice."""
    address = site.turtle("/1", dataset("a") + "<> hydra:next </2> .")
    site.turtle("/2", dataset("b") + "<> tree:relation [ tree:node </3> ] .")
    site.turtle("/3", dataset("c") + ORGANISATION + "<> hydra:next </1#top> .")
    found = harvest(address, node=node, services=OPEN)
    assert found.pages == 3
    assert found.report is not None
    assert [d.dataset for d in found.report.datasets] == ["a", "b", "c"]
    assert found.report.ok


def test_what_a_catalogue_only_lists_is_fetched_from_its_host(site: Site, node: NodeParts) -> None:
    """As a FAIR Data Point has it; what is elsewhere, or not there, is told."""
    listed = f"{site.address}/d"
    address = site.turtle("/", f"<> a dcat:Catalog ; dcat:dataset <{listed}> , </gone> , <http://127.0.0.2/x> .")
    site.turtle("/d", dataset("a").replace("https://other.example/a", listed) + ORGANISATION)
    report = harvest(address, node=node, services=OPEN).report
    assert report is not None
    assert [d.outcome.value for d in report.datasets] == ["published"]
    told = {f.value for f in report.findings if "only lists this" in f.message}
    assert told == {"http://127.0.0.2/x", f"{site.address}/gone"}


def test_what_has_an_address_here_is_not_taken_from_others(site: Site, node: NodeParts) -> None:
    """Nor what has no IRI at all; neither is silent."""
    own = f'<{BASE}datasets/mine> a dcat:Dataset ; dct:title "Not theirs" .\n[] a dcat:Dataset ; dct:title "X" .\n'
    report = harvest(site.turtle("/c", own + dataset("a") + ORGANISATION), node=node, services=OPEN).report
    assert report is not None
    assert [d.dataset for d in report.datasets] == ["a"]
    left = [f.message for f in report.findings if f.message.startswith("left out: it")]
    assert any("of this node" in message for message in left)
    assert any("no IRI" in message for message in left)


def test_unnamed_resources_of_another_node_are_not_ours(site: Site, node: NodeParts) -> None:
    """A stranger who writes our own IRIs for blank nodes has blank nodes."""
    text = dataset("a", **{"dcat:contactPoint": f"<{BASE}.well-known/genid/x>"})
    text += f'<{BASE}.well-known/genid/x> foaf:name "Desk" .\n' + ORGANISATION
    report = harvest(site.turtle("/c", text), node=node, services=OPEN).report
    assert report is not None
    assert report.ok
    assert "/genid/x>" not in held(node, "a")


def test_a_partners_own_description_is_not_replaced(site: Site, node: NodeParts, tmp_path: Path) -> None:
    """Nor that from another catalogue."""
    own = tmp_path / "own.ttl"
    own.write_text(PREFIXES + dataset("a") + ORGANISATION)
    assert publish([own], node=node).ok
    report = harvest(site.turtle("/c", dataset("a") + ORGANISATION), node=node, services=OPEN).report
    assert report is not None
    assert not report.ok
    assert any("which a harvest does not replace" in f.message for f in report.datasets[0].findings)


def test_what_vanished_is_told_and_not_withdrawn(site: Site, node: NodeParts) -> None:
    """Until somebody has withdrawn it."""
    address = site.turtle("/c", dataset("a") + dataset("b") + ORGANISATION)
    harvest(address, node=node, services=OPEN)
    site.turtle("/c", dataset("a") + ORGANISATION)
    report = harvest(address, node=node, services=OPEN).report
    assert report is not None
    assert [f.value for f in report.findings if "not in it any more" in f.message] == ["https://other.example/b"]
    withdraw("https://other.example/b", "Gone there.", node)
    report = harvest(address, node=node, services=OPEN).report
    assert report is not None
    assert not [f for f in report.findings if "not in it any more" in f.message]


def test_a_dry_run_leaves_nothing(site: Site, node: NodeParts) -> None:
    """Neither datasets nor validators."""
    address = site.turtle("/c", dataset("a") + ORGANISATION, ETag='"1"')
    report = harvest(address, node=node, services=OPEN, dry_run=True).report
    assert report is not None
    assert report.ok
    assert node.store.generation().number == 0
    assert node.store.file(HARVESTS) is None


def test_addresses_that_are_not_public_are_refused(site: Site, node: NodeParts) -> None:
    """Unless the operator allows them; nothing is asked."""
    with pytest.raises(TargetRefused, match="not public"):
        harvest(site.turtle("/c", dataset("a")), node=node, services=Services())
    assert site.asked == []


@pytest.mark.parametrize("how", ["redirect", "page"])
def test_nobody_leads_us_to_another_host(site: Site, node: NodeParts, how: str) -> None:
    """Neither by a redirect nor by a next page; to the host itself, both are followed."""
    elsewhere = site.address.replace("127.0.0.1", "127.0.0.2") + "/c"
    if how == "redirect":
        site.answers["/c"] = (302, {"Location": elsewhere}, b"")
    else:
        site.turtle("/c", dataset("a") + f"<> hydra:next <{elsewhere}> .")
    with pytest.raises(TargetRefused):
        harvest(f"{site.address}/c", node=node, services=OPEN)
    assert node.store.generation().number == 0
    site.answers["/here"] = (302, {"Location": "/there"}, b"")
    site.turtle("/there", dataset("a") + ORGANISATION)
    report = harvest(f"{site.address}/here", node=node, services=OPEN).report
    assert report is not None
    assert report.ok


def test_broken_catalogues(site: Site, node: NodeParts) -> None:
    """Each with an error that says what and where; nothing is changed."""
    cases: list[tuple[tuple[int, dict[str, str], bytes], type[Exception], str]] = [
        ((200, {"Content-Type": "text/html"}, b"<html>"), MediaTypeNotSupported, "not an RDF format"),
        ((200, {"Content-Type": "text/turtle"}, b"<a> <b> ."), DocumentSyntaxError, "/broken, line 1"),
        ((503, {}, b""), MemberUnavailable, "503"),
        (
            (200, {"Content-Type": "application/ld+json"}, b'{"@context": "https://x.example/c"}'),
            ContextNotPinned,
            "never fetches",
        ),
    ]
    for answer, error, said in cases:
        site.answers["/broken"] = answer
        with pytest.raises(error, match=said):
            harvest(f"{site.address}/broken", node=node, services=OPEN)
    assert node.store.generation().number == 0


def test_limits(site: Site, node: NodeParts) -> None:
    """On the bytes of a page and on the number of pages: a server that never ends is left."""
    address = site.turtle("/c", dataset("a") + "<> hydra:next </d> .")
    site.turtle("/d", dataset("b"))
    with pytest.raises(ResultTooLarge, match="300 bytes"):
        harvest(address, node=node, services=OPEN, limits=Limits(page_bytes=300))
    with pytest.raises(ResultTooLarge, match="more than 1 pages"):
        harvest(address, node=node, services=OPEN, limits=Limits(pages=1))


def test_a_catalogue_in_a_file(node: NodeParts, tmp_path: Path) -> None:
    """Its name is where the datasets are from; relative IRIs would be nobody's."""
    path = tmp_path / "catalogue.ttl"
    path.write_text(PREFIXES + dataset("a") + ORGANISATION)
    assert harvest(str(path), node=node, services=Services()).report
    assert f'<{DCT}source> "catalogue.ttl"' in held(node, "")
    path.write_text(PREFIXES + CATALOGUE)
    with pytest.raises(ProtocolError, match="relative IRI"):
        harvest(str(path), node=node, services=Services())


def test_the_list_of_harvests_is_kept_by_address(site: Site, node: NodeParts) -> None:
    """One entry each, with what the server gave."""
    address = site.turtle("/c", dataset("a") + ORGANISATION, Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")
    harvest(address, node=node, services=OPEN)
    assert json.loads(node.store.file(HARVESTS) or b"") == {
        address: {"etag": "", "last_modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
    }
