"""The threads that wait for members: a bounded number for all of them, a few for each, so that none takes all.

A request that takes long leaves its place to the next: two floods at a member would keep out all small queries for as
long as they run.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

#: Requests to one member at a time, for one coordinator, that have not been running for so many seconds; and with those
#: that have.
PARALLEL, _LONG_SECONDS, _MOST = 2, 1.0, 8
#: Requests to all members at a time.
THREADS = 64


class Workers:
    """Threads shared by all queries: at most ``parallel`` requests to one member run at a time, ``threads`` in all.

    Beside those that have been running for ``long_seconds`` others may, up to eight to a member.
    """

    def __init__(self, parallel: int = PARALLEL, threads: int = THREADS, long_seconds: float = _LONG_SECONDS) -> None:
        self._parallel = parallel
        self._long_seconds = long_seconds
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="member")
        self._lock = threading.Lock()
        #: When what runs has begun (monotonic time), the first first.
        self._running: dict[str, deque[float]] = {}
        self._waiting: dict[str, deque[Callable[[], None]]] = {}
        #: Members that are looked at again when something has run for long.
        self._watched: set[str] = set()

    def submit(self, name: str, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Have something done for this member, in turn. Cancelling the future before its turn drops it."""
        future: Future[T] = Future()
        run = self._doing(name, future, work, arguments)
        with self._lock:
            if not self._begin(name):
                self._waiting.setdefault(name, deque()).append(run)
                self._watch(name)
                return future
        self._start(name, run, future)
        return future

    def take(self, name: str) -> bool:
        """Take a place at this member for a request that needs no thread; whether one was free. ``give`` it back."""
        with self._lock:
            return self._begin(name)

    def give(self, name: str) -> None:
        """Give a place back that ``take`` took."""
        self._next(name)

    def go_on(self, name: str, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Have a thread go on with what was begun in a place that ``take`` took; that is given back when it is done."""
        future: Future[T] = Future()
        self._start(name, self._doing(name, future, work, arguments), future)
        return future

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        with self._lock:
            self._waiting.clear()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _doing(
        self, name: str, future: Future[T], work: Callable[..., T], arguments: tuple[Any, ...]
    ) -> Callable[[], None]:
        def run() -> None:
            try:
                if future.set_running_or_notify_cancel():
                    try:
                        future.set_result(work(*arguments))
                    except BaseException as error:  # noqa: BLE001 - it is whoever waits who hears of it
                        future.set_exception(error)
            finally:
                self._next(name)

        return run

    def _begin(self, name: str, *, in_turn: bool = False) -> bool:
        """Take a place if one is free, before those who wait only ``in_turn``. With the lock held."""
        running, now = self._running.get(name, deque()), time.monotonic()
        young = sum(now - began < self._long_seconds for began in running)
        most = max(_MOST, self._parallel)
        if young >= self._parallel or len(running) >= most or (name in self._waiting and not in_turn):
            return False
        self._running.setdefault(name, running).append(now)
        return True

    def _watch(self, name: str) -> None:
        """Look again when the next of what runs has run for long. With the lock held."""
        now = time.monotonic()
        left = [rest for began in self._running.get(name, ()) if (rest := began + self._long_seconds - now) > 0]
        if left and name not in self._watched:
            self._watched.add(name)
            timer = threading.Timer(min(left), self._look, (name,))
            timer.daemon = True
            timer.start()

    def _look(self, name: str) -> None:
        with self._lock:
            self._watched.discard(name)
            called = self._called(name)
        for run in called:
            self._start(name, run, None)

    def _next(self, name: str) -> None:
        """A place is free: to the one who has waited longest for this member."""
        with self._lock:
            if running := self._running.get(name):
                # Which of them has ended is not known; with the first gone, more count as young than are.
                running.popleft()
            called = self._called(name)
            if not self._running.get(name):
                self._running.pop(name, None)
        for run in called:
            self._start(name, run, None)

    def _called(self, name: str) -> list[Callable[[], None]]:
        """Those whose turn it is, with places. With the lock held."""
        called = []
        while (waiting := self._waiting.get(name)) and self._begin(name, in_turn=True):
            called.append(waiting.popleft())
            if not waiting:
                del self._waiting[name]
        if name in self._waiting:
            self._watch(name)
        return called

    def _start(self, name: str, run: Callable[[], None], future: Future[Any] | None) -> None:
        try:
            self._executor.submit(run)
        except RuntimeError:
            # Closed meanwhile.
            with self._lock:
                self._running.pop(name, None)
            if future is not None:
                future.cancel()
