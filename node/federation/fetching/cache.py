"""Parts that were fetched before, kept while the member's data is the same."""

from __future__ import annotations

import threading
from collections import OrderedDict

from node.federation.calling.rows import Table


class PartCache:
    """Answers of members by (endpoint, version of its data, request), least recently used first out.

    A member's versions never come back. So a part that is found under the version the member has *now* was fetched
    while it had this version, even though nobody checked at that moment.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._parts: OrderedDict[tuple[str, str, str], Table] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, endpoint: str, version: str, text: str) -> Table | None:
        """The part, or None."""
        with self._lock:
            table = self._parts.get((endpoint, version, text))
            if table is not None:
                self._parts.move_to_end((endpoint, version, text))
            return table

    def put(self, endpoint: str, version: str, text: str, table: Table) -> None:
        """Keep a part, unless it alone is more than a quarter of what may be kept."""
        size = len(table.body) + len(text)
        if size > self._max_bytes // 4:
            return
        with self._lock:
            self._drop((endpoint, version, text))
            self._parts[endpoint, version, text] = table
            self._bytes += size
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._parts)))

    def _drop(self, key: tuple[str, str, str]) -> None:
        table = self._parts.pop(key, None)
        if table is not None:
            self._bytes -= len(table.body) + len(key[2])
