"""An update whose process, or whose node, is killed at any instant leaves the old or the new generation, whole."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.errors import StoreError
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import NTRIPLES, TSV
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget, Update

IDENTIFIERS = Identifiers("http://node.example/")
BUDGET = Budget(seconds=20, memory_bytes=1_000_000_000, result_bytes=100_000_000)
GRAPHS = ("http://x/g1", "http://x/g2")
ROWS = 300

# A node that makes one version after the other by updates, in the folder that it is given; it says what it has done.
WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_update_crash import open_store, to_version
store = open_store(Path(sys.argv[1]))
print("started", flush=True)
number = store.generation().number
while True:
    number += 1
    to_version(store, number)
    print(number, flush=True)
"""


def open_store(data: Path) -> OxigraphStore:
    return OxigraphStore(data, identifiers=IDENTIFIERS, workers=1, queue_seconds=5)


def to_version(store: OxigraphStore, number: int) -> None:
    """From any version to this one: three operations that a mixture would show."""
    rows = " ".join(f"<http://x/{row}> <http://x/p> {number * 1000 + row} ." for row in range(number % 7, ROWS))
    text = f"""
        CLEAR SILENT GRAPH <http://x/g1> ;
        INSERT DATA {{ GRAPH <http://x/g1> {{ {rows} }} }} ;
        DELETE WHERE {{ GRAPH <http://x/g2> {{ ?s ?p ?o }} }} ;
        INSERT {{ GRAPH <http://x/g2> {{ ?s ?p ?o }} }} WHERE {{ GRAPH <http://x/g1> {{ ?s ?p ?o }} }}
    """
    store.update(
        Update(text, IDENTIFIERS.base, IDENTIFIERS.default_graph, IDENTIFIERS.skolem("")),
        BUDGET,
    )


def check(store: OxigraphStore) -> int:
    """Everything there is belongs to the version that has the generation's number."""
    number = store.generation().number
    if number == 0:
        return 0
    integer = "^^<http://www.w3.org/2001/XMLSchema#integer>"
    expected = sorted(f'<http://x/{r}> <http://x/p> "{number * 1000 + r}"{integer} .' for r in range(number % 7, ROWS))
    for graph in (*GRAPHS, IDENTIFIERS.tier_graph(Tier.PUBLIC)):
        with store.query(
            "CONSTRUCT WHERE { ?s ?p ?o }", scope=GraphScope((graph,)), formats=(TSV, NTRIPLES), budget=BUDGET
        ) as answer:
            assert sorted(b"".join(answer).decode().splitlines()) == expected
    for graph in GRAPHS:
        state = store.graph(graph)
        assert state is not None
        assert state.triples == len(expected)
    assert json.loads(store.file("summary.json") or b"")["predicates"] == {"http://x/p": len(expected)}
    return number


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OxigraphStore]:
    opened = open_store(tmp_path / "data")
    to_version(opened, 1)
    yield opened
    opened.close()


def kill_the_node(data: Path, after: float, store: OxigraphStore) -> None:
    """Start a node that updates, kill it (and nothing else), and check what it left."""
    command = [sys.executable, "-c", WRITER, str(data), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(after)
        updaters = children(process.pid)
        process.kill()
        done = [int(line) for line in process.stdout if line.strip()]
    assert check(store) in {n for last in done[-1:] for n in (last, last + 1)} or not done
    # Its update ends with it, and the lock is free at once.
    started = time.monotonic()
    to_version(store, store.generation().number + 1)
    check(store)
    assert time.monotonic() - started < BUDGET.seconds
    assert not [pid for pid in updaters if "node.store.updater" in command_of(pid)]
    there = {entry.name for entry in (data / "generations").iterdir()}
    assert not [name for name in there if name.endswith(".building")]


def command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def kill_the_update(store: OxigraphStore, after: float) -> None:
    """Kill the process of an update: its caller is told, and nothing has happened."""
    command = [sys.executable, "-c", KILLER, str(os.getpid()), str(after)]
    before = check(store)
    with subprocess.Popen(command) as killer:
        try:
            to_version(store, before + 1)
        except StoreError:
            assert check(store) == before
        else:
            assert check(store) == before + 1
        killer.kill()


# Kills the first process of an update that it finds below the process it is told, after a while.
KILLER = """
import os, signal, sys, time
from pathlib import Path
parent = int(sys.argv[1])
while True:
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            if "node.store.updater" in Path(f"/proc/{pid}/cmdline").read_text():
                time.sleep(float(sys.argv[2]))
                os.kill(int(pid), signal.SIGKILL)
                sys.exit()
        except OSError:
            pass
"""


def run(store: OxigraphStore, data: Path, kills: int) -> None:
    rng = random.Random(9)
    started = time.monotonic()
    to_version(store, store.generation().number + 1)
    longest = 1.5 * (time.monotonic() - started)
    for _ in range(kills):
        kill_the_update(store, rng.uniform(0, longest))
        kill_the_node(data, rng.uniform(0, 2 * longest), store)


def test_a_few_kills_leave_the_store_whole(store: OxigraphStore, tmp_path: Path) -> None:
    """Some instants, for every run of the tests; the next test takes many."""
    run(store, tmp_path / "data", kills=1)


@pytest.mark.slow
def test_many_kills_leave_the_store_whole(store: OxigraphStore, tmp_path: Path) -> None:
    """Random instants over the whole duration of an update, of the node and of the update's own process."""
    run(store, tmp_path / "data", kills=20)
