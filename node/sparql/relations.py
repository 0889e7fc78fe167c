"""Relations of cells: different rows, each with how often it occurs, and their joins. Pure.

A cell is a term as N-Triples writes it. Cells that are the same bytes are the same term, so rows are joined and told
apart without looking at what they say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

Row: TypeAlias = tuple[bytes, ...]

_NOTHING: dict[Row, int] = {}
#: Lines are looked at so many bytes at a time, so that not all of them are there twice.
_PIECE_BYTES = 1 << 16


class TooManyRows(Exception):
    """A join would have more rows than it may have."""


@dataclass(frozen=True)
class Relation:
    """``rows`` of the variables, each with how often it occurs; a number that was not asked for means nothing."""

    variables: tuple[str, ...]
    rows: dict[Row, int]

    @classmethod
    def of(cls, variables: tuple[str, ...], bodies: Iterable[bytes], *, counted: bool) -> Relation:
        """The rows of several answers: a line a row, cells apart by tabs.

        ``counted``: their last cell says how often each occurs there.
        """
        rows: dict[Row, int] = {}
        for lines in (piece for body in bodies for piece in _lines(body)):
            if counted:
                for line in lines:
                    *cells, number = line.split(b"\t")
                    row = tuple(cells)
                    rows[row] = rows.get(row, 0) + int(number[1 : number.index(b'"', 1)])
            elif len(variables) == 1:
                rows.update(dict.fromkeys(zip(lines, strict=True), 1))
            else:
                rows.update(dict.fromkeys((tuple(line.split(b"\t")) for line in lines), 1))
        return cls(variables, rows)

    def values(self, variable: str) -> frozenset[bytes]:
        """The different cells of a variable."""
        return frozenset(map(itemgetter(self.variables.index(variable)), self.rows))

    def picker(self, variables: Sequence[str]) -> Callable[[Row], Row]:
        """Takes the cells of these variables out of a row."""
        at = [self.variables.index(v) for v in variables]
        if at == list(range(len(self.variables))):
            return lambda row: row
        if not at:
            return lambda _: ()
        if len(at) == 1:
            only = at[0]
            return lambda row: (row[only],)
        return itemgetter(*at)

    def groups(self, keys: Sequence[str], *others: str, distinct: bool = True) -> Counter[Row]:
        """For each value of the keys, how many different values of others there are, or how many rows."""
        pick = self.picker(keys)
        if not distinct:
            counts: Counter[Row] = Counter()
            for row, number in self.rows.items():
                counts[pick(row)] += number
            return counts
        wanted = (*keys, *(v for v in others if v not in keys))
        rows: Collection[Row] = self.rows
        if set(wanted) != set(self.variables):
            narrow = self.picker(wanted)
            pick = Relation(wanted, _NOTHING).picker(keys)
            rows = set(map(narrow, self.rows))
        return Counter(map(pick, rows))


def _lines(body: bytes) -> Iterator[list[bytes]]:
    """The lines of a body, some at a time."""
    start = 0
    while start < len(body):
        end = body.find(b"\n", start + _PIECE_BYTES) + 1 or len(body)
        yield body[start:end].split(b"\n")[:-1]
        start = end


def join(left: Relation, right: Relation, keep: Collection[str], most: int) -> Relation:
    """Their natural join, of which the variables ``keep`` are wanted. Raises TooManyRows for more than ``most``."""
    shared = [v for v in left.variables if v in right.variables]
    mine = [v for v in left.variables if v in keep]
    added = [v for v in right.variables if v in keep and v not in shared]
    key, pick = left.picker(shared), left.picker(mine)
    if len(shared) == len(right.variables):
        # It only says which rows stay.
        place = right.picker(shared)
        there = right.rows if right.variables == tuple(shared) else {place(r): n for r, n in right.rows.items()}
        staying = {row: number * there[key(row)] for row, number in left.rows.items() if key(row) in there}
        return Relation(tuple(mine), _added(pick, staying) if len(mine) < len(left.variables) else staying)
    index: dict[Row, dict[Row, int]] = {}
    theirs, rest = right.picker(shared), right.picker(added)
    for row, number in right.rows.items():
        bucket = index.setdefault(theirs(row), {})
        other = rest(row)
        bucket[other] = bucket.get(other, 0) + number
    found: dict[Row, int] = {}
    left_over = most
    for row, number in left.rows.items():
        others = index.get(key(row))
        if others is None:
            continue
        begin = pick(row)
        for other, times in others.items():
            made = begin + other
            found[made] = found.get(made, 0) + number * times
        left_over -= len(others)
        if left_over < 0:
            raise TooManyRows
    return Relation((*mine, *added), found)


def _added(pick: Callable[[Row], Row], rows: dict[Row, int]) -> dict[Row, int]:
    """The rows with fewer cells, those that become the same added up."""
    found: dict[Row, int] = {}
    for row, number in rows.items():
        picked = pick(row)
        found[picked] = found.get(picked, 0) + number
    return found


def join_all(relations: Iterable[Relation], wanted: Collection[str], most: int) -> Relation:
    """The join of all, which hang together by variables; of it the variables ``wanted``. Raises TooManyRows."""
    waiting = sorted(relations, key=lambda r: len(r.rows))
    joined = waiting.pop()
    while waiting:
        linked = [r for r in waiting if set(r.variables) & set(joined.variables)]
        # What adds no variable only takes rows away.
        chosen = min(linked, key=lambda r: (len(set(r.variables) - set(joined.variables)), len(r.rows)))
        waiting.remove(chosen)
        keep = {*wanted, *(v for r in waiting for v in r.variables)}
        joined = join(joined, chosen, keep, most)
    left = tuple(v for v in joined.variables if v in wanted)
    return joined if left == joined.variables else Relation(left, _added(joined.picker(left), joined.rows))
