"""The graphs of an external store, as the operations of an update see them: ``node.store.graphs``, by other means.

Triples that come and go are collected, and sent as one difference a graph at the end of each operation.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

from pyoxigraph import NamedNode, Quad, QueryResultsFormat, QuerySolutions, RdfFormat, parse_query_results, serialize

from node.errors import StoreError
from node.model.access import Tier
from node.store.graphs import Source
from node.store.quads import GraphContent, Owner
from node.store.registry import Registry
from node.store.remote_change import Names
from node.store.remote_query import readable
from node.store.remote_transaction import Transaction


class RemoteGraphs:
    """What ``node.store.updates`` asks of ``Graphs`` and of their ``store``, both in one."""

    def __init__(self, transaction: Transaction, names: Names, base: str, depth: int) -> None:
        self._bench = bench = transaction.bench
        self._transaction = transaction
        self._base = base
        self._depth = depth
        self._deleted = _Lines(bench.folder / "deleted")
        self._inserted = _Lines(bench.folder / "inserted")
        self._stand_ins: dict[str, str] = {}
        self.tier_graphs = names.tier_graphs
        self.spool = bench.folder

    @property
    def store(self) -> RemoteGraphs:
        """Itself."""
        return self

    @property
    def registry(self) -> Registry:
        """What is known of the graphs."""
        return self._transaction.registry

    # --- what changes ---

    def declare(self, graph: str, tier: Tier | None, owner: Owner) -> None:
        """Put a graph into the registry if it is not there."""
        self._transaction.declare(graph, tier, owner)

    def add(self, quad: Quad) -> None:
        """Put one triple into a graph of the registry."""
        self._inserted.add(quad)

    def discard(self, quad: Quad) -> None:
        """Take one triple out of a graph, if it is there. Comes before what the same operation adds."""
        self._deleted.add(quad)

    def load(self, sources: Iterable[Source]) -> None:
        """Put much into graphs. One that is not in the registry is there for the next query only."""
        passing: dict[str, list[Source]] = {}
        for source in sources:
            if source.graph in self.registry:
                for piece in source.pieces():
                    self._inserted.write(source.graph, piece)
            else:
                passing.setdefault(source.graph, []).append(source)
        for graph, parts in passing.items():
            self._bench.reserve(1)
            self._stand_ins[graph] = self._bench.staged(piece for source in parts for piece in source.pieces())

    def settle(self, graphs: Collection[str]) -> None:
        """Nothing: tier graphs are put right whenever a difference is sent."""

    def merge(self, put: Iterable[GraphContent], remove: Iterable[str]) -> None:
        """Put and remove graphs whole."""
        self._transaction.replace(list(put), list(remove))

    def flush(self) -> None:
        """Send what has been collected."""
        graphs = sorted({*self._deleted.files, *self._inserted.files})
        if not graphs:
            return
        self._bench.reserve(4 * len(graphs))
        staged = [
            (graph, self._bench.staged(self._deleted.read(graph)), self._bench.staged(self._inserted.read(graph)))
            for graph in graphs
        ]
        self._deleted.clear()
        self._inserted.clear()
        self._transaction.carry_out(self._bench.edits(staged))

    # --- what is asked ---

    def query(
        self,
        text: str,
        *,
        base_iri: str | None = None,
        default_graph: Sequence[NamedNode] = (),
        named_graphs: Sequence[NamedNode] = (),
        custom_functions: Mapping[NamedNode, Callable[..., Any]] | None = None,
    ) -> QuerySolutions:
        """The solutions of a SELECT, as ``pyoxigraph.Store.query`` gives them.

        ``custom_functions`` has no effect: what an unknown function gives is for the external store to say.
        """
        del custom_functions
        asked = readable(text, base_iri or self._base, self._depth)
        default = [self._stand_ins.get(node.value, node.value) for node in default_graph]
        answer = self._bench.answer(asked.text, default=default, named=[node.value for node in named_graphs])
        solutions = parse_query_results(cast("IO[bytes]", io.BytesIO(answer)), QueryResultsFormat.JSON)
        if not isinstance(solutions, QuerySolutions):
            raise StoreError("the external store answered another kind of question.")
        return solutions

    def remove_graph(self, graph: NamedNode) -> None:
        """A graph that was there for one query is not needed any more."""
        self._stand_ins.pop(graph.value, None)

    def share(self, one: str, other: str) -> bool:
        """Whether two graphs have a triple in common."""
        text = f"SELECT ?s {{ GRAPH <{one}> {{ ?s ?p ?o }} GRAPH <{other}> {{ ?s ?p ?o }} }} LIMIT 1"
        return bool(self._bench.rows(text, named=(one, other)))

    def dumped(self, graph: str) -> Iterator[bytes]:
        """What a graph holds, as N-Triples."""
        yield self._bench.held(graph)


class _Lines:
    """Lines of N-Triples by graph, each graph's in a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir()
        self.files: dict[str, Path] = {}

    def add(self, quad: Quad) -> None:
        """Add one triple to those of the quad's graph."""
        graph = cast(NamedNode, quad.graph_name).value
        self.write(graph, serialize([quad.triple], format=RdfFormat.N_TRIPLES) or b"")

    def write(self, graph: str, lines: bytes) -> None:
        """Add lines to those of a graph."""
        path = self.files.setdefault(graph, self._folder / f"{len(self.files)}.nt")
        with path.open("ab") as file:
            file.write(lines)

    def read(self, graph: str) -> Iterator[bytes]:
        """All lines of a graph."""
        if (path := self.files.get(graph)) is not None:
            with path.open("rb") as file:
                yield from iter(lambda: file.read(1 << 20), b"")

    def clear(self) -> None:
        """Forget all of them."""
        for path in self.files.values():
            path.unlink()
        self.files.clear()
