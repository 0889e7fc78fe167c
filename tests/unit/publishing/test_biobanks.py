"""A biobank directory's export: collections become datasets, biobanks infrastructures, and no person slips in."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from descriptions import BASE
from memory_store import MemoryStore

from node.publishing.catalog import Catalog
from node.publishing.drafts import Outcome, Report
from node.publishing.publish import NodeParts, publish, withdraw
from node.rdf.namespaces import DCT, HEALTHDCATAP, ONCO, ORG

COLLECTIONS = (
    "id,name,type,disease,materials,numberOfDonors,description,biobanks,website,"
    "sampleAccessFee,sampleAccessDescription,head\n"
    """C_1,Sarcomas,"COHORT,DISEASE_SPECIFIC","urn:miriam:icd:C49,ORPHA:3148,NI,whatever","DNA,TISSUE_FROZEN",120,"Soft.
Led by Prof. A. Example.",BB1,www.example.org/a b,TRUE,Write to jan@example.org,Jan Example
"""
)
BIOBANKS = """id,name,country,juristic_person,network,description
bb1,A biobank,NL,7,N1,Keeps tissue.
"""
NETWORKS = "id,name,country,description\nN1,A network,BE,Of biobanks.\n"
PERSONS = "id,name,city,country\n7,A hospital,Utrecht,NL\n"
DISEASES = "id,label,ontology,uri\nurn:miriam:icd:C49,Connective tissue,ICD-10,http://identifiers.org/icd/C49\n"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "directory"
    folder.mkdir()
    (folder / "eu_collections.csv").write_text(COLLECTIONS)
    (folder / "eu_biobanks.csv").write_text(BIOBANKS)
    (folder / "eu_networks.csv").write_text(NETWORKS)
    (folder / "eu_juristic_persons.csv").write_text(PERSONS)
    (folder / "eu_persons.csv").write_text("id,first_name,last_name\n1,Jan,Example\n")
    (folder / "eu_disease_types.csv.gz").write_bytes(gzip.compress(DISEASES.encode()))
    return folder


def said(store: MemoryStore, name: str) -> str:
    return store.held[f"{BASE}graph/{name}"][1].decode()


def test_each_row_is_a_description(parts: NodeParts, store: MemoryStore, export: Path) -> None:
    """With the identifiers joined, whatever their case."""
    report = publish([export], node=parts)
    assert report.ok, report
    assert [d.dataset for d in report.datasets] == ["c_1", "infrastructures:bb1", "infrastructures:n1"]
    collection, biobank = said(store, "c_1"), said(store, "infrastructures:bb1")
    assert f"<{BASE}datasets/c_1> <{DCT}publisher> <{BASE}infrastructures/bb1> ." in collection
    assert f'<{HEALTHDCATAP}numberOfUniqueIndividuals> "120"' in collection
    assert f"<{ONCO}disease> <http://identifiers.org/icd/C49> ." in collection
    assert '"Connective tissue"' in collection
    assert f"<{ONCO}disease> <http://www.orpha.net/ORDO/Orphanet_3148> ." in collection
    assert "<https://www.example.org/a%20b>" in collection
    assert f"<{ONCO}curates> <{BASE}datasets/c_1> ." in biobank
    assert f"<{ORG}memberOf> <{BASE}infrastructures/n1> ." in biobank
    assert f"<{ONCO}country> <http://publications.europa.eu/resource/authority/country/NLD> ." in biobank
    assert '"A hospital"' in biobank


def test_the_columns_of_a_newer_directory(parts: NodeParts, store: MemoryStore, catalog: Catalog, export: Path) -> None:
    """Words with underscores, one set of columns about access, collections inside collections."""
    (export / "eu_collections.csv").write_text(
        "id,name,description,type,biobank,parent_collection,size,number_of_donors,age_low,age_high,age_unit,"
        "diagnosis_available,access_fee,access_joint_project,access_uri\n"
        "all,All,Everything.,COHORT,bb1,,900,300,18,90,YEAR,urn:miriam:icd:C00-C97,FALSE,TRUE,https://example.org/ask\n"
        "part,A part,Some.,COHORT,bb1,ALL,many,,,,,,,,\n"
    )
    report = publish([export], node=parts)
    assert report.ok, report
    whole = said(store, "all")
    assert f'<{HEALTHDCATAP}numberOfRecords> "900"' in whole
    assert f'<{HEALTHDCATAP}minTypicalAge> "18"' in whole
    assert "<http://identifiers.org/icd/C00-C97>" in whole
    assert '"Access to samples and data: a fee: no; joint projects: yes"' in whole
    assert "<https://example.org/ask>" in whole
    assert f"<{DCT}isPartOf> <{BASE}datasets/all> ." in said(store, "part")
    assert catalog.samples("all") == ()
    assert any(f.value == "many" for f in report.findings)


def test_no_person_slips_in(parts: NodeParts, store: MemoryStore, export: Path) -> None:
    """Neither a column about persons nor a line of text that names one; both are said."""
    report = publish([export], node=parts)
    everything = b"".join(content for _, content in store.held.values()).decode()
    for name in ("Jan", "jan@example.org", "A. Example"):
        assert name not in everything
    assert "Soft." in everything
    messages = [f.message for f in report.findings]
    assert "a column about persons is not read" in messages
    assert messages.count("a line of this text seems to name a person and is left out") == 2


def test_what_cannot_be_said_is_told(parts: NodeParts, export: Path) -> None:
    """A code of no known system, with the line of the table."""
    report = publish([export], node=parts, dry_run=True)
    (finding,) = [f for f in report.findings if "ORPHA" in f.message]
    assert (finding.value, finding.where.record) == ("whatever", "C_1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,name\nA,B,C\n", "not as many cells"),
        ("id,name\nA,B\na,C\n", "the same identifier"),
        ("id,name\n:1,B\n-1,C\n", "the same address"),
        ('id,name\nA,"B\n', "this is not a table"),
        ("name\nA\n", "no column 'id'"),
    ],
)
def test_a_broken_table_is_refused(parts: NodeParts, export: Path, text: str, message: str) -> None:
    """Whole: who can tell what the other rows would have been."""
    (export / "eu_biobanks.csv").write_text(text)
    report = publish([export], node=parts)
    assert not report.ok
    assert any(message in f.message for f in report.findings), report.findings
    assert all(d.outcome is Outcome.REJECTED for d in report.datasets)


def test_one_bad_collection_does_not_hold_back_the_others(parts: NodeParts, export: Path, store: MemoryStore) -> None:
    """The entries of a directory are not one partner's work."""
    publish([export], node=parts)
    withdraw("c_1", "Gone.", parts)
    with (export / "eu_collections.csv").open("a") as out:
        out.write("C_2,Gliomas,COHORT,NI,DNA,x,Brain.,BB9,,,,\n")
    report: Report = publish([export], node=parts)
    assert {d.dataset: d.outcome.value for d in report.datasets}["c_2"] == "published"
    assert {d.dataset: d.outcome.value for d in report.datasets}["c_1"] == "rejected"
    assert any(f.value == "BB9" for f in report.findings)


@pytest.mark.shared
def test_the_real_directory(parts: NodeParts, catalog: Catalog, store: MemoryStore, shared: Path) -> None:
    """All of it; no text of it holds a title before a name, nor the place of an e-mail address."""
    report = publish([shared / "data" / "partners" / "nl-bbmri"], node=parts)
    assert report.ok
    assert (len(catalog.datasets()), len(report.datasets)) == (278, 386)
    everything = b"".join(content for _, content in store.held.values()).decode()
    assert everything.count(f"<{ONCO}disease>") > 400
    assert re.search(r"\b(Prof|Dr|Drs)\b\.? ?[A-Z]|e-mail removed|\w@\w", everything) is None
