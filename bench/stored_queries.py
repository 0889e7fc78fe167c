"""The stored federated queries over a demo network, beside one Oxigraph store that holds everything.

    python -m bench.stored_queries [--partners DIR] [--data DIR] [--repeat 5]

Starts ``onconode demo`` (on what an earlier run left in --data, else anew), asks every stored federated query over HTTP
and evaluates the same text in process on one in-memory store with the merge of all nodes, in turn. Prints a row a
query: rows, whether both answers are the same multiset, seconds of the first federated run and the median of the
others, median of the merged store, and their ratio. The merged store
pays no HTTP and no process: it is the lower bound.
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
                f"{ours[0]:.3f}",
                f"{a:.3f}",
                f"{b:.3f}",
                f"{a / b:.1f}",
            ]
        )
    print(table(["query", "rows", "answer", "first s", "median s", "merged s", "ratio"], rows))
    print(f"{len(merged):,} triples in all; geometric mean of the ratios {statistics.geometric_mean(ratios):.1f}")


if __name__ == "__main__":
    main()
