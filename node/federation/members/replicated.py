"""Several members that hold the same, as one source: any of them may answer for all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

from node.errors import MemberError
from node.federation.calling.meter import Meter, Turn
from node.federation.calling.rows import Table
from node.federation.members.completeness import MemberReport
from node.federation.members.hedging import PART, Extra, Race, too_late
from node.federation.members.source import Recalled
from node.federation.members.sources import RemoteSource
from node.federation.members.summaries import Summary
from node.rdf.formats import Format
from node.store.quads import Answer, Generation

T = TypeVar("T")

#: What a look at a replica that is not asked may take at most, in seconds.
_LOOK_SECONDS = 5.0
#: A replica that fails counts as what it was if it was seen so many seconds before it first failed.
SEEN_SECONDS = 300.0
#: Of the answer to a whole query so much is taken before any of it is passed on.
_HELD_BYTES = 4_000_000


@dataclass(frozen=True)
class Seen:
    """What a member has said it holds ``at`` that monotonic time, and its failure when it was asked for it just now.

    ``digest`` is of what it holds, None where that is not known; of one that fails, of what it held. So are ``graphs``,
    by name.
    """

    member: RemoteSource
    digest: str | None
    said: Summary | None
    at: float
    error: MemberError | None
    graphs: Mapping[str, str] = field(default_factory=dict)


def stood_for(member: RemoteSource) -> bool:
    """Whether what a member that fails held when it was seen last counts."""
    return member.unseen_before_failing < SEEN_SECONDS


def look_time(member: RemoteSource, meter: Meter) -> Turn:
    return Turn(meter, min(_LOOK_SECONDS, meter.remaining() * PART), lambda: too_late(member))


class Replicated:
    """Members in step, as one source with the name of the first. Made for one plan of one query.

    ``since``: when that began (monotonic time). Those that no lease shows to be as they were are looked at at once.
    ``summary`` is what all of them hold, with a version that is of the digest.
    """

    exportable = True
    #: Only nodes like this one have digests.
    skolemised = True
    alike = True
    #: It says what it holds.
    guess = None

    def __init__(
        self,
        seen: Sequence[Seen],
        executor: Executor,
        extra: Extra,
        meter: Meter,
        *,
        since: float,
        summary: Summary,
    ) -> None:
        self.members = tuple(known.member for known in seen)
        self.name = self.members[0].name
        self.endpoint = self.members[0].endpoint
        self._digest = seen[0].digest
        self._executor = executor
        self._extra = extra
        self._lock = threading.Lock()
        self._failed = {known.member.name: known.error for known in seen if known.error is not None}
        self._answering: list[str] = []
        self._versions = {known.member.name: known.said.version for known in seen if known.said is not None}
        self._looks: dict[str, Future[Summary | None]] = {
            known.member.name: executor.submit(known.member.summary, look_time(known.member, meter))
            for known in seen
            if known.error is None and known.at < since
        }
        self._summary = summary

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names."""
        return tuple(member.name for member in self.members)

    def recalled(self) -> Recalled | None:
        """What all of them hold. It was seen when the last of them was; 0.0 while that is awaited."""
        return Recalled(self._summary, time.monotonic() if self._is_seen() else 0.0)

    def summary(self, meter: Meter) -> Summary | None:  # noqa: ARG002 - the looks have begun with times of their own
        """What all of them hold now, another version when one has changed. Raises MemberError when all fail."""
        for name, look in self._looks.items():
            try:
                found = look.result()
            except MemberError as error:
                with self._lock:
                    self._failed.setdefault(name, error)
                if not stood_for(next(member for member in self.members if member.name == name)):
                    raise
                continue
            if found is None or found.digest != self._digest:
                return replace(self._summary, version="changed", digest=None)
        with self._lock:
            if len(self._failed) == len(self.members):
                raise self._failed[self.name]
        return self._summary

    def _is_seen(self) -> bool:
        return not self._looks and len(self._failed) < len(self.members)

    def forget(self) -> None:
        for member in self.members:
            member.forget()

    def select(self, text: str, columns: tuple[str, ...], meter: Meter) -> Table:
        return self._unversioned(self._first(lambda member, turn: member.select(text, columns, turn), meter))

    def ask(self, text: str, meter: Meter) -> bool:
        return self._first(lambda member, turn: member.ask(text, turn), meter)[1]

    def begin(self, text: str, columns: tuple[str, ...], meter: Meter) -> None:
        """Nothing: whoever waits for the one must be able to turn to another."""

    def begin_whole(self, text: str, formats: tuple[Format, Format], read: Callable[[Answer], T], meter: Meter) -> None:
        """Nothing, as ``begin``."""

    @contextmanager
    def answer(self, text: str, formats: tuple[Format, Format], meter: Meter) -> Iterator[Answer]:
        def opened(member: RemoteSource, turn: Meter) -> _Begun:
            with ExitStack() as stack:
                answer = stack.enter_context(member.answer(text, formats, turn))
                pieces = iter(answer)
                held: list[bytes] = []
                size = 0
                for piece in pieces:
                    held.append(piece)
                    size += len(piece)
                    if size >= _HELD_BYTES:
                        break
                return _Begun(answer, held, pieces, stack.pop_all())

        member, begun = self._first(opened, meter, discard=lambda made: made.stack.close())
        with begun.stack:
            yield _Passed(begun, self._unexpected(member, getattr(begun.answer, "version", None)))

    def _unversioned(self, made: tuple[RemoteSource, Table]) -> Table:
        """An answer with its version only where the plan did not count on it: it says nothing of the other replicas."""
        member, table = made
        return replace(table, version=self._unexpected(member, table.version))

    def _unexpected(self, member: RemoteSource, version: str | None) -> str | None:
        return None if version == self._versions.get(member.name, "") else version or "not said"

    def reports(self, group: MemberReport, meter: Meter) -> Iterator[MemberReport]:
        """What each replica did, from the report on all of them as one; ``meter`` is that of the query."""
        # What was kept of earlier answers stands for all; it is told of the one that would have been asked.
        answering = self._answering or [self._order()[0].name]
        with self._lock:
            failed = dict(self._failed)
        for member in self.members:
            verdict, reason = group.verdict, group.reason
            error = failed.get(member.name)
            if group.lost:
                reason = reason if error is None else error.detail
                verdict = verdict if error is None else error.outcome
            elif verdict == "pruned":
                reason = reason if error is None else f"{reason}; it could not be seen now: {error.detail}"
            elif member.name not in answering:
                verdict, reason = "pruned", f"it is a replica of {answering[-1]}, which was asked"
                if error is not None:
                    reason = f"{reason} in its place: {error.detail}"
            yield MemberReport.of(member.name, member.endpoint, verdict, meter.tallies.get(member.name), reason)

    def _order(self) -> list[RemoteSource]:
        """The one to ask first, and the others: who does not fail, who has answered this query, who is near."""
        with self._lock:
            failed, last = set(self._failed), self._answering[-1:]
        return sorted(self.members, key=lambda m: (m.open, m.name in failed, m.name not in last, m.waits.distance))

    def _first(
        self,
        work: Callable[[RemoteSource, Meter], T],
        meter: Meter,
        discard: Callable[[T], None] | None = None,
    ) -> tuple[RemoteSource, T]:
        race = Race(work, meter, self._executor, self._extra, failed=self._note, discard=discard)
        member, made = race.run(self._order())
        with self._lock:
            self._failed.pop(member.name, None)
            self._answering = [*(name for name in self._answering if name != member.name), member.name]
        return member, made

    def _note(self, member: RemoteSource, error: MemberError) -> None:
        with self._lock:
            self._failed.setdefault(member.name, error)


@dataclass(frozen=True)
class _Begun:
    """An answer to a whole query of which the first pieces are here. ``stack`` closes it."""

    answer: Answer
    held: list[bytes]
    rest: Iterator[bytes]
    stack: ExitStack


class _Passed:
    """A replica's answer passed on. ``version`` is that of another member's data than the plan counts on, or None."""

    def __init__(self, begun: _Begun, version: str | None) -> None:
        self._begun = begun
        self.format: Format = begun.answer.format
        self.generation: Generation = begun.answer.generation
        self.version = version

    def __iter__(self) -> Iterator[bytes]:
        return chain(self._begun.held, self._begun.rest)

    def close(self) -> None:
        self._begun.answer.close()
