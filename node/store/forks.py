"""The node's side of ``node.store.forkserver``: starts workers, quickly."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence

from node.errors import StoreError

_COMMAND = (sys.executable, "-P", "-m", "node.store.forkserver")
#: A worker evaluates on a thread that is not the first of its process; glibc would give that a second heap.
_ENVIRONMENT = {"RUST_BACKTRACE": "0", "MALLOC_ARENA_MAX": "1"}
#: Longer than starting an interpreter takes on a machine that is very busy.
_REPLY_SECONDS = 60.0
#: Giving back the memory of many large workers takes a while.
_END_SECONDS = 10.0


class Forks:
    """Starts worker processes by a fork server, which it starts when first needed, and again should it be gone.

    Safe to use from several threads. Close it when done: its workers end with it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._closed = False

    def start(self, folder: str | None, descriptors: Sequence[int]) -> int:
        """The process id of a new worker.

        ``folder``: of the generation that it will be asked about. ``descriptors``: its standard input, output and
        error, and a pipe for its exit code (see ``node.store.forkserver``); they stay the caller's to close. Raises
        StoreError when no process can be started.
        """
        request = os.fsencode(folder or "") + b"\n"
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed.")
            pid = self._asked(request, descriptors)
            if pid is None:
                # It was killed, which is nobody's mistake.
                self._end()
                pid = self._asked(request, descriptors)
        if pid is None or pid < 0:
            said = os.strerror(-pid) if pid else "the process that starts them ended"
            raise StoreError(
                f"a query worker cannot be started: {said}.",
                remedy="Give the node more processes, memory or file descriptors, or lower limits.query_workers.",
            )
        return pid

    def close(self) -> None:
        """End all workers, and the fork server."""
        with self._lock:
            self._closed = True
            self._end()

    def _asked(self, request: bytes, descriptors: Sequence[int]) -> int | None:
        """What the fork server replies, None when it is gone. Raises StoreError when there can be none."""
        try:
            channel = self._channel or self._begun()
        except OSError as error:
            return -(error.errno or 1)
        try:
            socket.send_fds(channel, [request], descriptors)
            reply = b""
            while not reply.endswith(b"\n"):
                more = channel.recv(100)
                if not more:
                    return None
                reply += more
            return int(reply)
        except OSError:
            return None

    def _begun(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                # A process group of its own: see forkserver.
                self._server = subprocess.Popen(
                    _COMMAND,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    process_group=0,
                    env={**os.environ, **_ENVIRONMENT},
                )
            except BaseException:
                ours.close()
                raise
        ours.settimeout(_REPLY_SECONDS)
        self._channel = ours
        return ours

    def _end(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._server is not None:
            try:
                self._server.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None
