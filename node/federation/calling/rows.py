"""Fetched rows as bytes: read from SPARQL results, filtered, and turned into N-Triples or N-Quads to be loaded.

A cell is a term as pyoxigraph writes it in TSV, with the short forms of numbers and booleans written out. Two cells are
the same term if and only if they are the same bytes, whichever member they came from; cells are valid N-Triples and can
stand in a ``VALUES`` block. A row is its cells with tabs between and a line feed at the end (both are escaped within
literals). Most work on rows is done on the whole text at once, without a Python object a row.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from node.rdf.namespaces import XSD
from node.sparql.results import MalformedResults, read_json_results
from node.sparql.terms import Term

_IRI = rb"<[A-Za-z][^\x00-\x20<>\"{}|^`\\:]*+:[^\x00-\x20<>\"{}|^`\\]*+>"
_LITERAL = rb'"(?:[^"\\\n\r\t]++|\\[tnr"\\])*+"(?:@[a-z0-9-]++|\^\^' + _IRI + rb")?+"
_BLANK = rb"_:[^\s\"<>]++"
_CELL = rb"(?:" + _IRI + rb"|" + _LITERAL + rb"|" + _BLANK + rb")"
_SHORT = re.compile(
    rb"([\t\n])(?:(true|false)|([+-]?[0-9]+)|([+-]?[0-9]*\.[0-9]+)|([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+))"
    rb"(?=[\t\n])"
)
_INTEGER = re.compile(rb"([\t\n])([+-]?[0-9]++)(?=[\t\n])")
_SHORT_TYPES = tuple(f'"^^<{XSD}{name}>'.encode() for name in ("boolean", "integer", "decimal", "double"))
_LABEL = re.compile(r"[A-Za-wyz0-9][A-Za-z0-9]*")
_HAS_BLANK = re.compile(rb"(?<![^\t\n])_:")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: Rows are looked at so many bytes at a time: while a library searches or copies, no other thread runs Python. What is
#: made of a piece is also small enough for memory that was used before, which takes a fifth of what new memory does.
_PIECE_BYTES = 1 << 16
#: In a body of up to so many bytes, integers are written out without a call for each.
_WHOLE_BYTES = 1_000_000
_ESCAPED = re.compile(r'["\\\n\r\t]')


@functools.lru_cache(maxsize=64)
def _rows(columns: int) -> re.Pattern[bytes]:
    """Rows of so many cells."""
    return re.compile(rb"(?:" + rb"\t".join([_CELL] * columns) + rb"\n)*+")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one answer: ``body`` holds ``len(columns)`` cells a row. Columns are named s, p, o and g.

    ``version`` is that of the data they are from, None where the member does not say.
    """

    columns: tuple[str, ...]
    body: bytes
    version: str | None = field(default=None, compare=False)

    def __len__(self) -> int:
        return self.body.count(b"\n")

    def rows(self) -> Iterator[list[bytes]]:
        """The cells of each row."""
        return (row.split(b"\t") for row in self._lines())

    def _lines(self) -> Iterator[bytes]:
        """Each row, as its bytes. Not all of them are there at a time."""
        if len(self.body) <= _PIECE_BYTES:
            return iter(self.body.split(b"\n")[:-1])
        return itertools.chain.from_iterable(piece.body.split(b"\n")[:-1] for piece in self.pieces())

    def pieces(self) -> Iterator[Table]:
        """The rows in tables of a few ten thousand bytes."""
        body = self.body
        for start, end in _pieces(body):
            yield self if end - start == len(body) else Table(self.columns, body[start:end], self.version)

    def has_blank_nodes(self) -> bool:
        """Whether any cell is a blank node."""
        body = self.body
        return body.startswith(b"_:") or b"\t_:" in body or b"\n_:" in body

    def split_blank(self) -> tuple[Table, Table]:
        """The rows without any blank node, and those with one."""
        if not self.has_blank_nodes():
            return self, Table(self.columns, b"")
        without: list[bytes] = []
        having: list[bytes] = []
        for row in self._lines():
            (having if _HAS_BLANK.search(row) else without).append(row)
        return Table(self.columns, _joined(without)), Table(self.columns, _joined(having))

    def values(self, column: str) -> set[bytes]:
        """The different cells of one column, blank nodes included."""
        if len(self.columns) == 1:
            return set(self._lines())
        at = self.columns.index(column)
        if at == 0:
            return {row.partition(b"\t")[0] for row in self._lines()}
        if at == len(self.columns) - 1:
            return {row.rpartition(b"\t")[2] for row in self._lines()}
        return {row.split(b"\t")[at] for row in self._lines()}

    def where(self, allowed: Sequence[tuple[str, Collection[bytes], bool]]) -> Table:
        """The rows whose cell of each column is in its collection; a blank node passes if the flag says so."""
        if not allowed or not self.body:
            return self
        tests = [(self.columns.index(column), values, blank) for column, values, blank in allowed]
        rows = self._lines()
        at, values, blank = tests[0]
        if len(tests) == 1 and not blank and at in (0, len(self.columns) - 1):
            # The common case, written so that a row costs one split and one look-up.
            if at == 0:
                return Table(self.columns, _joined(row for row in rows if row.partition(b"\t")[0] in values))
            return Table(self.columns, _joined(row for row in rows if row.rpartition(b"\t")[2] in values))
        kept: list[bytes] = []
        for row in rows:
            cells = row.split(b"\t")
            if all(cells[at] in values or (blank and cells[at].startswith(b"_:")) for at, values, blank in tests):
                kept.append(row)
        return Table(self.columns, _joined(kept))


