"""What replicas held when they were seen last, kept in the node's folder: a coordinator that has just started can know.

Several processes may keep the same file. Of two sightings of a member the later one counts.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from node.observability import log

#: The file in a node's folder.
SIGHTINGS_FILE = "replicas.json"
#: What is as it was is written down again after so many seconds.
_AGAIN_SECONDS = 30.0
_SAME_SECONDS = 1.0


@dataclass(frozen=True)
class Sighting:
    """A member held what ``digest`` is of when it was ``seen`` last, and was ``looked`` at last, be it in vain.

    Seconds since 1970. ``gap``: for so many seconds nobody looked, at the longest, since it was seen. ``graphs``: the
    digests of its graphs, where others may hold all of them.
    """

    digest: str
    seen: float
    looked: float
    gap: float = 0.0
    graphs: Mapping[str, str] = field(default_factory=dict)

    @property
    def unwatched(self) -> float:
        """For how many seconds at the longest it could have been there and changed without anyone's noticing."""
        return max(self.gap, time.time() - self.looked)

    def in_vain(self) -> Sighting:
        """Looked at now, and not seen."""
        return replace(self, looked=time.time(), gap=self.unwatched)


class Sightings:
    """The last sighting of each member, by endpoint. Safe to use from several threads. ``file`` None keeps no file."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._known: dict[str, Sighting] = {}
        self._written: Mapping[str, Sighting] = {}
        self._looked_up = False

    def saw(self, endpoint: str, digest: str, ago: float, graphs: Mapping[str, str] | None = None) -> None:
        """The member held this so many seconds ago."""
        at = time.time() - ago
        with self._lock:
            known = self._known.get(endpoint)
            # The same sighting told again is not quite of the same moment.
            if known is None or known.seen + (_SAME_SECONDS if known.digest == digest else 0.0) < at:
                self._note(endpoint, Sighting(digest, at, at, graphs=graphs or {}))

    def last(self, endpoint: str) -> Sighting | None:
        """The last sighting of a member, by this process or another; None for none."""
        with self._lock:
            if not self._looked_up:
                self._take_in()
            return self._known.get(endpoint)

    def failed(self, endpoint: str) -> Sighting | None:
        """The member cannot be seen now: its last sighting, by this process or another; None for none."""
        with self._lock:
            self._take_in()
            known = self._known.get(endpoint)
            if known is not None:
                known = known.in_vain()
                self._note(endpoint, known)
            return known

    def _note(self, endpoint: str, sighting: Sighting) -> None:
        self._known[endpoint] = sighting
        if self._file is None:
            return
        if not self._written:
            self._take_in()
        written = self._written.get(endpoint)
        again = written is None or sighting.looked - written.looked > _AGAIN_SECONDS
        if again or (written is not None and written.digest != sighting.digest):
            self._write(self._file)

    def _take_in(self) -> None:
        """What other processes have seen, or looked for, later."""
        self._written, self._looked_up = _read(self._file), True
        for endpoint, theirs in self._written.items():
            ours = self._known.get(endpoint)
            if ours is None or (theirs.seen, theirs.looked) > (ours.seen, ours.looked):
                self._known[endpoint] = theirs

    def _write(self, path: Path) -> None:
        self._take_in()
        document = {endpoint: vars(sighting) for endpoint, sighting in self._known.items()}
        try:
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=path.parent, prefix=path.name, suffix=".new", delete=False
            ) as file:
                json.dump(document, file, ensure_ascii=False, indent=2)
            Path(file.name).replace(path)
            self._written = dict(self._known)
        except OSError as error:
            log("sightings of replicas not written", level=30, problem=str(error))


def _read(file: Path | None) -> Mapping[str, Sighting]:
    """What is written down; nothing where it is damaged."""
    try:
        document = {} if file is None else json.loads(file.read_text(encoding="utf-8"))
        return {
            str(endpoint): Sighting(
                str(entry["digest"]),
                float(entry["seen"]),
                float(entry["looked"]),
                float(entry["gap"]),
                {str(graph): str(digest) for graph, digest in entry.get("graphs", {}).items()},
            )
            for endpoint, entry in document.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
