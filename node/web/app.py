"""The web application of one node. Opening and closing the node is the caller's."""

from __future__ import annotations

import json
import logging
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from node.errors import (
    InvalidRequest,
    MethodNotAllowed,
    NodeError,
    NotFound,
    ProtocolError,
    RequestTooLarge,
)
from node.observability import log
from node.web import (
    concept_tree,
    concepts,
    demand,
    descriptions,
    dumps,
    explain,
    exports,
    feed,
    graph_store,
    graphs,
    library,
    metrics,
    reconcile,
    sparql_endpoints,
    updates,
    wellknown,
)
from node.web.cache import AnswerCache
from node.web.call import ANSWERS, EXTENSION, SERVICE, VALIDATORS, Call, read_call, root_of
from node.web.coding import encode, require_coding
from node.web.identity import principal_of
from node.web.middleware import NOTES, REQUEST_ID, BasePrefix, RequestLog
from node.web.negotiation import read_accept, read_accept_encoding
from node.web.problems import MEDIA_TYPE, headers_of, problem, status_of
from node.web.reply import COMMON_HEADERS, VARY, VARY_BY_CALLER
from node.web.responses import page
from node.web.sparql_service import SparqlService
from node.web.validators import Validators

if TYPE_CHECKING:
    from node.assembly import Node

_ALLOWED_METHODS = "GET, HEAD, POST, OPTIONS"
_ALLOWED_HEADERS = "Accept, Authorization, Content-Type, If-Match, If-None-Match, X-Request-Id"
#: The views whose answers depend on who asks.
_ENDPOINTS_BY_CALLER = ("sparql.sparql", "sparql.federation_sparql", "graph_store.graph_store")
_STATIC_SECONDS = 3600


def create_app(node: Node) -> Flask:
    """The WSGI application that serves this node. Opens nothing and starts nothing."""
    app = Flask(__name__, static_folder="static", static_url_path="/static")
    app.extensions[EXTENSION] = node
    app.extensions[ANSWERS] = answers = AnswerCache(node.settings.limits.cache_bytes)
    app.extensions[VALIDATORS] = validators = Validators()
    app.extensions[dumps.EXTENSION] = dumps.Dumps()
    app.extensions[SERVICE] = SparqlService(
        node, answers=answers, validators=validators, identify=partial(principal_of, node)
    )
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _STATIC_SECONDS
    # A trailing slash never makes a difference, and two slashes in an identifier are its own.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for blueprint in (
        descriptions.blueprint,
        concept_tree.blueprint,
        concepts.blueprint,
        reconcile.blueprint,
        dumps.blueprint,
        explain.blueprint,
        exports.blueprint,
        graphs.blueprint,
        feed.blueprint,
        sparql_endpoints.blueprint,
        updates.blueprint,
        graph_store.blueprint,
        library.blueprint,
        metrics.blueprint,
        demand.blueprint,
        wellknown.blueprint,
    ):
        app.register_blueprint(blueprint)
    app.register_error_handler(Exception, _on_error)
    app.before_request(_check_coding)
    app.after_request(_finish)
    prefix = root_of(node).rstrip("/")
    app.wsgi_app = RequestLog(BasePrefix(app.wsgi_app, prefix))  # type: ignore[method-assign]
    return app


def _on_error(error: Exception) -> Response:
    """Any error, raised anywhere, as a problem document or, for a browser, a page."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        redirect = error.get_response()
        return Response(redirect.get_data(), status=redirect.status_code, headers=redirect.headers)
    if isinstance(error, HTTPException) and error.code == 404 and request.method in ("GET", "HEAD"):
        try:
            term = concepts.term_response(read_call(current_app, request))
        except NodeError as failure:
            error = failure
        else:
            if term is not None:
                return term
    known, headers = _translate(error)
    if status_of(known) == 500:
        log("error", level=logging.ERROR, exception=error, request=request.environ.get(REQUEST_ID))
    request.environ[NOTES] = {"problem": known.slug}
    node: Node = current_app.extensions[EXTENSION]
    try:
        call = read_call(current_app, request)
    except NodeError:
        call = Call(
            node=node,
            answers=current_app.extensions[ANSWERS],
            validators=current_app.extensions[VALIDATORS],
            method=request.method,
            path=request.path,
            accept=read_accept(request.headers.get("Accept")),
            parameters=(),
            if_none_match="",
            request_id=_request_id(),
        )
    document = problem(known, base=node.identifiers.base, request_id=call.request_id)
    status = status_of(known)
    if call.wants_page:
        response = page(call, "error.html", status=status, problem=document)
    else:
        text = json.dumps(document, ensure_ascii=False)
        response = Response(text, status=status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    for name, value in (*headers_of(known).items(), *headers.items()):
        response.headers[name] = value
    return response


def _request_id() -> str:
    return str(request.environ.get(REQUEST_ID, "none"))


def _translate(error: Exception) -> tuple[NodeError, dict[str, str]]:
    """An error of ours as it is; one of Flask's or Python's as ours, with the headers it brings."""
    if isinstance(error, NodeError):
        return error, {}
    if not isinstance(error, HTTPException):
        return NodeError("unexpected error"), {}
    headers = {k: v for k, v in error.get_headers() if k in ("Allow", "Location")}
    match error.code:
        case 404:
            return NotFound("there is nothing at this address.", remedy="The node's contents are listed at /."), {}
        case 405:
            allow = headers.get("Allow", "")
            return MethodNotAllowed(
                f"this address takes {allow or 'other methods'}.", remedy="Use one of these."
            ), headers
        case 413:
            return RequestTooLarge("the body is larger than this node takes.", remedy="Send less."), {}
        case code if code is not None and code >= 500:
            return NodeError("unexpected error"), {}
        case 400:
            return ProtocolError("the request cannot be read.", remedy="Check its headers and its encoding."), {}
        case _:
            return InvalidRequest(str(error.name), remedy=None), headers


def _check_coding() -> None:
    """Raises NotAcceptable for a client that takes neither a coding of ours nor a body as it is."""
    require_coding(request.headers.get("Accept-Encoding"))


def _finish(response: Response) -> Response:
    """Headers that every response carries, and its content coding."""
    headers = response.headers
    headers.setdefault("Vary", VARY_BY_CALLER if request.endpoint in _ENDPOINTS_BY_CALLER else VARY)
    for name, value in COMMON_HEADERS:
        # A view may allow its page more than others may.
        headers.setdefault(name, value)
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = headers.get("Allow", _ALLOWED_METHODS)
        headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
        headers["Access-Control-Max-Age"] = "86400"
    return encode(response, read_accept_encoding(request.headers.get("Accept-Encoding")))
