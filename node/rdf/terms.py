"""Terms as N-Triples text: the form in which they travel between processes and nodes."""

from __future__ import annotations

import re

from pyoxigraph import NamedNode

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_NEEDS_ESCAPE = re.compile(r'["\\\n\r\t\b\f]')
# RFC 3987 leaves these out of every IRI; SPARQL and N-Triples forbid them between angle brackets.
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def is_absolute_iri(text: str) -> bool:
    """Whether the text has a scheme and no character that an IRI may not hold (RFC 3987, section 2.2)."""
    return _ABSOLUTE.match(text) is not None and _NOT_IN_IRI.search(text) is None


def is_iri(text: str) -> bool:
    """Whether the text is an absolute IRI to the letter of RFC 3987, as the store has it: what can name a graph."""
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def iri(value: str) -> str:
    """An IRI as an N-Triples IRIREF. Raises ValueError for text that is not an absolute IRI."""
    if not is_absolute_iri(value):
        raise ValueError(f"not an absolute IRI: {value!r}")
    return f"<{value}>"


def literal(value: str, *, language: str | None = None, datatype: str | None = None) -> str:
    """A literal in N-Triples; ``datatype`` is an IRI. Raises ValueError for a malformed language tag or IRI."""
    quoted = '"' + _NEEDS_ESCAPE.sub(lambda m: _ESCAPES[m.group()], value) + '"'
    if language is not None:
        if not _LANGUAGE.fullmatch(language):
            raise ValueError(f"not a language tag: {language!r}")
        return f"{quoted}@{language}"
    return quoted if datatype is None else f"{quoted}^^{iri(datatype)}"


def triple(subject: str, predicate: str, obj: str) -> str:
    """One N-Triples line, with its newline, from three terms that are already N-Triples text."""
    return f"{subject} {predicate} {obj} .\n"
