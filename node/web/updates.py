"""``/update``: the update operation of the SPARQL 1.1 Protocol (section 2.2), for the node's operators."""

from __future__ import annotations

import re
import secrets
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request

from node.errors import MediaTypeNotSupported, NodeError, QueryTimeout
from node.federation.calling.documents import fetch_document
from node.publishing.triples import Triples
from node.rdf.formats import DOCUMENT_FORMATS, Format, document_format
from node.sparql.protocol import UpdateRequest, read_update
from node.sparql.update import Load, parse_update
from node.store.quads import Budget, Generation, Update
from node.web.bodies import read_body
from node.web.call import query_string, read_call
from node.web.identity import require_operator
from node.web.middleware import NOTES

if TYPE_CHECKING:
    from node.assembly import Node

blueprint = Blueprint("updates", __name__)

#: Tells which generation of the node has the update in it.
GENERATION_HEADER = "Onconode-Generation"
#: Without this word, which an escape may hide, the store alone reads the update, in a process of its own.
_MAY_LOAD = re.compile(r"LOAD|\\u", re.IGNORECASE)


@blueprint.route("/update", methods=["POST"])
def update() -> Response:
    call = read_call(current_app, request)
    node = call.node
    require_operator(node, request.headers.get("Authorization"), request.headers.get("Origin"))
    body = read_body(request, node.settings.server.max_request_bytes)
    asked = read_update(query_string(request), request.headers.get("Content-Type"), body)
    generation = carry_out(node, asked)
    request.environ[NOTES] = {"generation": generation.number}
    response = Response(status=204)
    response.headers.pop("Content-Type", None)
    response.headers["Cache-Control"] = "no-store"
    response.headers[GENERATION_HEADER] = str(generation.number)
    return response


def carry_out(node: Node, asked: UpdateRequest) -> Generation:
    """Carry out an update; the generation that has it. All of it happens, or nothing.

    Raises what ``QuadStore.update`` raises, and for a ``LOAD`` that is not ``SILENT`` what fetching and reading the
    document raises.
    """
    limits = node.settings.limits
    ends = time.monotonic() + limits.update_seconds
    with tempfile.TemporaryDirectory(prefix="onconode-update-") as folder:
        loads = _documents(node, asked.update, Path(folder), ends)
        return node.store.update(
            Update(
                text=asked.update,
                base=node.identifiers.base,
                default_graph=node.identifiers.default_graph,
                skolem=node.identifiers.skolem(""),
                using=asked.using,
                loads=loads,
                depth=limits.query_depth,
            ),
            Budget(
                seconds=_left(ends),
                memory_bytes=limits.query_memory_bytes,
                result_bytes=limits.result_bytes,
                result_rows=limits.result_rows,
            ),
        )


def _documents(node: Node, text: str, folder: Path, ends: float) -> dict[str, Path | NodeError]:
    """What the update loads, fetched before it begins: nothing waits for the network while others wait to write."""
    if not _MAY_LOAD.search(text):
        return {}
    parsed = parse_update(text, node.identifiers.base, depth=node.settings.limits.query_depth)
    loads = [operation for operation in parsed.operations if isinstance(operation, Load)]
    needed = {load.source for load in loads if not load.silent}
    found: dict[str, Path | NodeError] = {}
    for source in dict.fromkeys(load.source for load in loads):
        try:
            found[source] = _document(node, source, folder / f"{len(found)}.nt", _left(ends))
        except NodeError as error:
            if source in needed:
                raise
            found[source] = error
    return found


def _document(node: Node, source: str, target: Path, seconds: float) -> Path:
    settings = node.settings
    content, media_type = fetch_document(
        source,
        services=settings.services,
        max_bytes=settings.server.max_request_bytes,
        seconds=min(seconds, settings.services.seconds),
    )
    triples = Triples()
    triples.read(content, _format(source, media_type), base=source, source=source, pinned=node.identifiers.base)
    # Each time it is loaded its blank nodes are others.
    lines = triples.named(node.identifiers, secrets.token_hex(16))
    target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return target


def _format(source: str, media_type: str) -> Format:
    chosen = document_format(media_type, urlsplit(source).path)
    if chosen is None:
        raise MediaTypeNotSupported(
            f"{source[:200]} comes as {media_type[:80] or 'a document of no type'}, which is not an RDF format.",
            remedy=f"There are: {', '.join(f.media_type for f in DOCUMENT_FORMATS)}.",
        )
    return chosen


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise QueryTimeout("the update ran longer than an update may.", remedy="Load less at a time.")
    return left
