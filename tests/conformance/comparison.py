"""Reads answers and expected results, and tells whether they are the same.

Solutions are compared as multisets (in their order where the query orders them), graphs as sets, both up to the names
of blank nodes. Numbers and booleans are compared by value: what a query computes has no prescribed spelling, and the
suite's results were written by several engines.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
)

from tests.conformance.cases import File

RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
XSD = "http://www.w3.org/2001/XMLSchema#"
Term = NamedNode | BlankNode | Literal
Row = dict[str, Term]

_INTEGERS = frozenset(
    XSD + name
    for name in (
        *("integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger"),
        *("negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)
_FLOATS = frozenset((XSD + "double", XSD + "float"))
_FORMATS = {".srx": QueryResultsFormat.XML, ".srj": QueryResultsFormat.JSON, ".tsv": QueryResultsFormat.TSV}
#: Media type to ask for, by the ending of the file that holds the expected result.
ACCEPT = {
    ".srx": "application/sparql-results+xml",
    ".srj": "application/sparql-results+json",
    ".tsv": "text/tab-separated-values",
    ".csv": "text/csv",
}


class Unreadable(AssertionError):
    """An answer is not in the format it claims to be in."""


@dataclass(frozen=True)
class Solutions:
    """Variables in their order, and rows in theirs."""

    variables: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """A CSV document: names and rows of texts, blank nodes included."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Graph:
    """A set of triples."""

    triples: frozenset[Triple]


Result = bool | Solutions | Table | Graph
#: Gives the blank node that an IRI stands for, or the IRI itself.
Unskolemise = Callable[[str], NamedNode | BlankNode]


def expected(file: File) -> Result:
    """What a result file of the suite says."""
    ending = file.path.suffix
    if ending == ".csv":
        return read_csv(file.path.read_bytes())
    if ending in _FORMATS:
        return read_results(file.path.read_bytes(), _FORMATS[ending])
    triples = frozenset(file.triples())
    described = _result_set(triples)
    return Graph(triples) if described is None else described


def received(content_type: str, data: bytes, unskolemise: Unskolemise) -> Result:
    """What an endpoint answered. Raises Unreadable."""
    media_type = content_type.split(";", 1)[0].strip()
    if media_type == "text/csv":
        table = read_csv(data)
        rows = tuple(tuple(_csv_cell(cell, unskolemise) for cell in row) for row in table.rows)
        return Table(table.header, rows)
    if (results := QueryResultsFormat.from_media_type(media_type)) is not None:
        answer = read_results(data, results)
        if isinstance(answer, bool):
            return answer
        return Solutions(
            answer.variables,
            tuple({name: _back(term, unskolemise) for name, term in row.items()} for row in answer.rows),
        )
    if (graph := RdfFormat.from_media_type(media_type)) is not None:
        try:
            triples = [quad.triple for quad in parse(data, format=graph)]
        except SyntaxError as error:
            raise Unreadable(f"not {media_type}: {error}") from error
        return Graph(
            frozenset(
                Triple(_back(t.subject, unskolemise), t.predicate, _back(t.object, unskolemise))  # type: ignore[arg-type]
                for t in triples
            )
        )
    raise Unreadable(f"the answer is of type {content_type!r}")


def read_results(data: bytes, format_: QueryResultsFormat) -> bool | Solutions:
    """SPARQL results in XML, JSON or TSV. Raises Unreadable."""
    try:
        answer = parse_query_results(data, format=format_)
        if isinstance(answer, QueryBoolean):
            return bool(answer)
        variables = tuple(variable.value for variable in answer.variables)
        rows = []
        for solution in answer:
            bound = {name: solution[name] for name in variables}
            rows.append({name: term for name, term in bound.items() if isinstance(term, Term)})
    except (SyntaxError, ValueError) as error:
        raise Unreadable(f"not {format_.media_type}: {error}") from error
    return Solutions(variables, tuple(rows))


def read_csv(data: bytes) -> Table:
    """A CSV document of RFC 4180. Raises Unreadable."""
    try:
        header, *rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
    except (csv.Error, UnicodeDecodeError, ValueError) as error:
        raise Unreadable(f"not CSV: {error}") from error
    return Table(tuple(header), tuple(tuple(row) for row in rows))


