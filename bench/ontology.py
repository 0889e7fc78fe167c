"""Installing NCIt and OBI, and questions over their hierarchies, beside the engine's own paths and lists of classes.

    python -m bench.ontology install --ontologies DIR
    python -m bench.ontology query --ontologies DIR --partners DIR [--rounds 5]
    python -m bench.ontology query --node DIR [--rounds 5]

``query`` publishes every partner's folder into a node that has the releases (or takes a node where that has been done)
and asks four questions about neoplasms in three ways, in turns in one run: with the path, as a node answers it; with
every class below neoplasm listed in the text, as a client would; and with the path, by the engine itself. All three in
this process, as a query worker does it: processor time, which says the same on a busy machine. Medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import NamedNode, QueryResultsFormat, QuerySolutions, Store

from node.cli.output import table
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.store.hierarchies import Hierarchies
from node.store.oxigraph import OxigraphStore
from node.store.statistics import Statistics

_BASE = "http://127.0.0.1:9/"
_TIER = Identifiers(_BASE).tier_graph(Tier.PUBLIC)
_PREFIXES = (
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX obo: <http://purl.obolibrary.org/obo/> "
    "PREFIX onco: <https://w3id.org/onconode/vocab#> "
)
_PATH = "?dx rdfs:subClassOf* obo:NCIT_C3262 ."
_QUESTIONS = {
    "samples of any neoplasm, counted": "SELECT (COUNT(*) AS ?n) {{ ?s onco:diagnosis ?dx . {} }}",
    "samples of any neoplasm": "SELECT ?s ?dx {{ ?s onco:diagnosis ?dx . {} }}",
    "by diagnosis": "SELECT ?dx (COUNT(?s) AS ?n) {{ ?s onco:diagnosis ?dx . {} }} GROUP BY ?dx",
    "metastases of any neoplasm": (
        "SELECT (COUNT(*) AS ?n) {{ ?s onco:sampleType obo:NCIT_C3261 ; onco:diagnosis ?dx . {} }}"
    ),
}


def main() -> None:
    """Run one of the comparisons and print its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("install", "query"))
    parser.add_argument("--ontologies", type=Path)
    parser.add_argument("--partners", type=Path)
    parser.add_argument("--node", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--path-rounds", type=int, default=2, help="how often the engine follows the path by itself")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        node = Path(temporary) / "node" if chosen.node is None else chosen.node
        if chosen.node is None:
            if chosen.ontologies is None:
                parser.error("--ontologies is needed")
            _onconode("init", str(node), "--base-iri", _BASE)
        if chosen.what == "install":
            print(table(["what", "seconds", "processor s"], list(_installed(node, chosen.ontologies))))
            return
        if chosen.node is None:
            _onconode("ontology", "install", "ncit", "obi", "oncotree", "icdo3", "gdc", *_at(node, chosen.ontologies))
            paths = [str(path) for path in sorted(chosen.partners.iterdir()) if path.is_dir()]
            _onconode("publish", *paths, "--node", str(node), "--no-proposals")
        columns = ["question", "rows", "the first time, ms", "the node, ms", "classes listed, ms"]
        columns += ["the engine's path, ms", "times the list", "of the engine's path"]
        print(table(columns, list(_asked(node, chosen.rounds, chosen.path_rounds))))


def _installed(node: Path, ontologies: Path) -> Iterator[list[str]]:
    yield ["install ncit obi", *_onconode("ontology", "install", "ncit", "obi", *_at(node, ontologies))]
    merged = ontologies / "obi" / "obi-edit-merged.nt.gz"
    given = ("--from", str(merged), "--version", "edit", "--node", str(node))
    yield ["OBI from its edited sources", *_onconode("ontology", "install", "obi", *given)]
    yield ["the same without inference", *_onconode("ontology", "install", "obi", "--no-inference", *given)]
    yield ["back to the release", *_onconode("ontology", "rollback", "obi", "--to", "2026", "--node", str(node))]


def _asked(node: Path, rounds: int, path_rounds: int) -> Iterator[list[str]]:
    store = OxigraphStore(node / "data", identifiers=Identifiers(_BASE), workers=1, queue_seconds=60)
    folder = store.generation().folder
    store.close()
    engine, graph = Store.read_only(str(folder / "quads")), [NamedNode(_TIER)]
    known = Statistics(engine, Hierarchies(folder))

    def by_engine(text: str) -> bytes:
        answer = engine.query(_PREFIXES + text, default_graph=[*graph])
        assert isinstance(answer, QuerySolutions)
        return answer.serialize(None, QueryResultsFormat.TSV) or b""

    def by_node(text: str) -> bytes:
        written = known.better(_PREFIXES + text, {"default_graph": graph})
        return by_engine(text) if written is None else by_engine(written.removeprefix(_PREFIXES))

    below = by_engine(f"SELECT ?dx {{ {_PATH} }}").decode().split("\n")[1:-1]
    listed = f"VALUES ?dx {{ {' '.join(below)} }}"
    print(f"{len(below):,} classes")
    for name, question in _QUESTIONS.items():
        asked = (
            (by_node, question.format(_PATH)),
            (by_engine, question.format(listed)),
            (by_engine, question.format(_PATH)),
        )
        taken: list[list[float]] = [[], [], []]
        answers: set[tuple[bytes, ...]] = set()
        for number in range(rounds):
            for at, (way, text) in enumerate(asked[:2] if number >= path_rounds else asked):
                started = time.process_time()
                answer = way(text)
                taken[at].append(time.process_time() - started)
                answers.add(tuple(sorted(answer.split(b"\n"))))
        if len(answers) != 1:
            raise SystemExit(f"{name}: the answers differ")
        own, given, followed = (statistics.median(times) for times in taken)
        times = (f"{1000 * t:,.0f}" for t in (taken[0][0], own, given, followed))
        yield [name, f"{len(answers.pop()) - 2:,}", *times, f"{own / given:.2f}", f"1/{followed / own:.0f}"]


def _at(node: Path, ontologies: Path) -> tuple[str, ...]:
    return ("--from", str(ontologies), "--node", str(node))


def _onconode(*words: str) -> tuple[str, str]:
    """Seconds that a command takes, and processor seconds of all its processes. Raises CalledProcessError."""
    started, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-m", "node", *words], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return f"{time.perf_counter() - started:.1f}", f"{used:.1f}"


if __name__ == "__main__":
    main()
