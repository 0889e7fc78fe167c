"""SPARQL over this node and its members as if they were one store: the engine that the rest of the node uses.

The answer of a query equals the answer of one store that holds the RDF merge of what the members let the caller see.
``execution`` shows the way of one query; ``docs/explanation/federation.md`` tells it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from traceback import clear_frames

from node.cancellation import current
from node.config import CONFIG_FILE, Member, Settings, load_settings
from node.errors import NodeError, TooBusy, Unsupported
from node.federation.calling.addresses import Resolve, look_up
from node.federation.calling.callees import Callees
from node.federation.calling.circuits import CIRCUITS_FILE, Circuits
from node.federation.calling.memory import Memory, Share, give_back
from node.federation.calling.meter import Meter
from node.federation.execution import Execution, FederatedAnswer
from node.federation.fetching.delegation import Evaluate
from node.federation.fetching.trace import Trace
from node.federation.members.completeness import MemberReport
from node.federation.members.local_source import SummaryReading
from node.federation.members.membership import MemberStatus, check
from node.federation.members.probing import read_probes
from node.federation.members.profiles import PROFILES_FILE, Profiles
from node.federation.members.renewal import Renewal
from node.federation.members.sightings import SIGHTINGS_FILE, Sightings
from node.federation.members.sources import RemoteSource
from node.federation.prompt import PromptQuery
from node.federation.reporting.counters import Counters
from node.federation.reporting.explaining import Explanation, after
from node.federation.services import ServiceResolver
from node.federation.session import Session
from node.model.identifiers import Identifiers
from node.policy.decide import ANONYMOUS, Principal
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES, Format
from node.sparql.algebra import DatasetClause, Form, Query
from node.sparql.parser import parse_query
from node.sparql.writer import written
from node.store.lanes import Lane, Lanes
from node.store.quads import Answer, QuadStore
from node.store.scratch import ScratchEvaluator

__all__ = ["FederatedAnswer", "FederationEngine", "MemberReport", "MemberStatus"]

#: Texts up to so many characters are remembered as they were read, so many of them.
_REMEMBERED_CHARACTERS, _REMEMBERED_TEXTS = 4_000, 256


#: A query that held more leaves nothing for the interpreter to find in its own time.
_MUCH_BYTES = 50_000_000


class FederationEngine:
    """Answers federated queries for one node. Safe to use from several threads. Close it when done.

    ``evaluate`` replaces the last step, which by default runs in worker processes of its own; ``resolve`` finds the
    addresses of hosts that ``SERVICE`` names. Raises ConfigurationError for a wrong entry in ``services.allow``.
    """

    def __init__(
        self,
        store: QuadStore,
        identifiers: Identifiers,
        settings: Settings,
        *,
        evaluate: Evaluate | None = None,
        resolve: Resolve = look_up,
    ) -> None:
        self._store = store
        self._identifiers = identifiers
        self._settings = settings
        limits = settings.limits
        callees = Callees(settings.services, base=identifiers.base, members=self.members, resolve=resolve)
        self._services = ServiceResolver(callees, settings.services)
        self._evaluator = (
            None
            if evaluate
            else ScratchEvaluator(
                limits.query_workers,
                # As many as there can be: none is ever crowded out.
                long=limits.federation_places,
                queue_seconds=limits.queue_seconds,
                base=identifiers.base,
            )
        )
        evaluate = evaluate or (self._evaluator.evaluate if self._evaluator else None)
        assert evaluate is not None
        self._execution = Execution(
            evaluate,
            cache_bytes=limits.federation_cache_bytes,
            sightings=Sightings(settings.folder / SIGHTINGS_FILE if settings.folder.is_dir() else None),
        )
        self._own_summary = SummaryReading()
        self._renewal = Renewal()
        self._memory = Memory(limits.federation_memory_bytes, limits.federation_places, seconds=limits.queue_seconds)
        # Whoever comes first gets the next place.
        self._places = Lanes(limits.federation_places, 0)
        self._lock = threading.Lock()
        self._read_at: int | None = None
        self._members = self._others(settings.members)
        # With the endpoint that each is a replica of.
        self._remote: dict[tuple[Member, str | None], RemoteSource] = {}
        # Of which members they are, as ``members`` gave them last.
        self._asked: tuple[tuple[Member, ...] | None, list[RemoteSource]] = (None, [])
        self.counters = Counters()
        self._profiles = Profiles(settings.folder / PROFILES_FILE if settings.folder.is_dir() else None)
        self.circuits = Circuits(settings.folder / CIRCUITS_FILE if settings.folder.is_dir() else None)

    @contextmanager
    def query(
        self,
        text: str,
        formats: tuple[Format, Format],
        *,
        principal: Principal = ANONYMOUS,
        partial: bool = False,
        dataset: GraphScope | None = None,
    ) -> Iterator[FederatedAnswer]:
        """Answer a query over what is public at all members, and what the caller may see here.

        What the policy does not say to be exportable takes part and is never sent: the members are then asked for all
        that may match, which can be more than the limits allow.
        ``partial``: a member that fails is left out where the answer is then a lower bound (see ``monotone``).
        ``dataset``: graphs of all members that count instead of those that ``FROM`` names.

        Raises QuerySyntaxError, QueryTooDeep, TargetRefused and Unsupported (``SERVICE``), MemberError naming the
        member or service that failed, LimitExceeded (TooBusy, QueryTimeout, ResultTooLarge, …) and StoreError. A
        failure after the first bytes is raised while the answer is read.
        """
        query = _read(text, self._identifiers.base, self._settings.limits.query_depth)
        if dataset is not None:
            query = written(replace(query, dataset=DatasetClause(dataset.default, dataset.named, ())))
        try:
            with (
                self._session(principal) as (session, meter),
                session.over_all(query, formats, meter, partial=partial) as answer,
            ):
                answer.annotated = True
                yield answer
                self.counters.answered(answer.completeness)
        except NodeError as error:
            self.counters.failed(error.slug, getattr(error, "member", None))
            raise

    def begin(self, text: str, formats: tuple[Format, Format]) -> PromptQuery | None:
        """Start a stranger's query that was answered before and needs nobody to be asked, without waiting.

        None where it has to be asked by ``query``, which says what is wrong with it too.
        """
        evaluator = self._evaluator
        if evaluator is None:
            return None
        try:
            query = _read(text, self._identifiers.base, self._settings.limits.query_depth)
        except NodeError:
            return None
        if query.services or not self._places.enter(0):
            return None
        memory, began = self._memory.share(), False

        def over() -> None:
            memory.close()
            self._places.leave(Lane.SHORT)

        try:
            meter, session = self._meter(memory), self._session_of(ANONYMOUS)
            begun = session.begin(query, formats, meter, evaluator.begin, counters=self.counters)
            if begun is not None:
                begun.over, began = over, True
            return begun
        except NodeError:
            return None
        finally:
            if not began:
                over()

    @contextmanager
    def traced(
        self, text: str, *, principal: Principal = ANONYMOUS, partial: bool = False
    ) -> Iterator[FederatedAnswer]:
        """Answer a SELECT in JSON, with the members and graphs that each row is from (see ``lineage``).

        Raises what ``query`` raises, Unsupported for other forms and for ``SERVICE``, and ResultTooLarge for an answer
        from too many solutions.
        """
        query = _read(text, self._identifiers.base, self._settings.limits.query_depth)
        if query.form is not Form.SELECT or query.services:
            raise Unsupported(
                "sources of rows are looked for in a SELECT without SERVICE only.", remedy="Ask without them."
            )
        with self._session(principal) as (session, meter), session.traced(query, meter, partial=partial) as answer:
            answer.annotated = True
            yield answer

    def explain(self, text: str, *, principal: Principal = ANONYMOUS, run: bool = False) -> Explanation:
        """How a query would be answered; with ``run`` it is, and what became of it is told, but not its answer.

        Raises what ``query`` raises.
        """
        query = _read(text, self._identifiers.base, self._settings.limits.query_depth)
        with self._session(principal) as (session, meter):
            plan = session.explain(query, meter)
            if not run:
                return plan
            trace, started = Trace(), time.monotonic()
            with session.over_all(query, (JSON, NTRIPLES), meter, trace=trace) as answer:
                for _ in answer:
                    pass
                return after(plan, trace, answer.completeness, time.monotonic() - started)

    @contextmanager
    def query_node(
        self, query: Query, scope: GraphScope, principal: Principal, formats: tuple[Format, Format]
    ) -> Iterator[Answer]:
        """Answer a query over this node's own data that its store cannot answer by itself.

        It holds ``SERVICE``, or its default graph has to be merged (``session.must_be_merged``). ``scope`` is the RDF
        dataset, within what ``principal`` may see; ``FROM`` of the query no longer counts. Raises what ``query``
        raises.
        """
        with (
            self._session(principal, over_all=False) as (session, meter),
            session.over_node(query, scope, formats, meter) as answer,
        ):
            yield answer

    @contextmanager
    def _session(self, principal: Principal, *, over_all: bool = True) -> Iterator[tuple[Session, Meter]]:
        limits = self._settings.limits
        if not self._places.enter(limits.queue_seconds):
            raise TooBusy(
                f"{limits.federation_places} federated queries are running already.",
                remedy="Try again in a moment.",
            )
        memory = self._memory.share()
        meter = self._meter(memory)
        cancellation = current()
        if cancellation is not None:
            cancellation.on_cancel(id(meter), meter.stop)
        try:
            yield self._session_of(principal, over_all=over_all), meter
        except BaseException as error:
            meter.stop()
            # What it went through holds all that was fetched, and stays as long as anybody knows of it.
            clear_frames(error.__traceback__)
            raise
        finally:
            if cancellation is not None:
                cancellation.on_cancel(id(meter), None)
            memory.close()
            if memory.highest > _MUCH_BYTES:
                give_back()
            self._places.leave(Lane.SHORT)

    def _meter(self, memory: Share) -> Meter:
        limits = self._settings.limits
        return Meter(limits.federation_seconds, limits.federation_requests, limits.federation_bytes, memory=memory)

    def _session_of(self, principal: Principal, *, over_all: bool = True) -> Session:
        sources = self._sources()
        if over_all:
            self._renewal.used(sources)
        return Session(
            self._store,
            self._identifiers,
            self._settings.limits,
            principal=principal,
            remote=sources,
            execution=self._execution,
            services=self._services,
            reading=self._own_summary,
        )

    def members(self) -> tuple[Member, ...]:
        """The other members, as ``node.toml`` names them now; this node itself is left out if it is listed."""
        path = self._settings.folder / CONFIG_FILE
        with self._lock:
            try:
                changed = path.stat().st_mtime_ns
            except FileNotFoundError:
                changed = None
            if changed != self._read_at:
                if changed is not None:
                    self._members = self._others(load_settings(self._settings.folder).members)
                self._read_at = changed
            return self._members

    def _others(self, members: Iterable[Member]) -> tuple[Member, ...]:
        own = self._identifiers.base + "sparql"
        return tuple(member for member in members if member.endpoint != own)

    def sources(self) -> list[RemoteSource]:
        """What asks the other members, each by itself."""
        return self._sources()

    def profiling(self) -> tuple[str, ...]:
        """The members of which it is being found out what they hold."""
        return tuple(source.name for source in self._sources() if source.profiling)

    def finish_profiles(self, seconds: float) -> None:
        """Wait until that has ended, so long at most."""
        until = time.monotonic() + seconds
        for source in self._sources():
            source.wait_for_profile(until - time.monotonic())

    def check(self) -> tuple[MemberStatus, ...]:
        """Ask every member whether it answers."""
        return check(self._sources())

    def close(self) -> None:
        """End threads, worker processes and connections."""
        self._renewal.close()
        self._execution.close()
        if self._evaluator is not None:
            self._evaluator.close()
        with self._lock:
            for source in self._remote.values():
                source.close()
            self._remote.clear()
            self._asked = (None, [])

    def _sources(self) -> list[RemoteSource]:
        members = self.members()
        if members is self._asked[0]:
            return list(self._asked[1])
        endpoints = {member.name: member.endpoint for member in members}
        keys = [(member, endpoints.get(member.replica_of)) for member in members]
        with self._lock:
            for gone in self._remote.keys() - set(keys):
                self._remote.pop(gone).close()
            if added := set(keys) - self._remote.keys():
                probes = read_probes(self._settings.folder)
                for key in added:
                    new, original = key
                    form = probes[new.endpoint].form if new.endpoint in probes else None
                    circuit = self.circuits.of(new.name, new.endpoint)
                    self._remote[key] = RemoteSource(new, circuit, form, self._profiles, standing_for=original)
            found = [self._remote[key] for key in keys]
            self._asked = members, found
            return list(found)


def _read(text: str, base: str, depth: int) -> Query:
    """The query that a text is, as ``parse_query`` reads it."""
    return _remembered(text, base, depth) if len(text) <= _REMEMBERED_CHARACTERS else _parsed(text, base, depth)


def _parsed(text: str, base: str, depth: int) -> Query:
    return parse_query(text, base, depth=depth)


_remembered = lru_cache(maxsize=_REMEMBERED_TEXTS)(_parsed)
