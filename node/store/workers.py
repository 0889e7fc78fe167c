"""The pool of query workers: who gets one, for how long, and what happens to one that breaks its limits.

A query holds a worker from its start until the last byte of its answer has left the worker, which for an answer of up
to 64 KiB is before ``ask`` returns: a slow reader of a small answer holds nothing. One thread watches all queries: it
moves those that take their time out of the way of the others, and kills a worker at its deadline whether or not anybody
is reading. See ``docs/explanation/query.md``.
"""

from __future__ import annotations

import math
import threading
import time

from node.errors import StoreError, TooBusy
from node.store.forks import Forks
from node.store.lanes import Lane, Lanes
from node.store.leases import BegunQuery, Lease, Question, WorkerAnswer
from node.store.process import Worker
from node.store.quads import NotReady
from node.store.refusals import crowded_out, timeout

__all__ = ["Question", "WorkerAnswer", "WorkerPool"]

#: A query is long when it has used so much processor time, or is so old (a slow reader takes no processor time).
_LONG_USED_SECONDS = 0.01
_LONG_AGE_SECONDS = 1.0
#: A long query gets a fortieth of what a short one gets, and one that has used so much what the others leave. The first
#: is not the second, so that eight that begin leave those behind that have been running for long.
_NICE = 17
_LONGER_USED_SECONDS = 1.0
_NICER = 19
#: With all long places taken, a query in the short lane makes way for those that wait after so much of either.
_OVERSTAY_USED_SECONDS = 0.5
_OVERSTAY_AGE_SECONDS = 1.0
#: A running query is looked at again when it can have used what matters next, but not sooner than this.
_LOOK_SECONDS = 0.01
#: How often it is looked whether an idle worker has died, for example because the system ran out of memory.
_ROUND_SECONDS = 5.0
#: How often it is looked whether a query that overstays is in somebody's way.
_GLANCE_SECONDS = 0.05


