"""What was fetched before, kept while the members' data is the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import cast

from node.federation.calling.rows import Table

#: What alone takes more than such a part of what may be kept is not kept.
_LARGEST = 4


class Kept:
    """Values by key within ``max_bytes`` of theirs, least recently used first out. Safe to use from several threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._values: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._lock = threading.Lock()

    def takes(self, size: int) -> bool:
        """Whether a value of so many bytes is kept at all."""
        return size <= self._max_bytes // _LARGEST

    def get(self, key: Hashable) -> object | None:
        """The value, or None."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: object, size: int) -> None:
        """Keep a value that takes so many bytes, in the place of the one there was, if it ``takes`` that."""
        if not self.takes(size):
            return
        with self._lock:
            self._drop(key)
            self._values[key] = value, size
            self._bytes += size
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._values)))

    def _drop(self, key: Hashable) -> None:
        found = self._values.pop(key, None)
        if found is not None:
            self._bytes -= found[1]


class PartCache:
    """Answers of members by (endpoint, version of its data, request).

    A member's versions never come back. So a part that is found under the version the member has *now* was fetched
    while it had this version, even though nobody checked at that moment.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def get(self, endpoint: str, version: str, text: str) -> Table | None:
        """The part, or None."""
        return cast("Table | None", self._kept.get((endpoint, version, text)))

    def put(self, endpoint: str, version: str, text: str, table: Table) -> None:
        """Keep a part."""
        self._kept.put((endpoint, version, text), table, len(table.body) + len(text))
