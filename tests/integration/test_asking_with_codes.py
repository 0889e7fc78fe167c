"""Asking a node with codes of other systems: by the command, over HTTP, over the federation, in every format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from node.assembly import Node, build
from node.cli.main import onconode
from node.cli.nodes import create_node
from node.web.app import create_app

ONCO = "PREFIX onco: <https://w3id.org/onconode/vocab#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
SET = """\
#mapping_set_id: https://example.org/sets/clinic
#license: https://creativecommons.org/publicdomain/zero/1.0/
#curie_map:
#  CLINIC: https://example.org/codes/
#  NCIT: http://purl.obolibrary.org/obo/NCIT_
subject_id\tpredicate_id\tobject_id\tmapping_justification\tconfidence
CLINIC:G1\tskos:exactMatch\tNCIT:C3058\tsemapv:ManualMappingCuration\t0.9
CLINIC:G2\tskos:broadMatch\tNCIT:C3059\tsemapv:ManualMappingCuration\t
"""
GBM = ["A", "B"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node with four samples: two glioblastomas, one of a kind below, one glioma; and a clinic's mapping set."""
    top = tmp_path_factory.mktemp("codes")
    create_node(top / "n", base_iri="https://n.example/", title="N")
    own = "datasets/gliomas"
    codes = {"A": "NCIT:C3058", "B": "NCIT:C3058", "C": "NCIT:C39750", "D": "NCIT:C3059"}
    document = {
        "@context": "https://w3id.org/onconode/context/v1.jsonld",
        "id": own,
        "type": "Dataset",
        "identifier": "gliomas",
        "title": {"@value": "Gliomas", "@language": "en"},
        "description": {"@value": "Made up for a test.", "@language": "en"},
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "accessRights": "PUBLIC",
        "publisher": {"type": "Organization", "name": "A clinic"},
        "contactPoint": {"type": "Contact", "formattedName": "Office", "email": "mailto:office@example.org"},
        "samples": [
            {"id": f"{own}/samples/{name}", "type": "Sample", "identifier": name, "diagnosis": code}
            for name, code in codes.items()
        ],
    }
    (top / "gliomas.jsonld").write_text(json.dumps(document), encoding="utf-8")
    (top / "clinic.sssom.tsv").write_text(SET, encoding="utf-8")
    for command in (
        ["ontology", "install", "ncit"],
        ["publish", str(top / "gliomas.jsonld"), "--no-proposals"],
        ["ontology", "mappings", "add", str(top / "clinic.sssom.tsv")],
    ):
        done = run(top / "n", *command)
        assert done.exit_code == 0, done.output
    return top / "n"


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(onconode, [*arguments, "--node", str(folder)])


@pytest.fixture(scope="module")
def node(folder: Path) -> Iterator[Node]:
    node = build(folder)
    yield node
    node.close()


@pytest.fixture(scope="module")
def client(node: Node) -> FlaskClient:
    return create_app(node).test_client()


def samples(document: dict[str, object]) -> list[str]:
    results = document["results"]
    assert isinstance(results, dict)
    return sorted(row["s"]["value"].rsplit("/", 1)[-1] for row in results["bindings"])


@pytest.mark.parametrize("path", ["sparql", "federation/sparql"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT ?s { ?s onco:diagnosis oncotree:GBM }", GBM),
        ("SELECT ?s { ?s onco:diagnosis <https://example.org/codes/G1> }", GBM),
        ("SELECT ?s { ?s onco:diagnosis/rdfs:subClassOf* oncotree:GBM }", ["A", "B", "C"]),
        ("SELECT ?s { ?s onco:diagnosis ?d . ?d rdfs:subClassOf* oncotree:GBM }", ["A", "B", "C"]),
        ("SELECT ?s { ?s onco:diagnosis ?d FILTER(?d IN (oncotree:GBM)) }", GBM),
        ("SELECT ?s { VALUES ?d { oncotree:GBM } ?s onco:diagnosis ?d }", GBM),
        ("SELECT ?s { ?s onco:diagnosis <https://example.org/codes/G2> }", []),
    ],
)
def test_the_same_samples_as_with_the_class(client: FlaskClient, path: str, query: str, expected: list[str]) -> None:
    """Each row says by which mapping, the head by which mappings the query was taken."""
    answer = client.get(f"/{path}", query_string={"query": ONCO + query, "mappings": "narrow", "format": "json"})
    assert answer.status_code == 200, answer.text
    document = json.loads(answer.data)
    assert samples(document) == expected
    for row in document["results"]["bindings"]:
        assert row["mapping_predicate"]["value"].endswith("#exactMatch")
        assert row["mapping_object"]["value"].endswith("NCIT_C3058")
    said = document["head"]["mappings"]
    assert [one["object"] for one in said["used"]] == (
        ["http://purl.obolibrary.org/obo/NCIT_C3058"] if expected else []
    )
    assert bool(said["unmapped"]) is not bool(expected)


