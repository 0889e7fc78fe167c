"""Asks one node over HTTP."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from node.client.answers import Answer, Stream, answer_of, verdict_of
from node.client.failures import error_of
from node.errors import MemberProtocolError, ProtocolError
from node.federation.calling.http import HttpClient, Reply
from node.federation.calling.meter import Meter
from node.rdf.formats import JSON, NTRIPLES, TSV
from node.rdf.solutions import solutions_of_tsv
from node.sparql.results import MalformedResults, read_json_results

_CONNECTIONS = 8
_PROBLEM = "application/problem+json"


class Client:
    """A node by its base address. Keeps connections open; may be used from several threads, and closed when done.

    ``token`` is an operator's, sent with every request. ``seconds`` bound each request from start to last byte.
    Raises ProtocolError for what is not an http address.

    All methods that ask raise what the node says is wrong, as the class of ``node.errors`` that it is there
    (QuerySyntaxError with line and column, QueryTimeout, MemberUnavailable with ``member``, …; ``problem`` is its
    document), MemberUnavailable and MemberTimeout when the node itself does not answer, and MemberProtocolError when
    what it answers is not SPARQL.
    """

    def __init__(self, base: str, *, token: str | None = None, seconds: float = 300.0) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ProtocolError(f"{base} is not an http or https address.", remedy="Give the address of a node.")
        self.base = base if base.endswith("/") else f"{base}/"
        self._seconds = seconds
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = HttpClient(self.base, _CONNECTIONS)

    def query(self, text: str) -> Answer:
        """The answer to a SPARQL 1.1 query over what this node holds, as a whole."""
        return self._answer("sparql", text, {})

    def federated_query(self, text: str, *, partial: bool = False) -> Answer:
        """The answer over all members of the node's federation, as if one store held what they hold.

        ``completeness`` of the answer says what each member did. ``partial``: where members are missing and the query
        has a lower bound, take that; without it a missing member is an error that names it.
        """
        return self._answer("federation/sparql", text, {"partial": "true"} if partial else {})

    def explain(self, text: str, *, run: bool = False) -> Mapping[str, Any]:
        """How a federated query would be answered (or, with ``run``, was), as the values of ``/federation/explain``."""
        parameters = {"format": "json", "run": "true" if run else "false"}
        with self._post("federation/explain", text, "application/json", parameters) as reply:
            document: Mapping[str, Any] = json.loads(reply.body())
            return document

    @contextmanager
    def stream(self, text: str, *, federated: bool = False, partial: bool = False) -> Iterator[Stream]:
        """The rows of a SELECT as they arrive, however many: nothing is held whole, and there are no pages.

        >>> with hub.stream("SELECT …") as rows:   # doctest: +SKIP
        ...     for row in rows: …

        An answer that breaks off raises in the middle; it never looks like its end.
        """
        path = "federation/sparql" if federated else "sparql"
        with self._post(path, text, TSV.media_type, {"partial": "true"} if partial else {}) as reply:
            self._require_type(reply, TSV.media_types)
            try:
                variables, rows = solutions_of_tsv(io.BufferedReader(_Chunks(reply.chunks())))
                yield Stream(variables, verdict_of(reply.header("Onconode-Completeness")), rows)
            except ValueError as error:
                raise self._malformed(error) from error

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _answer(self, path: str, text: str, parameters: Mapping[str, str]) -> Answer:
        accept = f"{JSON.media_type}, {NTRIPLES.media_type}"
        with self._post(path, text, accept, parameters) as reply:
            self._require_type(reply, (*JSON.media_types, *NTRIPLES.media_types))
            body = reply.body()
            if reply.media_type in NTRIPLES.media_types:
                return Answer(graph=body.decode("utf-8", "replace"))
        try:
            return answer_of(read_json_results(body), body)
        except MalformedResults as error:
            raise self._malformed(error) from error

    @contextmanager
    def _post(self, path: str, text: str, accept: str, parameters: Mapping[str, str]) -> Iterator[Reply]:
        url = f"{self.base}{path}{'?' + urlencode(parameters) if parameters else ''}"
        headers = {"Content-Type": "application/sparql-query", "Accept": accept, **self._headers}
        meter = Meter(self._seconds, requests=10, bytes=1 << 50)
        with self._http.exchange("POST", url, body=text.encode(), headers=headers, meter=meter) as reply:
            if reply.status != 200 and reply.media_type == _PROBLEM:
                problem = json.loads(reply.body())
                if isinstance(problem, dict):
                    raise error_of(problem, reply.status, url)
            reply.require()
            yield reply

    def _require_type(self, reply: Reply, wanted: tuple[str, ...]) -> None:
        if reply.media_type not in wanted:
            raise MemberProtocolError(
                f"{self.base} answered with {reply.media_type or 'no media type'}.",
                member=self.base,
                remedy="Check that this is the address of a node; a SELECT is needed for rows.",
            )

    def _malformed(self, error: Exception) -> MemberProtocolError:
        return MemberProtocolError(f"{self.base} gave an answer that is not SPARQL results: {error}.", member=self.base)


class _Chunks(io.RawIOBase):
    """Pieces of bytes as a file that can be read once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = chunk
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size
