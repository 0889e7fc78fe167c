"""One query of one caller: over this node or over all members, its services first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from functools import partial as with_arguments

from node.config import Limits
from node.errors import ResultTooLarge
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table, cell
from node.federation.execution import Execution, FederatedAnswer
from node.federation.fetching.delegation import HeldAnswer
from node.federation.fetching.last_step import Begin, begun
from node.federation.fetching.losses import Losses
from node.federation.fetching.trace import Trace
from node.federation.members.local_source import LocalSource, SummaryReading
from node.federation.members.source import Source
from node.federation.members.sources import RemoteSource
from node.federation.planning.monotone import obstacle
from node.federation.planning.placement import Context, visit_services
from node.federation.prompt import PromptQuery
from node.federation.reporting.counters import Counters
from node.federation.reporting.explaining import Explanation, Part
from node.federation.reporting.lineage import MOST, Triple, lineage, row_sources
from node.federation.services import Look, Own, Resolved, ServiceResolver
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.policy.decide import ANONYMOUS, Principal, decide
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES, Format
from node.sparql.algebra import DatasetClause, Element, Group, Query, Service
from node.sparql.graph_names import with_graph_names
from node.sparql.mending import mended
from node.sparql.results import Results, read_json_results
from node.sparql.terms import Term
from node.sparql.writer import write_query, written
from node.store.quads import Answer, Budget, QuadStore


def must_be_merged(scope: GraphScope, identifiers: Identifiers) -> bool:
    """Whether a default graph is the merge (SPARQL 1.1 Query, section 13.1) of graphs that may share triples.

    A store's engine concatenates them: what two of them hold it would find twice. Tier graphs share none, and are no
    graphs that a part of a query could be about: named beside others they are concatenated with those.
    """
    tiers = {identifiers.tier_graph(tier) for tier in Tier}
    return len(scope.default) > 1 and tiers.isdisjoint(scope.default)


#: This node's name in reports.
_LOCAL = "this node"


class Session:
    """Answers for one caller. The meter is given to each call, because a part of a query may have one of its own.

    A service that is an endpoint of this node is answered here, for the same caller: it shows what the caller may see,
    and waits for no place in a queue that the query itself may hold.
    """

    def __init__(
        self,
        store: QuadStore,
        identifiers: Identifiers,
        limits: Limits,
        *,
        principal: Principal,
        remote: Sequence[RemoteSource],
        execution: Execution,
        services: ServiceResolver,
        reading: SummaryReading,
    ) -> None:
        self._reading = reading
        self._store = store
        self._identifiers = identifiers
        self._limits = limits
        self._execution = execution
        self._services = services
        self._remote = remote
        self._verdict = decide(principal)
        self._tiers = self._verdict.tiers
        self._whole = tuple(identifiers.tier_graph(tier) for tier in self._tiers)
        self._name = _LOCAL if all(source.name != _LOCAL for source in remote) else identifiers.base
        self._local = self._source(self._tiers, self._name)

    def _source(self, tiers: tuple[Tier, ...], name: str, *, exportable: bool = True) -> LocalSource:
        return LocalSource(
            self._store,
            self._identifiers,
            tiers,
            name=name,
            memory_bytes=self._limits.query_memory_bytes,
            reading=self._reading,
            exportable=exportable,
        )

    def _members(self) -> list[Source]:
        """This node and the others. What the caller may read here and others may not be told is a source of its own."""
        kept = self._verdict.kept
        if not self._keeps():
            return [self._public()._local, *self._remote]
        return [
            self._source(self._verdict.exportable, self._name),
            self._source(kept, f"{self._name} ({', '.join(kept)})", exportable=False),
            *self._remote,
        ]

    def _keeps(self) -> bool:
        """Whether the caller may read anything here that others may not be told."""
        kept = self._verdict.kept
        return bool(kept) and bool(self._store.graphs(kept))

    def begin(
        self, query: Query, formats: tuple[Format, Format], meter: Meter, begin: Begin, *, counters: Counters
    ) -> PromptQuery | None:
        """Start what ``over_all`` does for a query that was answered before and needs nobody to be asked, without
        waiting for anything; None where it cannot be. What it holds of the meter's memory is for the caller to give
        back."""
        sources = self._members()
        kept = self._execution.as_before(query, sources)
        if kept is None:
            return None
        begun_query = begun(begin, meter.memory, kept.prepared.step, formats, self._budget(meter))
        if begun_query is None:
            return None
        return PromptQuery(
            begun_query, self._store.generation(), kept.completeness(sources), kept.differences, counters=counters
        )

    @contextmanager
    def over_all(
        self,
        query: Query,
        formats: tuple[Format, Format],
        meter: Meter,
        *,
        partial: bool = False,
        trace: Trace | None = None,
    ) -> Iterator[FederatedAnswer]:
        """Answer over the merge of this node and its members; with ``partial`` also without some of them.

        The requests for it are written down in ``trace``.
        """
        plan, quads = None, b""
        # Decided by what was asked: a service is one no longer once its solutions stand in its place.
        losses = Losses(cache(with_arguments(obstacle, query))) if partial else None
        if query.services:

            def look(question: Query, turn: Meter) -> Results:
                with self.over_all(written(question), (JSON, NTRIPLES), turn) as answer:
                    return read_json_results(b"".join(answer))

            def told(question: Query, turn: Meter) -> Results:
                with self._public().over_all(written(question), (JSON, NTRIPLES), turn) as answer:
                    return read_json_results(b"".join(answer))

            # What this node's own endpoints give goes on to members: it is what they give to a stranger.
            own = self._public()._own
            resolved = self._resolve(query, look, meter, told=told if self._keeps() else None, own=own)
            query, plan, quads = written(resolved.query), resolved.plan, resolved.quads
        with self._execution.answer(
            query,
            self._members(),
            formats=formats,
            meter=meter,
            budget=self._budget(meter),
            generation=self._store.generation(),
            plan=plan,
            quads=quads,
            losses=losses,
            trace=trace,
        ) as answer:
            yield answer

    @contextmanager
    def traced(self, query: Query, meter: Meter, *, partial: bool = False) -> Iterator[FederatedAnswer]:
        """Answer a SELECT as ``over_all`` does, in JSON with ``sources``: for each row those that it is from.

        The members are asked for the triples of the rows. Where these may be made of what others may not be told, they
        are not: then a member is a source where it has given a triple, and the graphs are named of this node only.

        Raises ResultTooLarge for what has more than ``lineage.MOST`` solutions, or triples in them.
        """
        with self.over_all(query, (JSON, NTRIPLES), meter, partial=partial) as answer:
            body, members = b"".join(answer), answer.completeness.members
        how, trace = lineage(query), Trace()
        with self.over_all(how.solutions, (JSON, NTRIPLES), meter, partial=partial, trace=trace) as answer:
            solutions = read_json_results(b"".join(answer))
        rows = how.triples_of(read_json_results(body).rows, solutions)
        different = {id(row): row for row in rows}.values()
        triples = list(dict.fromkeys(triple for row in different for triple in row))
        if max(len(solutions.rows), len(triples)) > MOST:
            raise ResultTooLarge(
                f"the sources of an answer from more than {MOST:,} solutions or triples are not looked for.",
                remedy="Ask for fewer rows, or without the parameter 'sources'.",
            )
        remote = [source for source in self._remote if all(m.name != source.name or not m.lost for m in members)]
        own = [source for source in self._members() if source not in self._remote]
        used = {m.name for m in members if m.verdict != "pruned"}
        if trace.fetched is None and not any(s.name in used and not s.exportable for s in own):
            holders = self._execution.held(triples, [*own, *remote], meter)
        else:
            holders = self._execution.held(triples, own, meter)
            holders += _given(trace, triples, {source.name for source in own})
        found = row_sources(rows, holders)
        document = json.loads(body)
        document["sources"] = [[{"member": s.member, "graphs": list(s.graphs)} for s in row] for row in found]
        held = HeldAnswer(JSON, (json.dumps(document, ensure_ascii=False).encode(),), self._store.generation())
        yield FederatedAnswer(held, held.generation, lambda: members)

    def explain(self, query: Query, meter: Meter) -> Explanation:
        """How ``over_all`` would answer. Services are asked first: what they give is not known before, and counts as
        nothing that narrows what the members are asked."""
        services: list[Part] = []

        def noted(service: Service, _: Context) -> Element:
            name = f"<{service.name.value}>" if isinstance(service.name, Term) else f"?{service.name.name}"
            silent = "SILENT " if service.silent else ""
            services.append(Part(f"SERVICE {silent}{name}", 0, "asked first", (), ()))
            return Group(())

        if query.services:
            query = written(replace(visit_services(query, noted), services=False))
        # A query with solutions of services in it is evaluated here.
        plan = self._execution.explain(query, self._members(), meter, here=bool(services))
        return replace(
            plan,
            parts=(*services, *plan.parts),
            expected_rounds=plan.expected_rounds + bool(services),
            expected_requests=plan.expected_requests + len(services),
        )

    @contextmanager
    def over_node(
        self, query: Query, scope: GraphScope, formats: tuple[Format, Format], meter: Meter
    ) -> Iterator[Answer]:
        """Answer over this node's own data in ``scope``; the query's own ``FROM`` does not count."""
        resolved = Resolved(query, query, b"")
        if query.services:

            def look(question: Query, turn: Meter) -> Results:
                with self.over_node(question, scope, (JSON, NTRIPLES), turn) as answer:
                    return read_json_results(b"".join(answer))

            def told(question: Query, turn: Meter) -> Results:
                public = self._public()
                with public.over_node(question, self._exportable(scope), (JSON, NTRIPLES), turn) as answer:
                    return read_json_results(b"".join(answer))

            resolved = self._resolve(query, look, meter, told=told if self._keeps() else None, own=self._own)
        if resolved.quads or must_be_merged(scope, self._identifiers):
            with self._gathered(resolved, scope, formats, meter) as answer:
                yield answer
            return
        query = resolved.query
        query = mended(query) or query
        text = write_query(replace(with_graph_names(query, scope.named) or query, dataset=None))
        with self._store.query(text, scope=scope, formats=formats, budget=self._budget(meter)) as answer:
            yield answer

    @contextmanager
    def _gathered(
        self, resolved: Resolved, scope: GraphScope, formats: tuple[Format, Format], meter: Meter
    ) -> Iterator[Answer]:
        """Answer over the merge of graphs, and data that come with the query: as if this node were the federation."""
        dataset = None if scope.default == self._whole else DatasetClause(scope.default, scope.named, ())
        with self._execution.answer(
            written(replace(resolved.query, dataset=dataset)),
            [self._local],
            formats=formats,
            meter=meter,
            budget=self._budget(meter),
            generation=self._store.generation(),
            plan=replace(resolved.plan, dataset=dataset),
            quads=resolved.quads,
        ) as answer:
            yield answer

    def _resolve(self, query: Query, look: Look, meter: Meter, *, told: Look | None, own: Own) -> Resolved:
        return self._services.resolve(query, look, told=told, own=own, meter=meter)

    def _exportable(self, scope: GraphScope) -> GraphScope:
        """The part of an RDF dataset that others may be told of."""
        tiers = self._verdict.exportable
        graphs = {*self._store.graphs(tiers), *(self._identifiers.tier_graph(tier) for tier in tiers)}
        return GraphScope(
            tuple(graph for graph in scope.default if graph in graphs),
            tuple(graph for graph in scope.named if graph in graphs),
        )

    def _own(self, path: str, query: Query, meter: Meter) -> Results:
        """The solutions at one of this node's own endpoints."""
        if path == "sparql":
            scope = GraphScope(self._whole, self._store.graphs(self._tiers))
            with self.over_node(query, scope, (JSON, NTRIPLES), meter) as answer:
                return read_json_results(b"".join(answer))
        with self._public().over_all(written(query), (JSON, NTRIPLES), meter) as answer:
            return read_json_results(b"".join(answer))

    def _public(self) -> Session:
        """The session of a stranger: a query over all members sends its values to them, whoever asks."""
        if self._tiers == (Tier.PUBLIC,):
            return self
        return Session(
            self._store,
            self._identifiers,
            self._limits,
            principal=ANONYMOUS,
            remote=self._remote,
            execution=self._execution,
            services=self._services,
            reading=self._reading,
        )

    def _budget(self, meter: Meter) -> Budget:
        limits = self._limits
        return Budget(meter.remaining(), limits.query_memory_bytes, limits.result_bytes, limits.result_rows)


def _given(trace: Trace, triples: Sequence[Triple], own: set[str]) -> list[tuple[str, Table]]:
    """Which of these triples other members gave while the query of this trace was answered."""
    if trace.fetched is None:
        return []
    cells = [(cell(s), cell(p), cell(o)) for s, p, o in triples]
    given = [(name, table) for name, table in trace.fetched.holders(cells) if name not in own]
    # What one replica gave, all of them hold.
    return [(name, table) for source, table in given for name in trace.replicas.get(source, (source,))]
