"""A table with a mapping becomes the triples its cells and the mapping say, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from mapped_tables import COLUMNS, DATASET, ROWS, messages, read, violations, write
from study_folders import about, ncit, obi, triples

from node.errors import DocumentSyntaxError

SAMPLE = "datasets/tiny/samples/S1"


def test_samples_and_donors_are_described(tmp_path: Path) -> None:
    """Each row is a sample of the dataset, derived from its donor, with the diagnosis and the wording."""
    draft = read(tmp_path, write(tmp_path, "t.csv", ROWS))
    assert violations(draft) == []
    assert (draft.samples, draft.donors) == (2, 1)
    found = {line for line in about(draft.public, SAMPLE) if not line.startswith("onco:coding ")}
    assert found == {
        "rdf:type obo:OBI_0001479",
        'rdfs:label "S1"',
        'dct:identifier "S1"',
        "dct:isPartOf datasets/tiny",
        "obo:RO_0001000 datasets/tiny/donors/P1",
        "onco:diagnosis obo:NCIT_C3058",
        'onco:sourceCode "Glioblastoma"',
    }
    assert "datasets/tiny/donors/P1 rdf:type onco:Donor" in triples(draft.public)
    assert draft.locate("http://node.example/datasets/tiny/samples/S2").line == 3


def test_the_dataset_is_described_as_the_mapping_says(tmp_path: Path) -> None:
    """Metadata of the mapping become the dataset's, another publisher does not rename the node's organisation."""
    more = 'publisher = "Other Clinic"\nkeywords = ["glioma"]\ncontact = { email = "office@clinic.example" }\n'
    more += 'access_url = "https://clinic.example/ask"\nproperties = { "dct:spatial" = "http://e.example/DEU" }\n'
    draft = read(tmp_path, write(tmp_path, "t.csv", ROWS), dataset=DATASET + more)
    assert "datasets/tiny#distribution dcat:accessURL https://clinic.example/ask" in triples(draft.public)
    assert "dct:spatial http://e.example/DEU" in about(draft.public, "datasets/tiny")
    found = about(draft.public, "datasets/tiny")
    assert {
        'dct:title "A tiny table"',
        "dct:license http://creativecommons.org/licenses/by/4.0/",
        'dcat:keyword "glioma"',
        "dct:publisher datasets/tiny#publisher",
    } <= found | {line.replace("https://creativecommons", "http://creativecommons") for line in found}
    assert 'datasets/tiny#publisher foaf:name "Other Clinic"' in triples(draft.public)
    assert any("mailto:office@clinic.example" in line for line in triples(draft.public))


def test_values_are_classes_other_words_or_nothing(tmp_path: Path) -> None:
    """A value table gives a class, another word, or nothing; case and spaces do not count; the wording is kept."""
    rows = "Sample,Patient,Diagnosis\nS1,P1,Hirn  Tumor\nS2,P2,gb\nS3,P3,??\n"
    values = '[columns.Diagnosis.values]\n"hirn tumor" = "NCIT:C3059"\n"GB" = "Glioblastoma"\n"??" = ""\n'
    draft = read(tmp_path, write(tmp_path, "t.csv", rows), columns=COLUMNS + values)
    assert {"onco:diagnosis obo:NCIT_C3059", 'onco:sourceCode "Hirn  Tumor"'} <= about(draft.public, SAMPLE)
    assert {"onco:diagnosis obo:NCIT_C3058", 'onco:sourceCode "gb"'} <= about(draft.public, SAMPLE[:-1] + "2")
    assert not any("onco:" in line for line in about(draft.public, SAMPLE[:-1] + "3"))


def test_every_property_is_read(tmp_path: Path) -> None:
    """Sex and vital status go to the donor, the others to the sample, further properties where they are said to."""
    header = "Sample,Patient,Sex,Dead,Kind,Organ,Age,Assay,Purity,Biobank"
    rows = f'{header}\nS1,P1,w,no,Primary; Tumor,brain,912,WGS,"0,7",B7\n'
    columns = """
