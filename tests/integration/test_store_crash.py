"""A writer killed with SIGKILL at any instant leaves the old or the new generation, whole, and a store that works."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import NTRIPLES, TSV
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget, Change, GraphContent

IDENTIFIERS = Identifiers("http://node.example/")
A, B, C = (IDENTIFIERS.graph(name) for name in "abc")
BUDGET = Budget(seconds=20, memory_bytes=1_000_000_000, result_bytes=100_000_000)
ROWS = 300

# Starts writers by forking, so that a round takes as long as its changes and not as long as starting Python. A writer
# makes one version after the other; what it has finished, it says.
WRITERS = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_store_crash import open_store, version
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.write(1, b"writer %d\\n" % os.getpid())
        store = open_store(Path(sys.argv[1]))
        number = int(store.file("version") or b"0")
        while True:
            number += 1
            store.apply(version(number))
            os.write(1, b"%d\\n" % number)
    os.waitpid(pid, 0)
    os.write(1, b"ended\\n")
"""


def open_store(data: Path) -> OxigraphStore:
    return OxigraphStore(data, identifiers=IDENTIFIERS, workers=1, queue_seconds=5)


def triples(number: int, name: str) -> list[str]:
    """What the graph of this name holds in this version: mostly as before, every fifth time all new, so that the
    store is changed both in place and afresh."""
    new = "new" if number % 5 == 0 else ""
    kept = [f'<http://x/{name}{new}{row}> <http://x/p> "{row}" .' for row in range(ROWS)]
    return [f'<http://x/{name}> <http://x/version> "{number}" .', *kept[number % 7 :]]


def version(number: int) -> Change:
    """A change of two public graphs and a controlled one, and of a file; sometimes a graph goes."""
    return Change(
        put=tuple(
            GraphContent(graph, tier, "\n".join(triples(number, name)).encode())
            for graph, tier, name in contents(number)
        ),
        remove=() if number % 3 else (C,),
        files={"version": str(number).encode(), "other": os.urandom(2_000)},
    )


def contents(number: int) -> list[tuple[str, Tier, str]]:
    graphs = [(A, Tier.PUBLIC, "a"), (B, Tier.CONTROLLED, "b")]
    return [*graphs, (C, Tier.PUBLIC, "a")] if number % 3 else graphs


