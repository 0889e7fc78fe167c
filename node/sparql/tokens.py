"""SPARQL text cut into tokens (SPARQL 1.1 Query, sections 19.2 to 19.8), with positions for error messages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from node.errors import Place, QuerySyntaxError

#: Longer texts are refused before they are read.
MAX_TEXT = 1_000_000

_BASE = (
    r"A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F\u2C00-\u2FEF"
    r"\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_U = f"{_BASE}_"
_CHAR = rf"{_U}\-0-9\u00B7\u0300-\u036F\u203F\u2040"
_PREFIX = rf"(?:[{_BASE}](?:[{_CHAR}.]*[{_CHAR}])?)?"
_PLX = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_LOCAL = rf"(?:(?:[{_U}:0-9]|{_PLX})(?:(?:[{_CHAR}.:]|{_PLX})*(?:[{_CHAR}:]|{_PLX}))?)?"
_ECHAR = r"\\[tbnrf\\\"']"

_TOKEN = re.compile(
    rf"""
    (?P<space>(?:[ \t\r\n]+|\#[^\r\n]*)+)
  | (?P<iri><[^<>"{{}}|^`\\\x00-\x20]*>)
  | (?P<variable>[?$][{_U}0-9][{_U}0-9\u00B7\u0300-\u036F\u203F\u2040]*)
  | (?P<string>\"\"\"(?:\"{{0,2}}(?:[^"\\]|{_ECHAR}))*\"\"\"|'''(?:'{{0,2}}(?:[^'\\]|{_ECHAR}))*'''
      |"(?:[^"\\\r\n]|{_ECHAR})*"|'(?:[^'\\\r\n]|{_ECHAR})*')
  | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<blank>_:[{_U}0-9](?:[{_CHAR}.]*[{_CHAR}])?)
  | (?P<name>{_PREFIX}:{_LOCAL})
  | (?P<double>(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)[eE][+-]?[0-9]+)
  | (?P<decimal>[0-9]*\.[0-9]+)
  | (?P<integer>[0-9]+)
  | (?P<word>[A-Za-z][A-Za-z0-9_]*)
  | (?P<sign>\^\^|\|\||&&|!=|<=|>=|[{{}}()\[\].;,*/+\-|?^!<>=])
    """,
    re.VERBOSE,
)
# A backslash that is itself escaped begins no codepoint escape.
_CODEPOINT = re.compile(r"\\\\|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_STRING_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_STRING_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is a group name above, ``end`` at the end of the text. ``start`` and ``end`` are offsets."""

    kind: str
    text: str
    start: int
    end: int


def unescape_codepoints(text: str) -> str:
    """Resolve the ``\\uXXXX`` and ``\\UXXXXXXXX`` escapes of a query (section 19.2).

    What would change the tokens (a quote, a backslash, a line break within a string) gets the string escape instead.
    Raises QuerySyntaxError for a code point that does not exist.
    """
    if "\\u" not in text and "\\U" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        if match.lastindex is None:
            return match[0]
        code = int(match[1] or match[2], 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise syntax_error(text, match.start(), f"{match[0]} is not a character")
        return {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "'": "\\'"}.get(chr(code), chr(code))

    return _CODEPOINT.sub(character, text)


def tokenize(text: str) -> list[Token]:
    """Cut the text into tokens, an ``end`` token last. Raises QuerySyntaxError with line and column."""
    if len(text) > MAX_TEXT:
        raise QuerySyntaxError(
            f"the query has {len(text):,} characters; at most {MAX_TEXT:,} are read.",
            remedy="Ask in several queries, or shorten the VALUES block.",
        )
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise syntax_error(text, position, _unreadable(text, position))
        kind = match.lastgroup
        assert kind is not None
        if kind != "space":
            tokens.append(Token(kind, match.group(), position, match.end()))
        position = match.end()
    tokens.append(Token("end", "", position, position))
    return tokens


def unquote(token: str) -> str:
    """The value of a string token."""
    width = 3 if token.startswith(('"""', "'''")) else 1
    return _STRING_ESCAPE.sub(lambda m: _STRING_ESCAPES.get(m[1], m[1]), token[width:-width])


def syntax_error(text: str, position: int, message: str) -> QuerySyntaxError:
    """The error for this place of the text."""
    return QuerySyntaxError(f"{message}.", where=place_in(text, position))


def place_in(text: str, position: int) -> Place:
    """Line and column of an offset; both count from 1."""
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    return Place(source="query", line=line, column=column)


def _unreadable(text: str, position: int) -> str:
    character = text[position]
    if character in "\"'":
        return "a string that begins here does not end, or holds an escape that SPARQL does not have"
    if character == "<":
        return "an IRI that begins here does not end, or holds a character that an IRI may not hold"
    return f"{character!r} cannot stand here"
