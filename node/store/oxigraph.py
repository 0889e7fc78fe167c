"""The embedded store: pyoxigraph on disk, written by generations, read by query workers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from node.errors import StoreError
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format
from node.store.building import open_building, registry_in
from node.store.changes import change_files, check_base, check_change, check_owners
from node.store.engine import may_name_graphs
from node.store.generations import Generations, translated
from node.store.known import KnownState
from node.store.leases import BegunQuery
from node.store.promises import USUAL
from node.store.quads import Budget, Change, Generation, GraphState, Update
from node.store.refusals import GenerationGone
from node.store.update_process import carry_out
from node.store.workers import Question, WorkerAnswer, WorkerPool

#: A generation in use is not removed, so that only a reader that was held up for a whole change has to try again.
_ATTEMPTS = 10


class OxigraphStore:
    """Quads in the folder ``data``. Implements ``quads.QuadStore``.

    ``identifiers`` names the tier graphs. ``workers`` and ``queue_seconds``: how many queries run at a time, and how
    long one waits for its turn. ``writer_seconds``: how long a change waits for another process' change. Opening does
    nothing: folders appear with the first change, processes with the first query.
    """

    def __init__(
        self,
        data: Path,
        *,
        identifiers: Identifiers,
        workers: int,
        queue_seconds: float,
        long_queries: int = 8,
        writer_seconds: float = 60.0,
    ) -> None:
        self._generations = Generations(data, writer_seconds=writer_seconds)
        self._tier_graphs = {tier: identifiers.tier_graph(tier) for tier in Tier}
        self._pool = WorkerPool(workers, long=long_queries, queue_seconds=queue_seconds)
        self._base = identifiers.base
        self._known = KnownState(self._generations)

    def generation(self) -> Generation:
        """The current generation, as the last finished change by any process left it. Raises StoreError."""
        return self._generations.current()

    def promised(self, wanted: float = USUAL) -> float:
        """See ``quads.PromisingStore``."""
        return self._generations.promises.promised(wanted)

    def graphs(self, tiers: tuple[Tier, ...]) -> tuple[str, ...]:
        """The IRIs of the named graphs in these tiers, in the current generation, sorted. Raises StoreError."""
        return self._known.graphs(tiers)

    def graph(self, name: str) -> GraphState | None:
        """What is known of a named graph in the current generation; None when there is none. Raises StoreError."""
        return self._known.graph(name)

    def query(self, text: str, *, scope: GraphScope, formats: tuple[Format, Format], budget: Budget) -> WorkerAnswer:
        """Evaluate a query; see ``QuadStore.query``. Close the answer, or use it in a ``with`` statement.

        The budget's seconds run from this call to the last byte, waiting for a worker included. The text holds no
        ``SERVICE``: the engine would follow it. ``FROM`` and ``FROM NAMED`` in the text have no effect; ``scope`` is
        the dataset.
        """
        if not may_name_graphs(text):
            # Telling the engine of thousands of graphs takes longer than most queries.
            scope = GraphScope(scope.default)
        for _ in range(_ATTEMPTS):
            question = Question(text, formats, budget, self.generation(), scope=scope, base=self._base)
            try:
                return self._pool.ask(question)
            except GenerationGone:
                continue
        raise StoreError(
            "the store changes faster than it can be read, or its current generation cannot be opened.",
            remedy="Try again in a moment.",
        )

    def begin(
        self, text: str, *, scope: GraphScope, formats: tuple[Format, Format], budget: Budget
    ) -> BegunQuery | None:
        """Start a query if that needs no waiting; see ``quads.PromptStore``."""
        if not may_name_graphs(text):
            scope = GraphScope(scope.default)
        return self._pool.begin(Question(text, formats, budget, self.generation(), scope=scope, base=self._base))

    def file(self, name: str) -> bytes | None:
        """The content of a file of the current generation, None if there is none of this name. Raises StoreError."""
        return self._known.file(name)

    def apply(self, change: Change) -> Generation:
        """Make the next generation; see ``QuadStore.apply``.

        Raises DocumentSyntaxError for content that is not N-Triples without blank nodes, Conflict, StoreError. In
        each case the current generation is as it was.
        """
        check_change(change, self._tier_graphs.values())
        with self._generations.writer() as current:
            check_base(change, current.number)
            return self._next(current, lambda building: self._build(building, current, change))

    def update(self, update: Update, budget: Budget) -> Generation:
        """Carry out an update in a process of its own; see ``QuadStore.update``.

        The budget's seconds do not count the waiting for another writer. In case of an error the current generation is
        as it was. Also raises the errors in ``update.loads``, ProtocolError and TargetRefused.
        """
        with self._generations.writer() as current:

            def build(building: Path) -> bool:
                return carry_out(
                    update,
                    budget,
                    building=building,
                    current=current,
                    tier_graphs=self._tier_graphs,
                    lock=self._generations.lock,
                )

            return self._next(current, build)

    def close(self) -> None:
        """End the query workers. Queries under way fail."""
        self._pool.close()

    def _next(self, current: Generation, build: Callable[[Path], bool]) -> Generation:
        """Make the next generation by ``build`` in a clone of this one, unless it says that it has changed nothing."""
        building = self._generations.building(current)
        try:
            self._generations.clone(current, building)
            if not build(building):
                return current
            finished = self._generations.finish(current, building)
        except (OSError, RuntimeError) as error:
            raise translated(error, "the change cannot be written") from error
        finally:
            # Once finished, there is nothing of this name any more.
            self._generations.abandon(building)
        self._generations.remove_old(finished)
        return finished

    def _build(self, building: Path, current: Generation, change: Change) -> bool:
        registry = registry_in(building, current.number)
        check_owners(change, registry)
        if change.put or any(graph in registry for graph in change.remove):
            with open_building(building, current.number, self._tier_graphs) as quads:
                quads.merge(change.put, change.remove)
                quads.write()
        change_files(building / "files", change.files)
        return True
