"""Sub-selects that are answered first, their solutions standing in their place as inline data. Pure.

A sub-select is evaluated by itself before it is joined with what stands around it (SPARQL 1.1 Query, section 12), so
its solutions may stand for it. That is worth it where they are few and what they are made of is much: groups that the
members count for themselves (``partition``), and the classes below one class, which then narrow the counting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from node.sparql.algebra import (
    BasicGraphPattern,
    Element,
    Form,
    Group,
    InlineData,
    Query,
    RepeatedPath,
    Select,
    SubSelect,
)
from node.sparql.results import Results
from node.sparql.terms import Term
from node.sparql.writer import written

#: The solutions of a sub-select, None to leave it where it is.
Answer: TypeAlias = Callable[[Select], InlineData | None]

#: More solutions would be sent around more dearly than what they are made of.
MOST_ROWS = 5_000


def has_inner(group: Group) -> bool:
    """Whether there is a sub-select that could be answered first."""
    return any(isinstance(e, SubSelect) or (isinstance(e, Group) and has_inner(e)) for e in group.elements)


def answered(query: Query, closure: Answer, groups: Answer) -> Query:
    """The query with its sub-selects answered: those that follow a path from a constant, then those that group."""

    def one(element: Element) -> Element:
        if isinstance(element, Group):
            return Group(tuple(map(one, element.elements)), element.filters)
        if not isinstance(element, SubSelect):
            return element
        select = element.select
        if is_closure(select):
            return closure(select) or element
        select = replace(select, pattern=_closures(select.pattern, closure))
        found = groups(select) if select.aggregates else None
        return found or SubSelect(select)

    pattern = Group(tuple(map(one, query.select.pattern.elements)), query.select.pattern.filters)
    if pattern == query.select.pattern:
        return query
    return written(replace(query, select=replace(query.select, pattern=pattern)))


def _closures(group: Group, closure: Answer) -> Group:
    def one(element: Element) -> Element:
        if isinstance(element, Group):
            return _closures(element, closure)
        if isinstance(element, SubSelect) and is_closure(element.select):
            return closure(element.select) or element
        return element

    return Group(tuple(map(one, group.elements)), group.filters)


def is_closure(select: Select) -> bool:
    """Whether a sub-select is about one repeated path that begins or ends with a constant."""
    plain = not (select.aggregates or select.order or select.limit is not None or select.offset is not None)
    elements = select.pattern.elements
    if not plain or select.values is not None or select.pattern.filters or len(elements) != 1:
        return False
    if not isinstance(elements[0], BasicGraphPattern) or len(elements[0].triples) != 1:
        return False
    triple = elements[0].triples[0]
    ends = [isinstance(end, Term) for end in (triple.subject, triple.object)]
    return isinstance(triple.predicate, RepeatedPath) and ends.count(True) == 1


def as_query(select: Select) -> Query:
    """A sub-select as a query of its own."""
    return written(Query(Form.SELECT, select, ""))


def as_data(select: Select, results: Results) -> InlineData | None:
    """Its solutions as inline data; None where they are too many, or cannot be written there."""
    names = results.variables if select.projection is None else tuple(p.variable for p in select.projection)
    rows = tuple(tuple(row.get(name) for name in names) for row in results.rows)
    blank = any(term is not None and term.kind == "bnode" for row in rows for term in row)
    return None if blank or len(rows) > MOST_ROWS else InlineData(names, rows)
