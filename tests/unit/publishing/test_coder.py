"""One value, one answer: certain codes and names are coded, what is alike is proposed, and nothing is guessed."""

from __future__ import annotations

import pytest
from study_folders import VOCABULARY, code, concept, ncit, obi

from node.ontology.branches import ANATOMICAL_SITE, ASSAY, DIAGNOSIS, SAMPLE_TYPE, SEX
from node.ontology.concepts import Vocabulary
from node.ontology.mappings import BROAD, EXACT, NARROW, CodeMap, MappingRow
from node.ontology.sssom import LEXICAL, MANUAL, NO_TERM, REVIEWED, Match
from node.publishing import coder as reasons
from node.publishing.coded import Coded, Proposed, Unknown
from node.publishing.coder import Coder, Decided

MORE = VOCABULARY.overlaid_by(
    Vocabulary.of(
        [
            concept(ncit("C3171"), "Acute Myeloid Leukemia", ncit("C3262"), synonyms=("AML",)),
            concept(ncit("C3247"), "Myelodysplastic Syndrome", ncit("C2991")),
            concept(ncit("C8851"), "Diffuse Large B-Cell Lymphoma", ncit("C3262")),
            concept(ncit("C80280"), "Diffuse Large B-Cell Lymphoma, Not Otherwise Specified", ncit("C8851")),
            concept(ncit("C45231"), "Diffuse Large B-Cell Lymphoma Unclassifiable", ncit("C8851")),
            concept(ncit("C12764"), "Esophagus", ncit("C12219")),
            concept(ncit("C12434"), "Blood", ncit("C12219")),
            concept(ncit("C12352"), "Frontal Lobe", ncit("C12219")),
        ]
    )
)


def row(source: str, target: str, predicate: str = EXACT, why: str = "a table") -> MappingRow:
    return MappingRow(source, f"name of {source}", ncit(target), predicate, why)


CODES = CodeMap(
    {
        "oncotree": {
            "AML": code("AML", "Acute Myeloid Leukemia", "C3171"),
            "WIDE": row("WIDE", "C3059", BROAD, "by its OncoTree ancestor DIFG"),
            "MANY": row("MANY", "C3058", NARROW, "OncoTree; first of C3058, C3059"),
            "DLBCLNOS": row("DLBCLNOS", "C45231"),
            "EGC": row("EGC", "C4872"),
        },
        "icdo3m": {"9440/3": row("9440/3", "C3058")},
        "icdo3t": {"C71.1": row("C71.1", "C12352"), "C34.9": row("C34.9", "C12468")},
        "gdc": {
            "glioblastoma_nos": row("glioblastoma_nos", "C3058"),
            "primary_tumor": row("primary_tumor", "C8509"),
            "female": row("female", "C16576"),
        },
    }
)
CODER = Coder(MORE, CODES, releases={"ncit": "25.08d", "oncotree": "2025_10_03"})


@pytest.mark.parametrize(
    ("property_iri", "text", "system", "iri"),
    [
        (DIAGNOSIS, "C3058", "", ncit("C3058")),
        (DIAGNOSIS, "NCIT:C3058", "", ncit("C3058")),
        (DIAGNOSIS, "ncit:c3058", "", ncit("C3058")),
        (DIAGNOSIS, "NCIT_C3058", "", ncit("C3058")),
        (DIAGNOSIS, ncit("C3058"), "", ncit("C3058")),
        (DIAGNOSIS, "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl#C3058", "", ncit("C3058")),
        (DIAGNOSIS, "C1", "ncit", None),
        (DIAGNOSIS, "9440/3", "", ncit("C3058")),
        (DIAGNOSIS, "9440/3", "icdo3m", ncit("C3058")),
        (DIAGNOSIS, "M-9440/3", "", ncit("C3058")),
        (DIAGNOSIS, "pgx:icdom-94403", "", ncit("C3058")),
        (DIAGNOSIS, "94403", "icdo3m", ncit("C3058")),
        (DIAGNOSIS, "94403", "", None),
        (DIAGNOSIS, "C71.1", "", None),
        (ANATOMICAL_SITE, "pgx:icdot-C71.1", "", ncit("C12352")),
        (ANATOMICAL_SITE, "ICD-O-3: c71.1", "", ncit("C12352")),
        (ANATOMICAL_SITE, "C711", "icdo3t", ncit("C12352")),
        (ANATOMICAL_SITE, "C711", "", None),
        (SEX, "PATO:0020002", "", ncit("C16576")),
        (DIAGNOSIS, "aml", "oncotree", ncit("C3171")),
        (DIAGNOSIS, "Glioblastoma, NOS", "gdc", ncit("C3058")),
        (ANATOMICAL_SITE, "C71.1", "", ncit("C12352")),
        (ANATOMICAL_SITE, "C34.9", "icdo3t", ncit("C12468")),
        (ANATOMICAL_SITE, "UBERON:0000955", "", "http://purl.obolibrary.org/obo/UBERON_0000955"),
        (ASSAY, "OBI:0002117", "", obi("0002117")),
        (ASSAY, "0002117", "obi", obi("0002117")),
        (ASSAY, "WGS", "", obi("0002117")),
        (SAMPLE_TYPE, "Primary Tumor", "gdc", ncit("C8509")),
        (SEX, "weiblich", "", ncit("C16576")),
    ],
)
def test_codes_of_all_systems(property_iri: str, text: str, system: str, iri: str | None) -> None:
    """A code is read in each of the forms that partners write it in, with or without the name of its system."""
    answer = CODER.code(property_iri, text, system)
    assert (answer.iri if isinstance(answer, Coded) else None) == iri