def test_a_wider_class_is_asked_for(client: FlaskClient) -> None:
    """The code's samples may be any of the wider class's, which the row says."""
    query = ONCO + "SELECT ?s ?mapping_predicate { ?s onco:diagnosis <https://example.org/codes/G2> }"
    document = json.loads(client.get("/sparql", query_string={"query": query, "mappings": "broad"}).data)
    assert samples(document) == ["D"]
    assert document["head"]["mappings"]["used"][0]["predicate"].endswith("#broadMatch")


@pytest.mark.parametrize("path", ["sparql", "federation/sparql"])
def test_without_the_parameter_a_query_is_answered_to_the_letter(client: FlaskClient, path: str) -> None:
    """No prefix is known, no code is taken for another, nothing is added."""
    query = ONCO + "SELECT ?s { ?s onco:diagnosis <https://example.org/codes/G1> }"
    document = json.loads(client.get(f"/{path}", query_string={"query": query}).data)
    assert (samples(document), document["head"]["vars"], "mappings" in document["head"]) == ([], ["s"], False)
    undeclared = client.get(f"/{path}", query_string={"query": ONCO + "SELECT ?s { ?s onco:diagnosis oncotree:GBM }"})
    assert undeclared.status_code == 400


def test_the_mappings_are_statements_that_queries_can_use(client: FlaskClient) -> None:
    """A named graph in the public tier, so that whoever wants can join over it."""
    query = (
        ONCO + "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
        "SELECT ?s { ?s onco:diagnosis ?d . ?d skos:exactMatch <https://example.org/codes/G1> }"
    )
    assert samples(json.loads(client.get("/sparql", query_string={"query": query}).data)) == GBM


@pytest.mark.parametrize("value", ["", "all", "Exact"])
def test_an_unknown_reach_is_refused(client: FlaskClient, value: str) -> None:
    """It says which there are."""
    answer = client.get("/sparql", query_string={"query": "ASK {}", "mappings": value})
    assert answer.status_code == 400
    assert "exact, narrow, broad" in answer.text


def test_counts_ask_describe_and_construct(client: FlaskClient) -> None:
    """What cannot have columns says by which mappings in its head, or in its graph."""

    def ask(query: str, **more: str) -> bytes:
        answer = client.get("/sparql", query_string={"query": ONCO + query, "mappings": "narrow", **more})
        assert answer.status_code == 200, answer.text
        assert 'rel="describedby"' in answer.headers["Link"]
        return answer.data

    code = "<https://example.org/codes/G1>"
    counted = json.loads(ask(f"SELECT (COUNT(*) AS ?n) {{ ?s onco:diagnosis {code} }}"))
    assert counted["results"]["bindings"][0]["n"]["value"] == "2"
    assert counted["head"]["vars"] == ["n"]
    assert json.loads(ask(f"ASK {{ ?s onco:diagnosis {code} }}"))["head"]["mappings"]["used"][0]["confidence"] == 0.9
    described = ask(f"DESCRIBE ?s {{ ?s onco:diagnosis {code} }}", format="nt").decode()
    assert "/samples/A>" in described
    built = ask(f"CONSTRUCT {{ ?s a onco:Found }} {{ ?s onco:diagnosis {code} }}", format="nt").decode()
    assert built.count("#Found>") == 2
    assert f"#annotatedSource> {code}" in built
    assert "ManualMappingCuration" in built


def test_solutions_in_rdf_lead_to_their_mappings(client: FlaskClient) -> None:
    """A SELECT in a format for graphs: each solution is derived from the mapping that is described beside it."""
    query = ONCO + "SELECT ?s { ?s onco:diagnosis/rdfs:subClassOf* oncotree:GBM }"
    answer = client.get(
        "/sparql", query_string={"query": query, "mappings": "exact"}, headers={"Accept": "application/n-triples"}
    )
    assert answer.status_code == 200, answer.text
    lines = answer.text.splitlines()
    assert sum("#ResultSolution>" in line for line in lines) == 3
    (derived,) = {line.split()[2] for line in lines if "wasDerivedFrom" in line}
    assert any(line.startswith(f"{derived} <http://www.w3.org/2002/07/owl#annotatedTarget>") for line in lines)


