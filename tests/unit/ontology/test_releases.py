"""Installing releases: from small files made here, from the package, and from the shared extracts where they are."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path

import pytest
from ontology_fakes import MemoryQuadStore
from pyoxigraph import RdfFormat, Store

from node.errors import DocumentSyntaxError, MediaTypeNotSupported, NotFound, StoreError
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.ontology.mappings import BROAD, EXACT, NARROW, installed_code_map
from node.ontology.releases import (
    NAMES,
    copy_codes,
    core_triples,
    core_vocabulary,
    install,
    installed_vocabulary,
    releases,
)
from node.rdf.namespaces import OBO

IDS = Identifiers("http://node.example/")
SHARED = Path(os.environ.get("ONCONODE_SHARED", Path(__file__).parents[3].parent / "shared")) / "data" / "ontologies"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no shared data at {SHARED} (ONCONODE_SHARED)")

TURTLE = """
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix obo: <http://purl.obolibrary.org/obo/> . @prefix oio: <http://www.geneontology.org/formats/oboInOwl#> .
obo:obi.owl a owl:Ontology ; owl:versionIRI <http://purl.obolibrary.org/obo/obi/2026-05-08/obi.owl> .
obo:OBI_0000070 a owl:Class ; rdfs:label "Test"@de , "assay"@en .
obo:OBI_1 a owl:Class ; rdfs:label "thing" ; rdfs:subClassOf obo:OBI_0000070 ,
   [ a owl:Restriction ; owl:onProperty obo:p ; owl:someValuesFrom [ owl:unionOf ( obo:OBI_2 obo:OBI_3 ) ] ] ;
   oio:hasExactSynonym "the thing" , "thing" .
obo:OBI_2 a owl:Class ; owl:deprecated true ; obo:IAO_0100001 obo:OBI_1 .
obo:p a owl:ObjectProperty ; rdfs:label "not a class" .
"""


@pytest.fixture
def store() -> MemoryQuadStore:
    return MemoryQuadStore()


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    data = text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["small.ttl", "small.ttl.gz"])
def test_installing_a_file(store: MemoryQuadStore, tmp_path: Path, name: str) -> None:
    """Concepts, version, licence and graph of a release are what its file says; blank nodes are gone."""
    release = install("obi", write(tmp_path, name, TURTLE), store=store, identifiers=IDS)
    assert (release.version, release.concepts, release.source) == ("2026-05-08", 3, name)
    assert release.version_iri == "http://purl.obolibrary.org/obo/obi/2026-05-08/obi.owl"
    assert release.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert release.graph == "http://node.example/vocabulary/obi/2026-05-08"
    tier, triples = store.content[release.graph]
    assert tier is Tier.PUBLIC
    assert b"_:" not in triples
    assert b"<http://node.example/.well-known/genid/" in triples
    served = Store()
    served.load(triples, RdfFormat.N_TRIPLES)
    assert len(served) > release.triples  # and what the packaged table knows besides
    vocabulary = installed_vocabulary(store)
    assay, thing, old = (vocabulary.get(f"{OBO}OBI_{n}") for n in ("0000070", "1", "2"))
    assert assay is not None
    assert assay.label == "assay"
    assert thing is not None
    assert (thing.label, thing.synonyms, thing.parents) == ("thing", ("the thing",), (f"{OBO}OBI_0000070",))
    assert old is not None
    assert (old.obsolete, old.replaced_by) == (True, f"{OBO}OBI_1")
    assert vocabulary.source_of(f"{OBO}OBI_1") == "obi"
    assert vocabulary.source_of(f"{OBO}NCIT_C3262") == "core"
    assert releases(store) == [release]


def test_the_same_file_gives_the_same_triples(tmp_path: Path) -> None:
    """Skolem IRIs depend on the file alone: two installations are triple by triple the same."""
    path = write(tmp_path, "small.ttl", TURTLE)
    graphs = []
    for _ in range(2):
        store = MemoryQuadStore()
        release = install("obi", path, store=store, identifiers=IDS)
        assert release.graph is not None
        graphs.append(store.content[release.graph])
    assert graphs[0] == graphs[1]


def test_installing_twice_changes_nothing_and_a_new_release_replaces_the_old(
    store: MemoryQuadStore, tmp_path: Path
) -> None:
    """The same file again makes no generation; another version takes the old one's graph away in the same change."""
    path = write(tmp_path, "small.ttl", TURTLE)
    first = install("obi", path, store=store, identifiers=IDS)
    assert install("obi", path, store=store, identifiers=IDS) == first
    assert len(store.changes) == 1
    newer = write(tmp_path, "newer.ttl", TURTLE.replace("2026-05-08", "2026-11-01"))
    second = install("obi", newer, store=store, identifiers=IDS)
    assert store.graphs((Tier.PUBLIC,)) == (second.graph,)
    codes = install("obi", newer, store=store, identifiers=IDS, codes_only=True)
    assert codes.graph is None
    assert store.content == {}


