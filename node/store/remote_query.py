"""What an external store is asked: the query as this node has understood it, written anew."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from node.errors import Unsupported
from node.sparql.algebra import Form
from node.sparql.parser import parse_query
from node.sparql.tokens import tokenize
from node.sparql.writer import write_query

#: Names of functions and patterns with which stores run code of their own: Virtuoso's SQL, Jena's Java and scripts.
_INNER = re.compile(r"<(?:bif|sql|java|js|jena):", re.IGNORECASE)


@dataclass(frozen=True)
class Readable:
    """A query that the external store may be asked. ``graphs``: whether it can name graphs."""

    text: str
    form: Form
    graphs: bool


def readable(text: str, base: str, depth: int) -> Readable:
    """The query without its ``FROM`` clauses (the scope is its dataset), in the words of the Recommendation alone.

    Whatever a store understands beyond that (Virtuoso's ``DEFINE`` would reach any graph) does not parse here. Raises
    QuerySyntaxError with line and column, QueryTooDeep, Unsupported for ``SERVICE`` and for functions that run inside
    the store.
    """
    query = parse_query(text, base, depth=depth)
    if query.services:
        raise Unsupported("SERVICE does not reach the store.")
    written = write_query(replace(query, dataset=None))
    tokens = tokenize(written)
    inner = next((t.text for t in tokens if t.kind == "iri" and _INNER.match(t.text)), None)
    if inner is not None:
        raise Unsupported(f"{inner} is a name that means something to the external store alone.")
    names_graphs = any(t.kind == "word" and t.text.upper() == "GRAPH" for t in tokens)
    return Readable(written, query.form, names_graphs)
