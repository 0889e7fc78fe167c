"""Several releases of a name: one is active, the others wait on the shelf; bad files change nothing."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from ontology_fakes import MemoryQuadStore

from node.errors import Conflict, DocumentSyntaxError, NotFound
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.ontology.activation import remove, roll_back
from node.ontology.release_files import file_digest, read_release
from node.ontology.releases import install, installed_vocabulary, kept, release_of
from node.ontology.shelf import record, record_file
from node.rdf.namespaces import OBO
from node.store.oxigraph import OxigraphStore

IDS = Identifiers("http://node.example/")
CLASS = "<http://www.w3.org/2002/07/owl#Class>"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
UNDER = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"


def release(folder: Path, year: int, *, prefix: str = "NCIT_C") -> Path:
    """A release with one class for each year up to its own, in a file that is named by it."""
    path = folder / f"ncit-{year}.nt"
    names = [f"<{OBO}{prefix}{n}>" for n in range(2020, year + 1)]
    lines = [f"{name} {TYPE} {CLASS} .\n{name} {UNDER} <{OBO}NCIT_C1> .\n" for name in names]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def classes(store: MemoryQuadStore | OxigraphStore, most: int = 2024) -> set[int]:
    vocabulary = installed_vocabulary(store)
    return {n for n in range(2020, most) if vocabulary.get(f"{OBO}NCIT_C{n}") is not None}


@pytest.fixture(params=["memory", "oxigraph"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryQuadStore | OxigraphStore]:
    if request.param == "memory":
        yield MemoryQuadStore()
        return
    made = OxigraphStore(tmp_path / "data", identifiers=IDS, workers=1, queue_seconds=20)
    yield made
    made.close()


def test_one_is_active_and_all_are_kept(store: MemoryQuadStore | OxigraphStore, tmp_path: Path) -> None:
    """Installing, going back, going to a version named by its beginning, removing: graphs and codes follow."""
    for year in (2020, 2021, 2022):
        install("ncit", release(tmp_path, year), store=store, identifiers=IDS)
    assert [r.version for r in kept(store, "ncit")] == ["2020", "2021", "2022"]
    graph = IDS.vocabulary_graph("ncit", "2022")
    assert store.graphs((Tier.PUBLIC,)) == (graph,)
    back = roll_back("ncit", store=store, identifiers=IDS)
    assert (back.version, release_of(store, "ncit")) == ("2021", back)
    assert store.graphs((Tier.PUBLIC,)) == (back.graph,)
    assert classes(store) == {2020, 2021}
    assert roll_back("ncit", to="2022", store=store, identifiers=IDS).graph == graph
    assert classes(store) == {2020, 2021, 2022}
    with pytest.raises(Conflict, match="is the active release"):
        remove("ncit", "2022", store=store)
    with pytest.raises(Conflict, match="several"):
        roll_back("ncit", to="20", store=store, identifiers=IDS)
    remove("ncit", "2021", store=store)
    assert [r.version for r in kept(store, "ncit")] == ["2020", "2022"]
    with pytest.raises(NotFound, match="There are: 2020, 2022"):
        roll_back("ncit", to="2021", store=store, identifiers=IDS)
    roll_back("ncit", store=store, identifiers=IDS)
    with pytest.raises(NotFound, match="before 2020"):
        roll_back("ncit", store=store, identifiers=IDS)
    with pytest.raises(NotFound, match="no release of obi"):
        roll_back("obi", store=store, identifiers=IDS)


def test_what_comes_back_is_what_was_installed(tmp_path: Path) -> None:
    """After going back and forth every file and graph is byte for byte as it was."""
    store = MemoryQuadStore()
    install("ncit", release(tmp_path, 2020), store=store, identifiers=IDS)
    install("ncit", release(tmp_path, 2021), store=store, identifiers=IDS)
    graphs, files = dict(store.content), dict(store.files)
    roll_back("ncit", store=store, identifiers=IDS)
    assert store.content != graphs
    roll_back("ncit", to="2021", store=store, identifiers=IDS)
    assert (store.content, store.files) == (graphs, files)


def test_mappings_come_back_too(tmp_path: Path) -> None:
    """A table of codes is a release like any other."""
    store = MemoryQuadStore()
    install("oncotree", None, store=store, identifiers=IDS)
    before = store.files["mappings/oncotree.tsv"]
    table = tmp_path / "oncotree-ncit.tsv"
    table.write_text("oncotree_code\tname\tparent\tncit_codes\nGB\tGlioblastoma\t\tC3058\n", encoding="utf-8")
    install("oncotree", table, store=store, identifiers=IDS)
    assert store.files["mappings/oncotree.tsv"] != before
    roll_back("oncotree", store=store, identifiers=IDS)
    assert store.files["mappings/oncotree.tsv"] == before


def test_a_node_from_before_there_was_a_shelf(tmp_path: Path) -> None:
    """Its active release is listed, moves to the shelf with its graph when another is installed, and comes back."""
    store = OxigraphStore(tmp_path / "data", identifiers=IDS, workers=1, queue_seconds=20)
    try:
        old = install("ncit", release(tmp_path, 2020), store=store, identifiers=IDS)
        files = store.generation().folder / "files"
        for path in (files / "releases").rglob("*"):
            if path.is_file():
                path.unlink()
        assert [r.version for r in kept(store, "ncit")] == ["2020"]
        install("ncit", release(tmp_path, 2021), store=store, identifiers=IDS)
        assert [r.version for r in kept(store, "ncit")] == ["2020", "2021"]
        assert roll_back("ncit", store=store, identifiers=IDS).digest == old.digest
        assert classes(store) == {2020}
        assert store.graph(IDS.vocabulary_graph("ncit", "2020")) is not None
    finally:
        store.close()


def test_an_old_record_is_read() -> None:
    """One without what later releases write beside it."""
    store = MemoryQuadStore()
    store.files[record_file("ncit")] = (
        b'{"name": "ncit", "version": "1", "version_iri": null, "source": "a.nt", "digest": "d", "licence": "l",'
        b' "installed": "2025-01-01", "concepts": 3, "triples": 4, "core_added": 0, "graph": null}'
    )
    found = release_of(store, "ncit")
    assert found is not None
    assert (found.version, found.inferred, found.address) == ("1", 0, "")
    assert record(found).startswith(b"{")


# --- what follows from the axioms ---

DEFINED = """
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix obo: <http://purl.obolibrary.org/obo/> .
obo:OBI_1 a owl:Class . obo:OBI_2 a owl:Class ; rdfs:subClassOf obo:OBI_1 .
obo:OBI_3 a owl:Class ; rdfs:subClassOf obo:OBI_1 , [ a owl:Restriction ; owl:onProperty obo:p ; owl:someValuesFrom obo:OBI_2 ] .
obo:OBI_4 a owl:Class ; owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( obo:OBI_1
   [ a owl:Restriction ; owl:onProperty obo:p ; owl:someValuesFrom obo:OBI_1 ] ) ] .
