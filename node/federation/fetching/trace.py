"""The requests of one query, written down."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from node.federation.fetching.scratch import Scratch
from node.federation.planning.requests import Job


@dataclass(frozen=True)
class Request:
    """One request that was sent: rows and bytes that came back (an ASK has none), and milliseconds."""

    member: str
    text: str
    rows: int
    bytes: int
    milliseconds: float


@dataclass
class Trace:
    """The requests of one query, written down by those who send them. Safe to use from several threads."""

    requests: list[Request] = field(default_factory=list)
    #: The member that was sent the whole query, and its text: how much it answers is known in the end only.
    whole: tuple[str, str] | None = None
    #: What was fetched, where others could not be asked for it again.
    fetched: Scratch | None = None
    #: The names of the replicas that a source of it stands for.
    replicas: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, job: Job, rows: int, size: int, seconds: float) -> None:
        """One request that was answered."""
        with self._lock:
            self.requests.append(Request(job.source, job.text, rows, size, seconds * 1000))
