"""What surrounds the Flask application as WSGI: the path prefix of the base IRI, and one log line a request."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from node.errors import NodeError
from node.observability import log

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID = "onconode.request_id"
GENERATION = "onconode.generation"
CACHED = "onconode.cached"
PROBLEM = "onconode.problem"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class BasePrefix:
    """Takes the base IRI's path off the front of the request's path, whether or not a proxy has done so already.

    With the base ``https://example.org/hub/`` both ``/hub/sparql`` and ``/sparql`` reach the endpoint. ``SCRIPT_NAME``
    is the prefix in both cases, so that links on pages lead where the world sees the node.
    """

    def __init__(self, application: WSGIApplication, prefix: str) -> None:
        """``prefix``: the path of the base IRI without its last slash (``/hub``), empty for a node at the root."""
        self._application = application
        self._prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if self._prefix:
            environ["SCRIPT_NAME"] = self._prefix
            if path == self._prefix or path.startswith(self._prefix + "/"):
                environ["PATH_INFO"] = path[len(self._prefix) :] or "/"
        return self._application(environ, start_response)


class RequestLog:
    """Gives each request its number and writes one line when its response is finished or breaks.

    The line holds no query string, no body and no address of the caller: queries can be about people.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _SANE_ID.fullmatch(given) else secrets.token_hex(8)
        environ[REQUEST_ID] = request_id
        line = _Line(environ, request_id)

        def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            line.status = int(status.split(" ", 1)[0])
            return start_response(status, [*headers, ("X-Request-Id", request_id)], exc_info)

        try:
            body = self._application(environ, started)
        except BaseException as error:
            line.finish(error)
            raise
        return _Logged(body, line)


class _Line:
    """The log line of one request, until it is written."""

    def __init__(self, environ: WSGIEnvironment, request_id: str) -> None:
        self._environ = environ
        self._request_id = request_id
        self._started = time.perf_counter()
        self.status = 0
        self.bytes = 0
        self._written = False

    def finish(self, error: BaseException | None = None) -> None:
        if self._written:
            return
        self._written = True
        fields: dict[str, Any] = {
            "method": self._environ.get("REQUEST_METHOD", ""),
            "path": self._environ.get("SCRIPT_NAME", "") + self._environ.get("PATH_INFO", ""),
            "status": self.status,
            "ms": round((time.perf_counter() - self._started) * 1000, 1),
            "bytes": self.bytes,
            "request": self._request_id,
        }
        if GENERATION in self._environ:
            fields["generation"] = self._environ[GENERATION]
        if CACHED in self._environ:
            fields["cached"] = self._environ[CACHED]
        if PROBLEM in self._environ:
            fields["problem"] = self._environ[PROBLEM]
        if error is not None:
            fields["broken"] = error.slug if isinstance(error, NodeError) else type(error).__name__
        log("request", **fields)


class _Logged:
    """A response body that counts its bytes and sees the log line written when it ends, fails or is closed."""

    def __init__(self, body: Iterable[bytes], line: _Line) -> None:
        self._body = body
        self._line = line

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._body:
                self._line.bytes += len(chunk)
                yield chunk
        except GeneratorExit:
            raise
        except BaseException as error:
            self._line.finish(error)
            raise

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._line.finish()
