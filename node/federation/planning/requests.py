"""The texts that are sent to members, and how their rows become statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from node.federation.calling.rows import Shape, cell
from node.federation.planning.plan import GraphPlace, Place, Scan
from node.sparql.terms import Term

#: What the default graph is called in rows that name their graph.
DEFAULT_GRAPH = "urn:onconode:default-graph"
#: Values in one VALUES block.
BLOCK = 1000
#: Arms of a union in one request: engines nest them in one another, and nodes like this one refuse what nests too deep.
MOST_ARMS = 100


@dataclass(frozen=True, slots=True)
class Block:
    """What a job asks for where it is the objects (``?o``) that these subjects (``?s``) have of a predicate, and that
    meet the conditions."""

    predicate: bytes
    subjects: tuple[bytes, ...]
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One request to one member: a SELECT of ``columns``, or an ASK when there are none. ``rows`` are expected.

    ``block`` says the same as the text, where it can be said so.
    """

    source: str
    text: str
    columns: tuple[str, ...]
    rows: float = field(default=0.0, compare=False)
    block: Block | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """What the pattern's graph means to a member.

    ``default`` is None when the query takes the default graph as it is, else the graphs that ``FROM`` merges into it;
    ``named`` likewise (None: all there are).
    """

    default: tuple[str, ...] | None = None
    named: tuple[str, ...] | None = None

    def excludes(self, graph: GraphPlace) -> bool:
        """Whether nothing can be in this graph."""
        if graph is None:
            return self.default == ()
        return isinstance(graph, Term) and self.named is not None and graph.value not in self.named

    def around(self, graph: GraphPlace, pattern: str) -> str:
        """The pattern, matched in the graph."""
        if isinstance(graph, Term):
            return f"GRAPH {_text(graph)} {{ {pattern} }}"
        if isinstance(graph, str):
            # What is loaded is the whole dataset of the query, so no other graph may be among it.
            only = "" if self.named is None else f"VALUES ?g {{ {_iris(self.named)} }} "
            return f"{only}GRAPH ?g {{ {pattern} }}"
        if self.default is None:
            return pattern
        return f"VALUES ?d {{ {_iris(self.default)} }} GRAPH ?d {{ {pattern} }}"


@dataclass(frozen=True, slots=True)
class ScanText:
    """A scan as text: the pattern, and which column stands at which position. ``conditions`` are on the columns."""

    pattern: str
    columns: tuple[str, ...]
    positions: dict[str, str]
    shape: Shape
    conditions: tuple[str, ...] = ()

    def where(self, conditions: tuple[str, ...]) -> ScanText:
        """The matches that meet these."""
        filters = "".join(f" FILTER({condition})" for condition in conditions)
        return replace(self, pattern=self.pattern + filters, conditions=self.conditions + conditions)

    def whole(self, limit: int | None = None) -> str:
        """The request for every match, or for ``limit`` different ones."""
        if limit is not None:
            return f"SELECT DISTINCT {_list(self.columns)} WHERE {{ {self.pattern} }} LIMIT {limit}"
        return f"SELECT {_list(self.columns)} WHERE {{ {self.pattern} }}"

    def block(self, column: str, values: Sequence[bytes]) -> str:
        """The request for the matches with these values in one column."""
        listed = b" ".join(values).decode()
        return f"SELECT {_list(self.columns)} WHERE {{ VALUES ?{column} {{ {listed} }} {self.pattern} }}"

    def objects_of(self, column: str, values: Sequence[bytes]) -> Block | None:
        """The same as what it asks of its values, None where these are not the subjects of a predicate and no more."""
        predicate = self.shape.p
        if column != "s" or not isinstance(predicate, bytes):
            return None
        alone = replace(self, pattern=f"?s {predicate.decode()} ?o", conditions=()).where(self.conditions)
        return Block(predicate, tuple(values), self.conditions) if alone.pattern == self.pattern else None

    def reached(self, column: str, values: Sequence[bytes], path: str, most: int | None) -> str:
        """The request for (``most``) matches whose value in one column a path leads to from any of these values."""
        listed = b" ".join(values).decode()
        inner = f"SELECT DISTINCT ?{column} WHERE {{ VALUES ?from {{ {listed} }} ?from {path} ?{column} }}"
        limit = "" if most is None else f" LIMIT {most}"
        return f"SELECT {_list(self.columns)} WHERE {{ {{ {inner} }} {self.pattern} }}{limit}"


