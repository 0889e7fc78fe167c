"""Queries that each member answers for itself, and how their answers become one. Pure.

When the pattern of a SELECT is local (``locality``), its solutions over the merge are those at the members put
together, none of them twice. Whatever looks at one solution at a time (``FILTER``, ``BIND``, ``VALUES``, ``OPTIONAL``,
expressions of the projection) is then evaluated at the members. What looks at several:

- ``LIMIT``: the first n solutions in an order are among the first n of each member.
- ``DISTINCT``: the same solution cannot come from two members if one of its variables is *owned* (has no value at two
  members); otherwise it is made distinct once more.
- Groups, if one of their keys is owned, lie whole at one member. Otherwise each member groups for itself and its groups
  are put together: ``COUNT`` by adding, ``MIN`` and ``MAX`` by themselves, ``COUNT(DISTINCT ?x)`` by adding when ``?x``
  is owned, ``SUM`` by adding and ``AVG`` as sum and count. Integers and decimals add up to the same in any order, and
  their sum has the type that they have together (XPath Functions and Operators, section 6.2). Floating point does not,
  and an error may be that of a value or of a sum too large for the engine, which depends on the order: where a part is
  anything but such a number, all is fetched instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from node.federation.calling.rows import Table
from node.federation.planning.hash_joins import hashed
from node.federation.planning.locality import Locality, Optionally, local
from node.federation.planning.plan import Body, Closure, Scan
from node.federation.planning.selection import Catalogue
from node.federation.planning.unfold import unfold
from node.federation.planning.variables import VOLATILE
from node.rdf.namespaces import XSD
from node.sparql.algebra import (
    Aggregate,
    BasicGraphPattern,
    Bind,
    Call,
    Element,
    Exists,
    Expression,
    Form,
    Group,
    InlineData,
    Minus,
    Optional,
    OrderCondition,
    Projection,
    Query,
    Select,
    SubSelect,
    TriplePattern,
    Variable,
    sub_expressions,
)
from node.sparql.rows_text import EXACT, values_body
from node.sparql.terms import iri_term, literal_term
from node.sparql.words import unused
from node.sparql.writer import around_pattern, write_select

#: Stands for a value that there is not.
ZERO = literal_term("0", datatype=f"{XSD}integer")
_UNBOUND = "urn:onconode:unbound"
_UNBOUND_CELL = re.compile(rf"(?<![^\t\n])<{_UNBOUND}>(?![^\t\n])".encode())
_BLANK = re.compile(rb"(?<![^\t\n])_:")


@dataclass(frozen=True)
class Partition:
    """``members`` answer ``text``, whose columns are ``columns``.

    ``merging`` is None when their solutions only have to be put together. Otherwise it is the SELECT that makes the
    answer of them; its pattern is empty and stands for the rows, whose variables are ``variables``. ``sums`` are the
    places of columns whose values are to be added up.
    """

    members: tuple[str, ...]
    text: str
    columns: tuple[str, ...]
    variables: tuple[str, ...]
    merging: Select | None
    sums: tuple[int, ...] = ()

    def merged(self, tables: Iterable[Table]) -> str | None:
        """The query that makes the answer of the members' rows, None if they hold blank nodes, or no exact sums."""
        assert self.merging is not None
        body = b"".join(table.body for table in tables)
        if _BLANK.search(body) or not self._adds_up(body):
            return None
        return with_rows(self.merging, self.variables, body)

    def _adds_up(self, body: bytes) -> bool:
        rows = (row.split(b"\t") for row in body.split(b"\n")[:-1]) if self.sums else ()
        return all(row[at].endswith(EXACT) for row in rows for at in self.sums)


def with_rows(select: Select, variables: tuple[str, ...], body: bytes) -> str:
    """A SELECT whose pattern is empty, as text, over rows (as in ``rows.Table``) of these variables."""
    before, after = around_rows(select, variables)
    return f"{before}{values_body(_UNBOUND_CELL.sub(b'UNDEF', body))}{after}"


