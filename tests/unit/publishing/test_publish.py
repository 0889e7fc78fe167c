"""Publishing and withdrawing against a store in memory: what changes, what does not, what is said."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from descriptions import BASE, description, sample, write_json
from memory_store import MemoryStore

from node.errors import Conflict, NotFound, ProtocolError, Withdrawn
from node.model.access import Tier
from node.publishing.catalog import Catalog
from node.publishing.drafts import Outcome, Report
from node.publishing.publish import NodeParts, publish, withdraw
from node.publishing.registry import read_registry, write_registry
from node.rdf.namespaces import ONCO, PROV
from node.store.quads import Change

IRI = f"{BASE}datasets/gliomas"
GRAPH = f"{BASE}graph/gliomas"


@pytest.fixture
def put(parts: NodeParts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Publish a description, changed as the keywords say; afterwards nothing is left of the temporary folders."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def put(**changes: Any) -> Report:
        return publish([write_json(tmp_path, description(**changes))], node=parts)

    yield put
    assert list(temporary.iterdir()) == []


def outcomes(report: Report) -> list[str]:
    return [d.outcome.value for d in report.datasets]


def test_publishing_is_one_change(put: Any, store: MemoryStore) -> None:
    """Description, provenance, catalogue and register come together."""
    report = put()
    assert report.ok
    assert outcomes(report) == ["published"]
    assert (report.generation, store.number) == (1, 1)
    assert sorted(store.held) == [f"{BASE}graph/", GRAPH, f"{GRAPH}/provenance", f"{BASE}queries"]
    assert all(tier is Tier.PUBLIC for tier, _ in store.held.values())
    entry = json.loads(store.files["datasets.json"])["gliomas"]
    assert (entry["iri"], entry["state"], entry["samples"], entry["donors"]) == (IRI, "published", 2, 2)


def test_the_same_again_changes_nothing(put: Any, store: MemoryStore) -> None:
    """The digest of the triples decides, not that of the file: another order of keys is the same description."""
    put()
    report = put(title={"@language": "en", "@value": "Collection gliomas"})
    assert outcomes(report) == ["unchanged"]
    assert (report.generation, store.number) == (1, 1)


def test_a_new_version_takes_the_place_of_the_old(put: Any, store: MemoryStore) -> None:
    """The graph is replaced whole; the provenance tells of both versions."""
    put()
    put(samples=[sample("datasets/gliomas", "S9", "D9")])
    triples = store.held[GRAPH][1].decode()
    assert "S9" in triples
    assert "S1" not in triples
    history = store.held[f"{GRAPH}/provenance"][1].decode()
    assert history.count(f"{PROV}generatedAtTime") == 2
    assert f"{PROV}wasRevisionOf" in history
    entry = read_registry(store.files["datasets.json"])["gliomas"]
    assert entry.samples == 1


def test_the_partners_description_is_stored_as_it_came(put: Any, store: MemoryStore) -> None:
    """When something was published here stands in the catalogue's record, not in the partner's description."""
    put()
    assert "issued" not in store.held[GRAPH][1].decode()
    catalogue = store.held[f"{BASE}graph/"][1].decode()
    assert f"<{IRI}#record>" in catalogue
    assert "A clinic" in catalogue
    assert "A test node" in catalogue


def test_provenance_names_files_by_name_and_checksum_only(put: Any, store: MemoryStore, tmp_path: Path) -> None:
    """No folder of the partner's machine is published."""
    put()
    history = store.held[f"{GRAPH}/provenance"][1].decode()
    assert '"document.jsonld"' in history
    assert "sha256:" in history
    assert str(tmp_path) not in history


def test_a_restricted_dataset_is_split(put: Any, store: MemoryStore) -> None:
    """Records go to the tier that nobody sees; when the dataset is opened, their graph goes away."""
    put(accessRights="RESTRICTED")
    assert store.held[f"{GRAPH}/records"][0] is Tier.CONTROLLED
    assert ONCO not in store.held[GRAPH][1].decode()
    report = put()
    assert outcomes(report) == ["published"]
    assert f"{GRAPH}/records" not in store.held
    assert ONCO in store.held[GRAPH][1].decode()


