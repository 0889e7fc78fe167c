"""What was fetched for one query, as bytes ready to be loaded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from node.federation.calling.rows import Shape, Table
from node.federation.planning.requests import Scope, row_arm
from node.federation.planning.stars import StarText
from node.sparql.terms import iri_term

#: So much of a table shows how long its statements are. Small ones may grow so many times.
_SAMPLE_BYTES, _SMALL_GROWTH = 50_000, 4


class WrittenWhenRead(Protocol):
    """Statements that are written when they are read, in pieces."""

    @property
    def size(self) -> int:
        """About how many bytes there are to read."""
        ...

    def __iter__(self) -> Iterator[bytes]: ...


#: Statements to be loaded: in pieces that are here, or that are written when they are read.
Load: TypeAlias = Sequence[bytes] | WrittenWhenRead


def size_of(load: Load) -> int:
    """How many bytes these are, about so many where they are not written yet."""
    return sum(map(len, load)) if isinstance(load, Sequence) else load.size


class Statements:
    """Statements of rows, written when they are read: rows take half the memory, and are loaded while more are written.

    Reading gives pieces of whole lines; it may be done more than once.
    """

    def __init__(self) -> None:
        self._parts: list[tuple[Table, Callable[[Table], bytes]]] = []
        #: Bytes of the rows.
        self.held = 0

    def add(self, table: Table, write: Callable[[Table], bytes]) -> None:
        """Add rows; ``write`` makes statements of some of them."""
        if table.body:
            self._parts.append((table, write))
            self.held += len(table.body)

    @property
    def size(self) -> int:
        """About how many bytes there are to read."""
        return sum(map(_written, *zip(*self._parts, strict=True))) if self._parts else 0

    def __iter__(self) -> Iterator[bytes]:
        return (write(piece) for table, write in self._parts for piece in table.pieces())


def _written(table: Table, write: Callable[[Table], bytes]) -> int:
    """About how many bytes of statements a table makes, by its first rows."""
    end = table.body.find(b"\n", _SAMPLE_BYTES) + 1
    if not end:
        return len(table.body) * _SMALL_GROWTH
    return len(write(Table(table.columns, table.body[:end]))) * len(table.body) // end


@dataclass
class Scratch:
    """Statements without blank nodes, and how to ask again for those with blank nodes, by member.

    The label of a blank node means something within one answer only, so such rows are not kept: the engine asks for
    them again, all of a member's in one request made of the arms in ``again``.
    """

    triples: Statements = field(default_factory=Statements)
    quads: Statements = field(default_factory=Statements)
    again: dict[str, dict[str, None]] = field(default_factory=dict)
    #: The names of the graphs of all rows, as cells.
    graphs: set[bytes] = field(default_factory=set)
    #: The rows of single patterns, with the member each table is from.
    tables: list[tuple[str, Shape, Table]] = field(default_factory=list)

    @property
    def held(self) -> int:
        """Bytes of all rows."""
        return self.triples.held + self.quads.held

    def add(self, source: str, shape: Shape, table: Table, again: Iterable[str]) -> None:
        """Keep rows; ``again`` are the arms that bring those with blank nodes."""
        plain, blank = table.split_blank()
        if shape.g is not None and table.body:
            self.graphs |= {shape.g} if isinstance(shape.g, bytes) else table.values(shape.g)
        if blank.body:
            self.again.setdefault(source, {}).update(dict.fromkeys(again))
        (self.triples if shape.g is None else self.quads).add(plain, shape.statements)
        self.tables.append((source, shape, plain))

    def holders(self, triples: Collection[tuple[bytes, bytes, bytes]]) -> Iterator[tuple[str, Table]]:
        """Which of these triples (as cells) came of which member, as rows of s, p and o, and g where it was named.

        Those of stars are not among them: there are none where a member says nothing of what it holds.
        """
        wanted = {b" ".join(triple): b"\t".join(triple) for triple in triples}
        for source, shape, table in self.tables:
            for piece in table.pieces():
                found: list[bytes] = []
                for line in shape.statements(piece).split(b" .\n")[:-1]:
                    triple, _, graph = (line, b"", b"") if shape.g is None else line.rpartition(b" ")
                    if triple in wanted:
                        found.append(wanted[triple] + (b"" if shape.g is None else b"\t" + graph))
                if found:
                    columns = ("s", "p", "o") if shape.g is None else ("s", "p", "o", "g")
                    yield source, Table(columns, b"".join(row + b"\n" for row in found))

    def add_star(self, source: str, text: StarText, table: Table, again: Iterable[str]) -> None:
        """Keep the rows of a star."""
        plain, blank = table.split_blank()
        if blank.body:
            self.again.setdefault(source, {}).update(dict.fromkeys(again))
            self.triples.add(blank, text.without_blank)
        self.triples.add(plain, text.statements)

    def add_rows(self, source: str, shape: Shape, table: Table, scope: Scope) -> None:
        """Keep rows of s, p, o and perhaps g that show something by themselves, each to be asked for again alone."""
        _, blank = table.split_blank()
        arms: list[str] = []
        for cells in blank.rows():
            known = [None if value.startswith(b"_:") else value for value in cells[:3]]
            name = shape.g if isinstance(shape.g, bytes) or shape.g is None else cells[3]
            graph = None if name is None else iri_term(name[1:-1].decode())
            arms.append(row_arm(known, graph, scope))
        self.add(source, shape, table, arms)
