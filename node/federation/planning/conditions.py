"""Conditions of filters that may be evaluated somewhere else than in their group. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from node.sparql.algebra import Call, Expression, Variable, sub_expressions
from node.sparql.terms import Term

#: What gives the same for the same terms wherever an engine like ours evaluates it.
_FIXED = frozenset(
    (
        *("&&", "||", "=", "!=", "<", ">", "<=", ">=", "IN", "NOT IN", "+", "-", "*", "/", "unary !", "unary -"),
        *("STR", "LANG", "DATATYPE", "STRLEN", "UCASE", "LCASE", "ABS", "CEIL", "FLOOR", "ROUND", "SUBSTR", "CONCAT"),
        *("YEAR", "MONTH", "DAY", "LANGMATCHES", "CONTAINS", "STRSTARTS", "STRENDS", "STRBEFORE", "STRAFTER"),
        *("SAMETERM", "REGEX", "REPLACE", "IF", "COALESCE", "ISIRI", "ISURI", "ISBLANK", "ISLITERAL", "ISNUMERIC"),
    )
)


def movable(condition: Expression, certain: Collection[str], name: Callable[[str], str]) -> Iterator[Expression]:
    """The parts of a conjunction that are about certain variables alone; ``name`` renames variables."""
    if isinstance(condition, Call) and condition.name == "&&":
        for part in condition.arguments:
            yield from movable(part, certain, name)
        return
    parts = list(sub_expressions(condition))
    if not all(isinstance(p, Variable | Term) or (isinstance(p, Call) and p.name in _FIXED) for p in parts):
        return
    renamed = rename(condition, name)
    if {p.name for p in sub_expressions(renamed) if isinstance(p, Variable)} <= set(certain):
        yield renamed


def variables(condition: Expression) -> frozenset[str]:
    """The variables of an expression."""
    return frozenset(p.name for p in sub_expressions(condition) if isinstance(p, Variable))


def rename(expression: Expression, name: Callable[[str], str]) -> Expression:
    """The expression with its variables renamed. It must hold no pattern and no aggregate."""
    match expression:
        case Variable(old):
            return Variable(name(old))
        case Call(function, arguments):
            return Call(function, tuple(rename(a, name) for a in arguments))
        case _:
            return expression
