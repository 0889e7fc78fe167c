"""A dataset as an RO-Crate: the metadata document of a detached crate (RO-Crate 1.2, "RO-Crate Structure").

The data stay where they are; the crate names them by their addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from node.publishing.export.dataset import Agent, Dataset, filled
from node.publishing.export.formats import CRATE_PROFILE
from node.publishing.export.schemaorg import distributions

_VERSION = f"{CRATE_PROFILE}/1.2"


def crate(given: Dataset) -> dict[str, Any]:
    """The document ``ro-crate-metadata.json``, with the dataset's own IRI as its root data entity."""
    entities = {entity["@id"]: entity for entity in _entities(given)}
    return {"@context": f"{_VERSION}/context", "@graph": list(entities.values())}


def _entities(given: Dataset) -> Iterator[dict[str, Any]]:
    files = [
        filled(
            {
                "@id": one.address,
                "@type": "File" if one.download else "CreativeWork",
                "name": one.title or one.address.rstrip("/").rsplit("/", 1)[-1],
                "encodingFormat": one.media_type,
                "contentSize": one.size,
            }
        )
        for one in distributions(given)
    ]
    agents = [a for a in (given.publisher, *given.creators, *given.contributors) if a is not None]
    yield {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": _VERSION},
        "about": {"@id": given.iri},
    }
    yield filled(
        {
            "@id": given.iri,
            "@type": "Dataset",
            "name": given.title,
            "description": given.description,
            "datePublished": given.published,
            "dateModified": given.modified,
            "license": _reference(given.license),
            "identifier": [given.cite_as, *(i for i in given.identifiers if i != given.cite_as)],
            "cite-as": given.cite_as if given.doi else None,
            "url": given.page,
            "version": given.version,
            "keywords": list(given.keywords),
            "publisher": {"@id": _id(given.publisher)} if given.publisher else None,
            "author": [{"@id": _id(creator)} for creator in given.creators],
            "contributor": [{"@id": _id(contributor)} for contributor in given.contributors],
            "citation": [*given.citation, *({"@id": reference} for reference in given.references)],
            "hasPart": [{"@id": f["@id"]} for f in files if f["@type"] == "File"],
            "mentions": [{"@id": f["@id"]} for f in files if f["@type"] != "File"],
            "includedInDataCatalog": {"@id": given.catalog},
        }
    )
    yield {"@id": given.catalog, "@type": "DataCatalog", "name": given.host.name, "url": given.catalog}
    if _is_address(given.license):
        yield {"@id": given.license, "@type": "CreativeWork", "name": given.license, "url": given.license}
    for one in agents:
        yield {"@id": _id(one), "@type": "Person" if one.person else "Organization", "name": one.name}
    for reference in given.references:
        yield {"@id": reference, "@type": "CreativeWork", "url": reference}
    yield from files


def _id(agent: Agent | None) -> str:
    # An entity without an address has an identifier of the document alone (RO-Crate 1.2, "Contextual Entities").
    return "" if agent is None else agent.iri or f"#{agent.name}".replace(" ", "_")


def _reference(text: str) -> Any:
    return {"@id": text} if _is_address(text) else text


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))
