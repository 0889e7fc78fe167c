"""What an ontology says, apart from how its file is written: statements that two releases can be compared by.

Blank nodes have no names that outlive a file, so each is replaced by what it says: a class expression is the sorted
tuple of its predicates and values, an RDF list the tuple of its members. An annotated axiom (OWL 2 Mapping to RDF
Graphs, section 2.2) becomes statements about the statement it annotates. Blank nodes that are shared or go in circles
are named by the canonical form of the piece of the graph that they make up (RDFC-1.0), and so are equal where it is.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse, serialize

from node.errors import DocumentSyntaxError, MediaTypeNotSupported, Place
from node.rdf.formats import DOCUMENT_FORMATS, format_of_file
from node.rdf.namespaces import OWL, RDF, RDF_TYPE

#: An N-Triples term, or what a blank node says: pairs of predicate and value, or ``LIST`` and the members of a list.
Value: TypeAlias = "str | tuple[Pair | Value, ...]"
Pair: TypeAlias = tuple[str, "Value"]
#: Subject (an N-Triples term), predicate (likewise), value.
Statement = tuple[str, str, Value]

LIST = "list"
#: Properties whose list is a set: in which order its members stand means nothing.
_SETS = frozenset(
    f"<{OWL}{name}>"
    for name in ("members", "intersectionOf", "unionOf", "oneOf", "disjointUnionOf", "distinctMembers", "hasKey")
)
_DEEPEST = 100
_MOST_ENTANGLED = 500
_TYPE = f"<{RDF_TYPE}>"
_FIRST, _REST, _NIL = f"<{RDF}first>", f"<{RDF}rest>", f"<{RDF}nil>"
_AXIOM = f"<{OWL}Axiom>"
_SOURCE, _PROPERTY, _TARGET = (f"<{OWL}annotated{part}>" for part in ("Source", "Property", "Target"))
_ONTOLOGY = f"<{OWL}Ontology>"


@dataclass(frozen=True)
class Content:
    """What one release says.

    ``statements`` are those about something that has an IRI, ``annotations`` those about a statement (the statement,
    a predicate, a value), ``axioms`` the blank nodes that nothing else refers to, such as ``owl:AllDisjointClasses``.
    ``ontologies`` are the IRIs of the ontologies whose headers are in it.
    """

    statements: frozenset[Statement]
    annotations: frozenset[tuple[Statement, str, Value]]
    axioms: frozenset[Value]
    ontologies: frozenset[str]
    triples: int

    @cached_property
    def by_subject(self) -> Mapping[str, Mapping[str, tuple[Value, ...]]]:
        """Subject to predicate to values in order; all without angle brackets but the values."""
        found: dict[str, dict[str, list[Value]]] = {}
        for subject, predicate, value in self.statements:
            found.setdefault(subject[1:-1], {}).setdefault(predicate[1:-1], []).append(value)
        return {s: {p: tuple(sorted(v, key=str)) for p, v in about.items()} for s, about in found.items()}


def pairs(value: Value) -> dict[str, Value]:
    """What a blank node says, predicate to value; empty for a term and for a list."""
    if isinstance(value, str) or (value and value[0] == LIST):
        return {}
    return {pair[0]: pair[1] for pair in value if isinstance(pair, tuple) and isinstance(pair[0], str)}


def read_content(path: Path) -> Content:
    """What the ontology in this file says (Turtle, N-Triples, RDF/XML, JSON-LD, …; ``.gz`` or not).

    Raises MediaTypeNotSupported, and DocumentSyntaxError with the line of what cannot be read.
    """
    document_format = format_of_file(path.name)
    if document_format is None:
        endings = ", ".join(ending for each in DOCUMENT_FORMATS for ending in each.endings)
        raise MediaTypeNotSupported(
            "an ontology is not read from such a file.",
            where=Place(source=str(path)),
            remedy=f"Give one that ends in {endings}, optionally with .gz.",
        )
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.name.lower().endswith(".gz") else data
        base = "https://w3id.org/onconode/"
        triples = serialize(
            (quad.triple for quad in parse(data, document_format.rdf, base_iri=base)), None, RdfFormat.N_TRIPLES
        )
    except SyntaxError as error:
        place = Place(source=str(path), line=error.lineno, column=error.offset)
        raise DocumentSyntaxError(f"{error.msg}.", where=place) from error
    except (OSError, EOFError, ValueError) as error:
        raise DocumentSyntaxError(f"cannot be read: {error}.", where=Place(source=str(path))) from error
    assert triples is not None
    return content_of(triples, source=str(path))


def content_of(triples: bytes, *, source: str = "") -> Content:
    """What these N-Triples say, as the store's own library writes them: one triple a line, single spaces.

    Raises DocumentSyntaxError for blank nodes that nest too deeply or are entangled beyond reason.
    """
    named: list[tuple[str, str, str]] = []
    blank: dict[str, list[tuple[str, str]]] = {}
    count = 0
    for line in triples.decode("utf-8").split("\n"):
        if not line:
            continue
        count += 1
        subject, predicate, value = line[:-2].split(" ", 2)
        if subject[0] == "_":
            blank.setdefault(subject, []).append((predicate, value))
        else:
            named.append((subject, predicate, value))
    reader = _Blanks(blank, named, source)
    statements = frozenset((s, p, _unordered(p, reader.value(v))) for s, p, v in named)
    annotations: set[tuple[Statement, str, Value]] = set()
    axioms: set[Value] = set(reader.pieces())
    for node in reader.roots():
        said = dict(blank[node])
        if said.get(_TYPE) == _AXIOM and said.keys() >= {_SOURCE, _PROPERTY, _TARGET}:
            about = said[_SOURCE], said[_PROPERTY], reader.value(said[_TARGET])
            for predicate, value in blank[node]:
                if predicate not in (_TYPE, _SOURCE, _PROPERTY, _TARGET):
                    annotations.add((about, predicate, reader.value(value)))
        else:
            axioms.add(reader.value(node))
    ontologies = frozenset(s[1:-1] for s, p, v in named if p == _TYPE and v == _ONTOLOGY)
    return Content(statements, frozenset(annotations), frozenset(axioms), ontologies, count)


def _unordered(predicate: str, value: Value) -> Value:
    """A list as the sorted tuple of its members, each once, where their order means nothing; others as they are."""
    if predicate in _SETS and isinstance(value, tuple) and value and value[0] == LIST:
        return (LIST, *sorted(set(value[1:]), key=str))
    return value


class _Blanks:
    """Replaces blank nodes by what they say."""

    def __init__(
        self, blank: Mapping[str, list[tuple[str, str]]], named: Iterable[tuple[str, str, str]], source: str
    ) -> None:
        self._blank = blank
        self._source = source
        self._made: dict[str, Value] = {}
        self._uses: dict[str, int] = {}
        for _subject, _predicate, value in named:
            if value[0] == "_":
                self._uses[value] = self._uses.get(value, 0) + 1
        for statements in blank.values():
            for _predicate, value in statements:
                if value[0] == "_":
                    self._uses[value] = self._uses.get(value, 0) + 1
        self._pieces = self._entangled()

    def roots(self) -> list[str]:
        """The blank nodes that nothing refers to."""
        return [node for node in self._blank if node not in self._uses]

    def pieces(self) -> list[Value]:
        """What stands for each entangled piece as a whole, whether anything refers to it or not."""
        return [self._canonical(piece) for piece in {id(piece): piece for piece in self._pieces.values()}.values()]

    def value(self, term: str, depth: int = 0) -> Value:
        """A term as it is, a blank node as what it says."""
        if term[0] != "_":
            return term
        made = self._made.get(term)
        if made is None:
            if depth > _DEEPEST:
                raise DocumentSyntaxError(f"class expressions nest more than {_DEEPEST} deep.", where=self._where())
            if term in self._pieces:
                made = self._canonical(self._pieces[term], term)
            else:
                said = self._blank.get(term, ())
                made = self._list(term, depth) or tuple(
                    sorted(((p, _unordered(p, self.value(v, depth + 1))) for p, v in said), key=str)
                )
            self._made[term] = made
        return made

    def _where(self) -> Place | None:
        return Place(source=self._source) if self._source else None

    def _list(self, node: str, depth: int) -> Value | None:
        """An RDF list as the tuple of its members, None for any other blank node."""
        members: list[Value] = []
        while node != _NIL:
            said = self._blank.get(node, [])
            cell = dict(said)
            rest = cell.get(_REST, "")
            # a list whose cells say more, or that ends in nothing, is compared as the blank nodes that it is
            if len(said) - (_TYPE in cell) != 2 or _FIRST not in cell or not (rest == _NIL or rest in self._blank):
                return None
            members.append(self.value(cell[_FIRST], depth + 1))
            node = rest
        return (LIST, *members)

    def _entangled(self) -> dict[str, frozenset[str]]:
        """The pieces of graph around blank nodes that are used twice or go in circles, by each node of theirs."""
        start = [node for node in self._blank if self._uses.get(node, 0) > 1]
        start += self._circular()
        neighbours: dict[str, list[str]] = {}
        for node, statements in self._blank.items() if start else ():
            for _predicate, value in statements:
                if value[0] == "_":
                    neighbours.setdefault(node, []).append(value)
                    neighbours.setdefault(value, []).append(node)
        found: dict[str, frozenset[str]] = {}
        for node in start:
            if node in found:
                continue
            piece = {node}
            waiting = [node]
            while waiting:
                for other in neighbours.get(waiting.pop(), ()):
                    if other not in piece:
                        piece.add(other)
                        waiting.append(other)
            found.update(dict.fromkeys(piece, frozenset(piece)))
        return found

    def _circular(self) -> list[str]:
        """What is left when all that comes to an end is taken away: the nodes of circles, and what leads to them."""
        used_by: dict[str, str] = {}
        open_ends: dict[str, int] = {}
        for node, statements in self._blank.items():
            open_ends[node] = 0
            for _predicate, value in statements:
                if value[0] == "_" and value in self._blank:
                    open_ends[node] += 1
                    used_by[value] = node
        ends = [node for node, count in open_ends.items() if count == 0]
        while ends:
            node = ends.pop()
            open_ends.pop(node)
            user = used_by.get(node)
            if user is not None and user in open_ends:
                open_ends[user] -= 1
                if open_ends[user] == 0:
                    ends.append(user)
        return list(open_ends)

    def _canonical(self, piece: frozenset[str], node: str = "") -> Value:
        """A name for an entangled piece or one node of it: equal for equal ones, whatever their labels."""
        lines = [f"{each} {p} {v} .\n" for each in piece for p, v in self._blank.get(each, ())]
        if len(lines) > _MOST_ENTANGLED:
            raise DocumentSyntaxError(
                f"more than {_MOST_ENTANGLED} triples hang together by shared blank nodes.",
                where=self._where(),
                remedy="Give what several axioms share an IRI.",
            )
        if node:
            lines.append(f'{node} <urn:onconode:here> "" .\n')
        dataset = Dataset(parse("".join(lines), RdfFormat.N_TRIPLES))
        dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        canonical = sorted(f"{quad.subject} {quad.predicate} {quad.object}" for quad in dataset)
        return f"_:{sha256(chr(10).join(canonical).encode()).hexdigest()[:16]}"
