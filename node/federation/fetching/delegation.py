"""Queries that members answer by themselves: one of them alone, each its part, or one that says yes for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from node.errors import MemberError
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table, read_tsv
from node.federation.fetching.losses import Losses
from node.federation.fetching.prepared import LastStep
from node.federation.fetching.runner import Runner
from node.federation.fetching.scratch import Load
from node.federation.members.source import Source
from node.federation.planning.counting import counting
from node.federation.planning.monotone import obstacle
from node.federation.planning.overlaps import overlap
from node.federation.planning.partition import Partition, is_plain, partition
from node.federation.planning.parts import Part
from node.federation.planning.plan import Body, Candidates, Choice, Closure, Rows, Scan
from node.federation.planning.requests import Job
from node.federation.planning.selection import Catalogue
from node.federation.planning.splice import can_be_spliced, solutions_in, spliced
from node.rdf.formats import NTRIPLES, TSV, Format
from node.sparql.algebra import Form, Query
from node.sparql.rows_text import NotMade, RowsText
from node.store.quads import Answer, Budget, Generation

#: The last step: triples (N-Triples) and quads (N-Quads), the query, formats, budget. It raises NotMade for
#: the text of rows that cannot be made.
Evaluate: TypeAlias = Callable[
    [Load, Load, str | RowsText, tuple[Format, Format], Budget], AbstractContextManager[Answer]
]

#: A longer query (one with many solutions of services in it) is not handed to a member whole.
_PASSED_ON = 100_000
_PIECE = 1 << 16
_NO_GENERATION = Generation(0, Path())
#: What says yes in each format, as the engine writes it.
_YES: dict[Format, bytes] = {}


@dataclass(frozen=True)
class HeldAnswer:
    """An answer that is here as a whole."""

    format: Format
    pieces: tuple[bytes | memoryview, ...]
    generation: Generation

    def __iter__(self) -> Iterator[bytes]:
        return (bytes(piece[at : at + _PIECE]) for piece in self.pieces for at in range(0, len(piece), _PIECE))

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class Asked:
    """What ``Execution.answer`` is asked, for each plan of it."""

    query: Query
    sources: Sequence[Source]
    formats: tuple[Format, Format]
    meter: Meter
    budget: Budget
    generation: Generation
    plan: Query
    quads: bytes
    losses: Losses

    def left(self) -> Budget:
        """What is left for a last step. Raises as ``Meter.remaining``."""
        return replace(self.budget, seconds=min(self.budget.seconds, self.meter.remaining()))


@contextmanager
def by_members(
    asked: Asked, body: Body, catalogue: Catalogue, runner: Runner, evaluate: Evaluate
) -> Iterator[Answer | LastStep | None]:
    """The answer where members evaluate the query, one of them alone or each for itself, or what makes it of theirs;
    None where they do not."""
    query, others = asked.query, [source.name for source in asked.sources]
    if catalogue.kept:
        yield None
        return
    alone = None if asked.quads else only_source(query, body, catalogue)
    if alone is not None:
        source = next(s for s in asked.sources if s.name == alone)
        runner.look(name for name in others if name != alone)
        with ExitStack() as stack:
            try:
                passed_on = query.self_contained()
                answer = stack.enter_context(source.answer(passed_on, asked.formats, asked.meter))
            except MemberError as error:
                asked.losses.add(alone, error)
            else:
                runner.whole = alone
                runner.saw(alone, getattr(answer, "version", None))
                if runner.trace is not None:
                    runner.trace.whole = (alone, passed_on)
                runner.settle()
                yield answer
                return
    # A query with solutions of services in it stays here.
    if asked.plan is not query or asked.quads:
        yield None
        return
    able = able_to_say_yes(query, body, catalogue)
    if any(runner.run([Job(name, query.self_contained(), ()) for name in able])):
        runner.settle()
        results = asked.formats[0]
        if results not in _YES:
            with evaluate([], [], "ASK { }", asked.formats, asked.left()) as answer:
                _YES[results] = b"".join(answer)
        yield HeldAnswer(results, (_YES[results],), _NO_GENERATION)
        return
    apart = partition(query, catalogue)
    if apart is None and (found := _enough(asked, able_to_give_enough(query, body, catalogue), runner)) is not None:
        yield found
        return
    if apart is None:
        text = _overlapping(asked, body, catalogue, runner, evaluate) or counted(query, body, catalogue, runner)
        with ExitStack() as stack:
            made = None
            if text is not None:
                with suppress(NotMade):
                    made = stack.enter_context(evaluate([], [], text, asked.formats, asked.left()))
            yield made
        return
    runner.look(name for name in others if name not in apart.members)
    if apart.merging is None:
        yield _spliced(apart, runner, asked)
        return
    tables = runner.run([Job(name, apart.text, apart.columns) for name in apart.members])
    runner.settle()
    text = apart.merged(table for table in tables if isinstance(table, Table))
    yield None if text is None else LastStep(text)


def _overlapping(asked: Asked, body: Body, catalogue: Catalogue, runner: Runner, evaluate: Evaluate) -> str | None:
    """The query that makes the answer of the members' groups and of what several describe; None where it cannot be."""
    plan = overlap(asked.query, body, catalogue)
    if plan is None or runner.finish(plan.rounds()) is None:
        return None
    runner.settle()
    tables = list(plan.tables)
    if any(plan.triples):
        with evaluate(plan.triples, [], plan.apart.text, (TSV, NTRIPLES), asked.left()) as answer:
            tables.append(read_tsv(b"".join(answer), plan.apart.columns))
    return plan.apart.merged(tables)


