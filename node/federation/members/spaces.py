"""Namespaces as sets of prefixes: which IRIs a member can hold at one place of a pattern. Pure.

Besides prefixes of IRIs a set may hold ``BLANK`` and ``LITERAL``, for terms of those kinds.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Set
from functools import cached_property
from statistics import median
from typing import TypeAlias

from node.rdf.spaces import BLANK, LITERAL

Spaces: TypeAlias = frozenset[str]
NOWHERE: Spaces = frozenset()

# So many of those who have namespaces stand for all.
_SAMPLE = 20
# The namespace of a cell that is an IRI, and all that two literals or two blank nodes need to have in common.
_NAMESPACE = re.compile(rb'<.*[/#:](?:[A-Za-z]+_)?|"|_:', re.DOTALL)


def meet(first: Spaces, second: Spaces) -> Spaces:
    """What is in both: of two prefixes of which one begins with the other, the longer."""
    both = first & second
    if both in (first, second):
        return both
    left, right = first - both, second - both
    ours, theirs = Holders({"": left}), Holders({"": right})
    return both.union(
        (space for space in left if theirs.nearest(space) is not None),
        (space for space in right if ours.nearest(space) is not None),
    )


class Holders:
    """Who has which namespaces, to be found by the namespaces that they overlap with.

    ``held``: of each the namespaces, of those that say so and have any. ``unknown``: those that do not say. The index
    is made when it is needed first.
    """

    def __init__(self, held: Mapping[str, Spaces], unknown: frozenset[str] = frozenset()) -> None:
        self.held = held
        self.unknown = unknown

    def of(self, name: str) -> Spaces | None:
        """The namespaces of one; None: not known."""
        return None if name in self.unknown else self.held.get(name, NOWHERE)

    @cached_property
    def names(self) -> Mapping[str, Set[str]]:
        """By namespace, who has it."""
        names: dict[str, frozenset[str]] = {}
        for name, spaces in self.held.items():
            alone = frozenset((name,))
            for space in spaces:
                names[space] = names[space] | alone if space in names else alone
        return names

    @cached_property
    def spaces(self) -> Spaces:
        """All namespaces that anybody has."""
        return NOWHERE.union(*self.held.values())

    @cached_property
    def apart(self) -> bool:
        """Whether no two of them can have the same IRI or literal; blank nodes are never the same."""
        return all(len(self.overlapping(space)) < 2 for space in self.spaces if space != BLANK)

    @cached_property
    def spread(self) -> float:
        """How many of them may have an IRI that one of them has: the median of a sample of namespaces."""
        sample = list(self.held.values())[:: max(1, len(self.held) // _SAMPLE)]
        return float(median([len(self.overlapping(space)) for spaces in sample for space in spaces] or [1]))

    @property
    def nested(self) -> bool:
        """Whether a namespace is within another one."""
        return any(parent is not None for parent in self._parents.values())

    def overlapping(self, space: str) -> Set[str]:
        """Who has a namespace in which an IRI of this one can be."""
        if space in self.names:
            inside = self._inside.get(space)
            return self._around[space] | inside if inside else self._around[space]
        found = set(self._around.get(self.nearest(space), ()))
        at = bisect_left(self._sorted, space)
        while at < len(self._sorted) and self._sorted[at].startswith(space):
            found |= self.names[self._sorted[at]]
            at += 1
        return found

    def having(self, iri: str) -> Set[str]:
        """Who may have this IRI, those included that do not say."""
        return self.unknown.union(self._around.get(self.nearest(iri), ()))

    def nearest(self, space: str) -> str | None:
        """The longest of the namespaces that this one, or this IRI, is or is within."""
        at = bisect_right(self._sorted, space)
        found = self._sorted[at - 1] if at else None
        # Whatever is around it is also around the one that stands before it.
        while found is not None and not space.startswith(found):
            found = self._parents[found]
        return found

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.names)

    @cached_property
    def _parents(self) -> dict[str, str | None]:
        """By namespace, the next one that it is within; in order."""
        parents: dict[str, str | None] = {}
        above: list[str] = []
        # Those that are within one stand after it, side by side.
        for space in self._sorted:
            while above and not space.startswith(above[-1]):
                above.pop()
            parents[space] = above[-1] if above else None
            above.append(space)
        return parents

    @cached_property
    def _around(self) -> dict[str | None, Set[str]]:
        """By namespace, who has it or one that it is within."""
        around: dict[str | None, Set[str]] = {}
        for space, parent in self._parents.items():
            around[space] = self.names[space] if parent is None else around[parent] | self.names[space]
        return around

    @cached_property
    def _inside(self) -> dict[str, set[str]]:
        """By namespace, who has one that is within it, where there are any."""
        inside: dict[str, set[str]] = {}
        for space, parent in reversed(self._parents.items()):
            if parent is not None:
                inside.setdefault(parent, set()).update(self.names[space], inside.get(space, ()))
        return inside


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

    @cached_property
    def named(self) -> frozenset[bytes]:
        """Those that are IRIs."""
        return frozenset(value for value in self._values if value.startswith(b"<"))

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
