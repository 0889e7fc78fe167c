"""Namespaces as sets of prefixes: which IRIs a member can hold at one place of a pattern. Pure.

Besides prefixes of IRIs a set may hold ``BLANK`` and ``LITERAL``, for terms of those kinds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from node.rdf.spaces import BLANK, LITERAL

Spaces: TypeAlias = frozenset[str]


def meet(first: Spaces, second: Spaces) -> Spaces:
    """What is in both: of two prefixes of which one begins with the other, the longer."""
    both = first & second
    if both in (first, second):
        return both
    return both.union(*(_longer(a, b) for a in first - both for b in second))


def overlap(space: str, spaces: Iterable[str]) -> bool:
    """Whether an IRI can be in the namespace and in one of the others."""
    return any(space.startswith(other) or other.startswith(space) for other in spaces)


def _longer(a: str, b: str) -> set[str]:
    if a.startswith(b):
        return {a}
    return {b} if b.startswith(a) else set()


def prefixes(spaces: Spaces) -> tuple[bytes, ...]:
    """What the cells (``rows``) of terms in these namespaces begin with."""
    return tuple(s.encode() if s in (BLANK, LITERAL) else b"<" + s.encode() for s in spaces)
