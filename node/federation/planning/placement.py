"""Where the ``SERVICE`` elements of a query stand, what may narrow them there, and how others take their place. Pure.

Which values may be sent along
------------------------------
Let S be the solutions of a ``SERVICE``. A value restriction on ?x is harmless when a solution of S with another value
of ?x can have no part in the answer. Two facts decide it; both need ?x to be bound in every solution of S:

1. *Joined.* In a group, every solution is made of one solution of each joined element, whatever ``OPTIONAL``,
   ``MINUS``, ``BIND`` and ``FILTER`` stand between. So the elements joined with S narrow it, before and after it, in
   its own group and in those around it, through the arms of a ``UNION``, a ``GRAPH`` and nested groups.
2. *Compared.* In the right side of ``OPTIONAL`` and ``MINUS``, and in ``EXISTS``, S is compared with solutions of the
   left side. A value narrows it only if ?x is bound in each of those (``certain``): otherwise a solution of the left
   side could do without S, and would do so falsely. What is joined with the whole counts through such variables only.

A sub-select starts afresh. Values are found by evaluating the elements around (``Context.elements``), some of which may
be left out: more values than there are do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from node.federation.planning.variables import certain, in_scope, is_plain, triple_variables, used
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
    OrderCondition,
    Projection,
    Query,
    Select,
    Service,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
    exists_within,
)
from node.sparql.terms import Term


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around a ``SERVICE``.

    ``elements`` are joined or compared with it, ``filters`` hold for them; ``narrowing`` are the variables by which
    they may narrow it. ``before`` and ``after`` are the variables of elements around that hold a ``SERVICE`` themselves
    and are not among ``elements`` for that. ``graph`` is the active graph. ``outside``: in ``EXISTS``, the variables
    that its pattern may use though they are bound outside.
    """

    elements: tuple[Element, ...] = ()
    filters: tuple[Expression, ...] = ()
    narrowing: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    graph: VarOrTerm | None = None
    outside: frozenset[str] = frozenset()


#: What to put in the place of a ``SERVICE``; itself to leave it.
Visit: TypeAlias = Callable[[Service, Context], Element]


def visit_services(query: Query, visit: Visit, *, hidden: tuple[Term, ...] = ()) -> Query:
    """The query with what ``visit`` gives for each ``SERVICE``, called in the order in which they are written.

    Those within another ``SERVICE`` are that one's business. ``hidden`` are graphs that ``GRAPH ?g`` shall not find.
    The query's ``text`` is left as it was.
    """
    return replace(query, select=_Walk(visit, hidden).select(query.select, Context()))


def nesting(service: Service) -> int:
    """How many services stand inside one another, itself counted."""
    inner: list[Service] = []

    def visit(found: Service, _: Context) -> Element:
        inner.append(found)
        return found

    _Walk(visit).group(service.pattern, Context())
    return 1 + max(map(nesting, inner), default=0)


