"""Folders with neither studies nor RDF: described by their text and their tables, and by nothing else."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from study_folders import IDENTIFIERS, about, triples

from node.errors import DocumentSyntaxError
from node.publishing.drafts import Draft, Severity
from node.publishing.studies import read_folder_description
from node.publishing.studymeta import UNKNOWN_LICENCE

TEXT = "# Bank of <b>things</b>\nA text of ours, CC BY 4.0.\n\n- one.csv: rows\n- two.tsv: more\n## Notes\nnone\n"
CSV = 'id,text\n1,"two\nlines"\n2,b\n\n'
TSV = 'id\ttext\n1\ta "lone quote\n2\tb\n3\tc\n'


def describe(folder: Path) -> Draft:
    spool = folder.parent / "spool"
    spool.mkdir(exist_ok=True)
    return read_folder_description(folder, identifiers=IDENTIFIERS, spool=spool, publisher="Bank")


def make(tmp_path: Path, text: str | None = TEXT, **tables: str | bytes) -> Path:
    folder = tmp_path / "xx-bank"
    folder.mkdir()
    if text is not None:
        (folder / "PROVENANCE.md").write_text(text, encoding="utf-8")
    for name, content in tables.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


def test_a_folder_as_triples(tmp_path: Path) -> None:
    """Title, text, licence and tables with their sizes, checksums and rows, and not one triple more."""
    folder = make(tmp_path, one__csv=CSV, two__tsv=TSV, notes__txt="not a table")
    draft = describe(folder)
    assert (draft.dataset, draft.title, draft.samples, draft.coding) == ("xx-bank", "Bank of things", 0, None)
    dataset = "datasets/xx-bank"
    assert about(draft.public, dataset) == {
        "rdf:type dcat:Dataset",
        'dct:identifier "xx-bank"',
        'dct:title "Bank of things"',
        'dct:description "A text of ours, CC BY 4.0.\\none.csv: rows\\ntwo.tsv: more\\nNotes\\nnone"',
        "dct:publisher organisation",
        "dct:license https://creativecommons.org/licenses/by/4.0/",
        "dct:accessRights http://publications.europa.eu/resource/authority/access-right/PUBLIC",
        "dcat:theme http://publications.europa.eu/resource/authority/data-theme/HEAL",
        f"dcat:distribution {dataset}#one.csv",
        f"dcat:distribution {dataset}#two.tsv",
    }
    assert about(draft.public, f"{dataset}#one.csv") == {
        "rdf:type dcat:Distribution",
        'dct:title "one.csv"',
        f"dcat:accessURL {dataset}",
        "dcat:mediaType https://www.iana.org/assignments/media-types/text/csv",
        f'dcat:byteSize "{len(CSV)}"^^xsd:nonNegativeInteger',
        f"spdx:checksum {dataset}#one.csv-checksum",
        f"dct:extent {dataset}#one.csv-extent",
    }
    digest = hashlib.sha256(CSV.encode()).hexdigest()
    assert f'spdx:checksumValue "{digest}"^^xsd:hexBinary' in about(draft.public, f"{dataset}#one.csv-checksum")
    assert 'rdf:value "2"^^xsd:nonNegativeInteger' in about(draft.public, f"{dataset}#one.csv-extent")
    assert 'rdf:value "3"^^xsd:nonNegativeInteger' in about(draft.public, f"{dataset}#two.tsv-extent")
    assert draft.findings == []
    assert [path.name for path in draft.inputs] == ["PROVENANCE.md", "one.csv", "two.tsv"]


def test_compressed_tables(tmp_path: Path) -> None:
    """A gzip table is described as it lies there; its rows are those inside."""
    draft = describe(make(tmp_path, one__csv__gz=gzip.compress(CSV.encode())))
    table = about(draft.public, "datasets/xx-bank#one.csv.gz")
    assert "dcat:mediaType https://www.iana.org/assignments/media-types/text/csv" in table
    assert "dcat:compressFormat https://www.iana.org/assignments/media-types/application/gzip" in table
    assert 'rdf:value "2"^^xsd:nonNegativeInteger' in about(draft.public, "datasets/xx-bank#one.csv.gz-extent")


def test_an_unknown_licence_points_to_the_text(tmp_path: Path) -> None:
    """Without a licence we know, the description says so and refers to the text."""
    draft = describe(make(tmp_path, "# T\nLGPL-3.0 repository\n", one__csv=CSV))
    lines = about(draft.public, "datasets/xx-bank")
    assert {f"dct:license {UNKNOWN_LICENCE}", "dct:rights datasets/xx-bank#rights"} <= lines
    assert "rdf:type dct:RightsStatement" in about(draft.public, "datasets/xx-bank#rights")
    assert [(f.severity, f.where.field) for f in draft.findings] == [(Severity.WARNING, "licence")]


def test_a_text_without_heading(tmp_path: Path) -> None:
    """A folder's name is its title when the text has none; a text that is only a title describes itself."""
    draft = describe(make(tmp_path, "Just CC BY 4.0 words.\n", one__csv=CSV))
    assert draft.title == "xx-bank"
    assert [f.where.field for f in draft.findings] == ["title"]


def test_a_table_that_cannot_be_counted(tmp_path: Path) -> None:
    """A table beyond a limit is described without its number of rows."""
    draft = describe(make(tmp_path, one__csv=b"a,b\n" + b"x" * 1_100_000))
    assert not any("extent" in line for line in triples(draft.public))
    assert [(f.severity, f.where.record) for f in draft.findings] == [(Severity.WARNING, "one.csv")]


@pytest.mark.parametrize(
    ("text", "tables", "words"),
    [
        (None, {"one__csv": CSV}, "no text that describes it"),
        (TEXT, {}, "no tables"),
        (TEXT, {"one__csv__gz": b"not gzip"}, "cannot be read"),
        (TEXT, {"one__csv__gz": gzip.compress(CSV.encode())[:-9]}, "cannot be read"),
    ],
)
def test_folders_that_cannot_be_described(
    tmp_path: Path, text: str | None, tables: dict[str, str | bytes], words: str
) -> None:
    """A folder without text, without tables or with a damaged file is refused."""
    with pytest.raises(DocumentSyntaxError, match=words):
        describe(make(tmp_path, text, **tables))
