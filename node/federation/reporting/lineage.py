"""Which members and graphs the rows of an answer are from.

A row stems from one or more solutions of the query's pattern: those that agree with it in every plain variable that it
shows (all solutions of its group, where the query groups). A solution stems from the triples that the query's triple
patterns become when its values are put in. A member, or a named graph of it, is a **source of a row** when it holds one
of these triples.

Patterns count wherever they stand in the joined part of the query: at the top, in ``UNION``, ``OPTIONAL``, ``GRAPH``
and sub-selects, as far as all their variables are bound. Sequences and alternatives of predicates count as the patterns
they stand for. What only decides that there is a row does not: ``MINUS``, ``EXISTS``, and paths that repeat. Blank
nodes of foreign members cannot be asked for again, so that triples with them count for no member.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from node.federation.calling.rows import Table, cell
from node.federation.planning.requests import Job
from node.federation.planning.variables import in_scope, triple_variables
from node.sparql.algebra import (
    AlternativePath,
    BasicGraphPattern,
    Element,
    Form,
    Graph,
    Group,
    InversePath,
    Link,
    Optional,
    Path,
    Projection,
    Query,
    Select,
    SequencePath,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
    VarOrTerm,
)
from node.sparql.results import Results
from node.sparql.terms import Term, iri_term
from node.sparql.writer import written

#: A query whose pattern has more solutions, or more triples in them, is not traced.
MOST = 10_000
_BLOCK = 500
_PREFIX = "onconode_"

Triple = tuple[Term, Term, Term]


@dataclass(frozen=True)
class RowSource:
    """A member that holds triples of a row, and the named graphs it holds them in."""

    member: str
    graphs: tuple[str, ...]


@dataclass(frozen=True)
class Lineage:
    """How to trace a query: ``solutions`` gives all solutions of its pattern, ``patterns`` are what their values are
    put into, ``keys`` the variables by which a row and its solutions are found to belong together."""

    solutions: Query
    patterns: tuple[TriplePattern, ...]
    keys: tuple[str, ...]

    def triples_of(self, rows: Sequence[Mapping[str, Term]], solutions: Results) -> list[tuple[Triple, ...]]:
        """For each row of the answer the triples that it stems from, each once; the same object for rows that show the
        same."""
        groups: dict[tuple[Term | None, ...], dict[Triple, None]] = {}
        for solution in solutions.rows:
            found = groups.setdefault(tuple(solution.get(key) for key in self.keys), {})
            for pattern in self.patterns:
                triple = _put_in(pattern, solution)
                if triple is not None:
                    found[triple] = None
        triples = {key: tuple(found) for key, found in groups.items()}
        return [triples.get(tuple(row.get(key) for key in self.keys), ()) for row in rows]


def lineage(query: Query) -> Lineage:
    """How to trace the rows of a SELECT."""
    fresh = itertools.count()
    pattern = _group(query.select.pattern, fresh)
    patterns = tuple(_patterns(pattern))
    shown = in_scope((pattern,)).keys()
    columns = query.select.projection
    if query.select.aggregates:
        grouped = {k.expression.name for k in query.select.group if isinstance(k.expression, Variable)}
        visible = {c.variable for c in columns or () if c.expression is None}
        keys = [key for key in shown if key in grouped and key in visible]
    elif columns is None:
        keys = [key for key in shown if not key.startswith(_PREFIX)]
    else:
        keys = [c.variable for c in columns if c.expression is None and c.variable in shown]
    select = Select(
        pattern,
        tuple(map(Projection, shown)) or None,
        distinct=True,
        limit=MOST + 1,
        values=query.select.values,
    )
    return Lineage(written(replace(query, form=Form.SELECT, select=select)), patterns, tuple(keys))


def holding_jobs(member: str, triples: Sequence[Triple]) -> list[Job]:
    """The requests that ask a member which of these triples it holds, and in which named graphs."""
    jobs: list[Job] = []
    askable = [t for t in triples if all(term.kind != "bnode" for term in t)]
    for at in range(0, len(askable), _BLOCK):
        listed = " ".join(f"({' '.join(cell(term).decode() for term in t)})" for t in askable[at : at + _BLOCK])
        values = f"VALUES (?s ?p ?o) {{ {listed} }}"
        jobs.append(Job(member, f"SELECT ?s ?p ?o WHERE {{ {values} ?s ?p ?o }}", ("s", "p", "o")))
        graphs = f"SELECT ?s ?p ?o ?g WHERE {{ {values} GRAPH ?g {{ ?s ?p ?o }} }}"
        jobs.append(Job(member, graphs, ("s", "p", "o", "g")))
    return jobs


def row_sources(rows: Sequence[Sequence[Triple]], held: Iterable[tuple[str, Table]]) -> list[list[RowSource]]:
    """For each row its sources. ``held``: what members answered to ``holding_jobs``."""
    # Many rows may stem from the same triples, and each from many.
    holders: dict[tuple[bytes, ...], dict[str, set[str]]] = {}
    for member, table in held:
        for cells in table.rows():
            graphs = holders.setdefault(tuple(cells[:3]), {}).setdefault(member, set())
            if len(cells) > 3:
                graphs.add(cells[3][1:-1].decode())
    made: dict[int, list[RowSource]] = {}
    for triples in rows:
        if id(triples) in made:
            continue
        found: dict[str, set[str]] = {}
        for triple in triples:
            for member, graphs in holders.get(tuple(cell(term) for term in triple), {}).items():
                found.setdefault(member, set()).update(graphs)
        made[id(triples)] = [RowSource(member, tuple(sorted(found[member]))) for member in sorted(found)]
    return [made[id(triples)] for triples in rows]


def _put_in(pattern: TriplePattern, solution: Mapping[str, Term]) -> Triple | None:
    terms = [
        solution.get(place.name) if isinstance(place, Variable) else place
        for place in (pattern.subject, pattern.predicate, pattern.object)
    ]
    subject, predicate, target = (term if isinstance(term, Term) else None for term in terms)
    if subject is None or predicate is None or target is None:
        return None
    return subject, predicate, target


# --- the pattern with every hidden variable in sight, and sequences of predicates written out ---


def _group(group: Group, fresh: Iterator[int]) -> Group:
    return replace(group, elements=tuple(_element(element, fresh) for element in group.elements))


def _element(element: Element, fresh: Iterator[int]) -> Element:
    match element:
        case BasicGraphPattern(triples):
            return BasicGraphPattern(tuple(t for triple in triples for t in _expanded(triple, fresh)))
        case Group():
            return _group(element, fresh)
        case Optional(pattern):
            return Optional(_group(pattern, fresh))
        case Union(arms):
            return Union(tuple(_group(arm, fresh) for arm in arms))
        case Graph(name, pattern):
            return Graph(_in_sight(name), _group(pattern, fresh))
        case _:
            return element


def _expanded(triple: TriplePattern, fresh: Iterator[int]) -> Iterator[TriplePattern]:
    """A sequence as triple patterns with variables between them."""
    start, end = _in_sight(triple.subject), _in_sight(triple.object)
    predicate = triple.predicate
    if isinstance(predicate, SequencePath):
        ends = [*(Variable(f"{_PREFIX}step{next(fresh)}") for _ in predicate.parts[1:]), end]
        for part, following in zip(predicate.parts, ends, strict=True):
            yield from _expanded(TriplePattern(start, part, following), fresh)
            start = following
    elif isinstance(predicate, InversePath):
        yield from _expanded(TriplePattern(end, predicate.path, start), fresh)
    elif isinstance(predicate, Link):
        yield TriplePattern(start, iri_term(predicate.iri), end)
    else:
        yield TriplePattern(start, predicate, end)


def _in_sight(place: VarOrTerm) -> VarOrTerm:
    """A blank node of the query as a variable whose values can be seen."""
    if isinstance(place, Variable) and place.name.startswith("_:"):
        return Variable(_PREFIX + place.name[2:])
    return place


def _patterns(group: Group) -> Iterator[TriplePattern]:
    """The triple patterns that solutions stem from; an alternative as one for each of its predicates."""
    waiting: list[Element] = [group]
    while waiting:
        match waiting.pop():
            case BasicGraphPattern(triples):
                for triple in triples:
                    yield from _alternatives(triple.subject, triple.predicate, triple.object)
            case Group(elements):
                waiting.extend(elements)
            case Optional(pattern) | Graph(_, pattern):
                waiting.append(pattern)
            case Union(arms):
                waiting.extend(arms)
            case SubSelect(select):
                columns = in_scope((SubSelect(select),)).keys()
                # A variable that is not selected is another one than that of the same name outside.
                yield from (p for p in _patterns(select.pattern) if set(triple_variables(p)) <= columns)


def _alternatives(start: VarOrTerm, predicate: VarOrTerm | Path, end: VarOrTerm) -> Iterator[TriplePattern]:
    match predicate:
        case Variable() | Term():
            yield TriplePattern(start, predicate, end)
        case Link(iri):
            yield TriplePattern(start, iri_term(iri), end)
        case InversePath(path):
            yield from _alternatives(end, path, start)
        case AlternativePath(parts):
            for part in parts:
                yield from _alternatives(start, part, end)
