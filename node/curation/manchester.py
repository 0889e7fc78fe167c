"""Reads class expressions in the Manchester syntax (https://www.w3.org/TR/owl2-manchester-syntax/), as tables do.

    'has primary site' some ('temporal lobe' or 'frontal lobe')

Names are labels (in single quotes where they hold spaces), CURIEs, or IRIs in angle brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from node.curation.owl import Expression, Part, Term
from node.rdf.namespaces import XSD

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>'(?:[^'\\]|\\.)*') | (?P<iri><[^<>\s]*>)
    | (?P<literal>"(?:[^"\\]|\\.)*"(?:@[A-Za-z-]+|\^\^\S+)?)
    | (?P<mark>[(){},\[\]]|<=|>=|<|>)
    | (?P<word>[^\s(){},\[\]'"<>]+)
    )""",
    re.VERBOSE,
)
_QUANTIFIERS = {"some": "SomeValuesFrom", "only": "AllValuesFrom"}
_CARDINALITIES = {"min": "MinCardinality", "max": "MaxCardinality", "exactly": "ExactCardinality"}
_AFTER_PROPERTY = {*_QUANTIFIERS, *_CARDINALITIES, "value", "self"}
_WORDS = {*_AFTER_PROPERTY, "and", "or", "not", "that", "inverse"}
_FACETS = {
    "<": "maxExclusive",
    "<=": "maxInclusive",
    ">": "minExclusive",
    ">=": "minInclusive",
    "length": "length",
    "minLength": "minLength",
    "maxLength": "maxLength",
    "pattern": "pattern",
}
_DEEPEST = 50
#: The IRI of a name, or None. Whether a class, a property or an individual is meant is the second argument.
Resolve = Callable[[str, str], "str | None"]


class ExpressionError(Exception):
    """The text is no class expression; ``column`` counts characters from 1."""

    def __init__(self, what: str, column: int) -> None:
        super().__init__(what)
        self.column = column


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def parse_expression(text: str, resolve: Resolve) -> Expression:
    """The class expression that the text writes. Raises ExpressionError."""
    parser = _Parser(_tokens(text), resolve, len(text) + 1)
    made = parser.description(0)
    parser.expect_end()
    return made


