"""Repeated paths (``p*``, ``p+``, ``p?``), followed over all members until nothing new is reached.

From either end, or from both: whatever ends first has met all edges that can be part of the path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from node.federation.calling.rows import Shape, Table, cell
from node.federation.fetching.scratch import Scratch
from node.federation.planning.order import Order
from node.federation.planning.plan import Candidates, Closure, GraphPlace, Place, Scan, Step
from node.federation.planning.reaches import Reach
from node.federation.planning.requests import MOST_ARMS, Job, witness_text
from node.federation.planning.rounds import Rounds, together
from node.federation.planning.selection import Catalogue
from node.sparql.terms import Term

# Each is looked for as subject and as object.
_NODES_PER_WITNESS = MOST_ARMS // 2
_NO_NAMES: frozenset[str] = frozenset()
# Names that no variable of a query has: one of them may also be the name of the graph.
_ANY, _FROM, _TO = ("/s", "/p", "/o"), "/from", "/to"
#: The outcome of a path that is better followed from its other end, once that is known.
WIDE: dict[str, Candidates] = {"/wide": Candidates(frozenset())}


class FetchScan(Protocol):
    """Fetches a triple pattern with what is known of its variables, and leaves the candidates of those that are needed.

    ``whole``: by asking for all there is, whatever is known: asked again, it is here. ``reach``: by asking members for
    what they can reach.
    """

    def __call__(
        self,
        scan: Scan,
        known: Mapping[str, Candidates],
        needed: frozenset[str],
        *,
        whole: bool = False,
        reach: Reach | None = None,
    ) -> Rounds: ...


@dataclass
class _Walk:
    """From the nodes ``near`` along the edges that ``scans`` match, a round at a time.

    ``expected``: what it is thought to cost, in triples. ``reached``: by one step or more. ``seen``: every term met at
    an edge that was brought. ``came``: how many terms came in all rounds; ``spent``: what these have cost, in triples.
    Of two walks the one that has cost less goes on.
    """

    near: Candidates
    scans: tuple[Scan, ...]
    reach: Reach | None
    expected: float
    came: int = 0
    spent: float = 0.0
    ended: bool = False
    reached: set[bytes] = field(default_factory=set)
    seen: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.frontier, self.blank, self.kept = self.near.terms, set(self.near.blank), self.near.kept
        self.visited = set(self.near.terms)

    def candidates(self) -> Candidates:
        """What was reached."""
        return Candidates(frozenset(self.reached), frozenset(self.blank), kept=self.kept)


class Paths:
    """Walks closures, with ``scan`` for their edges; what shows that a node is there goes into ``scratch``."""

    def __init__(self, catalogue: Catalogue, scratch: Scratch, order: Order, *, scan: FetchScan) -> None:
        self._order = order
        self._catalogue = catalogue
        self._scope = catalogue.scope
        self._scratch = scratch
        self._scan = scan

    def closure(
        self, closure: Closure, known: Mapping[str, Candidates], needed: frozenset[str], *, most: int | None = None
    ) -> Rounds:
        """Every edge that can be part of the path. The outcome is what its other end can be.

        It is ``WIDE`` where there are more than ``most`` edges: then not all have come.
        """
        start, end = _ends(closure.start, known), _ends(closure.end, known)
        if start is None and end is None:
            return (yield from self._unbounded(closure, known))
        onward = self._walk(closure.start, start, closure.steps, closure)
        back = self._walk(closure.end, end, _reversed(closure), closure)
        walks = [walk for walk in (onward, back) if walk is not None]
        if len(walks) > 1 and self._catalogue.kept:
            # Which way is taken may not depend on what others may not be told.
            walks = [min(walks, key=_told)]
        graphs = _graphs(closure.graph, known)
        while not any(walk.ended for walk in walks):
            walk = min(walks, key=lambda walk: max(walk.spent, walk.expected))
            if walk.reach is not None:
                walk.reach.most = None if most is None else most + 1
            yield from self._step(walk, graphs, once=closure.once)
            if walk.reach is not None and most is not None and (walk.reach.cut or walk.came > most):
                return WIDE
        walk = next(walk for walk in walks if walk.ended)
        forward = walk is onward
        near, far = walk.near, end if forward else start
        reached = walk.candidates()
        if closure.minimum == 0:
            reached = reached.widened(Candidates(near.terms, near.blank, kept=near.kept))
            nodes = near.terms if far is None else near.terms & far.terms
            if not _shown(closure.graph, near, far):
                # An edge shows a node of one graph only: with a variable as its name, any could be meant.
                unseen = nodes if isinstance(closure.graph, str) else nodes.difference(*(w.seen for w in walks))
                if reached.kept or (far is not None and far.kept):
                    yield from self._scan(Scan(*_ANY, closure.graph), {}, _NO_NAMES)
                else:
                    yield from self._witness(unseen, closure.graph)
        if not reached:
            return None
        place = closure.end if forward else closure.start
        if not isinstance(place, str):
            return {} if cell(place) in reached.terms else None
        if place not in needed:
            return {}
        shown: frozenset[GraphPlace] = frozenset() if isinstance(closure.graph, str) else frozenset({closure.graph})
        return {place: Candidates(reached.terms, reached.blank, shown, kept=reached.kept)}

    def _walk(self, place: Place, near: Candidates | None, steps: Sequence[Step], closure: Closure) -> _Walk | None:
        if near is None:
            return None
        scans = tuple(_edge(step, closure.graph) for step in steps)
        reach = None if closure.once else Reach.along(steps, scans, _FROM, self._catalogue)
        expected = self._order.guesses.onward(scans, _FROM, len(near.terms))
        if place == closure.wide:
            expected = self._order.guesses.total(scans)
        return _Walk(near, scans, reach, expected, ended=not near)

    def _step(self, walk: _Walk, graphs: Mapping[str, Candidates], *, once: bool) -> Rounds:
        """One round of a walk; it has ended when nothing new came."""
        at = {**graphs, _FROM: Candidates(walk.frontier, frozenset(walk.blank), kept=walk.kept)}
        alone = walk.reach is not None and walk.reach.alone()
        whole = not once and not alone and self._order.is_worth_some_rounds(walk.scans, walk.spent)
        if walk.reach is not None:
            walk.reach.begin(walk.frontier)
        ends = frozenset((_FROM, _TO))
        outcomes = yield from together([self._scan(s, at, ends, whole=whole, reach=walk.reach) for s in walk.scans])
        blank = set(walk.blank)
        fresh: set[bytes] = set()
        for outcome in outcomes:
            if outcome is not None:
                fresh |= outcome[_TO].terms
                walk.seen |= outcome[_FROM].terms
                walk.blank |= outcome[_TO].blank
                walk.kept = walk.kept or outcome[_TO].kept
        walk.seen |= fresh
        walk.reached |= fresh
        walk.frontier = frozenset(fresh - walk.visited)
        walk.visited |= fresh
        walk.came += len(fresh)
        walk.spent += self._order.step(walk.scans) + len(fresh)
        walk.ended = once or (not walk.frontier and walk.blank == blank)
        return {}

    def _unbounded(self, closure: Closure, known: Mapping[str, Candidates]) -> Rounds:
        """A path with nothing known of either end: its edges whole, and every node there is for zero lengths."""
        graphs = _graphs(closure.graph, known)
        if closure.minimum == 0:
            everything = Scan(*_ANY, closure.graph)
            return {} if (yield from self._scan(everything, graphs, _NO_NAMES)) is not None else None
        scans = [_edge(step, closure.graph) for step in closure.steps]
        outcomes = yield from together([self._scan(scan, graphs, _NO_NAMES) for scan in scans])
        return {} if any(outcome is not None for outcome in outcomes) else None

    def _witness(self, nodes: frozenset[bytes] | set[bytes], graph: GraphPlace) -> Rounds:
        """For each term a triple that shows it to be a node of the graph, if it is one."""
        if isinstance(graph, str):
            # It must show in each graph where it is a node: everything about it.
            at = {_FROM: Candidates(frozenset(nodes))}
            scans = [Scan(_FROM, _ANY[1], _ANY[2], graph), Scan(_ANY[0], _ANY[1], _FROM, graph)]
            yield from together([self._scan(scan, at, _NO_NAMES) for scan in scans])
            return {}
        if self._scope.excludes(graph):
            return {}
        shape = Shape("s", "p", "o", cell(graph) if isinstance(graph, Term) else None)
        listed = sorted(nodes)
        jobs = [
            Job(name, witness_text(listed[i : i + _NODES_PER_WITNESS], graph, self._scope), ("s", "p", "o"))
            for i in range(0, len(listed), _NODES_PER_WITNESS)
            for name in self._catalogue.anybody
        ]
        tables = yield jobs
        for job, table in zip(jobs, tables, strict=True):
            assert isinstance(table, Table)
            self._scratch.add_rows(job.source, shape, table, self._scope)
        return {}


def _edge(step: Step, graph: GraphPlace) -> Scan:
    return step.scan(_FROM, _TO, graph, any_predicate=_ANY[1])


def _reversed(closure: Closure) -> list[Step]:
    return [step.reversed() for step in closure.steps]


def _told(walk: _Walk) -> float:
    """From how many nodes a walk begins that others may be told."""
    shown = walk.near.sendable()
    return float("inf") if shown is None else len(shown.terms)


def _ends(place: Place, known: Mapping[str, Candidates]) -> Candidates | None:
    return known.get(place) if isinstance(place, str) else Candidates(frozenset({cell(place)}))


def _graphs(graph: GraphPlace, known: Mapping[str, Candidates]) -> dict[str, Candidates]:
    return {graph: known[graph]} if isinstance(graph, str) and graph in known else {}


def _shown(graph: GraphPlace, near: Candidates, far: Candidates | None) -> bool:
    """Whether what was fetched already shows of the candidates whether they are nodes of the graph."""
    return graph in near.nodes_of or (far is not None and graph in far.nodes_of)
