"""Does jobs: several members at once, a few requests to each, whatever was answered before from the cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_EXCEPTION, Future, wait
from typing import Any

from node.errors import MemberError, MemberTimeout, ResultTooLarge
from node.federation.batches import apart, as_one, batches
from node.federation.cache import PartCache
from node.federation.losses import Losses
from node.federation.meter import Meter, Turn
from node.federation.pace import Pace
from node.federation.requests import Job
from node.federation.rounds import Answer, Outcome, Rounds
from node.federation.rows import Table
from node.federation.sources import Source
from node.federation.splice import can_be_spliced, solutions_in
from node.federation.summaries import Summary
from node.federation.trace import Trace
from node.federation.versions import Patience, Versions
from node.federation.workers import Workers
from node.rdf.formats import Format

# Larger answers are not kept to answer the same request of the same query again.
_REMEMBERED_BYTES = 4_000_000
# Of the time that is left, members may take this part in one round where the query can go on without them.
_PART = 0.5


class _Allowance:
    """Bytes that several threads may still take."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Take so many. Raises ResultTooLarge when they are not left."""
        with self._lock:
            self._left -= size
            if self._left < 0:
                raise ResultTooLarge(
                    f"the answer is larger than {self._most:,} bytes.",
                    remedy="Ask for less, with LIMIT or more selective patterns.",
                )


