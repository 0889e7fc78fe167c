"""``GRAPH ?g { … }`` as the graphs it stands for, where the engine does not tell them apart. Pure.

A pattern within ``GRAPH ?g`` is evaluated in each named graph by itself, and ``?g`` is bound to the graph's name after
that (SPARQL 1.1 Query, section 18.6). The engine takes ``?g`` for a variable of the pattern instead (oxigraph issue
1450; pull request 1758 mends it, unreleased for Python). For triple patterns that is the same. It is not where a
sub-select hides or counts it, where ``MINUS`` compares it, where nothing of the pattern is in the graph, or where the
pattern itself speaks of ``?g``. There the pattern is written down once for each graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from node.errors import QueryTooLarge
from node.sparql.algebra import (
    BasicGraphPattern,
    Bind,
    Element,
    Exists,
    Expression,
    Graph,
    Group,
    InlineData,
    Optional,
    Query,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
    sub_expressions,
)
from node.sparql.rewriting import Rewriting
from node.sparql.terms import iri_term
from node.sparql.writer import written

#: So many elements, triple patterns, rows and expressions are written down at most, those of patterns within one
#: another multiplied.
MOST = 20_000


class _Expansion:
    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._arms = 0
        self._size = 0
        self.found = False

    def __call__(self, element: Element) -> Element:
        """The element, or what stands for it."""
        if not isinstance(element, Graph) or not isinstance(element.name, Variable):
            return element
        variable = element.name.name
        if _is_told_apart(element.pattern, variable):
            return element
        self.found = True
        self._arms += len(self._names)
        # What was within is written down already, so that each level counts with all that is below it.
        self._size += len(self._names) * (1 + _size(element.pattern))
        if self._size > MOST:
            raise QueryTooLarge(
                f"the query would have to be evaluated in each of {len(self._names):,} graphs by itself.",
                remedy=f"Say which graphs are meant, with FROM NAMED or VALUES ?{variable} before GRAPH ?{variable}.",
            )
        arms = tuple(
            Group(
                (
                    Graph(iri_term(name), _with_labels(element.pattern, f"_{self._arms}_{number}")),
                    InlineData((variable,), ((iri_term(name),),)),
                )
            )
            for number, name in enumerate(self._names)
        )
        if not arms:
            return Group((InlineData((variable,), ()), element))
        return arms[0] if len(arms) == 1 else Union(arms)


def needs_graph_names(query: Query) -> bool:
    """Whether ``with_graph_names`` has anything to do, whatever graphs there are."""
    expansion = _Expansion(())
    Rewriting(elements=expansion).select(query.select)
    return expansion.found


def with_graph_names(query: Query, names: Sequence[str]) -> Query | None:
    """The query with its patterns written down for each of these graphs, all that there are; None if none has to be.

    Raises QueryTooLarge where that would be more than ``MOST``.
    """
    expansion = _Expansion(sorted(names))
    select = Rewriting(elements=expansion).select(query.select)
    return written(replace(query, select=select)) if expansion.found else None


def _is_told_apart(group: Group, graph: str) -> bool:
    """Whether every solution is of triples in the graph, and nothing but they can bind its name or look at it."""
    required = any(map(_is_in_graph, group.elements))
    return required and all(_is_harmless(e, graph) for e in group.elements) and _do_not_look(group.filters, graph)


def _is_in_graph(element: Element) -> bool:
    match element:
        case BasicGraphPattern(triples):
            return bool(triples)
        case Group(elements):
            return any(map(_is_in_graph, elements))
        case Union(arms):
            return all(map(_is_in_graph, arms))
        case _:
            return False


def _is_harmless(element: Element, graph: str) -> bool:
    match element:
        case BasicGraphPattern():
            return True
        case Group(elements, filters):
            return all(_is_harmless(e, graph) for e in elements) and _do_not_look(filters, graph)
        case Union(arms):
            return all(_is_told_apart(arm, graph) for arm in arms)
        case Optional(pattern):
            return _is_told_apart(pattern, graph) and not speaks_of(pattern, graph)
        case Bind(expression, variable):
            return variable != graph and _do_not_look((expression,), graph)
        case InlineData(variables):
            return graph not in variables
        case Graph(name, pattern):
            # Within it another graph is meant; only the name of this one must not be met there.
            return name != Variable(graph) and isinstance(name, Variable) and not speaks_of(pattern, graph)
        case _:
            return False


def _do_not_look(expressions: Sequence[Expression], graph: str) -> bool:
    for expression in expressions:
        for inner in sub_expressions(expression):
            if inner == Variable(graph):
                return False
            if not isinstance(inner, Exists):
                continue
            if not _is_told_apart(inner.pattern, graph) or speaks_of(inner.pattern, graph):
                return False
    return True


def speaks_of(group: Group, graph: str) -> bool:
    """Whether a variable of this name stands anywhere in a group."""
    found = False

    def look(element: Element) -> Element:
        nonlocal found
        match element:
            case BasicGraphPattern(triples):
                found = found or any(Variable(graph) in (t.subject, t.predicate, t.object) for t in triples)
            case Graph(name):
                found = found or name == Variable(graph)
            case Bind(_, variable):
                found = found or variable == graph
            case InlineData(variables):
                found = found or graph in variables
        return element

    def read(expression: Expression) -> Expression:
        nonlocal found
        found = found or expression == Variable(graph)
        return expression

    Rewriting(read, look).group(group)
    return found


def _size(group: Group) -> int:
    """How much is in a group: elements, triple patterns, rows of values, and expressions."""
    size = 0

    def look(element: Element) -> Element:
        nonlocal size
        size += 1
        match element:
            case BasicGraphPattern(triples):
                size += len(triples)
            case InlineData(_, rows):
                size += len(rows)
        return element

    def read(expression: Expression) -> Expression:
        nonlocal size
        size += 1
        return expression

    Rewriting(read, look).group(group)
    return size


def _with_labels(group: Group, suffix: str) -> Group:
    """The group with other labels of blank nodes: one label may not stand in two patterns."""

    def place(node: VarOrTerm) -> VarOrTerm:
        return Variable(node.name + suffix) if isinstance(node, Variable) and node.name.startswith("_:") else node

    def relabelled(element: Element) -> Element:
        if not isinstance(element, BasicGraphPattern):
            return element
        return BasicGraphPattern(
            tuple(TriplePattern(place(t.subject), t.predicate, place(t.object)) for t in element.triples)
        )

    return Rewriting(elements=relabelled).group(group)