def _tokens(text: str) -> list[_Token]:
    found = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError("a quotation mark is not closed here", position + 1)
        kind = match.lastgroup or ""
        found.append(_Token(kind, match.group(kind), match.start(kind) + 1))
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token], resolve: Resolve, end: int) -> None:
        self._tokens = tokens
        self._resolve = resolve
        self._at = 0
        self._end = end

    def description(self, depth: int) -> Expression:
        """``conjunction or conjunction …``"""
        if depth > _DEEPEST:
            raise self._wrong("the expression nests too deep")
        parts = [self._conjunction(depth)]
        while self._take("or"):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Term("UnionOf", tuple(parts))

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            before = self._tokens[self._at - 1] if self._at else None
            hint = ""
            if before is not None and before.kind == "word" and self._tokens[self._at].kind == "word":
                hint = ": put a name with spaces between single quotes"
            raise self._wrong(f"{self._tokens[self._at].text!r} is not expected here{hint}")

    def _conjunction(self, depth: int) -> Expression:
        parts = [self._primary(depth)]
        while self._take("and") or self._take("that"):
            parts.append(self._primary(depth))
        return parts[0] if len(parts) == 1 else Term("IntersectionOf", tuple(parts))

    def _primary(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise self._wrong("the expression nests too deep")
        if self._take("not"):
            return Term("ComplementOf", (self._primary(depth + 1),))
        if self._take("("):
            inner = self.description(depth + 1)
            self._need(")")
            return inner
        if self._take("{"):
            return self._one_of()
        if self._next_is("inverse") or self._word_after() in _AFTER_PROPERTY:
            return self._restriction(depth)
        name = self._name("class")
        return self._facets(name) if self._take("[") else name

    def _one_of(self) -> Term:
        members: list[Part] = [self._value()]
        while self._take(","):
            members.append(self._value())
        self._need("}")
        return Term("OneOf", tuple(members))

    def _restriction(self, depth: int) -> Term:
        if self._take("inverse"):
            bracket = self._take("(")
            prop: Part = Term("InverseOf", (self._name("property"),))
            if bracket:
                self._need(")")
        else:
            prop = self._name("property")
        word = self._word()
        if word in _QUANTIFIERS:
            return Term(_QUANTIFIERS[word], (prop, self._primary(depth + 1)))
        if word == "value":
            return Term("HasValue", (prop, self._value()))
        if word == "self":
            return Term("HasSelf", (prop,))
        if word in _CARDINALITIES:
            number = self._tokens[self._at].text if self._at < len(self._tokens) else ""
            if not number.isdecimal() or len(number) > 6:
                raise self._wrong(f"a whole number must follow {word!r}")
            self._at += 1
            filler = () if self._done() else (self._primary(depth + 1),)
            return Term(_CARDINALITIES[word], (int(number), prop, *filler))
        self._at -= 1
        raise self._wrong("'some', 'only', 'value', 'min', 'max' or 'exactly' must follow a property")

    def _done(self) -> bool:
        return self._at >= len(self._tokens) or self._tokens[self._at].text.lower() in (")", "and", "or", "that")

    def _facets(self, datatype: str) -> Term:
        facets: list[Part] = []
        while True:
            word = self._tokens[self._at].text if self._at < len(self._tokens) else ""
            if word not in _FACETS:
                raise self._wrong(f"a facet is one of {' '.join(_FACETS)}")
            self._at += 1
            facets.append(Term("Facet", (XSD + _FACETS[word], self._literal())))
            if not self._take(","):
                break
        self._need("]")
        return Term("DatatypeRestriction", (datatype, *facets))

    def _value(self) -> Part:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is not None and (token.kind == "literal" or re.fullmatch(r"[+-]?\d+(\.\d+)?|true|false", token.text)):
            return self._literal()
        return self._name("individual")

    def _literal(self) -> Literal:
        if self._at >= len(self._tokens):
            raise self._wrong("a value is missing here")
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "literal":
            end = token.text.rindex('"')
            words = re.sub(r"\\(.)", r"\1", token.text[1:end])
            rest = token.text[end + 1 :]
            if rest.startswith("@"):
                return Literal(words, language=rest[1:])
            if rest.startswith("^^"):
                datatype = self._resolve(rest[2:], "datatype")
                if datatype is None:
                    raise ExpressionError(f"no datatype is called {rest[2:]!r}", token.column)
                return Literal(words, datatype=NamedNode(datatype))
            return Literal(words)
        if token.text in ("true", "false"):
            return Literal(token.text, datatype=NamedNode(XSD + "boolean"))
        if re.fullmatch(r"[+-]?\d+", token.text):
            return Literal(token.text, datatype=NamedNode(XSD + "integer"))
        if re.fullmatch(r"[+-]?\d+\.\d+", token.text):
            return Literal(token.text, datatype=NamedNode(XSD + "decimal"))
        raise ExpressionError(f"{token.text!r} is no value; texts are in double quotes", token.column)

    def _name(self, kind: str) -> str:
        if self._at >= len(self._tokens):
            raise self._wrong(f"the name of {'an' if kind[0] in 'aei' else 'a'} {kind} is missing here")
        token = self._tokens[self._at]
        if token.kind in ("mark", "literal") or (token.kind == "word" and token.text.lower() in _WORDS):
            raise self._wrong(f"a name is expected here, not {token.text!r}")
        written = token.text
        if token.kind == "quoted":
            written = re.sub(r"\\(.)", r"\1", written[1:-1])
        iri = self._resolve(written, kind)
        if iri is None:
            raise self._wrong(f"no {kind} is called {written!r}")
        self._at += 1
        return iri

    def _word_after(self) -> str:
        at = self._at + 1
        return self._tokens[at].text.lower() if at < len(self._tokens) and self._tokens[at].kind == "word" else ""

    def _word(self) -> str:
        word = self._tokens[self._at].text.lower() if self._at < len(self._tokens) else ""
        self._at += 1
        return word

    def _next_is(self, text: str) -> bool:
        if self._at >= len(self._tokens):
            return False
        token = self._tokens[self._at]
        return token.kind in ("word", "mark") and token.text.lower() == text

    def _take(self, text: str) -> bool:
        found = self._next_is(text)
        self._at += found
        return found

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise self._wrong(f"{text!r} is missing here")

    def _wrong(self, what: str) -> ExpressionError:
        column = self._tokens[self._at].column if self._at < len(self._tokens) else self._end
        return ExpressionError(what, column)
