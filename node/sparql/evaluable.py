"""What of a query reaches the engine: its text, and the part of the RDF dataset it is evaluated over.

Every text passes here before it goes to a store. The engine would follow ``SERVICE`` by itself and dies of a text that
nests too deep, so that what our reader takes for a harmless text must be just that for the engine too. A text that
could be read in two ways is therefore not passed on: the engine gets what our reader has read, written anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from node.rdf.dataset import GraphScope
from node.sparql.algebra import Query
from node.sparql.cursor import MAX_DEPTH
from node.sparql.graph_names import with_graph_names
from node.sparql.mending import may_need_mending, mended
from node.sparql.parser import may_nest_deeper, no_service, parse_query
from node.sparql.words import mentions
from node.sparql.writer import write_query
from node.sparql.zero_length import may_have_lone_paths, with_own_ends

# A text without these cannot name a graph or a service, whatever it means.
_NEEDS_READING = ("service", "from", "graph", "\\u")
# The first is what must not be missed; the second may hide it.
_NEEDS_WRITING = ("service", "\\u")


class Evaluable(NamedTuple):
    """A query for a store: ``FROM`` and ``FROM NAMED`` in the text have no effect there, ``scope`` is the dataset."""

    text: str
    scope: GraphScope


def evaluable(
    text: str,
    scope: GraphScope,
    base: str | None = None,
    *,
    depth: int = MAX_DEPTH,
    dataset: GraphScope | None = None,
) -> Evaluable:
    """The query as a store is asked it, over the part of ``scope`` that it is about.

    A short text that cannot contain ``GRAPH``, ``FROM`` or ``SERVICE``, nor nest deeper than ``depth``, nor hold
    what the engine gets wrong (``mending``, ``zero_length``), is not parsed: it gets the default graphs alone. With
    ``FROM`` the default graph is the graphs named there as far as they are in ``scope.named``, and those of ``FROM
    NAMED`` can be named (section 13.2); a graph that the caller may not see contributes nothing, as one that does not
    exist.
    ``dataset`` is the part that the request names, which counts instead (SPARQL 1.1 Protocol, section 2.1.4).
    Relative IRIs are resolved against ``base``. Raises Unsupported for ``SERVICE``, QuerySyntaxError,
    QueryTooDeep, and QueryTooLarge for what would be evaluated in too many graphs (``graph_names``).
    """
    reading = mentions(text, *_NEEDS_READING)
    suspect, lone = may_need_mending(text), may_have_lone_paths(text)
    if not reading and not suspect and not lone and not may_nest_deeper(text, depth):
        return Evaluable(text, dataset or GraphScope(scope.default))
    query = parse_query(text, base, depth=depth)
    if query.services:
        raise no_service()
    scope = dataset or (dataset_within(query, scope) if reading else GraphScope(scope.default))
    better = mended(query) if suspect else None
    if lone:
        better = with_own_ends(better or query) or better
    if reading:
        better = with_graph_names(better or query, scope.named) or better
    if better is not None or mentions(text, *_NEEDS_WRITING):
        text = write_query(replace(better or query, dataset=None))
    return Evaluable(text, scope)


def dataset_within(query: Query, scope: GraphScope) -> GraphScope:
    """The part of ``scope`` that the ``FROM`` clauses of a query leave; all of it without them."""
    if query.dataset is None:
        return scope
    visible = set(scope.named)
    return GraphScope(
        default=tuple(g for g in dict.fromkeys(query.dataset.default) if g in visible),
        named=tuple(g for g in dict.fromkeys(query.dataset.named) if g in visible),
    )
