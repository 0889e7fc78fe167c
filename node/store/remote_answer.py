"""An answer of an external store on its way to whoever asked: read in one dialect, written in the format asked for.

Stores differ in how they write results, so each is asked for JSON and N-Triples only, and what it sends is read and
written anew while it arrives. An answer that was cut off does not parse to its end, and is an error.
"""

from __future__ import annotations

import io
import json
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import IO, cast

from pyoxigraph import QueryBoolean, QueryResultsFormat, RdfFormat, parse, parse_query_results, serialize

from node.errors import NodeError, QueryTimeout, StoreError
from node.rdf.formats import Format
from node.rdf.namespaces import PREFIXES
from node.sparql.algebra import Form
from node.store.counting import Refusal, SolutionRows, counted
from node.store.quads import Budget, Generation
from node.store.refusals import refusal
from node.store.remote_http import StoreReply

_PIECE_BYTES = 1 << 16
#: How much of an answer waits for its reader before the store has to wait, too.
_AHEAD_BYTES = 1 << 20
_WITH_PREFIXES = (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML)


class RemoteAnswer:
    """Implements ``quads.Answer``. ``release`` is called once, when the store has been read to the end or given up."""

    def __init__(
        self,
        reply: StoreReply,
        form: Form,
        formats: tuple[Format, Format],
        *,
        budget: Budget,
        deadline: float,
        generation: Generation,
        release: Callable[[], None],
    ) -> None:
        self.format = formats[form in (Form.CONSTRUCT, Form.DESCRIBE)]
        self.generation = generation
        self._form = form
        self._most = reply.most_rows
        self._budget = budget
        self._source = _Source(reply, deadline)
        self._pipe = _Pipe(deadline, budget.result_bytes)
        self._release = release
        self._thread = threading.Thread(target=self._convert, name="external store answer", daemon=True)
        self._thread.start()
        try:
            self._first = self._pipe.read()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> RemoteAnswer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        """The answer in pieces. Raises LimitExceeded or StoreError when it fails on its way."""
        piece = self._first
        while piece:
            yield piece
            piece = self._pipe.read()

    def close(self) -> None:
        """Give the answer up, if it is not at its end."""
        self._pipe.give_up()
        self._source.abort()
        self._thread.join()

    def _convert(self) -> None:
        error: Exception | None = None
        try:
            self._write()
        except Exception as raised:  # noqa: BLE001  # whatever it is, the reader is told
            error = self._source.failed or self._pipe.failed or _translated(raised)
            _let_go(raised)
        finally:
            # Released before the reader learns of the end: what it does next may be a change.
            self._source.close()
            self._release()
            self._pipe.end(error)

    def _write(self) -> None:
        source, target = cast("IO[bytes]", self._source), cast("IO[bytes]", self._pipe)
        # A store that gives no more than so many rows does not say whether there were more.
        rows = self._budget.result_rows if self._most is None else min(self._budget.result_rows, self._most - 1)
        try:
            if self.format.rdf is not None:
                triples = counted(parse(source, format=RdfFormat.N_TRIPLES), rows)
                prefixes = PREFIXES if self.format.rdf in _WITH_PREFIXES else None
                serialize(triples, target, self.format.rdf, prefixes=prefixes)
            else:
                assert self.format.results is not None
                if self._form is Form.ASK:
                    source = cast("IO[bytes]", io.BytesIO(_boolean(self._source)))
                else:
                    self._pipe.rows = SolutionRows(self.format.results, rows)
                answer = parse_query_results(source, QueryResultsFormat.JSON)
                if isinstance(answer, QueryBoolean) != (self._form is Form.ASK):
                    raise StoreError("the external store answered another kind of question.")
                answer.serialize(target, self.format.results)
        except Refusal as refused:
            raise refusal(refused.fields, "", replace(self._budget, result_rows=rows)) from None
        # What comes after the end of the answer may still say that it is not one.
        while self._source.read(_PIECE_BYTES):
            pass


class _Source:
    """The readable object that pyoxigraph parses: the store's answer."""

    def __init__(self, reply: StoreReply, deadline: float) -> None:
        self._reply = reply
        self._deadline = deadline
        self.failed: NodeError | None = None

    def read(self, size: int = -1) -> bytes:
        """The next bytes, ``b""`` at the end."""
        try:
            return self._reply.read(size if size > 0 else _PIECE_BYTES, self._deadline)
        except NodeError as error:
            # The parser would make an error of its own of it.
            self.failed = error
            raise OSError(str(error)) from error

    def abort(self) -> None:
        """End a read in another thread."""
        self._reply.abort()

    def close(self) -> None:
        """Give the connection back, or close it."""
        self._reply.close()


class _Pipe:
    """The writable object that pyoxigraph writes to, and the other end of it."""

    def __init__(self, deadline: float, limit: int) -> None:
        self._deadline = deadline
        self._left = limit
        self._parts: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._abandoned = False
        self._error: Exception | None = None
        self._moved = threading.Condition()
        self.failed: NodeError | None = None
        self.rows: SolutionRows | None = None

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise Refusal("large", "the answer is larger than it may be")
        if self.rows is not None:
            self.rows.count(data)
        with self._moved:
            while self._held > _AHEAD_BYTES and not self._abandoned:
                if not self._moved.wait(self._deadline - time.monotonic()):
                    self.failed = QueryTimeout("the answer was not read within the time that one may take.")
                    raise OSError(str(self.failed))
            if self._abandoned:
                raise OSError("nobody reads this")
            self._parts.append(bytes(data))
            self._held += len(data)
            if self._held >= _PIECE_BYTES:
                self._moved.notify_all()
        return len(data)

    def flush(self) -> None:
        """Nothing: pieces go out when they are large enough, or at the end."""

    def end(self, error: Exception | None) -> None:
        """There is no more."""
        with self._moved:
            self._ended, self._error = True, error
            self._moved.notify_all()

    def read(self) -> bytes:
        """What there is, empty at the end. Raises what the answer failed with."""
        with self._moved:
            while self._held < _PIECE_BYTES and not self._ended:
                self._moved.wait()
            if self._error is not None:
                raise self._error
            data = b"".join(self._parts)
            self._parts.clear()
            self._held = 0
            self._moved.notify_all()
            return data

    def give_up(self) -> None:
        """Nobody will read any more."""
        with self._moved:
            self._abandoned = True
            self._moved.notify_all()


def _boolean(source: _Source) -> bytes:
    """The answer to an ASK, as the Recommendation has it. Virtuoso's is a table with a number."""
    text = b"".join(iter(lambda: source.read(_PIECE_BYTES), b""))
    with suppress(ValueError, KeyError, TypeError, IndexError):
        (value,) = json.loads(text)["results"]["bindings"][0].values()
        return json.dumps({"head": {}, "boolean": value["value"] in ("1", "true")}).encode()
    return text


def _let_go(error: BaseException | None) -> None:
    """Forget what the frames of an error hold: pyoxigraph's objects must go in the thread that made them."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__


def _translated(error: Exception) -> NodeError:
    if isinstance(error, NodeError):
        return error
    return StoreError(f"the external store's answer cannot be read: {' '.join(str(error).split())[:300]}.")