def around_rows(select: Select, variables: tuple[str, ...]) -> tuple[str, str]:
    """What stands before and after the rows in the text of a SELECT whose pattern is empty."""
    before, after = around_pattern(select)
    return f"{before}{{ VALUES ({' '.join(f'?{v}' for v in variables)}) {{ ", f" }} }}{after}"


def partition(query: Query, catalogue: Catalogue, *, as_rows: bool = False) -> Partition | None:
    """How to take a SELECT apart by members; None if it cannot be, or not surely.

    ``as_rows``: what the members give is wanted as rows even where it is the answer already.
    """
    select = query.select
    if query.form is not Form.SELECT or query.dataset is not None or select.values is not None:
        return None
    if not is_plain(select):
        return None
    where = _locality(unfold(query), catalogue)
    if where is None or not catalogue.alike.issuperset(where.members):
        return None
    select = hashed_at(select, where, catalogue)
    apart = by_groups(select, where) if select.aggregates else _plain(select, where)
    if apart is not None and apart.merging is None and as_rows:
        names = _columns(select)
        return None if names is None else _asked(select, names, _all_of(names), where)
    return apart


def is_plain(select: Select) -> bool:
    """Whether a member would evaluate it as this node does, and for each solution of its triple patterns by itself."""
    return _is_plain(select.pattern) and all(map(_is_fixed, _expressions(select)))


def hashed_at(select: Select, where: Locality, catalogue: Catalogue) -> Select:
    """The select as the members are asked it, who join it by hashing where that is quicker (``hash_joins``)."""

    def matches(triple: TriplePattern) -> list[float]:
        places = (p.name if isinstance(p, Variable) else p for p in (triple.subject, triple.predicate, triple.object))
        scan = Scan(*places)  # type: ignore[arg-type]
        held = catalogue.likely(scan)
        return [held.get(name, 0.0) for name in where.members]

    return hashed(select, matches)


def _locality(body: Body, catalogue: Catalogue) -> Locality | None:
    required = [element for element in body.elements if isinstance(element, Scan)]
    closures = [element for element in body.elements if isinstance(element, Closure)]
    if len(required) + len(closures) < len(body.elements):
        return None
    optional = []
    for attachment in body.attachments:
        scans = [element for element in attachment.body.elements if isinstance(element, Scan)]
        if len(scans) < len(attachment.body.elements) or attachment.body.attachments or not scans:
            return None
        optional.append(Optionally(tuple(scans), attachment.allowed))
    walked: list[Scan] = []
    for number, closure in enumerate(closures):
        if (edges := _first_and_last(closure, number)) is None:
            return None
        if closure.minimum:
            walked += edges
        elif (bound := _bound_end(closure, body)) is not None:
            optional.append(Optionally(edges, frozenset((bound,))))
        else:
            return None
    return local([*required, *walked], optional, catalogue)


def _first_and_last(closure: Closure, number: int) -> tuple[Scan, Scan] | None:
    """The first and the last edge of a path that repeats one predicate, as if they met; None for other paths.

    If wherever they meet all edges on are at the member that leads there, then so are those of longer paths.
    """
    step = closure.steps[0] if len(closure.steps) == 1 else None
    if step is None or step.predicate is None or closure.graph is not None:
        return None
    via = f"/via{number}"
    first = step.scan(closure.start, via, None, any_predicate="")
    last = step.scan(via, closure.end, None, any_predicate="")
    return first, last


def _bound_end(closure: Closure, body: Body) -> str | None:
    """The one end of a path of any length that a triple pattern binds, where nothing else looks at the other one.

    A path of no step then has its solution where the pattern has its own.
    """
    others = [element for element in body.elements if element is not closure]
    bound = {place for e in others if isinstance(e, Scan) for place in (e.s, e.o)}
    looked_at = frozenset().union(*(e.variables for e in others), *(a.body.variables for a in body.attachments))
    for end, other in ((closure.start, closure.end), (closure.end, closure.start)):
        if isinstance(end, str) and end in bound and other not in looked_at and other != end:
            return end
    return None


