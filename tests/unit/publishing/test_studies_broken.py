"""Broken studies: each fault is found, on its line, in its column, with its value."""

from __future__ import annotations

from pathlib import Path

import pytest
from study_folders import read, triples, write_study

from node.errors import DocumentSyntaxError
from node.publishing.drafts import Severity

V, W = Severity.VIOLATION, Severity.WARNING
HEAD = "SAMPLE_ID\tPATIENT_ID\tAGE\tSEX\n"
GOOD = "s9\tp9\t50\tF\n"


@pytest.mark.parametrize(
    ("table", "found", "samples"),
    [
        (HEAD + "\tp1\t50\tF\n" + GOOD, [(V, 2, "SAMPLE_ID", None)], 1),
        (HEAD + "NA\tp1\t50\tF\n" + GOOD, [(V, 2, "SAMPLE_ID", "NA")], 1),
        (HEAD + "x" * 201 + "\tp1\t50\tF\n" + GOOD, [(V, 2, "SAMPLE_ID", "x" * 40)], 1),
        (HEAD + "s1\t\t50\tF\n" + GOOD, [(W, 2, "PATIENT_ID", None)], 2),
        (HEAD + "s1\tunknown\t50\tF\n" + GOOD, [(W, 2, "PATIENT_ID", "unknown")], 2),
        (HEAD + "s1\tp1\t50\tF\n" * 2 + GOOD, [(W, 3, None, "first on line 2")], 2),
        (HEAD + "s1\tp1\t50\tF\ns1\tp1\t51\tF\n" + GOOD, [(V, 3, "SAMPLE_ID", "first on line 2")], 2),
        (HEAD + "s1\tp1\t50\tF\tx\n" + GOOD, [(V, 2, None, "5 of 4")], 1),
        (HEAD + "s1\tp1\n" + GOOD, [(W, 2, None, "2 of 4")], 2),
        (HEAD + "s1\tp1\t50\tF\t\n" + GOOD, [(W, 2, None, None)], 2),
        (HEAD + "s1\tp1\tfifty\tF\n" + GOOD, [(W, 2, "AGE", "fifty")], 2),
        (HEAD + "s1\tp1\t-4\tF\n" + GOOD, [(W, 2, "AGE", "-4")], 2),
        (HEAD + "s1\tp1\t1973\tF\n" + GOOD, [(W, 2, "AGE", "1973")], 2),
        (HEAD + "s1\tp1\t>60\tF\n" + GOOD, [(W, 2, "AGE", ">60")], 2),
        (HEAD + "s1\tp1\t50\tF\ns2\tp1\t50\tM\n" + GOOD, [(W, 3, "sex", None)], 3),
        (HEAD + "#s1\tp1\t50\tF\n" + GOOD, [(W, 2, None, None)], 1),
        (HEAD + "s1\tp1\t50\r\tF\n" + GOOD, [(W, 2, None, None)], 2),
        (HEAD + "s1\tp1\t50\tF\rs2\tp2\t50\tF\n" + GOOD, [(W, 2, None, None), (V, 2, None, "7 of 4")], 1),
        ("SAMPLE_ID\tPATIENT_ID\tAGE\tAGE\n" + GOOD, [(W, 1, "AGE", None)], 1),
        ((HEAD + "s1\tp\xe9\t50\tF\n" + GOOD).encode("latin-1"), [(W, 2, None, "s1\tpé\t50\tF")], 2),
        ("#" + HEAD + GOOD, [(W, 1, None, None)], 1),
        (HEAD, [], 0),
    ],
)
def test_broken_tables(
    tmp_path: Path, table: str | bytes, found: list[tuple[Severity, int, str | None, str | None]], samples: int
) -> None:
    """Each fault of a table is exactly one finding, and the rows beside it are read."""
    draft = read(write_study(tmp_path / "tiny", table))
    assert [(f.severity, f.where.line, f.where.field, f.value) for f in draft.findings] == found
    assert {f.where.source for f in draft.findings} <= {str(tmp_path / "tiny" / "data_clinical_sample.txt")}
    assert draft.samples == samples
    written = {line.split()[0] for line in triples(draft.public) if "/samples/" in line.split()[0]}
    assert len(written) == samples


