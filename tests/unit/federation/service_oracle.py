"""The oracle of ``SERVICE``: one store in which each service is a named graph, asked with ``GRAPH`` instead."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import pyoxigraph as ox
from merged_store import ask_store

from node.config import Services
from node.errors import MemberUnavailable, TargetRefused
from node.federation.calling.addresses import read_address
from node.federation.calling.callees import Callee
from node.federation.calling.meter import Meter
from node.federation.services import ServiceResolver
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.algebra import Query
from node.sparql.parser import parse_query
from node.sparql.results import Results, read_json_results
from node.sparql.writer import write_query


@dataclass
class FakeServices:
    """Services in memory, by IRI. What is asked of them is kept; an IRI in ``broken`` fails, others are refused."""

    stores: dict[str, ox.Store]
    broken: frozenset[str] = frozenset()
    asked: list[tuple[str, str]] = field(default_factory=list)

    def permit(self, iri: str) -> Callee:
        if iri not in self.stores and iri not in self.broken:
            raise TargetRefused(f"<{iri}> is not listed.")
        return Callee(iri, read_address(iri), None, listed=True)

    def clients(self) -> FakeServices:
        return self

    def ask(self, callee: Callee, text: str, meter: Meter) -> Results:
        self.asked.append((callee.iri, text))
        if callee.iri in self.broken:
            raise MemberUnavailable(f"<{callee.iri}> is down.", member=callee.iri)
        data = self.stores[callee.iri].query(text).serialize(format=ox.QueryResultsFormat.JSON) or b""
        # Like a server that makes new labels for each answer.
        return read_json_results(
            data.replace(b'"type":"bnode","value":"', b'"type":"bnode","value":"a%d' % len(self.asked))
        )

    def turn(self, callee: Callee, meter: Meter) -> Meter:
        return meter

    def close(self) -> None:
        pass


def resolved_answer(
    local: ox.Store,
    services: FakeServices,
    text: str,
    *,
    bindings: int = 10_000,
    rows: int = 1_000_000,
    exportable: ox.Store | None = None,
) -> Results:
    """The answer of a query with SERVICE over a local store. ``exportable``: what of it services may be told."""

    def look(question: Query, meter: Meter) -> Results:
        return _results(local, write_query(question))

    def told(question: Query, meter: Meter) -> Results:
        assert exportable is not None
        return _results(exportable, write_query(question))

    resolver = ServiceResolver(services, Services(bindings=bindings, rows=rows))  # type: ignore[arg-type]
    query = parse_query(text)
    resolved = resolver.resolve(
        query, look, told=told if exportable is not None else None, own=no_own, meter=Meter(60, 100_000, 1 << 30)
    )
    store = local
    if resolved.quads:
        store = ox.Store()
        store.extend(local)
        store.load(resolved.quads, format=ox.RdfFormat.N_QUADS)
    return _results(store, write_query(resolved.query))


def oracle_answer(local: ox.Store, services: FakeServices, text: str) -> Results:
    """The same by one store. The query must not find the services' graphs by itself."""
    store = ox.Store()
    store.extend(local)
    for iri, content in services.stores.items():
        store.extend(ox.Quad(q.subject, q.predicate, q.object, ox.NamedNode(iri)) for q in content)
    return _results(store, re.sub(r"SERVICE(\s+SILENT)?", "GRAPH", text))


def multiset(results: Results) -> Counter[object]:
    """Solutions without their order; blank nodes are all alike."""
    if results.boolean is not None:
        return Counter([results.boolean])
    return Counter(
        tuple(sorted((k, "_:" if t.kind == "bnode" else t.n3) for k, t in row.items())) for row in results.rows
    )


def _results(store: ox.Store, text: str) -> Results:
    return read_json_results(ask_store(store, text, (JSON, NTRIPLES)).data)


def no_own(path: str, query: Query, meter: Meter) -> Results:
    raise AssertionError("no service of this node's own is asked")
