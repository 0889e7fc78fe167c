"""What the rest of the node asks of a store, and the values that cross that line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from node.model.access import Tier
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format


@dataclass(frozen=True)
class Budget:
    """What one query may use: wall-clock seconds, bytes of memory, bytes of answer."""

    seconds: float
    memory_bytes: int
    result_bytes: int


@dataclass(frozen=True)
class GraphContent:
    """The whole new content of one named graph, as N-Triples without blank nodes.

    ``triples`` is the text itself or a file that holds it. ``tier`` says in which tier graph the content is merged;
    with None the graph is kept but is in no query's default graph and cannot be named by a query.
    """

    graph: str
    tier: Tier | None
    triples: bytes | Path


@dataclass(frozen=True)
class Change:
    """One atomic step from a generation to the next: all of it happens, or nothing.

    ``put`` replaces graphs whole, ``remove`` drops them, ``files`` writes (bytes or a file to copy) or removes (None)
    files that belong to the generation, by relative name. ``base`` is the number of the generation the change was
    worked out from; when another one is current by the time the writer is free, ``apply`` raises Conflict instead of
    undoing what came between. None: apply whatever is current.
    """

    put: tuple[GraphContent, ...] = ()
    remove: tuple[str, ...] = ()
    files: Mapping[str, bytes | Path | None] = field(default_factory=dict)
    base: int | None = None


@dataclass(frozen=True)
class Generation:
    """One immutable state of the node. ``number`` grows by one with each change; 0 is the empty node."""

    number: int
    folder: Path


class Answer(Protocol):
    """An answer on its way: bytes in ``format``, of one generation. Iterate once, then close (or use ``with``).

    Iterating raises LimitExceeded or StoreError when the query fails after its first bytes.
    """

    @property
    def format(self) -> Format: ...
    @property
    def generation(self) -> Generation: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class QuadStore(Protocol):
    """Quads at rest. Implementations are safe to use from several threads and, for writing, several processes."""

    def generation(self) -> Generation:
        """The current generation, as the last finished change by any process left it."""
        ...

    def graphs(self, tiers: tuple[Tier, ...]) -> tuple[str, ...]:
        """The IRIs of the named graphs in these tiers, in the current generation, sorted."""
        ...

    def query(
        self, text: str, *, scope: GraphScope, formats: tuple[Format, Format], budget: Budget
    ) -> AbstractContextManager[Answer]:
        """Evaluate a query (no SERVICE) on the current generation.

        ``formats``: what to write solutions and booleans in, and what to write graphs in; the query's form decides.
        Raises QuerySyntaxError, Unsupported, TooBusy, QueryTimeout, QueryMemoryExceeded, ResultTooLarge, StoreError.
        When this returns, the first bytes are there: errors of evaluation before them are raised here.
        """
        ...

    def file(self, name: str) -> bytes | None:
        """The content of a file of the current generation, None if there is none of this name."""
        ...

    def apply(self, change: Change) -> Generation:
        """Make the next generation. Atomic and durable: a crash leaves the old or the new one whole.

        Raises DocumentSyntaxError for content that is not N-Triples without blank nodes, StoreError, and
        Conflict when another process holds the writer too long or when ``change.base`` is given and no longer
        current. In each case nothing has changed.
        """
        ...

    def close(self) -> None: ...
