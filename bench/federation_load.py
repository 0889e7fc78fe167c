"""Many federated queries at once, and what they do to this node's own endpoint.

    python -m bench.federation_load [--triples 500000] [--members 4] [--clients 64] [--rounds 2] [--floods 0]
                                    [--seconds 10] [--folder DIR]

Members and data are those of ``bench.federation``, with a coordinator that has data of its own: that of the first
member. Small queries go to its ``/sparql`` at a steady rate, from a process of their own (``bench.small_queries``):

- *alone*, for ``--seconds``;
- *members busy*, as long: ``--busy`` clients ask the members the queries of fedbench directly, so that the processors
  are as busy, but not with federation;
- *beside* ``--clients`` clients, each with an address of its own, who ask ``--rounds`` queries of fedbench each at
  ``/federation/sparql``, all at once, and after a refusal wait as ``Retry-After`` says and ask again. ``--floods`` more
  clients ask for cross products, without pause.

Every answer is compared with that of the merged store, after the last one.

Prints latencies of ``/sparql`` and their ratios, processor seconds a second of the coordinator with its workers, of the
members with the proxy before them, and of these clients; how long the federated queries took from first request to last
byte, how often they were told to come again, and how many answers each client got. Exits with 1 when an answer is
wrong, a query is neither answered nor refused with 503 or 429 and ``Retry-After``, a flood ends with anything but a
limit, or a small query fails.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import urllib3

from bench.federation import Memory
from bench.federation_members import FEDBENCH, Data, Network, Ports, fedbench, generated, network, process
from bench.federation_peers import Peer
from bench.mixed_clients import percentiles
from bench.small_queries import Small, beside
from node.assembly import build
from node.cli.output import table
from node.model.access import Tier
from node.store.quads import Change, GraphContent

_FLOODS = (
    "SELECT * WHERE { ?s ?p ?o . ?x ?y ?z }",
    "SELECT (COUNT(*) AS ?n) WHERE { ?s a ?c . ?t a ?d . ?u a ?e }",
    "SELECT * WHERE { ?s ?p ?o OPTIONAL { ?o ?q ?r } } ORDER BY ?r ?s",
)
#: The problems that a flood may end with.
_LIMITS = {"query-timeout", "query-memory", "result-too-large", "limit", "too-busy", "too-many-queries"}
_COME_AGAIN = (429, 503)
_JSON = "application/sparql-results+json"


@dataclass
class Notes:
    """What the clients of the federation saw."""

    replies: list[tuple[str, int, bytes]] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=dict)
    of_client: Counter[int] = field(default_factory=Counter)
    refused: int = 0
    floods: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--triples", type=int, default=500_000)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--floods", type=int, default=0)
    parser.add_argument("--busy", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--folder", type=Path, help="keep data and stores here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        data = generated(arguments.folder or Path(temporary), arguments.triples, arguments.members)
        ports, log = Ports(), Path(temporary) / "log"
        net = stack.enter_context(network(data, "native", latency_ms=0, ports=ports, log=log))
        coordinator = stack.enter_context(_coordinator(data, net, Path(temporary), ports, log))
        texts = {p.stem: p.read_text(encoding="utf-8") for p in sorted((FEDBENCH / "queries").glob("*.rq"))}
        right = {name: _rows(net.merged, text) for name, text in texts.items()}
        notes = Notes()
        jobs = list(itertools.islice(itertools.cycle(texts), arguments.clients * arguments.rounds))
        random.Random(1).shuffle(jobs)
        groups = {"coordinator": [coordinator.group], "members": list(net.groups), "clients": [os.getpgrp()]}
        phases = {
            "alone": lambda: time.sleep(arguments.seconds),
            "members busy": lambda: _busy(net, list(texts.values()), arguments.busy, arguments.seconds),
            "beside": lambda: _federated(coordinator, texts, jobs, arguments.clients, arguments.floods, notes),
        }
        memory = Memory(coordinator.group)
        seen = {name: _phase(work, coordinator, groups) for name, work in phases.items()}
        memory.end()
        _judge(notes, right)
        _print(seen, notes)
        print(f"the coordinator and its workers: at most {memory.most / 1e6:,.0f} MB")
    wrong = [*notes.wrong, *(wrong for phase in seen.values() for wrong in phase.small.wrong)]
    if wrong:
        print("\n".join(sorted(set(wrong))[:20]))
        sys.exit(1)


@dataclass(frozen=True)
class _Phase:
    """What was seen while something went on: ``used`` are processor seconds by whose they are."""

    small: Small
    seconds: float
    used: dict[str, float]


def _phase(work: Callable[[], None], coordinator: Peer, groups: dict[str, list[int]]) -> _Phase:
    before, started = _used(groups), time.monotonic()
    small = beside(f"{coordinator.endpoint}sparql", work)
    after = _used(groups)
    return _Phase(small, time.monotonic() - started, {name: after[name] - before[name] for name in groups})


def _used(groups: dict[str, list[int]]) -> dict[str, float]:
    """Processor seconds of process groups until now, of those of their processes that have ended too."""
    found = dict.fromkeys(groups, 0.0)
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if not folder.name.isdigit():
                continue
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            for name, its in groups.items():
                if int(fields[2]) in its:
                    found[name] += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return found


def _busy(net: Network, texts: list[str], clients: int, seconds: float) -> None:
    """Ask the members themselves, for so long."""
    until = time.monotonic() + seconds

    def client(number: int) -> None:
        pool, asked = _client(200 + number), itertools.count(number)
        endpoints = list(net.members.values())
        while time.monotonic() < until:
            at = next(asked)
            _ask(pool, endpoints[at % len(endpoints)], texts[(at * 7) % len(texts)])

    _together([partial(client, number) for number in range(clients)])


def _together(clients: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=client) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _judge(notes: Notes, right: dict[str, list[object]]) -> None:
    check = fedbench("check")
    for name, status, body in notes.replies:
        verdict = check.verdict(right[name], check.parse(body, "json")) if status == 200 else "failed"
        if verdict != "ok":
            notes.wrong.append(f"{name}: {verdict} {status} {body[:300]!r}")


@contextmanager
def _coordinator(data: Data, net: Network, folder: Path, ports: Ports, log: Path) -> Iterator[Peer]:
    """A node that holds what the first member holds too, with the members in its ``node.toml``."""
    port = ports.take()
    place, base = folder / "coordinator", f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "node"]
    subprocess.run([*command, "init", str(place), "--base-iri", base], check=True, capture_output=True)
    node = build(place)
    try:
        first = (data.folder / f"{data.members[0]}.nt").read_text(encoding="utf-8")
        # What is blank there is not the same here.
        own = "".join(line for line in first.splitlines(keepends=True) if "_:" not in line)
        node.store.apply(Change(put=(GraphContent(f"{base}graph/all", Tier.PUBLIC, own.encode()),)))
    finally:
        node.close()
    with (place / "node.toml").open("a", encoding="utf-8") as config:
        for name, endpoint in net.members.items():
            config.write(f'\n[[members]]\nname = "{name}"\nendpoint = "{endpoint}"\nversion = "bench"\n')
    served = [*command, "serve", "--node", str(place), "--port", str(port)]
    with process(served, log, port=port) as group:
        yield Peer(base, group)


def _client(number: int) -> urllib3.PoolManager:
    """A client with an address of its own: a node lets one client have no more than its share."""
    address = f"127.0.{1 + number // 250}.{1 + number % 250}"
    return urllib3.PoolManager(timeout=urllib3.Timeout(total=300), retries=False, source_address=(address, 0))


def _ask(pool: urllib3.PoolManager, endpoint: str, text: str) -> urllib3.BaseHTTPResponse:
    headers = {"Content-Type": "application/sparql-query", "Accept": _JSON}
    return pool.request("POST", endpoint, body=text.encode(), headers=headers)


def _rows(endpoint: str, text: str) -> list[object]:
    rows: list[object] = fedbench("check").parse(_ask(_client(0), endpoint, text).data, "json")
    return rows


def _federated(
    coordinator: Peer,
    texts: dict[str, str],
    jobs: list[str],
    clients: int,
    floods: int,
    notes: Notes,
) -> None:
    """All jobs, by so many clients."""
    lock, waiting, ended = threading.Lock(), list(jobs), threading.Event()

    def client(number: int) -> None:
        pool = _client(1 + number)
        while True:
            with lock:
                if not waiting:
                    return
                name = waiting.pop()
            started = time.monotonic()
            while (reply := _ask(pool, f"{coordinator.endpoint}federation/sparql", texts[name])).status in _COME_AGAIN:
                if "Retry-After" not in reply.headers:
                    notes.wrong.append(f"{name}: {reply.status} without Retry-After")
                with lock:
                    notes.refused += 1
                time.sleep(float(reply.headers.get("Retry-After", "1")))
            took = time.monotonic() - started
            with lock:
                notes.took.setdefault(name, []).append(took)
                notes.of_client[number] += 1
                notes.replies.append((name, reply.status, reply.data))

    def flood(number: int) -> None:
        pool = _client(500 + number)
        while not ended.is_set():
            reply = _ask(pool, f"{coordinator.endpoint}federation/sparql", _FLOODS[number % len(_FLOODS)])
            slug = _problem(reply)
            notes.floods[slug] += 1
            if slug not in _LIMITS:
                notes.wrong.append(f"a flood ended with {slug}")
            ended.wait(float(reply.headers.get("Retry-After", "0")))

    flooding = [threading.Thread(target=flood, args=(number,)) for number in range(floods)]
    for thread in flooding:
        thread.start()
    _together([partial(client, number) for number in range(clients)])
    ended.set()
    for thread in flooding:
        thread.join()


def _problem(reply: urllib3.BaseHTTPResponse) -> str:
    try:
        return str(json.loads(reply.data)["type"]).rsplit("/", 1)[-1].rsplit("#", 1)[-1]
    except (ValueError, KeyError, TypeError):
        return f"{reply.status}"


def _print(seen: dict[str, _Phase], notes: Notes) -> None:
    least = list(percentiles(seen["alone"].small.seconds))
    rows = []
    for name, phase in seen.items():
        values = list(percentiles(phase.small.seconds))
        shown = [f"{value * 1000:.1f} ({value / first:.1f})" for value, first in zip(values, least, strict=True)]
        shown += [f"{seconds / phase.seconds:.2f}" for seconds in phase.used.values()]
        rows.append([name, str(len(phase.small.seconds)), *shown])
    head = ["/sparql, ms (ratio)", "queries", "median", "99 %", "most"]
    print(table([*head, *(f"{name}, processor" for name in seen["alone"].used)], rows))
    used, asked = seen["beside"].used["coordinator"], sum(map(len, notes.took.values()))
    print(f"{used / asked * 1000:.0f} ms of processor time of the coordinator a federated query, /sparql included")
    every = [took for of_one in notes.took.values() for took in of_one]
    print(
        f"{len(every)} federated queries in {seen['beside'].seconds:.1f} s: median {statistics.median(every):.2f} s, "
        f"most {max(every):.2f} s; {notes.refused} times told to come again"
    )
    print(
        table(
            ["query", "median s", "most s"],
            [
                [name, f"{statistics.median(of_one):.2f}", f"{max(of_one):.2f}"]
                for name, of_one in sorted(notes.took.items())
            ],
        )
    )
    counts = sorted(notes.of_client.values())
    print(f"answers a client: {counts[0]} to {counts[-1]}")
    if notes.floods:
        print("floods ended with: " + ", ".join(f"{slug} {n}" for slug, n in notes.floods.most_common()))


if __name__ == "__main__":
    main()
