"""Installed releases of vocabularies: what a node checks codes with, and what it serves of them.

A generation of the node keeps ``vocabulary/<name>.tsv.gz`` (the concepts), ``vocabulary/<name>.json`` (which release
it is) and ``mappings/<system>.tsv``. Unless only codes were asked for, the triples of the release are a public graph.
A partner's own extension is a release of another name; ``vocabulary/extensions.json`` lists these.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from node.errors import Conflict, NotFound, Place, StoreError
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.ontology.concepts import Concept, Vocabulary, read_concepts, write_concepts
from node.ontology.core import CORE, CORE_TABLES, concept_triples, core_concepts, core_triples, core_vocabulary
from node.ontology.mapping_sources import read_gdc, read_icdo3, read_icdo3_names, read_oncotree
from node.ontology.mappings import MappingRow, mapping_file, read_mappings, write_mappings
from node.ontology.release_files import ReleaseContent, file_digest, read_release
from node.resources import resource
from node.store.quads import Change, GraphContent, QuadStore

__all__ = [
    "NAMES",
    "Release",
    "copy_codes",
    "core_triples",
    "core_vocabulary",
    "extensions",
    "install",
    "installed_vocabulary",
    "release_of",
    "releases",
]

#: What can be installed, in the order in which it is listed.
NAMES = ("onconode", "ncit", "obi", "oncotree", "icdo3", "gdc")
#: What an extension may be called: a name of its own, which then names its files.
_EXTENSION = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_EXTENSIONS_FILE = "vocabulary/extensions.json"
#: In which files of a folder an extension is looked for, after ``<name>`` and in this order.
_EXTENSION_ENDINGS = (".nt", ".nt.gz", ".ttl", ".owl", ".owl.gz")
#: Those with concepts of their own. ICD-O-3 only names places in the body that even the packaged core may lack.
_LAYERS = ("onconode", "ncit", "obi")

_CC_BY = "https://creativecommons.org/licenses/by/4.0/"
_APACHE = "http://www.apache.org/licenses/LICENSE-2.0"
_LICENCES = {**dict.fromkeys(("ncit", "obi", "oncotree", "icdo3"), _CC_BY), "onconode": _APACHE, "gdc": _APACHE}
#: What is installed as mappings: name to the systems of codes in it.
_MAPPINGS = {"oncotree": ("oncotree",), "icdo3": ("icdo3m", "icdo3t"), "gdc": ("gdc",)}
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}|\d+(?:\.\d+)+[a-z]?")

#: Which file of a folder holds which release, the better one first.
_FILES = {
    "onconode": ("onconode.nt", "onconode.ttl"),
    "ncit": ("ncit.owl", "ncit.owl.gz", "ncit-merged-*.nt.gz", "ncit*.nt.gz"),
    "obi": ("obi.owl", "obi.owl.gz", "obi-from-obo.owl.gz", "obi*.owl.gz"),
    "oncotree": ("oncotree-ncit.tsv", "oncotree*.json"),
    "icdo3m": ("*Morphology_Mapping.tsv",),
    "icdo3t": ("*Topography_Mapping.tsv",),
    "gdc": ("gdc-enumerations-ncit.tsv",),
}


@dataclass(frozen=True)
class Release:
    """One installed release. ``concepts`` counts classes, or the codes of a mapping table.

    ``digest`` is the SHA-256 of the file(s) it came from, ``graph`` the IRI of the graph that serves it (None: it
    is only used to check codes), ``installed`` a date (ISO 8601), ``core_added`` how many concepts of the packaged
    table, lacking in the release, its graph serves besides.
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


def installed_vocabulary(store: QuadStore) -> Vocabulary:
    """What this node checks codes with: the packaged core, and what is installed on top of it."""
    vocabulary = _concepts(store, "icdo3").overlaid_by(core_vocabulary())
    for name in (*_LAYERS, *extensions(store)):
        vocabulary = vocabulary.overlaid_by(_concepts(store, name))
    return vocabulary


def _concepts(store: QuadStore, name: str) -> Vocabulary:
    data = store.file(_table_file(name))
    return Vocabulary() if data is None else read_concepts(_unpack(data, _table_file(name)), source=name)


def releases(store: QuadStore) -> list[Release]:
    """The installed releases, in the order of ``NAMES``, then the extensions."""
    found = (release_of(store, name) for name in (*NAMES, *extensions(store)))
    return [release for release in found if release is not None]


def extensions(store: QuadStore) -> tuple[str, ...]:
    """The names of the installed extensions, sorted. Raises StoreError for a damaged list."""
    data = store.file(_EXTENSIONS_FILE)
    try:
        return tuple(sorted(map(str, json.loads(data)))) if data is not None else ()
    except (ValueError, TypeError) as error:
        raise StoreError("the list of extensions is damaged.", where=Place(_EXTENSIONS_FILE)) from error


