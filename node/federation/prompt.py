"""A query that was answered before and needs nobody to be asked: begun by whoever asks, who need not wait for it.

To have a thread wait for the last step of such a query takes longer than the step does. So the event loop starts it in
a worker process and takes the answer when it is there, as it does with queries over this node alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from node.errors import NodeError, QueryMemoryExceeded, QuerySyntaxError
from node.federation.execution import FederatedAnswer
from node.federation.members.completeness import Completeness
from node.federation.members.releases import ReleaseDifference
from node.federation.reporting.counters import Counters
from node.store.quads import BegunQuery, Generation, PromptAnswer


class FederatedPromptAnswer(FederatedAnswer):
    """The answer. Implements ``quads.PromptAnswer``; ``over`` is called once, when it is closed."""

    def __init__(
        self,
        answer: PromptAnswer,
        generation: Generation,
        completeness: Completeness,
        differences: tuple[ReleaseDifference, ...],
        *,
        counters: Counters,
        over: Callable[[], None],
    ) -> None:
        super().__init__(answer, generation, lambda: completeness.members, differences=differences)
        self._completeness = completeness
        self.annotated = True
        self.whole = answer.whole
        self._counters = counters
        self._over = over

    @property
    def completeness(self) -> Completeness:
        return self._completeness

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from super().__iter__()
        except NodeError as error:
            self._counters.failed(error.slug, None)
            raise
        self._counters.answered(self.completeness)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        super().close()
        over, self._over = self._over, _nothing
        over()


def _nothing() -> None:
    """What is over is over."""


class PromptQuery:
    """The query under way. Implements ``quads.BegunQuery``. ``over`` is what gives back all that it holds."""

    def __init__(
        self,
        query: BegunQuery,
        generation: Generation,
        completeness: Completeness,
        differences: tuple[ReleaseDifference, ...],
        *,
        counters: Counters,
    ) -> None:
        self._query = query
        self.descriptor = query.descriptor
        self.ready = query.ready
        self.on_stop = query.on_stop
        self._generation = generation
        self._completeness = completeness
        self._differences = differences
        self._counters = counters
        self.over: Callable[[], None] = lambda: None
        self._taken = False

    def answer(self) -> FederatedPromptAnswer | None:
        """The answer, once; None when it has to be asked again, by ``query``: for more memory, or to hear what is wrong
        with it. Raises what else ``query`` does."""
        try:
            answer = self._query.answer()
        except (QueryMemoryExceeded, QuerySyntaxError):
            return None
        except NodeError as error:
            self._counters.failed(error.slug, None)
            raise
        if answer is None:
            return None
        self._taken = True
        return FederatedPromptAnswer(
            answer, self._generation, self._completeness, self._differences, counters=self._counters, over=self.over
        )

    def close(self) -> None:
        """End the query, unless its answer was taken. May be called twice."""
        self._query.close()
        if not self._taken:
            self._taken = True
            self.over()
