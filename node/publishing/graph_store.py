"""The node's graphs as the Graph Store Protocol sees them: one graph read, replaced, merged into, or removed whole.

Each change is worked out on one generation and holds on it or is worked out again, so that a condition that was checked
is still true when the change happens (RFC 9110, section 13.1: no lost updates).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from node.errors import Conflict, NotFound
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.publishing.triples import Triples, same_graph, without_names, write_triples
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES, Format
from node.store.quads import Answer, Budget, Change, GraphContent, GraphState, Owner, QuadStore

#: How often a change is worked out again because something else was changed meanwhile.
ATTEMPTS = 20
_WHOLE = "CONSTRUCT WHERE { ?s ?p ?o }"
#: The default graph is there before anything was put into it (SPARQL 1.1 Query, section 13).
_EMPTY = GraphState(Tier.PUBLIC, 0, Owner.OPERATOR, "empty")

#: Raises PreconditionFailed unless the graph is in the state that the caller takes it to be in; None: there is none.
Condition = Callable[[GraphState | None], None]
#: The change that the present state calls for, None for none. Files it makes go into the folder.
_Making = Callable[[GraphState | None, Path], Change | None]


@dataclass(frozen=True)
class GraphStore:
    """Reads and changes single graphs. ``reading``: what reading a graph back for a change may use."""

    store: QuadStore
    identifiers: Identifiers
    reading: Budget

    def state(self, graph: str) -> GraphState | None:
        """What is known of a graph; None when there is none of this name."""
        state = self.store.graph(graph)
        return _EMPTY if state is None and graph == self.identifiers.default_graph else state

    def write(self, graph: str, format_: Format, out: IO[bytes], budget: Budget) -> tuple[GraphState, int]:
        """Write a graph to a file, its blank nodes as such; its state, and the number of the generation.

        Raises NotFound, what a query raises, and Unsupported when the format cannot hold the graph.
        """
        for _ in range(ATTEMPTS):
            number = self.store.generation().number
            state = self._existing(graph)
            with self._open(graph, budget) as answer:
                if answer.generation.number != number:
                    continue  # the state may be another one than that of what would be read
                write_triples(without_names(lines_of(answer), self.identifiers), format_, out)
                return state, number
        raise _restless()

    def put(self, graph: str, triples: Triples, condition: Condition) -> bool:
        """Make these triples the whole content of a graph; whether that made the graph.

        What is the same graph already stays as it is. Raises PreconditionFailed, Conflict, StoreError.
        """
        lines = triples.named(self.identifiers, graph)

        def make(state: GraphState | None, _: Path) -> Change | None:
            if state is not None and state.triples == len(lines) and state is not _EMPTY:
                with self._open(graph, self.reading) as answer:
                    present = {line.decode("utf-8").rstrip("\n") for line in lines_of(answer)}
                if present == lines or (triples.blank and same_graph(present, triples, self.identifiers, graph)):
                    return None
            return self._content(graph, state, "".join(f"{line}\n" for line in sorted(lines)).encode())

        return self._change(graph, condition, make)

    def merge(self, graph: str, triples: Triples, condition: Condition, *, token: str) -> bool:
        """Add triples to a graph; whether that made it. Its blank nodes and theirs stay apart (RDF 1.1 Semantics,
        section 4.1), for which ``token`` is to be another each time. Raises as ``put`` does.
        """
        lines = triples.named(self.identifiers, f"{graph}\n{token}")

        def make(state: GraphState | None, folder: Path) -> Change | None:
            missing = set(lines)
            target = folder / "merged.nt"
            with target.open("wb") as out:
                if state is not None and state.triples:
                    with self._open(graph, self.reading) as answer:
                        for line in lines_of(answer):
                            out.write(line)
                            missing.discard(line.decode("utf-8").rstrip("\n"))
                out.writelines(f"{line}\n".encode() for line in sorted(missing))
            if state is not None and not missing:
                return None
            return self._content(graph, state, target)

        return self._change(graph, condition, make)

    def remove(self, graph: str, condition: Condition) -> None:
        """Remove a graph; the default graph is emptied. Raises NotFound, and as ``put`` does."""
        self._existing(graph)

        def make(state: GraphState | None, _: Path) -> Change | None:
            if state is None:
                raise _not_there(graph)
            return None if state is _EMPTY else Change(remove=(graph,))

        self._change(graph, condition, make)

    def _change(self, graph: str, condition: Condition, make: _Making) -> bool:
        for _ in range(ATTEMPTS):
            base = self.store.generation().number
            state = self.state(graph)
            self._require_ours(graph, state)
            condition(state)
            with tempfile.TemporaryDirectory(prefix="onconode-graph-") as folder:
                change = make(state, Path(folder))
                try:
                    if change is not None:
                        self.store.apply(replace(change, base=base))
                except Conflict:
                    if self.store.generation().number == base:
                        raise
                    continue  # something else was changed meanwhile, perhaps this graph
            return state is None
        raise _restless()

    def _content(self, graph: str, state: GraphState | None, triples: bytes | Path) -> Change:
        tier = Tier.PUBLIC if state is None else state.tier
        return Change(put=(GraphContent(graph, tier, triples, Owner.OPERATOR),))

    def _existing(self, graph: str) -> GraphState:
        state = self.state(graph)
        if state is None:
            raise _not_there(graph)
        return state

    def _require_ours(self, graph: str, state: GraphState | None) -> None:
        if (state is not None and state.owner is Owner.NODE) or graph in map(self.identifiers.tier_graph, Tier):
            raise Conflict(
                f"the graph {graph} is kept by the node itself.",
                remedy="Publish a new version of what it holds, or withdraw it, instead.",
            )

    @contextmanager
    def _open(self, graph: str, budget: Budget) -> Iterator[Answer]:
        scope = GraphScope((graph,))
        with self.store.query(_WHOLE, scope=scope, formats=(JSON, NTRIPLES), budget=budget) as answer:
            yield answer


def lines_of(answer: Answer) -> Iterator[bytes]:
    """The lines of an answer in N-Triples, each with its newline."""
    rest = b""
    for chunk in answer:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest + b"\n"


def _not_there(graph: str) -> NotFound:
    return NotFound(f"there is no graph {graph}.", remedy="PUT makes one.")


def _restless() -> Conflict:
    return Conflict("the node was changed by others at the same moment, again and again.", remedy="Try again.")
