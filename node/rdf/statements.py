"""Triples as values that pages and reports can show, read from any RDF syntax."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal as OneOf

from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, parse, serialize
from pyoxigraph import Literal as RdfLiteral

from node.errors import DocumentSyntaxError, Place
from node.rdf.formats import Format


@dataclass(frozen=True)
class Value:
    """An RDF term. ``text`` is the IRI, the lexical form, or the label of a blank node."""

    kind: OneOf["iri", "literal", "bnode"]
    text: str
    language: str | None = None
    datatype: str | None = None


@dataclass(frozen=True)
class Statement:
    """One triple; ``subject`` is an IRI or ``_:`` and the label of a blank node."""

    subject: str
    predicate: str
    object: Value


def read_ntriples(data: bytes) -> tuple[Statement, ...]:
    """The triples of an N-Triples document, in its order. Raises DocumentSyntaxError."""
    try:
        return tuple(
            Statement(_subject(q.subject), q.predicate.value, _value(q.object))
            for q in parse(data, format=RdfFormat.N_TRIPLES)
        )
    except SyntaxError as error:
        raise _syntax(error) from error


def to_ntriples(data: bytes, format_: Format) -> bytes:
    """A document of one graph (``format_``: one of RDF), rewritten as N-Triples. Raises DocumentSyntaxError."""
    if format_.rdf is None:
        raise ValueError(f"{format_.name} is not an RDF format")
    try:
        triples: Iterable[Triple] = (q.triple for q in parse(data, format=format_.rdf))
        return serialize(triples, format=RdfFormat.N_TRIPLES) or b""
    except SyntaxError as error:
        raise _syntax(error) from error


def _subject(term: object) -> str:
    return f"_:{term.value}" if isinstance(term, BlankNode) else str(getattr(term, "value", term))


def _value(term: object) -> Value:
    if isinstance(term, NamedNode):
        return Value("iri", term.value)
    if isinstance(term, RdfLiteral):
        return Value("literal", term.value, term.language, None if term.language else term.datatype.value)
    return Value("bnode", str(getattr(term, "value", term)))


def _syntax(error: SyntaxError) -> DocumentSyntaxError:
    return DocumentSyntaxError(str(error.msg), where=Place(line=error.lineno, column=error.offset))
