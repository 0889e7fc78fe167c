"""One change on its way into an external store: what it needs is put into scratch graphs, where no query looks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from node.errors import StoreError
from node.model.access import Tier
from node.rdf.namespaces import RDF_TYPE
from node.sparql.results import MalformedResults, read_json_results
from node.sparql.terms import Term
from node.store.merge import canonical
from node.store.quads import GraphContent
from node.store.registry import Registry
from node.store.remote_change import Names, Step, copy, difference, edit, requests
from node.store.remote_http import CHANGE_SECONDS, StoreClient
from node.store.summary import Summary

#: How many graphs are counted in one query.
_COUNTED = 200


class Workbench:
    """Scratch graphs and questions of the one writer there is. ``folder`` is for temporary files."""

    def __init__(self, client: StoreClient, names: Names, folder: Path, left_over: int) -> None:
        self._client = client
        self.names = names
        self.folder = folder
        self._scratch = 0
        self._reserved = left_over
        #: The moment of the monotonic clock by which all requests are to be answered.
        self.deadline = time.monotonic() + CHANGE_SECONDS

    def reserve(self, graphs: int) -> None:
        """Be ready for so many more scratch graphs. They are noted first, so that they are found after a crash."""
        self._reserved = max(self._reserved, self._scratch + graphs)
        self.run(self.names.reserved(self._reserved))

    def scratch(self) -> str:
        """An empty scratch graph."""
        self._scratch += 1
        return self.names.scratch(self._scratch - 1)

    def staged(self, pieces: Iterable[bytes]) -> str:
        """A scratch graph with this content (N-Triples). Raises what reading it does."""
        path = self.folder / "staged.nt"
        with path.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        graph = self.scratch()
        if path.stat().st_size:
            self._client.put(graph, path, self.deadline)
        return graph

    def run(self, statements: Iterable[str]) -> None:
        """Have statements carried out. Raises StoreError, QueryTimeout."""
        for request in requests(statements):
            self._client.update(request, self.deadline)

    def take_time(self) -> None:
        """Whatever the deadline was: what comes now has to be done."""
        self.deadline = time.monotonic() + CHANGE_SECONDS

    def clear(self) -> None:
        """Drop all scratch graphs, left-over ones too."""
        self.take_time()
        if self._reserved:
            dropped = [f"DROP SILENT GRAPH <{self.names.scratch(number)}>" for number in range(self._reserved)]
            self.run(dropped + self.names.reserved(0))
        self._scratch = self._reserved = 0

    def rows(self, text: str, *, default: Sequence[str] = (), named: Sequence[str] = ()) -> tuple[dict[str, Term], ...]:
        """The solutions of a SELECT over these graphs. Raises StoreError."""
        try:
            return read_json_results(self.answer(text, default=default, named=named)).rows
        except MalformedResults as error:
            raise StoreError(f"the external store's answer cannot be read: {error}.") from error

    def answer(
        self, text: str, *, default: Sequence[str] = (), named: Sequence[str] = (), graph: bool = False
    ) -> bytes:
        """The answer to a query over these graphs, in JSON or (``graph``) N-Triples."""
        nothing = (self.names.nothing,)
        reply = self._client.ask(
            text, default=default or nothing, named=named or nothing, graph=graph, deadline=self.deadline
        )
        try:
            return b"".join(iter(lambda: reply.read(1 << 16, self.deadline), b""))
        finally:
            reply.close()

    def held(self, graph: str) -> bytes:
        """What a graph holds, as N-Triples."""
        return self.answer("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", default=(graph,), graph=True)

    def counts(self, graphs: Iterable[str]) -> dict[str, int]:
        """How many triples each of these graphs holds."""
        left, counted = list(graphs), {}
        for start in range(0, len(left), _COUNTED):
            some = left[start : start + _COUNTED]
            counted.update(dict.fromkeys(some, 0))
            values = " ".join(f"<{graph}>" for graph in some)
            text = f"SELECT ?g (COUNT(*) AS ?n) {{ VALUES ?g {{ {values} }} GRAPH ?g {{ ?s ?p ?o }} }} GROUP BY ?g"
            for row in self.rows(text, named=some):
                if "g" in row:
                    counted[row["g"].value] = int(row["n"].value)
        return counted

    def summary(self) -> Summary:
        """The summary of the public tier graph."""
        public = (self.names.tier_graphs[Tier.PUBLIC],)
        by_predicate = "SELECT ?x (COUNT(*) AS ?n) { ?s ?x ?o } GROUP BY ?x"
        by_class = f"SELECT ?x (COUNT(*) AS ?n) {{ ?s <{RDF_TYPE}> ?x FILTER(isIRI(?x)) }} GROUP BY ?x"
        predicates, classes = (
            {row["x"].value: int(row["n"].value) for row in self.rows(text, default=public) if "x" in row}
            for text in (by_predicate, by_class)
        )
        return Summary(predicates, classes)

    def steps(self, put: Sequence[GraphContent], remove: Sequence[str], registry: Registry) -> list[Step]:
        """Stage new content, and find out what putting and removing graphs changes.

        Raises DocumentSyntaxError, StoreError, OSError. Nothing that anybody sees has changed.
        """
        self.reserve(3 * len(put) + len(remove))
        steps: list[Step] = []
        statements: list[str] = []
        for content in put:
            staged = self.staged(canonical(content))
            known, gone = registry.get(content.graph), self.scratch()
            if known is None:
                # The store may hold something of this name that is not ours.
                statements.append(copy(content.graph, gone))
                steps.append(Step(content.graph, gone, staged))
                continue
            new = self.scratch()
            statements += difference(content.graph, staged, gone, new)
            moved = known.tier != content.tier
            steps.append(Step(content.graph, gone, new, moved))
        for graph in remove:
            gone = self.scratch()
            statements.append(copy(graph, gone))
            steps.append(Step(graph, gone, None))
        self.run(statements)
        return list(self.worth(steps))

    def edits(self, changed: Iterable[tuple[str, str, str]]) -> list[Step]:
        """What deleting and then inserting the content of scratch graphs changes: (graph, deleted, inserted)."""
        steps: list[Step] = []
        statements: list[str] = []
        for graph, deleted, inserted in changed:
            gone, new = self.scratch(), self.scratch()
            statements += edit(graph, deleted, inserted, gone, new)
            steps.append(Step(graph, gone, new))
        self.run(statements)
        return list(self.worth(steps))

    def worth(self, steps: Sequence[Step]) -> Iterator[Step]:
        """The steps without the scratch graphs that turned out empty."""
        counts = self.counts(name for step in steps for name in (step.gone, step.new) if name is not None)
        for step in steps:
            gone, new = (name if name is not None and counts[name] else None for name in (step.gone, step.new))
            yield replace(step, gone=gone, new=new)
