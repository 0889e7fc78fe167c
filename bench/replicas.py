"""What a replica is good for: queries over a member that stalls now and then, or is gone, with and without one.

    python -m bench.replicas [--queries 400] [--stalled 0.03] [--stall 0.25]

One member and its replica in this process, small servers over a store in memory. Of the member's answers a part begins
late. *alone*: only the member is asked. *replica*: both are, declared. Times are those of the whole query at the
coordinator; answers are never taken from what was kept. *extra* are the requests for data beyond one for each query.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from node.cli.output import table
from node.config import Identity, Limits, Member, Settings
from node.errors import MemberError
from node.federation.engine import FederationEngine
from node.model.identifiers import Identifiers
from node.rdf.formats import JSON, NTRIPLES
from node.store.oxigraph import OxigraphStore
from tests.integration.sparql_server import Fault, Handler, closed, servers

_BASE = "http://coordinator.example/"
_EX = "http://ex.org/"


def _stalling(part: float, seconds: float, chance: random.Random) -> Fault:
    def answer(handler: Handler, body: bytes, kind: str) -> None:
        if chance.random() < part:
            time.sleep(seconds)
        handler.reply(200, body, kind)

    return answer


def _asked(engine: FederationEngine, number: int) -> float:
    """Milliseconds of one query; no two ask for the same."""
    started = time.perf_counter()
    text = f"SELECT ?s {{ ?s <{_EX}is> <{_EX}thing> ; <{_EX}number> ?n FILTER(?n > {number} && ?n < {number + 20}) }}"
    with engine.query(text, (JSON, NTRIPLES)) as answer:
        rows = b"".join(answer).count(b'"s":')
    assert rows == 19, rows
    return (time.perf_counter() - started) * 1000


def _times(folder: Path, *, replica: bool, fault: Fault | None, queries: int) -> tuple[list[float], int, int]:
    """The times, how many queries failed, and how many requests were sent beyond one for each query."""
    triples = " ".join(f"<{_EX}s{i}> <{_EX}is> <{_EX}thing> ; <{_EX}number> {i} ." for i in range(queries + 50))
    store = OxigraphStore(folder, identifiers=Identifiers(_BASE), workers=1, queue_seconds=5.0)
    with servers(2 if replica else 1, digested=True) as members, closing(store):
        for member in members:
            member.store.update(f"INSERT DATA {{ {triples} }}")
        names = ("member", "replica")
        listed = tuple(
            Member(member.endpoint, name, replica_of="member" if name == "replica" else "")
            for member, name in zip(members, names, strict=False)
        )
        limits = Limits(federation_seconds=10.0)
        settings = Settings(folder=folder, node=Identity(_BASE), limits=limits, members=listed)
        with closing(FederationEngine(store, Identifiers(_BASE), settings)) as engine:
            for number in range(20):
                _asked(engine, number)
            for member in members:
                member.requests.clear()
            members[0].fault = fault
            times, failed = [], 0
            for number in range(20, queries):
                try:
                    times.append(_asked(engine, number))
                except MemberError:
                    failed += 1
            sent = sum(not request.startswith("GET") for member in members for request in member.requests)
            return times, failed, sent - (queries - 20)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--queries", type=int, default=400)
    arguments.add_argument("--stalled", type=float, default=0.03, help="the part of the answers that begin late")
    arguments.add_argument("--stall", type=float, default=0.25, help="seconds by which they are late")
    given = arguments.parse_args()

    stalls = _stalling(given.stalled, given.stall, random.Random(7))
    faults: dict[str, Fault | None] = {"well": None, "stalls": stalls, "gone": closed}
    rows = []
    for what, fault in faults.items():
        for replica in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                queries = given.queries if what != "gone" else 60
                times, failed, extra = _times(Path(folder), replica=replica, fault=fault, queries=queries)
            of = f"{failed} of {len(times) + failed}"
            quantiles = statistics.quantiles(times, n=100) if len(times) > 1 else []
            shown = [f"{quantiles[at]:.1f}" if quantiles else "" for at in (49, 94, 98)]
            rows.append([what, "replica" if replica else "alone", *shown, of, str(extra)])
    print(table(["the member", "asked", "ms, median", "95 %", "99 %", "failed", "extra requests"], rows))


if __name__ == "__main__":
    main()
