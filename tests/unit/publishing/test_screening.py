"""Direct identifiers stop a publication on every way in, until the partner decides; ages are capped on every way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from descriptions import description, sample, write_json
from study_folders import write_study

from node.publishing.drafts import DatasetReport, Finding, Outcome, Severity
from node.publishing.publish import NodeParts, publish
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.store.quads import Budget

HEADER = "SAMPLE_ID\tPATIENT_ID\tONCOTREE_CODE\tAGE\t"
BUDGET = Budget(seconds=20.0, memory_bytes=1_000_000_000, result_bytes=50_000_000)
REASON = "numbers that our laboratory gives to glass slides"


def study(folder: Path, column: str, *values: str, decisions: str = "") -> Path:
    rows = "".join(f"S{i}\tP{i}\tGBM\t50\t{value}\n" for i, value in enumerate(values))
    write_study(folder, f"{HEADER}{column}\n{rows}")
    if decisions:
        (folder / "safety.toml").write_text(decisions, encoding="utf-8")
    return folder


def published(path: Path, parts: NodeParts) -> DatasetReport:
    (report,) = publish([path], node=parts).datasets
    return report


def violations(report: DatasetReport) -> list[Finding]:
    return [f for f in report.findings if f.severity is Severity.VIOLATION]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("PATIENT_NAME", ("Anna Rossi", "Jan Novak")),
        ("Prénom", ("Anna", "Jan")),
        ("NOTES", ("margins free", "born 3.5.1961, second opinion")),
        ("DOB", ("1961-05-03", "1970-01-01")),
        ("REF", ("943 476 5919", "485 777 3457")),
        ("CONTACT", ("anna.rossi@example.org", "")),
        ("CANCER_TYPE", ("Glioma of Mrs Rossi", "Glioma")),
    ],
)
def test_a_column_of_a_study_stops_it(column: str, values: tuple[str, ...], parts: NodeParts, tmp_path: Path) -> None:
    """Whether anything reads the column or not; the finding has file, line and column, and shows no value whole."""
    report = published(study(tmp_path / "s", column, *values), parts)
    assert report.outcome is Outcome.REJECTED
    (finding,) = violations(report)
    assert finding.where.source == str(tmp_path / "s" / "data_clinical_sample.txt")
    assert finding.where.line in (2, 3)
    assert finding.where.field
    assert "direct identifiers are not published" in finding.message
    assert "safety.toml" in (finding.remedy or "")
    assert not any(value and value in str(finding) for value in values)
    assert parts.store.generation().number == 0


def test_the_patient_table_is_looked_at_too(parts: NodeParts, tmp_path: Path) -> None:
    """Every table of a study is."""
    folder = study(tmp_path / "s", "GRADE", "II", "III")
    (folder / "data_clinical_patient.txt").write_text("PATIENT_ID\tSURNAME\nP0\tRossi\nP1\tNovak\n")
    report = published(folder, parts)
    assert [f.where.field for f in violations(report)] == ["SURNAME"]


def test_a_dropped_column_is_not_read(parts: NodeParts, tmp_path: Path) -> None:
    """It neither stops the study nor reaches the graph, though its name is one that is read."""
    decisions = '[[drop]]\ncolumn = "CANCER_TYPE"\n'
    folder = study(tmp_path / "s", "CANCER_TYPE", "Glioma of Mrs Rossi", "Glioma", decisions=decisions)
    report = published(folder, parts)
    assert report.outcome is Outcome.PUBLISHED
    assert not [line for line in graph(parts, "tiny_2020") if "Rossi" in line]


def test_an_allowed_column_is_said_in_report_and_provenance(parts: NodeParts, tmp_path: Path) -> None:
    """With the partner's reason, and the file of decisions among the inputs."""
    decisions = f'[[allow]]\ncolumn = "Slide No"\nreason = "{REASON}"\n'
    folder = study(tmp_path / "s", "SLIDE_NO", "943 476 5919", "485 777 3457", decisions=decisions)
    report = published(folder, parts)
    assert report.outcome is Outcome.PUBLISHED
    assert any(REASON in f.message and f.severity is Severity.INFO for f in report.findings)
    said = graph(parts, parts.identifiers.provenance_graph("tiny_2020"))
    assert any(REASON in line for line in said)
    assert any('"safety.toml"' in line for line in said)


def test_a_decision_on_no_column_is_told(parts: NodeParts, tmp_path: Path) -> None:
    """A misspelt name would release nothing, without a word."""
    folder = study(tmp_path / "s", "GRADE", "II", decisions='[[drop]]\ncolumn = "GRAED"\n')
    report = published(folder, parts)
    assert any("no table has" in f.message and f.where.field == "graed" for f in report.findings)


