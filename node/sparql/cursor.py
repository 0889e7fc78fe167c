"""What every part of the grammar stands on: the next token, prefixes and the base, terms, and how deep we are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from node.errors import QuerySyntaxError
from node.rdf.namespaces import RDF, XSD
from node.sparql.algebra import Variable, VarOrTerm
from node.sparql.iris import has_scheme, resolve
from node.sparql.terms import Term, iri_term, literal_term
from node.sparql.tokens import Token, syntax_error, tokenize, unquote

#: Braces, brackets and parentheses may nest this deep.
MAX_DEPTH = 64

RDF_NIL = RDF + "nil"
_NUMBERS = {"integer": XSD + "integer", "decimal": XSD + "decimal", "double": XSD + "double"}


class Cursor:
    """Reads tokens one by one. Keywords are compared in capitals; only signs are case-sensitive."""

    def __init__(self, text: str, base: str | None = None) -> None:
        self.text = text
        self._tokens = tokenize(text)
        self._index = 0
        self._depth = 0
        self._blanks = 0
        self._base = base
        #: Whether an IRI was resolved against the base that was given from outside.
        self.needs_base = False
        self._given = base
        self._prefixes: dict[str, str] = {}

    # --- tokens ---

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._index]

    def peek(self, ahead: int = 1) -> Token:
        """A token further on; the end token when the text ends before."""
        return self._tokens[min(self._index + ahead, len(self._tokens) - 1)]

    @property
    def last_end(self) -> int:
        """Where the token read last ends."""
        return self._tokens[self._index - 1].end if self._index else 0

    def advance(self) -> Token:
        """Read the next token."""
        token = self.token
        if token.kind != "end":
            self._index += 1
        return token

    def at(self, *words: str) -> bool:
        """Whether one of these keywords or signs comes next."""
        token = self.token
        return (token.kind == "sign" and token.text in words) or (token.kind == "word" and token.text.upper() in words)

    def take(self, *words: str) -> bool:
        """Read one of these keywords or signs if it comes next."""
        if self.at(*words):
            self.advance()
            return True
        return False

    def expect(self, word: str) -> Token:
        """Read this keyword or sign. Raises QuerySyntaxError when something else comes."""
        if not self.at(word):
            raise self.unexpected(word)
        return self.advance()

    def unexpected(self, wanted: str) -> QuerySyntaxError:
        """The error that says what was wanted and what stands there."""
        token = self.token
        found = "the end of the query" if token.kind == "end" else token.text[:40]
        return self.error(f"expected {wanted}, found {found}")

    def error(self, message: str, token: Token | None = None) -> QuerySyntaxError:
        """An error at a token; the next one by default."""
        return syntax_error(self.text, (token or self.token).start, message)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper. Raises QuerySyntaxError past MAX_DEPTH."""
        if self._depth >= MAX_DEPTH:
            raise self.error(f"the query nests deeper than {MAX_DEPTH} levels")
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    # --- prologue ---

    def prologue(self) -> None:
        """``BASE`` and ``PREFIX`` declarations."""
        while self.at("BASE", "PREFIX"):
            if self.advance().text.upper() == "BASE":
                self._base = self._resolve(self._take_kind("iri", "an IRI in angle brackets"))
                continue
            name = self._take_kind("name", "a prefix such as obo:")
            if not name.text.endswith(":") or ":" in name.text[:-1]:
                raise self.error("a prefix is declared by its name and a colon", name)
            self._prefixes[name.text[:-1]] = self._resolve(self._take_kind("iri", "an IRI in angle brackets"))

    def _take_kind(self, kind: str, words: str) -> Token:
        if self.token.kind != kind:
            raise self.unexpected(words)
        return self.advance()

    # --- terms ---

    def at_iri(self) -> bool:
        """Whether an IRI or a prefixed name comes next."""
        return self.token.kind in ("iri", "name")

    def iri(self) -> str:
        """An IRI or prefixed name, expanded."""
        token = self.token
        if token.kind == "iri":
            return self._resolve(self.advance())
        if token.kind == "name":
            prefix, _, local = self.advance().text.partition(":")
            namespace = self._prefixes.get(prefix)
            if namespace is None:
                raise self.error(f"the prefix {prefix}: is not declared", token)
            return namespace + local.replace("\\", "")
        raise self.unexpected("an IRI")

    def _resolve(self, token: Token) -> str:
        iri = token.text[1:-1]
        if self._base is not None:
            self.needs_base = self.needs_base or (self._base is self._given and not has_scheme(iri))
            return resolve(self._base, iri)
        if not has_scheme(iri):
            raise self.error(f"{token.text} is relative, and the query has no BASE", token)
        return iri

    def variable(self) -> str:
        """A variable's name."""
        if self.token.kind != "variable":
            raise self.unexpected("a variable")
        return self.advance().text[1:]

    def fresh_blank(self) -> Variable:
        """A blank node without a label."""
        self._blanks += 1
        return Variable(f"_:[{self._blanks}]")

    def at_literal(self) -> bool:
        """Whether a literal comes next, a number with its sign included."""
        token = self.token
        if token.kind in ("string", "integer", "decimal", "double") or self.at("TRUE", "FALSE"):
            return True
        after = self.peek()
        return self.at("+", "-") and after.kind in _NUMBERS and after.start == token.end

    def literal(self) -> Term:
        """A literal: string, number or boolean."""
        sign = self.advance().text if self.at("+", "-") else ""
        token = self.advance()
        if token.kind in _NUMBERS:
            return literal_term(sign + token.text, datatype=_NUMBERS[token.kind])
        if token.kind == "word":
            return literal_term(token.text.lower(), datatype=XSD + "boolean")
        value = unquote(token.text)
        if self.token.kind == "language":
            return literal_term(value, language=self.advance().text[1:])
        if self.take("^^"):
            return literal_term(value, datatype=self.iri())
        return literal_term(value)

    def at_var_or_term(self) -> bool:
        """Whether a variable, IRI, literal, blank node, ``()`` or ``[]`` comes next."""
        if self.token.kind in ("variable", "blank") or self.at_iri() or self.at_literal():
            return True
        return (self.at("(") and self.peek().text == ")") or (self.at("[") and self.peek().text == "]")

    def var_or_term(self) -> VarOrTerm:
        """A variable or term (rule VarOrTerm)."""
        token = self.token
        if token.kind == "variable":
            return Variable(self.variable())
        if token.kind == "blank":
            return Variable(self.advance().text)
        if self.at_iri():
            return iri_term(self.iri())
        if self.at_literal():
            return self.literal()
        if self.at("[") and self.peek().text == "]":
            self._skip(2)
            return self.fresh_blank()
        if self.at("(") and self.peek().text == ")":
            self._skip(2)
            return iri_term(RDF_NIL)
        raise self.unexpected("a variable or a term")

    def _skip(self, count: int) -> None:
        for _ in range(count):
            self.advance()

    def verb_a(self) -> bool:
        """Read the word ``a`` (which is case-sensitive) if it comes next."""
        if self.token.kind == "word" and self.token.text == "a":
            self.advance()
            return True
        return False