"""  # noqa: E501


def test_inferred_superclasses_are_a_graph_of_their_own(tmp_path: Path) -> None:
    """They are marked, take part in what codes are checked with, are left out on request, and go with the release."""
    path = tmp_path / "obi.ttl"
    path.write_text(DEFINED, encoding="utf-8")
    store = MemoryQuadStore()
    made = install("obi", path, store=store, identifiers=IDS, version="1")
    assert made.graph is not None
    assert made.inferred_graph == f"{made.graph}/inferred"
    assert made.inferred == 2  # the definition is below its first part, and what meets it below the definition
    lines = store.content[made.inferred_graph][1].decode()
    assert f"<{OBO}OBI_3> {UNDER} <{OBO}OBI_4> ." in lines
    assert f"<{made.inferred_graph}> <http://www.w3.org/ns/prov#wasDerivedFrom> <{made.graph}> ." in lines
    assert f"<{OBO}OBI_3> {UNDER} <{OBO}OBI_4>" not in store.content[made.graph][1].decode()
    assert installed_vocabulary(store).is_a(f"{OBO}OBI_3", f"{OBO}OBI_4")
    plain = install("obi", path, store=store, identifiers=IDS, version="1", inference=False)
    assert (plain.inferred, plain.inferred_graph) == (0, None)
    assert list(store.content) == [plain.graph]
    assert not installed_vocabulary(store).is_a(f"{OBO}OBI_3", f"{OBO}OBI_4")
    install("obi", path, store=store, identifiers=IDS, version="1")
    install("obi", path, store=store, identifiers=IDS, version="2", inference=False)
    roll_back("obi", store=store, identifiers=IDS)
    assert made.inferred_graph in store.content


# --- files that are not what they should be ---


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ncit.owl", b"", "is empty"),
        ("ncit.owl", b"<!DOCTYPE html>\n<html><body>Not found</body></html>", "web page"),
        ("ncit.owl", b"<?xml version='1.0'?>\n<html xmlns='http://www.w3.org/1999/xhtml'/>", "web page"),
        ("ncit.owl", b"<?xml version='1.0'?>\n<Ontology xmlns='http://www.w3.org/2002/07/owl#'/>", "OWL/XML"),
        ("ncit.owl", b"Prefix(:=<http://a.b/>)\nOntology(<http://a.b/>)", "functional syntax"),
        ("ncit.owl", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS"),
        ("ncit.owl", b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:", "."),
        ("ncit.nt", b"<http://a.b/c> <http://a.b/d> <http://a.", "."),
        ("ncit.nt.gz", gzip.compress(b"<http://a.b/c> <http://a.b/d> <http://a.b/e> .\n" * 99)[:-9], "."),
        ("ncit.nt.gz", b"\x1f\x8bnot gzip after all", "."),
        ("ncit.obo", b"format-version: 1.2\n\n[Term]\nname: no id\n", "no id"),
        ("ncit.obo", b"format-version: 1.2\n\n[Term]\nid: A:1\nthis is no clause\n", "tag: value"),
        ("ncit.obo", b"format-version: 1.2\n\n[Term]\nid: A:1\ndef: unquoted\n", "quotes"),
        ("ncit.json", b'{"graphs": 7}', "OBO Graphs"),
        ("ncit.json", b"{", "OBO Graphs"),
        ("ncit.nt", b"\xff\xfe\x00", "."),
    ],
)  # fmt: skip
def test_damaged_files_change_nothing(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """Each is a syntax error that names the file, and the release before it stays."""
    store = MemoryQuadStore()
    install("ncit", release(tmp_path, 2020), store=store, identifiers=IDS)
    before = (dict(store.content), dict(store.files))
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DocumentSyntaxError, match=said) as caught:
        install("ncit", path, store=store, identifiers=IDS)
    assert caught.value.where is not None
    assert caught.value.where.source == name
    assert (store.content, store.files) == before


def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    """By what its header says, or by what most of its classes are called; an extension may hold what it likes."""
    store = MemoryQuadStore()
    with pytest.raises(Conflict, match="of obi, not of ncit"):
        install("ncit", release(tmp_path, 2022, prefix="OBI_"), store=store, identifiers=IDS)
    header = tmp_path / "obi.ttl"
    header.write_text(DEFINED + "<http://purl.obolibrary.org/obo/obi.owl> a owl:Ontology .", encoding="utf-8")
    with pytest.raises(Conflict, match="of obi, not of onconode"):
        install("onconode", header, store=store, identifiers=IDS)
    evs = tmp_path / "Thesaurus.nt"
    evs.write_text(f"<http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl#C3262> {TYPE} {CLASS} .\n", encoding="utf-8")
    with pytest.raises(Conflict, match="own edition"):
        install("ncit", evs, store=store, identifiers=IDS)
    assert store.changes == []
    install("own", release(tmp_path, 2022), store=store, identifiers=IDS)


OBO_FILE = r"""format-version: 1.2
data-version: 2024-02-01
ontology: obi

