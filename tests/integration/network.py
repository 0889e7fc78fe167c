"""Runs ``onconode demo`` as a user does, and compares its answers with one store that holds everything."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import urllib3
from pyoxigraph import DefaultGraph, Quad, QueryResultsFormat, Store

from node.sparql.results import Results, Term, read_json_results
from node.sparql.stored import stored_queries

POOL = urllib3.PoolManager(timeout=urllib3.Timeout(total=120), retries=False)


def free_ports(count: int) -> int:
    """The first of ``count`` neighbouring ports that are free now."""
    for first in range(20000, 60000, count):
        taken = False
        for port in range(first, first + count):
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    taken = True
                    break
        if not taken:
            return first
    raise RuntimeError("no free ports")


@contextmanager
def running_demo(arguments: Sequence[str], seconds: float) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A demo that is up and has answered its queries; ended with SIGINT, as by Ctrl-C, and asked for its exit code."""
    command = [sys.executable, "-m", "node", "demo", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    timer = threading.Timer(seconds, process.terminate)
    timer.start()
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Open http"):
                break
        else:
            raise AssertionError("the demo ended early:\n" + "\n".join(lines[-40:]))
        yield process, lines
        process.send_signal(signal.SIGINT)
        lines += process.stdout.read().splitlines()
        assert process.wait(30) == 0, "\n".join(lines[-10:])
        assert lines[-1] == "All nodes have ended."
    finally:
        timer.cancel()
        process.terminate()  # not kill: the demo ends its nodes
        process.wait(60)
        process.stdout.close()


def merged_store(network: Path) -> Store:
    """One store whose default graph is the RDF merge of what every node of the network publishes."""
    merged = Store()
    for folder in sorted(p for p in network.iterdir() if p.is_dir()):
        generations = folder / "data" / "generations"
        current = generations / (generations / "CURRENT").read_text(encoding="utf-8").strip()
        if not (current / "quads" / "CURRENT").exists():
            continue  # a node that has published no triple yet
        held = Store.read_only(str(current / "quads"))
        (tier,) = (g for g in held.named_graphs() if str(g.value).endswith("/tier/public"))
        merged.bulk_extend(
            Quad(q.subject, q.predicate, q.object, DefaultGraph())
            for q in held.quads_for_pattern(None, None, None, tier)
        )
    return merged


def ask(endpoint: str, text: str) -> Results:
    """The solutions an endpoint gives over HTTP."""
    return read_json_results(answer_of(endpoint, text))


def answer_of(endpoint: str, text: str) -> bytes:
    """What an endpoint answers over HTTP, in JSON, on a connection that is kept."""
    response = POOL.request(
        "POST",
        endpoint,
        body=text.encode(),
        headers={"Content-Type": "application/sparql-query", "Accept": "application/sparql-results+json"},
    )
    assert response.status == 200, (response.status, response.data[:500])
    return response.data


def expected(merged: Store, text: str) -> Results:
    """The solutions of the one store that holds everything."""
    answer = merged.query(text)
    return read_json_results(answer.serialize(format=QueryResultsFormat.JSON))


def as_multiset(results: Results) -> Counter[tuple[tuple[str, Term], ...]]:
    """Solutions without their order."""
    return Counter(tuple(sorted(row.items())) for row in results.rows)


def assert_federation_equals_merged(network: Path, first_port: int) -> int:
    """Every stored federated query gives what the merged store gives, duplicates counted; how many had an answer."""
    merged = merged_store(network)
    answered = 0
    for query in (q for q in stored_queries() if q.endpoint == "federation"):
        got = ask(f"http://127.0.0.1:{first_port}/federation/sparql", query.text)
        wanted = expected(merged, query.text)
        assert as_multiset(got) == as_multiset(wanted), query.name
        answered += bool(got.rows)
    return answered
