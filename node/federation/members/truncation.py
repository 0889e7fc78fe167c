"""Endpoints that answer with the first rows only and do not say so: found out by counting.

An endpoint with such a limit never gives more rows than its limit, and gives just as many whenever it cuts. So an
answer with fewer rows than the endpoint has given before was not cut. Any other answer may have been: the endpoint is
asked how many rows there are (one row, which no limit cuts). Virtuoso says in a header when it ran out of time and
sends what it has.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from node.errors import MemberTruncated

#: An operator may set a lower limit at any time: what was seen counts for so many seconds.
_SECONDS = 300.0


class RowWatch:
    """The longest answer that an endpoint is known to have given whole. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._most = 0
        self._since = 0.0

    def may_be_cut(self, rows: int) -> bool:
        """Whether an answer with so many rows could be the beginning of a longer one."""
        with self._lock:
            if time.monotonic() - self._since > _SECONDS:
                self._most, self._since = 0, time.monotonic()
            return rows >= max(self._most, 1)

    def was_whole(self, rows: int) -> None:
        """An answer with so many rows was all there was."""
        with self._lock:
            self._most = max(self._most, rows)


def count_text(select: str) -> str:
    """How many solutions a SELECT without prologue has, as ``?n``."""
    return f"SELECT (COUNT(*) AS ?n) WHERE {{ {{ {select} }} }}"


def require_finished(name: str, header: Callable[[str], str | None]) -> None:
    """Raise MemberTruncated when the headers of an answer say that it is a part (Virtuoso's "anytime" queries)."""
    if header("X-SQL-State"):
        raise MemberTruncated(
            f"{name} ran out of the time that it gives a query and sent what it had found by then.",
            member=name,
            remedy="Make the query more selective, or ask its operator for more time.",
        )
