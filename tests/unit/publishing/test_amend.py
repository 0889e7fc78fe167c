"""Amending: what is named changes, all else stays; judged like a publication, and no change of others is undone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from descriptions import BASE, description, write_json
from memory_store import MemoryStore

from node.assembly import build
from node.cli.main import onconode
from node.cli.nodes import create_node
from node.errors import Conflict, NotFound, ProtocolError, Unsupported, Withdrawn
from node.publishing.amend import Amendment, amend
from node.publishing.drafts import Report
from node.publishing.publish import NodeParts, publish, withdraw
from node.publishing.registry import read_registry
from node.rdf.namespaces import DCAT, DCT, FOAF, PROV, VCARD
from node.store.quads import Change, GraphContent

IRI = f"{BASE}datasets/gliomas"
GRAPH = f"{BASE}graph/gliomas"


@pytest.fixture
def put(parts: NodeParts, tmp_path: Path) -> Callable[..., None]:
    """Publish a description, changed as the keywords say."""

    def put(**changes: Any) -> None:
        assert publish([write_json(tmp_path, description(**changes))], node=parts).ok

    return put


def change(parts: NodeParts, *values: tuple[str, str], remove: tuple[str, ...] = (), **options: Any) -> Report:
    return amend("gliomas", Amendment(values, remove), node=parts, **options)


def held(store: MemoryStore, graph: str = GRAPH) -> set[str]:
    return set(store.held[graph][1].decode().splitlines())


def objects(store: MemoryStore, predicate: str, subject: str = IRI) -> list[str]:
    start = f"<{subject}> <{predicate}> "
    return sorted(line[len(start) : -2] for line in held(store) if line.startswith(start))


def test_what_is_named_changes_and_all_else_stays(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """One property of the dataset; every other line is the same."""
    put()
    before = held(store)
    report = change(parts, ("title", "Gliomas of 2026"))
    assert report.ok
    assert report.datasets[0].version == "2"
    assert held(store) - before == {f'<{IRI}> <{DCT}title> "Gliomas of 2026" .'}
    assert before - held(store) == {f'<{IRI}> <{DCT}title> "Collection gliomas"@en .'}
    entry = read_registry(store.files["datasets.json"])["gliomas"]
    assert (entry.revision, entry.samples, entry.donors) == (2, 2, 2)
    assert entry.title == "Gliomas of 2026"


def test_terms_mean_what_they_mean_in_json_ld(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """Several values, languages, IRIs and typed values."""
    put()
    change(
        parts,
        ("keyword", "glioma"),
        ("keyword", "brain"),
        ("title@en", "Gliomas"),
        ("title@de-AT", "Gliome"),
        ("license", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("issued", "2026-01-01"),
        ("http://www.w3.org/ns/dcat#version", "1.1.0"),
    )
    assert objects(store, DCAT + "keyword") == ['"brain"', '"glioma"']
    assert objects(store, DCT + "title") == ['"Gliomas"@en', '"Gliome"@de-at']
    assert objects(store, DCT + "license") == ["<https://creativecommons.org/publicdomain/zero/1.0/>"]
    assert objects(store, DCT + "issued") == ['"2026-01-01"^^<http://www.w3.org/2001/XMLSchema#date>']
    assert read_registry(store.files["datasets.json"])["gliomas"].version == "1.1.0"


def test_removing(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """All values of a property; what must be there cannot go."""
    put(keyword=["a", "b"])
    assert change(parts, remove=("keyword",)).ok
    assert objects(store, DCAT + "keyword") == []
    report = change(parts, remove=("title",))
    assert not report.ok
    assert "title" in str(report.datasets[0].findings[0]).lower()
    assert store.number == 2


def test_a_document_for_what_has_parts(put: Any, parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """Another contact takes the place of the old one, of which nothing is left; the organisation gets another name."""
    put(publisher={"id": "organisation", "type": "Organization", "name": "A clinic"})
    partial = {
        "@context": "https://w3id.org/onconode/context/v1.jsonld",
        "id": IRI,
        "contactPoint": {"type": "Contact", "formattedName": "New office", "email": "mailto:new@example.org"},
        "publisher": {"id": "organisation", "name": "Another clinic"},
    }
    report = amend(IRI, Amendment(document=write_json(tmp_path, partial, "partial.jsonld")), node=parts)
    assert report.ok, report
    text = "\n".join(held(store))
    assert "New office" in text
    assert "mailto:office@example.org" not in text
    assert sum(f"<{VCARD}fn>" in line for line in held(store)) == 1
    assert objects(store, FOAF + "name", f"{BASE}organisation") == ['"Another clinic"']
    history = store.held[f"{GRAPH}/provenance"][1].decode()
    assert '"partial.jsonld"' in history


def test_what_others_still_refer_to_stays(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """A part that two properties lead to is kept as long as one does."""
    office = {"id": "organisation", "type": "Organization", "name": "A clinic"}
    put(publisher=office, **{DCT + "creator": [{"id": "organisation"}]})
    change(parts, remove=(DCT + "creator",))
    assert objects(store, FOAF + "name", f"{BASE}organisation") == ['"A clinic"']


def test_opening_and_closing_a_dataset(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """Its samples move between the graph that everybody sees and the one that nobody does, without being sent again."""
    put()
    everything = held(store)
    assert change(parts, ("accessRights", "RESTRICTED")).ok
    assert not any("samples/" in line for line in held(store))
    assert any("samples/S1" in line for line in held(store, f"{GRAPH}/records"))
    assert change(parts, ("title@en", "Closed"), ("keyword", "x")).ok
    assert change(parts, ("accessRights", "PUBLIC"), ("title@en", "Collection gliomas"), remove=("keyword",)).ok
    assert held(store) == everything
    assert f"{GRAPH}/records" not in store.held


def test_nothing_new_is_no_version(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """What it says already."""
    put()
    report = change(parts, ("title@en", "Collection gliomas"))
    assert [d.outcome.value for d in report.datasets] == ["unchanged"]
    assert store.number == 1


def test_provenance_says_what_was_amended(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """The version before is used, the properties are named, and who did it."""
    put()
    change(parts, ("title", "T"), remove=("keyword",), by="data desk")
    history = store.held[f"{GRAPH}/provenance"][1].decode()
    assert f"<{GRAPH}/provenance#publication-2> <{PROV}used> <{GRAPH}/provenance#version-1> ." in history
    assert '"amended: dcat:keyword, dct:title"' in history
    assert '"data desk"' in history


def test_what_is_no_amendment(put: Any, parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """Unknown terms and names, samples, other descriptions: told, and nothing happens."""
    put()
    with pytest.raises(ProtocolError, match="nothing to amend"):
        change(parts)
    for term in ("colour", "samples", "@id", "id", "no such"):
        with pytest.raises(ProtocolError, match="not a property"):
            change(parts, remove=(term,))
    report = change(parts, ("colour", "red"))
    assert not report.ok
    assert "colour" in str(report.findings or report.datasets[0].findings)
    with pytest.raises(NotFound):
        amend("nothing", Amendment((("title", "x"),)), node=parts)
    other = {**description("other"), "samples": None}
    partials: list[dict[str, Any]] = [
        {"id": IRI, "samples": [{"id": f"{IRI}/samples/S1", "identifier": "another"}]},
        {"id": f"{IRI}/samples/S1", "identifier": "another"},
        {"id": f"{IRI}/donors/D1", "identifier": "another"},
        {"id": f"{IRI}/donors/D9", "type": "Donor"},
        {key: value for key, value in other.items() if value is not None},
    ]
    for number, partial in enumerate(partials):
        path = write_json(tmp_path, {"@context": description()["@context"], **partial}, f"{number}.jsonld")
        with pytest.raises(Unsupported):
            amend("gliomas", Amendment(document=path), node=parts)
    assert store.number == 1
    withdraw("gliomas", "over", parts)
    with pytest.raises(Withdrawn):
        change(parts, ("title", "x"))


def test_a_stray_part_is_told(put: Any, parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """What the description does not lead to is an error with its place in the partner's file."""
    put()
    partial = {"@context": description()["@context"], "id": "#nobody", "title": "Lost"}
    report = amend("gliomas", Amendment(document=write_json(tmp_path, partial, "partial.jsonld")), node=parts)
    assert not report.ok
    assert "partial.jsonld" in str(report.findings[0].where)
    assert store.number == 1


