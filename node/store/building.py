"""The database in the folder of a generation that is being made: opened, changed, written down, closed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pyoxigraph import Store

from node.errors import Place, StoreError
from node.store.digests import Digests, Sum, of_graphs, read_digests, whole, write_digests
from node.store.generations import translated
from node.store.graphs import Graphs, TierGraphs
from node.store.hierarchies import FOLDER, INDEX_FILE, write_hierarchies
from node.store.merge import Merge
from node.store.quads import GraphContent, GraphState
from node.store.registry import read_registry, write_registry
from node.store.summary import Summary

#: Files of a generation that the store itself writes.
REGISTRY_FILE = "graphs.json"
SUMMARY_FILE = "summary.json"
DIGESTS_FILE = "digests.json"
#: What of a change's memory a batch's text may take: the loader needs about 25 times its text.
_MEMORY_PER_BATCH = 60
_BATCH_BYTES = 32 << 20


class Building:
    """One change under way in ``folder``, a clone of generation ``number``. Use in a ``with open_building(…)``."""

    def __init__(self, folder: Path, number: int, tier_graphs: TierGraphs, memory_bytes: int | None) -> None:
        self._folder = folder
        self._spool = folder / "spool"
        self._spool.mkdir()
        self._quads = folder / "quads"
        self._afresh = 0
        registry = registry_in(folder, number)
        self.graphs = Graphs(
            Store(self._quads),
            registry=registry,
            digests=Digests(_digests_in(folder, registry)),
            tier_graphs=tier_graphs,
            summary=_summary_in(folder),
            spool=self._spool,
            batch_bytes=min(_BATCH_BYTES, (memory_bytes or _BATCH_BYTES * _MEMORY_PER_BATCH) // _MEMORY_PER_BATCH),
        )

    def merge(self, put: Iterable[GraphContent], remove: Iterable[str]) -> None:
        """Put and remove graphs whole; see ``Merge.run``."""
        Merge(self.graphs, fresh=self._start_afresh).run(put, remove)

    def write(self) -> bool:
        """Write registry, summary and hierarchies if anything has changed. Returns whether it has."""
        if not self.graphs.versioned():
            return False
        self.graphs.store.flush()
        files, registry = self._folder / "files", self.graphs.registry
        write_file(files / REGISTRY_FILE, write_registry(registry))
        sums = self.graphs.digests.settled(registry, self.graphs.dumped)
        write_file(files / DIGESTS_FILE, write_digests(sums, registry))
        summary = self.graphs.summary()
        summary.graphs = of_graphs(sums, registry)
        summary.digest = whole(summary.graphs)
        written = summary.write()
        if not (path := files / SUMMARY_FILE).exists() or path.read_bytes() != written:
            write_file(path, written)
        if self.graphs.edges_moved or not (files / INDEX_FILE).exists():
            shutil.rmtree(files / FOLDER, ignore_errors=True)
            for name, content in write_hierarchies(self.graphs.store, self.graphs.tier_graphs.values()).items():
                write_file(files / name, content)
        return True

    def close(self) -> None:
        """Close the database, which happens when the last reference to it goes, and leave it where it belongs."""
        del self.graphs
        if self._afresh:
            new = self._folder / f"afresh-{self._afresh}"
            shutil.rmtree(self._quads)
            new.rename(self._quads)
            for number in range(1, self._afresh):
                shutil.rmtree(self._folder / f"afresh-{number}")
        shutil.rmtree(self._spool)

    def _start_afresh(self) -> Store:
        self._afresh += 1
        return Store(self._folder / f"afresh-{self._afresh}")


@contextlib.contextmanager
def open_building(
    folder: Path, number: int, tier_graphs: TierGraphs, memory_bytes: int | None = None
) -> Iterator[Building]:
    """The database in this folder, closed at the end of the block.

    ``memory_bytes`` is what the change may use, None for as much as it takes. After an error the folder is of no use.
    Raises StoreError, OSError, RuntimeError.
    """
    building = Building(folder, number, tier_graphs, memory_bytes)
    yield building
    building.close()


def registry_in(folder: Path, number: int) -> dict[str, GraphState]:
    """The registry in the folder of a generation, or of a clone of it. Raises StoreError."""
    path = folder / "files" / REGISTRY_FILE
    try:
        return read_registry(path.read_bytes(), number)
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


def _digests_in(folder: Path, registry: Mapping[str, GraphState]) -> dict[str, Sum]:
    try:
        return read_digests((folder / "files" / DIGESTS_FILE).read_bytes(), registry)
    except FileNotFoundError:
        return {}


def _summary_in(folder: Path) -> Summary | None:
    try:
        summary = Summary.read((folder / "files" / SUMMARY_FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        # It can be had again.
        return None
    # One that an older release wrote is counted anew.
    return summary if summary.detailed else None


def write_file(path: Path, content: bytes | Path) -> None:
    """Replace a file by a new one. Never writes into the old one, which older generations share."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    if isinstance(content, Path):
        shutil.copyfile(content, new)
    else:
        new.write_bytes(content)
    new.rename(path)
