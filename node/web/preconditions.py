"""Strong ETags of graphs and the conditions that requests set on them (RFC 9110, sections 8.8 and 13)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from werkzeug.datastructures import Headers

from node.errors import PreconditionFailed
from node.rdf.formats import GRAPH_FORMATS, Format
from node.store.quads import GraphState
from node.web.negotiation import CODINGS

_ENTITY_TAG = re.compile(r'(W/)?"([^"]*)"')


def graph_tag(state: GraphState, format_: Format, coding: str | None) -> str:
    """The ETag of a graph in a format and a content coding: each of these is other bytes (section 8.8.3.3)."""
    return f"{state.version}-{format_.name}" + (f"-{coding}" if coding else "")


@dataclass(frozen=True)
class Preconditions:
    """The headers ``If-Match`` and ``If-None-Match`` as they were sent; None for one that was not."""

    match: str | None = None
    none_match: str | None = None

    @classmethod
    def of(cls, headers: Headers) -> Self:
        """Those of a request."""
        return cls(headers.get("If-Match"), headers.get("If-None-Match"))

    def require_match(self, state: GraphState | None) -> None:
        """Raises PreconditionFailed unless ``If-Match`` names the graph as it is, in whatever format (section 13.1.1).

        The comparison is strong; None is for a graph that is not there.
        """
        if self.match is None:
            return
        named = [tag for weak, tag in _ENTITY_TAG.findall(self.match) if not weak]
        if state is None or (self.match.strip() != "*" and not _tags(state, GRAPH_FORMATS).intersection(named)):
            raise PreconditionFailed(
                "the graph is not what the header If-Match says.", remedy="Fetch it again, and change that."
            )

    def require(self, state: GraphState | None) -> None:
        """The same for a change, which ``If-None-Match`` forbids when it names the graph as it is (section 13.1.2)."""
        self.require_match(state)
        if state is not None and self.known(state, GRAPH_FORMATS) is not None:
            raise PreconditionFailed(
                "the graph is what the header If-None-Match says it must not be.",
                remedy="With '*', choose the name of a graph that is not there yet.",
            )

    def known(self, state: GraphState, formats: Iterable[Format]) -> str | None:
        """The ETag of the graph in one of these formats that ``If-None-Match`` names, None when it names none.

        The comparison is weak; ``*`` names whatever there is.
        """
        if self.none_match is None:
            return None
        tags = _tags(state, formats)
        if self.none_match.strip() == "*":
            return min(tags, key=len)
        return next((tag for _, tag in _ENTITY_TAG.findall(self.none_match) if tag in tags), None)


def _tags(state: GraphState, formats: Iterable[Format]) -> set[str]:
    return {graph_tag(state, format_, coding) for format_ in formats for coding in (None, *CODINGS)}
