"""Members that hold the same: one of them is asked, and another in its place when it fails or is slow.

Which members are replicas of which, their operator says (``replica_of`` in ``node.toml``): nobody is left out because
of what another claims. That they hold the same *now*, the digests of their summaries show, with the versions
that they are of: those are counted on as any other version is (see ``versions``). Members that are not in step are
asked each for itself, and their data are merged, as those of any members.

A replica that cannot be seen counts as holding what it held when it was seen last, if that was not long before.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from node.errors import MemberError, NodeError
from node.federation.calling.meter import Meter
from node.federation.members.hedging import Extra
from node.federation.members.replicated import SEEN_SECONDS, Replicated, Seen, look_time
from node.federation.members.sightings import Sightings
from node.federation.members.source import Source
from node.federation.members.sources import RemoteSource

#: Requests to replicas at a time, of all queries.
_THREADS = 64
#: So often they are looked at when no query comes, and what one look may take: seconds, requests, bytes.
_WATCH_SECONDS, _WATCH = 60.0, (20.0, 10, 100_000_000)


class Replicas:
    """Finds which members hold the same. Safe to use from several threads. Close it when done."""

    def __init__(self, sightings: Sightings) -> None:
        self._sightings = sightings
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="replica")
        self._extra = Extra()
        self._lock = threading.Lock()
        self._watched: tuple[RemoteSource, ...] = ()
        self._watching = False
        self._closed = threading.Event()

    def close(self) -> None:
        """End the threads."""
        self._closed.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def in_step(self, sources: Sequence[Source], meter: Meter, apart: Collection[str] = ()) -> list[Source]:
        """These sources, with those of them that are replicas of each other and in step as one.

        None of those named in ``apart`` is: they have changed while the query ran.
        """
        families = declared(sources)
        if not families:
            return list(sources)
        self._watch([member for family in families for member in family])
        since = time.monotonic()
        seen = self._seen([member for family in families for member in family], meter)
        together: dict[str, Replicated] = {}
        for family in families:
            by_digest: dict[str, list[Seen]] = {}
            for member in family:
                known = seen[member.name]
                if known.digest is not None and member.name not in apart:
                    by_digest.setdefault(known.digest, []).append(known)
            for alike in by_digest.values():
                if len(alike) > 1 and any(one.said is not None for one in alike):
                    group = Replicated(alike, self._executor, self._extra, meter, since)
                    together.update((one.member.name, group) for one in alike)
        return list(dict.fromkeys(together.get(source.name, source) for source in sources))

    def _seen(self, members: Sequence[RemoteSource], meter: Meter) -> Mapping[str, Seen]:
        """What is known of each member; those are asked of which nothing is."""
        asked = {
            member.name: self._executor.submit(member.summary, look_time(member, meter))
            for member in members
            if member.recalled() is None
        }
        found: dict[str, Seen] = {}
        for member in members:
            try:
                if member.name in asked:
                    asked[member.name].result()
            except MemberError as error:
                last = self._sightings.failed(member.endpoint)
                digest = last.digest if last is not None and last.unwatched < SEEN_SECONDS else None
                found[member.name] = Seen(member, digest, None, -math.inf, error)
                continue
            recalled = member.recalled()
            # One that does not say which data its answers are from is in step with nobody.
            said, at = (None, -math.inf) if recalled is None else (recalled.summary, recalled.at)
            digest = None if said is None else said.digest
            if digest is not None:
                self._sightings.saw(member.endpoint, digest, time.monotonic() - at)
            found[member.name] = Seen(member, digest, said, at, None)
        return found

    def _watch(self, members: Sequence[RemoteSource]) -> None:
        """Look at these now and then, also when no query comes."""
        with self._lock:
            self._watched = tuple(members)
            if self._watching or self._closed.is_set():
                return
            self._watching = True
        threading.Thread(target=self._look_again, name="replicas", daemon=True).start()

    def _look_again(self) -> None:
        while not self._closed.wait(_WATCH_SECONDS):
            with self._lock:
                watched = self._watched
            for member in watched:
                try:
                    found = member.summary(Meter(*_WATCH))
                except NodeError:
                    self._sightings.failed(member.endpoint)
                    continue
                if found is not None and found.digest is not None:
                    self._sightings.saw(member.endpoint, found.digest, 0.0)


def declared(sources: Iterable[Source]) -> list[list[RemoteSource]]:
    """The members that their operator calls replicas of each other, the one that the others are replicas of first."""
    families: dict[str, list[RemoteSource]] = {}
    remote = [source for source in sources if isinstance(source, RemoteSource)]
    for source in remote:
        if source.replica_of:
            families.setdefault(source.replica_of, []).append(source)
    if not families:
        return []
    return [[source, *families[source.name]] for source in remote if source.name in families]
