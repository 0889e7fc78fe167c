"""Sub-selects that are answered first, their solutions standing in their place as inline data. Pure.

A sub-select is evaluated by itself before it is joined with what stands around it (SPARQL 1.1 Query, section 12), so
its solutions may stand for it. That is worth it where they are few and what they are made of is much: groups that the
members count for themselves (``partition``), and the classes below one class, which then narrow the counting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from node.federation.planning.partition import is_plain
from node.federation.planning.variables import VOLATILE
from node.sparql.algebra import (
    BasicGraphPattern,
    Call,
    Element,
    Exists,
    Expression,
    Form,
    Group,
    InlineData,
    Query,
    RepeatedPath,
    Select,
    SubSelect,
    Union,
)
from node.sparql.results import Results
from node.sparql.rewriting import Rewriting
from node.sparql.terms import Term
from node.sparql.writer import written

#: The solutions of a sub-select, None to leave it where it is.
Answer: TypeAlias = Callable[[Select], InlineData | None]

#: More solutions would be sent around more dearly than what they are made of.
MOST_ROWS = 5_000
#: What is grouped once more goes nowhere.
MOST_ROWS_WITHIN = 20_000


def has_inner(group: Group) -> bool:
    """Whether there is a sub-select that could be answered first."""

    def inner(element: Element) -> bool:
        match element:
            case Group():
                return has_inner(element)
            case Union(arms):
                return any(map(has_inner, arms))
            case _:
                return isinstance(element, SubSelect)

    return any(map(inner, group.elements))


def answered(query: Query, closure: Answer, groups: Answer) -> Query:
    """The query with its sub-selects answered, the innermost first: those that follow a path from a constant, and those
    that group."""

    def one(element: Element) -> Element:
        if isinstance(element, Group):
            return Group(tuple(map(one, element.elements)), element.filters)
        if isinstance(element, Union):
            return _together([Group(tuple(map(one, arm.elements)), arm.filters) for arm in element.arms])
        if not isinstance(element, SubSelect):
            return element
        select = element.select
        if not _is_fixed(select):
            # What differs each time is the same in the whole of one answer, and never kept.
            return element
        if is_closure(select):
            return closure(select) or element
        within = Group(tuple(map(one, select.pattern.elements)), select.pattern.filters)
        select = replace(select, pattern=within)
        found = groups(select) if select.aggregates else None
        return found or SubSelect(select)

    pattern = Group(tuple(map(one, query.select.pattern.elements)), query.select.pattern.filters)
    if pattern == query.select.pattern:
        return query
    return written(replace(query, select=replace(query.select, pattern=pattern)))


def _together(arms: list[Group]) -> Element:
    """A union, as inline data where its arms are nothing else."""
    data = [arm.elements[0] for arm in arms if len(arm.elements) == 1 and not arm.filters]
    tables = [element for element in data if isinstance(element, InlineData)]
    if len(tables) < len(arms) or len({table.variables for table in tables}) > 1:
        return Union(tuple(arms))
    return InlineData(tables[0].variables, tuple(row for table in tables for row in table.rows))


def _is_fixed(select: Select) -> bool:
    """Whether a sub-select has the same solutions whenever it is evaluated over the same data."""
    return not any(isinstance(e, Call) and e.name in VOLATILE for e in _expressions(select))


def _expressions(select: Select) -> list[Expression]:
    """Every expression that stands anywhere in a select."""
    found: list[Expression] = []

    def look(expression: Expression) -> Expression:
        found.append(expression)
        return expression

    Rewriting(look).select(select)
    return found


def is_answered(select: Select) -> bool:
    """Whether nothing is left of its pattern but solutions that are here, and nothing looks at others."""

    def here(element: Element) -> bool:
        return isinstance(element, InlineData) or (isinstance(element, Group) and all(map(here, element.elements)))

    looks = any(isinstance(expression, Exists) for expression in _expressions(select))
    return all(map(here, select.pattern.elements)) and is_plain(select) and not looks


def is_closure(select: Select) -> bool:
    """Whether a sub-select is about one repeated path that begins or ends with a constant."""
    plain = not (select.aggregates or select.order or select.is_cut)
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
