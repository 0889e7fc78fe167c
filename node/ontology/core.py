"""The concept tables that come with the package: enough for the shapes, the stored queries and the examples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from node.ontology.concepts import Concept, Vocabulary, read_concepts
from node.rdf import terms
from node.rdf.namespaces import OBO, OBOINOWL, OWL, RDF_TYPE, RDFS_LABEL, RDFS_SUBCLASS_OF, XSD
from node.resources import resource

#: The version, and the name as a source, of what comes with the package.
CORE = "core"
#: Name of a vocabulary to its packaged table.
CORE_TABLES = {"ncit": "ontologies/core-ncit.tsv", "obi": "ontologies/core-obi.tsv"}


@lru_cache(maxsize=1)
def core_vocabulary() -> Vocabulary:
    """The packaged NCIt and OBI concepts."""
    vocabulary = Vocabulary()
    for path in CORE_TABLES.values():
        vocabulary = vocabulary.overlaid_by(read_concepts(resource(path).read_bytes(), source=CORE))
    return vocabulary


def core_concepts(name: str) -> Iterator[Concept]:
    """The packaged concepts of one vocabulary; none for one that has no packaged table."""
    path = CORE_TABLES.get(name)
    if path is not None:
        table = read_concepts(resource(path).read_bytes(), source=CORE)
        yield from (concept for iri in table.iris() if (concept := table.get(iri)))


def core_triples() -> bytes:
    """All packaged concepts as N-Triples, as a node that installed the core serves them."""
    return b"".join(concept_triples(concept) for name in CORE_TABLES for concept in core_concepts(name))


def concept_triples(concept: Concept) -> bytes:
    """One concept as N-Triples, in the words of OBO: what its table says of it."""
    subject = terms.iri(concept.iri)

    def line(predicate: str, value: str) -> str:
        return terms.triple(subject, terms.iri(predicate), value)

    lines = [line(RDF_TYPE, terms.iri(OWL + "Class")), line(RDFS_LABEL, terms.literal(concept.label))]
    lines += [line(RDFS_SUBCLASS_OF, terms.iri(parent)) for parent in concept.parents]
    for scope, names in _scopes(concept):
        lines += [line(OBOINOWL + f"has{scope.capitalize()}Synonym", terms.literal(name)) for name in names]
    for name in concept.translations:
        predicate = RDFS_LABEL if name.kind == "label" else OBOINOWL + f"has{name.kind.capitalize()}Synonym"
        lines.append(line(predicate, terms.literal(name.text, language=name.language)))
    if concept.definition:
        lines.append(line(OBO + "IAO_0000115", terms.literal(concept.definition)))
    if concept.obsolete:
        lines.append(line(OWL + "deprecated", terms.literal("true", datatype=XSD + "boolean")))
    if concept.replaced_by:
        lines.append(line(OBO + "IAO_0100001", terms.iri(concept.replaced_by)))
    return "".join(lines).encode("utf-8")


def _scopes(concept: Concept) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("exact", concept.synonyms),
        ("broad", concept.broad),
        ("narrow", concept.narrow),
        ("related", concept.related),
    )
