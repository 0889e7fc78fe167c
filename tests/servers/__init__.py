"""Real SPARQL stores for tests: fetched once into a cache, started on free ports with their data in a temporary folder.

``SERVERS`` names them; each is a context manager that gives a ``Server``. What cannot be had raises ``Unobtainable``;
``started`` makes a skipped test of that, or a failed one where ``CI`` is set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.servers.fuseki import fuseki
from tests.servers.parts import Server, Unobtainable, free_port
from tests.servers.virtuoso import virtuoso

__all__ = ["SERVERS", "Server", "Unobtainable", "free_port", "fuseki", "started", "virtuoso"]

SERVERS: Mapping[str, Callable[[Path], AbstractContextManager[Server]]] = {"fuseki": fuseki, "virtuoso": virtuoso}


@contextmanager
def started(name: str, folder: Path) -> Iterator[Server]:
    """The server of this name, running, with its data in ``folder``."""
    try:
        running = SERVERS[name](folder)
        server = running.__enter__()
    except Unobtainable as reason:
        if os.environ.get("CI"):
            pytest.fail(f"{name} cannot be had: {reason}")
        pytest.skip(f"{name} cannot be had: {reason}")
    try:
        yield server
    finally:
        running.__exit__(None, None, None)
