"""The W3C SPARQL 1.1 tests over HTTP at a running node's own endpoint."""

from __future__ import annotations

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from tests.conformance.cases import Case, GraphStore, ProtocolCase, UpdateCase
from tests.conformance.checks import (
    check_answer,
    check_exchanges,
    check_services,
    check_syntax,
    check_update,
    check_update_syntax,
)
from tests.conformance.judging import Judge
from tests.conformance.manifests import RDF
from tests.conformance.nodes import Network, RunningNode, place

pytestmark = [pytest.mark.shared, pytest.mark.slow]

SD = "http://www.w3.org/ns/sparql-service-description#"
_PATH = "sparql"
#: The properties of the service description vocabulary whose subject is a service (W3C Recommendation, section 3).
_OF_SERVICE = (
    *("endpoint", "feature", "defaultEntailmentRegime", "defaultSupportedEntailmentProfile", "supportedLanguage"),
    *("extensionFunction", "extensionAggregate", "languageExtension", "propertyFeature", "defaultDataset"),
    *("availableGraphs", "resultFormat", "inputFormat"),
)
_OTHERS = ("entailmentRegime", "supportedEntailmentProfile", "defaultGraph", "namedGraph", "name", "graph")


def test_query_evaluation(evaluation: Case, nodes: Network, node_judge: Judge) -> None:
    """Evaluation, CSV/TSV and JSON tests: the answer is the expected one, read from the format of the result file."""
    node = nodes.coordinator

    def check() -> None:
        if evaluation.services:
            check_services(nodes, evaluation)
        else:
            check_answer(node, _PATH, evaluation, place(node, evaluation))

    node_judge.judge(evaluation.iri, check)


def test_syntax(syntax: Case, node: RunningNode, node_judge: Judge) -> None:
    """What is SPARQL is answered; what is not is refused with the problem ``query-syntax``."""
    node_judge.judge(syntax.iri, lambda: check_syntax(node, _PATH, syntax))


def test_protocol(protocol: ProtocolCase, node: RunningNode, node_judge: Judge, update_judge: Judge) -> None:
    """Requests of the protocol are answered with the status, kind of format and boolean that the test states."""

    def check() -> None:
        node.update("DROP ALL")
        node.hold_files(dict(protocol.graphs))
        check_exchanges(node, protocol)

    judge = update_judge if "update" in protocol.name else node_judge
    judge.judge(protocol.iri, check)


def test_update_evaluation(update: UpdateCase, node: RunningNode, update_judge: Judge) -> None:
    """An update leaves the graphs that the test expects, set up and read back over HTTP."""
    update_judge.judge(update.iri, lambda: check_update(node, update))


def test_update_syntax(update_syntax: Case, node: RunningNode, update_judge: Judge) -> None:
    """What is SPARQL Update is carried out, or refused for what it asks for; what is not, for its text."""
    node.hold({})
    update_judge.judge(update_syntax.iri, lambda: check_update_syntax(node, update_syntax))


def test_graph_store(graph_store: ProtocolCase, node: RunningNode, graph_store_judge: Judge) -> None:
    """Requests of the Graph Store HTTP Protocol are answered with the status and the graph that the test states."""

    def check() -> None:
        node.set_state(GraphStore((), ()))
        check_exchanges(node, graph_store)

    graph_store_judge.judge(graph_store.iri, check)


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
