"""What the rest of the node asks of a store, and the values that cross that line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from node.errors import NodeError
from node.model.access import Tier
from node.rdf.dataset import GraphScope
from node.rdf.formats import Format


@dataclass(frozen=True)
class Budget:
    """What one query may use: wall-clock seconds, bytes of memory, bytes and rows (or triples) of answer."""

    seconds: float
    memory_bytes: int
    result_bytes: int
    result_rows: int = 1 << 62


class Owner(StrEnum):
    """Who keeps a graph: publications and the node itself, or its operators by Update and Graph Store Protocol.

    Neither changes the graphs of the other.
    """

    NODE = "node"
    OPERATOR = "operator"


@dataclass(frozen=True)
class GraphContent:
    """The whole new content of one named graph, as N-Triples without blank nodes.

    ``triples`` is the text itself or a file that holds it. ``tier`` says in which tier graph the content is merged;
    with None the graph is kept but is in no query's default graph and cannot be named by a query.
    """

    graph: str
    tier: Tier | None
    triples: bytes | Path
    owner: Owner = Owner.NODE


@dataclass(frozen=True)
class GraphState:
    """What is known of one named graph. ``version`` changes whenever the graph does, and never comes back."""

    tier: Tier | None
    triples: int
    owner: Owner
    version: str


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
class Update:
    """A SPARQL 1.1 Update request over the node's graphs (W3C Recommendation SPARQL 1.1 Update).

    The Graph Store is: ``default_graph`` (a named graph of ours that stands for the unnamed one), and as named graphs
    all others of the registry; tier graphs are not part of it, but may be read by ``USING``. ``using`` is the dataset
    of the protocol's parameters, None without them. New graphs belong to ``tier`` and to the operator. ``loads`` gives
    for each IRI of a ``LOAD`` a file with its triples (N-Triples), or the error to raise unless it is ``SILENT``.
    ``skolem`` is the prefix of IRIs that stand for new blank nodes. ``depth`` is how deep the text may nest.
    """

    text: str
    base: str
    default_graph: str
    skolem: str
    tier: Tier = Tier.PUBLIC
    using: GraphScope | None = None
    loads: Mapping[str, Path | NodeError] = field(default_factory=dict)
    depth: int = 64


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


class BegunQuery(Protocol):
    """A query that is being evaluated. Take its answer, or close it.

    When ``descriptor`` is readable, ``ready`` says whether ``answer`` would return without waiting. It does so too once
    the query was ended from outside, at its deadline at the latest: ``on_stop`` has a function called then, by another
    thread. The descriptor may be late, with the end of a process.
    """

    @property
    def descriptor(self) -> int: ...
    def ready(self) -> bool: ...
    def on_stop(self, told: Callable[[], None], /) -> None: ...

    def answer(self) -> PromptAnswer | None:
        """The answer, once; None when it has to be asked again, by ``query``. Raises what ``query`` raises."""
        ...

    def close(self) -> None: ...


class PromptAnswer(Answer, AbstractContextManager["PromptAnswer"], Protocol):
    """An answer that says whether reading it could wait: not when it is ``whole``."""

    @property
    def whole(self) -> bool: ...


class NotReady(Exception):
    """A query cannot begin at once, and waiting for others to end would not help: ask by ``QuadStore.query``."""


@runtime_checkable
class PromptStore(Protocol):
    """A store that can start a query without waiting, so that a few threads or one serve many callers."""

    def begin(
        self, text: str, *, scope: GraphScope, formats: tuple[Format, Format], budget: Budget
    ) -> BegunQuery | None:
        """Start a query as ``QuadStore.query`` does, or give None when that had to wait for another one's end.

        For texts of a few kilobytes. Raises NotReady when there is a place, but something has to be started first.
        """
        ...


@runtime_checkable
class PromisingStore(Protocol):
    """A store that knows for how long its data stays as it is."""

    def promised(self, wanted: float = ...) -> float:
        """For so many seconds from now on no change will be seen; 0 when that cannot be said.

        ``wanted`` is how many would be of use; what comes may be less, and more.
        """
        ...


class QuadStore(Protocol):
    """Quads at rest. Implementations are safe to use from several threads and, for writing, several processes."""

    def generation(self) -> Generation:
        """The current generation, as the last finished change by any process left it."""
        ...

    def graphs(self, tiers: tuple[Tier, ...]) -> tuple[str, ...]:
        """The IRIs of the named graphs in these tiers, in the current generation, sorted."""
        ...

    def graph(self, name: str) -> GraphState | None:
        """What is known of a named graph in the current generation; None when there is none of this name."""
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
        current. Also when a graph would change its owner. In each case nothing has changed.
        """
        ...

    def update(self, update: Update, budget: Budget) -> Generation:
        """Carry out all operations of an update and make the next generation, or the current one if none is needed.

        Atomic and durable like ``apply``. Raises QuerySyntaxError, QueryTooDeep, Unsupported, Conflict (a graph of
        another owner would change; ``CREATE`` of what exists), NotFound (``DROP``, ``CLEAR``, … of what does not),
        QueryTimeout, QueryMemoryExceeded, StoreError.
        """
        ...

    def close(self) -> None: ...
