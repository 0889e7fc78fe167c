"""Every kind of table file gives the same description, and what cannot be read says where and what to do."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import sys
import zipfile
from pathlib import Path

import pytest
from mapped_tables import COLUMNS, ROWS, messages, read, violations, write
from openpyxl import Workbook

from node.errors import InvalidRequest, NodeError, RequestTooLarge
from node.publishing.tabular.compression import uncompressed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def workbook(
    folder: Path, rows: list[list[object]], *, sheet: str = "Samples", merge: str = "", more: str = ""
) -> Path:
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    if more:
        book.create_sheet(more).append(["Something", "else"])
    path = folder / "t.xlsx"
    book.save(path)
    return path


CELLS: list[list[object]] = [line.split(",") for line in ROWS.splitlines()]


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


def parquet(folder: Path) -> Path:
    pa = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    from pyarrow import parquet as pq  # noqa: PLC0415

    columns = [list(column) for column in zip(*[line.split(",") for line in ROWS.splitlines()[1:]], strict=True)]
    path = folder / "t.parquet"
    pq.write_table(pa.table(dict(zip(["Sample", "Patient", "Diagnosis"], columns, strict=True))), path)
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda f: write(f, "t.tsv", ROWS.replace(",", "\t")),
        lambda f: write(f, "t.csv", ROWS.replace(",", ";")),
        lambda f: write(f, "t.txt", ROWS.replace(",", "|")),
        lambda f: write(f, "t.csv", "\ufeff" + ROWS.replace("\n", "\r\n")),
        lambda f: write(f, "t.csv", ROWS.encode("utf-16")),
        lambda f: write(f, "t.csv", ROWS.replace("Glioblastoma", '"Glioblastoma"')),
        lambda f: write(f, "t.csv.gz", gzip.compress(ROWS.encode())),
        lambda f: write(f, "t.csv.zst", zstd.compress(ROWS.encode())),
        lambda f: write(f, "t.zip", zipped(t_csv=ROWS.encode())),
        lambda f: workbook(f, CELLS),
        parquet,
    ],
    ids=["tsv", "semicolon", "bar", "bom", "utf16", "quoted", "gzip", "zstd", "zip", "xlsx", "parquet"],
)
def test_the_same_table_in_every_form(tmp_path: Path, make: object) -> None:
    """The triples do not depend on the form of the file."""
    plain = read(tmp_path, write(tmp_path, "plain.csv", ROWS)).public.read_text()
    draft = read(tmp_path, make(tmp_path))  # type: ignore[operator]
    assert violations(draft) == []
    assert draft.public.read_text() == plain


def test_text_that_is_not_utf8_is_read_and_said(tmp_path: Path) -> None:
    """Windows-1252 is a warning with the line and the words around; a stated encoding is taken as it is."""
    rows = "Sample,Patient,Diagnosis\nS1,P1,Glioma\nS2,P1,Gliom \u201elinks\u201c\n".encode("windows-1252")
    draft = read(tmp_path, write(tmp_path, "t.csv", rows))
    (finding,) = draft.findings
    assert (finding.where.line, "windows-1252" in finding.message) == (3, True)
    assert "\u201elinks" in str(finding.value)
    assert read(tmp_path, write(tmp_path, "t.csv", rows), table='encoding = "windows-1252"').findings == []


def test_rows_over_several_lines_are_one_row(tmp_path: Path) -> None:
    """A quoted line end belongs to the cell; the line of a finding is where its row begins."""
    rows = 'Sample,Patient,Diagnosis\nS1,P1,"Glio\nma"\n,P1,Glioma\n'
    (found,) = violations(read(tmp_path, write(tmp_path, "t.csv", rows)))
    assert found.where.line == 4


def test_what_a_workbook_shows(tmp_path: Path) -> None:
    """Dates are ISO, whole numbers have no point, leading zeros of the format are kept."""
    rows: list[list[object]] = [["Sample", "Taken", "Count", "When"], [7, dt.datetime(2024, 5, 31), 3.0, 0.25]]
    path = workbook(tmp_path, rows)
    from openpyxl import load_workbook  # noqa: PLC0415

    book = load_workbook(path)
    book.active["A2"].number_format = "000"
    book.save(path)
    columns = """
