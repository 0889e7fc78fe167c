"""From SPARQL 1.1 query text to the algebra, and what a query's text says about the graphs it may see.

A hand-written parser instead of rdflib's grammar: that one takes 10 ms and more for any query, 1.3 s for 5,000 values,
and ends in a RecursionError at 100 triple patterns or 40 braces (rdflib 7.6). The tests compare the two. What this
parser lets through although section 19 forbids it (a variable assigned twice, a projection that is not grouped) the
evaluator refuses.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace

from node.errors import Unsupported
from node.sparql.algebra import (
    BasicGraphPattern,
    DatasetClause,
    Form,
    Group,
    Query,
    Select,
    TriplePattern,
    Variable,
    VarOrTerm,
)
from node.sparql.cursor import MAX_DEPTH, MAX_STEPS, Cursor, beyond_the_stack
from node.sparql.selects import SelectParser
from node.sparql.terms import iri_term
from node.sparql.tokens import unescape_codepoints

#: Reading takes about 1.5 µs a character, in which nothing else in this process runs but by turns. Of several long
#: texts one is read at a time, so that short ones wait for one turn and not for many.
_LONG_CHARACTERS = 20_000
_LONG_TEXTS = threading.Lock()


def parse_query(
    text: str, base: str | None = None, *, depth: int = MAX_DEPTH, prefixes: Mapping[str, str] | None = None
) -> Query:
    """The query that this text is. Prefixes are expanded, relative IRIs resolved against ``BASE`` or ``base``.

    ``prefixes`` are those that the text need not declare; what it needs of them does not stand in ``Query.text``.

    Raises QuerySyntaxError with line and column, also for a text that is longer than ``tokens.MAX_TEXT``, and
    QueryTooDeep for one whose braces, brackets and parentheses nest deeper than ``depth``, or where more than
    ``cursor.MAX_STEPS`` patterns and operators follow one another. An update is a syntax error.
    """
    try:
        with _LONG_TEXTS if len(text) > _LONG_CHARACTERS else nullcontext():
            return _QueryParser(unescape_codepoints(text), base, depth, prefixes or {}).query()
    except RecursionError as error:  # where ``depth`` allows more than the interpreter does
        raise beyond_the_stack() from error


def may_nest_deeper(text: str, depth: int) -> bool:
    """Whether a text might nest deeper than ``depth``, or join more than the engine bears; only parsing it tells.

    Counts what opens wherever it stands. What is a string or an IRI cannot be told apart from code without the grammar
    (``?a<'>'``), and who wants to end a worker would write just that.
    """
    return len(text) > MAX_STEPS or sum(map(text.count, "{([")) > depth


def no_service() -> Unsupported:
    """The error for a query with ``SERVICE``."""
    return Unsupported(
        "SERVICE is not answered here.",
        remedy="Ask /federation/sparql without SERVICE: it answers over all members as if they were one store.",
    )


class _QueryParser:
    def __init__(self, text: str, base: str | None, depth: int, prefixes: Mapping[str, str]) -> None:
        self._text = text
        self._base = base
        self._cursor = Cursor(text, base, depth, prefixes)
        self._selects = SelectParser(self._cursor)

    def query(self) -> Query:
        cursor = self._cursor
        patterns = self._selects.patterns
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
            projected = self._selects.select_clause()
        else:
            cursor.advance()
        short = form is Form.CONSTRUCT and not cursor.at("{")
        if form is Form.CONSTRUCT and not short:
            template = patterns.template()
        elif form is Form.DESCRIBE:
            described, all_described = self._described()
            span = (start, cursor.last_end)
        dataset = self._dataset_clause()
        if short:
            cursor.expect("WHERE")
            template = patterns.template()
            pattern = Group((BasicGraphPattern(template),)) if template else Group(())
        elif form is Form.DESCRIBE and not cursor.at("WHERE", "{"):
            pattern = Group(())
        else:
            cursor.take("WHERE")
            pattern = patterns.group()
        select = self._selects.modifiers(replace(projected, pattern=pattern))
        if cursor.token.kind != "end":
            raise cursor.unexpected("the end of the text")
        return Query(
            form=form,
            select=select,
            text=self._text,
            template=template,
            described=described,
            described_all=all_described,
            described_span=span,
            dataset=dataset,
            services=patterns.services,
            base=self._base if cursor.needs_base else None,
        )

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
