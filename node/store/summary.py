"""The counts that a generation keeps of its public tier, in the file ``summary.json``."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from pyoxigraph import NamedNode, Quad, QuerySolutions, Store

from node.rdf.namespaces import RDF_TYPE


class Summary:
    """How many triples a graph holds, how many with each predicate, and how many instances each class has.

    A class is an IRI: literals that somebody gave as a type are not counted.
    """

    def __init__(self, predicates: dict[str, int], classes: dict[str, int]) -> None:
        self._predicates = Counter(predicates)
        self._classes = Counter(classes)

    @classmethod
    def of(cls, store: Store, graph: str) -> Summary:
        """Counted anew, about a second for a million triples."""
        predicates = f"SELECT ?x (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?x ?o }} }} GROUP BY ?x"
        classes = f"SELECT ?x (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s <{RDF_TYPE}> ?x }} }} GROUP BY ?x"
        return cls(_counts(store, predicates), _counts(store, classes))

    @classmethod
    def read(cls, text: bytes) -> Summary:
        """From its JSON. Raises ValueError (KeyError, TypeError, AttributeError) when it is damaged."""
        read = json.loads(text)
        return cls(read["predicates"], read["classes"])

    def adjust(self, triple: Quad, by: int) -> None:
        """The graph has got (1) or lost (-1) this triple."""
        self._predicates[triple.predicate.value] += by
        if triple.predicate.value == RDF_TYPE and isinstance(triple.object, NamedNode):
            self._classes[triple.object.value] += by

    def values(self) -> dict[str, Any]:
        """The counts, by name."""
        predicates, classes = (
            {name: count for name, count in sorted(counted.items()) if count}
            for counted in (self._predicates, self._classes)
        )
        return {"triples": sum(predicates.values()), "predicates": predicates, "classes": classes}

    def write(self) -> bytes:
        """As JSON."""
        return json.dumps(self.values(), indent=1, sort_keys=True).encode()


def count(store: Store, graph: str) -> int:
    """How many triples a graph holds."""
    solutions = store.query(f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
    assert isinstance(solutions, QuerySolutions)
    return int(next(solutions)["n"].value)


def _counts(store: Store, query: str) -> dict[str, int]:
    """From a query that gives IRIs ?x and their counts ?n."""
    solutions = store.query(query)
    assert isinstance(solutions, QuerySolutions)
    return {s["x"].value: int(s["n"].value) for s in solutions if isinstance(s["x"], NamedNode)}
