"""Property paths beside other patterns, over nodes of which one holds NCIt and OBI and three hold samples.

    python -m bench.federation_paths [--samples 4000] [--latency MS] [--repeat 3] [--queries p1,p7] [--folder DIR]

The vocabularies are real ($ONCONODE_SHARED/data/ontologies), the samples made up: assays with classes of OBI, samples
with neoplasms of NCIt, chains of samples of one member (``prov:wasDerivedFrom``), and chains of shipments each step of
which may be at another member (``ex:shippedAs``). All members are nodes like this one, reached over HTTP. Prints for
each query the rounds, requests, rows and bytes of a run without anything kept, medians of seconds and of processor
seconds (this process, its workers, and all members together), and whether the answer is that of one store that holds
everything.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pyoxigraph as ox

from bench.federation_members import SHARED, Data, Ports, network
from node.cli.output import table
from node.config import Member
from node.federation.calling.meter import Meter
from node.federation.execution import Execution
from node.federation.fetching.runner import Runner
from node.federation.fetching.trace import Trace
from node.federation.members.sources import RemoteSource
from node.federation.planning.requests import Job
from node.federation.planning.rounds import Answer
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.parser import parse_query
from node.sparql.results import read_json_results
from node.store.quads import Budget, Generation
from node.store.scratch import ScratchEvaluator

ONTOLOGIES = SHARED / "data" / "ontologies"
_OBO = "http://purl.obolibrary.org/obo/"
_SECONDS = 120.0
_PREFIXES = f"""PREFIX obo: <{_OBO}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX dct: <http://purl.org/dc/terms/> PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX onco: <https://w3id.org/onconode/vocab#> PREFIX ex: <http://example.org/> """
_INPUT = "OBI_0000293"
_ANY_NEOPLASM = f"{_OBO}NCIT_C3262"

#: By name: who asks such a thing, and what.
QUERIES = {
    "p1 assays of a kind, of a dataset": (
        f"SELECT ?a ?s {{ ?a a/rdfs:subClassOf* obo:OBI_0000070 ; obo:{_INPUT} ?s . "
        "?s dct:isPartOf <http://b.example.org/dataset/1> }"
    ),
    "p2 any neoplasm, of a dataset": (
        "SELECT ?s ?dx { ?s dct:isPartOf <http://a.example.org/dataset/2> ; onco:diagnosis ?dx . "
        "?dx rdfs:subClassOf* obo:NCIT_C3262 }"
    ),
    "p3 samples of any glioma": (
        "SELECT ?s ?d { ?s onco:diagnosis/rdfs:subClassOf* obo:NCIT_C3059 ; dct:isPartOf ?d }"
    ),
    "p4 any neoplasm, counted by dataset": (
        "SELECT ?d (COUNT(?s) AS ?n) { ?s onco:diagnosis ?dx ; dct:isPartOf ?d . "
        "?dx rdfs:subClassOf* obo:NCIT_C3262 } GROUP BY ?d"
    ),
    "p5 input of assays that are neoplasms": (
        f"SELECT ?a ?d {{ ?a a obo:OBI_0000424 ; obo:{_INPUT} ?s . "
        "?s onco:diagnosis/rdfs:subClassOf* obo:NCIT_C3262 ; dct:isPartOf ?d }"
    ),
    "p6 what a diagnosis is, by name": (
        "SELECT ?s ?above ?label { ?s dct:isPartOf <http://a.example.org/dataset/1> ; onco:diagnosis ?dx . "
        "?dx rdfs:subClassOf+ ?above . ?above rdfs:label ?label }"
    ),
    "p7 first sample of a chain": (
        "SELECT ?s ?root { ?s dct:isPartOf <http://c.example.org/dataset/1> ; prov:wasDerivedFrom+ ?root . "
        "FILTER NOT EXISTS { ?root prov:wasDerivedFrom ?x } }"
    ),
    "p8 all that comes of a sample": (
        "SELECT ?s ?d { ?s prov:wasDerivedFrom+ <http://a.example.org/sample/0> ; dct:isPartOf ?d }"
    ),
    "p9 a shipment to its end": (
        "SELECT ?s ?d { <http://a.example.org/sample/7> ex:shippedAs+ ?s . ?s dct:isPartOf ?d }"
    ),
    "p10 shipments back, of any glioma": (
        "SELECT ?s ?first { ?s onco:diagnosis/rdfs:subClassOf* obo:NCIT_C3059 . ?s ^ex:shippedAs* ?first }"
    ),
    "p11 from a sample to another": (
        "SELECT ?x { <http://a.example.org/sample/7> ex:shippedAs* ?x . "
        "?x ex:shippedAs* <http://b.example.org/sample/7-5> }"
    ),
    "p12 derived, counted by dataset": (
        "SELECT ?d (COUNT(*) AS ?n) { ?s prov:wasDerivedFrom+ ?root . ?s dct:isPartOf ?d } GROUP BY ?d"
    ),
    "p13 anything but its type or place": (
        "SELECT ?s ?o { ?s dct:isPartOf <http://b.example.org/dataset/1> . ?s !(a|dct:isPartOf) ?o }"
    ),
    "p14 classes of two kinds": (
        "SELECT ?dx ?label { ?dx rdfs:subClassOf+ obo:NCIT_C9305 , ?above ; rdfs:label ?label . "
        "?above rdfs:subClassOf* obo:NCIT_C3059 }"
    ),
}


