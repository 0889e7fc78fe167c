"""Members that fail while a query runs: the end of it, or, for a caller who takes a part, a member less."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from node.errors import MemberError


class Losses:
    """What one query is without. Safe to use from several threads.

    ``obstacle`` is None for a caller who wants all or nothing. Otherwise it gives what in the query (``OPTIONAL``)
    makes its answer over fewer members worthless, None if nothing does: see ``monotone``.
    """

    def __init__(self, obstacle: Callable[[], str | None] | None = None) -> None:
        self._obstacle = obstacle
        self._lock = threading.Lock()
        self._lost: dict[str, MemberError] = {}

    @property
    def tolerated(self) -> bool:
        """Whether the query may go on without a member."""
        return self._obstacle is not None and self._obstacle() is None

    @property
    def lost(self) -> Mapping[str, MemberError]:
        """The members the query goes on without, each with its failure."""
        with self._lock:
            return dict(self._lost)

    def __contains__(self, name: str) -> bool:
        with self._lock:
            return name in self._lost

    def add(self, name: str, error: MemberError) -> None:
        """Go on without a member. Raises its failure when that may not be, with the reason if there is one."""
        if self._obstacle is None:
            raise error
        reason = self._obstacle()
        if reason is not None:
            raise type(error)(
                error.detail,
                member=error.member,
                remedy=f"There is no partial answer to a query with {reason}: with the missing data, rows could be "
                "wrong or change, and not only be more. " + (error.remedy or ""),
                outcome=error.outcome,
            ) from error
        with self._lock:
            self._lost.setdefault(name, error)
