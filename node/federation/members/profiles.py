"""Profiles of members of another kind: found out beside the queries, and kept in the node's folder."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from node.errors import NodeError
from node.federation.calling.meter import Meter
from node.federation.members.profile import Profile
from node.federation.members.summaries import PredicateSummary
from node.observability import log

#: The file in a node's folder that keeps them, by endpoint.
PROFILES_FILE = "profiles.json"
#: How long queries wait for a profile that is being made, from when it was begun; then they go on without it.
PATIENCE_SECONDS = 2.0
#: After a failure it is not tried again for so long, twice as long after each further one, and a day at most.
_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 300.0, 86_400.0
#: One that need not last is made again after so long, and after so many times what it took: a member is not to spend
#: more than a thousandth of its time on it.
_FRESH_SECONDS, _FRESH_TIMES = 3600.0, 1000.0


@dataclass(frozen=True)
class Kept:
    """What came of finding out about a member: its profile, None where that has not been found, made ``at`` a time
    (seconds since 1970) in ``seconds``; and how often finding it failed since then, last at ``failed_at``."""

    profile: Profile | None
    at: float = 0.0
    seconds: float = 0.0
    failures: int = 0
    failed_at: float = 0.0

    def due(self, now: float, *, lasting: bool) -> bool:
        """Whether it is to be found out (again). ``lasting``: a profile stays right."""
        if self.failures:
            pause = min(_PAUSE_SECONDS * 2.0 ** min(self.failures - 1, 20), _LONGEST_PAUSE_SECONDS)
            return now - self.failed_at >= pause
        if self.profile is None:
            return True
        return not lasting and now - self.at >= max(_FRESH_SECONDS, _FRESH_TIMES * self.seconds)


_NOTHING = Kept(None)


class Profiles:
    """The profiles that one node keeps, by endpoint; ``file`` None: in no file. Safe to use from several threads.

    What cannot be read is as good as not there, and what cannot be written is logged: it is found out again.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()

    def get(self, endpoint: str, version: str) -> Kept | None:
        """What is known of an endpoint's data of this declared version; of one without, under an empty text."""
        try:
            entry = self._read()[endpoint]
            return _kept(entry) if entry["version"] == version else None
        except (KeyError, ValueError, TypeError, AttributeError):
            return None

    def put(self, endpoint: str, version: str, kept: Kept) -> None:
        """Keep it, instead of what was known of another version."""
        if self._file is None:
            return
        with self._lock:
            try:
                document = {**self._read(), endpoint: {"version": version, **_entry(kept)}}
                partial = self._file.with_suffix(".new")
                partial.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
                partial.replace(self._file)
            except OSError as error:
                log("profiles not written", level=30, problem=str(error))

    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(self._file.read_text(encoding="utf-8")) if self._file is not None else {}
        except (OSError, ValueError):
            return {}
        return document if isinstance(document, dict) else {}


class Profiler:
    """Finds out about one member what ``make`` gives; ``recall`` knows it from before, ``keep`` is for later.

    ``lasting``: what was found stays right, and is found once. Safe to use from several threads.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Profile],
        recall: Callable[[], Kept | None],
        keep: Callable[[Kept], None],
        *,
        lasting: bool,
    ) -> None:
        self._name = name
        self._make = make
        self._recall = recall
        self._keep = keep
        self._lasting = lasting
        self._lock = threading.Lock()
        self._known: Kept | None = None
        self._begun: float | None = None
        self._ended = threading.Event()
        self._ended.set()

    @property
    def found(self) -> Profile | None:
        """What is known; asks nobody."""
        return None if self._known is None else self._known.profile

    @property
    def running(self) -> bool:
        """Whether it is being found out now."""
        return not self._ended.is_set()

    def wait(self, seconds: float) -> None:
        """Wait until it has been found out, or has failed, so long at most."""
        self._ended.wait(max(0.0, seconds))

    def give_up(self) -> None:
        """Wait no longer for what is being found out: it counts as a failure."""
        with self._lock:
            if self.running:
                self._failed("given up")

    def latest(self) -> Profile | None:
        """What is known. Begins to find it out if that is due, and does not wait for it."""
        with self._lock:
            if self._known is None:
                self._known = self._recall() or _NOTHING
            if self._ended.is_set() and self._known.due(time.time(), lasting=self._lasting):
                self._begun = time.monotonic()
                self._ended.clear()
                threading.Thread(target=self._run, name="profile", daemon=True).start()
            return self._known.profile

    def profile(self, meter: Meter) -> Profile | None:
        """The profile, None where it is not there in time: a query may go on without it, for it may be of any size."""
        if (found := self.latest()) is not None or self._begun is None:
            return found
        self.wait(min(self._begun + PATIENCE_SECONDS - time.monotonic(), meter.remaining()))
        return self.found

    def _run(self) -> None:
        started = time.monotonic()
        try:
            found = self._make()
            seconds = time.monotonic() - started
            log("member profiled", member=self._name, triples=found.triples, seconds=seconds)
            self._known = Kept(found, time.time(), seconds)
            self._keep(self._known)
        except (NodeError, ValueError) as error:
            # ValueError: what it counted is no number.
            self._failed(getattr(error, "detail", str(error)))
        finally:
            self._ended.set()

    def _failed(self, problem: str) -> None:
        known = self._known or _NOTHING
        self._known = replace(known, failures=known.failures + 1, failed_at=time.time())
        log("member not profiled", level=30, member=self._name, problem=problem)
        self._keep(self._known)


def _entry(kept: Kept) -> dict[str, Any]:
    document = {name: value for name, value in vars(kept).items() if name != "profile"}
    found = kept.profile
    if found is None:
        return document
    return document | {
        "triples": found.triples,
        "predicates": dict(found.predicates),
        "classes": dict(found.classes),
        "instances": {name: sorted(spaces) for name, spaces in found.instances.items()},
        "details": {
            name: {
                **asdict(said),
                "subject_spaces": sorted(said.subject_spaces or ()),
                "object_spaces": sorted(said.object_spaces or ()),
            }
            for name, said in found.details.items()
        },
    }


def _kept(entry: Mapping[str, Any]) -> Kept:
    """Raises KeyError, ValueError, TypeError or AttributeError for what ``_entry`` does not write."""
    numbers = {name: float(entry.get(name, 0.0)) for name in ("at", "seconds", "failed_at")}
    profile = _profile(entry) if "triples" in entry else None
    return Kept(profile, failures=int(entry.get("failures", 0)), **numbers)


def _profile(entry: Mapping[str, Any]) -> Profile:
    return Profile(
        int(entry["triples"]),
        {str(name): int(number) for name, number in entry["predicates"].items()},
        {str(name): int(number) for name, number in entry["classes"].items()},
        str(entry["version"]),
        {
            str(name): PredicateSummary(
                int(said["subjects"]),
                int(said["objects"]),
                int(said["literals"]),
                frozenset(map(str, said["subject_spaces"])),
                frozenset(map(str, said["object_spaces"])),
            )
            for name, said in entry["details"].items()
        },
        instances={str(name): frozenset(map(str, spaces)) for name, spaces in entry["instances"].items()},
    )