def same(one: Result, other: Result, *, ordered: bool) -> bool:
    """Whether two results are the same; ``ordered``: the order of solutions counts."""
    match one, other:
        case bool(), bool():
            return one is other
        case Graph(), Graph():
            return _canonical(_graph_quads(one)) == _canonical(_graph_quads(other))
        case Solutions(), Solutions():
            if set(one.variables) != set(other.variables) or len(one.rows) != len(other.rows):
                return False
            return _canonical(_row_quads(one.rows, ordered)) == _canonical(_row_quads(other.rows, ordered))
        case Table(), Table():
            if sorted(one.header) != sorted(other.header):
                return False
            return same(_as_solutions(one), _as_solutions(other), ordered=ordered)
    return False


def shown(result: Result) -> str:
    """A result for the message of a test that fails."""
    if isinstance(result, Solutions):
        rows = (" ".join(f"?{name}={term}" for name, term in sorted(row.items())) for row in result.rows)
        return f"{result.variables}\n" + "\n".join(rows)
    if isinstance(result, Graph):
        return "\n".join(sorted(str(triple) for triple in result.triples))
    return repr(result)


def _as_solutions(table: Table) -> Solutions:
    def cell(text: str) -> Term:
        return BlankNode(text[2:]) if re.fullmatch(r"_:\w+", text) else Literal(text)

    rows = tuple({name: cell(text) for name, text in zip(table.header, row, strict=True)} for row in table.rows)
    return Solutions(table.header, rows)


def _csv_cell(cell: str, unskolemise: Unskolemise) -> str:
    if re.fullmatch(r"https?://[^\s<>\"{}|^`\\]+", cell) is None:
        return cell
    term = unskolemise(cell)
    return f"_:{term.value}" if isinstance(term, BlankNode) else cell


def _back(term: object, unskolemise: Unskolemise) -> Term:
    assert isinstance(term, Term), term
    return unskolemise(term.value) if isinstance(term, NamedNode) else term


def _result_set(triples: Iterable[Triple]) -> bool | Solutions | None:
    """The result that a graph describes in the vocabulary rs:, None when it describes none."""
    store = Store()
    store.extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in triples)

    def objects(subject: object, name: str) -> list[Term]:
        quads = store.quads_for_pattern(subject, NamedNode(RS + name), None, DefaultGraph())  # type: ignore[arg-type]
        return [quad.object for quad in quads if isinstance(quad.object, Term)]

    kind = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    found = [q.subject for q in store.quads_for_pattern(None, kind, NamedNode(RS + "ResultSet"), DefaultGraph())]
    if not found:
        return None
    if booleans := objects(found[0], "boolean"):
        return booleans[0].value == "true"
    rows: list[tuple[int, Row]] = []
    for solution in objects(found[0], "solution"):
        row = {objects(b, "variable")[0].value: objects(b, "value")[0] for b in objects(solution, "binding")}
        index = objects(solution, "index")
        rows.append((int(index[0].value) if index else 0, row))
    rows.sort(key=lambda pair: pair[0])
    return Solutions(
        tuple(sorted(term.value for term in objects(found[0], "resultVariable"))), tuple(row for _, row in rows)
    )


def _graph_quads(graph: Graph) -> Iterable[Quad]:
    for t in graph.triples:
        yield Quad(_by_value(t.subject), t.predicate, _by_value(t.object), DefaultGraph())  # type: ignore[arg-type]


def _row_quads(rows: Iterable[Row], ordered: bool) -> Iterable[Quad]:
    """Solutions as triples: a blank node a row, with its place in the order, or how often it is there."""
    keys = [frozenset((name, _by_value(term)) for name, term in row.items()) for row in rows]
    counted = enumerate(keys) if ordered else ((count, key) for key, count in Counter(keys).items())
    for number, key in counted:
        row = BlankNode()
        yield Quad(row, NamedNode("urn:number"), Literal(number), DefaultGraph())
        for name, term in key:
            yield Quad(row, NamedNode(f"urn:variable:{name}"), term, DefaultGraph())


def _canonical(quads: Iterable[Quad]) -> Dataset:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def _by_value(term: object) -> Term:
    assert isinstance(term, Term), term
    if not isinstance(term, Literal):
        return term
    if term.language is not None:
        return Literal(term.value, language=term.language.lower())
    datatype = term.datatype.value
    with suppress(ValueError, InvalidOperation):
        if datatype in _INTEGERS:
            return Literal(str(int(term.value)), datatype=term.datatype)
        if datatype == XSD + "decimal":
            number = Decimal(term.value)
            return Literal(f"{number.normalize() if number else Decimal(0):f}", datatype=term.datatype)
        if datatype in _FLOATS:
            return Literal(repr(float(term.value)), datatype=term.datatype)
    if datatype == XSD + "boolean":
        return Literal({"1": "true", "0": "false"}.get(term.value, term.value), datatype=term.datatype)
    return term
