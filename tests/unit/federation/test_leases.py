"""What of a lease counts here: only what was given for this request, from when it was sent, and a little less."""

from __future__ import annotations

import pytest

from node.federation.members import leases
from node.federation.members.leases import Asking
from node.sparql.protocol import LEASE_HEADER


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the clock of leases."""
    time = [1000.0]
    monkeypatch.setattr(leases, "_now", lambda: time[0])
    return time


def test_it_is_counted_from_before_the_request_was_sent(at: list[float]) -> None:
    asking = Asking()
    at[0] += 0.3
    lease = asking.lease(f"{asking.headers[LEASE_HEADER]};ms=1000", "v1")
    assert lease is not None
    assert lease.version == "v1"
    assert 0.6 < lease.left() < 0.7
    at[0] += 0.7
    assert lease.left() == 0


def test_one_that_came_too_late_is_over(at: list[float]) -> None:
    asking = Asking()
    at[0] += 5
    lease = asking.lease(f"{asking.headers[LEASE_HEADER]};ms=1000", "v1")
    assert lease is not None
    assert lease.left() == 0


def test_no_word_counts_for_long(at: list[float]) -> None:
    asking = Asking()
    lease = asking.lease(f"{asking.headers[LEASE_HEADER]};ms=999999", "v1")
    assert lease is not None
    assert lease.until <= at[0] + 10


def test_what_gives_no_lease() -> None:
    """One of another request's (out of a cache), without a version, or not readable."""
    asking, other = Asking(), Asking()
    token = asking.headers[LEASE_HEADER]
    assert token != other.headers[LEASE_HEADER]
    assert other.lease(f"{token};ms=1000", "v1") is None
    assert asking.lease(f"{token};ms=1000", None) is None
    for answer in (None, "", token, f"{token};ms=", f"{token};ms=-5", f"{token};ms=1e3", "ms=1000", f"{token};ms=5;x"):
        assert asking.lease(answer, "v1") is None
