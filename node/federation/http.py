"""The HTTP client, translated: one request to a member, its answer in checked pieces, every failure a MemberError.

The only module that knows urllib3. Redirects are not followed here: an endpoint is an address its operator gave, and
another address needs the operator again. An answer must say how long it is (``Content-Length`` or chunks), or that it
was cut short could not be seen.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import urllib3

from node.errors import MemberError, MemberProtocolError, MemberTimeout, MemberUnavailable, QueryTimeout
from node.federation.meter import Meter

_CHUNK = 1 << 16
_CONNECT_SECONDS = 10.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_FORBIDDEN = (401, 403)
_UNAVAILABLE = (*_FORBIDDEN, 408, 429)
#: At most so many addresses of one host are tried.
_DIALLED = 3

_Dial: TypeAlias = tuple[tuple[str, int], ...]


class HttpClient:
    """Kept-alive connections to one member. Safe to use from several threads."""

    def __init__(self, name: str, connections: int) -> None:
        self._name = name
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=connections, retries=False)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.clear()

    @contextmanager
    def exchange(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None,
        headers: Mapping[str, str],
        meter: Meter,
        dial: Sequence[tuple[str, int]] = (),
    ) -> Iterator[Reply]:
        """Send one request and give its answer, whatever the status. Counts the request.

        ``dial``: socket addresses (IP address, port) to connect to instead of looking the URL's host up; the request
        and its certificate check still name the host. The first that takes the connection is used.

        Raises MemberUnavailable, MemberTimeout, MemberProtocolError and what the meter raises. When the block is left
        before the answer was read to its end, the connection is closed.
        """
        meter.request(self._name)
        started = time.monotonic()
        # Compressing costs more than it saves where nothing has to travel.
        encoding = "identity" if urlsplit(url).hostname in _LOOPBACK else "gzip"
        response = self._send(method, url, body, {"Accept-Encoding": encoding, **headers}, meter, dial=tuple(dial))
        reply = Reply(response, self._name, url, meter)
        meter.on_stop(id(reply), reply.abort)
        try:
            yield reply
        finally:
            meter.on_stop(id(reply), None)
            reply.close()
            meter.done(self._name, 0, time.monotonic() - started)

    def _send(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], meter: Meter, *, dial: _Dial
    ) -> urllib3.BaseHTTPResponse:
        waiting = [dial[at : at + 1] for at in range(min(len(dial), _DIALLED))] or [()]
        fresh = False
        while True:
            left = meter.remaining()
            options: dict[str, Any] = {
                "body": body,
                "preload_content": False,
                "decode_content": False,
                "redirect": False,
                "retries": False,
                "timeout": urllib3.Timeout(connect=min(_CONNECT_SECONDS, left), read=left),
            }
            try:
                if not waiting[0]:
                    return self._pool.request(method, url, headers=headers, **options)
                return self._pinned(method, url, headers, waiting[0][0], options)
            except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
                waiting.pop(0)
                if not waiting:
                    raise self.translated(error, url) from error
            except urllib3.exceptions.ProtocolError as error:
                # The member may have closed an idle connection just as we took it: once more, on a new one.
                if fresh:
                    raise self.translated(error, url) from error
                fresh = True
            except (urllib3.exceptions.HTTPError, ValueError, OSError) as error:
                raise self.translated(error, url) from error

    def _pinned(
        self, method: str, url: str, headers: dict[str, str], at: tuple[str, int], options: dict[str, Any]
    ) -> urllib3.BaseHTTPResponse:
        parts = urlsplit(url)
        # Connections are kept by host name and address, so that none serves for another name's certificate.
        secure = {"server_hostname": parts.hostname, "assert_hostname": parts.hostname}
        pool = self._pool.connection_from_host(at[0], at[1], parts.scheme, secure if parts.scheme == "https" else None)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        return pool.urlopen(method, target, headers={**headers, "Host": parts.netloc}, **options)

    def translated(self, error: Exception, url: str) -> MemberError:
        """The error of our tree for an error of the client's."""
        return _translated(error, self._name, url)


