"""Query workers: the limits hold, places and processes come back, nothing leaks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.errors import (
    DocumentSyntaxError,
    NodeError,
    QueryMemoryExceeded,
    QuerySyntaxError,
    QueryTimeout,
    ResultTooLarge,
    StoreError,
    TooBusy,
)
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES, TSV, TURTLE
from node.sparql.rows_text import Measure, NotMade, Recipe, RowsText
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget, Change, Generation, GraphContent
from node.store.refusals import GenerationGone
from node.store.scratch import ScratchEvaluator
from node.store.workers import Question, WorkerAnswer, WorkerPool

BUDGET = Budget(seconds=20, memory_bytes=500_000_000, result_bytes=50_000_000)
#: Places for long queries, where their number is not what a test is about.
LONG = 2
EMPTY = Generation(0, Path("none"))
#: About 10**9 solutions: never done within any test, needing next to no memory.
ENDLESS = f"SELECT (COUNT(*) AS ?n) {{ {' '.join(f'?a{i} ?b{i} ?c{i} .' for i in range(4))} }}"
#: The same, streamed.
ENDLESS_ROWS = ENDLESS.replace("(COUNT(*) AS ?n)", "?a0 ?a1 ?a2 ?a3")
#: Holds everything before the first row.
HUNGRY = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i"
LINES = [b'<http://x/s%d> <http://x/p> "%d" .\n' % (n, n) for n in range(2_000)]


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    store = OxigraphStore(
        tmp_path_factory.mktemp("data"), identifiers=Identifiers("http://node.example/"), workers=1, queue_seconds=1
    )
    content = GraphContent("http://node.example/graph/d", Tier.PUBLIC, b"".join(LINES))
    return store.apply(Change(put=(content,)))


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with_one_place = WorkerPool(1, long=0, queue_seconds=0.2)
    yield with_one_place
    with_one_place.close()
    assert with_one_place.pids() == ()


@pytest.fixture
def ask(pool: WorkerPool, generation: Generation) -> Callable[..., WorkerAnswer]:
    scope = GraphScope(("http://node.example/tier/public",))

    def question(text: str, **limits: Any) -> WorkerAnswer:
        return pool.ask(Question(text, (TSV, NTRIPLES), replace(BUDGET, **limits), generation, scope))

    return question


def whole(answer: WorkerAnswer) -> bytes:
    with answer:
        return b"".join(answer)


def works(ask: Callable[..., WorkerAnswer]) -> bool:
    return whole(ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")) == b"?n\n2000\n"


def children(of: int | str = "self") -> set[int]:
    """The processes that this one started, and those they did, that have not ended, or not been waited for."""
    found: set[int] = set()
    # Threads and processes end while one looks.
    with suppress(OSError):
        for task in Path(f"/proc/{of}/task").iterdir():
            with suppress(OSError):
                found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found.union(*(children(pid) for pid in found))


def eventually(true: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.02)
    return False


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_query_is_ended_at_its_deadline(ask: Callable[..., WorkerAnswer]) -> None:
    """The error comes within half a second of the deadline, and the next query gets a worker."""
    assert works(ask)
    started = time.monotonic()
    with pytest.raises(QueryTimeout, match=r"within 0\.5 s"):
        ask(ENDLESS, seconds=0.5)
    assert 0.5 <= time.monotonic() - started < 1.0
    assert works(ask)


def test_a_stream_is_ended_at_its_deadline(ask: Callable[..., WorkerAnswer]) -> None:
    """A query that has begun to answer gets no more time for that; what came is followed by the error."""
    assert works(ask)
    started = time.monotonic()
    with ask(ENDLESS_ROWS, seconds=1, result_bytes=10**12) as answer, pytest.raises(QueryTimeout):
        deque(answer, maxlen=0)
    assert 1.0 <= time.monotonic() - started < 1.5
    assert works(ask)


def test_a_reader_that_stops_reading_keeps_no_worker(ask: Callable[..., WorkerAnswer], pool: WorkerPool) -> None:
    """At the deadline the worker goes although nobody reads, its place is free at once, and the reader finds out."""
    assert works(ask)
    with ask(ENDLESS_ROWS, seconds=1, result_bytes=10**12) as stalled:
        pieces = iter(stalled)
        next(pieces)
        (pid,) = pool.pids()
        with pytest.raises(TooBusy):
            works(ask)
        time.sleep(1)
        assert works(ask)
        assert not running(pid)
        with pytest.raises(QueryTimeout):
            list(pieces)
    assert eventually(lambda: pid not in children())


def test_a_query_gets_the_memory_it_may_have_and_no_more(ask: Callable[..., WorkerAnswer]) -> None:
    """The kernel refuses more; the node goes on with another worker."""
    with pytest.raises(QueryMemoryExceeded, match="100 MB"):
        ask(HUNGRY, memory_bytes=100_000_000)
    assert works(ask)


def test_a_query_that_nests_too_deeply_harms_nothing(ask: Callable[..., WorkerAnswer]) -> None:
    """A stack that overflows takes one worker with it."""
    with pytest.raises(QueryMemoryExceeded, match="nests too deeply"):
        ask("SELECT * { FILTER(" + "(" * 200_000 + "1" + ")" * 200_000 + ") }")
    assert works(ask)


def test_an_answer_has_at_most_the_bytes_it_may_have(ask: Callable[..., WorkerAnswer], pool: WorkerPool) -> None:
    """A small answer over the limit is an error before any byte; a large one after at most the limit."""
    with pytest.raises(ResultTooLarge, match="1,000 bytes"):
        ask("SELECT * { ?s ?p ?o }", result_bytes=1_000)
    received: list[bytes] = []
    answer = ask("SELECT * { ?s ?p ?o . ?a ?b ?c }", result_bytes=1_000_000)
    with pytest.raises(ResultTooLarge, match="1,000,000 bytes"):
        received.extend(answer)
    assert 0 < sum(map(len, received)) <= 1_000_000
    assert works(ask)
    assert len(pool.pids()) == 1


def test_an_answer_of_exactly_the_limit_is_whole(ask: Callable[..., WorkerAnswer]) -> None:
    """The limit counts the bytes of the answer, not of anything around it."""
    answer = whole(ask("SELECT * { ?s ?p ?o }"))
    assert whole(ask("SELECT * { ?s ?p ?o }", result_bytes=len(answer))) == answer
    with pytest.raises(ResultTooLarge):
        whole(ask("SELECT * { ?s ?p ?o }", result_bytes=len(answer) - 1))


def test_a_worker_killed_from_outside_costs_one_query(ask: Callable[..., WorkerAnswer], pool: WorkerPool) -> None:
    """That query fails as the store's failure; the next has a new worker. A worker killed while idle costs none."""
    answer = ask(ENDLESS_ROWS, result_bytes=10**12)
    os.kill(pool.pids()[0], signal.SIGKILL)
    with pytest.raises(StoreError, match="signal 9"):
        list(answer)
    assert works(ask)
    os.kill(pool.pids()[0], signal.SIGKILL)
    time.sleep(0.1)
    assert works(ask)


