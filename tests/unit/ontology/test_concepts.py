"""Concept tables and the vocabulary made of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.errors import DocumentSyntaxError
from node.ontology.concepts import Concept, Translation, Vocabulary, read_concepts, write_concepts

GLIOMA = Concept("urn:glioma", "Glioma", ("urn:neoplasm",), synonyms=("Glial Tumor", "Neuroglial Neoplasm"))
NEOPLASM = Concept("urn:neoplasm", "Neoplasm", synonyms=("Tumor",))
GBM = Concept("urn:gbm", "Glioblastoma", ("urn:glioma", "urn:malignant"), synonyms=("GBM",))
OLD = Concept("urn:old", "Spongioblastoma", obsolete=True, replaced_by="urn:gbm", synonyms=("GBM",))
ALL = (GLIOMA, NEOPLASM, GBM, OLD)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n\\|"), min_size=1, max_size=12)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n\\"), min_size=1, max_size=12)


@given(st.lists(st.builds(Concept, st.uuids().map(str), texts, synonyms=st.lists(names).map(tuple)), max_size=5))
def test_what_is_written_is_read_back(concepts: list[Concept]) -> None:
    """A table loses nothing of a concept, whatever its names hold (the separator | included)."""
    table = read_concepts(write_concepts(concepts, comments=["a comment"]), source="t")
    assert sorted(concepts, key=lambda c: c.iri) == sorted((table.get(i) for i in table.iris()), key=lambda c: c.iri)


def test_hierarchy_is_reflexive_and_transitive() -> None:
    """is_a holds for the class itself, its parents at any depth, and for parents that the table does not know."""
    vocabulary = Vocabulary.of(ALL)
    assert vocabulary.is_a("urn:gbm", "urn:gbm")
    assert vocabulary.is_a("urn:gbm", "urn:neoplasm")
    assert vocabulary.is_a("urn:gbm", "urn:malignant")
    assert not vocabulary.is_a("urn:neoplasm", "urn:gbm")
    assert vocabulary.ancestors("urn:nobody") == {"urn:nobody"}


def test_a_cycle_ends() -> None:
    """Two classes that are each other's parent do not hang the node."""
    vocabulary = Vocabulary.of([Concept("urn:a", "a", ("urn:b",)), Concept("urn:b", "b", ("urn:a",))])
    assert vocabulary.is_a("urn:a", "urn:b")
    assert vocabulary.is_a("urn:b", "urn:a")


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("glioma", "urn:glioma"),
        ("  GLIAL   tumor ", "urn:glioma"),
        ("Tumor", "urn:neoplasm"),
        ("GBM", "urn:gbm"),
        ("Spongioblastoma", None),
        ("sarcoma", None),
        ("", None),
    ],
)
def test_by_label(text: str, iri: str | None) -> None:
    """A name finds its concept regardless of case and spaces; obsolete concepts and unknown names find nothing."""
    found = Vocabulary.of(ALL).by_label(text)
    assert (found.iri if found else None) == iri


def test_an_ambiguous_name_finds_nothing_but_a_label_beats_a_synonym() -> None:
    """Two labels or two synonyms alike: None. A label and another's synonym alike: the label."""
    vocabulary = Vocabulary.of(
        [Concept("urn:1", "x"), Concept("urn:2", "x"), Concept("urn:3", "y"), Concept("urn:4", "z", synonyms=("y",))]
    )
    assert vocabulary.by_label("x") is None
    found = vocabulary.by_label("y")
    assert found is not None
    assert found.iri == "urn:3"


def test_overlay_and_source() -> None:
    """What is installed lies over the core: it wins for an IRI both know, and the rest of the core stays."""
    core = Vocabulary.of(ALL, "core")
    both = core.overlaid_by(Vocabulary.of([Concept("urn:gbm", "Glioblastoma (new)")], "ncit"))
    assert len(both) == len(ALL)
    concept = both.get("urn:gbm")
    assert concept is not None
    assert concept.label == "Glioblastoma (new)"
    assert both.source_of("urn:gbm") == "ncit"
    assert both.source_of("urn:glioma") == "core"
    assert both.source_of("urn:nobody") is None


