"""One query worker as the node sees it: a process, the pipes to it, and how it is held back or ended."""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import select
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from typing import IO

from node.errors import StoreError
from node.store import frames
from node.store.forks import Forks

#: How many seconds an end that is waited for may take: a process stuck in the kernel is not waited for longer.
_REAP_SECONDS = 5.0
_DYING_NICE = 19
#: What a pipe to a worker holds: as much as an ordinary user's pipe may.
_PIPE_BYTES = 1 << 20
#: The clock of the processor time of a whole process, see clock_getcpuclockid(3); Linux only.
_PROCESS_CLOCK = 2


class Overdue(Exception):
    """The worker did not answer, or did not listen, before the moment given. Never leaves the store."""


class Worker:
    """One worker process. Used by one query at a time, read and written by that query's thread only.

    ``folder``: of the generation that it will be asked about, None for none. Raises StoreError when no process can be
    started.
    """

    def __init__(self, forks: Forks, folder: str | None) -> None:
        self.folder = folder
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            try:
                # Standard error goes to a nameless file: it tells why a process died, and never reaches a terminal.
                self._complaints: IO[bytes] = ours.enter_context(tempfile.TemporaryFile())
                standard_input, self._to = os.pipe()
                theirs.callback(os.close, standard_input)
                ours.callback(os.close, self._to)
                self._from, standard_output = os.pipe()
                ours.callback(os.close, self._from)
                theirs.callback(os.close, standard_output)
                self._end, end = os.pipe()
                ours.callback(os.close, self._end)
                theirs.callback(os.close, end)
            except OSError as error:
                raise StoreError(
                    f"a query worker cannot be started: {error.strerror}.",
                    remedy="Give the node more file descriptors, or lower limits.query_workers.",
                ) from error
            with contextlib.suppress(OSError):
                # Otherwise a tenth of a megabyte is sent by dozens of calls, each of which has to wait for its turn to
                # run Python. It takes no memory before it is used.
                fcntl.fcntl(self._to, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            self.pid = forks.start(folder, (standard_input, standard_output, self._complaints.fileno(), end))
            self._open: contextlib.ExitStack | None = ours.pop_all()
        os.set_blocking(self._to, False)
        self._until = self._call_at = math.inf
        self._call: Callable[[], None] = lambda: None
        self._readable = _poll(self._from, select.POLLIN)
        self._writable = _poll(self._to, select.POLLOUT)
        self._reader = frames.FrameReader(self._from, before=lambda: self._wait(self._readable))
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._used_before: float | None = None

    def begin(self, until: float) -> None:
        """A query begins: ``send`` and ``receive`` raise Overdue from the moment ``until`` (time.monotonic) on."""
        self._until, self._call_at = until, math.inf
        self._used_before = self._clock()

    def call_at(self, moment: float, call: Callable[[], None]) -> None:
        """Have ``call`` called once by whoever waits for this query when it takes longer than to that moment."""
        self._call_at, self._call = moment, call

    def send(self, data: bytes) -> None:
        """Write all of ``data``. Raises BrokenPipeError when the worker is gone, Overdue."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._to, view) :]
            except BlockingIOError:
                self._wait(self._writable)

    def receive(self) -> tuple[bytes, bytes] | None:
        """The next frame as (kind, payload); None when the worker has closed its pipe. Raises Overdue."""
        while (received := self._reader.read()) is not None and received[0] == frames.THREAD:
            self._goes_on_as(int(received[1]))
        return received

    def has_frame(self) -> bool:
        """Whether ``receive`` would return without waiting."""
        return self._reader.has_frame()

    @property
    def descriptor(self) -> int:
        """What becomes readable when the worker has sent something."""
        return self._from

    def listen(self) -> bool:
        """Take in what has come, when ``descriptor`` is readable; whether ``receive`` would not wait now."""
        if not self._reader.take():
            return True
        while self._reader.next_kind() == frames.THREAD:
            received = self._reader.read()
            assert received is not None  # it is there
            self._goes_on_as(int(received[1]))
        return self._reader.has_frame()

    def alive(self) -> bool:
        """Whether the process has not ended."""
        return not _poll(self._end, select.POLLIN).poll(0)

    def used_seconds(self) -> float | None:
        """The processor time of this query so far; None where the system does not tell."""
        if self._thread is None:
            return 0.0
        now = self._clock()
        return None if now is None or self._used_before is None else now - self._used_before

    def hold_back(self, nice: int) -> None:
        """Let the query that is being evaluated have less of the machine: a nice value of 1 to 19, see nice(2).

        It concerns the thread that evaluates. The worker begins its next query on another thread, because an ordinary
        user's process may lower its share and never raise it again. Callable from any thread.
        """
        if self._thread is not None:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._thread, nice)

    def kill(self) -> None:
        """End the process now. Callable from any thread; the pipes stay open for whoever reads them."""
        with self._lock:
            # Not the number of a process that is gone, which may be another's by now.
            if self._open is None or not self.alive():
                return
            with contextlib.suppress(OSError):
                # Giving a gigabyte back takes a tenth of a second of processor time, and nobody waits for it.
                os.setpriority(os.PRIO_PGRP, self.pid, _DYING_NICE)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def reap(self, seconds: float = _REAP_SECONDS) -> int | None:
        """Wait for the end of a process that was killed or has closed its pipe. Returns its exit code if there is one.

        As ``subprocess`` has it: minus the number of the signal that ended it. Call once.
        """
        return int(os.read(self._end, 20) or 0) if _poll(self._end, select.POLLIN).poll(seconds * 1000) else None

    def last_words(self) -> bytes:
        """What the process wrote on standard error, its beginning."""
        self._complaints.seek(0)
        return self._complaints.read(4000)

    def bury(self) -> None:
        """Kill and close the pipes. Does not wait for the end: giving much memory back takes a process a while."""
        self.kill()
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    def _goes_on_as(self, thread: int) -> None:
        self._thread = thread
        # What its start took is not the query's.
        self._used_before = self._clock()

    def _clock(self) -> float | None:
        try:
            return time.clock_gettime((~self.pid << 3) | _PROCESS_CLOCK)
        except OSError:
            return None

    def _wait(self, poll: select.poll) -> None:
        while not poll.poll(self._milliseconds()):
            now = time.monotonic()
            if now >= self._until:
                raise Overdue
            if now >= self._call_at:
                self._call_at = math.inf
                self._call()

    def _milliseconds(self) -> int | None:
        until = min(self._until, self._call_at)
        return None if until == math.inf else max(0, math.ceil((until - time.monotonic()) * 1000))


def _poll(descriptor: int, event: int) -> select.poll:
    poll = select.poll()
    poll.register(descriptor, event)
    return poll
