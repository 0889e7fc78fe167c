"""Queries as far as they were answered before: what is left to evaluate of them while the members' data is the same.

From a query, what the members say they hold, and what they sent follows what is evaluated in the last step. To find
that again (the plan, the parts that are kept, the statements that their rows make) takes many times what evaluating a
small query does. So the last step is kept beside the parts, and evaluated each time: its answer never is. It counts
only for the very summaries it was planned with, and the versions of the members' data are seen to as for any plan.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from node.federation.calling.meter import Tally
from node.federation.fetching.cache import Kept
from node.federation.fetching.scratch import Load, size_of
from node.federation.members.completeness import Completeness, MemberReport, judged
from node.federation.members.directory import Directory
from node.federation.members.releases import ReleaseDifference
from node.federation.members.source import Source
from node.sparql.algebra import Form, Query

#: Statements of more bytes are not written out to be kept: to plan and to write them is little beside loading them.
_MOST_BYTES = 2_000_000
#: Why a member was not asked.
PRUNED = "by its summary it holds nothing that the query could use"


@dataclass(frozen=True)
class LastStep:
    """What is evaluated here: a query over ``triples`` (N-Triples) and ``quads`` (N-Quads), in pieces."""

    text: str
    triples: Load = ()
    quads: Sequence[bytes] = ()


@dataclass(frozen=True)
class Prepared:
    """A last step, and how many rows of each member took part in it; of one that was asked in vain none."""

    step: LastStep
    rows: Mapping[str, int]
    #: Of an answer that needs nobody to be asked, once there was one.
    completeness: list[Completeness] = field(default_factory=list)


@dataclass(frozen=True)
class AsBefore:
    """What is left of a query that was answered before, and the releases in which the members differ."""

    prepared: Prepared
    differences: tuple[ReleaseDifference, ...]

    def completeness(self, sources: Iterable[Source]) -> Completeness:
        """What the answer is worth, and what each member did for it, which is nothing now. The same each time."""
        kept, rows = self.prepared.completeness, self.prepared.rows
        if not kept:
            kept.append(judged(tuple(_report(source, rows) for source in sources)))
        return kept[0]


def _report(source: Source, rows: Mapping[str, int]) -> MemberReport:
    number, name, endpoint = rows.get(source.name), source.name, source.endpoint
    if number is None:
        return MemberReport.of(name, endpoint, "pruned", None, PRUNED)
    return MemberReport.of(name, endpoint, "answered" if number else "empty", Tally(rows=number))


class PreparedQueries:
    """Last steps by query. Safe to use from several threads."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def get(self, query: Query, directory: Directory) -> Prepared | None:
        """The last step of a query over members that say of themselves what is in ``directory``, or None."""
        found = cast("tuple[weakref.ref[Directory], Prepared] | None", self._kept.get(_key(query)))
        # Another directory may have other members, and has other versions of their data.
        return found[1] if found is not None and found[0]() is directory else None

    def put(self, query: Query, directory: Directory, prepared: Prepared) -> Prepared:
        """Keep a last step if it is small; the same, to be evaluated now."""
        if not may_be_prepared(query, directory):
            return prepared
        step, size = prepared.step, len(prepared.step.text) + sum(map(len, prepared.step.quads))
        if size_of(step.triples) > _MOST_BYTES:
            return prepared
        pieces: list[bytes] = []
        for piece in step.triples:
            size += len(piece)
            if size > _MOST_BYTES or not self._kept.takes(size):
                return prepared
            pieces.append(piece)
        prepared = Prepared(LastStep(step.text, pieces, step.quads), prepared.rows)
        self._kept.put(_key(query), (weakref.ref(directory), prepared), size)
        return prepared


def may_be_prepared(query: Query, directory: Directory) -> bool:
    """Whether the last step follows from the members' data: not from evaluating a part of the query, as for DESCRIBE,
    nor from the data of a member that does not say what it holds."""
    return query.form is not Form.DESCRIBE and not directory.silent


def _key(query: Query) -> Hashable:
    return query.text, query.base, query.dataset
