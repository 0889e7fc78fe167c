"""Reads the W3C test manifests (vocabularies mf:, qt:, ut:, ht:, cnt:) into plain values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal as OneOf
from urllib.parse import urljoin

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat, Store, Triple, parse

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
Kind = OneOf["evaluation", "positive syntax", "negative syntax"]
NO_UPDATE = "the node does not take SPARQL Update"
#: Sub-suites that are left out whole, with the reason.
LEFT_OUT = {
    "entailment": "the node answers by simple entailment only",
    **dict.fromkeys(
        ("add", "basic-update", "clear", "copy", "delete", "delete-data", "delete-insert", "delete-where", "drop"),
        NO_UPDATE,
    ),
    **dict.fromkeys(("move", "syntax-update-1", "syntax-update-2", "update-silent"), NO_UPDATE),
    "graph-store-protocol": "the node does not take the Graph Store HTTP Protocol",
    "http-rdf-update": "the node does not take the Graph Store HTTP Protocol",
}
_KINDS: dict[str, Kind] = {
    "QueryEvaluationTest": "evaluation",
    "CSVResultFormatTest": "evaluation",
    "PositiveSyntaxTest": "positive syntax",
    "PositiveSyntaxTest11": "positive syntax",
    "NegativeSyntaxTest": "negative syntax",
    "NegativeSyntaxTest11": "negative syntax",
}
_ENDINGS = {".ttl": RdfFormat.TURTLE, ".nt": RdfFormat.N_TRIPLES, ".rdf": RdfFormat.RDF_XML}
_RELATIVE = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.-]*:)[^<>\"{}|^`\\\s]*>")


@dataclass(frozen=True)
class File:
    """A file of the suite: ``iri`` is its place at W3C, ``path`` the copy that is read."""

    iri: str
    path: Path

    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def triples(self) -> Iterator[Triple]:
        """Its triples; each file's blank nodes keep the labels they have there."""
        for quad in parse(path=self.path, format=_ENDINGS[self.path.suffix], base_iri=self.iri):
            yield quad.triple


@dataclass(frozen=True)
class Case:
    """One test that sends one query. ``data`` make up the default graph, each of ``graphs`` is a named graph."""

    iri: str
    suite: str
    name: str
    kind: Kind
    query: File
    data: tuple[File, ...] = ()
    graphs: tuple[File, ...] = ()
    result: File | None = None

    @property
    def label(self) -> str:
        """What pytest shows."""
        return f"{self.suite}/{self.name}"

    def text(self) -> str:
        """The query, with the file's address as its base where it has relative IRIs.

        Over HTTP nothing tells the server where the query was read from. A BASE in front is valid SPARQL exactly when
        the rest is.
        """
        text = self.query.text()
        return f"BASE <{self.query.iri}>\n{text}" if _RELATIVE.search(text) else text

    def names_graphs(self) -> bool:
        """Whether the test needs more than a default graph."""
        return bool(self.graphs) or re.search(r"graph|from|service", self.query.text(), re.IGNORECASE) is not None

    def federates(self) -> bool:
        """Whether the test can be asked of the federation: no named graphs, no blank nodes in the data."""
        return self.kind == "evaluation" and not self.names_graphs() and not self.has_blank_nodes()

    def has_blank_nodes(self) -> bool:
        """Whether there are blank nodes in its data."""
        return any(
            isinstance(term, BlankNode)
            for file in (*self.data, *self.graphs)
            for triple in file.triples()
            for term in (triple.subject, triple.object)
        )


@dataclass(frozen=True)
class Exchange:
    """One HTTP request of a protocol test, and what its answer must be.

    ``query_string`` is what follows ``?`` in the address. ``statuses`` are the allowed first digits.
    """

    method: str
    query_string: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statuses: frozenset[int]
    format: str | None
    boolean: bool | None


@dataclass(frozen=True)
class ProtocolCase:
    """One protocol test: ``graphs`` (name to file) are there before the exchanges take place."""

    iri: str
    name: str
    graphs: tuple[tuple[str, File], ...]
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True)
class Suite:
    """Everything that is run, and what is not: ``left_out`` gives the reason by test IRI."""

    cases: tuple[Case, ...]
    protocol: tuple[ProtocolCase, ...]
    descriptions: tuple[str, ...]
    left_out: dict[str, str]


@lru_cache(maxsize=1)
def read_suite(folder: Path) -> Suite:
    """Every sub-suite that ``manifest-all.ttl`` in the folder ``sparql11`` includes, in its order."""
    cases: list[Case] = []
    protocol: list[ProtocolCase] = []
    descriptions: list[str] = []
    left_out: dict[str, str] = {}
    for manifest in _manifests(folder, "manifest-all.ttl"):
        suite = manifest.path.parent.name
        for entry in manifest.listed("entries"):
            kind = str(manifest.one(entry, RDF + "type").value).removeprefix(MF)
            if suite in LEFT_OUT:
                left_out[str(entry.value)] = LEFT_OUT[suite]
            elif kind == "ProtocolTest" and "update" in str(entry.value):
                left_out[str(entry.value)] = NO_UPDATE
            elif kind in _KINDS:
                cases.append(manifest.case(entry, suite, _KINDS[kind]))
            elif kind == "ProtocolTest":
                protocol.append(manifest.protocol_case(entry))
            elif kind == "ServiceDescriptionTest":
                descriptions.append(str(entry.value))
            else:
                raise ValueError(f"{entry} is of the unknown class {kind}")
    return Suite(tuple(cases), tuple(protocol), tuple(descriptions), left_out)


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
            return Case(str(entry.value), suite, name, kind, self.file(action))
        return Case(
            str(entry.value),
            suite,
            name,
            kind,
            self.file(self.one(action, QT + "query")),
            tuple(self.file(term) for term in self.all(action, QT + "data")),
            tuple(self.file(term) for term in self.all(action, QT + "graphData")),
            self.file(self.one(entry, MF + "result")),
        )

    def protocol_case(self, entry: Node) -> ProtocolCase:
        graphs = [
            (str(self.text(data, RDFS + "label")), self.file(self.one(data, UT + "graph")))
            for data in self.all(entry, UT + "graphData")
        ]
        requests = self.list(self.one(self.one(entry, MF + "action"), HT + "requests"))
        name = str(entry.value).rsplit("#", 1)[-1]
        return ProtocolCase(str(entry.value), name, tuple(graphs), tuple(self._exchange(r) for r in requests))

    def _exchange(self, request: Node) -> Exchange:
        headers = self.find(request, HT + "headers")
        body = self.find(request, HT + "body")
        answer = self.one(request, HT + "resp")
        boolean = self.text(answer, MF + "expectedBoolean")
        return Exchange(
            method=str(self.text(request, HT + "methodName")),
            query_string=str(self.text(request, HT + "absolutePath")).partition("?")[2],
            headers=tuple(
                (str(self.text(header, HT + "fieldName")), str(self.text(header, HT + "fieldValue")))
                for header in (self.list(headers) if isinstance(headers, NamedNode | BlankNode) else ())
            ),
            body=b"" if body is None else str(self.text(body, CNT + "chars")).encode(self._encoding(body)),
            statuses=frozenset(int(str(status.value)[-3]) for status in self.all(answer, MF + "expectedStatus")),
            format=self.text(answer, MF + "expectedFormat"),
            boolean=None if boolean is None else boolean == "true",
        )

    def _encoding(self, body: Node | Literal) -> str:
        return self.text(body, CNT + "characterEncoding") or "utf-8"
