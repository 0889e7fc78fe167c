"""Which graphs a query may see (SPARQL 1.1 Query, section 13: RDF Dataset)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GraphScope:
    """The RDF dataset of a query, decided outside of it: what is not in here does not exist for the query.

    ``default``: IRIs of the graphs whose merge is the default graph. Pairwise disjoint (the store keeps
    tier graphs so), because the engine concatenates them instead of merging.
    ``named``: IRIs of the graphs that ``GRAPH`` can name.
    """

    default: tuple[str, ...]
    named: tuple[str, ...] = ()
