"""What has become of a code: followed to a class in force, or not, and why not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from node.ontology.branches import ANATOMICAL_SITE, DIAGNOSIS
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.drift import CONSIDER, REPLACED_BY, Fault, Successors, Verdict, release_against, verdict
from node.rdf.namespaces import OBO, RDF_TYPE


def n(code: str) -> str:
    return f"{OBO}NCIT_{code}"


DISEASE, SITES = n("C3262"), n("C12219")
VOCABULARY = Vocabulary.of(
    [
        Concept(DISEASE, "Neoplasm"),
        Concept(SITES, "Anatomic Structure"),
        Concept(n("C1"), "In force", (DISEASE,)),
        Concept(n("C2"), "A site", (SITES,)),
        Concept(n("C10"), "Replaced", obsolete=True, replaced_by=n("C1")),
        Concept(n("C11"), "Replaced twice", obsolete=True, replaced_by=n("C10")),
        Concept(n("C12"), "Round", obsolete=True, replaced_by=n("C13")),
        Concept(n("C13"), "And round", obsolete=True, replaced_by=n("C12")),
        Concept(n("C14"), "By a site", obsolete=True, replaced_by=n("C2")),
        Concept(n("C15"), "By nothing", obsolete=True),
        Concept(n("C16"), "By what is gone", obsolete=True, replaced_by=n("C99")),
        Concept(n("C17"), "By several", obsolete=True),
    ],
    "ncit",
)
SUCCESSORS = Successors.of(
    [
        (n("C15"), CONSIDER, n("C1")),
        (n("C15"), CONSIDER, "NCIT:C2"),
        (n("C17"), REPLACED_BY, n("C1")),
        (n("C17"), REPLACED_BY, DISEASE),
        (n("C98"), REPLACED_BY, n("C11")),
    ]
)


def what(code: str, property_iri: str = DIAGNOSIS) -> Verdict | None:
    return verdict(property_iri, n(code), VOCABULARY, SUCCESSORS)


def test_what_is_in_force_and_in_its_branch_is_no_drift() -> None:
    """Nor is a term of an ontology that is taken as it is, nor a type that is no code."""
    assert what("C1") is None
    assert verdict(ANATOMICAL_SITE, OBO + "UBERON_0000955", VOCABULARY, SUCCESSORS) is None
    assert verdict(RDF_TYPE, "http://www.w3.org/ns/dcat#Dataset", VOCABULARY, SUCCESSORS) is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("C10", Verdict(Fault.OBSOLETE, n("C1"))),
        ("C11", Verdict(Fault.OBSOLETE, n("C1"), (n("C10"),))),
        ("C98", Verdict(Fault.MISSING, n("C1"), (n("C11"), n("C10")))),
    ],
)
def test_successors_are_followed_to_a_class_in_force(code: str, expected: Verdict) -> None:
    """Also from a code that the release no longer has at all."""
    assert what(code) == expected


@pytest.mark.parametrize(
    ("code", "fault", "reason", "candidates"),
    [
        ("C12", Fault.OBSOLETE, "in a circle", ()),
        ("C14", Fault.OBSOLETE, "is not of the branch", ()),
        ("C15", Fault.OBSOLETE, "nothing is said", ("C1",)),
        ("C16", Fault.OBSOLETE, "is not in the release", ()),
        ("C17", Fault.OBSOLETE, "2 classes are said", ("C1", "C3262")),
        ("C99", Fault.MISSING, "nothing is said", ()),
        ("C2", Fault.MOVED, "no longer of the branch", ()),
    ],
)
def test_where_there_is_no_one_class_it_is_said_why(
    code: str, fault: Fault, reason: str, candidates: tuple[str, ...]
) -> None:
    """Candidates are those that this property may have."""
    found = what(code)
    assert found is not None
    assert (found.fault, found.replacement) == (fault, None)
    assert reason in found.reason
    assert found.candidates == tuple(map(n, candidates))


def test_a_release_in_a_file_takes_the_place_of_the_installed_one(tmp_path: Path) -> None:
    """With what it says of successors; the other vocabularies stay."""
    path = tmp_path / "ncit.nt.gz"
    sub, typ = "http://www.w3.org/2000/01/rdf-schema#subClassOf", RDF_TYPE
    cls = "<http://www.w3.org/2002/07/owl#Class>"
    lines = [
        f"<{DISEASE}> <{typ}> {cls} .",
        f"<{n('C3')}> <{sub}> <{DISEASE}> .",
        f"<{n('C1')}> <{typ}> {cls} .",
        f'<{n("C1")}> <http://www.w3.org/2002/07/owl#deprecated> "true" .',
        f"<{n('C1')}> <{CONSIDER}> <{n('C3')}> .",
        f'<{n("C4")}> <{REPLACED_BY}> "NCIT:C3" .',
    ]
    with gzip.open(path, "wt") as out:
        out.write("\n".join(lines) + "\n")
    other = Vocabulary.of([Concept(OBO + "OBI_1", "Of OBI")], "obi")
    vocabulary, successors, name = release_against(path, VOCABULARY.overlaid_by(other))
    assert name == "ncit"
    assert n("C2") not in vocabulary
    assert OBO + "OBI_1" in vocabulary
    gone = verdict(DIAGNOSIS, n("C4"), vocabulary, successors)
    assert gone is not None
    assert gone.replacement == n("C3")
    obsolete = verdict(DIAGNOSIS, n("C1"), vocabulary, successors)
    assert obsolete is not None
    assert obsolete.candidates == (n("C3"),)
