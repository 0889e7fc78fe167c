"""Queries that ask for everything, over members with much, with the limits a node comes with.

    python -m bench.federation_floods [--triples 5000000] [--members 4] [--kind native|nodes] [--clients 4]
                                      [--together] [--folder DIR]

Members and data are those of ``bench.federation``. Each flood runs by itself, then ``--clients`` of them at once;
beside them a small federated query and a small one at ``/sparql`` are asked again and again. Prints for each flood what
it ended with and when, how long the small queries took meanwhile (median, most), and the most memory the coordinator
had with all its processes. Exits with 1 when a flood ends with anything but an answer or a limit, a small query fails,
or the memory passes 1 GiB.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import urllib3

from bench.federation import Memory
from bench.federation_members import Ports, generated, network
from bench.federation_peers import Peer, ours
from node.cli.output import table

_HUB = "PREFIX hub: <https://w3id.org/cancer-hub/vocab#> PREFIX obo: <http://purl.obolibrary.org/obo/> "
_CROSSED = "?s hub:diagnosis ?d . ?t obo:RO_0001000 ?e"
#: By what makes them large.
FLOODS = {
    "everything": "SELECT * { ?s ?p ?o }",
    "everything, as a graph": "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "everything of everything": "SELECT * WHERE { ?s ?p ?o . ?x ?y ?z }",
    "everything, and what follows": "SELECT * WHERE { ?s ?p ?o OPTIONAL { ?o ?q ?r } } ORDER BY ?r ?s",
    "two predicates, crossed": f"{_HUB} SELECT * {{ {_CROSSED} }}",
    "two predicates, crossed, in order": f"{_HUB} SELECT * {{ {_CROSSED} }} ORDER BY ?e ?d",
    "types, counted thrice": "SELECT (COUNT(*) AS ?n) WHERE { ?s a ?c . ?t a ?d . ?u a ?e }",
    "a whole class, from the members": f"{_HUB} SELECT * {{ ?s hub:diagnosis ?d ; ?p ?o }}",
}
_SMALL = "PREFIX obo: <http://purl.obolibrary.org/obo/> SELECT ?p ?o { obo:NCIT_C4872 ?p ?o }"
_LIMITS = {"query-timeout", "query-memory", "result-too-large", "limit", "too-busy", "too-many-queries"}
_MOST = 1 << 30
_JSON = "application/sparql-results+json, application/n-triples;q=0.9"


@dataclass
class Ended:
    """How one flood ended."""

    how: str
    seconds: float
    detail: str


@dataclass
class Beside:
    """What was asked beside a flood: seconds of each by its path, and what failed."""

    took: dict[str, list[float]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--triples", type=int, default=5_000_000)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--kind", choices=("native", "nodes"), default="native")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--together", action="store_true", help="only those at once")
    parser.add_argument("--folder", type=Path, help="keep data and stores here")
    arguments = parser.parse_args()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        data = generated(arguments.folder or Path(temporary), arguments.triples, arguments.members)
        ports, log = Ports(), Path(temporary) / "log"
        net = stack.enter_context(network(data, arguments.kind, latency_ms=0, ports=ports, log=log))
        node = stack.enter_context(ours(net, Path(temporary), ports, log, fixed=False, keep=True, usual_limits=True))
        _ask(node, "federation/sparql", _SMALL, 1)
        rows = []
        for name, text in () if arguments.together else FLOODS.items():
            rows.append(_row(name, *_watched(node, [text], wrong)))
            print(rows[-1], flush=True)
        texts = list(itertools.islice(itertools.cycle(FLOODS.values()), arguments.clients))
        rows.append(_row(f"{arguments.clients} at once", *_watched(node, texts, wrong)))
        print(f"{data.triples:,} triples, {arguments.members} {arguments.kind} members")
        print(table(["flood", "ended with", "s", "MB", "/federation/sparql ms", "/sparql ms"], rows))
    if wrong:
        print("\n".join(dict.fromkeys(wrong)))
        sys.exit(1)


def _watched(node: Peer, texts: list[str], wrong: list[str]) -> tuple[list[Ended], Beside, int]:
    """Floods at once, with what happened beside them and the most memory there was."""
    memory, beside, over = Memory(node.group), Beside(), threading.Event()
    small = [
        threading.Thread(target=_small, args=(node, path, beside, over)) for path in ("federation/sparql", "sparql")
    ]
    ended: list[Ended] = []
    floods = [
        threading.Thread(target=lambda t=text, n=number: ended.append(_flood(node, t, n)))
        for number, text in enumerate(texts)
    ]
    for thread in (*small, *floods):
        thread.start()
    for thread in floods:
        thread.join()
    over.set()
    for thread in small:
        thread.join()
    memory.end()
    wrong += beside.failed
    wrong += [f"a flood ended with {e.how}: {e.detail}" for e in ended if e.how not in _LIMITS and e.how != "answer"]
    if memory.most > _MOST:
        wrong.append(f"{memory.most / 1e6:,.0f} MB")
    return ended, beside, memory.most


def _flood(node: Peer, text: str, number: int) -> Ended:
    """Ask, read all there is, and tell how it ended."""
    started, detail = time.monotonic(), ""
    try:
        reply = _ask(node, "federation/sparql", text, 2 + number)
        if reply.status == 200:
            how, detail = "answer", f"{sum(len(piece) for piece in reply.stream(1 << 16)):,} bytes"
        else:
            document = json.loads(reply.read())
            how, detail = document["type"].rsplit("/", 1)[-1], document["detail"]
    except urllib3.exceptions.HTTPError as error:
        how, detail = "broken off", type(error).__name__
    return Ended(how, time.monotonic() - started, detail)


def _small(node: Peer, path: str, beside: Beside, over: threading.Event) -> None:
    """A small query at a time, each as soon as the last one is answered."""
    while not over.is_set():
        started = time.monotonic()
        reply = _ask(node, path, _SMALL, 100)
        body = reply.read()
        beside.took.setdefault(path, []).append(time.monotonic() - started)
        if reply.status not in (200, 503):
            beside.failed.append(f"{path}: {reply.status} {body[:300]!r}")
        over.wait(0.05)


def _ask(node: Peer, path: str, text: str, number: int) -> urllib3.BaseHTTPResponse:
    """Ask, from an address of its own: a node lets one client have no more than its share."""
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(total=300), retries=False, source_address=(f"127.0.0.{number}", 0)
    )
    address = f"{node.endpoint.removesuffix('federation/sparql')}{path}"
    headers = {"Content-Type": "application/sparql-query", "Accept": _JSON}
    return pool.request("POST", address, body=text.encode(), headers=headers, preload_content=False)


def _row(name: str, ended: list[Ended], beside: Beside, most: int) -> list[str]:
    said = "; ".join(f"{e.how}: {e.detail}" for e in ended)
    last = max(e.seconds for e in ended)
    shown = [
        f"{statistics.median(took) * 1000:.0f}, {max(took) * 1000:.0f}" if (took := beside.took.get(path)) else "none"
        for path in ("federation/sparql", "sparql")
    ]
    return [name, said, f"{last:.1f}", f"{most / 1e6:,.0f}", *shown]


if __name__ == "__main__":
    main()
