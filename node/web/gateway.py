"""The RSGI application: SPARQL queries straight to the service, everything else through WSGI, on threads.

Granian's own WSGI interface ends the response *properly* when the application's iterator raises: a client would take a
part of an answer for the whole. Here a failure after the first bytes shuts the client's socket down before the body's
end has been written: the client sees a chunked body without its last chunk, or fewer bytes than announced. RSGI tells
the client's address and port, by which the socket is found among those of this process.

A kept answer is sent from the event loop itself. A query waits for its turn without a thread (``gate``), and runs on
threads that are for queries alone, so that pages, health and kept answers come however busy these are. A client that
reads slowly holds no thread, and a body is read only up to the limit.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from node.cancellation import Cancellation, cancelled_by
from node.config import Limits, Server
from node.errors import AddressTooLong, HeadersTooLarge, NodeError, RequestTimeout
from node.observability import log
from node.store.quads import NotReady
from node.web.connections import break_connection
from node.web.gate import Gate
from node.web.http10 import has_no_chunks, held
from node.web.leaving import Leaving
from node.web.looks import Looks
from node.web.middleware import RequestLine
from node.web.negotiation import prefers_page, read_accept
from node.web.problems import status_of
from node.web.promising import Promising
from node.web.readings import FEDERATION, NODE, Endpoint, Reading
from node.web.reply import Reply, WebRequest, problem_reply, request_number
from node.web.sparql_service import Begun, SparqlService
from node.web.wsgi import call_application, environment

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

#: A client that takes no byte for so many seconds is given up.
SEND_SECONDS = 60.0
#: A client that sends no byte of its body for so many seconds is given up.
RECEIVE_SECONDS = 30.0
_QUERY_METHODS = ("GET", "HEAD", "POST")
#: What surrounds a header's name and value in a request.
_HEADER_FRAME = 4


class Gateway:
    """An RSGI application over a WSGI application, the SPARQL service and what is kept for those who look.

    ``root``: the path of the node's base IRI, with a slash at its end. ``base``: that IRI. A body is read up to
    ``server.max_request_bytes`` and one byte more; the application sees by that one that there were too many.
    A client that sends nothing of its body for ``receive_seconds`` is given up. ``on_stop`` is called when the server
    stops.
    """

    def __init__(
        self,
        application: WSGIApplication,
        service: SparqlService,
        *,
        looks: Looks,
        promising: Promising,
        base: str,
        root: str,
        server: Server,
        limits: Limits,
        on_stop: Callable[[], None],
        receive_seconds: float = RECEIVE_SECONDS,
    ) -> None:
        self._receive_seconds = receive_seconds
        self._application = application
        self._service = service
        self._looks = looks
        self._promising = promising
        self._base = base
        self._server = server
        self._on_stop = on_stop
        self._threads = ThreadPoolExecutor(server.threads, thread_name_prefix="web")
        wait = limits.queue_seconds
        # As many as workers may be busy: a place here never waits long for one.
        places = limits.query_workers + limits.long_queries
        gate = Gate("query", places=places, per_client=limits.client_queries, queue_seconds=wait)
        # A federated query takes its time: one client leaves a place to the others, however many it asks.
        places = limits.federation_queries
        of_one = min(limits.client_queries, max(1, places - 1))
        spare = limits.federation_places - places
        federation = Gate("federation", places=places, per_client=of_one, queue_seconds=wait, spare=spare)
        self._routes: dict[str, tuple[Endpoint, Gate]] = {}
        for endpoint, its_gate in ((NODE, gate), (FEDERATION, federation)):
            for prefix in {"/", root}:
                for slash in ("", "/"):
                    self._routes[f"{prefix}{endpoint.path}{slash}"] = (endpoint, its_gate)
        self._gates = (gate, federation)
        self._leaving = Leaving()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        del loop
        for pool in self._gates:
            pool.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._on_stop()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        headers = _joined(scope)
        request_id = request_number(headers.get("x-request-id"))
        try:
            self._check_size(scope, headers)
            body = await self._read(protocol, headers) if _announces_body(headers) else b""
        except NodeError as error:
            line = RequestLine(scope.method, scope.path, request_id)
            self._send(protocol, self._problem(error, request_id), scope.method, line)
            return
        route = self._routes.get(scope.path)
        line = RequestLine(scope.method, scope.path, request_id)
        request = WebRequest(scope.method, scope.path, scope.query_string, headers, body, request_id)
        if route is None:
            await self._pages(scope, protocol, request, line)
            return
        try:
            await self._answer(scope, protocol, route, request, line)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            log("error", level=40, exception=error, request=request_id)
            with contextlib.suppress(Exception):  # it may have one already
                self._send(protocol, self._problem(NodeError("unexpected error"), request_id), scope.method, line)

    async def _answer(
        self,
        scope: Any,
        protocol: Any,
        route: tuple[Endpoint, Gate],
        request: WebRequest,
        line: RequestLine,
    ) -> None:
        """Answer at an endpoint: from memory, or by a query in its turn."""
        endpoint, gate = route
        headers, body = request.headers, request.body
        if scope.method in _QUERY_METHODS and (kept := self._service.kept(endpoint, request)) is not None:
            self._promising.add(request, kept)
            self._send(protocol, kept, scope.method, line)
            return
        client = self._client(scope, headers)
        try:
            await gate.enter(client)
        except NodeError as error:
            self._send(protocol, self._service.problem(error, request), scope.method, line)
            return
        cancellation = self._leaving.expect(protocol)
        try:
            reply = await self._promptly(endpoint, gate, request, scope, cancellation)
            if reply is None:
                reply = await gate.run(self._query, endpoint, request, scope, body, cancellation)
            self._promising.add(request, reply)
            own_line = line if reply.logged else None
            if reply.rest is None:
                self._send(protocol, reply, scope.method, own_line)
            else:
                await self._stream(scope, protocol, reply, own_line, gate.run)
        finally:
            self._leaving.forget(cancellation)
            gate.leave(client)

    async def _pages(self, scope: Any, protocol: Any, request: WebRequest, line: RequestLine) -> None:
        """What is not a query: the WSGI application's."""
        looked_at = self._looks.concerns(request)
        if looked_at and (kept := self._looks.kept(request)) is not None:
            self._promising.add(request, kept)
            self._send(protocol, kept, scope.method, line)
            return
        loop = asyncio.get_running_loop()

        async def run(call: Callable[..., Any], *args: Any) -> Any:
            return await loop.run_in_executor(self._threads, call, *args)

        reply = await run(self._call, scope, request.body)
        if looked_at:
            self._looks.keep(request, reply)
            self._promising.add(request, reply)
        if reply.rest is None:
            self._send(protocol, reply, scope.method, None)
        else:
            await self._stream(scope, protocol, reply, None, run)

    async def _promptly(
        self, endpoint: Endpoint, gate: Gate, request: WebRequest, scope: Any, cancellation: Cancellation
    ) -> Reply | None:
        """The reply to a small query that a worker is free for, without a thread; None for whatever else it is.

        A thread in between takes twice the processor time that everything else takes in this process.
        """
        if request.method not in _QUERY_METHODS or has_no_chunks(scope):
            return None
        reading = self._service.small(endpoint, request)
        if reading is None:
            return None
        try:
            if endpoint.federated:
                # Its end would make no other one of those that can be begun.
                begun = self._begun(self._service.begin_federated, request, reading, cancellation)
            else:
                begun = await gate.begin(lambda: self._begun(self._service.begin, request, reading, cancellation))
        except NotReady:
            return None
        if begun is None:
            return None
        try:
            await _ready(begun)
            answer = self._service.receive(begun)
            if answer is None:
                return None
            if answer.whole:
                return self._service.finish(begun, answer)
            return await gate.run(self._service.finish, begun, answer)
        except NodeError as error:
            return self._failed(error, request)
        finally:
            begun.query.close()

    def _begun(
        self,
        begin: Callable[[WebRequest, Reading], Begun | None],
        request: WebRequest,
        reading: Reading,
        cancellation: Cancellation,
    ) -> Begun | None:
        with cancelled_by(cancellation):
            return begin(request, reading)

    def _query(
        self, endpoint: Endpoint, request: WebRequest, scope: Any, body: bytes, cancellation: Cancellation
    ) -> Reply:
        """The reply at an endpoint, unless the client leaves. Runs on a thread."""
        with cancelled_by(cancellation):
            return self._reply(endpoint, request, scope, body)

    def _reply(self, endpoint: Endpoint, request: WebRequest, scope: Any, body: bytes) -> Reply:
        """The reply at an endpoint. Pages for people are the application's."""
        if request.method not in _QUERY_METHODS:
            return self._call(scope, body)
        try:
            reading = self._service.read(endpoint, request)
            if reading.for_people:
                return self._call(scope, body)
            reply = self._service.reply(endpoint, request, reading)
            return held(reply) if has_no_chunks(scope) else reply
        except NodeError as error:
            if prefers_page(read_accept(request.headers.get("accept")), None):
                return self._call(scope, body)
            return self._failed(error, request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            log("error", level=40, exception=error, request=request.request_id)
            return self._service.problem(NodeError("unexpected error"), request)

    def _failed(self, error: NodeError, request: WebRequest) -> Reply:
        if status_of(error) == 500:
            log("error", level=40, exception=error, request=request.request_id)
        return self._service.problem(error, request)

    def _call(self, scope: Any, body: bytes) -> Reply:
        """The application's reply, which it logs itself. Runs on a thread."""
        environ: WSGIEnvironment = environment(scope, body)
        try:
            reply = call_application(self._application, environ)
            reply = held(reply) if has_no_chunks(scope) else reply
        except NodeError as error:  # only from an answer that is held back
            reply = self._problem(error, request_number(None))
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, the client gets an answer
            log("gateway", level=40, exception=error)
            reply = self._problem(NodeError("unexpected error"), request_number(None))
        reply.logged = False
        return reply

    def _send(self, protocol: Any, reply: Reply, method: str, line: RequestLine | None) -> None:
        body = b"" if method == "HEAD" else reply.head
        if line is not None:
            reply.headers.append(("x-request-id", line.request_id))
        protocol.response_bytes(reply.status, reply.headers, body)
        if line is not None:
            line.status, line.bytes, line.notes = reply.status, len(body), reply.notes
            line.finish()

    async def _stream(
        self, scope: Any, protocol: Any, reply: Reply, line: RequestLine | None, run: Callable[..., Any]
    ) -> None:
        rest = reply.rest
        assert rest is not None  # the caller has looked
        if line is not None:
            reply.headers.append(("x-request-id", line.request_id))
            line.status, line.notes = reply.status, reply.notes
        transport = protocol.response_stream(reply.status, reply.headers)
        try:
            chunk: bytes | None = reply.head
            while chunk is not None:
                if chunk:
                    await asyncio.wait_for(transport.send_bytes(chunk), SEND_SECONDS)
                    if line is not None:
                        line.bytes += len(chunk)
                chunk = await run(next, rest, None)
            if line is not None:
                line.finish()
        except BaseException as error:
            # Before anything else: the body's end is written as soon as this coroutine is left.
            found = break_connection(scope.client)
            if line is not None:
                line.finish(error)
            if not isinstance(error, Exception):
                raise
            if not found and type(error).__name__ != "RSGIProtocolClosed":
                log("gateway", level=40, message="the connection of a broken answer was not found")
        finally:
            await run(reply.close)

    async def _read(self, protocol: Any, headers: Mapping[str, str]) -> bytes:
        limit = self._server.max_request_bytes
        length = headers.get("content-length", "")
        # To hear that there is nothing more costs two turns of the interpreter.
        chunks: list[bytes] = []
        size = 0
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._receive_seconds) as deadline:
                # not anext(protocol, None): granian 2.8 crashes the process on it
                async for chunk in protocol:
                    chunks.append(chunk)
                    size += len(chunk)
                    if size > limit or str(size) == length:
                        break
                    deadline.reschedule(loop.time() + self._receive_seconds)
        except TimeoutError:
            raise RequestTimeout(
                f"no byte of the body came for {self._receive_seconds:g} s.", remedy="Send it without pauses."
            ) from None
        return b"".join(chunks)[: limit + 1]

    def _check_size(self, scope: Any, headers: dict[str, str]) -> None:
        """Raises AddressTooLong, HeadersTooLarge."""
        address = len(scope.path) + len(scope.query_string)
        if address > self._server.max_address_bytes:
            raise AddressTooLong(
                f"the address has {address} bytes; this node reads {self._server.max_address_bytes}.",
                remedy="Send the query in the body of a POST.",
            )
        size = sum(len(name) + len(value) + _HEADER_FRAME for name, value in headers.items())
        if size > self._server.max_header_bytes:
            raise HeadersTooLarge(
                f"the headers have {size} bytes; this node reads {self._server.max_header_bytes}.",
                remedy="Send fewer or shorter ones.",
            )

    def _client(self, scope: Any, headers: Mapping[str, str]) -> str:
        """Who asks, as far as counting their queries goes: the address behind the connection or the proxy."""
        if self._server.behind_proxy:
            # What stands before the last was written by who knows whom.
            forwarded = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
            if forwarded:
                return forwarded
        return str(scope.client).rpartition(":")[0]

    def _problem(self, error: NodeError, request_id: str) -> Reply:
        return problem_reply(error, base=self._base, request_id=request_id)


async def _ready(begun: Begun) -> None:
    """Wait until the answer of a begun query can be taken, which is at its deadline at the latest."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def look() -> None:
        if not ready.done() and begun.query.ready():
            ready.set_result(None)

    def stopped() -> None:
        with contextlib.suppress(RuntimeError):  # the server has stopped as well
            loop.call_soon_threadsafe(look)

    descriptor = begun.query.descriptor
    loop.add_reader(descriptor, look)
    try:
        begun.query.on_stop(stopped)
        await ready
    finally:
        loop.remove_reader(descriptor)


def _joined(scope: Any) -> dict[str, str]:
    """The headers by name, several of one name joined as RFC 9110, section 5.3, says."""
    headers: dict[str, str] = {}
    for name, value in scope.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _announces_body(headers: dict[str, str]) -> bool:
    """Whether a request has a body: RFC 9112, section 6.3. Waiting for one takes time even if there is none."""
    return "content-length" in headers or "transfer-encoding" in headers