[columns.Sample]
property = "sample-id"
[columns.Patient]
property = "donor-id"
[columns.Sex]
property = "sex"
values = { w = "NCIT:C16576" }
[columns.Dead]
property = "vital-status"
values = { no = "alive", yes = "dead" }
[columns.Kind]
property = "sample-type"
transform = { split = ";" }
[columns.Organ]
property = "site"
[columns.Age]
property = "age-at-diagnosis"
unit = "months"
[columns.Assay]
property = "assay"
[columns.Purity]
property = "http://example.org/purity"
datatype = "decimal"
transform = "number"
[columns.Biobank]
property = "http://example.org/biobank"
of = "donor"
[[constants]]
property = "assay"
value = "OBI:0001271"
[[constants]]
property = "http://example.org/fixed"
value = "yes"
"""
    draft = read(tmp_path, write(tmp_path, "t.csv", rows), columns=columns)
    assert violations(draft) == []
    assert {
        "onco:sampleType obo:NCIT_C8509",
        "onco:anatomicalSite obo:NCIT_C12439",
        'onco:ageAtDiagnosis "76"^^xsd:integer',
        "onco:assay obo:OBI_0002117",
        'http://example.org/purity "0.7"^^xsd:decimal',
        'http://example.org/fixed "yes"',
    } <= about(draft.public, SAMPLE)
    assert {"onco:sex obo:NCIT_C16576", "onco:vitalStatus obo:NCIT_C37987", 'http://example.org/biobank "B7"'} <= about(
        draft.public, "datasets/tiny/donors/P1"
    )


def test_constants_hold_where_no_cell_says_otherwise(tmp_path: Path) -> None:
    """A constant class is stated for the rows whose own cell is empty."""
    rows = "Sample,Assay\nS1,WGS\nS2,\n"
    columns = """
[columns.Sample]
property = "sample-id"
[columns.Assay]
property = "assay"
[[constants]]
property = "assay"
value = "OBI:0001271"
"""
    draft = read(tmp_path, write(tmp_path, "t.csv", rows), columns=columns)
    assert "onco:assay obo:OBI_0001271" not in about(draft.public, SAMPLE)
    assert "onco:assay obo:OBI_0001271" in about(draft.public, SAMPLE[:-1] + "2")
    assert draft.donors == 0
    assert messages(draft) == []


def test_classes_in_cells_are_checked(tmp_path: Path) -> None:
    """A cell may hold a class; one that is no disease is counted and not stated, the row stays."""
    rows = f"Sample,Patient,Diagnosis\nS1,P1,NCIT:C3058\nS2,P1,C3059\nS3,P1,{ncit('C12439')}\n"
    draft = read(tmp_path, write(tmp_path, "t.csv", rows), columns=COLUMNS)
    assert "onco:diagnosis obo:NCIT_C3058" in about(draft.public, SAMPLE)
    assert "onco:diagnosis obo:NCIT_C3059" in about(draft.public, SAMPLE[:-1] + "2")
    assert not any(line.startswith("onco:diagnosis") for line in about(draft.public, SAMPLE[:-1] + "3"))
    assert draft.coding is not None
    assert (draft.coding.samples, draft.coding.coded) == (3, 2)


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        ("S1,P1,Glioma\nS1,P1,Glioblastoma\n", 3, "described before, differently"),
        ("S1,P1,Glioma\n,P1,Glioma\n", 3, "no sample identifier"),
        ("S1,P1,Glioma\nS2,P1\n", 3, "fewer cells"),
        ("S1,P1,Glioma\nS2,P1,a,b\n", 3, "more cells"),
        ("", None, "no row that describes a sample"),
    ],
)
def test_broken_rows_stop_the_publication(tmp_path: Path, rows: str, line: int | None, message: str) -> None:
    """What cannot be read without guessing is a violation at its line."""
    draft = read(tmp_path, write(tmp_path, "t.csv", f"Sample,Patient,Diagnosis\n{rows}"))
    (found,) = violations(draft)
    assert message in found.message
    assert found.where.line == line
    assert found.remedy


def test_findings_name_the_partners_columns(tmp_path: Path) -> None:
    """A finding about a sample's identifier names the column as the table does."""
    draft = read(tmp_path, write(tmp_path, "t.csv", "Sample,Patient,Diagnosis\n,P1,Glioma\n"))
    assert violations(draft)[0].where.field == "Sample"


