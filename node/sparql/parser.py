"""From SPARQL 1.1 query text to the algebra, and what a query's text says about the graphs it may see.

A hand-written parser instead of rdflib's grammar: that one takes 10 ms and more for any query, 1.3 s for 5,000 values,
and ends in a RecursionError at 100 triple patterns or 40 braces (rdflib 7.6). The tests compare the two. What this
parser lets through although section 19 forbids it (a variable assigned twice, a projection that is not grouped) the
evaluator refuses.
"""

from __future__ import annotations

import re
from dataclasses import replace

from node.errors import Unsupported
from node.rdf.dataset import GraphScope
from node.sparql.algebra import (
    BasicGraphPattern,
    DatasetClause,
    Expression,
    Form,
    Group,
    GroupKey,
    InlineData,
    Projection,
    Query,
    Select,
    TriplePattern,
    Variable,
    VarOrTerm,
)
from node.sparql.cursor import Cursor
from node.sparql.patterns import PatternParser
from node.sparql.terms import iri_term
from node.sparql.tokens import unescape_codepoints

# A text without these cannot name a graph or a service, whatever it means.
_NEEDS_READING = re.compile(r"service|from|graph|\\u", re.IGNORECASE)


def parse_query(text: str, base: str | None = None) -> Query:
    """The query that this text is. Prefixes are expanded, relative IRIs resolved against ``BASE`` or ``base``.

    Raises QuerySyntaxError with line and column; also for a text that is longer than ``tokens.MAX_TEXT`` or nests
    deeper than ``cursor.MAX_DEPTH``. An update is a syntax error here.
    """
    return _QueryParser(unescape_codepoints(text), base).query()


def scope_within(text: str, scope: GraphScope, base: str | None = None) -> GraphScope:
    """The part of ``scope`` that this query is about.

    A text that cannot contain ``GRAPH``, ``FROM`` or ``SERVICE`` is not parsed: it gets the default graphs alone. With
    ``FROM`` the default graph is the graphs named there as far as they are in ``scope.named``, and those of ``FROM
    NAMED`` can be named (section 13.2); a graph that the caller may not see contributes nothing, as one that does not
    exist. The engine concatenates several ``FROM`` graphs instead of merging them: a triple in two of them is there
    twice. Relative IRIs are resolved against ``base``. Raises Unsupported for ``SERVICE``, QuerySyntaxError.
    """
    if not _NEEDS_READING.search(text):
        return replace(scope, named=())
    query = parse_query(text, base)
    if query.services:
        raise no_service()
    if query.dataset is None:
        return scope
    visible = set(scope.named)
    return GraphScope(
        default=tuple(g for g in dict.fromkeys(query.dataset.default) if g in visible),
        named=tuple(g for g in dict.fromkeys(query.dataset.named) if g in visible),
    )


def no_service() -> Unsupported:
    """The error for a query with ``SERVICE``."""
    return Unsupported(
        "SERVICE is not answered here.",
        remedy="Ask /federation/sparql without SERVICE: it answers over all members as if they were one store.",
    )


class _QueryParser:
    def __init__(self, text: str, base: str | None) -> None:
        self._text = text
        self._base = base
        self._cursor = Cursor(text, base)
        self._patterns = PatternParser(self._cursor, self._sub_select)

    def query(self) -> Query:
        cursor = self._cursor
        cursor.prologue()
        form = next((f for f in Form if cursor.at(f)), None)
        if form is None:
            raise cursor.unexpected("SELECT, ASK, CONSTRUCT or DESCRIBE")
        start = cursor.token.start
        template: tuple[TriplePattern, ...] = ()
        described: tuple[VarOrTerm, ...] = ()
        all_described = False
        span = (0, 0)
        projected = Select(Group(()))
        if form is Form.SELECT:
            projected = self._select_clause()
        else:
            cursor.advance()
        short = form is Form.CONSTRUCT and not cursor.at("{")
        if form is Form.CONSTRUCT and not short:
            template = self._patterns.template()
        elif form is Form.DESCRIBE:
            described, all_described = self._described()
            span = (start, cursor.last_end)
        dataset = self._dataset_clause()
        if short:
            cursor.expect("WHERE")
            template = self._patterns.template()
            pattern = Group((BasicGraphPattern(template),)) if template else Group(())
        elif form is Form.DESCRIBE and not cursor.at("WHERE", "{"):
            pattern = Group(())
        else:
            cursor.take("WHERE")
            pattern = self._patterns.group()
        select = self._modifiers(replace(projected, pattern=pattern))
        if cursor.take("VALUES"):
            select = replace(select, values=self._patterns.inline_data())
        if cursor.token.kind != "end":
            raise cursor.unexpected("the end of the query")
        return Query(
            form=form,
            select=select,
            text=self._text,
            template=template,
            described=described,
            described_all=all_described,
            described_span=span,
            dataset=dataset,
            services=self._patterns.services,
            base=self._base if cursor.needs_base else None,
        )

    def _sub_select(self) -> Select:
        select = self._select_clause()
        self._cursor.take("WHERE")
        select = self._modifiers(replace(select, pattern=self._patterns.group()))
        values: InlineData | None = None
        if self._cursor.take("VALUES"):
            values = self._patterns.inline_data()
        return replace(select, values=values)

    def _select_clause(self) -> Select:
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
        cursor.expect("(")
        with cursor.nested():
            expression = self._patterns.expressions.expression()
        name: str | None = None
        if required or cursor.at("AS"):
            cursor.expect("AS")
            name = cursor.variable()
        cursor.expect(")")
        return expression, name

    def _described(self) -> tuple[tuple[VarOrTerm, ...], bool]:
        cursor = self._cursor
        if cursor.take("*"):
            return (), True
        named: list[VarOrTerm] = []
        while cursor.token.kind == "variable" or cursor.at_iri():
            named.append(Variable(cursor.variable()) if cursor.token.kind == "variable" else iri_term(cursor.iri()))
        if not named:
            raise cursor.unexpected("'*', a variable or an IRI")
        return tuple(named), False

    def _dataset_clause(self) -> DatasetClause | None:
        cursor = self._cursor
        default: list[str] = []
        named: list[str] = []
        spans: list[tuple[int, int]] = []
        while cursor.at("FROM"):
            start = cursor.advance().start
            into = named if cursor.take("NAMED") else default
            into.append(cursor.iri())
            spans.append((start, cursor.last_end))
        return DatasetClause(tuple(default), tuple(named), tuple(spans)) if spans else None

    def _modifiers(self, select: Select) -> Select:
        cursor = self._cursor
        expressions = self._patterns.expressions
        group: list[GroupKey] = []
        having: list[Expression] = []
        order: list[Expression] = []
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
        )

    def _group_key(self) -> GroupKey | None:
        cursor = self._cursor
        if cursor.token.kind == "variable":
            name = cursor.variable()
            return GroupKey(Variable(name), name)
        if cursor.at("("):
            return GroupKey(*self._named_expression(required=False))
        if self._patterns.expressions.at_constraint():
            return GroupKey(self._patterns.expressions.constraint())
        return None

    def _order_condition(self) -> Expression | None:
        cursor = self._cursor
        if cursor.take("ASC", "DESC"):
            if not cursor.at("("):
                raise cursor.unexpected("'('")
            return self._patterns.expressions.constraint()
        if cursor.token.kind == "variable":
            return Variable(cursor.variable())
        if self._patterns.expressions.at_constraint():
            return self._patterns.expressions.constraint()
        return None