def scan_text(scan: Scan, scope: Scope) -> ScanText:
    """How to ask for a scan. ``positions`` maps each of its variables to the column that holds it."""
    positions: dict[str, str] = {}
    written: list[str] = []
    places: list[str | bytes] = []
    for column, place in (("s", scan.s), ("p", scan.p), ("o", scan.o)):
        if isinstance(place, Term):
            written.append(_text(place))
            places.append(cell(place))
        else:
            positions.setdefault(place, column)
            written.append(f"?{positions[place]}")
            places.append(positions[place])
    before = ""
    if not positions:
        # A row must have a column: let the predicate be one.
        before = f"VALUES ?p {{ {written[1]} }} "
        written[1], places[1] = "?p", "p"
    graph: str | bytes | None = None
    if isinstance(scan.graph, Term):
        graph = cell(scan.graph)
    elif isinstance(scan.graph, str):
        # A variable that is both in the pattern and the graph's name stays two columns, made equal here.
        if scan.graph in positions:
            before += f"FILTER(SAMETERM(?g, ?{positions[scan.graph]})) "
        else:
            positions[scan.graph] = "g"
        graph = "g"
    used = {p for p in [*places, graph] if isinstance(p, str)}
    columns = tuple(c for c in ("s", "p", "o", "g") if c in used)
    pattern = before + scope.around(scan.graph, " ".join(written))
    return ScanText(pattern, columns, positions, Shape(places[0], places[1], places[2], graph))


def blocks(values: Sequence[bytes], most: int | None = None) -> Iterator[Sequence[bytes]]:
    """The values in blocks of ``BLOCK``, or of so many."""
    size = most or BLOCK
    return (values[i : i + size] for i in range(0, len(values), size))


def witness_text(nodes: Sequence[bytes], graph: GraphPlace, scope: Scope) -> str:
    """One triple with each of these terms as subject, and one with it as object, where there is one."""
    arms = []
    for node in nodes:
        term = node.decode()
        if node.startswith(b"<"):
            arms.append(_one(f"VALUES ?s {{ {term} }} {scope.around(graph, '?s ?p ?o')}"))
        arms.append(_one(f"VALUES ?o {{ {term} }} {scope.around(graph, '?s ?p ?o')}"))
    return f"SELECT ?s ?p ?o WHERE {{ {' UNION '.join(arms)} }}"


def arm_text(scan: Scan, scope: Scope) -> str:
    """A scan as an arm of the request that brings everything with blank nodes of one member: all four columns, and a
    name for the default graph."""
    cells = [cell(place) if isinstance(place, Term) else None for place in (scan.s, scan.p, scan.o)]
    return row_arm(cells, scan.graph, scope)


def row_arm(cells: Sequence[bytes | None], graph: GraphPlace, scope: Scope) -> str:
    """The same for given cells of s, p and o; None leaves one open."""
    given = [
        f"VALUES ?{column} {{ {value.decode()} }} "
        for column, value in zip("spo", cells, strict=True)
        if value is not None
    ]
    if graph is None:
        given.append(f"VALUES ?g {{ <{DEFAULT_GRAPH}> }} {scope.around(None, '?s ?p ?o')}")
    elif isinstance(graph, Term):
        given.append(f"VALUES ?g {{ {_text(graph)} }} GRAPH ?g {{ ?s ?p ?o }}")
    else:
        given.append(scope.around(graph, "?s ?p ?o"))
    return f"{{ {''.join(given)} }}"


def names_text(graph: str | Term, scope: Scope) -> str:
    """The names of the graphs that are not empty."""
    if isinstance(graph, Term):
        return f"SELECT ?g WHERE {{ VALUES ?g {{ {_text(graph)} }} FILTER EXISTS {{ GRAPH ?g {{ ?s ?p ?o }} }} }}"
    return f"SELECT DISTINCT ?g WHERE {{ {scope.around(graph, '?s ?p ?o')} }}"


def one_of_each(names: Sequence[bytes]) -> str:
    """One quad of each of these graphs."""
    arms = (
        "{ SELECT ?s ?p ?o ?g WHERE { VALUES ?g { " + name.decode() + " } GRAPH ?g { ?s ?p ?o } } LIMIT 1 }"
        for name in names
    )
    return f"SELECT ?s ?p ?o ?g WHERE {{ {' UNION '.join(arms)} }}"


def _one(pattern: str) -> str:
    return f"{{ SELECT ?s ?p ?o WHERE {{ {pattern} }} LIMIT 1 }}"


def _iris(graphs: Sequence[str]) -> str:
    return " ".join(f"<{graph}>" for graph in graphs)


def _list(columns: tuple[str, ...]) -> str:
    return " ".join(f"?{c}" for c in columns)


def _text(place: Place) -> str:
    assert isinstance(place, Term)
    return cell(place).decode()
