"""One query on its way: what is asked, its hold on a worker and on a place, and its answer."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from node.cancellation import current
from node.errors import ClientGone, NodeError
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format
from node.sparql.rows_text import RowsText
from node.store import frames
from node.store.lanes import Lane, Lanes
from node.store.process import Overdue, Worker
from node.store.quads import Budget, Generation
from node.store.refusals import GenerationGone, ended, refusal, timeout

_LOAD_FRAME_BYTES = 256 * 1024
#: So much is sent at a time where it comes in smaller pieces.
_TOGETHER_BYTES = 64 * 1024
#: Makes a JSON string of a text.
_JSON = json.JSONEncoder().encode


@dataclass(frozen=True)
class Question:
    """What a worker is asked: a query over ``generation`` within ``scope``, or over ``load`` when that is given.

    ``load`` is (N-Triples for the default graph, N-Quads), each in pieces whose concatenation is the document.
    ``base`` is what relative IRIs in the text are resolved against (SPARQL 1.1 Query, section 4.1.1.2). With ``rows``
    the worker makes the text of them.
    """

    text: str
    formats: tuple[Format, Format]
    budget: Budget
    generation: Generation
    scope: GraphScope | None = None
    load: tuple[Iterable[bytes], Iterable[bytes]] | None = None
    base: str | None = None
    rows: RowsText | None = None

    @property
    def folder(self) -> str | None:
        """Of its generation. Generation 0 is the empty node; it has none."""
        return str(self.generation.folder) if self.generation.number else None

    def frame(self, seconds: float) -> bytes:
        """The ASK frame for a worker that may take ``seconds``."""
        most = self.budget.memory_bytes, self.budget.result_bytes, self.budget.result_rows
        same = _asked_alike(self.formats, most, self.scope, (self.folder, self.base, self.load is not None))
        recipe = "null" if self.rows is None else _JSON(self.rows.recipe.document())
        asked = f'{{"text": {_JSON(self.text)}, "recipe": {recipe}, "seconds": {seconds!r}, {same}'
        return frames.frame(frames.ASK, asked.encode())

    def load_frames(self) -> Iterator[bytes]:
        """The frames that follow ASK: the rows of the text and the data to load, if there is any."""
        if self.load is None:
            return
        for its in () if self.rows is None else self.rows.bodies:
            for body in its:
                for start in range(0, len(body), _LOAD_FRAME_BYTES):
                    yield frames.frame(frames.ROWS, body[start : start + _LOAD_FRAME_BYTES])
            yield frames.frame(frames.RELATION)
        for kind, pieces in zip((frames.TRIPLES, frames.QUADS), self.load, strict=True):
            for piece in pieces:
                for start in range(0, len(piece), _LOAD_FRAME_BYTES):
                    yield frames.frame(kind, piece[start : start + _LOAD_FRAME_BYTES])
        yield frames.frame(frames.LOADED)


@lru_cache(maxsize=64)
def _asked_alike(
    formats: tuple[Format, Format],
    most: tuple[int, int, int],
    scope: GraphScope | None,
    others: tuple[str | None, str | None, bool],
) -> str:
    """What many questions have in common of their ASK frames, from the third member of the JSON object on."""
    folder, base, load = others
    results, graph = formats[0].results, formats[1].rdf
    if results is None or graph is None:
        raise ValueError("formats must be one for solutions and one for graphs")
    common: dict[str, Any] = {
        "base": base,
        "folder": folder,
        "default": None if scope is None else scope.default,
        "named": None if scope is None else scope.named,
        "results": results.media_type,
        "graph": graph.media_type,
        "load": load,
        "memory_bytes": most[0],
        "result_bytes": most[1],
        "result_rows": most[2],
    }
    return json.dumps(common)[1:]


class Lease:
    """One query's hold on one worker and on one of the pool's places, of which it is given a short one.

    The reader's thread ends it, the watchdog's thread moves it to the long lane or stops it. ``on_end`` takes the
    worker back: it is called once, with whether the worker can be used again. ``look_at`` is the watchdog's.
    """

    def __init__(
        self, worker: Worker, lanes: Lanes, question: Question, deadline: float, on_end: Callable[[Lease, bool], None]
    ) -> None:
        self.worker = worker
        self.question = question
        self.deadline = deadline
        self.started = time.monotonic()
        self.look_at = deadline
        self._lanes = lanes
        self._on_end = on_end
        self._stopped: NodeError | None = None
        self._told: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._lane: Lane | None = Lane.SHORT
        worker.begin(deadline)
        self._cancellation = current()
        if self._cancellation is not None:
            self._cancellation.on_cancel(id(self), self._abandon)

    @property
    def lane(self) -> Lane | None:
        """Where its place is; None when it has none any more."""
        return self._lane

    def used_seconds(self) -> float:
        """Processor time of this query so far; where the system does not tell, wall-clock time."""
        used = self.worker.used_seconds()
        return time.monotonic() - self.started if used is None else used

    def lengthen(self) -> bool:
        """Exchange the short place for a long one; whether it holds no short one now."""
        with self._lock:
            if self._lane is Lane.SHORT and self._lanes.lengthen():
                self._lane = Lane.LONG
            return self._lane is not Lane.SHORT

    def hold_back(self, nice: int) -> None:
        """Let the query have less of the machine, while it has a place."""
        with self._lock:
            if self._lane is not None:
                self.worker.hold_back(nice)

    def stop(self, reason: NodeError) -> None:
        """Kill the worker and give the place away; whoever reads the answer gets ``reason``, and ends the lease."""
        lane = self._let_go(reason)
        if lane is not None:
            self.worker.kill()
            self._lanes.leave(lane)
            # The worker's pipe ends only when all of its memory is given back.
            if self._told is not None:
                self._told()

    def on_stop(self, told: Callable[[], None]) -> None:
        """Have ``told`` called when the query is stopped, by whichever thread does so; now if it is already."""
        self._told = told
        if self._stopped is not None:
            told()

    @property
    def stopped(self) -> bool:
        """Whether it was, so that ``receive`` raises the reason."""
        return self._stopped is not None

    def end(self, *, reusable: bool) -> None:
        """The reader's: give back the place, and the worker if it can be used again. Call once."""
        if self._cancellation is not None:
            self._cancellation.on_cancel(id(self), None)
        lane = self._let_go() if reusable else None
        if lane is not None:
            self._on_end(self, True)
            self._lanes.leave(lane)
            return
        # Killed before its place is free: there are never more queries than places, whatever a process takes to end.
        self._on_end(self, False)
        lane = self._let_go()
        if lane is not None:
            self._lanes.leave(lane)

    def tell(self) -> None:
        """Send the question. Raises what its ``load`` raises.

        A worker that dies, refuses or is overdue while it is being told is heard of by reading: the answer says why.
        """
        try:
            # What is little is one call, and the worker is woken once.
            held = self.question.frame(self.deadline - time.monotonic())
            for data in self.question.load_frames():
                if len(held) + len(data) > _TOGETHER_BYTES:
                    self.worker.send(held)
                    held = b""
                held += data
            self.worker.send(held)
        except (BrokenPipeError, Overdue):
            pass

    def receive(self) -> tuple[bytes, bytes]:
        """The worker's next frame. Raises the reason for which there is none."""
        if self._stopped is not None:
            raise self._stopped
        try:
            received = self.worker.receive()
        except Overdue:
            # The process may need time to give its memory back; its reader is not made to wait for that.
            self.stop(timeout(self.question.budget))
            received = None
        if received is not None:
            return received
        if self._stopped is not None:
            raise self._stopped
        raise ended(self.worker.reap(), self.worker.last_words(), self.question.budget)

    def _abandon(self) -> None:
        self.stop(ClientGone("the client left before its answer was there."))

    def _let_go(self, reason: NodeError | None = None) -> Lane | None:
        with self._lock:
            lane, self._lane = self._lane, None
            if lane is not None:
                self._stopped = reason
            return lane


