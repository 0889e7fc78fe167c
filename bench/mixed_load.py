"""Small queries beside runaway queries, and a node under mixed load with faults.

    python -m bench.mixed_load [--minutes 10] [--seconds 30] [--deadline 10] [--runaways 8]

Publishes the data of ``bench.endpoint`` in a new node and serves it. Then, with small queries at a steady rate from a
process of their own, every answer compared with the right one and no text asked twice:

1. nothing else for ``--seconds``;
2. ``--runaways`` queries that never end beside them (cross products, endless paths, huge sorts), for six deadlines;
3. for ``--minutes``, fewer of those, and queries of some 100 ms, clients that stop reading, drip their requests or
   leave in the middle, and a worker killed every second.

Prints what was measured, and exits with 1 when a demand is not met: the 99th percentile of small queries in 2 at most 3
times that in 1; every runaway over half a second after its deadline; no worker above the memory limit; not one wrong or
short answer; no process, file or connection left at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import multiprocessing.connection
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from pyoxigraph import NamedNode, QueryResultsFormat, QueryTriples, Store
from urllib3 import Retry

from bench import endpoint_data
from bench.mixed_clients import (
    Notes,
    Target,
    digest,
    large,
    leaver,
    percentiles,
    runaway,
    slow_reader,
    slow_writer,
    small,
    together,
)
from node.cli.output import table
from tests.integration.running_node import POOL, onconode

_SMALL_CLIENTS = 4
_SMALL_INTERVAL = 0.04
_QUESTIONS = 300
_STREAMED_ROWS = 150_000
_MEMORY_BYTES = 1_000_000_000
#: What a worker holds before its first query, and what the database maps, with room.
_WORKER_BYTES = 250_000_000
_PAGE = resource.getpagesize()


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--deadline", type=float, default=10.0)
    parser.add_argument("--runaways", type=int, default=8)
    arguments = parser.parse_args()
    os.environ["ONCONODE_LIMITS_QUERY_SECONDS"] = str(arguments.deadline)
    os.environ["ONCONODE_LIMITS_QUERY_MEMORY_BYTES"] = str(_MEMORY_BYTES)
    # All clients have one address here.
    os.environ["ONCONODE_LIMITS_CLIENT_QUERIES"] = "64"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "node"
        made = onconode("init", str(folder), "--base-iri", endpoint_data.BASE)
        assert made.returncode == 0, made.stderr
        endpoint_data.publish(folder)
        questions, longer = _questions(folder / "data")
        with _serving(folder, Path(temporary) / "log") as (pid, address):
            parts = urlsplit(address)
            assert parts.hostname is not None
            assert parts.port is not None
            broken = _measure(Target(parts.hostname, parts.port, 0, questions), longer, _server(pid), arguments)
    print("\n".join(f"NOT MET: {what}" for what in broken) or "All demands are met.")
    sys.exit(1 if broken else 0)


@contextmanager
def _serving(folder: Path, log: Path) -> Iterator[tuple[int, str]]:
    """The node in ``folder``, served: process id and address. What it logs about the faults is its own affair."""
    with log.open("w", encoding="utf-8") as out:
        command = [sys.executable, "-m", "node", "serve", "--node", str(folder), "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=out, text=True)
    assert process.stdout is not None
    with process.stdout:
        try:
            address = process.stdout.readline().split()[2].rstrip(";")
            # The serving process comes after the announcement.
            POOL.request("GET", f"{address}health/ready", retries=Retry(20, backoff_factor=0.1))
            yield process.pid, address
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _questions(data: Path) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Small and larger queries with what their right answers are."""
    number = (data / "generations" / "CURRENT").read_text(encoding="utf-8").strip()
    store = Store.read_only(str(data / "generations" / number / "quads"))
    public = NamedNode(f"{endpoint_data.BASE}tier/public")

    def answered(text: str) -> tuple[str, str]:
        found = store.query(text, default_graph=public)
        assert not isinstance(found, QueryTriples)
        body = found.serialize(format=QueryResultsFormat.JSON)
        assert body is not None
        return text, digest(body)

    return (
        tuple(answered(text) for text in islice(endpoint_data.small_queries(7), _QUESTIONS)),
        tuple(answered(text) for text in islice(endpoint_data.large_queries(7), len(endpoint_data.LARGE))),
    )


