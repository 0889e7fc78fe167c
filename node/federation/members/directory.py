"""All members' summaries as one index, from patterns to members, so that planning does not ask each member's anew.

It is made once for each set of summaries and kept until one of them changes; what was looked up once is remembered.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar, cast

from node.federation.members.spaces import Spaces
from node.federation.members.summaries import Summary
from node.sparql.terms import Term

T = TypeVar("T")

# So much is remembered of one directory.
_REMEMBERED = 20_000


class Directory:
    """What members say they hold, by predicate. Safe to use from several threads."""

    def __init__(self, summaries: Mapping[str, Summary | None]) -> None:
        self.summaries = dict(summaries)
        self.silent = tuple(name for name, summary in summaries.items() if summary is None)
        self._place = {name: at for at, name in enumerate(summaries)}
        self._holding: dict[str, dict[str, Summary]] = {}
        for name, summary in summaries.items():
            if summary is not None:
                for predicate, count in summary.predicates.items():
                    if count:
                        self._holding.setdefault(predicate, {})[name] = summary
        self._known: dict[Hashable, object] = {}

    def describes(self, summaries: Mapping[str, Summary | None]) -> bool:
        """Whether it was made of these."""
        return len(summaries) == len(self.summaries) and all(
            name in self.summaries and self.summaries[name] is summary for name, summary in summaries.items()
        )

    def remembered(self, key: Hashable, find: Callable[[], T]) -> T:
        """What ``find`` gave when it was asked for first."""
        if key in self._known:
            return cast("T", self._known[key])
        found = find()
        if len(self._known) >= _REMEMBERED:
            self._known = {}
        self._known[key] = found
        return found

    def counts(self, predicate: str | None, subject: Term | None, value: Term | None) -> Mapping[str, int]:
        """At most how many triples with these (None: any) each member has that says so, and is not without any."""

        def find() -> dict[str, int]:
            if predicate is not None:
                holding = self._holding.get(predicate, {})
                found = {name: summary.at_most(predicate, subject, value) for name, summary in holding.items()}
            elif subject is None and value is None:
                found = {name: summary.triples for name, summary in self.summaries.items() if summary is not None}
            else:
                found = {}
                for each in self._holding:
                    for name, count in self.counts(each, subject, value).items():
                        found[name] = found.get(name, 0) + count
            return self.in_order({name: count for name, count in found.items() if count})

        return self.remembered((predicate, subject, value), find)

    def in_order(self, counts: Mapping[str, int]) -> dict[str, int]:
        """The same, in the order of the members."""
        return {name: counts[name] for name in sorted(counts, key=self._place.__getitem__)}

    def subjects(self, predicate: str | None, type_of: str | None) -> Mapping[str, Spaces | None]:
        """Where each member's subjects of a predicate are (of ``rdf:type`` those of a class); None: anywhere."""

        def find() -> dict[str, Spaces | None]:
            return {
                name: None if summary is None else summary.subject_namespaces(predicate, type_of)
                for name, summary in self.summaries.items()
            }

        return self.remembered(("subjects", predicate, type_of), find)

    def objects(self, predicate: str | None) -> Mapping[str, Spaces | None]:
        """Where each member's objects of a predicate are; None: anywhere."""

        def find() -> dict[str, Spaces | None]:
            return {
                name: None if summary is None else summary.object_namespaces(predicate)
                for name, summary in self.summaries.items()
            }

        return self.remembered(("objects", predicate), find)


class Directories:
    """The directory of the summaries that there are now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Directory | None = None

    def of(self, summaries: Mapping[str, Summary | None]) -> Directory:
        """That of these summaries, made anew if another was the last."""
        last = self._last
        if last is None or not last.describes(summaries):
            last = Directory(summaries)
            with self._lock:
                self._last = last
        return last
