"""The stored federated queries over a demo network, beside one Oxigraph store that holds everything.

    python -m bench.stored_queries [--partners DIR] [--data DIR] [--repeat 5]

Starts ``onconode demo`` (on what an earlier run left in --data, else anew). Asks every stored federated query there and
at a native Oxigraph server that holds the merge of all nodes, over the same kind of kept-alive connection, and
evaluates it in process on a store in memory with the same merge, in turn. Prints a row a query: rows, whether the three
answers are the same multiset, milliseconds of the first federated run and the median of the others until the last byte,
medians of the merge, served and in process, and the ratios to these. The merge in process pays no HTTP and no process:
it is the lower bound. What those cost is told above: an answer that the node has in memory, a federated query that
needs nobody and finds nothing, and the same at the other server. With ``ONCONODE_LIMITS_FEDERATION_CACHE_BYTES=0``
nothing of what members sent is kept.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import DefaultGraph, QueryResultsFormat, RdfFormat, Store

from bench.federation_members import Ports, native, process
from node.cli.output import table
from node.sparql.results import read_json_results
from node.sparql.stored import stored_queries
from tests.integration.network import answer_of, as_multiset, free_ports, merged_store, running_demo

_GOAL = 1.5
#: Of a floor so many times as often as of a query.
_FLOORS = 10


@dataclass
class _Asked:
    """One way to have a query answered: seconds of each time, and the last answer."""

    answer: Callable[[str], bytes]
    seconds: list[float] = field(default_factory=list)
    last: bytes = b""

    def ask(self, text: str) -> None:
        started = time.perf_counter()
        self.last = self.answer(text)
        self.seconds.append(time.perf_counter() - started)

    @property
    def median(self) -> float:
        """Of all but the first, in milliseconds."""
        return statistics.median(self.seconds[1:]) * 1000


def main() -> None:
    """Run the comparison and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
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
            merged = merged_store(network)
            with _served(merged, Path(temporary)) as served:
                _compare(f"http://127.0.0.1:{port}/", served, merged, arguments.repeat)


@contextmanager
def _served(merged: Store, folder: Path) -> Iterator[str]:
    """The endpoint of a native server over the same triples."""
    merged.dump(folder / "merged.nt", RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
    port = Ports().take()
    with process(native(folder, "merged", port), folder / "log", port=port):
        yield f"http://127.0.0.1:{port}/query"


def _compare(base: str, served: str, merged: Store, repeat: int) -> None:
    federation = f"{base}federation/sparql"
    for floor, address, text in (
        ("an answer from memory", f"{base}sparql", "ASK { }"),
        ("a federated query without a pattern", federation, "SELECT * WHERE { VALUES ?x { } }"),
        ("the same, served", served, "SELECT * WHERE { VALUES ?x { } }"),
    ):
        asked = _over_http(address)
        for _ in range(_FLOORS * repeat + 1):
            asked.ask(text)
        print(f"{floor}: {asked.median:.2f} ms")
    rows = []
    ratios: dict[str, dict[str, float]] = {"served": {}, "in process": {}}
    for query in stored_queries():
        if query.endpoint != "federation":
            continue
        ours, over_http, in_process = _over_http(federation), _over_http(served), _Asked(lambda t: _here(merged, t))
        for _ in range(repeat + 1):
            for way in (ours, over_http, in_process):
                way.ask(query.text)
        found, *others = [read_json_results(way.last) for way in (ours, over_http, in_process)]
        same = all(as_multiset(found) == as_multiset(other) for other in others)
        shown = [query.name, str(len(found.rows)), "same" if same else "DIFFERS"]
        shown += [f"{ours.seconds[0] * 1000:.1f}", f"{ours.median:.2f}"]
        for (_, of), way in zip(ratios.items(), (over_http, in_process), strict=True):
            of[query.name] = ours.median / way.median
            shown += [f"{way.median:.2f}", f"{of[query.name]:.2f}"]
        rows.append(shown)
    print(table(["query", "rows", "answer", "first ms", "median ms", "served", "ratio", "in process", "ratio"], rows))
    print(f"{len(merged):,} triples in all")
    for name, of in ratios.items():
        above = ", ".join(f"{query} {ratio:.1f}" for query, ratio in of.items() if ratio > _GOAL) or "none"
        mean = statistics.geometric_mean(of.values())
        print(f"beside the merge {name}: geometric mean of the ratios {mean:.2f}; above {_GOAL}: {above}")


def _over_http(endpoint: str) -> _Asked:
    return _Asked(lambda text: answer_of(endpoint, text))


def _here(merged: Store, text: str) -> bytes:
    return merged.query(text).serialize(format=QueryResultsFormat.JSON) or b""


if __name__ == "__main__":
    main()
