"""Installing NCIt and OBI, and questions over their hierarchies, beside the engine's own paths and lists of classes.

    python -m bench.ontology install --ontologies DIR
    python -m bench.ontology query --ontologies DIR --partners DIR [--rounds 5]
    python -m bench.ontology query --node DIR [--rounds 5]

``query`` publishes every partner's folder into a node that has the releases (or takes a node where that has been done)
and asks four questions about neoplasms in three ways, in turns in one run: with the path, as a node answers it; with
every class below neoplasm listed in the text, as a client would; and with the path, by the engine itself. Medians.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pyoxigraph import NamedNode, Store

from node.cli.output import table
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import NTRIPLES, TSV
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget

_BASE = "http://127.0.0.1:9/"
_TIER = Identifiers(_BASE).tier_graph(Tier.PUBLIC)
_BUDGET = Budget(600, 8 << 30, 1 << 32)
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
    parser.add_argument("--engine-rounds", type=int, default=2, help="how often the engine follows the path by itself")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        node = Path(temporary) / "node" if chosen.node is None else chosen.node
        if chosen.node is None:
            if chosen.ontologies is None:
                parser.error("--ontologies is needed")
            _onconode("init", str(node), "--base-iri", _BASE)
        if chosen.what == "install":
            print(table(["what", "seconds"], list(_installed(node, chosen.ontologies))))
            return
        if chosen.node is None:
            _onconode("ontology", "install", "ncit", "obi", "oncotree", "icdo3", "gdc", *_at(node, chosen.ontologies))
            paths = [str(path) for path in sorted(chosen.partners.iterdir()) if path.is_dir()]
            _onconode("publish", *paths, "--node", str(node), "--no-proposals")
        columns = ["question", "rows", "the node, ms", "classes listed, ms", "the engine's path, ms"]
        columns += ["times the list", "of the engine's path"]
        print(table(columns, list(_asked(node, chosen.rounds, chosen.engine_rounds))))


def _installed(node: Path, ontologies: Path) -> Iterator[list[str]]:
    whole = 0.0
    for name in ("ncit", "obi"):
        seconds = _onconode("ontology", "install", name, *_at(node, ontologies))
        whole += seconds
        yield [f"install {name}", f"{seconds:.1f}"]
    yield ["both", f"{whole:.1f}"]
    merged = ontologies / "obi" / "obi-edit-merged.nt.gz"
    given = ("--from", str(merged), "--version", "edit", "--node", str(node))
    yield ["OBI from its edited sources", f"{_onconode('ontology', 'install', 'obi', *given):.1f}"]
    plain = _onconode("ontology", "install", "obi", "--no-inference", *given)
    yield ["the same without inference", f"{plain:.1f}"]
    back = _onconode("ontology", "rollback", "obi", "--to", "2026", "--node", str(node))
    yield ["back to the release", f"{back:.1f}"]


def _asked(node: Path, rounds: int, engine_rounds: int) -> Iterator[list[str]]:
    store = OxigraphStore(node / "data", identifiers=Identifiers(_BASE), workers=1, queue_seconds=60)
    engine = Store.read_only(str(store.generation().folder / "quads"))
    graph = [NamedNode(_TIER)]

    def by_node(text: str) -> bytes:
        answer = store.query(_PREFIXES + text, scope=GraphScope((_TIER,)), formats=(TSV, NTRIPLES), budget=_BUDGET)
        with answer:
            return b"".join(answer)

    def by_engine(text: str) -> bytes:
        return engine.query(_PREFIXES + text, default_graph=[*graph]).serialize(None, TSV.results) or b""

    below = by_engine(f"SELECT ?dx {{ {_PATH} }}").decode().split("\n")[1:-1]
    listed = f"VALUES ?dx {{ {' '.join(below)} }}"
    print(f"{len(below):,} classes; generation {store.generation().number}")
    try:
        for name, question in _QUESTIONS.items():
            ways: list[Callable[[], bytes]] = [
                lambda q=question: by_node(q.format(_PATH)),
                lambda q=question: by_node(q.format(listed)),
                lambda q=question: by_engine(q.format(_PATH)),
            ]  # type: ignore[misc]
            taken: list[list[float]] = [[], [], []]
            answers = [b"", b"", b""]
            for number in range(rounds):
                for at, way in enumerate(ways if number < engine_rounds else ways[:2]):
                    started = time.perf_counter()
                    answers[at] = way()
                    taken[at].append(time.perf_counter() - started)
            same = {tuple(sorted(answer.split(b"\n"))) for answer in answers}
            if len(same) != 1:
                raise SystemExit(f"{name}: the three answers differ")
            own, given, path = (statistics.median(times) for times in taken)
            yield [
                name,
                f"{answers[0].count(10) - 1:,}",
                *(f"{1000 * t:,.1f}" for t in (own, given, path)),
                f"{own / given:.2f}",
                f"1/{path / own:.0f}",
            ]
    finally:
        store.close()


def _at(node: Path, ontologies: Path) -> tuple[str, ...]:
    return ("--from", str(ontologies), "--node", str(node))


def _onconode(*words: str) -> float:
    """Seconds that a command takes. Raises CalledProcessError."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "node", *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
