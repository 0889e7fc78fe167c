"""Which values a ``SERVICE`` is sent, once it is known which variables may narrow it (``placement``). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from node.federation.planning.variables import in_scope
from node.sparql.algebra import Element, InlineData
from node.sparql.terms import Term


def connected(elements: Iterable[Element], wanted: set[str]) -> tuple[Element, ...]:
    """The elements that share variables with the wanted ones, directly or through others: the rest would only multiply
    their solutions."""
    scopes = [(element, in_scope((element,)).keys()) for element in elements]
    reached = set(wanted)
    while True:
        more = {v for _, scope in scopes if scope & reached for v in scope} - reached
        if not more:
            return tuple(element for element, scope in scopes if scope & reached)
        reached |= more


def can_be_sent(term: Term | None) -> bool:
    """Blank nodes cannot, and numbers may be written in another way where they are equal."""
    return term is not None and (term.kind == "iri" or (term.kind == "literal" and term.datatype is None))


def with_name(values: InlineData, name: str, term: Term, narrowing: set[str]) -> InlineData | None:
    """The values that go with one value of ``name``, which is left out unless it narrows too."""
    kept = [at for at, variable in enumerate(values.variables) if variable in narrowing]
    which = values.variables.index(name)
    rows = dict.fromkeys(tuple(row[at] for at in kept) for row in values.rows if row[which] == term)
    return InlineData(tuple(values.variables[at] for at in kept), tuple(rows)) if kept else None
