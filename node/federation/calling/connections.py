"""Connections to one server, kept alive between requests."""

from __future__ import annotations

import os
import select
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import quote, urlsplit

#: So much is read at a time.
CHUNK = 1 << 16
_PORTS = {"http": 80, "https": 443}
# Where OpenSSL looks for certificates of authorities, if they are set.
_TRUSTED = ("SSL_CERT_FILE", "SSL_CERT_DIR")
# What may stand in the target of a request as it is.
_SAFE = "/%:@!$&'()*+,;=~?[]"

Address: TypeAlias = tuple[str, int]


class ConnectTimeout(TimeoutError):
    """Nobody took the connection in time."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads. ``authority``: its host and port as they stand in ``Host``; ``target``: path and query."""

    scheme: str
    host: str
    port: int
    authority: str
    target: str


@lru_cache(maxsize=1024)
def place_of(url: str) -> Place:
    """Raises ValueError for what is no address of HTTP."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{url[:100]!a} is no address of HTTP")
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    authority = parts.netloc.rpartition("@")[2]
    if not authority.isascii():
        authority = authority.encode("idna").decode()
    return Place(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], authority, quote(target, safe=_SAFE))


class Connection:
    """One connection, for one request at a time. ``leave`` it when the request is over."""

    def __init__(self, pool: Connections, key: tuple[object, ...], stream: socket.socket) -> None:
        self._pool = pool
        self._key = key
        self._stream = stream
        self._left = False

    def send(self, message: bytes, seconds: float) -> None:
        """Raises OSError, TimeoutError among it."""
        self._stream.settimeout(seconds)
        self._stream.sendall(message)

    def receive(self, seconds: float) -> bytes:
        """What comes next; empty when the other side has ended the connection. Raises OSError (TimeoutError)."""
        self._stream.settimeout(seconds)
        return self._stream.recv(CHUNK)

    @property
    def descriptor(self) -> int:
        """The socket's number."""
        return self._stream.fileno()

    def push(self, message: bytes | memoryview) -> int:
        """How many bytes could be sent without waiting. Not for TLS. Raises OSError."""
        self._stream.setblocking(False)
        try:
            return self._stream.send(message)
        except BlockingIOError:
            return 0

    def pull(self) -> bytes | None:
        """As ``receive``, without waiting: None when nothing has come. After ``push``."""
        try:
            return self._stream.recv(CHUNK)
        except BlockingIOError:
            return None

    def abort(self) -> None:
        """End what another thread waits for here."""
        with suppress(OSError):  # it has ended by itself
            # Of the socket below, if this is one of TLS: whoever reads there sees its end.
            socket.socket.shutdown(self._stream, socket.SHUT_RDWR)

    def leave(self, *, reusable: bool) -> None:
        """Have no more to do with it; may be called twice."""
        if self._left:
            return
        self._left = True
        if reusable:
            self._pool.keep(self._key, self._stream)
        else:
            self._stream.close()


class Connections:
    """At most ``most`` idle connections to each address. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        # Kept by name and address, so that none serves for another name's certificate.
        self._idle: dict[tuple[object, ...], list[socket.socket]] = {}

    def kept(self, place: Place, at: Address | None) -> Connection | None:
        """An idle connection to the place (at this address), if there is one that has not been ended."""
        key = _key(place, at)
        idle = self._idle.get(key)
        while idle:
            try:
                stream = idle.pop()
            except IndexError:  # another thread has taken it
                return None
            if _is_quiet(stream):
                return Connection(self, key, stream)
            stream.close()
        return None

    def opened(self, place: Place, at: Address | None, seconds: float) -> Connection:
        """A new connection. Raises OSError: ConnectTimeout, ssl.SSLError, and others."""
        try:
            stream = socket.create_connection(at or (place.host, place.port), seconds)
        except TimeoutError as error:
            raise ConnectTimeout(*error.args) from error
        except UnicodeError as error:
            raise OSError("the name of the host cannot be looked up") from error
        try:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if place.scheme == "https":
                stream = _tls(*map(os.environ.get, _TRUSTED)).wrap_socket(stream, server_hostname=place.host)
        except TimeoutError as error:
            stream.close()
            raise ConnectTimeout(*error.args) from error
        except BaseException:
            stream.close()
            raise
        return Connection(self, _key(place, at), stream)

    def keep(self, key: tuple[object, ...], stream: socket.socket) -> None:
        """Have it for the next request, or close it if there are enough."""
        idle = self._idle.setdefault(key, [])
        if len(idle) < self._most:
            idle.append(stream)
        else:
            stream.close()

    def close(self) -> None:
        """Close the idle ones."""
        for idle in list(self._idle.values()):
            while idle:
                with suppress(IndexError):
                    idle.pop().close()


def _key(place: Place, at: Address | None) -> tuple[object, ...]:
    return place.scheme, place.host, place.port, at


def _is_quiet(stream: socket.socket) -> bool:
    """Whether nothing has come on an idle connection: neither its end nor an answer that nobody asked for."""
    waiting = select.poll()
    waiting.register(stream, select.POLLIN)
    return not waiting.poll(0)


@lru_cache(maxsize=4)
def _tls(*trusted: str | None) -> ssl.SSLContext:  # noqa: ARG001 - what the copies are kept by
    """Certificates are checked against what this machine trusts, and the name of the host.

    ``trusted``: what the environment says of that. Reading them takes tens of milliseconds, so they are kept by it.
    """
    return ssl.create_default_context()