class _Walk:
    def __init__(self, visit: Visit, hidden: tuple[Term, ...] = ()) -> None:
        self._visit = visit
        self._hidden = hidden
        # By identity: the query keeps them alive, and looking again at every level would take long.
        self._holding: dict[int, bool] = {}

    def select(self, select: Select, context: Context) -> Select:
        """A select: its pattern, then what its modifiers look at."""
        context = Context(graph=context.graph)
        pattern = self.group(select.pattern, context)
        # After grouping, solutions are no longer those of the pattern.
        after = context if select.aggregates else self._inside(pattern, context)
        projection = select.projection
        if projection is not None:
            projection = tuple(
                p if p.expression is None else Projection(p.variable, self.expression(p.expression, after))
                for p in projection
            )
        return replace(
            select,
            pattern=pattern,
            projection=projection,
            group=tuple(replace(k, expression=self.expression(k.expression, context)) for k in select.group),
            having=tuple(self.expression(h, context) for h in select.having),
            order=tuple(OrderCondition(self.expression(o.expression, after), o.descending) for o in select.order),
        )

    def group(self, group: Group, context: Context) -> Group:
        """A group, its elements in order, then its filters."""
        holding = [bool(self._hidden) or self._holds(element) for element in group.elements]
        if not any(holding) and not any(self._holds(f) for f in group.filters):
            return group
        made: list[Element] = []
        for at, element in enumerate(group.elements):
            if not holding[at]:
                made.append(element)
                continue
            before, after = group.elements[:at], group.elements[at + 1 :]
            if isinstance(element, Bind):
                made.append(self.element(element, self._inside(Group(before, group.filters), context)))
            elif isinstance(element, Optional | Minus):
                made.append(self.element(element, self._compared(before, group.filters, context, later=after)))
            else:
                made.append(self.element(element, self._joined(before, after, group.filters, context)))
        inside = self._inside(group, context)
        return Group(tuple(made), tuple(self.expression(f, inside) for f in group.filters))

    def element(self, element: Element, context: Context) -> Element:
        """One element; ``context`` is what stands around it."""
        match element:
            case Service():
                return self._visit(element, context)
            case Group():
                return self.group(element, context)
            case Optional(pattern):
                return Optional(self.group(pattern, context))
            case Minus(pattern):
                return Minus(self.group(pattern, context))
            case Union(arms):
                return Union(tuple(self.group(arm, context) for arm in arms))
            case Graph(name, pattern):
                made = Graph(name, self.group(pattern, replace(context, graph=name)))
                seen = (Call("NOT IN", (name, *self._hidden)),) if self._hidden and isinstance(name, Variable) else ()
                if made == element and not seen:
                    return element
                # Oxigraph 0.5 leaves ?g unbound in GRAPH ?g { VALUES … }, and does not ask whether the graph is there.
                return Group((Graph(name, Group(())), made), seen)
            case Bind(expression, variable):
                return Bind(self.expression(expression, context), variable)
            case SubSelect(select):
                return SubSelect(self.select(select, context))
            case BasicGraphPattern() | InlineData():
                return element

    def expression(self, expression: Expression, context: Context) -> Expression:
        """An expression, with the patterns of its ``EXISTS``."""
        match expression:
            case Exists(pattern, negated):
                return Exists(self.group(pattern, context), negated)
            case Call(name, arguments):
                return Call(name, tuple(self.expression(a, context) for a in arguments))
            case Aggregate(argument=argument) if argument is not None:
                return replace(expression, argument=self.expression(argument, context))
            case _:
                return expression

    def _joined(
        self, before: Sequence[Element], after: Sequence[Element], filters: Iterable[Expression], context: Context
    ) -> Context:
        beside = self._usable((*before, *after), context.graph)
        here = certain(beside)
        return replace(
            context,
            elements=(*context.elements, *_apart(beside)),
            filters=(*context.filters, *_simple(filters, here)),
            narrowing=context.narrowing | here,
            before=context.before | self._waiting(before),
            after=context.after | self._waiting(after),
        )

    def _compared(
        self,
        left: Sequence[Element],
        filters: Iterable[Expression],
        context: Context,
        *,
        later: Sequence[Element] = (),  # only to say what is still to come
    ) -> Context:
        joined = self._joined(left, (), filters, context)
        beside = self._usable(left, context.graph)
        here = certain(beside)
        # What is joined with the whole may only be felt through what is certain on the left.
        felt = here | (in_scope(beside).keys() - in_scope(context.elements).keys())
        elements, filters = joined.elements, joined.filters
        if not in_scope(elements).keys() <= felt:
            columns = tuple(Projection(v) for v in in_scope(elements) if v in felt)
            within = Select(Group(elements, filters), columns, distinct=True)
            elements, filters = ((SubSelect(within),) if columns else ()), ()
        return replace(
            joined,
            elements=elements,
            filters=filters,
            narrowing=frozenset(here),
            after=joined.after | self._waiting(later),
        )

    def _inside(self, group: Group, context: Context) -> Context:
        """What stands around the pattern of an ``EXISTS`` that is asked for every solution of a group."""
        outside = context.outside | in_scope(group.elements).keys()
        return replace(self._compared(group.elements, group.filters, context), outside=frozenset(outside))

    def _usable(self, elements: Iterable[Element], graph: VarOrTerm | None) -> list[Element]:
        """The joined elements that can be evaluated by themselves, triple by triple, each in its graph."""
        found: list[Element] = []
        for element in elements:
            if isinstance(element, Optional | Minus) or self._holds(element):
                continue
            if isinstance(element, Bind):
                if used(element.expression) <= certain(found) and is_plain(element.expression):
                    found.append(element)
                continue
            parts: list[Element] = [element]
            if isinstance(element, BasicGraphPattern):
                parts = [BasicGraphPattern((_without_blank(triple),)) for triple in element.triples]
            if graph is not None and not isinstance(element, InlineData | Graph):
                parts = [Graph(graph, Group((part,))) for part in parts]
            found += parts
        return found

    def _waiting(self, elements: Iterable[Element]) -> frozenset[str]:
        """The variables of joined elements that hold a ``SERVICE``."""
        holding = [e for e in elements if not isinstance(e, Optional | Minus | Bind) and self._holds(e)]
        return frozenset(in_scope(holding))

    def _holds(self, part: Element | Expression | Select) -> bool:
        """Whether a ``SERVICE`` stands anywhere in it."""
        known = self._holding.get(id(part))
        if known is None:
            known = self._holding[id(part)] = isinstance(part, Service) or any(map(self._holds, _parts(part)))
        return known


def _parts(part: Element | Expression | Select) -> Iterable[Element | Expression | Select]:
    match part:
        case Group(elements, filters):
            return (*elements, *filters)
        case Optional(pattern) | Minus(pattern) | Graph(_, pattern) | Exists(pattern):
            return (pattern,)
        case Union(arms):
            return arms
        case Bind(expression):
            return exists_within(expression)
        case SubSelect(select):
            return (select,)
        case Select():
            written = [p.expression for p in part.projection or () if p.expression is not None]
            others = (k.expression for k in part.group)
            return (part.pattern, *written, *others, *part.having, *(o.expression for o in part.order))
        case Call() | Aggregate():
            return exists_within(part)
        case _:
            return ()


def _apart(elements: list[Element]) -> list[Element]:
    """What ``BIND`` assigns may be bound elsewhere around: then its group stays one."""
    return [Group(tuple(elements))] if any(isinstance(e, Bind) for e in elements) else elements


def _simple(filters: Iterable[Expression], bound: set[str]) -> list[Expression]:
    """The filters that mean the same where only these variables are bound."""
    return [f for f in filters if is_plain(f) and used(f) <= bound]


def _without_blank(triple: TriplePattern) -> TriplePattern:
    """A label may stand in one basic graph pattern only, and this one is taken apart: its blank nodes as variables."""
    if not any(v.startswith("_:") for v in triple_variables(triple)):
        return triple
    subject, target = (_named(node) for node in (triple.subject, triple.object))
    return TriplePattern(subject, triple.predicate, target)


def _named(node: VarOrTerm) -> VarOrTerm:
    if isinstance(node, Variable) and node.name.startswith("_:"):
        return Variable("onconode_blank_" + "".join(c if c.isalnum() else f"_{ord(c):x}_" for c in node.name[2:]))
    return node
