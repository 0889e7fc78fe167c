"""Brings the triples that a plan says can matter (``plan`` has the argument why they are enough).

The plan is walked by generators: each yields the jobs of one round and is sent their answers, so that independent
parts of a query share their rounds. Nothing here waits or knows how jobs are done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from node.federation.calling.rows import Shape, Table
from node.federation.fetching.paths import WIDE, Paths
from node.federation.fetching.scratch import Scratch
from node.federation.planning.costs import REQUEST, TRIPLE, VALUE
from node.federation.planning.guesses import UNKNOWN
from node.federation.planning.hash_joins import saves
from node.federation.planning.locality import local
from node.federation.planning.order import Order
from node.federation.planning.plan import (
    Body,
    Candidates,
    Choice,
    Closure,
    Element,
    Names,
    Rows,
    Scan,
    Star,
)
from node.federation.planning.reaches import Reach
from node.federation.planning.requests import (
    BLOCK,
    MOST_ARMS,
    Job,
    ScanText,
    arm_text,
    blocks,
    names_text,
    one_of_each,
    scan_text,
)
from node.federation.planning.rounds import Gathered, Outcome, Rounds, alongside, together
from node.federation.planning.selection import Catalogue
from node.federation.planning.stars import StarText, conditions_on, filter_text, grouped, star_text
from node.sparql.algebra import Expression
from node.sparql.terms import Term

_NO_NAMES: frozenset[str] = frozenset()


class Fetcher:
    """Walks bodies, and puts what comes into ``scratch``."""

    def __init__(self, catalogue: Catalogue, scratch: Scratch, order: Order) -> None:
        self._catalogue = catalogue
        self._estimates = catalogue.estimates
        self._scope = catalogue.scope
        self._scratch = scratch
        self._order = order
        self._paths = Paths(catalogue, scratch, order, scan=self._scan)

    def body(self, body: Body, context: Mapping[str, Candidates], wanted: frozenset[str] = _NO_NAMES) -> Rounds:
        """Everything that matters for a body in a context. The outcome has the candidates of ``wanted``."""
        attached: list[Rounds] = []
        return (yield from alongside(self._elements(body, context, wanted, attached), attached))

    def _elements(
        self, body: Body, context: Mapping[str, Candidates], wanted: frozenset[str], attached: list[Rounds]
    ) -> Rounds:
        """The elements, round by round. Attachments that can be fetched beside what is left go into ``attached``."""
        known = dict(context)
        for variable, cells in body.seeds:
            known[variable] = Candidates(cells).narrowed(known.get(variable))
        remaining, waiting = grouped(body.elements, self._is_local), list(body.attachments)
        while True:
            if any(not candidates for candidates in known.values()):
                return None
            chosen = self._order.next_round(remaining, waiting, known)
            remaining, waiting = chosen.later, chosen.waiting
            attached += [self.body(a.body, {v: known[v] for v in a.allowed if v in known}) for a in chosen.attachments]
            if not chosen.now:
                break
            together_with = [*chosen.now, *remaining]
            patient = {id(e): self._patience(e, together_with, known) for e in chosen.now}
            hesitant = [e for e in chosen.now if patient[id(e)] is not None]
            needed = wanted.union(
                *(e.variables for e in [*remaining, *hesitant]), *(a.allowed & a.body.variables for a in waiting)
            )
            outcomes = yield from together(
                [self._element(e, known, needed, body.filters, patient[id(e)]) for e in chosen.now]
            )
            for element, outcome in zip(chosen.now, outcomes, strict=True):
                if outcome is None:
                    return None
                if outcome is WIDE and isinstance(element, Closure):
                    remaining = [*remaining, _wide(element, known)]
                    continue
                for variable, candidates in outcome.items():
                    known[variable] = candidates.narrowed(known.get(variable))
        return {v: known[v] for v in wanted if v in known}

    def _patience(self, element: Element, others: Sequence[Element], known: Mapping[str, Candidates]) -> int | None:
        """How many edges of an element may be fetched before its other end is known; None: all."""
        if not isinstance(element, Closure) or self._catalogue.kept:
            return None
        return self._order.patience(element, [other for other in others if other is not element], known)

    def _element(
        self,
        element: Element,
        known: Mapping[str, Candidates],
        needed: frozenset[str],
        filters: tuple[Expression, ...],
        most: int | None,
    ) -> Rounds:
        match element:
            case Scan():
                return self._scan(element, known, needed, filters)
            case Star():
                return self._star(element, known, needed, filters)
            case Closure():
                return self._paths.closure(element, known, needed, most=most)
            case Choice():
                return self._choice(element, known, needed)
            case Rows():
                return self._rows(element)
            case _:
                return self._names(element, known)

    # --- triple patterns ---

    def _scan(
        self,
        scan: Scan,
        known: Mapping[str, Candidates],
        needed: frozenset[str],
        filters: tuple[Expression, ...] = (),
        *,
        whole: bool = False,
        reach: Reach | None = None,
    ) -> Rounds:
        predicates = known.get(scan.p) if isinstance(scan.p, str) else None
        predicates = predicates.sendable() if predicates is not None else None
        probing = any(v in known for v in scan.variables)
        sources, questions = self._catalogue.sources(scan, predicates, probing=probing)
        if questions:
            answers = yield questions
            for question, answer in zip(questions, answers, strict=True):
                self._catalogue.asked[question.source, question.text] = answer is True
            sources, _ = self._catalogue.sources(scan, predicates, probing=probing)
        text = scan_text(scan, self._scope)
        strict = text.where(conditions_on(filters, text.positions))
        jobs = [
            job
            for name in sources
            for job in self._scan_jobs(
                name,
                scan,
                strict if name in self._catalogue.alike else text,
                {} if whole else self._told(name, known),
                predicates,
                reach=reach,
            )
        ]
        if not jobs:
            return None
        tables = yield jobs
        again = [arm_text(scan, self._scope)]
        gathered = Gathered(v for v in text.positions if v in needed)
        at = {v: (column, known[v]) for v, column in text.positions.items() if v in known}
        # What was found for a pattern that data which may not leave can match, or that such data narrow, is not told.
        here = not self._catalogue.kept.isdisjoint(sources)
        told = Gathered(gathered.wanted) if not here and any(c.kept for _, c in at.values()) else None
        for job, table in zip(jobs, tables, strict=True):
            assert isinstance(table, Table)
            if told is not None:
                told.add(job.source, table, text.positions)
            rows = table
            if reach is not None and reach.asked(job):
                reach.take(job.source, table)
            else:
                tests = [
                    (column, allowed.terms, job.source in allowed.blank)
                    for column, allowed in at.values()
                    if allowed.kept or f"VALUES ?{column} " not in job.text
                ]
                rows = table.where(tests)
            gathered.add(job.source, rows, text.positions)
            self._scratch.add(job.source, text.shape, rows, again)
        # A name of a graph or a predicate is not a node for that.
        nodes = {v for v in (scan.s, scan.o) if isinstance(v, str)} if not isinstance(scan.graph, str) else set()
        outcome = gathered.outcome(frozenset(nodes), scan.graph)
        if not here and told is None:
            return outcome
        return _kept(outcome, None if told is None else told.outcome(frozenset()))

    def _told(self, name: str, known: Mapping[str, Candidates]) -> Mapping[str, Candidates]:
        """What a member may be told of what is known."""
        if not self._catalogue.kept or name in self._catalogue.kept:
            return known
        return {v: shown for v, candidates in known.items() if (shown := candidates.sendable()) is not None}

    def _scan_jobs(
        self,
        name: str,
        scan: Scan,
        text: ScanText,
        known: Mapping[str, Candidates],
        predicates: Candidates | None,
        *,
        reach: Reach | None,
    ) -> Iterable[Job]:
        """The requests that bring a member's matches: its whole predicate, or blocks of one variable's candidates, or
        what it reaches from some of them."""
        usable = [v for v in text.positions if v in known and name not in known[v].blank]
        held = self._estimates.matches(name, scan, predicates)
        whole = Job(name, text.whole(), text.columns, UNKNOWN if held is None else held)
        if not usable:
            return [whole]
        onward: list[Job] = []
        choices: list[tuple[int, str, frozenset[bytes]]] = []
        for variable in usable:
            column, terms = text.positions[variable], known[variable].terms
            if reach is not None and variable == reach.source:
                terms = reach.left(name, terms)
                fan = self._estimates.fan(name, scan, column)
                onward = [
                    reach.asks(Job(name, reach.text(text, column, b), text.columns, len(b) * fan))
                    for b in blocks(sorted(reach.starts.get(name) or ()))
                ]
            values = self._catalogue.possible(name, scan, column, terms)
            if column != "o":
                values = frozenset(v for v in values if v.startswith(b"<"))
            choices.append((len(values), column, values))
        size, column, values = min(choices, key=itemgetter(0))
        fan = self._estimates.fan(name, scan, column)
        cost = size * (VALUE + TRIPLE * fan) + (size // BLOCK) * REQUEST
        if size and not onward and held is not None and held * TRIPLE <= cost:
            return [whole]
        apart = self._estimates.may_have_hubs(name)
        of_values = [
            Job(name, text.block(column, b), text.columns, len(b) * fan, None if apart else text.objects_of(column, b))
            for b in blocks(sorted(values))
        ]
        return [*onward, *of_values]

    # --- stars ---

    def _is_local(self, star: Star) -> bool:
        return not self._catalogue.kept and local(star.scans, (), self._catalogue) is not None

    def _star(
        self, star: Star, known: Mapping[str, Candidates], needed: frozenset[str], filters: tuple[Expression, ...]
    ) -> Rounds:
        where = local(star.scans, (), self._catalogue)
        assert where is not None
        ordered = sorted(star.scans, key=lambda scan: self._order.guesses.guess(scan, {}))
        text = star_text(Star(star.subject, tuple(ordered)))
        condition = filter_text(filters, text.positions)
        jobs = [
            job
            for name in where.members
            for job in self._star_jobs(name, text, known, condition if name in self._catalogue.alike else "")
        ]
        if not jobs:
            return None
        tables = yield jobs
        again = [arm_text(scan, self._scope) for scan in star.scans]
        gathered = Gathered(v for v in text.positions if v in needed)
        for job, table in zip(jobs, tables, strict=True):
            assert isinstance(table, Table)
            kept = table.where(
                [
                    (column, known[v].terms, job.source in known[v].blank)
                    for v, column in text.positions.items()
                    if v in known and f"VALUES ?{column} " not in job.text
                ]
            )
            gathered.add(job.source, kept, text.positions)
            self._scratch.add_star(job.source, text, kept, again)
        return gathered.outcome(frozenset(text.positions))

    def _star_jobs(self, name: str, text: StarText, known: Mapping[str, Candidates], condition: str) -> Iterable[Job]:
        """The requests that bring a member's matches of a star: all, or blocks of one variable's candidates."""
        held = min(self._catalogue.matches(name, scan) or 0.0 for scan in text.scans)
        hashed = not condition and name in self._catalogue.alike and self._is_hashed(name, text.scans)
        whole = Job(name, text.whole(condition, hashed=hashed), text.columns, held)
        narrowing: list[tuple[float, float, str, frozenset[bytes]]] = []
        for variable, column in text.positions.items():
            if variable not in known or name in known[variable].blank:
                continue
            values, fan = known[variable].terms, 1.0
            for scan in text.scans:
                if variable in (scan.s, scan.o):
                    place = "s" if variable == scan.s else "o"
                    values = self._catalogue.possible(name, scan, place, values)
                    fan = max(fan, self._catalogue.fan(name, scan, place))
            cost = len(values) * (VALUE + TRIPLE * fan) + (len(values) // BLOCK) * REQUEST
            narrowing.append((cost, fan, column, values))
        if not narrowing:
            return [whole]
        cost, fan, column, least = min(narrowing, key=lambda n: n[0])
        if least and held * TRIPLE <= cost:
            return [whole]
        return [Job(name, text.block(column, b, condition), text.columns, len(b) * fan) for b in blocks(sorted(least))]

    def _is_hashed(self, name: str, scans: Sequence[Scan]) -> bool:
        """Whether a member better reads each pattern of a star through than looks up one after another."""
        held = sorted((self._catalogue.matches(name, scan) or 0.0, number) for number, scan in enumerate(scans))
        rows, looked_up = held[0][0], 0.0
        for _, number in held[1:]:
            looked_up += rows
            rows *= max(1.0, self._catalogue.fan(name, scans[number], "s"))
        return saves(looked_up, sum(count for count, _ in held))

    # --- the other elements ---

    def _choice(self, choice: Choice, known: Mapping[str, Candidates], needed: frozenset[str]) -> Rounds:
        certain = frozenset.intersection(*(arm.certain for arm in choice.arms)) & needed
        outcomes = yield from together([self.body(arm, known, certain) for arm in choice.arms])
        matching = [outcome for outcome in outcomes if outcome is not None]
        if not matching:
            return None
        made: dict[str, Candidates] = {}
        for variable in certain:
            if all(variable in outcome for outcome in matching):
                made[variable] = matching[0][variable]
                for outcome in matching[1:]:
                    made[variable] = made[variable].widened(outcome[variable])
        return made

    def _rows(self, rows: Rows) -> Rounds:
        outcome = yield from self.body(rows.body, {}, rows.visible & rows.body.certain)
        # One that counts without GROUP BY has a solution even when its pattern has none.
        return {} if outcome is None and not rows.visible else outcome

    def _names(self, names: Names, known: Mapping[str, Candidates]) -> Rounds:
        if self._scope.excludes(names.graph):
            return {}
        sources = self._catalogue.anybody
        graph = names.graph
        answers = yield [Job(name, names_text(graph, self._scope), ("g",)) for name in sources]
        allowed = known.get(graph) if isinstance(graph, str) else None
        found: set[bytes] = set()
        jobs: list[Job] = []
        for name, table in zip(sources, answers, strict=True):
            assert isinstance(table, Table)
            here = table.values("g") - found
            if (told := self._told(name, {} if allowed is None else {"g": allowed}).get("g")) is not None:
                here &= told.terms
            found |= here if name not in self._catalogue.kept else frozenset()
            here = {g for g in here if g.startswith(b"<")}
            jobs += [Job(name, one_of_each(block), ("s", "p", "o", "g")) for block in blocks(sorted(here), MOST_ARMS)]
        tables = yield jobs
        for job, table in zip(jobs, tables, strict=True):
            assert isinstance(table, Table)
            self._scratch.add_rows(job.source, Shape("s", "p", "o", "g"), table, self._scope)
        return {}


def _wide(closure: Closure, known: Mapping[str, Candidates]) -> Closure:
    """A path of which is known that it leads to many nodes from the end that is known."""
    is_start = isinstance(closure.start, Term) or closure.start in known
    return replace(closure, wide=closure.start if is_start else closure.end)


def _kept(outcome: Outcome, shown: Outcome) -> Outcome:
    """An outcome of which others may be told no more than ``shown``."""
    if outcome is None:
        return None
    return {v: replace(c, kept=True, shown=None if shown is None else shown[v]) for v, c in outcome.items()}
