"""The W3C SPARQL 1.1 query tests over HTTP at the federated endpoint, their data spread over three members."""

from __future__ import annotations

import pytest

from node.sparql.results import read_json_results
from tests.conformance.cases import Case
from tests.conformance.checks import check_answer
from tests.conformance.judging import Judge
from tests.conformance.nodes import Network, Split

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def test_query_evaluation(federated: tuple[Case, Split], nodes: Network, federation_judge: Judge) -> None:
    """The answer over all members is the expected one of a single store.

    Triples are spread over three members, at random or by subject, every tenth held twice. What the services of a test
    hold is at an endpoint that is no member.
    """
    case, split = federated

    def check() -> None:
        dataset, addresses = nodes.spread(case, split)
        check_answer(nodes.coordinator, "federation/sparql", case, dataset, addresses)

    federation_judge.judge(case.iri, check)


def test_change_that_leaves_the_counts_alone(nodes: Network) -> None:
    """What a member publishes counts from the next query on, also when its summary reads as before."""
    text = "SELECT ?o { <http://example.org/s> <http://example.org/p> ?o . ?x <http://example.org/q> ?y }"
    other = nodes.members[1]
    other.hold({"http://example.org/share": b'<http://example.org/s> <http://example.org/q> "" .\n'})
    for said in ("before", "after"):
        triple = f'<http://example.org/s> <http://example.org/p> "{said}" .\n'
        nodes.members[0].hold({"http://example.org/share": triple.encode()})
        reply = nodes.coordinator.ask("federation/sparql", text, "application/sparql-results+json")
        assert [row["o"].value for row in read_json_results(reply.body).rows] == [said]
