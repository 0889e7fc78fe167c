"""Leases: a member's word that for a moment its data stays as it is, so that it need not be asked whether it does.

A member that is asked for one says with its answer for how many milliseconds no other version will be there. They are
counted from before the request was sent, and the member counts them from when it made the answer: whatever the network
does, they are over here before they are there. No clocks are compared, only how fast they go; a hundredth is taken off
for that. The clock counts while this machine is suspended. A token, new with each request, shows that the lease was
made for it, and not kept by a proxy.

The more members there are the longer leases are asked for, so that renewing them takes about as many requests a second
whatever their number.
"""

from __future__ import annotations

import itertools
import re
import secrets
import time
from dataclasses import dataclass

from node.sparql.protocol import LEASE_HEADER

_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)
_ANSWER = re.compile(r"([A-Za-z0-9._-]{1,64});\s*ms=([0-9]{1,6})")
_PART = 0.99
#: No member's word counts for longer.
_LONGEST = 10.0
#: Seconds that are asked for at least and at most, and for each member there is.
_SHORT, _LONG, _EACH = 1.0, 4.0, 0.02
_LIFE = secrets.token_hex(4)
_number = itertools.count()


def _now() -> float | None:
    return None if _CLOCK is None else time.clock_gettime(_CLOCK)


def wanted(members: int) -> float:
    """For how many seconds leases are asked for, where there are so many members."""
    return min(_LONG, max(_SHORT, members * _EACH))


@dataclass(frozen=True, slots=True)
class Lease:
    """``version`` of a member's data is what it holds until then (by this machine's clock); ``given`` so many seconds
    before."""

    version: str
    until: float
    given: float = 0.0

    def left(self) -> float:
        """Seconds; 0 when it has ended."""
        now = _now()
        return 0.0 if now is None else max(0.0, self.until - now)


class Asking:
    """What is sent with one request to get a lease of so many seconds. Make it before the request is sent."""

    def __init__(self, seconds: float = _SHORT) -> None:
        self._at = _now()
        self._seconds = seconds
        self._token = f"{_LIFE}-{next(_number)}"

    @property
    def headers(self) -> dict[str, str]:
        """What to send. No length where it is the usual one: nodes of an older release know of none, and give no lease
        where they read one."""
        length = "" if self._seconds == _SHORT else f";ms={self._seconds * 1000:.0f}"
        return {} if self._at is None else {LEASE_HEADER: f"{self._token}{length}"}

    def lease(self, answer: str | None, version: str | None) -> Lease | None:
        """The lease that an answer (its header) gives on its version of the data; None when it gives none."""
        found = None if answer is None else _ANSWER.fullmatch(answer)
        if found is None or version is None or self._at is None or found[1] != self._token:
            return None
        seconds = min(int(found[2]) / 1000 * _PART, _LONGEST)
        return Lease(version, self._at + seconds, seconds)
