"""Federations of many members: are all answers right, how many requests do they take, how does time grow?

    python -m bench.many_members [--members 20,50,100,200] [--triples 400000] [--repeat 3] [--queries q03,q17] [--parts]

The data and queries of fedbench, spread over so many nodes (``bench.tenants``: all in one process), and queries of our
own about rare things, which few members hold. Answers are compared with those of one store that holds everything.
*Needed* are requests that brought rows: pairs of a member and a part of the query that contribute; *most*: those to
one member, about as many as there were rounds. *Looks* are those that only see whether a member still holds what its
summary said, and renew its lease, before or beside the query. *Own* is processor time of the coordinator without its
workers; that of all members together, who are one process, is said for all queries.
Planning is the processor time from the parsed query to the first requests, summaries being there: of a query that was
planned before, and, *anew*, of one after a member has changed. ``--parts`` keeps fetched parts between queries.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyoxigraph as ox
import urllib3

from bench.federation_members import FEDBENCH, Ports, fedbench, generated, process
from bench.tenants import skolemised
from node.cli.output import table
from node.config import Member
from node.federation.calling.meter import Meter
from node.federation.execution import Execution
from node.federation.fetching.fetch import Fetcher
from node.federation.fetching.scratch import Scratch
from node.federation.members.directory import Directories
from node.federation.members.renewal import Renewal
from node.federation.members.sources import RemoteSource
from node.federation.members.summaries import Summary
from node.federation.planning.counting import counting
from node.federation.planning.order import Order
from node.federation.planning.overlaps import overlap
from node.federation.planning.plan import Body
from node.federation.planning.requests import Scope
from node.federation.planning.rounds import Rounds
from node.federation.planning.selection import Catalogue
from node.federation.planning.unfold import unfold
from node.federation.reporting.forecast import Way, way_of
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.algebra import Query
from node.sparql.parser import parse_query
from node.store.quads import Budget, Generation
from node.store.scratch import ScratchEvaluator
from node.web.garbage import ShortCollections

_PREFIXES = """PREFIX hub: <https://w3id.org/cancer-hub/vocab#> PREFIX obo: <http://purl.obolibrary.org/obo/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
_SECONDS = 120.0
#: How long a request takes, as far as planning is concerned.
_ROUND_TRIP = 0.002


@dataclass
class Measured:
    """One query over one federation. Times in seconds, of each run."""

    right: bool = False
    problem: str = ""
    took: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    members_used: float = 0.0
    planning: list[float] = field(default_factory=list)
    anew: list[float] = field(default_factory=list)
    requests: int = 0
    most: int = 0
    needed: int = 0
    looks: int = 0
    threads: int = 0


