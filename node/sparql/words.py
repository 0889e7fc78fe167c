"""Whether a text holds certain words at all: a first look that spares most texts a slower and better one."""

from __future__ import annotations


def mentions(text: str, *words: str) -> bool:
    """Whether one of these words, in lower case, stands anywhere in a text, in whatever case and as part of whatever.

    Keywords of SPARQL are ASCII (SPARQL 1.1 Query, section 19.8, note 1), so that lower case is all there is to it.
    """
    lower = text.lower()
    return any(word in lower for word in words)


def unused(name: str, text: str) -> str:
    """A name with which no variable and no label (by its sign, ``?`` or ``_:``) of a text begins: this one, with
    underscores behind it where that is not so."""
    while any(sign + name in text for sign in ("?", "$", "_:")):
        name += "_"
    return name
