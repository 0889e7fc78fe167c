"""Members that hold the same, or all that another does: one is asked, and another in its place where that can be.

Which members are replicas or mirrors of which, the operator says (``replica_of``, ``mirror_of`` in ``node.toml``):
nobody is left out because of what another claims. That they hold the same *now*, the digests of their summaries show,
with the versions that they are of: those are counted on as any other version is (see ``versions``). Members that are
not in step are asked each for itself, and their data are merged, as those of any members.

A replica that cannot be seen counts as holding what it held when it was seen last, if that was not long before.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from node.errors import MemberError, NodeError
from node.federation.calling.meter import Meter
from node.federation.members.covering import Holding, covered
from node.federation.members.hedging import Extra
from node.federation.members.local_source import LocalSource
from node.federation.members.replicated import SEEN_SECONDS, Replicated, Seen, look_time
from node.federation.members.sightings import Sightings
from node.federation.members.source import Source
from node.federation.members.sources import RemoteSource
from node.federation.members.summaries import Summary

#: Requests to replicas at a time, of all queries.
_THREADS = 64
#: So often they are looked at when no query comes, and what one look may take: seconds, requests, bytes.
_WATCH_SECONDS, _WATCH = 60.0, (20.0, 10, 100_000_000)


class Replicas:
    """Finds which members hold the same, and which hold all that others do. Safe to use from several threads.

    Close it when done.
    """

    def __init__(self, sightings: Sightings) -> None:
        self._sightings = sightings
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="replica")
        self._extra = Extra()
        self._lock = threading.Lock()
        # Those of which another may hold everything are marked.
        self._watched: Mapping[RemoteSource, bool] = {}
        # Of each group, and of each member that adds nothing, the summary that was made last.
        self._summaries: dict[tuple[str, bool], Summary] = {}
        # This node's graphs, and whether any of them is of another.
        self._own: tuple[Mapping[str, str], bool] = ({}, False)
        self._watching = False
        self._closed = threading.Event()

    def close(self) -> None:
        """End the threads."""
        self._closed.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def in_step(
        self, sources: Sequence[Source], meter: Meter, apart: Collection[str] = (), lost: Collection[str] = ()
    ) -> list[Source]:
        """These sources: those of them that are replicas of each other and in step as one, and those that another one
        holds all of as ``Covered``.

        None of those named in ``apart`` is: they have changed while the query ran. Those that are ``lost`` to the query
        stand for nobody.
        """
        families, mirrored = declared(sources), self._mirrored(sources)
        members = {member.name: member for family in families for member in family} | mirrored
        if not members:
            return list(sources)
        remote = (source for source in sources if isinstance(source, RemoteSource))
        members |= {source.name: source for source in remote if not mirrored.keys().isdisjoint(source.mirror_of)}
        self._watch(members.values(), mirrored)
        since = time.monotonic()
        seen = self._seen(members.values(), mirrored, meter)
        together: dict[str, Replicated] = {}
        for family in families:
            by_digest: dict[str, list[Seen]] = {}
            for member in family:
                known = seen[member.name]
                if known.digest is not None and member.name not in apart:
                    by_digest.setdefault(known.digest, []).append(known)
            for digest, alike in by_digest.items():
                said = next((one.said for one in alike if one.said is not None), None)
                if len(alike) > 1 and said is not None:
                    whole = self._kept(alike[0].member.name, replace(said, version=f"digest {digest}"))
                    group = Replicated(alike, self._executor, self._extra, meter, since=since, summary=whole)
                    together.update((one.member.name, group) for one in alike)
        as_one = list(dict.fromkeys(together.get(source.name, source) for source in sources))
        if not mirrored:
            return as_one

        def holding(source: Source) -> Holding | None:
            if isinstance(source, LocalSource) and not self._own[1]:
                return None
            if isinstance(source, LocalSource | Replicated):
                recalled = source.recalled()
                said = None if recalled is None else recalled.summary
                return None if said is None or said.digest is None else Holding(said.digest, said.graphs or {}, said)
            known = seen.get(source.name)
            if known is None or known.digest is None:
                return None
            return Holding(known.digest, known.graphs, known.said, known.error)

        return covered(as_one, holding, self._nothing, {*apart, *lost})

    def _mirrored(self, sources: Sequence[Source]) -> dict[str, RemoteSource]:
        """The members that another one is said to mirror, and those that this node may hold all of, by name."""
        remote = [source for source in sources if isinstance(source, RemoteSource)]
        said = {name for source in remote for name in source.mirror_of}
        own = next((source for source in sources if isinstance(source, LocalSource) and source.exportable), None)
        here = {} if own is None else self._mirrors(own)
        return {s.name: s for s in remote if s.name in said or (here and self._may_be_in(here, s))}

    def _mirrors(self, own: LocalSource) -> Mapping[str, str]:
        """The graphs of this node, if any of them is of another."""
        graphs = (None if own.said is None else own.said.graphs) or {}
        if self._own[0] is not graphs:
            base = own.endpoint.removesuffix("sparql")
            self._own = graphs, any(not graph.startswith(base) for graph in graphs)
        return graphs if self._own[1] else {}

    def _may_be_in(self, graphs: Mapping[str, str], member: RemoteSource) -> bool:
        """Whether what a member held when it was seen last may be among these graphs; told by one of them."""
        recalled = member.recalled()
        if recalled is not None:
            theirs = (None if recalled.summary is None else recalled.summary.graphs) or {}
        else:
            last = self._sightings.last(member.endpoint)
            theirs = {} if last is None else last.graphs
        return next(iter(theirs), None) in graphs

    def _kept(self, name: str, summary: Summary) -> Summary:
        """The summary, or the one of before if that says the same, so that what was made of it counts."""
        key = name, summary.triples > 0
        with self._lock:
            before = self._summaries.get(key)
            if before is not None and before.version == summary.version and before.releases == summary.releases:
                return before
            self._summaries[key] = summary
            return summary

    def _nothing(self, name: str, holding: Holding) -> Summary:
        """What a member of which another one holds everything adds."""
        releases = () if holding.said is None else holding.said.releases
        version = f"nothing beside digest {holding.digest}"
        return self._kept(name, Summary(0, {}, {}, version, releases=releases, digest=holding.digest, elsewhere=True))

    def _seen(self, members: Iterable[RemoteSource], mirrored: Collection[str], meter: Meter) -> Mapping[str, Seen]:
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
                if last is not None and last.unwatched < SEEN_SECONDS:
                    found[member.name] = Seen(member, last.digest, None, -math.inf, error, last.graphs)
                else:
                    found[member.name] = Seen(member, None, None, -math.inf, error)
                continue
            recalled = member.recalled()
            # One that does not say which data its answers are from is in step with nobody.
            said, at = (None, -math.inf) if recalled is None else (recalled.summary, recalled.at)
            if said is None or said.digest is None:
                found[member.name] = Seen(member, None, said, at, None)
                continue
            graphs = said.graphs or {}
            listed = graphs if member.name in mirrored else {}
            self._sightings.saw(member.endpoint, said.digest, time.monotonic() - at, listed)
            found[member.name] = Seen(member, said.digest, said, at, None, graphs)
        return found

    def _watch(self, members: Iterable[RemoteSource], mirrored: Collection[str]) -> None:
        """Look at these now and then, also when no query comes."""
        with self._lock:
            self._watched = {member: member.name in mirrored for member in members}
            if self._watching or self._closed.is_set():
                return
            self._watching = True
        threading.Thread(target=self._look_again, name="replicas", daemon=True).start()

    def _look_again(self) -> None:
        while not self._closed.wait(_WATCH_SECONDS):
            with self._lock:
                watched = self._watched
            for member, mirrored in watched.items():
                try:
                    found = member.summary(Meter(*_WATCH))
                except NodeError:
                    self._sightings.failed(member.endpoint)
                    continue
                if found is not None and found.digest is not None:
                    self._sightings.saw(member.endpoint, found.digest, 0.0, found.graphs if mirrored else None)


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
