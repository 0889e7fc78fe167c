"""Installs releases of vocabularies from files and folders, or the small tables that come with the package."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from node.errors import Conflict, NotFound, Place
from node.model.identifiers import Identifiers
from node.ontology.activation import Parts, activate
from node.ontology.concepts import Concept, write_concepts
from node.ontology.core import CORE, CORE_TABLES, concept_triples, core_concepts
from node.ontology.inference import inferred_superclasses
from node.ontology.mapping_sources import read_gdc, read_icdo3, read_icdo3_names, read_oncotree
from node.ontology.mappings import MappingRow, read_mappings, write_mappings
from node.ontology.release_files import ReleaseContent, file_digest, read_release
from node.ontology.shelf import MAPPINGS, NAMES, Release, release_of
from node.rdf.namespaces import DCT, OBO, PROV, RDF_TYPE, RDFS_SUBCLASS_OF
from node.rdf.terms import iri, literal, triple
from node.resources import resource
from node.store.quads import QuadStore
from node.store.temporary import temporary_folder

#: What an extension may be called: a name of its own, which then names its files.
_EXTENSION = re.compile(r"[a-z][a-z0-9_-]{0,40}")
#: In which files of a folder an extension is looked for, after ``<name>`` and in this order.
_EXTENSION_ENDINGS = (".nt", ".nt.gz", ".ttl", ".owl", ".owl.gz", ".obo", ".obo.gz")

_CC_BY = "https://creativecommons.org/licenses/by/4.0/"
_APACHE = "http://www.apache.org/licenses/LICENSE-2.0"
#: The licence where the release does not say it.
_LICENCES = {**dict.fromkeys(("ncit", "obi", "oncotree", "icdo3"), _CC_BY), "onconode": _APACHE, "gdc": _APACHE}
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}|\d+(?:\.\d+)+[a-z]?")
#: A year or a date in the name of a file.
_DATED = re.compile(r"(?<!\d)((?:19|20)\d{2})(?:[-_](\d{2})[-_](\d{2}))?(?![\d])")

#: Which file of a folder holds which release, the better one first.
_FILES = {
    "onconode": ("onconode.nt", "onconode.ttl"),
    "ncit": ("ncit.owl", "ncit.owl.gz", "ncit-merged-*.nt.gz", "ncit*.nt.gz", "ncit*.obo"),
    "obi": ("obi.owl", "obi.owl.gz", "obi-from-obo.owl.gz", "obi*.owl.gz", "obi.obo"),
    "oncotree": ("oncotree-ncit.tsv", "oncotree*.json"),
    "icdo3m": ("*Morphology_Mapping.tsv",),
    "icdo3t": ("*Topography_Mapping.tsv",),
    "gdc": ("gdc-enumerations-ncit.tsv",),
}
#: Where the newest release of a vocabulary is had, and how the name of the file ends.
OFFICIAL = {
    "ncit": ("https://purl.obolibrary.org/obo/ncit.owl", "ncit.owl"),
    "obi": ("https://purl.obolibrary.org/obo/obi.owl", "obi.owl"),
    "oncotree": ("https://oncotree.mskcc.org/api/tumorTypes/tree?version=oncotree_latest_stable", "oncotree.json"),
}
#: How the IRIs of a vocabulary's own classes begin.
_OWN = {"ncit": f"{OBO}NCIT_", "obi": f"{OBO}OBI_"}
#: NCI's own edition of NCIt names the classes otherwise than the OBO edition, whose IRIs descriptions use.
_EVS = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl#"


def install(
    name: str,
    source: Path | None,
    *,
    store: QuadStore,
    identifiers: Identifiers,
    codes_only: bool = False,
    version: str | None = None,
    inference: bool = True,
    address: str = "",
) -> Release:
    """Install a release of ``ncit``, ``obi``, ``onconode`` (ontologies), ``oncotree``, ``icdo3`` or ``gdc`` (mappings).

    Any other name is that of a partner's own extension, whose classes hang under those of the others; it needs a
    ``source``. ``source`` is a file, or a folder that is searched two levels deep for the file of that name; without
    it the packaged table is installed, as version ``core``. ``codes_only`` leaves the triples out. ``version``
    overrules what the file says of itself. With ``inference`` superclasses that follow from the axioms are added, in a
    graph of their own. ``address``: where the file was downloaded. The release becomes the active one of its name, and
    the others stay on the shelf. One change of the store; installing what is active already changes nothing.

    Raises NotFound (no such name or file), DocumentSyntaxError, MediaTypeNotSupported, StoreError, and Conflict, also
    for a release of something else.
    """
    if name not in NAMES and (source is None or not _EXTENSION.fullmatch(name)):
        raise NotFound(
            f"there is no vocabulary called {name[:60]!r}.",
            remedy=f"Choose from: {', '.join(NAMES)}. An extension of your own is named in lower case, and its release "
            "with --from.",
        )
    if name in MAPPINGS:
        return _install_mappings(name, source, store, identifiers, version=version, address=address)
    if source is None and name == "onconode":
        source = resource("ontologies/onconode.ttl")
    if source is None:
        return _install_core(name, store, identifiers, codes_only)
    path = _find(name, source)
    digest = file_digest(path)
    old = release_of(store, name)
    same = old is not None and (old.digest, old.graph is None, old.classified) == (digest, codes_only, inference)
    if old is not None and same and version in (None, old.version):
        return old
    with temporary_folder("onconode-") as folder:
        spool = folder / "release.nt"
        added: list[Concept] = []
        if codes_only:
            content = read_release(path, skolem=identifiers.skolem, digest=digest)
        else:
            with spool.open("wb") as file:
                content = read_release(path, skolem=identifiers.skolem, digest=digest, triples=file)
                added = [c for c in core_concepts(name) if c.iri not in content.concepts]
                file.write(b"".join(map(concept_triples, added)))
        _check_it_is(name, content, path)
        release = Release(
            name=name,
            version=version or _version(content, path, digest),
            version_iri=content.version_iri,
            source=path.name,
            digest=digest,
            licence=content.licence or _LICENCES.get(name, ""),
            installed=_today(),
            concepts=len(content.concepts),
            triples=content.triples,
            core_added=len(added),
            address=address,
            classified=inference,
        )
        new = inferred_superclasses(content.axioms) if inference else {}
        new = {low: highs for low, highs in new.items() if low in content.concepts}
        release = replace(release, inferred=sum(map(len, new.values())))
        concepts = [_under(concept, new.get(concept.iri, ())) for concept in content.concepts.values()]
        graph = identifiers.vocabulary_graph(name, release.version)
        inferred = _inferred_triples(new, release, graph) if new and not codes_only else None
        parts = Parts(_packed(concepts), None if codes_only else spool, inferred)
        return activate(release, parts, store=store, identifiers=identifiers)


def _under(concept: Concept, parents: tuple[str, ...]) -> Concept:
    return replace(concept, parents=(*concept.parents, *parents)) if parents else concept


def _inferred_triples(new: dict[str, tuple[str, ...]], release: Release, graph: str) -> bytes:
    """The inferred superclasses, and of the graph that holds them what it is and what it was derived from (PROV-O)."""
    about = iri(f"{graph}/inferred")
    said = (
        f"superclasses that follow from the axioms of {release.name} {release.version} (EL), inferred at installation"
    )
    lines = [
        triple(about, iri(RDF_TYPE), iri(PROV + "Entity")),
        triple(about, iri(DCT + "description"), literal(said, language="en")),
        triple(about, iri(PROV + "wasDerivedFrom"), iri(graph)),
    ]
    lines += [
        triple(iri(low), iri(RDFS_SUBCLASS_OF), iri(high)) for low, highs in sorted(new.items()) for high in highs
    ]
    return "".join(lines).encode("utf-8")


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
    parts = Parts(_packed(concepts), None if codes_only else text)
    return activate(release, parts, store=store, identifiers=identifiers)


def _install_mappings(
    name: str, source: Path | None, store: QuadStore, identifiers: Identifiers, *, version: str | None, address: str
) -> Release:
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
        version=version or (CORE if source is None else _dated(paths[0].name) or digest[:12]),
        version_iri=None,
        source=", ".join(path.name for path in paths),
        digest=digest,
        licence=_LICENCES[name],
        installed=_today(),
        concepts=sum(map(len, tables.values())),
        address=address,
    )
    written = {system: write_mappings(rows) for system, rows in tables.items()}
    parts = Parts(_packed(concepts) if concepts else None, mappings=written)
    return activate(release, parts, store=store, identifiers=identifiers)


def _icdo3_system(path: Path) -> str:
    system = next((s for s in ("icdo3m", "icdo3t") if any(path.match(p) for p in _FILES[s])), None)
    if system is None:
        raise Conflict(
            "cannot tell morphology from topography.",
            where=Place(source=path.name),
            remedy="Name the file …Morphology_Mapping.tsv or …Topography_Mapping.tsv.",
        )
    return system


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


def _check_it_is(name: str, content: ReleaseContent, path: Path) -> None:
    """Raise NotFound for a file without classes, Conflict for one with those of another vocabulary."""
    place = Place(source=path.name)
    if not content.concepts:
        raise NotFound("there is no class in this file.", where=place)
    begin = tuple(_OWN.items())
    counts = Counter(own for concept in content.concepts for own, start in begin if concept.startswith(start))
    other = next((own for own in _OWN if own != name and content.ontology == f"{OBO}{own}.owl"), None)
    if other is None and name in _OWN and counts and 2 * counts[name] < counts.most_common(1)[0][1]:
        other = counts.most_common(1)[0][0]
    if name in NAMES and other is not None:
        raise Conflict(
            f"this is a release of {other}, not of {name}.",
            where=place,
            remedy=f"Install it by its name: onconode ontology install {other} --from {path.name}",
        )
    if name == "ncit" and any(concept.startswith(_EVS) for concept in content.concepts):
        raise Conflict(
            "this is NCI's own edition of NCIt, whose IRIs no description uses.",
            where=place,
            remedy=f"Give the OBO edition: {OBO}ncit.owl",
        )


def _version(content: ReleaseContent, path: Path, digest: str) -> str:
    """A short version: the date or number in the version IRI or info, else the date in the file's name, else the
    beginning of the file's digest."""
    for said in (content.version_iri, content.version_info):
        found = _VERSION.search(said) if said else None
        if found:
            return found.group()
    return _dated(path.name) or digest[:12]


def _dated(name: str) -> str | None:
    found = _DATED.search(name)
    return "-".join(part for part in found.groups() if part) if found else None


def _packed(concepts: Iterable[Concept]) -> bytes:
    return gzip.compress(write_concepts(concepts), compresslevel=6, mtime=0)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
