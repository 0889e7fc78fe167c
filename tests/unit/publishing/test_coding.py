"""From a partner's words to codes: only what matches exactly, and what does not is counted with its reason."""

from __future__ import annotations

import pytest
from study_folders import CODES, VOCABULARY, ncit

from node.publishing import coding
from node.publishing.coding import Coded, Coder, Miss
from node.publishing.tables import Row

CODER = Coder(VOCABULARY, CODES)


def row(**cells: str) -> Row:
    return Row(1, list(cells.values()), {name: place for place, name in enumerate(cells)})


@pytest.mark.parametrize(
    ("cells", "iri", "source"),
    [
        ({"ONCOTREE_CODE": "GBM"}, "C3058", "GBM"),
        ({"ONCOTREE_CODE": "gbm"}, "C3058", "GBM"),
        ({"ONCOTREE_CODE_CANCER_TYPE": "BRCA"}, "C4872", "BRCA"),
        ({"ONCOTREE_CODE": "GBM", "CANCER_TYPE": "Breast Cancer"}, "C3058", "GBM"),
        ({"ONCOTREE_CODE": "OLDG"}, "C3059", "OLDG"),
        ({"ONCOTREE_CODE": "NA", "CANCER_TYPE": "Breast Cancer"}, "C4872", "Breast Cancer"),
        ({"CANCER_TYPE_DETAILED": " glioblastoma  multiforme", "CANCER_TYPE": "Glioma"}, "C3058", None),
        ({"CANCER_TYPE_DETAILED": "Oddoma", "CANCER_TYPE": "Glioma"}, "C3059", "Glioma"),
        ({"ONCOTREE_CODE": "HGG", "CANCER_TYPE": "Glioma"}, "C3059", "Glioma"),
        ({"ONCOTREE_CODE": "BREAST", "CANCER_TYPE": "Breast Cancer"}, "C4872", "Breast Cancer"),
        ({"ONCOTREE_CODE": "XYZ", "CANCER_TYPE_DETAILED": "GBM"}, "C3058", "GBM"),
    ],
)
def test_diagnoses_that_match(cells: dict[str, str], iri: str, source: str | None) -> None:
    """The code with an exact mapping wins, then the detailed text, then the general one, by label or exact synonym."""
    answer = CODER.diagnosis(row(**cells))
    assert isinstance(answer, Coded)
    assert answer.iri == ncit(iri)
    assert source is None or answer.source == source


def test_the_justification_says_how() -> None:
    """A diagnosis says whether a mapping or a name gave it, and which column the name stood in."""
    mapped = CODER.diagnosis(row(ONCOTREE_CODE="GBM"))
    named = CODER.diagnosis(row(CANCER_TYPE="Glioma"))
    assert isinstance(mapped, Coded)
    assert isinstance(named, Coded)
    assert mapped.justification == "exact OncoTree to NCIt mapping"
    assert named.justification == "CANCER_TYPE is the label or an exact synonym of the NCIt class"


@pytest.mark.parametrize(
    ("cells", "miss"),
    [
        ({}, Miss(coding.NO_DIAGNOSIS, "")),
        ({"ONCOTREE_CODE": "N/A", "CANCER_TYPE": "unknown"}, Miss(coding.NO_DIAGNOSIS, "")),
        ({"ONCOTREE_CODE": "XYZ"}, Miss(coding.UNKNOWN_CODE, "XYZ")),
        ({"ONCOTREE_CODE": "NOMAP"}, Miss(coding.NO_MAPPING, "NOMAP")),
        ({"ONCOTREE_CODE": "HGG"}, Miss(coding.NO_MAPPING, "HGG")),
        ({"ONCOTREE_CODE": "GONE"}, Miss(coding.NOT_IN_VOCABULARY, "GONE")),
        ({"ONCOTREE_CODE": "BREAST", "CANCER_TYPE": "Breast"}, Miss(coding.NOT_A_DISEASE, "BREAST")),
        ({"CANCER_TYPE": "Glioblastom"}, Miss(coding.NO_SUCH_DISEASE, "Glioblastom")),
        ({"CANCER_TYPE": "Cancer of the Breast"}, Miss(coding.NO_SUCH_DISEASE, "Cancer of the Breast")),
        ({"CANCER_TYPE": "Old Glioma"}, Miss(coding.NO_SUCH_DISEASE, "Old Glioma")),
        ({"CANCER_TYPE": "Brain"}, Miss(coding.NO_SUCH_DISEASE, "Brain")),
    ],
)
def test_diagnoses_that_do_not_match(cells: dict[str, str], miss: Miss) -> None:
    """No guess is made: a broader mapping, a misspelling, a name of two diseases or of an organ gives no diagnosis."""
    assert CODER.diagnosis(row(**cells)) == miss


def test_a_name_is_looked_for_among_diseases_only() -> None:
    """A pathway of the same name does not make the name of a disease ambiguous."""
    assert VOCABULARY.by_label("Glioma") is not None
    answer = CODER.diagnosis_of("", [("CANCER_TYPE", "GLIOMA")])
    assert answer == Coded(ncit("C3059"), "GLIOMA", answer.justification if isinstance(answer, Coded) else "")


@pytest.mark.parametrize(
    ("cells", "metastasis", "site"),
    [
        ({"PRIMARY_SITE": "Brain"}, False, "C12439"),
        ({"TUMOR_TISSUE_SITE": "mamma"}, False, "C12971"),
        ({"SITE_OF_SPECIMEN": "lymph_node", "PRIMARY_SITE": "Lung"}, False, "C12745"),
        ({"PRIMARY_SITE": "Lung", "METASTATIC_SITE": "Brain"}, True, "C12439"),
        ({"PRIMARY_SITE": "Lung", "METASTATIC_SITE": "Not Applicable", "TISSUE_SITE": "Brain"}, True, "C12439"),
        ({"PRIMARY_SITE": "Lung"}, True, None),
        ({"SPECIMEN_SITE": "Lymph Node, Right", "PRIMARY_SITE": "Lung"}, False, None),
        ({"PRIMARY_SITE": "Glioma"}, False, None),
        ({"PRIMARY_SITE": "Brain|Lung"}, False, None),
        ({}, False, None),
    ],
)
def test_sites(cells: dict[str, str], metastasis: bool, site: str | None) -> None:
    """The site is where the sample is from: a metastasis never gets the site of the primary tumour."""
    assert CODER.site(row(**cells), metastasis=metastasis) == (ncit(site) if site else None)


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
    assert coding.sample_types(row(**cells)) == tuple(sorted(ncit(kind) for kind in kinds))


def test_sex_and_vital_status() -> None:
    """The usual words and nothing else: a number is not a sex."""
    assert coding.sex(row(SEX="FEMALE")) == ncit("C16576")
    assert coding.sex(row(GENDER="m")) == ncit("C20197")
    assert coding.sex(row(SEX="1")) is None
    assert coding.vital_status(row(OS_STATUS="1:DECEASED")) == ncit("C28554")
    assert coding.vital_status(row(VITAL_STATUS="Alive")) == ncit("C37987")
    assert coding.vital_status(row(VITAL_STATUS="")) is None


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
