"""Checks of one test against one endpoint; each raises AssertionError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from pyoxigraph import NamedNode

from node.model.identifiers import Identifiers
from node.sparql.results import read_json_results
from tests.conformance.cases import Case, Exchange, File, ProtocolCase, UpdateCase, with_base
from tests.conformance.comparison import ACCEPT, Graph, Result, Solutions, Term, expected, received, same, shown
from tests.conformance.nodes import GRAPH_STORE, Network, RunningNode, place, readdressed

_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)
_GRAPH = "text/turtle"
_JSON = "application/sparql-results+json"
_SYNTAX = "/problems/query-syntax"
_FAMILIES = {
    "boolean": ("application/sparql-results+json", "application/sparql-results+xml"),
    "tabular": (
        *("application/sparql-results+json", "application/sparql-results+xml"),
        *("text/tab-separated-values", "text/csv"),
    ),
    "RDF": ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"),
}


def check_answer(
    node: RunningNode,
    path: str,
    case: Case,
    dataset: tuple[tuple[str, str], ...] = (),
    addresses: Mapping[str, str] | None = None,
) -> None:
    """The endpoint answers the test's query with the expected result, in the format of that result's file.

    ``addresses``: where the services really are whose addresses are in the query.
    """
    assert case.result is not None
    wanted = readdressed_result(expected(case.result), addresses or {})
    accept = ACCEPT.get(case.result.path.suffix) or (_GRAPH if isinstance(wanted, Graph) else _JSON)
    reply = node.ask(path, readdressed(case.text(), addresses or {}), accept, dataset)
    assert reply.status == 200, f"status {reply.status}: {reply.body.decode('utf-8', 'replace')}"
    got = received(reply.content_type, reply.body, node.unskolemise)
    # A subquery's order is no order of the whole.
    ordered = isinstance(wanted, Solutions) and _ORDER.search(_outside(case.query.text())) is not None
    assert same(got, wanted, ordered=ordered), f"wanted:\n{shown(wanted)}\ngot:\n{shown(got)}"


def readdressed_result(result: Result, addresses: Mapping[str, str]) -> Result:
    """A result with the addresses where services really are."""
    if not isinstance(result, Solutions) or not addresses:
        return result

    def there(term: Term) -> Term:
        return NamedNode(addresses.get(term.value, term.value)) if isinstance(term, NamedNode) else term

    rows = tuple({name: there(term) for name, term in row.items()} for row in result.rows)
    return Solutions(result.variables, rows)


def check_services(nodes: Network, case: Case) -> None:
    """The same where the query calls services: the members play them, each with the data that the test gives it."""
    assert len(case.services) <= len(nodes.members)
    addresses = {}
    for member, (service, file) in zip(nodes.members, case.services, strict=False):
        member.hold_files({file.iri: file})
        addresses[service] = f"{member.address}sparql"
    check_answer(nodes.coordinator, "sparql", case, place(nodes.coordinator, case, addresses), addresses)


def check_syntax(node: RunningNode, path: str, case: Case) -> None:
    """The endpoint answers a query that is SPARQL, and refuses one that is not as a mistake of its text.

    A query with ``SERVICE`` may be refused for whom it calls.
    """
    reply = node.ask(path, case.text(), f"{_JSON}, {_GRAPH}")
    said = reply.body.decode("utf-8", "replace")[:1000]
    if case.kind == "negative syntax":
        assert reply.status == 400, f"status {reply.status}: {said}"
        assert _SYNTAX in said
    else:
        called = case.suite == "syntax-fed" and reply.status == 403 and "/problems/target-refused" in said
        assert reply.status == 200 or called, f"status {reply.status}: {said}"


def check_update_syntax(node: RunningNode, case: Case) -> None:
    """An update that is SPARQL is carried out, or refused for what it asks for; one that is not, for its text."""
    reply = node.update(case.text())
    said = reply.body.decode("utf-8", "replace")[:1000]
    if case.kind == "negative update syntax":
        assert reply.status == 400, f"status {reply.status}: {said}"
        assert _SYNTAX in said
    else:
        assert reply.status in (204, 403, 404, 409), f"status {reply.status}: {said}"


def check_update(node: RunningNode, case: UpdateCase) -> None:
    """The update turns the one state into the other, graph by graph; a graph without triples need not exist."""
    node.set_state(case.before)
    reply = node.update(with_base(case.request))
    assert reply.status == 204, f"status {reply.status}: {reply.body.decode('utf-8', 'replace')}"
    wanted = {name: graph for name, files in case.after.named if (graph := _graph(files)).triples}
    listed = node.ask("sparql", "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", _JSON)
    assert listed.status == 200, listed
    default = Identifiers(node.address).default_graph
    named = {row["g"].value for row in read_json_results(listed.body).rows} - {default}
    assert named == wanted.keys()
    for query_string, graph in (
        ("default", _graph(case.after.default)),
        *((f"graph={quote(name, safe='')}", graph) for name, graph in wanted.items()),
    ):
        held = node.request("GET", GRAPH_STORE, query_string, headers={"Accept": "application/n-triples"})
        assert held.status == 200 or (held.status == 404 and not graph.triples), held
        got = received(held.content_type, held.body, node.unskolemise) if held.status == 200 else Graph(frozenset())
        assert same(got, graph, ordered=False), f"{query_string}\nwanted:\n{shown(graph)}\ngot:\n{shown(got)}"


def check_exchanges(node: RunningNode, case: ProtocolCase) -> None:
    """Every request of a test is answered with the status, kind of format, boolean and graph that it states.

    ``/sparql/`` and ``/gsp`` of the manifests are this node's addresses for queries, updates and graphs.
    """
    locations: dict[str, str] = {}
    for exchange in case.exchanges:
        path, query_string = _address(case, exchange)
        for name, value in locations.items():
            query_string = query_string.replace(name, quote(value, safe=""))
        headers = dict(exchange.headers) | ({} if path == "sparql" else node.authorization())
        reply = node.request(exchange.method, path, query_string, body=exchange.body, headers=headers)
        said = f"{path}: status {reply.status}, {reply.content_type}: {reply.body.decode('utf-8', 'replace')[:500]}"
        assert str(reply.status).startswith(exchange.statuses), said
        if exchange.location is not None:
            assert reply.location is not None, said
            locations[exchange.location] = reply.location
        if exchange.format is not None:
            assert reply.content_type.split(";")[0] in _FAMILIES[exchange.format], said
        if exchange.boolean is not None:
            assert read_json_results(reply.body).boolean is exchange.boolean, said
        if exchange.graph is not None:
            got = received(reply.content_type, reply.body, node.unskolemise)
            wanted = Graph(exchange.graph)
            assert same(got, wanted, ordered=False), f"wanted:\n{shown(wanted)}\ngot:\n{shown(got)}"


def _address(case: ProtocolCase, exchange: Exchange) -> tuple[str, str]:
    """Where this node takes a request: path and query string."""
    if exchange.path.startswith("/gsp"):
        return GRAPH_STORE + exchange.path.removeprefix("/gsp"), exchange.query_string
    asks = b"query=" in exchange.body or "query=" in exchange.query_string
    asks = asks or dict(exchange.headers).get("content-type", "").lower().startswith("application/sparql-query")
    return "update" if "update" in case.name and not asks else "sparql", exchange.query_string


def _graph(files: tuple[File, ...]) -> Graph:
    return Graph(frozenset(triple for file in files for triple in file.triples()))


def _outside(text: str) -> str:
    """The query without what stands in braces."""
    while (shorter := re.sub(r"\{[^{}]*\}", " ", text)) != text:
        text = shorter
    return text
