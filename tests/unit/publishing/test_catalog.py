"""The catalogue reads back what was published, and nothing that was not meant for everybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from descriptions import BASE, description, sample, write_json
from memory_store import MemoryStore
from pyoxigraph import Dataset, RdfFormat, parse

from node.config import Identity
from node.errors import NotFound, StoreError, Withdrawn
from node.publishing.catalog import Catalog
from node.publishing.drafts import Outcome
from node.publishing.jsonld import serialize
from node.publishing.publish import NodeParts, publish, withdraw
from node.publishing.registry import read_registry
from node.publishing.summary import void_description
from node.rdf.formats import GRAPH_FORMATS, JSONLD, NTRIPLES, TURTLE, Format

IRI = f"{BASE}datasets/gliomas"


@pytest.fixture
def published(parts: NodeParts, tmp_path: Path) -> NodeParts:
    """Three datasets: open, restricted, and one with a foreign IRI."""
    for name, changes in (
        ("gliomas", {"issued": "2024-02-01", "keyword": ["b", "a"]}),
        ("closed", {"accessRights": "RESTRICTED"}),
        ("foreign", {"id": "https://doi.org/10.1/x", "samples": None}),
    ):
        assert publish([write_json(tmp_path, description(name, **changes))], node=parts).ok
    return parts


def graph(ntriples: bytes, form: RdfFormat = RdfFormat.N_TRIPLES) -> Dataset:
    return Dataset(parse(ntriples, form))


def test_the_list_of_datasets(published: NodeParts, catalog: Catalog) -> None:
    """Titles, names of publishers, counts; dates of the description, else of the publication."""
    closed, foreign, gliomas = catalog.datasets()
    assert [closed.id, foreign.id, gliomas.id] == ["closed", "foreign", "gliomas"]
    assert foreign.iri == "https://doi.org/10.1/x"
    assert (gliomas.title, gliomas.publisher, gliomas.samples, gliomas.donors) == (
        "Collection gliomas",
        "A clinic",
        2,
        2,
    )
    assert gliomas.keywords == ("a", "b")
    assert gliomas.issued == "2024-02-01"
    assert closed.issued.endswith("Z")
    assert closed.samples == 2
    assert catalog.dataset("gliomas") == gliomas
    assert catalog.datasets() is catalog.datasets(), "read again for the same generation"


def test_a_dataset_is_described_without_its_samples(published: NodeParts, catalog: Catalog) -> None:
    """Its own triples and those of the contact under it."""
    text = catalog.describe(IRI).decode()
    assert "mailto:office@example.org" in text
    assert "/samples/" not in text


def test_every_iri_the_node_mints_can_be_described(published: NodeParts, catalog: Catalog) -> None:
    """Samples, donors, nameless parts, and the catalogue itself."""
    assert b"NCIT_C3058" in catalog.describe(f"{IRI}/samples/S1")
    assert b"Donor" in catalog.describe(f"{IRI}/donors/D1")
    nameless = next(w for w in catalog.describe(IRI).decode().split() if "/genid/" in w)[1:-1]
    assert catalog.describe(nameless)
    assert b"Catalog" in catalog.describe(BASE)
    assert b"CatalogRecord" in catalog.describe(f"{IRI}#record")


@pytest.mark.parametrize(
    "iri",
    [
        f"{BASE}datasets/nothing",
        f"{IRI}/samples/S99",
        f"{BASE}datasets/closed/samples/S1",
        f"{BASE}datasets/closed/donors/D1",
        "http://purl.obolibrary.org/obo/NCIT_C3058",
        "not an IRI",
        f"{BASE}a> ?p ?o }} #",
    ],
)
def test_what_is_not_known_or_not_open_is_not_found(iri: str, published: NodeParts, catalog: Catalog) -> None:
    """A restricted record answers like one that does not exist."""
    with pytest.raises(NotFound):
        catalog.describe(iri)


def test_all_of_a_withdrawn_dataset_is_gone(published: NodeParts, catalog: Catalog) -> None:
    """Dataset, samples and graph say so, by the node's IRI and by a foreign one."""
    withdraw("gliomas", "a mistake", published)
    withdraw("https://doi.org/10.1/x", "moved", published)
    for iri in (IRI, f"{IRI}/samples/S1", f"{IRI}#record", "https://doi.org/10.1/x", f"{BASE}datasets/foreign"):
        with pytest.raises(Withdrawn):
            catalog.describe(iri)
    for call in (catalog.dataset_graph, catalog.samples, catalog.dataset):
        with pytest.raises(Withdrawn):
            call("gliomas")
    assert [d.id for d in catalog.datasets()] == ["closed"]
    with catalog.provenance("gliomas") as answer:
        assert b"a mistake" in b"".join(answer)


