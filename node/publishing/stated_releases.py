"""What a node's VoID description says of the vocabulary releases that the node has."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from node.ontology.shelf import NAMES, extensions, kept, release_of
from node.rdf.namespaces import DCT, OWL, RDF_TYPE, SPDX
from node.rdf.terms import iri, is_absolute_iri, literal, triple
from node.store.quads import QuadStore


def release_triples(store: QuadStore, document: str, dataset: str) -> Iterator[str]:
    """N-Triples: of each release that is kept its name, version, version IRI, licence and digest.

    The dataset (an IRI as N-Triples) ``dct:conformsTo`` the active one of a name and ``dct:references`` the others; a
    release is named by a fragment of ``document``. Raises StoreError.
    """
    for name in (*NAMES, *extensions(store)):
        active = release_of(store, name)
        for release in kept(store, name):
            about = iri(f"{document}#release-{name}-{quote(release.version, safe='.-_')}")
            in_use = active is not None and active.version == release.version
            yield triple(dataset, iri(DCT + ("conformsTo" if in_use else "references")), about)
            yield triple(about, iri(RDF_TYPE), iri(OWL + "Ontology"))
            yield triple(about, iri(DCT + "identifier"), literal(name))
            yield triple(about, iri(OWL + "versionInfo"), literal(release.version))
            yield triple(about, iri(SPDX + "checksumValue"), literal(release.digest))
            if release.version_iri and is_absolute_iri(release.version_iri):
                yield triple(about, iri(OWL + "versionIRI"), iri(release.version_iri))
            if is_absolute_iri(release.licence):
                yield triple(about, iri(DCT + "license"), iri(release.licence))
