"""How large a node's VoID description is, and how long a change takes, by how much the node holds and is changed.

    python -m bench.summaries [--triples 100000,1000000] [--changes 1,100,10000] [--folder FOLDER]

The data is that of fedbench ($ONCONODE_SHARED), all in one node, put a million triples at a time. A change puts a graph
of samples that was not there, of so many triples. *Change*: seconds until it is the node's current generation, summary,
digests and hierarchies with it; median of three. *Made*: processor seconds for the description, which is made once a
generation. What is proportional to the change does not grow from one line to the next.
"""

from __future__ import annotations

import argparse
import gzip
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from bench.federation_members import fedbench
from node.cli.output import table
from node.config import Identity
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.publishing.summary import void_description
from node.rdf.namespaces import ONCO, RDF_TYPE
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change, GraphContent

_BASE = "http://node.example/"
_AT_ONCE = 1_000_000
_BLANK = re.compile(r"(?<![^ \n])_:(\w+)")
_REPEATS = 3


def _pieces(folder: Path, triples: int) -> Iterator[bytes]:
    """N-Triples of fedbench, so many triples in all."""
    target = folder / f"fb-{triples}-1"
    if not (target / "manifest.json").exists():
        fedbench("generate").generate(str(target), triples, 1, 1, 5000)
    with (target / "merged.nt").open(encoding="utf-8") as lines:
        while piece := "".join(islice(lines, _AT_ONCE)):
            yield _BLANK.sub(rf"<{_BASE}.well-known/genid/\1>", piece).encode()


def _samples(triples: int, name: str) -> bytes:
    lines = []
    for i in range(-(-triples // 4)):
        sample = f"<{_BASE}datasets/{name}/samples/{i}>"
        lines += [
            f"{sample} <{RDF_TYPE}> <http://purl.obolibrary.org/obo/OBI_0001479> .",
            f"{sample} <http://purl.org/dc/terms/isPartOf> <{_BASE}datasets/{name}> .",
            f'{sample} <http://www.w3.org/2000/01/rdf-schema#label> "Sample {i} of {name}"@en .',
            f"{sample} <{ONCO}diagnosis> <http://purl.obolibrary.org/obo/NCIT_C{3000 + i % 700}> .",
        ]
    return ("\n".join(lines[:triples]) + "\n").encode()


def _changed(store: OxigraphStore, name: str, content: bytes) -> float:
    started = time.monotonic()
    store.apply(Change(put=(GraphContent(f"{_BASE}graph/{name}", Tier.PUBLIC, content),)))
    return time.monotonic() - started


def _line(triples: int, changes: list[int], folder: Path) -> list[str]:
    identifiers = Identifiers(_BASE)
    with tempfile.TemporaryDirectory() as data:
        store = OxigraphStore(Path(data), identifiers=identifiers, workers=1, queue_seconds=1.0)
        with closing(store):
            held, took = 0, 0.0
            for i, piece in enumerate(_pieces(folder, triples)):
                took += _changed(store, f"part-{i}", piece)
                held += piece.count(b"\n")
            started = time.process_time()
            described = void_description(store, identifiers, Identity(base_iri=_BASE, title="Measured"))
            made = time.process_time() - started
            figures = [f"{held:,}", f"{took:.0f} s", f"{len(gzip.compress(described)) / 1000:.0f} kB"]
            figures += [f"{len(described) / 1000:,.0f} kB", f"{made:.2f} s"]
            for size in changes:
                each = [_changed(store, f"new-{size}-{i}", _samples(size, f"n{size}-{i}")) for i in range(_REPEATS)]
                figures.append(f"{statistics.median(each):.2f} s")
    return figures


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--triples", default="100000,1000000", help="comma-separated")
    arguments.add_argument("--changes", default="1,100,10000", help="comma-separated numbers of triples")
    arguments.add_argument("--folder", type=Path, help="keeps the data for the next run")
    given = arguments.parse_args()
    changes = [int(size) for size in given.changes.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        rows = [_line(int(size), changes, given.folder or Path(temporary)) for size in given.triples.split(",")]
    heads = ["triples", "filled in", "compressed", "uncompressed", "made"]
    print(table([*heads, *(f"change of {size:,}" for size in changes)], rows))


if __name__ == "__main__":
    main()
