"""JSON-LD out: framed for people, complete for machines, and never fetching anything."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Dataset, RdfFormat, parse

from node.errors import DocumentSyntaxError, MediaTypeNotSupported, Unsupported
from node.publishing.contexts import context_v1
from node.publishing.jsonld import FRAMED_BYTES, frame, serialize
from node.rdf.formats import CSV, JSONLD, RDFXML, TURTLE
from node.rdf.namespaces import DCT, ONCO, XSD

A = "https://a.example/"


def graph(document: object) -> Dataset:
    text = json.dumps(document | {"@context": context_v1()} if isinstance(document, dict) else document)
    return Dataset(parse(text.encode(), RdfFormat.JSON_LD))


def test_a_resource_reads_like_json() -> None:
    """Short names, numbers as numbers, what hangs below inside, the context by its address."""
    lines = (
        f'<{A}s> <{ONCO}ageAtDiagnosis> "58"^^<{XSD}integer> .\n<{A}s> <{DCT}title> "S" .\n'
        f'<{A}s> <{DCT}publisher> <{A}p> .\n<{A}p> <http://xmlns.com/foaf/0.1/name> "P" .\n'
    )
    assert frame(lines.encode(), f"{A}s", context="https://n.example/context/v1.jsonld") == {
        "@context": "https://n.example/context/v1.jsonld",
        "id": f"{A}s",
        "ageAtDiagnosis": 58,
        "title": "S",
        "publisher": {"id": f"{A}p", "name": "P"},
    }


def test_what_cannot_be_reached_is_kept() -> None:
    """Framing leaves out what the resource does not lead to; then all stands side by side."""
    lines = f'<{A}s> <{DCT}title> "S" .\n<{A}t> <{DCT}isPartOf> <{A}s> .\n'.encode()
    document = frame(lines, f"{A}s")
    assert len(document["@graph"]) == 2
    assert graph(document) == Dataset(parse(lines, RdfFormat.N_TRIPLES))


def test_a_long_chain_does_not_exhaust_the_stack() -> None:
    """Three thousand resources, each below the one before."""
    lines = "".join(f"<{A}{i}> <{DCT}relation> <{A}{i + 1}> .\n" for i in range(3000)).encode()
    assert graph(frame(lines, f"{A}0")) == Dataset(parse(lines, RdfFormat.N_TRIPLES))


NAMES = st.sampled_from([f"<{A}{name}>" for name in "abc"])
PREDICATES = st.sampled_from([f"<{DCT}title>", f"<{DCT}relation>", f"<{DCT}isPartOf>", f"<{ONCO}ageAtDiagnosis>"])
LITERALS = st.sampled_from(
    [
        *('"x"', '"x"@en', '"x"@de', '""'),
        *(f'"{text}"^^<{XSD}integer>' for text in ("01", "1", "-5", "9999999999999999")),
        *(f'"{text}"^^<{XSD}boolean>' for text in ("true", "1")),
        *(f'"1.5"^^<{XSD}decimal>', f'"1.5E0"^^<{XSD}double>', f'"2024-01-01"^^<{XSD}date>'),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.tuples(NAMES, PREDICATES, NAMES | LITERALS), min_size=1, max_size=12))
def test_nothing_is_lost_or_changed(triples: set[tuple[str, str, str]]) -> None:
    """Whatever the graph, the JSON-LD reads back as the same graph."""
    lines = "".join(f"{s} {p} {o} .\n" for s, p, o in triples).encode()
    assert graph(frame(lines, f"{A}a")) == Dataset(parse(lines, RdfFormat.N_TRIPLES))


def test_much_is_written_flat() -> None:
    """Beyond the limit JSON-LD is expanded, and still complete."""
    lines = "".join(f'<{A}{i}> <{DCT}title> "{"x" * 100}" .\n' for i in range(FRAMED_BYTES // 100)).encode()
    text = serialize(lines, JSONLD, f"{A}0")
    assert Dataset(parse(text, RdfFormat.JSON_LD)) == Dataset(parse(lines, RdfFormat.N_TRIPLES))


def test_turtle_has_the_prefixes_it_uses() -> None:
    """And no others."""
    text = serialize(f'<{A}s> <{DCT}title> "S" .\n'.encode(), TURTLE, f"{A}s").decode()
    assert "@prefix dct:" in text
    assert text.count("@prefix") == 1


def test_what_cannot_be_written_is_told() -> None:
    """A property that is no XML name, a format for tables, and text that is no N-Triples."""
    with pytest.raises(Unsupported, match="RDF/XML"):
        serialize(f"<{A}s> <{A}1> <{A}o> .\n".encode(), RDFXML, f"{A}s")
    with pytest.raises(MediaTypeNotSupported):
        serialize(b"", CSV, A)
    with pytest.raises(DocumentSyntaxError):
        serialize(b"nonsense", TURTLE, A)
    with pytest.raises(DocumentSyntaxError):
        frame(b"nonsense", A)


def test_keys_stand_in_the_order_of_the_context() -> None:
    """A description is read from its title on; what the context has no term for comes last."""
    ntriples = (
        b'<urn:d> <http://www.w3.org/ns/dcat#keyword> "k" .\n<urn:d> <http://purl.org/dc/terms/title> "t" .\n'
        b'<urn:d> <urn:other> "o" .\n<urn:d> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> '
        b"<http://www.w3.org/ns/dcat#Dataset> .\n"
    )
    assert list(frame(ntriples, "urn:d")) == ["@context", "id", "type", "title", "keyword", "urn:other"]


@pytest.mark.parametrize(
    "line",
    [
        f'<{A}s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "a literal" .',
        f"<dct:title> <{DCT}relation> <{A}s> .",
        f"<{A}s> <dct:title> <{A}s> .",
    ],
)
def test_what_json_ld_would_take_for_something_else(line: str) -> None:
    """A literal as a type, IRIs that look like CURIEs: written so that they are read as what they are."""
    document = frame(line.encode(), f"{A}s")
    read = json.dumps({**document, "@context": context_v1()} if "@context" in document else document)
    assert Dataset(parse(read.encode(), RdfFormat.JSON_LD)) == Dataset(parse(line.encode(), RdfFormat.N_TRIPLES))
