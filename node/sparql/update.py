"""SPARQL 1.1 Update as values, and from a text to them (Update, section 3; the grammar is Query's rules 29 to 52).

``Update.operations`` stand in the order in which they are to be carried out. ``graph`` None is the default graph, or
within ``Modify`` the graph of ``WITH``. A blank node of a template or of data is a ``Variable`` whose name begins with
``_:``, as in the query algebra. What the grammar lets through although RDF does not have it (a literal as a subject, a
literal as a graph's name by way of a variable) is for the evaluator to leave out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

from node.sparql.algebra import Group, TriplePattern, VarOrTerm
from node.sparql.cursor import MAX_DEPTH, Cursor, beyond_the_stack
from node.sparql.selects import SelectParser
from node.sparql.tokens import Token, unescape_codepoints


class Graphs(StrEnum):
    """What ``CLEAR`` and ``DROP`` name beside one graph."""

    DEFAULT = "DEFAULT"
    NAMED = "NAMED"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class QuadPattern:
    """A triple of a template or of data, and the graph it belongs to."""

    graph: VarOrTerm | None
    triple: TriplePattern


@dataclass(frozen=True, slots=True)
class Using:
    """``USING`` and ``USING NAMED``: IRIs of graphs."""

    default: tuple[str, ...]
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InsertData:
    """``INSERT DATA { }``: no variables, blank nodes may be."""

    quads: tuple[QuadPattern, ...]


@dataclass(frozen=True, slots=True)
class DeleteData:
    """``DELETE DATA { }``: neither variables nor blank nodes."""

    quads: tuple[QuadPattern, ...]


@dataclass(frozen=True, slots=True)
class DeleteWhere:
    """``DELETE WHERE { }``: the template is the pattern. ``query`` is as in ``Modify``."""

    quads: tuple[QuadPattern, ...]
    query: str


@dataclass(frozen=True, slots=True)
class Modify:
    """``DELETE { } INSERT { } WHERE { }``.

    ``query`` is ``SELECT * WHERE { … }`` with the declarations that it uses: a text that stands for itself. ``WITH``
    and ``USING`` are not in it: they say over which dataset it is to be asked.
    """

    with_graph: str | None
    delete: tuple[QuadPattern, ...]
    insert: tuple[QuadPattern, ...]
    using: Using | None
    where: Group
    query: str


@dataclass(frozen=True, slots=True)
class Load:
    """``LOAD source INTO GRAPH into``; None is the default graph."""

    source: str
    into: str | None
    silent: bool


@dataclass(frozen=True, slots=True)
class Clear:
    """``CLEAR``; ``target`` is ``Graphs`` or the IRI of one graph."""

    target: Graphs | str
    silent: bool


@dataclass(frozen=True, slots=True)
class Drop:
    """``DROP``; ``target`` is ``Graphs`` or the IRI of one graph."""

    target: Graphs | str
    silent: bool


@dataclass(frozen=True, slots=True)
class Create:
    """``CREATE GRAPH``."""

    graph: str
    silent: bool


@dataclass(frozen=True, slots=True)
class Add:
    """``ADD source TO destination``; None is the default graph."""

    source: str | None
    destination: str | None
    silent: bool


@dataclass(frozen=True, slots=True)
class Move:
    """``MOVE source TO destination``; None is the default graph."""

    source: str | None
    destination: str | None
    silent: bool


@dataclass(frozen=True, slots=True)
class Copy:
    """``COPY source TO destination``; None is the default graph."""

    source: str | None
    destination: str | None
    silent: bool


Operation: TypeAlias = InsertData | DeleteData | DeleteWhere | Modify | Load | Clear | Drop | Create | Add | Move | Copy


@dataclass(frozen=True, slots=True)
class Update:
    """One update request. ``services``: whether a ``WHERE`` has ``SERVICE``."""

    operations: tuple[Operation, ...]
    text: str
    services: bool = False


def parse_update(text: str, base: str | None = None, *, depth: int = MAX_DEPTH) -> Update:
    """The update that this text is. Prefixes are expanded, relative IRIs resolved against ``BASE`` or ``base``.

    Raises QuerySyntaxError with line and column, also for a text that is longer than ``tokens.MAX_TEXT``, and
    QueryTooDeep for one whose braces, brackets and parentheses nest deeper than ``depth``, or where more than
    ``cursor.MAX_STEPS`` patterns and operators follow one another in an operation. A query is a syntax error.
    """
    try:
        return _UpdateParser(unescape_codepoints(text), base, depth).update()
    except RecursionError as error:  # where ``depth`` allows more than the interpreter does
        raise beyond_the_stack() from error


class _UpdateParser:
    def __init__(self, text: str, base: str | None, depth: int) -> None:
        self._cursor = Cursor(text, base, depth)
        self._patterns = SelectParser(self._cursor).patterns
        # Labels that may not come again: one operation's blank node is not another's (Query, section 19.6).
        self._data_labels: set[str] = set()
        self._where_labels: set[str] = set()

    def update(self) -> Update:
        cursor = self._cursor
        operations: list[Operation] = []
        while True:
            cursor.prologue()
            if cursor.token.kind == "end":
                break
            cursor.restart_steps()
            operations.append(self._operation())
            if not cursor.take(";"):
                break
        if cursor.token.kind != "end":
            raise cursor.unexpected("';' or the end of the text")
        return Update(tuple(operations), cursor.text, self._patterns.services)

    def _operation(self) -> Operation:
        cursor = self._cursor
        if cursor.take("INSERT"):
            if cursor.take("DATA"):
                return InsertData(self._inserted_data())
            return self._modify(None, (), self._insert_template())
        if cursor.take("DELETE"):
            if cursor.take("DATA"):
                return DeleteData(self._quads("DELETE DATA", variables=False, blanks=False))
            if cursor.take("WHERE"):
                before = cursor.index
                quads = self._quads("DELETE WHERE", variables=True, blanks=False)
                cursor.step(len(quads))
                return DeleteWhere(quads, self._query(cursor.read_since(before)))
            return self._deletion(None)
        if cursor.take("WITH"):
            graph = cursor.iri()
            if cursor.take("INSERT"):
                return self._modify(graph, (), self._insert_template())
            cursor.expect("DELETE")
            return self._deletion(graph)
        return self._management()

    # --- data and templates ---

    def _inserted_data(self) -> tuple[QuadPattern, ...]:
        before = self._cursor.index
        quads = self._quads("INSERT DATA", variables=False, blanks=True)
        self._claim_labels(self._cursor.read_since(before), self._data_labels)
        return quads

    def _insert_template(self) -> tuple[QuadPattern, ...]:
        return self._quads("INSERT", variables=True, blanks=True)

    def _deletion(self, graph: str | None) -> Modify:
        delete = self._quads("DELETE", variables=True, blanks=False)
        insert = self._insert_template() if self._cursor.take("INSERT") else ()
        return self._modify(graph, delete, insert)

    def _modify(self, graph: str | None, delete: tuple[QuadPattern, ...], insert: tuple[QuadPattern, ...]) -> Modify:
        cursor = self._cursor
        default: list[str] = []
        named: list[str] = []
        while cursor.take("USING"):
            into = named if cursor.take("NAMED") else default
            into.append(cursor.iri())
        cursor.expect("WHERE")
        before = cursor.index
        where = self._patterns.group()
        read = cursor.read_since(before)
        self._claim_labels(read, self._where_labels)
        using = Using(tuple(default), tuple(named)) if default or named else None
        return Modify(graph, delete, insert, using, where, self._query(read))

    def _query(self, pattern: list[Token]) -> str:
        """The pattern that has just been read, as a query of its own."""
        text = self._cursor.text[pattern[0].start : pattern[-1].end]
        return f"{self._cursor.declarations(pattern)}SELECT * WHERE {text}"

    def _quads(self, of: str, *, variables: bool, blanks: bool) -> tuple[QuadPattern, ...]:
        """``{ … }`` with triples and ``GRAPH``; ``of`` names the operation that may not have variables or blanks."""
        cursor = self._cursor
        before = cursor.index
        quads: list[QuadPattern] = []
        cursor.expect("{")
        with cursor.nested():
            while not cursor.at("}"):
                if cursor.take("GRAPH"):
                    graph = self._patterns.var_or_iri()
                    with cursor.nested():
                        quads += (QuadPattern(graph, triple) for triple in self._patterns.template())
                    cursor.take(".")
                else:
                    triples: list[TriplePattern] = []
                    self._patterns.triples(triples, paths=False)
                    quads += (QuadPattern(None, triple) for triple in triples)
                    if not cursor.at("GRAPH", "}"):
                        raise cursor.unexpected("'.', GRAPH or '}'")
        cursor.expect("}")
        for token, following in pairwise(cursor.read_since(before)):
            if token.kind == "variable" and not variables:
                raise cursor.error(f"{of} cannot have variables", token)
            cells = token.text == "(" and following.text != ")"
            if not blanks and (token.kind == "blank" or token.text == "[" or cells):
                raise cursor.error(f"{of} cannot have blank nodes", token)
        return tuple(quads)

    def _claim_labels(self, tokens: Iterable[Token], taken: set[str]) -> None:
        found: set[str] = set()
        for token in tokens:
            if token.kind == "blank":
                if token.text in taken:
                    raise self._cursor.error(f"{token.text} already stands in another operation", token)
                found.add(token.text)
        taken |= found

    # --- graph management ---

    def _management(self) -> Operation:
        cursor = self._cursor
        words = ("LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY")
        if not cursor.at(*words):
            raise cursor.unexpected("INSERT, DELETE, WITH, " + ", ".join(words))
        word = cursor.advance().text.upper()
        silent = cursor.take("SILENT")
        match word:
            case "LOAD":
                source = cursor.iri()
                return Load(source, self._graph() if cursor.take("INTO") else None, silent)
            case "CLEAR":
                return Clear(self._target(), silent)
            case "DROP":
                return Drop(self._target(), silent)
            case "CREATE":
                return Create(self._graph(), silent)
        source_graph = self._graph_or_default()
        cursor.expect("TO")
        transfers: dict[str, type[Add | Move | Copy]] = {"ADD": Add, "MOVE": Move, "COPY": Copy}
        return transfers[word](source_graph, self._graph_or_default(), silent)

    def _graph(self) -> str:
        self._cursor.expect("GRAPH")
        return self._cursor.iri()

    def _target(self) -> Graphs | str:
        if self._cursor.at(*Graphs):
            return Graphs(self._cursor.advance().text.upper())
        return self._graph()

    def _graph_or_default(self) -> str | None:
        if self._cursor.take("DEFAULT"):
            return None
        self._cursor.take("GRAPH")
        return self._cursor.iri()
