"""Concepts over HTTP: search, pages and RDF of concepts, the tree with its counts, reconciliation, minted terms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from node.assembly import Node, build
from node.cli.nodes import create_node
from node.errors import QueryTimeout
from node.ontology.releases import install
from node.publishing.publish import publish
from node.rdf.namespaces import OBO, RDFS_LABEL, RDFS_SUBCLASS_OF, VOID
from node.web.app import create_app

BASE = "http://node.example/hub/"
BROWSER = {"Accept": "text/html"}
GBM, GLIOMA, NEOPLASM = "NCIT:C3058", "NCIT:C3059", "NCIT:C3262"
OWN = f"""
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix obo: <http://purl.obolibrary.org/obo/> . @prefix oio: <http://www.geneontology.org/formats/oboInOwl#> .
<{BASE}terms> a owl:Ontology ; owl:versionIRI <{BASE}terms/1.0.0> .
<{BASE}terms/LOC_0000001> a owl:Class ; rdfs:label "Local oncocytic glioma"@en , "Lokales Gliom"@de ;
  rdfs:subClassOf obo:NCIT_C3058 , obo:NCIT_C3262 ; obo:IAO_0000115 "Seen once <b>only</b>." .
<{BASE}terms#part> a owl:Class ; rdfs:label "part" ; rdfs:subClassOf obo:NCIT_C3262 .
<{BASE}terms/LOC_0000002> a owl:Class ; rdfs:label "former glioma" ; owl:deprecated true ;
  obo:IAO_0100001 <{BASE}terms/LOC_0000001> .
obo:NCIT_C3058 rdfs:label "Glioblastom"@de .
"""


def dataset(name: str, access: str, diagnoses: list[str]) -> dict[str, Any]:
    own = f"datasets/{name}"
    return {
        "@context": "https://w3id.org/onconode/context/v1.jsonld",
        "id": own,
        "type": "Dataset",
        "identifier": name,
        "title": f"Title of {name}",
        "description": "Gliomas of one clinic.",
        "publisher": {"type": "Organization", "name": "A clinic"},
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "accessRights": access,
        "contactPoint": {"type": "Contact", "formattedName": "Office", "email": "mailto:office@example.org"},
        "samples": [
            {
                "id": f"{own}/samples/S{number}",
                "type": "Sample",
                "identifier": f"S{number}",
                "diagnosis": code,
            }
            for number, code in enumerate(diagnoses)
        ],
    }


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The packaged vocabulary, an extension, an open dataset and one that is not, and a member that is gone."""
    folder = tmp_path_factory.mktemp("concepts") / "node"
    create_node(folder, base_iri=BASE, title="A node", publisher="A clinic")
    with (folder / "node.toml").open("a", encoding="utf-8") as out:
        out.write('\n[[members]]\nname = "gone"\nendpoint = "http://127.0.0.1:9/sparql"\n')
    opened = build(folder)
    extension = folder.parent / "own.ttl"
    extension.write_text(OWN, encoding="utf-8")
    for name, source in (("ncit", None), ("obi", None), ("own", extension)):
        install(name, source, store=opened.store, identifiers=opened.identifiers)
    path = folder.parent / "data.jsonld"
    rights = "http://publications.europa.eu/resource/authority/access-right/"
    documents = [
        dataset("open", rights + "PUBLIC", [GBM, GBM, f"{BASE}terms/LOC_0000001", NEOPLASM]),
        dataset("closed", rights + "NON_PUBLIC", [GBM, GLIOMA]),
    ]
    for document in documents:
        path.write_text(json.dumps(document), encoding="utf-8")
        report = publish([path], node=opened.parts())
        assert report.ok, report
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(node: Node) -> FlaskClient:
    return create_app(node).test_client()


def get(client: FlaskClient, path: str, **headers: str) -> Any:
    response = client.get(f"/hub/{path}", headers={"Accept": "application/json", **headers})
    assert response.status_code == 200, response.text
    assert response.content_type == "application/json"
    return response.json