def test_version_without_a_version_iri(store: MemoryQuadStore, tmp_path: Path) -> None:
    """A file that does not say its version is known by the beginning of its digest, or by what the caller says."""
    text = "<urn:a> a <http://www.w3.org/2002/07/owl#Class> ."
    path = write(tmp_path, "a.ttl", text)
    release = install("ncit", path, store=store, identifiers=IDS, codes_only=True)
    assert release.version == release.digest[:12]
    named = install("ncit", path, store=store, identifiers=IDS, codes_only=True, version="26.01d")
    assert named.version == "26.01d"


def test_an_extension_joins_codes_and_list(store: MemoryQuadStore, tmp_path: Path) -> None:
    """A partner's own vocabulary is installed under its own name, hangs under NCIt's classes, and is copied along."""
    own = "https://biobank.example/vocab/rare/0000001"
    text = (
        f'<{own}> a <http://www.w3.org/2002/07/owl#Class> ; <http://www.w3.org/2000/01/rdf-schema#label> "Own tumour" ;'
        f" <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{OBO}NCIT_C3262> ."
    )
    path = write(tmp_path, "rare.ttl", text)
    with pytest.raises(NotFound, match="no vocabulary"):
        install("rare", None, store=store, identifiers=IDS)
    made = install("rare", path, store=store, identifiers=IDS, version="1.0.0")
    assert [release.name for release in releases(store)] == ["rare"]
    vocabulary = installed_vocabulary(store)
    assert vocabulary.is_a(own, f"{OBO}NCIT_C3262")
    assert vocabulary.source_of(own) == "rare"
    assert made.graph == "http://node.example/vocabulary/rare/1.0.0"
    other = MemoryQuadStore()
    copy_codes(store, other)
    assert installed_vocabulary(other).get(own) == vocabulary.get(own)


@pytest.mark.parametrize("name", ["ncit", "obi"])
def test_the_packaged_core(store: MemoryQuadStore, name: str) -> None:
    """Without a source the packaged table is installed, says so by its version, and is served."""
    release = install(name, None, store=store, identifiers=IDS)
    assert release.version == "core"
    assert release.graph == f"http://node.example/vocabulary/{name}/core"
    served = Store()
    served.load(store.content[release.graph][1], RdfFormat.N_TRIPLES)
    assert len(served) == release.triples
    assert install(name, None, store=store, identifiers=IDS) == release


def test_the_hub_vocabulary(store: MemoryQuadStore) -> None:
    """onconode comes with the package; its version is the one it states."""
    release = install("onconode", None, store=store, identifiers=IDS)
    assert release.version == "1.1.0"
    assert release.graph is not None
    assert b"vocab#diagnosis" in store.content[release.graph][1]


def test_core_triples_are_ntriples() -> None:
    """The core as N-Triples parses and has a label for every concept."""
    served = Store()
    served.load(core_triples(), RdfFormat.N_TRIPLES)
    found = served.query("SELECT (COUNT(DISTINCT ?c) AS ?n) { ?c <http://www.w3.org/2000/01/rdf-schema#label> ?l }")
    assert int(next(iter(found))["n"].value) == len(core_vocabulary())  # type: ignore[union-attr,index]