class Runner:
    """The requests of one plan of a query. It goes on without a member that fails if ``losses`` takes that.

    ``pace`` hears how long members take. ``since``: when the query came (monotonic time). What members with whom there
    is no ``patience`` say does not count.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        workers: Workers,
        cache: PartCache,
        meter: Meter,
        losses: Losses,
        *,
        pace: Pace,
        since: float,
        patience: Patience,
    ) -> None:
        self._sources = {source.name: source for source in sources}
        self._workers = workers
        self._cache = cache
        self._meter = meter
        self._losses = losses
        self._meters = {name: self._turn(name) for name in self._sources} if losses.tolerated else {}
        self._remembered: dict[Job, Answer] = {}
        self._pace = pace
        self._patience = patience
        self._versions = Versions(since)
        self._looking: dict[Future[Summary | None], str] = {}
        self.summaries: dict[str, Summary | None] = {}
        self.asked: set[str] = set()
        #: Members that answered the whole query, for themselves.
        self.answered: set[str] = set()
        self.whole: str | None = None
        self.trace: Trace | None = None

    def learn(self) -> Mapping[str, Summary | None]:
        """What every member holds, as far as was known before; those are asked of which nothing is.

        Raises MemberError when one of them is down that the query needs.
        """
        learnt: dict[str, Summary | None] = {}
        futures: dict[Future[Summary | None], str] = {}
        for name, source in self._sources.items():
            if name in self._patience:
                learnt[name] = None
            elif (recalled := source.recalled()) is not None:
                learnt[name] = recalled.summary
                if recalled.summary is not None:
                    self._versions.plan(name, recalled.summary.version, recalled.at)
            else:
                futures[self._look_at(name)] = name
        self._finish(futures)
        for future, name in futures.items():
            if name in self._losses:
                continue
            learnt[name] = summary = future.result()
            if summary is not None:
                self._versions.plan(name, summary.version, time.monotonic())
        self.summaries = {name: learnt[name] for name in self._sources if name in learnt}
        return self.summaries

    def look(self, names: Iterable[str]) -> None:
        """Begin to see whether these members, which the query will not ask, still hold what the plan counts on."""
        unseen = set(self._versions.unseen())
        self._looking.update({self._look_at(name): name for name in names if name in unseen})

    def settle(self) -> None:
        """See to it that all members hold what the plan counts on. Raises Changed, and MemberError as ``learn``."""
        left = set(self._versions.unseen()) - set(self._looking.values())
        looking = {**self._looking, **{self._look_at(name): name for name in left if name not in self._losses}}
        self._looking = {}
        self._finish(looking)
        for future, name in looking.items():
            if name not in self._losses:
                summary = future.result()
                self._versions.saw(name, "none" if summary is None else summary.version)
        self._versions.require()

    def _look_at(self, name: str) -> Future[Summary | None]:
        return self._workers.submit(name, self._sources[name].summary, self._meter_of(name))

    def round_trip(self, names: Iterable[str]) -> float:
        """Seconds that a round of small requests to these members takes, as far as is known."""
        return self._pace.round_trip(names)

    def finish(self, rounds: Rounds) -> Outcome:
        """Walk to the end; give the outcome."""
        try:
            jobs = next(rounds)
            while True:
                jobs = rounds.send(self.run(jobs))
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome

    def run(self, jobs: Sequence[Job]) -> list[Answer]:
        """The answers to these jobs, in order. The first failure ends the query."""
        answers: dict[Job, Answer] = {}
        fresh: dict[str, list[Job]] = {}
        for job in dict.fromkeys(jobs):
            self.asked.add(job.source)
            if (known := self._known(job)) is not None:
                answers[job] = known
                if isinstance(known, Table):
                    self._meter.done(job.source, len(known), 0.0)
                    self._note(job, len(known), 0, time.monotonic())
            elif job.source in self._losses:
                answers[job] = _nothing(job)
            else:
                fresh.setdefault(job.source, []).append(job)
        futures: dict[Future[list[Answer]], str] = {}
        waiting: dict[Future[list[Answer]], tuple[Job, ...]] = {}
        for name, its_jobs in fresh.items():
            # Other engines are asked in the plainest way there is.
            for batch in batches(its_jobs) if self._sources[name].alike else [(job,) for job in its_jobs]:
                future = self._workers.submit(name, self._do, batch)
                futures[future] = name
                waiting[future] = batch
        self._finish(futures)
        for future, batch in waiting.items():
            if batch[0].source in self._losses:
                answers.update((job, _nothing(job)) for job in batch)
                continue
            for job, answer in zip(batch, future.result(), strict=True):
                answers[job] = answer
                if not isinstance(answer, Table) or len(answer.body) <= _REMEMBERED_BYTES:
                    self._remembered[job] = answer
        self._versions.require()
        return [answers[job] for job in jobs]

    def bodies(self, names: Sequence[str], text: str, formats: tuple[Format, Format], most: int) -> list[bytearray]:
        """The answers of these members to a whole query, as they came. Those that are lost are left out.

        Raises ResultTooLarge when they are more than ``most`` bytes together.
        """
        left = _Allowance(most)
        futures = {self._workers.submit(name, self._body, name, text, formats, left): name for name in names}
        self.asked.update(names)
        self._finish(futures)
        return [future.result() for future, name in futures.items() if name not in self._losses]

    def _body(self, name: str, text: str, formats: tuple[Format, Format], left: _Allowance) -> bytearray:
        source = self._sources[name]
        meter = self._meter_of(name)
        started, body = time.monotonic(), bytearray()
        with source.answer(text, formats, meter) as answer:
            for piece in answer:
                left.take(len(piece))
                body += piece
            self._versions.saw(name, getattr(answer, "version", None))
            rows = solutions_in(body, answer.format) if can_be_spliced(answer.format) else 0
        self.answered.add(name)
        meter.done(name, rows, 0.0)
        self._note(Job(name, text, ()), rows, len(body), started)
        return body

    def _known(self, job: Job) -> Answer | None:
        if (remembered := self._remembered.get(job)) is not None:
            return remembered
        summary = self.summaries.get(job.source)
        if summary is None:
            return None
        return self._cache.get(self._sources[job.source].endpoint, summary.version, job.text)

    def _do(self, batch: tuple[Job, ...]) -> list[Answer]:
        """The answers to jobs that are asked in one request."""
        job = batch[0] if len(batch) == 1 else as_one(batch)
        source = self._sources[job.source]
        meter = self._meter_of(job.source)
        started = time.monotonic()
        if not job.columns:
            found = source.ask(job.text, meter)
            self._note(job, 0, 0, started)
            return [found]
        table = source.select(job.text, job.columns, meter)
        self._pace.took(job.source, time.monotonic() - started)
        tables = [table] if len(batch) == 1 else apart(table, batch)
        for part, rows in zip(batch, tables, strict=True):
            self._note(part, len(rows), len(rows.body), started)
        self._versions.saw(job.source, table.version)
        summary = self.summaries.get(job.source)
        if summary is not None:
            for part, rows in zip(batch, tables, strict=True):
                self._cache.put(source.endpoint, table.version or summary.version, part.text, rows)
        return list(tables)

    def _note(self, job: Job, rows: int, size: int, started: float) -> None:
        if self.trace is not None:
            self.trace.add(job, rows, size, time.monotonic() - started)

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
            # At the deadline, the member that was waited for counts, and not what had no time left to be sent.
            for future in sorted(finished, key=lambda done: not isinstance(done.exception(), MemberError)):
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
