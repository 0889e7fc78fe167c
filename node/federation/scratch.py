"""What was fetched for one query, as bytes ready to be loaded."""

from __future__ import annotations

from dataclasses import dataclass, field

from node.federation.plan import Scan
from node.federation.rows import Shape, Table


@dataclass
class Scratch:
    """Statements without blank nodes, and the scans that brought rows with blank nodes, by member.

    The label of a blank node means something within one answer only, so such rows are not kept: the engine asks for
    them again, all of a member's in one request (``blank_scans``).
    """

    triples: list[bytes] = field(default_factory=list)
    quads: list[bytes] = field(default_factory=list)
    blank_scans: dict[str, dict[Scan, None]] = field(default_factory=dict)

    def add(self, source: str, scan: Scan, shape: Shape, table: Table) -> None:
        """Keep the rows of a scan."""
        plain, blank = table.split_blank()
        if blank.body:
            self.blank_scans.setdefault(source, {})[scan] = None
        if plain.body:
            (self.triples if shape.g is None else self.quads).append(shape.statements(plain))
