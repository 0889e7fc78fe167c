"""The HTTP client of an external store: one request, its answer in checked pieces, every failure one of our errors.

Speaks the SPARQL 1.1 Protocol and the Graph Store HTTP Protocol, and shows a name and a password to a store that asks.
Redirects are not followed: the addresses are settings.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlencode

import urllib3

from node.config import StoreSettings
from node.errors import Place, QuerySyntaxError, QueryTimeout, StoreError
from node.store.remote_auth import Credentials

_CONNECT_SECONDS = 10.0
#: A store that needs longer than this for one step of a change is taken for dead.
CHANGE_SECONDS = 3600.0
_EXPLANATION_BYTES = 20_000
_TIMED_OUT = re.compile(r"timed? ?out|time limit|exceeds the limit", re.IGNORECASE)
_RESULTS = "application/sparql-results+json"
_TRIPLES = "application/n-triples"


class StoreClient:
    """Kept-alive connections to one store. Safe to use from several threads; one change at a time."""

    def __init__(self, settings: StoreSettings, connections: int) -> None:
        self._settings = settings
        self._credentials = Credentials(settings.user, settings.password)
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=connections, retries=False)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.clear()

    def ask(
        self, text: str, *, default: Iterable[str], named: Iterable[str], graph: bool, deadline: float
    ) -> StoreReply:
        """Send a query (SPARQL 1.1 Protocol, section 2.1.2); the dataset is these graphs and nothing else.

        ``graph``: the answer is a graph, in N-Triples; else it is JSON. ``deadline`` is a moment of the monotonic
        clock. Raises QuerySyntaxError, QueryTimeout, StoreError. Close the reply.
        """
        fields = [("query", text)]
        fields += [("default-graph-uri", each) for each in default]
        fields += [("named-graph-uri", each) for each in named]
        fields += self._dialect_timeout(deadline)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": _TRIPLES if graph else _RESULTS}
        reply = self._exchange("POST", self._settings.query, urlencode(fields).encode(), headers, deadline)
        reply.require_complete()
        return reply

    def update(self, text: str, deadline: float) -> None:
        """Send an update. Raises StoreError, QueryTimeout; what of it was done is then unknown."""
        # A connection that the store closed meanwhile would leave it unknown, too: take a new one.
        self._pool.clear()
        body, headers = urlencode([("update", text)]).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        self._done(self._exchange("POST", self._settings.update, body, headers, deadline), deadline)

    def put(self, graph: str, triples: Path, deadline: float) -> None:
        """Replace a graph by the N-Triples in a file (Graph Store HTTP Protocol, section 5.3). Raises StoreError."""
        address = self._settings.graph_store
        url = f"{address}{'&' if '?' in address else '?'}graph={quote(graph, safe='')}"
        self._done(self._exchange("PUT", url, triples, {"Content-Type": _TRIPLES}, deadline), deadline)

    def _done(self, reply: StoreReply, deadline: float) -> None:
        with suppress(urllib3.exceptions.HTTPError, OSError):  # it said that it is done; what it adds does not count
            reply.drain(deadline)
        reply.close()

    def _dialect_timeout(self, deadline: float) -> list[tuple[str, str]]:
        """How this store is told to give up: a parameter beyond the protocol, in units of its own."""
        left = max(deadline - time.monotonic(), 0.0)
        if self._credentials.server == "virtuoso":
            return [("timeout", str(max(int(left * 1000), 1000)))]
        if self._credentials.server == "fuseki":
            return [("timeout", str(int(left) + 1))]
        return []

    def _exchange(
        self, method: str, url: str, body: bytes | Path, headers: Mapping[str, str], deadline: float
    ) -> StoreReply:
        """Send a request until it is neither challenged nor cut off by an idle connection's end."""
        if not self._credentials.knocked(url):
            self._knock(url, deadline)
        for last in (False, True):
            authorization = self._credentials.header(method, url)
            try:
                response = self._send(method, url, body, {**headers, **authorization}, deadline)
            except urllib3.exceptions.ProtocolError as error:
                if last or (method == "POST" and url == self._settings.update):
                    raise _translated(error, url) from error
                continue
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise _translated(error, url) from error
            challenged = response.status == 401 and self._credentials.learn(url, response.headers)
            reply = StoreReply(response, url)
            if challenged and not last:
                reply.close()
                continue
            if response.status >= 300:
                raise reply.failure(deadline)
            return reply
        raise AssertionError

    def _knock(self, url: str, deadline: float) -> None:
        """Learn what the store is and whether it wants a password, before anything large is sent to it."""
        try:
            response = self._send("GET", url, None, {"Accept": _RESULTS}, deadline)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _translated(error, url) from error
        self._credentials.learn(url, response.headers)
        response.close()

    def _send(
        self, method: str, url: str, body: bytes | Path | None, headers: Mapping[str, str], deadline: float
    ) -> urllib3.BaseHTTPResponse:
        left = deadline - time.monotonic()
        if left <= 0:
            raise _too_slow()
        if isinstance(body, Path):
            with body.open("rb") as file:
                sized = {**headers, "Content-Length": str(body.stat().st_size)}
                return self._request(method, url, file, sized, left)
        return self._request(method, url, body, headers, left)

    def _request(
        self, method: str, url: str, body: bytes | IO[bytes] | None, headers: Mapping[str, str], seconds: float
    ) -> urllib3.BaseHTTPResponse:
        return self._pool.request(
            method,
            url,
            body=body,
            headers=headers,
            preload_content=False,
            decode_content=False,
            redirect=False,
            retries=False,
            timeout=urllib3.Timeout(connect=min(_CONNECT_SECONDS, seconds), read=seconds),
        )


