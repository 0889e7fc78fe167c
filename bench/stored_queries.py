"""The stored federated queries over a demo network, beside one Oxigraph store that holds everything.

    python -m bench.stored_queries [--partners DIR] [--data DIR] [--repeat 5]

Starts ``onconode demo`` (on what an earlier run left in --data, else anew), asks every stored federated query over HTTP
and evaluates the same text in process on one in-memory store with the merge of all nodes, in turn. Prints a row a
query: rows, whether both answers are the same multiset, milliseconds of the first federated run and the median of the
others, median of the merged store, and their ratio. The merged store pays no HTTP and no process: it is the lower
bound. What those cost is told beneath: an answer that the node has in memory, and a federated query that needs nobody
and finds nothing. With ``ONCONODE_LIMITS_FEDERATION_CACHE_BYTES=0`` nothing of what members sent is kept.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from node.cli.output import table
from node.sparql.stored import stored_queries
from tests.integration.network import as_multiset, ask, expected, free_ports, merged_store, running_demo


def main() -> None:
    """Run the comparison and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--partners", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--port", type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        data = arguments.data or Path(temporary)
        port = arguments.port or free_ports(30)
        command = ["--data", str(data), "--port", str(port)]
        if arguments.partners:
            command += ["--partners", str(arguments.partners)]
        with running_demo(command, seconds=1800):
            network = next(p for p in data.iterdir() if p.name.endswith(f"-{port}"))
            _compare(network, f"http://127.0.0.1:{port}/federation/sparql", arguments.repeat)


def _compare(network: Path, endpoint: str, repeat: int) -> None:
    merged = merged_store(network)
    rows, ratios = [], []
    for floor, address, text in (
        ("an answer from memory", endpoint.replace("/federation", ""), "ASK { }"),
        ("a federated query without a pattern", endpoint, "SELECT * WHERE { VALUES ?x { } }"),
    ):
        print(f"{floor}: {_median(address, text, 10 * repeat) * 1000:.2f} ms")
    for query in stored_queries():
        if query.endpoint != "federation":
            continue
        ours, theirs = [], []
        for _ in range(repeat + 1):
            started = time.perf_counter()
            got = ask(endpoint, query.text)
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            wanted = expected(merged, query.text)
            theirs.append(time.perf_counter() - started)
        same = as_multiset(got) == as_multiset(wanted)
        a, b = statistics.median(ours[1:]), statistics.median(theirs[1:])
        ratios.append(a / b)
        rows.append(
            [
                query.name,
                str(len(got.rows)),
                "same" if same else "DIFFERS",
                f"{ours[0] * 1000:.1f}",
                f"{a * 1000:.1f}",
                f"{b * 1000:.1f}",
                f"{a / b:.1f}",
            ]
        )
    print(table(["query", "rows", "answer", "first ms", "median ms", "merged ms", "ratio"], rows))
    print(f"{len(merged):,} triples in all; geometric mean of the ratios {statistics.geometric_mean(ratios):.1f}")


def _median(endpoint: str, text: str, times: int) -> float:
    """Seconds for an answer, one that was asked for before."""
    seconds = []
    for _ in range(times + 1):
        started = time.perf_counter()
        ask(endpoint, text)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


if __name__ == "__main__":
    main()
