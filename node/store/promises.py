"""The node's word that its data stays as it is for a moment, so that others need not ask whether it still does.

A server promises, for whoever asks, as many seconds ahead as are asked for, up to ``LONGEST``. Until when is in one
file, ``DATA/promise``, and whoever makes another generation the current one keeps to it, whichever process it is: it
takes the lock on the file, so that nothing more can be promised, waits until what was promised is over, and lets go of
the lock when the new generation is there. A process that is killed lets go as well, and what it promised stands in the
file. After a change nothing is promised for a while: one change after another then waits once.

Times are of the clock that also counts while the machine is suspended. What another boot, or another name space of
clocks, has written cannot be compared, and counts as promised for as long as can be.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

#: Seconds that are promised to whoever does not say how many.
USUAL = 1.0
#: Seconds that are promised at most, and that a change waits at most.
LONGEST = 4.0
#: Nothing is promised for so long after a change.
CALM = 5.0
#: A promise is extended when this part of what is wanted is left.
_WORTHWHILE = 0.5
#: How soon it is tried again where nothing could be promised.
_AGAIN_SECONDS = 0.1
_POLL_SECONDS = 0.005
_LOCKED_SECONDS = 10.0
_NANO = 1_000_000_000
_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def now() -> float | None:
    """Seconds of the clock that promises are given by; None where there is none."""
    return None if _CLOCK is None else time.clock_gettime_ns(_CLOCK) / _NANO


@lru_cache(maxsize=1)
def _clock_name() -> str | None:
    """What tells clocks apart: the boot of the machine, and the name space. None where that is not known."""
    if _CLOCK is None:
        return None
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = str(Path("/proc/self/ns/time").readlink())
    except OSError:
        return None
    return f"{boot}/{space}"


class Promises:
    """What is promised of the node whose data is in the folder ``data``. Safe to use from threads and processes."""

    def __init__(self, data: Path) -> None:
        self._file = data / "promise"
        self._lock = threading.Lock()
        self._until = 0.0
        self._try_at = 0.0

    def promised(self, wanted: float = USUAL) -> float:
        """So many seconds from now on, no other generation becomes the current one; 0 when nothing is promised.

        A half of what is ``wanted`` at least, where anything can be promised and that is no more than can be.
        """
        wanted = min(wanted, LONGEST)
        time_now = now()
        if time_now is None or _clock_name() is None:
            return 0.0
        with self._lock:
            if self._until - time_now < wanted * _WORTHWHILE and self._try_at <= time_now:
                self._extend(time_now, wanted)
            return max(0.0, self._until - time_now)

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Begins when all that was promised is over; nothing is promised before the block ends. Raises OSError."""
        file = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            _take(file)
            time.sleep(_left(file))
            yield
            if (time_now := now()) is not None:
                with contextlib.suppress(OSError):  # it only keeps the next change from waiting
                    _write(file, time_now, time_now + CALM)
        finally:
            # A process that was forked meanwhile has the file as well, and with it the lock.
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_UN)
            os.close(file)

    def _extend(self, time_now: float, wanted: float) -> None:
        """Promise as much as is wanted, if anything may be promised now."""
        self._try_at = time_now + _AGAIN_SECONDS
        try:
            file = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                clock, until, calm = _read(file)
                is_ours = clock == _clock_name()
                if is_ours and calm > time_now:
                    self._try_at = calm
                    return
                # Of what is there by another clock nobody knows how much is left.
                ahead = wanted if is_ours or not _size(file) else LONGEST
                until = max(until if is_ours else 0.0, time_now + ahead)
                _write(file, until, 0.0)
                self._until, self._try_at = until, 0.0
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)
        except OSError:
            return  # somebody is about to change the data, or the disk is full
        finally:
            os.close(file)


def _take(file: int) -> None:
    """Take the lock, which servers hold for a moment. Raises OSError."""
    deadline = time.monotonic() + _LOCKED_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def _size(file: int) -> int:
    """Bytes; none where nothing was ever promised."""
    return os.fstat(file).st_size


def _left(file: int) -> float:
    """How many seconds of what was promised are left."""
    if not _size(file):
        return 0.0
    clock, until, _ = _read(file)
    time_now = now()
    if clock is None or clock != _clock_name() or time_now is None:
        return LONGEST
    return min(max(0.0, until - time_now), LONGEST)


def _read(file: int) -> tuple[str | None, float, float]:
    """The clock, until when is promised, and until when nothing is; None for what does not read as that."""
    try:
        clock, until, calm = os.pread(file, 300, 0).decode("ascii").split()
        return clock, int(until) / _NANO, int(calm) / _NANO
    except ValueError:
        return None, 0.0, 0.0


def _write(file: int, until: float, calm: float) -> None:
    text = f"{_clock_name()} {int(until * _NANO)} {int(calm * _NANO)}".encode("ascii").ljust(160) + b"\n"
    os.pwrite(file, text, 0)
