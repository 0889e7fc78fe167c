"""What it is worth that a hub holds what its partners do: queries over all, with the hub said to mirror them and not.

    python -m bench.covering [--partners 5,10,20] [--queries 200]

Small servers in this process, each partner with samples of its own, and a hub with the graphs of all and one of its
own, which promise for a second not to change, as nodes do. A query joins samples with the datasets that they are in; no
two ask for the same. *each*: hub and partners are asked. *hub*: the hub is declared a mirror. *requests* are those for
data and *looks* those for descriptions, of all queries together; *gone*: how many queries fail while one partner is
gone.
"""

from __future__ import annotations

import argparse
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
from tests.integration.sparql_server import SparqlServer, servers

_BASE = "http://coordinator.example/"
_EX = "http://ex.org/"
_SAMPLES = 100


def _filled(members: list[SparqlServer]) -> None:
    """Each has a graph; the last one has the graphs of all."""
    for at, member in enumerate(members):
        triples = " ".join(
            f"<{_EX}s{at}-{i}> <{_EX}in> <{_EX}d{at}> ; <{_EX}number> {i * len(members) + at} ."
            for i in range(_SAMPLES)
        )
        triples += f' <{_EX}d{at}> <{_EX}title> "dataset {at}" .'
        for holder in {id(member): member, id(members[-1]): members[-1]}.values():
            holder.store.update(f"INSERT DATA {{ {triples} GRAPH <{_EX}g{at}> {{ {triples} }} }}")


def _asked(engine: FederationEngine, number: int) -> float:
    """Milliseconds of one query."""
    started = time.perf_counter()
    wanted = f"FILTER(?n >= {number} && ?n < {number + 5})"
    text = f"SELECT ?s ?t {{ ?s <{_EX}in> ?d ; <{_EX}number> ?n . ?d <{_EX}title> ?t {wanted} }}"
    with engine.query(text, (JSON, NTRIPLES)) as answer:
        rows = b"".join(answer).count(b'"s":')
    assert rows == 5, rows
    return (time.perf_counter() - started) * 1000


def _line(folder: Path, partners: int, queries: int, *, declared: bool) -> list[str]:
    store = OxigraphStore(folder, identifiers=Identifiers(_BASE), workers=1, queue_seconds=5.0)
    with servers(partners + 1, digested=True) as members, closing(store):
        _filled(members)
        for member in members:
            member.lease = 1.0
        names = [f"partner {i}" for i in range(partners)]
        hub = Member(members[-1].endpoint, "hub", mirror_of=tuple(names) if declared else ())
        listed = tuple(Member(m.endpoint, name) for m, name in zip(members, names, strict=False))
        limits = Limits(federation_seconds=10.0)
        settings = Settings(folder=folder, node=Identity(_BASE), limits=limits, members=(*listed, hub))
        with closing(FederationEngine(store, Identifiers(_BASE), settings)) as engine:
            for number in range(20):
                _asked(engine, number)
            for member in members:
                member.requests.clear()
            processor = time.process_time()
            times = [_asked(engine, number) for number in range(20, 20 + queries)]
            processor = (time.process_time() - processor) * 1000 / queries
            sent = [request for member in members for request in member.requests]
            looks = sum(request.startswith("GET") for request in sent)
            members[0].close()
            for source in engine.sources():
                source.close()
            failed = 0
            for number in range(20 + queries, 40 + queries):
                try:
                    _asked(engine, number)
                except MemberError:
                    failed += 1
    figures = [f"{statistics.median(times):.1f}", f"{processor:.1f}", str(len(sent) - looks), str(looks)]
    return [str(partners), "hub" if declared else "each", *figures, f"{failed} of 20"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--partners", default="5,10,20", help="comma-separated")
    arguments.add_argument("--queries", type=int, default=200)
    given = arguments.parse_args()
    rows = []
    for partners in map(int, given.partners.split(",")):
        for declared in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                rows.append(_line(Path(folder), partners, given.queries, declared=declared))
    heads = ["partners", "asked", "ms, median", "processor ms", "requests", "looks", "gone: failed"]
    print(table(heads, rows))


if __name__ == "__main__":
    main()
