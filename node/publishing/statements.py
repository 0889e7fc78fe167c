"""The N-Triples lines that every dataset description made from a partner's folder begins with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from node.model.identifiers import Identifiers
from node.rdf.namespaces import DCAT, DCAT_DATASET, DCT, FOAF, RDF_TYPE
from node.rdf.terms import iri, literal, triple

#: The European Union's data theme "Health" (authority table data-theme).
HEALTH_THEME = "http://publications.europa.eu/resource/authority/data-theme/HEAL"


def dataset_lines(
    identifiers: Identifiers,
    dataset: str,
    *,
    identifier: str,
    title: str,
    description: str,
    licence: str,
    access: str,
    publisher: str,
    organisation: str = "",
) -> Iterator[str]:
    """Type, texts, publisher, licence and access rights of a dataset, and the organisation that publishes it.

    ``licence`` and ``access`` are IRIs; ``publisher`` is the organisation's name, ``""`` when it is not known.
    ``organisation`` is its IRI, ``""`` for the organisation that runs the node.
    """
    subject = iri(identifiers.dataset(dataset))
    behind = iri(organisation or f"{identifiers.base}organisation")
    yield triple(subject, iri(RDF_TYPE), iri(DCAT_DATASET))
    yield triple(subject, iri(DCT + "identifier"), literal(identifier))
    yield triple(subject, iri(DCT + "title"), literal(title))
    yield triple(subject, iri(DCT + "description"), literal(description))
    yield triple(subject, iri(DCT + "publisher"), behind)
    yield triple(subject, iri(DCT + "license"), iri(licence))
    yield triple(subject, iri(DCT + "accessRights"), iri(access))
    yield triple(subject, iri(DCAT + "theme"), iri(HEALTH_THEME))
    yield triple(behind, iri(RDF_TYPE), iri(FOAF + "Organization"))
    if publisher.strip():
        yield triple(behind, iri(FOAF + "name"), literal(publisher.strip()))


def spool_file(spool: Path, dataset: str) -> Path:
    """A new, empty N-Triples file in the folder ``spool`` for this dataset."""
    with tempfile.NamedTemporaryFile(dir=spool, prefix=f"{dataset}.", suffix=".nt", delete=False) as made:
        return Path(made.name)
