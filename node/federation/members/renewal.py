"""Keeps the members' leases, and what they say they hold, fresh while queries come.

A query within a lease asks a member nothing that it need not be asked for its data. So as long as federated queries
come, leases are renewed before they end, behind the queries' backs; and a member that has changed is learnt anew then,
not by the query that comes next. Leases that were given at one time are not renewed at one time: a query that comes
just then would wait for its turn with the interpreter.
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter

from node.errors import NodeError
from node.federation.calling.meter import Meter
from node.federation.members.leases import Lease, wanted
from node.federation.members.sources import RemoteSource

#: Leases are renewed for so long after the last query.
_BUSY_SECONDS = 5.0
#: How often it is looked which end soon, and how soon that is: at least, and as a part of what was given.
_ROUND_SECONDS = 0.05
_SOON_SECONDS = 0.2
_SOON_PART = 0.25
#: So many members at a time.
_THREADS = 32
#: What renewing one lease may take, the new summary included.
_SECONDS, _REQUESTS, _BYTES = 20.0, 10, 100_000_000


class Renewal:
    """Renews leases on a thread that is there while queries come. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: tuple[RemoteSource, ...] = ()
        self._wanted_until = 0.0
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def used(self, sources: Iterable[RemoteSource]) -> None:
        """A query over these members has come."""
        with self._lock:
            before, self._sources = self._sources, tuple(sources)
            if before != self._sources:
                for source in self._sources:
                    source.lease_for(wanted(len(self._sources)))
            self._wanted_until = time.monotonic() + _BUSY_SECONDS
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Renew nothing more."""
        self._closed.set()

    def _renew(self) -> None:
        """The thread's life."""
        under_way: set[RemoteSource] = set()

        def renewed(source: RemoteSource) -> None:
            try:
                source.renew(Meter(_SECONDS, _REQUESTS, _BYTES))
            except NodeError:
                pass  # the next query that needs the member will say so
            finally:
                under_way.discard(source)

        with ThreadPoolExecutor(_THREADS, thread_name_prefix="lease") as threads:
            while not self._closed.wait(_ROUND_SECONDS):
                with self._lock:
                    if self._wanted_until < time.monotonic():
                        self._thread = None
                        return
                    sources = self._sources
                for source in due(sources, under_way):
                    under_way.add(source)
                    threads.submit(renewed, source)


def due(sources: Sequence[RemoteSource], under_way: Collection[RemoteSource]) -> list[RemoteSource]:
    """Those whose leases are renewed in this round: that end soon, and of these so many of the first that all are
    renewed in time. A member may give half of what is wanted."""
    leases = [(source, lease) for source in sources if (lease := source.lease) is not None and source not in under_way]
    ending = [(lease.left(), source) for source, lease in leases if _ends_soon(lease)]
    soon = max(_SOON_SECONDS, wanted(len(sources)) * _SOON_PART / 2)
    first = heapq.nsmallest(math.ceil(len(sources) * _ROUND_SECONDS / soon), ending, key=itemgetter(0))
    return [source for _, source in first]


def _ends_soon(lease: Lease) -> bool:
    return lease.left() < max(_SOON_SECONDS, lease.given * _SOON_PART)
