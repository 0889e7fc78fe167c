"""JSON-LD in: from text to quads. Every JSON-LD document that comes to a node goes this way.

The parser is pyoxigraph's; docs/decisions has why, and docs/reference/conformance.md what it gets wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pyoxigraph import Quad, RdfFormat, parse

from node.errors import DocumentSyntaxError, Place
from node.publishing.contexts import PinnedContexts
from node.publishing.jsondocument import encode_json, parse_json

_POSITION = re.compile(r"^Parser error at [^:]*: ")


def open_jsonld(text: str, source: str, contexts: PinnedContexts) -> dict[str, Any] | list[Any]:
    """The JSON of a document with the content of every context that it names in the name's place.

    ``source`` is what to call the document. Raises DocumentSyntaxError, ContextNotPinned, Unsupported.
    """
    document = parse_json(text, source)
    if not isinstance(document, dict | list):
        raise DocumentSyntaxError(
            "a JSON-LD document is an object or a list of objects.",
            where=Place(source=source, line=1),
            remedy="Start it with {.",
        )
    contexts.substitute(document, source)
    return document


def jsonld_quads(document: dict[str, Any] | list[Any], *, base: str, source: str) -> Iterator[Quad]:
    """The quads of what ``open_jsonld`` gave (JSON-LD 1.1 API, section 8.1), blank nodes with labels of their own.

    ``base`` is what relative IRIs are relative to. Nothing is fetched. Raises DocumentSyntaxError, also between quads.
    """
    try:
        yield from parse(encode_json(document, source), RdfFormat.JSON_LD, base_iri=base, rename_blank_nodes=True)
    except (SyntaxError, ValueError) as error:
        message = str(error.msg) if isinstance(error, SyntaxError) else str(error)
        raise DocumentSyntaxError(
            f"this is not JSON-LD: {_POSITION.sub('', message).rstrip('.')}.",
            where=Place(source=source),
            remedy="Correct it there; nothing was changed.",
        ) from error
