"""The operations of SPARQL 1.1 Update on the open database of a generation in the making.

The Graph Store they work on is described at ``quads.Update``. Nothing that somebody wrote reaches the engine's own
update: patterns are asked as queries, and what their solutions make of the templates is added and discarded triple by
triple, or loaded in bulk when it is much, by ``Graphs``, which keeps tier graphs, counts and summary right.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from pyoxigraph import NamedNode, QuerySolutions

from node.errors import (
    Conflict,
    LimitExceeded,
    NodeError,
    NotFound,
    Place,
    ProtocolError,
    StoreError,
    TargetRefused,
    Unsupported,
)
from node.rdf.dataset import GraphScope
from node.sparql import update as sparql
from node.sparql.evaluable import evaluable
from node.store.engine import may_name_graphs
from node.store.graphs import Graphs, Source
from node.store.merge import canonical
from node.store.quads import Budget, GraphContent, Owner, Update
from node.store.templates import Skolem, Solution, Spool, Template
from node.store.where import solutions

#: Up to so many new triples are added one by one: loading in bulk ends in counting everything there is.
_FEW = 5_000

MergeGraphs = Callable[[Iterable[GraphContent], Iterable[str]], None]


class Updates:
    """One request on its way into ``graphs``.

    ``merge`` puts and removes whole graphs there (``Merge.run``). ``few``: up to how many triples of an operation are
    added one by one.
    """

    def __init__(self, graphs: Graphs, merge: MergeGraphs, request: Update, budget: Budget, few: int = _FEW) -> None:
        self._merge = merge
        self._few = few
        self._graphs = graphs
        self._request = request
        self._budget = budget
        self._default = request.default_graph
        self._skolem = Skolem(request.skolem, secrets.token_hex(16))
        self._scopes = itertools.count()

    def run(self, update: sparql.Update) -> None:
        """Carry out all operations in order; each sees what those before it did.

        Raises what ``QuadStore.update`` says, and the errors in ``loads``; the database is then in no particular state.
        """
        self._check(update)
        for operation in update.operations:
            silent = getattr(operation, "silent", False)
            try:
                self._run(operation)
            except (StoreError, LimitExceeded):
                raise
            except NodeError:
                # Every operation that can be silent checks everything before it changes anything.
                if not silent:
                    raise

    def _check(self, update: sparql.Update) -> None:
        if update.services:
            raise Unsupported(
                "SERVICE is not answered in an update.",
                remedy="Ask for what the service has in a query, and send it with INSERT DATA.",
            )
        if self._request.using is not None:
            for operation in update.operations:
                if isinstance(operation, sparql.Modify) and (operation.using or operation.with_graph is not None):
                    raise ProtocolError(
                        "using-graph-uri and using-named-graph-uri cannot go with USING or WITH in the update.",
                        remedy="Name the graphs in one of the two places.",
                    )

    def _run(self, operation: sparql.Operation) -> None:
        match operation:
            case sparql.InsertData(quads):
                self._modify((), quads, [{}])
            case sparql.DeleteData(quads):
                self._modify(quads, (), [{}])
            case sparql.DeleteWhere(quads, query):
                self._modify_where(quads, (), query, self._dataset(None, None))
            case sparql.Modify(with_graph, delete, insert, using, _, query):
                self._modify_where(delete, insert, query, self._dataset(with_graph, using), with_graph)
            case sparql.Load():
                self._load(operation)
            case sparql.Clear(target, _):
                self._merge(self._empty(self._named(target)), ())
            case sparql.Drop(target, _):
                named = self._named(target)
                dropped = [graph for graph in named if graph != self._default]
                self._merge(self._empty({*named} - {*dropped}), dropped)
            case sparql.Create(graph, _):
                self._create(graph)
            case sparql.Add() | sparql.Copy() | sparql.Move():
                self._transfer(operation)

    # --- data and patterns ---

    def _dataset(self, with_graph: str | None, using: sparql.Using | None) -> GraphScope:
        """What a pattern is asked over: the protocol's parameters, USING, WITH, or all there is, in this order."""
        if self._request.using is not None:
            return self._request.using
        if using is not None:
            return GraphScope(using.default, using.named)
        named = tuple(graph for graph in self._graphs.registry if graph != self._default)
        return GraphScope((with_graph or self._default,), named)

    def _modify_where(
        self,
        delete: tuple[sparql.QuadPattern, ...],
        insert: tuple[sparql.QuadPattern, ...],
        query: str,
        dataset: GraphScope,
        with_graph: str | None = None,
    ) -> None:
        scratch, request = self._merged(dataset.default), self._request
        # As any query is put before the engine sees it.
        text = evaluable(query, dataset, request.base, depth=request.depth, dataset=dataset).text
        found = solutions(
            self._graphs.store,
            text,
            base=self._request.base,
            default=dataset.default if scratch is None else (scratch,),
            # Telling the engine of thousands of graphs takes longer than most patterns.
            named=dataset.named if may_name_graphs(text) else (),
            budget=self._budget,
        )
        self._modify(delete, insert, _rows(found), with_graph)
        if scratch is not None:
            self._graphs.store.remove_graph(NamedNode(scratch))

    def _merged(self, default: tuple[str, ...]) -> str | None:
        """A graph with the merge of these, for the time being; None when they share no triple.

        The engine puts them one after another instead, and would find what two of them hold twice.
        """
        graphs, apart = self._graphs, set(self._graphs.tier_graphs.values())
        if not any(
            graphs.share(one, other)
            for one, other in itertools.combinations(dict.fromkeys(default), 2)
            if not apart.issuperset((one, other))
        ):
            return None
        scratch = self._skolem.labelled("scratch", str(next(self._scopes)))
        graphs.load(Source(scratch, None, partial(graphs.dumped, graph)) for graph in default)
        return scratch

    def _modify(
        self,
        delete: Iterable[sparql.QuadPattern],
        insert: Iterable[sparql.QuadPattern],
        rows: Iterable[Solution],
        with_graph: str | None = None,
    ) -> None:
        """Discard and then add what the templates say for these solutions."""
        default = with_graph or self._default
        deletion = Template(delete, default=default, skolem=None)
        insertion = Template(insert, default=default, skolem=self._skolem)
        with Spool(self._graphs.spool) as gone, Spool(self._graphs.spool) as new:
            for row in rows:
                for graph, line in deletion.instances(row, ""):
                    self._check_owner(graph)
                    if graph in self._graphs.registry:
                        gone.add(line)
                scope = str(next(self._scopes))
                for graph, line in insertion.instances(row, scope):
                    self._check_owner(graph)
                    new.add(line)
            for quad in gone.quads():
                self._graphs.discard(quad)
            self._insert(new)

    def _insert(self, new: Spool) -> None:
        graphs = self._graphs
        if new.number <= self._few:
            for quad in new.quads():
                self._declare(quad.graph_name.value)  # type: ignore[union-attr]  # never the unnamed graph
                graphs.add(quad)
            return
        named: dict[str, None] = {}

        def source(graph: str, lines: list[bytes]) -> Source:
            self._declare(graph)
            named[graph] = None
            return Source(graph, graphs.registry[graph].tier, lambda: [b"".join(lines)])

        graphs.load(new.sources(source))
        graphs.settle(named)

    # --- whole graphs ---

    def _load(self, operation: sparql.Load) -> None:
        """LOAD (section 3.1.4): what the caller has fetched is added to a graph."""
        into = operation.into or self._default
        given = self._request.loads.get(operation.source)
        if given is None:
            given = TargetRefused(f"{operation.source} is not loaded here.", where=Place(record=operation.source))
        if isinstance(given, NodeError):
            if operation.silent:
                return
            raise given
        self._check_owner(into)
        scope = f"load{next(self._scopes)}"
        content = GraphContent(operation.source, None, given)
        with Spool(self._graphs.spool) as new:
            for piece in canonical(content, lambda label: self._skolem.labelled(scope, label.decode()).encode()):
                new.add_triples(into, piece)
            self._declare(into, even_if_empty=True)
            self._insert(new)

    def _create(self, graph: str) -> None:
        if graph == self._default or graph in self._graphs.registry:
            raise Conflict("there is a graph of this name.", where=Place(record=graph))
        self._check_owner(graph)
        self._declare(graph)

    def _empty(self, graphs: Iterable[str]) -> list[GraphContent]:
        """What makes these graphs empty."""
        registry = self._graphs.registry
        return [self._content(g, b"") for g in graphs if g in registry and registry[g].triples]

    def _named(self, target: sparql.Graphs | str) -> list[str]:
        """The graphs that CLEAR and DROP are about."""
        if isinstance(target, str) and not isinstance(target, sparql.Graphs):
            self._check_there(target)
            self._check_owner(target)
            return [target]
        if target is sparql.Graphs.DEFAULT:
            return [self._default]
        owned = [graph for graph, state in self._graphs.registry.items() if state.owner is Owner.OPERATOR]
        return owned if target is sparql.Graphs.ALL else [graph for graph in owned if graph != self._default]

    def _transfer(self, operation: sparql.Add | sparql.Copy | sparql.Move) -> None:
        """ADD, COPY and MOVE (sections 3.2.3 to 3.2.5)."""
        source, destination = operation.source or self._default, operation.destination or self._default
        self._check_there(source)
        self._check_owner(destination)
        if isinstance(operation, sparql.Move):
            self._check_owner(source)
        if source == destination:
            return
        if isinstance(operation, sparql.Add):
            with Spool(self._graphs.spool) as new:
                for piece in self._graphs.dumped(source):
                    new.add_triples(destination, piece)
                self._declare(destination, even_if_empty=True)
                self._insert(new)
            return
        path = self._graphs.spool / "transferred.nt"
        with path.open("wb") as file:
            file.writelines(self._graphs.dumped(source))
        put = [self._content(destination, path)]
        remove = []
        if isinstance(operation, sparql.Move):
            put += self._empty([source] if source == self._default else [])
            remove = [source] if source != self._default else []
        self._merge(put, remove)

    def _content(self, graph: str, triples: bytes | Path) -> GraphContent:
        known = self._graphs.registry.get(graph)
        return GraphContent(graph, known.tier if known else self._request.tier, triples, Owner.OPERATOR)

    def _declare(self, graph: str, *, even_if_empty: bool = False) -> None:
        """A graph that is written to comes into being; the default graph was there all along."""
        if graph not in self._graphs.registry and not (even_if_empty and graph == self._default):
            self._graphs.declare(graph, self._request.tier, Owner.OPERATOR)

    def _check_there(self, graph: str) -> None:
        if graph != self._default and graph not in self._graphs.registry:
            raise NotFound("there is no graph of this name.", where=Place(record=graph))

    def _check_owner(self, graph: str) -> None:
        """Raises Conflict for a graph that is not the operator's to change."""
        if graph in self._graphs.tier_graphs.values():
            raise Conflict("this graph is the merge of others and is not changed by itself.", where=Place(record=graph))
        if (known := self._graphs.registry.get(graph)) is not None and known.owner is not Owner.OPERATOR:
            raise not_the_operators(graph)


def not_the_operators(graph: str) -> Conflict:
    """The error for a change of a graph that publications keep."""
    return Conflict(
        "this graph is kept by the node itself and is not changed by updates.",
        where=Place(record=graph),
        remedy="Publish or withdraw it instead.",
    )


def _rows(found: QuerySolutions) -> Iterator[Solution]:
    names = [variable.value for variable in found.variables]
    for values in found:
        yield {name: value for name, value in zip(names, values, strict=True) if value is not None}
