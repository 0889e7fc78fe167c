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
from node.model.kinds import Kind
from node.ontology.releases import Release
from node.publishing.registry import Entry, Registry, State
from node.publishing.statements import AUTHORITY, LANGUAGES, Organisation
from node.rdf.namespaces import DCAT, DCT, FOAF, OWL, PROV, RDF_TYPE, RDFS, RDFS_LABEL, SPDX, XSD
from node.rdf.terms import iri, is_absolute_iri, literal, triple

#: By which property a catalogue lists what it holds (DCAT 3, section 6.3).
_LISTED = {
    Kind.DATASET: "dataset",
    Kind.SERVICE: "service",
    Kind.SOFTWARE: "resource",
    Kind.INFRASTRUCTURE: "resource",
}


@dataclass(frozen=True)
class Input:
    """One file that a description was made from: its name without folders, and the SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Agent:
    """Who publishes: whether the node names an organisation that runs it, and the name given with the command."""

    organisation: bool = False
    name: str = ""


def read_input(path: Path) -> Input:
    """The name and checksum of a file."""
    with path.open("rb") as stream:
        return Input(path.name, hashlib.file_digest(stream, "sha256").hexdigest())


def catalogue(registry: Registry, identity: Identity, identifiers: Identifiers) -> bytes:
    """The catalogue graph, N-Triples: the node's title and publisher, its datasets, a record of each publication.

    It has what DCAT-AP 3 makes mandatory of a catalogue (section 6.3), and of what it recommends all that is known.
    """
    node = iri(identifiers.catalog)
    text = {"language": identity.language or None}
    lines = [
        triple(node, iri(RDF_TYPE), iri(DCAT + "Catalog")),
        triple(node, iri(DCT + "title"), literal(identity.title, **text)),
        triple(node, iri(DCT + "description"), literal(identity.description, **text)),
    ]
    if identity.publisher:
        organisation = Organisation.of(identity)
        lines.append(triple(node, iri(DCT + "publisher"), iri(f"{identifiers.base}organisation")))
        lines += organisation.lines(f"{identifiers.base}organisation")
        lines += organisation.contact_lines(identifiers, node)
    if identity.licence:
        lines.append(triple(node, iri(DCT + "license"), iri(identity.licence)))
    if identity.homepage:
        lines.append(triple(node, iri(FOAF + "homepage"), iri(identity.homepage)))
    if identity.language in LANGUAGES:
        lines.append(triple(node, iri(DCT + "language"), iri(f"{AUTHORITY}language/{LANGUAGES[identity.language]}")))
    lines.append(triple(node, iri(DCAT + "themeTaxonomy"), iri(f"{AUTHORITY}data-theme")))
    published = [entry for entry in registry.values() if entry.state is State.PUBLISHED]
    if published:
        lines.append(triple(node, iri(DCT + "issued"), _time(min(entry.issued for entry in published))))
        lines.append(triple(node, iri(DCT + "modified"), _time(max(entry.modified for entry in published))))
    for dataset in sorted(registry):
        entry = registry[dataset]
        if entry.state is State.PUBLISHED:
            record = iri(f"{identifiers.description(dataset)}#record")
            lines += [
                triple(node, iri(DCAT + _LISTED[entry.kind]), iri(entry.iri)),
                triple(node, iri(DCAT + "record"), record),
                triple(record, iri(RDF_TYPE), iri(DCAT + "CatalogRecord")),
                triple(record, iri(FOAF + "primaryTopic"), iri(entry.iri)),
                *_source(record, entry),
                triple(record, iri(DCT + "issued"), _time(entry.issued)),
                triple(record, iri(DCT + "modified"), _time(entry.modified)),
                triple(record, iri(DCAT + "version"), literal(entry.version)),
                triple(record, iri(DCAT + "hasCurrentVersion"), iri(version_iri(entry, identifiers))),
            ]
    return "".join(lines).encode("utf-8")


def publication(
    entry: Entry,
    before: Entry | None,
    *,
    inputs: Iterable[Input],
    started: str,
    releases: Iterable[Release],
    agent: Agent,
    identifiers: Identifiers,
    decisions: Iterable[str] = (),
    amended: str = "",
) -> str:
    """The statements that one publication adds to the provenance of a dataset, as N-Triples.

    ``before`` is the entry this one takes the place of; ``started`` is when reading began, ``entry.modified`` when
    the description was complete; ``decisions`` are the publisher's about columns. ``amended`` says what of the version
    before was changed when the rest was kept. The version is described as DCAT 3, section 11 has it.
    """
    graph = identifiers.provenance_graph(entry.dataset)
    activity = iri(f"{graph}#publication-{entry.revision}")
    version = iri(version_iri(entry, identifiers))
    lines = [
        triple(activity, iri(RDF_TYPE), iri(PROV + "Activity")),
        triple(activity, iri(RDFS_LABEL), literal(f"publication of {entry.dataset}", language="en")),
        triple(activity, iri(PROV + "startedAtTime"), _time(started)),
        triple(activity, iri(PROV + "endedAtTime"), _time(entry.modified)),
        *_by(activity, agent, graph, identifiers),
        triple(version, iri(RDF_TYPE), iri(PROV + "Entity")),
        triple(version, iri(PROV + "specializationOf"), iri(identifiers.graph(entry.dataset))),
        triple(version, iri(PROV + "wasGeneratedBy"), activity),
        triple(version, iri(PROV + "generatedAtTime"), _time(entry.modified)),
        *described_version(entry, identifiers),
    ]
    lines += [triple(activity, iri(RDFS + "comment"), literal(said, language="en")) for said in decisions]
    for given in inputs:
        file = iri(f"{graph}#file-{given.sha256[:24]}")
        lines += [
            triple(activity, iri(PROV + "used"), file),
            triple(version, iri(PROV + "wasDerivedFrom"), file),
            triple(file, iri(RDF_TYPE), iri(PROV + "Entity")),
            triple(file, iri(RDFS_LABEL), literal(given.name)),
            triple(file, iri(DCT + "identifier"), literal(f"sha256:{given.sha256}")),
            *_source(file, entry),
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
    if before is not None:
        previous = iri(version_iri(before, identifiers))
        lines += [
            triple(version, iri(PROV + "wasRevisionOf"), previous),
            triple(version, iri(DCAT + "previousVersion"), previous),
        ]
        if amended:
            lines += [
                triple(activity, iri(PROV + "used"), previous),
                triple(activity, iri(RDFS + "comment"), literal(f"amended: {amended}")),
            ]
    return "".join(lines)


def withdrawal(entry: Entry, agent: Agent, identifiers: Identifiers) -> str:
    """The statements that a withdrawal adds to the provenance of a dataset, as N-Triples."""
    assert entry.withdrawn is not None
    graph = identifiers.provenance_graph(entry.dataset)
    activity = iri(withdrawal_iri(entry, identifiers))
    version = iri(version_iri(entry, identifiers))
    return "".join(
        [
            triple(activity, iri(RDF_TYPE), iri(PROV + "Activity")),
            triple(activity, iri(RDFS_LABEL), literal(f"withdrawal of {entry.dataset}", language="en")),
            triple(activity, iri(RDFS + "comment"), literal(entry.reason or "")),
            triple(activity, iri(PROV + "endedAtTime"), _time(entry.withdrawn)),
            *_by(activity, agent, graph, identifiers),
            triple(version, iri(PROV + "invalidatedAtTime"), _time(entry.withdrawn)),
            triple(version, iri(PROV + "wasInvalidatedBy"), activity),
        ]
    )


def described_version(entry: Entry, identifiers: Identifiers) -> list[str]:
    """What a version says of itself wherever it is named: of which dataset it is, which, since when, its digest.

    The checksum has the form that SPDX gives it, which DCAT 3 (section 6.8.24) takes over.
    """
    version = iri(version_iri(entry, identifiers))
    lines = [
        triple(version, iri(DCT + "isVersionOf"), iri(entry.iri)),
        triple(version, iri(DCAT + "isVersionOf"), iri(entry.iri)),
        triple(version, iri(DCAT + "version"), literal(entry.version)),
        triple(version, iri(DCT + "issued"), _time(entry.modified)),
    ]
    if entry.digest:
        checksum = iri(f"{identifiers.provenance_graph(entry.dataset)}#checksum-{entry.digest[:24]}")
        lines += [
            triple(version, iri(SPDX + "checksum"), checksum),
            triple(checksum, iri(RDF_TYPE), iri(SPDX + "Checksum")),
            triple(checksum, iri(SPDX + "algorithm"), iri(SPDX + "checksumAlgorithm_sha256")),
            triple(checksum, iri(SPDX + "checksumValue"), literal(entry.digest, datatype=XSD + "hexBinary")),
        ]
    return lines


def version_iri(entry: Entry, identifiers: Identifiers) -> str:
    """The IRI of the version that is published now, or was when the description was withdrawn."""
    return f"{identifiers.provenance_graph(entry.dataset)}#version-{entry.revision}"


def withdrawal_iri(entry: Entry, identifiers: Identifiers) -> str:
    """The IRI of the withdrawal; there is at most one of a dataset."""
    return f"{identifiers.provenance_graph(entry.dataset)}#withdrawal"


def _by(activity: str, agent: Agent, graph: str, identifiers: Identifiers) -> list[str]:
    """Who did it: this software, the organisation that runs the node, and who was named with the command."""
    software = iri(f"{graph}#onconode-{__version__}")
    lines = [
        triple(activity, iri(PROV + "wasAssociatedWith"), software),
        triple(software, iri(RDF_TYPE), iri(PROV + "SoftwareAgent")),
        triple(software, iri(RDFS_LABEL), literal(f"onconode {__version__}")),
        triple(software, iri(OWL + "versionInfo"), literal(__version__)),
    ]
    organisation = iri(f"{identifiers.base}organisation")
    if agent.organisation:
        lines.append(triple(activity, iri(PROV + "wasAssociatedWith"), organisation))
    if agent.name:
        named = iri(f"{graph}#agent-{hashlib.sha256(agent.name.encode()).hexdigest()[:16]}")
        lines += [
            triple(activity, iri(PROV + "wasAssociatedWith"), named),
            triple(named, iri(RDF_TYPE), iri(PROV + "Agent")),
            triple(named, iri(RDFS_LABEL), literal(agent.name)),
        ]
        if agent.organisation:
            lines.append(triple(named, iri(PROV + "actedOnBehalfOf"), organisation))
    return lines


def _time(text: str) -> str:
    return literal(text, datatype=XSD + "dateTime")


def _source(subject: str, entry: Entry) -> list[str]:
    """That something was harvested from the catalogue of others: its address, or the name of the file."""
    if not entry.origin:
        return []
    origin = iri(entry.origin) if is_absolute_iri(entry.origin) else literal(entry.origin)
    return [triple(subject, iri(DCT + "source"), origin)]
