"""Every real partner: what would be published, given out as JSON-LD and read again is the same RDF.

All datasets with their descriptions and whole graphs; of samples and donors some of each dataset, one by one.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from node.model.identifiers import Identifiers
from node.ontology.mapping_sources import read_oncotree
from node.ontology.mappings import CodeMap
from node.ontology.releases import core_vocabulary
from node.publishing.coder import Coder
from node.publishing.contexts import PATH
from node.publishing.decisions import DecidingCoders
from node.publishing.drafts import Draft
from node.publishing.jsonld import serialize
from node.publishing.sources import find_sources, read_source
from node.publishing.triples import Triples
from node.rdf.formats import JSONLD
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.shared, pytest.mark.slow]

BASE = "http://127.0.0.1:8080/"
IDENTIFIERS = Identifiers(BASE)
#: Of each dataset so many records are given out one by one, spread over it.
_RECORDS = 12


def partners() -> list[str]:
    """The names of the partners' folders."""
    folder = Path(os.environ.get("ONCONODE_SHARED", REPOSITORY.parent / "shared")) / "data" / "partners"
    return sorted(child.name for child in folder.glob("*") if child.is_dir())


@pytest.fixture(scope="module")
def coder(shared: Path) -> Coder:
    rows = read_oncotree(shared / "data" / "ontologies" / "oncotree" / "oncotree-ncit.tsv")
    return Coder(core_vocabulary(), CodeMap({"oncotree": {row.source_code: row for row in rows}}))


def back(lines: list[str], about: str) -> set[str]:
    """The lines as a page gives them, in JSON-LD, and as a node then reads them."""
    text = "".join(f"{line}\n" for line in lines).encode()
    document = serialize(text, JSONLD, about, context=f"{BASE}{PATH}")
    read = Triples()
    read.read(document, JSONLD, base=BASE, source=about, pinned=BASE)
    return read.named(IDENTIFIERS, "")


def graph_of(draft: Draft) -> list[str]:
    """All that would be published of a dataset."""
    files = [draft.public, *([draft.records] if draft.records else [])]
    return [line for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize("partner", partners() or [pytest.param("none", marks=pytest.mark.skip("no shared data"))])
def test_published_and_read_back(shared: Path, partner: str, coder: Coder, tmp_path: Path) -> None:
    """Line by line: descriptions hold no blank nodes, so that the same lines are the same graph."""
    datasets = 0
    coders = DecidingCoders(coder)
    for number, source in enumerate(find_sources([shared / "data" / "partners" / partner])):
        (spool := tmp_path / str(number)).mkdir()
        reading = read_source(source, identifiers=IDENTIFIERS, coders=coders, publisher=partner, spool=spool)
        for draft in reading.drafts:
            datasets += 1
            whole = graph_of(draft)
            assert back(whole, draft.iri) == set(whole), draft.iri
            described: dict[str, list[str]] = {}
            for line in whole:
                described.setdefault(line[1 : line.index(">")], []).append(line)
            step = max(1, len(described) // _RECORDS)
            for about in {draft.iri, *islice(described, 0, None, step)} & described.keys():
                assert back(described[about], about) == set(described[about]), about
    assert datasets
