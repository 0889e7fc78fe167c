"""The threads that wait for members: a bounded number for all of them, a few for each, so that none takes all."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

#: Requests to one member at a time, for one coordinator.
PARALLEL = 2
#: Requests to all members at a time.
THREADS = 64


class Workers:
    """Threads shared by all queries: at most ``parallel`` requests to one member run at a time, ``threads`` in all."""

    def __init__(self, parallel: int = PARALLEL, threads: int = THREADS) -> None:
        self._parallel = parallel
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="member")
        self._lock = threading.Lock()
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[Callable[[], None]]] = {}

    def submit(self, name: str, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Have something done for this member, in turn. Cancelling the future before its turn drops it."""
        future: Future[T] = Future()
        run = self._doing(name, future, work, arguments)
        with self._lock:
            if self._running.get(name, 0) >= self._parallel:
                self._waiting.setdefault(name, deque()).append(run)
                return future
            self._running[name] = self._running.get(name, 0) + 1
        self._start(name, run, future)
        return future

    def take(self, name: str) -> bool:
        """Take a place at this member for a request that needs no thread; whether one was free. ``give`` it back."""
        with self._lock:
            if self._running.get(name, 0) >= self._parallel:
                return False
            self._running[name] = self._running.get(name, 0) + 1
            return True

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

    def _next(self, name: str) -> None:
        """A place is free: to the one who has waited longest for this member."""
        with self._lock:
            waiting = self._waiting.get(name)
            if waiting:
                run = waiting.popleft()
            else:
                self._waiting.pop(name, None)
                self._running[name] -= 1
                if not self._running[name]:
                    del self._running[name]
                return
        self._start(name, run, None)

    def _start(self, name: str, run: Callable[[], None], future: Future[Any] | None) -> None:
        try:
            self._executor.submit(run)
        except RuntimeError:
            # Closed meanwhile.
            with self._lock:
                self._running.pop(name, None)
            if future is not None:
                future.cancel()
