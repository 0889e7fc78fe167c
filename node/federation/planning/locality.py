"""Which parts of a query can be matched at each member by itself, judged by the namespaces in the summaries. Pure.

A pattern is *local* when all triples of each of its solutions are at one member. Then its solutions over the merge are
those at the members put together, and no two members have the same one: what was matched at one of them is whole, and
nothing has to be joined here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from node.federation.members.spaces import Holders, Spaces, meet
from node.federation.planning.plan import Place, Scan
from node.federation.planning.selection import Catalogue
from node.rdf.spaces import BLANK
from node.sparql.terms import Term


@dataclass(frozen=True)
class Optionally:
    """What is looked up for each solution, by values of the variables ``allowed``."""

    scans: tuple[Scan, ...]
    allowed: frozenset[str]


@dataclass(frozen=True)
class Locality:
    """What was found out about one pattern.

    ``members``: where it may have solutions. ``owned``: variables that never have the same value at two of them.
    ``certain``: those that its patterns bind.
    """

    members: tuple[str, ...]
    owned: frozenset[str]
    certain: frozenset[str]


def local(required: Sequence[Scan], optional: Sequence[Optionally], catalogue: Catalogue) -> Locality | None:
    """Where a pattern is local, None if it is not, or if that cannot be known.

    ``required`` must all match in a solution. Constants join nothing: the required patterns must hang together by
    variables, and so must those of each optional part, beginning with a variable that a required one binds.
    """
    found = ("local", tuple(required), tuple(optional), catalogue.scope.default)
    return catalogue.directory.remembered(found, lambda: _local(required, optional, catalogue))


def _local(required: Sequence[Scan], optional: Sequence[Optionally], catalogue: Catalogue) -> Locality | None:
    scans = [*required, *(scan for part in optional for scan in part.scans)]
    if not required or not all(_is_plain(scan) and catalogue.in_default_graph(scan) for scan in scans):
        return None
    if not _connected(required, optional):
        return None
    names = list(catalogue.summaries)
    if any(catalogue.subjects(n, s) is None or catalogue.objects(n, s) is None for n in names for s in scans):
        return None
    homes = _Homes(required, scans, catalogue)
    subjects = dict.fromkeys(scan.s for scan in scans)
    if not all(homes.settled(subject) for subject in subjects):
        return None
    for scan in scans:
        if scan.o in subjects and not homes.leads_home(scan):
            return None
    meeting = [place for place in _shared_objects(scans) if place not in subjects]
    if not all(_apart(place, scans, catalogue) for place in meeting):
        return None
    members = tuple(
        name
        for name in names
        if all(catalogue.holds(name, scan) for scan in required) and all(homes.at(name, s.s) for s in required)
    )
    objects = {scan.o for scan in required if isinstance(scan.o, str)} - set(subjects)
    owned = {s for s in subjects if isinstance(s, str) and any(scan.s == s for scan in required)}
    owned |= {o for o in objects if _apart(o, [s for s in required if s.o == o][:1], catalogue)}
    certain = frozenset().union(*(scan.variables for scan in required))
    return Locality(members, frozenset(v for v in owned if isinstance(v, str)), certain)


class _Homes:
    """At which member each namespace of each subject is described."""

    def __init__(self, required: Sequence[Scan], scans: Sequence[Scan], catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._homes: dict[Place, dict[str, set[str]]] = {}
        for subject in dict.fromkeys(scan.s for scan in scans):
            about = [scan for scan in scans if scan.s == subject]
            certain = [scan for scan in required if scan.s == subject]
            held = self._held(about)
            possible = self._possible(certain or about, every=bool(certain))
            if isinstance(subject, Term):
                possible = frozenset({subject.value})
            holders = Holders(held)
            self._homes[subject] = {space: holders.overlapping(space) for space in possible}

    def settled(self, subject: Place) -> bool:
        """Whether nothing that can be the subject is described at two members. Blank nodes never are."""
        return all(space == BLANK or len(homes) < 2 for space, homes in self._homes[subject].items())

    def at(self, name: str, subject: Place) -> bool:
        """Whether something that can be the subject is described at the member."""
        return any(name in homes for homes in self._homes[subject].values())

    def leads_home(self, scan: Scan) -> bool:
        """Whether the objects of a pattern are described nowhere but at the member that names them so."""
        naming = Holders(
            {name: self._catalogue.objects(name, scan) or frozenset() for name in self._catalogue.summaries}
        )
        return all(
            homes <= {name}
            for space, homes in self._homes[scan.o].items()
            if space != BLANK
            for name in naming.overlapping(space)
        )

    def _held(self, about: Sequence[Scan]) -> dict[str, Spaces]:
        return {name: _union(self._catalogue.subjects(name, s) for s in about) for name in self._catalogue.summaries}

    def _possible(self, scans: Sequence[Scan], *, every: bool) -> Spaces:
        """Where a subject can be: of all these patterns at once, or of any."""
        of_each = [_union(self._catalogue.subjects(name, scan) for name in self._catalogue.summaries) for scan in scans]
        if not every:
            return _union(of_each)
        possible = of_each[0]
        for spaces in of_each[1:]:
            possible = meet(possible, spaces)
        return possible


def _union(spaces: Iterable[Spaces | None]) -> Spaces:
    return frozenset().union(*(s for s in spaces if s is not None))


def _is_plain(scan: Scan) -> bool:
    return isinstance(scan.p, Term) and scan.p.kind == "iri"


def _shared_objects(scans: Sequence[Scan]) -> list[Place]:
    """Variables that are objects of patterns with different subjects."""
    subjects: defaultdict[Place, set[Place]] = defaultdict(set)
    for scan in scans:
        if isinstance(scan.o, str):
            subjects[scan.o].add(scan.s)
    return [place for place, of in subjects.items() if len(of) > 1]


def _apart(place: Place, scans: Sequence[Scan], catalogue: Catalogue) -> bool:
    """Whether a variable cannot have the same value as object of these patterns at two members."""
    about = [scan for scan in scans if scan.o == place]
    holders = Holders(
        {name: _union(catalogue.objects(name, scan) for scan in about) - {BLANK} for name in catalogue.summaries}
    )
    return all(len(holders.overlapping(space)) < 2 for space in holders.spaces)


def _connected(required: Sequence[Scan], optional: Sequence[Optionally]) -> bool:
    """Whether the required patterns hang together, and each optional part with them."""
    first, *others = required
    certain = frozenset(first.variables)
    if not _grown(certain, others):
        return False
    certain = certain.union(*(scan.variables for scan in others))
    return all(_grown(part.allowed & certain, part.scans) for part in optional)


def _grown(reached: frozenset[str], scans: Sequence[Scan]) -> bool:
    """Whether all patterns are reached from these variables, by variables that they share."""
    waiting = list(scans)
    while waiting:
        joined = [scan for scan in waiting if scan.variables & reached]
        if not joined:
            return False
        reached = reached.union(*(scan.variables for scan in joined))
        waiting = [scan for scan in waiting if scan not in joined]
    return True
