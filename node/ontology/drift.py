"""Codes that data carry and a release no longer has in force: obsolete, missing, moved to another branch.

What takes the place of an obsolete class is what the ontology says: ``term replaced by`` (IAO:0100001), followed until
a class in force; ``oboInOwl:consider`` only names candidates, as its documentation has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from node.errors import NotFound
from node.ontology.branches import BRANCHES, SAMPLE_CLASSES, in_branch
from node.ontology.code_systems import HUB, code_name
from node.ontology.concepts import Vocabulary, read_concepts
from node.ontology.release_files import file_digest, read_release
from node.ontology.shelf import CONCEPTS, NAMES, TRIPLES, extensions, kept, part, unpacked
from node.rdf.namespaces import OBO, OBOINOWL, expand
from node.store.quads import QuadStore
from node.store.temporary import temporary_folder

REPLACED_BY = OBO + "IAO_0100001"
CONSIDER = OBOINOWL + "consider"
#: The properties whose values are looked at: those for codes, and the type of samples.
WATCHED = (*BRANCHES, *SAMPLE_CLASSES)


class Fault(StrEnum):
    """What has become of a code."""

    OBSOLETE = "obsolete"
    MISSING = "missing"
    MOVED = "moved"


@dataclass(frozen=True)
class Successors:
    """What the files of a release say follows a class: by ``term replaced by`` and by ``consider``, by class."""

    replaced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    considered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, statements: Iterable[tuple[str, str, str]]) -> Successors:
        """From statements: class, property (``REPLACED_BY`` or ``CONSIDER``), class as IRI or as a CURIE."""
        found: dict[str, dict[str, list[str]]] = {REPLACED_BY: {}, CONSIDER: {}}
        for subject, predicate, value in statements:
            iri = value if "://" in value else expand(value)
            if iri and iri != subject:
                found[predicate].setdefault(subject, []).append(iri)
        replaced, considered = (
            {subject: tuple(dict.fromkeys(sorted(values))) for subject, values in of.items()} for of in found.values()
        )
        return cls(replaced, considered)


@dataclass(frozen=True)
class Verdict:
    """What has become of a code at a property: the fault, the class in its place (None: none for certain), the way
    there (classes between the code and it), candidates, and why there is no class in its place ("" where there is)."""

    fault: Fault
    replacement: str | None = None
    way: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    reason: str = ""


def verdict(property_iri: str, code: str, vocabulary: Vocabulary, successors: Successors) -> Verdict | None:
    """What has become of a code as a value of a property; None while all is well, or if it is nothing to judge."""
    concept = vocabulary.get(code)
    if concept is None:
        if in_branch(vocabulary, property_iri, code) and not code.startswith(HUB):
            return None  # of an ontology that is taken as it is
        if property_iri not in BRANCHES and not code.startswith(HUB):
            return None
        return _followed(Fault.MISSING, property_iri, code, vocabulary, successors)
    if concept.obsolete:
        return _followed(Fault.OBSOLETE, property_iri, code, vocabulary, successors)
    if not in_branch(vocabulary, property_iri, code):
        return Verdict(Fault.MOVED, reason="it is in force, but no longer of the branch of this property")
    return None


def _followed(fault: Fault, property_iri: str, code: str, vocabulary: Vocabulary, successors: Successors) -> Verdict:
    """Follow ``term replaced by`` to a class in force that the property may have."""

    def usable(iri: str) -> bool:
        concept = vocabulary.get(iri)
        return concept is not None and not concept.obsolete and in_branch(vocabulary, property_iri, iri)

    way: list[str] = []
    candidates: list[str] = []
    reason = "nothing is said to take its place"
    at = code
    while True:
        candidates += successors.considered.get(at, ())
        following = _replaced(at, vocabulary, successors)
        if not following:
            break
        if len(following) > 1:
            candidates += following
            reason = f"{len(following)} classes are said to take the place of {code_name(at)}"
            break
        at = following[0]
        if at == code or at in way:
            reason = "the classes that take its place replace each other in a circle"
            break
        if usable(at):
            return Verdict(fault, at, tuple(way), tuple(dict.fromkeys(c for c in candidates if usable(c))))
        way.append(at)
        concept = vocabulary.get(at)
        if concept is None:
            reason = f"{code_name(at)}, which takes its place, is not in the release"
        elif concept.obsolete:
            reason = f"{code_name(at)}, which takes its place, is obsolete and has no successor"
        else:
            reason = f"{code_name(at)}, which takes its place, is not of the branch of this property"
            break
    return Verdict(fault, None, tuple(way), tuple(dict.fromkeys(c for c in candidates if usable(c))), reason)


def _replaced(iri: str, vocabulary: Vocabulary, successors: Successors) -> tuple[str, ...]:
    said = successors.replaced.get(iri, ())
    concept = vocabulary.get(iri)
    if not said and concept is not None and concept.replaced_by:
        return (concept.replaced_by,)
    return said


def release_against(path: Path, vocabulary: Vocabulary, name: str = "") -> tuple[Vocabulary, Successors, str]:
    """What a node would know if it installed the release in a file, what that says of successors, and its name.

    ``name`` is the vocabulary it is a release of; '' takes it from its classes. Raises what ``read_release`` raises.
    """
    with temporary_folder("onconode-") as folder, (folder / "release.nt").open("w+b") as spool:
        content = read_release(path, skolem=_skolem, digest=file_digest(path), triples=spool)
        spool.seek(0)
        successors = Successors.of(_statements(spool))
    name = name or _named(content.concepts)
    release = Vocabulary.of(content.concepts.values(), name)
    return vocabulary.with_instead(name, release), successors, name


def kept_against(text: str, vocabulary: Vocabulary, store: QuadStore) -> tuple[Vocabulary, Successors, str]:
    """The same for a release that the node keeps, active or not: ``text`` is its version, or its name and version.

    Raises NotFound for one that is not kept, StoreError for one that is damaged.
    """
    found = [
        release
        for name in (*NAMES, *extensions(store))
        for release in kept(store, name)
        if text in (release.version, f"{release.name} {release.version}")
    ]
    data = part(store, found[0], CONCEPTS) if len(found) == 1 else None
    if data is None:
        raise NotFound(
            f"{text!r} is neither a file nor one release that this node keeps beside the active ones.",
            remedy="onconode ontology list names them; write the name and version where several have the same.",
        )
    (release,) = found
    table = read_concepts(unpacked(data, CONCEPTS), source=release.name)
    triples = part(store, release, TRIPLES)
    lines = unpacked(triples, TRIPLES).splitlines() if triples is not None else []
    return vocabulary.with_instead(release.name, table), Successors.of(_statements(lines)), release.name


def _skolem(token: str) -> str:
    return f"urn:x-onconode:{token}"


def _named(iris: Iterable[str]) -> str:
    """Of which vocabulary most classes are."""
    counts = {"ncit": 0, "obi": 0, "onconode": 0}
    for iri in iris:
        counts["ncit" if iri.startswith(HUB[0]) else "obi" if iri.startswith(OBO) else "onconode"] += 1
    return max(counts, key=lambda name: counts[name])


def _statements(lines: Iterable[bytes]) -> Iterator[tuple[str, str, str]]:
    """The statements about successors among N-Triples lines."""
    for line in lines:
        if b"IAO_0100001>" not in line and b"oboInOwl#consider>" not in line:
            continue
        subject, predicate, value = line.decode("utf-8").rstrip().removesuffix(" .").split(" ", 2)
        if predicate[1:-1] in (REPLACED_BY, CONSIDER):
            text = value[1:-1] if value.startswith("<") else value.split('"')[1]
            yield subject[1:-1], predicate[1:-1], text