@pytest.mark.parametrize(
    ("property_iri", "text", "iri", "confidence"),
    [
        (DIAGNOSIS, "GLIOBLASTOMA", "C3058", 1.0),
        (DIAGNOSIS, "  glioblastoma   multiforme ", "C3058", 0.95),
        (DIAGNOSIS, "Glioblastoma, NOS", "C3058", 0.9),
        (DIAGNOSIS, "Acute myeloid leukaemia", "C3171", 0.9),
        (DIAGNOSIS, "Acute_Myeloid_Leukemias", "C3171", 0.9),
        (DIAGNOSIS, "Diffuse large B cell lymphoma", "C8851", 0.9),
        (DIAGNOSIS, "Myelodysplastic Syndromes", "C3247", 0.9),
        (ANATOMICAL_SITE, "Oesophagus", "C12764", 0.9),
        (ANATOMICAL_SITE, "lymph-nodes", "C12745", 0.9),
    ],
)
def test_names_in_any_spelling(property_iri: str, text: str, iri: str, confidence: float) -> None:
    """Case, spaces, hyphens, plural, British spelling and NOS change nothing; the confidence says how near it was."""
    answer = CODER.code(property_iri, text)
    assert isinstance(answer, Coded)
    assert (answer.iri, answer.match.confidence, answer.match.justification) == (ncit(iri), confidence, LEXICAL)
    assert answer.match.written == text


def test_a_site_without_its_side_is_wider() -> None:
    """Left and right are left out, and the match says that the class is wider than what was written."""
    for text in ("Left Lung", "Lung, right", "R. Lung", "l lung"):
        answer = CODER.code(ANATOMICAL_SITE, text)
        assert isinstance(answer, Coded), text
        assert (answer.iri, answer.match.predicate, answer.match.written) == (ncit("C12468"), BROAD, text)
    assert not isinstance(CODER.code(DIAGNOSIS, "Left Glioma"), Coded)


def test_the_match_names_grounds_and_releases() -> None:
    """A match says which table gave it in which release, and of which release its class is."""
    vocabulary = Vocabulary.of([c for iri in MORE.iris() if (c := MORE.get(iri))], "ncit")
    coder = Coder(vocabulary, CODES, releases={"ncit": "25.08d", "oncotree": "2025"})
    answer = coder.code(DIAGNOSIS, "AML", "oncotree")
    assert isinstance(answer, Coded)
    match = answer.match
    assert (match.label, match.predicate, match.justification) == ("Acute Myeloid Leukemia", EXACT, MANUAL)
    assert (match.system, match.source, match.ontology, match.release) == (
        "oncotree",
        "oncotree 2025",
        "ncit",
        "25.08d",
    )


@pytest.mark.parametrize(
    ("property_iri", "text", "system", "candidates"),
    [
        (DIAGNOSIS, "WIDE", "oncotree", {"C3059"}),
        (DIAGNOSIS, "MANY", "oncotree", {"C3058", "C3059"}),
        (DIAGNOSIS, "Glioblastomma", "", {"C3058"}),
        (DIAGNOSIS, "cancer of the breast", "", {"C4872", "C9335"}),
        (DIAGNOSIS, "EGC", "oncotree", {"C4872"}),
        (ANATOMICAL_SITE, "Lymph node (neck)", "", {"C12745"}),
    ],
)
def test_what_is_near_is_proposed(property_iri: str, text: str, system: str, candidates: set[str]) -> None:
    """Wider and narrower mappings, misspellings, names of several classes: candidates, and no code."""
    answer = CODER.code(property_iri, text, system)
    assert isinstance(answer, Proposed)
    assert {ncit(one) for one in candidates} <= {match.iri for match in answer.candidates}
    assert all(match.predicate != EXACT for match in answer.candidates)
    assert len(answer.candidates) <= reasons.CANDIDATES


def test_a_code_of_no_stated_system_is_proposed() -> None:
    """Capitals that happen to be an OncoTree code are not taken for one when nobody said that they are."""
    answer = CODER.code(DIAGNOSIS, "DLBCLNOS")
    assert isinstance(answer, Proposed)
    assert "OncoTree" in answer.candidates[0].comment


