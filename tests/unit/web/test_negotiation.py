"""Content negotiation: RFC 9110, section 12."""

from __future__ import annotations

import time

import pytest

from node.rdf.formats import CSV, GRAPH_FORMATS, JSON, JSONLD, NTRIPLES, RDFXML, RESULT_FORMATS, TURTLE, XML, Format
from node.web.negotiation import HTML, Codings, choose, read_accept, read_accept_encoding

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
DESCRIPTIONS = (*GRAPH_FORMATS, HTML)


@pytest.mark.parametrize(
    ("accept", "offers", "wanted"),
    [
        (None, DESCRIPTIONS, TURTLE),
        ("", DESCRIPTIONS, TURTLE),
        ("*/*", DESCRIPTIONS, TURTLE),
        ("*", DESCRIPTIONS, TURTLE),
        (BROWSER, DESCRIPTIONS, HTML),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", DESCRIPTIONS, HTML),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#framed, compacted"', DESCRIPTIONS, JSONLD),
        ("application/ld+json;q=0.5, application/n-triples;q=0.9", DESCRIPTIONS, NTRIPLES),
        ("APPLICATION/RDF+XML", DESCRIPTIONS, RDFXML),
        ("text/*", DESCRIPTIONS, TURTLE),
        ("text/*;q=0.3, application/*;q=0.4", DESCRIPTIONS, NTRIPLES),
        ("*/*, text/turtle;q=0", DESCRIPTIONS, NTRIPLES),
        ("text/turtle;q=0, text/*;q=0.1", DESCRIPTIONS, HTML),
        ("application/ld+json, */*", DESCRIPTIONS, JSONLD),
        ("image/png", DESCRIPTIONS, None),
        ("text/turtle;q=0", DESCRIPTIONS, None),
        ("garbage", DESCRIPTIONS, TURTLE),
        ("text/turtle;q=nonsense, application/n-triples", DESCRIPTIONS, NTRIPLES),
        ("text/turtle;q=7, application/n-triples", DESCRIPTIONS, NTRIPLES),
        (",,;;, text/csv", RESULT_FORMATS, CSV),
        ("application/xml", RESULT_FORMATS, XML),
        ("text/*", RESULT_FORMATS, CSV),
        ("application/json", RESULT_FORMATS, JSON),
        ("text/turtle", RESULT_FORMATS, None),
        ("application/sparql-results+xml;q=0.8,application/sparql-results+json;charset=utf-8", RESULT_FORMATS, JSON),
    ],
)
def test_choice(accept: str | None, offers: tuple[Format, ...], wanted: Format | None) -> None:
    """Quality first, then how closely a range names the type, then the order of the offers."""
    choice = choose(read_accept(accept), offers)
    assert (choice.format if choice else None) is wanted


def test_the_media_type_is_the_one_the_client_knows() -> None:
    """Who asks for application/json gets JSON-LD under that name; who takes anything gets the proper name."""
    asked = choose(read_accept("application/json"), GRAPH_FORMATS)
    assert asked is not None
    assert asked.content_type == "application/json"
    plain = choose(read_accept("text/plain"), GRAPH_FORMATS)
    assert plain is not None
    assert plain.content_type == "text/plain; charset=utf-8"
    any_ = choose(read_accept("*/*"), GRAPH_FORMATS)
    assert any_ is not None
    assert any_.content_type == "text/turtle; charset=utf-8"


@pytest.mark.parametrize("hostile", ["," * 100_000, '"' * 100_000, ";q=" * 50_000, 'a/b;"' + '",;' * 50_000])
def test_a_hostile_header_costs_nothing(hostile: str) -> None:
    """Reading stays linear and bounded."""
    started = time.perf_counter()
    choose(read_accept(hostile), DESCRIPTIONS)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("header", "best", "identity"),
    [
        (None, None, True),
        ("", None, True),
        ("gzip", "gzip", True),
        ("GZIP", "gzip", True),
        ("x-gzip", "gzip", True),
        ("zstd", "zstd", True),
        ("gzip, deflate, br, zstd", "zstd", True),
        ("gzip;q=0.9, zstd;q=0.8", "gzip", True),
        ("gzip, zstd;q=0", "gzip", True),
        ("zstd;q=0.1, gzip;q=0", "zstd", True),
        ("zstd;q=0.5, identity;q=0.6, gzip;q=0.4", None, True),
        ("br", None, True),
        ("*", "gzip", True),
        ("zstd;q=0.5, *", "gzip", True),
        ("zstd, *;q=0", "zstd", False),
        ("*;q=0", None, False),
        ("gzip;q=0", None, True),
        ("gzip;q=0, *", None, True),
        ("gzip; q = 0.5", "gzip", True),
        ("gzip;q=0.5, identity", None, True),
        ("gzip;q=0.5, identity;q=0.5", "gzip", True),
        ("gzip;q=0.3, *;q=0.5", None, True),
        ("identity;q=0", None, False),
        ("identity;q=0, gzip;q=0.001", "gzip", False),
        ("identity;q=0, *;q=0.1", "gzip", False),
        ("*;q=0, gzip", "gzip", False),
        ("*;q=0, identity", None, True),
        ("br;q=1, identity;q=0", None, False),
        ("gzip;q=2", None, True),
        (",,;q=1,gzip;;", "gzip", True),
        ("gzip;q=0, x-gzip", "gzip", True),
    ],
)
def test_content_codings(header: str | None, best: str | None, identity: bool) -> None:
    """RFC 9110, section 12.5.3: a coding where it is at least as welcome as none; what is refused is refused."""
    assert read_accept_encoding(header) == Codings(best, identity)
