"""Evaluates a query over data that comes with it: the last step of a federated query.

The data is loaded into memory inside a query worker, so that the limits of any query hold for it too, loading
included: what a member sends cannot take the node down.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from node.rdf.formats import Format
from node.sparql.rows_text import RowsText
from node.store.leases import BegunQuery
from node.store.quads import Budget, Generation
from node.store.workers import Question, WorkerAnswer, WorkerPool

#: Scratch data belongs to no generation of this node.
_NO_GENERATION = Generation(0, Path("scratch"))


class ScratchEvaluator:
    """Up to ``short`` evaluations at a time, ``long`` more that take their time; others wait up to ``queue_seconds``.

    Owns its processes, apart from those of the store: a federated query that is evaluated here may be waiting for
    this node's own store as one of its members. Relative IRIs in a query are resolved against ``base``. Close it when
    done.
    """

    def __init__(self, short: int, *, long: int, queue_seconds: float, base: str | None = None) -> None:
        self._base = base
        self._pool = WorkerPool(short, long=long, queue_seconds=queue_seconds)

    def evaluate(
        self,
        triples: Iterable[bytes],
        quads: Iterable[bytes],
        text: str | RowsText,
        formats: tuple[Format, Format],
        budget: Budget,
    ) -> WorkerAnswer:
        """Load ``triples`` (N-Triples) as the default graph and ``quads`` (N-Quads) as they say, then query all of it.

        Each iterable gives pieces of one document, cut anywhere; one made of several documents needs a line end
        after each. The pieces are taken one by one while the worker loads, and an error raised by an iterable ends
        the evaluation and goes to the caller. The budget's seconds run from this call to the last byte. A text of rows
        is made of them in the worker too; NotMade is raised if it cannot be.

        Raises QuerySyntaxError, DocumentSyntaxError, TooBusy, QueryTimeout, QueryMemoryExceeded, ResultTooLarge,
        StoreError. Close the answer, or use it in a ``with`` statement.
        """
        rows, text = (text, "") if isinstance(text, RowsText) else (None, text)
        load = (triples, quads)
        return self._pool.ask(Question(text, formats, budget, _NO_GENERATION, load=load, base=self._base, rows=rows))

    def begin(
        self,
        triples: Iterable[bytes],
        quads: Iterable[bytes],
        text: str,
        formats: tuple[Format, Format],
        budget: Budget,
    ) -> BegunQuery | None:
        """Begin to evaluate without waiting for anything: None when no place is free at this moment.

        For data and a text that fit into a pipe together. Raises NotReady when no worker is free, although a place is.
        """
        return self._pool.begin(Question(text, formats, budget, _NO_GENERATION, load=(triples, quads), base=self._base))

    def close(self) -> None:
        """End the workers. Evaluations under way fail."""
        self._pool.close()
