"""``/demand``: what partners wrote and no installed release could code, in sums, for the curators of vocabularies."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, request

from node.errors import Unauthenticated
from node.publishing.demand import demand_document
from node.rdf.formats import Format
from node.web.call import read_call
from node.web.identity import principal_of
from node.web.reply import VARY_BY_CALLER
from node.web.responses import data

blueprint = Blueprint("demand", __name__)

_JSON = Format("json", ("application/json",), (".json",))


@blueprint.get("/demand")
def demand() -> Response:
    """For operators all datasets count; for everybody else the open ones, if the node shares that at all."""
    call = read_call(current_app, request)
    node = call.node
    principal = principal_of(node, request.headers.get("Authorization"))
    settings = node.settings.demand
    if not (principal.operator or settings.shared):
        raise Unauthenticated(
            "this node does not share with everybody what it could not code.",
            remedy="Send an operator's token as 'Authorization: Bearer TOKEN', or ask the node's operators for the "
            "file that onconode curate demand export writes.",
        )
    call.require((_JSON,))
    document = demand_document(
        node.store, node.identifiers, fewest=settings.fewest_samples, restricted=principal.operator
    )
    body = json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8")
    response = data(call, body, _JSON.content_type)
    response.headers["Vary"] = VARY_BY_CALLER
    if principal.operator:
        response.headers["Cache-Control"] = "private, no-cache"
    return response