class BegunQuery:
    """A query that a worker has been told of. Implements ``quads.BegunQuery``."""

    def __init__(self, lease: Lease) -> None:
        self._lease: Lease | None = lease
        self.descriptor = lease.worker.descriptor

    def ready(self) -> bool:
        """Whether ``answer`` would not wait; call it when ``descriptor`` is readable."""
        return self._lease is None or self._lease.stopped or self._lease.worker.listen()

    def on_stop(self, told: Callable[[], None]) -> None:
        """Have ``told`` called, by another thread, when the query is ended from outside; see ``quads.BegunQuery``."""
        if self._lease is not None:
            self._lease.on_stop(told)

    def answer(self) -> WorkerAnswer | None:
        """The answer, None when the generation was removed; see ``quads.BegunQuery``."""
        lease, self._lease = self._lease, None
        assert lease is not None  # asked once
        try:
            return WorkerAnswer(lease)
        except GenerationGone:
            return None

    def close(self) -> None:
        """End the query, unless its answer was taken. May be called twice."""
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.end(reusable=False)


class WorkerAnswer:
    """An answer read from a worker, frame by frame. Implements ``quads.Answer``; also its own context manager."""

    def __init__(self, lease: Lease) -> None:
        self._question = lease.question
        self._lease: Lease | None = lease
        self._ready: deque[bytes] = deque()
        self._format: Format | None = None
        try:
            # Up to the first bytes, and on to the end when it came with them: a small answer lets its worker go here.
            while self._lease is not None and (not self._ready or lease.worker.has_frame()):
                self._take_frame(self._lease)
        except BaseException:
            self.close()
            raise

    @property
    def whole(self) -> bool:
        """Whether all of it is here, so that reading it never waits."""
        return self._lease is None

    @property
    def format(self) -> Format:
        assert self._format is not None
        return self._format

    @property
    def generation(self) -> Generation:
        return self._question.generation

    def __enter__(self) -> WorkerAnswer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        """The answer's bytes, in pieces of about 64 KiB, as they come.

        Raises QueryTimeout, QueryMemoryExceeded, ResultTooLarge, TooBusy or StoreError when the query fails on the way.
        """
        try:
            while True:
                while self._ready:
                    yield self._ready.popleft()
                if self._lease is None:
                    return
                self._take_frame(self._lease)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the worker. A query that is not finished is ended with its worker. May be called twice."""
        lease, self._lease = self._lease, None
        self._ready.clear()
        if lease is not None:
            lease.end(reusable=False)

    def _take_frame(self, lease: Lease) -> None:
        kind, payload = lease.receive()
        if kind == frames.DATA:
            self._ready.append(payload)
        elif kind == frames.FORM:
            self._format = self._question.formats[0 if payload == frames.FORM_RESULTS else 1]
        elif kind == frames.END:
            self._lease = None
            lease.end(reusable=payload == frames.END_READY)
        else:
            refused = json.loads(payload)
            self._lease = None
            # A worker that was loading may have unread frames in its pipe and ends itself.
            lease.end(reusable=refused["kind"] in frames.HARMLESS and self._question.load is None)
            raise refusal(refused, self._question.text, self._question.budget)
