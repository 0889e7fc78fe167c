"""Which columns of a row count: only what is certain gives a code, and what is not has its reason."""

from __future__ import annotations

import pytest
from study_folders import CODES, VOCABULARY, ncit

from node.ontology.branches import SEX, VITAL_STATUS
from node.ontology.sssom import LEXICAL, MANUAL
from node.publishing import coder as reasons
from node.publishing import coding
from node.publishing.coded import Answer, Coded, Proposed, Unknown
from node.publishing.coder import Coder
from node.publishing.tables import Row

CODER = Coder(VOCABULARY, CODES)


def row(**cells: str) -> Row:
    return Row(1, list(cells.values()), {name: place for place, name in enumerate(cells)})


def answered(**cells: str) -> Answer:
    return coding.diagnosis(CODER, row(**cells)).answer


@pytest.mark.parametrize(
    ("cells", "iri", "source"),
    [
        ({"ONCOTREE_CODE": "GBM"}, "C3058", "GBM"),
        ({"ONCOTREE_CODE": "gbm"}, "C3058", "gbm"),
        ({"ONCOTREE_CODE_CANCER_TYPE": "BRCA"}, "C4872", "BRCA"),
        ({"ONCOTREE_CODE": "GBM", "CANCER_TYPE": "Breast Cancer"}, "C3058", "GBM"),
        ({"ONCOTREE_CODE": "OLDG"}, "C3059", "OLDG"),
        ({"ONCOTREE_CODE": "NA", "CANCER_TYPE": "Breast Cancer"}, "C4872", "Breast Cancer"),
        (
            {"CANCER_TYPE_DETAILED": " glioblastoma  multiforme", "CANCER_TYPE": "Glioma"},
            "C3058",
            " glioblastoma  multiforme",
        ),
        ({"CANCER_TYPE_DETAILED": "Oddoma", "CANCER_TYPE": "Glioma"}, "C3059", "Glioma"),
        ({"ONCOTREE_CODE": "HGG", "CANCER_TYPE": "Glioma"}, "C3059", "Glioma"),
        ({"ONCOTREE_CODE": "BREAST", "CANCER_TYPE": "Breast Cancer"}, "C4872", "Breast Cancer"),
        ({"ONCOTREE_CODE": "XYZ", "CANCER_TYPE_DETAILED": "GBM"}, "C3058", "GBM"),
    ],
)
def test_diagnoses_that_match(cells: dict[str, str], iri: str, source: str) -> None:
    """The code with an exact mapping wins, then the detailed text, then the general one, by label or exact synonym."""
    answer = answered(**cells)
    assert isinstance(answer, Coded)
    assert answer.iri == ncit(iri)
    assert answer.match.written == source


def test_the_match_says_how() -> None:
    """A diagnosis says whether a mapping or a name gave it, and the row which column it stood in."""
    mapped = coding.diagnosis(CODER, row(ONCOTREE_CODE="GBM"))
    named = coding.diagnosis(CODER, row(CANCER_TYPE="Glioma"))
    assert isinstance(mapped.answer, Coded)
    assert isinstance(named.answer, Coded)
    assert (mapped.answer.match.justification, mapped.answer.match.system) == (MANUAL, "oncotree")
    assert (named.answer.match.justification, named.answer.match.comment) == (LEXICAL, "label")
    assert (mapped.column, named.column) == ("ONCOTREE_CODE", "CANCER_TYPE")


@pytest.mark.parametrize(
    ("cells", "reason", "value"),
    [
        ({}, coding.NO_DIAGNOSIS, ""),
        ({"ONCOTREE_CODE": "N/A", "CANCER_TYPE": "unknown"}, coding.NO_DIAGNOSIS, ""),
        ({"ONCOTREE_CODE": "XYZ"}, reasons.UNKNOWN_CODE.format(system="OncoTree"), "XYZ"),
        ({"ONCOTREE_CODE": "NOMAP"}, reasons.NO_MAPPING.format(system="OncoTree"), "NOMAP"),
        ({"ONCOTREE_CODE": "GONE"}, reasons.NOT_IN_VOCABULARY, "GONE"),
        ({"ONCOTREE_CODE": "BREAST", "CANCER_TYPE": "Spleen"}, reasons.NOT_OF_BRANCH, "BREAST"),
        ({"CANCER_TYPE": "Brain"}, reasons.NO_SUCH_NAME, "Brain"),
    ],
)
def test_diagnoses_that_are_unknown(cells: dict[str, str], reason: str, value: str) -> None:
    """A code that is unknown or leads nowhere, and the name of an organ, give no diagnosis and no candidate."""
    answer = answered(**cells)
    assert isinstance(answer, Unknown | Proposed)
    assert (answer.reason, answer.value) == (reason, value)


@pytest.mark.parametrize(
    ("cells", "candidate"),
    [
        ({"ONCOTREE_CODE": "HGG"}, "C3059"),
        ({"CANCER_TYPE": "Glioblastom"}, "C3058"),
        ({"CANCER_TYPE": "Cancer of the Breast"}, "C9335"),
        ({"CANCER_TYPE": "Old Glioma"}, "C3059"),
    ],
)
def test_diagnoses_that_are_proposed(cells: dict[str, str], candidate: str) -> None:
    """No guess is made: a broader mapping, a misspelling and a name of two diseases are proposed to the partner."""
    answer = answered(**cells)
    assert isinstance(answer, Proposed)
    assert ncit(candidate) in {match.iri for match in answer.candidates}


