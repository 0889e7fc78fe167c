"""The W3C SPARQL 1.1 tests over HTTP at a running node's own endpoint."""

from __future__ import annotations

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from node.sparql.results import read_json_results
from tests.conformance.checks import check_answer, check_syntax
from tests.conformance.judging import Judge
from tests.conformance.manifests import RDF, Case, Exchange, ProtocolCase
from tests.conformance.nodes import RunningNode, place

pytestmark = [pytest.mark.shared, pytest.mark.slow]

SD = "http://www.w3.org/ns/sparql-service-description#"
_PATH = "sparql"
_FAMILIES = {
    "boolean": ("application/sparql-results+json", "application/sparql-results+xml"),
    "tabular": (
        *("application/sparql-results+json", "application/sparql-results+xml"),
        *("text/tab-separated-values", "text/csv"),
    ),
    "RDF": ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"),
}
#: The properties of the service description vocabulary whose subject is a service (W3C Recommendation, section 3).
_OF_SERVICE = (
    *("endpoint", "feature", "defaultEntailmentRegime", "defaultSupportedEntailmentProfile", "supportedLanguage"),
    *("extensionFunction", "extensionAggregate", "languageExtension", "propertyFeature", "defaultDataset"),
    *("availableGraphs", "resultFormat", "inputFormat"),
)
_OTHERS = ("entailmentRegime", "supportedEntailmentProfile", "defaultGraph", "namedGraph", "name", "graph")


def test_query_evaluation(evaluation: Case, node: RunningNode, node_judge: Judge) -> None:
    """Evaluation, CSV/TSV and JSON tests: the answer is the expected one, read from the format of the result file."""
    node_judge.judge(evaluation.iri, lambda: check_answer(node, _PATH, evaluation, place(node, evaluation)))


def test_syntax(syntax: Case, node: RunningNode, node_judge: Judge) -> None:
    """What is SPARQL is answered; what is not is refused with the problem ``query-syntax``."""
    node_judge.judge(syntax.iri, lambda: check_syntax(node, _PATH, syntax))


def test_protocol(protocol: ProtocolCase, node: RunningNode, node_judge: Judge) -> None:
    """Requests of the query protocol are answered with the status, kind of format and boolean that the test states."""

    def check() -> None:
        node.hold_files(dict(protocol.graphs))
        for exchange in protocol.exchanges:
            _check_exchange(node, exchange)

    node_judge.judge(protocol.iri, check)


def test_service_description(description: str, node: RunningNode, node_judge: Judge) -> None:
    """GET of the endpoint gives RDF, names the endpoint, and uses the vocabulary as its schema says."""

    def check() -> None:
        reply = node.request("GET", _PATH, headers={"Accept": "text/turtle"})
        assert reply.status == 200
        assert reply.content_type.split(";")[0] == "text/turtle"
        triples = [quad.triple for quad in parse(reply.body, format=RdfFormat.TURTLE)]
        assert triples
        name = description.rsplit("#", 1)[-1]
        if name == "has-endpoint-triple":
            endpoint = NamedNode(node.address + _PATH)
            assert any(t.predicate.value == SD + "endpoint" and t.object == endpoint for t in triples)
        elif name == "conforms-to-schema":
            kinds = (t for t in triples if t.predicate.value == RDF + "type")
            services = {t.subject for t in kinds if t.object == NamedNode(SD + "Service")}
            assert len(services) == 1
            for t in triples:
                if t.predicate.value.startswith(SD):
                    term = t.predicate.value.removeprefix(SD)
                    assert term in (*_OF_SERVICE, *_OTHERS), term
                    assert (t.subject in services) == (term in _OF_SERVICE), t
        else:
            assert name == "returns-rdf", name

    node_judge.judge(description, check)


def _check_exchange(node: RunningNode, exchange: Exchange) -> None:
    reply = node.request(
        exchange.method, _PATH, exchange.query_string, body=exchange.body, headers=dict(exchange.headers)
    )
    said = f"status {reply.status}, {reply.content_type}: {reply.body.decode('utf-8', 'replace')[:500]}"
    assert reply.status // 100 in exchange.statuses, said
    if exchange.format is not None:
        assert reply.content_type.split(";")[0] in _FAMILIES[exchange.format], said
    if exchange.boolean is not None:
        assert read_json_results(reply.body).boolean is exchange.boolean, said