[columns.Sample]
property = "sample-id"
[columns.Taken]
property = "http://example.org/taken"
datatype = "date"
[columns.Count]
property = "http://example.org/count"
datatype = "integer"
[columns.When]
property = "http://example.org/when"
"""
    text = read(tmp_path, path, columns=columns).public.read_text()
    assert "samples/007>" in text
    assert '"2024-05-31"^^' in text
    assert '"3"^^' in text
    assert '"0.25"' in text


def test_what_a_workbook_may_not_have(tmp_path: Path) -> None:
    """Formulas never computed, error values and merged cells are violations with the address of the cell."""
    cells = [*CELLS, ["S3", "P2", '=CONCATENATE("Gli","oma")']]
    (found,) = violations(read(tmp_path, workbook(tmp_path, cells)))
    assert (found.where.field, found.where.line) == ("Samples!C4", 4)
    assert "never computed" in found.message
    (found,) = violations(read(tmp_path, workbook(tmp_path, [*CELLS, ["S3", "P1", "#REF!"]])))
    assert found.where.field == "Samples!C4"
    found = violations(read(tmp_path, workbook(tmp_path, CELLS, merge="B2:B3")))[0]
    assert found.where.field == "Samples!B2:B3"
    assert "merged" in found.message


def test_the_sheet_is_chosen(tmp_path: Path) -> None:
    """Without a name the first of several sheets is read with a warning; a name that is not there is an error."""
    path = workbook(tmp_path, CELLS, more="Codes")
    assert [m for m in messages(read(tmp_path, path)) if "several sheets" in m]
    assert messages(read(tmp_path, path, table='sheet = "Samples"')) == []
    with pytest.raises(InvalidRequest, match=r"no sheet 'Proben'.*Samples, Codes"):
        read(tmp_path, path, table='sheet = "Proben"')


def test_a_title_above_the_header(tmp_path: Path) -> None:
    """header_row says where the names of the columns stand."""
    cells: list[list[object]] = [["Our biobank"], [], *CELLS]
    assert read(tmp_path, workbook(tmp_path, cells), table="header_row = 3").samples == 2
    assert read(tmp_path, write(tmp_path, "t.csv", f"Our biobank\n\n{ROWS}"), table="header_row = 3").samples == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "no header row"),
        ("t.csv", b"Sample,Patient,Diagnosis\nS1,\0,x\n", "zero byte"),
        ("t.csv", b'Sample,Patient,Diagnosis\nS1,P1,"open\nS2,P2,x\n', "never closed"),
        ("t.csv", b"Sample,Sample,Diagnosis\n", "names the column 'Sample' 2 times"),
        ("t.csv", b"a;b|c\n1;2|3\n", "may be separated by"),
        ("t.csv.gz", gzip.compress(ROWS.encode())[:30], "cut off or damaged"),
        ("t.csv.gz", ROWS.encode(), "not compressed like that"),
        ("t.csv.zst", zstd.compress(ROWS.encode())[:-4], "cut off or damaged"),
        ("t.zip", zipped(a_csv=b"x", b_csv=b"y"), "2 files"),
        ("t.zip", zipped(a_exe=b"x"), "names no kind of table"),
        ("t.xlsx", b"PK\x03\x04 broken", "not an Excel workbook"),
        ("t.xlsx", zipped(a_xml=b"<a/>"), "cannot be read"),
        ("t.xlsx", b"\xd0\xcf\x11\xe0 old", "password, or is of the format before 2007"),
        ("t.xls", b"anything", "not read"),
        ("t.ods", b"anything", "not read"),
        ("t.parquet", b"PAR1 broken", "not a Parquet file"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """Each broken file is one clear error with its name and a remedy."""
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    with pytest.raises(NodeError, match=message) as caught:
        read(tmp_path, write(tmp_path, name, content))
    assert str(tmp_path / name) in str(caught.value)
    assert caught.value.remedy


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    """The limit holds for each compression, however small the file is, and nothing beyond it is written."""
    for name, content in (
        ("t.csv.gz", gzip.compress(b"0" * 1_000_000)),
        ("t.csv.zst", zstd.compress(b"0" * 1_000_000)),
        ("t.zip", zipped(t_csv=b"0" * 1_000_000)),
    ):
        with pytest.raises(RequestTooLarge):
            uncompressed(write(tmp_path, name, content), tmp_path, limit=100_000)


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes that the archive states are added up before any part of it is read."""
    monkeypatch.setattr("node.publishing.tabular.excel.UNPACKED_BYTES", 500)
    with pytest.raises(RequestTooLarge, match="more than 500 bytes"):
        read(tmp_path, workbook(tmp_path, CELLS))


def test_a_quotation_mark_that_means_nothing(tmp_path: Path) -> None:
    """quote = "" reads a cell that begins with a quotation mark as it is."""
    rows = 'Sample\tPatient\tDiagnosis\nS1\tP1\t"5 cm\n'
    with pytest.raises(NodeError, match='quote = ""'):
        read(tmp_path, write(tmp_path, "t.tsv", rows))
    draft = read(tmp_path, write(tmp_path, "t.tsv", rows), table='quote = ""')
    assert r'"\"5 cm"' in draft.public.read_text()
    assert COLUMNS