@dataclass
class Measured:
    """One query. Seconds of each run; the counts are those of the last."""

    took: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    rounds: int = 0
    requests: int = 0
    rows: int = 0
    bytes: int = 0
    answers: int = 0
    verdict: str = ""


class _Rounds:
    """Counts the rounds of requests of the runners of this process, and the requests."""

    def __init__(self) -> None:
        self.number = self.requests = 0
        run = Runner.run

        def counted(runner: Runner, jobs: Sequence[Job]) -> list[Answer]:
            before = _requests(runner)
            answers = run(runner, jobs)
            self.requests += (made := _requests(runner) - before)
            self.number += made > 0
            return answers

        Runner.run = counted  # type: ignore[method-assign, assignment]


def _requests(runner: Runner) -> int:
    return sum(tally.requests for tally in runner._meter.tallies.values())


def main() -> None:
    """Make the data, start the nodes, run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=4000, help="of each of the three members")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--queries", default="")
    parser.add_argument("--folder", type=Path, help="keep data and nodes here")
    arguments = parser.parse_args()
    wanted = [q for q in arguments.queries.split(",") if q]
    queries = {n: t for n, t in QUERIES.items() if not wanted or n.split()[0] in wanted}
    with tempfile.TemporaryDirectory() as temporary:
        data = _made(arguments.folder or Path(temporary), arguments.samples)
        merged = ox.Store()
        merged.bulk_load(path=str(data.folder / "merged.nt"), format=ox.RdfFormat.N_TRIPLES)
        log = Path(temporary) / "log"
        with network(data, "nodes", latency_ms=arguments.latency, ports=Ports(), log=log) as net:
            sources = [RemoteSource(Member(endpoint=url, name=name)) for name, url in net.members.items()]
            evaluator = ScratchEvaluator(2, long=2, queue_seconds=10, base="http://bench.example/")
            execution, rounds = Execution(evaluator.evaluate, cache_bytes=0), _Rounds()
            try:
                found = {
                    name: _measure(_PREFIXES + text, execution, sources, merged, rounds, arguments.repeat)
                    for name, text in queries.items()
                }
            finally:
                execution.close()
                evaluator.close()
                for source in sources:
                    source.close()
        print(f"{data.triples:,} triples, {len(data.members)} nodes, {arguments.latency:g} ms added")
        _print(found)


def _measure(
    text: str, execution: Execution, sources: Sequence[RemoteSource], merged: ox.Store, rounds: _Rounds, repeat: int
) -> Measured:
    measured, query = Measured(), parse_query(text)
    theirs = merged.query(text)
    assert isinstance(theirs, ox.QuerySolutions)
    expected = _multiset(theirs.serialize(format=ox.QueryResultsFormat.JSON) or b"")
    for turn in range(repeat + 1):
        trace, meter = Trace(), Meter(_SECONDS, 100_000, 4 << 30)
        rounds.number = rounds.requests = 0
        before, started = _processor(), time.perf_counter()
        try:
            with execution.answer(
                query,
                sources,
                formats=(JSON, NTRIPLES),
                meter=meter,
                budget=Budget(_SECONDS, 1 << 30, 1 << 30),
                generation=Generation(0, Path()),
                trace=trace,
            ) as answer:
                got = _multiset(b"".join(answer))
        except Exception as error:  # noqa: BLE001 - the bench goes on, and says it
            measured.verdict = f"{type(error).__name__}: {error}"[:80]
            return measured
        took, used = time.perf_counter() - started, _processor() - before
        if turn:
            measured.took.append(took)
            measured.processor.append(used)
        measured.rounds, measured.requests = rounds.number, rounds.requests
        # What was asked again came once.
        came = {(r.member, r.text): r for r in trace.requests}.values()
        measured.rows, measured.bytes = sum(r.rows for r in came), sum(r.bytes for r in came)
        measured.answers, measured.verdict = got.total(), "same" if got == expected else "DIFFERS"
        if not rounds.number:
            # Members have answered the whole query, each for itself.
            measured.rounds, measured.requests = 1, max(1, len(came))
    return measured


def _multiset(data: bytes) -> Counter[tuple[tuple[str, str], ...]]:
    return Counter(tuple(sorted((k, t.n3) for k, t in row.items())) for row in read_json_results(data).rows)


def _processor() -> float:
    """Seconds that this process and all that it started have used until now."""
    children: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                told = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(told[1]), []).append(int(folder.name))
            used[int(folder.name)] = sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK")

    def of(process: int) -> float:
        return used.get(process, 0.0) + sum(map(of, children.get(process, [])))

    return of(os.getpid())


def _print(found: dict[str, Measured]) -> None:
    head = ["query", "answers", "rounds", "requests", "rows", "kB", "ms", "processor ms", "answer"]
    rows = [
        [
            name,
            f"{m.answers:,}",
            str(m.rounds),
            str(m.requests),
            f"{m.rows:,}",
            f"{m.bytes / 1000:,.0f}",
            f"{statistics.median(m.took) * 1000:.0f}" if m.took else "",
            f"{statistics.median(m.processor) * 1000:.0f}" if m.took else "",
            m.verdict,
        ]
        for name, m in found.items()
    ]
    print(table(head, rows))
    right = [m for m in found.values() if m.verdict == "same"]
    print(
        f"{len(right)} of {len(found)} the same; {sum(m.rounds for m in right)} rounds, "
        f"{sum(m.requests for m in right):,} requests, {sum(m.rows for m in right):,} rows; geometric mean "
        f"{statistics.geometric_mean(statistics.median(m.took) for m in right) * 1000:.0f} ms, "
        f"{sum(statistics.median(m.processor) for m in right):.2f} processor seconds in all"
    )


# --- the data ---


def _made(folder: Path, samples: int) -> Data:
    """A file for each member, and one for all, made once and kept below ``folder``."""
    target = folder / f"paths-{samples}"
    vocabulary = b"".join(_vocabulary()) if not (target / "merged.nt").exists() else b""
    if vocabulary:
        target.mkdir(parents=True, exist_ok=True)
        neoplasms = _below(vocabulary, _ANY_NEOPLASM)
        assays = _below(vocabulary, f"{_OBO}OBI_0000070")
        parts = {"vocabulary": vocabulary.decode()}
        for name, lines in zip("abc", _partners(Random(7), samples, neoplasms, assays), strict=True):
            parts[name] = "".join(line + " .\n" for line in dict.fromkeys(lines))
        for name, text in parts.items():
            (target / f"{name}.nt").write_text(text, encoding="utf-8")
        (target / "merged.nt").write_text("".join(parts.values()), encoding="utf-8")
    with (target / "merged.nt").open("rb") as merged:
        return Data(target, ("vocabulary", "a", "b", "c"), sum(1 for _ in merged))


def _vocabulary() -> Iterator[bytes]:
    """NCIt and OBI as N-Triples, blank nodes as IRIs."""
    if not ONTOLOGIES.exists():
        raise SystemExit(f"the ontologies are not in {ONTOLOGIES}: set ONCONODE_SHARED.")
    for number, (path, form) in enumerate(
        (
            (ONTOLOGIES / "ncit" / "ncit-merged-2020.nt.gz", ox.RdfFormat.N_TRIPLES),
            (ONTOLOGIES / "obi" / "obi-from-obo.owl.gz", ox.RdfFormat.RDF_XML),
        )
    ):
        names: dict[str, ox.NamedNode] = {}

        def plain(term: object, number: int = number, names: dict[str, ox.NamedNode] = names) -> object:
            if not isinstance(term, ox.BlankNode):
                return term
            iri = f"http://v.example.org/.well-known/genid/{number}x{len(names)}"
            return names.setdefault(term.value, ox.NamedNode(iri))

        triples = (
            ox.Triple(plain(q.subject), q.predicate, plain(q.object))  # type: ignore[arg-type]
            for q in ox.parse(gzip.decompress(path.read_bytes()), format=form)
        )
        yield ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def _below(ntriples: bytes, iri: str) -> list[str]:
    store = ox.Store()
    store.bulk_load(ntriples, format=ox.RdfFormat.N_TRIPLES)
    found = store.query(f"{_PREFIXES}SELECT DISTINCT ?c {{ ?c rdfs:subClassOf* <{iri}> }}")
    return sorted(row["c"].value for row in found)  # type: ignore[union-attr]


def _partners(
    random: Random, samples: int, neoplasms: Sequence[str], assays: Sequence[str]
) -> tuple[list[str], list[str], list[str]]:
    """What three members hold."""
    diagnoses, kinds = random.sample(neoplasms, 300), [*random.sample(assays, 40), f"{_OBO}OBI_0000424"]
    parts: tuple[list[str], list[str], list[str]] = ([], [], [])
    for at, name in enumerate("abc"):
        lines = parts[at]
        for number in range(samples):
            sample = f"<http://{name}.example.org/sample/{number}>"
            lines.append(f"{sample} <https://w3id.org/onconode/vocab#diagnosis> <{random.choice(diagnoses)}>")
            lines.append(
                f"{sample} <http://purl.org/dc/terms/isPartOf> <http://{name}.example.org/dataset/{number % 40}>"
            )
            if number % 8:
                # Eight samples, each of the one before.
                before = f"<http://{name}.example.org/sample/{number - 1}>"
                lines.append(f"{sample} <http://www.w3.org/ns/prov#wasDerivedFrom> {before}")
            assay = f"<http://{name}.example.org/assay/{number}>"
            lines.append(f"{assay} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{random.choice(kinds)}>")
            lines.append(f"{assay} <{_OBO}{_INPUT}> {sample}")
    for number in range(min(samples, 600)):
        # A sample of a, sent on ten times: who got it says that it did, and where it went is said there.
        last, holder = f"<http://a.example.org/sample/{number}>", 0
        for step in range(1, 11):
            to = random.randrange(3) if number != 7 or step != 5 else 1
            now = f"<http://{'abc'[to]}.example.org/sample/{number}-{step}>"
            parts[holder].append(f"{last} <http://example.org/shippedAs> {now}")
            parts[to].append(f"{now} <http://purl.org/dc/terms/isPartOf> <http://{'abc'[to]}.example.org/dataset/0>")
            if step % 5 == 0:
                parts[to].append(f"{now} <https://w3id.org/onconode/vocab#diagnosis> <{random.choice(diagnoses)}>")
            last, holder = now, to
    return parts


if __name__ == "__main__":
    main()
