"""Makes one release of a name the active one: by installing it, or by bringing it back from the shelf.

One change of the store: graphs, concept table, mappings, record and shelf, all of it or nothing.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from node.errors import Conflict, NotFound
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.ontology.mappings import mapping_file
from node.ontology.shelf import (
    CONCEPTS,
    EXTENSIONS_FILE,
    INFERRED,
    MAPPINGS,
    NAMES,
    TRIPLES,
    Release,
    extensions,
    is_on_shelf,
    kept,
    mapping_part,
    part,
    put_on_shelf,
    record,
    record_file,
    release_of,
    table_file,
    take_from_shelf,
    unpacked,
)
from node.rdf.dataset import GraphScope
from node.rdf.formats import CSV, NTRIPLES
from node.store.quads import Budget, Change, GraphContent, QuadStore
from node.store.temporary import temporary_folder

#: Reading the graph of a release that was installed before there was a shelf.
_READING = Budget(3600.0, 4 << 30, 1 << 50)


@dataclass(frozen=True)
class Parts:
    """What a release is made of: a packed concept table, N-Triples, and tables by system of codes."""

    concepts: bytes | None = None
    triples: bytes | Path | None = None
    inferred: bytes | None = None
    mappings: Mapping[str, bytes] = field(default_factory=dict)


def activate(release: Release, parts: Parts, *, store: QuadStore, identifiers: Identifiers) -> Release:
    """Make a new release, made of these parts, the active one of its name. Returns it with the graphs that serve it.

    The one that was active stays on the shelf, and is put there if it is not. Raises StoreError, Conflict.
    """
    release = _served(release, parts, identifiers)
    with temporary_folder("onconode-release-") as folder:
        files: dict[str, bytes | Path | None] = {}
        active = release_of(store, release.name)
        if active is not None and active.version != release.version and not is_on_shelf(store, active):
            files |= put_on_shelf(store, active, dict(_packed(_of_before(store, active), folder / "before")))
        # The list of this one has the other in it.
        files |= put_on_shelf(store, release, dict(_packed(parts, folder / "new")))
        store.apply(_change(store, release, parts, files))
    return release


def roll_back(name: str, *, to: str | None = None, store: QuadStore, identifiers: Identifiers) -> Release:
    """Make another release on the shelf the active one: that of a version, or the one installed before the active.

    Raises NotFound when there is none, StoreError.
    """
    active = release_of(store, name)
    shelf = kept(store, name)
    if active is None:
        raise NotFound(f"no release of {name} is installed.", remedy=f"Install one: onconode ontology install {name}")
    if to is None:
        place = next(at for at, release in enumerate(shelf) if release.version == active.version)
        if place == 0:
            raise NotFound(
                f"no release of {name} was installed before {active.version}.",
                remedy="Name one with --to; onconode ontology list shows which there are.",
            )
        wanted = shelf[place - 1]
    else:
        wanted = version_of(name, to, store)
    if wanted.version == active.version:
        return active
    parts = _from_shelf(store, wanted)
    release = _served(wanted, parts, identifiers)
    store.apply(_change(store, release, parts, {}))
    return release


def remove(name: str, version: str, *, store: QuadStore) -> Release:
    """Take a release that is not active off the shelf for good. Raises NotFound, Conflict for the active one."""
    release = version_of(name, version, store)
    active = release_of(store, name)
    if active is not None and active.version == release.version:
        raise Conflict(
            f"{name} {release.version} is the active release.",
            remedy=f"Make another one active first: onconode ontology rollback {name} --to VERSION",
        )
    store.apply(Change(files=take_from_shelf(store, release)))
    return release


def version_of(name: str, version: str, store: QuadStore) -> Release:
    """The kept release of this version, or of the only one that begins so. Raises NotFound, Conflict."""
    shelf = kept(store, name)
    exact = [release for release in shelf if release.version == version]
    found = exact or [release for release in shelf if version and release.version.startswith(version)]
    if not found:
        there = ", ".join(release.version for release in shelf) or "none"
        raise NotFound(f"no release {version[:60]} of {name} is kept here.", remedy=f"There are: {there}.")
    if len(found) > 1:
        meant = ", ".join(release.version for release in found)
        raise Conflict(f"{version} could be several releases of {name}.", remedy=f"Say which: {meant}.")
    return found[0]


def _served(release: Release, parts: Parts, identifiers: Identifiers) -> Release:
    graph = identifiers.vocabulary_graph(release.name, release.version) if parts.triples is not None else None
    inferred = f"{graph}/inferred" if graph and parts.inferred else None
    return dataclasses.replace(release, graph=graph, inferred_graph=inferred)


def _change(store: QuadStore, release: Release, parts: Parts, files: Mapping[str, bytes | Path | None]) -> Change:
    active = release_of(store, release.name)
    put = []
    if release.graph is not None and parts.triples is not None:
        put.append(GraphContent(release.graph, Tier.PUBLIC, parts.triples))
    if release.inferred_graph is not None and parts.inferred is not None:
        put.append(GraphContent(release.inferred_graph, Tier.PUBLIC, parts.inferred))
    gone = () if active is None else tuple(graph for graph in active.graphs if graph not in release.graphs)
    written: dict[str, bytes | Path | None] = {record_file(release.name): record(release)}
    if parts.concepts is not None or store.file(table_file(release.name)) is not None:
        written[table_file(release.name)] = parts.concepts
    for system in MAPPINGS.get(release.name, ()):
        if system in parts.mappings or store.file(mapping_file(system)) is not None:
            written[mapping_file(system)] = parts.mappings.get(system)
    known = extensions(store)
    if release.name not in NAMES and release.name not in known:
        written[EXTENSIONS_FILE] = (json.dumps(sorted((*known, release.name))) + "\n").encode("utf-8")
    return Change(put=tuple(put), remove=gone, files={**files, **written})


def _packed(parts: Parts, folder: Path) -> Iterator[tuple[str, bytes | Path]]:
    """The parts as they lie on the shelf; large ones are packed into files in this folder."""
    folder.mkdir()
    if parts.concepts is not None:
        yield CONCEPTS, parts.concepts
    if isinstance(parts.triples, Path):
        packed = folder / TRIPLES
        with parts.triples.open("rb") as source, gzip.GzipFile(packed, "wb", compresslevel=1, mtime=0) as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield TRIPLES, packed
    elif parts.triples is not None:
        yield TRIPLES, gzip.compress(parts.triples, 1, mtime=0)
    if parts.inferred is not None:
        yield INFERRED, gzip.compress(parts.inferred, 1, mtime=0)
    for system, table in parts.mappings.items():
        yield mapping_part(system), table


def _of_before(store: QuadStore, release: Release) -> Parts:
    """The parts of an active release that is not on the shelf, from the store."""
    triples = None
    if release.graph is not None and store.graph(release.graph) is not None:
        text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{release.graph}> {{ ?s ?p ?o }} }}"
        scope = GraphScope((), (release.graph,))
        with store.query(text, scope=scope, formats=(CSV, NTRIPLES), budget=_READING) as answer:
            triples = b"".join(answer)
    tables = {system: store.file(mapping_file(system)) for system in MAPPINGS.get(release.name, ())}
    present = {system: table for system, table in tables.items() if table is not None}
    return Parts(store.file(table_file(release.name)), triples, mappings=present)


def _from_shelf(store: QuadStore, release: Release) -> Parts:
    """The parts of a release as they were put there. Raises StoreError."""

    def text(name: str) -> bytes | None:
        data = part(store, release, name)
        return None if data is None else unpacked(data, name)

    tables = {system: part(store, release, mapping_part(system)) for system in MAPPINGS.get(release.name, ())}
    present = {system: table for system, table in tables.items() if table is not None}
    return Parts(part(store, release, CONCEPTS), text(TRIPLES), text(INFERRED), present)
