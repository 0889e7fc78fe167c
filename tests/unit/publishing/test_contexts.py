"""References to pinned contexts are replaced wherever they stand; everything else is refused."""

from __future__ import annotations

import pytest
from descriptions import BASE

from node.errors import ContextNotPinned, DocumentSyntaxError, Unsupported
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


def test_a_json_literal_holds_no_context() -> None:
    """What a term of type @json holds is data too, whatever its keys are called."""
    document = {"@context": {"raw": {"@id": "x:raw", "@type": "@json"}}, "raw": {"@context": "https://a.example/"}}
    assert PINNED.substitute(document, "d") == 0


def test_an_import_of_something_else_is_an_error() -> None:
    """@import takes the address of a context, nothing else, and is not dropped without a word."""
    with pytest.raises(DocumentSyntaxError, match="@import is not the address"):
        PINNED.substitute({"@context": {"@import": {}}}, "d")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://a.example/b/./c", "http://a.example/b/c"),
        ("http://a.example/b/../c/", "http://a.example/c/"),
        ("http://a.example/../../c?d/../e", "http://a.example/c?d/../e"),
        ("http://a.example/b/.", "http://a.example/b/."),
        ("http://a.example", "http://a.example"),
        ("a/../b", "a/../b"),
    ],
)
def test_dots_in_a_base_do_not_get_into_iris(written: str, meant: str) -> None:
    """Folders of an absolute @base are resolved, as the parser leaves them (RFC 3986, section 5.2.4)."""
    document = {"@context": {"@base": written}}
    PINNED.substitute(document, "d")
    assert document["@context"]["@base"] == meant