class Watch:
    """One data folder, its writers and a reader that stays open through all of it, as a server would."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.store = open_store(data)
        command = [sys.executable, "-c", WRITERS, str(data), str(Path(__file__).parent)]
        self.writers = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.least = 0

    def close(self) -> None:
        self.store.close()
        self.writers.communicate()

    def kill_when(self, moment: Callable[[], bool]) -> None:
        """Start a writer, kill it as soon as ``moment`` says so, and check what it left."""
        assert self.writers.stdin is not None
        assert self.writers.stdout is not None
        self.writers.stdin.write("go\n")
        self.writers.stdin.flush()
        word, pid = self.writers.stdout.readline().split()
        assert word == "writer"
        give_up = time.monotonic() + 3
        while time.monotonic() < give_up:
            # a folder that is looked into may be renamed or removed at that very moment
            with contextlib.suppress(FileNotFoundError):
                if moment():
                    break
        os.kill(int(pid), signal.SIGKILL)
        while (line := self.writers.stdout.readline().strip()) != "ended":
            self.least = int(line)
        self.check()

    def check(self) -> int:
        """Everything there is belongs to one version, which is none older than the last one finished."""
        number = int(self.store.file("version") or b"0")
        assert number in (self.least, self.least + 1)
        assert self.store.generation().number == number
        if number == 0:
            return 0
        held: dict[Tier, set[str]] = {Tier.PUBLIC: set(), Tier.CONTROLLED: set()}
        for graph, tier, name in contents(number):
            assert self.ask(GraphScope((graph,))) == sorted(triples(number, name))
            held[tier].update(triples(number, name))
        for tier, expected in held.items():
            assert self.ask(GraphScope((IDENTIFIERS.tier_graph(tier),))) == sorted(expected)
        assert json.loads(self.store.file("summary.json") or b"")["triples"] == len(held[Tier.PUBLIC])
        assert set(self.store.graphs(tuple(Tier))) == {graph for graph, *_ in contents(number)}
        self.least = number
        return number

    def ask(self, scope: GraphScope) -> list[str]:
        text = "CONSTRUCT WHERE { ?s ?p ?o }"
        with self.store.query(text, scope=scope, formats=(TSV, NTRIPLES), budget=BUDGET) as answer:
            return sorted(b"".join(answer).decode().splitlines())

    def check_it_can_be_written(self) -> None:
        """The next change works and removes whatever the killed ones left."""
        number = self.least + 1
        self.store.apply(version(number))
        self.least = number
        self.check()
        there = {entry.name for entry in (self.data / "generations").iterdir()}
        wanted = {"CURRENT", *(f"{n}{end}" for n in (number - 1, number) if n for end in ("", ".lease"))}
        # The reader may still have had an older one open when its turn to be removed came.
        assert there >= wanted
        assert all(name.removesuffix(".lease").isdigit() for name in there - {"CURRENT"})

    def timed(self, rng: random.Random, longest: float) -> Callable[[], bool]:
        at = time.monotonic() + rng.uniform(0, longest)
        return lambda: time.monotonic() >= at

    def seen(self, pattern: str) -> Callable[[], bool]:
        """Whether there is a path like this in the generations folder that was not there at the start."""
        folder = self.data / "generations"
        before = set(folder.glob(pattern))
        return lambda: any(path not in before for path in folder.glob(pattern))


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    made = Watch(tmp_path / "data")
    yield made
    made.close()


def measured(watch: Watch) -> float:
    """How long a change takes here and now, in seconds."""
    started = time.monotonic()
    for _ in range(3):
        watch.check_it_can_be_written()
    return (time.monotonic() - started) / 3


def run(watch: Watch, kills: int) -> None:
    rng = random.Random(20)
    watch.kill_when(watch.timed(rng, 0.05))
    longest = 2.5 * measured(watch)
    for kill in range(kills):
        watch.kill_when(watch.timed(rng, longest))
        if kill % 4 == 0:
            watch.check_it_can_be_written()
    watch.check_it_can_be_written()


#: What a writer makes or removes, in order; "*[!g]" is a finished generation, neither building nor removing.
MOMENTS = (
    "*.building",
    "*.building/quads/CURRENT",
    "*.building/quads/LOCK",
    "*.building/afresh",
    "*.building/files/other",
    "*.building/files/*.new",
    "CURRENT.new",
    "*.lease",
    "*[!g]/files",
    "*.removing",
)


def test_a_few_kills_leave_the_store_whole(watch: Watch) -> None:
    """Some instants, for every run of the tests; the next test takes many."""
    run(watch, kills=3)
    for pattern in ("*.building/quads/LOCK", "*[!g]/files"):
        watch.kill_when(watch.seen(pattern))
    watch.check_it_can_be_written()


@pytest.mark.slow
def test_many_kills_leave_the_store_whole(watch: Watch) -> None:
    """Random instants over the whole duration of a change, and instants just after something appeared on the disk."""
    run(watch, kills=100)
    for _ in range(3):
        for pattern in MOMENTS:
            watch.kill_when(watch.seen(pattern))
        watch.check_it_can_be_written()


def test_two_processes_that_change_at_once_take_turns(tmp_path: Path) -> None:
    """Both get all their changes in, one after the other."""
    program = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_store_crash import open_store
from node.model.access import Tier
from node.store.quads import Change, GraphContent
store = open_store(Path(sys.argv[1]))
for number in range(8):
    graph, name = f"http://x/{sys.argv[3]}/{number}", f"{sys.argv[3]}{number}"
    line = f"<{graph}> <http://x/p> <http://x/o> ."
    store.apply(Change(put=(GraphContent(graph, Tier.PUBLIC, line.encode()),), files={name: b""}))
"""
    command = [sys.executable, "-c", program, str(tmp_path / "data"), str(Path(__file__).parent)]
    both = [subprocess.Popen([*command, name]) for name in ("one", "two")]
    assert [process.wait(60) for process in both] == [0, 0]
    store = open_store(tmp_path / "data")
    assert store.generation().number == 16
    assert len(store.graphs((Tier.PUBLIC,))) == 16
    assert all(store.file(f"{name}{number}") == b"" for name in ("one", "two") for number in range(8))
    store.close()
