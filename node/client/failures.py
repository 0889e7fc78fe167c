"""A problem document (RFC 9457) of a node as the error that it was there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from node.errors import MemberError, NodeError, Place, ProtocolError


def error_of(problem: Mapping[str, Any], status: int, address: str) -> NodeError:
    """The error that a node sent: of the class whose slug ends the document's ``type``, its text and parts kept.

    A document of another service, or of a later release of ours, becomes the nearest class by its status.
    """
    slug = str(problem.get("type", "")).rpartition("/")[2]
    usual: type[NodeError] = ProtocolError if 400 <= status < 500 else NodeError
    kind = next((cls for cls in _tree(NodeError) if cls.slug == slug), usual)
    detail = str(problem.get("detail") or problem.get("title") or f"{address} answered {status}.")
    remedy = problem.get("remedy")
    remedy = remedy if isinstance(remedy, str) else None
    if issubclass(kind, MemberError):
        error: NodeError = kind(detail, member=str(problem.get("member", address)), remedy=remedy)
    else:
        error = kind(detail, where=_place(problem.get("where")), remedy=remedy)
    error.problem = problem
    return error


def _place(given: object) -> Place | None:
    if not isinstance(given, dict):
        return None
    texts = {k: given[k] for k in ("source", "record", "field") if isinstance(given.get(k), str)}
    numbers = {k: given[k] for k in ("line", "column") if isinstance(given.get(k), int)}
    return Place(**texts, **numbers)


def _tree(cls: type[NodeError]) -> Iterator[type[NodeError]]:
    yield cls
    for below in cls.__subclasses__():
        yield from _tree(below)
