"""Terms written as N-Triples are read back as the same terms by the store's parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from node.rdf import terms

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
def test_literals_round_trip(value: str) -> None:
    """Any text survives: quotes, backslashes, line ends, control characters."""
    line = terms.triple("<http://s>", "<http://p>", terms.literal(value))
    (triple,) = parse(line.encode(), RdfFormat.N_TRIPLES)
    assert triple.object == Literal(value)


@given(texts)
def test_what_is_called_an_iri_is_one(value: str) -> None:
    """An IRI that passes the test parses; one that does not pass is refused before it is written."""
    iri = f"http://example.org/{value}"
    if not terms.is_absolute_iri(iri):
        with pytest.raises(ValueError, match="not an absolute IRI"):
            terms.iri(iri)


def test_language_and_datatype() -> None:
    """Tags and datatypes are kept; malformed ones are refused."""
    assert terms.literal("a", language="de-AT") == '"a"@de-AT'
    assert terms.literal("1", datatype="http://d") == '"1"^^<http://d>'
    with pytest.raises(ValueError, match="language"):
        terms.literal("a", language="d e")
    with pytest.raises(ValueError, match="IRI"):
        terms.literal("a", datatype="d e")


@pytest.mark.parametrize("text", ["", "a", "//a", "http://a b", "http://a<b", 'http://a"', "http://a\n", "1a:b"])
def test_not_iris(text: str) -> None:
    """Relative or broken references are not absolute IRIs."""
    assert not terms.is_absolute_iri(text)


def test_named_node_agrees() -> None:
    """The store accepts what we write."""
    (triple,) = parse(b"<http://s> <http://p> <http://o/%C3%A4> .", RdfFormat.N_TRIPLES)
    assert triple.object == NamedNode("http://o/%C3%A4")
