"""Serves a node of fakes behind the real server: ``python serve_fake.py PORT``. For tests of what the server does."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from node.errors import QueryTimeout
from node.web.serve import run


def fakes() -> Any:
    """The module with the fakes, which lies beside the unit tests."""
    path = Path(__file__).parents[1] / "unit" / "web" / "web_fakes.py"
    spec = importlib.util.spec_from_file_location("web_fakes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["web_fakes"] = module
    spec.loader.exec_module(module)
    return module


def make_node() -> Any:
    """A fake node; a query that holds the word ``breaks`` fails after its first 100,000 bytes."""
    node = fakes().make_node(samples=2_000)
    node.store.broken["breaks"] = QueryTimeout("the query took too long.")
    return node


if __name__ == "__main__":
    run(make_node, host="127.0.0.1", port=int(sys.argv[1]), base="http://node.example/")
