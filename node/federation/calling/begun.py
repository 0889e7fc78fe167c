"""A request that was sent without waiting for its answer, so that one thread waits for many.

A thread for each request costs more than a small request does: it is woken twice, and waits for its turn with the
interpreter. So the thread of the query sends all requests of a round and takes in what comes. What may take longer (an
answer that is long, a request that failed and is sent again) is for a thread of its own.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from node.errors import MemberError
from node.federation.calling.http import Reply

T = TypeVar("T")

#: Of an answer that is longer (bytes as sent) the rest is waited for by another thread.
_LONG = 256 * 1024
#: Seconds after which ``arrivals`` looks whether it is over.
_GLANCE = 0.05


class Begun(Generic[T]):
    """One request under way. ``read`` makes its result of a reply; ``again`` asks anew, after a failure if there was.

    Used by one thread at a time. Take the ``answer``, or ``close`` it.
    """

    def __init__(self, reply: Reply, read: Callable[[Reply], T], again: Callable[[MemberError | None], T]) -> None:
        self._reply = reply
        self._read = read
        self._again = again
        self._over = False
        self._failure: MemberError | None = None

    @property
    def descriptor(self) -> int:
        """What becomes readable when something has come, and writable when more can be sent."""
        return self._reply.descriptor

    @property
    def sent(self) -> bool:
        """Whether all of the request is on its way."""
        return self._reply.sent

    def go_on(self) -> bool:
        """Send what is left and take in what has come, without waiting; whether it need not be waited for any more."""
        try:
            return self._reply.go_on() or self._reply.taken > _LONG
        except MemberError as error:
            self._over, self._failure = True, error
        except (OSError, EOFError):
            # The connection had been closed before: that says nothing about the member.
            self._over = True
        return True

    def result(self) -> T | None:
        """The result if that needs no waiting; else None, and ``answer`` gives it. Raises what is no MemberError."""
        if self._over or not self._reply.finished:
            return None
        try:
            return self._taken()
        except MemberError as error:
            self._over, self._failure = True, error
            return None

    def answer(self) -> T:
        """The result, waited for, by asking again if need be; after ``go_on`` said so. Raises what that raises."""
        if not self._over:
            try:
                return self._taken()
            except MemberError as error:
                self._over, self._failure = True, error
        return self._again(self._failure)

    def close(self) -> None:
        """Give the request up if it is under way."""
        self._reply.close()

    def _taken(self) -> T:
        try:
            return self._read(self._reply)
        finally:
            self._reply.close()


def arrivals(begun: Sequence[Begun[T]], until: float, is_over: Callable[[], bool]) -> Iterator[Begun[T]]:
    """Those that need not be waited for any more, as they come, until a moment of monotonic time.

    ``is_over``, asked now and then: whether none of the others is wanted any more.
    """
    poll = select.poll()
    # All are sent before any is listened to.
    over = [one for one in begun if one.go_on()]
    waiting = {one.descriptor: one for one in begun if one not in over}
    for descriptor, one in waiting.items():
        poll.register(descriptor, select.POLLIN if one.sent else select.POLLIN | select.POLLOUT)
    yield from over
    while waiting and (left := until - time.monotonic()) > 0:
        found = poll.poll(min(left, _GLANCE) * 1000)
        if is_over():
            return
        for descriptor, _ in found:
            one = waiting[descriptor]
            sent = one.sent
            if one.go_on():
                del waiting[descriptor]
                poll.unregister(descriptor)
                yield one
            elif one.sent and not sent:
                poll.modify(descriptor, select.POLLIN)
