"""What a document describes: the resources that get a description of their own, and of which kind each is."""

from __future__ import annotations

from node.model.identifiers import Identifiers
from node.model.kinds import Kind, kind_of
from node.publishing.ntriples import Description, bare, split_line
from node.rdf.namespaces import DCAT, DCAT_DATASET, ONCO, RDF_TYPE, SCHEMA

_HTTPS_SCHEMA = "https://schema.org/"

#: The classes whose instances are described on their own. Where something is of several kinds, the first one counts.
CLASSES: dict[str, Kind] = {
    DCAT_DATASET: Kind.DATASET,
    **{
        namespace + name: Kind.SOFTWARE
        for namespace in (SCHEMA, _HTTPS_SCHEMA)
        for name in ("SoftwareSourceCode", "SoftwareApplication")
    },
    ONCO + "ResearchInfrastructure": Kind.INFRASTRUCTURE,
    ONCO + "ResearchService": Kind.SERVICE,
    DCAT + "DataService": Kind.SERVICE,
}
# What is also said in passing, inside another description: the service that gives access to a distribution, the
# software that a dataset was made with.
_IN_PASSING = {Kind.SERVICE, Kind.SOFTWARE}


def find_heads(document: Description, identifiers: Identifiers) -> dict[str, Kind]:
    """The heads of a document (in angle brackets, sorted) with the kind of each.

    A dataset or an infrastructure always is one. A service or software is one if it has an address of its own at this
    node, or if nothing in the document refers to it; otherwise it is a part of what refers to it.
    """
    order = list(CLASSES.values())
    found: dict[str, Kind] = {}
    for subject, value in document.with_predicate(f"<{RDF_TYPE}>"):
        kind = CLASSES.get(bare(value))
        if kind is not None and (subject not in found or order.index(kind) < order.index(found[subject])):
            found[subject] = kind
    passing = {s for s, kind in found.items() if kind in _IN_PASSING and not _has_address(s, kind, identifiers)}
    if passing:
        lines = (split_line(line) for line in document.lines)
        referred = {value for subject, _, value in lines if value in passing and subject != value}
        found = {s: kind for s, kind in found.items() if s not in referred}
    return dict(sorted(found.items()))


def _has_address(subject: str, kind: Kind, identifiers: Identifiers) -> bool:
    name = identifiers.name(bare(subject))
    return name is not None and kind_of(name)[0] is kind
