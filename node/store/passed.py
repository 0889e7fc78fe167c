"""Errors on their way from the process of an update to the node: as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from node.errors import (
    Conflict,
    DocumentSyntaxError,
    NodeError,
    NotFound,
    Place,
    ProtocolError,
    QuerySyntaxError,
    QueryTooDeep,
    StoreError,
    TargetRefused,
    Unsupported,
)

_CLASSES: Mapping[str, type[NodeError]] = MappingProxyType(
    {
        cls.slug: cls
        for cls in (
            Conflict,
            DocumentSyntaxError,
            NotFound,
            ProtocolError,
            QuerySyntaxError,
            QueryTooDeep,
            StoreError,
            TargetRefused,
            Unsupported,
        )
    }
)


def to_json(error: NodeError) -> dict[str, Any]:
    """An error of an update as values that JSON has."""
    return {
        "slug": error.slug,
        "detail": error.detail,
        "where": None if error.where is None else asdict(error.where),
        "remedy": error.remedy,
    }


def from_json(passed: dict[str, Any]) -> NodeError:
    """The error again."""
    where = None if passed["where"] is None else Place(**passed["where"])
    return _CLASSES[passed["slug"]](passed["detail"], where=where, remedy=passed["remedy"])
