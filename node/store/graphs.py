"""The open database of a generation in the making, with everything said about it kept true.

What is kept right, for every triple x after every change: the tier graph of tier T holds x exactly when some graph of
T holds x and no graph of a more open tier does. So each tier graph is the RDF merge of its graphs, and the tier
graphs are pairwise disjoint. The registry's counts and the summary follow each triple; only after loading in bulk are
they counted anew.
"""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from pyoxigraph import BlankNode, NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse

from node.model.access import Tier
from node.store.digests import Digests
from node.store.hierarchies import PREDICATES, holds_edge
from node.store.quads import GraphState, Owner
from node.store.registry import Registry, new_version
from node.store.summary import Summary, count

#: How much N-Triples text is read in one go.
PIECE_BYTES = 1 << 20
#: How much N-Quads text is loaded in one go. The loader takes about 25 times that in memory.
_BATCH_BYTES = 32 << 20

#: So many triples are counted into the summary one by one, about 20 µs each, if there are so many times as many
#: already, of which counting all anew takes 4 µs each.
_COUNTED_SINGLY = 300_000
_ANEW = 5
#: A triple that goes is looked for among others that have just gone, which takes ten times as long and more.
_GONE_ANEW = 10 * _ANEW

TierGraphs = Mapping[Tier, str]


@dataclass(frozen=True)
class Source:
    """Triples on their way into a graph: pieces of canonical N-Triples, whole lines each.

    ``moved``: it is all that the graph holds, and held before.
    """

    graph: str
    tier: Tier | None
    pieces: Callable[[], Iterable[bytes]]
    moved: bool = False


