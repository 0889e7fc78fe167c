"""Releases in summaries: what a node says of its own, what is read of another's, and where members differ."""

from __future__ import annotations

from pathlib import Path

from node.config import Identity
from node.federation.members.releases import (
    ReleaseDifference,
    StatedRelease,
    own_releases,
    read_releases,
    release_differences,
)
from node.federation.members.summaries import read_void
from node.model.identifiers import Identifiers
from node.ontology.activation import roll_back
from node.ontology.installation import install
from node.publishing.summary import void_description
from node.store.oxigraph import OxigraphStore

IDS = Identifiers("http://node.example/")
DATASET = "http://node.example/.well-known/void#dataset"


def stated(name: str, version: str, *, active: bool = True, digest: str = "") -> StatedRelease:
    return StatedRelease(name, version, None, active, digest)


def test_a_node_says_which_releases_it_has(tmp_path: Path) -> None:
    """Name, version, version IRI, digest, and which is active, in VoID that another node reads as a summary."""
    text = """@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix obo: <http://purl.obolibrary.org/obo/> .
    obo:obi.owl a owl:Ontology ; owl:versionIRI <http://purl.obolibrary.org/obo/obi/{0}/obi.owl> .
    obo:OBI_1 a owl:Class ."""
    store = OxigraphStore(tmp_path / "data", identifiers=IDS, workers=1, queue_seconds=20)
    try:
        for version in ("2024-01-01", "2025-01-01"):
            path = tmp_path / f"{version}.ttl"
            path.write_text(text.format(version), encoding="utf-8")
            made = install("obi", path, store=store, identifiers=IDS)
        roll_back("obi", store=store, identifiers=IDS)
        install("oncotree", None, store=store, identifiers=IDS)
        void = void_description(store, IDS, Identity(base_iri=IDS.base)).decode()
        found = {(r.name, r.version): r for r in read_releases(void, DATASET)}
        assert {key: r.active for key, r in found.items()} == {
            ("obi", "2024-01-01"): True,
            ("obi", "2025-01-01"): False,
            ("oncotree", "core"): True,
        }
        later = found["obi", "2025-01-01"]
        assert later.version_iri == "http://purl.obolibrary.org/obo/obi/2025-01-01/obi.owl"
        assert later.digest == made.digest
        summary = read_void(void, "http://node.example/sparql", "1")
        assert summary is not None
        assert set(summary.releases) == set(found.values())
        assert {r for r in summary.releases if r.active} == set(own_releases(store))
    finally:
        store.close()


def test_what_is_not_said_is_not_there() -> None:
    """Releases of another dataset, and half a description, are left out."""
    lines = (
        f"<{DATASET}> <http://purl.org/dc/terms/conformsTo> <http://node.example/void#r> .\n"
        '<http://node.example/void#r> <http://purl.org/dc/terms/identifier> "ncit" .\n'
        "<http://else/d> <http://purl.org/dc/terms/conformsTo> <http://else/r> .\n"
    )
    assert read_releases(lines, DATASET) == ()
    whole = lines + '<http://node.example/void#r> <http://www.w3.org/2002/07/owl#versionInfo> "2020" .\n'
    assert read_releases(whole, DATASET) == (stated("ncit", "2020"),)


def test_differences() -> None:
    """By digest where both say one, else by version; only of active releases, and not of who has none."""
    a, b = stated("ncit", "2020", digest="aa"), stated("ncit", "2021", digest="bb")
    assert release_differences({"one": [a], "two": [a], "three": []}) == ()
    assert release_differences({"one": [a], "two": [stated("ncit", "other", digest="aa")]}) == ()
    assert release_differences({"one": [a], "two": [stated("ncit", "2021", active=False)]}) == ()
    assert release_differences({"one": [a], "two": [stated("ncit", "2020")]}) == ()
    found = release_differences({"one": [a], "two": [b], "three": [b], "four": [stated("obi", "1")]})
    assert found == (ReleaseDifference("ncit", {"2020": ("one",), "2021": ("three", "two")}),)
    assert str(found[0]) == "ncit: 2020 at one, 2021 at three; two"
    same = release_differences({"one": [a], "two": [stated("ncit", "2020", digest="cc")]})
    assert list(same[0].members) == ["2020 (aa)", "2020 (cc)"]