def test_a_column_the_mapping_does_not_speak_of_is_said_and_left(tmp_path: Path) -> None:
    """An unmapped column is a warning, and none of its values is written."""
    draft = read(tmp_path, write(tmp_path, "t.csv", "Sample,Patient,Diagnosis,Notes\nS1,P1,Glioma,called twice\n"))
    assert messages(draft) == ["1: the mapping does not speak of this column; nothing of it is published"]
    assert "called twice" not in draft.public.read_text()


def test_a_missing_column_is_an_error(tmp_path: Path) -> None:
    """A column of the mapping that the table lacks is named, with those there are."""
    with pytest.raises(DocumentSyntaxError, match=r"no column 'Patient'.*Sample, Diagnosis"):
        read(tmp_path, write(tmp_path, "t.csv", "Sample,Diagnosis\nS1,Glioma\n"))


def test_codes_of_the_mapping_are_checked_before_any_row(tmp_path: Path) -> None:
    """A class of another branch in a value table is an error with the line of the mapping."""
    values = '[columns.Diagnosis.values]\nx = "NCIT:C12439"\n'
    with pytest.raises(DocumentSyntaxError, match="no class that diagnosis can have") as caught:
        read(tmp_path, write(tmp_path, "t.csv", ROWS), columns=COLUMNS + values)
    assert caught.value.where is not None
    assert caught.value.where.line == len((DATASET + "\n[table]\n\n" + COLUMNS + values).splitlines())


def test_several_tables_are_one_dataset(tmp_path: Path) -> None:
    """The rows of all tables count together; the same sample in two of them is an error."""
    one = write(tmp_path, "a.csv", ROWS)
    two = write(tmp_path, "b.csv", ROWS.replace("S1", "S3").replace("S2", "S4"))
    assert read(tmp_path, one, two).samples == 4
    again = write(tmp_path, "c.csv", ROWS.replace("Glioblastoma", "Glioma"))
    assert "described before" in violations(read(tmp_path, one, again))[0].message


def test_samples_derive_from_samples_of_the_table(tmp_path: Path) -> None:
    """derives-from leads to a sample; one that no row describes is a violation."""
    columns = '[columns.Sample]\nproperty = "sample-id"\n[columns.From]\nproperty = "derives-from"\n'
    draft = read(tmp_path, write(tmp_path, "t.csv", "Sample,From\nS1,S2\nS2,\nS3,S9\n"), columns=columns)
    assert "obo:RO_0001000 datasets/tiny/samples/S2" in about(draft.public, SAMPLE)
    assert [(f.value, f.where.line) for f in violations(draft)] == [("S9", 4)]


def test_records_of_a_restricted_dataset_lie_apart(tmp_path: Path) -> None:
    """With restricted access no sample is among what everybody may see."""
    draft = read(tmp_path, write(tmp_path, "t.csv", ROWS), dataset=DATASET.replace('"public"', '"restricted"'))
    assert draft.records is not None
    assert "samples/S1" in draft.records.read_text()
    assert "samples/S1" not in draft.public.read_text()


def test_words_for_not_known_are_those_of_the_mapping_too(tmp_path: Path) -> None:
    """A text under missing is read as an empty cell."""
    rows = "Sample,Patient,Diagnosis\nS1,P1,k. A.\n"
    draft = read(tmp_path, write(tmp_path, "t.csv", rows), table='missing = ["k. a."]')
    assert not any("sourceCode" in line for line in about(draft.public, SAMPLE))


def test_terms_of_open_namespaces_are_sites(tmp_path: Path) -> None:
    """UBERON has no installed release; its terms are taken as sites all the same."""
    columns = '[columns.Sample]\nproperty = "sample-id"\n[columns.Organ]\nproperty = "site"\n'
    draft = read(tmp_path, write(tmp_path, "t.csv", "Sample,Organ\nS1,UBERON:0000310\n"), columns=columns)
    assert "onco:anatomicalSite obo:UBERON_0000310" in about(draft.public, SAMPLE)
    assert obi("0000070") not in draft.public.read_text()
