"""A curator's work from end to end: what two partners could not code becomes a term, goes out, and is replaced."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import onconode
from tests.integration.running_node import running

DEFINITION = "A made-up tumour of notochordal and fat cells."
SAMPLES = {"alpha": 12, "beta": 5}
HEADER = "PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\tCANCER_TYPE_DETAILED\tSAMPLE_TYPE\n"
#: A hierarchy query that no partner can answer alone: all samples of any neoplasm that is one of the hub's own terms.
QUESTION = """
PREFIX onco: <https://w3id.org/onconode/vocab#>
PREFIX obo: <http://purl.obolibrary.org/obo/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?sample ?class WHERE {
  ?sample onco:diagnosis ?class . ?class rdfs:subClassOf* obo:NCIT_C3262 .
  FILTER (STRSTARTS(STR(?class), "https://hub.example/vocab/rare/"))
}
"""


def done(*arguments: object) -> str:
    found = onconode(*arguments)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def answer(*arguments: object) -> Any:
    return json.loads(done(*arguments, "--json"))


def study(folder: Path, name: str, samples: int) -> Path:
    """A study with some samples of a tumour that NCIt does not know, and some chordomas."""
    folder.mkdir(parents=True)
    meta = f"type_of_cancer: brain\ncancer_study_identifier: rare_{name}\nname: Rare ({name})\ndescription: Made up.\n"
    (folder / "meta_study.txt").write_text(meta)
    (folder / "LICENSE").write_text("CC BY 4.0\n")
    rows = [f"P{i}\t{name}-{i}\t\tLipochordomyxoma\tPrimary\n" for i in range(samples)]
    rows += [f"Q{i}\t{name}-c{i}\tCHDM\tChordoma\tPrimary\n" for i in range(3)]
    (folder / "data_clinical_sample.txt").write_text(HEADER + "".join(rows))
    return folder


def rows_of(text: str) -> list[dict[str, str]]:
    return [{k: v["value"] for k, v in row.items()} for row in json.loads(text)["results"]["bindings"]]


def federated(node: Path) -> list[dict[str, str]]:
    return rows_of(done("query", "--node", node, "--federation", "-e", QUESTION, "--format", "json"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_from_a_word_that_waits_to_a_term_that_is_replaced(tmp_path: Path) -> None:
    """Queue, template, HermiT, rehearsal, release, two nodes, a federated hierarchy query, obsoletion, migration."""
    nodes: dict[str, Path] = {}
    ports: dict[str, int] = {}
    for name, samples in SAMPLES.items():
        nodes[name], ports[name] = tmp_path / name, free_port()
        done("init", nodes[name], "--base-iri", f"http://127.0.0.1:{ports[name]}/", "--title", name)
        done("publish", study(tmp_path / f"{name}-data", name, samples), "--node", nodes[name])
    every = [part for node in nodes.values() for part in ("--node", node)]

    # the queue: what waits, with how many samples of how many nodes; rare words stay where they are
    ws = tmp_path / "workspace"
    done("curate", "init", ws, "--local", "rare", "--base-iri", "https://hub.example/", "--under", "NCIT:C3262")
    assert answer("curate", "demand", "collect", "-w", ws, *every)["withheld"] == 1
    done("curate", "demand", "collect", "-w", ws, *every, "--fewest", 3)
    (wish,) = answer("curate", "demand", "list", "-w", ws)
    assert (wish["text"], wish["samples"], wish["nodes"], wish["status"]) == ("Lipochordomyxoma", 17, 2, "open")

    # a term of one's own, in a template; the checks ask for what it lacks, and then pass, HermiT among them
    propose = ("curate", "demand", "propose", wish["id"], "-w", ws, "--parent", "NCIT:C2947")
    done(*propose)
    refused = onconode("curate", "release", "-w", ws, "--version", "1.0.0")
    assert refused.returncode == 8
    assert "definition" in refused.stderr
    assert not list((ws / "releases").iterdir())
    done("curate", "set", "Lipochordomyxoma", "-w", ws, f"definition={DEFINITION}", "definition source=PMID:1")
    assert answer("curate", "check", "-w", ws)["counts"]["error"] == 0

    # before it goes out: which samples gain a code
    before = (nodes["alpha"] / "data" / "generations" / "CURRENT").read_bytes()
    found = answer("curate", "rehearse", "-w", ws, "--node", nodes["alpha"])
    assert (nodes["alpha"] / "data" / "generations" / "CURRENT").read_bytes() == before
    (gained,) = found["gained"]
    assert (gained["text"], gained["samples"], len(gained["listed"])) == ("Lipochordomyxoma", 12, 12)
    assert gained["listed"][0].endswith("/datasets/rare_alpha/samples/alpha-0")
    assert found == answer("curate", "rehearse", "-w", ws, "--node", nodes["alpha"])

    # out, and on both nodes
    made = answer("curate", "release", "-w", ws, "--version", "1.0.0", "--date", "2026-12-01")
    assert made["checks"] == {"errors": [], "warnings": 0, "reasoner": "HermiT"}
    assert made["served"] == [wish["id"]]
    assert wish["id"] in answer("curate", "demand", "check", "-w", ws, *every)["lacking"]
    for name, node in nodes.items():
        done("ontology", "install", "rare", "--from", ws / "releases" / "1.0.0", "--node", node)
        done("ontology", "install", "ncit", "--node", node)
        done("publish", tmp_path / f"{name}-data", "--node", node)
    assert answer("curate", "demand", "check", "-w", ws, *every)["installed"] == [wish["id"]]
    done("curate", "demand", "collect", "-w", ws, *every, "--fewest", 1)
    assert answer("curate", "demand", "show", wish["id"], "-w", ws)["samples"] == 0

    # the federation finds them by the class that the term hangs under
    serve = ["-m", "node", "serve", "--node", str(nodes["beta"]), "--port", str(ports["beta"])]
    with running(serve, tmp_path / "beta.log") as service:
        done("member", "add", f"{service.address}sparql", "--node", nodes["alpha"])
        rows = federated(nodes["alpha"])
        ask = ("curate", "demand", "check", "-w", ws, "--endpoint", service.address)
        assert onconode(*ask).returncode == 6
        secret = tmp_path / "token"
        secret.write_text(answer("token", "create", "curators", "--node", nodes["beta"])["token"])
        assert answer(*ask, "--token-file", secret) == {"released": [], "installed": [], "lacking": {}}
    assert len(rows) == 17
    (first,) = {row["class"] for row in rows}

    # a better term, the old one obsolete in its favour
    add = ("curate", "add", "-w", ws, "--curator", "curator-1", "--label", "Chordal lipomyxoma")
    done(*add, "--parent", "NCIT:C2947", "--definition", DEFINITION, "--source", "PMID:2")
    done("curate", "obsolete", "Lipochordomyxoma", "--replaced-by", "Chordal lipomyxoma", "-w", ws)
    done("curate", "set", "Chordal lipomyxoma", "-w", ws, "exact synonyms=Lipochordomyxoma")
    changed = answer("curate", "rehearse", "-w", ws, "--node", nodes["alpha"])
    (affected,) = [each for each in changed["affected"] if each["what"] == "obsolete"]
    assert (affected["code"], affected["samples"]) == (first, 12)
    assert affected["detail"] == [first.replace("0000001", "0000002")]
    second = answer("curate", "release", "-w", ws, "--date", "2026-12-08")
    assert (second["version"], second["previous"]) == ("1.1.0", "1.0.0")
    for node in nodes.values():
        done("ontology", "install", "rare", "--from", ws / "releases" / "1.1.0", "--node", node)
        done("ontology", "migrate", "--node", node)
    with running(serve, tmp_path / "beta.log"):
        rows = federated(nodes["alpha"])
    assert len(rows) == 17
    assert {row["class"] for row in rows} == {first.replace("0000001", "0000002")}
