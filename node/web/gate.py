"""Who may start a query now: so many at a time in all, so many of each client, and the others in turn.

Used on the event loop alone, so it needs no lock, and whoever waits here holds no thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from node.errors import TooBusy, TooManyQueries

P = ParamSpec("P")
T = TypeVar("T")

#: More may not wait: they would be given up before their turn came.
_MOST_WAITING = 1_000
#: A query that cannot be begun within this is given a thread to wait on.
_HOPE_SECONDS = 0.1


class Gate:
    """``places`` queries run at a time, each on a thread of its own, at most ``per_client`` of one client.

    One that finds no place waits up to ``queue_seconds``. The next place goes to the client that has the fewest
    running, so that nobody's many keep out another's one.
    """

    def __init__(self, name: str, *, places: int, per_client: int, queue_seconds: float) -> None:
        self._free = places
        self._per_client = min(per_client, places)
        self._queue_seconds = queue_seconds
        self._threads = ThreadPoolExecutor(places, thread_name_prefix=name)
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._waiters = 0
        self._hopeful: deque[asyncio.Future[None]] = deque()

    async def enter(self, client: str) -> None:
        """Take a place. Raises TooManyQueries when the client itself is in its own way for too long, else TooBusy."""
        if self._free and not self._waiters and self._running.get(client, 0) < self._per_client:
            self._take(client)
            return
        if self._waiters >= _MOST_WAITING:
            raise TooBusy(f"{_MOST_WAITING} queries are waiting already.", remedy="Try again in a moment.")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        self._waiters += 1
        self._call_next()
        try:
            async with asyncio.timeout(self._queue_seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave(client)  # its turn came in the same moment
            else:
                self._give_up(client, turn)
            if isinstance(error, TimeoutError):
                raise self._refusal(client) from None
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
        if not self._running[client]:
            del self._running[client]
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

    def _take(self, client: str) -> None:
        self._free -= 1
        self._running[client] = self._running.get(client, 0) + 1

    def _call_next(self) -> None:
        while self._free and self._waiters:
            client = min(self._waiting, key=lambda c: self._running.get(c, 0))
            if self._running.get(client, 0) >= self._per_client:
                return
            turn = self._waiting[client][0]
            self._remove(client, turn)
            if not turn.done():
                self._take(client)
                turn.set_result(None)

    def _give_up(self, client: str, turn: asyncio.Future[None]) -> None:
        if turn in self._waiting.get(client, ()):
            self._remove(client, turn)

    def _remove(self, client: str, turn: asyncio.Future[None]) -> None:
        line = self._waiting[client]
        line.remove(turn)
        if not line:
            del self._waiting[client]
        self._waiters -= 1

    def _refusal(self, client: str) -> TooBusy:
        waited = f"for {self._queue_seconds:g} s"
        if self._running.get(client, 0) >= self._per_client:
            return TooManyQueries(
                f"{self._per_client} queries of this client were running {waited}, as many as it may have.",
                remedy="Ask fewer at a time.",
            )
        return TooBusy(f"as many queries as may were running {waited}.", remedy="Try again in a moment.")
