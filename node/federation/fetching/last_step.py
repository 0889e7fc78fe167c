"""The last step within the memory that federated queries share; and over nothing, to see what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeAlias

from node.errors import NodeError, QuerySyntaxError
from node.federation.calling.memory import Share
from node.federation.fetching.delegation import Evaluate
from node.federation.fetching.prepared import LastStep
from node.federation.fetching.scratch import Load, size_of
from node.rdf.formats import Format
from node.sparql.algebra import Query
from node.sparql.rows_text import RowsText
from node.store.quads import Answer, BegunQuery, Budget, NotReady

#: A store in memory has at least so many bytes for each of the statements' text (more where no two terms are the same),
#: rows that are joined at least so many for each of theirs, and a process so many whatever it is given.
_STORED, _JOINED, _PROCESS_BYTES = 2, 4, 32_000_000
#: To read a query takes the engine less.
_REFUSAL_SECONDS = 2.0

#: What a pipe to a worker takes at once, whatever the system allows.
_AT_ONCE_BYTES = 48_000
#: Starts a last step without waiting; see ``ScratchEvaluator.begin``.
Begin: TypeAlias = Callable[[Load, Load, str, tuple[Format, Format], Budget], BegunQuery | None]


def bounded(evaluate: Evaluate, memory: Share) -> Evaluate:
    """``evaluate``, in no more memory than is granted: at least what loading the statements takes.

    It raises QueryMemoryExceeded and TooBusy too (see ``memory.Share``).
    """

    @contextmanager
    def step(
        triples: Load,
        quads: Load,
        text: str | RowsText,
        formats: tuple[Format, Format],
        budget: Budget,
    ) -> Iterator[Answer]:
        needed = _needed(triples, quads)
        if isinstance(text, RowsText):
            needed += _JOINED * text.size
        with (
            memory.granted(needed, budget.memory_bytes) as granted,
            evaluate(triples, quads, text, formats, replace(budget, memory_bytes=granted)) as answer,
        ):
            yield answer

    return step


def refusal(
    evaluate: Evaluate, query: Query, formats: tuple[Format, Format], budget: Budget
) -> QuerySyntaxError | None:
    """What the engine says is wrong with a query, where it refuses it: what the reader lets through although SPARQL
    forbids it (a variable that is assigned twice) is nobody's fault but the query's, whoever found it."""
    budget = replace(budget, seconds=min(budget.seconds, _REFUSAL_SECONDS))
    try:
        with evaluate([], [], query.without_dataset_clause(), formats, budget):
            return None
    except QuerySyntaxError as error:
        return error
    except NodeError:
        return None


def begun(
    begin: Begin, memory: Share, step: LastStep, formats: tuple[Format, Format], budget: Budget
) -> BegunQuery | None:
    """A small last step under way, if neither memory nor a worker has to be waited for; else None.

    The memory is held until ``memory`` is closed.
    """
    if len(step.text) + size_of(step.triples) + size_of(step.quads) > _AT_ONCE_BYTES:
        return None
    granted = memory.granted_now(_needed(step.triples, step.quads), budget.memory_bytes)
    if granted is None:
        return None
    try:
        return begin(step.triples, step.quads, step.text, formats, replace(budget, memory_bytes=granted))
    except NotReady:
        return None


def _needed(triples: Load, quads: Load) -> int:
    return _PROCESS_BYTES + _STORED * (size_of(triples) + size_of(quads))