def triples(client: FlaskClient, path: str, **headers: str) -> ox.Store:
    response = client.get(f"/hub/{path}", headers={"Accept": "application/n-triples", **headers})
    assert response.status_code == 200, response.text
    store = ox.Store()
    store.load(response.data, ox.RdfFormat.N_TRIPLES)
    return store


def test_search_as_json(client: FlaskClient) -> None:
    """Hits with code, label, address and by what they were found; parts of them; the language that was asked for."""
    found = get(client, "concepts?q=gliobalstoma&limit=1")
    (hit,) = found["hits"]
    assert (hit["code"], hit["label"], hit["href"]) == (GBM, "Glioblastoma", f"/hub/concepts/{GBM}")
    assert found["more"] is True
    assert get(client, "concepts?q=Glioblastom&lang=de")["hits"][0]["own_name"] == "Glioblastom"
    assert get(client, "concepts/suggest?q=gliob")["hits"][0]["code"] == GBM
    assert (
        get(client, f"concepts?q=oncocytic&below={GBM}&vocabulary=own")["hits"][0]["label"] == "Local oncocytic glioma"
    )
    assert get(client, "concepts?q=former+glioma")["hits"][0]["label"] != "former glioma"
    assert get(client, "concepts?q=former+glioma&obsolete=true")["hits"][0]["label"] == "former glioma"
    assert get(client, "concepts")["hits"] == []


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        (f"concepts?q={'x' * 201}", 400, "200 characters"),
        ("concepts?q=x&limit=101", 400, "from 1 to 100"),
        ("concepts?q=x&limit=-1", 400, "limit"),
        ("concepts?q=x&offset=9999999", 400, "offset"),
        ("concepts?q=x&vocabulary=none", 400, "own"),
        ("concepts?q=x&lang=%3Cb%3E", 400, "language"),
        ("concepts?q=x&below=NCIT:C0000000", 404, "installed"),
        ("concepts?q=x&format=ttl", 406, "json"),
        ("concepts/NCIT:C3085", 404, f"Did you mean {GBM} (Glioblastoma)"),
        ("concepts/Glioblastomma", 404, f"{GBM} (Glioblastoma)"),
        (f"concepts/{GBM}?property=sex", 400, "diagnosis"),
        ("concepts/tree?root=nothing", 404, "no concept"),
        ("concepts/reconcile?queries=1", 400, "JSON object"),
        ("terms/LOC_9", 404, "nothing at this address"),
    ],
)
def test_what_is_wrong_is_said(client: FlaskClient, path: str, status: int, word: str) -> None:
    """Each bad request has its problem document, with what to do."""
    response = client.get(f"/hub/{path}", headers={"Accept": "application/json"})
    assert response.status_code == status
    assert word in response.text


def test_other_spellings_lead_to_the_page(client: FlaskClient) -> None:
    """A concept has one address; codes of other systems lead there as to something else."""
    for code in ("C3058", "ncit:c3058", "obo:NCIT_C3058", f"{OBO}NCIT_C3058"):
        response = client.get(f"/hub/concepts/{code}?format=ttl")
        assert (response.status_code, response.location) == (301, f"/hub/concepts/{GBM}?format=ttl")
    response = client.get("/hub/concepts/oncotree:GBM")
    assert (response.status_code, response.location) == (303, f"/hub/concepts/{GBM}")
    assert client.get(f"/hub/concepts/{GBM}/").status_code == 200


