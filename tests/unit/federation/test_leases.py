"""What of a lease counts here: only what was given for this request, from when it was sent, and a little less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from node.federation.members import leases
from node.federation.members.leases import Asking, Lease, wanted
from node.federation.members.renewal import due
from node.federation.members.sources import RemoteSource
from node.sparql.protocol import LEASE_HEADER


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the clock of leases."""
    time = [1000.0]
    monkeypatch.setattr(leases, "_now", lambda: time[0])
    return time


def token_of(asking: Asking) -> str:
    """What the answer has to repeat."""
    return asking.headers[LEASE_HEADER].partition(";")[0]


def test_it_is_counted_from_before_the_request_was_sent(at: list[float]) -> None:
    asking = Asking()
    at[0] += 0.3
    lease = asking.lease(f"{token_of(asking)};ms=1000", "v1")
    assert lease is not None
    assert lease.version == "v1"
    assert 0.6 < lease.left() < 0.7
    at[0] += 0.7
    assert lease.left() == 0


def test_one_that_came_too_late_is_over(at: list[float]) -> None:
    asking = Asking()
    at[0] += 5
    lease = asking.lease(f"{token_of(asking)};ms=1000", "v1")
    assert lease is not None
    assert lease.left() == 0


def test_no_word_counts_for_long(at: list[float]) -> None:
    asking = Asking()
    lease = asking.lease(f"{token_of(asking)};ms=999999", "v1")
    assert lease is not None
    assert lease.until <= at[0] + 10


def test_what_gives_no_lease() -> None:
    """One of another request's (out of a cache), without a version, or not readable."""
    asking, other = Asking(), Asking()
    token = token_of(asking)
    assert token != token_of(other)
    assert other.lease(f"{token};ms=1000", "v1") is None
    assert asking.lease(f"{token};ms=1000", None) is None
    for answer in (None, "", token, f"{token};ms=", f"{token};ms=-5", f"{token};ms=1e3", "ms=1000", f"{token};ms=5;x"):
        assert asking.lease(answer, "v1") is None


def test_more_members_ask_for_longer_leases(at: list[float]) -> None:
    """So renewing takes about as many requests a second; what a publication may have to wait is bounded."""
    assert [wanted(members) for members in (1, 20, 100, 200, 5000)] == [1.0, 1.0, 2.0, 4.0, 4.0]
    assert Asking(wanted(200)).headers[LEASE_HEADER].endswith(";ms=4000")
    assert ";" not in Asking(wanted(50)).headers[LEASE_HEADER]  # as nodes of an older release expect it


@dataclass(frozen=True)
class Leased:
    """As much of a member as renewal looks at."""

    name: str
    lease: Lease | None


def test_leases_that_end_together_are_not_renewed_together(at: list[float]) -> None:
    """A few of them in a round, those that end first, and all before they end."""
    members = [Leased(f"m{n}", Lease("v", at[0] + 4 + n / 1000, 4.0)) for n in range(200)]

    def names(under_way: list[Leased]) -> list[str]:
        return [cast("Leased", s).name for s in due(cast("list[RemoteSource]", members), under_way)]  # type: ignore[arg-type]

    at[0] += 2.5
    assert names([]) == []
    at[0] += 0.85
    first = names([])
    assert first == [f"m{n}" for n in range(len(first))]
    assert 1 < len(first) <= 20
    # The rest have their turns in the rounds of half a second.
    assert len(first) * 10 >= len(members)
    assert names(members[: len(first)])[0] == f"m{len(first)}"
    assert due(cast("list[RemoteSource]", [Leased("none", None)]), []) == []
