"""Triples as values."""

from __future__ import annotations

import pytest

from node.errors import DocumentSyntaxError
from node.rdf.formats import TURTLE
from node.rdf.statements import Statement, Value, read_ntriples, to_ntriples


def test_every_kind_of_term_is_read() -> None:
    """IRIs, blank nodes, plain literals, tagged ones and typed ones keep what they are."""
    data = b'<urn:a> <urn:p> <urn:b> .\n_:x <urn:p> "t" .\n<urn:a> <urn:p> "t"@en .\n<urn:a> <urn:p> "1"^^<urn:d> .\n'
    link, plain, tagged, typed = read_ntriples(data)
    assert link == Statement("urn:a", "urn:p", Value("iri", "urn:b"))
    assert plain.subject.startswith("_:")
    assert tagged.object == Value("literal", "t", "en")
    assert typed.object == Value("literal", "1", None, "urn:d")


def test_turtle_becomes_ntriples() -> None:
    """A document is rewritten triple by triple."""
    assert to_ntriples(b"@prefix u: <urn:> . u:a u:p u:b .", TURTLE) == b"<urn:a> <urn:p> <urn:b> .\n"


def test_a_syntax_error_says_where() -> None:
    """What is not RDF is refused with the line."""
    with pytest.raises(DocumentSyntaxError) as caught:
        read_ntriples(b"<urn:a> <urn:p> <urn:b> .\nnonsense\n")
    assert caught.value.where is not None
    assert caught.value.where.line == 2
