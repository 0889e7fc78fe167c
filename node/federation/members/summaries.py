"""What a member says it holds, per version of its data: how much of what, and under which names.

Whatever is not said may be there: every question has an answer for *not known*, and no answer of these hides a triple.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from node.federation.members.releases import StatedRelease, read_releases
from node.observability import log
from node.rdf.namespaces import ONCO, RDF_TYPE, VOID
from node.rdf.spaces import LITERAL
from node.sparql.terms import Term
from node.store.digests import whole
from node.store.summary import NAMES

_TRIPLE = re.compile(
    rf"^(<[^>]*>|_:\S+) <(?:{re.escape(VOID)}|{re.escape(ONCO)})([A-Za-z]+)> "
    r'(?:<([^>]*)>|(_:\S+)|"([^"\\]*)"\S*) \.$',
    re.ASCII | re.MULTILINE,
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: A description with more predicates or classes does not count: it would be kept for as long as the member is one, and
#: whoever fills a store may give each triple a predicate of its own. Of more predicates of classes these are left out.
MOST_NAMES, MOST_OF_CLASSES = NAMES, 100_000
#: Of more graphs no digests are kept.
MOST_GRAPHS = 10_000


class Relevance(Enum):
    """Whether a member holds matches of a pattern. ``MAYBE``: nothing that it says excludes it."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class PredicateSummary:
    """What a member says of the triples with one predicate; None for what it does not say.

    ``subjects`` and ``objects`` are numbers of different terms. The spaces are prefixes: each subject, and each object
    that is no literal, begins with one of its side's (blank nodes with ``_:``). ``values``: how many triples have each
    IRI as object, all of them.
    """

    subjects: int | None = None
    objects: int | None = None
    literals: int | None = None
    subject_spaces: frozenset[str] | None = None
    object_spaces: frozenset[str] | None = None
    values: Mapping[str, int] | None = None

    @property
    def object_namespaces(self) -> frozenset[str] | None:
        """``object_spaces``, and ``"`` where there are literals."""
        if not self.literals or self.object_spaces is None:
            return self.object_spaces
        return self.object_spaces | _LITERALS


_LITERALS = frozenset((LITERAL,))
_NOTHING_SAID = PredicateSummary()


@dataclass(frozen=True)
class Summary:
    """What there is in a member's default graph; its named graphs hold nothing that is not counted here.

    ``version`` changes with every change of the data (an ``ETag``, a generation). ``used``: of each class, the triples
    with each predicate whose subjects are instances; None where the member does not say. ``releases``: of vocabularies.
    ``digest``: of all triples and named graphs; two members that say the same one hold the same. ``graphs``: the digest
    of each named graph, of which the default graph is the merge. None: not said.
    ``elsewhere``: another member holds all there is, the names of graphs among it.
    """

    triples: int
    predicates: Mapping[str, int]
    classes: Mapping[str, int]
    version: str
    details: Mapping[str, PredicateSummary] = field(default_factory=dict)
    used: Mapping[str, Mapping[str, int]] | None = None
    releases: tuple[StatedRelease, ...] = ()
    digest: str | None = None
    graphs: Mapping[str, str] | None = None
    elsewhere: bool = False

    #: Whether named graphs hold no predicate or class that is not counted here.
    covers_graphs: ClassVar[bool] = True

    def count(self, predicate: str | None, type_of: str | None = None) -> int:
        """How many triples have this predicate (None: any), and for ``rdf:type`` this class as object; 0 is exact."""
        if predicate is None:
            return self.triples
        if predicate == RDF_TYPE and type_of is not None:
            return self.classes.get(type_of, 0)
        return self.predicates.get(predicate, 0)

    def subject_namespaces(self, predicate: str | None, type_of: str | None = None) -> frozenset[str] | None:
        """Prefixes such that every subject of the predicate (None: of any; of ``rdf:type`` with this class) begins with
        one, ``_:`` for blank nodes; None: not known."""
        if predicate is None:
            return _union(self.said(name).subject_spaces for name, count in self.predicates.items() if count)
        if not self.count(predicate, type_of):
            return frozenset()
        return self.said(predicate).subject_spaces

    def object_namespaces(self, predicate: str | None) -> frozenset[str] | None:
        """The same of the objects of the predicate (None: of any), ``"`` for literals."""
        if predicate is None:
            return _union(self.said(name).object_namespaces for name, count in self.predicates.items() if count)
        return self.said(predicate).object_namespaces if self.count(predicate) else frozenset()

    def distinct_subjects(self, predicate: str) -> int | None:
        """How many different subjects the predicate has; None: not known."""
        return self.said(predicate).subjects

    def distinct_objects(self, predicate: str) -> int | None:
        """How many different objects the predicate has; None: not known."""
        return self.said(predicate).objects

    def values(self, predicate: str) -> Mapping[str, int] | None:
        """All IRIs that the predicate has as objects, with how many triples have each; None: not known."""
        if predicate == RDF_TYPE:
            return self.classes
        return self.said(predicate).values

    def at_most(self, predicate: str | None, subject: Term | None = None, value: Term | None = None) -> int:
        """At most how many triples have this predicate, subject and object (None: any). 0 is exact."""
        if predicate is None:
            return self.triples
        counted = self.predicates.get(predicate, 0)
        if not counted:
            return 0
        said = self.said(predicate)
        if subject is not None and not _begins(subject, said.subject_spaces):
            return 0
        if value is None:
            return counted
        if value.kind == "literal":
            return counted if said.literals is None else min(counted, said.literals)
        values = self.values(predicate)
        if values is not None and value.kind == "iri":
            return values.get(value.value, 0)
        return counted if _begins(value, said.object_spaces) else 0

    def relevance(self, predicate: str | None, subject: Term | None = None, value: Term | None = None) -> Relevance:
        """Whether there are triples with this predicate, subject and object (None: any)."""
        if not self.at_most(predicate, subject, value):
            return Relevance.NO
        if subject is not None:
            return Relevance.MAYBE
        if value is None:
            return Relevance.YES
        listed = predicate is not None and value.kind == "iri" and self.values(predicate) is not None
        return Relevance.YES if listed else Relevance.MAYBE

    def said(self, predicate: str) -> PredicateSummary:
        """What there is to say of one predicate."""
        return self.details.get(predicate, _NOTHING_SAID)