def release_of(store: QuadStore, name: str) -> Release | None:
    """The installed release of this name, None if there is none. Raises StoreError for a record that is not one."""
    data = store.file(_record_file(name))
    if data is None:
        return None
    try:
        return Release(**json.loads(data))
    except (ValueError, TypeError) as error:
        raise StoreError("the record of an installed release is damaged.", where=Place(_record_file(name))) from error


def install(
    name: str,
    source: Path | None,
    *,
    store: QuadStore,
    identifiers: Identifiers,
    codes_only: bool = False,
    version: str | None = None,
) -> Release:
    """Install a release of ``ncit``, ``obi``, ``onconode`` (ontologies), ``oncotree``, ``icdo3`` or ``gdc`` (mappings).

    Any other name is that of a partner's own extension, whose classes hang under those of the others; it needs a
    ``source``. ``source`` is a file, or a folder that is searched two levels deep for the file of that name; without
    it the packaged table is installed, as version ``core``. ``codes_only`` leaves the triples out. ``version``
    overrules what the file says of itself. One change of the store; installing what is there already changes nothing.
    Raises NotFound (no such name or file), DocumentSyntaxError, MediaTypeNotSupported, StoreError, Conflict.
    """
    if name not in NAMES and (source is None or not _EXTENSION.fullmatch(name)):
        raise NotFound(
            f"there is no vocabulary called {name[:60]!r}.",
            remedy=f"Choose from: {', '.join(NAMES)}. An extension of your own is named in lower case, and its release "
            "with --from.",
        )
    if name in _MAPPINGS:
        return _install_mappings(name, source, store, version)
    if source is None and name == "onconode":
        source = resource("ontologies/onconode.ttl")
    if source is None:
        return _install_core(name, store, identifiers, codes_only)
    path = _find(name, source)
    digest = file_digest(path)
    old = release_of(store, name)
    if old and old.digest == digest and (old.graph is None) == codes_only and version in (None, old.version):
        return old
    with tempfile.TemporaryDirectory(prefix="onconode-") as folder:
        spool = Path(folder) / "release.nt"
        added: list[Concept] = []
        if codes_only:
            content = read_release(path, skolem=identifiers.skolem, digest=digest)
        else:
            with spool.open("wb") as file:
                content = read_release(path, skolem=identifiers.skolem, digest=digest, triples=file)
                added = [c for c in core_concepts(name) if c.iri not in content.concepts]
                file.write(b"".join(map(concept_triples, added)))
        if not content.concepts:
            raise NotFound("there is no class in this file.", where=Place(source=path.name))
        release = Release(
            name=name,
            version=version or _version(content, digest),
            version_iri=content.version_iri,
            source=path.name,
            digest=digest,
            licence=_LICENCES.get(name, ""),
            installed=_today(),
            concepts=len(content.concepts),
            triples=content.triples,
            core_added=len(added),
        )
        graph = None if codes_only else spool
        return _apply(store, identifiers, release, concepts=content.concepts.values(), triples=graph, old=old)


def copy_codes(source: QuadStore, target: QuadStore) -> list[Release]:
    """Give one node the concept tables and mappings that another has installed, without their graphs."""
    files: dict[str, bytes | Path | None] = {}
    copied = []
    for release in releases(source):
        release = dataclasses.replace(release, graph=None)  # noqa: PLW2901
        if release_of(target, release.name) == release:
            copied.append(release)
            continue
        tables = [_table_file(release.name), *map(mapping_file, _MAPPINGS.get(release.name, ()))]
        contents = {table: data for table in tables if (data := source.file(table)) is not None}
        files |= {**contents, _record_file(release.name): _record(release)}
        if release.name not in NAMES:
            files[_EXTENSIONS_FILE] = source.file(_EXTENSIONS_FILE)
        copied.append(release)
    if files:
        target.apply(Change(files=files))
    return copied


def _install_core(name: str, store: QuadStore, identifiers: Identifiers, codes_only: bool) -> Release:
    path = resource(CORE_TABLES[name])
    concepts = list(core_concepts(name))
    digest = file_digest(path)
    old = release_of(store, name)
    if old and old.digest == digest and (old.graph is None) == codes_only:
        return old
    text = b"".join(map(concept_triples, concepts))
    release = Release(
        name=name,
        version=CORE,
        version_iri=None,
        source=path.name,
        digest=digest,
        licence=_LICENCES[name],
        installed=_today(),
        concepts=len(concepts),
        triples=text.count(b"\n"),
    )
    triples = None if codes_only else text
    return _apply(store, identifiers, release, concepts=concepts, triples=triples, old=old)