@pytest.mark.slow
def test_an_idle_worker_that_dies_is_not_kept(ask: Callable[..., WorkerAnswer], pool: WorkerPool) -> None:
    """Its process and its pipes go soon, whether or not anybody asks again."""
    assert works(ask)
    (pid,) = pool.pids()
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: pid not in children() | set(pool.pids()), 15)


def test_an_answer_let_go_early_frees_its_place_at_once(ask: Callable[..., WorkerAnswer], pool: WorkerPool) -> None:
    """Whoever has read enough closes, or leaves the loop; the worker is not made to finish."""
    with ask(ENDLESS_ROWS, result_bytes=10**12) as answer:
        next(iter(answer))
    assert works(ask)
    pieces = iter(ask(ENDLESS_ROWS, result_bytes=10**12))
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert works(ask)


def test_a_small_answer_holds_no_worker(ask: Callable[..., WorkerAnswer]) -> None:
    """A reader may take its time over an answer that came whole."""
    with ask("SELECT * { ?s ?p ?o } LIMIT 500") as answer:
        assert works(ask)
        assert len(b"".join(answer).splitlines()) == 501
    with ask("ASK {}") as answer:
        answer.close()
        assert list(answer) == []


def test_errors_in_the_query_are_the_callers_and_keep_the_worker(
    ask: Callable[..., WorkerAnswer], pool: WorkerPool
) -> None:
    """Syntax errors say line and column."""
    works(ask)
    worker = pool.pids()
    with pytest.raises(QuerySyntaxError) as caught:
        ask("SELECT *\n{ ?s ?p }")
    assert caught.value.where is not None
    assert (caught.value.where.line, caught.value.where.column) == (2, 10)
    with pytest.raises(QuerySyntaxError, match="prefix x: is not declared"):
        ask("SELECT * { ?s x:p ?o }")
    with pytest.raises(QuerySyntaxError, match="surrogate"):
        ask("ASK { ?s ?p '\ud800' }")
    with pytest.raises(QuerySyntaxError):
        ask("")
    with pytest.raises(QuerySyntaxError):
        ask("INSERT DATA { <a:b> <a:c> <a:d> }")
    assert works(ask)
    assert pool.pids() == worker


