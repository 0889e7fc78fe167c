"""Solutions from one concrete syntax into another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, NamedTuple

from pyoxigraph import BlankNode, Literal, NamedNode, QueryBoolean, QueryResultsFormat, parse_query_results

# The parser takes a document that ends between two results for a whole one.
_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?sparql\s*>\s*(?:<!--(?:(?!-->).)*-->\s*)*\Z", re.DOTALL)


def json_of_xml(data: bytes) -> bytes:
    """SPARQL Query Results XML as SPARQL Query Results JSON. Entities of the document's own are not expanded.

    Raises ValueError for what is not such a document, or not a whole one.
    """
    if not _END.search(data[-1000:]):
        raise ValueError("it does not end with </sparql>")
    try:
        results = parse_query_results(data, format=QueryResultsFormat.XML)
        if isinstance(results, QueryBoolean):
            return b'{"head":{},"boolean":%s}' % (b"true" if results else b"false")
        return results.serialize(format=QueryResultsFormat.JSON) or b""
    except SyntaxError as error:
        raise ValueError(error.msg) from error


def is_iri(text: str) -> bool:
    """Whether the text is an absolute IRI, as a query can name one."""
    try:
        NamedNode(text)
    except (ValueError, UnicodeEncodeError):
        return False
    return True


class Parts(NamedTuple):
    """A term in parts: ``kind`` is ``iri``, ``bnode`` or ``literal``, the others as in ``sparql.terms.Term``."""

    kind: str
    value: str
    language: str | None = None
    datatype: str | None = None


def solutions_of_tsv(reader: IO[bytes]) -> tuple[tuple[str, ...], Iterator[dict[str, Parts]]]:
    """The variables of SPARQL 1.1 TSV results, and the solutions one by one as ``reader`` gives their bytes.

    Raises ValueError for what is not such a document. The iterator must be used in the thread that made it.
    """
    try:
        results = parse_query_results(reader, format=QueryResultsFormat.TSV)
    except SyntaxError as error:
        raise ValueError(error.msg) from error
    assert not isinstance(results, QueryBoolean)  # the format has none
    names = tuple(variable.value for variable in results.variables)

    def rows() -> Iterator[dict[str, Parts]]:
        try:
            for solution in results:
                yield {name: _parts(term) for name in names if (term := solution[name]) is not None}
        except SyntaxError as error:
            raise ValueError(error.msg) from error

    return names, rows()


def _parts(term: object) -> Parts:
    match term:
        case NamedNode():
            return Parts("iri", term.value)
        case BlankNode():
            return Parts("bnode", term.value)
        case Literal():
            return Parts("literal", term.value, term.language, None if term.language else term.datatype.value)
    raise ValueError("a triple where a term was expected")
