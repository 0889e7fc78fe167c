"""Stars some of whose subjects are described at two members: those few are found and taken out, and the rest is local.

Where members say that they describe things under the same namespaces, a star is not local (``locality``): a donor of
one hospital may be described at another too. But mostly few are. Each namespace has a *home*, the member most of whose
own names are like it; a thing that is described elsewhere is a *stray*.

First, members name the strays they have. What is no stray anywhere is described at its home alone, so that members
can group and add up their things but for the strays (``partition``). Strays are fetched from all members, and evaluated
here as if this node were one more of them. A namespace's home is a guess: a wrong one makes many strays, and no wrong
answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from node.federation.calling.rows import Shape, Table, cell
from node.federation.members.spaces import NOWHERE, Cells, Holders, Spaces
from node.federation.planning.locality import Locality
from node.federation.planning.partition import Partition, by_groups, hashed_at, is_plain
from node.federation.planning.plan import Body, Scan
from node.federation.planning.requests import Job, blocks, scan_text
from node.federation.planning.rounds import Answer, Rounds
from node.federation.planning.selection import Catalogue
from node.rdf.spaces import BLANK, LITERAL
from node.sparql.algebra import Form, Group, InlineData, Minus, Query, Select
from node.sparql.terms import Term, iri_term, literal_term

#: More strays of one member than these are not taken out.
MOST_STRAYS = 20_000
#: More than there are.
_ALL = 1_000_000_000
#: Fewer triples than these are better fetched at once.
_LEAST = 3_000


@dataclass
class Overlap:
    """How to answer ``select``, whose pattern is a star of ``subject``.

    ``spaces``: of each member, the namespaces of the subjects; ``foreign``: those of them that are at home elsewhere.
    ``apart``: how it would be answered if no subject were described at two members. ``triples``: those of the strays,
    once the rounds are walked; ``tables``: what the members give for the others.
    """

    select: Select
    subject: str
    scans: tuple[Scan, ...]
    spaces: Mapping[str, Spaces]
    foreign: Mapping[str, Spaces]
    apart: Partition
    catalogue: Catalogue
    triples: list[bytes]
    tables: list[Table]

    def rounds(self) -> Rounds:
        """Find the strays; then ask for their triples, and for the rest. The outcome is None if there are too many."""
        scope = self.catalogue.scope
        named: list[Answer] = yield [
            Job(name, self._strays(name, spaces), ("s",)) for name, spaces in self.foreign.items() if spaces
        ]
        found: set[bytes] = set()
        for table in named:
            assert isinstance(table, Table)
            if len(table) > MOST_STRAYS:
                self._failures().append(None)
                return None
            found |= table.values("s")
        strays = Cells(frozenset(found))
        jobs: list[Job] = []
        shapes: list[Shape | None] = []
        for name, spaces in self.spaces.items():
            here = sorted(strays.within(spaces)) if found else []
            if name in self.apart.members:
                jobs.append(Job(name, self._without(here), self.apart.columns))
                shapes.append(None)
            for scan in self.scans:
                if here and self.catalogue.holds(name, scan):
                    text = scan_text(scan, scope)
                    for block in blocks(here):
                        jobs.append(Job(name, text.block("s", block), text.columns, len(block)))
                        shapes.append(text.shape)
        answers: list[Answer] = yield jobs
        for shape, table in zip(shapes, answers, strict=True):
            assert isinstance(table, Table)
            if table.has_blank_nodes():
                return None
            if shape is None:
                self.tables.append(table)
            else:
                self.triples.append(shape.statements(table))
        return {}

    def _strays(self, name: str, spaces: Spaces) -> str:
        """The request for the subjects at a member that are at home elsewhere."""
        arms = " UNION ".join(
            f"{{ ?s {cell(scan.p).decode()} {cell(scan.o).decode() if isinstance(scan.o, Term) else '?o'} }}"
            for scan in self.scans
            if isinstance(scan.p, Term) and self.catalogue.holds(name, scan)
        )
        # To look an IRI's text up is most of the work: once for each subject, and for each namespace that is named.
        home = self.spaces[name] - spaces
        listed = sorted(home if home and len(home) <= len(spaces) else spaces)
        begins = " || ".join(f"STRSTARTS(STR(?s), {cell(literal_term(space)).decode()})" for space in listed)
        condition = f"!({begins})" if set(listed) == home else begins
        # The limit keeps the condition where it is: the engine would evaluate it in each arm.
        inner = f"SELECT DISTINCT ?s WHERE {{ {arms} }} LIMIT {_ALL}"
        return f"SELECT ?s WHERE {{ {{ {inner} }} FILTER({condition}) }} LIMIT {MOST_STRAYS + 1}"

    def _without(self, strays: list[bytes]) -> str:
        """What a member is asked for all other subjects."""
        select = self.select
        if strays:
            listed = InlineData((self.subject,), tuple((iri_term(s[1:-1].decode()),) for s in strays))
            pattern = select.pattern
            without = Group((*pattern.elements, Minus(Group((listed,)))), pattern.filters)
            select = replace(select, pattern=without)
        made = by_groups(select, _where(self.subject, self.scans, self.apart.members))
        assert made is not None
        return made.text

    def _failures(self) -> list[None]:
        """Not empty once it turned out for these patterns that there are too many strays."""
        return self.catalogue.directory.remembered(("strays", self.scans), list)


def _where(subject: str, scans: tuple[Scan, ...], members: tuple[str, ...]) -> Locality:
    return Locality(members, frozenset((subject,)), frozenset().union(*(scan.variables for scan in scans)))


def overlap(query: Query, body: Body, catalogue: Catalogue) -> Overlap | None:
    """How to answer a SELECT that groups the solutions of one star; None where that is not possible or worth it."""
    select = query.select
    if query.form is not Form.SELECT or query.dataset is not None or select.values is not None:
        return None
    if not select.aggregates or not is_plain(select) or body.attachments:
        return None
    scans = tuple(element for element in body.elements if isinstance(element, Scan))
    subject = _subject(scans) if len(scans) == len(body.elements) else None
    if subject is None or catalogue.directory.silent or catalogue.kept:
        return None
    if not all(catalogue.in_default_graph(scan) for scan in scans) or min(map(catalogue.total, scans)) < _LEAST:
        return None
    found = catalogue.directory.remembered(("homes", scans), lambda: _homes(scans, catalogue))
    if found is None or not catalogue.alike.issuperset(found[0]):
        return None
    known, foreign = found
    members = tuple(catalogue.holding(scans))
    where = _where(subject, scans, members)
    select = hashed_at(select, where, catalogue)
    apart = by_groups(select, where)
    if apart is None or apart.merging is None:
        return None
    made = Overlap(select, subject, scans, known, foreign, apart, catalogue, [], [])
    return None if made._failures() else made


def _subject(scans: tuple[Scan, ...]) -> str | None:
    """The variable that is the subject of all patterns, whose predicates are given and whose objects it is not."""
    subjects = {scan.s for scan in scans}
    subject = subjects.pop() if len(subjects) == 1 else None
    if not isinstance(subject, str) or any(subject in (scan.p, scan.o) for scan in scans):
        return None
    return subject if all(isinstance(scan.p, Term) and scan.p.kind == "iri" for scan in scans) else None


def _homes(scans: tuple[Scan, ...], catalogue: Catalogue) -> tuple[Mapping[str, Spaces], Mapping[str, Spaces]] | None:
    """Of each member, the namespaces of its subjects of any of the patterns, and those of them that are at home
    elsewhere; None if some are not known or not of IRIs, no home can be told, or all are at home."""
    spaces: dict[str, Spaces] = {}
    for scan in scans:
        holders, (held, _) = catalogue.subjects(scan), catalogue.known(scan)
        if not holders.unknown.isdisjoint(held):
            return None
        spaces.update((name, spaces.get(name, NOWHERE) | holders.held.get(name, NOWHERE)) for name in held)
    spaces = catalogue.directory.in_order(spaces)
    if any(BLANK in its or LITERAL in its for its in spaces.values()):
        return None
    foreign = _foreign(spaces, catalogue)
    return None if foreign is None else (spaces, foreign)


def _foreign(spaces: Mapping[str, Spaces], catalogue: Catalogue) -> dict[str, Spaces] | None:
    """Of each member, the namespaces that are at home elsewhere; None where no home can be told, or all are at home."""
    holders = Holders(spaces)
    if holders.nested:
        # One within another: a thing could be of both.
        return None
    homes: dict[str, str] = {}
    for space in holders.spaces:
        names = holders.overlapping(space)
        likeness = sorted(((_likeness(space, name, catalogue), name) for name in names), reverse=True)
        if len(likeness) > 1 and likeness[0][0] == likeness[1][0]:
            return None
        homes[space] = likeness[0][1]
    foreign = {name: frozenset(s for s in its if homes[s] != name) for name, its in spaces.items()}
    return foreign if any(foreign.values()) else None


def _likeness(space: str, name: str, catalogue: Catalogue) -> int:
    """How many characters a namespace has in common with one under which nobody but this member has subjects."""
    own = catalogue.directory.remembered("own spaces", lambda: _own(catalogue))
    return max((_in_common(space, other) for other in own.get(name, ())), default=0)


def _in_common(first: str, second: str) -> int:
    """With how many same characters two names begin."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _own(catalogue: Catalogue) -> dict[str, list[str]]:
    holders = catalogue.directory.subjects(None, None)
    return {name: [s for s in its if len(holders.overlapping(s)) == 1] for name, its in holders.held.items()}
