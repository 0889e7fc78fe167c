"""CURIEs expand to IRIs and IRIs shorten to CURIEs."""

from __future__ import annotations

import pytest

from node.rdf.namespaces import OBO, expand, shorten


@pytest.mark.parametrize(
    ("curie", "iri"),
    [
        ("obo:NCIT_C3262", OBO + "NCIT_C3262"),
        ("NCIT:C3262", OBO + "NCIT_C3262"),
        ("OBI:0002117", OBO + "OBI_0002117"),
        ("dct:title", "http://purl.org/dc/terms/title"),
        ("nope:x", None),
        ("plain", None),
    ],
)
def test_expand(curie: str, iri: str | None) -> None:
    """Our prefixes and the OBO ontologies' own are known, others are not guessed."""
    assert expand(curie) == iri


@pytest.mark.parametrize(
    ("iri", "shown"),
    [
        (OBO + "NCIT_C3262", "obo:NCIT_C3262"),
        ("http://purl.org/dc/terms/title", "dct:title"),
        ("http://example.org/a", "<http://example.org/a>"),
        (OBO + "a/b", f"<{OBO}a/b>"),
    ],
)
def test_shorten(iri: str, shown: str) -> None:
    """Only what can be written as a local name without escapes is shortened."""
    assert shorten(iri) == shown
