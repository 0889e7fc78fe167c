"""Paths of length zero from or to a term that is not in the graph. Pure.

``:x :p* ?y`` has the solution ``?y = :x`` whatever the graph holds (SPARQL 1.1, section 18.4), and so has every path
that may be empty, a sequence of such ones too. The engine gives it only if ``:x`` is in the graph (oxigraph pull
request 1815 mends it, unreleased for Python). Whoever knows that it is not can write the solution down instead: no edge
can lead to or from it. Whoever does not writes it down beside the path, for graphs in which the term is no node.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from node.sparql.algebra import (
    AlternativePath,
    BasicGraphPattern,
    Element,
    Exists,
    Expression,
    Graph,
    Group,
    InlineData,
    InversePath,
    Path,
    Query,
    RepeatedPath,
    SequencePath,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
)
from node.sparql.rewriting import Rewriting
from node.sparql.terms import Term
from node.sparql.words import unused
from node.sparql.writer import written

_IsNode: TypeAlias = Callable[[Term], bool]

# A path that may be empty has one of these signs; a variable has the other use of the second, and these words a star.
_SIGN = re.compile(r"\*|\?(?!\w)|\\u")
_STARRED = ("select", "distinct", "reduced", "(")
_BEFORE = 40
#: A path of more solutions of length zero is left as it is.
_MOST = 1_000


def may_have_lone_paths(text: str) -> bool:
    """Whether ``with_own_ends`` might have something to do for a query with this text; only parsing it tells."""
    return any(
        found[0] != "*" or not text[max(0, found.start() - _BEFORE) : found.start()].rstrip().lower().endswith(_STARRED)
        for found in _SIGN.finditer(text)
    )


def with_own_ends(query: Query) -> Query | None:
    """The query with the solutions of length zero beside each path that begins or ends at a term; None without such.

    It means the same for any graph. Left alone is a path that ends in a blank node, and one whose other end stands in
    another pattern of the same basic graph pattern, one that is an edge: the term is in the graph then, or no solution.
    """
    return _changed(query, None)


def without_lone_paths(query: Query, is_node: _IsNode) -> Query | None:
    """The query with the solutions of such paths in their place, or, within ``GRAPH``, beside them; None when there are
    none.

    ``is_node``: whether a term may be in the default graph.
    """
    return _changed(query, is_node)


def _changed(query: Query, is_node: _IsNode | None) -> Query | None:
    ends = _Ends(is_node=is_node, name=unused("none", query.text))
    select = ends.select(query.select)
    return written(replace(query, select=select)) if ends.found else None


@dataclass(frozen=True)
class _Ends(Rewriting):
    """``is_node``: whether a term may be in the active graph, None where that is not known. ``name``: with what the
    names of new variables begin. ``found``: which ends were written down."""

    is_node: _IsNode | None = None
    name: str = ""
    found: list[Term] = field(default_factory=list)

    def element(self, element: Element) -> Element:
        """One element, with the solutions of its paths."""
        if isinstance(element, Graph) and self.is_node is not None:
            return replace(self, is_node=None).element(element)
        return self._basic(element) if isinstance(element, BasicGraphPattern) else super().element(element)

    def _basic(self, pattern: BasicGraphPattern) -> Element:
        lone = [(triple, term) for triple in pattern.triples if (term := _lone_end(triple)) is not None]
        if self.is_node is None:
            lone = _outstanding(pattern.triples, lone)
        else:
            lone = [(triple, term) for triple, term in lone if not self.is_node(term)]
        if not lone:
            return pattern
        kept = tuple(triple for triple in pattern.triples if all(triple is not one for one, _ in lone))
        parts: list[Element] = [BasicGraphPattern(kept)] if kept else []
        parts += [self._solutions(triple, term) for triple, term in lone]
        return parts[0] if len(parts) == 1 else Group(tuple(parts))

    def _solutions(self, triple: TriplePattern, term: Term) -> Element:
        """What stands for a path with an end that is a term."""
        self.found.append(term)
        ends = tuple(end.name for end in (triple.subject, triple.object) if isinstance(end, Variable))
        empty = InlineData(ends, ((term,) * len(ends),) * _empty_ways(triple.predicate))
        if self.is_node is not None:
            return empty
        path = Group((BasicGraphPattern((triple,)),))
        return Union((path, Group((empty,), _is_no_node(term, f"{self.name}{len(self.found)}"))))


def _outstanding(
    triples: Sequence[TriplePattern], lone: Sequence[tuple[TriplePattern, Term]]
) -> list[tuple[TriplePattern, Term]]:
    """Those whose other end is not the end of an edge of the same pattern."""
    edges = {end for t in triples if not _empty_ways(t.predicate) for end in (t.subject, t.object)}
    return [
        (t, term) for t, term in lone if not any(isinstance(e, Variable) and e in edges for e in (t.subject, t.object))
    ]


def _is_no_node(term: Term, name: str) -> tuple[Expression, ...]:
    """The conditions that a term is no subject, and no object, in the active graph; ``name`` begins those of
    variables."""
    about = TriplePattern(term, Variable(f"{name}p"), Variable(f"{name}o"))
    leading = TriplePattern(Variable(f"{name}s"), Variable(f"{name}q"), term)
    patterns = (about, leading) if term.kind == "iri" else (leading,)
    return tuple(Exists(Group((BasicGraphPattern((pattern,)),)), negated=True) for pattern in patterns)


def _lone_end(triple: TriplePattern) -> Term | None:
    """The one end of a path that may be empty that is a term, the other one being a variable or the same term."""
    ends = (triple.subject, triple.object)
    terms = {end for end in ends if isinstance(end, Term)}
    if len(terms) != 1 or not 0 < _empty_ways(triple.predicate) <= _MOST or any(_is_blank(end) for end in ends):
        return None
    return terms.pop()


def _empty_ways(path: VarOrTerm | Path) -> int:
    """How many solutions a path has from a term that is not in the graph, all of them to the term itself."""
    match path:
        case InversePath(inner):
            return _empty_ways(inner)
        case SequencePath(parts):
            ways = 1
            for part in parts:
                ways *= _empty_ways(part)
            return ways
        case AlternativePath(parts):
            return sum(map(_empty_ways, parts))
        case RepeatedPath(inner, minimum):
            # However often it repeats, each node that it reaches is one solution.
            return 1 if minimum == 0 else min(1, _empty_ways(inner))
        case _:
            return 0


def _is_blank(end: VarOrTerm) -> bool:
    return isinstance(end, Variable) and end.name.startswith("_:")
