"""Tables as partners have them: what is read, what is said about it, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.errors import DocumentSyntaxError
from node.publishing.drafts import Finding, Severity
from node.publishing.findings import Findings
from node.publishing.tables import Limits, column_name, is_missing, open_table

REQUIRED = ("SAMPLE_ID", "PATIENT_ID")
HEADER = "SAMPLE_ID\tPATIENT_ID\tSEX"


def load(tmp_path: Path, data: bytes | str, limits: Limits | None = None) -> tuple[list[dict[str, str]], list[Finding]]:
    """All rows by column name, each with its line number, and all findings."""
    path = tmp_path / "table.txt"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    table = open_table(path, REQUIRED, limits or Limits())
    rows = [{"line": str(r.line)} | {c: r.raw(c) for c in table.columns} for r in table.rows()]
    return rows, table.findings.result()


def said(findings: list[Finding]) -> list[tuple[Severity, int | None, str | None]]:
    return [(f.severity, f.where.line, f.value) for f in findings]


def test_the_header_is_the_first_line_without_a_hash_sign(tmp_path: Path) -> None:
    """Comment lines before the header are skipped, and rows keep the line numbers of the file."""
    rows, findings = load(tmp_path, f"#a\n#b\n#c\n#d\n{HEADER}\ns1\tp1\tF\n\ns2\tp2\tNA\n")
    assert rows == [
        {"line": "6", "SAMPLE_ID": "s1", "PATIENT_ID": "p1", "SEX": "F"},
        {"line": "8", "SAMPLE_ID": "s2", "PATIENT_ID": "p2", "SEX": "NA"},
    ]
    assert findings == []


@pytest.mark.parametrize(
    "data",
    [
        f"{HEADER}\r\ns1\tp1\tF\r\n".encode(),
        f"{HEADER}\rs1\tp1\tF\r".encode(),
        f"{HEADER}\ns1\tp1\tF".encode(),
        b"\xef\xbb\xbf" + f"{HEADER}\ns1\tp1\tF\n".encode(),
        b'"Sample Id"\tPatient-ID \t"sex"\n s1 \t"p1"\tF \n',
    ],
    ids=["windows", "old macintosh", "no last line end", "byte-order mark", "quotes, case and spaces"],
)
def test_harmless_differences_are_not_mentioned(tmp_path: Path, data: bytes) -> None:
    """Line ends, a byte-order mark, quotes around cells and the spelling of column names make no difference."""
    rows, findings = load(tmp_path, data)
    assert [{k: v for k, v in row.items() if k != "line"} for row in rows] == [
        {"SAMPLE_ID": "s1", "PATIENT_ID": "p1", "SEX": "F"}
    ]
    assert findings == []


def test_two_tables_pasted_side_by_side(tmp_path: Path) -> None:
    """A carriage return before the last column, as in two real studies, is read as white space and said once."""
    rows, findings = load(tmp_path, "SAMPLE_ID\tPATIENT_ID\r\tTMB\ns1\tp1\r\t0.5\ns2\tp2\r\t0.7\n")
    assert [row["PATIENT_ID"] for row in rows] == ["p1", "p2"]
    assert [row["TMB"] for row in rows] == ["0.5", "0.7"]
    assert said(findings) == [(Severity.WARNING, 1, None)]


def test_latin_1_is_read_and_said(tmp_path: Path) -> None:
    """A byte that is not UTF-8 makes its line Latin-1, with the place where it was first seen."""
    rows, findings = load(tmp_path, f"{HEADER}\ns1\tMünchen\tF\n".encode("latin-1"))
    assert rows[0]["PATIENT_ID"] == "München"
    assert [(f.severity, f.where.line) for f in findings] == [(Severity.WARNING, 2)]
    assert "München" in (findings[0].value or "")


def test_rows_of_the_wrong_length(tmp_path: Path) -> None:
    """A short row is filled up, empty cells too many are dropped, and a row with a value too many is not read."""
    rows, findings = load(tmp_path, f"{HEADER}\ns1\tp1\ns2\tp2\tF\t\t\ns3\tp3\tF\tx\ns4\tp4\tM\n")
    assert [(row["SAMPLE_ID"], row["SEX"]) for row in rows] == [("s1", ""), ("s2", "F"), ("s4", "M")]
    assert said(findings) == [
        (Severity.WARNING, 2, "2 of 3"),
        (Severity.WARNING, 3, None),
        (Severity.VIOLATION, 4, "4 of 3"),
    ]


def test_a_comment_inside_the_table_is_left_out(tmp_path: Path) -> None:
    """A line that starts with a hash sign below the header is no sample, and that is said."""
    rows, findings = load(tmp_path, f"{HEADER}\n#s1\tp1\tF\ns2\tp2\tF\n")
    assert [row["SAMPLE_ID"] for row in rows] == ["s2"]
    assert said(findings) == [(Severity.WARNING, 2, None)]


def test_a_header_that_is_commented_out_is_found(tmp_path: Path) -> None:
    """When the line with the column names starts with a hash sign too, it is still the header."""
    rows, findings = load(tmp_path, f"#Sample\tPatient\tSex\n#{HEADER}\ns1\tp1\tF\ns2\tp2\tM\n")
    assert [(row["line"], row["SAMPLE_ID"], row["SEX"]) for row in rows] == [("3", "s1", "F"), ("4", "s2", "M")]
    assert said(findings) == [(Severity.WARNING, 2, None)]


def test_a_column_named_twice(tmp_path: Path) -> None:
    """The first column of a name is read; for a column that must be there, two are an error."""
    rows, findings = load(tmp_path, "SAMPLE_ID\tPATIENT_ID\tSEX\tSEX\tSAMPLE_ID\ns1\tp1\tF\tM\tx\n")
    assert said(findings) == [(Severity.VIOLATION, 1, None), (Severity.WARNING, 1, None)]
    assert [f.where.field for f in findings] == ["SAMPLE_ID", "SEX"]
    assert rows[0]["SEX"] == "F"
    assert rows[0]["SAMPLE_ID"] == "s1"


@pytest.mark.parametrize(
    ("data", "line", "field", "words"),
    [
        (b"", None, None, "no header row"),
        (b"#only\n#comments\n", None, None, "no header row"),
        (b"s1\tp1\tF\n", 1, "SAMPLE_ID", "no column SAMPLE_ID (it begins with: S1, P1, F)"),
        (b"#x\nSAMPLE_ID\tSEX\ns1\tF\n", 2, "PATIENT_ID", "no column PATIENT_ID"),
        (b"SAMPLE_ID,PATIENT_ID,SEX\ns1,p1,F\n", 1, "SAMPLE_ID", "no column SAMPLE_ID"),
        ("SAMPLE_ID\tPATIENT_ID\n".encode("utf-16"), None, None, "UTF-16"),
        (b"SAMPLE_ID\tPATIENT_ID\ns1\tp\x001\n", 2, None, "zero byte"),
    ],
    ids=["empty", "comments only", "no header", "no patient", "commas", "utf-16", "binary"],
)
def test_what_is_no_table(tmp_path: Path, data: bytes, line: int | None, field: str | None, words: str) -> None:
    """A file that is not such a table is refused with its name, the line, the column and what to do."""
    with pytest.raises(DocumentSyntaxError) as caught:
        load(tmp_path, data)
    error = caught.value
    assert words in error.detail
    assert error.where is not None
    assert (error.where.source, error.where.line, error.where.field) == (str(tmp_path / "table.txt"), line, field)
    assert error.remedy


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """What the operating system says comes as the node's own error."""
    with pytest.raises(DocumentSyntaxError, match=r"table\.txt: cannot be read"):
        open_table(tmp_path / "table.txt", REQUIRED)