class Graphs:
    """The named graphs in ``store``, as ``registry`` knows them, and the tier graphs over them.

    ``summary`` is that of the public tier graph, None when it has to be counted. ``spool`` is a folder for temporary
    files. ``digests`` are those of the graphs. ``batch_bytes``: how much text is loaded at a
    time. ``anew``: the summary is counted anew unless there are so many times as many triples as are loaded.
    """

    def __init__(
        self,
        store: Store,
        *,
        registry: Registry,
        tier_graphs: TierGraphs,
        summary: Summary | None,
        spool: Path,
        batch_bytes: int = _BATCH_BYTES,
        anew: int = _ANEW,
        digests: Digests | None = None,
    ) -> None:
        self.digests = digests or Digests({})
        self.store = store
        self.registry = dict(registry)
        self.tier_graphs = tier_graphs
        self._public = NamedNode(tier_graphs[Tier.PUBLIC])
        self.spool = spool
        self._before = dict(registry)
        self._summary = summary
        self._batch_bytes = batch_bytes
        self._anew = anew
        self._touched: set[str] = set()
        # Of each graph, what came and went since the start, such that one undoes the other: 0 is no change.
        self._moved: dict[str, int] = {}
        #: Whether an edge of a hierarchy may have come or gone.
        self.edges_moved = False

    def declare(self, graph: str, tier: Tier | None, owner: Owner) -> None:
        """Put a graph into the registry if it is not there, or change its tier, whatever it holds."""
        known = self.registry.get(graph)
        if known is None:
            self.registry[graph] = GraphState(tier, 0, owner, "")
            self.digests.begin(graph)
        elif known.tier != tier:
            self.registry[graph] = replace(known, tier=tier)

    def forget(self, graph: str) -> None:
        """Take a graph out of the registry. What it holds has to be discarded, too."""
        del self.registry[graph]
        self.digests.forget(graph)
        self._touched.add(graph)

    def touch(self, graph: str) -> None:
        """A graph may have changed in a way that is not followed triple by triple."""
        self._touched.add(graph)

    def add(self, quad: Quad) -> None:
        """Put one triple into a graph of the registry."""
        if quad not in self.store:
            self.store.add(quad)
            self._count(quad, 1)
            self._show(quad)

    def discard(self, quad: Quad) -> None:
        """Take one triple out of a graph, if it is there."""
        if quad in self.store:
            self.store.remove(quad)
            self._count(quad, -1)
            self.place(quad)

    def summarize(self, sources: Iterable[Source], number: int) -> bool:
        """Bring the summary to what it will be once these sources, of so many triples in all, are loaded.

        Whether that was done: not where much is loaded beside little, for then all is sooner counted anew.
        """
        summary, public = self._summary, self._public
        if summary is None or number > _COUNTED_SINGLY or number * self._anew > self._held_by_tier()[Tier.PUBLIC]:
            return False
        # A store, for it alone knows which spellings of a number are one.
        counted = Store()

        def look(s: NamedNode | BlankNode | None, p: NamedNode | None, o: Any) -> Iterator[Quad]:
            return itertools.chain.from_iterable(
                store.quads_for_pattern(s, p, o, public) for store in (self.store, counted)
            )

        for source in sources:
            for piece in source.pieces() if source.tier is Tier.PUBLIC else ():
                for triple in parse(piece, format=RdfFormat.N_TRIPLES):
                    shown = Quad(triple.subject, triple.predicate, triple.object, public)
                    if shown not in self.store and shown not in counted:
                        counted.add(shown)
                        summary.adjust(shown, 1, look)
        return True

    def count_later(self, number: int) -> None:
        """So many triples will be discarded: leave the summary to be counted anew where that is sooner."""
        if number * _GONE_ANEW > self._held_by_tier()[Tier.PUBLIC]:
            self._summary = None

    def load(self, sources: Iterable[Source], *, summarized: bool = False) -> None:
        """Load each source into its graph and the graph of its tier. The graphs are to be settled and recounted.

        ``summarized``: the summary counts them already.
        """
        batch: list[bytes] = []
        size = 0
        for source in sources:
            graphs = [source.graph] if source.tier is None else [source.graph, self.tier_graphs[source.tier]]
            if source.tier is Tier.PUBLIC and not summarized:
                self._summary = None
            for piece in source.pieces():
                self.edges_moved = self.edges_moved or holds_edge(piece)
                if not source.moved:
                    self.digests.loaded(source.graph, piece)
                for graph in graphs:
                    # Canonical N-Triples holds " .\n" at the end of each line and nowhere else.
                    batch.append(piece.replace(b" .\n", f" <{graph}> .\n".encode()))
                    size += len(batch[-1])
                if size >= self._batch_bytes:
                    self._load_batch(batch)
                    batch, size = [], 0
        self._load_batch(batch)

    def _load_batch(self, batch: list[bytes]) -> None:
        if batch:
            # Lenient: it was parsed strictly just now.
            self.store.bulk_load(b"".join(batch), RdfFormat.N_QUADS, lenient=True)

    def settle(self, graphs: Collection[str]) -> None:
        """Make the tier graphs right after triples were loaded into these graphs, and count what these hold now."""
        self.recount(graphs)
        held = self._held_by_tier()
        for graph in graphs:
            state = self.registry[graph]
            for tier, tier_graph in self.tier_graphs.items():
                if state.tier not in (None, tier) and held[tier]:
                    # The engine takes the first pattern's triples and looks each up in the other graph.
                    self._place_common(*sorted(((state.triples, graph), (held[tier], tier_graph))))

    def settle_tiers(self) -> None:
        """Make the tier graphs right after everything was loaded into an empty store and counted."""
        held = self._held_by_tier()
        tier_graphs = [(held[tier], graph) for tier, graph in self.tier_graphs.items() if held[tier]]
        for one, other in itertools.combinations(sorted(tier_graphs), 2):
            self._place_common(one, other)

    def recount(self, graphs: Iterable[str]) -> None:
        """Count what these graphs hold now."""
        for graph in graphs:
            state = self.registry[graph]
            triples = count(self.store, graph)
            if triples != state.triples:
                self._touched.add(graph)
                self.registry[graph] = replace(state, triples=triples)

    def _held_by_tier(self) -> Counter[Tier]:
        """How many triples the graphs of each tier hold, what several hold counted each time."""
        held: Counter[Tier] = Counter()
        for state in self.registry.values():
            if state.tier is not None:
                held[state.tier] += state.triples
        return held

    def _place_common(self, smaller: tuple[int, str], larger: tuple[int, str]) -> None:
        """Give every triple that is in both graphs its place. The graphs come with what they hold at most."""
        both = f"SELECT ?s ?p ?o {{ GRAPH <{smaller[1]}> {{ ?s ?p ?o }} GRAPH <{larger[1]}> {{ ?s ?p ?o }} }}"
        solutions = self.store.query(both)
        assert isinstance(solutions, QuerySolutions)
        for s, p, o in solutions:
            self.place(Quad(s, p, o))

    def share(self, one: str, other: str) -> bool:
        """Whether two graphs have a triple in common."""
        answer = self.store.query(f"ASK {{ GRAPH <{one}> {{ ?s ?p ?o }} GRAPH <{other}> {{ ?s ?p ?o }} }}")
        return bool(answer)

    def place(self, triple: Quad) -> None:
        """Make the tier graphs right for one triple, from the graphs that hold it now."""
        parts = (triple.subject, triple.predicate, triple.object)
        holders = {quad.graph_name.value for quad in self.store.quads_for_pattern(*parts, None)}  # type: ignore[union-attr]
        tiers = {self.registry[graph].tier for graph in holders if graph in self.registry}
        place = next((tier for tier in Tier if tier in tiers), None)
        for tier, tier_graph in self.tier_graphs.items():
            if tier == place and tier_graph not in holders:
                self.store.add(Quad(*parts, NamedNode(tier_graph)))
                self._summarize(tier, triple, 1)
            elif tier != place and tier_graph in holders:
                self.store.remove(Quad(*parts, NamedNode(tier_graph)))
                self._summarize(tier, triple, -1)

    def _show(self, quad: Quad) -> None:
        """Make the tier graphs right for one triple that a graph has got. Takes a third of the time of ``place``."""
        own = self.registry[quad.graph_name.value].tier  # type: ignore[union-attr]  # never the unnamed graph
        if own is None:
            return
        quads = {
            tier: Quad(quad.subject, quad.predicate, quad.object, NamedNode(graph))
            for tier, graph in self.tier_graphs.items()
        }
        where = next((tier for tier in Tier if quads[tier] in self.store), None)
        order = list(Tier)
        if where is not None and order.index(where) <= order.index(own):
            return
        if where is not None:
            self.store.remove(quads[where])
            self._summarize(where, quad, -1)
        self.store.add(quads[own])
        self._summarize(own, quad, 1)

    def dumped(self, graph: str, store: Store | None = None) -> Iterator[bytes]:
        """What a graph holds, here or in another store, as canonical N-Triples in pieces of whole lines."""
        with tempfile.TemporaryFile(dir=self.spool) as file:
            (store or self.store).dump(file, RdfFormat.N_TRIPLES, from_graph=NamedNode(graph))
            file.seek(0)
            yield from pieces(file)

    def moved_into(self, store: Store) -> Store:
        """Go on in another, empty store. Returns the one there was; everything in the new one is to be loaded."""
        old, self.store = self.store, store
        self._summary = None
        self.edges_moved = True
        return old

    def versioned(self) -> bool:
        """Give each graph that has changed since the start a new version. Returns whether anything has changed."""
        changed = self._touched | {graph for graph, moved in self._moved.items() if moved}
        changed |= {g for g, s in self.registry.items() if (b := self._before.get(g)) is None or b.tier != s.tier}
        for graph in changed:
            if graph in self.registry:
                self.registry[graph] = replace(self.registry[graph], version=new_version())
        return bool(changed)

    def summary(self) -> Summary:
        """The summary of the public tier graph as it is now."""
        public = self.tier_graphs[Tier.PUBLIC]
        if self._summary is None:
            self._summary = Summary.of(self.store, public)
        else:
            self._summary.complete(self.store, public)
        return self._summary

    def _count(self, quad: Quad, by: int) -> None:
        self.edges_moved = self.edges_moved or quad.predicate.value in PREDICATES
        graph = quad.graph_name.value  # type: ignore[union-attr]  # never the unnamed graph
        if (state := self.registry.get(graph)) is not None:
            # Not by replace(), which takes longer than finding the triple.
            self.registry[graph] = GraphState(state.tier, state.triples + by, state.owner, state.version)
            self.digests.adjust(quad, by)
        self._moved[graph] = self._moved.get(graph, 0) ^ hash(quad)

    def _summarize(self, tier: Tier, triple: Quad, by: int) -> None:
        if tier is Tier.PUBLIC and self._summary is not None:
            self._summary.adjust(triple, by, self._look)

    def _look(self, s: NamedNode | BlankNode | None, p: NamedNode | None, o: Any) -> Iterator[Quad]:
        """Triples of the public tier graph."""
        return self.store.quads_for_pattern(s, p, o, self._public)


def pieces(file: IO[bytes] | tempfile.SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    """The rest of a file in pieces of whole lines."""
    while lines := file.readlines(PIECE_BYTES):
        yield b"".join(lines)