@dataclass(frozen=True, slots=True)
class Shape:
    """How a row becomes a statement: each position is a column's name or a constant cell; ``g`` None for a triple."""

    s: str | bytes
    p: str | bytes
    o: str | bytes
    g: str | bytes | None = None

    def statements(self, table: Table) -> bytes:
        """The rows as N-Triples, or N-Quads when there is a graph."""
        if not table.body:
            return b""
        positions = [self.s, self.p, self.o] + ([] if self.g is None else [self.g])
        named = [at for at, position in enumerate(positions) if isinstance(position, str)]
        fixed = [position if isinstance(position, bytes) else b"" for position in positions]
        if tuple(positions[at] for at in named) != table.columns:
            return b"".join(
                b" ".join(p if isinstance(p, bytes) else cells[table.columns.index(p)] for p in positions) + b" .\n"
                for cells in table.rows()
            )
        first, last = named[0], named[-1]
        before = b"".join(f + b" " for f in fixed[:first])
        after = b"".join(b" " + f for f in fixed[last + 1 :]) + b" .\n"
        body = table.body
        if len(named) > 1:
            # Only one constant can stand between the columns of a triple or quad unless three of them vary.
            gaps = [b" " + b"".join(f + b" " for f in fixed[a + 1 : b]) for a, b in itertools.pairwise(named)]
            if len(set(gaps)) == 1:
                body = body.replace(b"\t", gaps[0])
            else:
                return b"".join(
                    before + b"".join(c + g for c, g in zip(cells, [*gaps, after], strict=True))
                    for cells in table.rows()
                )
        body = body.replace(b"\n", after + before)
        return before + body[: len(body) - len(before)]


def read_tsv(data: bytes | bytearray, columns: tuple[str, ...]) -> Table:
    """Read SPARQL 1.1 TSV as Oxigraph writes it, every cell bound. Raises MalformedResults for anything else.

    A bytearray is used up (empty afterwards): it may be large, and would stand beside the rows.
    """
    end = data.find(b"\n") + 1
    with memoryview(data) as view:
        header, body = data[:end].removesuffix(b"\n"), bytes(view[end:])
    if isinstance(data, bytearray):
        data.clear()
    if not end or header.rstrip(b"\r").decode("utf-8", "replace") != "\t".join(f"?{c}" for c in columns):
        raise MalformedResults("the first line does not name the variables that were asked for")
    if body and not body.endswith(b"\n"):
        raise MalformedResults("the last line does not end")
    rows = _rows(len(columns))
    if not _are_all(rows, body):
        # A delimiter before each cell is what makes the search quick.
        if len(body) <= _WHOLE_BYTES:
            short = _integers_written_out(b"\n" + body)
            if rows.fullmatch(short, 1):
                return Table(columns, short[1:])
        pieces = [_SHORT.sub(_written_out, b"\n" + piece.body)[1:] for piece in Table(columns, body).pieces()]
        del body
        body = b"".join(pieces)
        if not _are_all(rows, body):
            raise MalformedResults("a line does not hold one term for each variable")
    return Table(columns, body)


