"""Every IRI a node mints resolves, for people and for programs."""

from __future__ import annotations

import json

import pyoxigraph
import pytest
from flask.testing import FlaskClient
from web_fakes import BASE, FakeNode, make_node

from node.rdf.formats import GRAPH_FORMATS, Format
from node.web.app import create_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
RESOURCES = [
    "/",
    "/datasets/",
    "/datasets/glioma",
    "/datasets/glioma/samples/",
    "/datasets/glioma/samples/S001",
    "/datasets/glioma/donors/D1",
    "/organisation",
    "/.well-known/genid/c0ffee",
    "/sparql",
    "/federation/sparql",
    "/vocab",
    "/shapes",
    "/queries",
]
DATA_ONLY = ["/graph/glioma", "/graph/glioma/provenance", "/graph/", "/.well-known/void"]


@pytest.mark.parametrize("path", [*RESOURCES, *DATA_ONLY])
@pytest.mark.parametrize("format_", GRAPH_FORMATS, ids=lambda f: f.name)
def test_data_by_negotiation(client: FlaskClient, path: str, format_: Format) -> None:
    """The media type asked for is the one sent, and what is sent parses as it."""
    response = client.get(path, headers={"Accept": format_.media_type})
    assert response.status_code == 200
    assert response.content_type == format_.content_type
    assert "Accept" in response.headers["Vary"]
    if format_.name == "jsonld":  # whose context is an address that no parser here may fetch
        assert json.loads(response.data)
    else:
        assert list(pyoxigraph.parse(response.data, format=format_.rdf, base_iri=BASE))


@pytest.mark.parametrize("path", RESOURCES)
def test_browsers_get_a_page(client: FlaskClient, path: str) -> None:
    """One heading of the first order, a language, no script but data, nothing from elsewhere."""
    response = client.get(path, headers=BROWSER)
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    text = response.text
    assert text.count("<h1>") == 1
    assert '<html lang="en">' in text
    assert "<script" not in text.replace('<script type="application/ld+json">', "")
    assert 'href="javascript:' not in text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", DATA_ONLY)
def test_browsers_get_turtle_where_there_is_no_page(client: FlaskClient, path: str) -> None:
    """Not RDF/XML, which a browser's ``application/xml;q=0.9`` would name."""
    assert client.get(path, headers=BROWSER).content_type == "text/turtle; charset=utf-8"


def test_partners_text_is_text(client: FlaskClient) -> None:
    """A title with markup is shown, not obeyed, and an IRI that is no web address is no link."""
    text = client.get("/datasets/glioma", headers=BROWSER).text
    assert "Glioma &lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "javascript:alert(1)" in text
    assert 'href="javascript:' not in text


def test_codes_are_shown_with_their_labels_and_linked(client: FlaskClient) -> None:
    """A code is its label, its CURIE and a link to the ontology; parts without a name stand where they belong."""
    text = client.get("/datasets/glioma/samples/S001", headers=BROWSER).text
    assert '<a href="http://purl.obolibrary.org/obo/NCIT_C3058">Glioblastoma</a>' in text
    assert "NCIT:C3058" in text
    assert "The registry&#39;s desk" in client.get("/datasets/glioma", headers=BROWSER).text


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/datasets/glioma/samples/a%2Fb", "with a slash"),
        ("/datasets/glioma/samples/a/b", "with a slash"),
        ("/datasets/glioma/samples/c:d", "with a colon"),
        ("/datasets/glioma/samples/c%3Ad", "with a colon"),
        ("/datasets/glioma/samples/a%2Fb/", "with a slash"),
    ],
)
def test_identifiers_with_special_characters(client: FlaskClient, path: str, label: str) -> None:
    """However the name is encoded in the address, the IRI that was minted is found."""
    assert label in client.get(path, headers={"Accept": "text/turtle"}).text


def test_samples_come_in_pages(client: FlaskClient) -> None:
    """Fifty at a time, with links to what is before and after."""
    first = client.get("/datasets/glioma/samples/", headers=BROWSER)
    assert "Samples 1 to 50 of 120" in first.text
    assert '</datasets/glioma/samples/?offset=50>; rel="next"' in first.headers.getlist("Link")
    last = client.get("/datasets/glioma/samples/?offset=100", headers=BROWSER)
    assert "Samples 101 to 120 of 120" in last.text
    assert not any("next" in link for link in last.headers.getlist("Link"))
    assert client.get("/datasets/glioma/samples/?offset=5000", headers=BROWSER).status_code == 200
    for wrong in ("-1", "x", "1e3", "9" * 20):
        assert client.get(f"/datasets/glioma/samples/?offset={wrong}").status_code == 400