def test_a_concept_as_rdf_json_and_page(client: FlaskClient) -> None:
    """All three say what it is called, where it stands and where it is used."""
    store = triples(client, f"concepts/{GBM}")
    gbm, own = ox.NamedNode(OBO + "NCIT_C3058"), ox.NamedNode(BASE + "terms/LOC_0000001")
    assert ox.Quad(gbm, ox.NamedNode(RDFS_LABEL), ox.Literal("Glioblastom", language="de")) in store
    assert ox.Quad(own, ox.NamedNode(RDFS_SUBCLASS_OF), gbm) in store
    counts = [q.object.value for q in store.quads_for_pattern(None, ox.NamedNode(VOID + "entities"), None)]  # type: ignore[union-attr]
    assert counts == ["3"]
    document = get(client, f"concepts/{GBM}")
    assert (document["label"], document["status"], document["source"]) == ("Glioblastoma", "in force", "ncit")
    assert document["samples"] == [{"property": "onco:diagnosis", "below": 3, "exactly": 2, "problem": ""}]
    assert document["datasets"] == [{"iri": f"{BASE}datasets/open", "samples": 3}]
    assert "Local oncocytic glioma" in {child["label"] for child in document["children"]}
    assert document["parents"]
    page = client.get(f"/hub/concepts/{GBM}", headers={**BROWSER, "Accept-Language": "de-AT,en;q=0.5"})
    for text in ("<h1>Glioblastoma</h1>", "Glioblastom</p>", "Title of open", "/network", "application/ld+json"):
        assert text in page.text
    assert "Accept-Language" in page.headers["Vary"]
    for name in ("ttl", "nt", "jsonld", "rdf", "linkset"):
        assert client.get(f"/hub/concepts/{GBM}?format={name}").status_code == 200


