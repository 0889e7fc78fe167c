"""Short and long queries: those that take their time make way, wait for nobody, and are held back."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.errors import QueryTimeout, ResultTooLarge, TooBusy
from node.rdf.dataset import GraphScope
from node.rdf.formats import CSV, JSON, NTRIPLES, TSV, TURTLE, XML, Format
from node.store.lanes import Lane, Lanes
from node.store.quads import Generation
from node.store.workers import Question, WorkerAnswer, WorkerPool
from tests.unit.store.test_workers import (
    BUDGET,
    ENDLESS,
    ENDLESS_ROWS,
    children,
    eventually,
    generation,
    open_files,
    whole,
)

__all__ = ["generation"]

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


class Asking:
    """Asks a pool in threads; ``ended`` has what became of each question, and when."""

    def __init__(self, pool: WorkerPool, generation: Generation) -> None:
        self.pool = pool
        self._generation = generation
        self.ended: dict[int, tuple[object, float]] = {}
        self._threads: list[threading.Thread] = []

    def __call__(self, text: str, formats: tuple[Format, Format] = (TSV, NTRIPLES), **limits: Any) -> WorkerAnswer:
        scope = GraphScope(("http://node.example/tier/public",))
        return self.pool.ask(Question(text, formats, replace(BUDGET, **limits), self._generation, scope))

    def start(self, text: str, **limits: Any) -> int:
        number = len(self._threads)

        def run() -> None:
            started = time.monotonic()
            result: object
            try:
                result = whole(self(text, **limits))
            except Exception as error:  # noqa: BLE001  # looked at by the test
                result = error
            self.ended[number] = (result, time.monotonic() - started)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()
        return number

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


@pytest.fixture
def asking(generation: Generation) -> Iterator[Asking]:
    """A pool with one short place and two long ones; nothing is left of it afterwards."""
    before = children(), open_files()
    pool = WorkerPool(1, long=2, queue_seconds=5)
    questions = Asking(pool, generation)
    yield questions
    pool.close()
    questions.join()
    assert (children(), open_files()) == before


def niceness(pid: int) -> dict[int, int]:
    """The nice value of each thread of a process."""
    found: dict[int, int] = {}
    # Processes end while one looks, and threads too.
    tasks: list[Path] = []
    with suppress(OSError):
        tasks += Path(f"/proc/{pid}/task").iterdir()
    for task in tasks:
        with suppress(OSError):
            found[int(task.name)] = int((task / "stat").read_text().rpartition(") ")[2].split()[16])
    return found


def test_places_are_given_in_the_order_of_asking() -> None:
    """Nobody overtakes, also not one that comes in the instant in which a place becomes free."""
    lanes = Lanes(1, 1)
    assert lanes.enter(0)
    served: list[int] = []

    def wait(number: int) -> None:
        assert lanes.enter(10)
        served.append(number)
        lanes.leave(Lane.SHORT)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(20)]
    for number, thread in enumerate(threads):
        thread.start()
        assert eventually(lambda waiting=number + 1: lanes.waiting() == waiting)  # type: ignore[misc]
    assert not lanes.enter(0)
    lanes.leave(Lane.SHORT)
    for thread in threads:
        thread.join()
    assert served == list(range(20))
    assert lanes.free() == 1


def test_who_gives_up_waiting_keeps_nobody_from_a_place() -> None:
    """A place that becomes free goes to one that still waits."""
    lanes = Lanes(1, 0)
    assert lanes.enter(0)
    assert not lanes.enter(0.05)
    assert lanes.waiting() == 0
    assert not lanes.lengthen()
    lanes.leave(Lane.SHORT)
    assert lanes.enter(0)


def test_long_queries_make_way(asking: Asking) -> None:
    """With as many running as may, the short place is there for small queries, which take no time."""
    for _ in range(2):
        asking.start(ENDLESS, seconds=3)
    assert eventually(lambda: len(asking.pool.pids()) >= 2)
    started = time.monotonic()
    assert whole(asking(COUNT)) == b"?n\n2000\n"
    assert time.monotonic() - started < 2
    assert not asking.ended
    asking.join()
    for error, took in asking.ended.values():
        assert isinstance(error, QueryTimeout)
        assert 3 <= took < 3.5


def test_a_slow_reader_makes_way(asking: Asking) -> None:
    """Whoever does not read keeps a worker until the deadline, but no short place."""
    with asking(ENDLESS_ROWS, result_bytes=10**12):
        assert whole(asking(COUNT)) == b"?n\n2000\n"


def test_with_all_long_places_taken_one_that_overstays_is_ended_when_others_wait(asking: Asking) -> None:
    """It may stay while nobody waits; then it gets TooBusy, and those that wait their turn."""
    with ExitStack() as slow:
        answers = [slow.enter_context(asking(ENDLESS_ROWS, result_bytes=10**12)) for _ in range(3)]
        time.sleep(1.2)
        # All three hold a worker, the last one in the short lane.
        pieces = iter(answers[2])
        assert next(pieces)
        assert whole(asking(COUNT)) == b"?n\n2000\n"
        with pytest.raises(TooBusy, match="2 long queries are running"):
            deque(pieces, maxlen=0)
        # The others are as they were.
        assert next(iter(answers[0]))


def test_a_long_query_is_held_back_and_its_worker_is_not(asking: Asking) -> None:
    """The thread that evaluates it is nice; the next query of the same worker has another thread, which is not.

    That needs no privilege, which setting a nice value back would.
    """
    held: set[tuple[int, int]] = set()
    with asking(f"{ENDLESS_ROWS} LIMIT 200000") as answer:
        for _ in answer:
            for pid in asking.pool.pids():
                held |= {(pid, thread) for thread, nice in niceness(pid).items() if nice >= 10}
    assert held
    assert all(worker != thread for worker, thread in held)
    assert eventually(lambda: all(thread not in niceness(worker) for worker, thread in held))
    assert whole(asking(COUNT)) == b"?n\n2000\n"
    assert any(set(niceness(worker).values()) == {0} for worker, _ in held)


def test_the_deadline_is_kept(asking: Asking) -> None:
    """To half a second, for long queries and others."""
    asking.start("ASK {}")
    asking.join()
    for seconds in (0.05, 0.3, 1.5):
        started = time.monotonic()
        with pytest.raises(QueryTimeout):
            asking(ENDLESS, seconds=seconds)
        assert seconds <= time.monotonic() - started < seconds + 0.5


@pytest.mark.parametrize("solutions", [JSON, XML, CSV, TSV])
def test_an_answer_has_at_most_the_rows_it_may_have(asking: Asking, solutions: Format) -> None:
    """Exactly as many pass; one more is an error that says so, and harms no worker."""
    text = "SELECT * { ?s ?p ?o }"
    answer = whole(asking(text, (solutions, NTRIPLES), result_rows=2000))
    assert answer == whole(asking(text, (solutions, NTRIPLES)))
    workers = asking.pool.pids()
    with pytest.raises(ResultTooLarge, match="1,999 rows"):
        whole(asking(text, (solutions, NTRIPLES), result_rows=1999))
    # It is still there, whether or not others were started.
    assert set(workers) <= set(asking.pool.pids())


@pytest.mark.parametrize("graph", [NTRIPLES, TURTLE])
def test_a_graph_has_at_most_the_triples_it_may_have(asking: Asking, graph: Format) -> None:
    """The same for CONSTRUCT and DESCRIBE."""
    text = "CONSTRUCT WHERE { ?s ?p ?o }"
    answer = whole(asking(text, (TSV, graph), result_rows=2000))
    assert answer == whole(asking(text, (TSV, graph)))
    with pytest.raises(ResultTooLarge, match="1,999 triples"):
        whole(asking(text, (TSV, graph), result_rows=1999))
