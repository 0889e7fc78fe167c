"""Does jobs: several members at once, a few requests to each, whatever was answered before from the cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future

from node.errors import MemberError, ResultTooLarge
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table
from node.federation.fetching.batches import apart, as_one, batches
from node.federation.fetching.cache import PartCache
from node.federation.fetching.dispatch import Dispatch, Request
from node.federation.fetching.losses import Losses
from node.federation.fetching.trace import Trace
from node.federation.members.covering import Covered
from node.federation.members.pace import Pace
from node.federation.members.source import Source
from node.federation.members.summaries import Summary
from node.federation.members.versions import Changed, Patience, Versions
from node.federation.members.workers import Workers
from node.federation.planning.requests import Job
from node.federation.planning.rounds import Answer, Outcome, Rounds
from node.federation.planning.splice import can_be_spliced, solutions_in
from node.rdf.formats import Format
from node.store.quads import Answer as StoreAnswer

# Larger answers are not kept to answer the same request of the same query again.
_REMEMBERED_BYTES = 4_000_000


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
                    f"the answer has more than {self._most:,} bytes.",
                    remedy="Ask for less, with LIMIT or more selective patterns, in several parts, or ask the operator "
                    "to raise limits.result_bytes.",
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
        self._covered = [source for source in sources if isinstance(source, Covered)]
        self._cache = cache
        self._meter = meter
        self._losses = losses
        self._dispatch = Dispatch(self._sources, workers, meter, losses)
        self._remembered: dict[Job, Answer] = {}
        self._remembered_bytes = 0
        self._pace = pace
        self._patience = patience
        self._versions = Versions(since)
        self._looking: dict[Future[Summary | None], str] = {}
        self.summaries: dict[str, Summary | None] = {}
        #: How many rows of each member that was asked took part.
        self.rows: dict[str, int] = {}
        #: Whether rows were joined here: that is a part of evaluating the query.
        self.joined = False
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
        self._dispatch.finish(futures)
        for future, name in futures.items():
            if name in self._losses:
                continue
            learnt[name] = summary = future.result()
            if summary is not None:
                self._versions.plan(name, summary.version, time.monotonic())
        self.summaries = {name: learnt[name] for name in self._sources if name in learnt}
        return self.summaries

    def require_holders(self) -> None:
        """Raise Changed where one is no longer known to hold all that another does, by what was learnt."""
        if fallen := [source.name for source in self._covered if not source.stands(self.summaries)]:
            raise Changed(fallen)

    def look(self, names: Iterable[str]) -> None:
        """Begin to see whether these members, which the query will not ask, still hold what the plan counts on."""
        unseen = set(self._versions.unseen())
        self._looking.update({self._look_at(name): name for name in names if name in unseen})

    def settle(self) -> None:
        """See to it that all members hold what the plan counts on. Raises Changed, and MemberError as ``learn``.

        Changed is raised, too, where one is lost that stands for another: that is asked then.
        """
        left = set(self._versions.unseen()) - set(self._looking.values())
        looking = {**self._looking, **{self._look_at(name): name for name in left if name not in self._losses}}
        self._looking = {}
        self._dispatch.finish(looking)
        for future, name in looking.items():
            if name not in self._losses:
                summary = future.result()
                self._versions.saw(name, "none" if summary is None else summary.version)
        self._versions.require()
        if fallen := [source.name for source in self._covered if source.holder in self._losses]:
            raise Changed(fallen)

    def saw(self, name: str, version: str | None) -> None:
        """A member has answered from this version of its data, None: it did not say."""
        self._versions.saw(name, version)

    def _look_at(self, name: str) -> Future[Summary | None]:
        return self._dispatch.submit(name, self._sources[name].summary)

    def round_trip(self, names: Iterable[str]) -> float:
        """Seconds that a round of small requests to these members takes, as far as is known."""
        return self._pace.round_trip(names)

    def finish(self, rounds: Rounds, retained: Callable[[], int] | None = None) -> Outcome:
        """Walk to the end; give the outcome.

        ``retained`` tells how many bytes are kept of what came, None: all; the rest is free after a round.
        """
        try:
            jobs = next(rounds)
            while True:
                jobs = rounds.send(self.run(jobs))
                if retained is not None:
                    self._meter.memory.settle(retained() + self._remembered_bytes)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome

    def run(self, jobs: Sequence[Job]) -> list[Answer]:
        """The answers to these jobs, in order. The first failure ends the query."""
        answers: dict[Job, Answer] = {}
        fresh: dict[str, list[Job]] = {}
        for job in dict.fromkeys(jobs):
            if (known := self._known(job)) is not None:
                answers[job] = known
                if isinstance(known, Table):
                    self._meter.done(job.source, len(known), 0.0)
                    self._note(job, len(known), 0, time.monotonic())
            elif job.source in self._losses:
                answers[job] = _nothing(job)
            else:
                fresh.setdefault(job.source, []).append(job)
        asked = [
            batch for name, its_jobs in fresh.items() for batch in batches(its_jobs, unions=self._sources[name].alike)
        ]
        came: list[list[Answer] | None] = self._dispatch.together([self._asking(batch) for batch in asked])
        for batch, found in zip(asked, came, strict=True):
            if found is None:
                answers.update((job, _nothing(job)) for job in batch)
                continue
            for job, answer in zip(batch, found, strict=True):
                answers[job] = answer
                if not isinstance(answer, Table) or len(answer.body) <= _REMEMBERED_BYTES:
                    self._remembered[job] = answer
                    self._remembered_bytes += len(answer.body) if isinstance(answer, Table) else 0
        for job, answer in answers.items():
            self.rows[job.source] = self.rows.get(job.source, 0) + (len(answer) if isinstance(answer, Table) else 0)
        self._versions.require()
        return [answers[job] for job in jobs]

    def as_before(self, rows: Mapping[str, int]) -> None:
        """Nobody is asked: so many rows of each member that the query needs are here from before.

        Raises as ``settle``, which is done.
        """
        self.settle()
        self.rows = dict(rows)
        for name, number in rows.items():
            self._meter.done(name, number, 0.0)

    def bodies(self, names: Sequence[str], text: str, formats: tuple[Format, Format], most: int) -> list[bytearray]:
        """The answers of these members to a whole query, as they came. Those that are lost are left out.

        Raises ResultTooLarge when they are more than ``most`` bytes together.
        """
        left = _Allowance(most)
        self.rows.update(dict.fromkeys(names, 0))
        found = self._dispatch.together([self._asking_for_all(name, text, formats, left) for name in names])
        return [body for body in found if body is not None]

    def _asking_for_all(
        self, name: str, text: str, formats: tuple[Format, Format], left: _Allowance
    ) -> Request[bytearray, bytearray]:
        source, meter, started = self._sources[name], self._dispatch.meter_of(name), time.monotonic()

        def read(answer: StoreAnswer) -> bytearray:
            body = bytearray()
            try:
                for piece in answer:
                    left.take(len(piece))
                    meter.keeping(len(piece))
                    body += piece
            except BaseException as error:
                if isinstance(error, MemberError):
                    # It may be asked again.
                    left.take(-len(body))
                # Whoever hears of it would keep this alive.
                body.clear()
                raise
            self._versions.saw(name, getattr(answer, "version", None))
            rows = solutions_in(body, answer.format) if can_be_spliced(answer.format) else 0
            self.answered.add(name)
            meter.done(name, rows, 0.0)
            self._note(Job(name, text, ()), rows, len(body), started)
            return body

        def ask() -> bytearray:
            with source.answer(text, formats, meter) as answer:
                return read(answer)

        return Request(name, lambda: source.begin_whole(text, formats, read, meter), ask, lambda body: body)

    def _known(self, job: Job) -> Answer | None:
        if (remembered := self._remembered.get(job)) is not None:
            return remembered
        summary = self.summaries.get(job.source)
        if summary is None:
            return None
        return self._cache.get(self._sources[job.source].endpoint, summary.version, job.text)

    def _asking(self, batch: tuple[Job, ...]) -> Request[Answer, list[Answer]]:
        """For the answers to jobs in one request."""
        job = batch[0] if len(batch) == 1 else as_one(batch)
        source, meter, started = self._sources[job.source], self._dispatch.meter_of(job.source), time.monotonic()

        def ask() -> list[Answer]:
            return took(source.select(job.text, job.columns, meter) if job.columns else source.ask(job.text, meter))

        def took(answer: Answer) -> list[Answer]:
            if not isinstance(answer, Table):
                self._note(job, 0, 0, started)
                return [answer]
            self._pace.took(job.source, time.monotonic() - started)
            tables = [answer] if len(batch) == 1 else apart(answer, batch)
            self._versions.saw(job.source, answer.version)
            summary = self.summaries.get(job.source)
            for part, rows in zip(batch, tables, strict=True):
                self._note(part, len(rows), len(rows.body), started)
                if summary is not None:
                    self._cache.put(source.endpoint, answer.version or summary.version, part.text, rows)
            return list(tables)

        return Request(job.source, lambda: source.begin(job.text, job.columns, meter), ask, took)

    def _note(self, job: Job, rows: int, size: int, started: float) -> None:
        if self.trace is not None:
            self.trace.add(job, rows, size, time.monotonic() - started)


def _nothing(job: Job) -> Answer:
    """What a member that is lost gives."""
    return Table(job.columns, b"") if job.columns else False
