"""The same query with other expressions and other elements. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from node.sparql.algebra import (
    Aggregate,
    Bind,
    Call,
    Element,
    Exists,
    Expression,
    Graph,
    Group,
    Minus,
    Optional,
    Projection,
    Select,
    SubSelect,
    Union,
)

Change: TypeAlias = Callable[[Expression], Expression]
ElementChange: TypeAlias = Callable[[Element], Element]


def _same_expression(expression: Expression) -> Expression:
    return expression


def _same_element(element: Element) -> Element:
    return element


@dataclass(frozen=True)
class Rewriting:
    """Changes each expression and each element, from the leaves up, but nothing of what a service is asked."""

    expressions: Change = _same_expression
    elements: ElementChange = _same_element

    def select(self, select: Select) -> Select:
        """Every expression changed, those of patterns and sub-selects too."""
        return replace(
            select,
            pattern=self.group(select.pattern),
            projection=None if select.projection is None else tuple(map(self._column, select.projection)),
            group=tuple(replace(key, expression=self.expression(key.expression)) for key in select.group),
            having=tuple(self.expression(condition) for condition in select.having),
            order=tuple(replace(o, expression=self.expression(o.expression)) for o in select.order),
        )

    def _column(self, column: Projection) -> Projection:
        return column if column.expression is None else replace(column, expression=self.expression(column.expression))

    def group(self, group: Group) -> Group:
        """The elements and filters of a group, and what is in them."""
        return Group(tuple(map(self.element, group.elements)), tuple(map(self.expression, group.filters)))

    def element(self, element: Element) -> Element:
        """One element, after what is in it."""
        match element:
            case Group():
                element = self.group(element)
            case Optional() | Minus() | Graph():
                element = replace(element, pattern=self.group(element.pattern))
            case Union(arms):
                element = Union(tuple(map(self.group, arms)))
            case Bind(expression):
                element = replace(element, expression=self.expression(expression))
            case SubSelect(select):
                element = SubSelect(self.select(select))
        return self.elements(element)

    def expression(self, expression: Expression) -> Expression:
        """One expression. Chains of operators are long on the left only, and followed there without recursion."""
        calls: list[Call] = []
        while isinstance(expression, Call) and expression.arguments:
            calls.append(expression)
            expression = expression.arguments[0]
        match expression:
            case Exists(pattern):
                expression = replace(expression, pattern=self.group(pattern))
            case Aggregate(_, argument) if argument is not None:
                expression = replace(expression, argument=self.expression(argument))
        expression = self.expressions(expression)
        for call in reversed(calls):
            others = (self.expression(argument) for argument in call.arguments[1:])
            expression = self.expressions(Call(call.name, (expression, *others)))
        return expression
