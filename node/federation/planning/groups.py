"""Groups of rows that are here, and the query that makes an answer of them. Pure.

A group gets as many rows as it has different values that are compared or added up; its numbers stand in the first of
them, and the others have nought. The engine does the rest, as it would with solutions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from node.federation.planning.partition import EXACT, ZERO, with_rows
from node.federation.planning.relations import Relation, Row
from node.rdf.namespaces import XSD
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

_COMPARED = frozenset(("MIN", "MAX", "SAMPLE"))
_ADDED = frozenset(("COUNT", "SUM", "AVG"))
_INTEGER = f'"^^<{XSD}integer>'.encode()
_NONE = b'"0' + _INTEGER


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

    def text(self, joined: Relation) -> str | None:
        """The query that makes the answer of the solutions; None if they have no exact sums."""
        columns: list[str] = []
        of_groups: list[Callable[[Row], list[bytes]]] = []
        pads: list[bytes | None] = []
        instead: dict[Aggregate, Expression] = {}
        for number, aggregate in enumerate(self.aggregates):
            value, times = f"_value_{number}", f"_times_{number}"
            if aggregate.name == "COUNT":
                counts = self._counts(aggregate, joined)
                columns.append(times)
                of_groups.append(lambda group, counts=counts: [b'"%d' % counts[group] + _INTEGER])  # type: ignore[misc]
                pads.append(_NONE)
                instead[aggregate] = Aggregate("SUM", Variable(times), distinct=False)
                continue
            assert isinstance(aggregate.argument, Variable)
            name = aggregate.argument.name
            adding = aggregate.name not in _COMPARED
            if adding and not all(v.endswith(EXACT) for v in joined.values(name)):
                return None
            often = adding and not aggregate.distinct
            numbers = self._values(name, joined)
            columns.append(value)
            of_groups.append(lambda group, numbers=numbers: list(numbers[group]))  # type: ignore[misc]
            # A value that is there twice changes none of those that do not see how often; nought times nought no sum.
            pads.append(_NONE if often else None)
            instead[aggregate] = replace(aggregate, argument=Variable(value))
            if often:
                columns.append(times)
                of_groups.append(
                    lambda group, numbers=numbers: [b'"%d' % n + _INTEGER for n in numbers[group].values()]  # type: ignore[misc]
                )
                pads.append(_NONE)
                total = Aggregate("SUM", Call("*", (Variable(value), Variable(times))), distinct=False)
                count = Aggregate("SUM", Variable(times), distinct=False)
                average = Call("IF", (Call("=", (count, ZERO)), ZERO, Call("/", (total, count))))
                instead[aggregate] = total if aggregate.name == "SUM" else average
        rows = self._rows(joined, of_groups, pads)
        return with_rows(_with_aggregates(self.select, instead), (*self.keys, *columns), rows)

    def _rows(
        self, joined: Relation, of_groups: Sequence[Callable[[Row], list[bytes]]], pads: Sequence[bytes | None]
    ) -> bytes:
        """The rows of each group: as many as it has different values to be compared, its numbers in the first."""
        lines: list[bytes] = []
        for group in joined.groups(self.keys):
            cells = [of_group(group) for of_group in of_groups]
            height = max(map(len, cells), default=1)
            filled = [
                column + [column[-1] if pad is None else pad] * (height - len(column))
                for column, pad in zip(cells, pads, strict=True)
            ]
            lines += (b"\t".join((*group, *(column[at] for column in filled))) for at in range(height))
        return b"".join(line + b"\n" for line in lines)

    def _counts(self, aggregate: Aggregate, joined: Relation) -> Mapping[Row, int]:
        if aggregate.distinct:
            assert isinstance(aggregate.argument, Variable)
            return joined.groups(self.keys, aggregate.argument.name)
        return joined.groups(self.keys, distinct=False)

    def _values(self, name: str, joined: Relation) -> dict[Row, dict[bytes, int]]:
        """By group, the different values of a variable with how often each occurs."""
        key, at = joined.picker(self.keys), joined.variables.index(name)
        found: dict[Row, dict[bytes, int]] = {}
        for row, number in joined.rows.items():
            values = found.setdefault(key(row), {})
            values[row[at]] = values.get(row[at], 0) + number
        return found


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