def main() -> None:
    """Run and print a table for each number of members, then how they compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--members", default="20,50,100,200")
    parser.add_argument("--triples", type=int, default=400_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--queries", default="")
    parser.add_argument("--folder", type=Path, help="keep the data here")
    parser.add_argument("--parts", action="store_true")
    arguments = parser.parse_args()
    means: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        for members in map(int, arguments.members.split(",")):
            found = _measure(folder, members, arguments)
            means[members] = _print(found, members)
    first = next(iter(means))
    growth = ", ".join(f"{members}: {mean / means[first]:.2f}" for members, mean in means.items())
    print(f"geometric mean of the times, beside that of {first} members: {growth}")


def _measure(folder: Path, members: int, arguments: argparse.Namespace) -> dict[str, Measured]:
    data = generated(folder, arguments.triples, members)
    merged = ox.Store()
    merged.bulk_load(skolemised((data.folder / "merged.nt").read_text(encoding="utf-8")), format=ox.RdfFormat.N_TRIPLES)
    wanted = [q for q in arguments.queries.split(",") if q]
    queries = {p.stem: p.read_text(encoding="utf-8") for p in sorted((FEDBENCH / "queries").glob("*.rq"))}
    queries |= dict(_rare(merged))
    queries = {n: t for n, t in queries.items() if not wanted or any(n.startswith(q) for q in wanted)}
    with ExitStack() as stack:
        address, group = stack.enter_context(tenants(data.folder, folder / "log"))
        kept = 128 << 20 if arguments.parts else 0
        federation = stack.enter_context(_Federation.over(address, group, data.members, kept))
        return {name: federation.measure(text, merged, arguments.repeat) for name, text in queries.items()}


def _rare(merged: ox.Store) -> Iterator[tuple[str, str]]:
    """Queries about the rarest and a middling diagnosis, and about a donor who is known at two members."""
    counted = "SELECT ?c (COUNT(*) AS ?n) { ?s hub:diagnosis ?c } GROUP BY ?c ORDER BY ?n ?c"
    codes: list[str] = [row["c"].value for row in merged.query(_PREFIXES + counted)]
    for name, code in (
        ("r1-rarest", codes[0]),
        ("r2-rare", codes[len(codes) // 4]),
        ("r3-middling", codes[len(codes) // 2]),
    ):
        pattern = f"?s hub:diagnosis <{code}> ; hub:anatomicalSite ?site ; hub:ageAtDiagnosis ?age"
        yield name, f"{_PREFIXES}SELECT ?s ?site ?age {{ {pattern} }}"
    pattern = (
        f"?s hub:diagnosis <{codes[len(codes) // 4]}> ; obo:RO_0001000 ?d . ?d hub:sex ?sex . ?r obo:OBI_0000293 ?s"
    )
    yield "r4-rare-assays", f"{_PREFIXES}SELECT ?r ?s ?sex {{ {pattern} }}"
    donors = "SELECT ?d { ?a obo:RO_0001000 ?d . ?d hub:sex ?x } ORDER BY ?d LIMIT 1"
    (row,) = merged.query(_PREFIXES + donors)
    yield "r5-one-donor", f"{_PREFIXES}SELECT ?s ?p ?o {{ ?s obo:RO_0001000 <{row['d'].value}> ; ?p ?o }}"


@contextmanager
def tenants(folder: Path, log: Path) -> Iterator[tuple[str, int]]:
    """The address of a server with a node for each file of a folder, and its process."""
    port = Ports().take()
    command = [sys.executable, "-m", "bench.tenants", str(folder), "--port", str(port)]
    with process(command, log, port=port, seconds=300) as group:
        address = f"http://127.0.0.1:{port}"
        pool = urllib3.PoolManager(retries=False, timeout=600)
        # It listens before it has loaded, and answers when it has.
        pool.request("GET", f"{address}/-/counts")
        yield address, group


def processor_seconds(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Federation:
    """Our engine over all tenants."""

    def __init__(
        self, address: str, group: int, names: Sequence[str], evaluator: ScratchEvaluator, cache_bytes: int
    ) -> None:
        self._address = address
        self._group = group
        self._pool = urllib3.PoolManager(retries=False)
        self._sources = [RemoteSource(Member(endpoint=f"{address}/{name}/sparql", name=name)) for name in names]
        self._execution = Execution(evaluator.evaluate, cache_bytes=cache_bytes)
        self._directories = Directories()
        self._renewal = Renewal()
        self._check = fedbench("check")

    @classmethod
    @contextmanager
    def over(cls, address: str, group: int, names: Sequence[str], cache_bytes: int) -> Iterator[_Federation]:
        """One whose threads and processes end with the block; garbage is collected as in a server."""
        collections = ShortCollections()
        collections.begin()
        evaluator = ScratchEvaluator(2, long=2, queue_seconds=10, base="http://bench.example/")
        federation = cls(address, group, names, evaluator, cache_bytes)
        try:
            yield federation
        finally:
            collections.end()
            federation._renewal.close()
            federation._execution.close()
            evaluator.close()
            for source in federation._sources:
                source.close()

    def measure(self, text: str, merged: ox.Store, repeat: int) -> Measured:
        """Once to learn the summaries, then ``repeat`` times."""
        measured = Measured()
        ordered = "ORDER BY" in text[text.rindex("}") :]
        result = merged.query(text)
        assert isinstance(result, (ox.QuerySolutions, ox.QueryBoolean))
        expected = self._check.parse(result.serialize(format=ox.QueryResultsFormat.JSON), "json")
        for turn in range(repeat + 1):
            self._counts()
            started, used, theirs = time.perf_counter(), time.process_time(), processor_seconds(self._group)
            try:
                body = self._ask(text)
            except Exception as error:  # noqa: BLE001 - the bench goes on, and says it
                measured.problem = f"{type(error).__name__}: {error}"[:120]
                return measured
            took, used = time.perf_counter() - started, time.process_time() - used
            theirs = processor_seconds(self._group) - theirs
            rows = self._check.parse(body, "json")
            counts = self._counts()
            if turn:
                measured.took.append(took)
                measured.used.append(used)
                measured.members_used += theirs / repeat
                for times, found in zip((measured.anew, measured.planning), self._planning(text), strict=True):
                    times.append(found)
            measured.threads = threading.active_count()
            measured.right = self._check.verdict(expected, rows, ordered) == "ok"
            measured.requests = sum(c["full"] + c["empty"] for c in counts.values())
            measured.most = max((c["full"] + c["empty"] for c in counts.values()), default=0)
            measured.needed = sum(c["full"] for c in counts.values())
            measured.looks = sum(c["descriptions"] for c in counts.values())
        return measured

    def _ask(self, text: str) -> bytes:
        self._renewal.used(self._sources)
        budget = Budget(_SECONDS, 1 << 30, 1 << 30)
        with self._execution.answer(
            parse_query(text),
            self._sources,
            formats=(JSON, NTRIPLES),
            meter=Meter(_SECONDS, 1_000_000, 4 << 30),
            budget=budget,
            generation=Generation(0, Path()),
        ) as answer:
            return b"".join(answer)

    def _planning(self, text: str) -> tuple[float, float]:
        """After a member has changed, and again."""
        summaries = {s.name: known.summary for s in self._sources if (known := s.recalled()) is not None}
        name, summary = next((name, summary) for name, summary in summaries.items() if summary is not None)
        summaries[name] = replace(summary, version="changed")
        query = parse_query(text)
        return self._planned(query, summaries), self._planned(query, summaries)

    def _planned(self, query: Query, summaries: Mapping[str, Summary | None]) -> float:
        # Of this thread alone: others of the machine do not count.
        started = time.thread_time()
        body = unfold(query)
        catalogue = Catalogue(summaries, Scope(), frozenset(summaries), self._directories.of(summaries))
        way, _ = way_of(query, body, catalogue)
        for rounds in self._fetching(query, body, catalogue, way):
            next(rounds, None)
        return time.thread_time() - started

    def _fetching(self, query: Query, body: Body, catalogue: Catalogue, way: Way) -> Iterator[Rounds]:
        """What a query is answered from that its members do not answer by themselves."""
        if way is Way.ROWS and (rows := counting(query, body, catalogue)) is not None:
            yield rows.parts.rounds(_ROUND_TRIP, {}, [])
        elif way is Way.GROUPS and (few := overlap(query, body, catalogue)) is not None:
            yield few.rounds()
        elif way in (Way.HERE, Way.YES):
            catalogue.idle(body.scans())
            yield Fetcher(catalogue, Scratch(), Order(catalogue, _ROUND_TRIP)).body(body, {})

    def _counts(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = json.loads(self._pool.request("GET", f"{self._address}/-/counts").data)
        return counts


def _print(found: dict[str, Measured], members: int) -> float:
    rows = []
    for name, m in found.items():
        verdict = "right" if m.right else (m.problem or "WRONG")
        if not m.took:
            rows.append([name, *[""] * 8, verdict])
            continue
        took, planning, anew = map(statistics.median, (m.took, m.planning, m.anew))
        rows.append(
            [
                name,
                f"{took * 1000:.0f}",
                f"{statistics.median(m.used) * 1000:.0f}",
                f"{planning * 1000:.1f}",
                f"{anew * 1000:.1f}",
                str(m.requests),
                str(m.most),
                str(m.needed),
                str(m.looks),
                verdict,
            ]
        )
    print(f"\n{members} members")
    print(table(["query", "ms", "own", "planning", "anew", "requests", "most", "needed", "looks", "answer"], rows))
    measured = [m for m in found.values() if m.took]
    mean = statistics.geometric_mean(statistics.median(m.took) for m in measured)
    requests, needed, looks = (sum(getattr(m, name) for m in measured) for name in ("requests", "needed", "looks"))
    own, theirs = sum(statistics.median(m.used) for m in measured), sum(m.members_used for m in measured)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{sum(m.right for m in found.values())} of {len(found)} right; geometric mean {mean * 1000:.0f} ms; "
        f"{requests:,} requests, {requests / max(needed, 1):.2f} times the needed; {looks:,} looks; processor seconds "
        f"{own:.2f} here, {theirs:.2f} at the members; planning at most "
        f"{max(statistics.median(m.planning) for m in measured) * 1000:.1f} ms, anew "
        f"{max(statistics.median(m.anew) for m in measured) * 1000:.1f}; "
        f"{max(m.threads for m in measured)} threads; at most {most:.0f} MB so far"
    )
    return mean


if __name__ == "__main__":
    main()
