"""``/sparql`` beside the native Oxigraph server, over the same files: requests a second and milliseconds.

    python -m bench.endpoint [--seconds 4] [--rounds 3] [--connections 1 8 64] [--folder DIR]

Publishes made data (``bench.endpoint_data``, 1.8 million quads) in a new node, or takes the node that an earlier run
left in DIR. The node serves it, and ``oxigraph serve-read-only`` (PyPI ``oxigraph``) serves the folder with the quads
of the same generation, both on this machine. The node's default graph is its tier graph for the public; the native
server is told so in each request (``default-graph-uri``), so that both evaluate the same text over the same RDF
dataset; before anything is measured their answers are compared. Then they are asked in turn, the first of them changing
with each round, by a process of its own (``bench.load``): repeated small queries, small queries that nobody has asked
before, and queries of 100 ms and more, also never the same text twice. No compression, no conditional requests. Rates
count what was answered: of 64 such large queries at a time the node refuses what finds no place (``503``), as it
should, and the native server runs them all.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import multiprocessing
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.endpoint_data import BASE, large_queries, publish, request, small_queries
from bench.load import Load, fetch, load
from node.cli.output import table
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.store.generations import Generations
from tests.integration.running_node import running

_NATIVE = Path(sys.executable).with_name("oxigraph")
_REPEATED = 60
_NEW = 40_000
_LARGE = 400
_TARGETS = {"repeated": 2.0, "never seen": 0.8, "100 ms and more": 0.95}


@dataclass
class Measured:
    """What one server did with one kind of queries at one number of connections, over all rounds."""

    rates: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    refused: int = 0

    def add(self, found: Load) -> None:
        self.refused += found.failures
        self.rates.append(found.rate)
        self.took += found.took

    @property
    def rate(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rates)

    def milliseconds(self, part: float) -> float:
        """The quantile of the latencies of what was answered."""
        return sorted(self.took)[int((len(self.took) - 1) * part)] * 1000


def main() -> None:
    """Run the comparison and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--folder", type=Path, help="keep the node here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary) / "node"
        if not folder.exists():
            init = [sys.executable, "-m", "node", "init", str(folder), "--base-iri", BASE]
            subprocess.run(init, check=True, stdout=subprocess.DEVNULL)
            publish(folder)
        quads = Generations(folder / "data", writer_seconds=1).current().folder / "quads"
        serve = ["-m", "node", "serve", "--node", str(folder), "--port", "0"]
        with (
            running(serve, Path(temporary) / "node.log") as ours,
            native(quads, Path(temporary) / "native.log") as port,
        ):
            parts = urlsplit(ours.address)
            assert parts.hostname
            assert parts.port
            compare((parts.hostname, parts.port), ("127.0.0.1", port), arguments)


@contextlib.contextmanager
def native(quads: Path, log: Path) -> Iterator[int]:
    """The native server over these files; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(_NATIVE), "serve-read-only", "--location", str(quads), "--bind", f"127.0.0.1:{port}"]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()


def compare(ours: tuple[str, int], theirs: tuple[str, int], arguments: argparse.Namespace) -> None:
    """Check that both give the same answers, load them, print what came of it."""
    tier = Identifiers(BASE).tier_graph(Tier.PUBLIC)
    servers = {"native": (theirs, tier), "node": (ours, None)}
    for query in (*itertools.islice(small_queries(0), 60), *itertools.islice(large_queries(0), 4)):
        found = [rows(fetch(address, request(query, graph=graph))) for address, graph in servers.values()]
        if found[0] != found[1]:
            raise RuntimeError(f"the answers differ: {query}")
    seed = time.time_ns()
    measured: dict[tuple[int, str, str], Measured] = {}
    # Spawned, so that it inherits nothing of this process.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        for number in range(arguments.rounds):
            for connections in arguments.connections:
                seed += 1
                kinds = {
                    "repeated": list(itertools.islice(small_queries(0), _REPEATED)),
                    "never seen": list(itertools.islice(small_queries(seed), _NEW)),
                    "100 ms and more": list(itertools.islice(large_queries(seed), _LARGE)),
                }
                for kind, queries in kinds.items():
                    for name in sorted(servers, reverse=bool(number % 2)):
                        address, graph = servers[name]
                        requests = [request(query, graph=graph) for query in queries]
                        done = other.submit(load, address, requests, connections, arguments.seconds).result()
                        measured.setdefault((connections, kind, name), Measured()).add(done)
    report(measured, arguments.connections)


def rows(body: bytes) -> object:
    """An answer in JSON as a value in which the order of the rows does not matter."""
    found = json.loads(body)
    return found.get(
        "boolean", sorted(json.dumps(row, sort_keys=True) for row in found.get("results", {}).get("bindings", ()))
    )


def report(measured: dict[tuple[int, str, str], Measured], connections: list[int]) -> None:
    """Print the table."""
    lines = []
    for number in connections:
        for kind, target in _TARGETS.items():
            native_, node = measured[number, kind, "native"], measured[number, kind, "node"]
            lines.append(
                [
                    str(number),
                    kind,
                    f"{native_.rate:,.1f}",
                    f"{node.rate:,.1f}",
                    f"{node.rate / native_.rate:.2f}",
                    f"{target:g}" if number == 8 else "",
                    f"{native_.milliseconds(0.5):,.2f}",
                    f"{node.milliseconds(0.5):,.2f}",
                    f"{node.milliseconds(0.5) - native_.milliseconds(0.5):+,.2f}",
                    f"{native_.milliseconds(0.99):,.1f}",
                    f"{node.milliseconds(0.99):,.1f}",
                    f"{native_.refused or ''}/{node.refused or ''}".strip("/"),
                ]
            )
    heads = [
        "",
        "queries",
        "native/s",
        "node/s",
        "ratio",
        "target",
        "native ms",
        "node ms",
        "added",
        "n. 99 %",
        "99 %",
        "refused",
    ]
    print(table(heads, lines))


if __name__ == "__main__":
    main()
