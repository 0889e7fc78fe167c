"""From what a partner wrote about a sample to codes: diagnosis, site, kind of sample, sex, vital status, age.

Only exact matches make a code. An OncoTree code counts when the installed mapping gives it an NCIt class; a text counts
when it is, letter for letter but for case and spacing, the label or an exact synonym of one class of the right branch.
Nothing is guessed, shortened or looked up in a broader place: what does not match has no code, and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from node.ontology.branches import ANATOMICAL_SITE, BRANCHES, DIAGNOSIS, in_branch
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.mappings import EXACT, CodeMap
from node.publishing.tables import Row
from node.rdf.namespaces import OBO

PRIMARY_NEOPLASM = OBO + "NCIT_C8509"
METASTATIC_NEOPLASM = OBO + "NCIT_C3261"
RECURRENT_NEOPLASM = OBO + "NCIT_C4798"
TUMOR_TISSUE = OBO + "NCIT_C18009"
CELL_LINE = OBO + "NCIT_C16403"
PATIENT_DERIVED_XENOGRAFT = OBO + "NCIT_C122936"
ORGANOID = OBO + "NCIT_C172259"

#: Columns with an OncoTree code, and columns with the diagnosis in words, finest first.
CODE_COLUMNS = ("ONCOTREE_CODE", "ONCOTREE_CODE_CANCER_TYPE")
TEXT_COLUMNS = ("CANCER_TYPE_DETAILED", "CANER_TYPE_DETAILED", "DETAILED_CANCER_TYPE", "CANCER_TYPE")

#: Where the specimen itself was taken.
SPECIMEN_SITE_COLUMNS = (
    *("SPECIMEN_SITE", "SITE_OF_SPECIMEN", "SAMPLE_SITE", "TISSUE_SITE", "BIOPSY_SITE", "SITE_OF_TISSUE_BIOPSY"),
    *("BX_LOCATION", "TISSUE_SEQUENCED", "SURGERY_LOCATION", "SITE_OF_FINDING"),
)
#: Where a metastasis was found; read for samples that are metastases only.
METASTATIC_SITE_COLUMNS = ("METASTATIC_SITE", "DETAILED_METASTATIC_SITE", "METASTATIC_BIOPSY_SITE")
#: Where the tumour arose; not read for samples that are metastases.
TUMOR_SITE_COLUMNS = (
    *("PRIMARY_SITE", "TUMOR_TISSUE_SITE", "TUMOR_SITE", "TUMOR_SITE_CURATED", "TUMOR_LOCATION"),
    *("PRIMARY_TUMOR_LOCATION", "TUMOR_TISSUE_ORIGIN"),
)

_METASTASIS_SITES = METASTATIC_SITE_COLUMNS + SPECIMEN_SITE_COLUMNS
_TUMOR_SITES = SPECIMEN_SITE_COLUMNS + TUMOR_SITE_COLUMNS

SAMPLE_TYPE_COLUMNS = ("SAMPLE_TYPE", "SAMPLE_CLASS")
_SAMPLE_TYPES: Mapping[str, str] = {
    **dict.fromkeys(
        ("primary", "tumor primary", "primary tumor", "primary tumour", "primary solid tumor"), PRIMARY_NEOPLASM
    ),
    **dict.fromkeys(
        ("metastasis", "met", "metastatic", "metastatic tumor", "metastatic tumour", "first metastasis"),
        METASTATIC_NEOPLASM,
    ),
    **dict.fromkeys(
        ("recurrence", "recurrent", "local recurrence", "relapse", "recurrent tumor", "recurrent tumour"),
        RECURRENT_NEOPLASM,
    ),
    **dict.fromkeys(
        tuple(f"{nth} recurrence" for nth in ("first", "second", "third", "fourth", "fifth")), RECURRENT_NEOPLASM
    ),
    **dict.fromkeys(("cell line", "cell-line"), CELL_LINE),
    **dict.fromkeys(("pdx", "patient derived xenograft", "patient-derived xenograft"), PATIENT_DERIVED_XENOGRAFT),
    **dict.fromkeys(("organoid", "tumoroid"), ORGANOID),
    **dict.fromkeys(("tumor", "tumour", "tumor tissue", "tumour tissue"), TUMOR_TISSUE),
}

SEX_COLUMNS = ("SEX", "GENDER")
_SEXES: Mapping[str, str] = {
    "female": OBO + "NCIT_C16576",
    "f": OBO + "NCIT_C16576",
    "male": OBO + "NCIT_C20197",
    "m": OBO + "NCIT_C20197",
}
VITAL_STATUS_COLUMNS = ("VITAL_STATUS", "OS_STATUS")
_VITAL_STATUSES: Mapping[str, str] = {
    **dict.fromkeys(("living", "alive", "0:living", "0:alive"), OBO + "NCIT_C37987"),
    **dict.fromkeys(("deceased", "dead", "1:deceased", "1:dead"), OBO + "NCIT_C28554"),
}

#: Columns that say how old the donor was at diagnosis, with the number of units in a year.
AGE_COLUMNS: Mapping[str, float] = {
    **dict.fromkeys(
        (
            *("AGE_AT_DIAGNOSIS", "AGE_AT_DIAGNOSIS_YEARS", "DIAGNOSIS_AGE", "AGE_AT_DX", "AGE_DX", "DX_AGE"),
            *("AGE_AT_INITIAL_DIAGNOSIS", "AGE_AT_INITIAL_PATHOLOGIC_DIAGNOSIS", "INVASIVE_CARCINOMA_DX_AGE"),
            *("AGE", "AGE_YEARS"),
        ),
        1.0,
    ),
    **dict.fromkeys(("AGE_AT_DIAGNOSIS_MONTHS", "AGE_AT_DIAGNOSIS_IN_MONTHS", "AGE_AT_DX_MONTHS"), 12.0),
    **dict.fromkeys(("AGE_AT_DIAGNOSIS_DAYS", "AGE_AT_DIAGNOSIS_IN_DAYS", "AGE_AT_DX_DAYS"), 365.25),
}
#: Ages above this are not told apart: a person of 97 is too easily found (the HIPAA safe-harbour rule).
HIGHEST_AGE = 90
_AGE = re.compile(r"(>=?|≥)?\s*(\d{1,6}(?:\.\d+)?)\s*(\+)?")

NO_DIAGNOSIS = "neither an OncoTree code nor a diagnosis in words"
UNKNOWN_CODE = "not a code of the installed OncoTree"
NO_MAPPING = "no NCIt class is exactly this OncoTree code"
NOT_IN_VOCABULARY = "the NCIt class of this OncoTree code is not in the installed vocabulary"
NOT_A_DISEASE = "the NCIt class of this OncoTree code is not a disease"
NO_SUCH_DISEASE = "this text is not the name of exactly one NCIt disease"


@dataclass(frozen=True, slots=True)
class Coded:
    """A diagnosis as an NCIt class. ``source`` is what the partner wrote, ``justification`` says why the class fits."""

    iri: str
    source: str
    justification: str


@dataclass(frozen=True, slots=True)
class Miss:
    """No diagnosis: why, and for which value."""

    reason: str
    value: str


@dataclass(frozen=True, slots=True)
class Age:
    """Whole years at diagnosis, at most HIGHEST_AGE; or None with the ``problem``, its column and value, if any."""

    years: int | None
    problem: str = ""
    column: str = ""
    value: str = ""


class Coder:
    """Makes codes with one vocabulary and one set of mappings. Remembers recent answers, so that rows cost little."""

    def __init__(self, vocabulary: Vocabulary, codes: CodeMap) -> None:
        self._vocabulary = vocabulary
        self._codes = codes
        self._diagnosed = lru_cache(maxsize=8192)(self._diagnose)

    def diagnosis(self, row: Row) -> Coded | Miss:
        """The diagnosis of the sample in this row (see ``diagnosis_of``)."""
        code = first_filled(row, CODE_COLUMNS)[1].upper()
        return self._diagnosed(code, tuple((column, row[column]) for column in TEXT_COLUMNS if row[column]))

    def diagnosis_of(self, code: str, texts: Sequence[tuple[str, str]]) -> Coded | Miss:
        """The diagnosis from an OncoTree code (may be ``""``) and from texts with their columns, finest first.

        The code decides where exactly one NCIt class is mapped to it, which the vocabulary knows as a disease; else
        the first text that names exactly one disease.
        """
        return self._diagnosed(code, tuple(texts))

    def site(self, row: Row, *, metastasis: bool) -> str | None:
        """The NCIt class of the place in the body that the sample is from; None when no column names exactly one.

        For a metastasis, where that was found comes first, then where the specimen was taken; for any other sample,
        where the specimen was taken, then where the tumour is. The first column that is filled decides: when its text
        names no class, a coarser column could only contradict it.
        """
        text = first_filled(row, _METASTASIS_SITES if metastasis else _TUMOR_SITES)[1]
        concept = self._named(text.replace("_", " "), ANATOMICAL_SITE) if text else None
        return concept.iri if concept is not None else None

    def usable(self, property_iri: str, iri: str) -> bool:
        """Whether the vocabulary has this class, not obsolete, in the branch that the property takes values from."""
        concept = self._vocabulary.get(iri)
        return concept is not None and not concept.obsolete and in_branch(self._vocabulary, property_iri, iri)

    def narrowest(self, iris: Collection[str]) -> tuple[str, ...]:
        """These classes without those that another of them is a kind of, sorted."""
        return tuple(sorted(one for one in iris if not any(o != one and self._vocabulary.is_a(o, one) for o in iris)))

    def _diagnose(self, code: str, texts: tuple[tuple[str, str], ...]) -> Coded | Miss:
        miss = Miss(NO_SUCH_DISEASE, texts[0][1]) if texts else Miss(NO_DIAGNOSIS, "")
        if code:
            answer = self._mapped(code)
            if isinstance(answer, Coded):
                return answer
            miss = answer
        for column, text in texts:
            concept = self._named(text, DIAGNOSIS)
            if concept is not None:
                return Coded(concept.iri, text, f"{column} is the label or an exact synonym of the NCIt class")
        return miss

    def _mapped(self, code: str) -> Coded | Miss:
        row = self._codes.row("oncotree", code)
        if row is None:
            return Miss(UNKNOWN_CODE, code)
        if row.target_iri is None or row.predicate != EXACT:
            return Miss(NO_MAPPING, code)
        concept = self._vocabulary.get(row.target_iri)
        if concept is not None and concept.obsolete and concept.replaced_by:
            concept = self._vocabulary.get(concept.replaced_by)
        if concept is None or concept.obsolete:
            return Miss(NOT_IN_VOCABULARY, code)
        if not in_branch(self._vocabulary, DIAGNOSIS, concept.iri):
            return Miss(NOT_A_DISEASE, code)
        return Coded(concept.iri, code, "exact OncoTree to NCIt mapping")

    def _named(self, text: str, property_iri: str) -> Concept | None:
        return self._vocabulary.by_label(text, below=BRANCHES[property_iri])


def first_filled(row: Row, columns: Sequence[str]) -> tuple[str, str]:
    """The first of these columns that holds a value, and the value; two empty texts when none does."""
    return next(((column, row[column]) for column in columns if row[column]), ("", ""))


def sample_types(row: Row) -> tuple[str, ...]:
    """The NCIt classes that say what kind of sample this is, sorted; "tumour" only where nothing finer is said."""
    found = {_SAMPLE_TYPES.get(_plain(row[column])) for column in SAMPLE_TYPE_COLUMNS} - {None}
    if len(found) > 1:
        found.discard(TUMOR_TISSUE)
    return tuple(sorted(iri for iri in found if iri))


def sex(row: Row) -> str | None:
    """The NCIt class of the donor's sex, None when it is not given in a word we know."""
    return _SEXES.get(_plain(first_filled(row, SEX_COLUMNS)[1]))


def vital_status(row: Row) -> str | None:
    """The NCIt class Alive or Dead, None when it is not given in a word we know."""
    return _VITAL_STATUSES.get(_plain(first_filled(row, VITAL_STATUS_COLUMNS)[1]))


def age_at_diagnosis(row: Row) -> Age:
    """The age at diagnosis in whole completed years; the unit is what the column's name says, never a likely one."""
    column, text = first_filled(row, tuple(AGE_COLUMNS))
    if not text:
        return Age(None)
    match = _AGE.fullmatch(text)
    if match is None:
        return Age(None, "the age is not a number; it is left out", column, text)
    years = float(match[2]) / AGE_COLUMNS[column]
    if years > 130:
        return Age(None, "no person reaches this age; it is left out", column, text)
    if (match[1] or match[3]) and years < HIGHEST_AGE - 1:
        return Age(None, "the age is given as a lower bound; it is left out", column, text)
    return Age(HIGHEST_AGE if match[1] or match[3] else min(int(years), HIGHEST_AGE))


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())
