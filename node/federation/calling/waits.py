"""How long one member takes to begin an answer: which of several to ask, and when to ask another as well."""

from __future__ import annotations

import math
import threading
import time
from collections import deque

#: So many last times count; the quickest of so many says how far away the member is.
_LAST, _NEAR = 64, 16
#: How much further away one is that has failed, and for how long.
_AWAY, _AWAY_SECONDS = 100, 10.0
#: Of these times, so many are shorter than the usual one (Dean and Barroso, The Tail at Scale, CACM 56(2), 2013).
_USUAL = 0.95
#: Until so many are known, and at least.
_ENOUGH, _UNKNOWN_SECONDS, _SHORTEST_SECONDS = 5, 0.5, 0.02


class Waits:
    """Seconds from requests to the beginning of their answers. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queries: deque[float] = deque(maxlen=_LAST)
        self._all: deque[float] = deque(maxlen=_NEAR)
        self._failed_at = -math.inf

    def took(self, seconds: float) -> None:
        """An answer to a query began after so many seconds, or had not begun by then."""
        with self._lock:
            self._queries.append(seconds)
            self._all.append(seconds)

    def failed(self) -> None:
        """A query was not answered. For a while the member counts as further away than any that does not fail."""
        with self._lock:
            self._failed_at = time.monotonic()

    def looked(self, seconds: float) -> None:
        """An answer to the question what the member holds began after so many seconds."""
        with self._lock:
            self._all.append(seconds)

    @property
    def usual(self) -> float:
        """Seconds by which an answer to a query has begun as a rule."""
        with self._lock:
            times = sorted(self._queries)
        if len(times) < _ENOUGH:
            return _UNKNOWN_SECONDS
        return max(_SHORTEST_SECONDS, times[min(len(times) - 1, math.ceil(_USUAL * len(times)))])

    @property
    def distance(self) -> int:
        """How far away the member is: one more is twice as far. So members that are about as far are the same."""
        with self._lock:
            away = _AWAY if time.monotonic() - self._failed_at < _AWAY_SECONDS else 0
            return away + (math.frexp(min(self._all))[1] if self._all else 0)
