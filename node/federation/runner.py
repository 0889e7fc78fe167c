"""Does jobs: several members at once, a few requests to each, whatever was answered before from the cache."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Any

from node.errors import MemberError, MemberTimeout
from node.federation.cache import PartCache
from node.federation.fetch import Answer, Rounds
from node.federation.losses import Losses
from node.federation.meter import Meter, Turn
from node.federation.requests import Job
from node.federation.rows import Table
from node.federation.sources import PARALLEL, Source
from node.federation.summaries import Summary

# Larger answers are not kept to answer the same request of the same query again.
_REMEMBERED_BYTES = 4_000_000
# Of the time that is left, members may take this part in one round where the query can go on without them.
_PART = 0.5


class Workers:
    """Threads for each member, shared by all queries: at most ``PARALLEL`` requests to one member run at a time."""

    def __init__(self) -> None:
        self._executors: dict[str, ThreadPoolExecutor] = {}
        self._lock = threading.Lock()

    def of(self, name: str) -> ThreadPoolExecutor:
        """The threads for this member."""
        with self._lock:
            if name not in self._executors:
                self._executors[name] = ThreadPoolExecutor(PARALLEL, thread_name_prefix=f"member {name}")
            return self._executors[name]

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        with self._lock:
            for executor in self._executors.values():
                executor.shutdown(wait=False, cancel_futures=True)
            self._executors.clear()


class Runner:
    """The requests of one query. It goes on without a member that fails if ``losses`` takes that."""

    def __init__(
        self, sources: Sequence[Source], workers: Workers, cache: PartCache, meter: Meter, losses: Losses
    ) -> None:
        self._sources = {source.name: source for source in sources}
        self._workers = workers
        self._cache = cache
        self._meter = meter
        self._losses = losses
        self._meters = {name: self._turn(name) for name in self._sources} if losses.tolerated else {}
        self._remembered: dict[Job, Answer] = {}
        self.summaries: dict[str, Summary | None] = {}
        self.asked: set[str] = set()
        self.whole: str | None = None

    def learn(self) -> Mapping[str, Summary | None]:
        """Ask every member what it holds now. Raises MemberError when one is down that the query needs."""
        futures: dict[Future[Summary | None], str] = {
            self._workers.of(name).submit(source.summary, self._meter_of(name)): name
            for name, source in self._sources.items()
        }
        self._finish(futures)
        self.summaries = {name: f.result() for f, name in futures.items() if name not in self._losses}
        return self.summaries

    def finish(self, rounds: Rounds) -> None:
        """Walk to the end."""
        try:
            jobs = next(rounds)
            while True:
                jobs = rounds.send(self.run(jobs))
        except StopIteration:
            return

    def run(self, jobs: Sequence[Job]) -> list[Answer]:
        """The answers to these jobs, in order. The first failure ends the query."""
        answers: dict[Job, Answer] = {}
        futures: dict[Future[Answer], str] = {}
        waiting: dict[Future[Answer], Job] = {}
        for job in dict.fromkeys(jobs):
            self.asked.add(job.source)
            if (known := self._known(job)) is not None:
                answers[job] = known
                if isinstance(known, Table):
                    self._meter.done(job.source, len(known), 0.0)
            elif job.source in self._losses:
                answers[job] = _nothing(job)
            else:
                future = self._workers.of(job.source).submit(self._do, job)
                futures[future] = job.source
                waiting[future] = job
        self._finish(futures)
        for future, job in waiting.items():
            if job.source in self._losses:
                answers[job] = _nothing(job)
                continue
            answers[job] = answer = future.result()
            if not isinstance(answer, Table) or len(answer.body) <= _REMEMBERED_BYTES:
                self._remembered[job] = answer
        return [answers[job] for job in jobs]

    def _known(self, job: Job) -> Answer | None:
        if (remembered := self._remembered.get(job)) is not None:
            return remembered
        summary = self.summaries.get(job.source)
        if summary is None:
            return None
        return self._cache.get(self._sources[job.source].endpoint, summary.version, job.text)

    def _do(self, job: Job) -> Answer:
        source = self._sources[job.source]
        meter = self._meter_of(job.source)
        if not job.columns:
            return source.ask(job.text, meter)
        table = source.select(job.text, job.columns, meter)
        summary = self.summaries.get(job.source)
        if summary is not None:
            self._cache.put(source.endpoint, summary.version, job.text, table)
        return table

    def _finish(self, futures: Mapping[Future[Any], str]) -> None:
        """Wait for all; end everything at the first failure that the query cannot do without, or at the deadline."""
        seconds = self._meter.remaining()
        tolerated = self._losses.tolerated
        finished, late = wait(
            list(futures),
            timeout=seconds * _PART if tolerated else seconds,
            return_when=ALL_COMPLETED if tolerated else FIRST_EXCEPTION,
        )
        try:
            for future in finished:
                error = future.exception()
                if isinstance(error, MemberError):
                    self._losses.add(futures[future], error)
                elif error is not None:
                    raise error
            for name in {futures[future]: None for future in late}:
                self._losses.add(name, self._too_late(name))
                self._meters[name].end_now()
        except BaseException:
            self._meter.stop()
            raise
        finally:
            for future in late:
                future.cancel()

    def _meter_of(self, name: str) -> Meter:
        return self._meters.get(name, self._meter)

    def _turn(self, name: str) -> Turn:
        return Turn(self._meter, self._meter.seconds, lambda: self._too_late(name))

    def _too_late(self, name: str) -> MemberTimeout:
        return MemberTimeout(
            f"{name} did not answer within the {self._meter.seconds:g} s that a federated query has.",
            member=name,
            remedy="Try again later, make the query more selective, or ask the operator to raise "
            "limits.federation_seconds.",
        )


def _nothing(job: Job) -> Answer:
    """What a member that is lost gives."""
    return Table(job.columns, b"") if job.columns else False