def test_an_unknown_function_is_an_error_of_its_expression(ask: Callable[..., WorkerAnswer]) -> None:
    """SPARQL 1.1 Query, section 17.6: the variable stays unbound, the filter fails, the query goes on."""
    one, two = "<http://x.example/f>(1)", "<http://x.example/g>(?a)"
    with ask(f"SELECT ?a ?b {{ BIND({one} AS ?a) BIND({two} AS ?b) }}") as answer:
        assert b"".join(answer) == b"?a\t?b\n\t\n"
    with ask(f"SELECT (COUNT(*) AS ?n) {{ BIND(2 AS ?a) FILTER({two}) }}") as answer:
        assert b"".join(answer) == b"?n\n0\n"


def test_relative_iris_are_resolved_against_the_base(pool: WorkerPool, generation: Generation) -> None:
    """A query without BASE may name resources relative to the service (section 4.1.1.2)."""
    question = Question(
        "SELECT (<here> AS ?x) {}", (TSV, NTRIPLES), BUDGET, generation, GraphScope(()), base="http://n.example/"
    )
    with pool.ask(question) as answer:
        assert b"<http://n.example/here>" in b"".join(answer)


def test_a_generation_that_is_not_there_is_told_apart(pool: WorkerPool, tmp_path: Path) -> None:
    """The store then asks again with the generation that is current by now."""
    with pytest.raises(GenerationGone):
        pool.ask(Question("ASK {}", (TSV, NTRIPLES), BUDGET, Generation(3, tmp_path / "3"), GraphScope(())))


def test_two_hundred_queries_leave_nothing_behind(generation: Generation) -> None:
    """After queries of all kinds of ends and close(), the same processes, files and threads are there as before."""
    processes, files, threads = children(), open_files(), threading.active_count()
    pool = WorkerPool(2, long=LONG, queue_seconds=1)
    scope = GraphScope(("http://node.example/tier/public",))
    kinds = (["SELECT * { ?s ?p ?o } LIMIT 10"] * 32 + ["SELECT * { ?s ?p ?o }"] * 15 + ["SELECT nonsense"] * 2) * 4
    kinds += [ENDLESS, HUNGRY] * 2
    for number, text in enumerate(kinds):
        budget = replace(BUDGET, seconds=0.2, memory_bytes=50_000_000) if text in (ENDLESS, HUNGRY) else BUDGET
        try:
            with pool.ask(Question(text, (JSON, TURTLE), budget, generation, scope)) as answer:
                for _ in answer:
                    if number % 5 == 0:
                        break
        except NodeError:
            pass
    assert len(kinds) == 200
    assert len(pool.pids()) <= 2 + LONG
    pool.close()
    assert (children(), open_files(), threading.active_count()) == (processes, files, threads)


