"""The releases that a node keeps side by side: the active one of each name, and what it takes to bring another back.

Of each release the files of a generation hold, in ``releases/<name>/<version>/``, the concept table, the graph and what
was inferred (N-Triples, gzip), and mapping tables; ``releases/<name>/index.json`` lists them in the order in which they
were installed. Only the active one is in the store as a graph, so that a query sees one release of a name and the
store holds it once.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from node.errors import Place, StoreError
from node.store.quads import QuadStore


@dataclass(frozen=True)
class Release:
    """One installed release. ``concepts`` counts classes, or the codes of a mapping table.

    ``source`` is the name of the file it came from, ``address`` where that was downloaded, ``digest`` the SHA-256 of
    the file(s), ``graph`` the IRI of the graph that serves it (None: it is only used to check codes), ``installed`` a
    date (ISO 8601), ``core_added`` how many concepts of the packaged table, lacking in the release, its graph serves
    besides. ``classified``: what follows from its axioms was looked for; ``inferred`` counts the superclasses that were
    found, which are in ``inferred_graph``.
    """

    name: str
    version: str
    version_iri: str | None
    source: str
    digest: str
    licence: str
    installed: str
    concepts: int
    triples: int = 0
    core_added: int = 0
    graph: str | None = None
    address: str = ""
    classified: bool = False
    inferred: int = 0
    inferred_graph: str | None = None

    @property
    def graphs(self) -> tuple[str, ...]:
        """The graphs of it in the store while it is active."""
        return tuple(graph for graph in (self.graph, self.inferred_graph) if graph)


#: What can be installed, in the order in which it is listed.
NAMES = ("onconode", "ncit", "obi", "oncotree", "icdo3", "gdc")
#: What is installed as mappings: name to the systems of codes in it.
MAPPINGS = {"oncotree": ("oncotree",), "icdo3": ("icdo3m", "icdo3t"), "gdc": ("gdc",)}
EXTENSIONS_FILE = "vocabulary/extensions.json"
#: The parts of a release on the shelf, by name of file.
CONCEPTS, TRIPLES, INFERRED = "concepts.tsv.gz", "graph.nt.gz", "inferred.nt.gz"


def extensions(store: QuadStore) -> tuple[str, ...]:
    """The names of the installed extensions, sorted. Raises StoreError for a damaged list."""
    data = store.file(EXTENSIONS_FILE)
    try:
        return tuple(sorted(map(str, json.loads(data)))) if data is not None else ()
    except (ValueError, TypeError) as error:
        raise StoreError("the list of extensions is damaged.", where=Place(EXTENSIONS_FILE)) from error


def releases(store: QuadStore) -> list[Release]:
    """The active releases, in the order of ``NAMES``, then the extensions."""
    found = (release_of(store, name) for name in (*NAMES, *extensions(store)))
    return [release for release in found if release is not None]


def record_file(name: str) -> str:
    """The file with the record of the active release."""
    return f"vocabulary/{name}.json"


def table_file(name: str) -> str:
    """The file with the concepts of the active release."""
    return f"vocabulary/{name}.tsv.gz"


def record(release: Release) -> bytes:
    """The record as a file."""
    return (json.dumps(asdict(release), indent=2) + "\n").encode("utf-8")


def release_of(store: QuadStore, name: str) -> Release | None:
    """The active release of this name, None if there is none. Raises StoreError for a record that is not one."""
    data = store.file(record_file(name))
    if data is None:
        return None
    try:
        return Release(**json.loads(data))
    except (ValueError, TypeError) as error:
        raise StoreError("the record of an installed release is damaged.", where=Place(record_file(name))) from error


def kept(store: QuadStore, name: str) -> list[Release]:
    """All releases of this name that a node keeps, in the order in which they were installed.

    The active one is among them even where it was installed before there was a shelf. Raises StoreError.
    """
    listed = _listed(store, name)
    active = release_of(store, name)
    if active is not None and all(release.version != active.version for release in listed):
        listed.append(active)
    return listed


def is_on_shelf(store: QuadStore, release: Release) -> bool:
    """Whether what the release is made of is kept, and not only in use."""
    return any(other.version == release.version for other in _listed(store, release.name))


def _listed(store: QuadStore, name: str) -> list[Release]:
    data = store.file(_index_file(name))
    try:
        return [] if data is None else [Release(**entry) for entry in json.loads(data)]
    except (ValueError, TypeError) as error:
        raise StoreError("the list of releases is damaged.", where=Place(_index_file(name))) from error


def mapping_part(system: str) -> str:
    """What the mapping table of a system of codes is called on the shelf."""
    return f"{system}.tsv"


def part(store: QuadStore, release: Release, name: str) -> bytes | None:
    """A part of a release on the shelf, as it lies there; None for one that it does not have."""
    return store.file(_part_file(release, name))


def unpacked(data: bytes, name: str) -> bytes:
    """The content of a packed file of a generation. Raises StoreError for a damaged one."""
    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise StoreError("a file of an installed release is damaged.", where=Place(source=name)) from error


def put_on_shelf(
    store: QuadStore, release: Release, parts: Mapping[str, bytes | Path]
) -> dict[str, bytes | Path | None]:
    """The files to write so that a release with these parts is kept, in place of one of the same version."""
    others = [other for other in kept(store, release.name) if other.version != release.version]
    files: dict[str, bytes | Path | None] = _gone(store, release)
    files |= {_part_file(release, name): content for name, content in parts.items()}
    return {**files, _index_file(release.name): _index([*others, release])}


def take_from_shelf(store: QuadStore, release: Release) -> dict[str, bytes | Path | None]:
    """The files to write and to remove so that a release is no longer kept."""
    others = [other for other in kept(store, release.name) if other.version != release.version]
    return {**_gone(store, release), _index_file(release.name): _index(others)}


def _gone(store: QuadStore, release: Release) -> dict[str, bytes | Path | None]:
    parts = (CONCEPTS, TRIPLES, INFERRED, *map(mapping_part, MAPPINGS.get(release.name, ())))
    files = (_part_file(release, name) for name in parts)
    return {file: None for file in files if store.file(file) is not None}


def _index(releases: list[Release]) -> bytes:
    return (json.dumps([asdict(release) for release in releases], indent=1) + "\n").encode("utf-8")


def _index_file(name: str) -> str:
    return f"releases/{name}/index.json"


def _part_file(release: Release, name: str) -> str:
    # A version may be any text, and a folder's name may not be made of dots alone.
    return f"releases/{release.name}/{'v' + quote(release.version, safe='.')}/{name}"
