"""How long it takes to compare two releases of NCIt, and to rehearse the newer one on a node with real samples.

    .venv/bin/python -m bench.vocabulary_release --partners ../shared/data/partners \\
        --ontologies ../shared/data/ontologies

Compares the extract of 2018 with that of 2020, ours beside a plain set difference of their canonical N-Triples by
rdflib's reader and canonicaliser (which says only which triples differ). Then publishes all study folders of the
partners on a fresh node with the release of 2018 and rehearses that of 2020. ``--no-peer`` leaves rdflib out,
``--node DIR`` takes a node that was published before.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from node.curation.content import read_content
from node.curation.differences import compare

OLD, NEW = "ncit/ncit-disease-2018-06-08.nt.gz", "ncit/ncit-merged-2020.nt.gz"


def timed(what: Callable[[], object], repeat: int) -> tuple[float, object]:
    """The median of some runs in seconds, and the last answer."""
    seconds = []
    found: object = None
    for _ in range(repeat):
        started = time.perf_counter()
        found = what()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), found


def peer(old: Path, new: Path) -> tuple[int, int]:
    """Triples that only one of two releases has, by rdflib: both graphs canonicalised, then subtracted."""
    from rdflib import Graph  # noqa: PLC0415 - the peer, not needed without it
    from rdflib.compare import to_canonical_graph  # noqa: PLC0415

    graphs = []
    for path in (old, new):
        graph = Graph()
        graph.parse(data=gzip.decompress(path.read_bytes()), format="nt")
        graphs.append(set(to_canonical_graph(graph)))
    return len(graphs[0] - graphs[1]), len(graphs[1] - graphs[0])


def run(*arguments: object) -> str:
    command = [sys.executable, "-m", "node", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def published(folder: Path, partners: Path, ontologies: Path) -> None:
    """A node with NCIt of 2018 and the tables of codes, and every study of the partners."""
    run("init", folder, "--base-iri", "https://bench.example/")
    run("ontology", "install", "ncit", "--from", ontologies / OLD, "--node", folder)
    run("ontology", "install", "obi", "oncotree", "icdo3", "gdc", "--from", ontologies, "--node", folder)
    studies = sorted({path.parent for path in partners.rglob("data_clinical_sample.txt")})
    subprocess.run(
        [
            sys.executable,
            "-m",
            "node",
            "publish",
            *map(str, studies),
            "--node",
            str(folder),
            "--no-proposals",
            "--json",
        ],
        check=False,
        stdout=subprocess.DEVNULL,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--partners", type=Path, required=True)
    parser.add_argument("--ontologies", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--node", type=Path)
    arguments = parser.parse_args()
    old, new = arguments.ontologies / OLD, arguments.ontologies / NEW
    seconds, found = timed(lambda: compare(read_content(old), read_content(new)), arguments.repeat)
    print(f"compare: {seconds:.1f} s, {found.counts()}")  # type: ignore[attr-defined]
    if not arguments.no_peer:
        theirs, triples = timed(lambda: peer(old, new), 1)
        print(f"rdflib, triples only: {theirs:.1f} s ({theirs / seconds:.1f} times as long), {triples}")
    with tempfile.TemporaryDirectory(prefix="onconode-bench-") as scratch:
        node = arguments.node or Path(scratch) / "node"
        if not node.exists():
            published(node, arguments.partners, arguments.ontologies)
        rehearse = ("curate", "rehearse", "--node", node, "--from", new, "--name", "ncit", "--json")
        seconds, text = timed(lambda: run(*rehearse), arguments.repeat)
        document = json.loads(str(text))
        samples = sum(row.get("samples", 0) for row in document["datasets"].values())
        print(f"rehearse: {seconds:.1f} s on {samples:,} samples of {len(document['datasets'])} datasets")
        for name in ("gained", "recoded", "affected"):
            rows = document[name]
            print(f"  {name}: {len(rows):,} rows, {sum(row['samples'] for row in rows):,} samples")
        kinds: dict[str, int] = {}
        for row in document["affected"]:
            kinds[row["what"]] = kinds.get(row["what"], 0) + row["samples"]
        print(f"  affected samples by kind: {kinds}")
        changed = [query["name"] for query in document["queries"] if query["added"] or query["removed"]]
        failed = [query["name"] for query in document["queries"] if query["problem"]]
        print(f"  queries: {len(document['queries'])}, {len(changed)} answer otherwise, {len(failed)} not compared")


if __name__ == "__main__":
    main()
