"""Which variables a pattern can bind, and which it binds in every solution (SPARQL 1.1 Query, section 18.2.1). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from node.sparql.algebra import (
    Aggregate,
    BasicGraphPattern,
    Bind,
    Call,
    Element,
    Exists,
    Expression,
    Graph,
    Group,
    InlineData,
    Minus,
    Optional,
    Select,
    Service,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
    exists_within,
    sub_expressions,
)
from node.sparql.terms import Term

#: Functions that give another value each time.
VOLATILE = frozenset(("RAND", "NOW", "UUID", "STRUUID", "BNODE"))


def in_scope(elements: Iterable[Element]) -> dict[str, None]:
    """The variables that a solution of these elements can bind, in the order in which they are written."""
    found: dict[str, None] = {}
    for element in elements:
        match element:
            case BasicGraphPattern(triples):
                found.update(
                    (v, None) for triple in triples for v in triple_variables(triple) if not v.startswith("_:")
                )
            case Group(inner) | Optional(Group(inner)):
                found.update(in_scope(inner))
            case Union(arms):
                for arm in arms:
                    found.update(in_scope(arm.elements))
            case Graph(name, pattern) | Service(name, pattern):
                if isinstance(name, Variable):
                    found[name.name] = None
                found.update(in_scope(pattern.elements))
            case Bind(_, variable):
                found[variable] = None
            case InlineData(variables):
                found.update(dict.fromkeys(variables))
            case SubSelect(select):
                found.update(dict.fromkeys(_columns(select)))
            case Minus():
                pass
    return found


def certain(elements: Iterable[Element]) -> set[str]:
    """Variables that every solution of these elements binds; perhaps not all of them."""
    found: set[str] = set()
    for element in elements:
        match element:
            case BasicGraphPattern():
                found.update(in_scope((element,)))
            case Group(inner):
                found |= certain(inner)
            case Union(arms):
                found |= set.intersection(*(certain(arm.elements) for arm in arms))
            case Graph(name, pattern):
                found |= certain(pattern.elements) | ({name.name} if isinstance(name, Variable) else set())
            case Service(_, pattern, silent):
                found |= set() if silent else certain(pattern.elements)
            case Bind(Term(), variable):
                found.add(variable)
            case InlineData(variables, rows):
                found.update(v for at, v in enumerate(variables) if all(row[at] is not None for row in rows))
            case SubSelect(select):
                found |= _certain_columns(select)
            case _:
                pass
    return found


def triple_variables(triple: TriplePattern) -> Iterator[str]:
    """The variables of a triple pattern, blank nodes included."""
    return (p.name for p in (triple.subject, triple.predicate, triple.object) if isinstance(p, Variable))


def used(expression: Expression) -> set[str]:
    """The variables of an expression, those inside the pattern of an ``EXISTS`` not included."""
    return {e.name for e in sub_expressions(expression) if isinstance(e, Variable)}


def is_plain(expression: Expression) -> bool:
    """Whether the values of its variables alone decide an expression's value."""
    return not any(
        isinstance(e, Exists | Aggregate) or (isinstance(e, Call) and e.name in VOLATILE)
        for e in sub_expressions(expression)
    )


def loose(group: Group) -> set[str]:
    """Variables that stand somewhere in a pattern, and that it does not bind in every solution.

    In ``EXISTS`` the values of outside are put in their places (section 18.6), which for these variables differs from
    comparing its solutions with them afterwards.
    """
    return _standing_in(group) - certain((group,))


def _standing_in(group: Group) -> set[str]:
    found = set(in_scope(group.elements))
    for condition in group.filters:
        found |= _standing_in_expression(condition)
    for element in group.elements:
        match element:
            case Group():
                found |= _standing_in(element)
            case Optional(pattern) | Minus(pattern) | Graph(_, pattern) | Service(_, pattern):
                found |= _standing_in(pattern)
            case Union(arms):
                found.update(v for arm in arms for v in _standing_in(arm))
            case Bind(expression):
                found |= _standing_in_expression(expression)
            case _:
                pass
    return found


def _standing_in_expression(expression: Expression) -> set[str]:
    return used(expression).union(*(_standing_in(e.pattern) for e in exists_within(expression)))


def _columns(select: Select) -> Iterable[str]:
    if select.projection is not None:
        return (p.variable for p in select.projection)
    values = select.values.variables if select.values is not None else ()
    return (*in_scope(select.pattern.elements), *values)


def _certain_columns(select: Select) -> set[str]:
    found = certain(select.pattern.elements)
    if select.aggregates:
        found &= {k.variable for k in select.group if isinstance(k.expression, Variable) and k.variable}
    if select.projection is None:
        return found
    return found & {p.variable for p in select.projection if p.expression is None}
