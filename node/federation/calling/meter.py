"""What one federated query may use, shared by everything that works for it, and what each member cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from node.errors import LimitExceeded, NodeError, QueryMemoryExceeded, QueryTimeout, ResultTooLarge
from node.federation.calling.memory import Memory, Share

#: A member that has sent so many bytes, and some of them in the last seconds, is not late: it was asked for much.
_MUCH_BYTES = 1_000_000
_JUST_NOW_SECONDS = 5.0


@dataclass
class Tally:
    """What one member did for one query. ``seconds`` adds up requests that ran side by side."""

    requests: int = 0
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0
    #: Monotonic time of the last bytes.
    heard: float = 0.0


def _unbounded() -> Share:
    return Memory(1 << 62, 1).share()


@dataclass
class Meter:
    """Counts and limits. Safe to use from several threads.

    ``seconds`` run from creation; ``requests`` and ``bytes`` (after decompression) are for all members together. What
    ends a query says how much of all of it there was.
    """

    seconds: float
    requests: int
    bytes: int
    tallies: dict[str, Tally] = field(default_factory=dict)
    #: Whether a request that fails is not sent again, because somebody else can be asked.
    once: bool = False
    #: Memory for what is kept of what came.
    memory: Share = field(default_factory=_unbounded)
    #: Of all members together, so that they need not be added up for each request.
    _requests: int = 0
    _bytes: int = 0
    _started: float = field(default_factory=time.monotonic)
    _stopped: bool = False
    _stops: dict[int, Callable[[], None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def remaining(self) -> float:
        """Seconds left. Raises QueryTimeout when there are none, or when the query was given up."""
        left = self._started + self.seconds - time.monotonic()
        if left <= 0 or self._stopped:
            raise self.timeout()
        return left

    def timeout(self) -> QueryTimeout:
        """The error of a query whose time is over."""
        return QueryTimeout(
            f"the federated query did not finish within {self.seconds:g} s{self._reached()}.",
            remedy="Make it more selective, or ask the operator to raise limits.federation_seconds.",
        )

    def is_sending(self, name: str) -> bool:
        """Whether a member has sent much and is at it still, so that time runs out for the query's sake, not its."""
        tally = self.tallies.get(name)
        just_now = time.monotonic() - _JUST_NOW_SECONDS
        return tally is not None and tally.bytes >= _MUCH_BYTES and tally.heard >= just_now

    def _reached(self) -> str:
        """What has come until now, as the end of a sentence."""
        if not self._bytes:
            return ""
        seconds = time.monotonic() - self._started
        return f" ({self._requests:,} requests and {self._bytes:,} bytes in {seconds:.1f} s)"

    def keeping(self, size: int) -> None:
        """So many bytes of what came are kept for now. Raises QueryMemoryExceeded, TooBusy."""
        try:
            self.memory.take(size)
        except QueryMemoryExceeded as error:
            detail = f"{error.detail.removesuffix('.')}{self._reached()}."
            raise QueryMemoryExceeded(detail, remedy=error.remedy) from error

    def beside(self, size: int) -> AbstractContextManager[None]:
        """So many bytes stand beside what is kept for a while: a copy. Raises as ``keeping``."""
        return self.memory.beside(size)

    @property
    def over(self) -> bool:
        """Whether nothing more may be done for the query."""
        return self._stopped or self._started + self.seconds <= time.monotonic()

    @property
    def given_up(self) -> bool:
        """Whether the query was ended for a reason that is not the time it took."""
        return self._stopped

    def request(self, name: str) -> None:
        """Count one request to a member. Raises LimitExceeded, QueryTimeout."""
        self.remaining()
        with self._lock:
            tally = self.tallies.setdefault(name, Tally())
            if self._requests >= self.requests:
                raise LimitExceeded(
                    f"the query needs more than {self.requests:,} requests to members{self._reached()}.",
                    remedy="Make it more selective, or ask the operator to raise limits.federation_requests.",
                )
            tally.requests += 1
            self._requests += 1

    def received(self, name: str, size: int) -> None:
        """Count bytes. Raises ResultTooLarge."""
        with self._lock:
            tally = self.tallies.setdefault(name, Tally())
            tally.bytes += size
            tally.heard = time.monotonic()
            self._bytes += size
            if self._bytes > self.bytes:
                raise ResultTooLarge(
                    f"the query needs more than {self.bytes:,} bytes from the members{self._reached()}.",
                    remedy="Name the predicates, add more selective patterns, or ask the operator to raise "
                    "limits.federation_bytes.",
                )

    def bytes_left(self) -> int:
        """How many bytes may still come."""
        with self._lock:
            return max(0, self.bytes - self._bytes)

    def done(self, name: str, rows: int, seconds: float) -> None:
        """Count an answer that came whole."""
        with self._lock:
            tally = self.tallies.setdefault(name, Tally())
            tally.rows += rows
            tally.seconds += seconds

    def on_stop(self, key: int, stop: Callable[[], None] | None) -> None:
        """Set or clear (None) what ends work in progress when the query is given up."""
        with self._lock:
            if stop is None:
                self._stops.pop(key, None)
                return
            self._stops[key] = stop
            stopped = self._stopped
        if stopped:
            stop()

    def stop(self) -> None:
        """Give the query up: running requests end soon, new ones are refused."""
        with self._lock:
            self._stopped = True
            stops = list(self._stops.values())
        for stop in stops:
            stop()


class Turn(Meter):
    """The same meter for a part of the query that has ``seconds`` of its own from now on and can be given up alone.

    When its time is over, ``remaining`` raises what ``late`` gives; when the query's is, what the whole meter raises.
    """

    def __init__(self, whole: Meter, seconds: float, late: Callable[[], NodeError]) -> None:
        super().__init__(seconds, whole.requests, whole.bytes, whole.tallies, memory=whole.memory)
        self._whole = whole
        self._late = late
        self._late_by_then = False

    @property
    def over(self) -> bool:
        return super().over or self._whole.over

    @property
    def given_up(self) -> bool:
        return (self._stopped and not self._late_by_then) or self._whole.given_up

    def end_now(self) -> None:
        """Its time is over: what works for this part ends as if it had run out."""
        self._late_by_then = True
        self.stop()

    def remaining(self) -> float:
        of_all = self._whole.remaining()
        left = self._started + self.seconds - time.monotonic()
        if left <= 0 or self._stopped:
            raise self._late()
        return min(left, of_all)

    def timeout(self) -> QueryTimeout:
        return self._whole.timeout()

    def keeping(self, size: int) -> None:
        self._whole.keeping(size)

    def request(self, name: str) -> None:
        self.remaining()
        self._whole.request(name)

    def received(self, name: str, size: int) -> None:
        self._whole.received(name, size)

    def bytes_left(self) -> int:
        return self._whole.bytes_left()

    def done(self, name: str, rows: int, seconds: float) -> None:
        self._whole.done(name, rows, seconds)

    def on_stop(self, key: int, stop: Callable[[], None] | None) -> None:
        super().on_stop(key, stop)
        self._whole.on_stop(key, stop)
