"""Several requests to one member as one. Pure.

A request costs a member and this node about as much as a hundred rows, and the network a round trip if it has to wait
for its turn. So what one round asks of a member goes together, as long as little is expected: what brings many rows is
asked for alone, so that the member can work on two requests at a time.

What several predicates have for the same subjects is asked for with the subjects listed once, and told apart by the
predicate. All else is a union of sub-selects, whose rows tell which of them they are of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from node.federation.calling.rows import Table
from node.federation.planning.requests import MOST_ARMS, Block, Job

#: What one request asks at most: parts, rows that are expected, and characters.
_PARTS, _ROWS, _CHARACTERS = 16, 8_000.0, 300_000
_UNION = " UNION "
#: Stands in the columns that a part does not have.
_PAD = b'\t""'
_RUN = re.compile(rb'"([0-9]+)"\t[^\n]*\n(?:"\1"\t[^\n]*\n)*+')


def batches(jobs: Sequence[Job], *, unions: bool) -> list[tuple[Job, ...]]:
    """Jobs for one member in groups that are asked for together, in their order.

    Not in ``unions`` where it is of another engine: a sub-select with a constant in a union is just what old ones get
    wrong.
    """
    if not unions:
        return _arms(jobs)
    made: list[list[Job]] = []
    parts, rows, characters, unions_within = 0, 0.0, 0, 0
    for arm in _arms(jobs):
        one = _of_arm(arm)
        parts, rows, characters = parts + 1, rows + one.rows, characters + len(one.text)
        unions_within += one.text.count(_UNION)
        small = parts <= _PARTS and rows <= _ROWS and characters <= _CHARACTERS
        fits = small and unions_within <= 2 * MOST_ARMS if made else False
        # An ASK has no rows to put beside those of others.
        if fits and one.columns and made[-1][-1].columns:
            made[-1] += arm
        else:
            made.append([*arm])
            parts, rows, characters, unions_within = 1, one.rows, len(one.text), one.text.count(_UNION)
    return [tuple(batch) for batch in made]


def as_one(jobs: Sequence[Job]) -> Job:
    """The job whose rows are those of all of these; ``apart`` takes them apart again."""
    arms = [_of_arm(arm) for arm in _arms(jobs)]
    if len(arms) == 1:
        return arms[0]
    width = max(len(arm.columns) for arm in arms)
    columns = tuple(f"r{number}" for number in range(width))
    texts = []
    for number, arm in enumerate(arms):
        given = [f"(?{column} AS ?{name})" for column, name in zip(arm.columns, columns, strict=False)]
        given += [f'("" AS ?{name})' for name in columns[len(arm.columns) :]]
        texts.append(f'{{ SELECT ("{number}" AS ?part) {" ".join(given)} WHERE {{ {{ {arm.text} }} }} }}')
    listed = " ".join(f"?{name}" for name in ("part", *columns))
    text = f"SELECT {listed} WHERE {{ {' UNION '.join(texts)} }}"
    return Job(jobs[0].source, text, ("part", *columns), sum(arm.rows for arm in arms))


def apart(table: Table, jobs: Sequence[Job]) -> list[Table]:
    """The rows of each job, from those of ``as_one``."""
    arms = _arms(jobs)
    columns = [_of_arm(arm).columns for arm in arms]
    tables = [table] if len(arms) == 1 else _runs(table, columns)
    found = {id(job): rows for arm, its in zip(arms, tables, strict=True) for job, rows in _of_jobs(its, arm)}
    return [found[id(job)] for job in jobs]


def _runs(table: Table, arms: Sequence[tuple[str, ...]]) -> list[Table]:
    """The rows of each arm, which has these columns."""
    width = max(map(len, arms))
    bodies: list[list[bytes]] = [[] for _ in arms]
    for run in _RUN.finditer(table.body):
        number = int(run[1])
        tag, pads = b'"%d"\t' % number, _PAD * (width - len(arms[number]))
        # Neither a tab nor a line feed stands inside a cell.
        rows = run[0][len(tag) :].replace(b"\n" + tag, b"\n")
        bodies[number].append(rows.replace(pads + b"\n", b"\n") if pads else rows)
    return [Table(columns, b"".join(body), table.version) for columns, body in zip(arms, bodies, strict=True)]


def _arms(jobs: Sequence[Job]) -> list[tuple[Job, ...]]:
    """The jobs, those about the same subjects together."""
    arms: dict[object, list[Job]] = {}
    for number, job in enumerate(jobs):
        arms.setdefault(number if job.block is None else job.block.subjects, []).append(job)
    return list(map(tuple, arms.values()))


def _of_arm(jobs: Sequence[Job]) -> Job:
    """One job, or what several predicates have for the same subjects."""
    first = jobs[0].block
    if len(jobs) == 1 or first is None:
        return jobs[0]
    subjects = b" ".join(first.subjects).decode()
    wanted = _wanted([job.block for job in jobs if job.block is not None])
    text = f"SELECT ?s ?p ?o WHERE {{ VALUES ?s {{ {subjects} }} ?s ?p ?o FILTER({wanted}) }}"
    return Job(jobs[0].source, text, ("s", "p", "o"), sum(job.rows for job in jobs))


def _wanted(blocks: Sequence[Block]) -> str:
    """The condition on a triple that one of these asks for it. An error in those of one does not keep others away."""
    plain = ", ".join(block.predicate.decode() for block in blocks if not block.conditions)
    tests = [f"?p IN ({plain})"] if plain else []
    for block in blocks:
        if block.conditions:
            met = " && ".join(f"({condition})" for condition in block.conditions)
            tests.append(f"(SAMETERM(?p, {block.predicate.decode()}) && {met})")
    return " || ".join(tests)


def _of_jobs(table: Table, jobs: Sequence[Job]) -> list[tuple[Job, Table]]:
    """The rows of each job of an arm."""
    if len(jobs) == 1:
        return [(jobs[0], table)]
    bodies: dict[bytes, list[bytes]] = {job.block.predicate: [] for job in jobs if job.block is not None}
    for row in table.body.split(b"\n")[:-1]:
        subject, predicate, value = row.split(b"\t")
        if predicate in bodies:
            bodies[predicate].append(b"%s\t%s\n" % (subject, value))
    return [
        (job, Table(job.columns, b"".join(bodies[job.block.predicate]), table.version))
        for job in jobs
        if job.block is not None
    ]
