"""Checks of one test against one endpoint; each raises AssertionError."""

from __future__ import annotations

import re

from tests.conformance.comparison import ACCEPT, Graph, Solutions, expected, received, same, shown
from tests.conformance.manifests import Case
from tests.conformance.nodes import RunningNode

_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)
_GRAPH = "text/turtle"
_JSON = "application/sparql-results+json"


def check_answer(node: RunningNode, path: str, case: Case, dataset: tuple[tuple[str, str], ...] = ()) -> None:
    """The endpoint answers the test's query with the expected result, in the format of that result's file."""
    assert case.result is not None
    wanted = expected(case.result)
    accept = ACCEPT.get(case.result.path.suffix) or (_GRAPH if isinstance(wanted, Graph) else _JSON)
    reply = node.ask(path, case.text(), accept, dataset)
    assert reply.status == 200, f"status {reply.status}: {reply.body.decode('utf-8', 'replace')}"
    got = received(reply.content_type, reply.body, node.unskolemise)
    # A subquery's order is no order of the whole.
    ordered = isinstance(wanted, Solutions) and _ORDER.search(_outside(case.query.text())) is not None
    assert same(got, wanted, ordered=ordered), f"wanted:\n{shown(wanted)}\ngot:\n{shown(got)}"


def check_syntax(node: RunningNode, path: str, case: Case) -> None:
    """The endpoint answers a query that is SPARQL, and refuses one that is not as a mistake of its text."""
    reply = node.ask(path, case.text(), f"{_JSON}, {_GRAPH}")
    said = reply.body.decode("utf-8", "replace")[:1000]
    if case.kind == "positive syntax":
        assert reply.status == 200, f"status {reply.status}: {said}"
    else:
        assert reply.status == 400, f"status {reply.status}: {said}"
        assert "/problems/query-syntax" in said


def _outside(text: str) -> str:
    """The query without what stands in braces."""
    while (shorter := re.sub(r"\{[^{}]*\}", " ", text)) != text:
        text = shorter
    return text
