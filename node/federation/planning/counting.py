"""Queries that count or compare values, answered from different rows of few columns instead of triples.

A member is asked for the different rows of what the query needs of a part of its pattern (one triple pattern, or a star
that is local, ``locality``): the variables that join it with other parts, those that are grouped by, and those that are
counted or compared. The parts are joined and grouped (``rows_text``) by the process that evaluates what is left to do
with the groups: ``HAVING``, ``ORDER BY``, ``LIMIT``, expressions.

Why the answer is that over the merge M: the solutions of a conjunction over M are the join of the solutions of its
parts over M. Those of a triple pattern are the matches of all members, equal ones once. Those of a local star are those
of all members, none of them at two (``locality``). A filter whose variables are all of one part holds in a solution of
the whole if and only if it holds in that of the part.

- ``COUNT(DISTINCT)``, ``MIN``, ``MAX``, ``SAMPLE`` and what is ``DISTINCT`` do not see how often a row occurs: that the
  rows have lost columns, and that two members send the same one, changes nothing.
- ``COUNT``, ``SUM`` and ``AVG`` do. For them the rows of a local star come with their numbers, which are added up and
  multiplied in joins; all other parts keep all of their columns, so that each row occurs once.
- Values are added up only where all are integers or decimals (as in ``partition``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from node.federation.calling.rows import Table
from node.federation.members.spaces import NOWHERE
from node.federation.planning.conditions import movable, variables
from node.federation.planning.groups import Groups, aggregates, sees_how_often
from node.federation.planning.locality import local
from node.federation.planning.parts import Part, Parts
from node.federation.planning.plan import Body, Scan, Star, seed_cells
from node.federation.planning.selection import Catalogue
from node.federation.planning.stars import grouped
from node.rdf.spaces import BLANK
from node.sparql.algebra import (
    BasicGraphPattern,
    Call,
    Element,
    Expression,
    Form,
    Group,
    InlineData,
    Query,
    SubSelect,
    Variable,
)
from node.sparql.rows_text import RowsText
from node.sparql.terms import Term

#: So many triples are matched in all at most; where there are more, they are fetched.
MOST_TRIPLES = 3_000_000


@dataclass(frozen=True)
class Counting:
    """How to answer a query from rows: what is fetched, what is made of it, and the values that some variables have."""

    parts: Parts
    groups: Groups
    seeds: Mapping[str, frozenset[bytes]]

    def merged(self, found: Mapping[Part, Sequence[Table]]) -> RowsText:
        """The query that makes the answer of the rows that were found of the parts; of none, where nothing matches."""
        relations = [(part.kept, part.counted) for part in found]
        bodies = [[table.body for table in tables] for tables in found.values()]
        if found:
            relations += [((variable,), False) for variable in self.seeds]
            bodies += [[b"".join(cell + b"\n" for cell in cells)] for cells in self.seeds.values()]
        return self.groups.text(relations, bodies)


def counting(query: Query, body: Body, catalogue: Catalogue) -> Counting | None:
    """How to answer a SELECT from rows; None where it cannot be, or not surely."""
    select = query.select
    if query.form is not Form.SELECT or query.dataset is not None or select.values is not None or not select.aggregates:
        return None
    found = aggregates(select)
    keys = [key.expression.name for key in select.group if isinstance(key.expression, Variable)]
    if found is None or len(keys) < len(select.group):
        return None
    if any(isinstance(k.expression, Variable) and k.variable not in (None, k.expression.name) for k in select.group):
        return None
    often = any(map(sees_how_often, found))
    if not _is_conjunction(select.pattern, often=often) or body.attachments:
        return None
    if not _are_known(body, catalogue):
        return None
    elements = grouped(body.elements, lambda star: local(star.scans, (), catalogue) is not None)
    parts = [element for element in elements if isinstance(element, Scan | Star)]
    groups = Groups(select, tuple(dict.fromkeys(keys)), found)
    wanted = groups.variables
    if not _hang_together(parts) or not wanted <= frozenset().union(*(p.variables for p in parts)):
        return None
    if sum(map(catalogue.total, body.scans())) > MOST_TRIPLES:
        return None
    placed = _placed(select.pattern.filters, body.certain, parts)
    if placed is None:
        return None
    seeds = {} if often else _seeds(body)
    if not seeds.keys() <= frozenset().union(*(p.variables for p in parts)):
        return None
    made: list[Part] = []
    for part, conditions in zip(parts, placed, strict=True):
        shared = frozenset().union(*(p.variables for p in parts if p is not part))
        kept = part.variables & (wanted | shared | seeds.keys())
        scans = part.scans if isinstance(part, Star) else (part,)
        whole = local(scans, (), catalogue) is not None
        if often and not whole:
            kept = part.variables
        if not kept:
            return None
        counted = often and kept < part.variables
        made.append(Part(part, tuple(sorted(kept)), counted, tuple(conditions)))
    return Counting(Parts(tuple(made), catalogue), groups, seeds)


def _is_conjunction(group: Group, *, often: bool) -> bool:
    """Whether a pattern is a conjunction of triple patterns, and, where nobody sees how ``often`` a solution occurs, of
    inline data and of sub-selects that are such conjunctions: joined, they have the same different solutions."""

    def fits(element: Element) -> bool:
        match element:
            case BasicGraphPattern():
                return True
            case Group(_, filters):
                return not filters and _is_conjunction(element, often=often)
            case InlineData((_,), rows):
                terms = [row[0] for row in rows]
                known = [term for term in terms if term is not None]
                return not often and len(known) == len(terms) and seed_cells(known) is not None
            case SubSelect(select):
                cut = select.aggregates or select.group or select.is_cut
                plain = not cut and select.values is None and not select.pattern.filters
                shown = all(p.expression is None for p in select.projection or ())
                return not often and plain and shown and _is_conjunction(select.pattern, often=often)
            case _:
                return False

    return all(map(fits, group.elements))


def _seeds(body: Body) -> dict[str, frozenset[bytes]]:
    """The values that inline data and filters leave to variables."""
    seeds: dict[str, frozenset[bytes]] = {}
    for variable, cells in body.seeds:
        seeds[variable] = seeds.get(variable, cells) & cells
    return seeds


def _are_known(body: Body, catalogue: Catalogue) -> bool:
    """Whether the pattern is made of triple patterns in the default graph whose matches have no blank nodes, at members
    that evaluate as this node does."""
    scans = [e for e in body.elements if isinstance(e, Scan)]
    if len(scans) < len(body.elements) or catalogue.directory.silent or catalogue.kept:
        return False
    for scan in scans:
        plain = isinstance(scan.p, Term) and scan.p.kind == "iri" and not isinstance(scan.s, Term)
        if not plain or not catalogue.in_default_graph(scan):
            return False
        subjects, objects, members = catalogue.subjects(scan), catalogue.objects(scan), catalogue.holding([scan])
        if not (catalogue.alike.issuperset(members) and subjects.unknown.union(objects.unknown).isdisjoint(members)):
            return False
        for holders in (subjects, objects) if isinstance(scan.o, str) else (subjects,):
            if not holders.names.get(BLANK, NOWHERE).isdisjoint(members):
                return False
    return bool(scans)


def _hang_together(parts: Sequence[Scan | Star]) -> bool:
    reached, waiting = parts[0].variables, list(parts[1:])
    while waiting:
        linked = [part for part in waiting if part.variables & reached]
        if not linked:
            return False
        reached = reached.union(*(part.variables for part in linked))
        waiting = [part for part in waiting if part not in linked]
    return True


def _placed(
    filters: Sequence[Expression], certain: frozenset[str], parts: Sequence[Scan | Star]
) -> list[list[Expression]] | None:
    """The conditions of filters by parts that have all of their variables; None if there is none for one of them."""
    placed: list[list[Expression]] = [[] for _ in parts]
    for condition in filters:
        conditions = list(movable(condition, certain, lambda name: name))
        if len(conditions) < len(list(_conjuncts(condition))):
            return None
        for each in conditions:
            at = next((i for i, part in enumerate(parts) if variables(each) <= part.variables), None)
            if at is None:
                return None
            placed[at].append(each)
    return placed


def _conjuncts(condition: Expression) -> Iterator[Expression]:
    if isinstance(condition, Call) and condition.name == "&&":
        for part in condition.arguments:
            yield from _conjuncts(part)
    else:
        yield condition
