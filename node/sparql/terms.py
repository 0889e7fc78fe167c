"""RDF terms as values, and their one canonical spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from node.rdf.namespaces import XSD

XSD_STRING = XSD + "string"

_ECHAR = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
# What canonical N-Triples escapes: quote, backslash, controls and the two non-characters of the basic plane.
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f\ufffe\uffff]')


@dataclass(frozen=True, slots=True)
class Term:
    """An IRI, blank node or literal.

    ``value`` is the IRI, the blank-node label without ``_:``, or the lexical form. ``language`` is in lower case;
    ``datatype`` is an IRI, None for ``xsd:string`` and for a literal with a language.
    """

    kind: Literal["iri", "bnode", "literal"]
    value: str
    language: str | None = None
    datatype: str | None = None

    @property
    def n3(self) -> str:
        """The term in canonical N-Triples, letter for letter as pyoxigraph 0.5 writes it."""
        if self.kind == "iri":
            return f"<{self.value}>"
        if self.kind == "bnode":
            return f"_:{self.value}"
        quoted = f'"{_ESCAPED.sub(_escape, self.value)}"'
        if self.language is not None:
            return f"{quoted}@{self.language}"
        return quoted if self.datatype is None else f"{quoted}^^<{self.datatype}>"


def iri_term(value: str) -> Term:
    """An IRI."""
    return Term("iri", value)


def literal_term(value: str, *, language: str | None = None, datatype: str | None = None) -> Term:
    """A literal, with language and datatype brought into the form that ``Term`` promises."""
    if language is not None:
        return Term("literal", value, language.lower(), None)
    return Term("literal", value, None, None if datatype == XSD_STRING else datatype)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _ECHAR.get(character) or f"\\u{ord(character):04X}"
