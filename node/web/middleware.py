"""What surrounds the Flask application as WSGI: the path prefix of the base IRI, and one log line a request."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from node.errors import NodeError
from node.observability import log
from node.web.reply import request_number

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID = "onconode.request_id"
#: What the log is to say besides, a dict.
NOTES = "onconode.notes"


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
    """Gives each request its number and writes one line when its response is finished or breaks."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request_id = request_number(environ.get("HTTP_X_REQUEST_ID"))
        environ[REQUEST_ID] = request_id
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        line = RequestLine(environ.get("REQUEST_METHOD", ""), path, request_id)

        def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            line.status = int(status.split(" ", 1)[0])
            line.notes = environ.get(NOTES, {})
            return start_response(status, [*headers, ("X-Request-Id", request_id)], exc_info)

        try:
            body = self._application(environ, started)
        except BaseException as error:
            line.finish(error)
            raise
        return _Logged(body, line)


class RequestLine:
    """The log line of one request, until it is written.

    It holds no query string, no body and no address of the caller: queries can be about people. ``notes`` are further
    fields: ``generation``, ``cached``, ``problem``.
    """

    __slots__ = ("_method", "_path", "_started", "_written", "bytes", "notes", "request_id", "status")

    def __init__(self, method: str, path: str, request_id: str) -> None:
        self._method = method
        self._path = path
        self.request_id = request_id
        self._started = time.perf_counter()
        self._written = False
        self.status = 0
        self.bytes = 0
        self.notes: dict[str, Any] = {}

    def finish(self, error: BaseException | None = None) -> None:
        """Write the line, unless it is written already. ``error`` is what broke the response."""
        if self._written:
            return
        self._written = True
        fields: dict[str, Any] = {
            "method": self._method,
            "path": self._path,
            "status": self.status,
            "ms": round((time.perf_counter() - self._started) * 1000, 1),
            "bytes": self.bytes,
            "request": self.request_id,
            **self.notes,
        }
        if error is not None:
            fields["broken"] = error.slug if isinstance(error, NodeError) else type(error).__name__
        log("request", **fields)


class _Logged:
    """A response body that counts its bytes and sees the log line written when it ends, fails or is closed."""

    def __init__(self, body: Iterable[bytes], line: RequestLine) -> None:
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
