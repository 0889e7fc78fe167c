"""Paths of length zero from or to a term that is not in the graph. Pure.

``:x :p* ?y`` has the solution ``?y = :x`` whatever the graph holds (SPARQL 1.1, section 18.4). The engine gives it only
if ``:x`` is in the graph (oxigraph pull request 1815 mends it, unreleased for Python). Whoever knows that it is not can
write the solution down instead: no edge can lead to or from it. Whoever does not writes it down beside the path, and
takes it out of what the path gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from node.sparql.algebra import (
    BasicGraphPattern,
    Call,
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

_Change: TypeAlias = Callable[[BasicGraphPattern], tuple[Element, ...]]

# A path that may be empty has one of these signs; a variable has the other use of the second, and these words a star.
_SIGN = re.compile(r"\*|\?(?!\w)|\\u")
_STARRED = ("select", "distinct", "reduced", "(")
_BEFORE = 40


def may_have_lone_paths(text: str) -> bool:
    """Whether ``with_own_ends`` might have something to do for a query with this text; only parsing it tells."""
    return any(
        found[0] != "*" or not text[max(0, found.start() - _BEFORE) : found.start()].rstrip().lower().endswith(_STARRED)
        for found in _SIGN.finditer(text)
    )


def with_own_ends(query: Query) -> Query | None:
    """The query with the solution of length zero beside each path that begins or ends at a term; None without such.

    It means the same for any graph. Left alone is what ``without_lone_paths`` leaves alone, and a path whose other end
    stands in another pattern of the same basic graph pattern, one that is an edge: the term is in the graph then, or
    no solution.
    """
    if all(not _outstanding(triples) for triples in _patterns(query.select)):
        return None
    return written(replace(query, select=_select(query.select, _with_own_ends)))


def _outstanding(triples: Sequence[TriplePattern]) -> list[tuple[TriplePattern, Term]]:
    ends = ((triple, _lone_end(triple)) for triple in triples)
    lone = [(triple, term) for triple, term in ends if term is not None]
    edges = {end for t in triples if not _may_be_empty(t.predicate) for end in (t.subject, t.object)}
    return [
        (t, term) for t, term in lone if not any(isinstance(e, Variable) and e in edges for e in (t.subject, t.object))
    ]


def _with_own_ends(pattern: BasicGraphPattern) -> tuple[Element, ...]:
    outstanding = _outstanding(pattern.triples)
    if not outstanding:
        return (pattern,)
    kept = tuple(triple for triple in pattern.triples if all(triple is not one for one, _ in outstanding))
    return ((BasicGraphPattern(kept),) if kept else ()) + tuple(
        Union((_longer(triple, end, term), Group((InlineData((end.name,), ((term,),)),))))
        for triple, term in outstanding
        for end in (triple.subject, triple.object)
        if isinstance(end, Variable)
    )


def _longer(triple: TriplePattern, end: Variable, term: Term) -> Group:
    """What the path leads to but where it begins."""
    return Group((BasicGraphPattern((triple,)),), (Call("unary !", (Call("SAMETERM", (end, term)),)),))


def without_lone_paths(query: Query, is_node: Callable[[Term], bool]) -> Query | None:
    """The query with the solutions of such paths in their place; None when there are none.

    ``is_node``: whether a term may be in the default graph. Patterns within GRAPH, EXISTS and SERVICE are left alone,
    and so are paths that are parts of longer ones, or end in a blank node.
    """
    ends = (_lone_end(triple) for triples in _patterns(query.select) for triple in triples)
    if all(term is None or is_node(term) for term in ends):
        return None

    def change(pattern: BasicGraphPattern) -> tuple[Element, ...]:
        found = [(triple, _lone_end(triple)) for triple in pattern.triples]
        lone = [(triple, term) for triple, term in found if term is not None and not is_node(term)]
        if not lone:
            return (pattern,)
        kept = tuple(triple for triple in pattern.triples if all(triple is not one for one, _ in lone))
        solutions = tuple(
            InlineData((end.name,), ((term,),))
            for triple, term in lone
            for end in (triple.subject, triple.object)
            if isinstance(end, Variable)
        )
        return ((BasicGraphPattern(kept),) if kept else ()) + solutions

    return written(replace(query, select=_select(query.select, change)))


def _patterns(select: Select) -> Iterator[Sequence[TriplePattern]]:
    """The basic graph patterns that are looked at."""
    waiting: list[Element] = [select.pattern]
    while waiting:
        match waiting.pop():
            case BasicGraphPattern(triples):
                yield triples
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


def _select(select: Select, change: _Change) -> Select:
    return replace(select, pattern=_group(select.pattern, change))


def _group(group: Group, change: _Change) -> Group:
    elements = tuple(new for element in group.elements for new in _element(element, change))
    return Group(elements, group.filters)


def _element(element: Element, change: _Change) -> tuple[Element, ...]:
    match element:
        case BasicGraphPattern():
            return change(element)
        case Group():
            return (_group(element, change),)
        case Optional(pattern) | Minus(pattern):
            return (replace(element, pattern=_group(pattern, change)),)
        case Union(arms):
            return (Union(tuple(_group(arm, change) for arm in arms)),)
        case SubSelect(select):
            return (SubSelect(_select(select, change)),)
        case _:
            return (element,)
