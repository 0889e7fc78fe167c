"""Which assays were done on which sample of a study folder: from its case lists and from columns of the sample table.

A case list (``case_lists/cases_<what>.txt``) names the samples that have one kind of data. For most kinds that says the
assay. For mutation data it does not: exome, whole genome and panel are one list, so the sample's own columns are asked,
then the study's name and description; where neither says it clearly, the assay is DNA sequencing in general.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from node.errors import DocumentSyntaxError, Place
from node.ontology.branches import ASSAY
from node.ontology.mappings import BROAD, EXACT
from node.publishing.coded import Coded, Unknown
from node.publishing.coder import Coder
from node.publishing.tables import Row
from node.rdf.namespaces import OBO

DNA_SEQUENCING = OBO + "OBI_0000626"
EXOME_SEQUENCING = OBO + "OBI_0002118"
GENOME_SEQUENCING = OBO + "OBI_0002117"
COPY_NUMBER = OBO + "OBI_0000537"
RNA_SEQ = OBO + "OBI_0001271"
SINGLE_CELL_RNA_SEQ = OBO + "OBI_0002631"
TRANSCRIPTION = OBO + "OBI_0000424"
TRANSCRIPTION_ARRAY = OBO + "OBI_0001463"
METHYLATION = OBO + "OBI_0000634"
METHYLATION_ARRAY = OBO + "OBI_0001332"
MICRO_RNA = OBO + "OBI_0001926"
MICRO_RNA_SEQUENCING = OBO + "OBI_0001922"
REVERSE_PHASE_ARRAY = OBO + "OBI_0002957"
PROTEIN_EXPRESSION = OBO + "OBI_0000615"
PROTEOMICS_MASS_SPECTROMETRY = OBO + "OBI_0003781"
PROTEIN_STATE = OBO + "OBI_0002953"
METABOLITES = OBO + "OBI_0000366"
LIPIDS = OBO + "OBI_0002761"

#: What a case list's file name says, without ``cases_`` and ``.txt``: the first pattern that matches the whole of it.
_BY_NAME: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), assay)
    for pattern, assay in (
        (r"sequenced", DNA_SEQUENCING),
        (r"cna|log2cna", COPY_NUMBER),
        (r"rna_seq_.*|fpkm_.*", RNA_SEQ),
        (r"mrna", TRANSCRIPTION),
        (r"methylation_(hm27|hm450|epic)", METHYLATION_ARRAY),
        (r"methylation_.*", METHYLATION),
        (r"mirna", MICRO_RNA),
        (r"rppa", REVERSE_PHASE_ARRAY),
        (r"(phospho|acetyl)protein_quantification", PROTEIN_STATE),
        (r"protein_quantification", PROTEIN_EXPRESSION),
        (r"metabolome_.*", METABOLITES),
        (r"lipidome_.*", LIPIDS),
    )
)
#: What ``case_list_category`` says, for a list whose file name says nothing.
_BY_CATEGORY: Mapping[str, str] = {
    "all_cases_with_mutation_data": DNA_SEQUENCING,
    "all_cases_with_cna_data": COPY_NUMBER,
    "all_cases_with_log2_cna_data": COPY_NUMBER,
    "all_cases_with_mrna_rnaseq_data": RNA_SEQ,
    "all_cases_with_mrna_array_data": TRANSCRIPTION_ARRAY,
    "all_cases_with_methylation_data": METHYLATION,
    "all_cases_with_microrna_data": MICRO_RNA,
    "all_cases_with_rppa_data": REVERSE_PHASE_ARRAY,
}
#: What the list's own title and description make finer.
_FINER: tuple[tuple[str, re.Pattern[str], str], ...] = (
    (TRANSCRIPTION, re.compile(r"microarray", re.I), TRANSCRIPTION_ARRAY),
    (TRANSCRIPTION, re.compile(r"rna[- ]?seq", re.I), RNA_SEQ),
    (MICRO_RNA, re.compile(r"mi(cro)?rna[- ]?seq", re.I), MICRO_RNA_SEQUENCING),
    (PROTEIN_EXPRESSION, re.compile(r"mass spec", re.I), PROTEOMICS_MASS_SPECTROMETRY),
)
_SINGLE_CELL = re.compile(r"single[- ]cell RNA", re.I)

#: Columns of the sample table that say how the sample was sequenced.
ASSAY_COLUMNS = (
    *("SEQUENCING_TYPE", "GENE_PANEL", "PLATFORM", "NGS_TEST", "ALIQUOT_ANALYSIS_TYPE", "SEQUENCING_PLATFORM"),
)
_GENOME = re.compile(r"\bWGS\b|whole[ _-]?genome|\bgenome[ _-]sequencing", re.I)
_EXOME = re.compile(r"\bW[EX]S\b|exome(?! CN)", re.I)
_PANEL = re.compile(r"impact|hemepact|targeted|panel|foundation|\bTDS\b|\bACCESS\d*|custom capture", re.I)
_RNA = re.compile(r"\bRNA(-?\s?Seq)?\b", re.I)

#: Where an assay is said that no column says.
CASE_LIST = "case list"
STUDY = "case list, made finer by the study's description"

_LONGEST_LIST = 64_000_000


@dataclass(frozen=True)
class CaseList:
    """One case list: the file, the assay it stands for, the sample identifiers on it."""

    path: Path
    assay: str
    samples: frozenset[str]


def read_case_lists(folder: Path) -> list[CaseList]:
    """The case lists in this folder that say an assay, in order of their names; none when there is no such folder.

    Raises DocumentSyntaxError for a list that cannot be read.
    """
    paths = sorted(folder.glob("*.txt")) if folder.is_dir() else []
    return [found for found in (_read_case_list(path) for path in paths) if found is not None]


def study_sequencing(*texts: str) -> str:
    """What a study's name and description say about how its samples were sequenced.

    Whole genome or whole exome when that one technique is all they name, else DNA sequencing in general.
    """
    text = " ".join(texts)
    said = {a for a, pattern in ((GENOME_SEQUENCING, _GENOME), (EXOME_SEQUENCING, _EXOME)) if pattern.search(text)}
    return said.pop() if len(said) == 1 and not _PANEL.search(text) else DNA_SEQUENCING


@dataclass(frozen=True, slots=True)
class Said:
    """One assay on a sample and the words that say so: the name of a case list, or what a column holds."""

    assay: str
    written: str
    column: str = CASE_LIST


def assays_of(row: Row, listed: Iterable[Said], study: str) -> frozenset[Said]:
    """The assays on one sample: those of the case lists it is on, made finer by its columns, else by the ``study``."""
    assays = set(listed)
    own: set[Said] = set()
    for column in ASSAY_COLUMNS:
        text = row[column]
        if text:
            own |= {Said(assay, text, column) for assay in in_column(text)}
    general = {said for said in assays if said.assay == DNA_SEQUENCING}
    if own:
        # A sample whose column says RNA only has its mutations from RNA: the list of sequenced samples adds no DNA.
        return frozenset(assays - general | own)
    place = CASE_LIST if study == DNA_SEQUENCING else STUDY
    return frozenset(assays - general | {Said(study, said.written, place) for said in general})


def answer_for(said: Said, coder: Coder) -> Coded | Unknown:
    """The assay as a match: a wider one where it is DNA sequencing in general, since a panel or an exome is meant."""
    predicate = BROAD if said.assay == DNA_SEQUENCING else EXACT
    return coder.matched(ASSAY, said.assay, said.written, predicate=predicate, comment=said.column)


def in_column(text: str) -> set[str]:
    """The assays that the text of one of ``ASSAY_COLUMNS`` names; none for a text that names none."""
    found = {a for a, pattern in ((GENOME_SEQUENCING, _GENOME), (EXOME_SEQUENCING, _EXOME)) if pattern.search(text)}
    if not found and _PANEL.search(text):
        found = {DNA_SEQUENCING}
    return found | ({RNA_SEQ} if _RNA.search(text) else set())


def _read_case_list(path: Path) -> CaseList | None:
    try:
        if path.stat().st_size > _LONGEST_LIST:
            raise DocumentSyntaxError(
                f"is larger than the {_LONGEST_LIST} bytes a case list may have.", where=Place(source=str(path))
            )
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise DocumentSyntaxError(f"cannot be read: {error.strerror}.", where=Place(source=str(path))) from error
    values: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            values.setdefault(key.strip().lower(), value)
    assay = _assay(path.stem.lower().removeprefix("cases_"), {k: v.strip() for k, v in values.items() if len(v) < 9999})
    if assay is None:
        return None
    identifiers = (one.strip() for one in values.get("case_list_ids", "").split("\t"))
    return CaseList(path, assay, frozenset(one for one in identifiers if one))


def _assay(name: str, values: Mapping[str, str]) -> str | None:
    """The assay that a case list stands for, None when it stands for none (cohorts, combinations, responses)."""
    words = f"{values.get('case_list_name', '')} {values.get('case_list_description', '')}"
    if _SINGLE_CELL.search(words):
        return SINGLE_CELL_RNA_SEQ
    assay = next((a for pattern, a in _BY_NAME if pattern.fullmatch(name)), None)
    if assay is None:
        assay = _BY_CATEGORY.get(values.get("case_list_category", ""))
    return next((finer for a, pattern, finer in _FINER if a == assay and pattern.search(words)), assay)
