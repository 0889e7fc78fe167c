"""Requests of one query under way side by side: at most so many to each member, ended at the query's deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_EXCEPTION, Future, wait
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from node.errors import MemberError, MemberTimeout
from node.federation.calling.begun import Begun, arrivals
from node.federation.calling.meter import Meter, Turn
from node.federation.fetching.losses import Losses
from node.federation.members.workers import Workers

A = TypeVar("A")
T = TypeVar("T")

# Of the time that is left, members may take this part in one round where the query can go on without them.
_PART = 0.5


@dataclass(frozen=True)
class Request(Generic[A, T]):
    """One request to a member: begun without a thread, or done on one; ``took`` makes its result of the answer."""

    name: str
    begin: Callable[[], Begun[A] | None]
    ask: Callable[[], T]
    took: Callable[[A], T]

    def taken_later(self, begun: Begun[A]) -> T:
        """The result of what was begun, waited for."""
        return self.took(begun.answer())


class Dispatch:
    """Sends what a query asks of members, and waits for it; it goes on without a member that fails if ``losses`` takes
    that."""

    def __init__(self, names: Iterable[str], workers: Workers, meter: Meter, losses: Losses) -> None:
        self._workers = workers
        self._meter = meter
        self._losses = losses
        self._meters = {name: self._turn(name) for name in names} if losses.tolerated else {}

    def submit(self, name: str, ask: Callable[[Meter], T]) -> Future[T]:
        """Ask a member on a thread of its own."""
        return self._workers.submit(name, ask, self.meter_of(name))

    def together(self, requests: Sequence[Request[A, T]]) -> list[T | None]:
        """What comes of requests side by side; None for those of members that are lost.

        This thread waits for those that could be begun, others for what may take longer.
        """
        until = self._until()
        made: dict[int, T] = {}
        begun: dict[Begun[A], int] = {}
        futures: dict[Future[T], int] = {}
        try:
            for at, request in enumerate(requests):
                if (one := self._begun(request)) is None:
                    futures[self._workers.submit(request.name, request.ask)] = at
                else:
                    begun[one] = at
            for one in arrivals(list(begun), until, lambda: any(map(self._has_failed, futures))):
                request, result = requests[begun[one]], one.result()
                at = begun.pop(one)
                if result is None:
                    futures[self._workers.go_on(request.name, request.taken_later, one)] = at
                else:
                    self._workers.give(request.name)
                    made[at] = request.took(result)
            if time.monotonic() >= until:
                for at in begun.values():
                    self._lose(requests[at].name)
        except BaseException:
            self._meter.stop()
            raise
        finally:
            for one, at in begun.items():
                one.close()
                self._workers.give(requests[at].name)
        self.finish({future: requests[at].name for future, at in futures.items()}, until)
        made.update((at, future.result()) for future, at in futures.items() if requests[at].name not in self._losses)
        return [None if request.name in self._losses else made[at] for at, request in enumerate(requests)]

    def _begun(self, request: Request[A, T]) -> Begun[A] | None:
        """A request under way, in a place of its own; None where it is for a thread."""
        if not self._workers.take(request.name):
            return None
        one = None
        try:
            one = request.begin()
        finally:
            if one is None:
                self._workers.give(request.name)
        return one

    def _has_failed(self, future: Future[T]) -> bool:
        """Whether the query ends with what has been done by a thread."""
        error = future.exception() if future.done() else None
        return error is not None and not (self._losses.tolerated and isinstance(error, MemberError))

    def _until(self) -> float:
        """The moment (of monotonic time) at which a round of requests that begins now has to be over."""
        return time.monotonic() + self._meter.remaining() * (_PART if self._losses.tolerated else 1.0)

    def _lose(self, name: str) -> None:
        """A member that did not answer in time."""
        self._losses.add(name, self._too_late(name))
        self._meters[name].end_now()

    def finish(self, futures: Mapping[Future[Any], str], until: float | None = None) -> None:
        """Wait for all; end everything at the first failure that the query cannot do without, or at the deadline."""
        if until is None:
            until = self._until()
        finished, late = wait(
            list(futures),
            timeout=max(0.0, until - time.monotonic()),
            return_when=ALL_COMPLETED if self._losses.tolerated else FIRST_EXCEPTION,
        )
        try:
            # At the deadline, the member that was waited for counts, and not what had no time left to be sent.
            for future in sorted(finished, key=lambda done: not isinstance(done.exception(), MemberError)):
                error = future.exception()
                if isinstance(error, MemberError):
                    self._losses.add(futures[future], error)
                elif error is not None:
                    raise error
            sending = [futures[future] for future in late if self._meter.is_sending(futures[future])]
            if sending and not self._losses.tolerated:
                raise self._meter.timeout()
            for name in {futures[future]: None for future in late}:
                self._lose(name)
        except BaseException:
            self._meter.stop()
            raise
        finally:
            for future in late:
                future.cancel()

    def meter_of(self, name: str) -> Meter:
        return self._meters.get(name, self._meter)

    def _turn(self, name: str) -> Turn:
        return Turn(self._meter, self._meter.seconds, lambda: self._too_late(name))

    def _too_late(self, name: str) -> MemberTimeout:
        return MemberTimeout(
            f"{name} did not answer within the {self._meter.seconds:g} s that a federated query has.",
            member=name,
            remedy="Try again later, make the query more selective, or ask the operator to raise "
            "limits.federation_seconds.",
        )
