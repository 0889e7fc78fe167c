"""A steady stream of small queries at an endpoint, from a process of its own, so that nothing else makes them late.

    python -m bench.small_queries ENDPOINT

Four clients, each with an address of its own, ask 25 queries a second each, none asked twice, until standard input
ends. Prints one JSON object then: ``seconds`` of each, and ``wrong``.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import urllib3

_CLIENTS, _INTERVAL = 4, 0.04
_FIRST_ADDRESS = 100
_LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
_JSON = "application/sparql-results+json"


@dataclass
class Small:
    """What became of the queries."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def beside(endpoint: str, work: Callable[[], None]) -> Small:
    """Do something while small queries are asked at an endpoint that holds a label of one class of NCIt."""
    command = [sys.executable, "-m", "bench.small_queries", endpoint]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as asking:
        try:
            work()
        finally:
            told, _ = asking.communicate()
    return Small(**json.loads(told))


def _ask(endpoint: str, found: Small, seed: int, ended: threading.Event) -> None:
    pool = urllib3.PoolManager(timeout=60, retries=False, source_address=(f"127.0.4.{_FIRST_ADDRESS + seed}", 0))
    headers = {"Content-Type": "application/sparql-query", "Accept": _JSON}
    due = time.monotonic() + seed * _INTERVAL / _CLIENTS
    for number in itertools.count():
        due += _INTERVAL
        if ended.wait(max(0.0, due - time.monotonic())):
            return
        text = f"# {seed} {number}\nSELECT ?l WHERE {{ <http://purl.obolibrary.org/obo/NCIT_C4872> {_LABEL} ?l }}"
        started = time.monotonic()
        reply = pool.request("POST", endpoint, body=text.encode(), headers=headers)
        found.seconds.append(time.monotonic() - started)
        if reply.status != 200 or len(json.loads(reply.data)["results"]["bindings"]) != 1:
            found.wrong.append(f"{endpoint}: {reply.status} {reply.data[:200]!r}")


def main() -> None:
    """Ask until standard input ends."""
    found, ended = Small(), threading.Event()
    threads = [threading.Thread(target=_ask, args=(sys.argv[1], found, seed, ended)) for seed in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()
    json.dump(found.__dict__, sys.stdout)


if __name__ == "__main__":
    main()
