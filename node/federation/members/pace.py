"""How long the members take at least: what one more round of requests costs a query."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

#: The quickest of so many last requests counts, so that a large answer says nothing of the way to a member.
_LAST = 16


class Pace:
    """Seconds from a request to the end of its answer, by member. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._took: dict[str, deque[float]] = {}

    def took(self, name: str, seconds: float) -> None:
        """A request was answered in so many seconds."""
        with self._lock:
            self._took.setdefault(name, deque(maxlen=_LAST)).append(seconds)

    def round_trip(self, names: Iterable[str]) -> float:
        """Seconds that a round of small requests to these members takes; 0.0 where none was asked yet."""
        with self._lock:
            return max((min(self._took[name]) for name in names if name in self._took), default=0.0)