def test_the_page_says_it_too(client: FlaskClient) -> None:
    """A box in the form, the codes under the answer, and files with the same parameter."""
    query = ONCO + "SELECT ?s { ?s onco:diagnosis oncotree:GBM }"
    asked = {"query": query, "mappings": "narrow"}
    text = client.get("/sparql", query_string=asked, headers={"Accept": "text/html"}).text
    assert "ONCOTREE:GBM is taken for NCIT:C3058 (oncotree core)" in text
    assert 'value="narrow" checked' in text
    assert "mappings=narrow" in text.split("as a file")[1]
    assert 'name="mappings" value="narrow">' in client.get("/sparql", headers={"Accept": "text/html"}).text


def test_a_changed_set_counts_at_once(folder: Path, client: FlaskClient, tmp_path: Path) -> None:
    """For a query that was asked before, at both endpoints."""
    query = ONCO + "SELECT ?s { ?s onco:diagnosis <https://example.org/codes/G9> }"
    later = tmp_path / "later.sssom.tsv"
    later.write_text(SET.replace("CLINIC:G2\tskos:broadMatch", "CLINIC:G9\tskos:exactMatch"), encoding="utf-8")

    def found() -> list[list[str]]:
        asked = {"query": query, "mappings": "exact"}
        return [samples(json.loads(client.get(p, query_string=asked).data)) for p in ("/sparql", "/federation/sparql")]

    assert found() == [[], []]
    assert run(folder, "ontology", "mappings", "add", str(later), "--name", "later").exit_code == 0
    assert found() == [["D"], ["D"]]
    assert run(folder, "ontology", "mappings", "remove", "later").exit_code == 0
    assert found() == [[], []]


def test_the_command(folder: Path) -> None:
    """A query with explanation, the samples of a code, and what is no code."""
    asked = ONCO + "SELECT ?s { ?s onco:diagnosis oncotree:GBM }"
    done = run(folder, "query", "-e", asked, "--explain-mappings", "--format", "table")
    assert done.exit_code == 0, done.output
    assert "ONCOTREE:GBM skos:exactMatch NCIT:C3058" in done.output
    coded = run(folder, "query", "--code", "ONCOTREE:GBM", "--json")
    assert len(json.loads(coded.stdout)["results"]["bindings"]) == 3
    by_class = run(folder, "query", "--code", "NCIT:C3058", "--federation", "--format", "csv")
    assert len(by_class.stdout.splitlines()) == 4
    graph = run(folder, "query", "-e", asked, "--explain-mappings", "--format", "nt")
    assert "#ResultSolution>" in graph.stdout
    assert "is no code" in str(run(folder, "query", "--code", "glioma").exception)
    assert "prefix oncotree: is not declared" in str(run(folder, "query", "-e", asked).exception)


def test_the_commands_about_sets(folder: Path, tmp_path: Path) -> None:
    """List, show, export, and a file with errors, of which each is told."""
    listed = json.loads(run(folder, "ontology", "mappings", "list", "--json").stdout)
    assert [one["name"] for one in listed["sets"]] == ["clinic", "oncotree"]
    shown = json.loads(run(folder, "ontology", "mappings", "show", "NCIT:C3058", "--json").stdout)
    assert {one["set"] for one in shown} == {"clinic", "oncotree"}
    out = tmp_path / "out.sssom.tsv"
    assert run(folder, "ontology", "mappings", "export", "clinic", "--to", str(out)).exit_code == 0
    assert "https://example.org/sets/clinic" in out.read_text(encoding="utf-8")
    bad = tmp_path / "bad.sssom.tsv"
    bad.write_text(
        SET + "X:1\tskos:exactMatch\tNCIT:C1\tsemapv:MappingReview\t\nCLINIC:G1\tskos:no\t\t\t2\n", encoding="utf-8"
    )
    refused = run(folder, "ontology", "mappings", "add", str(bad), "--json")
    assert refused.exit_code == 2
    problems = json.loads(refused.stdout)["problems"]
    assert {(p["where"]["line"], p["where"].get("field")) for p in problems if p["severity"] == "error"} == {
        (9, "subject_id"),
        (10, "predicate_id"),
        (10, "object_id"),
        (10, "mapping_justification"),
        (10, "confidence"),
    }