def test_a_table_of_others_is_mended() -> None:
    """Where OncoTree's own table is wrong, the packaged words count: with the right class, or with none."""
    right = CODER.code(DIAGNOSIS, "DLBCLNOS", "oncotree")
    none = CODER.code(DIAGNOSIS, "EGC", "oncotree")
    assert isinstance(right, Coded)
    assert (right.iri, right.match.source.split()[0]) == (ncit("C80280"), "onconode")
    assert isinstance(none, Proposed)


@pytest.mark.parametrize(
    ("property_iri", "text", "system", "reason"),
    [
        (DIAGNOSIS, "", "", reasons.NOT_GIVEN),
        (DIAGNOSIS, " [Not Available] ", "", reasons.NOT_GIVEN),
        (DIAGNOSIS, "n/a", "oncotree", reasons.NOT_GIVEN),
        (DIAGNOSIS, "x" * 500, "", reasons.TOO_LONG),
        (DIAGNOSIS, "C999999", "", reasons.NOT_IN_VOCABULARY),
        (DIAGNOSIS, "NCIT:C12439", "", reasons.NOT_OF_BRANCH),
        (ANATOMICAL_SITE, "NCIT:C3058", "", reasons.NOT_OF_BRANCH),
        (ANATOMICAL_SITE, "Treatment_Naive Primary", "", reasons.SAYS_NOTHING),
        (SAMPLE_TYPE, "PDX", "", reasons.NOT_IN_VOCABULARY),
        (DIAGNOSIS, "QQQQ", "oncotree", reasons.UNKNOWN_CODE.format(system="OncoTree")),
        (DIAGNOSIS, "<script>alert(1)</script>", "", reasons.NO_SUCH_NAME),
    ],
)
def test_what_is_unknown(property_iri: str, text: str, system: str, reason: str) -> None:
    """What cannot be coded says why, and never holds more of the text than a name may have."""
    answer = CODER.code(property_iri, text, system)
    assert isinstance(answer, Unknown)
    assert answer.reason == reason
    assert len(answer.value) <= reasons.LONGEST


def decision(text: str, iri: str, property_iri: str = DIAGNOSIS) -> Match:
    return Match(property_iri, text, iri, "", EXACT, REVIEWED, 1.0, source="decisions.sssom.tsv")


def test_decisions_come_first() -> None:
    """What the partner accepted is used, in any spelling; what it rejected is neither used nor proposed again."""
    accepted = {(DIAGNOSIS, "our glioma 4"): decision("Our glioma 4", ncit("C3058"))}
    rejected = {
        (DIAGNOSIS, "glioma"): frozenset({ncit("C3059")}),
        (DIAGNOSIS, "wide"): frozenset({ncit("C3059")}),
        (DIAGNOSIS, "many"): frozenset({NO_TERM}),
    }
    coder = CODER.deciding(Decided(accepted, rejected))
    yes = coder.code(DIAGNOSIS, "OUR_GLIOMA  4")
    assert isinstance(yes, Coded)
    assert (yes.iri, yes.match.written, yes.match.justification) == (ncit("C3058"), "OUR_GLIOMA  4", REVIEWED)
    assert coder.code(DIAGNOSIS, "Glioma") == Unknown("Glioma", reasons.REJECTED)
    wide = coder.code(DIAGNOSIS, "WIDE", "oncotree")
    assert ncit("C3059") not in {match.iri for match in wide.candidates} if isinstance(wide, Proposed) else True
    assert coder.code(DIAGNOSIS, "MANY", "oncotree") == Unknown("MANY", reasons.REJECTED)
    assert not isinstance(CODER.code(DIAGNOSIS, "Our glioma 4"), Coded)


def test_an_accepted_class_must_be_known() -> None:
    """A decision for a class that is not installed, or of another branch, gives no code, but a reason."""
    accepted = {
        (DIAGNOSIS, "a"): decision("a", ncit("C777777")),
        (DIAGNOSIS, "b"): decision("b", ncit("C12439")),
        (DIAGNOSIS, "c"): decision("c", ncit("C1")),
    }
    coder = CODER.deciding(Decided(accepted))
    assert coder.code(DIAGNOSIS, "a") == Unknown("a", reasons.NOT_IN_VOCABULARY)
    assert coder.code(DIAGNOSIS, "b") == Unknown("b", reasons.NOT_OF_BRANCH)
    successor = coder.code(DIAGNOSIS, "c")
    assert isinstance(successor, Coded)
    assert successor.iri == ncit("C3059")


def test_candidates_are_looked_for_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of a million different texts does not cost a million searches."""
    monkeypatch.setattr(reasons, "_MOST_PROPOSED", 3)
    coder = Coder(MORE, CODES)
    answers = [coder.code(DIAGNOSIS, f"Glioblastomma {number}") for number in range(8)]
    assert [type(answer) for answer in answers] == [Proposed] * 3 + [Unknown] * 5
