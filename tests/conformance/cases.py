"""The W3C tests as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal as OneOf

from pyoxigraph import RdfFormat, Triple, parse

#: ``update syntax`` is about updates, the others about queries.
Kind = OneOf["evaluation", "positive syntax", "negative syntax", "positive update syntax", "negative update syntax"]
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
    """One test that sends one text. ``data`` make up the default graph, each of ``graphs`` is a named graph."""

    iri: str
    suite: str
    name: str
    kind: Kind
    query: File
    data: tuple[File, ...] = ()
    graphs: tuple[File, ...] = ()
    result: File | None = None
    #: What the services hold that the query calls, by their addresses.
    services: tuple[tuple[str, File], ...] = ()

    @property
    def label(self) -> str:
        """What pytest shows."""
        return f"{self.suite}/{self.name}"

    def text(self) -> str:
        """The query, with the file's address as its base where it has relative IRIs."""
        return with_base(self.query)

    def names_graphs(self) -> bool:
        """Whether the test needs more than a default graph."""
        return bool(self.graphs) or re.search(r"graph|from|service", self.query.text(), re.IGNORECASE) is not None


@dataclass(frozen=True)
class GraphStore:
    """A state: the files that make up the default graph, and name and files of each named graph."""

    default: tuple[File, ...]
    named: tuple[tuple[str, tuple[File, ...]], ...]


@dataclass(frozen=True)
class UpdateCase:
    """One test that sends one update to a node in the state ``before``; ``after`` is what it must leave."""

    iri: str
    suite: str
    name: str
    request: File
    before: GraphStore
    after: GraphStore

    @property
    def label(self) -> str:
        """What pytest shows."""
        return f"{self.suite}/{self.name}"


@dataclass(frozen=True)
class Exchange:
    """One HTTP request of a protocol test, and what its answer must be.

    ``path`` is that of the manifest, ``query_string`` what follows ``?`` in the address. ``statuses`` are the allowed
    ones, or their first digits. ``location``: the name in later addresses for the ``Location`` of this answer.
    ``graph``: the triples that the answer must have.
    """

    method: str
    path: str
    query_string: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statuses: tuple[str, ...]
    format: str | None = None
    boolean: bool | None = None
    location: str | None = None
    graph: frozenset[Triple] | None = None


@dataclass(frozen=True)
class ProtocolCase:
    """One protocol test: ``graphs`` (name to file) are there before the exchanges take place."""

    iri: str
    suite: str
    name: str
    graphs: tuple[tuple[str, File], ...]
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True)
class Suite:
    """Everything that is run, and what is not: ``left_out`` gives the reason by test IRI."""

    cases: tuple[Case, ...]
    updates: tuple[UpdateCase, ...]
    protocol: tuple[ProtocolCase, ...]
    graph_store: tuple[ProtocolCase, ...]
    descriptions: tuple[str, ...]
    left_out: dict[str, str]


def with_base(file: File) -> str:
    """A query or an update, with its file's address as its base where it has relative IRIs.

    Over HTTP nothing tells the server where it was read from. A BASE in front is valid SPARQL exactly when the rest is.
    """
    text = file.text()
    return f"BASE <{file.iri}>\n{text}" if _RELATIVE.search(text) else text
