"""The pool of query workers: who gets one, for how long, and what happens to one that breaks its limits.

A query holds a worker from its start until the last byte of its answer has left the worker, which for an answer of up
to 64 KiB is before ``ask`` returns: a slow reader of a small answer holds nothing. A watchdog thread kills a worker at
its deadline whether or not anybody is reading, and gives its place to the next query at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from node.errors import NodeError, StoreError, TooBusy
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format
from node.store import frames
from node.store.quads import Budget, Generation
from node.store.refusals import ended, refusal, timeout

_COMMAND = (sys.executable, "-P", "-m", "node.store.worker")
#: A freshly killed process is gone within milliseconds; one stuck in the kernel is not waited for longer than this.
_REAP_SECONDS = 5.0
_LOAD_FRAME_BYTES = 256 * 1024


@dataclass(frozen=True)
class Question:
    """What a worker is asked: a query over ``generation`` within ``scope``, or over ``load`` when that is given.

    ``load`` is (N-Triples for the default graph, N-Quads), each in pieces whose concatenation is the document.
    ``base`` is what relative IRIs in the text are resolved against (SPARQL 1.1 Query, section 4.1.1.2).
    """

    text: str
    formats: tuple[Format, Format]
    budget: Budget
    generation: Generation
    scope: GraphScope | None = None
    load: tuple[Iterable[bytes], Iterable[bytes]] | None = None
    base: str | None = None


class _Worker:
    """One worker process and the pipes to it. Used by one query at a time."""

    def __init__(self) -> None:
        # Standard error goes to a nameless file: it tells why a process died, and never reaches a terminal.
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the worker
        try:
            self._process = subprocess.Popen(
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                bufsize=0,
                # Its own session: Ctrl-C in a terminal is for the node, which then ends its workers.
                start_new_session=True,
                env={**os.environ, "RUST_BACKTRACE": "0"},
            )
        except OSError as error:
            self._complaints.close()
            raise StoreError(
                f"a query worker cannot be started: {error.strerror}.",
                remedy="Give the node more processes, memory or file descriptors, or lower limits.query_workers.",
            ) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to = self._process.stdin
        self._from = self._process.stdout
        self._reader = frames.FrameReader(self._from.fileno())

    @property
    def pid(self) -> int:
        return self._process.pid

    def reap(self) -> int | None:
        """Wait for the end of a process that was killed or has closed its pipe. Returns its return code if it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_REAP_SECONDS)
        return None

    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, data: bytes) -> None:
        frames.write_all(self._to.fileno(), data)

    def receive(self) -> tuple[bytes, bytes] | None:
        return self._reader.read()

    def has_frame(self) -> bool:
        """Whether ``receive`` would return without waiting."""
        return self._reader.has_frame()

    def kill(self) -> None:
        """End the process now. Callable from any thread; the pipes stay open for whoever reads them."""
        self._process.kill()

    def last_words(self) -> bytes:
        """What the process wrote on standard error, its beginning."""
        self._complaints.seek(0)
        return self._complaints.read(4000)

    def bury(self) -> None:
        """Kill, wait, close the pipes. May be called twice."""
        self._process.kill()
        self.reap()
        for pipe in (self._to, self._from, self._complaints):
            with contextlib.suppress(OSError):
                pipe.close()


class _Lease:
    """One query's hold on one worker and on one of the pool's places."""

    def __init__(self, pool: WorkerPool, worker: _Worker, deadline: float) -> None:
        self._pool = pool
        self.worker = worker
        self.deadline = deadline
        self.expired = False
        self._holds_place = True
        self._lock = threading.Lock()

    def expire(self) -> None:
        """The watchdog's: kill the worker and give the place away; whoever reads finds out, and ends the lease."""
        if self._let_go():
            self.expired = True
            self.worker.kill()
            self._pool.free_place()

    def end(self, *, reusable: bool) -> None:
        """The reader's: give back the place, and the worker if it can be used again. Further calls do nothing."""
        if reusable and self._let_go():
            self._pool.end_lease(self, worker_idle=True)
            self._pool.free_place()
            return
        # The process is gone before its place is free: there are never more processes than places, except for
        # the instant in which the watchdog kills one.
        self._pool.end_lease(self, worker_idle=False)
        if self._let_go():
            self._pool.free_place()

    def cause_of_death(self, budget: Budget) -> NodeError:
        """Why the worker closed its pipe before the end of its answer."""
        code, words = self.worker.reap(), self.worker.last_words()
        return timeout(budget) if self.expired else ended(code, words, budget)

    def _let_go(self) -> bool:
        with self._lock:
            held, self._holds_place = self._holds_place, False
            return held


class WorkerAnswer:
    """An answer read from a worker, frame by frame. Implements ``quads.Answer``; also its own context manager."""

    def __init__(self, question: Question, lease: _Lease) -> None:
        self._question = question
        self._lease: _Lease | None = lease
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

        Raises QueryTimeout, QueryMemoryExceeded, ResultTooLarge or StoreError when the query fails on the way.
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

    def _take_frame(self, lease: _Lease) -> None:
        received = lease.worker.receive()
        if received is None:
            raise lease.cause_of_death(self._question.budget)
        kind, payload = received
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