def test_a_dry_run(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """Judged, and nothing else."""
    put()
    assert [d.outcome.value for d in change(parts, ("title", "x"), dry_run=True).datasets] == ["checked"]
    assert store.number == 1


def test_no_publication_in_between_is_undone(put: Any, parts: NodeParts, store: MemoryStore, tmp_path: Path) -> None:
    """Another process replaces the description while it is amended: the amendment is of what is there then."""
    put()
    other = MemoryStore(parts.identifiers)
    other.held, other.about, other.files, other.number = (
        dict(store.held),
        dict(store.about),
        dict(store.files),
        store.number,
    )
    there = replace(parts, store=other)
    publish([write_json(tmp_path, description(description="Theirs."))], node=there)
    store.interloper = Change(
        put=tuple(GraphContent(name, tier, triples) for name, (tier, triples) in other.held.items()),
        files=dict(other.files),
    )
    assert change(parts, ("title", "Ours")).ok
    text = "\n".join(held(store))
    assert "Theirs." in text
    assert '"Ours"' in text
    assert read_registry(store.files["datasets.json"])["gliomas"].revision == 3


def test_a_store_that_stays_taken_is_told(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """A conflict without a new generation is not tried for ever."""
    put()

    class Taken(MemoryStore):
        def apply(self, change: Change) -> Any:
            raise Conflict("another process holds the writer")

    store.__class__ = Taken
    with pytest.raises(Conflict):
        change(parts, ("title", "x"))


def test_the_command(tmp_path: Path, repository: Path) -> None:
    """On a real node, a study folder with its samples: ``--set``, ``--remove``, ``--with``, and wrong usage."""
    node = tmp_path / "node"
    create_node(node, base_iri="http://node.example/", title="A node", publisher="A clinic")
    run = CliRunner(catch_exceptions=False).invoke
    study = tmp_path / "study"
    shutil.copytree(repository / "examples/partners/rare-tumour-sequencing", study)
    assert run(onconode, ["publish", str(study), "--node", str(node)]).exit_code == 0
    opened = build(node)
    (before,) = opened.catalog.datasets()
    opened.close()
    done = run(onconode, ["amend", before.iri, "--set", "title@en=Another title", "--node", str(node), "--by", "desk"])
    assert done.exit_code == 0, done.output
    assert "version 2" in done.output
    opened = build(node)
    (after,) = opened.catalog.datasets()
    opened.close()
    assert (after.title, after.samples, after.donors) == ("Another title", before.samples, before.donors)
    assert before.samples > 0
    for wrong in (["--set", "title"], ["--set", "=x"], ["--set", "a=b", "--with", __file__]):
        assert run(onconode, ["amend", before.iri, *wrong, "--node", str(node)], standalone_mode=True).exit_code == 2
