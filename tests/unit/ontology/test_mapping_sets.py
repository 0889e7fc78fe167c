"""Mapping sets of a node: installed, replaced, removed, exported, and read by code and by class."""

from __future__ import annotations

from pathlib import Path

import pytest
from ontology_fakes import MemoryQuadStore

from node.errors import Conflict, DocumentSyntaxError, NotFound
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.ontology.asking import Mapped, Reach, with_mappings
from node.ontology.code_systems import canonical, code_iri, code_name
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.core import core_vocabulary
from node.ontology.mapping_sets import (
    MappingSet,
    add_set,
    added_sets,
    check_file,
    export_set,
    mapping_sets,
    read_mappings_of,
    remove_set,
)
from node.rdf.namespaces import OBO, SKOS

IDENTIFIERS = Identifiers("https://node.example.org/")
LOCAL = "https://example.org/codes/"
HEAD = f"""\
#mapping_set_id: https://example.org/sets/local.sssom.tsv
#mapping_set_version: 2026-01-01
#license: https://creativecommons.org/publicdomain/zero/1.0/
#curie_map:
#  LOCAL: {LOCAL}
#  NCIT: {OBO}NCIT_
#  UBERON: {OBO}UBERON_
subject_id\tpredicate_id\tpredicate_modifier\tobject_id\tmapping_justification\tconfidence
"""
ROWS = """\
LOCAL:G1\tskos:exactMatch\t\tNCIT:C3058\tsemapv:ManualMappingCuration\t0.9
LOCAL:G2\tskos:narrowMatch\t\tNCIT:C39750\tsemapv:ManualMappingCuration\t
LOCAL:G3\tskos:broadMatch\t\tNCIT:C3059\tsemapv:ManualMappingCuration\t
NCIT:C12439\towl:equivalentClass\t\tUBERON:0000955\tsemapv:UnspecifiedMatching\t
LOCAL:G4\tskos:exactMatch\t\tsssom:NoTermFound\tsemapv:ManualMappingCuration\t
"""


@pytest.fixture
def store() -> MemoryQuadStore:
    return MemoryQuadStore()


def add(store: MemoryQuadStore, folder: Path, rows: str = ROWS, head: str = HEAD, name: str = "") -> MappingSet:
    path = folder / "local.sssom.tsv"
    path.write_text(head + rows, encoding="utf-8")
    found, data = check_file(path, vocabulary=core_vocabulary())
    return add_set(found, data, source=path.name, store=store, identifiers=IDENTIFIERS, name=name)  # type: ignore[arg-type]


def ask(store: MemoryQuadStore, text: str, reach: Reach = Reach.NARROW) -> Mapped:
    prologue = f"PREFIX onco: <https://w3id.org/onconode/vocab#> PREFIX l: <{LOCAL}> "
    return with_mappings(prologue + text, read_mappings_of(store), core_vocabulary(), reach=reach)  # type: ignore[arg-type]


def test_a_set_is_a_public_graph_with_its_record(store: MemoryQuadStore, tmp_path: Path) -> None:
    """Name and version come from the file; each mapping is an axiom and, where it says one, a SKOS statement."""
    one = add(store, tmp_path)
    assert (one.name, one.version, one.rows, one.codes) == ("local", "2026-01-01", 5, 4)
    assert one.predicates["skos:exactMatch"] == 2
    tier, content = store.content[f"{IDENTIFIERS.base}vocabulary/mappings/local/2026-01-01"]
    assert tier is Tier.PUBLIC
    text = content.decode()
    assert f"<{LOCAL}G1> <{SKOS}exactMatch> <{OBO}NCIT_C3058> ." in text
    assert f"<{OBO}NCIT_C3058> <{SKOS}exactMatch> <{LOCAL}G1> ." in text
    assert f"<{OBO}NCIT_C39750> <{SKOS}broadMatch> <{LOCAL}G2> ." in text
    assert f"<{OBO}NCIT_C12439> <{SKOS}exactMatch> <{OBO}UBERON_0000955> ." in text
    assert f"<{LOCAL}G4> <{SKOS}exactMatch>" not in text
    assert text.count("#Axiom>") == 5


def test_the_same_again_changes_nothing_and_a_new_version_takes_its_place(
    store: MemoryQuadStore, tmp_path: Path
) -> None:
    """One graph at a time; each step is one change."""
    one = add(store, tmp_path)
    assert add(store, tmp_path) == one
    assert len(store.changes) == 1
    later = add(store, tmp_path, head=HEAD.replace("2026-01-01", "2026-02-01"))
    assert len(store.changes) == 2
    assert list(store.content) == [later.graph]
    assert [s.version for s in added_sets(store)] == ["2026-02-01"]  # type: ignore[arg-type]


def test_a_set_with_errors_is_not_installed(store: MemoryQuadStore, tmp_path: Path) -> None:
    """Nor one without rows, nor under the name of a release."""
    with pytest.raises(DocumentSyntaxError):
        add(store, tmp_path, rows="LOCAL:G1\tskos:exactMatch\t\tX:1\tsemapv:MappingReview\t\n")
    with pytest.raises(NotFound):
        add(store, tmp_path, rows="")
    with pytest.raises(Conflict):
        add(store, tmp_path, name="ncit")
    assert not store.changes


