"""Members all of whose data another member holds, graph by graph: they are looked at, and need not be asked.

A member's data are its named graphs, the default graph being their merge. Where the digest of each of them is also that
of a graph of the same name at another member, all that any query could find at the one it finds at the other: triples,
names of graphs, and what ``FROM`` and ``GRAPH`` mean by them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TypeVar

from node.errors import MemberError
from node.federation.calling.begun import Begun
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table
from node.federation.members.completeness import MemberReport
from node.federation.members.local_source import LocalSource
from node.federation.members.replicated import Replicated, look_time, stood_for
from node.federation.members.source import Recalled, Source
from node.federation.members.sources import RemoteSource
from node.federation.members.summaries import Summary
from node.rdf.formats import Format
from node.store.quads import Answer

T = TypeVar("T")


@dataclass(frozen=True)
class Holding:
    """What a source holds: its digest and those of its graphs; ``error`` where that is what it held when seen last.

    ``said`` is the summary that says so, None where it is not at hand.
    """

    digest: str
    graphs: Mapping[str, str]
    said: Summary | None = None
    error: MemberError | None = None


class Covered:
    """A source that ``holder`` holds all of, as one that adds nothing, and whose version is its digest.

    Made for one plan of one query. One that fails is what it was when it was seen last, as a replica is.
    """

    exportable = True
    #: It says what it holds.
    guess = None
    #: As far as it adds anything.
    skolemised = True
    alike = True

    def __init__(self, source: Source, holding: Holding, holder: str, holder_digest: str, nothing: Summary) -> None:
        self.name = source.name
        self.endpoint = source.endpoint
        self.holder = holder
        self.graphs = holding.graphs
        self._holder_digest = holder_digest
        self._source = source
        self._digest = holding.digest
        self._error = holding.error
        self._nothing = nothing

    @property
    def members(self) -> tuple[Source, ...]:
        """The member, or the replicas that it is."""
        return self._source.members if isinstance(self._source, Replicated) else (self._source,)

    def stands(self, summaries: Mapping[str, Summary | None]) -> bool:
        """Whether what the holder is planned with, by name, still is what holds all of this one."""
        planned = summaries.get(self.holder)
        return planned is not None and planned.digest == self._holder_digest

    def recalled(self) -> Recalled | None:
        if self._error is not None:
            return Recalled(self._nothing, time.monotonic())
        recalled = self._source.recalled()
        same = recalled is not None and recalled.summary is not None and recalled.summary.digest == self._digest
        return Recalled(self._nothing, recalled.at if same and recalled is not None else 0.0)

    def summary(self, meter: Meter) -> Summary | None:
        """That it adds nothing, another version when it has changed. Raises MemberError as replicas do."""
        if self._error is not None:
            return self._nothing
        remote = [member for member in self.members if isinstance(member, RemoteSource)]
        try:
            found = self._source.summary(look_time(remote[0], meter))
        except MemberError as error:
            if not all(map(stood_for, remote)):
                raise
            self._error = error
            return self._nothing
        same = found is not None and found.digest == self._digest
        return self._nothing if same else replace(self._nothing, version="changed")

    def forget(self) -> None:
        self._source.forget()

    def select(self, text: str, columns: tuple[str, ...], meter: Meter) -> Table:
        return self._source.select(text, columns, meter)

    def ask(self, text: str, meter: Meter) -> bool:
        return self._source.ask(text, meter)

    def answer(self, text: str, formats: tuple[Format, Format], meter: Meter) -> AbstractContextManager[Answer]:
        return self._source.answer(text, formats, meter)

    def begin(self, text: str, columns: tuple[str, ...], meter: Meter) -> Begun[Table | bool] | None:
        return self._source.begin(text, columns, meter)

    def begin_whole(
        self, text: str, formats: tuple[Format, Format], read: Callable[[Answer], T], meter: Meter
    ) -> Begun[T] | None:
        return self._source.begin_whole(text, formats, read, meter)

    def reports(self, group: MemberReport, meter: Meter) -> Iterator[MemberReport]:
        """What each of the members did, from the report on them as one; ``meter`` is that of the query."""
        reason = f"{self.holder} holds all of it"
        if self._error is not None:
            reason = f"{reason}; it could not be seen now: {self._error.detail}"
        for member in self.members:
            # What it gave for an earlier plan of the query takes no part.
            verdict, said = (group.verdict, group.reason) if group.lost else ("pruned", reason)
            yield MemberReport.of(member.name, member.endpoint, verdict, meter.tallies.get(member.name), said)

    def held_of(self, table: Table) -> Table:
        """Of what the holder has, with the graphs it has it in, what this one has in graphs of its own."""
        return table.where([("g", {f"<{graph}>".encode() for graph in self.graphs}, False)])


def covered(
    sources: Sequence[Source],
    holding: Callable[[Source], Holding | None],
    nothing: Callable[[str, Holding], Summary],
    apart: Collection[str],
) -> list[Source]:
    """These sources, those of which another one holds everything as ``Covered``.

    Only one that is declared to mirror a member, or this node itself, leaves that out. ``holding`` tells what each
    holds, as far as that is of use; ``nothing`` makes the summary of one that adds nothing. Those named in ``apart``
    neither are left out nor leave others out.
    """
    around = {source.name: source for source in sources if source.name not in apart}
    held = {name: known for name, source in around.items() if (known := holding(source)) is not None and known.graphs}
    holders: dict[str, list[str]] = {}
    for name in held:
        for mirrored in mirror_of(around[name]):
            holders.setdefault(mirrored, []).append(name)
    own = [name for name in held if isinstance(around[name], LocalSource)]
    by: dict[str, str] = {}
    # What holds one that fails is found first: that holds what it should stand for.
    for name in sorted(held.keys() - set(own), key=lambda name: (held[name].error is None, name)):
        for holder in own + holders.get(name, []):
            # What a holder is itself left out for holds all of it, too. None stands for itself in this way, and one
            # that fails has nothing to give.
            last = by.get(holder, holder)
            if last == name or held[last].error is not None:
                continue
            if held[name].graphs.items() <= held[holder].graphs.items():
                by |= {other: last for other, one in by.items() if one == name} | {name: last}
                break

    def made(source: Source) -> Source:
        if (holder := by.get(source.name)) is None:
            return source
        known = held[source.name]
        return Covered(source, known, holder, held[holder].digest, nothing(source.name, known))

    return [made(source) for source in sources]


def mirror_of(source: Source) -> tuple[str, ...]:
    """The members that, as its operator says, a source mirrors."""
    if isinstance(source, Replicated):
        return source.members[0].mirror_of
    return source.mirror_of if isinstance(source, RemoteSource) else ()
