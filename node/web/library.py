"""The stored queries: a list and a page each for people, SHACL executables for query editors, JSON for programs."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, request

from node.rdf.formats import GRAPH_FORMATS, Format
from node.sparql.executables import executable, path_of
from node.sparql.stored import StoredQuery, stored_queries, stored_query
from node.web.call import Call, read_call
from node.web.negotiation import HTML
from node.web.responses import DESCRIPTION_FORMATS, data, described, page

blueprint = Blueprint("library", __name__)

PLAIN_JSON = Format("json", ("application/json",), (".json",))
SPARQL_TEXT = Format("rq", ("application/sparql-query", "text/plain"), (".rq",))


@blueprint.get("/queries")
def queries() -> Response:
    call = read_call(current_app, request)
    found = stored_queries()
    offers = (PLAIN_JSON, *DESCRIPTION_FORMATS)
    if call.require(offers).format is PLAIN_JSON:
        return data(call, _as_json({"queries": [_values(call, q) for q in found]}), PLAIN_JSON.content_type)
    base = call.node.identifiers.base
    return described(
        call,
        iri=f"{base}queries",
        ntriples=b"".join(executable(base, q) for q in found),
        make_page=lambda: page(call, "queries.html", queries=found),
    )


@blueprint.get("/queries/<name>")
def query(name: str) -> Response:
    call = read_call(current_app, request)
    found = stored_query(name.removesuffix(".rq"))
    offers = (SPARQL_TEXT, PLAIN_JSON, *DESCRIPTION_FORMATS)
    choice = call.require((HTML, SPARQL_TEXT) if name.endswith(".rq") else offers)
    if choice.format is SPARQL_TEXT or name.endswith(".rq"):
        return data(call, found.text.encode(), SPARQL_TEXT.content_type)
    if choice.format is PLAIN_JSON:
        return data(call, _as_json(_values(call, found)), PLAIN_JSON.content_type)
    base = call.node.identifiers.base
    return described(
        call,
        iri=f"{base}queries/{found.name}",
        ntriples=executable(base, found),
        make_page=lambda: page(call, "query.html", query=found),
        formats=(*GRAPH_FORMATS, HTML),
    )


def _values(call: Call, query: StoredQuery) -> dict[str, object]:
    base = call.node.identifiers.base
    return {
        "name": query.name,
        "iri": f"{base}queries/{query.name}",
        "title": query.title,
        "description": query.description,
        "keywords": list(query.keywords),
        "endpoint": base + path_of(query),
        "text": query.text,
    }


def _as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