def test_wrong_decisions_stop_the_study(parts: NodeParts, tmp_path: Path) -> None:
    """Nobody knows what the partner meant."""
    report = publish([study(tmp_path / "s", "GRADE", "II", decisions="allow = true\n")], node=parts)
    assert report.datasets == ()
    assert "not a list of tables" in report.findings[0].message


def test_nothing_of_a_column_that_no_rule_names_is_published(parts: NodeParts, tmp_path: Path) -> None:
    """Free text least of all: of a hundred columns with marks in each cell, none is in any graph of the node."""
    names = [f"FREE_TEXT_{i}" for i in range(100)] + ["COMMENT", "NOTES", "PATHOLOGIST_ANNOTATION", "HISTORY"]
    rows = "".join(
        f"S{i}\tP{i}\tGBM\t50\t" + "\t".join(f"mark-{i}-{name.lower()}" for name in names) + "\n" for i in range(3)
    )
    folder = write_study(tmp_path / "s", HEADER + "\t".join(names) + "\n" + rows)
    assert published(folder, parts).outcome is Outcome.PUBLISHED
    for name in ("tiny_2020", parts.identifiers.provenance_graph("tiny_2020"), parts.identifiers.catalog_graph):
        assert not [line for line in graph(parts, name) if "mark-" in line]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"identifier": "943 476 5919"}, "dct:identifier"),
        ({"rdfs:label": "Anna Rossi"}, "rdfs:label"),
        ({"sourceCode": "see anna.rossi@example.org"}, "onco:sourceCode"),
        ({"dct:description": "Frau Müller, geb. 3.5.1961"}, "dct:description"),
        ({"dct:created": {"@value": "2019-05-03", "@type": "xsd:date"}, "dct:date": "2019-05-03"}, "dct:date"),
        ({"dct:relation": {"foaf:phone": "+49 6221 123456"}}, "foaf:phone"),
        ({"foaf:mbox": {"@id": "mailto:anna.rossi@example.org"}}, "foaf:mbox"),
        ({"id": "datasets/gliomas/samples/RO19610503"}, "@id"),
    ],
)
def test_a_value_of_a_sample_stops_a_document(
    changes: dict[str, Any], field: str, parts: NodeParts, tmp_path: Path
) -> None:
    """Literals, addresses, and what a sample leads to."""
    spoilt = sample("datasets/gliomas", "S1", "D1", **changes)
    report = published(write_json(tmp_path, description(samples=[spoilt])), parts)
    assert report.outcome is Outcome.REJECTED
    found = [f for f in violations(report) if "direct identifiers" in f.message]
    assert [f.where.field for f in found] == [field]
    assert found[0].where.source == str(tmp_path / "document.jsonld")


def test_a_document_is_released_by_property(parts: NodeParts, tmp_path: Path) -> None:
    """The decisions lie beside it."""
    spoilt = sample("datasets/gliomas", "S1", "D1", **{"dct:source": "943 476 5919"})
    (tmp_path / "safety.toml").write_text(f'[[allow]]\ncolumn = "dct:source"\nreason = "{REASON}"\n')
    report = published(write_json(tmp_path, description(samples=[spoilt])), parts)
    assert report.outcome is Outcome.PUBLISHED, report.findings


def test_offices_are_left_alone_and_people_asked_about(parts: NodeParts, tmp_path: Path) -> None:
    """In what is said of the dataset: its contact is wanted, and may be a person who agrees."""
    office = published(write_json(tmp_path, description()), parts)
    assert not [f for f in office.findings if "seems to hold" in f.message]
    contact = {"type": "Contact", "formattedName": "Anna Rossi", "email": "mailto:anna.rossi@example.org"}
    person = published(write_json(tmp_path, description("others", contactPoint=contact), "b.jsonld"), parts)
    assert person.outcome is Outcome.PUBLISHED
    (asked,) = [f for f in person.findings if "seems to hold" in f.message]
    assert asked.severity is Severity.WARNING
    assert "anna" not in str(asked)


@pytest.mark.parametrize(
    ("age", "stored"),
    [(97, "90"), (90, "90"), (89, "89"), (101.5, "90"), ({"@value": "93", "@type": "xsd:decimal"}, "90")],
)
def test_ages_in_documents_are_capped(age: Any, stored: str, parts: NodeParts, tmp_path: Path) -> None:
    """As they are in tables, with a word about it."""
    spoilt = sample("datasets/gliomas", "S1", "D1", ageAtDiagnosis=age)
    report = published(write_json(tmp_path, description(samples=[spoilt])), parts)
    assert report.outcome is Outcome.PUBLISHED, report.findings
    (line,) = [line for line in graph(parts, "gliomas") if "ageAtDiagnosis" in line]
    assert f'"{stored}' in line
    changed = stored == "90" and age != 90
    assert any("published as 90" in f.message for f in publish([tmp_path], node=parts).findings) is changed


