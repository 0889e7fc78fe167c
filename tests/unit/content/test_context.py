"""The JSON-LD context: both processors read it alike, and what is expanded compacts to what it was."""

from __future__ import annotations

import json
from typing import Any

import pyld
import pytest
from content_examples import context, with_context
from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, Quad, RdfFormat, parse

from node.rdf.namespaces import OBO, ONCO, PREFIXES

BASE = "http://node.example/"
DOCUMENT: dict[str, Any] = {
    "@graph": [
        {
            "id": "datasets/d",
            "type": "Dataset",
            "identifier": "D",
            "title": {"@language": "en", "@value": "Title"},
            "description": "Text",
            "publisher": {"id": "#publisher", "type": "Organization", "name": "P"},
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "accessRights": "PUBLIC",
            "issued": "2024-01-31",
            "keyword": ["glioma"],
            "numberOfRecords": "1",
        },
        {
            "id": "datasets/d/donors/P1",
            "type": "Donor",
            "identifier": "P1",
            "sex": "NCIT:C16576",
            "vitalStatus": "NCIT:C37987",
        },
        {
            "id": "datasets/d/samples/S1",
            "type": "Sample",
            "identifier": "S1",
            "isPartOf": "datasets/d",
            "derivesFrom": "datasets/d/donors/P1",
            "diagnosis": "NCIT:C3058",
            "anatomicalSite": "UBERON:0000955",
            "sampleType": ["NCIT:C8509"],
            "assay": ["OBI:0001271", "OBI:0002117"],
            "ageAtDiagnosis": 61,
            "sourceCode": "GBM",
        },
    ]
}


def quads(document: dict[str, Any]) -> Dataset:
    text = json.dumps(with_context(document))
    return canonical(Dataset(parse(text, RdfFormat.JSON_LD, base_iri=BASE)))


def canonical(dataset: Dataset) -> Dataset:
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def triple(subject: str, predicate: str, value: str) -> Quad:
    return Quad(NamedNode(BASE + subject), NamedNode(predicate), NamedNode(value))


def test_codes_become_class_iris() -> None:
    """obo:NCIT_C3058, NCIT:C3058 and the whole IRI are the same code; short names become the hub's properties."""
    expected = triple("datasets/d/samples/S1", ONCO + "diagnosis", OBO + "NCIT_C3058")
    for code in ("obo:NCIT_C3058", "NCIT:C3058", OBO + "NCIT_C3058"):
        document = json.loads(json.dumps(DOCUMENT))
        document["@graph"][2]["diagnosis"] = code
        assert expected in quads(document)
    access = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
    assert triple("datasets/d", "http://purl.org/dc/terms/accessRights", access) in quads(DOCUMENT)


def test_both_processors_make_the_same_triples() -> None:
    """PyLD and pyoxigraph agree on every triple of the example."""
    from_pyld = pyld.jsonld.to_rdf(with_context(DOCUMENT), {"base": BASE, "format": "application/n-quads"})
    assert canonical(Dataset(parse(from_pyld, RdfFormat.N_QUADS))) == quads(DOCUMENT)


@pytest.mark.parametrize("index", [0, 1, 2], ids=["dataset", "donor", "sample"])
def test_compaction_brings_the_short_form_back(index: int) -> None:
    """Expanding and compacting again gives what the partner wrote, word for word."""
    node = DOCUMENT["@graph"][index]
    expanded = pyld.jsonld.expand(with_context(node), {"base": BASE})
    compacted = pyld.jsonld.compact(expanded, context(), {"base": BASE})
    del compacted["@context"]
    assert compacted == node


def test_from_rdf_and_back() -> None:
    """Triples framed as a sample come out with the short names and one assay list."""
    lines = b"".join(f"{quad} .\n".encode() for quad in quads(DOCUMENT))
    flat = pyld.jsonld.from_rdf(lines.decode(), {"format": "application/n-quads", "useNativeTypes": True})
    frame = context() | {"id": BASE + "datasets/d/samples/S1", "@embed": "@never"}
    framed = pyld.jsonld.frame(flat, frame, {"base": BASE, "omitGraph": True})
    assert framed["type"] == "Sample"
    assert framed["diagnosis"] == "NCIT:C3058"
    assert sorted(framed["assay"]) == ["OBI:0001271", "OBI:0002117"]
    assert framed["ageAtDiagnosis"] == 61


def test_samples_inside_their_dataset() -> None:
    """A dataset may hold its samples ("samples"): they are part of it."""
    nested = {"id": "datasets/d", "samples": [{"id": "datasets/d/samples/S1", "type": "Sample"}]}
    assert triple("datasets/d/samples/S1", "http://purl.org/dc/terms/isPartOf", BASE + "datasets/d") in quads(nested)


def test_prefixes_are_those_of_the_code() -> None:
    """A prefix in the context means what it means everywhere in the node."""
    terms = context()["@context"]
    for prefix, namespace in PREFIXES.items():
        assert terms.get(prefix, namespace) == namespace