def _measure(
    target: Target, longer: tuple[tuple[str, str], ...], server: int, arguments: argparse.Namespace
) -> list[str]:
    broken: list[str] = []

    def demand(met: bool, what: str) -> None:
        if not met:
            broken.append(what)

    _phase(target, 3, runaways=0, deadline=arguments.deadline)
    time.sleep(1)
    before = _held(server)

    unloaded = _phase(target, arguments.seconds, runaways=0, deadline=arguments.deadline)
    with _watched(server) as peaks:
        loaded = _phase(target, 6 * arguments.deadline, runaways=arguments.runaways, deadline=arguments.deadline)
    phases = [("nothing else", unloaded), (f"{arguments.runaways} runaways", loaded)]
    if arguments.minutes:
        with _watched(server) as mixed_peaks, _killing(server) as killed:
            mixed = _phase(target, 60 * arguments.minutes, runaways=4, deadline=arguments.deadline, longer=longer)
        mixed.counts["worker killed"] = killed[0]
        peaks = [max(pair) for pair in zip(peaks, mixed_peaks, strict=True)]
        phases.append(("mixed, with faults", mixed))
    time.sleep(arguments.deadline + 5)
    after = _held(server)

    rows = []
    for name, notes in phases:
        rate = len(notes.milliseconds)
        rows.append([name, str(rate), *(f"{value:.1f}" for value in percentiles(notes.milliseconds))])
    print(table(["small queries beside", "answers", "median ms", "99 % ms", "longest ms"], rows))
    late = [took - arguments.deadline for _, notes in phases for took in notes.runaways]
    print(f"{len(late)} runaways; the last to end did so {max(late):+.2f} s after its deadline")
    print(f"largest worker: {peaks[0] / 1e6:,.0f} MB; most workers: {peaks[1]}")
    for name, notes in phases:
        print(f"{name}: " + "; ".join(f"{what}: {number}" for what, number in sorted(notes.counts.items())))
    print("held by the server before and after (workers; files but their pipes; connections):", before, after)

    ratio = list(percentiles(loaded.milliseconds))[1] / list(percentiles(unloaded.milliseconds))[1]
    demand(ratio <= 3, f"99 % of small queries beside runaways within 3 times of unloaded: {ratio:.1f}")
    demand(max(late) <= 0.5, f"runaways over by half a second after the deadline: {max(late):.2f} s")
    demand(peaks[0] <= _MEMORY_BYTES + _WORKER_BYTES, f"memory of a worker: {peaks[0]:,} bytes")
    for name, notes in phases:
        demand(not notes.wrong, f"right answers ({name}): {len(notes.wrong)} wrong, first {notes.wrong[:1]}")
    for _, notes in phases[:2]:
        others = {what for what in notes.counts if what.startswith("small") and what != "small: 200"}
        demand(not others, f"small queries all answered without faults: {notes.counts}")
    # Idle workers come and go; what belongs to them was left out of the count of files.
    demand(after[0] <= 12, f"workers at the end, no more than places: {after[0]}")
    demand(after[1] <= before[1] and after[2] <= before[2], f"nothing left over: {before} became {after}")
    return broken


def _phase(
    target: Target,
    seconds: float,
    *,
    runaways: int,
    deadline: float,
    longer: tuple[tuple[str, str], ...] = (),
) -> Notes:
    """Small queries from another process for ``seconds``, with the others from here; what all of them saw."""
    target = Target(target.host, target.port, time.monotonic() + seconds, target.questions)
    notes = Notes()
    clients: list[Callable[[], None]] = [
        partial(runaway, target, notes, number, deadline) for number in range(runaways)
    ]
    if longer:
        clients += [partial(large, target, notes, number, longer) for number in range(2)]
        clients += [partial(slow_reader, target, notes, number, _STREAMED_ROWS) for number in range(3)]
        clients += [partial(slow_writer, target, notes, number) for number in range(3)]
        clients += [partial(leaver, target, notes, number) for number in range(2)]
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    prober = context.Process(target=_probe, args=(target, sending, int(target.until)))
    prober.start()
    probed = Notes()

    def collect() -> None:
        nonlocal probed
        probed = receiving.recv()
        prober.join()

    together([*clients, collect])
    probed.runaways = notes.runaways
    probed.counts.update(notes.counts)
    probed.wrong += notes.wrong
    return probed


def _probe(target: Target, sending: multiprocessing.connection.Connection, seed: int) -> None:
    notes = Notes()
    together([partial(small, target, notes, seed + number, _SMALL_INTERVAL) for number in range(_SMALL_CLIENTS)])
    sending.send(notes)


def _server(pid: int) -> int:
    """The process that serves: the child of the one started that has a listening socket, not the resource tracker."""
    return max(_children(pid), key=lambda child: len(list(Path(f"/proc/{child}/task").iterdir())))


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]


def _workers(server: int) -> list[int]:
    found = []
    for child in _children(server):
        with contextlib.suppress(OSError):
            if b"node.store.forkserver" in Path(f"/proc/{child}/cmdline").read_bytes():
                found += _children(child)
    return found


def _held(server: int) -> tuple[int, int, int]:
    """Workers, open files that are not theirs (four each: three pipes and what they complain of), sockets."""
    workers = len(_workers(server))
    names = []
    for descriptor in Path(f"/proc/{server}/fd").iterdir():
        try:
            names.append(str(descriptor.readlink()))
        except OSError:
            continue
    sockets = sum(name.startswith("socket:") for name in names)
    return workers, len(names) - sockets - 4 * workers, sockets


@contextmanager
def _watched(server: int) -> Iterator[list[int]]:
    """Meanwhile, the workers are looked at: [bytes in memory of the largest, number of them], the most so far.

    Pages of files, which the database maps and all workers share, are not counted.
    """
    over, peaks = threading.Event(), [0, 0]

    def look() -> None:
        while not over.wait(0.2):
            workers = _workers(server)
            peaks[1] = max(peaks[1], len(workers))
            for worker in workers:
                with contextlib.suppress(OSError, IndexError):
                    _, resident, shared, *_ = Path(f"/proc/{worker}/statm").read_text(encoding="ascii").split()
                    peaks[0] = max(peaks[0], (int(resident) - int(shared)) * _PAGE)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()


@contextmanager
def _killing(server: int) -> Iterator[list[int]]:
    """Meanwhile, a random worker is killed every second; the number of them so far."""
    over, killed = threading.Event(), [0]

    def kill() -> None:
        while not over.wait(1):
            if workers := _workers(server):
                os.kill(random.choice(workers), signal.SIGKILL)
                killed[0] += 1

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
