"""What a member says it holds: triples per predicate, instances per class, per version of its data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from node.rdf.namespaces import RDF_TYPE, VOID

_TRIPLE = re.compile(
    r"^(<[^>]*>|_:\S+) <" + re.escape(VOID) + r'([A-Za-z]+)> (?:<([^>]*)>|(_:\S+)|"([0-9]+)"\S*) \.$',
    re.ASCII | re.MULTILINE,
)


@dataclass(frozen=True)
class Summary:
    """Counts over a member's default graph; its named graphs hold no predicate or class that is not counted here.

    ``version`` changes with every change of the data (an ``ETag``, a generation).
    """

    triples: int
    predicates: Mapping[str, int]
    classes: Mapping[str, int]
    version: str

    def count(self, predicate: str | None, type_of: str | None = None) -> int:
        """How many triples have this predicate (None: any), and for ``rdf:type`` this class as object; 0 is exact."""
        if predicate is None:
            return self.triples
        if predicate == RDF_TYPE and type_of is not None:
            return self.classes.get(type_of, 0)
        return self.predicates.get(predicate, 0)


def read_summary_file(data: bytes, version: str) -> Summary | None:
    """A generation's own ``summary.json``; None when it does not have the shape that this release writes."""
    try:
        document = json.loads(data)
        return Summary(
            triples=int(document["triples"]),
            predicates={str(k): int(v) for k, v in document["predicates"].items()},
            classes={str(k): int(v) for k, v in document["classes"].items()},
            version=version,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def read_void(ntriples: str, endpoint: str, version: str) -> Summary | None:
    """The summary in a VoID description of the endpoint: ``void:triples``, property and class partitions.

    None unless the description names the endpoint, counts its triples, and its partitions add up to that count: a
    description written by hand or for something else must not hide a member's data.
    """
    values: dict[str, dict[str, list[str]]] = {}
    for subject, name, iri, blank, number in _TRIPLE.findall(ntriples):
        target = f"<{iri}>" if iri else blank or number
        values.setdefault(subject, {}).setdefault(name, []).append(target)
    described = [s for s, v in values.items() if f"<{endpoint}>" in v.get("sparqlEndpoint", [])]
    if len(described) != 1:
        return None
    dataset = values[described[0]]
    predicates: dict[str, int] = {}
    classes: dict[str, int] = {}
    try:
        triples = int(dataset["triples"][0])
        for partition in dataset.get("propertyPartition", []):
            predicates[values[partition]["property"][0][1:-1]] = int(values[partition]["triples"][0])
        for partition in dataset.get("classPartition", []):
            counted = values[partition].get("entities") or values[partition]["triples"]
            classes[values[partition]["class"][0][1:-1]] = int(counted[0])
    except (KeyError, ValueError, IndexError):
        return None
    if sum(predicates.values()) != triples or sum(classes.values()) != predicates.get(RDF_TYPE, 0):
        return None
    return Summary(triples, predicates, classes, version)