def test_what_cannot_be_installed(store: MemoryQuadStore, tmp_path: Path) -> None:
    """Unknown names, missing files, wrong formats and broken files say what is wrong, and nothing is changed."""
    with pytest.raises(NotFound):
        install("snomed", None, store=store, identifiers=IDS)
    with pytest.raises(NotFound, match="Looked for"):
        install("ncit", tmp_path, store=store, identifiers=IDS)
    with pytest.raises(NotFound):
        install("icdo3", None, store=store, identifiers=IDS)
    with pytest.raises(MediaTypeNotSupported):
        install("obi", write(tmp_path, "obi.docx", "a document"), store=store, identifiers=IDS)
    with pytest.raises(DocumentSyntaxError) as caught:
        install("obi", write(tmp_path, "broken.nt", "<urn:a> <urn:b> .\n"), store=store, identifiers=IDS)
    assert caught.value.where is not None
    assert caught.value.where.line == 1
    broken_gzip = tmp_path / "cut.nt.gz"
    broken_gzip.write_bytes(gzip.compress(b"<urn:a> <urn:b> <urn:c> .\n" * 1000)[:-20])
    with pytest.raises(DocumentSyntaxError):
        install("obi", broken_gzip, store=store, identifiers=IDS)
    with pytest.raises(DocumentSyntaxError, match="is empty"):
        install("obi", write(tmp_path, "empty.ttl", ""), store=store, identifiers=IDS)
    with pytest.raises(NotFound, match="no class"):
        install("obi", write(tmp_path, "none.ttl", "# nothing"), store=store, identifiers=IDS)
    assert store.changes == []


def test_a_damaged_record_is_a_store_error(store: MemoryQuadStore) -> None:
    """What was changed by hand in the node's files is reported as damage of the store."""
    store.files["vocabulary/ncit.json"] = b"{}"
    with pytest.raises(StoreError):
        releases(store)
    store.files["vocabulary/obi.tsv.gz"] = b"nonsense"
    with pytest.raises(StoreError):
        installed_vocabulary(store)


ONCOTREE = (
    "oncotree_code\tname\tmain_type\ttissue\tparent\tlatest_tree\tncit_codes\tncit_labels\tmapping_source\n"
    "TISSUE\tTissue\t\t\t\t\tC12801\tTissue\ttree\n"
    "BRAIN\tCNS/Brain\t\t\tTISSUE\t\tC12438\tCentral Nervous System\ttree\n"
    "DIFG\tDiffuse Glioma\t\t\tBRAIN\t\tC129325\tDiffuse Glioma\ttable\n"
    "HGG\tHigh-Grade Glioma\t\t\tDIFG\t\t\t\t\n"
    'TWO\t"Two ""things"""\t\t\tBRAIN\t\tC1|C2\ta|b\ttree\n'
    "NONE\tNothing known\t\t\tBRAIN\t\t\t\t\n"
)


def test_oncotree(store: MemoryQuadStore, tmp_path: Path) -> None:
    """Own code exact, ancestor's broad, first of several narrow; organs and orphans map to nothing, and say why."""
    release = install("oncotree", write(tmp_path, "oncotree-ncit.tsv", ONCOTREE), store=store, identifiers=IDS)
    assert release.concepts == 6
    codes = installed_code_map(store)
    rows = {code: codes.row("oncotree", code) for code in ("DIFG", "HGG", "TWO", "BRAIN", "NONE")}
    found = {code: (row.target_iri, row.predicate) for code, row in rows.items() if row}
    assert found == {
        "DIFG": (f"{OBO}NCIT_C129325", EXACT),
        "HGG": (f"{OBO}NCIT_C129325", BROAD),
        "TWO": (f"{OBO}NCIT_C1", NARROW),
        "BRAIN": (None, ""),
        "NONE": (None, ""),
    }
    assert all(row and row.justification for row in rows.values())
    assert codes.label("oncotree", "TWO") == 'Two "things"'
    assert codes.lookup("oncotree", "CHDM") is not None  # still from the package
    assert releases(store) == [release]


def test_a_mapping_table_without_its_columns(store: MemoryQuadStore, tmp_path: Path) -> None:
    """A table of another kind is refused by the name of the column that it lacks."""
    with pytest.raises(DocumentSyntaxError, match="oncotree_code"):
        install("oncotree", write(tmp_path, "x.tsv", "a\tb\n1\t2\n"), store=store, identifiers=IDS)


