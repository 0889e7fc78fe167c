"""Assays from case lists, from columns of the sample, and from the study's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.errors import DocumentSyntaxError
from node.publishing import assays
from node.publishing.assays import assays_of, read_case_lists, study_sequencing
from node.publishing.tables import Row


def row(**cells: str) -> Row:
    return Row(1, list(cells.values()), {name: place for place, name in enumerate(cells)})


@pytest.mark.parametrize(
    ("text", "assay"),
    [
        ("Whole exome sequencing of 22 tumors", assays.EXOME_SEQUENCING),
        ("Whole-genome sequencing of 27 tumor pairs", assays.GENOME_SEQUENCING),
        ("WGS of 21 samples", assays.GENOME_SEQUENCING),
        ("Exome sequencing of ten", assays.EXOME_SEQUENCING),
        ("Whole-genome or whole-exome sequencing of 43", assays.DNA_SEQUENCING),
        ("Whole-exome sequencing of ten, and targeted sequencing of 88", assays.DNA_SEQUENCING),
        ("MSK-IMPACT sequencing", assays.DNA_SEQUENCING),
        ("Comprehensive profiling", assays.DNA_SEQUENCING),
    ],
)
def test_what_a_study_says_of_its_sequencing(text: str, assay: str) -> None:
    """One technique named alone is taken; two, or a panel beside it, are not enough to know."""
    assert study_sequencing("A study", text) == assay


@pytest.mark.parametrize(
    ("cells", "listed", "expected"),
    [
        ({}, [], set()),
        ({}, [assays.DNA_SEQUENCING], {assays.EXOME_SEQUENCING}),
        ({"SEQUENCING_TYPE": "WGS"}, [assays.DNA_SEQUENCING], {assays.GENOME_SEQUENCING}),
        ({"GENE_PANEL": "IMPACT468"}, [assays.DNA_SEQUENCING], {assays.DNA_SEQUENCING}),
        ({"GENE_PANEL": "WXS, WGS"}, [], {assays.EXOME_SEQUENCING, assays.GENOME_SEQUENCING}),
        (
            {"PLATFORM": "WES + RNA-seq"},
            [assays.COPY_NUMBER],
            {assays.COPY_NUMBER, *(assays.EXOME_SEQUENCING, assays.RNA_SEQ)},
        ),
        ({"PLATFORM": "RNA-seq"}, [assays.DNA_SEQUENCING], {assays.RNA_SEQ}),
        ({"PLATFORM": "VALIDATION"}, [assays.DNA_SEQUENCING], {assays.EXOME_SEQUENCING}),
        ({"GENE_PANEL": "NA"}, [assays.DNA_SEQUENCING], {assays.EXOME_SEQUENCING}),
    ],
)
def test_assays_of_one_sample(cells: dict[str, str], listed: list[str], expected: set[str]) -> None:
    """The sample's own columns make "sequenced" finer; the study's word is used where they say nothing."""
    lists = [assays.Said(assay, "cases_some") for assay in listed]
    assert {said.assay for said in assays_of(row(**cells), lists, assays.EXOME_SEQUENCING)} == expected


@pytest.mark.parametrize(
    ("name", "lines", "assay"),
    [
        ("cases_sequenced.txt", "", assays.DNA_SEQUENCING),
        ("cases_cna.txt", "", assays.COPY_NUMBER),
        ("cases_log2CNA.txt", "", assays.COPY_NUMBER),
        ("cases_RNA_Seq_v2_mRNA.txt", "", assays.RNA_SEQ),
        ("cases_mRNA.txt", "", assays.TRANSCRIPTION),
        ("cases_mRNA.txt", "case_list_name: mRNA (Agilent microarray)", assays.TRANSCRIPTION_ARRAY),
        ("cases_methylation_hm450.txt", "", assays.METHYLATION_ARRAY),
        ("cases_methylation_all.txt", "", assays.METHYLATION),
        ("cases_rppa.txt", "", assays.REVERSE_PHASE_ARRAY),
        ("cases_miRNA.txt", "case_list_name: (microRNA-Seq)", assays.MICRO_RNA_SEQUENCING),
        ("cases_miRNA.txt", "", assays.MICRO_RNA),
        ("cases_protein_quantification.txt", "", assays.PROTEIN_EXPRESSION),
        ("cases_phosphoprotein_quantification.txt", "", assays.PROTEIN_STATE),
        ("cases_metabolome_quantification.txt", "", assays.METABOLITES),
        ("cases_lipidome_negative_quantification.txt", "", assays.LIPIDS),
        ("cases_cells.txt", "case_list_description: single cell RNA sequencing", assays.SINGLE_CELL_RNA_SEQ),
        ("cases_expression.txt", "case_list_category: all_cases_with_mrna_rnaseq_data", assays.RNA_SEQ),
        ("cases_all.txt", "case_list_category: all_cases_in_study", None),
        ("cases_cnaseq.txt", "case_list_category: all_cases_with_mutation_and_cna_data", None),
        ("cases_complete.txt", "", None),
        ("cases_sv.txt", "case_list_category: all_cases_with_sv_data", None),
        ("cases_treatment.txt", "case_list_category: other", None),
    ],
)
def test_case_lists(tmp_path: Path, name: str, lines: str, assay: str | None) -> None:
    """The file's name says the assay, its title makes it finer, its category helps where the name says nothing."""
    (tmp_path / name).write_text(f"stable_id: x\n{lines}\ncase_list_ids:\ts1\ts 2\t \ts3\n", encoding="utf-8")
    found = read_case_lists(tmp_path)
    assert [(one.assay, one.samples) for one in found] == ([(assay, {"s1", "s 2", "s3"})] if assay else [])


def test_no_case_lists(tmp_path: Path) -> None:
    """A study without the folder has no lists; a list that cannot be read is an error with its name."""
    assert read_case_lists(tmp_path / "case_lists") == []
    (tmp_path / "cases_cna.txt").mkdir()
    with pytest.raises(DocumentSyntaxError, match=r"cases_cna\.txt: cannot be read"):
        read_case_lists(tmp_path)
