"""What planning weighs (``node.federation.planning.costs``): the cost of a round, a request, a value and a triple.

    python -m bench.request_costs [--members 200] [--triples 400000] [--repeat 15] [--folder DIR]

The members are those of ``bench.many_members``, in one process. Rounds of small requests to one, four, … and all of
them are sent as queries send them, then blocks of values, then all of a predicate, which is loaded into a store as for
a query's last step. Prints milliseconds by the clock and of processor time, here (workers included) and at the members,
of the median round, and what follows from them for one request, value and triple.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.federation_members import generated
from bench.many_members import processor_seconds, tenants
from node.cli.output import table
from node.config import Member
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table
from node.federation.fetching.cache import Kept, PartCache
from node.federation.fetching.losses import Losses
from node.federation.fetching.runner import Runner
from node.federation.fetching.scratch import Scratch
from node.federation.members.pace import Pace
from node.federation.members.sources import RemoteSource
from node.federation.members.versions import Patience
from node.federation.members.workers import Workers
from node.federation.planning.plan import Scan
from node.federation.planning.requests import BLOCK, Job, Scope, scan_text
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.terms import iri_term
from node.store.quads import Budget
from node.store.scratch import ScratchEvaluator

_PREDICATE = "https://w3id.org/cancer-hub/vocab#ageAtDiagnosis"
_SECONDS = 120.0


class _Asking:
    """Rounds of jobs at the members, each followed by the last step over what came."""

    def __init__(self, sources: Sequence[RemoteSource], group: int, evaluator: ScratchEvaluator, repeat: int) -> None:
        self._sources = sources
        self._group = group
        self._evaluator = evaluator
        self._repeat = repeat
        self._workers = Workers()
        self._text = scan_text(Scan("s", iri_term(_PREDICATE), "o"), Scope())

    def close(self) -> None:
        """End the threads."""
        self._workers.close()

    def subjects(self) -> list[bytes]:
        """Those of the predicate, at the first member."""
        (rows,) = self._round([self.whole(self._sources[0])])
        return sorted(rows.values("s"))

    def whole(self, source: RemoteSource) -> Job:
        """For all that a member has of the predicate."""
        return Job(source.name, self._text.whole(), self._text.columns)

    def block(self, source: RemoteSource, values: Sequence[bytes]) -> Job:
        """For what it has of some values."""
        return Job(source.name, self._text.block("s", values), self._text.columns)

    def measured(self, jobs: Callable[[], Sequence[Job]]) -> tuple[float, float, float, int]:
        """Of a round with its last step: milliseconds by the clock, of processor time here and there; and triples."""
        took, here, there, rows = list[float](), 0.0, 0.0, 0
        for turn in range(self._repeat + 1):
            asked = jobs()
            times = time.perf_counter(), _own_seconds(), processor_seconds(self._group)
            tables = self._round(asked)
            if turn:
                took.append(time.perf_counter() - times[0])
                here += _own_seconds() - times[1]
                there += processor_seconds(self._group) - times[2]
            rows = sum(map(len, tables))
        return statistics.median(took) * 1000, here / self._repeat * 1000, there / self._repeat * 1000, rows

    def _round(self, jobs: Sequence[Job]) -> list[Table]:
        runner = Runner(
            self._sources,
            self._workers,
            PartCache(Kept(0)),
            Meter(_SECONDS, 1_000_000, 4 << 30),
            Losses(),
            pace=Pace(),
            since=time.monotonic(),
            patience=Patience(),
        )
        tables = [answer for answer in runner.run(jobs) if isinstance(answer, Table)]
        scratch = Scratch()
        for job, rows in zip(jobs, tables, strict=True):
            scratch.add(job.source, self._text.shape, rows, [])
        budget = Budget(_SECONDS, 1 << 30, 1 << 30)
        with self._evaluator.evaluate(scratch.triples, [], "ASK {}", (JSON, NTRIPLES), budget) as answer:
            b"".join(answer)
        return tables


def _own_seconds() -> float:
    """Seconds of processor time of this process and those that it has started, as far as they have its group."""
    group, total = os.getpgid(0), 0.0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if os.getpgid(int(folder.name)) == group:
                    total += processor_seconds(int(folder.name))
            except (ProcessLookupError, FileNotFoundError):
                continue
    return total


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--triples", type=int, default=400_000)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--folder", type=Path, help="keep the data here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        data = generated(folder, arguments.triples, arguments.members)
        evaluator = ScratchEvaluator(2, long=2, queue_seconds=10, base="http://bench.example/")
        with tenants(data.folder, folder / "log") as (address, group):
            sources = [RemoteSource(Member(endpoint=f"{address}/{name}/sparql", name=name)) for name in data.members]
            asking = _Asking(sources, group, evaluator, arguments.repeat)
            try:
                for source in sources:
                    source.summary(Meter(_SECONDS, 10, 1 << 30))
                _measure(asking, sources)
            finally:
                asking.close()
                evaluator.close()
                for source in sources:
                    source.close()


def _measure(asking: _Asking, sources: Sequence[RemoteSource]) -> None:
    # Values that nobody has, so that no triple is counted with them.
    numbers = itertools.count()
    absent = lambda count: [b"<https://absent.example/%d>" % next(numbers) for _ in range(count)]  # noqa: E731
    subjects = asking.subjects()
    rounds = {
        f"{count} requests of a value": asking.measured(
            lambda count=count: [asking.block(s, [subjects[next(numbers) % len(subjects)]]) for s in sources[:count]]  # type: ignore[misc]
        )
        for count in (1, 4, 13, 50, len(sources))
    }
    few = sources[:4]
    values = asking.measured(lambda: [asking.block(source, absent(BLOCK)) for source in few])
    triples = asking.measured(lambda: [asking.whole(source) for source in sources])
    rounds |= {f"4 requests of {BLOCK} values": values, f"{len(sources)} requests for all": triples}
    rows = [[name, f"{r[0]:.1f}", f"{r[1]:.1f}", f"{r[2]:.1f}", f"{r[3]:,}"] for name, r in rounds.items()]
    print(table(["round", "ms", "processor ms here", "at the members", "triples"], rows))
    one, four, *_, most = (rounds[f"{count} requests of a value"] for count in (1, 4, 13, 50, len(sources)))
    for name, larger, smaller, number in (
        ("request", most, one, len(sources) - 1),
        ("value", values, four, 4 * (BLOCK - 1)),
        ("triple", triples, most, triples[3] - most[3]),
    ):
        clock, here, there = ((larger[at] - smaller[at]) / number * 1000 for at in range(3))
        print(f"one {name} more: {clock:.1f} µs, processor {here:.1f} here and {there:.1f} at the members")


if __name__ == "__main__":
    main()