def counted(query: Query, body: Body, catalogue: Catalogue, runner: Runner) -> RowsText | None:
    """The query that makes the answer of rows that members gave; None where it cannot be had so."""
    plan = counting(query, body, catalogue)
    if plan is None:
        return None
    idle = catalogue.idle(body.scans())
    runner.look(idle)
    seeds = {variable: Candidates(cells) for variable, cells in body.seeds}
    found: dict[Part, list[Table]] = {}
    round_trip = runner.round_trip(catalogue.summaries.keys() - set(idle))
    if runner.finish(plan.parts.rounds(round_trip, seeds, found)) is None:
        return None
    runner.settle()
    runner.joined = True
    return plan.merged(found)


def able_to_say_yes(query: Query, body: Body, catalogue: Catalogue) -> list[str]:
    """The members any of which may find by itself that an ASK is true: more data cannot make a monotone one false."""
    return _joining(query, body, catalogue) if query.form is Form.ASK else []


def able_to_give_enough(query: Query, body: Body, catalogue: Catalogue) -> list[str]:
    """The members any of which may find by itself as many solutions as a LIMIT lets through, where any will do.

    Of a monotone query each solution over a part of the data is one over all of it, at least as often.
    """
    select = query.select
    if query.form is not Form.SELECT or not select.limit or select.order:
        return []
    return _joining(query, body, catalogue)


def _joining(query: Query, body: Body, catalogue: Catalogue) -> list[str]:
    """The members that may find solutions of a monotone query of triple patterns by themselves."""
    if query.dataset is not None or len(query.text) > _PASSED_ON:
        return []
    if not is_plain(query.select) or obstacle(query) is not None:
        return []
    scans = [element for element in body.elements if isinstance(element, Scan)]
    # One pattern needs no join: a triple of any member will do.
    if len(scans) < len(body.elements) or len(scans) < 2:
        return []
    return [name for name in catalogue.holding(scans) if name in catalogue.alike]


def _enough(asked: Asked, able: Sequence[str], runner: Runner) -> Answer | None:
    """The answer of a member that has found as much as the query lets through; None where none has."""
    results, query = asked.formats[0], asked.query
    if not able or not can_be_spliced(results):
        return None
    for body in runner.bodies(able, query.self_contained(), asked.formats, asked.budget.result_bytes):
        if solutions_in(body, results) == query.select.limit:
            runner.settle()
            return HeldAnswer(results, (bytes(body),), _NO_GENERATION)
    return None


def _spliced(apart: Partition, runner: Runner, asked: Asked) -> Answer | None:
    """The members' answers one after another; None when they cannot be put together so."""
    results = asked.formats[0]
    if not apart.members or not can_be_spliced(results):
        return None
    bodies = runner.bodies(apart.members, apart.text, asked.formats, asked.budget.result_bytes)
    runner.settle()
    pieces = spliced(bodies, results)
    return None if pieces is None else HeldAnswer(results, tuple(pieces), _NO_GENERATION)


def only_source(query: Query, body: Body, catalogue: Catalogue) -> str | None:
    """The member that can answer the whole query alone: every pattern can only match there."""
    if query.form is Form.DESCRIBE or query.dataset is not None or len(query.text) > _PASSED_ON:
        return None
    scans = matched(body)
    if scans is None or not all(scan.graph is None for scan in scans):
        return None
    name = catalogue.only_source(scans)
    return name if name in catalogue.alike else None


def matched(body: Body) -> list[Scan] | None:
    """All patterns that a body matches, edges of paths included.

    None where all nodes, or all names of graphs, that a member has would count.
    """
    found: list[Scan] = []
    ends = [(e.s, e.o) for e in body.elements if isinstance(e, Scan)]
    ends += [(e.start, e.end) for e in body.elements if isinstance(e, Closure) and e.minimum]
    bound = {place for pair in ends for place in pair if isinstance(place, str)}
    for element in body.elements:
        match element:
            case Scan():
                found.append(element)
            case Closure(start, end, steps, minimum):
                # Of no step only where an end of a triple is the node.
                if not minimum and bound.isdisjoint(place for place in (start, end) if isinstance(place, str)):
                    return None
                found += [step.scan("s", "o", element.graph, any_predicate="p") for step in steps]
            case Choice(arms):
                if (inner := _together(map(matched, arms))) is None:
                    return None
                found += inner
            case Rows(rows):
                if (inner := matched(rows)) is None:
                    return None
                found += inner
            case _:
                return None
    others = _together(matched(attachment.body) for attachment in body.attachments)
    return None if others is None else found + others


def _together(parts: Iterable[list[Scan] | None]) -> list[Scan] | None:
    made: list[Scan] = []
    for part in parts:
        if part is None:
            return None
        made += part
    return made