[Term]
id: OBI:0000070
name: assay \{planned\}
def: "A planned \"process\".\nSecond line." [PMID:1]
synonym: "test" EXACT []
synonym: "wide" BROAD [X:1]
is_a: BFO:1 {source="x"} ! a process
relationship: RO:2 OBI:2 ! has part
xref: MESH:1 "note"

[Term]
id: OBI:2
name: old
is_obsolete: true
replaced_by: OBI:0000070

[Term]
id: OBI:3
intersection_of: OBI:0000070
intersection_of: RO:2 OBI:2

[Typedef]
id: RO:2
is_transitive: true

[Instance]
id: X:1
"""
GRAPH_FILE = """{"graphs": [{"id": "http://purl.obolibrary.org/obo/obi.owl",
 "meta": {"version": "http://purl.obolibrary.org/obo/obi/2024-02-01/obi.owl"},
 "nodes": [
  {"id": "http://purl.obolibrary.org/obo/OBI_0000070", "type": "CLASS", "lbl": "assay {planned}",
   "meta": {"definition": {"val": "A planned \\"process\\".\\nSecond line."}, "synonyms":
    [{"pred": "hasExactSynonym", "val": "test"}, {"pred": "hasBroadSynonym", "val": "wide"}]}},
  {"id": "http://purl.obolibrary.org/obo/OBI_2", "type": "CLASS", "lbl": "old", "meta": {"deprecated": true,
   "basicPropertyValues": [{"pred": "http://purl.obolibrary.org/obo/IAO_0100001",
    "val": "http://purl.obolibrary.org/obo/OBI_0000070"}]}},
  {"id": "http://purl.obolibrary.org/obo/OBI_3", "type": "CLASS"}],
 "edges": [{"sub": "http://purl.obolibrary.org/obo/OBI_0000070", "pred": "is_a",
   "obj": "http://purl.obolibrary.org/obo/BFO_1"},
  {"sub": "http://purl.obolibrary.org/obo/OBI_0000070", "pred": "http://purl.obolibrary.org/obo/RO_2",
   "obj": "http://purl.obolibrary.org/obo/OBI_2"}],
 "logicalDefinitionAxioms": [{"definedClassId": "http://purl.obolibrary.org/obo/OBI_3",
  "genusIds": ["http://purl.obolibrary.org/obo/OBI_0000070"], "restrictions": [
   {"propertyId": "http://purl.obolibrary.org/obo/RO_2", "fillerId": "http://purl.obolibrary.org/obo/OBI_2"}]}]}]}"""


@pytest.mark.parametrize("name", ["obi.obo", "obi.obo.gz", "obi.json", "obi.json.gz", "download", "obi.owl.obo"])
def test_obo_files(tmp_path: Path, name: str) -> None:
    """OBO and OBO Graphs JSON say the same, packed or not, and without a name that tells."""
    text = GRAPH_FILE if "json" in name else OBO_FILE
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    store = MemoryQuadStore()
    made = install("obi", path, store=store, identifiers=IDS)
    assert (made.version, made.concepts) == ("2024-02-01", 3)
    assert made.version_iri == "http://purl.obolibrary.org/obo/obi/2024-02-01/obi.owl"
    vocabulary = installed_vocabulary(store)
    assay, old = vocabulary.get(f"{OBO}OBI_0000070"), vocabulary.get(f"{OBO}OBI_2")
    assert assay is not None
    assert (assay.label, assay.synonyms, assay.broad) == ("assay {planned}", ("test",), ("wide",))
    assert assay.definition == 'A planned "process". Second line.'
    assert assay.parents[0] == f"{OBO}BFO_1"
    assert old is not None
    assert (old.obsolete, old.replaced_by) == (True, f"{OBO}OBI_0000070")
    # what is defined as an assay with this part, and every assay has it
    assert vocabulary.is_a(f"{OBO}OBI_3", f"{OBO}OBI_0000070")
    assert vocabulary.is_a(f"{OBO}OBI_0000070", f"{OBO}OBI_3")


def test_reading_says_what_the_file_says_of_itself(tmp_path: Path) -> None:
    """The ontology's name and licence, where it gives them."""
    path = tmp_path / "a.ttl"
    path.write_text(
        DEFINED + "obo:obi.owl a owl:Ontology ; <http://purl.org/dc/terms/license> <http://licence.example/> .",
        encoding="utf-8",
    )
    content = read_release(path, skolem=IDS.skolem, digest=file_digest(path))
    assert (content.ontology, content.licence) == (f"{OBO}obi.owl", "http://licence.example/")
    assert install("obi", path, store=MemoryQuadStore(), identifiers=IDS).licence == "http://licence.example/"
