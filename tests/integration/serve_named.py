"""Serves a node for which host names are ports on loopback: ``python serve_named.py DIR PORT NAME=PORT …``.

For tests of ``SERVICE`` with the addresses that the W3C tests name: ``http://example.org/sparql`` is asked at the port
given for ``example.org``. Names that are not given have no address. The node's settings must list the addresses in
``services.allow`` and have ``services.private_addresses``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from node.assembly import build
from node.config import load_settings
from node.web.serve import run


def named(ports: dict[str, int], host: str, port: int) -> Sequence[tuple[str, int]]:
    """The socket address that stands for a host; none of the machine's own names is looked up."""
    return [("127.0.0.1", ports[host])] if host in ports else []


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    resolve = partial(named, {name: int(at) for name, at in (given.split("=") for given in sys.argv[3:])})
    base = load_settings(folder).node.base_iri
    run(partial(build, folder, resolve=resolve), host="127.0.0.1", port=int(sys.argv[2]), base=base)