def test_what_only_operators_see_counts_for_them_alone(node: Node, client: FlaskClient) -> None:
    """Samples of a dataset that is not open are counted for the operator, whose answer no shared cache may keep."""
    token = node.tokens.create("test")
    document = client.get(f"/hub/concepts/{GBM}?format=json", headers={"Authorization": f"Bearer {token}"})
    assert document.json["samples"][0]["below"] == 4
    assert document.headers["Cache-Control"].startswith("private")
    assert get(client, f"concepts/{GBM}")["samples"][0]["below"] == 3
    assert client.get(f"/hub/concepts/{GBM}", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_the_tree_opens_branch_by_branch(client: FlaskClient) -> None:
    """Children come with their counts; a class below two others counts once above both; what is open can be closed."""
    (top,) = get(client, f"concepts/tree?root={NEOPLASM}")["roots"]
    assert (top["label"], top["samples"], top["open"]) == ("Neoplasm", 4, True)
    assert "children" not in next(child for child in top["children"] if child["children_count"])
    local = next(child for child in top["children"] if child["label"] == "Local oncocytic glioma")
    assert local["samples"] == 1
    way = [GLIOMA, *(p["code"] for p in get(client, f"concepts/{GLIOMA}")["parents"])]
    (top,) = get(client, f"concepts/tree?root={NEOPLASM}&open={','.join(way)}&used=true")["roots"]
    assert all(child["samples"] for child in top["children"])
    page = client.get(f"/hub/concepts/tree?root={NEOPLASM}", headers=BROWSER).text
    assert 'aria-expanded="false"' in page
    assert "<script" not in page
    roots = get(client, "concepts/tree")["roots"]
    assert {"Neoplasm", "specimen", "assay"} <= {root["label"] for root in roots}


def test_the_network_is_asked_and_fails_softly(client: FlaskClient) -> None:
    """A member that is gone is named, with why; what is here is counted all the same."""
    found = get(client, f"concepts/{GBM}/network")
    assert (found["here"], found["total"], found["complete"]) == (3, 3, False)
    (member,) = found["members"]
    assert (member["name"], member["samples"]) == ("gone", None)
    assert member["problem"]
    assert "At least 3 samples" in client.get(f"/hub/concepts/{GBM}/network", headers=BROWSER).text


def test_what_cannot_be_counted_is_said_and_not_tried_again(
    node: Node, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When counting takes more than a query may, pages come without counts, and it is not done again."""
    asked: list[str] = []

    def too_long(text: str, principal: object) -> object:
        asked.append(text)
        raise QueryTimeout("the query did not finish within 30 s.")

    monkeypatch.setattr(node, "_usage", {})
    monkeypatch.setattr(node, "_rows", too_long)
    for path in (f"concepts/{GBM}", f"concepts/{GBM}", f"concepts/{GLIOMA}"):
        document = get(client, path)
        assert {one["problem"] for one in document["samples"]} == {"the query did not finish within 30 s."}
    assert len(asked) == 4  # one for each property
    page = client.get(f"/hub/concepts/tree?root={NEOPLASM}", headers=BROWSER)
    assert page.status_code == 200
    assert "could not be counted: the query did not finish" in page.text


def test_terms_minted_here_dereference(client: FlaskClient) -> None:
    """An extension's IRI under the node's base gives page and RDF; one with a fragment is described before the #."""
    page = client.get("/hub/terms/LOC_0000001", headers=BROWSER)
    assert page.status_code == 200
    assert "Seen once &lt;b&gt;only&lt;/b&gt;." in page.text
    store = triples(client, "terms/LOC_0000001")
    assert any(store.quads_for_pattern(ox.NamedNode(BASE + "terms/LOC_0000001"), None, None))
    assert any(triples(client, "terms").quads_for_pattern(ox.NamedNode(BASE + "terms#part"), None, None))
    old = client.get("/hub/terms/LOC_0000002", headers=BROWSER).text
    assert "no longer to be used" in old
    assert "/hub/terms/LOC_0000001" in old
    assert client.head("/hub/terms/LOC_0000001").status_code == 200
    assert client.post("/hub/terms/LOC_0000001").status_code == 404


def test_reconciliation(client: FlaskClient) -> None:
    """The manifest, a batch by GET and POST, types, and suggestions: what OpenRefine asks."""
    manifest = get(client, "concepts/reconcile")
    assert manifest["versions"] == ["0.2"]
    assert manifest["view"]["url"] == BASE + "concepts/{{id}}"
    queries = json.dumps({"q0": {"query": "Glioblastoma"}, "q1": {"query": "assay", "type": "OBI:0000070", "limit": 1}})
    answers = client.post("/hub/concepts/reconcile", data={"queries": queries}).json
    first = answers["q0"]["result"][0]
    assert (first["id"], first["match"], first["score"]) == (GBM, True, 100.0)
    assert NEOPLASM in {one["id"] for one in first["type"]}
    assert [one["id"] for one in answers["q1"]["result"]] == ["OBI:0000070"]
    assert client.get("/hub/concepts/reconcile", query_string={"queries": queries}).json == answers
    assert get(client, "concepts/reconcile/suggest?prefix=gliob")["result"][0]["id"] == GBM
    many = json.dumps({f"q{i}": {"query": "x"} for i in range(51)})
    assert client.post("/hub/concepts/reconcile", data={"queries": many}).status_code >= 400
    assert client.post("/hub/concepts/reconcile", data={"queries": "x" * 200_000}).status_code == 413


def test_search_page_for_people(client: FlaskClient) -> None:
    """A form that keeps what was written, hits as a list, pages, and nothing that a text could break."""
    page = client.get("/hub/concepts?q=%3Cscript%3Eglioma&limit=1", headers=BROWSER)
    assert "<script" not in page.text
    assert 'value="&lt;script&gt;glioma"' in page.text
    assert 'rel="next"' in page.text
    assert "Or look around" in client.get("/hub/concepts", headers=BROWSER).text


def test_the_vocabulary_is_the_release_that_is_installed(node: Node, client: FlaskClient, tmp_path: Path) -> None:
    """A newer release of the hub's vocabulary is served at /vocab, its terms among the concepts. Last: it installs."""
    packaged = client.get("/hub/vocab", headers={"Accept": "text/turtle"}).text
    newer = tmp_path / "onconode.ttl"
    term = 'onco:Xenograft a owl:Class ; rdfs:label "xenograft"@en ; rdfs:subClassOf obo:OBI_0100051 .'
    newer.write_text(packaged.replace("vocab/1.", "vocab/9.").replace('"1.', '"9.') + term, encoding="utf-8")
    install("onconode", newer, store=node.store, identifiers=node.identifiers)
    xenograft = ox.NamedNode("https://w3id.org/onconode/vocab#Xenograft")
    assert any(triples(client, "vocab").quads_for_pattern(xenograft, None, None))
    assert "xenograft" in client.get("/hub/vocab", headers=BROWSER).text
    assert get(client, "concepts/onco:Xenograft")["source"] == "onconode"
    assert get(client, "concepts?q=xenografts")["hits"][0]["code"] == "onco:Xenograft"
