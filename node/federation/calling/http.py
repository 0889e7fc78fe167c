"""The HTTP client: one request to a member, its answer in checked pieces, every failure a MemberError.

What goes over the wire is in ``framing``, the connections in ``connections``. Redirects are not followed here: an
endpoint is an address its operator gave, and another address needs the operator again. An answer must say how long it
is (``Content-Length`` or chunks), or that it was cut short could not be seen. Settings for proxies do not count.
"""

from __future__ import annotations

import json
import ssl
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from node import __version__
from node.errors import MemberError, MemberProtocolError, MemberTimeout, MemberUnavailable, QueryTimeout
from node.federation.calling.connections import CHUNK, Address, Connection, Connections, ConnectTimeout, Place, place_of
from node.federation.calling.framing import AnswerReader, Malformed, request
from node.federation.calling.meter import Meter

_AGENT = f"Onconode/{__version__}"
_CONNECT_SECONDS = 10.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_FORBIDDEN = (401, 403)
_UNAVAILABLE = (*_FORBIDDEN, 408, 429)
#: At most so many addresses of one host are tried.
_DIALLED = 3


class HttpClient:
    """Kept-alive connections to one member. Safe to use from several threads."""

    def __init__(self, name: str, connections: int) -> None:
        self._name = name
        self._connections = Connections(connections)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._connections.close()

    @contextmanager
    def exchange(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None,
        headers: Mapping[str, str],
        meter: Meter,
        dial: Sequence[Address] = (),
    ) -> Iterator[Reply]:
        """Send one request and give its answer, whatever the status. Counts the request.

        ``dial``: socket addresses (IP address, port) to connect to instead of looking the URL's host up; the request
        and its certificate check still name the host. The first that takes the connection is used.

        Raises MemberUnavailable, MemberTimeout, MemberProtocolError and what the meter raises. When the block is left
        before the answer was read to its end, the connection is closed.
        """
        meter.request(self._name)
        started = time.monotonic()

        def over(connection: Connection) -> Reply:
            return Reply(connection, AnswerReader(method), self._name, url, meter)

        try:
            place = place_of(url)
            reply = self._answered(place, tuple(dial), _message(place, method, body, headers), over, meter)
        except (OSError, ValueError) as error:
            raise _translated(error, self._name, url) from error
        try:
            yield reply
        finally:
            reply.close()
            meter.done(self._name, 0, time.monotonic() - started)

    def begin(
        self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], meter: Meter
    ) -> Reply | None:
        """Begin to send one request without waiting for anything; close the reply, which ``go_on`` brings.

        None where ``exchange`` has to be waited for: there is no idle connection, or it is one of TLS. Counts the
        request. Raises what the meter raises.
        """
        try:
            place = place_of(url)
            kept = self._connections.kept(place, None) if place.scheme == "http" else None
            if kept is None:
                return None
            message = _message(place, method, body, headers)
        except ValueError as error:
            raise _translated(error, self._name, url) from error
        try:
            meter.request(self._name)
        except BaseException:
            kept.leave(reusable=True)
            raise
        return Reply(kept, AnswerReader(method), self._name, url, meter, message=message)

    def _answered(
        self, place: Place, dial: Sequence[Address], message: bytes, over: Callable[[Connection], Reply], meter: Meter
    ) -> Reply:
        """The reply as soon as its head is there. Raises OSError, ValueError, MemberError, what the meter raises."""
        at = dial[:_DIALLED] or (None,)
        kept = self._connections.kept(place, at[0])
        if kept is not None:
            reply = over(kept)
            if reply.begin(message, may_be_stale=True):
                return reply
        # There was none, or the member has closed it just as we took it.
        reply = over(self._opened(place, at, meter))
        reply.begin(message)
        return reply

    def _opened(self, place: Place, at: Sequence[Address | None], meter: Meter) -> Connection:
        """A new connection to the first of these addresses that takes one."""
        *others, last = at
        for address in others:
            try:
                return self._connections.opened(place, address, min(_CONNECT_SECONDS, meter.remaining()))
            except ssl.SSLError:
                raise
            except OSError:
                continue
        return self._connections.opened(place, last, min(_CONNECT_SECONDS, meter.remaining()))


