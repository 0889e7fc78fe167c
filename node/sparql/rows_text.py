"""The text of a query over groups of joined rows, which is made where it is evaluated. Pure.

Joining and grouping rows takes much time and memory, so that it is done by the process that evaluates what comes of it,
within the limits of that. What it is sent are the rows as they came and a ``Recipe``.

A group gets as many rows as it has different values that are compared or added up; its numbers stand in the first of
them, and the others have nought. The engine does the rest, as it would with solutions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from node.rdf.namespaces import XSD
from node.sparql.relations import Relation, Row, TooManyRows, join_all

#: How cells of numbers end whose sums are the same in any order.
EXACT = tuple(f"^^<{XSD}{name}>".encode() for name in ("integer", "decimal"))
_INTEGER = f'"^^<{XSD}integer>'.encode()
_NONE = b'"0' + _INTEGER


class NotMade(Exception):
    """The rows have too many joins, or values that have no exact sum: the query has to be answered in another way."""


@dataclass(frozen=True)
class Measure:
    """What is known of each group: how many rows it has, if there is no variable, or different values of one.

    Not ``number``: the values themselves, which have to be ``exact`` if they are added up; ``often``: and how often
    each occurs, as one more column.
    """

    variable: str | None
    number: bool
    exact: bool = False
    often: bool = False


@dataclass(frozen=True)
class Recipe:
    """How to make the text of rows.

    ``relations``: the variables of each, and whether a last cell says how often a row occurs. Their join may have
    ``most`` rows. The text is ``before``, the rows of the groups by ``keys`` with their measures as the body of a
    ``VALUES``, and ``after``.
    """

    relations: tuple[tuple[tuple[str, ...], bool], ...]
    keys: tuple[str, ...]
    measures: tuple[Measure, ...]
    most: int
    before: str
    after: str

    def document(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return asdict(self)

    @classmethod
    def read(cls, document: dict[str, Any]) -> Recipe:
        """What ``document`` gave."""
        return cls(
            tuple((tuple(variables), bool(counted)) for variables, counted in document["relations"]),
            tuple(document["keys"]),
            tuple(Measure(**measure) for measure in document["measures"]),
            int(document["most"]),
            document["before"],
            document["after"],
        )

    def made(self, bodies: Sequence[Sequence[bytes]]) -> str:
        """The text over these rows of the relations. Raises NotMade."""
        wanted = {*self.keys, *(m.variable for m in self.measures if m.variable is not None)}
        parts = [
            Relation.of(variables, its, counted=counted)
            for (variables, counted), its in zip(self.relations, bodies, strict=True)
        ]
        try:
            joined = join_all(parts, wanted, self.most) if parts else Relation(tuple(wanted), {})
        except TooManyRows as error:
            raise NotMade("the join has too many rows") from error
        return f"{self.before}{values_body(self._rows(joined))}{self.after}"

    def _rows(self, joined: Relation) -> bytes:
        """The rows of each group: as many as it has different values to be compared, its numbers in the first."""
        columns: list[tuple[Callable[[Row], list[bytes]], bytes | None]] = []
        for measure in self.measures:
            columns += self._columns(measure, joined)
        lines: list[bytes] = []
        for group in joined.groups(self.keys):
            cells = [of_group(group) for of_group, _ in columns]
            height = max(map(len, cells), default=1)
            filled = [
                column + [column[-1] if pad is None else pad] * (height - len(column))
                for column, (_, pad) in zip(cells, columns, strict=True)
            ]
            lines += (b"\t".join((*group, *(column[at] for column in filled))) for at in range(height))
        return b"".join(line + b"\n" for line in lines)

    def _columns(self, measure: Measure, joined: Relation) -> list[tuple[Callable[[Row], list[bytes]], bytes | None]]:
        """The cells that a group has in each column of a measure, and what fills such a column up."""
        if measure.number:
            others = () if measure.variable is None else (measure.variable,)
            counts = joined.groups(self.keys, *others, distinct=bool(others))
            return [(lambda group: [b'"%d' % counts[group] + _INTEGER], _NONE)]
        assert measure.variable is not None
        if measure.exact and not all(value.endswith(EXACT) for value in joined.values(measure.variable)):
            raise NotMade("the values have no exact sum")
        numbers = self._values(measure.variable, joined)
        # A value that is there twice changes none of those that do not see how often; nought times nought no sum.
        made: list[tuple[Callable[[Row], list[bytes]], bytes | None]] = [
            (lambda group: list(numbers[group]), _NONE if measure.often else None)
        ]
        if measure.often:
            made.append((lambda group: [b'"%d' % n + _INTEGER for n in numbers[group].values()], _NONE))
        return made

    def _values(self, name: str, joined: Relation) -> Mapping[Row, dict[bytes, int]]:
        """By group, the different values of a variable with how often each occurs."""
        key, at = joined.picker(self.keys), joined.variables.index(name)
        found: dict[Row, dict[bytes, int]] = {}
        for row, number in joined.rows.items():
            values = found.setdefault(key(row), {})
            values[row[at]] = values.get(row[at], 0) + number
        return found


@dataclass(frozen=True)
class RowsText:
    """A text that is yet to be made: the rows of each relation, as they came, and what to do with them."""

    recipe: Recipe
    bodies: tuple[tuple[bytes, ...], ...]

    @property
    def size(self) -> int:
        """Bytes of all rows."""
        return sum(len(body) for its in self.bodies for body in its)

    def made(self) -> str:
        """The text. Raises NotMade."""
        return self.recipe.made(self.bodies)


def values_body(body: bytes) -> str:
    """Rows, a line each and cells apart by tabs, as they stand between the braces of ``VALUES``."""
    if not body:
        return ""
    rows = body[:-1].replace(b"\t", b" ").replace(b"\n", b")(").decode()
    return f"({rows})"