def test_many_threads_share_few_workers(generation: Generation) -> None:
    """All are answered, in turn; never more processes than places."""
    pool = WorkerPool(2, long=LONG, queue_seconds=30)
    scope = GraphScope(("http://node.example/tier/public",))
    answers: list[bytes] = []

    def some() -> None:
        for _ in range(10):
            question = Question("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", (TSV, NTRIPLES), BUDGET, generation, scope)
            answers.append(whole(pool.ask(question)))
            # None of them is long, but a slow machine may make one look so.
            assert len(pool.pids()) <= 2 + 2 + LONG

    threads = [threading.Thread(target=some) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"?n\n2000\n"] * 100
    pool.close()


def test_closing_ends_what_runs(generation: Generation) -> None:
    """A query under way fails as the store's failure, one that comes later too; closing twice is allowed."""
    pool = WorkerPool(1, long=LONG, queue_seconds=1)
    scope = GraphScope(("http://node.example/tier/public",))
    with pool.ask(Question(ENDLESS_ROWS, (TSV, NTRIPLES), BUDGET, generation, scope)) as answer:
        pool.close()
        with pytest.raises(StoreError):
            list(answer)
    with pytest.raises(StoreError, match="closed"):
        pool.ask(Question("ASK {}", (TSV, NTRIPLES), BUDGET, generation, scope))
    pool.close()
    assert pool.pids() == ()


ORPHAN = """
import os, sys
from pathlib import Path
from node.rdf.dataset import GraphScope
from node.rdf.formats import TSV, NTRIPLES
from node.store.quads import Budget, Generation
from node.store.workers import Question, WorkerPool
pool = WorkerPool(2, long=1, queue_seconds=1)
generation, scope = Generation(1, Path(sys.argv[1])), GraphScope(("http://node.example/tier/public",))
budget = Budget(seconds=1, memory_bytes=10**9, result_bytes=10**12)
held = pool.ask(Question(sys.argv[2], (TSV, NTRIPLES), budget, generation, scope))
pool.ask(Question("ASK {}", (TSV, NTRIPLES), budget, generation, scope))
print(*pool.pids(), flush=True)
os.kill(os.getpid(), 9)
"""


def running(pid: int) -> bool:
    """Whether there is such a process, not counting one that has ended and has nobody to wait for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def test_workers_do_not_outlive_their_node(generation: Generation) -> None:
    """Killed without a chance to tell them, the node takes its idle workers with it, and the busy ones soon."""
    run = subprocess.run(
        [sys.executable, "-c", ORPHAN, str(generation.folder), ENDLESS_ROWS],
        capture_output=True,
        text=True,
        check=False,
    )
    pids = [int(pid) for pid in run.stdout.split()]
    assert len(pids) >= 2
    for _ in range(100):
        if not any(running(pid) for pid in pids):
            return
        time.sleep(0.05)
    pytest.fail("a worker is still there")


def test_a_worker_says_nothing_when_interrupted(generation: Generation) -> None:
    """Ctrl-C goes to all of a terminal's foreground processes; workers are none of them."""
    pool = WorkerPool(1, long=LONG, queue_seconds=1)
    whole(pool.ask(Question("ASK {}", (TSV, NTRIPLES), BUDGET, EMPTY, GraphScope(()))))
    (pid,) = pool.pids()
    assert os.getpgid(pid) != os.getpgid(os.getpid())
    pool.close()


def test_what_is_drawn_by_lot_differs_between_workers(pool: WorkerPool) -> None:
    """They are copies of one process, made before it drew anything."""
    text = "SELECT (STRUUID() AS ?u) (RAND() AS ?r) (BNODE() AS ?b) {}"
    drawn: set[bytes] = set()
    for _ in range(3):
        drawn.update(whole(pool.ask(Question(text, (TSV, NTRIPLES), BUDGET, EMPTY, GraphScope(())))).split()[3:])
        os.kill(pool.pids()[0], signal.SIGKILL)
        time.sleep(0.1)
    assert len(drawn) == 9


