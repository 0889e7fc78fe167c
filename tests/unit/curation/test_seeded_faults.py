"""Faults that curators make, each seeded into a vocabulary without one: found, and said so that it can be mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.curation.checking import Report, check
from node.curation.findings import Finding, reaches
from node.curation.reasoning import Reasoner
from tests.unit.curation.workspaces import NAMESPACE, row, workspace

REASONER = Reasoner(memory=500, seconds=120)


def only(report: Report, rule: str) -> Finding:
    found = [one for one in report.findings if one.rule == rule]
    assert len(found) == 1, [(one.rule, one.subject, one.message) for one in report.findings]
    return found[0]


def test_a_vocabulary_without_a_fault_has_none(tmp_path: Path) -> None:
    """No rule speaks up where there is nothing to say, with the reasoner too."""
    report = check(workspace(tmp_path / "w"), REASONER)
    assert report.findings == []
    assert report.logic is not None
    assert {axiom.origin for axiom in report.logic.modules} == {"ncit"}, "the superclasses of Glioma come along"


def test_an_unsatisfiable_class_is_explained_by_the_axioms_that_empty_it(tmp_path: Path) -> None:
    """Exactly the two axioms, of five about the class and its neighbours."""
    odd = row(4, "contradictory glioma", "Glioma|('derives from' some 'Lung')|('derives from' only (not 'Lung'))")
    below = row(5, "contradictory glioma of youth", "rare:0000004")
    report = check(workspace(tmp_path / "w", odd, below), REASONER)
    found = [one for one in report.findings if one.rule == "unsatisfiable_class"]
    assert [one.subject[-1] for one in found] == ["4", "5"]
    because = "every 'contradictory glioma' is something with ('derives from' "
    assert [axiom for axiom, _ in found[0].because] == [because + "only (not Lung))", because + "some Lung)"]
    assert found[0].place.line == 6
    assert {where for _, where in found[0].because} == {"templates/tumours.tsv, line 6"}
    assert "contradictory glioma" in found[1].remedy, "the class below is empty only because this one is"
    assert not found[1].because


def test_a_broken_disjointness_is_explained(tmp_path: Path) -> None:
    """The disjointness, and the two ways up to its sides; nothing else that the class says of itself."""
    apart = "[] a owl:AllDisjointClasses ; owl:members ( rare:0000001 rare:0000002 ) .\n"
    both = row(4, "glioma of two kinds", "rare:0000003|rare:0000001")
    finding = only(check(workspace(tmp_path / "w", both, axioms=apart), REASONER), "unsatisfiable_class")
    assert finding.subject == NAMESPACE + "0000004"
    assert {axiom for axiom, _ in finding.because} == {
        "nothing is both 'wing tumour' and 'alar glioma'",
        "every 'glioma of two kinds' is a 'wing tumour'",
        "every 'glioma of two kinds' is an 'alar glioma of youth'",
        "every 'alar glioma of youth' is an 'alar glioma'",
    }


def test_axioms_that_contradict_each_other_are_found(tmp_path: Path) -> None:
    """An individual of two disjoint classes leaves no model: three axioms, no more."""
    axioms = (
        "rare:0000001 owl:disjointWith rare:0000002 .\n"
        "rare:one a owl:NamedIndividual , rare:0000001 , rare:0000002 ; rdfs:label 'the one'@en .\n"
    )
    finding = only(check(workspace(tmp_path / "w", axioms=axioms), REASONER), "inconsistent_vocabulary")
    assert {axiom for axiom, _ in finding.because} == {
        "nothing is both 'wing tumour' and 'alar glioma'",
        "'the one' is a 'wing tumour'",
        "'the one' is an 'alar glioma'",
    }


def test_a_cycle_is_shown_step_by_step(tmp_path: Path) -> None:
    """Three classes in a circle are one finding, which names the way round."""
    circle = [row(number, f"tumour {number}", f"rare:{up:07d}") for number, up in ((4, 5), (5, 6), (6, 4))]
    finding = only(check(workspace(tmp_path / "w", *circle), None), "subclass_cycle")
    assert finding.message == (
        "rare:0000004 (tumour 4) is below rare:0000005 (tumour 5) is below rare:0000006 (tumour 6) is below "
        "rare:0000004 (tumour 4)."
    )


def test_a_dangling_parent_is_found_at_its_row(tmp_path: Path) -> None:
    """A parent with an IRI of this vocabulary that no row makes."""
    finding = only(check(workspace(tmp_path / "w", row(4, "orphan", "rare:0000099")), None), "dangling_reference")
    assert (finding.subject[-1], finding.value, finding.place.line) == ("4", NAMESPACE + "0000099", 6)
    assert "rare:0000099, which nothing declares" in finding.message


def test_an_obsolete_parent_names_what_replaces_it(tmp_path: Path) -> None:
    """The parent is obsolete in a release; its successor is in the remedy."""
    release = tmp_path / "release.ttl"
    release.write_text(
        "@prefix obo: <http://purl.obolibrary.org/obo/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "obo:X_1 a owl:Class ; rdfs:label 'obsolete wing' ; owl:deprecated true ; obo:IAO_0100001 obo:X_2 .\n"
        "obo:X_2 a owl:Class ; rdfs:label 'pinion' ; rdfs:subClassOf obo:NCIT_C3262 .\n",
        encoding="utf-8",
    )
    made = workspace(tmp_path / "w", row(4, "late tumour", "Glioma|obo:X_1"))
    opened = type(made).open(made.folder, {"wings": release})
    finding = only(check(opened, None), "deprecated_class_reference")
    assert (finding.subject[-1], finding.value) == ("4", "http://purl.obolibrary.org/obo/X_1")
    assert "obo:X_2 (pinion)" in finding.remedy


def test_a_duplicate_label_is_found_on_both_sides(tmp_path: Path) -> None:
    """Capital letters do not tell labels apart."""
    report = check(workspace(tmp_path / "w", row(4, "Wing Tumour", "Glioma")), None)
    found = [one for one in report.findings if one.rule == "duplicate_label"]
    assert [one.subject[-1] for one in found] == ["1", "4"]
    assert found[1].message == "rare:0000001 has the same label: 'Wing Tumour'."


def test_a_class_in_the_wrong_branch_is_told_the_right_one(tmp_path: Path) -> None:
    """A tumour below an anatomic site."""
    finding = only(check(workspace(tmp_path / "w", row(4, "lost tumour", "Lung")), None), "wrong_branch")
    assert finding.message == (
        "it hangs under NCIT:C12468 (Lung), and the terms of this vocabulary hang under NCIT:C3262 (Neoplasm)."
    )


def test_a_missing_definition_is_found(tmp_path: Path) -> None:
    """And no complaint about the source of a definition that is not there."""
    report = check(workspace(tmp_path / "w", row(4, "wordless tumour", "Glioma", definition="")), None)
    finding = only(report, "missing_definition")
    assert (finding.subject[-1], finding.place.line, finding.about[-7:]) == ("4", 6, "0000115")
    assert len(report.findings) == 1


@pytest.mark.parametrize("how", ["rows", "register"])
def test_a_reused_iri_is_found(tmp_path: Path, how: str) -> None:
    """Two rows with one ID, or two branches that minted one IRI and were merged."""
    if how == "rows":
        made = workspace(tmp_path / "w", row(3, "another tumour", "Glioma"), register=((1, "a"), (2, "b"), (3, "c")))
    else:
        made = workspace(tmp_path / "w", register=((1, "a"), (2, "b"), (3, "c"), (3, "d")))
    finding = only(check(made, None), "reused_iri")
    assert finding.subject == NAMESPACE + "0000003"
    expected = "it is 'alar glioma of youth' in templates/tumours.tsv, line 5" if how == "rows" else "again for 'd'"
    assert expected in finding.message


@pytest.mark.parametrize(
    ("axioms", "parent"),
    [
        ("rare:0000004 a owl:ObjectProperty .\n", "Glioma"),
        ("rare:0000004 a owl:NamedIndividual .\n", "Glioma"),
        ("", "Glioma|obo:RO_0001000"),
    ],
)
def test_a_punning_clash_is_found(tmp_path: Path, axioms: str, parent: str) -> None:
    """A class that is declared a property or an individual too, and a property that is used as a superclass."""
    made = workspace(tmp_path / "w", row(4, "punned tumour", parent), axioms=axioms)
    finding = only(check(made, None), "punning_clash")
    assert " and " in finding.message
    assert "a class" in finding.message


def test_severities_are_those_of_the_workspace(tmp_path: Path) -> None:
    """A rule may count less, or nothing; what makes the command fail follows."""
    made = workspace(tmp_path / "w", row(4, "wordless tumour", "Glioma", definition=""))
    settings = made.folder / "curation.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[checks]", '[checks]\nmissing_definition = "info"'), encoding="utf-8")
    report = check(type(made).open(made.folder), None)
    assert report.counts == {"error": 0, "warn": 0, "info": 1}
    assert not reaches(report.findings, "warn")
    assert reaches(report.findings, "info")
