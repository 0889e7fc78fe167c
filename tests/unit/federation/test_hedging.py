"""Which of several members is asked, when another is asked as well, and what becomes of the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from node.config import Member
from node.errors import MemberError, MemberUnavailable, NodeError, ResultTooLarge
from node.federation.calling.meter import Meter
from node.federation.calling.waits import Waits
from node.federation.members.hedging import Extra, Race
from node.federation.members.sources import RemoteSource

Work = Callable[[RemoteSource, Meter], str]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def members(*names: str) -> list[RemoteSource]:
    return [RemoteSource(Member(f"http://{name}.example/sparql", name)) for name in names]


def known(member: RemoteSource, seconds: float) -> RemoteSource:
    """A member that has always begun to answer after so many seconds."""
    for _ in range(10):
        member.waits.took(seconds)
    return member


def unavailable(member: RemoteSource) -> MemberUnavailable:
    return MemberUnavailable(f"{member.name} is down.", member=member.name)


def raced(
    threads: ThreadPoolExecutor,
    work: Work,
    asked: list[RemoteSource],
    extra: Extra | None = None,
    seconds: float = 20.0,
) -> tuple[str, str, list[str]]:
    """Who was first, what it gave, and who failed."""
    failed: list[str] = []
    race = Race(work, Meter(seconds, 10, 10**6), threads, extra or Extra(), failed=lambda m, _: failed.append(m.name))
    member, made = race.run(asked)
    return member.name, made, failed


def test_the_first_that_answers(threads: ThreadPoolExecutor) -> None:
    """The others are not asked."""
    seen: list[str] = []

    def work(member: RemoteSource, meter: Meter) -> str:
        seen.append(member.name)
        return member.name.upper()

    assert raced(threads, work, members("a", "b")) == ("a", "A", [])
    assert seen == ["a"]


def test_those_that_fail_are_passed_over(threads: ThreadPoolExecutor) -> None:
    """At once, and told of; if all fail, the first failure is raised. Only the last is asked more than once."""
    once: list[bool] = []

    def work(member: RemoteSource, meter: Meter) -> str:
        once.append(meter.once)
        if member.name != "c":
            raise unavailable(member)
        return "yes"

    asked = members("a", "b", "c")
    assert raced(threads, work, asked) == ("c", "yes", ["a", "b"])
    assert once == [True, True, False]
    assert asked[0].waits.distance > asked[2].waits.distance
    with pytest.raises(MemberError, match="a is down"):
        raced(threads, work, members("a", "b"))


def test_what_is_not_the_members_fault_ends_it(threads: ThreadPoolExecutor) -> None:
    """A limit of the query is not tried again elsewhere."""

    def work(member: RemoteSource, meter: Meter) -> str:
        raise ResultTooLarge("too much.")

    with pytest.raises(ResultTooLarge):
        raced(threads, work, members("a", "b"))


def test_a_slow_one_is_overtaken_and_ended(threads: ThreadPoolExecutor) -> None:
    """After its usual time; its request is given up, which is no failure of it."""
    ended: list[NodeError] = []
    over = threading.Event()

    def work(member: RemoteSource, meter: Meter) -> str:
        if member.name == "b":
            return "quick"
        try:
            while True:
                meter.remaining()
                time.sleep(0.01)
        except NodeError as error:
            assert meter.given_up
            ended.append(error)
            over.set()
            raise

    slow, quick = known(members("a")[0], 0.05), members("b")[0]
    started = time.monotonic()
    assert raced(threads, work, [slow, quick]) == ("b", "quick", [])
    assert time.monotonic() - started < 2
    assert over.wait(2)
    assert len(ended) == 1
    assert slow.waits.distance > quick.waits.distance or slow.waits.usual >= 0.05


def test_one_that_has_begun_is_waited_for(threads: ThreadPoolExecutor) -> None:
    """A large answer takes its time; nobody else is asked for it."""

    def work(member: RemoteSource, meter: Meter) -> str:
        meter.received(member.name, 1)
        time.sleep(0.3)
        return member.name

    assert raced(threads, work, [known(members("a")[0], 0.01), *members("b")]) == ("a", "a", [])


def test_one_that_never_ends_is_not_waited_for(threads: ThreadPoolExecutor) -> None:
    """It drips: after a quarter of the time that is left another is asked, and it counts as too slow."""

    def work(member: RemoteSource, meter: Meter) -> str:
        if member.name == "b":
            return "whole"
        meter.received(member.name, 1)
        try:
            while True:
                meter.remaining()
                time.sleep(0.01)
        except NodeError:
            assert not meter.given_up
            raise

    assert raced(threads, work, members("a", "b"), seconds=1.0)[:2] == ("b", "whole")


def test_what_comes_too_late_is_discarded(threads: ThreadPoolExecutor) -> None:
    """An open answer that nobody reads would keep its connection."""
    late = threading.Event()
    go_on = threading.Event()

    def work(member: RemoteSource, meter: Meter) -> str:
        if member.name == "a":
            go_on.wait(5)
        return member.name

    race = Race(
        work,
        Meter(20.0, 10, 10**6),
        threads,
        Extra(),
        failed=lambda member, error: None,
        discard=lambda made: late.set() if made == "a" else None,
    )
    assert race.run([known(members("a")[0], 0.02), *members("b")])[1] == "b"
    go_on.set()
    assert late.wait(5)


def test_few_requests_are_sent_twice(threads: ThreadPoolExecutor) -> None:
    """Where all are slow, asking twice would double what they have to do."""
    extra = Extra()
    asked: list[str] = []

    def work(member: RemoteSource, meter: Meter) -> str:
        asked.append(member.name)
        time.sleep(0.05)
        return member.name

    for _ in range(40):
        raced(threads, work, [known(members("a")[0], 0.001), *members("b")], extra)
    assert 1 <= asked.count("b") <= 5 + 40 * 0.05 + 1
    assert asked.count("a") == 40


def test_usual_times() -> None:
    """Unknown at first; then what nearly all answers have begun by; how far a member is changes by factors of two."""
    waits = Waits()
    assert waits.usual == 0.5
    for _ in range(19):
        waits.took(0.1)
    waits.took(9.0)
    assert waits.usual == 9.0
    for _ in range(20):
        waits.took(0.1)
    assert waits.usual == 0.1
    near, nearly, far = Waits(), Waits(), Waits()
    near.looked(0.0101)
    nearly.looked(0.0111)
    far.looked(0.05)
    assert near.distance == nearly.distance < far.distance
    near.failed()
    assert near.distance > far.distance