def test_removing_takes_graph_and_rows_away(store: MemoryQuadStore, tmp_path: Path) -> None:
    """And only of the set that is named."""
    add(store, tmp_path)
    with pytest.raises(NotFound):
        remove_set("other", store=store)  # type: ignore[arg-type]
    remove_set("local", store=store)  # type: ignore[arg-type]
    assert (store.content, store.files) == ({}, {})
    assert not read_mappings_of(store).of_code(LOCAL + "G1")  # type: ignore[arg-type]


def test_what_is_exported_can_be_installed_again(store: MemoryQuadStore, tmp_path: Path) -> None:
    """As the same mappings; the table of OncoTree that comes with the package too."""
    one = add(store, tmp_path)
    before = store.content[one.graph or ""]
    path = tmp_path / "again.sssom.tsv"
    for name in ("local", "oncotree"):
        path.write_bytes(export_set(name, store=store))  # type: ignore[arg-type]
        found, data = check_file(path, vocabulary=core_vocabulary())
        assert found.ok, found.problems
    path.write_bytes(export_set("local", store=store))  # type: ignore[arg-type]
    found, data = check_file(path, vocabulary=core_vocabulary())
    again = add_set(found, data, source="again", store=store, identifiers=IDENTIFIERS)  # type: ignore[arg-type]
    assert store.content[again.graph or ""] == before


def test_mappings_are_read_from_the_code_to_the_class(store: MemoryQuadStore, tmp_path: Path) -> None:
    """Whichever way they were written; the packaged OncoTree codes are there without any file."""
    add(store, tmp_path)
    found = read_mappings_of(store)  # type: ignore[arg-type]
    assert [(lead.predicate, lead.concept) for lead in found.of_code(OBO + "UBERON_0000955")] == [
        (SKOS + "exactMatch", OBO + "NCIT_C12439")
    ]
    assert {lead.code for lead in found.of_concept(OBO + "NCIT_C3058")} >= {LOCAL + "G1", code_iri("ONCOTREE:GBM")}
    assert [s.name for s in mapping_sets(store)] == ["local", "oncotree"]  # type: ignore[arg-type]
    assert found.coverage()["others"] == {"skos:exactMatch": 1, "skos:narrowMatch": 1, "skos:broadMatch": 1}


def test_what_one_set_denies_none_leads_to(store: MemoryQuadStore, tmp_path: Path) -> None:
    """A partner who knows better than OncoTree's table says so in a row with the modifier Not."""
    row = "ONCOTREE:GBM\tskos:exactMatch\tNot\tNCIT:C3058\tsemapv:MappingReview\t\n"
    head = HEAD.replace("#  LOCAL", "#  ONCOTREE: https://bioregistry.io/oncotree:\n#  LOCAL")
    add(store, tmp_path, rows=row, head=head)
    assert not read_mappings_of(store).of_code(code_iri("ONCOTREE:GBM") or "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reach", "code", "concepts", "unmapped"),
    [
        (Reach.EXACT, "l:G1", ["NCIT_C3058"], False),
        (Reach.EXACT, "l:G2", [], True),
        (Reach.NARROW, "l:G2", ["NCIT_C39750"], False),
        (Reach.NARROW, "l:G3", [], True),
        (Reach.BROAD, "l:G3", ["NCIT_C3059"], False),
        (Reach.BROAD, "oncotree:NOSUCHCODE", [], True),
    ],
)
def test_a_wider_class_only_when_asked_for(
    store: MemoryQuadStore, tmp_path: Path, reach: Reach, code: str, concepts: list[str], unmapped: bool
) -> None:
    """Nobody gets samples of another code without having said so."""
    add(store, tmp_path)
    mapped = ask(store, f"SELECT ?s {{ ?s onco:diagnosis {code} }}", reach)
    assert [lead.concept for lead in mapped.used] == [OBO + c for c in concepts]
    assert all(OBO + c in mapped.text for c in concepts)
    if "NOSUCH" in code:
        assert bool(mapped.unmapped) is unmapped


def test_an_obsolete_class_is_asked_with_the_one_in_its_place() -> None:
    """Data may have been coded before or after."""
    store = MemoryQuadStore()
    old = Concept(OBO + "NCIT_C3058", "Glioblastoma", obsolete=True, replaced_by=OBO + "NCIT_C39750")
    text = "PREFIX onco: <https://w3id.org/onconode/vocab#> SELECT ?s { ?s onco:diagnosis oncotree:GBM }"
    mapped = with_mappings(text, read_mappings_of(store), core_vocabulary().overlaid_by(Vocabulary.of([old])))  # type: ignore[arg-type]
    assert [lead.concept for lead in mapped.used] == [OBO + "NCIT_C3058", OBO + "NCIT_C39750"]


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("ONCOTREE:gbm", "https://bioregistry.io/oncotree:GBM"),
        ("icdo3:9440/3", "https://bioregistry.io/icdo:9440/3"),
        ("ICD-O-3:C71.9", "https://bioregistry.io/icdo:C71.9"),
        ("UBERON:0000955", OBO + "UBERON_0000955"),
        ("NCIT:C3058", OBO + "NCIT_C3058"),
        ("https://identifiers.org/oncotree:GBM", "https://bioregistry.io/oncotree:GBM"),
        ("icdo3:9440", None),
        ("glioma", None),
        ("X:1", None),
    ],
)
def test_codes_as_people_write_them(text: str, iri: str | None) -> None:
    """CURIEs in capitals or not, other spellings of an IRI; nothing for what is no code."""
    assert code_iri(text) == iri
    if iri:
        assert code_iri(code_name(iri)) == iri == canonical(iri)