class WorkerPool:
    """At most ``workers`` processes that answer queries, started when first needed and used again.

    A query that finds all places taken waits up to ``queue_seconds`` for one; its own deadline runs meanwhile.
    """

    def __init__(self, workers: int, queue_seconds: float) -> None:
        self._queue_seconds = queue_seconds
        self._places = threading.BoundedSemaphore(workers)
        self._changed = threading.Condition()
        self._idle: list[_Worker] = []
        self._workers: set[_Worker] = set()
        self._leases: set[_Lease] = set()
        self._watching_until: float | None = None
        self._watchdog: threading.Thread | None = None
        self._closed = False

    def ask(self, question: Question) -> WorkerAnswer:
        """Start the query and wait for its first bytes.

        Raises what ``QuadStore.query`` raises, and GenerationGone.
        """
        budget = question.budget
        deadline = time.monotonic() + budget.seconds
        if not self._places.acquire(timeout=min(self._queue_seconds, budget.seconds)):
            if self._queue_seconds < budget.seconds:
                raise TooBusy(
                    f"all query workers were busy for {self._queue_seconds:g} s.", remedy="Try again in a moment."
                )
            raise timeout(budget)
        try:
            lease = _Lease(self, self._worker(), deadline)
        except BaseException:
            self._places.release()
            raise
        try:
            self._watch(lease)
            # A worker that dies or refuses while it is being told is heard of by reading: the answer says why.
            with contextlib.suppress(BrokenPipeError):
                lease.worker.send(_ask(question, deadline - time.monotonic()))
                if question.load is not None:
                    _send_load(lease.worker, question.load)
        except BaseException:
            lease.end(reusable=False)
            raise
        return WorkerAnswer(question, lease)

    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers there are now."""
        with self._changed:
            return tuple(worker.pid for worker in self._workers)

    def close(self) -> None:
        """End all workers, busy or not. Queries under way fail with StoreError, later ones too."""
        with self._changed:
            self._closed = True
            self._idle.clear()
            workers = list(self._workers)
            busy = {lease.worker for lease in self._leases}
            watchdog = self._watchdog
            self._changed.notify_all()
        for worker in workers:
            worker.kill()
        if watchdog is not None:
            watchdog.join()
        for worker in workers:
            if worker in busy:
                # Its pipes are its reader's to close: a number closed here might be another file by the next read.
                worker.reap()
            else:
                self._bury(worker)

    def end_lease(self, lease: _Lease, *, worker_idle: bool) -> None:
        """The reader has finished with its worker, which waits for the next query or is ended."""
        with self._changed:
            reused = worker_idle and not self._closed
            if reused:
                self._leases.discard(lease)
                self._idle.append(lease.worker)
        if not reused:
            self._bury(lease.worker)
            with self._changed:
                self._leases.discard(lease)

    def free_place(self) -> None:
        """One more query may start."""
        self._places.release()

    def _bury(self, worker: _Worker) -> None:
        worker.bury()
        with self._changed:
            self._workers.discard(worker)

    def _worker(self) -> _Worker:
        """An idle worker, or a new one. Call with a place."""
        while True:
            with self._changed:
                self._refuse_if_closed()
                idle = self._idle.pop() if self._idle else None
            if idle is None:
                break
            if idle.alive():
                return idle
            self._bury(idle)
        worker = _Worker()
        try:
            with self._changed:
                self._refuse_if_closed()
                self._workers.add(worker)
        except StoreError:
            worker.bury()
            raise
        return worker

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreError("the store is closed.")

    def _watch(self, lease: _Lease) -> None:
        with self._changed:
            self._leases.add(lease)
            if self._watchdog is None:
                self._watchdog = threading.Thread(target=self._kill_overdue, name="query-watchdog", daemon=True)
                self._watchdog.start()
            # Deadlines mostly grow, so that the watchdog sleeps through nearly all queries.
            if self._watching_until is None or lease.deadline < self._watching_until:
                self._changed.notify_all()

    def _kill_overdue(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                now = time.monotonic()
                running = [lease for lease in self._leases if not lease.expired]
                overdue = [lease for lease in running if lease.deadline <= now]
                if not overdue:
                    self._watching_until = min((lease.deadline for lease in running), default=None)
                    self._changed.wait(None if self._watching_until is None else self._watching_until - now)
                    continue
            for lease in overdue:
                lease.expire()


def _ask(question: Question, seconds: float) -> bytes:
    results, graph = question.formats[0].results, question.formats[1].rdf
    if results is None or graph is None:
        raise ValueError("formats must be one for solutions and one for graphs")
    scope = question.scope
    generation = question.generation
    asked: dict[str, Any] = {
        "text": question.text,
        "base": question.base,
        # Generation 0 is the empty node; it has no folder.
        "folder": str(generation.folder) if generation.number else None,
        "default": None if scope is None else scope.default,
        "named": None if scope is None else scope.named,
        "results": results.media_type,
        "graph": graph.media_type,
        "load": question.load is not None,
        "seconds": seconds,
        "memory_bytes": question.budget.memory_bytes,
        "result_bytes": question.budget.result_bytes,
    }
    return frames.frame(frames.ASK, json.dumps(asked).encode())


def _send_load(worker: _Worker, load: tuple[Iterable[bytes], Iterable[bytes]]) -> None:
    for kind, pieces in zip((frames.TRIPLES, frames.QUADS), load, strict=True):
        for piece in pieces:
            for start in range(0, len(piece), _LOAD_FRAME_BYTES):
                worker.send(frames.frame(kind, piece[start : start + _LOAD_FRAME_BYTES]))
    worker.send(frames.frame(frames.LOADED))
