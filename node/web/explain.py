"""``/federation/explain``: how a federated query would be answered, and with ``run=true`` what became of it."""

from __future__ import annotations

import datetime as dt
import json

from flask import Blueprint, Response, current_app, request

from node.errors import ProtocolError
from node.federation.reporting.plan_pictures import as_svg, as_text
from node.federation.reporting.provenance import as_prov
from node.publishing.contexts import PATH as CONTEXT_PATH
from node.publishing.jsonld import serialize
from node.rdf.formats import GRAPH_FORMATS, Format
from node.sparql.protocol import read_request
from node.web.bodies import check_body
from node.web.call import query_string, read_call
from node.web.identity import principal_of
from node.web.middleware import REQUEST_ID

blueprint = Blueprint("explain", __name__)

TEXT = Format("text", ("text/plain",), (".txt",))
JSON = Format("json", ("application/json",), (".json",))
SVG = Format("svg", ("image/svg+xml",), (".svg",))


@blueprint.route("/federation/explain", methods=["GET", "POST"])
def explain() -> Response:
    call = read_call(current_app, request)
    limit = call.node.settings.server.max_request_bytes
    body = request.get_data(cache=False) if request.method == "POST" and (request.content_length or 0) <= limit else b""
    if request.method == "POST":
        check_body(
            len(body),
            announced=request.content_length,
            encoding=request.headers.get("Content-Encoding"),
            limit=limit,
        )
    asked = read_request(request.method, query_string(request), request.headers.get("Content-Type"), body)
    if asked.query is None:
        raise ProtocolError("there is nothing to explain.", remedy="Send a query in the parameter 'query'.")
    choice = call.require((TEXT, JSON, SVG, *GRAPH_FORMATS), asked.format)
    if choice.format.rdf is not None and not asked.run:
        raise ProtocolError("provenance (PROV-O) is of a query that ran.", remedy="Send run=true.")
    principal = principal_of(call.node, request.headers.get("Authorization"))
    found = call.node.federation.explain(asked.query, principal=principal, run=asked.run)
    if choice.format is SVG:
        content = as_svg(found)
    elif choice.format is JSON:
        content = json.dumps(found.document(), ensure_ascii=False, indent=1)
    elif choice.format.rdf is not None:
        base = call.node.identifiers.base
        iri = f"{base}federation/explain/{request.environ.get(REQUEST_ID, 'query')}"
        prov = as_prov(found, iri=iri, node=base, ended=dt.datetime.now(dt.UTC))
        content = serialize(prov, choice.format, iri, context=f"{base}{CONTEXT_PATH}").decode("utf-8")
    else:
        content = as_text(found)
    response = Response(content, content_type=choice.content_type)
    response.headers["Cache-Control"] = "no-store"
    return response