class Reply:
    """The answer to one request: status and headers, then ``chunks`` once."""

    def __init__(
        self,
        connection: Connection,
        answer: AnswerReader,
        name: str,
        url: str,
        meter: Meter,
        *,
        message: bytes = b"",
    ) -> None:
        self._connection = connection
        self._answer = answer
        self._name = name
        self._url = url
        self._meter = meter
        self._unsent = memoryview(message)
        #: Bytes that ``go_on`` has taken in.
        self.taken = 0
        # Before anything is waited for: a query that is given up waits no longer.
        meter.on_stop(id(self), connection.abort)

    def begin(self, message: bytes, *, may_be_stale: bool = False) -> bool:
        """Send the request and read the head of its answer; closed when that fails.

        False for a connection that ``may_be_stale`` when it ended before anything came. Raises as ``_answered``.
        """
        try:
            self._connection.send(message, self._time_left())
            while not self._answer.status:
                self._receive()
        except (OSError, EOFError) as error:
            self.close()
            self._time_left()
            if may_be_stale and not self._answer.begun and not isinstance(error, TimeoutError):
                return False
            raise _translated(error, self._name, self._url) from error
        except BaseException:
            self.close()
            raise
        return True

    @property
    def descriptor(self) -> int:
        """The number of the connection's socket."""
        return self._connection.descriptor

    @property
    def sent(self) -> bool:
        """Whether all of ``message`` is on its way."""
        return not self._unsent

    @property
    def finished(self) -> bool:
        """Whether all of the answer is here."""
        return self._answer.finished

    def go_on(self) -> bool:
        """Send what is left of ``message`` and take in what has come, without waiting; whether all of it is here.

        Raises MemberError; OSError and EOFError for a connection that ended before anything came. Closed then.
        """
        try:
            while self._unsent and (size := self._connection.push(self._unsent)):
                self._unsent = self._unsent[size:]
            # Once, so that what others have sent is not waited with, nor an endless answer taken in here.
            if (data := self._connection.pull()) is not None:
                self.taken += len(data)
                self._take(data)
        except (Malformed, OSError, EOFError) as error:
            self.close()
            if not self._answer.begun and not isinstance(error, Malformed):
                raise
            raise _translated(error, self._name, self._url, began=self.status != 0) from error
        return self._answer.finished

    def _receive(self) -> None:
        self._take(self._connection.receive(self._time_left()))

    def _take(self, data: bytes) -> None:
        if data:
            self._answer.feed(data)
        else:
            self._answer.ended()

    @property
    def status(self) -> int:
        """The status code."""
        return self._answer.status

    def header(self, name: str) -> str | None:
        """A header's value; several of one name joined by commas."""
        return self._answer.headers.get(name.lower())

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
            remedy = f"Try again in {wait:g} s." if wait is not None else "Try again later, or ask its operator."
            if self.status in _FORBIDDEN:
                remedy = "Members are asked without a password. Ask its operator for open access."
            raise MemberUnavailable(
                f"{self._name} {said}.",
                member=self._name,
                remedy=remedy,
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
        if not self._answer.delimited:
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
                    piece = inflate.decompress(chunk, CHUNK * 4) if inflate else chunk
                    self._meter.received(self._name, len(piece))
                    yield piece
                    chunk = inflate.unconsumed_tail if inflate else b""
        except (Malformed, OSError, EOFError, zlib.error) as error:
            self._time_left()
            raise _translated(error, self._name, self._url, began=True) from error
        if inflate is not None and not inflate.eof:
            raise _translated(EOFError("gzip stream ends early"), self._name, self._url, began=True)

    def _next(self) -> bytes:
        """What comes next of the body, compressed or not; empty at its end."""
        while not (chunk := self._answer.take()) and not self._answer.finished:
            self._receive()
        return chunk

    def _time_left(self) -> float:
        """Seconds. Raises MemberTimeout when the query's time ended while this member was being waited for, and
        QueryTimeout when it had sent much and was sending more."""
        try:
            return self._meter.remaining()
        except QueryTimeout as error:
            if self._meter.is_sending(self._name):
                raise
            raise _too_late(self._name, self._url) from error

    def body(self) -> bytes:
        """The whole body, which is not large."""
        return b"".join(self.chunks())

    def kept(self) -> bytearray:
        """The whole body, which stays until the query ends and counts as the memory it needs. Raises as ``chunks``,
        and what the meter raises."""
        held = bytearray()
        try:
            for chunk in self.chunks():
                self._meter.keeping(len(chunk))
                held += chunk
        except BaseException:
            # Whoever hears of it would keep this alive.
            held.clear()
            raise
        return held

    def close(self) -> None:
        """Keep the connection if the answer came to its end, else close it."""
        self._meter.on_stop(id(self), None)
        self._connection.leave(reusable=self._answer.finished and self._answer.reusable and self.sent)


def _message(place: Place, method: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
    # Compressing costs more than it saves where nothing has to travel.
    encoding = "identity" if place.host in _LOOPBACK else "gzip"
    sent = {"Host": place.authority, "User-Agent": _AGENT, "Accept-Encoding": encoding, **headers}
    return request(method, place.target, sent, body)


def _translated(error: Exception, name: str, url: str, *, began: bool = False) -> MemberError:
    if isinstance(error, TimeoutError) and not isinstance(error, ConnectTimeout):
        return _too_late(name, url)
    if began:
        return MemberProtocolError(
            f"{name} broke off its answer: {error}.",
            member=name,
            remedy="Try again; if it persists, ask its operator.",
            outcome="truncated",
            passing=True,
        )
    if isinstance(error, Malformed):
        return MemberUnavailable(
            f"{name} answered at {url} what cannot be read as HTTP: {error}.",
            member=name,
            remedy="Check its address with: onconode member check.",
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
