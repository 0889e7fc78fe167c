"""All members' summaries as one index, from patterns to members, so that planning does not ask each member's anew.

It is made once for each set of summaries and kept until one of them changes; what was looked up once is remembered.
What follows from the members' namespaces alone is remembered longer: a publication mostly changes numbers only.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Set
from typing import TypeVar, cast

from node.federation.members.spaces import NOWHERE, Holders, Spaces
from node.federation.members.summaries import Summary
from node.rdf.namespaces import RDF_TYPE
from node.sparql.terms import Term

T = TypeVar("T")

# So much is remembered of one directory, and so much of namespaces.
_REMEMBERED, _SPACES = 20_000, 300
#: All members, as a stranger sees them and as an operator does, this node alone (as for ``SERVICE``), and one more.
_SELECTIONS = 4


class Memory:
    """What was found for a key, until there is too much of it. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[Hashable, object] = {}

    def remembered(self, key: Hashable, find: Callable[[], T]) -> T:
        """What ``find`` gave when it was asked for first."""
        known = self._known
        if key in known:
            return cast("T", known[key])
        found = find()
        if len(known) >= self._most:
            self._known = known = {}
        known[key] = found
        return found


class Directory(Memory):
    """What members say they hold, by predicate. ``spaces`` is what is remembered of namespaces, by ``Holders``."""

    def __init__(self, summaries: Mapping[str, Summary | None], spaces: Memory | None = None) -> None:
        super().__init__(_REMEMBERED)
        self.spaces = spaces or Memory(_SPACES)
        self.summaries = dict(summaries)
        self.silent = tuple(name for name, summary in summaries.items() if summary is None)
        self._place = {name: at for at, name in enumerate(summaries)}
        self._told = {name: summary for name, summary in summaries.items() if summary is not None}
        self._holding: dict[str, dict[str, Summary]] = {}
        for name, summary in self._told.items():
            for predicate, count in summary.predicates.items():
                if count:
                    self._holding.setdefault(predicate, {})[name] = summary

    def describes(self, summaries: Mapping[str, Summary | None]) -> bool:
        """Whether it was made of these."""
        return len(summaries) == len(self.summaries) and all(
            name in self.summaries and self.summaries[name] is summary for name, summary in summaries.items()
        )

    def counts(self, predicate: str | None, subject: Term | None, value: Term | None) -> Mapping[str, int]:
        """At most how many triples with these (None: any) each member has that says so, and is not without any."""

        def find() -> dict[str, int]:
            if predicate is None and subject is None and value is None:
                return {name: summary.triples for name, summary in self._told.items() if summary.triples}
            if predicate is not None and subject is None and value is None:
                return {name: s.predicates[predicate] for name, s in self._holding.get(predicate, {}).items()}
            names = self._possible(predicate, subject, value)
            found: dict[str, int] = {}
            for each in [predicate] if predicate is not None else self._holding:
                for name, summary in self._holding.get(each, {}).items():
                    if (names is None or name in names) and (count := summary.at_most(each, subject, value)):
                        found[name] = found.get(name, 0) + count
            # Of one predicate they are in the order of the members already.
            return found if predicate is not None else self.in_order(found)

        return self.remembered((predicate, subject, value), find)

    def _possible(self, predicate: str | None, subject: Term | None, value: Term | None) -> Set[str] | None:
        """The members in whose namespaces a subject is, or without one a value; None: any."""
        if subject is not None and subject.kind == "iri":
            return self.subjects(predicate, None).having(subject.value)
        if predicate is None and value is not None and value.kind == "iri":
            return self.objects(None).having(value.value)
        return None

    def in_order(self, told: Mapping[str, T]) -> dict[str, T]:
        """The same, in the order of the members."""
        return {name: told[name] for name in sorted(told, key=self._place.__getitem__)}

    def subjects(self, predicate: str | None, type_of: str | None) -> Holders:
        """Where the members' subjects of a predicate are (None: of any; of ``rdf:type`` those of a class)."""

        of = type_of if predicate == RDF_TYPE else None

        def find() -> Holders:
            holding = self._told if predicate is None else self._holding.get(predicate, {})
            return self._holders({name: said.subject_namespaces(predicate, of) for name, said in holding.items()})

        return self.remembered(("subjects", predicate, of), find)

    def objects(self, predicate: str | None) -> Holders:
        """Where the members' objects of a predicate are (None: of any)."""

        def find() -> Holders:
            holding = self._told if predicate is None else self._holding.get(predicate, {})
            return self._holders({name: said.object_namespaces(predicate) for name, said in holding.items()})

        return self.remembered(("objects", predicate), find)

    def together(self, some: Iterable[Holders]) -> Holders:
        """Who has which of all these namespaces."""
        different = frozenset(some)
        if len(different) == 1:
            return next(iter(different))

        def find() -> Holders:
            every: dict[str, list[Spaces]] = {}
            for holders in different:
                for name, spaces in holders.held.items():
                    every.setdefault(name, []).append(spaces)
            held = {name: NOWHERE.union(*spaces) for name, spaces in every.items()}
            return Holders(held, frozenset().union(*(holders.unknown for holders in different)))

        return self.spaces.remembered(("together", different), find)

    def _holders(self, said: Mapping[str, Spaces | None]) -> Holders:
        """Who has which namespaces, as far as is said: the same Holders each time that the same is said."""
        held = {name: spaces for name, spaces in said.items() if spaces}
        unknown = frozenset(name for name, spaces in said.items() if spaces is None).union(self.silent)
        return self.spaces.remembered(("holders", tuple(held.items()), unknown), lambda: Holders(held, unknown))


class Directories:
    """The directories of the summaries that there are now, one for each of the last few selections of members."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spaces = Memory(_SPACES)
        self._last: OrderedDict[tuple[str, ...], Directory] = OrderedDict()

    def known(self, summaries: Mapping[str, Summary | None]) -> Directory | None:
        """That of these summaries, None if the last one of these members was of others."""
        members = tuple(summaries)
        with self._lock:
            last = self._last.get(members)
            if last is not None:
                self._last.move_to_end(members)
        return last if last is not None and last.describes(summaries) else None

    def of(self, summaries: Mapping[str, Summary | None]) -> Directory:
        """That of these summaries, made anew if need be."""
        if (known := self.known(summaries)) is not None:
            return known
        made, members = Directory(summaries, self._spaces), tuple(summaries)
        with self._lock:
            self._last[members] = made
            self._last.move_to_end(members)
            if len(self._last) > _SELECTIONS:
                self._last.popitem(last=False)
        return made
