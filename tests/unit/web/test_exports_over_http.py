"""Exports by negotiation and at fixed addresses, typed links, and data for search engines in pages."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskClient

from node.publishing.export.formats import DATASET_EXPORTS
from node.rdf.formats import GRAPH_FORMATS, Format

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
BASE = "http://node.example/"
PAGES = ["/", "/datasets/glioma", "/datasets/glioma/samples/S001", "/datasets/glioma/donors/D1"]


@pytest.mark.parametrize("format_", DATASET_EXPORTS, ids=lambda f: f.name)
def test_three_ways_to_an_export(client: FlaskClient, format_: Format) -> None:
    """By media type, by parameter and at its own address comes the same."""
    by_accept = client.get("/datasets/glioma", headers={"Accept": format_.media_type})
    by_name = client.get(f"/datasets/glioma?format={format_.name}", headers=BROWSER)
    fixed = client.get(f"/datasets/glioma/{format_.endings[0]}", headers=BROWSER)
    assert by_accept.status_code == by_name.status_code == fixed.status_code == 200
    assert by_accept.data == by_name.data == fixed.data != b""
    assert by_accept.content_type == by_name.content_type == fixed.content_type == format_.content_type
    assert '</datasets/glioma>; rel="describes"; type="text/html"' in fixed.headers.getlist("Link")
    again = client.get(f"/datasets/glioma/{format_.endings[0]}", headers={"If-None-Match": fixed.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("format_", [*DATASET_EXPORTS, Format("linkset", (), ("linkset",))], ids=lambda f: f.name)
def test_exports_of_what_is_not_there(client: FlaskClient, format_: Format) -> None:
    """404, also for what is no dataset, and 410 for what was withdrawn."""
    assert client.get(f"/datasets/nothing/{format_.endings[0]}").status_code == 404
    assert client.get(f"/datasets/software:glioma/{format_.endings[0]}").status_code == 404
    assert client.get(f"/datasets/gone/{format_.endings[0]}").status_code == 410


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ('application/ld+json;profile="https://w3id.org/ro/crate"', "rocrate"),
        ("application/ld+json; profile=https://w3id.org/ro/crate/1.2", "rocrate"),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#framed https://w3id.org/ro/crate"', "rocrate"),
        ('application/ld+json;profile="https://w3id.org/ro/crates"', "jsonld"),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', "jsonld"),
        ("application/ld+json", "jsonld"),
        ("application/*;q=0.1, text/turtle", "ttl"),
        ('text/turtle;q=0.5, application/ld+json;profile="https://w3id.org/ro/crate"', "rocrate"),
    ],
)
def test_a_profile_chooses_the_crate(client: FlaskClient, accept: str, found: str) -> None:
    """Only who asks for RO-Crate gets it; other profiles of JSON-LD do not matter."""
    offers = {f.name: f.content_type for f in (*GRAPH_FORMATS, *DATASET_EXPORTS)}
    assert client.get("/datasets/glioma", headers={"Accept": accept}).content_type == offers[found]


def test_signposting_level_one(client: FlaskClient) -> None:
    """What FAIR Signposting asks of a page, in its headers."""
    links = client.get("/datasets/glioma", headers=BROWSER).headers.getlist("Link")
    assert f'<{BASE}datasets/glioma>; rel="cite-as"' in links
    assert '<https://schema.org/AboutPage>; rel="type"' in links
    assert '<https://schema.org/Dataset>; rel="type"' in links
    assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in links
    assert f'<{BASE}graph/glioma>; rel="item"; type="text/turtle"' in links
    assert '</datasets/glioma?format=linkset>; rel="linkset"; type="application/linkset+json"' in links
    crate = '</datasets/glioma?format=rocrate>; rel="describedby"; type="application/ld+json"; '
    assert crate + 'profile="https://w3id.org/ro/crate"' in links
    sample = client.get("/datasets/glioma/samples/S001", headers=BROWSER).headers.getlist("Link")
    assert '</datasets/glioma>; rel="collection"; type="text/html"' in sample
    data = client.get("/datasets/glioma?format=ttl").headers.getlist("Link")
    assert '</datasets/glioma>; rel="describes"; type="text/html"' in data


@pytest.mark.parametrize("path", PAGES)
def test_signposting_level_two(client: FlaskClient, path: str) -> None:
    """The link set: absolute addresses, each format described by a link, and each leading back (RFC 9264)."""
    page = client.get(path, headers=BROWSER)
    target = next(link for link in page.headers.getlist("Link") if 'rel="linkset"' in link)
    match = re.match(r"<([^>]*)>", target)
    assert match is not None
    response = client.get(match[1])
    assert response.content_type == "application/linkset+json"
    first, *others = json.loads(response.data)["linkset"]
    assert first["anchor"] == BASE + path.removeprefix("/")
    assert {"type", "describedby", "cite-as"} <= first.keys()
    for relation, targets in first.items():
        if relation != "anchor":
            assert all(t["href"].startswith(("http://", "https://")) for t in targets)
    described = {t["href"] for t in first["describedby"]}
    assert described <= {other["anchor"] for other in others if "describes" in other}
    assert all(client.get(href.removeprefix(BASE[:-1])).status_code == 200 for href in described)


def test_the_link_set_has_an_address_of_its_own(client: FlaskClient) -> None:
    """The same as by negotiation."""
    fixed = client.get("/datasets/glioma/linkset")
    assert fixed.data == client.get("/datasets/glioma", headers={"Accept": "application/linkset+json"}).data
    assert fixed.content_type == "application/linkset+json"


def structured(text: str) -> dict[str, object]:
    """The data for search engines in a page."""
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    document = json.loads(found)
    assert isinstance(document, dict)
    return document


def test_pages_say_what_they_show_in_schema_org(client: FlaskClient) -> None:
    """Dataset, catalogue and sample; nothing in a text can end the element."""
    dataset = structured(client.get("/datasets/glioma", headers=BROWSER).text)
    assert (dataset["@type"], dataset["@id"]) == ("Dataset", f"{BASE}datasets/glioma")
    assert dataset["name"] == "Glioma <script>alert(1)</script>"
    assert structured(client.get("/", headers=BROWSER).text)["@type"] == "DataCatalog"
    sample = structured(client.get("/datasets/glioma/samples/S001", headers=BROWSER).text)
    assert sample["@type"] == "BioSample"
    assert sample["name"] == "Sample 1"
    assert [d["name"] for d in sample["associatedDisease"]] == ["Glioblastoma"]  # type: ignore[attr-defined]


def test_the_page_links_every_export(client: FlaskClient) -> None:
    """At its fixed address, under a heading."""
    text = client.get("/datasets/glioma", headers=BROWSER).text
    assert '<h2 id="cite">Cite</h2>' in text
    for format_ in DATASET_EXPORTS:
        assert f'href="/datasets/glioma/{format_.endings[0]}"' in text
