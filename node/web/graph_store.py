"""``/rdf-graph-store``: the SPARQL 1.1 Graph Store HTTP Protocol, to read graphs and, for operators, to change them."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response, current_app, request
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

from node.assembly import query_budget
from node.errors import MediaTypeNotSupported, NotFound, ProtocolError
from node.model.access import Tier
from node.publishing.graph_store import GraphStore
from node.publishing.triples import Triples
from node.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, Format, format_of_file
from node.rdf.terms import is_iri
from node.store.quads import Budget
from node.web.bodies import read_body
from node.web.call import Call, read_call
from node.web.coding import Packed, coding_of
from node.web.identity import principal_of, require_operator
from node.web.middleware import NOTES
from node.web.negotiation import read_accept_encoding
from node.web.preconditions import Preconditions, graph_tag

if TYPE_CHECKING:
    from node.assembly import Node

blueprint = Blueprint("graph_store", __name__)

PATH = "rdf-graph-store"
_METHODS = ["GET", "POST", "PUT", "DELETE"]
#: Unreserved characters and those that have no meaning of their own in a path (RFC 3986, section 3.3).
_IN_PATH = "/:@!$&'()*+,;=~-._"
_CHUNK = 64 * 1024
_HELD_IN_MEMORY = 4_000_000
_MOST_PARTS = 1_000
_MULTIPART = "multipart/form-data"
_UNSAID = ("", "application/octet-stream")


@blueprint.route(f"/{PATH}", methods=_METHODS)
@blueprint.route(f"/{PATH}/<path:path>", methods=_METHODS)
def graph_store(path: str = "") -> Response:
    call = read_call(current_app, request)
    authorization = request.headers.get("Authorization")
    if call.method in ("GET", "HEAD"):
        operator = principal_of(call.node, authorization).operator
        response = _read(call, _named(call, path), operator=operator)
    else:
        require_operator(call.node, authorization, request.headers.get("Origin"))
        response = _write(call, path)
        response.headers["Cache-Control"] = "no-store"
    return response


def _write(call: Call, path: str) -> Response:
    store = _store(call.node)
    condition = Preconditions.of(request.headers).require
    if call.method == "POST" and _graph(call, path) is None:
        # Section 5.5: the service makes a graph and says what it is called.
        graph = f"{call.node.identifiers.base}{PATH}/{secrets.token_hex(12)}"
        store.put(graph, _sent(call, graph), condition)
        response = _empty(201)
        response.headers["Location"] = graph
        return response
    graph = _named(call, path)
    if call.method == "DELETE":
        store.remove(graph, condition)
        return _empty(204)
    triples = _sent(call, graph)
    if call.method == "PUT":
        made = store.put(graph, triples, condition)
    else:
        made = store.merge(graph, triples, condition, token=secrets.token_hex(16))
    return _empty(201 if made else 204)


def _read(call: Call, graph: str, *, operator: bool) -> Response:
    store = _store(call.node)
    state = store.state(graph)
    if state is None or not (operator or state.tier is Tier.PUBLIC):
        raise NotFound(f"there is no graph {graph}.", remedy="A graph that is not open is there for operators alone.")
    choice = call.require_data(GRAPH_FORMATS)
    conditions = Preconditions.of(request.headers)
    conditions.require_match(state)
    # no-transform: the ETag is strong, it promises these bytes
    caching = f"{'private' if operator else 'public'}, no-cache, no-transform"
    known = conditions.known(state, (choice.format,))
    if known is not None:
        response = _empty(304)
        response.set_etag(known)
        response.headers["Cache-Control"] = caching
        return response
    held = _Held()
    try:
        budget = query_budget(call.node.settings.limits)
        state, generation = store.write(graph, choice.format, held.file, budget)
        if not (operator or state.tier is Tier.PUBLIC):
            raise NotFound(f"there is no graph {graph}.")
    except BaseException:
        held.close()
        raise
    request.environ[NOTES] = {"generation": generation}
    length = held.file.tell()
    coding = coding_of(read_accept_encoding(request.headers.get("Accept-Encoding")), choice.content_type, length)
    response = Response(held if coding is None else Packed(held, coding), content_type=choice.content_type)
    if coding is None:
        response.content_length = length
    else:
        response.headers["Content-Encoding"] = coding
    response.set_etag(graph_tag(state, choice.format, coding))
    response.headers["Cache-Control"] = caching
    return response


class _Held:
    """A body in a file of its own, in memory while it is short. Closing it removes the file."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(_HELD_IN_MEMORY)  # noqa: SIM115 - closed by close()

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(0)
        while chunk := self.file.read(_CHUNK):
            yield chunk

    def close(self) -> None:
        self.file.close()


