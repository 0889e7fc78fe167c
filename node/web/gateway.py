"""Runs the WSGI application under granian's RSGI interface, so that a broken answer breaks the connection.

Granian's own WSGI interface ends the response *properly* when the application's iterator raises: a client would take a
part of an answer for the whole. Here a failure after the first bytes shuts the client's socket down before the body's
end has been written: the client sees a chunked body without its last chunk, or fewer bytes than announced. RSGI tells
the client's address and port, by which the socket is found among those of this process.

What it gives besides: a client that reads slowly holds no thread, and a body is read only up to the limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from node.errors import NodeError
from node.observability import log
from node.web.problems import MEDIA_TYPE, status_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

#: A client that takes no byte for so many seconds is given up.
SEND_SECONDS = 60.0
#: A client that sends no byte of its body for so many seconds is given up.
RECEIVE_SECONDS = 30.0
#: A body up to this size goes out in one piece.
_AT_ONCE = 64 * 1024
_HELD_IN_MEMORY = 4_000_000
_DESCRIPTORS = (Path("/proc/self/fd"), Path("/dev/fd"))


@dataclass
class _Response:
    """A started response: ``head`` are its first bytes, ``rest`` gives the others, None when there are none."""

    status: int
    headers: list[tuple[str, str]]
    head: bytes
    rest: Iterator[bytes] | None
    close: Callable[[], None]


class Gateway:
    """An RSGI application that runs a WSGI application on threads.

    ``body_limit``: at most so many bytes of a request's body, and one more, are read; the application sees by that
    one that there were too many. ``on_stop`` is called when the server stops.
    """

    def __init__(
        self, application: WSGIApplication, *, threads: int, body_limit: int, on_stop: Callable[[], None]
    ) -> None:
        self._application = application
        self._body_limit = body_limit
        self._on_stop = on_stop
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="web")

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        del loop
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._on_stop()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        loop = asyncio.get_running_loop()
        try:
            body = await self._read(protocol) if _announces_body(scope) else b""
        except TimeoutError:
            protocol.response_bytes(408, [("content-type", "text/plain"), ("connection", "close")], b"")
            return
        environ = environment(scope, body)
        start = self._start_held if scope.http_version.startswith("1.0") or scope.http_version == "1" else self._start
        try:
            response = await loop.run_in_executor(self._pool, start, environ)
        except NodeError as error:  # only from an answer that is held back: see _start_held
            status = status_of(error)
            document = {"type": "about:blank", "title": error.title, "status": status}
            protocol.response_bytes(status, [("content-type", MEDIA_TYPE)], json.dumps(document).encode())
            return
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, the client gets an answer
            log("gateway", level=40, exception=error)
            protocol.response_bytes(500, [("content-type", MEDIA_TYPE)], _LAST_RESORT)
            return
        if response.rest is None:
            protocol.response_bytes(response.status, response.headers, response.head)
            return
        await self._stream(loop, scope, protocol, response)

    async def _read(self, protocol: Any) -> bytes:
        chunks: list[bytes] = []
        size = 0
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(RECEIVE_SECONDS) as deadline:
            # not anext(protocol, None): granian 2.8 crashes the process on it
            async for chunk in protocol:
                chunks.append(chunk)
                size += len(chunk)
                if size > self._body_limit:
                    break
                deadline.reschedule(loop.time() + RECEIVE_SECONDS)
        return b"".join(chunks)[: self._body_limit + 1]

    def _start(self, environ: WSGIEnvironment) -> _Response:
        """Call the application and pull its first bytes; when these are all, close the body. Runs on a thread."""
        started: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:
            del exc_info
            started[:] = [(int(status.split(" ", 1)[0]), [(name.lower(), value) for name, value in headers])]
            return _no_write

        body = self._application(environ, start_response)
        close = getattr(body, "close", _nothing)
        try:
            rest = iter(body)
            head: list[bytes] = []
            size = 0
            chunk: bytes | None = b""
            while size < _AT_ONCE:
                chunk = next(rest, None)
                if chunk is None:
                    break
                head.append(chunk)
                size += len(chunk)
                if size and not any(name == "content-length" for name, _ in started[0][1]):
                    # It comes bit by bit, and gathering more could take long: one packed byte stands for many.
                    break
            if chunk is not None:
                return _Response(*started[0], b"".join(head), rest, close)
        except BaseException:
            close()
            raise
        close()
        return _Response(*started[0], b"".join(head), None, _nothing)

    def _start_held(self, environ: WSGIEnvironment) -> _Response:
        """The same for HTTP/1.0, which some proxies speak to their upstream: with the length of the body.

        HTTP/1.0 has no chunks, so the end of the connection would be all that ends a body, broken or not. The body is
        held in a file until it is whole. Raises what its iterator raises.
        """
        response = self._start(environ)
        if response.rest is None:
            return response
        with contextlib.ExitStack() as stack:
            stack.callback(response.close)
            held = stack.enter_context(tempfile.SpooledTemporaryFile(_HELD_IN_MEMORY))
            held.write(response.head)
            for chunk in response.rest:
                held.write(chunk)
            headers = [*response.headers, ("content-length", str(held.tell()))]
            held.seek(0)
            rest = iter(lambda: held.read(_AT_ONCE) or None, None)
            return _Response(response.status, headers, b"", rest, stack.pop_all().close)

    async def _stream(self, loop: asyncio.AbstractEventLoop, scope: Any, protocol: Any, response: _Response) -> None:
        transport = protocol.response_stream(response.status, response.headers)
        rest = response.rest
        assert rest is not None  # the caller has looked
        try:
            chunk: bytes | None = response.head
            while chunk is not None:
                if chunk:
                    await asyncio.wait_for(transport.send_bytes(chunk), SEND_SECONDS)
                chunk = await loop.run_in_executor(self._pool, next, rest, None)
        except BaseException as error:
            # Before anything else: the body's end is written as soon as this coroutine is left.
            found = break_connection(scope.client)
            if not isinstance(error, Exception):
                raise
            if not found and type(error).__name__ != "RSGIProtocolClosed":
                log("gateway", level=40, message="the connection of a broken answer was not found", client=scope.client)
        finally:
            await loop.run_in_executor(self._pool, response.close)


def environment(scope: Any, body: bytes) -> WSGIEnvironment:
    """The WSGI environment (PEP 3333) of an RSGI request. The path arrives decoded, as WSGI wants it."""
    host, _, port = scope.server.rpartition(":")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        # PEP 3333: text that stands for bytes, one character a byte.
        "PATH_INFO": scope.path.encode("utf-8", "surrogatepass").decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode("utf-8", "surrogatepass").decode("latin-1"),
        "SERVER_NAME": host.strip("[]") or "localhost",
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        joiner = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joiner}{value}" if key in environ else value
    return environ


def _announces_body(scope: Any) -> bool:
    """Whether a request has a body: RFC 9112, section 6.3. Waiting for one takes time even if there is none."""
    return any(name.lower() in ("content-length", "transfer-encoding") for name, _ in scope.headers.items())


def break_connection(client: str) -> bool:
    """Shut down this process' TCP connection to a client (``address:port``); whether there was one.

    Nothing more is sent then, not even the end of a chunked body. The descriptor stays the server's own to close.
    """
    address, _, port = client.rpartition(":")
    if not port.isdigit():
        return False
    folder = next((f for f in _DESCRIPTORS if f.is_dir()), None)
    for name in os.listdir(folder) if folder else ():  # noqa: PTH208 - names are all that is wanted
        try:
            copy = os.dup(int(name))
        except OSError:
            continue
        try:
            connection = socket.socket(fileno=copy)
        except OSError:
            os.close(copy)
            continue
        with connection:
            try:
                if connection.family in (socket.AF_INET, socket.AF_INET6):
                    peer = connection.getpeername()
                    if peer[1] == int(port) and peer[0] == address.strip("[]"):
                        connection.shutdown(socket.SHUT_RDWR)
                        return True
            except OSError:
                continue
    return False


def _nothing() -> None:
    pass


def _no_write(data: bytes) -> None:
    raise NotImplementedError("the write callable of PEP 3333 is not offered")


_LAST_RESORT = json.dumps({"type": "about:blank", "title": "Internal Server Error", "status": 500}).encode()
