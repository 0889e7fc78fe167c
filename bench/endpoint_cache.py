"""Repeated small queries over HTTP with and without answers kept in memory.

    python -m bench.endpoint_cache [--seconds 3] [--rounds 3] [--connections 8]

Publishes the example registry in a new node and serves it twice: with the default cache and with ``limits.cache_bytes``
0, otherwise the same. Both are asked in turn over kept-alive connections, each of which sends the next request when it
has the answer. Prints requests a second, median and 99th percentile of the milliseconds; and the ratio of the medians
of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

from node.cli.output import table
from tests.integration.running_node import running

PARTNER = Path(__file__).parents[1] / "examples" / "partners" / "neuro-registry"
_PREFIX = "PREFIX onco: <https://w3id.org/onconode/vocab#> "
QUERIES = (
    "ASK {}",
    _PREFIX + "SELECT ?d (COUNT(*) AS ?n) WHERE { ?s onco:diagnosis ?d } GROUP BY ?d ORDER BY DESC(?n) ?d",
    _PREFIX + "SELECT ?s ?site WHERE { ?s onco:diagnosis ?d ; onco:anatomicalSite ?site } LIMIT 20",
    "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
)
_MODES = ("cache off", "cache on", "cache on, 304")


def main() -> None:
    """Run the comparison and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "node"
        for command in (["init", str(folder), "--base-iri", "http://127.0.0.1:9/"], ["publish", str(PARTNER)]):
            more = ["--node", str(folder)] if command[0] == "publish" else []
            subprocess.run([sys.executable, "-m", "node", *command, *more], check=True, stdout=subprocess.DEVNULL)
        serve = ["-m", "node", "serve", "--node", str(folder), "--port", "0"]
        with running(serve, Path(temporary) / "on.log") as on:
            os.environ["ONCONODE_LIMITS_CACHE_BYTES"] = "0"
            with running(serve, Path(temporary) / "off.log") as off:
                _compare(off.address, on.address, arguments)


def _compare(off: str, on: str, arguments: argparse.Namespace) -> None:
    times: dict[str, list[float]] = {mode: [] for mode in _MODES}
    rates: dict[str, list[float]] = {mode: [] for mode in _MODES}
    for _ in range(arguments.rounds):
        for mode in _MODES:
            took = asyncio.run(
                _load(off if mode == "cache off" else on, arguments.connections, arguments.seconds, "304" in mode)
            )
            times[mode] += took
            rates[mode].append(len(took) / arguments.seconds)
    rows = []
    for mode in _MODES:
        ordered = sorted(times[mode])
        rate = statistics.median(rates[mode])
        rows.append(
            [
                mode,
                f"{rate:,.0f}",
                f"{ordered[len(ordered) // 2] * 1000:.1f}",
                f"{ordered[len(ordered) * 99 // 100] * 1000:.1f}",
                f"{rate / statistics.median(rates['cache off']):.1f}",
            ]
        )
    print(table(["", "requests/s", "median ms", "99 % ms", "ratio"], rows))


async def _load(address: str, connections: int, seconds: float, conditional: bool) -> list[float]:
    parts = urlsplit(address)
    end = time.perf_counter() + seconds
    took: list[float] = []

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        tags: dict[str, str] = {}
        while time.perf_counter() < end:
            number += 1
            query = QUERIES[number % len(QUERIES)]
            known = f"If-None-Match: {tags[query]}\r\n" if conditional and query in tags else ""
            started = time.perf_counter()
            writer.write(f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: x\r\n{known}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
            if " 200 " in head[:20]:
                await reader.readexactly(int(fields["content-length"]))
                tags[query] = fields["etag"].replace("w/", "W/")
            elif not known or " 304 " not in head[:20]:
                raise RuntimeError(head)
            took.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(client(n) for n in range(connections)))
    return took


if __name__ == "__main__":
    main()
