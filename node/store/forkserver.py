"""The program that all query workers are copies of: ``python -m node.store.forkserver``.

To start an interpreter that has imported what a worker needs, and to open a generation, takes more than a tenth of a
second of processor time. Forking a process that has done both takes some milliseconds, and most memory is shared.
This process evaluates nothing, and its other threads are idle (they wait for the end of workers, or are the database's
for writing), so that a copy is as good as a new process. It ends, and ends all workers, when the socket on its standard
input does, however the node has ended.

A request on that socket is a line, and the next one comes after its reply: the folder of the generation that the worker
will be asked about, empty for none. With it come the descriptors of standard input, output and error of the worker and
of a pipe that is told how the worker ended: its exit code as digits, as ``subprocess`` gives it. The reply is the
worker's process id, or the negative number of the error for which there is none.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import traceback
import warnings
from typing import NoReturn

from node.store.counting import Refusal
from node.store.worker import Evaluator, OpenGeneration

_DESCRIPTORS = 4
_REQUEST_BYTES = 65_536


class _ForkServer:
    def __init__(self) -> None:
        self._channel = socket.socket(fileno=os.dup(0))
        self._generation = OpenGeneration()
        #: Of each worker, where to tell how it ended.
        self._ends: dict[int, int] = {}
        self._changed = threading.Condition()

    def serve(self) -> NoReturn:
        # On its own thread, because the kernel may take seconds to let go of a process that is low in priority. A
        # fork copies this thread alone; the other one holds nothing then that a worker could need.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        threading.Thread(target=self._reap, daemon=True).start()
        while True:
            request, descriptors, _, _ = socket.recv_fds(self._channel, _REQUEST_BYTES, _DESCRIPTORS)
            if not request:
                self._end()
            self._open(os.fsdecode(request.removesuffix(b"\n")))
            self._channel.sendall(b"%d\n" % self._fork(descriptors))

    def _open(self, folder: str) -> None:
        # What is wrong with it is told to whoever asks about it.
        with contextlib.suppress(Refusal):
            self._generation.open(folder or None)

    def _fork(self, descriptors: list[int]) -> int:
        """The process id of a new worker, or minus an error's number."""
        *standard, end = descriptors
        with self._changed:
            try:
                pid = os.fork()
            except OSError as error:
                pid = -(error.errno or 1)
            if pid == 0:
                self._become(standard, end)
            if pid > 0:
                self._ends[pid] = end
                self._changed.notify_all()
        for descriptor in standard if pid > 0 else descriptors:
            os.close(descriptor)
        return pid

    def _become(self, standard: list[int], end: int) -> NoReturn:
        """Be a worker."""
        try:
            # A process group of its own: Ctrl-C in a terminal is for the node, which then ends its workers. Not a
            # session: Linux shares out processor time by session first, and nice values count only within one.
            os.setpgid(0, 0)
            self._channel.close()
            for number, descriptor in enumerate(standard):
                os.dup2(descriptor, number)
            for descriptor in (end, *self._ends.values(), *standard):
                os.close(descriptor)
            Evaluator(self._generation).serve()
        except BaseException:  # noqa: BLE001 - nothing of this may go on as the fork server
            traceback.print_exc()
            os._exit(1)

    def _end(self) -> NoReturn:
        """End the workers, then this process."""
        with self._changed:
            for pid in self._ends:
                os.kill(pid, signal.SIGKILL)
            self._changed.wait_for(lambda: not self._ends)
        os._exit(0)

    def _reap(self) -> None:
        """Tell of those that have ended, and let them go."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._ends))
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            assert ended is not None  # only without waiting
            code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
            with self._changed:
                end = self._ends.pop(ended.si_pid)
                self._changed.notify_all()
            with contextlib.suppress(BrokenPipeError):  # nobody wants to know any more
                os.write(end, b"%d" % code)
            os.close(end)
            os.waitpid(ended.si_pid, 0)


if __name__ == "__main__":
    _ForkServer().serve()
