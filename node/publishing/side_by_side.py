"""Several sources read and judged at the same time, each in a process of its own turn: reading takes one core.

The processes are copies of this one (fork), so that the vocabulary is in memory once. Small publications are read here:
they are done before a process has begun.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, TypeVar

from node.errors import StoreError

S = TypeVar("S")
T = TypeVar("T")

#: More processes would want more memory than time is won.
_MOST = 4

#: What a process that was made to read does with each source it is given: set there only, before the first.
_read: Callable[[Any], Any] | None = None


def each(sources: Sequence[S], read: Callable[[S], T], *, size: int, worth: int) -> Iterator[T]:
    """What ``read`` gives for each source, in order.

    With ``size`` (bytes of all sources) of at least ``worth`` and more than one core, several are read at a time, and
    ``read`` runs in other processes: what it gives and what it raises has to be picklable. Raises what ``read`` raises,
    and StoreError when a process is ended from outside.
    """
    processes = min(len(sources), os.cpu_count() or 1, _MOST)
    if processes < 2 or size < worth:
        yield from map(read, sources)
        return
    pool = ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("fork"), initializer=_begin, initargs=(read,)
    )
    try:
        with warnings.catch_warnings():
            # The other threads of a program that publishes wait for the end of processes and hold nothing.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            results: list[Future[T]] = [pool.submit(_call, source) for source in sources]
        for result in results:
            yield result.result()
    except BrokenProcessPool as error:
        raise StoreError(
            "a process that was reading files was ended from outside.",
            remedy="Is there enough memory? Publish fewer files at a time.",
        ) from error
    finally:
        for process in multiprocessing.active_children():
            process.kill()
        pool.shutdown(wait=True, cancel_futures=True)


def size_of(paths: Iterable[Path]) -> int:
    """About how many bytes there are to read; of a folder, those of the files in it."""
    size = 0
    for path in paths:
        with contextlib.suppress(OSError):
            size += sum(file.stat().st_size for file in (path.iterdir() if path.is_dir() else (path,)))
    return size


def _begin(read: Callable[[Any], Any]) -> None:
    global _read  # noqa: PLW0603  # the one thing that cannot be sent with each source, for it need not be picklable
    _read = read
    # Ctrl-C is for the process that began this one, and ends both.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this process was made by one
    with contextlib.suppress(Exception):
        parent.join()
    os._exit(1)


def _call(source: Any) -> Any:
    assert _read is not None  # the process has begun
    return _read(source)
