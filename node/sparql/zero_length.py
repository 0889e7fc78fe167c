"""Paths of length zero from or to a term that is not in the graph. Pure.

``:x :p* ?y`` has the solution ``?y = :x`` whatever the graph holds (SPARQL 1.1, section 18.4). The engine gives it only
if ``:x`` is in the graph (oxigraph pull request 1815 mends it, unreleased for Python). Whoever knows that it is not can
write the solution down instead: no edge can lead to or from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from node.sparql.algebra import (
    BasicGraphPattern,
    Element,
    Group,
    InlineData,
    InversePath,
    Minus,
    Optional,
    Path,
    Query,
    RepeatedPath,
    Select,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
)
from node.sparql.terms import Term
from node.sparql.writer import written


def without_lone_paths(query: Query, is_node: Callable[[Term], bool]) -> Query | None:
    """The query with the solutions of such paths in their place; None when there are none.

    ``is_node``: whether a term may be in the default graph. Patterns within GRAPH, EXISTS and SERVICE are left alone,
    and so are paths that are parts of longer ones, or end in a blank node.
    """
    if not any(is_node(term) is False for term in _terms(query.select)):
        return None
    select = _select(query.select, is_node)
    return written(replace(query, select=select))


def _terms(select: Select) -> Iterator[Term]:
    """The terms that such paths begin or end at."""
    waiting: list[Element] = [select.pattern]
    while waiting:
        match waiting.pop():
            case BasicGraphPattern(triples):
                yield from (term for triple in triples if (term := _lone_end(triple)) is not None)
            case Group(elements):
                waiting.extend(elements)
            case Optional(pattern) | Minus(pattern):
                waiting.append(pattern)
            case Union(arms):
                waiting.extend(arms)
            case SubSelect(inner):
                waiting.append(inner.pattern)


def _lone_end(triple: TriplePattern) -> Term | None:
    """The one end of a path of length zero or more that is a term, the other one being a variable or the same term."""
    ends = (triple.subject, triple.object)
    terms = {end for end in ends if isinstance(end, Term)}
    if len(terms) != 1 or not _may_be_empty(triple.predicate) or any(_is_blank(end) for end in ends):
        return None
    return terms.pop()


def _may_be_empty(path: VarOrTerm | Path) -> bool:
    while isinstance(path, InversePath):
        path = path.path
    return isinstance(path, RepeatedPath) and path.minimum == 0


def _is_blank(end: VarOrTerm) -> bool:
    return isinstance(end, Variable) and end.name.startswith("_:")


def _select(select: Select, is_node: Callable[[Term], bool]) -> Select:
    return replace(select, pattern=_group(select.pattern, is_node))


def _group(group: Group, is_node: Callable[[Term], bool]) -> Group:
    elements = tuple(new for element in group.elements for new in _element(element, is_node))
    return Group(elements, group.filters)


def _element(element: Element, is_node: Callable[[Term], bool]) -> tuple[Element, ...]:
    match element:
        case BasicGraphPattern(triples):
            found = [(triple, _lone_end(triple)) for triple in triples]
            lone = [(triple, term) for triple, term in found if term is not None and not is_node(term)]
            if not lone:
                return (element,)
            kept = tuple(triple for triple in triples if all(triple is not one for one, _ in lone))
            solutions = tuple(
                InlineData((end.name,), ((term,),))
                for triple, term in lone
                for end in (triple.subject, triple.object)
                if isinstance(end, Variable)
            )
            return ((BasicGraphPattern(kept),) if kept else ()) + solutions
        case Group():
            return (_group(element, is_node),)
        case Optional(pattern) | Minus(pattern):
            return (replace(element, pattern=_group(pattern, is_node)),)
        case Union(arms):
            return (Union(tuple(_group(arm, is_node) for arm in arms)),)
        case SubSelect(select):
            return (SubSelect(_select(select, is_node)),)
        case _:
            return (element,)
