"""A light HTTP load: kept-alive connections, each of which sends the next request when it has the answer.

One thread over raw sockets and epoll. It reads heads and lengths only as far as telling where an answer ends takes, and
counts whatever is not ``200``, so that the servers it measures do the most of the work.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What one load gave: ``seconds`` it took in all, of each ``200`` the seconds it took, and the other answers."""

    seconds: float
    took: tuple[float, ...]
    failures: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.took) / self.seconds


class _Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.wanted: int | None = None
        self.started = 0.0

    def send(self, request: bytes) -> None:
        self.buffer, self.wanted = b"", None
        self.started = time.perf_counter()
        self.socket.sendall(request)

    def done(self) -> bool:
        """Read what there is; whether the answer is whole."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError(f"the connection ended after {self.buffer[:200]!r}")
        self.buffer = self.buffer + data if self.buffer else data
        if self.wanted is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            self.wanted = -1 if at < 0 else end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
        if self.wanted < 0:
            # Chunked; JSON never ends in a way that looks like the last chunk.
            return self.buffer.endswith(b"\r\n0\r\n\r\n")
        return len(self.buffer) >= self.wanted


def load(address: tuple[str, int], requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Send the requests in turn, over and over if there are fewer, for so many seconds."""
    poll = select.epoll()
    open_ = {}
    number = 0
    took: list[float] = []
    failures = 0
    for _ in range(connections):
        connection = _Connection(address)
        open_[connection.socket.fileno()] = connection
        poll.register(connection.socket.fileno(), select.EPOLLIN)
    begin = time.perf_counter()
    end = begin + seconds
    for connection in open_.values():
        connection.send(requests[number % len(requests)])
        number += 1
    busy = connections
    while busy:
        for descriptor, _ in poll.poll(60) or _stuck():
            connection = open_[descriptor]
            try:
                if not connection.done():
                    continue
            except ConnectionError:  # an answer that broke off
                poll.unregister(descriptor)
                connection.socket.close()
                del open_[descriptor]
                connection = _Connection(address)
                open_[connection.socket.fileno()] = connection
                poll.register(connection.socket.fileno(), select.EPOLLIN)
            now = time.perf_counter()
            if connection.buffer.startswith(b"HTTP/1.1 200"):
                took.append(now - connection.started)
            else:
                failures += 1
            if now < end:
                connection.send(requests[number % len(requests)])
                number += 1
            else:
                busy -= 1
                # The server may close it while others are still waiting for their answers.
                poll.unregister(connection.socket.fileno())
    finished = time.perf_counter()
    for connection in open_.values():
        connection.socket.close()
    poll.close()
    return Load(finished - begin, tuple(took), failures)


def fetch(address: tuple[str, int], request: bytes) -> bytes:
    """One answer: its body, without the chunks' lengths. Raises ConnectionError unless it is ``200``."""
    connection = _Connection(address)
    connection.send(request)
    while not connection.done():
        pass
    connection.socket.close()
    head, _, body = connection.buffer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(connection.buffer[:500].decode(errors="replace"))
    if b"content-length:" in head.lower():
        return body
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        whole += body[:length]
        body = body[length + 2 :]
    return whole


def _stuck() -> list[tuple[int, int]]:
    raise TimeoutError("no answer within 60 s")