def test_codes_can_be_given_to_another_node(store: MemoryQuadStore, tmp_path: Path) -> None:
    """copy_codes gives tables and mappings but no graph, once."""
    install("obi", write(tmp_path, "small.ttl", TURTLE), store=store, identifiers=IDS)
    install("oncotree", write(tmp_path, "oncotree-ncit.tsv", ONCOTREE), store=store, identifiers=IDS)
    other = MemoryQuadStore()
    copied = copy_codes(store, other)
    assert [r.name for r in copied] == ["obi", "oncotree"]
    assert all(r.graph is None for r in releases(other))
    assert len(installed_vocabulary(other)) == len(installed_vocabulary(store))
    assert installed_code_map(other).lookup("oncotree", "HGG") is not None
    assert other.content == {}
    copy_codes(store, other)
    assert len(other.changes) == 1


@pytest.mark.shared
@pytest.mark.slow
@needs_shared
def test_the_shared_extracts(store: MemoryQuadStore) -> None:
    """The real extracts install in seconds, and 22,000 concepts load in well under a second."""
    for name in NAMES:
        started = time.monotonic()
        release = install(name, None if name == "onconode" else SHARED, store=store, identifiers=IDS)
        assert time.monotonic() - started < 15
        json.dumps(release.__dict__)
    by_name = {r.name: r for r in releases(store)}
    assert by_name["ncit"].concepts > 20_000
    assert by_name["obi"].version == "2026-05-08"
    assert by_name["ncit"].core_added > 5
    started = time.monotonic()
    vocabulary = installed_vocabulary(store)
    assert time.monotonic() - started < 1.0
    assert vocabulary.is_a(f"{OBO}NCIT_C39750", f"{OBO}NCIT_C3262")
    codes = installed_code_map(store)
    assert codes.lookup("icdo3m", "9440/3") is not None
    assert codes.lookup("icdo3t", "C71.2") is not None
    first = core_vocabulary()
    for iri in first.iris():
        assert iri in vocabulary


MORE = """
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix obo: <http://purl.obolibrary.org/obo/> . @prefix oio: <http://www.geneontology.org/formats/oboInOwl#> .
@prefix own: <http://node.example/own#> .
own:oncocytoma a owl:Class ; rdfs:label "Ονκοκύττωμα"@el , "Local oncocytoma"@en ; rdfs:subClassOf obo:NCIT_C3262 ;
  obo:IAO_0000115 "Ein Tumor."@de , "A tumour." ; oio:hasBroadSynonym "oncocytic tumour" ;
  oio:hasNarrowSynonym "small one" ; oio:hasRelatedSynonym "oncocytosis" ;
  oio:hasExactSynonym "Onkozytom"@de-AT , "LO" .
obo:NCIT_C3262 rdfs:label "Neubildung"@de ; oio:hasExactSynonym "néoplasme"@fr .
own:property a owl:AnnotationProperty ; rdfs:label "Eigenschaft"@de .
"""


def test_names_of_every_scope_and_language_are_read(store: MemoryQuadStore, tmp_path: Path) -> None:
    """An extension's own class, and what it adds to a class of another release, which keeps its label."""
    install("onconode", write(tmp_path, "own.ttl", MORE), store=store, identifiers=IDS)
    vocabulary = installed_vocabulary(store)
    own = vocabulary.get("http://node.example/own#oncocytoma")
    assert own is not None
    assert (own.label, own.definition, own.synonyms) == ("Local oncocytoma", "A tumour.", ("LO",))
    assert (own.broad, own.narrow, own.related) == (("oncocytic tumour",), ("small one",), ("oncocytosis",))
    assert {(t.language, t.kind) for t in own.translations} == {("el", "label"), ("de-at", "exact")}
    neoplasm = vocabulary.get(f"{OBO}NCIT_C3262")
    assert neoplasm is not None
    assert neoplasm.label == "Neoplasm"
    assert {t.text for t in neoplasm.translations} == {"Neubildung", "néoplasme"}
    assert vocabulary.get("http://node.example/own#property") is None
