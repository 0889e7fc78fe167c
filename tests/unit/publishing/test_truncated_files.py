"""A document that was cut off somewhere: an error with its place, and nothing changes."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from descriptions import BASE, description, write_json
from memory_store import MemoryStore

from node.model.identifiers import Identifiers
from node.publishing.documents import read_document
from node.publishing.jsonld import serialize
from node.publishing.publish import NodeParts, publish
from node.rdf.formats import GRAPH_FORMATS, Format

CUTS = 12


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A whole description as N-Triples, as a node serves it."""
    folder = tmp_path_factory.mktemp("whole")
    spool = folder / "spool"
    spool.mkdir()
    (draft,) = read_document(write_json(folder, description()), Identifiers(BASE), spool).drafts
    return draft.public.read_bytes()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("format_", GRAPH_FORMATS, ids=lambda f: f.name)
def test_a_document_that_was_cut_off(
    parts: NodeParts, store: MemoryStore, tmp_path: Path, whole: bytes, format_: Format, compressed: bool
) -> None:
    """At a dozen random places, in each format, packed and not."""
    content = serialize(whole, format_, f"{BASE}datasets/gliomas")
    content = gzip.compress(content) if compressed else content
    rng = random.Random(5)
    ending = f".{format_.name}" + (".gz" if compressed else "")
    for _ in range(CUTS):
        cut = rng.randrange(1, len(content.rstrip()) - 2)
        path = tmp_path / f"cut-{cut}{ending}"
        path.write_bytes(content[:cut])
        report = publish([path], node=parts)
        assert not report.ok, cut
        told = [*report.findings, *(f for d in report.datasets for f in d.findings)]
        assert path.name in str(told[0].where)
        assert told[0].message
    assert store.number == 0
    path = tmp_path / f"whole{ending}"
    path.write_bytes(content)
    assert publish([path], node=parts).ok


def test_cut_between_two_statements(parts: NodeParts, tmp_path: Path, whole: bytes) -> None:
    """A line-based document that ends with a line is whole by its format: only what it lacks can tell."""
    lines = whole.splitlines(keepends=True)
    path = tmp_path / "cut.nt"
    path.write_bytes(b"".join(lines[: len(lines) // 2]))
    assert not publish([path], node=parts).ok
