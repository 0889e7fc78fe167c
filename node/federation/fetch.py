"""Brings the triples that a plan says can matter (``plan`` has the argument why they are enough).

The plan is walked by generators: each yields the jobs of one round and is sent their answers, so that independent
parts of a query share their rounds. Nothing here waits or knows how jobs are done.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace

from node.federation.locality import local
from node.federation.plan import (
    Body,
    Candidates,
    Choice,
    Closure,
    Element,
    GraphPlace,
    Names,
    Place,
    Rows,
    Scan,
    Star,
    Step,
)
from node.federation.requests import (
    BLOCK,
    Job,
    ScanText,
    arm_text,
    blocks,
    names_text,
    one_of_each,
    scan_text,
    witness_text,
)
from node.federation.rounds import Answer, Gathered, Outcome, Rounds, together
from node.federation.rows import Shape, Table, cell
from node.federation.scratch import Scratch
from node.federation.selection import Catalogue, estimate
from node.federation.stars import StarText, filter_text, grouped, star_text
from node.sparql.algebra import Expression
from node.sparql.terms import Term, iri_term

# Elements whose guess is within this factor of the best, or below this number, are fetched in the same round.
_SAME_ROUND_FACTOR = 4.0
_SAME_ROUND_TRIPLES = 500.0
# Microseconds that a member needs for a triple of a scan, a value of a block, and a request.
_TRIPLE, _VALUE, _REQUEST = 8.0, 20.0, 6000.0
_NODES_PER_WITNESS = 50
_NO_NAMES: frozenset[str] = frozenset()
# Names that no variable of a query has: one of them may also be the name of the graph.
_ANY, _FROM, _TO = ("/s", "/p", "/o"), "/from", "/to"


class Fetcher:
    """Walks bodies, and puts what comes into ``scratch``."""

    def __init__(self, catalogue: Catalogue, scratch: Scratch) -> None:
        self._catalogue = catalogue
        self._scope = catalogue.scope
        self._scratch = scratch

    def body(self, body: Body, context: Mapping[str, Candidates], wanted: frozenset[str] = _NO_NAMES) -> Rounds:
        """Everything that matters for a body in a context. The outcome has the candidates of ``wanted``."""
        known = dict(context)
        for variable, cells in body.seeds:
            known[variable] = Candidates(cells).narrowed(known.get(variable))
        later = wanted.union(*(a.allowed & a.body.variables for a in body.attachments))
        remaining = grouped(body.elements, self._is_local)
        while True:
            if any(not candidates for candidates in known.values()):
                return None
            if not remaining:
                break
            chosen, remaining = self._next_round(remaining, known)
            needed = later.union(*(e.variables for e in remaining))
            outcomes = yield from together([self._element(e, known, needed, body.filters) for e in chosen])
            for outcome in outcomes:
                if outcome is None:
                    return None
                for variable, candidates in outcome.items():
                    known[variable] = candidates.narrowed(known.get(variable))
        yield from together(
            [self.body(a.body, {v: known[v] for v in a.allowed if v in known}) for a in body.attachments]
        )
        return {v: known[v] for v in wanted if v in known}

    def _next_round(
        self, remaining: list[Element], known: Mapping[str, Candidates]
    ) -> tuple[list[Element], list[Element]]:
        """The elements to fetch now, those that bring least, and the others."""
        guesses = [self._guess(element, known) for element in remaining]
        limit = max(_SAME_ROUND_TRIPLES, _SAME_ROUND_FACTOR * min(guesses))
        now = [element for element, guess in zip(remaining, guesses, strict=True) if guess <= limit]
        return now, [element for element, guess in zip(remaining, guesses, strict=True) if guess > limit]

    def _guess(self, element: Element, known: Mapping[str, Candidates]) -> float:
        match element:
            case Scan():
                return estimate(element, self._catalogue.total(element), known)
            case Star(_, patterns):
                return min(estimate(scan, self._catalogue.total(scan), known) for scan in patterns)
            case Closure(start, end, steps):
                ends = [1 if isinstance(p, Term) else len(known[p].terms) for p in (start, end) if _bound(p, known)]
                scans = (Scan("s", iri_term(s.predicate) if s.predicate else "p", "o", element.graph) for s in steps)
                total = sum(self._catalogue.total(scan) for scan in scans)
                return float(min(total, 20 * min(ends))) if ends else 2.0 * total
            case Choice(arms):
                return sum(min((self._guess(e, known) for e in arm.elements), default=0.0) for arm in arms)
            case Rows():
                return 0.0
            case _:
                return float("inf") if isinstance(element.graph, str) and element.graph not in known else 1.0

    def _element(
        self,
        element: Element,
        known: Mapping[str, Candidates],
        needed: frozenset[str],
        filters: tuple[Expression, ...],
    ) -> Rounds:
        match element:
            case Scan():
                return self._scan(element, known, needed, filters)
            case Star():
                return self._star(element, known, needed, filters)
            case Closure():
                return self._closure(element, known, needed)
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
        strict = replace(text, pattern=text.pattern + filter_text(filters, text.positions))
        jobs = [
            job
            for name in sources
            for job in self._scan_jobs(
                name, scan, strict if name in self._catalogue.alike else text, self._told(name, known), predicates
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
        self, name: str, scan: Scan, text: ScanText, known: Mapping[str, Candidates], predicates: Candidates | None
    ) -> Iterable[Job]:
        """The requests that bring a member's matches: its whole predicate, or blocks of one variable's candidates."""
        usable = [
            (len(known[v].terms), column, v)
            for v, column in text.positions.items()
            if v in known and name not in known[v].blank
        ]
        whole = Job(name, text.whole(), text.columns)
        if not usable:
            return [whole]
        size, column, variable = min(usable)
        held = self._catalogue.matches(name, scan, predicates)
        cost = size * (_VALUE + _TRIPLE * self._catalogue.fan(name, scan, column)) + (size // BLOCK) * _REQUEST
        if held is not None and held * _TRIPLE <= cost:
            return [whole]
        values = self._catalogue.possible(name, scan, column, known[variable].terms)
        if column != "o":
            values = frozenset(v for v in values if v.startswith(b"<"))
        return [Job(name, text.block(column, block), text.columns) for block in blocks(sorted(values))]

    # --- stars ---

    def _is_local(self, star: Star) -> bool:
        return not self._catalogue.kept and local(star.scans, (), self._catalogue) is not None

    def _star(
        self, star: Star, known: Mapping[str, Candidates], needed: frozenset[str], filters: tuple[Expression, ...]
    ) -> Rounds:
        where = local(star.scans, (), self._catalogue)
        assert where is not None
        ordered = sorted(star.scans, key=lambda scan: estimate(scan, self._catalogue.total(scan), {}))
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
        whole = Job(name, text.whole(condition), text.columns)
        held = min(self._catalogue.matches(name, scan) or 0.0 for scan in text.scans)
        narrowing: list[tuple[float, str, frozenset[bytes]]] = []
        for variable, column in text.positions.items():
            if variable not in known or name in known[variable].blank:
                continue
            values, fan = known[variable].terms, 1.0
            for scan in text.scans:
                if variable in (scan.s, scan.o):
                    place = "s" if variable == scan.s else "o"
                    values = self._catalogue.possible(name, scan, place, values)
                    fan = max(fan, self._catalogue.fan(name, scan, place))
            cost = len(values) * (_VALUE + _TRIPLE * fan) + (len(values) // BLOCK) * _REQUEST
            narrowing.append((cost, column, values))
        if not narrowing:
            return [whole]
        cost, column, least = min(narrowing, key=lambda n: n[0])
        if least and held * _TRIPLE <= cost:
            return [whole]
        return [Job(name, text.block(column, block, condition), text.columns) for block in blocks(sorted(least))]

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
        sources = list(self._catalogue.summaries)
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
            jobs += [Job(name, one_of_each(block), ("s", "p", "o", "g")) for block in blocks(sorted(here))]
        tables = yield jobs
        for job, table in zip(jobs, tables, strict=True):
            assert isinstance(table, Table)
            self._scratch.add_rows(job.source, Shape("s", "p", "o", "g"), table, self._scope)
        return {}

    # --- repeated paths ---

    def _closure(self, closure: Closure, known: Mapping[str, Candidates], needed: frozenset[str]) -> Rounds:
        start, end = _ends(closure.start, known), _ends(closure.end, known)
        if start is None and end is None:
            return (yield from self._unbounded(closure, known))
        forward = end is None or (start is not None and len(start.terms) <= len(end.terms))
        near, far = (start, end) if forward else (end, start)
        assert near is not None
        steps = closure.steps if forward else tuple(step.reversed() for step in closure.steps)
        reached, seen = yield from self._walk(near, steps, closure, known)
        if closure.minimum == 0:
            reached = reached.widened(Candidates(near.terms, near.blank, kept=near.kept))
            nodes = near.terms if far is None else near.terms & far.terms
            if not _shown(closure.graph, near, far):
                # An edge shows a node of one graph only: with a variable as its name, any could be meant.
                unseen = nodes if isinstance(closure.graph, str) else nodes - seen
                if reached.kept or (far is not None and far.kept):
                    yield from self._scan(Scan(*_ANY, closure.graph), {}, _NO_NAMES)
                else:
                    yield from self._witness(unseen, closure.graph)
        if not reached:
            return None
        place = closure.end if forward else closure.start
        if not isinstance(place, str):
            return {} if cell(place) in reached.terms else None
        if place not in needed:
            return {}
        shown: frozenset[GraphPlace] = frozenset() if isinstance(closure.graph, str) else frozenset({closure.graph})
        return {place: Candidates(reached.terms, reached.blank, shown, kept=reached.kept)}

    def _walk(
        self, near: Candidates, steps: tuple[Step, ...], closure: Closure, known: Mapping[str, Candidates]
    ) -> Generator[list[Job], list[Answer], tuple[Candidates, set[bytes]]]:
        """What is reached from ``near`` by one step or more, and every term met at an edge that was brought."""
        graphs = _graphs(closure.graph, known)
        visited: set[bytes] = set(near.terms)
        reached: set[bytes] = set()
        seen: set[bytes] = set()
        frontier, blank, kept = near.terms, set(near.blank), near.kept
        ends = frozenset((_FROM, _TO))
        while frontier or blank:
            at = {**graphs, _FROM: Candidates(frontier, frozenset(blank), kept=kept)}
            scans = [_edge(step, closure.graph) for step in steps]
            outcomes = yield from together([self._scan(scan, at, ends) for scan in scans])
            before = set(blank)
            fresh: set[bytes] = set()
            for outcome in outcomes:
                if outcome is not None:
                    fresh |= outcome[_TO].terms
                    seen |= outcome[_FROM].terms
                    blank |= outcome[_TO].blank
                    kept = kept or outcome[_TO].kept
            seen |= fresh
            reached |= fresh
            frontier = frozenset(fresh - visited)
            visited |= fresh
            if closure.once or (not frontier and blank == before):
                break
        return Candidates(frozenset(reached), frozenset(blank), kept=kept), seen

    def _unbounded(self, closure: Closure, known: Mapping[str, Candidates]) -> Rounds:
        """A path with nothing known of either end: its edges whole, and every node there is for zero lengths."""
        graphs = _graphs(closure.graph, known)
        if closure.minimum == 0:
            everything = Scan(*_ANY, closure.graph)
            return {} if (yield from self._scan(everything, graphs, _NO_NAMES)) is not None else None
        scans = [_edge(step, closure.graph) for step in closure.steps]
        outcomes = yield from together([self._scan(scan, graphs, _NO_NAMES) for scan in scans])
        return {} if any(outcome is not None for outcome in outcomes) else None

    def _witness(self, nodes: frozenset[bytes] | set[bytes], graph: GraphPlace) -> Rounds:
        """For each term a triple that shows it to be a node of the graph, if it is one."""
        if isinstance(graph, str):
            # It must show in each graph where it is a node: everything about it.
            at = {_FROM: Candidates(frozenset(nodes))}
            scans = [Scan(_FROM, _ANY[1], _ANY[2], graph), Scan(_ANY[0], _ANY[1], _FROM, graph)]
            yield from together([self._scan(scan, at, _NO_NAMES) for scan in scans])
            return {}
        if self._scope.excludes(graph):
            return {}
        shape = Shape("s", "p", "o", cell(graph) if isinstance(graph, Term) else None)
        listed = sorted(nodes)
        jobs = [
            Job(name, witness_text(listed[i : i + _NODES_PER_WITNESS], graph, self._scope), ("s", "p", "o"))
            for i in range(0, len(listed), _NODES_PER_WITNESS)
            for name in self._catalogue.summaries
        ]
        tables = yield jobs
        for job, table in zip(jobs, tables, strict=True):
            assert isinstance(table, Table)
            self._scratch.add_rows(job.source, shape, table, self._scope)
        return {}


def _edge(step: Step, graph: GraphPlace) -> Scan:
    predicate: Place = iri_term(step.predicate) if step.predicate is not None else _ANY[1]
    return Scan(_TO, predicate, _FROM, graph) if step.inverse else Scan(_FROM, predicate, _TO, graph)


def _kept(outcome: Outcome, shown: Outcome) -> Outcome:
    """An outcome of which others may be told no more than ``shown``."""
    if outcome is None:
        return None
    return {v: replace(c, kept=True, shown=None if shown is None else shown[v]) for v, c in outcome.items()}


def _ends(place: Place, known: Mapping[str, Candidates]) -> Candidates | None:
    return known.get(place) if isinstance(place, str) else Candidates(frozenset({cell(place)}))


def _bound(place: Place, known: Mapping[str, Candidates]) -> bool:
    return isinstance(place, Term) or place in known


def _graphs(graph: GraphPlace, known: Mapping[str, Candidates]) -> dict[str, Candidates]:
    return {graph: known[graph]} if isinstance(graph, str) and graph in known else {}


def _shown(graph: GraphPlace, near: Candidates, far: Candidates | None) -> bool:
    """Whether what was fetched already shows of the candidates whether they are nodes of the graph."""
    return graph in near.nodes_of or (far is not None and graph in far.nodes_of)
