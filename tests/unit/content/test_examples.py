"""The example partners: documents that hold together, and every stored query has something to say about them."""

from __future__ import annotations

import pytest
from content_examples import documents, load_document
from pyoxigraph import NamedNode, QuerySolutions, RdfFormat, Store

from node.ontology.branches import BRANCHES, in_branch
from node.ontology.mappings import core_code_map
from node.ontology.releases import core_triples, core_vocabulary
from node.rdf.namespaces import DCAT_DATASET, DERIVES_FROM, ONCO
from node.resources import resource
from node.sparql.stored import StoredQuery, stored_queries, stored_query

STUDY = "examples/partners/rare-tumour-sequencing/rare_tumours_2024"


@pytest.fixture(scope="module")
def hub() -> Store:
    """What a federation of the example partners' documents and a vocabulary node would see."""
    store = Store()
    for path in documents():
        load_document(store, path)
    store.load(core_triples(), RdfFormat.N_TRIPLES)
    return store


def rows(store: Store, query: str) -> list[list[str | None]]:
    found = store.query(query)
    assert isinstance(found, QuerySolutions)
    return [[str(value) if value is not None else None for value in row] for row in found]


@pytest.mark.parametrize("query", stored_queries(), ids=lambda q: q.name)
def test_every_stored_query_answers(hub: Store, query: StoredQuery) -> None:
    """Each question has at least one row on the examples, and no cell of a row is empty that should have a name."""
    found = rows(hub, query.text)
    assert found
    if query.endpoint == "federation":
        assert all(value is not None for row in found for value in row), found


@pytest.mark.parametrize("query", [q for q in stored_queries() if q.endpoint == "federation"], ids=lambda q: q.name)
def test_no_partner_alone_gives_the_federated_answer(hub: Store, query: StoredQuery) -> None:
    """For every federated question, each document alone, without the vocabulary, gives another answer than all."""
    whole = rows(hub, query.text)
    for path in documents():
        alone = Store()
        load_document(alone, path)
        assert rows(alone, query.text) != whole, path.name


def test_codes_are_known_and_in_their_branch(hub: Store) -> None:
    """Every code that the examples use is in the packaged vocabulary, in the branch of its property."""
    vocabulary = core_vocabulary()
    used = 0
    for property_iri in BRANCHES:
        for quad in hub.quads_for_pattern(None, NamedNode(property_iri), None):
            assert isinstance(quad.object, NamedNode)
            assert in_branch(vocabulary, property_iri, quad.object.value), quad
            used += 1
    assert used > 200


def test_links_lead_somewhere(hub: Store) -> None:
    """What a sample is part of is a dataset, and what it derives from is described."""
    part_of = NamedNode("http://purl.org/dc/terms/isPartOf")
    rdf_type = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    for quad in hub.quads_for_pattern(None, part_of, None):
        assert next(hub.quads_for_pattern(quad.object, rdf_type, NamedNode(DCAT_DATASET)), None)  # type: ignore[arg-type]
    for quad in hub.quads_for_pattern(None, NamedNode(DERIVES_FROM), None):
        assert next(hub.quads_for_pattern(quad.object, rdf_type, None), None)  # type: ignore[arg-type]


def test_stated_numbers_are_true(hub: Store) -> None:
    """A dataset's stated number of records is the number of its samples."""
    query = """
        PREFIX h: <http://healthdataportal.eu/ns/health#> PREFIX dct: <http://purl.org/dc/terms/>
        SELECT ?d ?n (COUNT(?s) AS ?m) { ?d h:numberOfRecords ?n . ?s dct:isPartOf ?d } GROUP BY ?d ?n HAVING (?n != ?m)
    """
    assert rows(hub, query) == []


def test_whole_genomes_of_gliomas_need_everyone() -> None:
    """The first question: both partners' documents hold gliomas of different kinds, found by the hierarchy alone."""
    query = stored_query("glioma-whole-genomes").text
    store = Store()
    for path in documents():
        load_document(store, path)
    assert rows(store, query) == []
    store.load(core_triples(), RdfFormat.N_TRIPLES)
    assert {str(row[0]) for row in rows(store, query)} == {
        '"Example Neuro-Oncology Registry"',
        '"Example Sarcoma Biobank"',
    }


def test_the_study_folder() -> None:
    """The study folder has cBioPortal's layout; its lists name its samples; two of its codes map to nothing."""
    folder = resource(STUDY)
    lines = (folder / "data_clinical_sample.txt").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") for line in lines[:4])
    header = lines[4].split("\t")
    table = [dict(zip(header, line.split("\t"), strict=True)) for line in lines[5:]]
    samples = {row["SAMPLE_ID"] for row in table}
    assert len(samples) == len(table) >= 15
    for path in sorted((folder / "case_lists").glob("*.txt")):
        fields = dict(line.split(": ", 1) for line in path.read_text(encoding="utf-8").splitlines())
        assert set(fields["case_list_ids"].split("\t")) <= samples
    codes = core_code_map()
    unmapped = {row["ONCOTREE_CODE"] for row in table if codes.lookup("oncotree", row["ONCOTREE_CODE"]) is None}
    assert unmapped == {"MIXED", "RTS7"}


def test_queries_name_only_known_codes() -> None:
    """A code in a stored query is in the packaged tables: a typing mistake would silently give no rows."""
    vocabulary = core_vocabulary()
    for query in stored_queries():
        for word in query.text.split():
            if word.startswith("obo:") and not word.startswith(("obo:RO_", "obo:>")) and len(word) > 4:
                assert f"http://purl.obolibrary.org/obo/{word[4:]}" in vocabulary, (query.name, word)
    assert ONCO
