"""The hub vocabulary beside the real NCIt and OBI: HermiT on it with their modules, and on a seeded fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.curation.beginning import begin_hub
from node.curation.checking import check
from node.curation.reasoning import Reasoner
from node.curation.workspace import Workspace

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def test_the_hub_vocabulary_is_consistent_with_the_real_releases(tmp_path: Path, shared: Path) -> None:
    """No error, no warning, no empty class; and then an empty one, explained over both releases."""
    ontologies = shared / "data" / "ontologies"
    releases = {
        "ncit": ontologies / "ncit" / "ncit-merged-2020.nt.gz",
        "obi": ontologies / "obi" / "obi-edit-merged.nt.gz",
    }
    made = begin_hub(tmp_path / "w")
    report = check(Workspace.open(made.folder, releases), Reasoner())
    assert [(one.rule, one.subject) for one in report.findings if one.severity != "info"] == []
    assert report.logic is not None
    assert len(report.logic.modules) > 100
    assert {axiom.origin for axiom in report.logic.modules} == {"ncit", "obi"}
    with made.ontology_file.open("a", encoding="utf-8") as file:
        file.write(
            'onco:Odd a owl:Class ; rdfs:label "odd"@en ; rdfs:subClassOf obo:NCIT_C3058 , obo:OBI_0000366 .\n'
            "obo:NCIT_C3262 owl:disjointWith obo:OBI_0000070 .\n"
        )
    report = check(Workspace.open(made.folder, releases), Reasoner())
    found = [one for one in report.findings if one.rule == "unsatisfiable_class"]
    assert [one.label for one in found] == ["odd"]
    said = [axiom for axiom, _ in found[0].because]
    assert said[:3] == [
        "every odd is a 'metabolite profiling assay'",
        "every odd is a Glioblastoma",
        "nothing is both Neoplasm and assay",
    ]
    assert {where for _, where in found[0].because[3:]} == {"ncit", "obi"}