def _store(node: Node) -> GraphStore:
    limits = node.settings.limits
    # What is read back for a change goes nowhere, so that only time and memory count.
    reading = Budget(limits.update_seconds, limits.query_memory_bytes, result_bytes=1 << 62)
    return GraphStore(node.store, node.identifiers, reading)


# --- which graph ---


def _graph(call: Call, path: str) -> str | None:
    """The IRI of the graph that the address names (sections 4.1 and 4.2), None when it names none."""
    identifiers = call.node.identifiers
    named = [value for name, value in call.parameters if name == "graph"]
    default = [value for name, value in call.parameters if name == "default"]
    direct = [f"{identifiers.base}{PATH}/{quote(path, safe=_IN_PATH)}"] if path else []
    if len(named) + len(default) + len(direct) > 1:
        raise ProtocolError(
            "the address names more than one graph.",
            remedy=f"Send one of: ?graph=IRI, ?default, or a path below /{PATH}/.",
        )
    if "\ufffd" in path:
        raise ProtocolError("the address is not UTF-8.", remedy="Percent-encode UTF-8.")
    if default:
        return identifiers.default_graph
    graph = next(iter(named + direct), None)
    if graph is not None and not is_iri(graph):
        raise ProtocolError(f"{graph[:200]!r} is not an absolute IRI.", remedy="Name the graph by its whole IRI.")
    return graph


def _named(call: Call, path: str) -> str:
    graph = _graph(call, path)
    if graph is None:
        raise ProtocolError(
            "the address names no graph.", remedy=f"Send ?graph=IRI, ?default, or a path below /{PATH}/."
        )
    return graph


# --- what is sent ---


def _sent(call: Call, graph: str) -> Triples:
    """The triples in the body, relative to the graph. An empty body has none, whatever its type."""
    body = read_body(request, call.node.settings.server.max_request_bytes)
    base = call.node.identifiers.base
    relative_to = base if graph == call.node.identifiers.default_graph else graph
    kind, options = parse_options_header(request.headers.get("Content-Type"))
    triples = Triples()
    if kind == _MULTIPART:
        parts = list(_parts(body, options.get("boundary", "")))
    else:
        parts = [("the body", request.headers.get("Content-Type", ""), body)] if body else []
    for source, content_type, content in parts:
        if content:
            triples.read(content, _format(content_type, source), base=relative_to, source=source, pinned=base)
    return triples


def _format(content_type: str, source: str) -> Format:
    kind, options = parse_options_header(content_type)
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise MediaTypeNotSupported(f"{source} is declared as {options['charset'][:40]}.", remedy="Send UTF-8.")
    kind = kind.lower()
    found = next((f for f in DOCUMENT_FORMATS if kind in f.media_types), None)
    if found is None and kind in _UNSAID:
        found = format_of_file(source)
    if found is None:
        raise MediaTypeNotSupported(
            f"{source} is of type {kind[:80] or 'unknown'}, which is not an RDF format.",
            remedy=f"There are: {', '.join(f.media_type for f in DOCUMENT_FORMATS)}, and {_MULTIPART} of these.",
        )
    return found


def _parts(body: bytes, boundary: str) -> Iterator[tuple[str, str, bytes]]:
    """The parts of a form (RFC 7578): what to call each, its type, its content. Raises ProtocolError."""
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), max_parts=_MOST_PARTS)
    part: Field | File | None = None
    content: list[bytes] = []
    try:
        decoder.receive_data(body)
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), Epilogue):
            if isinstance(event, Field | File):
                part, content = event, []
            elif isinstance(event, Data) and part is not None:
                content.append(event.data)
                if not event.more_data:
                    name = part.filename if isinstance(part, File) else part.name
                    yield name or "a part", part.headers.get("Content-Type", ""), b"".join(content)
    except ValueError as error:
        raise ProtocolError(
            "the body is not multipart/form-data as its Content-Type says.", remedy="Check the boundary."
        ) from error


def _empty(status: int) -> Response:
    response = Response(status=status)
    response.headers.pop("Content-Type", None)
    return response
