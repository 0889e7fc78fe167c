"""Shapes and codes: what is found does not depend on batches, and thousands of equal faults are one problem."""

from __future__ import annotations

from pathlib import Path

import pytest
from descriptions import BASE, description, sample, write_json

from node.model.identifiers import Identifiers
from node.ontology.concepts import Concept, Vocabulary
from node.publishing.alignment import misaligned
from node.publishing.documents import read_document
from node.publishing.drafts import Draft, Severity
from node.publishing.judging import EXAMPLES, judge, violations
from node.publishing.ntriples import Description
from node.publishing.shapes import validate
from node.rdf.namespaces import OBO, SPECIMEN

OWN = "datasets/gliomas"


def draft_of(document: object, identifiers: Identifiers, tmp_path: Path) -> tuple[Draft, Description]:
    spool = tmp_path / "spool"
    spool.mkdir(exist_ok=True)
    (draft,) = read_document(write_json(tmp_path, document), identifiers, spool).drafts
    return draft, Description.read(draft.public, *([draft.records] if draft.records else []))


def test_a_right_description_has_no_findings(identifiers: Identifiers, vocabulary: Vocabulary, tmp_path: Path) -> None:
    """Nothing to say about what is as it should be."""
    draft, whole = draft_of(description(), identifiers, tmp_path)
    assert judge(draft, whole, vocabulary) == []


def test_a_missing_licence_is_a_warning(identifiers: Identifiers, vocabulary: Vocabulary, tmp_path: Path) -> None:
    """A warning is told and does not stop anything."""
    draft, whole = draft_of(description(license=None), identifiers, tmp_path)
    (finding,) = judge(draft, whole, vocabulary)
    assert finding.severity is Severity.WARNING
    assert finding.where.field == "dct:license"
    assert not violations([finding])


def test_the_same_fault_a_thousand_times_is_one_problem(
    identifiers: Identifiers, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """The first places are listed with line and value, the others counted."""
    samples = [sample(OWN, f"S{i}", f"D{i}", ageAtDiagnosis=400, diagnosis="NCIT:C99") for i in range(1000)]
    draft, whole = draft_of(description(samples=samples), identifiers, tmp_path)
    findings = judge(draft, whole, vocabulary)
    assert len(findings) == 2 * (EXAMPLES + 1)
    ages = [f for f in findings if f.where.field == "onco:ageAtDiagnosis"]
    assert [f.count for f in ages] == [1] * EXAMPLES + [1000 - EXAMPLES]
    assert all(f.value == "400" and f.where.line for f in ages[:-1])
    assert "(990 places)" in str(ages[-1])


@pytest.mark.parametrize("batch", [1, 2, 3, 1000])
def test_batches_make_no_difference(
    batch: int, identifiers: Identifiers, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """A donor is a donor even when its samples are judged in another batch, and nobody is judged twice."""
    samples = [
        sample(OWN, "S1", "D1", ageAtDiagnosis=-1),
        sample(OWN, "S2", "D1"),
        sample(
            OWN, "S3", "D3", identifier=None, derivesFrom={"id": f"{OWN}/donors/D3", "identifier": "D3", "name": "N"}
        ),
    ]
    draft, whole = draft_of(description(samples=samples, title=None), identifiers, tmp_path)
    found = sorted(
        (b.focus.removeprefix(BASE), b.field, b.what) for b in validate(whole, draft.iri, vocabulary, batch=batch)
    )
    assert found == [
        (OWN, "dct:title", "a value is missing"),
        (f"{OWN}/donors/D3", None, "something is here that must not be"),
        (f"{OWN}/samples/S1", "onco:ageAtDiagnosis", "a number is too small, or no number"),
        (f"{OWN}/samples/S3", "dct:identifier", "a value is missing"),
    ]


def test_a_sample_may_be_of_a_subclass(identifiers: Identifiers, vocabulary: Vocabulary, tmp_path: Path) -> None:
    """A class below specimen from organism is judged like it, codes included."""
    kind = Concept(f"{OBO}OBI_0009999", "biopsy of something", (SPECIMEN,))
    known = vocabulary.overlaid_by(Vocabulary.of([kind]))
    samples = [{"id": f"{OWN}/samples/S1", "type": "obo:OBI_0009999"}]
    draft, whole = draft_of(description(samples=samples), identifiers, tmp_path)
    (finding,) = judge(draft, whole, known)
    assert finding.where.field == "dct:identifier"


def test_codes_are_checked_once_for_each_property(
    identifiers: Identifiers, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """Unknown, obsolete, of another branch: each pair of property and code is one problem with all its subjects."""
    wrong = {"S1": "NCIT:C0001", "S2": "NCIT:C0001", "S3": "NCIT:C12439", "S4": "NCIT:C99999999"}
    samples = [sample(OWN, name, "D1", diagnosis=code) for name, code in wrong.items()]
    _, whole = draft_of(description(samples=samples), identifiers, tmp_path)
    found = {m.code.removeprefix(OBO): (m.what, len(m.subjects)) for m in misaligned(whole, vocabulary)}
    assert found["NCIT_C0001"] == ("the code 'Old name' is obsolete", 2)
    assert "not of the branch" in found["NCIT_C12439"][0]
    assert "not known" in found["NCIT_C99999999"][0]
    assert len(found) == 3


def test_uberon_sites_are_taken_as_they_are(identifiers: Identifiers, vocabulary: Vocabulary, tmp_path: Path) -> None:
    """No release of UBERON is installed; its terms are allowed where the branch table says so, and only there."""
    samples = [sample(OWN, "S1", "D1", anatomicalSite="UBERON:0000955", diagnosis="UBERON:0000955")]
    _, whole = draft_of(description(samples=samples), identifiers, tmp_path)
    assert [m.property.rsplit("#")[-1] for m in misaligned(whole, vocabulary)] == ["diagnosis"]