@pytest.mark.parametrize(
    ("meta", "licence", "found"),
    [
        ("name: N\ndescription: D\n", "ODbL", [("cancer_study_identifier", "tiny")]),
        ("cancer_study_identifier: i\ndescription: D\n", "ODbL", [("name", "i")]),
        ("cancer_study_identifier: i\nname: N\n", "ODbL", [("description", None)]),
        ("cancer_study_identifier: i\nname: N\ndescription: D\n", None, [("licence", None)]),
        ("cancer_study_identifier: i\nname: N\ndescription: D\n", "Ask us.", [("licence", "Ask us.")]),
        ("cancer_study_identifier: i\nname: N\ndescription: D\npmid: 12, PMC34\n", "ODbL", [("pmid", "PMC34")]),
        ("", "ODbL", [("cancer_study_identifier", "tiny"), ("name", "tiny"), ("description", None)]),
    ],
)
def test_broken_descriptions(
    tmp_path: Path, meta: str, licence: str | None, found: list[tuple[str, str | None]]
) -> None:
    """What ``meta_study.txt`` lacks has a stand-in where one can be had, and is always said."""
    draft = read(write_study(tmp_path / "tiny", HEAD + GOOD, meta=meta, licence=licence))
    assert [(f.severity, f.where.field, f.value) for f in draft.findings] == [(W, *one) for one in found]
    assert {f.where.source for f in draft.findings} == {str(tmp_path / "tiny" / "meta_study.txt")}


def test_a_case_list_of_strangers(tmp_path: Path) -> None:
    """A case list that names samples the table does not have is said, with how many and which list."""
    draft = read(write_study(tmp_path / "tiny", HEAD + GOOD, sequenced="s9 s10 s11"))
    (finding,) = draft.findings
    assert (finding.severity, finding.where.record, finding.value) == (
        W,
        "cases_sequenced.txt",
        "2, for example s10, s11",
    )


def test_a_patient_table_with_faults(tmp_path: Path) -> None:
    """Faults of the patient table are found in the patient table, on its lines."""
    patients = "PATIENT_ID\tSEX\tAGE\n\tF\t50\np9\tF\told\np9\tM\t50\n"
    folder = write_study(tmp_path / "tiny", "SAMPLE_ID\tPATIENT_ID\ns9\tp9\n", patients=patients)
    draft = read(folder)
    assert [(f.severity, f.where.line, f.where.field, f.value) for f in draft.findings] == [
        (W, 2, "PATIENT_ID", None),
        (W, 3, "AGE", "old"),
        (W, 4, "sex", None),
    ]
    assert {f.where.source for f in draft.findings} == {str(folder / "data_clinical_patient.txt")}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "the table has no header row"),
        ("PATIENT_ID\tSEX\np1\tF\n", "line 1, field SAMPLE_ID: the header has no column SAMPLE_ID"),
        ("SAMPLE_ID\tSEX\ns1\tF\n", "line 1, field PATIENT_ID: the header has no column PATIENT_ID"),
        ("\tTMB (nonsynonymous)\nx\t1\n", "the header has no column SAMPLE_ID"),
        (b"SAMPLE_ID\tPATIENT_ID\n\x00\x01\t\x02\n", "line 2: the file is not a text table"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path: Path, table: str | bytes, message: str) -> None:
    """A table whose structure is gone stops the study: nothing of it becomes a draft."""
    with pytest.raises(DocumentSyntaxError) as caught:
        read(write_study(tmp_path / "tiny", table))
    assert message in str(caught.value)
    assert "data_clinical_sample.txt" in str(caught.value)
