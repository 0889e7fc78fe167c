"""Who may start a query now: so many at a time in all, so many of each client, and the others in turn.

Used on the event loop alone, so it needs no lock, and whoever waits here holds no thread.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from bisect import insort
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from node.errors import TooBusy, TooManyQueries

P = ParamSpec("P")
T = TypeVar("T")

#: More may not wait: they would be given up before their turn came.
_MOST_WAITING = 1_000
#: What one that was refused is told to wait: at least and at most so many seconds.
_SOONEST, _LATEST = 1, 30
#: Whoever comes again so long after that has kept its place in the line.
_GRACE_SECONDS = 10.0
#: How much the last query counts for how long queries take.
_NEWEST = 0.2
#: A query is long when it has run for so long.
_LONG_SECONDS = 1.0
#: A timer may be a little early.
_EARLY_SECONDS = 0.01
#: A query that cannot be begun within this is given a thread to wait on.
_HOPE_SECONDS = 0.1


@dataclass(order=True, slots=True)
class _Waiter:
    """One query in the line: since when, as a number that grows with each arrival."""

    arrival: int
    turn: asyncio.Future[None] = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Refused:
    """A place in the line of one that was told to come again, until then (the loop's time)."""

    arrival: int
    until: float


class Gate:
    """``places`` queries run at a time, each on a thread of its own, at most ``per_client`` of one client.

    One that finds no place waits up to ``queue_seconds``, is then told when to come again, and if it does has kept its
    place in the line. The next place goes to the client that has the fewest running, so that nobody's many keep out
    another's one; among those with as few, to whoever came first.

    ``spare`` more run while all others are long, so that queries that take their time do not keep out a small one.
    """

    def __init__(self, name: str, *, places: int, per_client: int, queue_seconds: float, spare: int = 0) -> None:
        #: Less than none while spare ones are taken.
        self._free = places
        self._spare = spare
        self._per_client = min(per_client, places)
        self._queue_seconds = queue_seconds
        self._threads = ThreadPoolExecutor(places + spare, thread_name_prefix=name)
        self._places = places
        self._running: dict[str, int] = {}
        self._waiting: dict[str, list[_Waiter]] = {}
        self._waiters = 0
        self._arrivals = itertools.count()
        self._refused: dict[str, deque[_Refused]] = {}
        self._began: dict[str, deque[float]] = {}
        self._usual_seconds = 0.0
        self._hopeful: deque[asyncio.Future[None]] = deque()

    async def enter(self, client: str) -> None:
        """Take a place. Raises TooManyQueries when the client itself is in its own way for too long, else TooBusy."""
        if not self._waiters and self._has_place() and self._running.get(client, 0) < self._per_client:
            self._take(client)
            return
        if self._waiters >= _MOST_WAITING:
            raise TooBusy(f"{_MOST_WAITING} queries are waiting already.", remedy="Try again in a moment.")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(self._arrival(client), turn)
        insort(self._waiting.setdefault(client, []), waiter)
        self._waiters += 1
        self._call_next()
        try:
            async with asyncio.timeout(self._queue_seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                if isinstance(error, TimeoutError):
                    return  # its turn came in the same moment
                self.leave(client)
            else:
                refusal = self._refusal(client, waiter)
                self._give_up(client, waiter)
                if isinstance(error, TimeoutError):
                    self._remember(client, waiter, refusal)
                    raise refusal from None
            raise

    async def begin(self, attempt: Callable[[], T | None]) -> T | None:
        """What ``attempt`` gives: at once, or whenever a query has ended within a moment; else None.

        ``attempt`` starts a query without waiting, and gives None where it had to wait for another's end; what it
        raises is raised. Whoever calls has a place.
        """
        if not self._hopeful and (begun := attempt()) is not None:
            return begun
        give_up = asyncio.get_running_loop().time() + _HOPE_SECONDS
        while True:
            chance: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._hopeful.append(chance)
            try:
                async with asyncio.timeout_at(give_up):
                    await chance
            except TimeoutError:
                if chance in self._hopeful:
                    self._hopeful.remove(chance)
                return None
            if (begun := attempt()) is not None:
                return begun

    def leave(self, client: str) -> None:
        """Give the place back."""
        self._free += 1
        self._running[client] -= 1
        took = asyncio.get_running_loop().time() - self._began[client].popleft()
        self._usual_seconds += (took - self._usual_seconds) * _NEWEST
        if not self._running[client]:
            del self._running[client], self._began[client]
        self._call_next()
        if self._hopeful:
            chance = self._hopeful.popleft()
            if not chance.done():
                chance.set_result(None)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function on one of the threads. Whoever does so has a place."""
        assert not kwargs  # run_in_executor takes none
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)

    def close(self) -> None:
        """Start nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _has_place(self) -> bool:
        """Whether one more query may run."""
        if self._free > 0 or self._free <= -self._spare:
            return self._free > 0
        youngest = max(began[-1] for began in self._began.values())
        return asyncio.get_running_loop().time() - youngest >= _LONG_SECONDS

    def _take(self, client: str) -> None:
        loop = asyncio.get_running_loop()
        self._free -= 1
        self._running[client] = self._running.get(client, 0) + 1
        self._began.setdefault(client, deque()).append(loop.time())
        if self._spare:
            loop.call_later(_LONG_SECONDS + _EARLY_SECONDS, self._call_next)

    def _next_client(self) -> str:
        return min(self._waiting, key=lambda c: (self._running.get(c, 0), self._waiting[c][0].arrival))

    def _call_next(self) -> None:
        while self._waiters and self._has_place():
            client = self._next_client()
            if self._running.get(client, 0) >= self._per_client:
                return
            waiter = self._waiting[client][0]
            self._give_up(client, waiter)
            if not waiter.turn.done():
                self._take(client)
                waiter.turn.set_result(None)

    def _give_up(self, client: str, waiter: _Waiter) -> None:
        line = self._waiting.get(client, [])
        if waiter in line:
            line.remove(waiter)
            self._waiters -= 1
            if not line:
                del self._waiting[client]

    def _arrival(self, client: str) -> int:
        """Where a query of this client stands in the line: where one stood that was refused, or at the end."""
        kept, now = self._refused.get(client), asyncio.get_running_loop().time()
        while kept:
            refused = kept.popleft()
            if not kept:
                del self._refused[client]
            if refused.until >= now:
                return refused.arrival
        return next(self._arrivals)

    def _remember(self, client: str, waiter: _Waiter, refusal: TooBusy) -> None:
        now = asyncio.get_running_loop().time()
        if len(self._refused) >= _MOST_WAITING:
            self._refused = {c: kept for c, kept in self._refused.items() if kept[-1].until >= now}
        kept = self._refused.setdefault(client, deque(maxlen=_MOST_WAITING))
        kept.append(_Refused(waiter.arrival, now + refusal.retry_seconds + _GRACE_SECONDS))
        if len(self._refused) > _MOST_WAITING:
            del self._refused[client]

    def _refusal(self, client: str, waiter: _Waiter) -> TooBusy:
        waited = f"for {self._queue_seconds:g} s"
        before = 1 + sum(other < waiter for line in self._waiting.values() for other in line)
        # They will be back.
        now = asyncio.get_running_loop().time()
        before += sum(r.arrival < waiter.arrival and r.until >= now for kept in self._refused.values() for r in kept)
        seconds = min(_LATEST, max(_SOONEST, math.ceil(self._usual_seconds * before / self._places)))
        if self._running.get(client, 0) >= self._per_client:
            return TooManyQueries(
                f"{self._per_client} queries of this client were running {waited}, as many as it may have.",
                remedy="Ask fewer at a time.",
                retry_seconds=seconds,
            )
        return TooBusy(
            f"as many queries as may were running {waited}.",
            remedy=f"Try again in {seconds} s: its place in the line is kept.",
            retry_seconds=seconds,
        )
