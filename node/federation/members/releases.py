"""Which releases of vocabularies the members of a federation work with, and where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from node.ontology.shelf import releases
from node.rdf.namespaces import DCT, OWL, SPDX
from node.store.quads import QuadStore

_SAID = {
    DCT + "conformsTo": "active",
    DCT + "references": "kept",
    DCT + "identifier": "name",
    OWL + "versionInfo": "version",
    OWL + "versionIRI": "iri",
    SPDX + "checksumValue": "digest",
}
_TRIPLE = re.compile(
    rf'^<([^>]*)> <({"|".join(map(re.escape, _SAID))})> (?:<([^>]*)>|"([^"\\]*)"\S*) \.$', re.ASCII | re.MULTILINE
)


@dataclass(frozen=True)
class StatedRelease:
    """A release that a member says it has: ``active`` is the one it checks codes with and answers from.

    ``digest`` is the SHA-256 of the file(s) it was installed from, "" where it is not said.
    """

    name: str
    version: str
    version_iri: str | None
    active: bool
    digest: str


@dataclass(frozen=True)
class ReleaseDifference:
    """A vocabulary of which members have different releases active: each release as text, with who has it."""

    name: str
    members: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        return f"{self.name}: " + ", ".join(f"{release} at {'; '.join(who)}" for release, who in self.members.items())


def read_releases(ntriples: str, dataset: str) -> tuple[StatedRelease, ...]:
    """The releases in a VoID description of a dataset (its IRI), as ``node.publishing.stated_releases`` writes them."""
    said: dict[str, dict[str, str]] = {}
    of: dict[str, bool] = {}
    for subject, predicate, iri, text in _TRIPLE.findall(ntriples):
        name = _SAID[predicate]
        if name in ("active", "kept"):
            if subject == dataset and iri:
                of[iri] = name == "active"
        else:
            said.setdefault(subject, {})[name] = iri or text
    described = ((said.get(release, {}), active) for release, active in of.items())
    return tuple(
        StatedRelease(about["name"], about["version"], about.get("iri"), active, about.get("digest", ""))
        for about, active in described
        if "name" in about and "version" in about
    )


def own_releases(store: QuadStore) -> tuple[StatedRelease, ...]:
    """The releases that this node works with. Raises StoreError."""
    return tuple(StatedRelease(r.name, r.version, r.version_iri, True, r.digest) for r in releases(store))


def release_differences(stated: Mapping[str, Iterable[StatedRelease]]) -> tuple[ReleaseDifference, ...]:
    """The vocabularies of which these members (by name) do not all have the same release active, sorted.

    A member without a vocabulary takes no part: it checks its codes with what another has given it, or not at all. Two
    releases are the same when their digests are, or, where one is not said, their versions.
    """
    active: dict[str, dict[str, StatedRelease]] = {}
    for member, told in stated.items():
        for release in told:
            if release.active:
                active.setdefault(release.name, {})[member] = release
    found = []
    for name, by_member in sorted(active.items()):
        groups: list[tuple[StatedRelease, list[str]]] = []
        for member, release in sorted(by_member.items()):
            for first, who in groups:
                if _same(first, release):
                    who.append(member)
                    break
            else:
                groups.append((release, [member]))
        if len(groups) > 1:
            versions = [release.version for release, _ in groups]
            named = {
                r.version if versions.count(r.version) == 1 else f"{r.version} ({r.digest[:12]})": tuple(who)
                for r, who in groups
            }
            found.append(ReleaseDifference(name, named))
    return tuple(found)


def _same(one: StatedRelease, other: StatedRelease) -> bool:
    return one.digest == other.digest if one.digest and other.digest else one.version == other.version


class Differences:
    """Remembers where the members differed the last time, for that changes seldom. Safe to use from several threads."""

    def __init__(self) -> None:
        self._last: tuple[dict[str, tuple[StatedRelease, ...]], tuple[ReleaseDifference, ...]] = ({}, ())

    def of(self, stated: dict[str, tuple[StatedRelease, ...]]) -> tuple[ReleaseDifference, ...]:
        """What ``release_differences`` gives of these members."""
        known, found = self._last
        # What has not changed is the same object, which is compared at once.
        if known != stated:
            found = release_differences(stated)
            self._last = stated, found
        return found
