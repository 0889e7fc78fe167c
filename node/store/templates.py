"""Quads from the templates of an update and the solutions of its pattern (SPARQL 1.1 Update, section 3.1.3).

They become lines of N-Quads, because there may be more of them than fit into memory.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from node.sparql.algebra import Link, TriplePattern, Variable
from node.sparql.terms import Term
from node.sparql.update import QuadPattern
from node.store.graphs import PIECE_BYTES, Source, pieces

#: So many lines are remembered to leave out repetitions: most templates repeat what they gave a moment ago.
_REMEMBERED = 50_000
#: What the engine calls a blank node of BNODE() without argument: one that is the same wherever it turns up.
_FRESH_BY_ITSELF = 32

Value: TypeAlias = NamedNode | BlankNode | Literal | Triple
Solution: TypeAlias = Mapping[str, Value]


class Skolem:
    """IRIs for the new blank nodes of one request. ``prefix`` and ``token`` (which no other request has) begin them."""

    def __init__(self, prefix: str, token: str) -> None:
        self._start = f"{prefix}{token}"

    def labelled(self, scope: str, label: str) -> str:
        """The IRI of the blank node with this label; within another scope the label is another node's."""
        return f"{self._start}-{scope}-{hashlib.sha256(label.encode()).hexdigest()[:24]}"


class Spool:
    """Lines of N-Quads on their way into or out of graphs, in a temporary file. ``number`` counts the lines."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.SpooledTemporaryFile(PIECE_BYTES, dir=str(folder))  # noqa: SIM115  # closed by __exit__
        self._recent: set[str] = set()
        self.number = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, line: str) -> None:
        """Add a line, unless it was added a moment ago."""
        if line in self._recent:
            return
        if len(self._recent) >= _REMEMBERED:
            self._recent.clear()
        self._recent.add(line)
        self._file.write(line.encode())
        self.number += 1

    def add_triples(self, graph: str, piece: bytes) -> None:
        """Add whole lines of canonical N-Triples to this graph."""
        self._file.write(piece.replace(b" .\n", f" <{graph}> .\n".encode()))
        self.number += piece.count(b"\n")

    def quads(self) -> Iterator[Quad]:
        """All there is, as quads."""
        self._file.seek(0)
        for piece in pieces(self._file):
            yield from parse(piece, format=RdfFormat.N_QUADS)

    def sources(self, source: Callable[[str, list[bytes]], Source]) -> Iterator[Source]:
        """All there is, by graph: ``source`` is given a graph and lines of N-Triples."""
        self._file.seek(0)
        for piece in pieces(self._file):
            by_graph: dict[bytes, list[bytes]] = {}
            for line in piece.splitlines(keepends=True):
                # No IRI holds a space.
                triple, graph, _ = line.rsplit(b" ", 2)
                by_graph.setdefault(graph, []).append(triple + b" .\n")
            for graph, lines in by_graph.items():
                yield source(graph[1:-1].decode(), lines)


@dataclass(frozen=True)
class _Slot:
    """One place of a quad: its text in N-Quads, or the name of the variable that gives it."""

    text: str | None
    name: str = ""


class Template:
    """Quad patterns, ready to be filled in. ``default`` is the graph of patterns that name none.

    ``skolem`` names blank nodes for inserting; without it (for deleting) a quad with a blank node matches nothing.
    """

    def __init__(self, quads: Iterable[QuadPattern], *, default: str, skolem: Skolem | None) -> None:
        self._skolem = skolem
        self._quads = [slots for quad in quads if (slots := _slots(quad, default)) is not None]

    def instances(self, solution: Solution, scope: str) -> Iterator[tuple[str, str]]:
        """The quads for one solution: graph, and line of N-Quads. Ill-formed ones and ones with gaps are left out.

        ``scope`` is the solution's own: a blank node of the template is a new one in each.
        """
        for slots in self._quads:
            texts = []
            for position, slot in enumerate(slots):
                text = slot.text or self._filled(slot.name, position, solution, scope)
                if text is None:
                    break
                texts.append(text)
            else:
                yield texts[3][1:-1], " ".join(texts) + " .\n"

    def _filled(self, name: str, position: int, solution: Solution, scope: str) -> str | None:
        """What stands for a variable or blank node at this position (subject, predicate, object, graph)."""
        if name.startswith("_:"):
            # The grammar has none as predicate or graph.
            return f"<{self._skolem.labelled(scope, name)}>" if self._skolem else None
        value = solution.get(name)
        if isinstance(value, NamedNode):
            return str(value)
        if isinstance(value, BlankNode) and self._skolem and position in (0, 2):
            # The label of BNODE(label) is good for one solution.
            own = "bnode" if len(value.value) == _FRESH_BY_ITSELF else f"bnode-{scope}"
            return f"<{self._skolem.labelled(own, value.value)}>"
        if isinstance(value, Literal) and position == 2 and value.direction is None:
            return str(value)
        return None


def _slots(quad: QuadPattern, default: str) -> tuple[_Slot, _Slot, _Slot, _Slot] | None:
    triple: TriplePattern = quad.triple
    predicate = triple.predicate
    graph = quad.graph
    slots = []
    for part in (triple.subject, predicate, triple.object, graph):
        if part is None:
            slots.append(_Slot(f"<{default}>"))
        elif isinstance(part, Variable):
            slots.append(_Slot(None, part.name))
        elif isinstance(part, Link):
            slots.append(_Slot(f"<{part.iri}>"))
        elif isinstance(part, Term):
            if part.kind != "iri" and len(slots) != 2:
                return None
            slots.append(_Slot(part.n3))
        else:
            raise TypeError(f"a template has no paths: {part}")
    return slots[0], slots[1], slots[2], slots[3]
