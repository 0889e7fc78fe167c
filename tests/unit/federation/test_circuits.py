"""Asking again, and leaving alone: what passes is tried again, what keeps failing is not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from node.errors import MemberError, MemberProtocolError, MemberTimeout, MemberUnavailable, QueryTimeout
from node.federation.calling import circuits
from node.federation.calling.circuits import CIRCUITS_FILE, FAILURES, Circuit, Circuits, read_circuits
from node.federation.calling.meter import Meter, Turn
from node.federation.calling.retries import ATTEMPTS, persistently


class Member:
    """Fails with these errors, then answers."""

    def __init__(self, *failures: MemberError) -> None:
        self.failures = list(failures)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


def down(wait: float | None = None) -> MemberUnavailable:
    return MemberUnavailable("m is down.", member="m", passing=True, wait=wait)


def meter(seconds: float = 10.0) -> Meter:
    return Meter(seconds, 100, 1 << 20)


def test_what_may_pass_is_tried_again() -> None:
    """Up to three times, and only that."""
    member = Member(down(), down())
    assert persistently(member, meter(), Circuit("m")) == "answer"
    member = Member(*[down()] * 5)
    with pytest.raises(MemberUnavailable):
        persistently(member, meter(), Circuit("m"))
    assert member.asked == ATTEMPTS
    for error in (MemberProtocolError("HTML", member="m"), MemberTimeout("late", member="m")):
        member = Member(error)
        with pytest.raises(type(error)):
            persistently(member, meter(), Circuit("m"))
        assert member.asked == 1


def test_a_pause_that_is_asked_for_is_kept_or_refused() -> None:
    """``Retry-After`` within a quarter of the time that is left; a longer one is no reason to hold the query up."""
    started = time.monotonic()
    assert persistently(Member(down(wait=0.2)), meter(), Circuit("m")) == "answer"
    assert 0.2 <= time.monotonic() - started < 1
    member = Member(down(wait=7))
    with pytest.raises(MemberUnavailable):
        persistently(member, meter(), Circuit("m"))
    assert member.asked == 1


def test_a_query_that_ends_ends_its_pauses() -> None:
    """Nobody waits for a query whose time is over, and its end is no failure of the member."""
    running = meter(100)
    member = Member(down(wait=20))
    running.on_stop(1, lambda: None)

    def stopping() -> str:
        running.stop()
        return member()

    circuit = Circuit("m")
    with pytest.raises((MemberUnavailable, QueryTimeout)):
        persistently(stopping, running, circuit)
    assert circuit.open is None


def test_a_circuit_opens_and_closes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Five failures in a row open it; after the pause one request decides."""
    monkeypatch.setattr(circuits, "PAUSE", 0.2)
    known = Circuits(tmp_path / CIRCUITS_FILE)
    circuit = known.of("m", "http://m.example/sparql")
    for _ in range(FAILURES - 1):
        circuit.failed(down())
    circuit.succeeded()
    for _ in range(FAILURES):
        circuit.enter()
        circuit.failed(down())
    with pytest.raises(MemberUnavailable, match=r"failed 5 times .* m is down"):
        circuit.enter()
    written = read_circuits(tmp_path)["http://m.example/sparql"]
    assert (written.failures, written.problem) == (5, "m is down.")
    time.sleep(0.25)
    circuit.enter()
    with pytest.raises(MemberUnavailable):
        circuit.enter()  # one trial at a time
    circuit.failed(down())
    with pytest.raises(MemberUnavailable):
        circuit.enter()
    circuit.succeeded()
    circuit.enter()
    assert read_circuits(tmp_path) == {}
    assert known.open() == {}


def test_the_end_of_a_members_own_time_is_its_failure() -> None:
    """A member that used up what it was given counts as late; one whose query was given up does not."""
    whole = meter()
    turn = Turn(whole, 5.0, lambda: MemberTimeout("late", member="m"))
    turn.end_now()
    assert turn.over
    assert not turn.given_up
    whole.stop()
    assert turn.given_up


def test_a_file_that_is_no_list_of_circuits(tmp_path: Path) -> None:
    """Nothing is known then."""
    (tmp_path / CIRCUITS_FILE).write_text("[1]", encoding="utf-8")
    assert read_circuits(tmp_path) == {}
    assert read_circuits(tmp_path / "nowhere") == {}
