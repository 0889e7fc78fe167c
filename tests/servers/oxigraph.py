"""Oxigraph's own server, from the package ``oxigraph`` on PyPI."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node.config import StoreSettings
from tests.servers.parts import Server, free_port, serving


@contextmanager
def oxigraph(folder: Path) -> Iterator[Server]:
    """The server with its data in ``folder``; everybody may update. Raises Unobtainable."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    program = str(Path(sys.executable).with_name("oxigraph"))
    command = [program, "serve", "--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"]
    with serving(command, folder=folder, address=address) as (process, log):
        settings = StoreSettings(
            kind="sparql", query=f"{address}query", update=f"{address}update", graph_store=f"{address}store"
        )
        yield Server("oxigraph", settings, process, log)
