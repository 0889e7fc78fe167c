"""Reads the W3C test manifests (vocabularies mf:, qt:, ut:, ht:, cnt:)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import urljoin

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat, Store, parse

from tests.conformance.cases import Case, Exchange, File, GraphStore, Kind, ProtocolCase, Suite, UpdateCase

#: Where W3C keeps the suite: relative IRIs in data, queries and results are resolved against their place there.
BASE = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"

Node = NamedNode | BlankNode
#: Sub-suites that are left out whole, with the reason.
LEFT_OUT = {
    "entailment": "the node answers by simple entailment only",
    "http-rdf-update": "deprecated by W3C in favour of graph-store-protocol; prose that no manifest includes",
}
_KINDS: dict[str, Kind] = {
    "QueryEvaluationTest": "evaluation",
    "CSVResultFormatTest": "evaluation",
    "PositiveSyntaxTest": "positive syntax",
    "PositiveSyntaxTest11": "positive syntax",
    "NegativeSyntaxTest": "negative syntax",
    "NegativeSyntaxTest11": "negative syntax",
    "PositiveUpdateSyntaxTest11": "positive update syntax",
    "NegativeUpdateSyntaxTest11": "negative update syntax",
}
_STATUSES = {"OK": "200", "Created": "201", "NoContent": "204", "NotFound": "404"}


@lru_cache(maxsize=1)
def read_suite(folder: Path) -> Suite:
    """Every sub-suite that ``manifest-all.ttl`` in the folder ``sparql11`` includes, in its order."""
    cases: list[Case] = []
    updates: list[UpdateCase] = []
    exchanges: dict[str, list[ProtocolCase]] = {"ProtocolTest": [], "GraphStoreProtocolTest": []}
    descriptions: list[str] = []
    left_out: dict[str, str] = {}
    for manifest in (*_manifests(folder, "manifest-all.ttl"), *_manifests(folder, "http-rdf-update/manifest.ttl")):
        suite = manifest.path.parent.name
        for entry in manifest.listed("entries"):
            kind = str(manifest.one(entry, RDF + "type").value).removeprefix(MF)
            if suite in LEFT_OUT:
                left_out[str(entry.value)] = LEFT_OUT[suite]
            elif kind in _KINDS:
                cases.append(manifest.case(entry, suite, _KINDS[kind]))
            elif kind == "UpdateEvaluationTest":
                updates.append(manifest.update_case(entry, suite))
            elif kind in exchanges:
                exchanges[kind].append(manifest.protocol_case(entry, suite))
            elif kind == "ServiceDescriptionTest":
                descriptions.append(str(entry.value))
            else:
                raise ValueError(f"{entry} is of the unknown class {kind}")
    protocol, graph_store = (tuple(found) for found in exchanges.values())
    return Suite(tuple(cases), tuple(updates), protocol, graph_store, tuple(descriptions), left_out)


def _manifests(folder: Path, name: str) -> Iterator[_Manifest]:
    """A manifest and those it includes, in their order."""
    yield (manifest := _Manifest(folder, name))
    for included in manifest.listed("include"):
        yield from _manifests(folder, str(included.value).removeprefix(BASE))


class _Manifest:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.path = folder / name
        self.iri = BASE + name
        self._store = Store()
        self._store.load(path=self.path, format=RdfFormat.TURTLE, base_iri=self.iri)

    def listed(self, name: str) -> Iterator[Node]:
        """What the manifest lists as its entries, or as manifests that it includes."""
        head = self.find(NamedNode(self.iri), MF + name)
        return self.list(head) if isinstance(head, NamedNode | BlankNode) else iter(())

    def all(self, subject: Node, predicate: str) -> list[Node | Literal]:
        quads = self._store.quads_for_pattern(subject, NamedNode(predicate), None, DefaultGraph())
        found = [quad.object for quad in quads]
        assert all(isinstance(term, NamedNode | BlankNode | Literal) for term in found)
        return sorted(found, key=str)  # type: ignore[arg-type]  # no triple terms, as asserted

    def one(self, subject: Node | Literal, predicate: str) -> Node:
        found = self.find(subject, predicate)
        assert isinstance(found, NamedNode | BlankNode), (subject, predicate)
        return found

    def find(self, subject: Node | Literal, predicate: str) -> Node | Literal | None:
        assert not isinstance(subject, Literal)
        found = self.all(subject, predicate)
        assert len(found) <= 1, (subject, predicate)
        return found[0] if found else None

    def text(self, subject: Node | Literal, predicate: str) -> str | None:
        found = self.find(subject, predicate)
        return None if found is None else str(found.value)

    def list(self, head: Node) -> Iterator[Node]:
        while head != NamedNode(RDF + "nil"):
            yield self.one(head, RDF + "first")
            head = self.one(head, RDF + "rest")

    def file(self, term: Node | Literal) -> File:
        iri = urljoin(self.iri, str(term.value))
        return File(iri, self._folder / iri.removeprefix(BASE))

    def case(self, entry: Node, suite: str, kind: Kind) -> Case:
        action = self.one(entry, MF + "action")
        name = re.split(r"[#/]", str(entry.value))[-1]
        if kind != "evaluation":
            request = self.file(action)
            if request.path.suffix == ".ru" and kind == "negative syntax":
                kind = "negative update syntax"  # as the manifest of delete-insert has them
            return Case(str(entry.value), suite, name, kind, request)
        return Case(
            str(entry.value),
            suite,
            name,
            kind,
            self.file(self.one(action, QT + "query")),
            tuple(self.file(term) for term in self.all(action, QT + "data")),
            tuple(self.file(term) for term in self.all(action, QT + "graphData")),
            self.file(self.one(entry, MF + "result")),
            tuple(
                (str(self.one(service, QT + "endpoint").value), self.file(self.one(service, QT + "data")))
                for service in self.all(action, QT + "serviceData")
            ),
        )

    def update_case(self, entry: Node, suite: str) -> UpdateCase:
        action = self.one(entry, MF + "action")
        return UpdateCase(
            str(entry.value),
            suite,
            str(entry.value).rsplit("#", 1)[-1],
            self.file(self.one(action, UT + "request")),
            self._graph_store(action),
            self._graph_store(self.one(entry, MF + "result")),
        )

    def _graph_store(self, state: Node) -> GraphStore:
        named: dict[str, list[File]] = {}
        for data in self.all(state, UT + "graphData"):
            files = named.setdefault(str(self.text(data, RDFS + "label")), [])
            files += (self.file(term) for term in self.all(data, UT + "graph"))
        return GraphStore(
            tuple(self.file(term) for term in self.all(state, UT + "data")),
            tuple((name, tuple(files)) for name, files in named.items()),
        )

    def protocol_case(self, entry: Node, suite: str) -> ProtocolCase:
        graphs = [
            (str(self.text(data, RDFS + "label")), self.file(self.one(data, UT + "graph")))
            for data in self.all(entry, UT + "graphData")
        ]
        requests = self.list(self.one(self.one(entry, MF + "action"), HT + "requests"))
        name = str(entry.value).rsplit("#", 1)[-1]
        return ProtocolCase(str(entry.value), suite, name, tuple(graphs), tuple(self._exchange(r) for r in requests))

    def _exchange(self, request: Node) -> Exchange:
        body = self._body(request)
        answer = self.one(request, HT + "resp")
        boolean = self.text(answer, MF + "expectedBoolean")
        content = self._body(answer)
        path, _, query_string = str(self.text(request, HT + "absolutePath")).partition("?")
        return Exchange(
            method=str(self.text(request, HT + "methodName")),
            path=path,
            query_string=query_string,
            headers=self._headers(request),
            body=body,
            statuses=tuple(_status(str(status.value)) for status in self.all(answer, MF + "expectedStatus")),
            format=self.text(answer, MF + "expectedFormat"),
            boolean=None if boolean is None else boolean == "true",
            location=self.text(answer, MF + "expectedLocation"),
            graph=frozenset(q.triple for q in parse(content, format=RdfFormat.TURTLE)) if content else None,
        )

    def _headers(self, message: Node) -> tuple[tuple[str, str], ...]:
        headers = self.find(message, HT + "headers")
        return tuple(
            (str(self.text(header, HT + "fieldName")), str(self.text(header, HT + "fieldValue")))
            for header in (self.list(headers) if isinstance(headers, NamedNode | BlankNode) else ())
        )

    def _body(self, message: Node) -> bytes:
        body = self.find(message, HT + "body")
        return b"" if body is None else str(self.text(body, CNT + "chars")).encode(self._encoding(body))

    def _encoding(self, body: Node | Literal) -> str:
        return self.text(body, CNT + "characterEncoding") or "utf-8"


def _status(iri: str) -> str:
    """A status, or the first digit of a class of them, from its name in the vocabulary of HTTP in RDF."""
    name = iri.rsplit("#", 1)[-1]
    return name[-3] if name.startswith("StatusCode") else _STATUSES[name]
