"""Clients that leave before their answer is there: noticed, so that nothing is worked out for nobody.

Used on the event loop alone. Asking the server whether a client is still there costs more than most queries take, so it
is asked only about requests that have been under way for a while.
"""

from __future__ import annotations

import asyncio
from typing import Any

from node.cancellation import Cancellation

#: How often it is looked for requests that were here the last time already.
_ROUND_SECONDS = 0.5


class Leaving:
    """The requests under way, each with what ends its work when its client has left."""

    def __init__(self) -> None:
        self._new: dict[Cancellation, Any] = {}
        self._old: dict[Cancellation, Any] = {}
        self._watched: dict[Cancellation, asyncio.Task[None]] = {}
        self._going_round = False

    def expect(self, protocol: Any) -> Cancellation:
        """A request begins; ``protocol`` is RSGI's. Follow with ``forget``."""
        cancellation = Cancellation()
        self._new[cancellation] = protocol
        if not self._going_round:
            self._going_round = True
            asyncio.get_running_loop().call_later(_ROUND_SECONDS, self._go_round)
        return cancellation

    def forget(self, cancellation: Cancellation) -> None:
        """The request is answered, or nobody is there to be answered."""
        self._new.pop(cancellation, None)
        self._old.pop(cancellation, None)
        task = self._watched.pop(cancellation, None)
        if task is not None:
            task.cancel()

    def _go_round(self) -> None:
        loop = asyncio.get_running_loop()
        for cancellation, protocol in self._old.items():
            self._watched[cancellation] = loop.create_task(_watch(cancellation, protocol))
        self._old, self._new = self._new, {}
        self._going_round = bool(self._old)
        if self._going_round:
            loop.call_later(_ROUND_SECONDS, self._go_round)


async def _watch(cancellation: Cancellation, protocol: Any) -> None:
    await protocol.client_disconnect()
    cancellation.cancel()
