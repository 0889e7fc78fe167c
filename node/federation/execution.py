"""One federated query from its text to its answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace

from node.errors import MemberProtocolError, QuerySyntaxError
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table
from node.federation.fetching.cache import Kept, PartCache
from node.federation.fetching.delegation import Asked, Evaluate, HeldAnswer, by_members, counted, matched
from node.federation.fetching.gathering import Gathering
from node.federation.fetching.hierarchies import at_its_holder
from node.federation.fetching.last_step import bounded, refusal
from node.federation.fetching.losses import Losses
from node.federation.fetching.prepared import AsBefore, LastStep, Prepared, PreparedQueries
from node.federation.fetching.runner import Runner
from node.federation.fetching.scratch import Load
from node.federation.fetching.trace import Trace
from node.federation.members.completeness import Completeness, MemberReport, Verdict, judged
from node.federation.members.covering import Covered
from node.federation.members.directory import Directories
from node.federation.members.pace import Pace
from node.federation.members.releases import Differences, ReleaseDifference
from node.federation.members.replicas import Replicas
from node.federation.members.replicated import Replicated
from node.federation.members.sightings import Sightings
from node.federation.members.source import Source
from node.federation.members.summaries import Summary
from node.federation.members.versions import Changed, Patience
from node.federation.members.workers import Workers
from node.federation.planning.inner import MOST_ROWS, answered, as_data, as_query, has_inner, is_answered
from node.federation.planning.order import Order
from node.federation.planning.partition import partition
from node.federation.planning.plan import Body, Scan
from node.federation.planning.requests import Job, Scope, scan_text
from node.federation.planning.selection import Catalogue
from node.federation.planning.unfold import unfold
from node.federation.reporting.explaining import Explanation, preview
from node.federation.reporting.forecast import Way, foresee, way_of
from node.federation.reporting.lineage import Triple, holding_jobs
from node.federation.reporting.member_reports import member_reports, service_report
from node.rdf.formats import JSON, NTRIPLES, Format
from node.sparql.algebra import Form, InlineData, Query, Select
from node.sparql.graph_names import needs_graph_names, with_graph_names
from node.sparql.head import with_head_text
from node.sparql.mending import may_need_mending, mended
from node.sparql.parser import no_service
from node.sparql.results import read_json_results
from node.sparql.rows_text import NotMade, RowsText
from node.sparql.zero_length import without_lone_paths
from node.store.quads import Answer, Budget, Generation

_NOTHING = Summary(0, {}, {}, "")


class FederatedAnswer:
    """An answer on its way, and what each member did for it.

    Once ``annotated`` is set, JSON results have the report as ``completeness`` in their head.
    """

    def __init__(
        self,
        answer: Answer,
        generation: Generation,
        report: Callable[[], tuple[MemberReport, ...]],
        *,
        differences: tuple[ReleaseDifference, ...] = (),
        found_nothing: bool = False,
    ) -> None:
        #: Of which vocabularies the members, missing ones aside, have different releases active.
        self.release_differences = differences
        self._answer = answer
        self._report = report
        self._found_nothing = found_nothing
        self.annotated = False
        self.format = answer.format
        self.generation = generation

    @property
    def report(self) -> tuple[MemberReport, ...]:
        """What each member did until now."""
        return self._report()

    @property
    def completeness(self) -> Completeness:
        """What the answer is worth, as far as is known now: a failure from here on breaks the answer off."""
        found = judged(self._report())
        return replace(found, verdict=Verdict.UNKNOWN) if found.missing and self._found_nothing else found

    def __iter__(self) -> Iterator[bytes]:
        if not self.annotated or self.format is not JSON:
            return iter(self._answer)
        return with_head_text(self._answer, "completeness", lambda: self.completeness.text)

    def close(self) -> None:
        """End the answer."""
        self._answer.close()


class Execution:
    """What is the same for all federated queries of one node: threads, cache, and the evaluator of the last step."""

    def __init__(self, evaluate: Evaluate, *, cache_bytes: int, sightings: Sightings | None = None) -> None:
        self._evaluate = evaluate
        self._workers = Workers()
        self._pace = Pace()
        self._replicas = Replicas(sightings or Sightings(None))
        self._differences = Differences()
        self._directories = Directories()
        # Of members that say nothing of themselves, with what they are thought to hold.
        self._guesses = Directories()
        kept = Kept(cache_bytes)
        self._cache = PartCache(kept)
        self._prepared = PreparedQueries(kept)

    def close(self) -> None:
        """End the threads."""
        self._workers.close()
        self._replicas.close()

    def as_before(self, query: Query, sources: Sequence[Source]) -> AsBefore | None:
        """What is kept of a query without ``SERVICE``, where every source is known to hold what it was made of now."""
        now, summaries = time.monotonic(), dict[str, Summary | None]()
        for source in sources:
            recalled = source.recalled()
            if recalled is None or recalled.at < now:
                return None
            summaries[source.name] = recalled.summary
        directory = self._directories.known(summaries)
        if directory is None or (prepared := self._prepared.get(query, directory)) is None:
            return None
        return AsBefore(prepared, self._differed(summaries))

    @contextmanager
    def answer(
        self,
        query: Query,
        sources: Sequence[Source],
        *,
        formats: tuple[Format, Format],
        meter: Meter,
        budget: Budget,
        generation: Generation,
        plan: Query | None = None,
        quads: bytes = b"",
        losses: Losses | None = None,
        trace: Trace | None = None,
    ) -> Iterator[FederatedAnswer]:
        """Answer over the RDF merge of these sources. ``budget`` is for the last step; its seconds are the meter's.

        ``losses`` says whether the query may go on without a member that fails; without it none may fail. The requests
        are written down in ``trace``.

        ``quads`` (N-Quads) are data that come with the query; ``plan`` is then the same query as far as the sources
        are concerned. Raises whatever sources, meter and evaluator raise, and Unsupported for ``SERVICE``.
        """
        if query.services:
            raise no_service()
        losses, since, patience = losses or Losses(), time.monotonic(), Patience()
        while True:
            apart = [source.name for source in sources if source.name in patience]
            in_step = self._replicas.in_step(sources, meter, apart, losses.lost)
            asked = Asked(query, in_step, formats, meter, budget, generation, plan or query, quads, losses)
            runner = Runner(
                in_step, self._workers, self._cache, meter, losses, pace=self._pace, since=since, patience=patience
            )
            runner.trace = trace
            with ExitStack() as stack:
                try:
                    answer = stack.enter_context(self._planned(asked, runner))
                except Changed as change:
                    _forget(change, in_step, patience)
                    continue
                except (MemberProtocolError, QuerySyntaxError) as error:
                    if (refused := refusal(self._evaluate, query, formats, budget)) is None:
                        raise
                    raise refused from error
                yield answer
                return

    def _catalogue(
        self, query: Query, sources: Sequence[Source], summaries: Mapping[str, Summary | None], meter: Meter
    ) -> Catalogue:
        """What is known of the sources. One of which nobody may be told, and that holds nothing the query could match,
        is one that holds nothing."""
        dataset = query.dataset
        scope = Scope() if dataset is None else Scope(dataset.default, dataset.named)
        alike = frozenset(source.name for source in sources if source.alike)
        kept = [source for source in sources if not source.exportable]
        unused = {source.name for source in kept if not _may_match(source, query, scope, meter)}
        summaries = {name: _NOTHING if name in unused else summary for name, summary in summaries.items()}
        names = frozenset(source.name for source in kept) - unused
        guesses = {
            source.name: guess
            for source in sources
            if source.name in summaries and summaries[source.name] is None and (guess := source.guess) is not None
        }
        guessed = self._guesses.of({**summaries, **guesses}) if guesses else None
        return Catalogue(summaries, scope, alike, self._directories.of(summaries), names, guesses=guessed)

    def _differed(self, summaries: Mapping[str, Summary | None]) -> tuple[ReleaseDifference, ...]:
        told = summaries.items()
        return self._differences.of({name: said.releases for name, said in told if said is not None})

    def explain(self, query: Query, sources: Sequence[Source], meter: Meter, *, here: bool = False) -> Explanation:
        """How the query would be answered, by what the members say they hold; ``here``: no member may evaluate it.

        Raises as ``answer`` does.
        """
        sources = self._replicas.in_step(sources, meter)
        runner = self._runner(sources, meter, Patience())
        summaries = runner.learn()
        catalogue = self._catalogue(query, sources, summaries, meter)
        body = unfold(query)
        round_trip = runner.round_trip(summaries.keys() - set(catalogue.idle(body.scans())))
        way, asked = (Way.HERE, ()) if here else way_of(query, body, catalogue)
        foreseen = foresee(body, catalogue, Order(catalogue, round_trip)) if way.fetches else {}
        plan = preview(body, catalogue, way=way, asked=asked, foreseen=foreseen, round_trip=round_trip)
        left_out = {m.name: s.holder for s in sources if isinstance(s, Covered) for m in s.members}
        groups = tuple(source.names for source in sources if isinstance(source, Replicated))
        return replace(plan, replicas=groups, covered=left_out)

    def _runner(self, sources: Sequence[Source], meter: Meter, patience: Patience) -> Runner:
        """One that no member may fail."""
        now, none = time.monotonic(), Losses()
        return Runner(sources, self._workers, self._cache, meter, none, pace=self._pace, since=now, patience=patience)

    def held(self, triples: Sequence[Triple], sources: Sequence[Source], meter: Meter) -> list[tuple[str, Table]]:
        """Which of these triples each member holds, and in which named graphs. Raises as ``answer`` does."""
        patience = Patience()
        while True:
            in_step = self._replicas.in_step(sources, meter, [s.name for s in sources if s.name in patience])
            try:
                return self._held(triples, in_step, self._runner(in_step, meter, patience))
            except Changed as change:
                _forget(change, in_step, patience)

    def _held(self, triples: Sequence[Triple], sources: Sequence[Source], runner: Runner) -> list[tuple[str, Table]]:
        names = {source.name: source.names for source in sources if isinstance(source, Replicated)}
        catalogue = Catalogue(runner.learn(), Scope())
        runner.require_holders()
        jobs: list[Job] = []
        for source in sources:
            possible = [t for t in triples if catalogue.count(source.name, Scan(*t)) != 0]
            jobs += holding_jobs(source.name, possible)
        tables = zip(jobs, runner.run(jobs), strict=True)
        left_out = [source for source in sources if isinstance(source, Covered)]
        held: list[tuple[str, Table]] = []
        for job, table in tables:
            if isinstance(table, Table):
                # What one replica holds, all of them hold; what one stands for holds what is in its graphs.
                held += [(name, table) for name in names.get(job.source, (job.source,))]
                theirs = [s for s in left_out if s.holder == job.source and "g" in table.columns]
                held += [(member.name, source.held_of(table)) for source in theirs for member in source.members]
        return held

    @contextmanager
    def _planned(self, asked: Asked, runner: Runner) -> Iterator[FederatedAnswer]:
        """The answer by one plan. Raises Changed when a member turns out to hold other data than it counts on."""
        sources, losses, meter, generation = asked.sources, asked.losses, asked.meter, asked.generation
        last_step = bounded(self._evaluate, meter.memory)

        def report() -> tuple[MemberReport, ...]:
            members = [report for source in sources for report in member_reports(source, meter, runner, losses)]
            others = meter.tallies.keys() - {member.name for member in members}
            return (*members, *(service_report(name, meter) for name in sorted(others)))

        try:
            catalogue = self._catalogue(asked.plan, sources, runner.learn(), meter)
            runner.require_holders()
            with self._before_last_step(asked, catalogue, runner, last_step) as found:
                differences = self._differed(catalogue.summaries)
                if not isinstance(found, LastStep):
                    yield FederatedAnswer(found, generation, report, differences=differences)
                    return
                # What members do for the query is done.
                done = report()
                with last_step(found.triples, found.quads, found.text, asked.formats, asked.left()) as answer:
                    if asked.query.form is Form.ASK and losses.lost:
                        held = HeldAnswer(answer.format, (b"".join(answer),), generation)
                        nothing = b"true" not in held.pieces[0]
                        yield FederatedAnswer(
                            held, generation, lambda: done, differences=differences, found_nothing=nothing
                        )
                        return
                    yield FederatedAnswer(answer, generation, lambda: done, differences=differences)
        except Changed:
            raise
        except BaseException:
            meter.stop()
            raise

    @contextmanager
    def _before_last_step(
        self, asked: Asked, catalogue: Catalogue, runner: Runner, last_step: Evaluate
    ) -> Iterator[Answer | LastStep]:
        """What is left to evaluate here, or the answer where members give it."""
        query, directory = asked.query, catalogue.directory
        alone = asked.plan is query and not asked.quads
        # Not where the requests are wanted, nor where some may be missing.
        prepares = alone and runner.trace is None and not asked.losses.tolerated and not catalogue.kept
        if prepares and (prepared := self._prepared.get(query, directory)) is not None:
            runner.as_before(prepared.rows)
            yield prepared.step
            return
        planned = asked
        if may_need_mending(query.text) and (better := mended(query)) is not None:
            planned = replace(asked, query=better)
        if alone and has_inner(planned.query.select.pattern):
            inner = self._inner_first(asked, planned.query, catalogue, runner)
            planned = replace(asked, query=inner, plan=inner)
        body = unfold(planned.plan)
        with by_members(planned, body, catalogue, runner, last_step) as theirs:
            found = theirs or self._fetched(planned, body, catalogue, runner, last_step)
            if not prepares or runner.joined or not isinstance(found, LastStep):
                yield found
                return
            yield self._prepared.put(query, directory, Prepared(found, runner.rows)).step

    def _fetched(self, asked: Asked, body: Body, catalogue: Catalogue, runner: Runner, last_step: Evaluate) -> LastStep:
        """What is to be evaluated over what was fetched."""
        query = asked.query
        gathering = Gathering(query, body, catalogue, runner, quads=asked.quads)
        runner.look(catalogue.idle(body.scans()))
        gathering.fetch()
        if runner.trace is not None and catalogue.kept:
            runner.trace.fetched = gathering.scratch
            runner.trace.replicas = {s.name: s.names for s in asked.sources if isinstance(s, Replicated)}
        runner.settle()
        if query.form is Form.DESCRIBE:

            def evaluate(text: str, wanted: tuple[Format, Format]) -> AbstractContextManager[Answer]:
                return last_step(*gathering.statements(), text, wanted, asked.left())

            return LastStep(gathering.describe(evaluate), *gathering.statements())
        query = without_lone_paths(query, gathering.may_hold) or query
        if needs_graph_names(query):
            query = with_graph_names(query, gathering.graph_names()) or query
        return LastStep(query.without_dataset_clause(), *gathering.statements())

    def _inner_first(self, asked: Asked, query: Query, catalogue: Catalogue, runner: Runner) -> Query:
        """The query with those of its sub-selects answered that are better answered first."""
        if query.dataset is not None or catalogue.kept:
            # Their solutions become a part of the query, and that goes to others.
            return query

        last_step = bounded(self._evaluate, asked.meter.memory)

        def read(select: Select, triples: Load, quads: Load, text: str | RowsText) -> InlineData | None:
            with last_step(triples, quads, text, (JSON, NTRIPLES), asked.left()) as answer:
                return as_data(select, read_json_results(b"".join(answer)))

        def closure(select: Select) -> InlineData | None:
            inner = as_query(select)
            body = unfold(inner)
            if (found := at_its_holder(inner, body, catalogue, runner, MOST_ROWS)) is not None:
                return found
            gathering = Gathering(inner, body, catalogue, runner, quads=b"")
            gathering.fetch()
            inner = without_lone_paths(inner, gathering.may_hold) or inner
            return read(select, *gathering.statements(), inner.text)

        def groups(select: Select) -> InlineData | None:
            inner = as_query(select)
            if is_answered(select):
                return read(select, (), (), inner.text)
            apart = partition(inner, catalogue, as_rows=True)
            if apart is None:
                rows = counted(inner, unfold(inner), catalogue, runner)
                with suppress(NotMade):
                    return None if rows is None else read(select, (), (), rows)
                return None
            tables = runner.run([Job(name, apart.text, apart.columns) for name in apart.members])
            text = apart.merged(table for table in tables if isinstance(table, Table))
            return None if text is None else read(select, (), (), text)

        return answered(query, closure, groups)


def _forget(change: Changed, sources: Iterable[Source], patience: Patience) -> None:
    """What was learnt of those that have changed no longer holds."""
    patience.changed(change.names)
    for source in sources:
        if source.name in change.names:
            source.forget()


def _may_match(source: Source, query: Query, scope: Scope, meter: Meter) -> bool:
    """Whether a source holds anything that a pattern of the query could match."""
    patterns = None if query.form is Form.DESCRIBE else matched(unfold(query))
    if patterns is None:
        return True
    possible = [scan_text(scan, scope).pattern for scan in dict.fromkeys(patterns) if not scope.excludes(scan.graph)]
    arms = " UNION ".join(f"{{ {pattern} }}" for pattern in possible)
    return bool(possible) and source.ask(f"ASK {{ {arms} }}", meter)
