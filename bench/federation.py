"""This project's federation beside one merged store, Comunica and FedX, over the data and queries of fedbench.

    python -m bench.federation [--triples 500000] [--members 4] [--kind native,nodes] [--latency MS] [--fixed]
                               [--keep] [--comunica] [--fedx] [--repeat 5] [--queries q03,q17] [--folder DIR]

Every federation reaches the same members through one proxy, which counts requests and can delay each by ``--latency``.
The merged store is one native Oxigraph server behind that proxy too: its answers are the right ones. For each query the
engines are asked in turn: a first cold run, then ``--repeat`` more, of which the median counts. Our federation keeps
neither answers nor parts of them from one query to the next unless told so (``--keep``: parts). Of triples, members and
kinds there may be several, comma-separated: each combination is run, with a network of its own. Prints a row a query
with ratios to the merged store, then geometric means over the queries that an engine gets right, requests of a warm
round, and the most memory our coordinator used with its workers.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import socket
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import urllib3

from bench.federation_members import FEDBENCH, Network, Ports, fedbench, generated, network
from bench.federation_peers import Peer, comunica, fedx, ours
from node.cli.output import table

_POOL = urllib3.PoolManager(retries=False, maxsize=8)
_FLOOR = 0.010
#: The merged store gives the right answers, however long it takes.
_MERGED_SECONDS = 900.0


@dataclass
class Measured:
    """One engine, one query."""

    verdict: str = "error"
    first: float = 0.0
    took: list[float] = field(default_factory=list)
    requests: int = 0

    @property
    def median(self) -> float:
        """Seconds, of the warm runs; of the first where there are no others."""
        return statistics.median(self.took) if self.took else self.first


class Memory:
    """The most resident memory a process group had, looked at ten times a second."""

    def __init__(self, group: int) -> None:
        self._group = group
        self.most = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no longer."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            self.most = max(self.most, sum(self._resident(folder.name) for folder in Path("/proc").iterdir()))

    def _resident(self, name: str) -> int:
        try:
            if not name.isdigit() or os.getpgid(int(name)) != self._group:
                return 0
            text = Path(f"/proc/{name}/smaps_rollup").read_text(encoding="ascii")
            return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) * 1024  # type: ignore[index]
        except (OSError, TypeError):
            return 0


def main() -> None:
    """Run the comparison and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--triples", default="500000", help="one number or several, comma-separated")
    parser.add_argument("--members", default="4", help="one number or several, comma-separated")
    parser.add_argument("--kind", default="native", help="native, nodes, or both, comma-separated")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--fixed", action="store_true", help="declare that the members' data does not change")
    parser.add_argument("--keep", action="store_true", help="let our federation keep the parts it fetched")
    parser.add_argument("--comunica", action="store_true")
    parser.add_argument("--fedx", action="store_true")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--limit", type=float, default=90.0, help="seconds after which a query counts as not finished")
    parser.add_argument("--queries", default="")
    parser.add_argument("--folder", type=Path, help="keep data and stores here")
    arguments = parser.parse_args()
    kinds = arguments.kind.split(",")
    if not {"native", "nodes"}.issuperset(kinds):
        parser.error("--kind: native, nodes, or native,nodes")
    for triples, members in itertools.product(_numbers(arguments.triples), _numbers(arguments.members)):
        for kind in kinds:
            _run(arguments, triples, members, kind)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _run(arguments: argparse.Namespace, triples: int, members: int, kind: str) -> None:
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = arguments.folder or Path(temporary)
        data = generated(folder, triples, members)
        ports, log = Ports(), Path(temporary) / "log"
        net = stack.enter_context(network(data, kind, latency_ms=arguments.latency, ports=ports, log=log))
        peers = {"merged": Peer(net.merged, 0)}
        peers["ours"] = stack.enter_context(
            ours(net, Path(temporary), ports, log, fixed=arguments.fixed, keep=arguments.keep)
        )
        if arguments.comunica:
            peers["comunica"] = stack.enter_context(comunica(net, ports, log, seconds=arguments.limit))
        if arguments.fedx:
            peers["fedx"] = stack.enter_context(fedx(net, ports, log, seconds=arguments.limit))
        wanted = [q for q in arguments.queries.split(",") if q]
        texts = {
            path.stem: path.read_text(encoding="utf-8")
            for path in sorted((FEDBENCH / "queries").glob("*.rq"))
            if not wanted or any(path.stem.startswith(q) for q in wanted)
        }
        memory = Memory(peers["ours"].group)
        found = {name: _measure(text, peers, net, arguments.repeat, arguments.limit) for name, text in texts.items()}
        memory.end()
    print(f"{data.triples:,} triples, {members} {kind} members, {arguments.latency:g} ms added")
    _print(found, list(peers))
    print(f"the coordinator and its workers: at most {memory.most / 1e6:,.0f} MB", flush=True)


