"""Versions of a description: how they are numbered, what is said of them, and their digests."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from descriptions import BASE, description, sample, write_json
from memory_store import MemoryStore
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, Store, parse, serialize

from node.errors import Withdrawn
from node.publishing.catalog import Catalog
from node.publishing.ntriples import digest
from node.publishing.publish import NodeParts, publish, withdraw
from node.publishing.registry import Entry, read_registry
from node.rdf.namespaces import DCAT, PROV, SPDX, XSD
from node.store.stored_form import stored_form

GRAPH = f"{BASE}graph/gliomas"
HISTORY = f"{GRAPH}/provenance"
VERSION = "http://www.w3.org/ns/dcat#version"


@pytest.fixture
def put(parts: NodeParts, tmp_path: Path) -> Any:
    """Publish a description, changed as the keywords say; the report on it."""

    def put(by: str = "", **changes: Any) -> Any:
        report = publish([write_json(tmp_path, description(**changes))], node=parts, by=by)
        assert report.ok, report
        return report.datasets[0]

    return put


def entry(store: MemoryStore) -> Entry:
    return read_registry(store.files["datasets.json"])["gliomas"]


def history(store: MemoryStore) -> str:
    return store.held[HISTORY][1].decode()


def canonical(triples: bytes) -> str:
    """The SHA-256 of the RDFC-1.0 canonical form, by the library, of the triples as a store gives them back."""
    store = Store()
    store.extend(parse(triples, RdfFormat.N_TRIPLES))
    dataset = Dataset(store)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    lines = (serialize([quad], format=RdfFormat.N_QUADS) or b"" for quad in dataset)
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()


def test_versions_are_counted_and_linked(put: Any, store: MemoryStore) -> None:
    """1, 2; publishing the same again makes none; going back to the first content makes a third."""
    assert put().version == "1"
    assert put(title={"@language": "en", "@value": "Another title"}).version == "2"
    assert (put(title={"@language": "en", "@value": "Another title"}).outcome, store.number) == ("unchanged", 2)
    assert put().version == "3"
    assert (entry(store).version, entry(store).revision) == ("3", 3)
    for number in (1, 2, 3):
        assert f'<{HISTORY}#version-{number}> <{DCAT}version> "{number}" .' in history(store)
    assert f"<{HISTORY}#version-3> <{DCAT}previousVersion> <{HISTORY}#version-2> ." in history(store)
    assert f"<{HISTORY}#version-2> <{PROV}wasRevisionOf> <{HISTORY}#version-1> ." in history(store)


def test_the_partners_own_version_is_kept(put: Any, store: MemoryStore) -> None:
    """``dcat:version`` of the description is what the version is called; changing only the rest is worth a warning."""
    assert put(**{VERSION: "2.0.0"}).version == "2.0.0"
    told = put(**{VERSION: "2.0.0", "title": {"@language": "en", "@value": "Another title"}})
    assert told.version == "2.0.0"
    assert "dcat:version has not" in told.findings[-1].message
    assert put(**{VERSION: "2.1.0"}).findings == ()
    assert (entry(store).version, entry(store).revision) == ("2.1.0", 3)


def test_the_catalogue_names_the_current_version(put: Any, store: MemoryStore) -> None:
    """At the record, so that the partner's description stays as it came."""
    put()
    put(samples=[sample("datasets/gliomas", "S9", "D9")])
    catalogue = store.held[f"{BASE}graph/"][1].decode()
    record = f"<{BASE}datasets/gliomas#record>"
    assert f'{record} <{DCAT}version> "2" .' in catalogue
    assert f"{record} <{DCAT}hasCurrentVersion> <{HISTORY}#version-2> ." in catalogue
    assert VERSION not in store.held[GRAPH][1].decode()


def test_the_digest_is_that_of_rdfc(put: Any, store: MemoryStore, catalog: Catalog) -> None:
    """The library's canonicalisation of the public graph gives the same; it is told in every place."""
    reported = put(**{"http://www.w3.org/ns/adms#versionNotes": 'tab\there, \u2028, "quotes" and \\'})
    assert reported.digest == canonical(store.held[GRAPH][1]) == entry(store).digest
    assert catalog.dataset("gliomas").digest == reported.digest
    assert f'<{SPDX}checksumValue> "{reported.digest}"^^<{XSD}hexBinary>' in history(store)


def test_the_digest_is_of_what_is_served(put: Any, store: MemoryStore) -> None:
    """Numbers, times and language tags are spelt as the store gives them back, not as they were written."""
    odd = [
        {"@value": "007", "@type": f"{XSD}integer"},
        {"@value": "7", "@type": f"{XSD}integer"},
        {"@value": "1.50", "@type": f"{XSD}decimal"},
        {"@value": "2020-01-01T00:00:00.000Z", "@type": f"{XSD}dateTime"},
        {"@value": "colour", "@language": "EN-gb"},
        {"@value": '"007"^^<x> .'},
    ]
    assert put(**{"http://purl.org/dc/terms/extent": odd}).digest == canonical(store.held[GRAPH][1])


def test_the_stored_form_of_lines_made_by_hand() -> None:
    """Capitals in a language tag, and two spellings that become one line; what needs nothing comes back itself."""
    same = ['<urn:s> <urn:p> "a"@en .', '<urn:s> <urn:p> "b" .']
    assert stored_form(same) is same
    lines = sorted(f'<urn:s> <urn:p> "{text}"^^<{XSD}integer> .' for text in ("7", "07", "x"))
    assert stored_form(lines) == [f'<urn:s> <urn:p> "{text}"^^<{XSD}integer> .' for text in ("7", "x")]
    assert stored_form(['<urn:s> <urn:p> "a"@en-GB .']) == ['<urn:s> <urn:p> "a"@en-gb .']
    assert digest(stored_form(lines)) == canonical("".join(f"{line}\n" for line in lines).encode())


def test_no_digest_of_hidden_records(put: Any, store: MemoryStore) -> None:
    """Of a restricted dataset the digest covers what everybody sees, and nothing public covers the rest."""
    put(accessRights="RESTRICTED")
    assert entry(store).digest == canonical(store.held[GRAPH][1])
    assert entry(store).content not in "".join(
        triples.decode() for tier, triples in store.held.values() if tier is not None and tier.value == "public"
    )


def test_who_published(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """The node's organisation always, whoever was named besides; also for a withdrawal."""
    put(by=" data desk ")
    withdraw("gliomas", "a mistake", parts, by="ethics board")
    for name in ("data desk", "ethics board"):
        assert f'"{name}" .' in history(store)
    assert history(store).count(f"<{PROV}actedOnBehalfOf> <{BASE}organisation>") == 2
    assert f"<{HISTORY}#withdrawal> <{PROV}wasAssociatedWith> <{BASE}organisation> ." in history(store)


def test_a_withdrawal_given_again(put: Any, parts: NodeParts, store: MemoryStore) -> None:
    """The same one changes nothing, so that a command that was cut off can be given again; another is refused."""
    put()
    withdraw("gliomas", "a mistake", parts)
    assert withdraw("gliomas", " a mistake ", parts).number == store.number == 2
    with pytest.raises(Withdrawn):
        withdraw("gliomas", "something else", parts)


def test_registers_without_versions_are_read(store: MemoryStore) -> None:
    """What was published before there were versions counts as the first."""
    old = b'{"x": {"iri": "http://x/", "title": "X", "content": "c", "state": "published", "issued": "t", '
    read = read_registry(old + b'"modified": "t", "samples": 1, "donors": 1}}')["x"]
    assert (read.version, read.revision, read.digest) == ("1", 1, "")