# --- what is left to do here ---


def _plain(select: Select, where: Locality) -> Partition | None:
    """Solutions that are not grouped."""
    return _cut(select, select, where) if select.order or select.is_cut else _listed(select, where)


def _all_of(names: tuple[str, ...]) -> Select:
    return Select(Group(()), tuple(Projection(name) for name in names))


def _listed(select: Select, where: Locality) -> Partition | None:
    """Solutions in any order, all of them."""
    names = _columns(select)
    if select.distinct and not where.owned.intersection(names or ()):
        return None if names is None else _asked(select, names, replace(_all_of(names), distinct=True), where)
    return Partition(where.members, write_select(select), (), (), None)


def _cut(select: Select, asked: Select, where: Locality) -> Partition | None:
    """Solutions in an order, or some of them; ``asked`` is what the members are asked, still without its cut."""
    names = _columns(select)
    if names is None:
        return None
    key = unused("order_", write_select(select))
    keys: list[Projection] = []
    order: list[OrderCondition] = []
    for condition in select.order:
        if isinstance(condition.expression, Variable) and condition.expression.name in names:
            order.append(condition)
            continue
        keys.append(Projection(f"{key}{len(keys)}", condition.expression))
        order.append(OrderCondition(Variable(keys[-1].variable), condition.descending))
    if keys and select.distinct:
        return None
    limit = None if select.limit is None else select.limit + (select.offset or 0)
    asked = replace(asked, limit=limit, offset=None, projection=(*(select.projection or ()), *keys))
    if limit is None:
        asked = replace(asked, order=())
    merging = Select(
        Group(()),
        tuple(Projection(name) for name in names),
        distinct=select.distinct,
        reduced=select.reduced,
        order=tuple(order),
        limit=select.limit,
        offset=select.offset,
    )
    return _asked(asked, (*names, *(k.variable for k in keys)), merging, where)


def by_groups(select: Select, where: Locality) -> Partition | None:
    """How groups of solutions are taken apart, where each solution is at one of the members; None if they cannot be."""
    keys = [key.variable for key in select.group if isinstance(key.expression, Variable)]
    if len(keys) < len(select.group) or any(
        key.variable != key.expression.name for key in select.group if isinstance(key.expression, Variable)
    ):
        return None
    names = list(dict.fromkeys(name for name in keys if name is not None))
    if where.owned.intersection(names):
        # Every group is whole where it is.
        if select.order or select.is_cut:
            return _cut(select, select, where)
        return None if select.distinct else Partition(where.members, write_select(select), (), (), None)
    return _put_together(select, names, where)


def _put_together(select: Select, keys: list[str], where: Locality) -> Partition | None:
    """Parts of groups, which become groups here."""
    part_name = unused("part_", write_select(select))
    parts: dict[Aggregate, str] = {}
    for expression in _modifiers(select):
        for aggregate in sub_expressions(expression):
            if isinstance(aggregate, Aggregate):
                if not _is_decomposable(aggregate, where, alone=not keys):
                    return None
                for part in _parts(aggregate):
                    parts.setdefault(part, f"{part_name}{len(parts)}")
        if any(isinstance(part, Exists) for part in sub_expressions(expression)):
            return None

    def whole(expression: Expression) -> Expression:
        match expression:
            case Aggregate("AVG"):
                total, count = (Aggregate("SUM", Variable(parts[part]), distinct=False) for part in _parts(expression))
                # The average of nothing is 0 (section 18.5.1.4).
                return Call("IF", (Call("=", (count, ZERO)), ZERO, Call("/", (total, count))))
            case Aggregate(name):
                part = Variable(parts[expression])
                return Aggregate("SUM" if name == "COUNT" else name, part, distinct=False)
            case Call(name, arguments):
                return Call(name, tuple(map(whole, arguments)))
            case _:
                return expression

    asked = Select(
        select.pattern,
        (*(Projection(key) for key in keys), *(Projection(name, aggregate) for aggregate, name in parts.items())),
        group=select.group,
    )
    merging = replace(
        select,
        pattern=Group(()),
        projection=tuple(
            replace(p, expression=None if p.expression is None else whole(p.expression))
            for p in select.projection or ()
        ),
        having=tuple(map(whole, select.having)),
        order=tuple(replace(o, expression=whole(o.expression)) for o in select.order),
    )
    sums = tuple(len(keys) + at for at, part in enumerate(parts) if part.name == "SUM")
    return replace(_asked(asked, (*keys, *parts.values()), merging, where), sums=sums)


