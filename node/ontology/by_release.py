"""Queries over the hierarchy of a named release: which classes lie below one is what that release says.

The paths of a query are written out with the release that this node keeps, active or not, before anybody is asked. So
nodes with different releases answer one query by one hierarchy; what else the query asks of classes, such as their
labels, comes from the nodes as ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from node.errors import NotFound, ProtocolError, Unsupported
from node.ontology.activation import version_of
from node.ontology.concepts import Vocabulary, read_concepts
from node.ontology.shelf import CONCEPTS, Release, part, release_of, table_file, unpacked
from node.rdf.namespaces import RDFS_SUBCLASS_OF
from node.sparql.hierarchies import expanded
from node.sparql.parser import parse_query
from node.sparql.terms import Term
from node.sparql.writer import write_query
from node.store.quads import QuadStore

#: A path over superclasses that is still there, and where it leads.
_LEFT = re.compile(rf"<{re.escape(RDFS_SUBCLASS_OF)}>\)?[*+]\)?\s+(<[^<>]*>|\S+)")
_END = re.compile(rf"(<[^<>]*>|\S+) \(?\^?\(?<{re.escape(RDFS_SUBCLASS_OF)}>\)?[*+]")


def by_release(text: str, chosen: Sequence[str], store: QuadStore, *, base: str, depth: int) -> str:
    """The query with its paths of ``rdfs:subClassOf`` to classes of these releases (``ncit=2020``) written out.

    A version may be named by its beginning. Raises QuerySyntaxError, QueryTooDeep; ProtocolError for a choice that is
    none, NotFound and Conflict for one that is not kept here; Unsupported for a path that cannot be written out.
    """
    vocabularies = [_vocabulary(store, _release(choice, store)) for choice in chosen]
    query = parse_query(text, base, depth=depth)
    written = expanded(query, _Chosen(vocabularies)) or query
    made = write_query(replace(written, dataset=query.dataset))
    ends = {*_LEFT.findall(made), *_END.findall(made)}
    if any(end.startswith("?") and not end.startswith("?_") for end in _LEFT.findall(made)) or any(
        end[1:-1] in vocabulary for end in ends for vocabulary in vocabularies
    ):
        raise Unsupported(
            "the query has a path over superclasses that cannot be answered by a named release.",
            remedy="Lead it to one class, by rdfs:subClassOf* or rdfs:subClassOf+, outside of GRAPH and EXISTS.",
        )
    return made


def _release(choice: str, store: QuadStore) -> Release:
    name, sign, version = choice.partition("=")
    if not sign or not version:
        raise ProtocolError(
            f"{choice[:100]!r} does not name a release.", remedy="Write the name and the version: ncit=2020."
        )
    return version_of(name, version, store)


def _vocabulary(store: QuadStore, release: Release) -> Vocabulary:
    data = part(store, release, CONCEPTS)
    if data is None and release_of(store, release.name) == release:
        data = store.file(table_file(release.name))
    if data is None:
        raise NotFound(f"{release.name} {release.version} has no classes.", remedy="Name a release of an ontology.")
    return _read(data, f"{release.name} {release.version}")


@lru_cache(maxsize=4)
def _read(data: bytes, source: str) -> Vocabulary:
    return read_concepts(unpacked(data, source), source=source)


class _Chosen:
    """What the releases say, for writing out paths (``node.sparql.hierarchies.Known``). Data is not looked at."""

    always = True

    def __init__(self, vocabularies: Sequence[Vocabulary]) -> None:
        self._vocabularies = vocabularies

    def reached(self, predicate: str, end: str, *, forward: bool, itself: bool) -> Sequence[str] | None:
        """The classes below one of a release; None for a class of none."""
        vocabulary = next((v for v in self._vocabularies if end in v), None)
        if vocabulary is None or predicate != RDFS_SUBCLASS_OF or not forward:
            return None
        below = vocabulary.descendants(end)
        concept = vocabulary.get(end)
        circular = concept is not None and any(parent in below for parent in concept.parents)
        return sorted(below if itself or circular else below - {end})

    def objects(self, predicate: str) -> Mapping[str, int] | None:  # noqa: ARG002
        """Not known here."""
        return None

    def count(self, predicate: str, value: Term, most: int) -> int:  # noqa: ARG002
        """As many as asked for: no pattern is known to have few."""
        return most
