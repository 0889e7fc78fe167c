"""The concept and mapping tables that come with the package."""

from __future__ import annotations

import pytest

from node.ontology.branches import ASSAY, BRANCHES, DIAGNOSIS, SAMPLE_TYPE, SEX, in_branch
from node.ontology.mappings import core_code_map
from node.ontology.releases import core_vocabulary
from node.rdf.namespaces import OBO, ONCO, SPECIMEN


def test_every_parent_is_there_and_every_root_is_known() -> None:
    """The core is closed: no hierarchy that starts at one of its codes breaks off, and rules name known codes."""
    vocabulary = core_vocabulary()
    for iri in vocabulary.iris():
        concept = vocabulary.get(iri)
        assert concept is not None
        assert concept.label
        assert not concept.obsolete
        assert all(parent in vocabulary for parent in concept.parents), iri
    for roots in BRANCHES.values():
        assert all(root in vocabulary for root in roots)


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("NCIT_C3262", "Neoplasm"),
        ("NCIT_C3059", "Glioma"),
        ("NCIT_C16576", "Female"),
        ("NCIT_C20197", "Male"),
        ("NCIT_C28554", "Dead"),
        ("NCIT_C37987", "Alive"),
        ("NCIT_C17998", "Unknown"),
        ("OBI_0002117", "whole genome sequencing assay"),
        ("OBI_0002118", "exome sequencing assay"),
        ("OBI_0001271", "RNA-seq assay"),
        ("OBI_0001463", "transcription profiling by array assay"),
        ("OBI_0001332", "DNA methylation profiling by array assay"),
        ("OBI_0001393", "comparative genomic hybridization by array assay"),
        ("OBI_0002957", "reverse phase protein array profiling assay"),
        ("OBI_0003781", "proteomics by mass spectrometry assay"),
        ("OBI_0001926", "microRNA profiling assay"),
    ],
)
def test_codes_that_others_rely_on(code: str, label: str) -> None:
    """The codes that shapes, queries and importers name are those things."""
    concept = core_vocabulary().get(OBO + code)
    assert concept is not None
    assert concept.label == label


@pytest.mark.parametrize(
    ("property_iri", "code", "allowed"),
    [
        (DIAGNOSIS, "NCIT_C3058", True),
        (DIAGNOSIS, "NCIT_C28554", False),
        (DIAGNOSIS, "NCIT_C12439", False),
        (DIAGNOSIS, "NCIT_C99999999", False),
        (ONCO + "anatomicalSite", "NCIT_C12439", True),
        (ONCO + "anatomicalSite", "UBERON_0000955", True),
        (ONCO + "anatomicalSite", "NCIT_C3058", False),
        (SAMPLE_TYPE, "NCIT_C4798", True),
        (SAMPLE_TYPE, "NCIT_C172259", True),
        (SAMPLE_TYPE, "OBI_0000655", True),
        (SAMPLE_TYPE, "OBI_0002117", False),
        (ASSAY, "OBI_0002117", True),
        (ASSAY, "OBI_0001479", False),
        (SEX, "NCIT_C16576", True),
        (SEX, "NCIT_C28554", False),
        (ONCO + "sourceCode", "NCIT_C28554", True),
    ],
)
def test_branches(property_iri: str, code: str, allowed: bool) -> None:
    """A code of the wrong branch, or one that nobody knows, is refused; a property without a rule takes anything."""
    assert in_branch(core_vocabulary(), property_iri, OBO + code) is allowed


def test_specimens() -> None:
    """A blood specimen is a specimen from organism, as the type of a sample must be."""
    assert core_vocabulary().is_a(OBO + "OBI_0000655", SPECIMEN)


def test_core_mappings_lead_to_core_diseases() -> None:
    """Each packaged OncoTree code maps to a disease that the packaged table knows."""
    vocabulary, codes = core_vocabulary(), core_code_map()
    assert len(codes) > 100
    for code, target in (("GBM", "NCIT_C3058"), ("CHDM", "NCIT_C2947"), ("acc ", "NCIT_C9325")):
        mapping = codes.lookup("oncotree", code)
        assert mapping is not None
        assert mapping.target_iri == OBO + target
        assert in_branch(vocabulary, DIAGNOSIS, mapping.target_iri)
    assert codes.lookup("oncotree", "NO_SUCH_CODE") is None
    assert codes.lookup("nosuchsystem", "GBM") is None
    assert codes.label("oncotree", "CHDM") == "Chordoma"
