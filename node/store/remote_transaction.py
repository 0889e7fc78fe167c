"""All or nothing on a store that does not promise it: what is done to the quads is noted first, with the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from node.model.access import Tier
from node.store.building import REGISTRY_FILE, SUMMARY_FILE, write_file
from node.store.quads import Generation, GraphContent, GraphState, Owner
from node.store.registry import Registry, new_version, write_registry
from node.store.remote_change import Step, carried_out
from node.store.remote_local import STAMP_FILE, LocalState, new_stamp
from node.store.remote_work import Workbench

#: Up to so many triples are fetched to see whether operations undo each other.
_FEW = 10_000


class Transaction:
    """Changes the quads, with nobody looking, until ``commit``; else undoes all of it when the block is left.

    ``registry`` is what is known of the graphs as they are now. ``alone`` keeps readers out until its stack is closed.
    """

    def __init__(
        self,
        bench: Workbench,
        local: LocalState,
        current: Generation,
        registry: Registry,
        *,
        alone: Callable[[], ExitStack],
    ) -> None:
        self.registry = dict(registry)
        self._before = dict(registry)
        self.bench = bench
        self._local = local
        self._current = current
        self._alone = alone
        self._held = ExitStack()
        self._steps: list[Step] = []
        self._noted = False
        self._in_tiers = {graph: state.tier for graph, state in registry.items()}
        self._tiers_in_use: set[Tier | None] = set(self._in_tiers.values())

    def __enter__(self) -> Transaction:
        return self

    def __exit__(self, *_: object) -> None:
        with self._held:
            if self._noted:
                # If this fails, whoever comes next finds the note and tries again.
                self.bench.take_time()
                self.bench.run(self._undo())
                self._local.done()

    def changed(self) -> bool:
        """Whether anything is not as it was."""
        tiers, before = ({g: s.tier for g, s in known.items()} for known in (self.registry, self._before))
        return tiers != before or any(map(self._differs, {step.graph for step in self._steps}))

    def _differs(self, graph: str) -> bool:
        """Whether the steps of one graph do not undo each other. One that cannot be told cheaply counts as changed."""
        steps = [step for step in self._steps if step.graph == graph]
        names = [name for step in steps for name in (step.gone, step.new) if name is not None]
        if len(steps) == 1 or sum(self.bench.counts(names).values()) > _FEW:
            return True
        lost: set[bytes] = set()
        won: set[bytes] = set()
        for step in steps:
            for name, here, there in ((step.gone, won, lost), (step.new, lost, won)):
                for line in self.bench.held(name).splitlines() if name is not None else ():
                    (here.remove if line in here else there.add)(line)
        return bool(lost or won)

    def declare(self, graph: str, tier: Tier | None, owner: Owner) -> None:
        """Put a graph into the registry, or change its tier there."""
        known = self.registry.get(graph) or GraphState(tier, 0, owner, new_version())
        self.registry[graph] = known if known.tier == tier else replace(known, tier=tier)

    def replace(self, put: Sequence[GraphContent], remove: Sequence[str]) -> None:
        """Put and remove graphs; ``remove`` are in the registry, and no graph changes its owner."""
        steps = self.bench.steps(put, remove, self.registry) if put or remove else []
        for graph in remove:
            del self.registry[graph]
        for content in put:
            self.declare(content.graph, content.tier, content.owner)
        self.carry_out(steps)

    def carry_out(self, steps: Sequence[Step]) -> None:
        """Have steps carried out, with the tiers that the registry has now. Nobody reads from here on."""
        now = {graph: state.tier for graph, state in self.registry.items()}
        tiers = self._in_tiers
        steps = [*steps, *(Step(graph, None, None) for graph in {**tiers, **now} if tiers.get(graph) != now.get(graph))]
        steps = [replace(step, before=tiers.get(step.graph), after=now.get(step.graph)) for step in steps]
        steps = [step for step in steps if step.gone or step.new or step.before != step.after]
        if not steps:
            return
        self._in_tiers = now
        self._tiers_in_use |= set(now.values())
        self._note(steps)
        self.bench.run(carried_out(steps, self.bench.names, self._tiers_in_use))
        counts = self.bench.counts({step.graph for step in steps if step.graph in self.registry})
        for graph, triples in counts.items():
            self.registry[graph] = replace(self.registry[graph], triples=triples, version=new_version())

    def commit(self, building: Path) -> Generation:
        """Make what there is now the next generation, with the files in ``building``. Raises StoreError, OSError."""
        stamp = new_stamp(self._current.number + 1)
        self.carry_out([])
        self._note([])
        self.bench.run(self.bench.names.stamped(stamp))
        self._describe(building / "files")
        write_file(building / "files" / STAMP_FILE, stamp.encode())
        finished = self._local.finish(self._current, building)
        self._noted = False
        self._local.done()
        return finished

    def _note(self, steps: Sequence[Step]) -> None:
        if not self._noted:
            self._held.enter_context(self._alone())
        self._steps += steps
        self._local.note(self._current, self._undo())
        self._noted = True

    def _undo(self) -> list[str]:
        """The steps so far, undone from the last to the first."""
        statements = carried_out([step.back() for step in reversed(self._steps)], self.bench.names, self._tiers_in_use)
        stamp = self._local.stamp(self._current)
        return statements + (self.bench.names.unstamped() if stamp is None else self.bench.names.stamped(stamp))

    def _describe(self, files: Path) -> None:
        """Write the registry and the summary of what the store holds now."""
        if not self._steps and self.registry.keys() == self._before.keys():
            return
        write_file(files / REGISTRY_FILE, write_registry(self.registry))
        path = files / SUMMARY_FILE
        summary = self.bench.summary().write()
        if not path.exists() or path.read_bytes() != summary:
            write_file(path, summary)
