"""What a federated query may use, and what is kept between queries."""

from __future__ import annotations

import re
import time

import pytest

from node.errors import LimitExceeded, QueryTimeout, ResultTooLarge
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table
from node.federation.fetching.cache import Kept, PartCache


def test_limits_count_over_all_members() -> None:
    """Requests and bytes of all members together are limited, and each is counted by member."""
    meter = Meter(60, requests=3, bytes=10)
    for name in ("a", "b", "a"):
        meter.request(name)
    with pytest.raises(LimitExceeded, match="more than 3 requests"):
        meter.request("b")
    meter.received("a", 6)
    assert meter.bytes_left() == 4
    with pytest.raises(ResultTooLarge, match="more than 10 bytes"):
        meter.received("b", 5)
    assert meter.tallies["a"].requests == 2
    assert meter.tallies["a"].bytes == 6


def test_time_runs_out() -> None:
    """After its seconds, or once given up, a query may do nothing more; what runs is told to stop."""
    with pytest.raises(QueryTimeout):
        Meter(0, 1, 1).remaining()
    meter = Meter(60, 10, 10)
    stopped: list[int] = []
    meter.on_stop(1, lambda: stopped.append(1))
    meter.on_stop(2, lambda: stopped.append(2))
    meter.on_stop(2, None)
    meter.stop()
    assert stopped == [1]
    meter.on_stop(3, lambda: stopped.append(3))
    assert stopped == [1, 3]
    with pytest.raises(QueryTimeout):
        meter.request("a")


def test_what_ends_a_query_says_how_much_there_was() -> None:
    """Requests, bytes and seconds, whichever limit it is."""
    meter = Meter(60, requests=1, bytes=2_000_000)
    meter.request("a")
    meter.received("a", 1_500_000)
    reached = r"\(1 requests and 1,500,000 bytes in 0\.\d s\)"
    assert re.search(f"within 60 s {reached}", meter.timeout().detail)
    with pytest.raises(LimitExceeded, match=f"more than 1 requests to members {reached}"):
        meter.request("a")
    with pytest.raises(ResultTooLarge, match=r"more than 2,000,000 bytes from the members \(1 requests and 3,000,000"):
        meter.received("a", 1_500_000)


def test_a_member_that_sends_much_is_not_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time runs out for what was asked of it; one that dripped, or has sent nothing for a while, is late."""
    meter = Meter(60, 10, 1 << 30)
    meter.received("much", 2_000_000)
    meter.received("drips", 100)
    assert meter.is_sending("much")
    assert not meter.is_sending("drips")
    assert not meter.is_sending("silent")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 10)
    assert not meter.is_sending("much")


def test_parts_are_kept_by_version_within_bytes() -> None:
    """A part is found under its version only; the least recently used goes first; one that is too large is not kept."""
    cache = PartCache(Kept(400))
    small = Table(("s",), b"<a>\n" * 20)
    for version in ("1", "2", "3", "4"):
        cache.put("e", version, "q", small)
    assert cache.get("e", "1", "q") is small
    assert cache.get("e", "9", "q") is None
    assert cache.get("f", "1", "q") is None
    cache.put("e", "5", "q", small)
    assert cache.get("e", "2", "q") is None
    assert cache.get("e", "1", "q") is small
    cache.put("e", "6", "q", Table(("s",), b"<a>\n" * 30))
    assert cache.get("e", "6", "q") is None
