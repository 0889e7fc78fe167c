"""The register of dataset descriptions a node has published, and of those it has taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum

from node.errors import StoreError
from node.model.kinds import Kind, kind_of

#: The name of the register among the files of a generation.
FILE = "datasets.json"


class State(StrEnum):
    """Whether a description can be had."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Entry:
    """One description. ``dataset`` is its name here (a dataset's slug, or ``software:<slug>`` and the like, see
    ``node.model.kinds``), ``iri`` the IRI of what it describes, which may be foreign.

    ``content`` is the SHA-256 of its triples, ``issued`` when it was first published here, ``modified`` when its
    present content was, ``withdrawn`` when and ``reason`` why it was taken back; times are ``xsd:dateTime`` texts in
    UTC. ``restricted``: its samples and donors are in a graph of their own.

    ``revision`` counts what was published, from 1 on; ``version`` is what people call it: the partner's own
    ``dcat:version``, else the revision. ``digest`` is the SHA-256 of what everybody may see of it, as its graph is
    served: the canonical form of RDFC-1.0 ('' for what was published before there was one). ``origin`` is the catalogue
    of others that it was harvested from, '' if the partner published it.
    """

    dataset: str
    iri: str
    title: str
    content: str
    state: State
    issued: str
    modified: str
    samples: int
    donors: int
    restricted: bool = False
    version: str = "1"
    revision: int = 1
    digest: str = ""
    origin: str = ""
    withdrawn: str | None = None
    reason: str | None = None

    @property
    def kind(self) -> Kind:
        """What kind of thing it describes."""
        return kind_of(self.dataset)[0]


Registry = Mapping[str, Entry]


def read_registry(data: bytes | None) -> dict[str, Entry]:
    """The register by slug; empty for a node that has none yet. Raises StoreError for one that is damaged."""
    if data is None:
        return {}
    names = {f.name for f in fields(Entry)} - {"dataset", "state"}
    try:
        return {
            dataset: Entry(
                dataset=dataset,
                state=State(entry["state"]),
                **{name: value for name, value in entry.items() if name in names},
            )
            for dataset, entry in json.loads(data).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the register of datasets ({FILE}) is damaged.", remedy="Restore a backup.") from error


def write_registry(registry: Registry) -> bytes:
    """The register as the content of its file: JSON, sorted, one entry for each slug."""
    document = {}
    for dataset in sorted(registry):
        entry = asdict(registry[dataset])
        del entry["dataset"]
        document[dataset] = entry
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8")


def find(registry: Registry, iri_or_slug: str) -> Entry | None:
    """The entry with this slug or this IRI."""
    if iri_or_slug in registry:
        return registry[iri_or_slug]
    return next((entry for entry in registry.values() if entry.iri == iri_or_slug), None)
