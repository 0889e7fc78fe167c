"""Repeated paths (``p*``, ``p+``, ``p?``), followed step by step over all members until nothing new is reached."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TypeAlias

from node.federation.calling.rows import Shape, Table, cell
from node.federation.fetching.scratch import Scratch
from node.federation.planning.order import Order
from node.federation.planning.plan import Candidates, Closure, GraphPlace, Place, Scan, Step
from node.federation.planning.requests import Job, witness_text
from node.federation.planning.rounds import Answer, Rounds, together
from node.federation.planning.selection import Catalogue
from node.sparql.terms import Term, iri_term

_NODES_PER_WITNESS = 50
_NO_NAMES: frozenset[str] = frozenset()
# Names that no variable of a query has: one of them may also be the name of the graph.
_ANY, _FROM, _TO = ("/s", "/p", "/o"), "/from", "/to"

#: Fetches a triple pattern with what is known of its variables, and leaves the candidates of those that are needed.
FetchScan: TypeAlias = Callable[[Scan, Mapping[str, Candidates], frozenset[str]], Rounds]


class Paths:
    """Walks closures, with ``scan`` for their edges; what shows that a node is there goes into ``scratch``.

    ``whole`` does the same as ``scan`` but asks for all edges there are, whatever is known: asked again, they are here.
    """

    def __init__(
        self, catalogue: Catalogue, scratch: Scratch, order: Order, *, scan: FetchScan, whole: FetchScan
    ) -> None:
        self._order = order
        self._whole = whole
        self._catalogue = catalogue
        self._scope = catalogue.scope
        self._scratch = scratch
        self._scan = scan

    def closure(self, closure: Closure, known: Mapping[str, Candidates], needed: frozenset[str]) -> Rounds:
        """Every edge that can be part of the path. The outcome is what its other end can be."""
        start, end = _ends(closure.start, known), _ends(closure.end, known)
        if start is None and end is None:
            return (yield from self._unbounded(closure, known))
        forward = end is None or (start is not None and len(start.terms) <= len(end.terms))
        near, far = (start, end) if forward else (end, start)
        assert near is not None
        steps = closure.steps if forward else tuple(step.reversed() for step in closure.steps)
        reached, seen = yield from self._walk(near, steps, closure, known)
        if closure.minimum == 0:
            reached = reached.widened(Candidates(near.terms, near.blank, kept=near.kept))
            nodes = near.terms if far is None else near.terms & far.terms
            if not _shown(closure.graph, near, far):
                # An edge shows a node of one graph only: with a variable as its name, any could be meant.
                unseen = nodes if isinstance(closure.graph, str) else nodes - seen
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

    def _walk(
        self, near: Candidates, steps: tuple[Step, ...], closure: Closure, known: Mapping[str, Candidates]
    ) -> Generator[list[Job], list[Answer], tuple[Candidates, set[bytes]]]:
        """What is reached from ``near`` by one step or more, and every term met at an edge that was brought."""
        graphs = _graphs(closure.graph, known)
        visited: set[bytes] = set(near.terms)
        reached: set[bytes] = set()
        seen: set[bytes] = set()
        frontier, blank, kept = near.terms, set(near.blank), near.kept
        ends = frozenset((_FROM, _TO))
        scans = [_edge(step, closure.graph) for step in steps]
        fetch = self._whole if not closure.once and self._order.is_worth_some_rounds(scans) else self._scan
        while frontier or blank:
            at = {**graphs, _FROM: Candidates(frontier, frozenset(blank), kept=kept)}
            outcomes = yield from together([fetch(scan, at, ends) for scan in scans])
            before = set(blank)
            fresh: set[bytes] = set()
            for outcome in outcomes:
                if outcome is not None:
                    fresh |= outcome[_TO].terms
                    seen |= outcome[_FROM].terms
                    blank |= outcome[_TO].blank
                    kept = kept or outcome[_TO].kept
            seen |= fresh
            reached |= fresh
            frontier = frozenset(fresh - visited)
            visited |= fresh
            if closure.once or (not frontier and blank == before):
                break
        return Candidates(frozenset(reached), frozenset(blank), kept=kept), seen

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
            for name in self._catalogue.summaries
        ]
        tables = yield jobs
        for job, table in zip(jobs, tables, strict=True):
            assert isinstance(table, Table)
            self._scratch.add_rows(job.source, shape, table, self._scope)
        return {}


def _edge(step: Step, graph: GraphPlace) -> Scan:
    predicate: Place = iri_term(step.predicate) if step.predicate is not None else _ANY[1]
    return Scan(_TO, predicate, _FROM, graph) if step.inverse else Scan(_FROM, predicate, _TO, graph)


def _ends(place: Place, known: Mapping[str, Candidates]) -> Candidates | None:
    return known.get(place) if isinstance(place, str) else Candidates(frozenset({cell(place)}))


def _graphs(graph: GraphPlace, known: Mapping[str, Candidates]) -> dict[str, Candidates]:
    return {graph: known[graph]} if isinstance(graph, str) and graph in known else {}


def _shown(graph: GraphPlace, near: Candidates, far: Candidates | None) -> bool:
    """Whether what was fetched already shows of the candidates whether they are nodes of the graph."""
    return graph in near.nodes_of or (far is not None and graph in far.nodes_of)
