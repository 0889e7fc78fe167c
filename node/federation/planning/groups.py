"""The groups of a SELECT, and how the query that makes its answer is made of rows (``rows_text``). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from node.federation.planning.partition import ZERO, around_rows
from node.sparql.algebra import (
    Aggregate,
    Call,
    Exists,
    Expression,
    Group,
    Projection,
    Select,
    Variable,
    sub_expressions,
)
from node.sparql.rows_text import Measure, Recipe, RowsText
from node.sparql.words import unused
from node.sparql.writer import write_select

#: So many rows come of a join at most; where there are more, the triples are fetched.
MOST_ROWS = 1_000_000
_COMPARED = frozenset(("MIN", "MAX", "SAMPLE"))
_ADDED = frozenset(("COUNT", "SUM", "AVG"))


def aggregates(select: Select) -> tuple[Aggregate, ...] | None:
    """The different aggregates of a SELECT; None if one of them, or what stands around it, cannot be made of rows."""
    found: dict[Aggregate, None] = {}
    modifiers = [p.expression for p in select.projection or () if p.expression is not None]
    for expression in (*modifiers, *select.having, *(o.expression for o in select.order)):
        for part in sub_expressions(expression):
            if isinstance(part, Exists):
                return None
            if isinstance(part, Aggregate):
                plain = isinstance(part.argument, Variable) or (part.argument is None and not part.distinct)
                if part.name not in _COMPARED | _ADDED or not plain:
                    return None
                found[part] = None
    return tuple(found)


def sees_how_often(aggregate: Aggregate) -> bool:
    """Whether it makes a difference how often a value occurs."""
    return aggregate.name in _ADDED and not aggregate.distinct


@dataclass(frozen=True)
class Groups:
    """The groups of a SELECT by ``keys``, with its ``aggregates``."""

    select: Select
    keys: tuple[str, ...]
    aggregates: tuple[Aggregate, ...]

    @property
    def variables(self) -> frozenset[str]:
        """What has to be known of each solution."""
        return frozenset((*self.keys, *(a.argument.name for a in self.aggregates if isinstance(a.argument, Variable))))

    def text(self, relations: Sequence[tuple[tuple[str, ...], bool]], bodies: Sequence[Sequence[bytes]]) -> RowsText:
        """The query that makes the answer of the rows of these relations: their variables, and whether they are
        counted."""
        text = write_select(self.select)
        value_name, times_name = unused("_value_", text), unused("_times_", text)
        columns: list[str] = []
        measures: list[Measure] = []
        instead: dict[Aggregate, Expression] = {}
        for number, aggregate in enumerate(self.aggregates):
            value, times = f"{value_name}{number}", f"{times_name}{number}"
            name = aggregate.argument.name if isinstance(aggregate.argument, Variable) else None
            if aggregate.name == "COUNT":
                measures.append(Measure(name if aggregate.distinct else None, number=True))
                columns.append(times)
                instead[aggregate] = Aggregate("SUM", Variable(times), distinct=False)
                continue
            adding = aggregate.name not in _COMPARED
            often = adding and not aggregate.distinct
            measures.append(Measure(name, number=False, exact=adding, often=often))
            columns.append(value)
            instead[aggregate] = replace(aggregate, argument=Variable(value))
            if often:
                columns.append(times)
                total = Aggregate("SUM", Call("*", (Variable(value), Variable(times))), distinct=False)
                count = Aggregate("SUM", Variable(times), distinct=False)
                average = Call("IF", (Call("=", (count, ZERO)), ZERO, Call("/", (total, count))))
                instead[aggregate] = total if aggregate.name == "SUM" else average
        before, after = around_rows(_with_aggregates(self.select, instead), (*self.keys, *columns))
        recipe = Recipe(tuple(relations), self.keys, tuple(measures), MOST_ROWS, before, after)
        return RowsText(recipe, tuple(map(tuple, bodies)))


def _with_aggregates(select: Select, instead: Mapping[Aggregate, Expression]) -> Select:
    """The select over rows, with what stands for its aggregates there."""

    def put(expression: Expression) -> Expression:
        match expression:
            case Aggregate():
                return instead[expression]
            case Call(name, arguments):
                return Call(name, tuple(map(put, arguments)))
            case _:
                return expression

    def in_projection(projection: Projection) -> Projection:
        expression = projection.expression
        return projection if expression is None else replace(projection, expression=put(expression))

    return replace(
        select,
        pattern=Group(()),
        projection=None if select.projection is None else tuple(map(in_projection, select.projection)),
        having=tuple(map(put, select.having)),
        order=tuple(replace(o, expression=put(o.expression)) for o in select.order),
    )
