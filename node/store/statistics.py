"""What a worker tells the engine about the data before it asks: how many triples its patterns have, and what lies below
what in its hierarchies.

Counting takes about half a microsecond a triple, and what was counted is remembered as long as the store is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyoxigraph import NamedNode, QuerySolutions, Store

from node.errors import NodeError
from node.sparql.algebra import Form, Projection, Query
from node.sparql.hierarchies import expanded, may_hold_hierarchy
from node.sparql.parser import parse_query
from node.sparql.stars import may_hold_star, reordered
from node.sparql.terms import Term
from node.sparql.writer import write_query
from node.store.hierarchies import PREDICATES, Hierarchies, LoadedHierarchies

_REMEMBERED = 20_000
#: The objects of a predicate are only listed when it has no more triples, which takes half a second.
_LISTED = 500_000


class Statistics:
    """The counts of one store's patterns, over whatever default graph they are asked for.

    ``hierarchies`` are those of the generation that the store is, or of what was loaded into it. With ``stars``
    patterns are put in order, too.
    """

    def __init__(
        self, store: Store, hierarchies: Hierarchies | LoadedHierarchies | None = None, *, stars: bool = True
    ) -> None:
        self._stars = stars
        self.store = store
        self.hierarchies = hierarchies
        self.counts: dict[tuple[tuple[str, ...] | None, str, Term], tuple[int, int]] = {}
        self.objects: dict[tuple[tuple[str, ...] | None, str], Mapping[str, int] | None] = {}

    def better(self, text: str, options: dict[str, Any]) -> str | None:
        """A text with the same solutions that the engine evaluates faster, None to ask this one.

        ``options`` are those of ``Store.query``. What is wrong with the text is left to the engine to say.
        """
        star, hierarchy = self._stars and may_hold_star(text), may_hold_hierarchy(text, PREDICATES)
        if not star and not (hierarchy and self.hierarchies):
            return None
        try:
            query = parse_query(text, options.get("base_iri"))
        except NodeError:
            return None
        seen = _Seen(self, options.get("default_graph"))
        if hierarchy and (written := expanded(query, seen)) is not None:
            return write_query(_with_columns(written, query))
        return reordered(query, seen.count) if star else None


def _with_columns(written: Query, query: Query) -> Query:
    """``SELECT *`` with its columns in the order in which the engine gives those of the query as it was."""
    if query.form is not Form.SELECT or query.select.projection is not None:
        return written
    answer = Store().query(query.self_contained())
    assert isinstance(answer, QuerySolutions)
    columns = tuple(Projection(variable.value) for variable in answer.variables)
    return replace(written, select=replace(written.select, projection=columns))


@dataclass(frozen=True)
class _Seen:
    """What is known of one default graph: these graphs of the store, all of an unnamed one with None."""

    statistics: Statistics
    graphs: list[NamedNode] | None
    always: bool = False

    @property
    def _key(self) -> tuple[str, ...] | None:
        return None if self.graphs is None else tuple(graph.value for graph in self.graphs)

    def reached(self, predicate: str, end: str, *, forward: bool, itself: bool) -> Sequence[str] | None:
        """See ``node.sparql.hierarchies.Known``."""
        hierarchies, key = self.statistics.hierarchies, self._key
        if hierarchies is None or PREDICATES.get(predicate) is not (not forward):
            return None
        found = hierarchies.reached(key, predicate, end, itself=itself)
        return None if found is None else b"".join(found)[1:-1].decode().split("><") if found else []

    def objects(self, predicate: str) -> Mapping[str, int] | None:
        """See ``node.sparql.hierarchies.Known``."""
        known, key = self.statistics.objects, (self._key, predicate)
        if key not in known:
            some = f"SELECT ?o {{ ?s <{predicate}> ?o }} LIMIT {_LISTED + 1}"
            counted = self._asked(f"SELECT ?o (COUNT(*) AS ?n) {{ {{ {some} }} }} GROUP BY ?o")
            found = {row["o"]: int(row["n"].value) for row in counted}
            whole = sum(found.values()) <= _LISTED
            known[key] = {o.value: n for o, n in found.items() if isinstance(o, NamedNode)} if whole else None
        return known[key]

    def count(self, predicate: str, value: Term, most: int) -> int:
        """How many triples have this predicate and object, at most ``most``."""
        known, key = self.statistics.counts, (self._key, predicate, value)
        found, up_to = known.get(key, (0, 0))
        if up_to < most and found == up_to:
            some = f"SELECT ?s {{ ?s <{predicate}> {value.n3} }} LIMIT {most}"
            found = int(next(self._asked(f"SELECT (COUNT(*) AS ?n) {{ {{ {some} }} }}"))["n"].value)
            if len(known) >= _REMEMBERED:
                known.clear()
            known[key] = (found, most)
        return min(found, most)

    def _asked(self, text: str) -> QuerySolutions:
        solutions = self.statistics.store.query(text, default_graph=None if self.graphs is None else [*self.graphs])
        assert isinstance(solutions, QuerySolutions)
        return solutions
