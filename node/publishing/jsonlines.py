"""Newline-delimited JSON: a JSON-LD document on each line, read as one document.

That document has the same line breaks as the file, so that every line in it is one in the file.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from node.errors import DocumentSyntaxError, Place
from node.publishing.jsondocument import parse_json

_BLANK_NODE = re.compile(r'"_:([^"\\\s]+)"')


def as_document(text: str, source: str) -> str:
    """The text of one JSON-LD document that says what the documents on these lines say; empty lines are passed over.

    A context that all lines have stands in it once. A blank node belongs to its line: its label gets the line's
    number. Raises DocumentSyntaxError with the line that is no JSON object.
    """
    lines = text.split("\n")
    documents = {number: _parsed(line, number, source) for number, line in enumerate(lines, 1) if line.strip()}
    contexts = {json.dumps(document.get("@context"), sort_keys=True) for document in documents.values()}
    shared = contexts.pop() if len(contexts) == 1 else None
    begin, end = ("[", "]") if shared in (None, "null") else (f'{{"@context": {shared}, "@graph": [', "]}")
    made = []
    for number, document in documents.items():
        members = _members(document)
        if begin != "[":
            for member in members:
                member.pop("@context")
        line = ", ".join(json.dumps(member, ensure_ascii=False) for member in members)
        made.append(_BLANK_NODE.sub(rf'"_:line{number}-\1"', line))
    placed = iter(made)
    whole = [next(placed) if line.strip() else "" for line in lines]
    first, last = min(documents, default=1), max(documents, default=1)
    for number in documents:
        if number != last:
            whole[number - 1] += ","
    whole[first - 1] = begin + whole[first - 1]
    whole[last - 1] += end
    return "\n".join(whole)


def _members(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The document, or what stands in the ``@graph`` that is all of it, which a list of documents would give a name."""
    graph = document.get("@graph")
    if document.keys() - {"@context"} != {"@graph"} or not isinstance(graph, list) or not graph:
        return [document]
    if not all(isinstance(member, dict) and "@context" not in member for member in graph):
        return [document]
    context = {"@context": document["@context"]} if "@context" in document else {}
    return [{**context, **member} for member in graph]


def _parsed(line: str, number: int, source: str) -> dict[str, Any]:
    try:
        document = parse_json(line, source)
    except DocumentSyntaxError as error:
        raise DocumentSyntaxError(
            error.detail,
            where=replace(error.where or Place(source=source), line=number),
            remedy="Each line is a JSON document of its own, without line breaks in it.",
        ) from error
    if not isinstance(document, dict):
        raise DocumentSyntaxError(
            "the line is no JSON object.",
            where=Place(source=source, line=number),
            remedy="Write one JSON-LD document on each line, from { to }.",
        )
    return document
