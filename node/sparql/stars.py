"""Stars: patterns of one subject. Which of them a store had better begin with, said in words it follows. Pure.

A store without statistics (Oxigraph 0.5) takes patterns of one shape in the order in which they were written, and looks
every solution of the first up in the next: "all women" before "this rare diagnosis" takes thirty times as long as the
other way round. Here a query is written anew, given how many triples its patterns have. It begins with the fewest, in a
sub-select, which the engine leaves where it stands; patterns of the same subject with about as many are sub-selects
too, which the engine reads through and joins by hashing, instead of looking them up one by one. The join of the parts
of a basic graph pattern that share no blank node is the basic graph pattern (SPARQL 1.1 Query, sections 18.3 and 18.5),
so the solutions stay the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from node.sparql.algebra import (
    BasicGraphPattern,
    Bind,
    Form,
    Group,
    Link,
    Minus,
    Optional,
    Projection,
    Query,
    Select,
    SubSelect,
    TriplePattern,
    Variable,
)
from node.sparql.terms import Term
from node.sparql.writer import write_query

#: How many triples have this predicate and object, at most ``most``.
Count: TypeAlias = Callable[[str, Term, int], int]

#: A longer text costs more to read than is won.
_CHARACTERS = 4_000
#: What ends a pattern with an IRI or a text: a query that holds a star worth speaking of has it twice.
_CONSTANT_OBJECT = re.compile(r"(?:[>\"']|:[\w\-]+)\s*[;.}]")
#: Patterns are counted up to these, as long as all have more.
_STEPS = (1_000, 8_000, 64_000)
#: With fewer, looking up is as good as anything.
_FEW = 16
#: To look one solution up in a pattern takes what reading so many of its triples takes, and counting them as well.
_LOOKUP = 4
#: With LIMIT the engine may be done before it has read much; so many are read in any case.
_SOON = 4_000


def may_hold_star(text: str) -> bool:
    """Whether ``reordered`` might have something to do for a query with this text; only parsing it tells."""
    return len(text) <= _CHARACTERS and len(_CONSTANT_OBJECT.findall(text)) > 1


def reordered(query: Query, count: Count) -> str | None:
    """The query's text with its star begun where there are fewest triples; None to leave the query as it is.

    What it says depends on the query and on counts alone, so that pages by ``LIMIT`` and ``OFFSET`` fit together while
    the data stays. Only where one basic graph pattern alone decides about the solutions of the outermost group.
    """
    select = query.select
    basic = [e for e in select.pattern.elements if isinstance(e, BasicGraphPattern)]
    others = [e for e in select.pattern.elements if not isinstance(e, BasicGraphPattern | Optional | Minus | Bind)]
    if query.form is Form.DESCRIBE or select.values is not None or len(basic) != 1 or others:
        return None
    if select.projection is None and query.form is Form.SELECT:
        # The columns of SELECT * come in the order in which their variables do.
        return None
    early = query.form is Form.ASK or (select.limit is not None and not select.order and not select.aggregates)
    parts = _parts(basic[0].triples, count, early=early)
    if parts is None:
        return None
    at = select.pattern.elements.index(basic[0])
    elements = (*select.pattern.elements[:at], *parts, *select.pattern.elements[at + 1 :])
    pattern = Group(elements, select.pattern.filters)
    return write_query(replace(query, select=replace(select, pattern=pattern), dataset=None))


def _parts(
    triples: tuple[TriplePattern, ...], count: Count, *, early: bool
) -> tuple[SubSelect | BasicGraphPattern, ...] | None:
    """What to say instead of a basic graph pattern; None when nothing would be won."""
    if not all(_is_plain(triple) for triple in triples):
        return None
    constant = [triple for triple in triples if isinstance(triple.object, Term)]
    if len(constant) < 2:
        return None
    for most in _STEPS[:1] if early else _STEPS:
        counts = [_counted(triple, count, most) for triple in constant]
        if min(counts) < most:
            break
    else:
        return None
    least = min(counts)
    first = constant[counts.index(least)]
    chosen = [first]
    for triple, number in zip(constant, counts, strict=True):
        if triple is first or triple.subject != first.subject or least <= _FEW:
            continue
        bound = least * _LOOKUP
        found = number if number < most or most > bound else _counted(triple, count, bound + 1)
        if found <= bound and not (early and least + found > _SOON):
            chosen.append(triple)
    if chosen == [constant[0]]:
        return None
    rest = tuple(triple for triple in triples if triple not in chosen)
    return (*(_subjects(triple) for triple in chosen), *((BasicGraphPattern(rest),) if rest else ()))


def _is_plain(triple: TriplePattern) -> bool:
    """A pattern that begins with a variable and follows one predicate: others have an order of their own."""
    subject, predicate = triple.subject, triple.predicate
    return (
        isinstance(subject, Variable)
        and not subject.name.startswith("_:")
        and isinstance(predicate, Link | Variable | Term)
        and not (isinstance(predicate, Variable) and isinstance(triple.object, Term))
    )


def _counted(triple: TriplePattern, count: Count, most: int) -> int:
    predicate = triple.predicate
    assert isinstance(predicate, Link | Term)  # it is plain
    assert isinstance(triple.object, Term)
    return count(predicate.iri if isinstance(predicate, Link) else predicate.value, triple.object, most)


def _subjects(triple: TriplePattern) -> SubSelect:
    assert isinstance(triple.subject, Variable)  # it is plain
    pattern = Group((BasicGraphPattern((triple,)),))
    return SubSelect(Select(pattern, projection=(Projection(triple.subject.name),)))
