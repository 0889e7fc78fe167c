"""Migrating: codes that are no longer in force are replaced in new versions; whole descriptions, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from descriptions import BASE, description, sample, write_json
from memory_store import MemoryStore

from node.errors import DocumentSyntaxError, NotFound
from node.model.identifiers import Identifiers
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.correspondences import EXACT, Correspondence
from node.ontology.sssom import MANUAL
from node.publishing import migrate as module
from node.publishing.drafts import Outcome
from node.publishing.drift import drifted
from node.publishing.migrate import Replacement, chosen, migrate
from node.publishing.publish import NodeParts, publish
from node.publishing.registry import read_registry
from node.rdf.namespaces import OBO, ONCO
from node.store.quads import Change, GraphContent

OLD, NEW, OTHER = OBO + "NCIT_C3058", OBO + "NCIT_C39750", OBO + "NCIT_C3059"
GRAPH = f"{BASE}graph/gliomas"
PROVENANCE = f"{GRAPH}/provenance"


def later(parts: NodeParts, *concepts: Concept) -> NodeParts:
    """The node once a release is installed that says this of some classes."""
    return replace(parts, vocabulary=parts.vocabulary.overlaid_by(Vocabulary.of(concepts, "ncit")))


def obsolete(iri: str = OLD, by: str | None = NEW) -> Concept:
    return Concept(iri, "Was something", (OBO + "NCIT_C3262",), True, by)


@pytest.fixture
def put(parts: NodeParts, tmp_path: Path) -> Callable[..., None]:
    """Publish a description, changed as the keywords say."""

    def put(name: str = "gliomas", **changes: Any) -> None:
        done = publish([write_json(tmp_path, description(name, **changes), f"{name}.jsonld")], node=parts)
        assert done.ok, [str(f) for d in done.datasets for f in d.findings]

    return put


def held(store: MemoryStore, graph: str = GRAPH) -> set[str]:
    return set(store.held[graph][1].decode().splitlines())


def test_drift_is_counted_over_all_tiers(put: Any, parts: NodeParts) -> None:
    """By property and code, with how many samples of which datasets."""
    put()
    put("hidden", accessRights="RESTRICTED")
    assert drifted(parts) == []
    (one,) = drifted(later(parts, obsolete()))
    assert (one.property_iri, one.code, one.samples) == (ONCO + "diagnosis", OLD, 2)
    assert one.datasets == {"gliomas": 1, "hidden": 1}
    assert one.verdict.replacement == NEW


def test_a_migration_is_a_new_version_that_says_what_it_did(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """The code changes, every other line stays; the provenance names the replacement and the version before."""
    put()
    before = held(store)
    done = migrate(later(parts, obsolete()), by="data desk")
    (one,) = done.datasets
    assert done.ok
    assert one.report is not None
    assert (one.report.outcome, one.report.version) == (Outcome.PUBLISHED, "2")
    assert dict(one.replaced) == {(ONCO + "diagnosis", Replacement(OLD, NEW, source="ncit")): 1}
    subject = f"<{BASE}datasets/gliomas/samples/S1>"
    assert before - held(store) == {f"{subject} <{ONCO}diagnosis> <{OLD}> ."}
    assert held(store) - before == {f"{subject} <{ONCO}diagnosis> <{NEW}> ."}
    entry = read_registry(store.files["datasets.json"])["gliomas"]
    assert (entry.revision, entry.samples, entry.donors) == (2, 2, 2)
    told = "\n".join(held(store, PROVENANCE))
    assert f"<{PROVENANCE}#version-2> <http://www.w3.org/ns/prov#wasRevisionOf> <{PROVENANCE}#version-1>" in told
    assert f"annotatedSource> <{OLD}>" in told
    assert f"annotatedTarget> <{NEW}>" in told
    assert '"1 values of onco:diagnosis"@en' in told
    assert "data desk" in told


def test_a_second_time_there_is_nothing_to_do(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """Nor is there in a dry run before, which changes nothing."""
    put()
    drifting = later(parts, obsolete())
    number = store.number
    dry = migrate(drifting, dry_run=True)
    assert (store.number, [d.report.outcome for d in dry.datasets if d.report]) == (number, [Outcome.CHECKED])
    migrate(drifting)
    assert migrate(drifting).datasets == ()
    assert store.number == number + 1


def test_what_was_written_is_kept(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """What the partner wrote stays; a sample without it gets the code it had."""
    own = "datasets/gliomas"
    put(samples=[sample(own, "S1", "D1"), sample(own, "S2", "D2", sourceCode=None)])
    migrate(later(parts, obsolete()))
    codes = {line for line in held(store) if "sourceCode>" in line}
    assert codes == {
        f'<{BASE}{own}/samples/S1> <{ONCO}sourceCode> "GBM" .',
        f'<{BASE}{own}/samples/S2> <{ONCO}sourceCode> "NCIT:C3058" .',
    }


def test_hidden_samples_stay_hidden(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """Each graph keeps its tier."""
    put(accessRights="RESTRICTED")
    tiers = {name: tier for name, (tier, _) in store.held.items()}
    migrate(later(parts, obsolete()))
    assert {name: tier for name, (tier, _) in store.held.items()} == tiers
    assert f"<{NEW}>" in store.held[f"{GRAPH}/records"][1].decode()
    assert f"<{NEW}>" not in store.held[GRAPH][1].decode()


def test_a_dataset_with_a_code_that_nothing_replaces_is_left_whole(
    put: Any, parts: NodeParts, store: MemoryStore
) -> None:
    """The others are migrated; a map of one's own decides about it."""
    own = "datasets/other"
    put()
    put("other", samples=[sample(own, "S1", "D1", diagnosis="NCIT:C3058")])
    drifting = later(parts, obsolete(), obsolete(OTHER, None))
    done = migrate(drifting)
    assert not done.ok
    left, migrated = sorted(done.datasets, key=lambda d: d.dataset)
    assert (left.dataset, [c.code for c in left.unresolved]) == ("gliomas", [OTHER])
    assert migrated.report is not None
    assert f"<{OLD}>" in store.held[GRAPH][1].decode()
    row = Correspondence(OTHER, EXACT, NEW, MANUAL, line=2)
    idle = Correspondence(OBO + "NCIT_C1", EXACT, NEW, MANUAL, line=3)
    given = chosen([row, idle], drifting.vocabulary, source="map.sssom.tsv")
    again = migrate(drifting, given=given)
    assert again.ok
    assert again.unused == (OBO + "NCIT_C1",)
    assert f"<{OTHER}>" not in store.held[GRAPH][1].decode()
    assert f"annotatedProperty> <{EXACT}>" in "\n".join(held(store, PROVENANCE))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(OLD, OTHER), (OLD, NEW)], "two classes take the place of NCIT:C3058"),
        ([(OLD, OBO + "NCIT_C0001")], "NCIT:C0001 is obsolete"),
        ([(OLD, OBO + "NCIT_C0002")], "NCIT:C0002 is not in the installed release"),
    ],
)
def test_a_map_that_cannot_be_followed_is_refused(parts: NodeParts, rows: list[tuple[str, str]], said: str) -> None:
    """With its line, before anything is done."""
    given = [Correspondence(old, EXACT, new, MANUAL, line=i) for i, (old, new) in enumerate(rows, 2)]
    with pytest.raises(DocumentSyntaxError, match=said):
        chosen(given, parts.vocabulary, source="map.sssom.tsv")


