"""Asking the engine, in a process of one's own: nothing can stop it from inside, so the kernel's limits have to.

Query workers import this before they can answer anything: it takes nothing else from the project.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import resource
import signal
from collections.abc import Callable, Iterator
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, QueryBoolean, QuerySolutions, QueryTriples, Store, Triple

_PAGE = resource.getpagesize()
#: How the engine names a function it does not have, and how many of them one query may use.
_UNKNOWN_FUNCTION = re.compile(r"The custom function <([^<>]*)> is not supported")
_UNKNOWN_FUNCTIONS = 50


def may_name_graphs(text: str) -> bool:
    """Whether a query could hold ``GRAPH`` or ``FROM``; a ``\\u`` escape may spell anything."""
    lower = text.lower()
    return "graph" in lower or "from" in lower or "\\u" in lower


def ask(store: Store, text: str, **options: Any) -> QuerySolutions | QueryBoolean | QueryTriples:
    """The engine's answer to a query; ``options`` are those of ``Store.query``.

    A function that the engine does not have is an error of its expression (SPARQL 1.1 Query, section 17.6), no more.
    Raises SyntaxError, NotImplementedError for what else the engine does not have, OSError and RuntimeError for other
    failures. Iterating and serialising may raise OSError and RuntimeError.
    """
    unknown: dict[NamedNode, Callable[..., NamedNode | BlankNode | Literal | Triple | None]] = {}
    while True:
        try:
            return store.query(text, custom_functions=unknown, **options)
        except UnicodeEncodeError as error:
            raise SyntaxError("the text holds half a surrogate pair, which is no character") from error
        except RuntimeError as error:
            # Raised before evaluation starts, for one function at a time.
            named = _UNKNOWN_FUNCTION.search(str(error))
            if named is None or len(unknown) == _UNKNOWN_FUNCTIONS:
                if "not supported" in str(error):
                    raise NotImplementedError(str(error)) from error
                raise
            unknown[NamedNode(named[1])] = _no_value


def _no_value(*_arguments: object) -> None:
    """What an unknown function gives: an expression error."""


@contextlib.contextmanager
def kernel_limits(seconds: float, memory_bytes: int) -> Iterator[None]:
    """Limits on this process while the block runs: data on top of what it holds already, and time.

    A process that takes longer is ended by SIGALRM; one that takes more memory mostly by SIGABRT.
    """
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = data_bytes() + memory_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def data_bytes() -> int:
    """The size of this process' data, as RLIMIT_DATA counts it; 0 where there is no /proc."""
    statm = _statm()
    return int(os.pread(statm, 200, 0).split()[5]) * _PAGE if statm >= 0 else 0


@functools.cache
def _statm() -> int:
    # Kept open, for it is read several times a query; opened when first used, for it is about the process that opens
    # it, and not about copies that were made of that.
    try:
        return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1
