"""A node on an external SPARQL 1.1 store: the quads are there, the rest of each generation is in the node's folder."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import cast

from node.config import StoreSettings
from node.errors import Conflict, NodeError, Place, StoreError, TooBusy
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format
from node.sparql.algebra import Form
from node.sparql.cursor import MAX_DEPTH
from node.sparql.update import Operation, parse_update
from node.store.building import registry_in
from node.store.changes import change_files, check_base, check_change, check_owners
from node.store.generations import Generations, translated
from node.store.graphs import Graphs
from node.store.known import KnownState
from node.store.quads import Budget, Change, Generation, GraphState, Update
from node.store.remote_answer import RemoteAnswer
from node.store.remote_change import Names
from node.store.remote_graphs import RemoteGraphs
from node.store.remote_http import StoreClient
from node.store.remote_local import STAMP_FILE, LocalState
from node.store.remote_lock import Exclusion
from node.store.remote_query import readable
from node.store.remote_transaction import Transaction
from node.store.remote_work import Workbench
from node.store.updates import Updates


class RemoteStore:
    """Quads in the store that ``settings`` name, the rest in the folder ``data``. Implements ``quads.QuadStore``.

    ``places``: how many queries run at a time; one more waits up to ``queue_seconds``, then gets TooBusy.
    ``writer_seconds``: how long a change waits for another one and for the queries under way. Opening does nothing.
    """

    def __init__(
        self,
        data: Path,
        *,
        settings: StoreSettings,
        identifiers: Identifiers,
        places: int,
        queue_seconds: float,
        query_depth: int = MAX_DEPTH,
        writer_seconds: float = 60.0,
    ) -> None:
        self._data = data
        self._query_depth = query_depth
        self._generations = Generations(data, writer_seconds=writer_seconds)
        self._local = LocalState(data, self._generations)
        self._known = KnownState(self._generations)
        self._exclusion = Exclusion(data)
        self._names = Names(identifiers.base, {tier: identifiers.tier_graph(tier) for tier in Tier})
        self._client = StoreClient(settings, places)
        self._places = threading.BoundedSemaphore(places)
        self._queue_seconds = queue_seconds
        self._writer_seconds = writer_seconds
        self._verified: int | None = None

    def generation(self) -> Generation:
        """The current generation, as the last finished change by any process left it. Raises StoreError."""
        return self._generations.current()

    def graphs(self, tiers: tuple[Tier, ...]) -> tuple[str, ...]:
        """The IRIs of the named graphs in these tiers, in the current generation, sorted. Raises StoreError."""
        return self._known.graphs(tiers)

    def graph(self, name: str) -> GraphState | None:
        """What is known of a named graph in the current generation; None when there is none. Raises StoreError."""
        return self._known.graph(name)

    def file(self, name: str) -> bytes | None:
        """The content of a file of the current generation, None if there is none of this name. Raises StoreError."""
        return self._known.file(name)

    def query(self, text: str, *, scope: GraphScope, formats: tuple[Format, Format], budget: Budget) -> RemoteAnswer:
        """Evaluate a query; see ``QuadStore.query``. Close the answer, or use it in a ``with`` statement.

        The budget's seconds run from this call to the last byte; its memory is the store's own affair. ``FROM`` and
        ``FROM NAMED`` in the text have no effect; ``scope`` is the dataset. Raises Unsupported for ``SERVICE``.
        """
        deadline = time.monotonic() + budget.seconds
        asked = readable(text, self._names.base, self._query_depth)
        with ExitStack() as held:
            self._take_place(held, deadline)
            generation = self._hold(held, deadline)
            reply = self._client.ask(
                asked.text,
                default=scope.default or (self._names.nothing,),
                named=(scope.named if asked.graphs else ()) or (self._names.nothing,),
                graph=asked.form in (Form.CONSTRUCT, Form.DESCRIBE),
                deadline=deadline,
            )
            return RemoteAnswer(
                reply,
                asked.form,
                formats,
                budget=budget,
                deadline=deadline,
                generation=generation,
                release=held.pop_all().close,
            )
        raise AssertionError

    def apply(self, change: Change) -> Generation:
        """Make the next generation; see ``QuadStore.apply``.

        Raises DocumentSyntaxError for content that is not N-Triples without blank nodes, Conflict, StoreError. In
        each case the current generation is as it was; the external store, too, or it will be before it is asked again.
        """
        check_change(change, self._names.tier_graphs.values(), (STAMP_FILE,))
        for graph in [*(content.graph for content in change.put), *change.remove]:
            if graph.startswith(self._names.own):
                raise StoreError("a graph of this name is the node's own.", where=Place(record=graph))

        def carry_out(transaction: Transaction, building: Path) -> bool:
            registry = transaction.registry
            check_owners(change, registry)
            change_files(building / "files", change.files)
            transaction.replace(change.put, [graph for graph in change.remove if graph in registry])
            return True

        with self._generations.writer() as current:
            check_base(change, current.number)
            return self._next(current, carry_out)

    def update(self, update: Update, budget: Budget) -> Generation:
        """Carry out an update; see ``QuadStore.update``.

        Patterns are asked of the external store as queries, what their solutions make of the templates is worked out
        here, and the store is sent the difference. The budget's memory is not held to. Also raises the errors in
        ``update.loads``, ProtocolError and TargetRefused.
        """
        parsed = parse_update(update.text, update.base, depth=self._query_depth)

        def carry_out(transaction: Transaction, _: Path) -> bool:
            transaction.bench.deadline = time.monotonic() + budget.seconds
            graphs = RemoteGraphs(transaction, self._names, update.base, self._query_depth)
            _Updates(graphs, update, budget).run(parsed)
            return transaction.changed()

        with self._generations.writer() as current:
            return self._next(current, carry_out)

    def close(self) -> None:
        """Close the connections that are not in use. Queries under way go on."""
        self._client.close()

    # --- reading ---

    def _take_place(self, held: ExitStack, deadline: float) -> None:
        if not self._places.acquire(timeout=max(0.0, min(self._queue_seconds, deadline - time.monotonic()))):
            raise TooBusy("all connections to the external store are in use.", remedy="Try again in a moment.")
        held.callback(self._places.release)

    def _hold(self, held: ExitStack, deadline: float) -> Generation:
        """Keep the writer away, and be sure that what the store holds is the current generation."""
        while True:
            with self._exclusion.reading(deadline) as reading:
                if not self._local.interrupted():
                    current = self.generation()
                    if self._verified != current.number:
                        self._verify(current)
                    held.enter_context(reading.pop_all())
                    return current
            with self._generations.writer():
                # The writer's end is waited for, or done here in its place.
                self._repair()

    def _verify(self, current: Generation) -> int:
        """Raise Conflict unless the store holds what belongs to this generation. Returns how many scratch."""
        solutions = self._bench(self._data).rows(self._names.stamp_query(), default=(self._names.state,))
        found = {name: term.value for row in solutions for name, term in row.items()}
        expected = self._local.stamp(current)
        if found.get("stamp") != expected:
            there = f"generation {found['stamp'].partition('-')[0]}" if "stamp" in found else "nothing"
            raise Conflict(
                f"the external store holds {there} of this node, the node's folder generation {current.number}, and "
                "they do not belong together.",
                remedy="Restore both from backups of the same moment; no two nodes share one base IRI in one store.",
            )
        self._verified = current.number
        return int(found.get("scratch", "0"))

    def _bench(self, folder: Path, left_over: int = 0) -> Workbench:
        return Workbench(self._client, self._names, folder, left_over)

    # --- writing ---

    def _repair(self) -> None:
        """As the writer: undo what a change that was cut short has done to the quads."""
        if not self._local.interrupted():
            return
        with self._alone():
            self._bench(self._data).run(self._local.undo())
            self._local.done()
            self._verified = None

    def _next(self, current: Generation, carry_out: Callable[[Transaction, Path], bool]) -> Generation:
        """As the writer: make the next generation, unless ``carry_out`` says that there is nothing to change."""
        try:
            self._repair()
            left_over = self._verify(current)
            with (
                tempfile.TemporaryDirectory(dir=self._data, prefix="staging-") as folder,
                self._local.next(current) as building,
            ):
                bench = self._bench(Path(folder), left_over)
                registry = registry_in(building, current.number)
                try:
                    bench.clear()
                    with Transaction(bench, self._local, current, registry, alone=self._alone) as transaction:
                        if not carry_out(transaction, building):
                            return current
                        finished = transaction.commit(building)
                finally:
                    with suppress(NodeError):
                        # Or the next writer does.
                        bench.clear()
        except (OSError, RuntimeError) as error:
            raise translated(error, "the change cannot be written") from error
        self._verified = finished.number
        return finished

    def _alone(self) -> ExitStack:
        try:
            return self._exclusion.writing(time.monotonic() + self._writer_seconds)
        except TooBusy as error:
            raise Conflict(
                f"queries have been running for more than {self._writer_seconds:g} s.", remedy="Try again in a moment."
            ) from error


class _Updates(Updates):
    """The operations of an update, each sent to the external store before the next one begins."""

    def __init__(self, graphs: RemoteGraphs, update: Update, budget: Budget) -> None:
        super().__init__(cast(Graphs, graphs), graphs.merge, update, budget)
        self._flush = graphs.flush

    def _run(self, operation: Operation) -> None:
        super()._run(operation)
        self._flush()
