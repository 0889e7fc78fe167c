"""What the node holds, in numbers: VoID, for other nodes to plan with and for people to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from node.config import Identity
from node.errors import StoreError
from node.model.identifiers import Identifiers
from node.model.kinds import Kind
from node.observability import log
from node.ontology.releases import releases
from node.publishing.dump import PATH as DUMP
from node.publishing.registry import FILE as REGISTER
from node.publishing.registry import State, read_registry
from node.publishing.stated_releases import release_triples
from node.rdf.namespaces import DCT, FOAF, ONCO, OWL, RDF_TYPE, VOID, XSD
from node.rdf.terms import iri, literal, triple
from node.store.quads import QuadStore
from node.store.summary import NAMES, PredicateCounts, Summary

#: The name of the file of counts that the store keeps with each generation.
FILE = "summary.json"
#: Where the description is served (VoID, section 7.2).
PATH = ".well-known/void"
# So many values of properties, pairs of a class and a property, and graphs are listed at most.
_VALUES, _PAIRS, _GRAPHS = 5_000, 2_000, 600


def void_description(store: QuadStore, identifiers: Identifiers, identity: Identity) -> bytes:
    """The VoID description of what everybody may query here, as N-Triples.

    Triples in all, and digests of what they and the named graphs are; for each property the triples with it, their
    different subjects and objects, the namespaces of both (a ``void:Linkset`` where it is not this node's), and its
    values where they are few; for each class its instances and what is said of them; the vocabulary releases that are
    kept, and which are served; each described thing whose IRI this node did not mint (``onco:describesForeign``).
    ``docs/reference/void.md`` explains the terms. Raises StoreError when the counts
    are damaged.
    """
    return "".join(_lines(store, identifiers, identity)).encode("utf-8")


def _lines(store: QuadStore, identifiers: Identifiers, identity: Identity) -> Iterator[str]:
    document = f"{identifiers.base}{PATH}"
    dataset = iri(f"{document}#dataset")
    summary = _summary(store.file(FILE))
    predicates, classes = _described(summary)
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
    yield triple(dataset, iri(VOID + "triples"), _count(sum(summary.predicates.values())))
    if summary.digest is not None:
        yield triple(dataset, iri(ONCO + "contentDigest"), literal(summary.digest))
        yield from _graphs(dataset, summary.graphs or {})
    yield triple(dataset, iri(VOID + "properties"), _count(len(summary.predicates)))
    yield triple(dataset, iri(VOID + "classes"), _count(len(summary.classes)))
    listed = _listed(summary) if predicates else {}
    for i, (predicate, count) in enumerate(sorted(predicates.items())):
        part = f"{document}#property-{i}"
        yield triple(dataset, iri(VOID + "propertyPartition"), iri(part))
        yield triple(iri(part), iri(VOID + "property"), iri(predicate))
        yield triple(iri(part), iri(VOID + "triples"), _count(count))
        if (details := summary.details.get(predicate)) is not None:
            yield from _details(part, details)
            yield from _spaces(part, predicate, details, dataset, own=identifiers.base)
            yield from _values(part, listed.get(predicate, {}))
    used = summary.used if summary.used and sum(map(len, summary.used.values())) <= _PAIRS else {}
    for i, (class_, count) in enumerate(sorted(classes.items())):
        part = f"{document}#class-{i}"
        yield triple(dataset, iri(VOID + "classPartition"), iri(part))
        yield triple(iri(part), iri(VOID + "class"), iri(class_))
        yield triple(iri(part), iri(VOID + "entities"), _count(count))
        for j, (predicate, number) in enumerate(sorted(used.get(class_, {}).items())):
            within = iri(f"{part}-property-{j}")
            yield triple(iri(part), iri(VOID + "propertyPartition"), within)
            yield triple(within, iri(VOID + "property"), iri(predicate))
            yield triple(within, iri(VOID + "triples"), _count(number))
    yield from release_triples(store, document, dataset)
    for release in releases(store):
        if release.graph is not None:
            served = iri(release.graph)
            yield triple(dataset, iri(VOID + "subset"), served)
            yield triple(served, iri(RDF_TYPE), iri(VOID + "Dataset"))
            yield triple(served, iri(DCT + "title"), literal(f"{release.name} {release.version}"))
            yield triple(served, iri(OWL + "versionInfo"), literal(release.version))
            yield triple(served, iri(VOID + "triples"), _count(release.triples))


def _described(summary: Summary) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """The properties and classes that are described, with how many triples and instances there are of each.

    None where they are so many that nobody would keep the description, but everybody fetch it.
    """
    predicates, classes = summary.predicates, summary.classes
    if max(len(predicates), len(classes)) <= NAMES:
        return predicates, classes
    told = "summary without properties and classes: other nodes ask this one for every pattern"
    log(told, level=30, properties=len(predicates), classes=len(classes), most=NAMES)
    return {}, {}


def _graphs(dataset: str, graphs: Mapping[str, str]) -> Iterator[str]:
    """The digest of each graph; of none where they are too many."""
    for graph, digest in sorted(graphs.items()) if len(graphs) <= _GRAPHS else ():
        yield triple(dataset, iri(ONCO + "namedGraph"), iri(graph))
        yield triple(iri(graph), iri(ONCO + "contentDigest"), literal(digest))


def _details(part: str, details: PredicateCounts) -> Iterator[str]:
    yield triple(iri(part), iri(VOID + "distinctSubjects"), _count(details.subjects))
    yield triple(iri(part), iri(VOID + "distinctObjects"), _count(details.objects))
    yield triple(iri(part), iri(ONCO + "literalObjects"), _count(details.literals))


def _spaces(part: str, predicate: str, details: PredicateCounts, dataset: str, *, own: str) -> Iterator[str]:
    for side, spaces in (("subject", details.subject_spaces), ("object", details.object_spaces)):
        for j, (prefix, number) in enumerate(sorted(spaces.counts.items())):
            space = f"{part}-{side}s-{j}"
            yield triple(iri(part), iri(f"{ONCO}{side}Space"), iri(space))
            yield triple(iri(space), iri(VOID + "uriSpace"), literal(prefix))
            yield triple(iri(space), iri(VOID + "triples"), _count(number))
            if side == "object" and not own.startswith(prefix) and not prefix.startswith(own) and predicate != RDF_TYPE:
                other = iri(f"{space}-target")
                yield triple(iri(space), iri(RDF_TYPE), iri(VOID + "Linkset"))
                yield triple(iri(space), iri(VOID + "linkPredicate"), iri(predicate))
                yield triple(iri(space), iri(VOID + "subjectsTarget"), dataset)
                yield triple(iri(space), iri(VOID + "objectsTarget"), other)
                yield triple(other, iri(RDF_TYPE), iri(VOID + "Dataset"))
                yield triple(other, iri(VOID + "uriSpace"), literal(prefix))


def _values(part: str, values: Mapping[str, int]) -> Iterator[str]:
    for j, (value, number) in enumerate(sorted(values.items())):
        within = iri(f"{part}-value-{j}")
        yield triple(iri(part), iri(ONCO + "valuePartition"), within)
        yield triple(within, iri(ONCO + "value"), iri(value))
        yield triple(within, iri(VOID + "triples"), _count(number))


def _listed(summary: Summary) -> dict[str, Mapping[str, int]]:
    """The values to list, of those predicates that have fewest. What ``rdf:type`` has are the classes."""
    listed = {p: d.listed for p, d in summary.details.items() if d.listed and p != RDF_TYPE}
    left, chosen = _VALUES, {}
    for predicate, values in sorted(listed.items(), key=lambda item: (len(item[1] or ()), item[0])):
        left -= len(values or ())
        if left < 0:
            break
        chosen[predicate] = values or {}
    return chosen


def _summary(data: bytes | None) -> Summary:
    if data is None:
        return Summary({}, {})
    try:
        return Summary.read(data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the summary of the generation ({FILE}) is damaged.") from error


def _count(number: int) -> str:
    return literal(str(number), datatype=XSD + "integer")