def test_the_fork_server_may_be_killed(pool: WorkerPool) -> None:
    """The workers there are go on, and the next one that is needed comes from a new fork server."""
    question = Question("ASK {}", (TSV, NTRIPLES), BUDGET, EMPTY, GraphScope(()))
    assert b"true" in whole(pool.ask(question))
    (worker,) = pool.pids()
    (server,) = (pid for pid in children() if worker in children(pid))
    os.kill(server, signal.SIGKILL)
    assert eventually(lambda: not running(server))
    assert b"true" in whole(pool.ask(question))
    pids = pool.pids()
    os.kill(pids[0], signal.SIGKILL)
    assert eventually(lambda: not running(pids[0]))
    time.sleep(0.2)
    assert b"true" in whole(pool.ask(question))
    assert not set(pids) & set(pool.pids())


@pytest.fixture
def scratch() -> Iterator[ScratchEvaluator]:
    evaluator = ScratchEvaluator(1, long=LONG, queue_seconds=0.5)
    yield evaluator
    evaluator.close()


def test_scratch_evaluates_over_what_comes_with_the_query(scratch: ScratchEvaluator) -> None:
    """Triples are the default graph, quads the named graphs; pieces may be cut anywhere; nothing stays behind."""
    triples = [b"<a:s> <a:p> <a:", b"o> .\n<a:s> <a:p> <a:o> .\n", b"", b"<a:s> <a:p> <a:o2> ."]
    quads = [b"<a:t> <a:p> <a:o> <a:", b"g> ."]
    both = "SELECT ?s ?o ?g { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } } ORDER BY ?s ?o"
    for _ in range(2):
        answer = whole(scratch.evaluate(triples, quads, both, (TSV, NTRIPLES), BUDGET))
        assert answer == b"?s\t?o\t?g\n<a:s>\t<a:o>\t\n<a:s>\t<a:o2>\t\n<a:t>\t<a:o>\t<a:g>\n"
    assert whole(scratch.evaluate([], [], both, (TSV, NTRIPLES), BUDGET)) == b"?s\t?o\t?g\n"
    graph = whole(scratch.evaluate([b"".join(LINES)], [], "CONSTRUCT WHERE { ?s ?p ?o }", (TSV, NTRIPLES), BUDGET))
    assert sorted(graph.splitlines(keepends=True)) == sorted(LINES)


def test_a_large_worker_is_not_kept() -> None:
    """A query that leaves its worker large, within its limits, leaves the next one a new worker."""
    pool = WorkerPool(1, long=LONG, queue_seconds=1)
    large = b"".join(b'<http://x/s%d> <http://x/p%d> "%032d" .\n' % (n, n % 7, n) for n in range(150_000))
    seen: list[set[int]] = []
    for load in ([b""], [large], [b""]):
        question = Question("ASK { ?s ?p ?o }", (TSV, NTRIPLES), BUDGET, EMPTY, load=(load, ()))
        with pool.ask(question) as answer:
            seen.append(set(pool.pids()))
            assert b"".join(answer) == (b"true" if load[0] else b"false")
    first, _, third = seen
    assert len(first) == 1
    assert not first & third
    pool.close()


def test_scratch_refuses_what_is_no_rdf(scratch: ScratchEvaluator) -> None:
    """With the line; and the next evaluation works."""
    for triples, quads in (([b"<a:s> <a:p> .\n"], []), ([], [b"<a:s> <a:p> <a:o> <a:g> .\n<a:s> .\n"])):
        with pytest.raises(DocumentSyntaxError):
            scratch.evaluate(triples, quads, "ASK {}", (TSV, NTRIPLES), BUDGET)
    with pytest.raises(QuerySyntaxError):
        scratch.evaluate([b"".join(LINES)], [], "ASK", (TSV, NTRIPLES), BUDGET)
    assert whole(scratch.evaluate([], [], "ASK {}", (TSV, NTRIPLES), BUDGET)) == b"true"


