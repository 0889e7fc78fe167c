"""Memory for what members sent and for last steps, shared by the federated queries that run at a time.

Every query may have a small part of its own, whatever the others do; the rest goes to whoever needs it first. So a
query that needs much takes nothing away from those that need little, and all together stay below one bound.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from node.errors import NodeError, QueryMemoryExceeded, TooBusy

#: Of glibc: blocks from this size on are the system's again as soon as they are free (mallopt(3)).
_M_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1 << 20
#: Of an even part, so much is a query's own, and no less than what a last step over little needs.
_OWN, _LITTLE_BYTES = 0.25, 40_000_000
#: Of what is free, so much is offered to a last step, whose needs are not known beforehand.
_OFFERED = 0.75


class Memory:
    """``most`` bytes for up to ``queries`` at a time, waited for up to ``seconds`` where others have them.

    Safe to use from several threads.
    """

    def __init__(self, most: int, queries: int, *, seconds: float = 0.0) -> None:
        _keep_large_blocks_apart()
        self.seconds = seconds
        self.even = most // queries
        self.own = max(int(self.even * _OWN), min(self.even // 2, _LITTLE_BYTES))
        self.shared = most - self.own * queries
        self.changed = threading.Condition()
        #: Bytes that queries hold beyond their own.
        self.taken = 0

    def share(self) -> Share:
        """What one query holds; close it when done."""
        return Share(self)

    @property
    def free(self) -> int:
        """Bytes that nobody has."""
        return self.shared - self.taken


class Share:
    """The memory of one query. Safe to use from several threads."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._held = 0
        self._closed = False
        #: Of what is held, what a last step in another process may use.
        self._elsewhere = 0
        #: The most bytes that were held for this process.
        self.highest = 0

    def take(self, size: int) -> None:
        """Hold so many bytes more. Raises QueryMemoryExceeded when no query may, TooBusy when others have them."""
        memory = self._memory
        with memory.changed:
            if not memory.changed.wait_for(
                lambda: self._never(size) or self._more(size) <= memory.free, memory.seconds
            ):
                raise _others()
            if self._never(size):
                raise self._refusal(self._held + size)
            self._set(self._held + size)

    def give(self, size: int) -> None:
        """Hold so many less."""
        with self._memory.changed:
            self._set(max(0, self._held - size))

    def settle(self, size: int) -> None:
        """Hold so many bytes, if these are fewer than now: some of what came was not kept."""
        with self._memory.changed:
            self._set(min(size, self._held))

    def close(self) -> None:
        """Hold nothing more."""
        with self._memory.changed:
            self._set(0)
            self._closed = True

    def _set(self, size: int) -> None:
        if self._closed:
            return
        self._memory.taken += self._more(size - self._held)
        self._held = size
        self.highest = max(self.highest, size - self._elsewhere)
        self._memory.changed.notify_all()

    def _more(self, size: int) -> int:
        """What so many bytes more take of what all share."""
        own = self._memory.own
        return max(0, self._held + size - own) - max(0, self._held - own)

    def _never(self, size: int) -> bool:
        """Whether waiting for so many bytes would not help."""
        return self._closed or self._held + size > self._memory.own + self._memory.shared

    @contextmanager
    def beside(self, size: int) -> Iterator[None]:
        """Hold so many more for a while. Raises as ``take``."""
        self.take(size)
        try:
            yield
        finally:
            self.give(size)

    @contextmanager
    def granted(self, needed: int, most: int) -> Iterator[int]:
        """Hold what a last step that needs at least so many bytes may use, which is given: ``most`` at most.

        Raises as ``take``, and TooBusy instead of QueryMemoryExceeded from a step that others left less than its even
        part.
        """
        even = min(most, self._memory.even)
        with self._memory.changed:
            size = self._offer(needed, most)
            self._elsewhere += size
        try:
            with self.beside(size):
                try:
                    yield size
                except QueryMemoryExceeded as error:
                    if size < even:
                        raise _others() from error
                    raise
        finally:
            self._elsewhere -= size

    def granted_now(self, needed: int, most: int) -> int | None:
        """What ``granted`` gives, held until this is closed; None where that would have to be waited for."""
        with self._memory.changed:
            if self._more(needed) > self._memory.free:
                return None
            size = self._offer(needed, most)
            self._elsewhere += size
            self._set(self._held + size)
            return size

    def _offer(self, needed: int, most: int) -> int:
        free = self._memory.free + max(0, self._memory.own - self._held)
        return min(most, max(needed, min(most, self._memory.even, free), int(free * _OFFERED)))

    def _refusal(self, wanted: int) -> NodeError:
        alone = self._memory.own + self._memory.shared
        return QueryMemoryExceeded(
            f"the query needs {wanted / 1e6:,.1f} MB of memory or more for what the members sent and for what is made "
            f"of it, and may have {alone / 1e6:,.1f} MB.",
            remedy="Name the predicates, join all parts by a variable, ask for less at a time, or ask the operator to "
            "raise limits.federation_memory_bytes.",
        )


@functools.cache
def _keep_large_blocks_apart() -> None:
    """By default glibc keeps free blocks of up to 32 MB once there were some, in many heaps, for its threads.

    It is told once for the whole process.
    """
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def give_back() -> None:
    """Give memory that was much and is used no longer back to the system."""
    # Some of it refers to itself.
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc
    if trim is not None:
        trim(0)


def _others() -> TooBusy:
    return TooBusy(
        "other federated queries hold the memory that this one needs.",
        remedy="Try again in a moment, or ask for less at a time.",
    )
