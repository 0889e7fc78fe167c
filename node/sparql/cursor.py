"""What every part of the grammar stands on: the next token, prefixes and the base, terms, and how deep we are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from node.errors import QuerySyntaxError, QueryTooDeep
from node.rdf.namespaces import RDF, XSD
from node.sparql.algebra import Variable, VarOrTerm
from node.sparql.iris import has_scheme, resolve
from node.sparql.terms import Term, iri_term, literal_term
from node.sparql.tokens import Token, place_in, syntax_error, tokenize, unquote

#: Braces, brackets and parentheses may nest this deep unless the caller says otherwise.
MAX_DEPTH = 64

#: So many patterns and operators may follow one another: the engine (Oxigraph 0.5) nests them inside one another, and
#: its process ends at 4,000 ``BIND`` or ``MINUS`` and at 7,000 ``+``.
MAX_STEPS = 2_000
#: So many characters may come from prefixes and ``BASE`` in all.
MAX_EXPANSION = 50_000_000

RDF_NIL = RDF + "nil"
_NUMBERS = {"integer": XSD + "integer", "decimal": XSD + "decimal", "double": XSD + "double"}


class Cursor:
    """Reads tokens one by one. Keywords are compared in capitals; only signs are case-sensitive."""

    def __init__(
        self,
        text: str,
        base: str | None = None,
        max_depth: int = MAX_DEPTH,
        prefixes: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.text = text
        self._tokens = tokenize(text)
        self._index = 0
        self._depth = 0
        self._max_depth = max_depth
        self._steps = 0
        self._blanks = 0
        # What no label of the text begins with, so that made labels can be written next to them.
        self._fresh = "_:b"
        labels = [token.text for token in self._tokens if token.kind == "blank"]
        while any(label.startswith(self._fresh) for label in labels):
            self._fresh += "_"
        self._base = base
        #: Whether an IRI was resolved against the base that was given from outside.
        self.needs_base = False
        self._given = base
        self._prefixes = dict(prefixes)
        self._expanded = 0

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

    @property
    def index(self) -> int:
        """How many tokens have been read."""
        return self._index

    def read_since(self, index: int) -> list[Token]:
        """The tokens that have been read since ``index`` was that."""
        return self._tokens[index : self._index]

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
        found = "the end of the text" if token.kind == "end" else token.text[:40]
        return self.error(f"expected {wanted}, found {found}")

    def error(self, message: str, token: Token | None = None) -> QuerySyntaxError:
        """An error at a token; the next one by default."""
        return syntax_error(self.text, (token or self.token).start, message)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper. Raises QueryTooDeep past the deepest level."""
        if self._depth >= self._max_depth:
            raise self._too_deep(
                f"the text nests deeper than {self._max_depth} levels.",
                "Ask with fewer braces, brackets and parentheses inside one another.",
            )
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def step(self, count: int = 1) -> None:
        """Count patterns and operators of one pattern. Raises QueryTooDeep past MAX_STEPS."""
        self._steps += count
        if self._steps > MAX_STEPS:
            raise self._too_deep(
                f"the text has more than {MAX_STEPS:,} patterns and operators, which the store nests in one another.",
                "Put values into VALUES or IN lists, or ask in several queries.",
            )

    def restart_steps(self) -> None:
        """Count anew: what follows is asked on its own."""
        self._steps = 0

    def _too_deep(self, detail: str, remedy: str) -> QueryTooDeep:
        return QueryTooDeep(detail, where=place_in(self.text, self.token.start), remedy=remedy)

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

    def declarations(self, tokens: list[Token]) -> str:
        """The declarations in force now that these tokens need, one a line, for a text that stands for itself."""
        prefixes = dict.fromkeys(t.text.partition(":")[0] for t in tokens if t.kind == "name")
        relative = self._base is not None and any(t.kind == "iri" and not has_scheme(t.text[1:-1]) for t in tokens)
        return (f"BASE <{self._base}>\n" if relative else "") + "".join(
            f"PREFIX {prefix}: <{self._prefixes[prefix]}>\n" for prefix in prefixes
        )

    def _count_expansion(self, by: str, token: Token) -> None:
        """A long prefix that is used often would make a short text fill the memory."""
        self._expanded += len(by)
        if self._expanded > MAX_EXPANSION:
            raise self.error(f"prefixes and BASE stand for more than {MAX_EXPANSION:,} characters up to here", token)

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
            self._count_expansion(namespace, token)
            return namespace + local.replace("\\", "")
        raise self.unexpected("an IRI")

    def _resolve(self, token: Token) -> str:
        iri = token.text[1:-1]
        if self._base is not None:
            self._count_expansion(self._base, token)
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
        return Variable(f"{self._fresh}{self._blanks}")

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


def beyond_the_stack() -> QueryTooDeep:
    """The error for a text that nests deeper than this process can read, whatever the settings allow."""
    return QueryTooDeep("the text nests deeper than this node can read.", remedy="Lower limits.query_depth.")
