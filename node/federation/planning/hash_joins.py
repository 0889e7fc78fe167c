"""Patterns of one subject written so that the engine joins them by hashing. Pure.

Oxigraph joins the triple patterns of a group one after another: for each match of the first it looks up those of the
next, some microseconds each. Where each pattern matches about as many triples as the whole has solutions, it is several
times as quick to read each through once and to join what was read by hash tables, and that is what the engine does with
sub-selects, one for each pattern. The solutions are the same (SPARQL 1.1 Query, section 18.2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from node.sparql.algebra import BasicGraphPattern, Bind, Element, Group, Select, SubSelect, TriplePattern, Variable
from node.sparql.terms import Term

#: A look-up takes about as long as reading and hashing so many triples.
_LOOK_UP = 5.0
#: More than so many triples are not put into a hash table.
_MOST = 1_000_000.0
#: With fewer there is nothing to be saved.
_LEAST = 500.0


def pays(matches: Sequence[float]) -> bool:
    """Whether patterns of one subject with so many matches are better hashed than looked up one after another."""
    least, everything = min(matches), sum(matches)
    looked_up = least * (len(matches) - 1) * _LOOK_UP
    return len(matches) > 1 and least >= _LEAST and everything <= min(looked_up, _MOST)


def saves(looked_up: float, everything: float) -> bool:
    """The same where so many look-ups are expected, since subjects have several matches of some patterns."""
    return everything <= _MOST and looked_up * _LOOK_UP - everything >= _LEAST


def hashed(select: Select, matches: Callable[[TriplePattern], Iterable[float]]) -> Select:
    """The select with its patterns of one subject as sub-selects where that pays.

    ``matches``: how many matches a pattern has at each of the members that will be asked. Only where the select's
    pattern is made of triple patterns (and ``BIND``) alone: a condition may leave so few solutions that looking
    up is quicker.
    """
    pattern = select.pattern
    if pattern.filters or not all(isinstance(element, BasicGraphPattern | Bind) for element in pattern.elements):
        return select
    elements: list[Element] = []
    for element in pattern.elements:
        elements += _apart(element, matches) if isinstance(element, BasicGraphPattern) else [element]
    return replace(select, pattern=Group(tuple(elements)))


def _apart(pattern: BasicGraphPattern, matches: Callable[[TriplePattern], Iterable[float]]) -> list[Element]:
    triples = pattern.triples
    subjects = {triple.subject for triple in triples}
    if len(subjects) != 1 or not all(map(_is_plain, triples)):
        return [pattern]
    of_members = zip(*(tuple(matches(triple)) for triple in triples), strict=True)
    if not all(pays(numbers) for numbers in of_members if min(numbers) > 0):
        return [pattern]
    return [SubSelect(Select(Group((BasicGraphPattern((triple,)),)))) for triple in triples]


def _is_plain(triple: TriplePattern) -> bool:
    """Whether it has a variable as subject, an IRI as predicate, and no blank node, which is one in the whole group."""
    ends = [end.name for end in (triple.subject, triple.object) if isinstance(end, Variable)]
    named = isinstance(triple.predicate, Term) and isinstance(triple.subject, Variable)
    return named and not any(name.startswith("_:") for name in ends)
