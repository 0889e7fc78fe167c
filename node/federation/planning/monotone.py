"""Whether more data can only add solutions to a query: then an answer over a part of the data is a lower bound. Pure.

Monotone means here: for data S ⊆ M, every row that the query gives over S it also gives over M, at least as often. An
answer over what some members hold is then a part of the answer over what all of them hold. By the algebra of SPARQL
1.1 (section 18):

- Triple patterns, property paths (negated property sets speak of predicates, not of absent triples), joins, ``UNION``,
  ``GRAPH``, ``VALUES``, ``BIND`` and filters of single solutions are monotone: each solution over S is one over M.
- So are projection, ``DISTINCT``, ``REDUCED`` and ``ORDER BY`` without a cut. A ``LIMIT`` without ``ORDER BY`` may give
  any solutions, so those found in S will do; one after ``ORDER BY``, or inside a sub-select, may not.
- ``EXISTS`` may become true with more data, never false; so it is monotone where its being true can only keep a
  solution: at the top of a filter, and below ``&&`` and ``||``.
- ``OPTIONAL`` is not (a solution may be replaced by a longer one), nor are ``MINUS``, ``NOT EXISTS``, aggregates and
  ``GROUP BY`` (a number changes), ``EXISTS`` as a value, nor ``SERVICE``, of whose answers we know nothing.
- ``CONSTRUCT``, ``ASK`` and ``DESCRIBE`` follow their patterns.
"""

from __future__ import annotations

from collections.abc import Iterable

from node.sparql.algebra import (
    Bind,
    Call,
    Element,
    Exists,
    Expression,
    Graph,
    Group,
    Minus,
    Optional,
    Query,
    Select,
    Service,
    SubSelect,
    Union,
    exists_within,
)

_WORDS: dict[type, str] = {Optional: "OPTIONAL", Minus: "MINUS", Service: "SERVICE"}


def obstacle(query: Query) -> str | None:
    """What keeps a query from being monotone, in words of the query (``OPTIONAL``); None for one that is."""
    return _select(query.select, outermost=True)


def _select(select: Select, *, outermost: bool) -> str | None:
    if select.aggregates or select.having:
        return "GROUP BY or an aggregate"
    if select.is_cut and select.order:
        return "LIMIT or OFFSET after ORDER BY"
    if select.is_cut and not outermost:
        return "LIMIT or OFFSET in a sub-select"
    expressions = [p.expression for p in select.projection or () if p.expression is not None]
    expressions += [o.expression for o in select.order]
    return _values(expressions) or _group(select.pattern)


def _group(group: Group) -> str | None:
    return _first(_condition(f) for f in group.filters) or _first(_element(e) for e in group.elements)


def _element(element: Element) -> str | None:
    match element:
        case Optional() | Minus() | Service():
            return _WORDS[type(element)]
        case Group():
            return _group(element)
        case Graph(_, pattern):
            return _group(pattern)
        case Union(arms):
            return _first(_group(arm) for arm in arms)
        case Bind(expression):
            return _values([expression])
        case SubSelect(select):
            return _select(select, outermost=False)
        case _:
            return None


def _condition(expression: Expression) -> str | None:
    """A filter: EXISTS may stand in it where its truth can only help."""
    waiting = [expression]
    while waiting:
        current = waiting.pop()
        if isinstance(current, Exists):
            found = "NOT EXISTS" if current.negated else _group(current.pattern)
        elif isinstance(current, Call) and current.name in ("&&", "||"):
            waiting.extend(current.arguments)
            continue
        else:
            found = _values([current])
        if found is not None:
            return found
    return None


def _values(expressions: Iterable[Expression]) -> str | None:
    """Expressions whose value shows: no EXISTS in them."""
    return _first("EXISTS as a value" for e in expressions for _ in exists_within(e))


def _first(found: Iterable[str | None]) -> str | None:
    return next((one for one in found if one is not None), None)
