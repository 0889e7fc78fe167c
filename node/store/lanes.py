"""The places of a pool of queries: a short lane that all enter, and a long lane for those that take their time."""

from __future__ import annotations

import threading
from collections import deque
from enum import Enum, auto


class Lane(Enum):
    """Where a query holds its place."""

    SHORT = auto()
    LONG = auto()


class _Waiting:
    """One query that waits for a place: ``turn`` is released when it has got one."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.turn.acquire()


class Lanes:
    """``short`` and ``long`` places. Who comes first gets the next free short place; nobody overtakes.

    Safe to use from several threads.
    """

    def __init__(self, short: int, long: int) -> None:
        self.short = short
        self.long = long
        self._lock = threading.Lock()
        self._free = {Lane.SHORT: short, Lane.LONG: long}
        self._waiting: deque[_Waiting] = deque()

    def enter(self, seconds: float) -> bool:
        """Take a short place, waiting up to ``seconds`` for one. Whether there was one."""
        with self._lock:
            if self._free[Lane.SHORT] and not self._waiting:
                self._free[Lane.SHORT] -= 1
                return True
            mine = _Waiting()
            self._waiting.append(mine)
        if mine.turn.acquire(timeout=max(0.0, seconds)):
            return True
        with self._lock:
            # A place may have been given in the instant in which this one stopped waiting.
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
            return True

    def lengthen(self) -> bool:
        """Exchange a short place for a long one; whether there was one. Does not wait."""
        with self._lock:
            if not self._free[Lane.LONG]:
                return False
            self._free[Lane.LONG] -= 1
            self._give(Lane.SHORT)
            return True

    def leave(self, lane: Lane) -> None:
        """Give a place back."""
        with self._lock:
            self._give(lane)

    def waiting(self) -> int:
        """How many queries wait for a short place."""
        with self._lock:
            return len(self._waiting)

    def free(self) -> int:
        """How many short places are free."""
        with self._lock:
            return self._free[Lane.SHORT]

    def _give(self, lane: Lane) -> None:
        if lane is Lane.SHORT and self._waiting:
            self._waiting.popleft().turn.release()
        else:
            self._free[lane] += 1