def _pieces(body: bytes) -> Iterator[tuple[int, int]]:
    """Where pieces of whole lines begin and end."""
    start = 0
    while start < len(body):
        end = body.find(b"\n", start + _PIECE_BYTES) + 1 or len(body)
        yield start, end
        start = end


def _are_all(rows: re.Pattern[bytes], body: bytes) -> bool:
    """Whether all lines are such rows; no row spans lines."""
    return all(rows.fullmatch(body, start, end) for start, end in _pieces(body))


def read_json(data: bytes | bytearray, columns: tuple[str, ...]) -> Table:
    """Read SPARQL JSON results, every cell bound. Raises MalformedResults for anything else."""
    results = read_json_results(data)
    if results.boolean is not None:
        raise MalformedResults("a boolean, where solutions were asked for")
    try:
        lines = [b"\t".join(cell(_ours(row[c])) for c in columns) for row in results.rows]
    except KeyError as error:
        raise MalformedResults(f"a row without a value for {error}") from error
    table = Table(columns, _joined(lines))
    if not _rows(len(columns)).fullmatch(table.body):
        raise MalformedResults("a term that cannot be written in N-Triples")
    return table


def read_boolean(data: bytes | bytearray) -> bool:
    """Read the answer of an ASK in JSON. Virtuoso gives a row with a number instead. Raises MalformedResults."""
    results = read_json_results(data)
    if results.boolean is not None:
        return results.boolean
    if results.variables != ("__ASK_RETVAL",):
        raise MalformedResults("solutions, where a boolean was asked for")
    return any(term.value != "0" for row in results.rows for term in row.values())


def _ours(term: Term) -> Term:
    """A term of another engine as ours would give it, where only the writing differs.

    Virtuoso's blank nodes have labels that N-Triples does not allow (``nodeID://b1``), and its booleans are 1 and 0.
    """
    if term.kind == "bnode" and not _LABEL.fullmatch(term.value):
        return Term("bnode", f"x{term.value.encode().hex()}")
    if term.datatype == XSD + "boolean":
        return Term("literal", {"1": "true", "0": "false"}.get(term.value, term.value), None, term.datatype)
    return term


def merged(tables: Iterable[Table], columns: tuple[str, ...]) -> Table:
    """The rows of several tables of these columns, one after another."""
    return Table(columns, b"".join(t.body for t in tables))


def _joined(rows: Iterable[bytes]) -> bytes:
    body = b"\n".join(rows)
    return body + b"\n" if body else b""


def _integers_written_out(body: bytes) -> bytes:
    """A body in which integers, the most frequent of short forms, are written out, without a call for each."""
    parts = _INTEGER.split(body)
    number = len(parts) // 3
    written = [b""] * (5 * number + 1)
    written[::5], written[1::5], written[3::5] = parts[::3], parts[1::3], parts[2::3]
    written[2::5], written[4::5] = [b'"'] * number, [_SHORT_TYPES[1]] * number
    return b"".join(written)


def _written_out(match: re.Match[bytes]) -> bytes:
    assert match.lastindex is not None
    return match[1] + b'"' + match[match.lastindex] + _SHORT_TYPES[match.lastindex - 2]


def cell(term: Term) -> bytes:
    """A term as a cell."""
    if term.kind != "literal":
        return term.n3.encode()
    quoted = f'"{_ESCAPED.sub(lambda m: _ESCAPES[m.group()], term.value)}"'
    if term.language is not None:
        return f"{quoted}@{term.language}".encode()
    return (quoted if term.datatype is None else f"{quoted}^^<{term.datatype}>").encode()