def test_one_dataset_alone(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """By identifier or IRI; an unknown one is refused."""
    put()
    put("second")
    drifting = later(parts, obsolete())
    with pytest.raises(NotFound):
        migrate(drifting, dataset="third")
    done = migrate(drifting, dataset=f"{BASE}datasets/second")
    assert [d.dataset for d in done.datasets] == ["second"]
    assert f"<{OLD}>" in store.held[GRAPH][1].decode()


def test_a_change_of_others_meanwhile_is_not_undone(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """The migration is worked out anew from what is there then."""
    put()
    lines = store.held[GRAPH][1]
    more = lines.replace(b"Gliomas of one clinic.", b"Gliomas of two clinics.")
    assert more != lines
    store.interloper = Change(put=(GraphContent(GRAPH, store.held[GRAPH][0], more),))
    migrate(later(parts, obsolete()))
    assert "two clinics" in store.held[GRAPH][1].decode()
    assert f"<{OLD}>" not in store.held[GRAPH][1].decode()


def test_many_records_are_judged_by_an_excerpt(
    put: Any, parts: NodeParts, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long description comes out as a short one does, digest and all."""
    put()
    state = dict(store.held), dict(store.files)
    drifting = later(parts, obsolete())
    migrate(drifting)
    whole = store.held[GRAPH], read_registry(store.files["datasets.json"])["gliomas"].digest
    store.held, store.files = dict(state[0]), dict(state[1])
    monkeypatch.setattr(module, "_WHOLE", 0)
    done = migrate(drifting)
    assert done.ok
    assert sorted(store.held[GRAPH][1].splitlines()) == sorted(whole[0][1].splitlines())
    assert read_registry(store.files["datasets.json"])["gliomas"].digest == whole[1]


def test_publishing_the_partners_file_again_does_not_bring_the_code_back(
    put: Any, parts: NodeParts, store: MemoryStore, tmp_path: Path, identifiers: Identifiers
) -> None:
    """It is rejected, and the finding names the class to use."""
    put()
    drifting = later(parts, obsolete())
    migrate(drifting)
    again = publish([write_json(tmp_path, description())], node=drifting)
    (report,) = again.datasets
    assert report.outcome is Outcome.REJECTED
    assert any("obsolete" in f.message and "NCIT_C39750" in (f.remedy or "") for f in report.findings)
    assert f"<{OLD}>" not in store.held[identifiers.graph("gliomas")][1].decode()
