"""A WSGI application (PEP 3333) asked for a reply: the environment of an RSGI request, and the application's answer."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from node.web.reply import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

#: A body up to this size goes out in one piece.
_AT_ONCE = 64 * 1024


def call_application(application: WSGIApplication, environ: WSGIEnvironment) -> Reply:
    """Call the application and pull its first bytes; when these are all, close the body. Raises what it raises."""
    started: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:
        del exc_info
        started[:] = [(int(status.split(" ", 1)[0]), [(name.lower(), value) for name, value in headers])]
        return _no_write

    body = application(environ, start_response)
    close = getattr(body, "close", lambda: None)
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
            return Reply(*started[0], b"".join(head), rest, close)
    except BaseException:
        close()
        raise
    close()
    return Reply(*started[0], b"".join(head))


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


def _no_write(data: bytes) -> None:
    raise NotImplementedError("the write callable of PEP 3333 is not offered")