def test_the_parameter_format_overrides_accept(client: FlaskClient) -> None:
    """A link on a page can ask for data."""
    assert (
        client.get("/datasets/glioma?format=nt", headers=BROWSER).content_type == "application/n-triples; charset=utf-8"
    )
    assert client.get("/datasets/glioma?format=html").content_type == "text/html; charset=utf-8"
    assert client.get("/datasets/glioma?format=csv").status_code == 406


def test_not_acceptable_lists_what_there_is(client: FlaskClient) -> None:
    """406 names the formats to be had."""
    response = client.get("/datasets/glioma", headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert "text/turtle" in response.get_json(force=True)["remedy"]


def test_other_formats_are_linked(client: FlaskClient) -> None:
    """Every representation names the others."""
    links = client.get("/datasets/glioma", headers=BROWSER).headers.getlist("Link")
    assert '</datasets/glioma?format=jsonld>; rel="describedby"; type="application/ld+json"' in links
    assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in links
    links = client.get("/datasets/glioma").headers.getlist("Link")
    assert '</datasets/glioma?format=html>; rel="alternate"; type="text/html"' in links


@pytest.mark.parametrize("path", ["/datasets/glioma", "/", "/.well-known/void", "/context/v1.jsonld", "/queries"])
def test_validators(client: FlaskClient, path: str) -> None:
    """An ETag per representation; who has it already gets 304 and nothing else."""
    first = client.get(path, headers={"Accept": "text/turtle, application/ld+json;q=0.5"})
    again = client.get(
        path, headers={"Accept": "text/turtle, application/ld+json;q=0.5", "If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = client.get(path, headers={"Accept": "application/ld+json", "If-None-Match": '"something else"'})
    assert other.status_code == 200


def test_withdrawn_is_gone_with_reason_and_date(client: FlaskClient) -> None:
    """410 for programs and for people; what the provider wrote is text."""
    problem = client.get("/datasets/gone").get_json(force=True)
    assert (problem["status"], problem["withdrawn"]) == (410, "2026-03-01T10:00:00Z")
    page = client.get("/datasets/gone", headers=BROWSER)
    assert page.status_code == 410
    assert "consent &lt;b&gt;ended&lt;/b&gt;" in page.text
    assert client.get("/graph/gone").status_code == 410


def test_records_that_are_not_open(client: FlaskClient) -> None:
    """403 where there is something that is not open, 404 where there is nothing."""
    assert client.get("/graph/closed/records").status_code == 403
    assert client.get("/graph/glioma/records").status_code == 404


@pytest.mark.parametrize("path", [*RESOURCES, *DATA_ONLY, "/health/live"])
def test_head_and_trailing_slashes(client: FlaskClient, path: str) -> None:
    """HEAD is GET without the body; a slash at the end changes nothing."""
    get, head = client.get(path), client.head(path)
    assert (head.status_code, head.data) == (get.status_code, b"")
    assert head.content_type == get.content_type
    twin = path.rstrip("/") if path.endswith("/") else path + "/"
    if twin:
        assert client.get(twin).data == get.data


def test_under_a_path_prefix(prefixed: FlaskClient) -> None:
    """With the base https://example.org/hub/ a proxy may take the prefix off or leave it; links lead to the world's."""
    for path in ("/datasets/glioma", "/hub/datasets/glioma"):
        response = prefixed.get(path, headers={**BROWSER, "Host": "10.0.0.1:8080"})
        assert response.status_code == 200
        assert "https://example.org/hub/datasets/glioma" in response.text
        assert 'href="/hub/static/style.css' in response.text
        assert "10.0.0.1" not in response.text
        assert '</hub/datasets/glioma?format=ttl>; rel="describedby"; type="text/turtle"' in response.headers.getlist(
            "Link"
        )
    assert prefixed.get("/hub").status_code == 200
    assert prefixed.get("/hub/").data == prefixed.get("/").data
    assert prefixed.get("/hubris").status_code == 404
    assert prefixed.get("/hub/static/style.css", buffered=True).status_code == 200


def test_an_empty_node_has_pages() -> None:
    """Nothing published yet is no error."""
    node: FakeNode = make_node(samples=0)
    client = create_app(node).test_client()  # type: ignore[arg-type]
    assert "No sample of this dataset is open" in client.get("/datasets/glioma/samples/", headers=BROWSER).text
