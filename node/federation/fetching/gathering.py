"""Fetching for one query: what is fetched, and what of it can be evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from node.federation.calling.rows import Shape, Table, cell
from node.federation.fetching.fetch import Fetcher
from node.federation.fetching.runner import Runner
from node.federation.fetching.scratch import Scratch, Statements, WrittenWhenRead
from node.federation.planning.order import Order
from node.federation.planning.plan import Body, Candidates, Scan
from node.federation.planning.requests import DEFAULT_GRAPH, Job, arm_text, scan_text
from node.federation.planning.selection import Catalogue
from node.rdf.formats import JSON, NTRIPLES, Format
from node.sparql.algebra import BasicGraphPattern, Form, Graph, Group, Query, Variable
from node.sparql.graph_names import speaks_of
from node.sparql.results import read_json_results
from node.sparql.terms import Term
from node.store.quads import Answer

#: Bytes.
_PIECE = 1 << 16
_BLANK = re.compile(rb"(?<![^\t\n])_:")


class Gathering:
    """Fetching for one query."""

    def __init__(self, query: Query, body: Body, catalogue: Catalogue, runner: Runner, *, quads: bytes) -> None:
        self._given = quads
        self._query = query
        self._body = body
        self._catalogue = catalogue
        self._runner = runner
        #: What was fetched.
        self.scratch = Scratch()
        asked = catalogue.summaries.keys() - set(catalogue.idle(body.scans()))
        self._fetcher = Fetcher(catalogue, self.scratch, Order(catalogue, runner.round_trip(asked)))

    def fetch(self) -> None:
        """Fetch what can matter."""
        limit = None if self._given or self._catalogue.kept else _enough(self._query, self._body)
        if limit is None:
            self._finish(self._body, {})
            return
        scan = self._body.elements[0]
        assert isinstance(scan, Scan)
        text = scan_text(scan, self._catalogue.scope)
        sources, _ = self._catalogue.sources(scan, None)
        jobs = [Job(name, text.whole(limit), text.columns) for name in sources]
        for job, table in zip(jobs, self._runner.run(jobs), strict=True):
            assert isinstance(table, Table)
            self.scratch.add(job.source, text.shape, table, [arm_text(scan, self._catalogue.scope)])

    def _finish(self, body: Body, known: dict[str, Candidates]) -> None:
        self._runner.finish(self._fetcher.body(body, known), lambda: self.scratch.held)

    def describe(self, evaluate: Callable[[str, tuple[Format, Format]], AbstractContextManager[Answer]]) -> str:
        """Find the resources, fetch their descriptions, and give the query that names them."""
        query = self._query
        resources = {t for t in query.described if isinstance(t, Term)}
        pattern = query.select.pattern
        if pattern.elements or pattern.filters:
            # As the store does it: what is named by IRI is described if the pattern has a solution.
            columns = [
                f"?{d.name}" if isinstance(d, Variable) else f"({d.n3} AS ?_described{i})"
                for i, d in enumerate(query.described)
            ]
            start, end = query.described_span
            text = query.without_dataset_clause()
            text = f"{text[:start]}SELECT DISTINCT {' '.join(columns) or '*'} {text[end:]}"
            with evaluate(text, (JSON, NTRIPLES)) as answer:
                rows = read_json_results(b"".join(answer)).rows
            resources = {term for row in rows for term in row.values() if term.kind == "iri"}
        if not resources:
            return "CONSTRUCT { } WHERE { }"
        cells = frozenset(cell(term) for term in resources)
        body = Body((Scan("r", "p", "o"),), (), (), frozenset("rpo"))
        # What was found may not be told where data took part that may not leave; what the query names may.
        kept = bool(self._catalogue.kept) and not resources <= set(query.described)
        self._finish(body, {"r": Candidates(cells, kept=kept)})
        return "DESCRIBE " + " ".join(c.decode() for c in sorted(cells))

    def may_hold(self, term: Term) -> bool:
        """Whether a term is a node of what was fetched of the default graph."""
        written = cell(term)
        begins, follows, ends = written + b" ", b"\n" + written + b" ", b" " + written + b" .\n"
        for piece in self.scratch.triples:
            if piece.startswith(begins) or follows in piece or ends in piece:
                return True
        default = f"<{DEFAULT_GRAPH}>".encode()
        return any(row[3] == default and written in (row[0], row[2]) for table in self._again() for row in table.rows())

    def graph_names(self) -> list[str]:
        """The named graphs of which anything was fetched."""
        return [name[1:-1].decode() for name in self.scratch.graphs if name.startswith(b"<")]

    def statements(self) -> tuple[WrittenWhenRead, list[bytes]]:
        """Everything fetched. Rows with blank nodes come again, those of a member in one answer."""
        quads = [*self.scratch.quads, self._given]
        shape = Shape("s", "p", "o", "g")
        for at, table in enumerate(self._again()):
            _, blank = table.split_blank()
            body = _BLANK.sub(b"_:m%dx" % at, blank.body)
            lines = shape.statements(Table(blank.columns, body))
            # Both kinds in one chunk: a label means the same node only within one load.
            quads.append(lines.replace(f" <{DEFAULT_GRAPH}> .\n".encode(), b" .\n"))
        return _Together(self.scratch.triples), [piece for piece in quads if piece]

    def _again(self) -> list[Table]:
        """The rows of each member that has blank nodes among them, in one answer each: s, p, o and g."""
        jobs = [
            Job(name, f"SELECT ?s ?p ?o ?g WHERE {{ {' UNION '.join(arms)} }}", ("s", "p", "o", "g"))
            for name, arms in self.scratch.again.items()
        ]
        return [table for table in self._runner.run(jobs) if isinstance(table, Table)]


class _Together:
    """The same bytes in pieces that are worth handing to another process."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    @property
    def size(self) -> int:
        """About how many bytes there are."""
        return self._statements.size

    def __iter__(self) -> Iterator[bytes]:
        held: list[bytes] = []
        size = 0
        for piece in self._statements:
            held.append(piece)
            size += len(piece)
            if size >= _PIECE:
                yield b"".join(held) if len(held) > 1 else piece
                held, size = [], 0
        if held:
            yield b"".join(held)


def _enough(query: Query, body: Body) -> int | None:
    """How many triples of each member are enough, when any will do: the query is one triple pattern and a LIMIT."""
    select = query.select
    plain = not select.aggregates and not select.order and not select.distinct and not select.reduced
    if query.form is Form.DESCRIBE or not plain or select.values is not None or not _is_one_triple(select.pattern):
        return None
    alone = len(body.elements) == 1 and isinstance(body.elements[0], Scan) and not body.attachments and not body.seeds
    if not alone:
        return None
    if query.form is Form.ASK:
        return 1 + (select.offset or 0)
    return None if select.limit is None else select.limit + (select.offset or 0)


def _is_one_triple(group: Group) -> bool:
    """Whether every triple that a pattern matches is one of its solutions, and no two are the same one.

    Of a path that is a negated set not every triple will do, nor of a graph whose name is met again in it.
    """
    if len(group.elements) != 1 or group.filters:
        return False
    match group.elements[0]:
        case BasicGraphPattern((triple,)):
            return isinstance(triple.predicate, Variable | Term)
        case Group() as inner:
            return _is_one_triple(inner)
        case Graph(name, inner):
            return _is_one_triple(inner) and not (isinstance(name, Variable) and speaks_of(inner, name.name))
        case _:
            return False