def _measure(text: str, peers: dict[str, Peer], net: Network, repeat: int, limit: float) -> dict[str, Measured]:
    check = fedbench("check")
    found = {name: Measured() for name in peers}
    ordered = re.search(r"ORDER\s+BY", text[text.rindex("}") :]) is not None
    expected = None
    for turn in range(repeat + 1):
        for name, peer in peers.items():
            measured = found[name]
            if measured.verdict != "ok" and turn:
                # Its time counts for nothing.
                continue
            _wait_for(peer)
            net.counters()
            started = time.perf_counter()
            try:
                reply = _POOL.request(
                    "POST",
                    peer.endpoint,
                    body=text.encode(),
                    timeout=urllib3.Timeout(total=_MERGED_SECONDS if name == "merged" else limit),
                    headers={
                        "Content-Type": "application/sparql-query",
                        "Accept": "application/sparql-results+json",
                    },
                )
                took = time.perf_counter() - started
                rows = check.parse(reply.data, "json") if reply.status == 200 else None
                if rows is None:
                    print(name, reply.status, reply.data[:300])
            except (urllib3.exceptions.HTTPError, ValueError):
                took, rows = time.perf_counter() - started, None
            if name == "merged" and expected is None:
                expected = rows
            measured.requests = net.counters()["requests"]
            failed = "timeout" if took >= limit - 1 else "error"
            if rows is not None and expected is None:
                raise SystemExit("the merged store gives no answer to compare with")
            verdict = failed if rows is None else check.verdict(expected, rows, ordered)
            if not turn or measured.verdict == "ok":
                measured.verdict = verdict
            if turn:
                measured.took.append(took)
            else:
                measured.first = took
    return found


def _wait_for(peer: Peer) -> None:
    """Comunica's server ends itself after a query that took too long, and is started again."""
    parts = urlsplit(peer.endpoint)
    for _ in range(300):
        with suppress(OSError):
            socket.create_connection((parts.hostname or "", parts.port or 80), 1).close()
            return
        time.sleep(0.1)


def _print(found: dict[str, dict[str, Measured]], engines: list[str]) -> None:
    others = [e for e in engines if e != "merged"]
    head = ["query", "merged ms", "first"]
    for engine in others:
        head += [f"{engine} ms", "first", "ratio", "requests", "answer"]
    rows = []
    for query, measured in found.items():
        base = measured["merged"]
        row = [query, f"{base.median * 1000:.1f}", f"{base.first * 1000:.0f}"]
        for engine in others:
            m = measured[engine]
            ratio = m.median / base.median
            row += [f"{m.median * 1000:.1f}", f"{m.first * 1000:.0f}", f"{ratio:.2f}", str(m.requests), m.verdict]
        rows.append(row)
    print(table(head, rows))
    for engine in others:
        right = [m for m in found.values() if m[engine].verdict == "ok"]
        if not right:
            continue
        mean, theirs = (statistics.geometric_mean(m[e].median for m in right) * 1000 for e in (engine, "merged"))
        cold, base_cold = (statistics.geometric_mean(m[e].first for m in right) * 1000 for e in (engine, "merged"))
        worst = max(max(m[engine].median, _FLOOR) / max(m["merged"].median, _FLOOR) for m in right)
        total = sum(m[engine].requests for m in found.values())
        print(
            f"{engine}: {len(right)} of {len(found)} right; geometric mean {mean:.1f} ms, merged {theirs:.1f} ms, "
            f"ratio {mean / theirs:.2f} (first run {cold:.1f} / {base_cold:.1f}, {cold / base_cold:.2f}); "
            f"worst ratio above 10 ms {worst:.1f}; {total:,} requests"
        )
    for engine in others[1:]:
        right = [m for m in found.values() if m[engine].verdict == "ok" and m["ours"].verdict == "ok"]
        if right:
            faster = statistics.geometric_mean(m[engine].median / m["ours"].median for m in right)
            print(f"ours is {faster:.1f} times as fast as {engine} on what both get right")


if __name__ == "__main__":
    main()
