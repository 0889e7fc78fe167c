"""Software, infrastructures and services: described, published, found and withdrawn as datasets are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from descriptions import BASE, description, write_json
from memory_store import MemoryStore

from node.config import Identity
from node.errors import Withdrawn
from node.model.identifiers import Identifiers
from node.model.kinds import Kind
from node.publishing.catalog import Catalog
from node.publishing.drafts import Severity
from node.publishing.publish import NodeParts, publish, withdraw
from node.publishing.summary import void_description
from node.rdf.namespaces import DCAT, ONCO, SCHEMA

CONTEXT = "https://w3id.org/onconode/context/v1.jsonld"
CODEMETA = {
    "@context": "https://doi.org/10.5063/schema/codemeta-2.0",
    "@type": "SoftwareSourceCode",
    "name": "MAF Tools",
    "description": "Reads MAF files.",
    "license": "Apache-2.0",
    "codeRepository": "https://code.example.org/maf-tools",
    "author": [{"@type": "Person", "givenName": "Ada", "familyName": "Example", "email": "ada@example.org"}],
}
INFRASTRUCTURE = {
    "id": "infrastructures/biobank",
    "type": "ResearchInfrastructure",
    "identifier": "B1",
    "title": "A biobank",
    "description": "Keeps samples.",
    "country": "http://publications.europa.eu/resource/authority/country/NLD",
    "curates": ["datasets/gliomas"],
    "offers": [{"id": "services/access", "type": "ResearchService", "title": "Access", "description": "To samples."}],
}


def codemeta(folder: Path, **changes: Any) -> Path:
    document = {key: value for key, value in (CODEMETA | changes).items() if value is not None}
    return write_json(folder, document, "codemeta.json")


def document(folder: Path, *things: Any) -> Path:
    return write_json(folder, {"@context": CONTEXT, "@graph": list(things)}, "things.jsonld")


def held(store: MemoryStore, graph: str) -> str:
    return store.held[f"{BASE}graph/{graph}"][1].decode()


def test_a_codemeta_file_becomes_software(parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """It gets an address from its name, its licence is an IRI, and no person's e-mail address is kept."""
    report = publish([codemeta(tmp_path)], node=parts)
    assert report.ok, report
    (told,) = report.datasets
    assert told.dataset == "software:maf-tools"
    text = held(store, "software:maf-tools")
    assert f"<{BASE}software/maf-tools> <{SCHEMA}name> " in text
    assert "https://spdx.org/licenses/Apache-2.0" in text
    assert "ada@example.org" not in text
    assert [f.message for f in report.findings] == ["the e-mail address of a person is left out"]


def test_the_context_of_schema_org_beside_that_of_codemeta(parts: NodeParts, tmp_path: Path) -> None:
    """Many files name both; alone, that of schema.org stays one that is not pinned."""
    both = ["https://w3id.org/codemeta/3.0", "http://schema.org"]
    assert publish([codemeta(tmp_path, **{"@context": both})], node=parts, dry_run=True).ok
    assert not publish([codemeta(tmp_path, **{"@context": "http://schema.org"})], node=parts, dry_run=True).ok