class WorkerPool:
    """``short`` queries at a time, and ``long`` more that take their time, on processes that are used again.

    A query that finds all short places taken waits up to ``queue_seconds`` for one, first come first served; its own
    deadline runs meanwhile. Processes are started when needed. Close it when done.
    """

    def __init__(self, short: int, *, long: int, queue_seconds: float) -> None:
        self._queue_seconds = queue_seconds
        self._lanes = Lanes(short, long)
        self._most_idle = short + long
        self._changed = threading.Condition()
        self._idle: list[Worker] = []
        self._workers: set[Worker] = set()
        self._leases: set[Lease] = set()
        self._forks = Forks()
        self._next_look = math.inf
        self._next_round = 0.0
        self._watchdog: threading.Thread | None = None
        self._closed = False

    def ask(self, question: Question) -> WorkerAnswer:
        """Start the query and wait for its first bytes.

        Raises what ``QuadStore.query`` raises, and GenerationGone.
        """
        budget = question.budget
        deadline = time.monotonic() + budget.seconds
        if not self._lanes.enter(min(self._queue_seconds, budget.seconds)):
            if self._queue_seconds < budget.seconds:
                raise TooBusy(
                    f"all query workers were busy for {self._queue_seconds:g} s.", remedy="Try again in a moment."
                )
            raise timeout(budget)
        try:
            lease = Lease(self._worker(question.folder), self._lanes, question, deadline, self._take_back)
        except BaseException:
            self._lanes.leave(Lane.SHORT)
            raise
        try:
            self._watch(lease)
            # Waking the watchdog takes more than most queries do, so it is told of those that take longer.
            lease.worker.call_at(lease.look_at, self._alert)
            lease.tell()
        except BaseException:
            lease.end(reusable=False)
            raise
        answer = WorkerAnswer(lease)
        if not answer.whole:
            self._alert()
        return answer

    def begin(self, question: Question) -> BegunQuery | None:
        """Start the query without waiting for anything: None when no place is free at this moment.

        For queries whose text, with what is to be loaded, fits into a pipe. Raises NotReady when no worker is free,
        although a place is: ``ask`` starts one.
        """
        deadline = time.monotonic() + question.budget.seconds
        if not self._lanes.enter(0):
            return None
        idle = self._take_idle(question.folder)
        if idle is None:
            self._lanes.leave(Lane.SHORT)
            raise NotReady
        lease = Lease(idle, self._lanes, question, deadline, self._take_back)
        try:
            self._watch(lease)
            self._alert()
            lease.tell()
        except BaseException:
            lease.end(reusable=False)
            raise
        return BegunQuery(lease)

    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers there are now, without those that were killed."""
        with self._changed:
            return tuple(worker.pid for worker in self._workers)

    def close(self) -> None:
        """End all workers, busy or not. Queries under way fail with StoreError, later ones too."""
        with self._changed:
            self._closed = True
            self._idle.clear()
            busy = {lease.worker for lease in self._leases}
            watchdog = self._watchdog
            self._changed.notify_all()
        if watchdog is not None:
            watchdog.join()
        with self._changed:
            workers = list(self._workers)
        self._forks.close()
        for worker in workers:
            # The pipes of a busy one are its reader's to close: a number closed here might be another file by the
            # next read.
            if worker not in busy:
                self._bury(worker)

    def _take_back(self, lease: Lease, reusable: bool) -> None:
        """The reader has finished with its worker, which waits for the next query or is ended."""
        ending: Worker | None = lease.worker
        with self._changed:
            if reusable and not self._closed:
                self._leases.discard(lease)
                self._idle.append(lease.worker)
                # Of those that are too many, the one that has rested longest.
                ending = self._idle.pop(0) if len(self._idle) > self._most_idle else None
        if ending is None:
            return
        self._bury(ending)
        with self._changed:
            self._leases.discard(lease)

    def _bury(self, worker: Worker) -> None:
        worker.bury()
        with self._changed:
            self._workers.discard(worker)

    def _worker(self, folder: str | None) -> Worker:
        """An idle worker, or a new one. Call with a place."""
        with self._changed:
            self._refuse_if_closed()
        return self._take_idle(folder) or self._started(folder)

    def _take_idle(self, folder: str | None) -> Worker | None:
        """An idle worker for this generation, if there is one. Those of others hold what was removed since, and end."""
        while True:
            with self._changed:
                outdated = [worker for worker in self._idle if folder is not None and worker.folder != folder]
                self._idle = [worker for worker in self._idle if worker not in outdated]
                idle = self._idle.pop() if self._idle else None
            for worker in outdated:
                self._bury(worker)
            if idle is None or idle.alive():
                return idle
            self._bury(idle)

    def _started(self, folder: str | None) -> Worker:
        worker = Worker(self._forks, folder)
        try:
            with self._changed:
                self._refuse_if_closed()
                self._workers.add(worker)
        except StoreError:
            worker.bury()
            raise
        return worker

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreError("the store is closed.")

    def _watch(self, lease: Lease) -> None:
        with self._changed:
            # Nothing can be said of a query before it can have used what makes it long.
            lease.look_at = min(lease.deadline, lease.started + _LONG_USED_SECONDS)
            self._leases.add(lease)
            if self._watchdog is None:
                self._watchdog = threading.Thread(target=self._look_after, name="query-watchdog", daemon=True)
                self._watchdog.start()

    def _alert(self) -> None:
        """Wake the watchdog for the queries there are now, if it sleeps for longer than until the first look at one."""
        with self._changed:
            if any(lease.look_at < self._next_look for lease in self._leases):
                self._changed.notify_all()

    def _look_after(self) -> None:
        """The watchdog's life."""
        while True:
            with self._changed:
                if self._closed:
                    return
                now = time.monotonic()
                running = [lease for lease in self._leases if lease.lane is not None]
                due = [lease for lease in running if lease.look_at <= now]
                going_round = bool(self._idle) and self._next_round <= now
                if not due and not going_round:
                    looks = [lease.look_at for lease in running]
                    if self._idle:
                        looks.append(self._next_round)
                    self._next_look = min(looks, default=math.inf)
                    self._changed.wait(None if self._next_look == math.inf else self._next_look - now)
                    continue
            for lease in sorted(due, key=lambda lease: lease.started):
                self._look(lease, now)
            if going_round:
                self._go_round()

    def _go_round(self) -> None:
        self._next_round = time.monotonic() + _ROUND_SECONDS
        with self._changed:
            idle = list(self._idle)
        for worker in [worker for worker in idle if not worker.alive()]:
            with self._changed:
                if worker not in self._idle:
                    continue
                self._idle.remove(worker)
            self._bury(worker)

    def _look(self, lease: Lease, now: float) -> None:
        """Do with a running query what its age and its use of the processor ask for."""
        budget = lease.question.budget
        if lease.deadline <= now:
            lease.stop(timeout(budget))
            return
        used, age = lease.used_seconds(), now - lease.started
        if used >= _LONG_USED_SECONDS:
            lease.hold_back(_NICER if used >= _LONGER_USED_SECONDS else _NICE)
        if used >= _LONG_USED_SECONDS or age >= _LONG_AGE_SECONDS:
            overstaying = used >= _OVERSTAY_USED_SECONDS or age >= _OVERSTAY_AGE_SECONDS
            if not lease.lengthen() and overstaying and self._lanes.waiting():
                lease.stop(crowded_out(self._lanes.long))
                return
        # Processor time does not pass faster than time, for a query is evaluated by one thread.
        until = [at - used for at in (_LONG_USED_SECONDS, _LONGER_USED_SECONDS) if used < at]
        if lease.lane is Lane.SHORT:
            until.append(_LONG_AGE_SECONDS - age if age < _LONG_AGE_SECONDS else _GLANCE_SECONDS)
            if used >= _LONG_USED_SECONDS:
                until.append(_GLANCE_SECONDS)
        lease.look_at = min(lease.deadline, now + max(_LOOK_SECONDS, min(until, default=math.inf)))
