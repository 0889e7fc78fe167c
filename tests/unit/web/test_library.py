"""Stored queries as a page, as JSON, as SHACL executables and as SPARQL."""

from __future__ import annotations

import json

import pyoxigraph
import pytest
from flask.testing import FlaskClient

from node.rdf.namespaces import SH
from node.sparql.executables import executable
from node.sparql.stored import StoredQuery, stored_queries

BASE = "http://node.example/"


def test_the_list_for_programs_and_for_people(client: FlaskClient) -> None:
    """Every stored query is listed with where it is to be asked, and can be run by a link."""
    names = {q.name for q in stored_queries()}
    listed = json.loads(client.get("/queries", headers={"Accept": "application/json"}).data)["queries"]
    assert {q["name"] for q in listed} == names
    assert all(q["endpoint"].startswith(BASE) and q["endpoint"].endswith("sparql") for q in listed)
    page = client.get("/queries", headers={"Accept": "text/html"}).text
    assert all(f'href="/queries/{name}"' in page for name in names)


def test_one_query(client: FlaskClient) -> None:
    """Its text as it is, its page with a form; what is not there is 404."""
    query = stored_queries()[0]
    for path in (f"/queries/{query.name}.rq", f"/queries/{query.name}?format=rq"):
        response = client.get(path)
        assert response.text == query.text
        assert response.content_type == "application/sparql-query"
    assert "<form" in client.get(f"/queries/{query.name}", headers={"Accept": "text/html"}).text
    assert json.loads(client.get(f"/queries/{query.name}?format=json").data)["name"] == query.name
    assert client.get("/queries/none").status_code == 404


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "# SELECT in a comment\nPREFIX ask: <http://x/select#>\nCONSTRUCT WHERE { ?s ?p ?o }",
            "SPARQLConstructExecutable",
        ),
        ("BASE <http://x/ask>\nSELECT * WHERE { ?s ?p ?o }", "SPARQLSelectExecutable"),
        ("ask {}", "SPARQLAskExecutable"),
    ],
)
def test_executables_know_their_form(text: str, kind: str) -> None:
    """The form is that of the query, not a word in a comment or an IRI."""
    found = executable(BASE, StoredQuery("q", "T", "D", ("k",), text, "federation"))
    triples = {str(q.object) for q in pyoxigraph.parse(found, format=pyoxigraph.RdfFormat.N_TRIPLES)}
    assert f"<{SH}{kind}>" in triples
    assert f"<{BASE}federation/sparql>" in triples


def test_an_executable_is_found_by_editors() -> None:
    """The words that SIB's examples use: text, comment, target, keywords, and prefixes that expand as in the text."""
    text = "PREFIX onco: <https://w3id.org/onconode/vocab#>\nPREFIX x: <http://x/>\nSELECT * WHERE { ?s onco:a x:b }"
    data = pyoxigraph.Store()
    data.load(executable(BASE, StoredQuery("q", "T", "D", ("k",), text, "node")), format=pyoxigraph.RdfFormat.N_TRIPLES)
    asked = """
        PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX schema: <https://schema.org/>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        SELECT ?text ?comment ?target ?keyword ?prefix ?namespace WHERE {
          ?q a sh:SPARQLExecutable, sh:SPARQLSelectExecutable ; rdfs:comment ?comment ; sh:select ?text ;
             schema:target ?target ; schema:keywords ?keyword ; sh:prefixes/sh:declare ?d .
          ?d sh:prefix ?prefix ; sh:namespace ?namespace }"""
    rows = [[term.value for term in row] for row in data.query(asked)]  # type: ignore[union-attr]
    assert {tuple(row[:4]) for row in rows} == {(text, "D", f"{BASE}sparql", "k")}
    assert {tuple(row[4:]) for row in rows} == {
        ("onco", "https://w3id.org/onconode/vocab#"),
        ("x", "http://x/"),
    }