def _parts(aggregate: Aggregate) -> tuple[Aggregate, ...]:
    """What members are asked for one aggregate."""
    if aggregate.name != "AVG":
        return (aggregate,)
    return replace(aggregate, name="SUM"), replace(aggregate, name="COUNT")


def _is_decomposable(aggregate: Aggregate, where: Locality, *, alone: bool) -> bool:
    """``alone``: there is one group only, also where there is no solution."""
    argument = aggregate.argument
    if aggregate.name == "COUNT":
        return not aggregate.distinct or (isinstance(argument, Variable) and argument.name in where.owned)
    if aggregate.name in ("MIN", "MAX"):
        return not alone and isinstance(argument, Variable) and argument.name in where.certain
    return aggregate.name in ("SUM", "AVG") and not aggregate.distinct


def _asked(asked: Select, names: tuple[str, ...], merging: Select, where: Locality) -> Partition:
    """The members' answers as rows without gaps."""
    column = unused("c", write_select(asked))
    columns = tuple(f"{column}{number}" for number in range(len(names)))
    given = [
        Projection(column, Call("COALESCE", (Variable(name), iri_term(_UNBOUND))))
        for column, name in zip(columns, names, strict=True)
    ]
    text = write_select(Select(Group((SubSelect(asked),)), tuple(given)))
    return Partition(where.members, text, columns, names, merging)


# --- what a select is made of ---


def _columns(select: Select) -> tuple[str, ...] | None:
    """The names of the columns; None for ``*``."""
    return None if select.projection is None else tuple(p.variable for p in select.projection)


def _modifiers(select: Select) -> Iterator[Expression]:
    yield from (p.expression for p in select.projection or () if p.expression is not None)
    yield from select.having
    yield from (condition.expression for condition in select.order)


def _expressions(select: Select) -> Iterator[Expression]:
    """Every expression of a select whose pattern is plain, those within ``EXISTS`` included."""
    yield from _modifiers(select)
    yield from (key.expression for key in select.group)
    yield from _within(select.pattern)


def _within(group: Group) -> Iterator[Expression]:
    yield from group.filters
    for expression in group.filters:
        yield from (e for x in sub_expressions(expression) if isinstance(x, Exists) for e in _within(x.pattern))
    for element in group.elements:
        if isinstance(element, Bind):
            yield element.expression
        elif isinstance(element, Group):
            yield from _within(element)
        elif isinstance(element, Optional | Minus):
            yield from _within(element.pattern)


def _is_fixed(expression: Expression) -> bool:
    """Whether an expression gives the same wherever and whenever it is evaluated."""
    return not any(isinstance(part, Call) and part.name in VOLATILE for part in sub_expressions(expression))


def _is_plain(group: Group) -> bool:
    """Whether a pattern is made of what is evaluated for each solution of its triple patterns by itself."""
    exists = [x for f in group.filters for x in sub_expressions(f) if isinstance(x, Exists)]
    return all(map(_is_plain_element, group.elements)) and all(_is_plain(x.pattern) for x in exists)


def _is_plain_element(element: Element) -> bool:
    match element:
        case BasicGraphPattern() | Bind() | InlineData():
            return True
        case Group():
            return _is_plain(element)
        case Optional(pattern) | Minus(pattern):
            return _is_plain(pattern)
        case _:
            return False
