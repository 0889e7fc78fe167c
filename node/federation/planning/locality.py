"""Which parts of a query can be matched at each member by itself, judged by the namespaces in the summaries. Pure.

A pattern is *local* when all triples of each of its solutions are at one member. Then its solutions over the merge are
those at the members put together, and no two members have the same one: what was matched at one of them is whole, and
nothing has to be joined here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import reduce

from node.federation.members.spaces import NOWHERE, Holders, Spaces, meet
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
    if any(catalogue.subjects(scan).unknown or catalogue.objects(scan).unknown for scan in scans):
        return None
    homes: dict[Place, _Homes] = {}
    for subject in dict.fromkeys(scan.s for scan in scans):
        homes[subject] = _homes(subject, required, scans, catalogue)
        if not homes[subject].settled:
            return None
    if not all(_lead_home(scan, homes[scan.o], catalogue) for scan in scans if scan.o in homes):
        return None
    # What must be described is so at its home. What is only looked up may be a value, or described nowhere.
    described_surely = {scan.s for scan in required}
    meeting = [place for place in _shared_objects(scans) if place not in described_surely]
    if not all(_apart(place, scans, catalogue) for place in meeting):
        return None
    described = [homes[subject].members for subject in {scan.s for scan in required}]
    members = tuple(name for name in catalogue.holding(required) if all(name in its for its in described))
    objects = {scan.o for scan in required if isinstance(scan.o, str)} - homes.keys()
    owned = {s for s in homes if isinstance(s, str) and any(scan.s == s for scan in required)}
    owned |= {o for o in objects if _apart(o, [s for s in required if s.o == o][:1], catalogue)}
    certain = frozenset().union(*(scan.variables for scan in required))
    return Locality(members, frozenset(v for v in owned if isinstance(v, str)), certain)


@dataclass(frozen=True, eq=False)
class _Homes:
    """At which members each namespace of a subject is described, and all of these members.

    ``settled``: nothing that can be the subject is described at two members. Blank nodes never are.
    """

    of: Mapping[str, Set[str]]
    members: Set[str]
    settled: bool


def _homes(subject: Place, required: Sequence[Scan], scans: Sequence[Scan], catalogue: Catalogue) -> _Homes:
    """Where what can be the subject of the patterns is described. It must match those that are required."""
    about = frozenset(catalogue.subjects(scan) for scan in scans if scan.s == subject)
    certain = frozenset(catalogue.subjects(scan) for scan in required if scan.s == subject)

    def find() -> _Homes:
        possible = frozenset((subject.value,)) if isinstance(subject, Term) else _possible(about, certain, catalogue)
        of: dict[str, Set[str]] = {s: NOWHERE.union(*(h.overlapping(s) for h in about)) for s in possible}
        settled = all(space == BLANK or len(homes) < 2 for space, homes in of.items())
        return _Homes(of, NOWHERE.union(*of.values()), settled)

    if isinstance(subject, Term):
        return catalogue.directory.remembered(("homes", subject, about, certain), find)
    return catalogue.directory.spaces.remembered(("homes", about, certain), find)


def _possible(about: frozenset[Holders], certain: frozenset[Holders], catalogue: Catalogue) -> Spaces:
    """Where a subject can be: in the namespaces of all required patterns at once, or without one of any."""
    if not certain:
        return NOWHERE.union(*(holders.spaces for holders in about))
    return catalogue.directory.spaces.remembered(("met", certain), lambda: reduce(meet, (h.spaces for h in certain)))


def _lead_home(scan: Scan, homes: _Homes, catalogue: Catalogue) -> bool:
    """Whether the objects of a pattern are described nowhere but at the member that names them so."""
    naming = catalogue.objects(scan)

    def find() -> bool:
        return all(
            described <= {name}
            for space, described in homes.of.items()
            if space != BLANK
            for name in naming.overlapping(space)
        )

    return catalogue.directory.remembered(("lead home", naming, homes), find)


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
    return catalogue.directory.together(map(catalogue.objects, about)).apart


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