class Reply:
    """The answer to one request: status and headers, then ``chunks`` once."""

    def __init__(self, response: urllib3.BaseHTTPResponse, name: str, url: str, meter: Meter) -> None:
        self._response = response
        self._name = name
        self._url = url
        self._meter = meter
        self._finished = False
        self.status = response.status

    def header(self, name: str) -> str | None:
        """A header's value."""
        return self._response.headers.get(name)

    @property
    def address(self) -> str:
        """The address that answered, after redirects."""
        return self._url

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case; empty if none is given."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()

    def require(self, status: int = 200) -> None:
        """Raise the error that any other status means."""
        if self.status == status:
            return
        said = f"answered {self.status} at {self._url}{self._explanation()}"
        if self.status in _UNAVAILABLE or self.status >= 500:
            wait = self._wait()
            raise MemberUnavailable(
                f"{self._name} {said}.",
                member=self._name,
                remedy=f"Try again in {wait:g} s." if wait is not None else "Try again later, or ask its operator.",
                outcome="refused",
                passing=self.status not in _FORBIDDEN,
                wait=wait,
            )
        remedy = "Check its address with: onconode member check."
        if 300 <= self.status < 400:
            remedy = "Redirects are not followed. If it moved, remove the member and add the new address."
        raise MemberProtocolError(f"{self._name} {said}.", member=self._name, remedy=remedy)

    def _wait(self) -> float | None:
        """The seconds of ``Retry-After`` (RFC 9110, section 10.2.3), which may also be a date."""
        given = (self.header("Retry-After") or "").strip()
        if given.isascii() and given.isdigit():
            return float(given[:9])
        try:
            return max(0.0, (parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError):
            return None

    def _explanation(self) -> str:
        """What a problem document (RFC 9457) says, as far as it is short and there."""
        if self.media_type != "application/problem+json":
            return ""
        try:
            detail = json.loads(self.body()).get("detail")
        except (MemberError, ValueError, AttributeError, RecursionError):
            return ""
        return f": {' '.join(detail.split())[:500].rstrip('.')}" if isinstance(detail, str) else ""

    def chunks(self) -> Iterator[bytes]:
        """The body, decompressed, in pieces. Raises when it breaks off, is too slow or more than the meter allows."""
        if self.header("Content-Length") is None and not getattr(self._response, "chunked", False):
            raise MemberProtocolError(
                f"{self._name} does not say how long its answer is.",
                member=self._name,
                remedy="Its server must send Content-Length or use chunked transfer (HTTP/1.1).",
            )
        packed = (self.header("Content-Encoding") or "identity").lower()
        if packed not in ("identity", "gzip"):
            raise MemberProtocolError(f"{self._name} answered in the encoding {packed}.", member=self._name)
        inflate = zlib.decompressobj(31) if packed == "gzip" else None
        try:
            while chunk := self._next():
                while chunk:
                    piece = inflate.decompress(chunk, _CHUNK * 4) if inflate else chunk
                    self._meter.received(self._name, len(piece))
                    yield piece
                    chunk = inflate.unconsumed_tail if inflate else b""
        except (urllib3.exceptions.HTTPError, OSError, zlib.error) as error:
            self._check_time()
            raise _translated(error, self._name, self._url, began=True) from error
        if inflate is not None and not inflate.eof:
            raise _translated(EOFError("gzip stream ends early"), self._name, self._url, began=True)
        self._finished = True

    def _next(self) -> bytes:
        """What comes next of the body, compressed or not; empty at its end."""
        self._meter.remaining()
        chunk: bytes = self._response.read1(_CHUNK)
        self._check_time()
        return chunk

    def _check_time(self) -> None:
        """Raise MemberTimeout when the query's time ended while this member was being waited for."""
        try:
            self._meter.remaining()
        except QueryTimeout as error:
            raise _too_late(self._name, self._url) from error

    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.chunks())

    def finish_empty(self) -> None:
        """Read to the end an answer whose status says that it has no body (304)."""
        self._response.drain_conn()
        self._finished = True

    def abort(self) -> None:
        """End a read in another thread."""
        with suppress(ValueError, OSError, RuntimeError):  # nothing is being read
            self._response.shutdown()

    def close(self) -> None:
        """Give the connection back if the body was read to its end, else close it."""
        if self._finished:
            self._response.release_conn()
        else:
            self._response.close()


def _translated(error: Exception, name: str, url: str, *, began: bool = False) -> MemberError:
    if isinstance(error, (urllib3.exceptions.ReadTimeoutError, TimeoutError)):
        return _too_late(name, url)
    if began:
        return MemberProtocolError(
            f"{name} broke off its answer: {error}.",
            member=name,
            remedy="Try again; if it persists, ask its operator.",
            outcome="truncated",
            passing=True,
        )
    return MemberUnavailable(
        f"{name} cannot be reached at {url}.",
        member=name,
        remedy="Check that it runs, or remove it with: onconode member remove.",
        passing=True,
    )


def _too_late(name: str, url: str) -> MemberTimeout:
    return MemberTimeout(
        f"{name} did not answer at {url} in time.", member=name, remedy="Try again later, or ask its operator."
    )
