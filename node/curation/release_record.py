"""What a release says of itself: PROV-O for machines on the web, and the record of its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pyoxigraph import RdfFormat, Triple, parse

from node import __version__
from node.curation.content import Content
from node.curation.differences import Difference, kind_of
from node.curation.settings import Vocabulary
from node.curation.workspace import Workspace
from node.curation.writing import written
from node.rdf.namespaces import DCT, FOAF, PREFIXES, PROV, RDF_TYPE, SPDX, XSD
from node.rdf.terms import iri, literal, triple


@dataclass(frozen=True)
class Verdict:
    """What the checks said. ``errors`` keep a release from being made, ``warnings`` are counted in its record.

    ``reasoner`` says which one classified the vocabulary, '' if none did.
    """

    errors: tuple[str, ...] = ()
    warnings: int = 0
    reasoner: str = ""


@dataclass(frozen=True)
class Planned:
    """What a release would be: its version, the one before (None for the first), and what has changed."""

    version: str
    previous: str | None
    date: str
    difference: Difference
    content: Content
    triples: tuple[Triple, ...]
    verdict: Verdict


def version_iri(vocabulary: Vocabulary, version: str) -> str:
    """The IRI of one version of the ontology."""
    return f"{vocabulary.ontology.rstrip('#/')}/{version}"


def provenance(workspace: Workspace, planned: Planned, digest: str, by: str) -> bytes:
    """PROV-O: what the release is, what it was made from, when, by whom and with what."""
    made = workspace.settings.vocabulary
    subject = iri(version_iri(made, planned.version))
    activity = iri(f"{version_iri(made, planned.version)}#release")
    a = RDF_TYPE
    lines = [
        triple(subject, iri(a), iri(PROV + "Entity")),
        triple(subject, iri(DCT + "isVersionOf"), iri(made.ontology)),
        triple(subject, iri(DCT + "title"), literal(f"{made.title} {planned.version}")),
        triple(subject, iri(DCT + "license"), iri(made.licence)),
        triple(subject, iri(DCT + "issued"), literal(planned.date, datatype=XSD + "date")),
        triple(subject, iri(SPDX + "checksumValue"), literal(digest)),
        triple(subject, iri(PROV + "wasGeneratedBy"), activity),
        triple(activity, iri(a), iri(PROV + "Activity")),
        triple(
            activity,
            iri(PROV + "endedAtTime"),
            literal(f"{planned.date}T00:00:00Z", datatype=XSD + "dateTime"),
        ),
        triple(activity, iri(DCT + "description"), literal(f"onconode {__version__}, {_checked(planned.verdict)}")),
    ]
    if planned.previous:
        lines.append(triple(subject, iri(PROV + "wasRevisionOf"), iri(version_iri(made, planned.previous))))
    people = [(c.id, c.name) for c in workspace.settings.curators if not by or by in (c.id, c.name)]
    for number, (name, label) in enumerate(people or [(by, by)], 1):
        agent = iri(name) if name.startswith(("http://", "https://")) else iri(f"{made.ontology}#curator-{number}")
        lines.append(triple(activity, iri(PROV + "wasAssociatedWith"), agent))
        lines.append(triple(agent, iri(a), iri(PROV + "Agent")))
        lines.append(triple(agent, iri(FOAF + "name"), literal(label or name)))
    triples = [quad.triple for quad in parse("".join(lines), RdfFormat.N_TRIPLES)]
    return written(triples, RdfFormat.TURTLE, PREFIXES)


def _checked(verdict: Verdict) -> str:
    reasoner = f"classified by {verdict.reasoner}" if verdict.reasoner else "checked without a reasoner"
    return f"{reasoner}, {verdict.warnings} warnings"


def record_of(made: Vocabulary, planned: Planned, digest: str, files: Mapping[str, str], by: str) -> dict[str, Any]:
    """What ``release.json`` says. ``files`` are the SHA-256 of each file by its name."""
    kinds: dict[str, int] = {}
    for iri_, said in planned.content.by_subject.items():
        if iri_.startswith(made.namespace) and (kind := kind_of(said)):
            kinds[kind] = kinds.get(kind, 0) + 1
    return {
        "name": made.name,
        "title": made.title,
        "version": planned.version,
        "version_iri": version_iri(made, planned.version),
        "previous": planned.previous,
        "date": planned.date,
        "by": by,
        "licence": made.licence,
        "digest": digest,
        "triples": len(planned.triples),
        "terms": dict(sorted(kinds.items())),
        "changes": planned.difference.counts(),
        "checks": asdict(planned.verdict),
        "made_with": f"onconode {__version__}",
        "files": dict(files),
    }
