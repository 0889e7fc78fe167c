"""One query worker as the node sees it: a process, the pipes to it, and how it is held back or ended."""

from __future__ import annotations

import contextlib
import math
import os
import select
import subprocess
import sys
import tempfile
import time
from typing import IO

from node.errors import StoreError
from node.store import frames

_COMMAND = (sys.executable, "-P", "-m")
#: How many seconds an end that is waited for may take: a process stuck in the kernel is not waited for longer.
_REAP_SECONDS = 5.0
#: A worker evaluates on a thread that is not the first of its process; glibc would give that a second heap.
_ENVIRONMENT = {"RUST_BACKTRACE": "0", "MALLOC_ARENA_MAX": "1"}
_DYING_NICE = 10
#: The clock of the processor time of a whole process, see clock_getcpuclockid(3); Linux only.
_PROCESS_CLOCK = 2


class Overdue(Exception):
    """The worker did not answer, or did not listen, before the moment given. Never leaves the store."""


class Worker:
    """One worker process. Used by one query at a time, read and written by that query's thread only.

    ``ahead``: start it as a spare, see ``node.store.spare``, with the generation in this folder open unless it is "".
    Raises StoreError when no process can be started.
    """

    def __init__(self, ahead: str | None = None) -> None:
        program = ["node.store.worker"] if ahead is None else ["node.store.spare", *[ahead] * bool(ahead)]
        # Standard error goes to a nameless file: it tells why a process died, and never reaches a terminal.
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the worker
        try:
            self._process = subprocess.Popen(
                [*_COMMAND, *program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                bufsize=0,
                # A process group of its own: Ctrl-C in a terminal is for the node, which then ends its workers. Not a
                # session: Linux shares out processor time by session first, and nice values count only within one.
                process_group=0,
                env={**os.environ, **_ENVIRONMENT},
            )
        except OSError as error:
            self._complaints.close()
            raise StoreError(
                f"a query worker cannot be started: {error.strerror}.",
                remedy="Give the node more processes, memory or file descriptors, or lower limits.query_workers.",
            ) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to = self._process.stdin
        self._from = self._process.stdout
        os.set_blocking(self._to.fileno(), False)
        self._until = math.inf
        self._readable = _poll(self._from.fileno(), select.POLLIN)
        self._writable = _poll(self._to.fileno(), select.POLLOUT)
        self._reader = frames.FrameReader(self._from.fileno(), before=lambda: self._wait(self._readable))
        self._thread: int | None = None
        self._used_before: float | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def begin(self, until: float) -> None:
        """A query begins: ``send`` and ``receive`` raise Overdue from the moment ``until`` (time.monotonic) on."""
        self._until = until
        self._used_before = self._clock()

    def send(self, data: bytes) -> None:
        """Write all of ``data``. Raises BrokenPipeError when the worker is gone, Overdue."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._to.fileno(), view) :]
            except BlockingIOError:
                self._wait(self._writable)

    def receive(self) -> tuple[bytes, bytes] | None:
        """The next frame as (kind, payload); None when the worker has closed its pipe. Raises Overdue."""
        while (received := self._reader.read()) is not None and received[0] == frames.THREAD:
            self._thread = int(received[1])
            # What its start took is not the query's.
            self._used_before = self._clock()
        return received

    def has_frame(self) -> bool:
        """Whether ``receive`` would return without waiting."""
        return self._reader.has_frame()

    @property
    def descriptor(self) -> int:
        """What becomes readable when the worker has sent something."""
        return self._from.fileno()

    def listen(self) -> bool:
        """Take in what has come, when ``descriptor`` is readable; whether ``receive`` would not wait now."""
        if not self._reader.take():
            return True
        while self._reader.next_kind() == frames.THREAD:
            received = self._reader.read()
            assert received is not None  # it is there
            self._thread = int(received[1])
            # What its start took is not the query's.
            self._used_before = self._clock()
        return self._reader.has_frame()

    def has_started(self) -> bool:
        """Whether a worker that nobody else knows of yet is ready for its first query, or gone."""
        return bool(self._readable.poll(0))

    def alive(self) -> bool:
        return self._process.poll() is None

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
        with contextlib.suppress(OSError):
            # Giving a gigabyte back takes a tenth of a second of processor time, and nobody waits for it.
            os.setpriority(os.PRIO_PGRP, self.pid, _DYING_NICE)
        self._process.kill()

    def reap(self, seconds: float = _REAP_SECONDS) -> int | None:
        """Wait for the end of a process that was killed or has closed its pipe. Returns its return code if it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def last_words(self) -> bytes:
        """What the process wrote on standard error, its beginning."""
        self._complaints.seek(0)
        return self._complaints.read(4000)

    def bury(self) -> None:
        """Kill and close the pipes. Does not wait for the end: giving much memory back takes a process a while."""
        self.kill()
        for pipe in (self._to, self._from, self._complaints):
            with contextlib.suppress(OSError):
                pipe.close()

    def _clock(self) -> float | None:
        try:
            return time.clock_gettime((~self.pid << 3) | _PROCESS_CLOCK)
        except OSError:
            return None

    def _wait(self, poll: select.poll) -> None:
        while not poll.poll(None if self._until == math.inf else self._milliseconds()):
            if time.monotonic() >= self._until:
                raise Overdue

    def _milliseconds(self) -> int:
        return max(0, math.ceil((self._until - time.monotonic()) * 1000))


def _poll(descriptor: int, event: int) -> select.poll:
    poll = select.poll()
    poll.register(descriptor, event)
    return poll
