"""``/sparql`` and ``/federation/sparql`` under Flask: the form, tables and the description, for people.

The server asks ``sparql_service`` directly for what programs want. The same service answers them here, for whoever
runs the application as plain WSGI.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, request

from node.errors import NodeError
from node.federation.engine import FederatedAnswer
from node.ontology.code_systems import code_name
from node.policy.decide import ANONYMOUS
from node.rdf.formats import GRAPH_FORMATS, JSON, RESULT_FORMATS, TURTLE
from node.sparql.service_description import service_description
from node.web.answers import tabulate
from node.web.call import SERVICE, Call, query_string, read_call
from node.web.middleware import NOTES, REQUEST_ID
from node.web.pages import shower
from node.web.problems import problem, status_of
from node.web.readings import FEDERATION, NODE, Endpoint, Reading
from node.web.reply import Reply, WebRequest
from node.web.responses import described, page
from node.web.sparql_service import SparqlService

if TYPE_CHECKING:
    from node.assembly import Node

blueprint = Blueprint("sparql", __name__)


@blueprint.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    return _respond(NODE)


@blueprint.route("/federation/sparql", methods=["GET", "POST"])
def federation_sparql() -> Response:
    return _respond(FEDERATION)


def _respond(endpoint: Endpoint) -> Response:
    service: SparqlService = current_app.extensions[SERVICE]
    asked = _as_value()
    reading = service.read(endpoint, asked)
    if reading.asked.query is None:
        return _description(read_call(current_app, request), endpoint)
    if reading.page:
        return _result_page(read_call(current_app, request), endpoint, service, reading)
    return _as_response(service.reply(endpoint, asked, reading))


def _as_value() -> WebRequest:
    """Flask's request as a value, its body read up to the limit."""
    node: Node = current_app.extensions["onconode"]
    limit = node.settings.server.max_request_bytes
    announced = request.content_length or 0
    return WebRequest(
        method=request.method,
        path=request.path,
        query_string=query_string(request),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.stream.read(limit + 1) if request.method == "POST" and announced <= limit else b"",
        request_id=str(request.environ.get(REQUEST_ID, "none")),
    )


def _as_response(reply: Reply) -> Response:
    """A reply as a response of Flask."""
    request.environ[NOTES] = reply.notes
    body = reply.head if reply.rest is None else _Body(reply)
    response = Response(body, status=reply.status)
    del response.headers["Content-Type"]
    for name, value in reply.headers:
        response.headers.add(name, value)
    return response


class _Body:
    """The bytes of a reply. Closing it closes the reply."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def __iter__(self) -> Iterator[bytes]:
        yield self._reply.head
        if self._reply.rest is not None:
            yield from self._reply.rest

    def close(self) -> None:
        self._reply.close()


def _description(call: Call, endpoint: Endpoint) -> Response:
    node = call.node
    iri = node.identifiers.base + endpoint.path
    ntriples = service_description(
        iri,
        formats=(*RESULT_FORMATS, *GRAPH_FORMATS),
        named_graphs=() if endpoint.federated else node.scope(ANONYMOUS).named,
        triples=None if endpoint.federated else _triples(node),
        see_also=f"{node.identifiers.base}.well-known/void",
        union=not endpoint.federated,
    )
    return described(
        call, iri=iri, ntriples=ntriples, make_page=lambda: _form(call, endpoint, ""), address=call.url(endpoint.path)
    )


def _result_page(call: Call, endpoint: Endpoint, service: SparqlService, reading: Reading) -> Response:
    node, asked = call.node, reading.asked
    assert asked.query is not None  # the caller has looked
    if not asked.query.strip():
        return _form(call, endpoint, "")
    try:
        _, answer = service.open(endpoint, reading, (JSON, TURTLE))
        table = tabulate(answer, shower(node.identifiers.base, node.vocabulary()))
    except NodeError as error:
        status = status_of(error)
        if status >= 500:
            raise  # the page of a fault of ours repeats nothing of what was asked
        document = problem(error, base=node.identifiers.base, request_id=call.request_id)
        asking = {"endpoint": endpoint, "query": reading.sent, "mapped": reading.mapped}
        return page(call, "sparql.html", status=status, problem=document, **asking)
    request.environ[NOTES] = {"generation": answer.answer.generation.number}
    response = page(
        call,
        "sparql.html",
        endpoint=endpoint,
        query=reading.sent,
        mapped=reading.mapped,
        names=_code_names(reading),
        table=table,
        downloads=RESULT_FORMATS if table.text is None else GRAPH_FORMATS,
        completeness=answer.answer.completeness if isinstance(answer.answer, FederatedAnswer) else None,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _code_names(reading: Reading) -> dict[str, str]:
    """How people write the codes and classes that a query was taken by."""
    if reading.mapped is None:
        return {}
    iris = [iri for lead in reading.mapped.used for iri in (lead.code, lead.concept)]
    return {iri: code_name(iri) for iri in (*iris, *reading.mapped.unmapped)}


def _form(call: Call, endpoint: Endpoint, query: str) -> Response:
    return page(call, "sparql.html", endpoint=endpoint, query=query)


def _triples(node: Node) -> int | None:
    summary = node.store.file("summary.json")
    try:
        return int(json.loads(summary)["triples"]) if summary else None
    except (ValueError, KeyError, TypeError):
        return None
