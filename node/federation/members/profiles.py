"""Profiles of members of another kind: found out beside the queries, and kept in the node's folder."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
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
#: After a failure it is not tried again for so long.
_PAUSE_SECONDS = 300.0


class Profiles:
    """The profiles that one node keeps, by endpoint; ``file`` None: in no file. Safe to use from several threads.

    What cannot be read is as good as not there, and what cannot be written is logged: it is found out again.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()

    def get(self, endpoint: str, version: str) -> Profile | None:
        """The profile of an endpoint's data of this declared version."""
        try:
            entry = self._read()[endpoint]
            return _profile(entry) if entry["version"] == version else None
        except (KeyError, ValueError, TypeError, AttributeError):
            return None

    def put(self, endpoint: str, found: Profile) -> None:
        """Keep a profile, instead of that of another version."""
        if self._file is None:
            return
        with self._lock:
            try:
                document = {**self._read(), endpoint: _entry(found)}
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
    """Finds out once about one member what ``make`` gives; ``recall`` knows it from before, ``keep`` is for later."""

    def __init__(
        self,
        name: str,
        make: Callable[[], Profile],
        recall: Callable[[], Profile | None],
        keep: Callable[[Profile], None],
    ) -> None:
        self._name = name
        self._make = make
        self._recall = recall
        self._keep = keep
        self._lock = threading.Lock()
        self._begun: float | None = None
        self._ended = threading.Event()
        self._found: Profile | None = None

    @property
    def found(self) -> Profile | None:
        """What is known; asks nobody."""
        return self._found

    def profile(self, meter: Meter) -> Profile | None:
        """The profile, None where it is not there in time: a query may go on without it, for it may be of any size."""
        with self._lock:
            if self._found is None and self._begun is None:
                self._found = self._recall()
            if self._found is not None:
                return self._found
            now = time.monotonic()
            if self._begun is None or (self._ended.is_set() and now - self._begun > _PAUSE_SECONDS):
                self._begun = now
                self._ended.clear()
                threading.Thread(target=self._run, name="profile", daemon=True).start()
            left = min(self._begun + PATIENCE_SECONDS - now, meter.remaining())
        self._ended.wait(max(0.0, left))
        return self._found

    def _run(self) -> None:
        started = time.monotonic()
        try:
            self._found = found = self._make()
            log("member profiled", member=self._name, triples=found.triples, seconds=time.monotonic() - started)
            self._keep(found)
        except NodeError as error:
            log("member not profiled", level=30, member=self._name, problem=error.detail)
        finally:
            self._ended.set()


def _entry(found: Profile) -> dict[str, Any]:
    return {
        "version": found.version,
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


def _profile(entry: Mapping[str, Any]) -> Profile:
    """Raises KeyError, ValueError, TypeError or AttributeError for what ``_entry`` does not write."""
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
