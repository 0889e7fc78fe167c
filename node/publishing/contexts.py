"""Pinned JSON-LD contexts: the only ones a document may refer to. Nothing is ever fetched (JSON-LD 1.1, section 3.1).

A remote context is code from a stranger: whoever serves it decides what the partner's document means. So a
reference to a context that ships with this node is replaced by its content, and any other is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Set
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

from node.errors import ContextNotPinned, DocumentSyntaxError, Place, Unsupported
from node.resources import resource

#: The permanent address of the context, the same at every node.
PERMANENT = "https://w3id.org/onconode/context/v1.jsonld"
#: The path under a node's base at which it serves the context.
PATH = "context/v1.jsonld"

# RFC 3986, appendix B: scheme and authority, path, and the rest of an absolute IRI.
_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:(?://[^/?#]*)?)([^?#]*)(.*)", re.DOTALL)
# The addresses under which CodeMeta's contexts go.
_CODEMETA = re.compile(
    r"https?://(doi\.org/(doi:)?10\.5063/schema/codemeta-2\.0|purl\.org/codemeta/2\.0|w3id\.org/codemeta/v?3\.[01])/?"
)

_SCHEMA = re.compile(r"https?://(www\.)?schema\.org/?")

# Each reference is replaced by some kilobytes of context; a document needs one.
_MOST_REFERENCES = 2_000

#: A step from a JSON value to one inside it, linked to the steps before it. None is the top.
Steps = tuple["Steps", str | int] | None


def pointer(steps: Steps) -> str:
    """The steps as a JSON pointer (RFC 6901); ``/`` for the document itself."""
    parts: list[str] = []
    while steps is not None:
        steps, step = steps
        parts.append(str(step).replace("~", "~0").replace("/", "~1"))
    return "/" + "/".join(reversed(parts))


@lru_cache(maxsize=1)
def context_text() -> str:
    """The context document as it is served, ``{"@context": …}``."""
    return resource("ontologies/context/v1.jsonld").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def context_v1() -> dict[str, Any]:
    """The value of ``@context`` in the node's context document. Shared: do not change it."""
    content: dict[str, Any] = json.loads(context_text())["@context"]
    return content


@lru_cache(maxsize=1)
def codemeta() -> dict[str, Any]:
    """The terms of CodeMeta that this node knows, with their meaning in CodeMeta. Shared: do not change it."""
    text = resource("ontologies/context/codemeta.jsonld").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)["@context"]
    return content


class PinnedContexts:
    """The contexts that documents sent to the node with this base may name."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.names = (PERMANENT, base + PATH)

    def get(self, reference: str) -> dict[str, Any] | None:
        """The context that a reference (absolute, or relative to the node's base) names, None if not pinned."""
        if _CODEMETA.fullmatch(reference):
            return codemeta()
        return context_v1() if urljoin(self.base, reference) in self.names else None

    def substitute(self, document: Any, source: str) -> int:
        """Replace, in place, every reference to a pinned context in a JSON-LD document by the context itself.

        Covers contexts of nested objects, lists of contexts, scoped contexts and ``@import``. Returns how many were
        replaced. Raises ContextNotPinned for a reference to any other, DocumentSyntaxError for an ``@import`` that is
        none, Unsupported for thousands of references.
        """
        replaced = 0
        literals: set[str] = set()
        for holder, steps in objects(document, literals):
            if "@context" in holder:
                holder["@context"], count = self._inlined(holder["@context"], source, (steps, "@context"))
                literals |= _json_terms(holder["@context"])
                replaced += count
                if replaced > _MOST_REFERENCES:
                    raise Unsupported(
                        f"the document names its context more than {_MOST_REFERENCES:,} times.",
                        where=Place(source=source, record=pointer(steps)),
                        remedy='Write it once, at the top: {"@context": …, "@graph": […]}.',
                    )
        return replaced

    def _inlined(self, context: Any, source: str, steps: Steps) -> tuple[Any, int]:
        if isinstance(context, str):
            return self._named(context, source, steps), 1
        if isinstance(context, list):
            if any(isinstance(part, str) and _CODEMETA.fullmatch(part) for part in context):
                # schema.org's own context often stands beside CodeMeta's, which has the same words
                context = [p for p in context if not (isinstance(p, str) and _SCHEMA.fullmatch(p))]
            parts = [self._inlined(part, source, (steps, i)) for i, part in enumerate(context)]
            return [part for part, _ in parts], sum(count for _, count in parts)
        if not isinstance(context, dict):
            return context, 0
        content = dict(context)
        if isinstance(content.get("@base"), str):
            content["@base"] = _without_dots(content["@base"])
        replaced = 0
        if "@import" in content:
            # JSON-LD 1.1, section 4.1.10: what the importing context says wins
            imported = content.pop("@import")
            if not isinstance(imported, str):
                raise DocumentSyntaxError(
                    "@import is not the address of a context.", where=Place(source=source, record=pointer(steps))
                )
            content = {**self._named(imported, source, (steps, "@import")), **content}
            replaced += 1
        for term, definition in content.items():
            if isinstance(definition, dict) and "@context" in definition:
                scoped, count = self._inlined(definition["@context"], source, ((steps, term), "@context"))
                content[term] = {**definition, "@context": scoped}
                replaced += count
        return content, replaced

    def _named(self, reference: str, source: str, steps: Steps) -> dict[str, Any]:
        known = self.get(reference)
        if known is None:
            raise ContextNotPinned(
                f"the document needs the context {reference!r}, and this node never fetches one.",
                where=Place(source=source, record=pointer(steps)),
                remedy=f"Use {' or '.join(self.names)}, or write the context into the document.",
            )
        return known


def _without_dots(iri: str) -> str:
    """An absolute IRI without ``.`` and ``..`` among its folders (RFC 3986, section 5.2.4); another text as it is.

    pyoxigraph takes an ``@base`` with them as it stands, so that ``a`` would become ``http://example.org/./a``.
    """
    match = _ABSOLUTE.fullmatch(iri)
    if match is None or "/." not in match[2]:
        return iri
    kept: list[str] = []
    *folders, last = match[2].split("/")[1:]
    for folder in folders:
        if folder == "..":
            kept = kept[:-1]
        elif folder != ".":
            kept.append(folder)
    return f"{match[1]}/{'/'.join([*kept, last])}{match[3]}"


def _json_terms(context: Any) -> set[str]:
    """The terms that a context defines as JSON literals, whose values no context applies to."""
    parts = context if isinstance(context, list) else [context]
    return {
        term
        for part in parts
        if isinstance(part, dict)
        for term, definition in part.items()
        if isinstance(definition, dict) and definition.get("@type") == "@json"
    }


def objects(document: Any, literals: Set[str] = frozenset()) -> Iterator[tuple[dict[str, Any], Steps]]:
    """Every JSON object of a JSON-LD document body with the steps to it, outermost first.

    Contexts and the values of ``@value`` are not part of the body, nor is what stands under the keys ``literals``,
    which may become more on the way.
    """
    stack: list[tuple[Any, Steps]] = [(document, None)]
    while stack:
        value, steps = stack.pop()
        if isinstance(value, dict):
            yield value, steps
            stack.extend(
                (child, (steps, key))
                for key, child in reversed(value.items())
                if isinstance(child, dict | list) and key not in ("@context", "@value") and key not in literals
            )
        elif isinstance(value, list):
            stack.extend(
                (child, (steps, i)) for i, child in reversed(list(enumerate(value))) if isinstance(child, dict | list)
            )
