"""What the digest of a node's content costs a change: seconds with it and without it, in turns.

    python -m bench.digests [--triples 200000] [--rounds 3]

*first*: a graph of so many triples is put into an empty node. *replaced*: it is put again, with one triple in a hundred
changed. *small*: a thousand more triples come one by one. *old*: a small change where no digests are kept yet, as after
an older release: all graphs are read once. Without: the same with the digest left out.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from unittest import mock

from node.cli.output import table
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.namespaces import RDF_TYPE
from node.store import building
from node.store.digests import Digests
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change, GraphContent

_BASE = "http://node.example/"
_VOCAB = "https://w3id.org/onconode/vocab#"
_CODES = "http://purl.obolibrary.org/obo/NCIT_C"
_INTEGER = "http://www.w3.org/2001/XMLSchema#integer"


def _content(triples: int, changed: int = 0) -> bytes:
    """Samples of five triples each, the age of every hundredth other than before."""
    lines = []
    for i in range(triples // 5):
        sample = f"<{_BASE}datasets/made/samples/{i}>"
        age = i % 90 + (changed if i % 20 == 0 else 0)
        lines += [
            f"{sample} <{RDF_TYPE}> <http://purl.obolibrary.org/obo/OBI_0001479> .",
            f"{sample} <http://purl.org/dc/terms/isPartOf> <{_BASE}datasets/made> .",
            f"{sample} <{_VOCAB}diagnosis> <{_CODES}{3000 + i % 700}> .",
            f'{sample} <{_VOCAB}ageAtDiagnosis> "{age}"^^<{_INTEGER}> .',
            f'{sample} <http://www.w3.org/2000/01/rdf-schema#label> "Sample {i}"@en .',
        ]
    return ("\n".join(lines) + "\n").encode()


def _put(content: bytes, name: str = "made") -> Change:
    return Change(put=(GraphContent(f"{_BASE}graph/{name}", Tier.PUBLIC, content),))


def _nothing(*_: object) -> dict[str, object]:
    return {}


@contextmanager
def _without() -> Iterator[None]:
    """No digests are kept."""
    with ExitStack() as stack:
        # No mocks, which would keep the database that they are called with open.
        for name in ("adjust", "loaded", "settled"):
            stack.enter_context(mock.patch.object(Digests, name, _nothing))
        stack.enter_context(mock.patch.object(building, "whole", _nothing))
        yield


def _timed(change: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and processor seconds."""
    started, processor = time.monotonic(), time.process_time()
    change()
    return time.monotonic() - started, time.process_time() - processor


def _run(triples: int) -> dict[str, tuple[float, float]]:
    """What each step took."""
    first, second, few = _content(triples), _content(triples, changed=3), _content(1_000)
    with tempfile.TemporaryDirectory() as folder:
        store = OxigraphStore(Path(folder), identifiers=Identifiers(_BASE), workers=1, queue_seconds=1.0)
        with closing(store):
            found = {
                "first": _timed(lambda: store.apply(_put(first))),
                "replaced": _timed(lambda: store.apply(_put(second))),
                "small": _timed(lambda: store.apply(_put(few, "few"))),
            }
            for file in Path(folder).glob("generations/*/files/digests.json"):
                file.unlink()
            return found | {"old": _timed(lambda: store.apply(_put(few[: len(few) // 2].rpartition(b"\n")[0], "few")))}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--triples", type=int, default=200_000)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    kept, left = [], []
    for _ in range(given.rounds):
        with _without():
            left.append(_run(given.triples))
        kept.append(_run(given.triples))
    rows = []
    for step in kept[0]:
        row = [step]
        for kind in (0, 1):
            one, other = (statistics.median(run[step][kind] for run in runs) for runs in (left, kept))
            row += [f"{one:.2f}", f"{other:.2f}", f"{other / one:.2f}"]
        rows.append(row)
    print(table(["change", "without, s", "with", "ratio", "without, processor s", "with", "ratio"], rows))


if __name__ == "__main__":
    main()
