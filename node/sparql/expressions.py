"""The grammar of expressions (SPARQL 1.1 Query, rules 106 to 128)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.sparql.algebra import Aggregate, Call, Exists, Expression, Group, Variable
from node.sparql.cursor import Cursor
from node.sparql.terms import iri_term
from node.sparql.tokens import unquote

if TYPE_CHECKING:
    from collections.abc import Callable

_AGGREGATES = {"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"}
# Name to the least and the most number of arguments (None: any number).
_FUNCTIONS: dict[str, tuple[int, int | None]] = {
    **dict.fromkeys(("RAND", "NOW", "UUID", "STRUUID"), (0, 0)),
    **dict.fromkeys(
        (
            *("STR", "LANG", "DATATYPE", "IRI", "URI", "ABS", "CEIL", "FLOOR", "ROUND", "STRLEN", "UCASE", "LCASE"),
            *("ENCODE_FOR_URI", "YEAR", "MONTH", "DAY", "HOURS", "MINUTES", "SECONDS", "TIMEZONE", "TZ", "MD5"),
            *("SHA1", "SHA256", "SHA384", "SHA512", "ISIRI", "ISURI", "ISBLANK", "ISLITERAL", "ISNUMERIC", "BOUND"),
        ),
        (1, 1),
    ),
    **dict.fromkeys(
        ("LANGMATCHES", "CONTAINS", "STRSTARTS", "STRENDS", "STRBEFORE", "STRAFTER", "STRLANG", "STRDT", "SAMETERM"),
        (2, 2),
    ),
    "BNODE": (0, 1),
    "SUBSTR": (2, 3),
    "REGEX": (2, 3),
    "REPLACE": (3, 4),
    "IF": (3, 3),
    "COALESCE": (0, None),
    "CONCAT": (0, None),
}
#: How strongly comparisons bind.
COMPARISON = 3
_COMPARISONS = ("=", "!=", "<", ">", "<=", ">=", "IN", "NOT")
#: Binary operators by how strongly they bind.
LEVELS = {"||": 1, "&&": 2, **dict.fromkeys(_COMPARISONS, COMPARISON), "+": 4, "-": 4, "*": 5, "/": 5}


class ExpressionParser:
    """Reads expressions from a cursor; ``group`` reads the pattern of an ``EXISTS``."""

    def __init__(self, cursor: Cursor, group: Callable[[], Group]) -> None:
        self._cursor = cursor
        self._group = group

    def expression(self, weakest: int = 1) -> Expression:
        """An expression whose operators bind at least as strongly as ``weakest``."""
        cursor = self._cursor
        left = self._unary()
        while True:
            operator = cursor.token.text.upper()
            level = LEVELS.get(operator)
            if level is None or level < weakest or cursor.token.kind not in ("sign", "word"):
                return left
            cursor.advance()
            cursor.step()
            if operator in ("NOT", "IN"):
                if operator == "NOT":
                    cursor.expect("IN")
                left = Call("IN" if operator == "IN" else "NOT IN", (left, *self.arguments()))
            else:
                left = Call(operator, (left, self.expression(level + 1)))
            if level == COMPARISON and cursor.at(*_COMPARISONS):
                raise cursor.error("comparisons cannot be chained")

    def constraint(self) -> Expression:
        """What may follow ``FILTER``, ``HAVING`` and ``ORDER BY`` without parentheses of their own."""
        cursor = self._cursor
        cursor.step()
        if cursor.at("("):
            return self._bracketed()
        if cursor.at_iri():
            function = cursor.iri()
            if not cursor.at("("):
                raise cursor.unexpected("'(' with the arguments of the function")
            return self._function_call(function)
        if cursor.token.kind == "word":
            return self._built_in()
        raise cursor.unexpected("a condition in parentheses or a function")

    def at_constraint(self) -> bool:
        """Whether a constraint comes next."""
        word = self._cursor.token.text.upper()
        known = word in _FUNCTIONS or word in _AGGREGATES or word in ("EXISTS", "NOT")
        return self._cursor.at("(") or self._cursor.at_iri() or (self._cursor.token.kind == "word" and known)

    def arguments(self) -> tuple[Expression, ...]:
        """``( expression, … )``, possibly empty."""
        cursor = self._cursor
        cursor.expect("(")
        if cursor.take(")"):
            return ()
        with cursor.nested():
            read = [self.expression()]
            while cursor.take(","):
                read.append(self.expression())
        cursor.expect(")")
        return tuple(read)

    def _unary(self) -> Expression:
        cursor = self._cursor
        signs: list[str] = []
        while cursor.at("!"):
            signs.append(cursor.advance().text)
        if cursor.at("+", "-") and not cursor.at_literal():
            signs.append(cursor.advance().text)
        made = self._primary()
        cursor.step(len(signs))
        for sign in reversed(signs):
            made = Call(f"unary {sign}", (made,))
        return made

    def _primary(self) -> Expression:
        cursor = self._cursor
        if cursor.at("("):
            return self._bracketed()
        if cursor.token.kind == "variable":
            return Variable(cursor.variable())
        if cursor.at_literal():
            return cursor.literal()
        if cursor.at_iri():
            iri = cursor.iri()
            return self._function_call(iri) if cursor.at("(") else iri_term(iri)
        if cursor.token.kind == "word":
            return self._built_in()
        raise cursor.unexpected("an expression")

    def _bracketed(self) -> Expression:
        cursor = self._cursor
        cursor.expect("(")
        with cursor.nested():
            inner = self.expression()
        cursor.expect(")")
        return inner

    def _function_call(self, function: str) -> Expression:
        # DISTINCT belongs to aggregates that an extension may define; the evaluator knows which these are.
        cursor = self._cursor
        if cursor.peek().text.upper() == "DISTINCT":
            raise cursor.error(f"DISTINCT cannot stand in a call of <{function}>")
        return Call(function, self.arguments())

    def _built_in(self) -> Expression:
        cursor = self._cursor
        token = cursor.advance()
        name = token.text.upper()
        if name == "NOT":
            cursor.expect("EXISTS")
            return self._exists(negated=True)
        if name == "EXISTS":
            return self._exists(negated=False)
        if name in _AGGREGATES:
            return self._aggregate(name)
        if name not in _FUNCTIONS:
            raise cursor.error(f"{token.text} is not a function of SPARQL 1.1", token)
        least, most = _FUNCTIONS[name]
        arguments = self.arguments()
        if len(arguments) < least or (most is not None and len(arguments) > most):
            raise cursor.error(f"{name} does not take {len(arguments)} arguments", token)
        if name == "BOUND" and not isinstance(arguments[0], Variable):
            raise cursor.error("BOUND takes a variable", token)
        return Call(name, arguments)

    def _exists(self, *, negated: bool) -> Exists:
        with self._cursor.nested():
            return Exists(self._group(), negated)

    def _aggregate(self, name: str) -> Aggregate:
        cursor = self._cursor
        cursor.expect("(")
        distinct = cursor.take("DISTINCT")
        argument: Expression | None = None
        separator: str | None = None
        if name == "COUNT" and cursor.take("*"):
            pass
        else:
            with cursor.nested():
                argument = self.expression()
        if name == "GROUP_CONCAT" and cursor.take(";"):
            cursor.expect("SEPARATOR")
            cursor.expect("=")
            if cursor.token.kind != "string":
                raise cursor.unexpected("a string")
            separator = unquote(cursor.advance().text)
        cursor.expect(")")
        return Aggregate(name, argument, distinct, separator)