def test_an_unknown_word_of_codemeta_is_a_warning(parts: NodeParts, tmp_path: Path) -> None:
    """In a document with our own context it is an error."""
    report = publish([codemeta(tmp_path, author=None, hasSourceCode="x")], node=parts)
    assert report.ok
    (finding,) = report.findings
    assert (finding.severity, finding.value) == (Severity.WARNING, "hasSourceCode")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": None, "identifier": None}, "has no IRI of its own"),
        ({"description": None}, "a value is missing"),
        ({"codeRepository": "not an iri"}, "not an IRI"),
    ],
)
def test_broken_codemeta_is_refused(parts: NodeParts, tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    """By the shapes, or because it cannot have an address."""
    report = publish([codemeta(tmp_path, **changes)], node=parts)
    assert not report.ok
    assert any(said in f.message for f in (*report.findings, *(f for d in report.datasets for f in d.findings)))


def test_the_other_namespace_of_schema_org_is_refused(parts: NodeParts, tmp_path: Path) -> None:
    """No question would find such software."""
    path = tmp_path / "software.ttl"
    path.write_text(
        "@prefix s: <https://schema.org/> . @prefix h: <http://schema.org/> .\n"
        '<software/x> a s:SoftwareSourceCode ; h:name "X" ; h:description "X." .\n'
    )
    (told,) = publish([path], node=parts).datasets
    assert any("http://schema.org/" in (f.remedy or "") for f in told.findings), told


def test_an_infrastructure_beside_its_datasets(parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """One document, a description and a graph for each thing in it; the catalogue lists each as what it is."""
    dataset = {key: value for key, value in description().items() if key != "@context"}
    report = publish([document(tmp_path, INFRASTRUCTURE, dataset)], node=parts)
    assert report.ok, report
    assert [d.dataset for d in report.datasets] == ["gliomas", "infrastructures:biobank", "services:access"]
    assert f"<{ONCO}offers> <{BASE}services/access>" in held(store, "infrastructures:biobank")
    assert "To samples." not in held(store, "infrastructures:biobank")
    catalogue = held(store, "")
    for property_, address in (
        ("dataset", "datasets/gliomas"),
        ("resource", "infrastructures/biobank"),
        ("service", "services/access"),
    ):
        assert f"<{BASE}> <{DCAT}{property_}> <{BASE}{address}> ." in catalogue


def test_a_service_said_in_passing_stays_where_it_is(parts: NodeParts, tmp_path: Path) -> None:
    """The access service of a distribution is a part of the dataset, unless it has an address here."""
    given = description(
        distribution=[
            {
                "type": "Distribution",
                "accessURL": "https://x.example/",
                "dcat:accessService": {
                    "id": "https://api.example/",
                    "type": "DataService",
                    "title": "API",
                    "endpointURL": "https://api.example/",
                },
            }
        ]
    )
    report = publish([write_json(tmp_path, given)], node=parts)
    assert report.ok, report
    assert [d.dataset for d in report.datasets] == ["gliomas"]


def test_the_catalog_tells_kinds_apart(parts: NodeParts, catalog: Catalog, tmp_path: Path) -> None:
    """A dataset and software of the same identifier are two things."""
    same = write_json(tmp_path, description("maf-tools"), "dataset.jsonld")
    assert publish([codemeta(tmp_path), same], node=parts).ok
    assert [d.id for d in catalog.datasets()] == ["maf-tools"]
    (software,) = catalog.descriptions(Kind.SOFTWARE)
    assert (software.path, software.title, software.description) == (
        "software/maf-tools",
        "MAF Tools",
        "Reads MAF files.",
    )
    assert b"Reads MAF files." in catalog.describe(f"{BASE}software/maf-tools")


def test_withdrawn_software_leaves_a_tombstone(parts: NodeParts, catalog: Catalog, tmp_path: Path) -> None:
    """By its address, like a dataset; what is below a description's address names nothing to withdraw."""
    publish([codemeta(tmp_path)], node=parts)
    withdraw(f"{BASE}software/maf-tools", "Superseded.", parts)
    with pytest.raises(Withdrawn, match="Superseded"):
        catalog.describe(f"{BASE}software/maf-tools")
    report = publish([codemeta(tmp_path)], node=parts)
    assert not report.ok


def test_the_summary_says_what_is_foreign(
    parts: NodeParts, store: MemoryStore, identifiers: Identifiers, identity: Identity, tmp_path: Path
) -> None:
    """A node that states facts about an IRI of others says so, and names the spaces of its own IRIs."""
    foreign = description() | {"id": "https://elsewhere.example/d", "samples": []}
    publish([write_json(tmp_path, foreign), codemeta(tmp_path)], node=parts)
    text = void_description(store, identifiers, identity).decode()
    assert f"<{ONCO}describesForeign> <https://elsewhere.example/d> ." in text
    assert text.count("describesForeign") == 1
    assert f'uriSpace> "{BASE}software/"' in text
    assert json.loads(store.files["datasets.json"])["software:maf-tools"]["iri"] == f"{BASE}software/maf-tools"