def _install_mappings(name: str, source: Path | None, store: QuadStore, version: str | None) -> Release:
    tables: dict[str, list[MappingRow]] = {}
    concepts: list[Concept] = []
    if source is None:
        if name != "oncotree":
            raise NotFound(f"no table of {name} comes with Onconode.", remedy="Give its file or folder with --from.")
        paths = [resource("ontologies/core-oncotree.tsv")]
        tables["oncotree"] = list(read_mappings(paths[0].read_bytes(), source=paths[0].name).values())
    elif name == "oncotree":
        paths = [_find("oncotree", source)]
        tables["oncotree"] = read_oncotree(paths[0])
    elif name == "gdc":
        paths = [_find("gdc", source)]
        tables["gdc"] = read_gdc(paths[0])
    else:
        # a single file is one of the two tables, a folder holds both
        systems = ("icdo3m", "icdo3t") if source.is_dir() else (_icdo3_system(source),)
        paths = [_find(system, source) for system in systems]
        tables = {system: read_icdo3(path) for system, path in zip(systems, paths, strict=True)}
        concepts = read_icdo3_names(paths[systems.index("icdo3t")]) if "icdo3t" in systems else []
    digest = "+".join(map(file_digest, paths))
    old = release_of(store, name)
    if old and old.digest == digest and version in (None, old.version):
        return old
    release = Release(
        name=name,
        version=version or (CORE if source is None else digest[:12]),
        version_iri=None,
        source=", ".join(path.name for path in paths),
        digest=digest,
        licence=_LICENCES[name],
        installed=_today(),
        concepts=sum(map(len, tables.values())),
    )
    files: dict[str, bytes | Path | None] = {mapping_file(s): write_mappings(rows) for s, rows in tables.items()}
    if concepts:
        files[_table_file(name)] = _packed(concepts)
    store.apply(Change(files={**files, _record_file(name): _record(release)}))
    return release


def _icdo3_system(path: Path) -> str:
    system = next((s for s in ("icdo3m", "icdo3t") if any(path.match(p) for p in _FILES[s])), None)
    if system is None:
        raise Conflict(
            "cannot tell morphology from topography.",
            where=Place(source=path.name),
            remedy="Name the file …Morphology_Mapping.tsv or …Topography_Mapping.tsv.",
        )
    return system


def _apply(
    store: QuadStore,
    identifiers: Identifiers,
    release: Release,
    *,
    concepts: Iterable[Concept],
    triples: bytes | Path | None,
    old: Release | None,
) -> Release:
    """Write table, record and graph as one change, and drop the graph of the release that was there before."""
    put: tuple[GraphContent, ...] = ()
    if triples is not None:
        graph = identifiers.vocabulary_graph(release.name, release.version)
        release = dataclasses.replace(release, graph=graph)
        put = (GraphContent(graph, Tier.PUBLIC, triples),)
    remove = (old.graph,) if old and old.graph and old.graph != release.graph else ()
    files: dict[str, bytes | Path | None] = {
        _table_file(release.name): _packed(concepts),
        _record_file(release.name): _record(release),
        **_listed(store, release.name),
    }
    store.apply(Change(put=put, remove=remove, files=files))
    return release


def _listed(store: QuadStore, name: str) -> dict[str, bytes | Path | None]:
    """The list of extensions with this name in it, as a file to write; nothing for what is no extension or listed."""
    known = extensions(store)
    if name in NAMES or name in known:
        return {}
    return {_EXTENSIONS_FILE: (json.dumps(sorted((*known, name))) + "\n").encode("utf-8")}


def _find(name: str, source: Path) -> Path:
    if source.is_file():
        return source
    patterns = _FILES.get(name) or tuple(name + ending for ending in _EXTENSION_ENDINGS)
    for pattern in patterns:
        for folder_pattern in (pattern, f"*/{pattern}"):
            found = sorted(p for p in source.glob(folder_pattern) if p.is_file())
            if found:
                return found[0]
    raise NotFound(
        f"no release of {name} is here.", where=Place(source=str(source)), remedy=f"Looked for: {', '.join(patterns)}."
    )


def _version(content: ReleaseContent, digest: str) -> str:
    """A short version: the date or number in the version IRI or info, else the beginning of the file's digest."""
    for said in (content.version_iri, content.version_info):
        found = _VERSION.search(said) if said else None
        if found:
            return found.group()
    return digest[:12]


def _packed(concepts: Iterable[Concept]) -> bytes:
    return gzip.compress(write_concepts(concepts), compresslevel=6, mtime=0)


def _table_file(name: str) -> str:
    return f"vocabulary/{name}.tsv.gz"


def _record_file(name: str) -> str:
    return f"vocabulary/{name}.json"


def _record(release: Release) -> bytes:
    return (json.dumps(dataclasses.asdict(release), indent=2) + "\n").encode("utf-8")


def _unpack(data: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise StoreError("a concept table is damaged.", where=Place(source=name)) from error


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
