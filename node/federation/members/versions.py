"""Which version of each member's data one query is planned with, and whether everything it got is from that version.

A summary says what a member does not hold, and a member that is not asked cannot object. So each member's version has
to be seen after the query came: in the header of an answer, or by asking for the summary, which costs no time where it
runs beside the fetching. A member that has changed is learnt anew, and the query is planned again; one that changes
each time counts as one that says nothing, of which nothing is taken for granted. So a summary that is behind costs
time, and never an answer, and what a query gets of one member is of one instant.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator

#: A member that has changed so often while a query ran is no longer held to what it says.
_PATIENCE = 2
#: So often a query is planned again at most with all members that it is not yet impatient with.
_ROUNDS = 5


class Changed(Exception):
    """Members have other data than the query was planned with."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(", ".join(sorted(names)))
        self.names = frozenset(names)


class Versions:
    """The versions that one plan counts on. Safe to use from several threads.

    ``since`` is when the query came (monotonic time): what was seen later holds for it.
    """

    def __init__(self, since: float) -> None:
        self._since = since
        self._lock = threading.Lock()
        self._planned: dict[str, str] = {}
        self._seen: set[str] = set()
        self._changed: set[str] = set()

    def plan(self, name: str, version: str, seen_at: float) -> None:
        """The plan counts on this version of the member's data."""
        with self._lock:
            self._planned[name] = version
            if seen_at >= self._since:
                self._seen.add(name)

    def saw(self, name: str, version: str | None) -> None:
        """The member has answered with this version, None: it did not say."""
        with self._lock:
            planned = self._planned.get(name)
            if planned is None or version is None:
                return
            (self._seen if version == planned else self._changed).add(name)

    def unseen(self) -> list[str]:
        """The members whose version is still to be looked at."""
        with self._lock:
            return [name for name in self._planned if name not in self._seen and name not in self._changed]

    def require(self) -> None:
        """Raise Changed when a member has other data than the plan counts on."""
        with self._lock:
            if self._changed:
                raise Changed(self._changed)


class Patience:
    """How often each member has changed while one query ran."""

    def __init__(self) -> None:
        self._changes: dict[str, int] = {}
        self._rounds = 0

    def changed(self, names: Collection[str]) -> None:
        """These have changed once more."""
        self._rounds += 1
        for name in names:
            self._changes[name] = self._changes.get(name, 0) + 1

    def __contains__(self, name: str) -> bool:
        """Whether nothing that the member says is to count any more."""
        return self._changes.get(name, 0) >= (_PATIENCE if self._rounds < _ROUNDS else 1)

    def __iter__(self) -> Iterator[str]:
        return iter(self._changes)
