"""The grammar of SELECT and its solution modifiers (SPARQL 1.1 Query, rules 8, 9 and 18 to 28)."""

from __future__ import annotations

from dataclasses import replace

from node.sparql.algebra import (
    Expression,
    Group,
    GroupKey,
    OrderCondition,
    Projection,
    Select,
    Variable,
)
from node.sparql.cursor import Cursor
from node.sparql.patterns import PatternParser


class SelectParser:
    """Reads what stands around a pattern; ``patterns`` reads the pattern itself."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self.patterns = PatternParser(cursor, self.sub_select)

    def sub_select(self) -> Select:
        """A SELECT within a group."""
        select = self.select_clause()
        self._cursor.take("WHERE")
        return self.modifiers(replace(select, pattern=self.patterns.group()))

    def select_clause(self) -> Select:
        """``SELECT`` and its columns; the pattern is still empty."""
        cursor = self._cursor
        cursor.expect("SELECT")
        distinct = cursor.take("DISTINCT")
        reduced = not distinct and cursor.take("REDUCED")
        if cursor.take("*"):
            return Select(Group(()), None, distinct, reduced)
        columns: list[Projection] = []
        while True:
            if cursor.token.kind == "variable":
                columns.append(Projection(cursor.variable()))
            elif cursor.at("("):
                expression, name = self._named_expression(required=True)
                assert name is not None
                columns.append(Projection(name, expression))
            else:
                break
        if not columns:
            raise cursor.unexpected("'*' or a variable")
        return Select(Group(()), tuple(columns), distinct, reduced)

    def _named_expression(self, *, required: bool) -> tuple[Expression, str | None]:
        cursor = self._cursor
        cursor.step()
        cursor.expect("(")
        with cursor.nested():
            expression = self.patterns.expressions.expression()
        name: str | None = None
        if required or cursor.at("AS"):
            cursor.expect("AS")
            name = cursor.variable()
        cursor.expect(")")
        return expression, name

    def modifiers(self, select: Select) -> Select:
        """The select with the solution modifiers, and the ``VALUES``, that stand after its pattern."""
        cursor = self._cursor
        expressions = self.patterns.expressions
        group: list[GroupKey] = []
        having: list[Expression] = []
        order: list[OrderCondition] = []
        if cursor.take("GROUP"):
            cursor.expect("BY")
            while (key := self._group_key()) is not None:
                group.append(key)
            if not group:
                raise cursor.unexpected("a variable or an expression to group by")
        if cursor.take("HAVING"):
            having.append(expressions.constraint())
            while expressions.at_constraint():
                having.append(expressions.constraint())
        if cursor.take("ORDER"):
            cursor.expect("BY")
            while (condition := self._order_condition()) is not None:
                order.append(condition)
            if not order:
                raise cursor.unexpected("a variable or an expression to order by")
        limits: dict[str, int] = {}
        while cursor.at("LIMIT", "OFFSET"):
            word = cursor.token.text.upper()
            if word in limits:
                raise cursor.error(f"{word} stands twice")
            cursor.advance()
            if cursor.token.kind != "integer":
                raise cursor.unexpected("a whole number")
            limits[word] = int(cursor.advance().text)
        return replace(
            select,
            group=tuple(group),
            having=tuple(having),
            order=tuple(order),
            limit=limits.get("LIMIT"),
            offset=limits.get("OFFSET"),
            values=self.patterns.inline_data() if cursor.take("VALUES") else None,
        )

    def _group_key(self) -> GroupKey | None:
        cursor = self._cursor
        if cursor.token.kind == "variable":
            name = cursor.variable()
            return GroupKey(Variable(name), name)
        if cursor.at("("):
            return GroupKey(*self._named_expression(required=False))
        if self.patterns.expressions.at_constraint():
            return GroupKey(self.patterns.expressions.constraint())
        return None

    def _order_condition(self) -> OrderCondition | None:
        cursor = self._cursor
        if cursor.at("ASC", "DESC"):
            descending = cursor.advance().text.upper() == "DESC"
            if not cursor.at("("):
                raise cursor.unexpected("'('")
            return OrderCondition(self.patterns.expressions.constraint(), descending)
        if cursor.token.kind == "variable":
            return OrderCondition(Variable(cursor.variable()))
        if self.patterns.expressions.at_constraint():
            return OrderCondition(self.patterns.expressions.constraint())
        return None
