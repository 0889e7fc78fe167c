"""From the algebra back to SPARQL 1.1 text that parses to the same algebra.

IRIs are written in full, so that the text needs no prologue. Parentheses stand only where the grammar needs them: the
text nests no deeper than one from which the algebra came, and chains of operators are written without recursion, as
they are read. Blank nodes keep their labels, which means the same as long as the patterns stay where they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from node.sparql.algebra import (
    Aggregate,
    AlternativePath,
    BasicGraphPattern,
    Bind,
    Call,
    DatasetClause,
    Element,
    Exists,
    Expression,
    Form,
    Graph,
    Group,
    GroupKey,
    InlineData,
    InversePath,
    Link,
    Minus,
    NegatedPropertySet,
    Optional,
    OrderCondition,
    Path,
    Projection,
    Query,
    RepeatedPath,
    Select,
    SequencePath,
    Service,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
)
from node.sparql.expressions import COMPARISON, LEVELS
from node.sparql.terms import Term, literal_term

_UNARY = max(LEVELS.values()) + 1  # a sign before an operand


def write_query(query: Query) -> str:
    """The query as text, with its ``FROM`` clauses; the short forms of CONSTRUCT and DESCRIBE in full."""
    match query.form:
        case Form.SELECT:
            head = _select_clause(query.select)
        case Form.CONSTRUCT:
            head = f"CONSTRUCT {{ {_triples(query.template)} }}"
        case Form.DESCRIBE:
            head = "DESCRIBE " + ("*" if query.described_all else _spaced(_node(d) for d in query.described))
        case Form.ASK:
            head = "ASK"
    dataset = query.dataset
    graphs = [f"FROM <{g}>" for g in dataset.default] + [f"FROM NAMED <{g}>" for g in dataset.named] if dataset else []
    return _spaced((head, *graphs, _where(query.select)))


def written(query: Query) -> Query:
    """The query with a text that means what its algebra means."""
    dataset = query.dataset
    text = write_query(replace(query, dataset=None))
    return replace(
        query,
        text=text,
        # Nothing of the clause is left in the text.
        dataset=None if dataset is None else DatasetClause(dataset.default, dataset.named, ()),
        described_span=(0, text.index(" WHERE ")) if query.form is Form.DESCRIBE else (0, 0),
        base=None,
    )


def write_select(select: Select) -> str:
    """A SELECT as text, without braces around it."""
    return f"{_select_clause(select)} {_where(select)}"


def around_pattern(select: Select) -> tuple[str, str]:
    """What stands before and after the pattern of a SELECT."""
    before, pattern = f"{_select_clause(select)} WHERE ", Group(())
    return before, _where(replace(select, pattern=pattern)).removeprefix(f"WHERE {write_group(pattern)}")


def write_group(group: Group) -> str:
    """``{ … }``."""
    parts = [_element(element) for element in group.elements]
    if len(parts) == 1 and not group.filters and isinstance(group.elements[0], SubSelect):
        return parts[0]
    return "{ " + _spaced((*parts, *(f"FILTER {_constraint(f)}" for f in group.filters))) + " }"


def write_data(data: InlineData) -> str:
    """``VALUES`` with its rows."""
    # There may be thousands: lists are quicker than generators.
    rows = ["(" + " ".join(["UNDEF" if cell is None else _term(cell) for cell in row]) + ")" for row in data.rows]
    return f"VALUES ({_spaced(f'?{name}' for name in data.variables)}) {{ {_spaced(rows)} }}"


def write_expression(expression: Expression, weakest: int = 1) -> str:
    """An expression as text, in parentheses if it binds less strongly than ``weakest`` (1: never)."""
    match expression:
        case Variable(name):
            return f"?{name}"
        case Term():
            return _term(expression)
        case Exists(pattern, negated):
            return ("NOT " if negated else "") + f"EXISTS {write_group(pattern)}"
        case Aggregate():
            return _aggregate(expression)
        case Call(name, arguments):
            if (level := _level(expression)) is not None:
                text = _unary(expression) if level == _UNARY else _chain(expression)
                return f"({text})" if level < weakest else text
            function = f"<{name}>" if ":" in name else name
            return f"{function}({', '.join(map(write_expression, arguments))})"


# --- around the pattern ---


def _select_clause(select: Select) -> str:
    words = ["SELECT"]
    words += ["DISTINCT"] if select.distinct else []
    words += ["REDUCED"] if select.reduced else []
    return _spaced((*words, *("*" if select.projection is None else map(_column, select.projection))))


def _where(select: Select) -> str:
    parts = [f"WHERE {write_group(select.pattern)}"]
    if select.group:
        parts += ("GROUP BY", *map(_key, select.group))
    if select.having:
        parts += ("HAVING", *map(_constraint, select.having))
    if select.order:
        parts += ("ORDER BY", *map(_order, select.order))
    if select.limit is not None:
        parts.append(f"LIMIT {select.limit}")
    if select.offset is not None:
        parts.append(f"OFFSET {select.offset}")
    if select.values is not None:
        parts.append(write_data(select.values))
    return _spaced(parts)


def _column(column: Projection) -> str:
    if column.expression is None:
        return f"?{column.variable}"
    return f"({write_expression(column.expression)} AS ?{column.variable})"


def _key(key: GroupKey) -> str:
    if isinstance(key.expression, Variable):
        if key.variable == key.expression.name:
            return f"?{key.variable}"
    elif key.variable is None:
        return _constraint(key.expression)
    name = f" AS ?{key.variable}" if key.variable is not None else ""
    return f"({write_expression(key.expression)}{name})"


def _order(condition: OrderCondition) -> str:
    if condition.descending:
        return f"DESC({write_expression(condition.expression)})"
    if isinstance(condition.expression, Variable):
        return write_expression(condition.expression)
    return _constraint(condition.expression)


def _constraint(expression: Expression) -> str:
    """As ``FILTER``, ``HAVING`` and ``ORDER BY`` take it: functions may go without parentheses around them."""
    text = write_expression(expression)
    bare = isinstance(expression, Exists | Aggregate) or (isinstance(expression, Call) and _level(expression) is None)
    return text if bare else f"({text})"


# --- patterns ---


def _element(element: Element) -> str:
    match element:
        case BasicGraphPattern(triples):
            return _triples(triples)
        case Group():
            return write_group(element)
        case Optional(pattern):
            return f"OPTIONAL {write_group(pattern)}"
        case Minus(pattern):
            return f"MINUS {write_group(pattern)}"
        case Union(arms):
            return " UNION ".join(map(write_group, arms))
        case Graph(name, pattern):
            return f"GRAPH {_node(name)} {write_group(pattern)}"
        case Service(name, pattern, silent):
            return f"SERVICE {'SILENT ' if silent else ''}{_node(name)} {write_group(pattern)}"
        case Bind(expression, variable):
            return f"BIND({write_expression(expression)} AS ?{variable})"
        case InlineData():
            return write_data(element)
        case SubSelect(select):
            return f"{{ {write_select(select)} }}"


def _triples(triples: Iterable[TriplePattern]) -> str:
    return _spaced(f"{_node(t.subject)} {_predicate(t.predicate)} {_node(t.object)} ." for t in triples)


def _node(node: VarOrTerm) -> str:
    if isinstance(node, Term):
        return _term(node)
    return node.name if node.name.startswith("_:") else f"?{node.name}"


def _term(term: Term) -> str:
    if term.kind == "bnode":
        raise ValueError(f"SPARQL has no way to write the blank node {term.n3}")
    return term.n3


def _predicate(predicate: VarOrTerm | Path) -> str:
    return _node(predicate) if isinstance(predicate, Variable | Term) else _path(predicate, 1)


def _path(path: Path, weakest: int) -> str:
    """A path, in parentheses if it binds less strongly than ``weakest``."""
    match path:
        case AlternativePath(parts):
            level, text = 1, "|".join(_path(part, 2) for part in parts)
        case SequencePath(parts):
            level, text = 2, "/".join(_path(part, 3) for part in parts)
        case InversePath(inner):
            level, text = 3, f"^{_path(inner, 4)}"
        case RepeatedPath(inner, minimum, many):
            level, text = 4, _path(inner, 5) + ("?" if not many else "*" if minimum == 0 else "+")
        case NegatedPropertySet(forward, inverse):
            level, text = 5, "!(" + "|".join([*(f"<{i}>" for i in forward), *(f"^<{i}>" for i in inverse)]) + ")"
        case Link(iri):
            level, text = 5, f"<{iri}>"
    return f"({text})" if level < weakest else text


# --- expressions ---


def _level(call: Call) -> int | None:
    """How strongly an operator binds; None for a function."""
    if call.name.startswith("unary "):
        return _UNARY
    return COMPARISON if call.name == "NOT IN" else LEVELS.get(call.name)


def _chain(call: Call) -> str:
    """Binary operators; those of the same strength are read from the left, so the tree is deep only there."""
    level = _level(call)
    assert level is not None
    parts: list[str] = []
    while True:
        left, *others = call.arguments
        parts.append(_right(call, level, others))
        # Comparisons are not chained: another one on the left stands in parentheses.
        left_level = _level(left) if isinstance(left, Call) else None
        if left_level is None or left_level == _UNARY or left_level < level or left_level == COMPARISON == level:
            parts.append(write_expression(left, level))
            if left_level == COMPARISON == level:
                parts[-1] = f"({parts[-1]})"
            return _spaced(reversed(parts))
        assert isinstance(left, Call)
        call, level = left, left_level


def _right(call: Call, level: int, others: list[Expression]) -> str:
    if level == COMPARISON and call.name.endswith("IN"):
        return f"{call.name} ({', '.join(map(write_expression, others))})"
    return f"{call.name} {write_expression(others[0], level + 1)}"


def _unary(call: Call) -> str:
    signs: list[str] = []
    inner: Expression = call
    while isinstance(inner, Call) and inner.name == "unary !":
        signs.append("!")
        (inner,) = inner.arguments
    if not signs:
        signs.append(call.name.removeprefix("unary "))
        (inner,) = call.arguments
    # One + or - at most, and none after another sign.
    return _spaced((*signs, write_expression(inner, _UNARY + 1)))


def _aggregate(aggregate: Aggregate) -> str:
    argument = "*" if aggregate.argument is None else write_expression(aggregate.argument)
    separator = "" if aggregate.separator is None else f"; SEPARATOR={literal_term(aggregate.separator).n3}"
    return f"{aggregate.name}({'DISTINCT ' if aggregate.distinct else ''}{argument}{separator})"


def _spaced(parts: Iterable[str]) -> str:
    return " ".join(parts)
