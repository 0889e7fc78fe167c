"""What was fetched for one query, as bytes ready to be loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from node.federation.requests import Scope, row_arm
from node.federation.rows import Shape, Table
from node.federation.stars import StarText
from node.sparql.terms import iri_term


@dataclass
class Scratch:
    """Statements without blank nodes, and how to ask again for those with blank nodes, by member.

    The label of a blank node means something within one answer only, so such rows are not kept: the engine asks for
    them again, all of a member's in one request made of the arms in ``again``.
    """

    triples: list[bytes] = field(default_factory=list)
    quads: list[bytes] = field(default_factory=list)
    again: dict[str, dict[str, None]] = field(default_factory=dict)
    #: The names of the graphs of all rows, as cells.
    graphs: set[bytes] = field(default_factory=set)

    def add(self, source: str, shape: Shape, table: Table, again: Iterable[str]) -> None:
        """Keep rows; ``again`` are the arms that bring those with blank nodes."""
        plain, blank = table.split_blank()
        if shape.g is not None and table.body:
            self.graphs |= {shape.g} if isinstance(shape.g, bytes) else table.values(shape.g)
        if blank.body:
            self.again.setdefault(source, {}).update(dict.fromkeys(again))
        if plain.body:
            (self.triples if shape.g is None else self.quads).append(shape.statements(plain))

    def add_star(self, source: str, text: StarText, table: Table, again: Iterable[str]) -> None:
        """Keep the rows of a star."""
        plain, blank = table.split_blank()
        if blank.body:
            self.again.setdefault(source, {}).update(dict.fromkeys(again))
            self.triples.append(text.without_blank(blank))
        if plain.body:
            self.triples.append(text.statements(plain))

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
