"""Work is ended when its caller leaves, whether it began before or begins after that."""

from __future__ import annotations

from node.cancellation import Cancellation, cancelled_by, current


def test_what_is_under_way_is_ended_and_what_begins_later_too() -> None:
    """Each once; what was cleared is left alone."""
    ended: list[str] = []
    cancellation = Cancellation()
    cancellation.on_cancel(1, lambda: ended.append("first"))
    cancellation.on_cancel(2, lambda: ended.append("cleared"))
    cancellation.on_cancel(2, None)
    assert ended == []
    cancellation.cancel()
    assert ended == ["first"]
    cancellation.on_cancel(3, lambda: ended.append("late"))
    assert ended == ["first", "late"]


def test_only_within_its_block() -> None:
    """Nothing is known of who asks before and after, nor of an outer one inside."""
    outer, inner = Cancellation(), Cancellation()
    assert current() is None
    with cancelled_by(outer):
        with cancelled_by(inner):
            assert current() is inner
        assert current() is outer
    assert current() is None
