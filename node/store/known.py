"""What lies ready in the current generation: its graphs and its files, without asking the quads."""

from __future__ import annotations

from dataclasses import dataclass, field

from node.errors import StoreError
from node.model.access import Tier
from node.store.building import registry_in
from node.store.changes import is_file_name
from node.store.generations import Generations, translated
from node.store.quads import GraphState
from node.store.registry import Registry


@dataclass(frozen=True)
class _Known:
    """The registry of one generation, and the answers worked out from it."""

    number: int
    registry: Registry
    by_tiers: dict[tuple[Tier, ...], tuple[str, ...]] = field(default_factory=dict)


class KnownState:
    """Reads the current generation of ``generations``; keeps the registry until the generation changes."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        self._known = _Known(0, {})

    def graphs(self, tiers: tuple[Tier, ...]) -> tuple[str, ...]:
        """The named graphs in these tiers, sorted. Raises StoreError."""
        known = self._current()
        # Asked before every query.
        if (graphs := known.by_tiers.get(tiers)) is None:
            graphs = tuple(sorted(graph for graph, state in known.registry.items() if state.tier in tiers))
            known.by_tiers[tiers] = graphs
        return graphs

    def graph(self, name: str) -> GraphState | None:
        """What is known of a named graph; None when there is none. Raises StoreError."""
        return self._current().registry.get(name)

    def file(self, name: str) -> bytes | None:
        """The content of a file of the generation; None when there is none of this name. Raises StoreError."""
        if not is_file_name(name):
            return None
        while True:
            generation = self._generations.current()
            try:
                return (generation.folder / "files" / name).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                # Not there, or was the whole generation removed under our feet?
                if generation.number == 0 or generation.folder.is_dir():
                    return None
            except OSError as error:
                raise translated(error, "the store cannot be read") from error

    def _current(self) -> _Known:
        while True:
            generation = self._generations.current()
            known = self._known
            if generation.number == known.number:
                return known
            try:
                known = _Known(generation.number, registry_in(generation.folder, generation.number))
            except StoreError:
                if generation.folder.is_dir():
                    raise
                continue
            self._known = known
            return known
