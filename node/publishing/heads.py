"""What a document describes: the resources that get a description of their own, and of which kind each is."""

from __future__ import annotations

from node.model.identifiers import Identifiers
from node.model.kinds import Kind, kind_of
from node.publishing.ntriples import Description, bare, split_line
from node.rdf.namespaces import DCAT, DCAT_DATASET, ONCO, RDF_TYPE, SCHEMA, TREE

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
# What a catalogue says about itself (DCAT 3, sections 6.3 and 6.5; Hydra Core; TREE).
_HYDRA = "http://www.w3.org/ns/hydra/core#"
_OF_A_CATALOGUE = {
    *(DCAT + name for name in ("Catalog", "CatalogRecord")),
    *(_HYDRA + name for name in ("Collection", "PagedCollection", "PartialCollectionView")),
    *(TREE + name for name in ("Collection", "Node", "Relation")),
}


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


def without_catalogue(document: Description) -> Description:
    """The document without what it says of itself: the catalogue, its records, the pages it comes in."""
    own = {s for s, value in document.with_predicate(f"<{RDF_TYPE}>") if bare(value) in _OF_A_CATALOGUE}
    return Description(line for line in document.lines if line[: line.index(" ")] not in own)


def taken(heads: dict[str, Kind], identifiers: Identifiers) -> dict[str, str]:
    """The heads of somebody else's document that cannot be described here, and why.

    Of what has an address of this node nobody else decides what is said; and what has no IRI cannot be found again.
    """
    nameless = f"<{identifiers.skolem('')}"
    return {
        s: "it has no IRI of its own" if s.startswith(nameless) else "its IRI is of this node, not of the catalogue's"
        for s in heads
        if s.startswith(f"<{identifiers.base}")
    }


def _has_address(subject: str, kind: Kind, identifiers: Identifiers) -> bool:
    name = identifiers.name(bare(subject))
    return name is not None and kind_of(name)[0] is kind
