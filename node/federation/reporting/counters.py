"""What federated queries came to since the node started, for its operators."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

from node.federation.members.completeness import Completeness


class Counters:
    """Sums over all federated queries. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queries: Counter[str] = Counter()
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._requests: Counter[str] = Counter()

    def answered(self, completeness: Completeness) -> None:
        """One query was answered to its last byte."""
        with self._lock:
            self._queries[completeness.verdict.value] += 1
            for member in completeness.members:
                self._outcomes[member.name, member.verdict] += 1
                self._requests[member.name] += member.requests

    def failed(self, problem: str, member: str | None) -> None:
        """One query failed with a problem of this slug; ``member`` is whose doing it was, if anybody's."""
        with self._lock:
            self._queries[problem] += 1
            if member is not None:
                self._outcomes[member, "failed"] += 1

    @property
    def queries(self) -> Mapping[str, int]:
        """How many queries had each verdict, or failed with each problem."""
        with self._lock:
            return dict(self._queries)

    @property
    def outcomes(self) -> Mapping[tuple[str, str], int]:
        """How many queries each member (by name) answered, was pruned in, and so on."""
        with self._lock:
            return dict(self._outcomes)

    @property
    def requests(self) -> Mapping[str, int]:
        """How many requests each member was sent for queries that were answered."""
        with self._lock:
            return dict(self._requests)