@pytest.mark.parametrize("where", ["sample", "patient"])
def test_ages_in_tables_are_capped(where: str, parts: NodeParts, tmp_path: Path) -> None:
    """In the sample table and in the patient table, in years, months and days."""
    columns = "AGE\tAGE_AT_DIAGNOSIS_MONTHS\tAGE_AT_DIAGNOSIS_DAYS"
    ages = ["97\t\t", "\t1200\t", "\t\t36000", ">89\t\t", "90+\t\t", "89.99\t\t"]
    keys = [f"P{i}\t{age}\n" for i, age in enumerate(ages)]
    if where == "sample":
        table = f"SAMPLE_ID\tPATIENT_ID\tONCOTREE_CODE\t{columns}\n"
        table += "".join(f"S{i}\tP{i}\tGBM\t{age}\n" for i, age in enumerate(ages))
        folder = write_study(tmp_path / "s", table)
    else:
        table = "SAMPLE_ID\tPATIENT_ID\tONCOTREE_CODE\n" + "".join(f"S{i}\tP{i}\tGBM\n" for i in range(len(ages)))
        folder = write_study(tmp_path / "s", table, patients=f"PATIENT_ID\t{columns}\n{''.join(keys)}")
    assert published(folder, parts).outcome is Outcome.PUBLISHED
    stored = sorted(line.split('"')[1] for line in graph(parts, "tiny_2020") if "ageAtDiagnosis" in line)
    assert stored == ["89", "90", "90", "90", "90", "90"]


def test_other_ages_above_89_stop_a_document(parts: NodeParts, tmp_path: Path) -> None:
    """A property of the partner's own cannot be capped for them."""
    context = ["https://w3id.org/onconode/context/v1.jsonld", {"age": "https://example.org/ageAtSampling"}]
    spoilt = sample("datasets/gliomas", "S1", "D1", age=97)
    report = published(write_json(tmp_path, description(samples=[spoilt], **{"@context": context})), parts)
    assert any("single a person out" in f.message for f in violations(report))


MAPPING = """
[dataset]
id = "mapped"
title = "A mapped table"
description = "Two gliomas."
licence = "CC BY 4.0"
access = "public"
[columns.ID]
property = "sample-id"
[columns.DX]
property = "diagnosis"
"""


def mapped(folder: Path, mapping: str, *values: str) -> Path:
    """A table with the columns ID, DX and X, and its mapping file."""
    folder.mkdir()
    rows = "".join(f"S{i},Glioma,{value}\n" for i, value in enumerate(values))
    (folder / "t.csv").write_text(f"ID,DX,X\n{rows}", encoding="utf-8")
    (folder / "t.mapping.toml").write_text(MAPPING + mapping, encoding="utf-8")
    return folder / "t.csv"


BORN = '[columns.X]\nproperty = "https://example.org/born"\n'


@pytest.mark.parametrize(
    ("mapping", "outcome"),
    [
        ("", Outcome.REJECTED),
        ('[columns.X]\nproperty = "ignore"\n', Outcome.PUBLISHED),
        (BORN, Outcome.REJECTED),
        (BORN + 'transform = ["year"]\n', Outcome.PUBLISHED),
        (BORN + f'[safety]\nallow = [{{ column = "X", reason = "{REASON}" }}]\n', Outcome.PUBLISHED),
        (BORN + '[safety]\nallow = [{ column = "X" }]\n', None),
        (BORN + "[safety]\nall = true\n", None),
    ],
    ids=["unmapped", "ignored", "mapped", "transformed", "allowed", "no reason", "no decision"],
)
def test_a_mapped_table(mapping: str, outcome: Outcome | None, parts: NodeParts, tmp_path: Path) -> None:
    """A column that the mapping does not speak of stops it, as one does whose values come out as they are."""
    report = publish([mapped(tmp_path / "m", mapping, "1961-05-03", "1970-01-01")], node=parts)
    assert [d.outcome for d in report.datasets] == ([] if outcome is None else [outcome]), report
    assert report.ok is (outcome is Outcome.PUBLISHED)
    if outcome is Outcome.REJECTED:
        assert any(f.where.field == "X" and "[safety]" in (f.remedy or "") for f in violations(report.datasets[0]))


def graph(parts: NodeParts, name: str) -> list[str]:
    iri = name if "/" in name else parts.identifiers.graph(name)
    with parts.store.query(
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
        scope=GraphScope(default=(iri,)),
        formats=(JSON, NTRIPLES),
        budget=BUDGET,
    ) as answer:
        return b"".join(answer).decode().splitlines()
