"""Every IRI a node mints lies under its base, and a partner's text cannot leave its place in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.model.identifiers import Identifiers, is_slug, slug
from node.rdf.terms import is_absolute_iri

IDS = Identifiers("https://node.example/")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_sample_iris_are_iris_and_distinct(text: str) -> None:
    """Slashes, spaces, percent signs in a sample's name stay inside its last path segment."""
    iri = IDS.sample("d", text)
    assert is_absolute_iri(iri)
    assert iri.count("/") == IDS.sample("d", "x").count("/")


@given(st.text())
def test_slugs_are_slugs(text: str) -> None:
    """Whatever the text, the identifier made of it is one, or there is none."""
    try:
        made = slug(text)
    except ValueError:
        return
    assert is_slug(made)


@pytest.mark.parametrize(
    ("text", "made"), [("Glioma Registry", "glioma-registry"), ("acc_2019", "acc_2019"), ("Ümläut / x", "umlaut-x")]
)
def test_slug_examples(text: str, made: str) -> None:
    """Readable where that is possible."""
    assert slug(text) == made


def test_nothing_left() -> None:
    """A name without a letter or digit makes no identifier."""
    with pytest.raises(ValueError, match="no letter"):
        slug("///")
