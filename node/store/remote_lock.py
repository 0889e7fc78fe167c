"""Readers of an external store and its writer keep out of each other's way, across threads and processes.

The store itself shows a change half-way, or not, as it likes. So who reads holds a shared lock until its answer is
complete, and who writes an exclusive one while the quads and the number of the generation change together. A second
lock is the door to the first: a writer that waits closes it, so that readers cannot keep it out for ever.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import ExitStack
from pathlib import Path

from node.errors import StoreError, TooBusy
from node.store.generations import translated

_POLL_SECONDS = 0.005


class Exclusion:
    """The two locks in the folder ``data``."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def reading(self, deadline: float) -> ExitStack:
        """Share the store with other readers until the stack is closed.

        ``deadline`` is a moment of the monotonic clock. Raises TooBusy when a change takes longer than that.
        """
        with self._locked("store.door", fcntl.LOCK_SH, deadline):
            return self._locked("store.lock", fcntl.LOCK_SH, deadline)

    def writing(self, deadline: float) -> ExitStack:
        """Have the store to oneself until the stack is closed. Raises TooBusy when readers take longer than that."""
        with ExitStack() as held:
            held.enter_context(self._locked("store.door", fcntl.LOCK_EX, deadline))
            held.enter_context(self._locked("store.lock", fcntl.LOCK_EX, deadline))
            return held.pop_all()

    def _locked(self, name: str, kind: int, deadline: float) -> ExitStack:
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._data / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise translated(error, "the store cannot be locked") from error
        with ExitStack() as held:
            held.callback(os.close, descriptor)
            _wait_for(descriptor, kind, deadline)
            return held.pop_all()


def _wait_for(descriptor: int, kind: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise TooBusy(
                    "the external store is being changed, or read, for longer than this request may wait.",
                    remedy="Try again in a moment.",
                ) from None
            time.sleep(_POLL_SECONDS)
        except OSError as error:
            raise StoreError(f"the store cannot be locked: {error.strerror}.") from error
        else:
            return