def _union(spaces: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """All of these, None if any is not known."""
    known: set[frozenset[str]] = set()
    for some in spaces:
        if some is None:
            return None
        known.add(some)
    return frozenset().union(*known)


def _begins(term: Term, spaces: frozenset[str] | None) -> bool:
    """Whether the term can be under one of these prefixes."""
    return spaces is None or term.kind != "iri" or any(term.value.startswith(space) for space in spaces)


def read_summary_file(data: bytes, version: str) -> Summary | None:
    """A generation's own ``summary.json``; None when it does not have the shape that this release writes."""
    try:
        document = json.loads(data)
        used = document.get("used")
        return Summary(
            triples=int(document["triples"]),
            predicates={str(k): int(v) for k, v in document["predicates"].items()},
            classes={str(k): int(v) for k, v in document["classes"].items()},
            version=version,
            details={str(k): _from_file(k, v) for k, v in (document.get("details") or {}).items()},
            used=None if used is None else {str(c): dict(counts) for c, counts in used.items()},
            digest=document.get("digest"),
            graphs=document.get("graphs"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _from_file(predicate: str, given: Mapping[str, Any]) -> PredicateSummary:
    return PredicateSummary(
        subjects=int(given["subjects"]),
        objects=int(given["objects"]),
        literals=int(given["literals"]),
        subject_spaces=frozenset(given["subjectSpaces"]["counts"]),
        object_spaces=frozenset(given["objectSpaces"]["counts"]),
        values=None if given["values"] is None or predicate == RDF_TYPE else dict(given["values"]),
    )


class _Description:
    """The statements of a VoID description about each of its subjects, by the local name of their property."""

    def __init__(self, ntriples: str) -> None:
        self._values: dict[str, dict[str, list[str]]] = {}
        for subject, name, iri, blank, text in _TRIPLE.findall(ntriples):
            target = f"<{iri}>" if iri else blank or text
            self._values.setdefault(subject, {}).setdefault(name, []).append(target)

    def of_endpoint(self, *endpoints: str) -> str | None:
        """The one dataset that is queried at one of these."""
        wanted = {f"<{endpoint}>" for endpoint in endpoints}
        found = [s for s, v in self._values.items() if not wanted.isdisjoint(v.get("sparqlEndpoint", []))]
        return found[0] if len(found) == 1 else None

    def all(self, subject: str, name: str) -> list[str]:
        return self._values.get(subject, {}).get(name, [])

    def one(self, subject: str, *names: str) -> str:
        """The value of the first of these properties that there is. Raises KeyError."""
        for name in names:
            if found := self.all(subject, name):
                return found[0]
        raise KeyError(names)

    def counted(self, subject: str, part: str, name: str, *numbers: str) -> dict[str, int]:
        """Of each part of the subject: the value of ``name``, and the first of these numbers that there is."""
        return {
            self.one(within, name).removeprefix("<").removesuffix(">"): int(self.one(within, *numbers))
            for within in self.all(subject, part)
        }

    def number(self, subject: str, name: str) -> int | None:
        found = self.all(subject, name)
        return int(found[0]) if found else None


def read_void(ntriples: str, endpoint: str, version: str, *, standing_for: str | None = None) -> Summary | None:
    """The summary in a VoID description of the endpoint: ``void:triples``, property and class partitions.

    A replica may describe itself as the endpoint that it is ``standing_for``, whose base it has. None unless the
    description names the endpoint, counts its triples, and its partitions add up to that count: a
    description written by hand or for something else must not hide a member's data. None, too, for one with more than
    ``MOST_NAMES``. Of a predicate's namespaces and
    values, too, only those are believed that add up to its triples, and of the graphs all or none: those that the
    digest is made of.
    """
    description = _Description(ntriples)
    dataset = description.of_endpoint(endpoint, standing_for or endpoint)
    if dataset is None:
        return None
    try:
        triples = int(description.one(dataset, "triples"))
        predicates = description.counted(dataset, "propertyPartition", "property", "triples")
        classes = description.counted(dataset, "classPartition", "class", "entities", "triples")
        parts = {description.one(p, "property")[1:-1]: p for p in description.all(dataset, "propertyPartition")}
        said = {p: _details(description, parts[p], counted) for p, counted in predicates.items()}
        used = {
            description.one(part, "class")[1:-1]: description.counted(part, "propertyPartition", "property", "triples")
            for part in description.all(dataset, "classPartition")
        }
    except (KeyError, ValueError):
        return None
    if max(len(predicates), len(classes)) > MOST_NAMES:
        log("summary not kept", level=30, endpoint=endpoint, predicates=len(predicates), classes=len(classes))
        return None
    # A literal that somebody gave as a type is no class.
    typed = predicates.get(RDF_TYPE, 0) - (said[RDF_TYPE].literals or 0 if RDF_TYPE in said else 0)
    if sum(predicates.values()) != triples or sum(classes.values()) != typed:
        return None
    details = {p: detail for p, detail in said.items() if detail != _NOTHING_SAID}
    # An instance has at least its type, so of a class without predicates they are not told.
    told = used if used and all(used.values()) and sum(map(len, used.values())) <= MOST_OF_CLASSES else None
    releases = read_releases(ntriples, dataset.removeprefix("<").removesuffix(">"))
    digest = _digest(description, dataset)
    graphs = _graphs(description, dataset) if digest is not None else {}
    listed = graphs if len(graphs) <= MOST_GRAPHS and whole(graphs) == digest else None
    return Summary(triples, predicates, classes, version, details, told, releases, digest, listed)


def _digest(description: _Description, subject: str) -> str | None:
    """The one digest that is said of a dataset or a graph."""
    digests = description.all(subject, "contentDigest")
    return digests[0] if len(digests) == 1 and _DIGEST.fullmatch(digests[0]) else None


def _graphs(description: _Description, dataset: str) -> dict[str, str]:
    """The digests of the graphs that are listed with one."""
    said = {graph[1:-1]: _digest(description, graph) for graph in description.all(dataset, "namedGraph")}
    return {graph: digest for graph, digest in said.items() if digest is not None}


def _details(description: _Description, part: str, triples: int) -> PredicateSummary:
    """What is said of one property partition of so many triples."""
    literals = description.number(part, "literalObjects")
    subjects = description.counted(part, "subjectSpace", "uriSpace", "triples")
    objects = description.counted(part, "objectSpace", "uriSpace", "triples")
    values = description.counted(part, "valuePartition", "value", "triples")
    named = triples - (literals or 0)
    return PredicateSummary(
        subjects=description.number(part, "distinctSubjects"),
        objects=description.number(part, "distinctObjects"),
        literals=literals,
        subject_spaces=frozenset(subjects) if sum(subjects.values()) == triples else None,
        object_spaces=frozenset(objects) if literals is not None and sum(objects.values()) == named else None,
        values=values if literals is not None and sum(values.values()) == named else None,
    )