def test_pages_of_samples(parts: NodeParts, catalog: Catalog, tmp_path: Path) -> None:
    """Sorted, from an offset, at most so many."""
    samples = [sample("datasets/gliomas", f"S{i}", "D1") for i in range(10)]
    publish([write_json(tmp_path, description(samples=samples))], node=parts)
    assert catalog.samples("gliomas", 8, 5) == (f"{IRI}/samples/S8", f"{IRI}/samples/S9")
    assert catalog.samples("gliomas", 10, 5) == ()
    with pytest.raises(NotFound):
        catalog.samples("nothing")


def test_paths_stand_for_iris(published: NodeParts, catalog: Catalog) -> None:
    """A decoded path is encoded as identifiers are; a foreign dataset's path stands for the foreign IRI."""
    assert catalog.resolve("") == BASE
    assert catalog.resolve("datasets/gliomas") == IRI
    assert catalog.resolve("datasets/foreign") == "https://doi.org/10.1/x"
    assert catalog.resolve("datasets/gliomas/samples/a/b c") == f"{IRI}/samples/a%2Fb%20c"
    assert catalog.resolve("datasets/gliomas/donors/ü") == f"{IRI}/donors/%C3%BC"
    assert catalog.resolve(".well-known/genid/abc") == f"{BASE}.well-known/genid/abc"


@pytest.mark.parametrize("format_", GRAPH_FORMATS, ids=lambda f: f.name)
def test_a_description_is_the_same_graph_in_every_format(
    format_: Format, published: NodeParts, catalog: Catalog
) -> None:
    """What is served reads back as what is described; JSON-LD by the node's own context."""
    text = catalog.represent(IRI, format_)
    if format_ is JSONLD:
        from node.publishing.contexts import context_text  # noqa: PLC0415

        address = f'"{BASE}context/v1.jsonld"'
        assert address in text.decode()
        inline = context_text().strip().removeprefix("{").removesuffix("}").split(":", 1)[1]
        text = text.decode().replace(address, inline).encode()
    assert format_.rdf is not None
    assert graph(text, format_.rdf) == graph(catalog.describe(IRI))


def test_the_whole_graph_of_a_dataset(published: NodeParts, catalog: Catalog) -> None:
    """All that everybody may see of it, samples included; of a restricted one no samples."""
    with catalog.dataset_graph("gliomas", TURTLE) as answer:
        assert answer.format is TURTLE
        assert b"samples/S1" in b"".join(answer)
    with catalog.dataset_graph("closed", NTRIPLES) as answer:
        assert b"samples" not in b"".join(answer)


@pytest.mark.parametrize("format_", [TURTLE, JSONLD], ids=["ttl", "jsonld"])
def test_what_is_served_can_be_published_again(
    format_: Format, published: NodeParts, catalog: Catalog, tmp_path: Path
) -> None:
    """A downloaded dataset, in its own node, is the same dataset: nothing changes."""
    with catalog.dataset_graph("gliomas") as answer:
        text = serialize(b"".join(answer), format_, IRI, context=f"{BASE}context/v1.jsonld")
    path = tmp_path / f"downloaded{format_.endings[0]}"
    path.write_bytes(text)
    report = publish([path], node=published)
    assert [d.outcome for d in report.datasets] == [Outcome.UNCHANGED], report


def test_void_counts_what_the_store_counted(store: MemoryStore, parts: NodeParts, identity: Identity) -> None:
    """Triples, a partition for each property and class; an empty node says zero; damage is an error."""
    assert b'void#triples> "0"' in void_description(store, parts.identifiers, identity)
    store.files["summary.json"] = b'{"triples": 5, "predicates": {"http://a/p": 5}, "classes": {"http://a/C": 2}}'
    text = void_description(store, parts.identifiers, identity).decode()
    assert 'void#triples> "5"' in text
    assert "void#property> <http://a/p>" in text
    assert 'void#entities> "2"' in text
    assert f"<{BASE}sparql>" in text
    assert len(graph(text.encode())) == len(text.splitlines())
    store.files["summary.json"] = b"{}"
    with pytest.raises(StoreError):
        void_description(store, parts.identifiers, identity)


def test_a_damaged_register_is_told() -> None:
    """Not taken for an empty one."""
    for data in (b"{", b"[]", b'{"a": {}}', b'{"a": {"state": "lost"}}'):
        with pytest.raises(StoreError):
            read_registry(data)
