"""Stars as requests: one row of a member's answer is several triples. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from node.federation.calling.rows import Table, cell
from node.federation.planning.conditions import rename, variables
from node.federation.planning.plan import Element, Place, Scan, Star
from node.sparql.algebra import Expression
from node.sparql.terms import Term
from node.sparql.writer import write_expression

#: Rows a subject, from which on statements that are there twice are looked for.
_REPEATED = 1.3


@dataclass(frozen=True, slots=True)
class StarText:
    """A star as text; ``positions`` maps each of its variables to the column that holds it."""

    patterns: tuple[str, ...]
    columns: tuple[str, ...]
    positions: dict[str, str]
    scans: tuple[Scan, ...]

    def whole(self, filters: str = "", *, hashed: bool = False) -> str:
        """The request for every match. ``hashed``: so that the patterns are joined by hashing (``hash_joins``)."""
        patterns = [f"{{ SELECT * WHERE {{ {pattern} }} }}" for pattern in self.patterns] if hashed else self.patterns
        return f"SELECT {' '.join(f'?{c}' for c in self.columns)} WHERE {{ {' '.join(patterns)}{filters} }}"

    def block(self, column: str, values: Sequence[bytes], filters: str = "") -> str:
        """The request for the matches with these values in one column."""
        listed = b" ".join(values).decode()
        return self.whole(filters).replace("WHERE { ", f"WHERE {{ VALUES ?{column} {{ {listed} }} ", 1)

    def statements(self, table: Table) -> bytes:
        """The triples of rows without blank nodes, as N-Triples."""
        template = b"".join(form for form, _ in self._forms())
        order = [at for _, cells in self._forms() for at in cells]
        cells, width = table.body.replace(b"\n", b"\t").split(b"\t")[:-1], len(self.columns)
        # One formatting for all rows: their cells in the order of the statements, as often as they stand there.
        ordered = [b""] * (len(order) * (len(cells) // width))
        for place, at in enumerate(order):
            ordered[place :: len(order)] = cells[at::width]
        written = template * (len(cells) // width) % tuple(ordered)
        # Where a subject has several rows its statements are the same again: loading costs more than looking.
        if len(set(cells[::width])) * _REPEATED < len(cells) // width:
            return b"\n".join(dict.fromkeys(written.split(b"\n")))
        return written

    def without_blank(self, table: Table) -> bytes:
        """The triples of any rows, but for those with a blank node."""
        forms = list(self._forms())
        return b"".join(
            form % tuple([cells[i] for i in at])
            for cells in table.rows()
            for form, at in forms
            if not any(cells[i].startswith(b"_:") for i in at)
        )

    def _forms(self) -> Iterator[tuple[bytes, list[int]]]:
        """Each pattern as a statement with gaps, and the numbers of the cells that fill them."""
        at = {column: number for number, column in enumerate(self.columns)}
        for scan in self.scans:
            predicate = _percent(_constant(scan.p))
            if isinstance(scan.o, str):
                yield b"%s " + predicate + b" %s .\n", [at["s"], at[self.positions[scan.o]]]
            else:
                yield b"%s " + predicate + b" " + _percent(_constant(scan.o)) + b" .\n", [at["s"]]


def star_text(star: Star) -> StarText:
    """How to ask for a star. Its patterns stand in the order in which they are given."""
    positions = {star.subject: "s"}
    written = []
    for scan in star.scans:
        if isinstance(scan.o, str):
            positions.setdefault(scan.o, f"v{len(positions)}")
        target = f"?{positions[scan.o]}" if isinstance(scan.o, str) else _constant(scan.o).decode()
        written.append(f"?s {_constant(scan.p).decode()} {target} .")
    return StarText(tuple(written), tuple(positions.values()), positions, star.scans)


def filter_text(filters: Sequence[Expression], positions: dict[str, str]) -> str:
    """Those of the conditions that are about these variables alone, as ``FILTER`` clauses."""
    return "".join(f" FILTER({condition})" for condition in conditions_on(filters, positions))


def conditions_on(filters: Sequence[Expression], positions: dict[str, str]) -> tuple[str, ...]:
    """The same as expressions."""
    usable = [f for f in filters if variables(f) <= positions.keys()]
    return tuple(write_expression(rename(f, positions.__getitem__)) for f in usable)


def grouped(elements: Sequence[Element], is_local: Callable[[Star], bool]) -> list[Element]:
    """The elements with the patterns of each local star made one."""
    of_subject: dict[str, list[Scan]] = {}
    for element in elements:
        if isinstance(element, Scan) and isinstance(element.s, str) and isinstance(element.p, Term):
            of_subject.setdefault(element.s, []).append(element)
    made = list(elements)
    for subject, scans in of_subject.items():
        alone = [scan for scan in scans if scan.o != subject]
        if len(alone) < 2 or not is_local(star := Star(subject, tuple(alone))):
            continue
        made = [element for element in made if element not in alone]
        made.append(star)
    return made


def _constant(place: Place) -> bytes:
    assert isinstance(place, Term)
    return cell(place)


def _percent(text: bytes) -> bytes:
    return text.replace(b"%", b"%%")
