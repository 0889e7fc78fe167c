"""A mapping set as RDF: SSSOM's own serialisation, and the SKOS statements that follow from it.

SSSOM 1.1, "RDF serialisation": a set is a ``sssom:MappingSet``, a mapping an ``owl:Axiom``. Beside each mapping stands
the plain statement it makes, as a SKOS mapping property, in both directions where the SKOS Reference says that the one
follows from the other (S43, S44), so that queries need not know how a set was written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from node.ontology.correspondences import INVERSE, NO_TERM, PREDICATES, Correspondence
from node.rdf.namespaces import DCT, OWL, RDF_TYPE, RDFS_LABEL, SSSOM, XSD
from node.rdf.terms import iri, is_absolute_iri, literal, triple


def mapping_iri(graph: str, row: Correspondence) -> str:
    """The IRI of one mapping of the set whose graph this is: by what it says, not by where it stands."""
    parts = (row.subject, row.predicate, row.object, row.justification, str(row.negated))
    return f"{graph}#mapping-{sha256(chr(10).join(parts).encode()).hexdigest()[:16]}"


def set_triples(graph: str, *, title: str, version: str, identifier: str, licence: str) -> Iterator[str]:
    """What is said of the set itself, as N-Triples lines."""
    subject = iri(graph)
    yield triple(subject, iri(RDF_TYPE), iri(SSSOM + "MappingSet"))
    yield triple(subject, iri(RDFS_LABEL), literal(title))
    yield triple(subject, iri(OWL + "versionInfo"), literal(version))
    for predicate, value in ((SSSOM + "mapping_set_id", identifier), (DCT + "license", licence)):
        if value:
            yield triple(subject, iri(predicate), iri(value) if is_absolute_iri(value) else literal(value))


def row_triples(graph: str, rows: Iterable[Correspondence]) -> Iterator[str]:
    """The mappings of the set as N-Triples lines.

    A negated mapping, and one to ``sssom:NoTermFound``, is described, but makes no statement.
    """
    whole = iri(graph)
    for row in rows:
        subject = iri(mapping_iri(graph, row))
        yield triple(whole, iri(SSSOM + "mappings"), subject)
        yield triple(subject, iri(RDF_TYPE), iri(OWL + "Axiom"))
        yield triple(subject, iri(OWL + "annotatedSource"), iri(row.subject))
        yield triple(subject, iri(OWL + "annotatedProperty"), iri(row.predicate))
        yield triple(subject, iri(OWL + "annotatedTarget"), iri(row.object))
        yield triple(subject, iri(SSSOM + "mapping_justification"), iri(row.justification))
        if row.confidence is not None:
            confidence = literal(f"{row.confidence:g}", datatype=XSD + "double")
            yield triple(subject, iri(SSSOM + "confidence"), confidence)
        for slot, text in (("subject_label", row.subject_label), ("object_label", row.object_label)):
            if text:
                yield triple(subject, iri(SSSOM + slot), literal(text))
        if row.comment:
            yield triple(subject, iri(SSSOM + "comment"), literal(row.comment))
        if row.negated:
            yield triple(subject, iri(SSSOM + "predicate_modifier"), literal("Not"))
        elif row.object != NO_TERM:
            yield from _statements(row)


def _statements(row: Correspondence) -> Iterator[str]:
    # an equivalence of classes is said in SKOS too: what reasons over the hub's own classes is not to be moved by it
    predicate = PREDICATES.get(row.predicate)
    if predicate is not None:
        yield triple(iri(row.subject), iri(predicate), iri(row.object))
        yield triple(iri(row.object), iri(INVERSE[predicate]), iri(row.subject))