@pytest.mark.parametrize(
    ("data", "line"), [(b"iri\tlabel\n", 1), (b"# c\niri\tlabel\tparents\tobsolete\treplaced_by\tsynonyms\nx\ty\n", 3)]
)
def test_a_table_of_another_shape_is_refused_with_the_line(data: bytes, line: int) -> None:
    """A wrong header or a line with too few columns says where it stands."""
    with pytest.raises(DocumentSyntaxError) as caught:
        read_concepts(data, source="t.tsv")
    assert caught.value.where is not None
    assert (caught.value.where.source, caught.value.where.line) == ("t.tsv", line)


def test_a_table_must_be_utf8() -> None:
    """Bytes that are not UTF-8 are a syntax error of the table, not a Python exception."""
    with pytest.raises(DocumentSyntaxError):
        read_concepts(b"\xff\xfe", source="t")


FULL = Concept(
    "urn:gbm",
    "Glioblastoma",
    ("urn:glioma",),
    synonyms=("GBM",),
    definition="A tumour.\tOf the brain.",
    broad=("Glioma | any",),
    narrow=("gliosarcoma",),
    related=("brain cancer",),
    translations=(Translation("de", "label", "Glioblastom"), Translation("fr", "exact", "glioblastome: cérébral")),
)


def test_a_table_keeps_definition_names_of_every_scope_and_translations() -> None:
    """What is written is read back, but for line breaks and tabs; a table that ends after the synonyms is read too."""
    read = read_concepts(write_concepts([FULL]), source="t").get("urn:gbm")
    assert read == replace(FULL, definition="A tumour. Of the brain.")
    short = b"iri\tlabel\tparents\tobsolete\treplaced_by\tsynonyms\nurn:gbm\tGlioblastoma\t\t\t\tGBM\n"
    assert read_concepts(short, source="t").get("urn:gbm") == Concept("urn:gbm", "Glioblastoma", synonyms=("GBM",))


def test_a_line_without_a_label_adds_names() -> None:
    """An extension that only translates a class takes nothing away from it, wherever it lies in the order."""
    more = Concept("urn:gbm", "", synonyms=("GBM", "Spongioblastoma"), translations=(Translation("de", "label", "X"),))
    for both in (
        Vocabulary.of(ALL, "ncit").overlaid_by(read_concepts(write_concepts([more]), source="own")),
        Vocabulary.of([more], "own").overlaid_by(Vocabulary.of(ALL, "ncit")),
    ):
        concept = both.get("urn:gbm")
        assert concept is not None
        assert (concept.label, concept.parents) == (GBM.label, GBM.parents)
        assert "Spongioblastoma" in concept.synonyms
        assert concept.translations == (Translation("de", "label", "X"),)
        assert both.source_of("urn:gbm") == "ncit"
        assert len(both) == len(ALL)


def test_children_and_descendants() -> None:
    """Downwards as upwards; a class is below itself, and a cycle ends."""
    vocabulary = Vocabulary.of(ALL)
    assert vocabulary.children("urn:glioma") == ("urn:gbm",)
    assert vocabulary.descendants("urn:glioma") >= {"urn:glioma", "urn:gbm"}
    loop = Vocabulary.of([Concept("urn:a", "a", ("urn:b",)), Concept("urn:b", "b", ("urn:a",))])
    assert loop.descendants("urn:a") == {"urn:a", "urn:b"}


def test_the_digest_follows_the_content() -> None:
    """The same concepts have the same digest, other names another one."""
    assert Vocabulary.of(ALL).digest == Vocabulary.of(ALL).digest
    assert Vocabulary.of(ALL).digest != Vocabulary.of([*ALL, FULL]).digest
