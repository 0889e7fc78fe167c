"""Namespaces as sets of prefixes: which IRIs a member can hold at one place of a pattern. Pure.

Besides prefixes of IRIs a set may hold ``BLANK`` and ``LITERAL``, for terms of those kinds.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from node.rdf.spaces import BLANK, LITERAL

Spaces: TypeAlias = frozenset[str]

# The namespace of a cell that is an IRI, and all that two literals or two blank nodes need to have in common.
_NAMESPACE = re.compile(rb'<.*[/#:](?:[A-Za-z]+_)?|"|_:', re.DOTALL)


def meet(first: Spaces, second: Spaces) -> Spaces:
    """What is in both: of two prefixes of which one begins with the other, the longer."""
    both = first & second
    if both in (first, second):
        return both
    left, right = first - both, second - both
    ours, theirs = Holders({"": left}), Holders({"": right})
    return both.union((s for s in left if theirs.around(s)), (s for s in right if ours.around(s)))


class Holders:
    """Who has which namespaces, to be found by the namespaces that they overlap with."""

    def __init__(self, held: Mapping[str, Spaces]) -> None:
        self._names: dict[str, set[str]] = {}
        for name, spaces in held.items():
            for space in spaces:
                self._names.setdefault(space, set()).add(name)
        self._sorted = sorted(self._names)
        self._lengths = sorted({len(space) for space in self._names})

    @property
    def spaces(self) -> Iterable[str]:
        """All namespaces that anybody has."""
        return self._sorted

    def overlapping(self, space: str) -> set[str]:
        """Who has a namespace in which an IRI of this one can be."""
        found: set[str] = set()
        for prefix in self.around(space):
            found |= self._names[prefix]
        # Those that begin with it stand side by side.
        at = bisect_left(self._sorted, space)
        while at < len(self._sorted) and self._sorted[at].startswith(space):
            found |= self._names[self._sorted[at]]
            at += 1
        return found

    def around(self, space: str) -> list[str]:
        """The namespaces there are that this one is, or is within."""
        lengths = (length for length in self._lengths if length <= len(space))
        return [prefix for length in lengths if (prefix := space[:length]) in self._names]


def prefixes(spaces: Spaces) -> tuple[bytes, ...]:
    """What the cells (``rows``) of terms in these namespaces begin with."""
    return tuple(s.encode() if s in (BLANK, LITERAL) else b"<" + s.encode() for s in spaces)


class Cells:
    """Values as cells (``rows``), grouped so that those of some namespaces are found without a look at each."""

    def __init__(self, values: frozenset[bytes]) -> None:
        self._values = values
        self._groups: dict[bytes, list[bytes]] = {}
        for value in values:
            found = _NAMESPACE.match(value)
            self._groups.setdefault(value if found is None else found[0], []).append(value)
        self._sorted = sorted(self._groups)
        self._lengths = sorted({len(space) for space in self._groups})

    def within(self, spaces: Spaces) -> frozenset[bytes]:
        """Those that can be in one of these namespaces, and some more: a namespace may go on within that of a group."""
        chosen: set[bytes] = set()
        for prefix in prefixes(spaces):
            at = bisect_left(self._sorted, prefix)
            while at < len(self._sorted) and self._sorted[at].startswith(prefix):
                chosen.add(self._sorted[at])
                at += 1
            chosen.update(g for n in self._lengths if n < len(prefix) and (g := prefix[:n]) in self._groups)
        if len(chosen) == len(self._groups):
            return self._values
        return frozenset().union(*map(self._groups.__getitem__, chosen))
