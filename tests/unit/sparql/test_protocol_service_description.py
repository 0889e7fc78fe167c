"""The service description says what the service does, with absolute IRIs."""

from __future__ import annotations

from node.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS
from node.rdf.namespaces import RDF_TYPE, SD, VOID
from node.rdf.statements import read_ntriples
from node.sparql.service_description import service_description

ENDPOINT = "https://node.example/sparql"


def test_the_endpoint_its_formats_and_its_dataset() -> None:
    """SPARQL 1.1 Service Description, section 3, without blank nodes."""
    formats = (*RESULT_FORMATS, *GRAPH_FORMATS)
    found = read_ntriples(service_description(ENDPOINT, formats=formats, named_graphs=["urn:g"], triples=12))
    about = {(s.predicate, s.object.text) for s in found if s.subject == ENDPOINT}
    assert {(RDF_TYPE, SD + "Service"), (SD + "endpoint", ENDPOINT)} <= about
    assert len([o for p, o in about if p == SD + "resultFormat"]) == len(formats)
    assert any(s.predicate == SD + "name" and s.object.text == "urn:g" for s in found)
    assert any(s.predicate == VOID + "triples" and s.object.text == "12" for s in found)
    assert not any(s.subject.startswith("_:") or s.object.kind == "bnode" for s in found)


def test_nothing_is_claimed_that_is_not_known() -> None:
    """Without named graphs and counts none are described."""
    found = read_ntriples(service_description(ENDPOINT, formats=()))
    assert not any(s.predicate in (SD + "namedGraph", VOID + "triples") for s in found)
    assert [s.object.text for s in found if s.predicate == SD + "feature"] == [SD + "BasicFederatedQuery"]


def test_features_and_many_graphs() -> None:
    """What is claimed is true of the endpoint described; thousands of graphs are not all listed."""
    names = [f"urn:g:{i}" for i in range(5_000)]
    text = service_description(ENDPOINT, formats=(), named_graphs=names, see_also="urn:void", union=True).decode()
    assert text.count("sparql-service-description#NamedGraph>") == 500
    assert "service-description#UnionDefaultGraph" in text
    assert "service-description#BasicFederatedQuery" in text
    assert "DereferencesURIs" not in text
    assert "seeAlso> <urn:void>" in text
    assert "UnionDefaultGraph" not in service_description(ENDPOINT, formats=()).decode()
