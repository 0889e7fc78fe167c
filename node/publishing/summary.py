"""What the node holds, in numbers: VoID, for other nodes to plan with and for people to look at."""

from __future__ import annotations

import json
from collections.abc import Iterator

from node.config import Identity
from node.errors import StoreError
from node.model.identifiers import Identifiers
from node.model.kinds import Kind
from node.ontology.releases import releases
from node.publishing.dump import PATH as DUMP
from node.publishing.registry import FILE as REGISTER
from node.publishing.registry import State, read_registry
from node.rdf.namespaces import DCT, FOAF, ONCO, OWL, RDF_TYPE, VOID, XSD
from node.rdf.terms import iri, literal, triple
from node.store.quads import QuadStore

#: The name of the file of counts that the store keeps with each generation.
FILE = "summary.json"
#: Where the description is served (VoID, section 7.2).
PATH = ".well-known/void"


def void_description(store: QuadStore, identifiers: Identifiers, identity: Identity) -> bytes:
    """The VoID description of what everybody may query here, as N-Triples.

    Triples in all, for each property the triples with it, for each class its instances, the vocabulary releases that
    are served, and each described thing whose IRI this node did not mint (``onco:describesForeign``). Raises
    StoreError when the counts are damaged.
    """
    return "".join(_lines(store, identifiers, identity)).encode("utf-8")


def _lines(store: QuadStore, identifiers: Identifiers, identity: Identity) -> Iterator[str]:
    document = f"{identifiers.base}{PATH}"
    dataset = iri(f"{document}#dataset")
    total, predicates, classes = _counts(store.file(FILE))
    yield triple(iri(document), iri(RDF_TYPE), iri(VOID + "DatasetDescription"))
    yield triple(iri(document), iri(FOAF + "primaryTopic"), dataset)
    yield triple(dataset, iri(RDF_TYPE), iri(VOID + "Dataset"))
    yield triple(dataset, iri(DCT + "title"), literal(identity.title, language=identity.language or None))
    yield triple(dataset, iri(FOAF + "homepage"), iri(identifiers.base))
    yield triple(dataset, iri(VOID + "sparqlEndpoint"), iri(f"{identifiers.base}sparql"))
    yield triple(dataset, iri(VOID + "dataDump"), iri(f"{identifiers.base}{DUMP}"))
    yield triple(dataset, iri(VOID + "uriSpace"), literal(identifiers.dataset("")))
    registry = read_registry(store.file(REGISTER))
    for kind in sorted({entry.kind for entry in registry.values()} - {Kind.DATASET}):
        yield triple(dataset, iri(VOID + "uriSpace"), literal(f"{identifiers.base}{kind}/"))
    for _, entry in sorted(registry.items()):
        if entry.state is State.PUBLISHED and not entry.iri.startswith(identifiers.base):
            yield triple(dataset, iri(ONCO + "describesForeign"), iri(entry.iri))
    yield triple(dataset, iri(VOID + "triples"), _count(total))
    yield triple(dataset, iri(VOID + "properties"), _count(len(predicates)))
    yield triple(dataset, iri(VOID + "classes"), _count(len(classes)))
    for i, (predicate, count) in enumerate(sorted(predicates.items())):
        part = iri(f"{document}#property-{i}")
        yield triple(dataset, iri(VOID + "propertyPartition"), part)
        yield triple(part, iri(VOID + "property"), iri(predicate))
        yield triple(part, iri(VOID + "triples"), _count(count))
    for i, (class_, count) in enumerate(sorted(classes.items())):
        part = iri(f"{document}#class-{i}")
        yield triple(dataset, iri(VOID + "classPartition"), part)
        yield triple(part, iri(VOID + "class"), iri(class_))
        yield triple(part, iri(VOID + "entities"), _count(count))
    for release in releases(store):
        if release.graph is not None:
            served = iri(release.graph)
            yield triple(dataset, iri(VOID + "subset"), served)
            yield triple(served, iri(RDF_TYPE), iri(VOID + "Dataset"))
            yield triple(served, iri(DCT + "title"), literal(f"{release.name} {release.version}"))
            yield triple(served, iri(OWL + "versionInfo"), literal(release.version))
            yield triple(served, iri(VOID + "triples"), _count(release.triples))


def _counts(data: bytes | None) -> tuple[int, dict[str, int], dict[str, int]]:
    if data is None:
        return 0, {}, {}
    try:
        document = json.loads(data)
        return int(document["triples"]), dict(document["predicates"]), dict(document["classes"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the summary of the generation ({FILE}) is damaged.") from error


def _count(number: int) -> str:
    return literal(str(number), datatype=XSD + "integer")
