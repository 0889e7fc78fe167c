"""SSSOM tables: what is written is read again, columns of others are passed over, and faults have their place."""

from __future__ import annotations

import pytest

from node.errors import DocumentSyntaxError
from node.ontology.sssom import MANUAL, NO_TERM, SIMILAR, Match, Row, header_of, read_sssom, write_sssom
from node.ontology.terms import core_terms
from node.rdf.namespaces import OBO, ONCO, SKOS

MATCH = Match(
    ONCO + "diagnosis",
    'a "strange"\tname',
    OBO + "NCIT_C3058",
    "Glioblastoma",
    SKOS + "closeMatch",
    SIMILAR,
    0.71,
    "oncotree",
    "oncotree 2025",
    "ncit",
    "25.08d",
    "a comment",
)


def test_a_table_is_read_as_it_was_written() -> None:
    """Every slot comes back; spaces and tabs inside a cell have become one space."""
    written = write_sssom(
        [Row(MATCH, "proposed", 12)], about=["What it is.", "More."], identifier="https://x.example/s"
    )
    (row,) = read_sssom(written, source="t.tsv")
    assert row.match.written == 'a "strange" name'
    assert (row.match.iri, row.match.predicate, row.match.confidence) == (MATCH.iri, MATCH.predicate, 0.71)
    assert (row.decision, row.samples, row.match.comment) == ("proposed", 12, "a comment")
    assert written.startswith(b"#mapping_set_id: https://x.example/s\n")
    assert b"#subject_type: rdfs literal\n" in written
    assert header_of(written.decode())[:3] == ["subject_category", "subject_label", "subject_source"]


def test_few_columns_are_enough() -> None:
    """A partner's own table needs three columns; a byte-order mark, Windows line ends and other columns do no harm."""
    table = (
        "\ufeff# a comment\r\nsubject_label\tmine\tsubject_category\tobject_id\r\n"
        "our glioma\tx\tonco:diagnosis\tNCIT:C3059\r\n"
    )
    (row,) = read_sssom(table.encode(), source="t.tsv")
    assert (row.match.written, row.match.iri) == ("our glioma", OBO + "NCIT_C3059")
    assert (row.match.predicate, row.match.justification, row.match.confidence) == (SKOS + "exactMatch", MANUAL, 1.0)
    assert row.line == 3


@pytest.mark.parametrize(
    ("table", "line", "field"),
    [
        ("subject_label\tobject_id\nx\tNCIT:C1\n", 1, None),
        ("subject_category\tsubject_label\tobject_id\nonco:diagnosis\tx\tNCI 3058\n", 2, "object_id"),
        ("subject_category\tsubject_label\tobject_id\nonco:diagnosis\t\tNCIT:C1\n", 2, "subject_label"),
        ("subject_category\tsubject_label\tobject_id\n\tx\tNCIT:C1\n", 2, "subject_category"),
        ("subject_category\tsubject_label\tobject_id\tconfidence\nonco:diagnosis\tx\tNCIT:C1\thigh\n", 2, "confidence"),
        ("subject_category\tsubject_label\tobject_id\tconfidence\nonco:diagnosis\tx\tNCIT:C1\t7\n", 2, "confidence"),
    ],
)
def test_faults_have_their_place(table: str, line: int, field: str | None) -> None:
    """What is no table of mappings is refused with line, column and remedy."""
    with pytest.raises(DocumentSyntaxError) as caught:
        read_sssom(table.encode(), source="t.tsv")
    assert caught.value.where is not None
    assert (caught.value.where.line, caught.value.where.field) == (line, field)
    assert caught.value.remedy


def test_bytes_that_are_no_text_are_refused() -> None:
    """A table in another encoding is refused, with what to do."""
    with pytest.raises(DocumentSyntaxError, match="UTF-8"):
        read_sssom("subject_label\tM\u00fcller".encode("latin-1"), source="t.tsv")


def test_the_packaged_words_are_as_they_are_compared() -> None:
    """Words are lower case with single spaces, each once; every match has its grounds; some say that there is none."""
    terms = core_terms()
    assert len(terms) > 200
    for (_property, words, _system), match in terms.items():
        assert words == " ".join(words.casefold().replace("_", " ").split())
        assert match.justification == MANUAL
        assert match.iri.startswith((OBO, NO_TERM))
        assert match.label or match.iri == NO_TERM
    assert any(match.iri == NO_TERM for match in terms.values())