@pytest.mark.parametrize(
    ("cells", "metastasis", "site"),
    [
        ({"PRIMARY_SITE": "Brain"}, False, "C12439"),
        ({"TUMOR_TISSUE_SITE": "mamma"}, False, "C12971"),
        ({"SITE_OF_SPECIMEN": "lymph_node", "PRIMARY_SITE": "Lung"}, False, "C12745"),
        ({"PRIMARY_SITE": "Lung", "METASTATIC_SITE": "Brain"}, True, "C12439"),
        ({"PRIMARY_SITE": "Lung", "METASTATIC_SITE": "Not Applicable", "TISSUE_SITE": "Brain"}, True, "C12439"),
        ({"PRIMARY_SITE": "Lung"}, True, None),
        ({"SPECIMEN_SITE": "Lymph Node, Right", "PRIMARY_SITE": "Lung"}, False, "C12745"),
        ({"SPECIMEN_SITE": "Upper Node", "PRIMARY_SITE": "Lung"}, False, None),
        ({"SAMPLE_SITE": "Treatment Naive Primary", "PRIMARY_SITE": "Lung"}, False, "C12468"),
        ({"PRIMARY_SITE": "Glioma"}, False, None),
        ({"PRIMARY_SITE": "Brain|Lung"}, False, None),
        ({}, False, None),
    ],
)
def test_sites(cells: dict[str, str], metastasis: bool, site: str | None) -> None:
    """The site is where the sample is from: a metastasis never gets the site of the primary tumour."""
    found = coding.site(CODER, row(**cells), metastasis=metastasis)
    assert (found.iri if found else None) == (ncit(site) if site else None)


@pytest.mark.parametrize(
    ("cells", "kinds"),
    [
        ({"SAMPLE_TYPE": "Primary", "SAMPLE_CLASS": "Tumor"}, ["C8509"]),
        ({"SAMPLE_TYPE": "Metastasis"}, ["C3261"]),
        ({"SAMPLE_TYPE": "Second Recurrence"}, ["C4798"]),
        ({"SAMPLE_TYPE": "Primary", "SAMPLE_CLASS": "Cell line"}, ["C16403", "C8509"]),
        ({"SAMPLE_CLASS": "Tumour"}, ["C18009"]),
        ({"SAMPLE_TYPE": "Unknown", "SAMPLE_CLASS": "cfDNA"}, []),
    ],
)
def test_kinds_of_sample(cells: dict[str, str], kinds: list[str]) -> None:
    """A small table of words gives the kind of sample; a word that is not in it gives none."""
    found = {one.iri for one in coding.sample_types(CODER, row(**cells))} - {None}
    assert found == {ncit(kind) for kind in kinds}


def test_sex_and_vital_status() -> None:
    """The usual words and nothing else: a number is not a sex."""

    def fact(property_iri: str, **cells: str) -> str | None:
        found = coding.donor_fact(CODER, property_iri, row(**cells))
        return found.iri if found else None

    assert fact(SEX, SEX="FEMALE") == ncit("C16576")
    assert fact(SEX, GENDER="m") == ncit("C20197")
    assert fact(SEX, SEX="1") is None
    assert fact(VITAL_STATUS, OS_STATUS="1:DECEASED") == ncit("C28554")
    assert fact(VITAL_STATUS, VITAL_STATUS="Alive") == ncit("C37987")
    assert fact(VITAL_STATUS, VITAL_STATUS="") is None


@pytest.mark.parametrize(
    ("cells", "years"),
    [
        ({"AGE": "61"}, 61),
        ({"AGE_AT_DIAGNOSIS": "61.9"}, 61),
        ({"AGE_AT_DIAGNOSIS_MONTHS": "30"}, 2),
        ({"AGE_AT_DIAGNOSIS_DAYS": "366"}, 1),
        ({"AGE": "0"}, 0),
        ({"AGE": "89"}, 89),
        ({"AGE": "97"}, 90),
        ({"AGE": ">89"}, 90),
        ({"AGE": "90+"}, 90),
        ({"AGE": "NA"}, None),
        ({"AGE_AT_SEQ_REPORT": "50"}, None),
    ],
)
def test_ages(cells: dict[str, str], years: int | None) -> None:
    """Whole years, the unit from the column's name; above 89 everybody is 90; other ages are not age at diagnosis."""
    age = coding.age_at_diagnosis(row(**cells))
    assert (age.years, age.problem) == (years, "")


@pytest.mark.parametrize("text", ["sixty", "-3", "1e3", "60-70", "400", ">40", "12 months"])
def test_ages_that_are_none(text: str) -> None:
    """What is no plain number of years a person can reach is left out and said, with column and value."""
    age = coding.age_at_diagnosis(row(AGE=text))
    assert age.years is None
    assert age.problem
    assert (age.column, age.value) == ("AGE", text)