def test_scratch_limits_hold_while_loading(scratch: ScratchEvaluator) -> None:
    """A flood of data meets the memory cap or the deadline, whichever is first, and no more than that is asked for."""
    taken = 0

    def flood() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"".join(b'<http://x/s%d> <http://x/p> "%d of %d" .\n' % (n, taken, n) for n in range(1_000))

    with pytest.raises(QueryMemoryExceeded):
        scratch.evaluate(flood(), [], "ASK {}", (TSV, NTRIPLES), replace(BUDGET, memory_bytes=50_000_000))
    assert taken < 1_000
    started = time.monotonic()
    with pytest.raises(QueryTimeout):
        scratch.evaluate(flood(), [], "ASK {}", (TSV, NTRIPLES), replace(BUDGET, seconds=0.5, memory_bytes=10**10))
    assert time.monotonic() - started < 1.5


RELATIONS = ((("s", "c"), False), (("s",), True))
ROWS = Recipe(RELATIONS, ("c",), (Measure(None, number=True),), 10, "SELECT * { VALUES (?c ?n) { ", " } }")


def test_scratch_joins_rows_and_asks_what_comes_of_them(scratch: ScratchEvaluator) -> None:
    """In the worker; an error there is heard of, and the next evaluation works."""
    kinds, numbers = b"<a:1>\t<c:x>\n<a:2>\t<c:y>\n<a:3>\t<c:x>\n", b'<a:1>\t"2"^^<i>\n<a:3>\t"3"^^<i>\n'
    text = RowsText(ROWS, ((kinds,), (numbers[:15], numbers[15:])))
    rows = whole(scratch.evaluate([], [], text, (TSV, NTRIPLES), BUDGET))
    assert rows == b"?c\t?n\n<c:x>\t5\n"
    assert whole(scratch.evaluate([], [], RowsText(ROWS, ((), ())), (TSV, NTRIPLES), BUDGET)) == b"?c\t?n\n"
    pairs = RowsText(replace(ROWS, relations=(RELATIONS[0], (("s", "d"), False)), most=1), ((kinds,), (kinds,)))
    with pytest.raises(NotMade, match="too many rows"):
        scratch.evaluate([], [], pairs, (TSV, NTRIPLES), BUDGET)
    summed = replace(ROWS, measures=(Measure("s", number=False, exact=True, often=True),))
    with pytest.raises(NotMade, match="sum"):
        scratch.evaluate([], [], replace(text, recipe=summed), (TSV, NTRIPLES), BUDGET)
    assert whole(scratch.evaluate([], [], "ASK {}", (TSV, NTRIPLES), BUDGET)) == b"true"


def test_rows_are_joined_within_the_memory_of_the_query(scratch: ScratchEvaluator) -> None:
    many = b"".join(b"<http://x/s%d>\t<http://x/c%d>\n" % (n, n) for n in range(400_000))
    text = RowsText(replace(ROWS, most=1_000_000), ((many,), (b'<http://x/s1>\t"1"^^<i>\n',)))
    with pytest.raises(QueryMemoryExceeded):
        scratch.evaluate([], [], text, (TSV, NTRIPLES), replace(BUDGET, memory_bytes=60_000_000))
    assert whole(scratch.evaluate([], [], text, (TSV, NTRIPLES), BUDGET)) == b"?c\t?n\n<http://x/c1>\t1\n"


def test_scratch_gives_the_callers_own_error_back(scratch: ScratchEvaluator) -> None:
    """When fetching fails in the middle, that is the error, and the place is free again."""

    def failing() -> Iterator[bytes]:
        yield LINES[0]
        raise TimeoutError("the member is gone")

    with pytest.raises(TimeoutError, match="the member is gone"):
        scratch.evaluate(failing(), [], "ASK {}", (TSV, NTRIPLES), BUDGET)
    assert whole(scratch.evaluate([], [], "ASK {}", (TSV, NTRIPLES), BUDGET)) == b"true"