def test_limits(tmp_path: Path) -> None:
    """A line that never ends and a header with too many columns stop the reading, wherever they are."""
    small = Limits(line_bytes=100_000, columns=5)
    with pytest.raises(DocumentSyntaxError, match="line 2: the line is longer than the 100000 bytes"):
        load(tmp_path, f"{HEADER}\ns1\t{'x' * 200_000}\n", small)
    with pytest.raises(DocumentSyntaxError, match="line 1: the line is longer"):
        load(tmp_path, "x" * 500_000, small)
    with pytest.raises(DocumentSyntaxError, match="line 1: the header has 6 columns"):
        load(tmp_path, f"{HEADER}\ta\tb\tc\n", small)


def test_long_lines_within_the_limit_cross_chunks(tmp_path: Path) -> None:
    """A line longer than what is read at once comes whole, with the right number."""
    long = "y" * 150_000
    rows, findings = load(tmp_path, f"{HEADER}\ns1\tp1\t{long}\ns2\tp2\tF\n")
    assert [(row["line"], row["SAMPLE_ID"], len(row["SEX"])) for row in rows] == [("2", "s1", 150_000), ("3", "s2", 1)]
    assert findings == []


def test_findings_of_one_kind_are_listed_up_to_a_number() -> None:
    """A thousand equal faults give the first few with their lines and one line that says how many more there are."""
    findings = Findings("t.txt", limit=3)
    for line in range(1, 1001):
        findings.add(Severity.WARNING, "the same again", line=line)
    result = findings.result()
    assert [f.where.line for f in result] == [1, 2, 3, None]
    assert (result[-1].message, result[-1].count) == ("and more of this: the same again", 997)


@pytest.mark.parametrize("word", ["", "NA", "Na", "na", "N/A", "[Not Available]", "Unknown", "not applicable", "#N/A"])
def test_words_for_not_known(word: str) -> None:
    """The words partners write for a missing value are all the same to us."""
    assert is_missing(word)


@pytest.mark.parametrize("word", ["0", "No", "NAB", "Cancer of Unknown Primary", "N0"])
def test_words_that_are_values(word: str) -> None:
    """What only looks like a missing value is one."""
    assert not is_missing(word)


def test_column_names() -> None:
    """Column names compare by their letters and digits."""
    assert column_name(" Cancer type (detailed) ") == column_name("CANCER_TYPE_DETAILED") == "CANCER_TYPE_DETAILED"
