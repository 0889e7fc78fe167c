"""``SERVICE`` (SPARQL 1.1 Federated Query): each is asked before the query is evaluated; its solutions take its place.

What comes out is the same query with inline data where services stood, to be answered like any other; so a service
may stand wherever a pattern may. Services that do not wait for each other's values are asked at the same time. Values
of what stands around are sent along as far as that cannot change the answer (``placement``): only IRIs and texts,
because a number may be written in another way there; and only what is exportable: what data that may not leave this
node have no part in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeAlias, TypeVar

from node.config import Services
from node.errors import (
    NodeError,
    ProtocolError,
    QueryMemoryExceeded,
    QueryTimeout,
    QueryTooDeep,
    ResultTooLarge,
    Unsupported,
)
from node.federation.calling.callees import Callee, Callees
from node.federation.calling.inline import Solved, solved
from node.federation.calling.meter import Meter, Turn
from node.federation.planning.bindings import can_be_sent, connected, with_name
from node.federation.planning.occurrences import Occurrence, occurrences_in, with_elements
from node.federation.planning.placement import Context, nesting
from node.federation.planning.variables import certain, in_scope, loose, used
from node.sparql.algebra import (
    DatasetClause,
    Form,
    Group,
    InlineData,
    Projection,
    Query,
    Select,
    Service,
)
from node.sparql.results import Results, Term
from node.sparql.writer import write_query

T = TypeVar("T")

#: Evaluates a SELECT over what the query itself is over, on a meter that is made for it.
Look: TypeAlias = Callable[[Query, Meter], Results]
#: Answers a SELECT at one of this node's own endpoints, named by its path, likewise.
Own: TypeAlias = Callable[[str, Query, Meter], Results]
Row: TypeAlias = tuple[Term | None, ...]

#: Services that one query may name, and how many may stand inside one another.
MAX_SERVICES = 100
MAX_NESTING = 5
#: Rows of values that are sent in one request, requests at a time to one service, and services at a time.
BLOCK = 500
_BLOCKS_AT_A_TIME = 3
_SERVICES_AT_A_TIME = 4
#: At most this part of the time that is left goes into finding values to send.
_LOOKING = 0.25


@dataclass(frozen=True)
class Resolved:
    """A query without ``SERVICE``.

    ``plan`` holds all solutions as inline data, where nothing stands for a blank node. When a service gave blank nodes,
    ``query`` takes solutions from graphs whose content is ``quads`` (N-Quads); otherwise it is the same as ``plan``.
    """

    plan: Query
    query: Query
    quads: bytes


@dataclass(frozen=True)
class _Found:
    """Values around a service, None when there are none to send; and whether others may be told them."""

    values: InlineData | None
    exportable: Callable[[], bool] = lambda: True


class ServiceResolver:
    """Takes the services out of queries. Safe to use from several threads."""

    def __init__(self, callees: Callees, services: Services) -> None:
        self._callees = callees
        self._services = services

    def resolve(self, query: Query, look: Look, *, told: Look | None, own: Own, meter: Meter) -> Resolved:
        """Ask every service of the query.

        ``look`` evaluates patterns of the query itself; ``own`` answers for this node's own endpoints. ``told`` is as
        ``look`` over what is exportable, None where all is: values are sent if it finds the same. Raises
        TargetRefused, MemberError naming the service, Unsupported, LimitExceeded, and what the three raise.
        """
        try:
            with _Run(self._callees, self._services, meter, look=look, own=own, told=told) as run:
                return run.resolve(query)
        except RecursionError as error:
            raise QueryTooDeep("the query nests too deep around SERVICE.", remedy="Write it flat.") from error


class _Run:
    """One query."""

    def __init__(
        self, callees: Callees, services: Services, meter: Meter, *, look: Look, own: Own, told: Look | None
    ) -> None:
        self._callees = callees
        self._services = services
        self._meter = meter
        self._look = look
        self._own = own
        self._told = told
        # Whether solutions of this node's own endpoint stand in the query, which may be more than is exportable.
        self._mixed = False
        self._dataset: DatasetClause | None = None
        self._rows_left = services.rows
        self._labels = 0
        self._lock = threading.Lock()
        self._clients = callees.clients()
        self._asking = ThreadPoolExecutor(_SERVICES_AT_A_TIME, thread_name_prefix="service")
        # A thread only waits for work of those that are named after it.
        self._naming = ThreadPoolExecutor(_SERVICES_AT_A_TIME, thread_name_prefix="service by name")
        self._sending = ThreadPoolExecutor(
            _SERVICES_AT_A_TIME * _BLOCKS_AT_A_TIME, thread_name_prefix="service request"
        )

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, *_: object) -> None:
        for executor in (self._asking, self._naming, self._sending):
            executor.shutdown(wait=False, cancel_futures=True)
        self._clients.close()

    def resolve(self, query: Query) -> Resolved:
        """Ask until no service is left: those that wait for nobody together, then those that waited for them."""
        self._dataset = query.dataset
        occurrences = occurrences_in(query)
        self._check(occurrences)
        done: dict[int, Solved] = {}
        while len(done) < len(occurrences):
            view = with_elements(query, {n: one.plan for n, one in done.items()})
            left = [n for n in range(len(occurrences)) if n not in done]
            waiting = dict(zip(left, occurrences_in(view), strict=True))
            ready = [n for n, occurrence in waiting.items() if occurrence.is_ready()] or left[:1]
            for n, data in zip(ready, self._solve_all([waiting[n] for n in ready]), strict=True):
                done[n] = solved(data, n)
        query = replace(query, services=False)
        plan = with_elements(query, {n: one.plan for n, one in done.items()})
        labelled = [one for one in done.values() if one.labelled]
        if not labelled:
            return Resolved(plan, plan, b"")
        full = with_elements(
            query, {n: one.element for n, one in done.items()}, hidden=tuple(one.graph for one in labelled)
        )
        return Resolved(plan, full, b"".join(one.quads for one in labelled))

    def _check(self, occurrences: Sequence[Occurrence]) -> None:
        """Refuse what can be refused before anything is asked."""
        if len(occurrences) > MAX_SERVICES or any(nesting(o.service) > MAX_NESTING for o in occurrences):
            raise QueryTooDeep(
                f"the query has more than {MAX_SERVICES} services, or more than {MAX_NESTING} inside one another.",
                remedy="Ask in several queries.",
            )
        for service, context in ((o.service, o.context) for o in occurrences):
            if context.outside & loose(service.pattern):
                raise Unsupported(
                    "a SERVICE inside EXISTS uses variables of outside where it does not bind them in every solution.",
                    remedy="Give them other names there, and compare them outside the SERVICE.",
                )
            if isinstance(service.name, Term) and not service.silent:
                self._callees.permit(service.name.value)

    def _solve_all(self, occurrences: Iterable[Occurrence]) -> list[InlineData]:
        futures = [self._asking.submit(self._solve, o.service, o.context) for o in occurrences]
        return _results(futures, self._meter)

    # --- one service ---

    def _solve(self, service: Service, context: Context) -> InlineData:
        """The solutions of a service; a ``SILENT`` one that fails has one that binds nothing."""
        columns = tuple(in_scope((service,)))
        try:
            if isinstance(service.name, Term):
                return InlineData(columns, tuple(self._one(service, columns, context, service.name.value)))
            return InlineData(columns, tuple(self._by_name(service, columns, context, service.name.name)))
        except NodeError as error:
            self._pass(error, silent=service.silent)
            return InlineData(columns, ((None,) * len(columns),))

    def _pass(self, error: NodeError, *, silent: bool) -> None:
        """Raise the error unless it is a service's own and that one is ``SILENT``."""
        self._meter.remaining()  # the end of the query's own time is nobody's failure
        if not silent or isinstance(error, ResultTooLarge):
            raise error

    def _one(self, service: Service, columns: tuple[str, ...], context: Context, iri: str) -> list[Row]:
        callee = self._callees.permit(iri)
        narrowing = certain((service.pattern,)) & context.narrowing
        found = self._values(context, narrowing, None)
        return self._ask(callee, service.pattern, columns, found.values if self._may_send(callee, found) else None)

    def _by_name(self, service: Service, columns: tuple[str, ...], context: Context, name: str) -> list[Row]:
        """``SERVICE ?v``: each IRI that ``?v`` is bound to around it is asked, and bound in its solutions."""
        narrowing = certain((service.pattern,)) & context.narrowing
        found = self._values(context, narrowing, name)
        values = found.values
        assert values is not None  # there are no other values when ?v has none
        at = values.variables.index(name)

        def ask(term: Term | None) -> list[Row]:
            try:
                if term is None or term.kind != "iri":
                    raise ProtocolError(f"?{name} is not bound to an IRI, so SERVICE ?{name} has nobody to ask.")
                callee = self._callees.permit(term.value)
                sent = with_name(values, name, term, narrowing) if self._may_send(callee, found) else None
                return self._ask(callee, service.pattern, columns, sent, (name, term))
            except NodeError as error:
                self._pass(error, silent=service.silent)
                return [tuple(term if column == name else None for column in columns)]

        terms = dict.fromkeys(row[at] for row in values.rows)
        answers = _results([self._naming.submit(ask, term) for term in terms], self._meter)
        return [row for rows in answers for row in rows]

    def _may_send(self, callee: Callee, found: _Found) -> bool:
        """What is not exportable does not leave the node."""
        return callee.own is not None or found.exportable()

    # --- what is sent along ---

    def _values(self, context: Context, narrowing: set[str], name: str | None) -> _Found:
        """The different values around a service: of ``narrowing`` as far as they can be sent, and of ``name``.

        There are none when there is nothing to send, or too much of it.
        """
        elements = connected(context.elements, narrowing | {name} if name is not None else narrowing)
        scope = in_scope(elements)
        variables = tuple(v for v in scope if v in narrowing or v == name)
        if name is not None and name not in variables:
            raise ProtocolError(
                f"nothing around SERVICE ?{name} binds ?{name}.",
                remedy="Bind it in a pattern or VALUES of the same group; in OPTIONAL is not enough.",
            )
        if not variables:
            return _Found(None)
        most = self._services.bindings
        filters = tuple(f for f in context.filters if used(f) <= scope.keys())
        select = Select(Group(elements, filters), tuple(map(Projection, variables)), distinct=True, limit=most + 1)
        query = Query(Form.SELECT, select, text="", dataset=self._dataset)
        try:
            seconds = self._meter.remaining() * (1 if name is not None else _LOOKING)
            late = QueryTimeout(f"what SERVICE ?{name} shall be asked was not found in {seconds:g} s.")
            found = self._look(query, Turn(self._meter, seconds, lambda: late)).rows
            if len(found) > most:
                raise ResultTooLarge(
                    f"SERVICE ?{name} would have to be asked with more than {most:,} bindings.",
                    remedy="Make what binds it more selective, or ask the operator to raise services.bindings.",
                )
        except (QueryTimeout, QueryMemoryExceeded, ResultTooLarge):
            self._meter.remaining()
            if name is not None:
                raise
            return _Found(None)
        kept = tuple(v for v in variables if v == name or all(can_be_sent(row.get(v)) for row in found))
        rows = dict.fromkeys(tuple(row.get(v) for v in kept) for row in found)
        if not kept:
            return _Found(None)
        return _Found(InlineData(kept, tuple(rows)), cache(lambda: self._is_exportable(query, kept, set(rows))))

    def _is_exportable(self, query: Query, variables: tuple[str, ...], found: set[Row]) -> bool:
        """Whether the same values come of what is exportable alone, so that they tell nothing of the rest."""
        if self._told is None:
            return True
        if self._mixed:
            return False
        try:
            seconds = self._meter.remaining() * _LOOKING
            late = QueryTimeout("what others may be told was not found in time.")
            told = self._told(query, Turn(self._meter, seconds, lambda: late)).rows
        except (QueryTimeout, QueryMemoryExceeded, ResultTooLarge):
            self._meter.remaining()
            return False
        return {tuple(row.get(v) for v in variables) for row in told} == found

    # --- asking ---

    def _ask(
        self,
        callee: Callee,
        pattern: Group,
        columns: tuple[str, ...],
        values: InlineData | None,
        name: tuple[str, Term] | None = None,
    ) -> list[Row]:
        """The solutions at one service, with these values only; ``name`` is the variable that names it."""
        parts: list[InlineData | None] = [values]
        if values is not None and values.variables:
            parts = [replace(values, rows=values.rows[i : i + BLOCK]) for i in range(0, len(values.rows), BLOCK)]
        answers = self._requests(callee, pattern, parts)
        if len(answers) > 1 and any(t.kind == "bnode" for a in answers for row in a.rows for t in row.values()):
            answers = self._requests(callee, pattern, [values])  # a label means a node within one answer only
        rows: list[Row] = []
        for answer in answers:
            labels: dict[str, Term] = {}
            for row in answer.rows:
                if name is not None and row.setdefault(name[0], name[1]) != name[1]:
                    continue
                rows.append(tuple(self._relabelled(row.get(column), labels) for column in columns))
        return rows

    def _requests(self, callee: Callee, pattern: Group, parts: Sequence[InlineData | None]) -> list[Results]:
        """The answers with these parts of the values, a few at a time."""
        answers: list[Results] = []
        for at in range(0, len(parts), _BLOCKS_AT_A_TIME):
            futures = [
                self._sending.submit(self._request, callee, _question(pattern, part))
                for part in parts[at : at + _BLOCKS_AT_A_TIME]
            ]
            answers += _results(futures, self._meter)
        return answers

    def _request(self, callee: Callee, query: Query) -> Results:
        if callee.own is not None:
            self._mixed = self._mixed or self._told is not None
            results = self._own(callee.own, query, self._clients.turn(callee, self._meter))
        else:
            results = self._clients.ask(callee, write_query(query), self._meter)
        with self._lock:
            self._rows_left -= len(results.rows)
            if self._rows_left < 0:
                raise ResultTooLarge(
                    f"the services of the query give more than {self._services.rows:,} rows.",
                    remedy="Ask them for less, or ask the operator to raise services.rows.",
                )
        return results

    def _relabelled(self, term: Term | None, labels: dict[str, Term]) -> Term | None:
        """Blank nodes of two answers are two."""
        if term is None or term.kind != "bnode":
            return term
        if term.value not in labels:
            with self._lock:
                self._labels += 1
                labels[term.value] = Term("bnode", f"s{self._labels}")
        return labels[term.value]


def _question(pattern: Group, values: InlineData | None) -> Query:
    """``SELECT *`` of a pattern, joined with these values."""
    group = pattern if values is None or not values.variables else Group((values, pattern))
    query = Query(Form.SELECT, Select(group), text="")
    return replace(query, services=bool(occurrences_in(query)))


def _results(futures: Sequence[Future[T]], meter: Meter) -> list[T]:
    """What all of them give; the first failure, and the end of the time, end the others."""
    finished, late = wait(futures, timeout=meter.remaining(), return_when=FIRST_EXCEPTION)
    for future in late:
        future.cancel()
    failed = next((f for f in finished if f.exception() is not None), None)
    if failed is not None:
        failed.result()
    if late:
        meter.remaining()
        raise QueryTimeout("the services did not answer in time.", remedy="Ask them for less.")
    return [future.result() for future in futures]
