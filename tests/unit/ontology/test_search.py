"""Finding concepts by names, misspellings, codes and codes of other systems; the index that it reads."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from node.errors import NotFound, ProtocolError, StoreError
from node.ontology.about import About
from node.ontology.code_systems import ICDO3, ONCOTREE
from node.ontology.codes import Codes, curie
from node.ontology.concepts import Concept, Translation, Vocabulary
from node.ontology.correspondences import Correspondence
from node.ontology.mapping_sets import Mappings, MappingSet
from node.ontology.mappings import BROAD, EXACT, CodeMap, MappingRow
from node.ontology.search import LONGEST, ConceptSearch, Wanted
from node.ontology.search_index import open_index, plain_words, stem
from node.ontology.sssom import MANUAL
from node.rdf.namespaces import OBO

NEOPLASM, GLIOMA, GBM, OLD, LUNG, CARCINOMA, ASSAY, BRAIN = (
    OBO + name
    for name in (
        *("NCIT_C3262", "NCIT_C3059", "NCIT_C3058", "NCIT_C9999", "NCIT_C4878", "NCIT_C2916"),
        *("OBI_0000070", "NCIT_C12439"),
    )
)
NCIT = (
    Concept(NEOPLASM, "Neoplasm", synonyms=("Tumor",), translations=(Translation("de", "label", "Neubildung"),)),
    Concept(GLIOMA, "Glioma", (NEOPLASM,), synonyms=("Glial Tumor",)),
    Concept(
        GBM,
        "Glioblastoma",
        (GLIOMA,),
        synonyms=("GBM", "Grade IV Astrocytoma"),
        definition="A tumour of the brain.",
        related=("butterfly glioma",),
        translations=(Translation("de", "label", "Glioblastom"), Translation("fr", "exact", "glioblastome cérébral")),
    ),
    Concept(OLD, "Spongioblastoma", (), obsolete=True, replaced_by=GBM),
    Concept(CARCINOMA, "Carcinoma", (NEOPLASM,)),
    Concept(LUNG, "Lung Carcinoma", (CARCINOMA,), synonyms=("Carcinoma of the Lung", "Lung Cancer")),
    Concept(BRAIN, "Brain"),
)
VALUES = CodeMap({"gdc": {"glioblastoma_nos": MappingRow("glioblastoma_nos", "", GBM, EXACT, "test")}})


def mapped(code: str, predicate: str, concept: str, label: str) -> Correspondence:
    return Correspondence(code, predicate, concept, MANUAL, subject_label=label)


SET = MappingSet("own", "1", "https://example.org/own", "", "own.tsv", "", "2026-01-01", 3, 3, {})
MAPPINGS = Mappings(
    [
        (
            SET,
            [
                mapped(ONCOTREE + "GBM", EXACT, GBM, "Glioblastoma Multiforme"),
                mapped(ICDO3 + "9440/3", EXACT, GBM, "Glioblastoma, NOS"),
                mapped(ICDO3 + "C71.9", BROAD, BRAIN, "Brain, NOS"),
                mapped(OBO + "MONDO_0018177", EXACT, GBM, "glioblastoma"),
            ],
        )
    ]
)


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> ConceptSearch:
    vocabulary = Vocabulary.of(NCIT, "ncit").overlaid_by(Vocabulary.of([Concept(ASSAY, "assay")], "obi"))
    index = open_index(tmp_path_factory.mktemp("index"), vocabulary)
    return ConceptSearch(vocabulary, index, Codes(vocabulary, VALUES, MAPPINGS))


def first(search: ConceptSearch, text: str, **wanted: object) -> str | None:
    hits = search.find(Wanted(text, **wanted)).hits  # type: ignore[arg-type]
    return hits[0].iri if hits else None


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        *(("Glioblastoma", GBM), ("GLIOBLASTOMA", GBM), ("gbm", GBM), ("grade 4 astrocytoma", GBM)),
        *(("gliobalstoma", GBM), ("glioblstoma", GBM), ("gglioblastoma", GBM), ("glioblastona", GBM)),
        *(("glio blastoma", GBM), ("lungcancer", LUNG), ("glioblastomas", GBM), ("glioblastoma, NOS", GBM)),
        *(("tumour", NEOPLASM), ("carcinoma, lung", LUNG), ("cancer of the lung", LUNG), ("butterfly glioma", GBM)),
        *(("glioblastome cerebral", GBM), ("Glioblastom", GBM), ("neubildung", NEOPLASM), ("glioblas", GBM)),
        *(("NCIT:C3058", GBM), ("ncit:c3058", GBM), ("C3058", GBM), ("obo:NCIT_C3058", GBM), ("NCIT_C3058", GBM)),
        *((GBM, GBM), (f"<{GBM}>", GBM), ("OBI:0000070", ASSAY), ("9440/3", GBM), ("ICD-O-3: 9440/3", GBM)),
        *(("oncotree:GBM", GBM), ("C71.9", BRAIN), ("MONDO:0018177", GBM), ("glioblastoma_nos", GBM)),
    ],
)
def test_what_is_meant_comes_first(search: ConceptSearch, text: str, iri: str) -> None:
    """Names in any spelling, order, number and language, misspelt names, and codes all lead to their concept."""
    assert first(search, text) == iri


def test_a_hit_says_by_what_it_was_found(search: ConceptSearch) -> None:
    """Name, kind, language, and for a code of another system which, what it is called there and how close it is."""
    (hit, *_) = search.find(Wanted("glioblastome cérébral")).hits
    assert (hit.label, hit.kind, hit.language, hit.name) == ("Glioblastoma", "exact", "fr", "glioblastome cérébral")
    (hit, *_) = search.find(Wanted("9440/3")).hits
    assert (hit.kind, hit.relation, hit.note) == ("mapping", EXACT, "ICDO3:9440/3: Glioblastoma, NOS")
    (hit,) = search.find(Wanted("C3058")).hits
    assert (hit.kind, hit.score) == ("code", 1.0)


def test_only_among_what_is_asked_for(search: ConceptSearch) -> None:
    """A branch, a release, concepts in force: what lies outside is not found."""
    assert first(search, "carcinoma", below=(GLIOMA,)) is None
    assert first(search, "GBM", below=(NEOPLASM,)) == GBM
    assert first(search, "neoplasm", vocabulary="obi") is None
    assert first(search, "assay", vocabulary="obi") == ASSAY
    assert first(search, "spongioblastoma") != OLD
    assert first(search, "spongioblastoma", obsolete=True) == OLD
    with pytest.raises(NotFound):
        search.find(Wanted("x", below=("urn:unknown",)))


def test_completing_what_is_begun(search: ConceptSearch) -> None:
    """One letter is enough, the first word may be misspelt, and the shortest name comes first."""
    assert first(search, "g", begun=True) in (GBM, GLIOMA)
    assert first(search, "gli", begun=True) == GLIOMA
    assert first(search, "gliob", begun=True) == GBM
    assert first(search, "gliobalst", begun=True) == GBM
    assert first(search, "lung c", begun=True) == LUNG


def test_languages_asked_for_count_more(search: ConceptSearch) -> None:
    """A name in a language that was asked for is as good as an English one."""
    plain = search.find(Wanted("Neubildung")).hits[0].score
    assert search.find(Wanted("Neubildung", languages=("de",))).hits[0].score >= plain


def test_parts_of_the_hits(search: ConceptSearch) -> None:
    """The parts of the hits, put together, are all of them, and only the last says that there are no more."""
    whole = search.find(Wanted("glioma tumor carcinoma", limit=50))
    parts = [search.find(Wanted("glioma tumor carcinoma", offset=i, limit=1)) for i in range(len(whole.hits))]
    assert [part.hits[0] for part in parts] == list(whole.hits)
    assert [part.more for part in parts] == [True] * (len(parts) - 1) + [False]
    assert len({hit.iri for hit in whole.hits}) == len(whole.hits) > 2


@pytest.mark.parametrize("text", ["", "   ", "()", "\x00", "🧬", "%", "' OR 1=1 --", "NCIT:", ":", "a" * LONGEST])
def test_strange_texts_find_nothing_and_do_no_harm(search: ConceptSearch, text: str) -> None:
    """No text is an error but one that is too long."""
    search.find(Wanted(text))
    search.find(Wanted(text, begun=True))
    with pytest.raises(ProtocolError):
        search.find(Wanted(text + "a" * LONGEST + "a"))


def test_what_may_have_been_meant(search: ConceptSearch) -> None:
    """A code that is not there is answered by codes one digit off, a name by concepts of such a name."""
    assert search.named("c3058") == GBM
    assert search.named("oncotree:GBM") == GBM
    with pytest.raises(NotFound) as caught:
        search.named("NCIT:C3085")
    assert caught.value.remedy == "Did you mean NCIT:C3058 (Glioblastoma)?"
    with pytest.raises(NotFound) as caught:
        search.named("Glioblastomma")
    assert "NCIT:C3058 (Glioblastoma)" in str(caught.value.remedy)


def test_the_index_is_made_once_and_for_the_vocabulary(tmp_path: Path) -> None:
    """Opened again it is the same file; another vocabulary gets another one, and the old one goes; damage is mended."""
    one = Vocabulary.of(NCIT)
    open_index(tmp_path, one).close()
    (path,) = tmp_path.iterdir()
    made = path.stat().st_mtime_ns
    open_index(tmp_path, Vocabulary.of(NCIT)).close()
    assert path.stat().st_mtime_ns == made
    path.write_bytes(b"no database")
    assert len(open_index(tmp_path, one)) > 10
    open_index(tmp_path, Vocabulary.of(NCIT[:2])).close()
    (other,) = tmp_path.iterdir()
    assert other.name != path.name
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        open_index(tmp_path / "file", one)


def test_many_threads_share_one_search(search: ConceptSearch) -> None:
    """What one finds alone, many find at once."""
    found: list[str | None] = []
    threads = [threading.Thread(target=lambda: found.append(first(search, "gliobalstoma"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [GBM] * 8


def test_plain_words() -> None:
    """Case, accents, punctuation, British spelling and plurals make no difference."""
    assert plain_words("Tumour, of the Œsophagus (é)") == plain_words("TUMOR of-the œsophagus E")
    assert [stem(word) for word in plain_words("leukaemias metastases")] == ["leukemia", "metastasis"]


def test_about_a_concept(search: ConceptSearch) -> None:
    """Parents, children, the codes that lead to it and its successor, with labels; its RDF says the same."""
    about = About.of(GBM, search, None)
    assert about.parents == ((GLIOMA, "Glioma"),)
    assert [one.code for one in about.mappings] == [
        "ICDO3:9440/3",
        "MONDO:0018177",
        "ONCOTREE:GBM",
        "GDC glioblastoma_nos",
    ]
    text = about.triples().decode()
    assert f'<{GBM}> <{OBO}IAO_0000115> "A tumour of the brain."' in text
    assert '"Glioblastom"@de' in text
    assert f"<{ONCOTREE}GBM> <{EXACT}> <{GBM}>" in text
    assert About.of(GLIOMA, search, None).children == ((GBM, "Glioblastoma"),)
    old = About.of(OLD, search, None)
    assert (old.status, old.successor) == ("obsolete", (GBM, "Glioblastoma"))
    assert curie(GBM) == "NCIT:C3058"
    assert curie("https://w3id.org/onconode/vocab#Donor") == "onco:Donor"
