"""One request to the first of several members that answers it whole: hedged requests.

Another member is asked when one fails, when it has not begun to answer by the time that is usual for it (J. Dean, L. A.
Barroso, The Tail at Scale, CACM 56(2), 2013), or when it takes much of the time that is left. What is asked twice only
because a member is slow is a small part of all requests.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Generic, TypeVar

from node.errors import MemberError, MemberTimeout
from node.federation.calling.meter import Meter, Turn
from node.federation.members.sources import RemoteSource

T = TypeVar("T")

#: Of the time that is left, one member may take this part before another is asked, whatever that costs.
PART = 0.25
#: Of all requests, this part may be asked of a second member only because the first is slow; so many at once.
_EXTRA, _AT_ONCE = 0.05, 5.0


class Extra:
    """How many requests may still be sent twice. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._saved = _AT_ONCE

    def asked(self) -> None:
        """A request was sent."""
        with self._lock:
            self._saved = min(_AT_ONCE, self._saved + _EXTRA)

    def take(self) -> bool:
        """Whether one may be sent again; then it is counted."""
        with self._lock:
            if self._saved < 1:
                return False
            self._saved -= 1
            return True


def too_late(member: RemoteSource) -> MemberTimeout:
    """What is said of a member that is not waited for any longer."""
    return MemberTimeout(f"{member.name} took too long, and a replica was asked.", member=member.name)


class Attempt(Turn):
    """One request to one replica. ``begun``: how many seconds it took until something of the answer came."""

    def __init__(self, member: RemoteSource, whole: Meter) -> None:
        super().__init__(whole, whole.seconds, lambda: too_late(member))
        self.member = member
        self.started = time.monotonic()
        self.patience = whole.remaining() * PART
        self.begun: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since it was sent."""
        return time.monotonic() - self.started

    def received(self, name: str, size: int) -> None:
        if self.begun is None:
            self.begun = self.elapsed
        super().received(name, size)


class Race(Generic[T]):
    """Has something done by the first of these members that does it whole.

    ``failed`` hears of each failure. ``discard`` gets what comes too late.
    """

    def __init__(
        self,
        work: Callable[[RemoteSource, Meter], T],
        meter: Meter,
        executor: Executor,
        extra: Extra,
        *,
        failed: Callable[[RemoteSource, MemberError], None],
        discard: Callable[[T], None] | None = None,
    ) -> None:
        self._work = work
        self._meter = meter
        self._executor = executor
        self._extra = extra
        self._failed = failed
        self._discard = discard
        self._running: dict[Future[T], Attempt] = {}
        self._left: deque[RemoteSource] = deque()

    def run(self, members: Iterable[RemoteSource]) -> tuple[RemoteSource, T]:
        """Who was first, and what came of it. Raises the first failure when all fail."""
        self._left, first = deque(members), None
        self._extra.asked()
        self._begin(self._left.popleft())
        try:
            while self._running:
                done, _ = wait(self._running, self._until_due() if self._left else None, FIRST_COMPLETED)
                for future in done:
                    attempt = self._running.pop(future)
                    error = future.exception()
                    if error is None:
                        attempt.member.waits.took(attempt.elapsed if attempt.begun is None else attempt.begun)
                        return attempt.member, future.result()
                    if not isinstance(error, MemberError):
                        raise error
                    first = first or error
                    attempt.member.waits.failed()
                    self._failed(attempt.member, error)
                if self._left and (not self._running or (not done and self._due())):
                    self._begin(self._left.popleft())
        finally:
            for future, attempt in self._running.items():
                self._give_up(future, attempt)
        assert first is not None
        raise first

    def _begin(self, member: RemoteSource) -> None:
        attempt = Attempt(member, self._meter)
        attempt.once = bool(self._left)
        self._running[self._executor.submit(self._work, member, attempt)] = attempt

    def _last(self) -> Attempt:
        return list(self._running.values())[-1]

    def _until_due(self) -> float:
        """Seconds until another is to be asked, if nothing happens."""
        last = self._last()
        until, usual = last.patience, last.member.waits.usual
        if last.begun is None and usual > last.elapsed:
            until = min(until, usual)
        return max(0.0, until - last.elapsed)

    def _due(self) -> bool:
        last = self._last()
        if last.elapsed >= last.patience:
            return True
        return last.begun is None and last.elapsed >= last.member.waits.usual and self._extra.take()

    def _give_up(self, future: Future[T], attempt: Attempt) -> None:
        if attempt.begun is None:
            attempt.member.waits.took(attempt.elapsed)
        if attempt.elapsed >= attempt.patience:
            # It has failed, and not only been slower than another.
            attempt.member.waits.failed()
            attempt.end_now()
        else:
            attempt.stop()

        def late(done: Future[T]) -> None:
            if self._discard is not None and not done.cancelled() and done.exception() is None:
                self._discard(done.result())

        future.cancel()
        future.add_done_callback(late)