class StoreReply:
    """The answer to one request; ``read`` its body once, then ``close``."""

    def __init__(self, response: urllib3.BaseHTTPResponse, url: str) -> None:
        self._response = response
        self._url = url
        self._finished = False

    def require_complete(self) -> None:
        """Raise unless the answer says where it ends, and that nothing was left out of it."""
        headers = self._response.headers
        try:
            if headers.get("Content-Length") is None and not getattr(self._response, "chunked", False):
                raise StoreError("the external store does not say how long its answer is.")
            if headers.get("X-SQL-State"):
                # Virtuoso's way of saying that it ran out of time and sends what it has.
                raise _too_slow()
        except (StoreError, QueryTimeout):
            self.close()
            raise

    @property
    def most_rows(self) -> int | None:
        """After how many rows the store cuts answers off, if it says so (Virtuoso's ``ResultSetMaxRows``)."""
        given = self._response.headers.get("X-SPARQL-MaxRows", "")
        return int(given) if given.isdigit() else None

    def read(self, size: int, deadline: float) -> bytes:
        """The next piece of the body, empty at its end. Raises QueryTimeout, StoreError when it breaks off."""
        try:
            piece = self._response.read1(size)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if time.monotonic() >= deadline:
                raise _too_slow() from error
            raise _translated(error, self._url, began=True) from error
        if time.monotonic() >= deadline:
            raise _too_slow()
        self._finished = not piece
        return piece

    def drain(self, deadline: float) -> None:
        """Read to the end, so that the connection can be used again."""
        while self.read(1 << 16, deadline):
            pass

    def failure(self, deadline: float) -> QuerySyntaxError | QueryTimeout | StoreError:
        """The error that a status of refusal means. Closes the reply."""
        status = self._response.status
        said = ""
        with suppress(StoreError, QueryTimeout):
            said = self.read(_EXPLANATION_BYTES, deadline).decode("utf-8", "replace")
        self.close()
        # The query's text, which some stores repeat, is the caller's own.
        said = " ".join(re.split(r"\n\s*(?:SPARQL query|The query):", said)[0].split())[:500].rstrip(".")
        if status in (401, 403):
            return StoreError(
                f"the external store refuses the node ({status}).",
                where=Place(source=self._url),
                remedy="Check store.user and store.password, and what the store lets that user do.",
            )
        if _TIMED_OUT.search(said):
            return _too_slow()
        if status == 400:
            return QuerySyntaxError(f"the external store does not take it: {said}.")
        return StoreError(f"the external store answered {status}: {said}.", where=Place(source=self._url))

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


def _too_slow() -> QueryTimeout:
    return QueryTimeout("the external store did not answer within the time that is left.")


def _translated(error: Exception, url: str, *, began: bool = False) -> QueryTimeout | StoreError:
    if isinstance(error, QueryTimeout):
        return error
    if isinstance(error, urllib3.exceptions.ReadTimeoutError | TimeoutError):
        return _too_slow()
    if began:
        return StoreError("the external store broke off its answer.", where=Place(source=url))
    return StoreError(
        "the external store cannot be reached.",
        where=Place(source=url),
        remedy="Check that it runs and that the addresses in [store] are right.",
    )
