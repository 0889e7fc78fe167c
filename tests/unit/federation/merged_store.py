"""The oracle of the federation's tests: members in memory, and one store that holds their merge."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyoxigraph as ox
from blank_colours import coloured

from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table, cell, read_json, read_tsv
from node.federation.execution import Execution, FederatedAnswer
from node.federation.members.profile import Profile, profile
from node.federation.members.source import Recalled
from node.federation.members.summaries import PredicateSummary, Summary, read_summary_file
from node.rdf.formats import JSON, NTRIPLES, Format
from node.sparql.algebra import Form, Query
from node.sparql.graph_names import with_graph_names
from node.sparql.mending import mended
from node.sparql.parser import parse_query
from node.sparql.results import read_json_results
from node.sparql.rows_text import RowsText
from node.sparql.zero_length import without_lone_paths
from node.store.quads import Answer, Budget, Generation
from node.store.summary import Summary as TierSummary

NOWHERE = Generation(0, Path())
BUDGET = Budget(60.0, 1 << 30, 1 << 30)
_CHOOSING = re.compile(r"\b(?:MIN|MAX|SAMPLE)\(")


@dataclass
class BytesAnswer:
    """An answer that is there already."""

    format: Format
    data: bytes
    generation: Generation = NOWHERE

    def __iter__(self) -> Iterator[bytes]:
        yield self.data

    def close(self) -> None:
        pass


def ask_store(store: ox.Store, text: str, formats: tuple[Format, Format]) -> BytesAnswer:
    """What the store answers."""
    result = store.query(text)
    if isinstance(result, ox.QueryTriples):
        return BytesAnswer(formats[1], result.serialize(format=formats[1].rdf) or b"")
    return BytesAnswer(formats[0], result.serialize(format=formats[0].results) or b"")


@contextmanager
def evaluate_in_memory(
    triples: Iterable[bytes],
    quads: Iterable[bytes],
    text: str | RowsText,
    formats: tuple[Format, Format],
    budget: Budget,
) -> Iterator[Answer]:
    """The last step without worker processes: each iterable is one document."""
    text = text if isinstance(text, str) else text.made()
    store = ox.Store()
    store.load(b"".join(triples), format=ox.RdfFormat.N_TRIPLES)
    store.load(b"".join(quads), format=ox.RdfFormat.N_QUADS)
    yield ask_store(store, text, formats)


@dataclass
class StoreSource:
    """A member over a store in memory, which counts what it is asked.

    ``summarised``: like a node of ours, it says what it holds; otherwise like a foreign endpoint that says nothing and
    may hold blank nodes. ``exaggerate`` multiplies what it says it holds, so that it is sent blocks of values and not
    asked for all of a predicate. ``detailed``: it says under which namespaces its terms are, and which values there
    are. ``profiled``: like a foreign endpoint that is known not to change. ``remembers``: what it said before counts
    until its answers say that they are from other data. ``exportable``: what it holds may be sent to the others.
    ``guess``: what a member that says nothing held some time ago.
    """

    name: str
    store: ox.Store
    summarised: bool = True
    version: int = 1
    exaggerate: int = 1
    detailed: bool = True
    profiled: bool = False
    remembers: bool = False
    exportable: bool = True
    guess: Summary | None = None
    requests: list[str] = field(default_factory=list)
    known: Recalled | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def endpoint(self) -> str:
        return f"http://{self.name}.example/sparql"

    @property
    def skolemised(self) -> bool:
        return self.summarised

    alike = True

    def summary(self, meter: Meter) -> Summary | None:
        if self.profiled:
            return self._larger(profile(self._rows, str(self.version)))
        if not self.summarised:
            return None
        asked = time.monotonic()
        with self.lock:
            store, version = self.store, str(self.version)
        if self.known is not None and self.known.summary is not None and self.known.summary.version == version:
            # What has not changed is not read again.
            self.known = Recalled(self.known.summary, asked)
            return self.known.summary
        said = summary_of(store, version)
        predicates, classes = (
            {k: n * self.exaggerate for k, n in counts.items()} for counts in (said.predicates, said.classes)
        )
        # Without the details it is what an older release says.
        details = {p: self._more(d) for p, d in said.details.items()} if self.detailed else {}
        summary = Summary(said.triples * self.exaggerate, predicates, classes, said.version, details)
        self.known = Recalled(summary, asked)
        return summary

    def guess_from(self, store: ox.Store, *, exaggerate: int = 1) -> None:
        """It held this some time ago."""
        before = replace(self, store=store, exaggerate=exaggerate, requests=[])
        self.guess = before._larger(profile(before._rows, ""))

    def _larger(self, said: Profile) -> Profile:
        factor = self.exaggerate
        predicates, classes = ({k: n * factor for k, n in c.items()} for c in (said.predicates, said.classes))
        details = {p: self._more(d) for p, d in said.details.items()}
        return replace(said, predicates=predicates, classes=classes, details=details)

    def _more(self, details: PredicateSummary) -> PredicateSummary:
        assert details.subjects is not None
        assert details.objects is not None
        factor = self.exaggerate
        return replace(details, subjects=details.subjects * factor, objects=details.objects * factor)

    def recalled(self) -> Recalled | None:
        return self.known if self.remembers else None

    def forget(self) -> None:
        self.known = None

    def change(self, store: ox.Store) -> None:
        """From now on it holds this."""
        with self.lock:
            self.store, self.version = store, self.version + 1

    def select(self, text: str, columns: tuple[str, ...], meter: Meter) -> Table:
        meter.request(self.name)
        self.requests.append(text)
        table = self._rows(text, columns)
        meter.received(self.name, len(table.body))
        meter.done(self.name, len(table), 0.0)
        return table

    def _rows(self, text: str, columns: tuple[str, ...]) -> Table:
        with self.lock:
            store, version = self.store, str(self.version)
        wanted = ox.QueryResultsFormat.TSV if self.summarised else ox.QueryResultsFormat.JSON
        # Not kept in a variable: an error's traceback would carry it to another thread, which pyoxigraph forbids.
        data = store.query(text).serialize(format=wanted) or b""
        if self.summarised:
            return replace(read_tsv(data, columns), version=version)
        # A foreign endpoint's labels mean something within one answer only.
        return read_json(_relabelled(data, len(self.requests)), columns)

    def ask(self, text: str, meter: Meter) -> bool:
        meter.request(self.name)
        self.requests.append(text)
        return bool(self.store.query(text))

    @contextmanager
    def answer(self, text: str, formats: tuple[Format, Format], meter: Meter) -> Iterator[Answer]:
        meter.request(self.name)
        self.requests.append(text)
        yield ask_store(self.store, text, formats)

    def begin(self, text: str, columns: tuple[str, ...], meter: Meter) -> None:
        """It is always asked on a thread."""

    def begin_whole(self, text: str, formats: object, read: object, meter: Meter) -> None:
        """It is always asked on a thread."""


def summary_of(store: ox.Store, version: str = "1") -> Summary:
    """What a node with this default graph says."""
    graph = ox.NamedNode("urn:all")
    tier = ox.Store()
    tier.extend(
        ox.Quad(q.subject, q.predicate, q.object, graph)
        for q in store.quads_for_pattern(None, None, None, ox.DefaultGraph())
    )
    summary = read_summary_file(TierSummary.of(tier, graph.value).write(), version)
    assert summary is not None
    return summary


def _relabelled(data: bytes, number: int) -> bytes:
    document = json.loads(data)
    for row in document["results"]["bindings"]:
        for term in row.values():
            if term["type"] == "bnode":
                term["value"] = f"r{number}{term['value'][::-1]}"
    return json.dumps(document).encode()


def merge(stores: Sequence[ox.Store]) -> ox.Store:
    """The RDF merge: triples that several hold are there once, blank nodes of two are two."""
    merged = ox.Store()
    for at, store in enumerate(stores):
        merged.extend(_apart(quad, at) for quad in store)
    return merged


def _apart(quad: ox.Quad, at: int) -> ox.Quad:
    def term(t: object) -> object:
        return ox.BlankNode(f"m{at}{t.value}") if isinstance(t, ox.BlankNode) else t

    return ox.Quad(term(quad.subject), quad.predicate, term(quad.object), term(quad.graph_name))


def expected(merged: ox.Store, text: str) -> list[object]:
    """What the merged store answers. FROM is carried out here, because the engine does not merge its graphs; paths of
    length zero at terms that are not in the graph get their solutions, and graphs are told apart."""
    query = parse_query(text)
    query = mended(query) or query
    store = merged if query.dataset is None else _dataset(merged, query)
    if query.form is not Form.DESCRIBE:
        nodes = {str(t) for q in store.quads_for_pattern(None, None, None, ox.DefaultGraph()) for t in (q[0], q[2])}
        query = without_lone_paths(query, lambda term: cell(term).decode() in nodes) or query
        query = with_graph_names(query, [graph.value for graph in store.named_graphs()]) or query
    return solutions(ask_store(store, query.without_dataset_clause(), (JSON, NTRIPLES)), query)


def _dataset(merged: ox.Store, query: Query) -> ox.Store:
    assert query.dataset is not None
    store = ox.Store()
    for quad in merged:
        name = getattr(quad.graph_name, "value", None)
        if name in query.dataset.default:
            store.add(ox.Quad(quad.subject, quad.predicate, quad.object))
        if name in query.dataset.named:
            store.add(quad)
    return store


def solutions(answer: Iterable[bytes], query: Query) -> list[object]:
    """An answer as a list of comparable rows; blank nodes have labels by where they stand.

    They are all alike where the query chooses among them, as it likes.
    """
    data = b"".join(answer)
    if query.form in (Form.CONSTRUCT, Form.DESCRIBE):
        triples = ox.parse(data, format=ox.RdfFormat.N_TRIPLES)
        lines = {tuple(zip("spo", map(str, quad.triple), strict=True)) for quad in triples}
        return sorted(coloured(sorted(lines)))
    results = read_json_results(data)
    if results.boolean is not None:
        return [results.boolean]
    rows = [tuple(sorted((k, t.n3) for k, t in row.items())) for row in results.rows]
    if _CHOOSING.search(query.text):
        return [tuple((k, t[:2] if t.startswith("_:") else t) for k, t in row) for row in rows]
    return list(coloured(rows))


def federated(sources: Sequence[StoreSource], text: str, *, cache_bytes: int = 0) -> list[object]:
    """What the federation answers over these members."""
    execution = Execution(evaluate_in_memory, cache_bytes=cache_bytes)
    try:
        return federated_by(execution, sources, text)[0]
    finally:
        execution.close()


def federated_by(
    execution: Execution, sources: Sequence[StoreSource], text: str
) -> tuple[list[object], FederatedAnswer]:
    """The same with an execution that lives longer, for what it reports and keeps."""
    query = parse_query(text)
    meter = Meter(60.0, 100_000, 1 << 30)
    with execution.answer(
        query, sources, formats=(JSON, NTRIPLES), meter=meter, budget=BUDGET, generation=NOWHERE
    ) as answer:
        return solutions(answer, query), answer


def same(got: list[object], wanted: list[object], *, ordered: bool = False) -> bool:
    """Whether two answers are the same multiset, or sequence."""
    return got == wanted if ordered else Counter(got) == Counter(wanted)
