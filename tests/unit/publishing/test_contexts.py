"""References to pinned contexts are replaced wherever they stand; everything else is refused."""

from __future__ import annotations

import pytest
from descriptions import BASE

from node.errors import ContextNotPinned, Unsupported
from node.publishing.contexts import PERMANENT, PinnedContexts, context_v1

PINNED = PinnedContexts(BASE)


@pytest.mark.parametrize(
    "reference", [PERMANENT, f"{BASE}context/v1.jsonld", "context/v1.jsonld", "/context/v1.jsonld"]
)
def test_the_names_of_the_pinned_context(reference: str) -> None:
    """The permanent address, the node's own, and that relative to the node's base mean the same."""
    document = {"@context": reference}
    assert PINNED.substitute(document, "d") == 1
    assert document == {"@context": context_v1()}


def test_a_relative_name_is_relative_to_the_base_with_its_path() -> None:
    """Under a path prefix, the root of the host is another place."""
    pinned = PinnedContexts("https://example.org/node/")
    assert pinned.get("context/v1.jsonld") is not None
    assert pinned.get("/context/v1.jsonld") is None


def test_references_inside_are_replaced_too() -> None:
    """Lists, nested objects, scoped contexts and imports."""
    document = {
        "@context": ["context/v1.jsonld", {"part": {"@id": "dct:hasPart", "@context": PERMANENT}}, None],
        "part": [{"@context": {"@import": PERMANENT, "title": "rdfs:label"}, "title": "A"}],
    }
    assert PINNED.substitute(document, "d") == 3
    first, second, third = document["@context"]
    assert first == context_v1()
    assert second["part"]["@context"] == context_v1()
    assert third is None
    inner = document["part"][0]["@context"]
    assert "@import" not in inner
    assert inner["title"] == "rdfs:label"
    assert inner["sex"] == context_v1()["sex"]
    assert context_v1()["title"] == "dct:title", "the shared context was changed"


def test_values_and_literals_are_not_contexts() -> None:
    """What stands under @value is data."""
    document = {"a": {"@value": {"@context": "https://elsewhere.example/"}, "@type": "@json"}}
    assert PINNED.substitute(document, "d") == 0


def test_the_error_names_the_place_and_the_pinned_ones() -> None:
    """A partner sees where the reference stands and what to use."""
    with pytest.raises(ContextNotPinned) as caught:
        PINNED.substitute({"a/b": [{}, {"@context": "https://schema.org/"}]}, "d.jsonld")
    assert str(caught.value.where) == "d.jsonld, /a~1b/1/@context"
    assert PERMANENT in (caught.value.remedy or "")


def test_thousands_of_references_are_refused() -> None:
    """Each would be replaced by kilobytes."""
    with pytest.raises(Unsupported, match="Write it once"):
        PINNED.substitute([{"@context": PERMANENT} for _ in range(2_001)], "d")
