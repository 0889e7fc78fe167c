"""Solutions from one concrete syntax into another."""

from __future__ import annotations

import re

from pyoxigraph import NamedNode, QueryBoolean, QueryResultsFormat, parse_query_results

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
