"""Threads for members: a few for each, and all that is asked of them is done in turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from node.federation.members.workers import Workers


def soon(what: Callable[[], bool]) -> bool:
    """Whether it is so, within 20 s."""
    until = time.monotonic() + 20
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.01)
    return found


def test_no_member_has_more_than_its_share() -> None:
    """Never more than two at a time for one member, though there are threads; the others do not wait for it."""
    workers = Workers(parallel=2, threads=8)
    lock, running, most = threading.Lock(), 0, 0

    def slow(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1
        return number

    try:
        futures = [workers.submit("slow", slow, number) for number in range(20)]
        assert workers.submit("other", slow, 99).result(timeout=5) == 99
        assert [future.result(timeout=5) for future in futures] == list(range(20))
    finally:
        workers.close()
    assert most <= 3


def test_failures_reach_whoever_waits_and_free_the_place() -> None:
    """What is raised is raised by ``result``; what was cancelled before its turn is not done."""
    workers = Workers(parallel=1, threads=2)
    hold = threading.Event()

    def fail() -> None:
        raise KeyError("x")

    try:
        first = workers.submit("m", hold.wait, 5)
        second, third = workers.submit("m", fail), workers.submit("m", int, "7")
        dropped = workers.submit("m", hold.wait, 5)
        assert dropped.cancel()
        hold.set()
        assert first.result(timeout=5)
        with pytest.raises(KeyError):
            second.result(timeout=5)
        assert third.result(timeout=5) == 7
    finally:
        workers.close()
    assert dropped.cancelled()


def test_what_takes_long_leaves_its_place() -> None:
    """Two floods do not keep out a small request, and there is an end to how many run."""
    workers = Workers(parallel=2, threads=16, long_seconds=0.05)
    hold = threading.Event()
    try:
        floods = [workers.submit("m", hold.wait, 60) for _ in range(2)]
        assert workers.submit("m", int, "7").result(timeout=20) == 7
        assert not any(flood.done() for flood in floods)
        more = [workers.submit("m", hold.wait, 60) for _ in range(8)]
        assert soon(lambda: sum(one.running() for one in (*floods, *more)) == 8)
        time.sleep(0.2)  # no others follow, whatever time passes
        assert sum(one.running() for one in (*floods, *more)) == 8
        assert not workers.take("m")
        hold.set()
        assert all(one.result(timeout=20) for one in (*floods, *more))
        assert soon(lambda: workers.take("m"))
    finally:
        hold.set()
        workers.close()
