"""What a release would change for a node: found, counted, and the node left as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.ontology.core import concept_triples, core_concepts
from node.rdf.namespaces import OBO
from tests.command_line import onconode

CHORDOMA, GLIOMA = f"{OBO}NCIT_C2947", f"{OBO}NCIT_C3059"
GLIOBLASTOMA, SYNOVIAL = f"{OBO}NCIT_C3058", f"{OBO}NCIT_C3400"
STUDY = """PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\tCANCER_TYPE_DETAILED\tSAMPLE_TYPE
P1\tS1\t\tLipochordomyxoma\tPrimary
P2\tS2\t\tlipochordomyxoma\tPrimary
P3\tS3\t\tChordoma\tPrimary
P4\tS4\t\tSynovial Sarcoma\tPrimary
P5\tS5\t\tGlioblastoma\tPrimary
P6\tS6\t\tNobodys tumour\tPrimary
"""


def done(*arguments: object) -> str:
    found = onconode(*arguments)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node with NCIt's packaged table and one study."""
    folder = tmp_path_factory.mktemp("rehearsal")
    study = folder / "study"
    study.mkdir()
    meta = "type_of_cancer: brain\ncancer_study_identifier: own\nname: Own\ndescription: Made up.\n"
    (study / "meta_study.txt").write_text(meta)
    (study / "LICENSE").write_text("CC BY 4.0\n")
    (study / "data_clinical_sample.txt").write_text(STUDY)
    done("init", folder / "node", "--base-iri", "https://node.example/")
    done("ontology", "install", "ncit", "--node", folder / "node")
    done("publish", study, "--node", folder / "node", "--no-proposals")
    return folder / "node"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """NCIt's packaged table, changed: a synonym more, a class obsolete, one moved and renamed, two of one name."""
    lines = []
    for concept in core_concepts("ncit"):
        changed = concept
        if concept.iri == CHORDOMA:
            changed = replace(concept, obsolete=True, replaced_by=GLIOMA, parents=())
        elif concept.iri == GLIOMA:
            changed = replace(concept, synonyms=(*concept.synonyms, "Lipochordomyxoma"))
        elif concept.iri == GLIOBLASTOMA:
            changed = replace(concept, label="Glioblastoma, renamed", parents=(f"{OBO}NCIT_C3262",))
        lines.append(concept_triples(changed))
    twin = f"{OBO}NCIT_C9999991"
    text = '<{}> <http://www.w3.org/2000/01/rdf-schema#label> "Synovial Sarcoma" .\n<{}> {} <{}NCIT_C3262> .\n'
    lines.append(text.format(twin, twin, "<http://www.w3.org/2000/01/rdf-schema#subClassOf>", OBO).encode())
    path = tmp_path_factory.mktemp("release") / "ncit-next.nt"
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture(scope="module")
def found(node: Path, release: Path) -> dict[str, Any]:
    current = (node / "data" / "generations" / "CURRENT").read_bytes()
    text = done("curate", "rehearse", "--node", node, "--from", release, "--name", "ncit", "--json")
    assert (node / "data" / "generations" / "CURRENT").read_bytes() == current
    return dict(json.loads(text))


def test_words_that_gain_a_code(found: dict[str, Any]) -> None:
    """Both spellings count as one word; the samples that write it are listed."""
    (gained,) = found["gained"]
    assert (gained["text"], gained["code"], gained["samples"]) == ("Lipochordomyxoma", GLIOMA, 2)
    assert gained["by_dataset"] == {"https://node.example/datasets/own": 2}
    assert [sample.rpartition("/")[2] for sample in gained["listed"]] == ["S1", "S2"]


def test_words_that_are_coded_otherwise(found: dict[str, Any]) -> None:
    """A name that two classes have now is no code any more, nor is that of a class that is obsolete."""
    recoded = {row["text"]: (row["before"], row["after"]) for row in found["recoded"]}
    assert recoded["Synovial Sarcoma"] == (SYNOVIAL, "")
    assert recoded["Chordoma"] == (CHORDOMA, "")


def test_published_codes_that_change(found: dict[str, Any]) -> None:
    """Obsolete with its successor, moved with the classes it leaves, renamed with its name."""
    affected = {(row["code"], row["what"]): row for row in found["affected"]}
    assert affected[CHORDOMA, "obsolete"]["detail"] == [GLIOMA]
    assert f"-{GLIOMA}" in affected[GLIOBLASTOMA, "moved"]["detail"]
    assert affected[GLIOBLASTOMA, "renamed"]["detail"] == ["Glioblastoma, renamed"]
    assert (SYNOVIAL, "moved") not in affected
    row = found["datasets"]["https://node.example/datasets/own"]
    assert (row["samples"], row["gained"], row["obsolete"], row["moved"]) == (6, 2, 1, 1)


def test_queries_that_answer_otherwise(found: dict[str, Any]) -> None:
    """A query over the hierarchy loses what has moved away; rows are listed as they come and go."""
    changed = {query["name"]: query for query in found["queries"] if query["added"] or query["removed"]}
    assert "most-frequent-diagnoses" in changed
    assert not [query["problem"] for query in found["queries"] if query["problem"]]


def test_told_to_people(node: Path, release: Path, tmp_path: Path) -> None:
    """Numbers, words and queries; what another node exported counts among the gains."""
    told = tmp_path / "told.json"
    word = {"property": "diagnosis", "text": "Lipochordomyxoma", "system": "", "samples": 40, "datasets": 2}
    told.write_text(json.dumps({"node": "https://other.example/", "releases": [], "withheld": 0, "waiting": [word]}))
    command = ("curate", "rehearse", "--node", node, "--from", release, "--name", "ncit", "--demand", told)
    text = done(*command)
    assert "Codes gained: 42 samples, by 1 word." in text
    assert "Coded otherwise: 2 samples, by 2 words." in text
    assert "use NCIT:C3059" in text
    assert "https://other.example/" in text
    assert done(*command) == text


def test_what_cannot_be_rehearsed(node: Path, release: Path, tmp_path: Path) -> None:
    """A file of no vocabulary, and a folder that is no workspace."""
    unnamed = onconode("curate", "rehearse", "--node", node, "--from", release)
    assert (unnamed.returncode, "--name" in unnamed.stderr) == (2, True)
    nowhere = onconode("curate", "rehearse", "--node", node, "-w", tmp_path)
    assert nowhere.returncode == 78
