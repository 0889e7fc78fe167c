"""Installed releases of vocabularies: what a node checks codes with, and what it serves of them.

A generation of the node keeps ``vocabulary/<name>.tsv.gz`` (the concepts), ``vocabulary/<name>.json`` (which release
it is) and ``mappings/<system>.tsv`` of the active release of each name; all releases are on the shelf
(``node.ontology.shelf``). Unless only codes were asked for, the triples of the active release are a public graph.
A partner's own extension is a release of another name; ``vocabulary/extensions.json`` lists these.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from node.ontology.concepts import Vocabulary, read_concepts
from node.ontology.core import core_triples, core_vocabulary
from node.ontology.installation import install
from node.ontology.mappings import mapping_file
from node.ontology.shelf import (
    EXTENSIONS_FILE,
    MAPPINGS,
    NAMES,
    Release,
    extensions,
    kept,
    record,
    record_file,
    release_of,
    releases,
    table_file,
    unpacked,
)
from node.store.quads import Change, QuadStore

__all__ = [
    "NAMES",
    "Release",
    "copy_codes",
    "core_triples",
    "core_vocabulary",
    "extensions",
    "install",
    "installed_vocabulary",
    "kept",
    "release_of",
    "releases",
]

#: Those with concepts of their own. ICD-O-3 only names places in the body that even the packaged core may lack.
_LAYERS = ("onconode", "ncit", "obi")


def installed_vocabulary(store: QuadStore) -> Vocabulary:
    """What this node checks codes with: the packaged core, and what is installed on top of it."""
    vocabulary = _concepts(store, "icdo3").overlaid_by(core_vocabulary())
    for name in (*_LAYERS, *extensions(store)):
        vocabulary = vocabulary.overlaid_by(_concepts(store, name))
    return vocabulary


def _concepts(store: QuadStore, name: str) -> Vocabulary:
    data = store.file(table_file(name))
    return Vocabulary() if data is None else read_concepts(unpacked(data, table_file(name)), source=name)


def copy_codes(source: QuadStore, target: QuadStore) -> list[Release]:
    """Give one node the concept tables and mappings that another has active, without their graphs."""
    files: dict[str, bytes | Path | None] = {}
    copied = []
    for release in releases(source):
        release = dataclasses.replace(release, graph=None, inferred_graph=None)  # noqa: PLW2901
        if release_of(target, release.name) == release:
            copied.append(release)
            continue
        tables = [table_file(release.name), *map(mapping_file, MAPPINGS.get(release.name, ()))]
        contents = {table: data for table in tables if (data := source.file(table)) is not None}
        files |= {**contents, record_file(release.name): record(release)}
        if release.name not in NAMES:
            files[EXTENSIONS_FILE] = source.file(EXTENSIONS_FILE)
        copied.append(release)
    if files:
        target.apply(Change(files=files))
    return copied
