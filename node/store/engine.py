"""Asking the engine, in a process of one's own: nothing can stop it from inside, so the kernel's limits have to."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
from collections.abc import Callable, Iterator, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Store, Triple

from node.errors import QuerySyntaxError, StoreError, Unsupported
from node.store.quads import Budget
from node.store.refusals import refusal, without_paths

_PAGE = resource.getpagesize()
#: How the engine names a function it does not have, and how many of them one query may use.
_UNKNOWN_FUNCTION = re.compile(r"The custom function <([^<>]*)> is not supported")
_UNKNOWN_FUNCTIONS = 50


def may_name_graphs(text: str) -> bool:
    """Whether a query could hold ``GRAPH`` or ``FROM``; a ``\\u`` escape may spell anything."""
    lower = text.lower()
    return "graph" in lower or "from" in lower or "\\u" in lower


def solutions(
    store: Store, text: str, *, base: str, default: Sequence[str], named: Sequence[str], budget: Budget
) -> QuerySolutions:
    """The solutions of a SELECT query over these graphs.

    A function that the engine does not have is an error of its expression (SPARQL 1.1 Query, section 17.6), no more.
    Raises QuerySyntaxError, Unsupported, StoreError. Iterating may raise OSError and RuntimeError.
    """
    unknown: dict[NamedNode, Callable[..., NamedNode | BlankNode | Literal | Triple | None]] = {}
    while True:
        try:
            answer = store.query(
                text,
                base_iri=base,
                default_graph=[NamedNode(graph) for graph in default],
                named_graphs=[NamedNode(graph) for graph in named],
                custom_functions=unknown,
            )
        except SyntaxError as error:
            # The place is one in a text that the caller never saw.
            said = refusal({"kind": "syntax", "message": error.msg}, text, budget)
            raise QuerySyntaxError(f"WHERE: {getattr(said, 'detail', said)}") from error
        except UnicodeEncodeError as error:
            raise QuerySyntaxError("the text holds half a surrogate pair, which is no character.") from error
        except RuntimeError as error:
            # Raised before evaluation starts, for one function at a time.
            named_function = _UNKNOWN_FUNCTION.search(str(error))
            if named_function is None or len(unknown) == _UNKNOWN_FUNCTIONS:
                kind = Unsupported if "not supported" in str(error) else StoreError
                raise kind(f"WHERE cannot be evaluated: {without_paths(str(error))}.") from error
            unknown[NamedNode(named_function[1])] = _no_value
        else:
            assert isinstance(answer, QuerySolutions)
            return answer


def _no_value(*_arguments: object) -> None:
    """What an unknown function gives: an expression error."""


@contextlib.contextmanager
def kernel_limits(seconds: float, memory_bytes: int) -> Iterator[None]:
    """Limits on this process while the block runs: data on top of what it holds already, and time.

    A process that takes longer is ended by SIGALRM; one that takes more memory mostly by SIGABRT.
    """
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = _data_bytes() + memory_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def _data_bytes() -> int:
    """The size of this process' data, as RLIMIT_DATA counts it; 0 where there is no /proc."""
    try:
        statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return int(os.pread(statm, 200, 0).split()[5]) * _PAGE
    finally:
        os.close(statm)
