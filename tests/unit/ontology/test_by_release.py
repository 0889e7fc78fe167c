"""Queries by a named release: what lies below a class is what that release says, whichever one is active."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.errors import Conflict, NotFound, ProtocolError, Unsupported
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.ontology.by_release import by_release
from node.ontology.installation import install
from node.rdf.dataset import GraphScope
from node.rdf.formats import CSV, NTRIPLES
from node.rdf.namespaces import OBO, RDFS
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget, Change, GraphContent

IDS = Identifiers("http://node.example/")
HEAD = f"PREFIX obo: <{OBO}> PREFIX rdfs: <{RDFS}> PREFIX : <urn:> "
BELOW = HEAD + "SELECT ?s { ?s :dx ?c . ?c rdfs:subClassOf* obo:NCIT_C1 }"


def release(folder: Path, year: int, below: str) -> Path:
    """A release in which these classes are below C1, and C9 below itself by way of C8."""
    path = folder / f"ncit-{year}.ttl"
    lines = [f"obo:NCIT_{c} a owl:Class ; rdfs:subClassOf obo:NCIT_C1 ." for c in below.split()]
    path.write_text(
        "@prefix obo: <http://purl.obolibrary.org/obo/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "obo:NCIT_C1 a owl:Class . obo:NCIT_C9 a owl:Class ; rdfs:subClassOf obo:NCIT_C8 .\n"
        "obo:NCIT_C8 a owl:Class ; rdfs:subClassOf obo:NCIT_C9 .\n" + "\n".join(lines),
        encoding="utf-8",
    )
    return path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OxigraphStore]:
    made = OxigraphStore(tmp_path / "data", identifiers=IDS, workers=1, queue_seconds=20)
    install("ncit", release(tmp_path, 2020, "C2 C3"), store=made, identifiers=IDS)
    install("ncit", release(tmp_path, 2021, "C3 C4"), store=made, identifiers=IDS)
    lines = "".join(f"<urn:s{n}> <urn:dx> <{OBO}NCIT_C{n}> .\n" for n in range(1, 10))
    made.apply(Change(put=(GraphContent("http://node.example/graph/x", Tier.PUBLIC, lines.encode()),)))
    yield made
    made.close()


def asked(store: OxigraphStore, text: str, *chosen: str) -> list[str]:
    if chosen:
        text = by_release(text, chosen, store, base=IDS.base, depth=64)
    scope = GraphScope((IDS.tier_graph(Tier.PUBLIC),))
    with store.query(text, scope=scope, formats=(CSV, NTRIPLES), budget=Budget(30, 1 << 30, 1 << 20)) as answer:
        return sorted(b"".join(answer).decode().replace("urn:", "").split()[1:])


def test_each_release_gives_its_own_answer(store: OxigraphStore) -> None:
    """By the active one, by the one before, by the beginning of its version; by + without the class itself."""
    assert asked(store, BELOW) == ["s1", "s3", "s4"]
    assert asked(store, BELOW, "ncit=2020") == ["s1", "s2", "s3"]
    assert asked(store, BELOW, "ncit=2021") == ["s1", "s3", "s4"]
    assert asked(store, BELOW.replace("*", "+"), "ncit=2020") == ["s2", "s3"]
    assert asked(store, BELOW.replace("*", "+").replace("C1", "C9"), "ncit=2020") == ["s8", "s9"]
    path = HEAD + "SELECT ?s { ?s :dx/rdfs:subClassOf* obo:NCIT_C1 }"
    assert asked(store, path, "ncit=2020") == ["s1", "s2", "s3"]
    one = HEAD + "SELECT ?c { :s2 :dx ?c . ?c rdfs:subClassOf* obo:NCIT_C1 }"
    assert (asked(store, one), len(asked(store, one, "ncit=2020"))) == ([], 1)
    # a class of another vocabulary is answered as ever
    assert asked(store, BELOW.replace("NCIT_C1", "OBI_1"), "ncit=2020") == []


@pytest.mark.parametrize(
    "pattern",
    [
        "?s :dx ?c . ?c rdfs:subClassOf* ?d",
        "?s :dx ?c FILTER EXISTS { ?c rdfs:subClassOf* obo:NCIT_C1 }",
        "GRAPH ?g { ?s :dx ?c . ?c rdfs:subClassOf* obo:NCIT_C1 }",
        "obo:NCIT_C1 rdfs:subClassOf* ?s",
    ],
)
def test_what_cannot_be_answered_is_refused(store: OxigraphStore, pattern: str) -> None:
    """A path that would be followed by another release than the one named."""
    with pytest.raises(Unsupported):
        asked(store, HEAD + f"SELECT ?s {{ {pattern} }}", "ncit=2020")


def test_choices_that_are_none(store: OxigraphStore) -> None:
    """No name, no version, a release that is not kept, several that could be meant."""
    for choice in ("ncit", "ncit=", "=2020"):
        with pytest.raises((ProtocolError, NotFound)):
            asked(store, BELOW, choice)
    with pytest.raises(NotFound, match="1999"):
        asked(store, BELOW, "ncit=1999")
    with pytest.raises(Conflict):
        asked(store, BELOW, "ncit=20")
