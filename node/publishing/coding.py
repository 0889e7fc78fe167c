"""What a row of a study folder's tables says of diagnosis, site, kind of sample, sex, vital status and age.

Here is which columns say what, and which of several counts; what a single value means is the affair of
``node.publishing.coder``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from node.ontology.branches import ANATOMICAL_SITE, DIAGNOSIS, SAMPLE_TYPE, SEX, VITAL_STATUS
from node.publishing.coded import Answer, Coded, Proposed, Unknown
from node.publishing.coder import SAYS_NOTHING, Coder
from node.publishing.tables import Row
from node.rdf.namespaces import OBO

METASTATIC_NEOPLASM = OBO + "NCIT_C3261"
TUMOR_TISSUE = OBO + "NCIT_C18009"

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

SEX_COLUMNS = ("SEX", "GENDER")
VITAL_STATUS_COLUMNS = ("VITAL_STATUS", "OS_STATUS")
_DONOR_COLUMNS: Mapping[str, Sequence[str]] = {SEX: SEX_COLUMNS, VITAL_STATUS: VITAL_STATUS_COLUMNS}

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


@dataclass(frozen=True, slots=True)
class Found:
    """What one column of a row says of a property."""

    property_iri: str
    column: str
    answer: Answer

    @property
    def iri(self) -> str | None:
        """The class, None when there is no certain one."""
        return self.answer.iri if isinstance(self.answer, Coded) else None


@dataclass(frozen=True, slots=True)
class Age:
    """Whole years at diagnosis, at most HIGHEST_AGE; or None with the ``problem``, its column and value, if any."""

    years: int | None
    problem: str = ""
    column: str = ""
    value: str = ""


def diagnosis(coder: Coder, row: Row) -> Found:
    """The diagnosis of the sample in this row.

    The OncoTree code decides where a class is certain; else the first text, finest first, of which that is true. Else
    the first of them for which there are candidates, or the first that is filled at all.
    """
    column, code = first_filled(row, CODE_COLUMNS)
    found = [Found(DIAGNOSIS, column, coder.code(DIAGNOSIS, code, "oncotree"))] if code else []
    if not (found and found[0].iri):
        for column in TEXT_COLUMNS:
            if row[column]:
                found.append(Found(DIAGNOSIS, column, coder.code(DIAGNOSIS, row[column])))
                if found[-1].iri:
                    return found[-1]
    if not found:
        return Found(DIAGNOSIS, "", Unknown("", NO_DIAGNOSIS))
    return next((one for one in found if isinstance(one.answer, Coded | Proposed)), found[0])


def site(coder: Coder, row: Row, *, metastasis: bool) -> Found | None:
    """The place in the body that the sample is from; None when no column is filled.

    For a metastasis, where that was found comes first, then where the specimen was taken; for any other sample,
    where the specimen was taken, then where the tumour is. The first column that is filled decides: when its text
    names no class, a coarser column could only contradict it. Words that name no place at all are passed over.
    """
    first = None
    for column in _METASTASIS_SITES if metastasis else _TUMOR_SITES:
        if row[column]:
            found = Found(ANATOMICAL_SITE, column, coder.code(ANATOMICAL_SITE, row[column]))
            first = first or found
            if not (isinstance(found.answer, Unknown) and found.answer.reason == SAYS_NOTHING):
                return found
    return first


def sample_types(coder: Coder, row: Row) -> list[Found]:
    """What kind of sample this is, one for each filled column; "tumour" only where nothing finer is said."""
    found = [
        Found(SAMPLE_TYPE, column, coder.code(SAMPLE_TYPE, row[column]))
        for column in SAMPLE_TYPE_COLUMNS
        if row[column]
    ]
    if len({one.iri for one in found if one.iri}) > 1:
        found = [one for one in found if one.iri != TUMOR_TISSUE]
    return found


def donor_fact(coder: Coder, property_iri: str, row: Row) -> Found | None:
    """The donor's sex or vital status; None when no column is filled."""
    column, text = first_filled(row, _DONOR_COLUMNS[property_iri])
    return Found(property_iri, column, coder.code(property_iri, text)) if text else None


def first_filled(row: Row, columns: Sequence[str]) -> tuple[str, str]:
    """The first of these columns that holds a value, and the value; two empty texts when none does."""
    return next(((column, row[column]) for column in columns if row[column]), ("", ""))


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
