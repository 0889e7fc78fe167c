"""Drift and migration of a real node: the commands, mappings of coded tables, and a kill at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from node.cli.nodes import create_node
from tests.command_line import onconode

NCIT = "http://purl.obolibrary.org/obo/NCIT_"
OWL = "http://www.w3.org/2002/07/owl#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
SUB = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"


def release(path: Path, *, retired: bool) -> Path:
    """A small release of NCIt; ``retired``: glioblastoma is obsolete, replaced by a class of another code."""
    lines = [f'<{NCIT}C3262> <{LABEL}> "Neoplasm" .', f"<{NCIT}C3262> <{TYPE}> <{OWL}Class> ."]
    for code, label in (("C3058", "Glioblastoma"), ("C3059", "Glioma"), ("C999001", "Glioblastoma, New Name")):
        lines += [f'<{NCIT}{code}> <{LABEL}> "{label}" .', f"<{NCIT}{code}> <{SUB}> <{NCIT}C3262> ."]
    if retired:
        lines.append(f'<{NCIT}C3058> <{OWL}deprecated> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .')
        lines.append(f"<{NCIT}C3058> <http://purl.obolibrary.org/obo/IAO_0100001> <{NCIT}C999001> .")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def study(folder: Path, samples: int) -> Path:
    """A table of gliomas with OncoTree codes, every other one a glioblastoma."""
    folder.mkdir()
    (folder / "meta_study.txt").write_text(
        "cancer_study_identifier: gliomas\ntype_of_cancer: difg\nname: Gliomas\ndescription: Made up for a test.\n",
        encoding="utf-8",
    )
    (folder / "meta_clinical_sample.txt").write_text(
        "cancer_study_identifier: gliomas\ngenetic_alteration_type: CLINICAL\ndatatype: SAMPLE_ATTRIBUTES\n"
        "data_filename: data_clinical_sample.txt\n",
        encoding="utf-8",
    )
    rows = [
        "PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE",
        *(f"P{i}\tS{i}\t{'GBM' if i % 2 else 'GNOS'}" for i in range(samples)),
    ]
    (folder / "data_clinical_sample.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def node_with(top: Path, samples: int) -> Path:
    """A node with such a table, coded when glioblastoma was in force, and the release in which it no longer is."""
    create_node(top / "n", base_iri="https://n.example/", title="N")
    for command in (
        ("ontology", "install", "ncit", "--from", release(top / "before.nt", retired=False)),
        ("publish", study(top / "gliomas", samples), "--no-proposals"),
        ("ontology", "install", "ncit", "--from", release(top / "after.nt", retired=True)),
    ):
        done = onconode(*command, "--node", top / "n")
        assert done.returncode == 0, done.stdout + done.stderr
    return top / "n"


def count(node: Path, pattern: str) -> int:
    text = f"PREFIX onco: <https://w3id.org/onconode/vocab#> SELECT (COUNT(*) AS ?n) {{ {pattern} }}"
    done = onconode("query", "-e", text, "--node", node, "--json")
    return int(json.loads(done.stdout)["results"]["bindings"][0]["n"]["value"])


def test_the_commands(tmp_path: Path) -> None:
    """What would drift, what has, what a migration would do, what it did, and nothing the second time."""
    node = node_with(tmp_path, 40)
    gone = tmp_path / "gone.nt"
    gone.write_text(f"<{NCIT}C3059> <{TYPE}> <{OWL}Class> .\n", encoding="utf-8")
    against = json.loads(onconode("ontology", "drift", "--against", gone, "--node", node, "--json").stdout)
    assert any(one["fault"] == "moved" and one["code"] == f"{NCIT}C3059" for one in against)
    (drifted,) = json.loads(onconode("ontology", "drift", "--node", node, "--json").stdout)
    assert (drifted["fault"], drifted["samples"], drifted["replacement"]) == ("obsolete", 20, f"{NCIT}C999001")
    assert "migrate --dry-run" in onconode("ontology", "drift", "--node", node).stdout
    assert "1 code is no longer in force, at 20 places" in onconode("ontology", "list", "--node", node).stdout
    kept = json.loads(onconode("ontology", "list", "--node", node, "--json").stdout)
    before = next(r["version"] for r in kept if r["name"] == "ncit" and not r["active"])
    assert onconode("ontology", "drift", "--against", before, "--node", node, "--json").stdout.strip() == "[]"
    unknown = onconode("ontology", "drift", "--against", "1999", "--node", node)
    assert (unknown.returncode, "neither a file nor" in unknown.stderr) == (4, True)
    dry = onconode("ontology", "migrate", "--dry-run", "--node", node)
    assert "would be migrated" in dry.stdout
    assert count(node, f"?s onco:diagnosis <{NCIT}C3058>") == 20
    done = onconode("ontology", "migrate", "--node", node)
    assert done.returncode == 0, done.stdout
    assert "NCIT:C3058 → NCIT:C999001" in done.stdout
    assert count(node, f"?s onco:diagnosis <{NCIT}C999001>") == 20
    assert count(node, f"?s <{OWL}annotatedTarget> <{NCIT}C3058>") == 0
    mapping = f"?m <{OWL}annotatedTarget> <{NCIT}C999001> ; onco:codedProperty onco:diagnosis"
    sssom = "https://w3id.org/sssom/"
    assert (
        count(node, f"{mapping} ; <{sssom}object_label> 'Glioblastoma, New Name' ; <{sssom}subject_label> 'GBM'") == 1
    )
    assert count(node, f"{mapping} ; <{sssom}comment> ?c FILTER(CONTAINS(?c, 'NCIT:C3058 replaced by'))") == 1
    assert "Nothing to migrate" in onconode("ontology", "migrate", "--node", node).stdout
    published = onconode("publish", tmp_path / "gliomas", "--no-proposals", "--node", node)
    assert published.returncode == 0, published.stdout
    assert count(node, f"?s onco:diagnosis <{NCIT}C3058>") == 0


def test_a_map_with_errors_changes_nothing(tmp_path: Path) -> None:
    """Its first error is told."""
    node = node_with(tmp_path, 4)
    chosen = tmp_path / "map.sssom.tsv"
    chosen.write_text(
        "subject_id\tpredicate_id\tobject_id\nNCIT:C3058\tskos:exactMatch\tNCIT:C3059\n", encoding="utf-8"
    )
    refused = onconode("ontology", "migrate", "--map", chosen, "--node", node)
    assert refused.returncode == 2
    assert "the prefix 'NCIT' is not in the curie_map" in refused.stderr
    chosen.write_text(f"#curie_map:\n#  NCIT: {NCIT}\n{chosen.read_text(encoding='utf-8')}", encoding="utf-8")
    assert onconode("ontology", "migrate", "--map", chosen, "--node", node).returncode == 0
    assert count(node, f"?s onco:diagnosis <{NCIT}C3059>") == 4


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.6, 1.0, 1.4, 1.8])
def test_a_killed_migration_is_whole_or_not_there(tmp_path: Path, after: float) -> None:
    """Killed at any moment; given again it does what is left to do."""
    node = node_with(tmp_path, 4_000)
    command = [sys.executable, "-m", "node", "ontology", "migrate", "--node", str(node)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(after)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    old, new = (count(node, f"?s onco:diagnosis <{NCIT}{code}>") for code in ("C3058", "C999001"))
    assert (old, new) in ((2_000, 0), (0, 2_000))
    assert onconode("ontology", "migrate", "--node", node).returncode == 0
    assert count(node, f"?s onco:diagnosis <{NCIT}C999001>") == 2_000
    assert onconode("ontology", "drift", "--node", node, "--json").stdout.strip() == "[]"
