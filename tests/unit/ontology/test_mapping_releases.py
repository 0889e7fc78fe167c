"""Releases of code systems: OncoTree in JSON with its older codes, ICD-O-3 with its places, GDC values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ontology_fakes import MemoryQuadStore

from node.errors import DocumentSyntaxError
from node.model.identifiers import Identifiers
from node.ontology.mappings import BROAD, EXACT, NARROW, installed_code_map
from node.ontology.releases import install, installed_vocabulary, releases
from node.rdf.namespaces import OBO

IDS = Identifiers("http://node.example/")


def node(code: str, *ncit: str, children: tuple[dict[str, Any], ...] = (), **more: list[str]) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"name of {code}",
        "externalReferences": {"NCI": list(ncit)} if ncit else {},
        "children": {child["code"]: child for child in children},
        **more,
    }


TREE = {
    "TISSUE": node(
        "TISSUE",
        children=(
            node(
                "MYELOID",
                "C12431",
                children=(
                    node("MPN", "C4345", children=(node("PV", "C3336", history=["PCV"]), node("NEW"))),
                    node("PCM", "C3242", precursors=["MM"]),
                    node("TWO", "C1", "C2"),
                ),
            ),
        ),
    )
}
TOPOGRAPHY = (
    "# a comment\n"
    "ICD-O Code\tLevel\tTerm Type\tTerm type Desc\tICD-O string\tNCIm CUI\tNCIt Code (if present)\tNCIt PT String\n"
    "C18.7\t4\tPT\tPreferred term\tsigmoid\tCL1\tC12384\tSigmoid Colon\n"
    "C18.7\tRelated\tRT\tRelated term\tflexure\tCL2\tC33550\tSigmoid Flexure\n"
    "C71.9\t4\tPT\tPreferred term\tbrain\tCL3\tC12439\tAnother Name of Brain\n"
    "C76.9\t4\tPT\tPreferred term\tnothing\tCL4\t\t\n"
)
MORPHOLOGY = (
    "ICD-O Code\tLevel\tTerm Type\tTerm Type Desc\tICD-O string\tNCIm CUI\tNCIt Code (if present)\tNCIt PT string\n"
    "9440/3\t4\tPT\tPreferred term\tglioblastoma\tCL1\tC3058\tGlioblastoma\n"
)
GDC = (
    "value\tnode\tproperty\tterm\tsource\tterm_id\tterm_version\n"
    "glioblastoma_nos\tcommon\t*\tGlioblastoma\tNCIt\tC3058\t20.05a\n"
    "gii_grade\tcommon\t*\tGrade 2\tNCIt\tC28078\t20.05a\n"
    "gii_grade\tcommon\tother\tModerate\tNCIt\tC28079\t20.05a\n"
    "odd\tcommon\t*\tOdd\tcaDSR\t123\t1\n"
)


@pytest.fixture
def store() -> MemoryQuadStore:
    return MemoryQuadStore()


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_oncotree_in_json(store: MemoryQuadStore, tmp_path: Path) -> None:
    """Renamed codes are the new one, precursors are below it, codes without NCIt take their ancestor's."""
    install("oncotree", write(tmp_path, "oncotree_2025.json", json.dumps(TREE)), store=store, identifiers=IDS)
    codes = installed_code_map(store)
    rows = {code: codes.row("oncotree", code) for code in ("PV", "PCV", "PCM", "MM", "NEW", "TWO", "MYELOID")}
    assert {code: (row.target_iri, row.predicate) for code, row in rows.items() if row} == {
        "PV": (f"{OBO}NCIT_C3336", EXACT),
        "PCV": (f"{OBO}NCIT_C3336", EXACT),
        "PCM": (f"{OBO}NCIT_C3242", EXACT),
        "MM": (f"{OBO}NCIT_C3242", BROAD),
        "NEW": (f"{OBO}NCIT_C4345", BROAD),
        "TWO": (f"{OBO}NCIT_C1", NARROW),
        "MYELOID": (None, ""),
    }
    assert rows["PCV"] is not None
    assert "now PV" in rows["PCV"].justification
    assert rows["TWO"] is not None
    assert [iri.rpartition("_")[2] for iri, _ in rows["TWO"].candidates()] == ["C1", "C2"]


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '{"a": {"name": "x"}}', "[" * 100_000])
def test_json_that_is_no_oncotree(store: MemoryQuadStore, tmp_path: Path, text: str) -> None:
    """Another JSON document is refused, and nothing is installed."""
    with pytest.raises(DocumentSyntaxError, match="OncoTree"):
        install("oncotree", write(tmp_path, "tree.json", text), store=store, identifiers=IDS)
    assert releases(store) == []


def test_icdo3_makes_places_known(store: MemoryQuadStore, tmp_path: Path) -> None:
    """Places that no release has are known by NCIt's own names; what a release or the core knows stays as it is."""
    write(tmp_path, "x_Topography_Mapping.tsv", TOPOGRAPHY)
    write(tmp_path, "x_Morphology_Mapping.tsv", MORPHOLOGY)
    before = installed_vocabulary(store).get(f"{OBO}NCIT_C12439")
    install("icdo3", tmp_path, store=store, identifiers=IDS)
    vocabulary = installed_vocabulary(store)
    for code, label in (("C12384", "Sigmoid Colon"), ("C33550", "Sigmoid Flexure")):
        concept = vocabulary.get(f"{OBO}NCIT_{code}")
        assert concept is not None
        assert concept.label == label
        assert vocabulary.is_a(concept.iri, f"{OBO}NCIT_C12219")
    brain = vocabulary.get(f"{OBO}NCIT_C12439")
    assert before is not None
    assert brain is not None
    assert brain.label == before.label == "Brain"
    codes = installed_code_map(store)
    assert codes.lookup("icdo3t", "C18.7") is not None
    assert codes.lookup("icdo3m", "9440/3") is not None
    assert codes.lookup("icdo3t", "C76.9") is None


def test_gdc(store: MemoryQuadStore, tmp_path: Path) -> None:
    """A value is found as the dictionary writes it and as people do; one of several senses is exact in none."""
    release = install("gdc", write(tmp_path, "gdc-enumerations-ncit.tsv", GDC), store=store, identifiers=IDS)
    assert release.concepts == 2
    codes = installed_code_map(store)
    for text in ("glioblastoma_nos", "Glioblastoma, NOS", " glioblastoma nos "):
        row = codes.row("gdc", text)
        assert row is not None
        assert (row.target_iri, row.predicate) == (f"{OBO}NCIT_C3058", EXACT)
    several = codes.row("gdc", "GII Grade")
    assert several is not None
    assert several.predicate == NARROW
    assert len(several.candidates()) == 2
    assert codes.row("gdc", "odd") is None
