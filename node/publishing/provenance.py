"""What a node says about its own publishing: its catalogue (DCAT 3) and where each description came from (PROV-O).

None of it is put into a partner's description. When something was published here is a fact of the catalogue record,
not of the dataset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from node import __version__
from node.config import Identity
from node.model.identifiers import Identifiers
from node.ontology.releases import Release
from node.publishing.registry import Entry, Registry, State
from node.rdf.namespaces import DCAT, DCT, FOAF, OWL, PROV, RDF_TYPE, RDFS, RDFS_LABEL, XSD
from node.rdf.terms import iri, literal, triple


@dataclass(frozen=True)
class Input:
    """One file that a description was made from: its name without folders, and the SHA-256 of its bytes."""

    name: str
    sha256: str


def read_input(path: Path) -> Input:
    """The name and checksum of a file."""
    with path.open("rb") as stream:
        return Input(path.name, hashlib.file_digest(stream, "sha256").hexdigest())


def catalogue(registry: Registry, identity: Identity, identifiers: Identifiers) -> bytes:
    """The catalogue graph, N-Triples: the node's title and publisher, its datasets, a record of each publication."""
    node = iri(identifiers.catalog)
    text = {"language": identity.language or None}
    lines = [
        triple(node, iri(RDF_TYPE), iri(DCAT + "Catalog")),
        triple(node, iri(DCT + "title"), literal(identity.title, **text)),
        triple(node, iri(DCT + "description"), literal(identity.description, **text)),
    ]
    if identity.publisher:
        publisher = iri(f"{identifiers.base}organisation")
        lines += [
            triple(node, iri(DCT + "publisher"), publisher),
            triple(publisher, iri(RDF_TYPE), iri(FOAF + "Organization")),
            triple(publisher, iri(FOAF + "name"), literal(identity.publisher)),
        ]
    for dataset in sorted(registry):
        entry = registry[dataset]
        if entry.state is State.PUBLISHED:
            record = iri(f"{identifiers.dataset(dataset)}#record")
            lines += [
                triple(node, iri(DCAT + "dataset"), iri(entry.iri)),
                triple(node, iri(DCAT + "record"), record),
                triple(record, iri(RDF_TYPE), iri(DCAT + "CatalogRecord")),
                triple(record, iri(FOAF + "primaryTopic"), iri(entry.iri)),
                triple(record, iri(DCT + "issued"), _time(entry.issued)),
                triple(record, iri(DCT + "modified"), _time(entry.modified)),
            ]
    return "".join(lines).encode("utf-8")


def publication(
    entry: Entry,
    before: Entry | None,
    *,
    inputs: Iterable[Input],
    started: str,
    releases: Iterable[Release],
    identifiers: Identifiers,
) -> str:
    """The statements that one publication adds to the provenance of a dataset, as N-Triples.

    ``before`` is the entry this one takes the place of; ``started`` is when reading began, ``entry.modified`` when
    the description was complete.
    """
    graph = identifiers.provenance_graph(entry.dataset)
    activity = iri(f"{graph}#publication-{entry.content[:16]}-{_compact(entry.modified)}")
    version = _version(entry, identifiers)
    software = iri(f"{graph}#onconode-{__version__}")
    lines = [
        triple(activity, iri(RDF_TYPE), iri(PROV + "Activity")),
        triple(activity, iri(RDFS_LABEL), literal(f"publication of {entry.dataset}", language="en")),
        triple(activity, iri(PROV + "startedAtTime"), _time(started)),
        triple(activity, iri(PROV + "endedAtTime"), _time(entry.modified)),
        triple(activity, iri(PROV + "wasAssociatedWith"), software),
        triple(software, iri(RDF_TYPE), iri(PROV + "SoftwareAgent")),
        triple(software, iri(RDFS_LABEL), literal(f"onconode {__version__}")),
        triple(software, iri(OWL + "versionInfo"), literal(__version__)),
        triple(version, iri(RDF_TYPE), iri(PROV + "Entity")),
        triple(version, iri(DCT + "identifier"), literal(f"sha256:{entry.content}")),
        triple(version, iri(PROV + "specializationOf"), iri(identifiers.graph(entry.dataset))),
        triple(version, iri(PROV + "wasGeneratedBy"), activity),
        triple(version, iri(PROV + "generatedAtTime"), _time(entry.modified)),
    ]
    for given in inputs:
        file = iri(f"{graph}#file-{given.sha256[:24]}")
        lines += [
            triple(activity, iri(PROV + "used"), file),
            triple(version, iri(PROV + "wasDerivedFrom"), file),
            triple(file, iri(RDF_TYPE), iri(PROV + "Entity")),
            triple(file, iri(RDFS_LABEL), literal(given.name)),
            triple(file, iri(DCT + "identifier"), literal(f"sha256:{given.sha256}")),
        ]
    for release in releases:
        vocabulary = iri(release.graph or identifiers.vocabulary_graph(release.name, release.version))
        lines += [
            triple(activity, iri(PROV + "used"), vocabulary),
            triple(vocabulary, iri(RDF_TYPE), iri(PROV + "Entity")),
            triple(vocabulary, iri(RDFS_LABEL), literal(f"{release.name} {release.version}")),
            triple(vocabulary, iri(OWL + "versionInfo"), literal(release.version)),
            triple(vocabulary, iri(DCT + "identifier"), literal(f"sha256:{release.digest}")),
        ]
    if before is not None and before.content != entry.content:
        lines.append(triple(version, iri(PROV + "wasRevisionOf"), _version(before, identifiers)))
    return "".join(lines)


def withdrawal(entry: Entry, identifiers: Identifiers) -> str:
    """The statements that a withdrawal adds to the provenance of a dataset, as N-Triples."""
    assert entry.withdrawn is not None
    activity = iri(f"{identifiers.provenance_graph(entry.dataset)}#withdrawal-{_compact(entry.withdrawn)}")
    version = _version(entry, identifiers)
    return "".join(
        [
            triple(activity, iri(RDF_TYPE), iri(PROV + "Activity")),
            triple(activity, iri(RDFS_LABEL), literal(f"withdrawal of {entry.dataset}", language="en")),
            triple(activity, iri(RDFS + "comment"), literal(entry.reason or "")),
            triple(activity, iri(PROV + "endedAtTime"), _time(entry.withdrawn)),
            triple(version, iri(PROV + "invalidatedAtTime"), _time(entry.withdrawn)),
            triple(version, iri(PROV + "wasInvalidatedBy"), activity),
        ]
    )


def _version(entry: Entry, identifiers: Identifiers) -> str:
    return iri(f"{identifiers.provenance_graph(entry.dataset)}#version-{entry.content[:24]}")


def _time(text: str) -> str:
    return literal(text, datatype=XSD + "dateTime")


def _compact(time: str) -> str:
    return "".join(c for c in time if c.isalnum())
