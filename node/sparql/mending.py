"""Queries that the engine is known to answer wrongly, said in words that it answers rightly. Pure.

What is rewritten means the same to every store that keeps to SPARQL 1.1, so that the result may be sent anywhere.
Where that is not sure, a query is left as it is. Each rule goes when the engine no longer needs it: the tests of this
module show what it does without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from node.sparql.algebra import (
    Aggregate,
    Bind,
    Call,
    Expression,
    Form,
    Group,
    Optional,
    Query,
    Select,
    Variable,
    sub_expressions,
)
from node.sparql.rewriting import Rewriting
from node.sparql.words import mentions, unused
from node.sparql.writer import write_query, written

# White space and comments may stand before the parenthesis; a "\u" escape may spell anything (section 19.2).
_SUSPECT = re.compile(r"(?:GROUP_CONCAT|BNODE)(?:\s++|#[^\n\r]*+)*+\(|\\u", re.IGNORECASE)

_SUSPECT_NAMES = ("group_concat", "bnode", "\\u")


def may_need_mending(text: str) -> bool:
    """Whether ``mended`` might have something to do for a query with this text; only parsing it tells."""
    return mentions(text, *_SUSPECT_NAMES) and _SUSPECT.search(text) is not None


def mended(query: Query) -> Query | None:
    """The query in words that the engine answers rightly, its text included; None when it needs none.

    - ``GROUP_CONCAT`` gives no language tag (section 18.5.1.7).
    - ``BNODE(text)`` gives another blank node in every solution, whatever the text (section 17.4.2.9). Mended in the
      outermost SELECT, CONSTRUCT or ASK when all of them stand where one variable of the solution can tell it from the
      others: in what is projected and ordered by without grouping, in filters of the outermost group, and in its last
      ``BIND`` elements. With ``SELECT *`` it is left alone, since that variable would show.
    """
    select = query.select
    tagged = _Count(_is_concatenation)
    Rewriting(tagged).select(select)
    if tagged.found:
        select = Rewriting(_without_tag).select(select)
    if query.form is not Form.DESCRIBE:
        shown = query.form is Form.SELECT and select.projection is None
        select = select if shown else _with_fresh_nodes(select, query)
    return None if select is query.select else written(replace(query, select=select))


# --- GROUP_CONCAT ---


def _is_concatenation(expression: Expression) -> bool:
    return isinstance(expression, Aggregate) and expression.name == "GROUP_CONCAT"


def _without_tag(expression: Expression) -> Expression:
    """The engine keeps the tag that all literals share; oxigraph pull request 1717 mends it, unreleased for Python."""
    return Call("STR", (expression,)) if _is_concatenation(expression) else expression


# --- BNODE ---


def _makes_node(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.name == "BNODE" and len(expression.arguments) == 1


def _uses(expressions: Iterable[Expression]) -> int:
    return sum(_makes_node(inner) for expression in expressions for inner in sub_expressions(expression))


def _with_fresh_nodes(select: Select, query: Query) -> Select:
    """The same object when there is nothing to mend, or no sure way.

    The engine takes the text for the label, so that solutions share a node that should differ, and one that stands in
    the data may have it too; for a text that is no label there is none.
    """
    pattern = select.pattern
    columns = [p.expression for p in select.projection or () if p.expression is not None]
    at_end = _uses((*columns, *(o.expression for o in select.order)))
    in_filters = _uses(pattern.filters)
    binds = [i for i, e in enumerate(pattern.elements) if isinstance(e, Bind) and _uses((e.expression,))]
    counted = at_end + in_filters + sum(_uses((e.expression,)) for e in pattern.elements if isinstance(e, Bind))
    everywhere = _Count(_makes_node)
    Rewriting(everywhere).select(select)
    if not counted or counted != everywhere.found or (at_end and select.aggregates):
        return select
    at = min(binds, default=len(pattern.elements))
    after = pattern.elements[at:]
    if any(not isinstance(e, Bind | Optional) for e in after):
        return select  # what is joined later would be told apart too, or nothing of it
    optional = next((i for i, e in enumerate(after, at) if isinstance(e, Optional)), None)
    if optional is not None and (at_end or in_filters or binds[-1] > optional):
        return select  # OPTIONAL makes several solutions of one: what comes later needs another mark
    if select.values is not None and at_end:
        return select  # as does VALUES at the end
    mark = unused("solution", write_query(query))

    def change(expression: Expression) -> Expression:
        if not _makes_node(expression):
            return expression
        assert isinstance(expression, Call)
        # SHA1 takes what BNODE takes, a string without a tag, and makes a label of every text.
        digest = Call("SHA1", expression.arguments)
        return Call("BNODE", (Call("SHA1", (Call("CONCAT", (Variable(mark), digest)),)),))

    rewriting = Rewriting(change)
    marking = Bind(Call("STRUUID", ()), mark)
    elements = (
        *pattern.elements[:at],
        marking,
        *(replace(e, expression=rewriting.expression(e.expression)) if isinstance(e, Bind) else e for e in after),
    )
    changed = rewriting.select(replace(select, pattern=Group(())))
    filters = tuple(map(rewriting.expression, pattern.filters))
    return replace(changed, pattern=Group(elements, filters))


class _Count:
    """A change that changes nothing and counts expressions of a kind."""

    def __init__(self, kind: Callable[[Expression], bool]) -> None:
        self._kind = kind
        self.found = 0

    def __call__(self, expression: Expression) -> Expression:
        self.found += self._kind(expression)
        return expression
