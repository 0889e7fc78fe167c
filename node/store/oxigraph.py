"""The embedded store: pyoxigraph on disk, written by generations, read by query workers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Store

from node.errors import Conflict, Place, StoreError
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format
from node.rdf.terms import is_absolute_iri
from node.store.generations import Generations, translated
from node.store.merge import Entry, Merge, read_registry, summarize, write_registry
from node.store.quads import Budget, Change, Generation
from node.store.refusals import GenerationGone
from node.store.workers import Question, WorkerAnswer, WorkerPool

#: Files of a generation that the store itself writes.
REGISTRY_FILE = "graphs.json"
SUMMARY_FILE = "summary.json"
#: A generation in use is not removed, so that only a reader that was held up for a whole change has to try again.
_ATTEMPTS = 10


@dataclass(frozen=True)
class _Registered:
    """The registry of one generation, and the answers worked out from it."""

    number: int
    registry: Mapping[str, Entry]
    by_tiers: dict[tuple[Tier, ...], tuple[str, ...]] = field(default_factory=dict)


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
        writer_seconds: float = 60.0,
    ) -> None:
        self._generations = Generations(data, writer_seconds=writer_seconds)
        self._tier_graphs = {tier: identifiers.tier_graph(tier) for tier in Tier}
        self._pool = WorkerPool(workers, queue_seconds)
        self._base = identifiers.base
        self._registered = _Registered(0, {})

    def generation(self) -> Generation:
        """The current generation, as the last finished change by any process left it. Raises StoreError."""
        return self._generations.current()

    def graphs(self, tiers: tuple[Tier, ...]) -> tuple[str, ...]:
        """The IRIs of the named graphs in these tiers, in the current generation, sorted. Raises StoreError."""
        registered = self._read_registry()
        # Asked before every query: kept until the generation changes.
        if (graphs := registered.by_tiers.get(tiers)) is None:
            graphs = tuple(sorted(graph for graph, entry in registered.registry.items() if entry.tier in tiers))
            registered.by_tiers[tiers] = graphs
        return graphs

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

    def file(self, name: str) -> bytes | None:
        """The content of a file of the current generation, None if there is none of this name. Raises StoreError."""
        if not _is_file_name(name):
            return None
        while True:
            generation = self.generation()
            try:
                return (generation.folder / "files" / name).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                # Not there, or was the whole generation removed under our feet?
                if generation.number == 0 or generation.folder.is_dir():
                    return None
            except OSError as error:
                raise translated(error, "the store cannot be read") from error

    def apply(self, change: Change) -> Generation:
        """Make the next generation; see ``QuadStore.apply``.

        Raises DocumentSyntaxError for content that is not N-Triples without blank nodes, Conflict, StoreError. In
        each case the current generation is as it was.
        """
        self._check(change)
        with self._generations.writer() as current:
            if change.base not in (None, current.number):
                raise Conflict(
                    f"the node has changed since generation {change.base}, which this change was worked out from.",
                    remedy="Do it again: it starts from what is there now.",
                )
            building = self._generations.building(current)
            try:
                self._generations.clone(current, building)
                self._build(building, change)
                finished = self._generations.finish(current, building)
            except (OSError, RuntimeError) as error:
                raise translated(error, "the change cannot be written") from error
            finally:
                # Once finished, there is nothing of this name any more.
                self._generations.abandon(building)
            self._generations.remove_old(finished)
            return finished

    def close(self) -> None:
        """End the query workers. Queries under way fail."""
        self._pool.close()

    def _read_registry(self) -> _Registered:
        while True:
            generation = self.generation()
            registered = self._registered
            if generation.number == registered.number:
                return registered
            try:
                registered = _Registered(generation.number, _registry_in(generation.folder))
            except StoreError:
                if generation.folder.is_dir():
                    raise
                continue
            self._registered = registered
            return registered

    def _check(self, change: Change) -> None:
        """Raises StoreError for a change that no store can make."""
        graphs = [content.graph for content in change.put] + list(change.remove)
        for graph in graphs:
            if not is_absolute_iri(graph):
                raise StoreError(f"a graph cannot be named {graph!r}: not an absolute IRI.")
            if graph in self._tier_graphs.values():
                raise StoreError("a tier graph cannot be changed by itself.", where=Place(record=graph))
        if len(set(graphs)) < len(graphs):
            raise StoreError("a change names the same graph more than once.")
        for name in change.files:
            if not _is_file_name(name) or name in (REGISTRY_FILE, SUMMARY_FILE):
                raise StoreError(f"a file of a generation cannot be named {name!r}.")

    def _build(self, building: Path, change: Change) -> None:
        files = building / "files"
        registry = _registry_in(building)
        if change.put or any(graph in registry for graph in change.remove):
            self._change_quads(building, registry, change)
        for name, content in change.files.items():
            if content is None:
                _remove_file(files, name)
            else:
                _write_file(files / name, content)

    def _change_quads(self, building: Path, registry: Mapping[str, Entry], change: Change) -> None:
        quads, afresh, spool = building / "quads", building / "afresh", building / "spool"
        spool.mkdir()
        summary = self._merge(quads, afresh, spool, registry, change)
        # The database closes when the last reference to it is gone, which is why _merge is a function.
        if afresh.exists():
            shutil.rmtree(quads)
            afresh.rename(quads)
        shutil.rmtree(spool)
        for name, content in summary.items():
            _write_file(building / "files" / name, content)

    def _merge(
        self, quads: Path, afresh: Path, spool: Path, registry: Mapping[str, Entry], change: Change
    ) -> dict[str, bytes]:
        merge = Merge(
            Store(quads),
            fresh=lambda: Store(afresh),
            registry=registry,
            tier_graphs=self._tier_graphs,
            spool=spool,
        )
        store, updated = merge.run(change.put, change.remove)
        store.flush()
        files = {REGISTRY_FILE: write_registry(updated)}
        touched = {content.graph: updated[content.graph].tier for content in change.put}
        tiers = {*touched.values(), *(registry[g].tier for g in (*touched, *change.remove) if g in registry)}
        if Tier.PUBLIC in tiers:
            summary = summarize(store, self._tier_graphs[Tier.PUBLIC])
            files[SUMMARY_FILE] = json.dumps(summary, indent=1, sort_keys=True).encode()
        return files


def may_name_graphs(text: str) -> bool:
    """Whether a query could hold ``GRAPH`` or ``FROM``; a ``\\u`` escape may spell anything."""
    lower = text.lower()
    return "graph" in lower or "from" in lower or "\\u" in lower


def _registry_in(folder: Path) -> dict[str, Entry]:
    path = folder / "files" / REGISTRY_FILE
    try:
        return read_registry(path.read_bytes())
    except FileNotFoundError:
        if not folder.is_dir():
            raise StoreError("the generation was removed.") from None
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            "the list of graphs is damaged.", where=Place(source=str(path)), remedy="Restore the node from a backup."
        ) from error
    except OSError as error:
        raise translated(error, "the store cannot be read") from error


def _is_file_name(name: str) -> bool:
    return all(part not in ("", ".", "..") for part in name.split("/")) and not set(name) & {"\\", "\0"}


def _write_file(path: Path, content: bytes | Path) -> None:
    """Replace a file by a new one. Never writes into the old one, which older generations share."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    if isinstance(content, Path):
        shutil.copyfile(content, new)
    else:
        new.write_bytes(content)
    new.rename(path)


def _remove_file(files: Path, name: str) -> None:
    path = files / name
    path.unlink(missing_ok=True)
    # Folders that have become empty go too, so that the name is free for a file again.
    for parent in path.parents:
        if parent == files or not parent.is_dir() or any(parent.iterdir()):
            return
        parent.rmdir()
