"""Giving up work whose caller has left: a query that nobody waits for shall not keep its place.

The work is done on other threads and in other processes than the one that notices. What starts it asks ``current`` and
says how it is ended; no function in between need know of it. A ``Cancellation`` is of one request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Cancellation:
    """Whether the caller of some work has left. Safe to use from several threads."""

    def __init__(self) -> None:
        self._ends: dict[int, Callable[[], None]] = {}
        self._cancelled = False
        self._lock = threading.Lock()

    def on_cancel(self, key: int, end: Callable[[], None] | None) -> None:
        """Set or clear (None) what ends one piece of work; it is called at once when the caller has left already."""
        with self._lock:
            if end is None:
                self._ends.pop(key, None)
                return
            self._ends[key] = end
            cancelled = self._cancelled
        if cancelled:
            end()

    def cancel(self) -> None:
        """The caller has left: end what is under way, and what begins from now on."""
        with self._lock:
            self._cancelled = True
            ends = list(self._ends.values())
        for end in ends:
            end()


_CURRENT: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


def current() -> Cancellation | None:
    """That of the work of this thread or coroutine; None when nobody could leave."""
    return _CURRENT.get()


@contextmanager
def cancelled_by(cancellation: Cancellation) -> Iterator[None]:
    """What starts in this block, on this thread, is ended by this cancellation."""
    token = _CURRENT.set(cancellation)
    try:
        yield
    finally:
        _CURRENT.reset(token)
