"""What a query worker does: frames on standard input and output. ``node.store.forkserver`` starts it.

It answers one query at a time: over a generation that it opens read-only and keeps open, or over data that comes with
the query. Nothing can stop a running pyoxigraph query from inside the process, so the limits are set where they hold
without its help: memory by the kernel (``RLIMIT_DATA``), time by whoever started it, which kills it, and by the
kernel's timer in case that one has died. Bytes and rows are counted here, where they are written.

Queries are evaluated on a thread of their own, whose share of the machine whoever started this process may lower.
An ordinary user cannot raise it again, but the first thread has kept its share and starts another one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    serialize,
)

from node.rdf.namespaces import PREFIXES
from node.sparql.rows_text import NotMade, Recipe
from node.store import engine, frames
from node.store.counting import LINES, LineRows, Refusal, Rows, SolutionRows, counted
from node.store.hierarchies import Hierarchies, LoadedHierarchies
from node.store.statistics import Statistics

#: A worker whose data grew by this much over one query, or since its start, ends itself: a new one is small again.
_RETIRE_GROWTH_BYTES = 64 * 1024 * 1024
_RETIRE_TOTAL_BYTES = 256 * 1024 * 1024
#: Of a thread that evaluates, as of a process' first one: what nests deeper than this is the end of the worker.
_STACK_BYTES = 8 * 1024 * 1024
#: The kernel's timer goes off this long after the deadline; the parent's watchdog comes first if it is alive.
_ORPHAN_SECONDS = 1.0
#: An answer that trickles is sent on at least this often.
_TRICKLE_SECONDS = 0.05
_WITH_PREFIXES = (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML)


class OpenGeneration:
    """The generation a process has open, with the shared lock that keeps a writer from removing it.

    ``store`` is that of the generation opened last, an empty one before that.
    """

    def __init__(self) -> None:
        self._folder: str | None = None
        self._lease: int | None = None
        self._empty = self.store = Store()
        self.statistics = Statistics(self._empty)

    def open(self, folder: str | None) -> Store:
        """The store in this folder; the empty store for None. Raises Refusal("gone") when the folder was removed."""
        if folder is None:
            return self._empty
        if folder == self._folder:
            return self.store
        self.store = self._empty
        self._folder = None
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None
        self._lease = _lease(folder)
        quads = Path(folder) / "quads"
        try:
            # A generation that never held a graph has an empty folder; there is nothing to open.
            if (quads / "CURRENT").exists():
                self.store = Store.read_only(str(quads))
        except (OSError, RuntimeError) as error:
            raise Refusal("store" if quads.is_dir() else "gone", str(error)) from error
        if not quads.is_dir():
            raise Refusal("gone", "the generation was removed")
        self._folder = folder
        self.statistics = Statistics(self.store, Hierarchies(Path(folder)))
        return self.store


def _lease(folder: str) -> int | None:
    """A shared lock on a generation; None where there is no lock file and none can be made (a read-only disk)."""
    path = f"{folder}.lease"
    try:
        # In data restored from elsewhere the lock files may be missing. Next to a removed generation none is made.
        create = 0 if Path(path).exists() or not Path(folder).is_dir() else os.O_CREAT
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | create, 0o644)
    except FileNotFoundError as error:
        raise Refusal("gone", "the generation was removed") from error
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Refusal("gone", "the generation is being removed") from error
    return descriptor


class _Output:
    """The writable object pyoxigraph serialises into: collects, counts, sends frames.

    ``rows``: counts rows from the bytes of the answer; None when they are counted elsewhere.
    """

    def __init__(self, send: Callable[[bytes], None], limit: int, rows: Rows | None, form: bytes) -> None:
        self._send = send
        self._head = frames.frame(frames.FORM, form)
        self._parts: list[bytes] = []
        self._held = 0
        self._left = limit
        self._rows = rows
        self._sent_at = time.monotonic()

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise Refusal("large", "the answer is larger than it may be")
        self._parts.append(bytes(data))
        self._held += len(data)
        if self._held >= frames.DATA_BYTES or time.monotonic() - self._sent_at > _TRICKLE_SECONDS:
            self._send(self._take())
            self._sent_at = time.monotonic()
        return len(data)

    def flush(self) -> None:
        """Nothing: what is held goes out with the end of the answer, in one write."""

    def finish(self, end: bytes) -> None:
        """Send what is left and the end, as one write: a small answer is one system call on either side."""
        self._send(self._take() + frames.frame(frames.END, end))

    def _take(self) -> bytes:
        held = b"".join(self._parts)
        if self._rows is not None:
            self._rows.count(held)
        data = self._head + (frames.frame(frames.DATA, held) if held else b"")
        self._head, self._parts, self._held = b"", [], 0
        return data


class _Incoming:
    """The readable object pyoxigraph loads from: the payloads of the frames of one kind, one after another."""

    def __init__(self, reader: frames.FrameReader, kind: bytes, first: tuple[bytes, bytes]) -> None:
        self._reader = reader
        self._kind = kind
        self.next = first
        self._chunk = b""
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        while self._at >= len(self._chunk):
            kind, payload = self.next
            if kind != self._kind:
                return b""
            self._chunk, self._at = payload, 0
            self.next = _expect(self._reader)
        end = len(self._chunk) if size < 0 else self._at + size
        piece = self._chunk[self._at : end]
        self._at += len(piece)
        return piece


def _expect(reader: frames.FrameReader) -> tuple[bytes, bytes]:
    received = reader.read()
    if received is None:
        _leave()
    return received


def _made(reader: frames.FrameReader, recipe: Recipe) -> str:
    """The text of the rows that follow."""
    bodies: list[tuple[bytes]] = []
    for _ in recipe.relations:
        incoming = _Incoming(reader, frames.ROWS, _expect(reader))
        pieces: list[bytes] = []
        while piece := incoming.read():
            pieces.append(piece)
        bodies.append((b"".join(pieces),))
    try:
        return recipe.made(bodies)
    except NotMade as error:
        raise Refusal("not made", str(error)) from error


def _loaded(reader: frames.FrameReader) -> Store:
    """A store in memory with everything that follows up to LOADED: triples in its default graph, quads in theirs."""
    store = Store()
    current = _expect(reader)
    formats = {frames.TRIPLES: RdfFormat.N_TRIPLES, frames.QUADS: RdfFormat.N_QUADS}
    while current[0] != frames.LOADED:
        kind = current[0]
        incoming = _Incoming(reader, kind, current)
        try:
            # The terms have been looked at where they came in; looking again is a third of what loading takes.
            store.load(cast("IO[bytes]", incoming), formats[kind], lenient=True)
        except SyntaxError as error:
            raise Refusal("document", error.msg, line=error.lineno) from error
        current = incoming.next
    return store


def _query(store: Store, text: str, options: dict[str, Any]) -> QuerySolutions | QueryBoolean | QueryTriples:
    try:
        return engine.ask(store, text, **options)
    except SyntaxError as error:
        raise Refusal("syntax", error.msg) from error
    except NotImplementedError as error:
        raise Refusal("unsupported", str(error)) from error
    except RuntimeError as error:
        raise Refusal("store", str(error)) from error


def _asked(
    store: Store, statistics: Statistics | None, text: str, options: dict[str, Any]
) -> QuerySolutions | QueryBoolean | QueryTriples:
    better = statistics.better(text, options) if statistics is not None else None
    if better is not None:
        # What the engine does not like about a text, it is to say about the one that it was asked.
        with contextlib.suppress(Refusal):
            return _query(store, better, options)
    return _query(store, text, options)


def _evaluate(
    store: Store, statistics: Statistics | None, ask: dict[str, Any], send: Callable[[bytes], None]
) -> _Output:
    output = partial(_Output, send, ask["result_bytes"])
    options: dict[str, Any] = {"base_iri": ask["base"]}
    if ask["default"] is not None:
        options["default_graph"] = [NamedNode(graph) for graph in ask["default"]]
        options["named_graphs"] = [NamedNode(graph) for graph in ask["named"]]
    answer = _asked(store, statistics, ask["text"], options)
    limit = ask["result_rows"]
    if isinstance(answer, QuerySolutions | QueryBoolean):
        results = QueryResultsFormat.from_media_type(ask["results"])
        assert results is not None
        written = output(SolutionRows(results, limit), frames.FORM_RESULTS)
        answer.serialize(cast("IO[bytes]", written), results)
        return written
    graph = RdfFormat.from_media_type(ask["graph"])
    if graph in LINES:
        written = output(LineRows(limit), frames.FORM_GRAPH)
        answer.serialize(cast("IO[bytes]", written), graph)
    else:
        written = output(None, frames.FORM_GRAPH)
        prefixes = PREFIXES if graph in _WITH_PREFIXES else None
        serialize(counted(answer, limit), cast("IO[bytes]", written), graph, prefixes=prefixes)
    return written


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, MemoryError):
        return Refusal("memory", "the query needed more memory than it may have")
    return Refusal("store", f"{type(error).__name__}: {error}")


def _leave() -> NoReturn:
    # Not sys.exit: freeing a large store piece by piece takes long, and the kernel does it at once.
    os._exit(0)


class Evaluator:
    """Answers the queries that come on standard input, on one thread after another.

    ``generation`` may be open already, by the process that this one is a copy of.
    """

    def __init__(self, generation: OpenGeneration) -> None:
        source, self._target = os.dup(0), os.dup(1)
        # Whatever prints by mistake must not end up between frames.
        os.dup2(2, 1)
        self._reader = frames.FrameReader(source)
        self._generation = generation
        # Never closed: a copy has the store, but none of the threads that closing it may wait for.
        self._inherited = generation.store
        self._first_size = engine.data_bytes()
        self._niceness = 0
        self._asked: bytes | None = None

    def serve(self) -> NoReturn:
        """Answer queries until standard input ends. Call on the first thread."""
        self._niceness = os.getpriority(os.PRIO_PROCESS, 0)
        threading.stack_size(_STACK_BYTES)
        while True:
            thread = threading.Thread(target=self._run, name="evaluator")
            thread.start()
            thread.join()

    def _run(self) -> None:
        """Answer queries until this thread is held back; the next query is left for another thread."""
        try:
            self._send(frames.frame(frames.THREAD, str(threading.get_native_id()).encode()))
            while not self._held_back():
                if self._asked is None:
                    kind, self._asked = _expect(self._reader)
                    if kind != frames.ASK:
                        _leave()
                # Once more, for it may come just after the end of a query.
                if self._held_back():
                    return
                asked, self._asked = self._asked, None
                self._answer(json.loads(asked))
        except BaseException:  # noqa: BLE001
            # A thread that ends by itself would leave a process that says and does nothing.
            traceback.print_exc()
            os._exit(1)

    def _held_back(self) -> bool:
        return os.getpriority(os.PRIO_PROCESS, 0) != self._niceness

    def _answer(self, ask: dict[str, Any]) -> None:
        try:
            store = None if ask["load"] else self._generation.open(ask["folder"])
            statistics = self._generation.statistics if store is self._generation.store else None
            size = engine.data_bytes()
            with engine.kernel_limits(max(ask["seconds"], 0.0) + _ORPHAN_SECONDS, ask["memory_bytes"]):
                if ask["recipe"] is not None:
                    ask["text"] = _made(self._reader, Recipe.read(ask["recipe"]))
                if store is None:
                    store = _loaded(self._reader)
                    statistics = Statistics(store, LoadedHierarchies(store), stars=False)
                output = _evaluate(store, statistics, ask, self._send)
            now = engine.data_bytes()
            retiring = now - size > _RETIRE_GROWTH_BYTES or now - self._first_size > _RETIRE_TOTAL_BYTES
            output.finish(frames.END_RETIRING if retiring else frames.END_READY)
        except Exception as error:  # noqa: BLE001  # whatever it is, the node is told and the worker starts afresh
            refusal = _refusal(error)
            self._send(frames.frame(frames.ERROR, json.dumps(refusal.fields).encode()))
            # After a failed load there may be frames on their way that nobody would read.
            retiring = ask["load"] or refusal.fields["kind"] not in frames.HARMLESS
        if retiring:
            _leave()

    def _send(self, data: bytes) -> None:
        try:
            frames.write_all(self._target, data)
        except BrokenPipeError:
            _leave()