def test_a_dry_run_judges_and_changes_nothing(parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """Right and wrong alike, and what the register has against it."""
    path = write_json(tmp_path, description())
    assert outcomes(publish([path], node=parts, dry_run=True)) == ["checked"]
    assert store.number == 0
    publish([path], node=parts)
    withdraw("gliomas", "a mistake", parts)
    assert outcomes(publish([path], node=parts, dry_run=True)) == ["rejected"]
    assert store.number == 2


def test_several_datasets_are_one_change_and_the_bad_one_is_left_out(
    parts: NodeParts, store: MemoryStore, tmp_path: Path
) -> None:
    """Each source stands or falls as a whole, and progress is told for each."""
    told: list[str] = []
    for name in "abc":
        write_json(tmp_path, description(name, **({"publisher": None} if name == "b" else {})), f"{name}.jsonld")
    report = publish([tmp_path], node=parts, progress=told.append)
    assert outcomes(report) == ["published", "rejected", "published"]
    assert store.number == 1
    assert not report.ok
    assert sum("checking" in line for line in told) == 3


def test_a_document_is_published_whole_or_not_at_all(parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """One wrong dataset holds back the others of its file."""
    good, bad = description("good"), description("bad", publisher=None)
    context = good.pop("@context")
    bad.pop("@context")
    report = publish([write_json(tmp_path, {"@context": context, "@graph": [good, bad]})], node=parts)
    assert outcomes(report) == ["rejected", "rejected"]
    assert store.number == 0
    assert "whole or not at all" in report.datasets[1].findings[-1].message


def test_twice_the_same_name_in_one_call(parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """Nobody can tell which is meant; both fall, and each names the other."""
    paths = [write_json(tmp_path, description(), f"{i}.jsonld") for i in (1, 2)]
    report = publish(paths, node=parts)
    assert outcomes(report) == ["rejected", "rejected"]
    assert "2.jsonld" in report.datasets[0].findings[0].message
    assert store.number == 0


def test_a_foreign_dataset_keeps_its_name_here(put: Any) -> None:
    """Its address at this node does not change with its title or identifier."""
    put(id="https://doi.org/10.1/x", samples=None)
    report = put(id="https://doi.org/10.1/x", identifier="other", samples=None)
    assert outcomes(report) == ["rejected"]
    assert "known here as 'gliomas'" in report.datasets[0].findings[0].message


def test_withdrawing_leaves_a_tombstone(put: Any, parts: NodeParts, store: MemoryStore, catalog: Catalog) -> None:
    """The graphs go; reason and time stay in the register and in the provenance; the name is never used again."""
    put(accessRights="RESTRICTED")
    generation = withdraw(IRI, " consent was taken back ", parts)
    assert generation.number == 2
    assert sorted(store.held) == [f"{BASE}graph/", f"{GRAPH}/provenance", f"{BASE}queries"]
    assert IRI not in store.held[f"{BASE}graph/"][1].decode()
    history = store.held[f"{GRAPH}/provenance"][1].decode()
    assert "invalidatedAtTime" in history
    assert '"consent was taken back"' in history
    with pytest.raises(Withdrawn) as caught:
        catalog.describe(IRI)
    assert caught.value.reason == "consent was taken back"
    assert caught.value.when is not None
    report = put()
    assert outcomes(report) == ["rejected"]
    assert "never used again" in report.datasets[0].findings[0].message
    assert store.number == 2


def test_withdrawals_that_cannot_be(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """Something unknown, something gone already, and no reason given."""
    put()
    with pytest.raises(NotFound):
        withdraw(f"{BASE}datasets/nothing", "reason", parts)
    with pytest.raises(ProtocolError):
        withdraw("gliomas", "  ", parts)
    withdraw("gliomas", "reason", parts)
    with pytest.raises(Withdrawn):
        withdraw("gliomas", "again", parts)
    assert store.number == 2


def test_a_change_by_another_process_is_not_undone(parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """The register is read again when the node changed between reading it and writing it."""
    publish([write_json(tmp_path, description("a"))], node=parts)
    theirs = read_registry(store.files["datasets.json"])
    other = MemoryStore(parts.identifiers)
    there = NodeParts(other, parts.identifiers, parts.vocabulary, parts.codes)
    publish([write_json(tmp_path, description("b"))], node=there)
    theirs |= read_registry(other.files["datasets.json"])
    store.interloper = Change(files={"datasets.json": write_registry(theirs)})
    publish([write_json(tmp_path, description("c"))], node=parts)
    assert sorted(read_registry(store.files["datasets.json"])) == ["a", "b", "c"]
    assert b"datasets/b" in store.held[f"{BASE}graph/"][1]


def test_a_store_that_stays_taken_is_told(parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """A conflict without a new generation is not tried for ever."""

    class Taken(MemoryStore):
        def apply(self, change: Change) -> Any:
            raise Conflict("another process holds the writer")

    taken = NodeParts(Taken(parts.identifiers), parts.identifiers, parts.vocabulary, parts.codes)
    with pytest.raises(Conflict):
        publish([write_json(tmp_path, description())], node=taken)


def test_a_partners_folder_with_a_document_of_no_dataset(parts: NodeParts, tmp_path: Path) -> None:
    """It is left out, and said to be, without failing the rest; JSON that is no JSON-LD is not even looked at."""
    write_json(tmp_path, description())
    (tmp_path / "other.ttl").write_text("<a> <http://purl.org/dc/terms/title> 'A' .")
    (tmp_path / "package.json").write_text("{}")
    report = publish([tmp_path], node=parts)
    assert report.ok
    assert outcomes(report) == [Outcome.PUBLISHED]
    (finding,) = report.findings
    assert "left out" in finding.message
