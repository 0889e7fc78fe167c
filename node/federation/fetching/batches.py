"""Several requests to one member as one: a union of sub-selects, whose rows tell which of them they are of. Pure.

A request costs a member and this node about as much as a hundred rows, and the network a round trip if it has to wait
for its turn. So what one round asks of a member goes together, as long as little is expected: what brings many rows is
asked for alone, so that the member can work on two requests at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from node.federation.calling.rows import Table
from node.federation.planning.requests import Job

#: What one request asks at most: parts, rows that are expected, and characters.
_PARTS, _ROWS, _CHARACTERS = 16, 8_000.0, 300_000
#: Stands in the columns that a part does not have.
_PAD = b'\t""'
_RUN = re.compile(rb'"([0-9]+)"\t[^\n]*\n(?:"\1"\t[^\n]*\n)*+')


def batches(jobs: Sequence[Job]) -> list[tuple[Job, ...]]:
    """Jobs for one member in groups that are asked for together, in their order."""
    made: list[list[Job]] = []
    rows, characters = 0.0, 0
    for job in jobs:
        rows, characters = rows + job.rows, characters + len(job.text)
        fits = len(made[-1]) < _PARTS and rows <= _ROWS and characters <= _CHARACTERS if made else False
        # An ASK has no rows to put beside those of others.
        if fits and job.columns and made[-1][-1].columns:
            made[-1].append(job)
        else:
            made.append([job])
            rows, characters = job.rows, len(job.text)
    return [tuple(batch) for batch in made]


def as_one(jobs: Sequence[Job]) -> Job:
    """The job whose rows are those of all of these; ``apart`` takes them apart again."""
    width = max(len(job.columns) for job in jobs)
    columns = tuple(f"r{number}" for number in range(width))
    arms = []
    for number, job in enumerate(jobs):
        given = [f"(?{column} AS ?{name})" for column, name in zip(job.columns, columns, strict=False)]
        given += [f'("" AS ?{name})' for name in columns[len(job.columns) :]]
        arms.append(f'{{ SELECT ("{number}" AS ?part) {" ".join(given)} WHERE {{ {{ {job.text} }} }} }}')
    listed = " ".join(f"?{name}" for name in ("part", *columns))
    text = f"SELECT {listed} WHERE {{ {' UNION '.join(arms)} }}"
    return Job(jobs[0].source, text, ("part", *columns), sum(job.rows for job in jobs))


def apart(table: Table, jobs: Sequence[Job]) -> list[Table]:
    """The rows of each job, from those of ``as_one``."""
    width = max(len(job.columns) for job in jobs)
    bodies: list[list[bytes]] = [[] for _ in jobs]
    for run in _RUN.finditer(table.body):
        number = int(run[1])
        tag, pads = b'"%d"\t' % number, _PAD * (width - len(jobs[number].columns))
        # Neither a tab nor a line feed stands inside a cell.
        rows = run[0][len(tag) :].replace(b"\n" + tag, b"\n")
        bodies[number].append(rows.replace(pads + b"\n", b"\n") if pads else rows)
    return [Table(job.columns, b"".join(body), table.version) for job, body in zip(jobs, bodies, strict=True)]
