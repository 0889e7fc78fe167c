"""Solutions of a service as a pattern that gives them: inline data, or a graph where blank nodes are among them.

SPARQL has no way to write a blank node as a value. So rows that hold some become quads in a graph of their own, one
node a row and one predicate a variable, and a sub-select reads them back: each blank node is one in all rows, is blank,
and is no node of any data.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from node.federation.calling.rows import cell
from node.sparql.algebra import (
    BasicGraphPattern,
    Element,
    Graph,
    Group,
    InlineData,
    Projection,
    Select,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
)
from node.sparql.terms import Term, iri_term

_PREFIX = "urn:onconode:service:"
_ROW = iri_term(_PREFIX + "row")
_NODE = Variable("onconode_row")


@dataclass(frozen=True, slots=True)
class Solved:
    """What stands for a service. ``plan`` is inline data in which nothing stands for blank nodes, ``element`` gives the
    solutions themselves, from ``quads`` in ``graph`` when ``labelled``: when there are blank nodes."""

    plan: InlineData
    element: Element
    labelled: bool
    graph: Term
    quads: bytes


def solved(data: InlineData, number: int) -> Solved:
    """The same for rows that may hold blank nodes; ``number`` is different for each service of a query."""
    graph = iri_term(f"{_PREFIX}{number}")
    if not any(term is not None and term.kind == "bnode" for row in data.rows for term in row):
        return Solved(data, data, labelled=False, graph=graph, quads=b"")
    plain = tuple(tuple(None if term and term.kind == "bnode" else term for term in row) for row in data.rows)
    predicates = [iri_term(f"{_PREFIX}column:{at}") for at in range(len(data.variables))]
    # By which variables they bind: with OPTIONAL instead, a value of outside that EXISTS puts in would always be found.
    kinds: dict[tuple[bool, ...], Term] = {}
    lines: list[str] = []
    for at, row in enumerate(data.rows):
        bound = tuple(term is not None for term in row)
        kind = kinds.setdefault(bound, iri_term(f"{_PREFIX}kind:{len(kinds)}"))
        node = f"<{_PREFIX}{number}:{at}>"
        lines.append(f"{node} {_ROW.n3} {kind.n3} {graph.n3} .\n")
        lines += (
            f"{node} {predicate.n3} {cell(term).decode()} {graph.n3} .\n"
            for predicate, term in zip(predicates, row, strict=True)
            if term is not None
        )
    columns = [TriplePattern(_NODE, p, Variable(v)) for p, v in zip(predicates, data.variables, strict=True)]
    arms = tuple(
        Group((BasicGraphPattern((TriplePattern(_NODE, _ROW, kind), *itertools.compress(columns, bound))),))
        for bound, kind in kinds.items()
    )
    pattern = Group((Graph(graph, Group((Union(arms),))),))
    return Solved(
        InlineData(data.variables, plain),
        SubSelect(Select(pattern, tuple(map(Projection, data.variables)))),
        labelled=True,
        graph=graph,
        quads="".join(lines).encode(),
    )
