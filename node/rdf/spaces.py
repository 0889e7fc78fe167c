"""Namespaces of IRIs, as summaries count them: prefixes, few enough to be published."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

#: What finds the namespace of an IRI as its first group: everything up to the last ``/``, ``#`` or ``:``, and the
#: identifier space of an OBO name (``NCIT_`` of ``NCIT_C4017``). The same in Python and in SPARQL's ``REPLACE``.
NAMESPACE = "^(.*[/#:](?:[A-Za-z]+_)?)[^/#:]*$"
#: The prefix that stands for blank nodes, and the one for literals.
BLANK, LITERAL = "_:", '"'

_NAMESPACE = re.compile(NAMESPACE, re.DOTALL)
# Scheme and authority, then steps of the path; an identifier space is one more step.
_STEPS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:(?://[^/?#]*/?)?|[^/#:]*[/#:]|[^/#:]+$")


@lru_cache(maxsize=20_000)
def namespace(iri: str) -> str:
    """The namespace of an IRI: a prefix of it; the whole of what is none."""
    found = _NAMESPACE.match(iri)
    return iri if found is None else found[1]


@lru_cache(maxsize=20_000)
def _steps(space: str) -> tuple[str, ...]:
    return tuple(_STEPS.findall(space))


def _cut(space: str, depth: int) -> str:
    """The first steps of a namespace, and of blank nodes what they are."""
    return space if space == BLANK else "".join(_steps(space)[:depth])


class Spaces:
    """How many IRIs there are in each of at most ``limit`` (two or more) namespaces, which hold every IRI counted.

    Where there would be more, all are cut to fewer steps of their paths, in the end to nothing, the prefix of
    every IRI. They stay so until they are counted anew: what is taken away is then found under the prefix that it was
    counted under, and no prefix goes as long as there is an IRI with it.
    """

    def __init__(self, limit: int, counts: Mapping[str, int] | None = None, depth: int | None = None) -> None:
        self._limit = limit
        self._counts = dict(counts or {})
        self._depth = depth

    @property
    def counts(self) -> dict[str, int]:
        """Prefix to number."""
        return self._counts

    @property
    def depth(self) -> int | None:
        """Of how many steps the prefixes are at most; None: of any number."""
        return self._depth

    def adjust(self, space: str, by: int) -> None:
        """There are so many more (or fewer) IRIs in this namespace."""
        if self._depth is not None:
            space = _cut(space, self._depth)
        counted = self._counts.get(space, 0) + by
        if counted:
            self._counts[space] = counted
        else:
            self._counts.pop(space, None)
        while len(self._counts) > self._limit:
            self._coarsen()

    def _coarsen(self) -> None:
        self._depth = max(len(_steps(space)) for space in self._counts if space != BLANK) - 1
        counts = self._counts
        self._counts = {}
        for space, number in counts.items():
            cut = _cut(space, self._depth)
            self._counts[cut] = self._counts.get(cut, 0) + number
