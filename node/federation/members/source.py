"""A member as a source of rows: what the federation asks of any."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from node.federation.calling.begun import Begun
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table
from node.federation.members.summaries import Summary
from node.rdf.formats import Format
from node.store.quads import Answer

T = TypeVar("T")


@dataclass(frozen=True)
class Recalled:
    """What a member said it holds, None: nothing; it was last seen to hold ``at`` that monotonic time."""

    summary: Summary | None
    at: float


class Source(Protocol):
    """One member, as the federation uses it. Methods may be called from several threads.

    All of them raise MemberError (or, for this node's own store, LimitExceeded and StoreError), and LimitExceeded when
    the meter runs out.
    """

    @property
    def name(self) -> str: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def skolemised(self) -> bool:
        """Whether its data holds no blank nodes, so that every term can be sent back to it."""
        ...

    @property
    def alike(self) -> bool:
        """Whether it is known to evaluate expressions, order and group as this node's engine does."""
        ...

    @property
    def exportable(self) -> bool:
        """Whether what it holds may be sent to the other members."""
        ...

    def summary(self, meter: Meter) -> Summary | None:
        """What the member holds now; None if it does not say: then it may hold anything."""
        ...

    @property
    def guess(self) -> Summary | None:
        """About what a member held some time ago that does not say what it holds: for estimates, and for nothing that
        an answer depends on. Asks nobody."""
        ...

    def recalled(self) -> Recalled | None:
        """What was learnt last; None where nothing was, or it has to be asked for again. Asks nobody."""
        ...

    def forget(self) -> None:
        """What was learnt no longer holds."""
        ...

    def select(self, text: str, columns: tuple[str, ...], meter: Meter) -> Table:
        """The rows of a SELECT of these variables, each bound in every row."""
        ...

    def ask(self, text: str, meter: Meter) -> bool:
        """The answer of an ASK."""
        ...

    def answer(self, text: str, formats: tuple[Format, Format], meter: Meter) -> AbstractContextManager[Answer]:
        """The member's own answer to a whole query, in one of these formats."""
        ...

    def begin(self, text: str, columns: tuple[str, ...], meter: Meter) -> Begun[Table | bool] | None:
        """What ``select`` does, and ``ask`` where there are no columns, begun without waiting; None if it cannot be."""
        ...

    def begin_whole(
        self, text: str, formats: tuple[Format, Format], read: Callable[[Answer], T], meter: Meter
    ) -> Begun[T] | None:
        """What ``answer`` does, begun without waiting; ``read`` takes the answer. None if it cannot be."""
        ...
