"""The tutorial notebook runs, cell by cell, against a node that is served."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import published_node, service
from tests.integration.running_node import Service

__all__ = ["published_node", "service"]

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tutorials" / "ask-from-python.ipynb"


def run(cells: list[str]) -> tuple[dict[str, Any], list[Any]]:
    """What the cells define, and the value of each one that ends in an expression."""
    names: dict[str, Any] = {"__name__": "__main__"}
    values: list[Any] = []
    for number, cell in enumerate(cells):
        tree = ast.parse(cell)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"cell {number}", "exec"), names)
        if isinstance(last, ast.Expr):
            values.append(eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names))
    return names, values


def test_the_notebook(service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every cell works, and gives what the text around it says."""
    document = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") for cell in document["cells"])
    monkeypatch.setenv("ONCONODE_NODE", service.address)
    names, _ = run(["".join(c["source"]) for c in document["cells"] if c["cell_type"] == "code"])
    names["hub"].close()
    assert len(names["datasets"]) >= 1
    assert names["answer"].completeness.verdict == "complete"
    assert len(names["frame"]) == len(names["ages"]) == len(names["answer"]) > 0
    assert names["frame"]["age"].dtype == "int64"
    assert "onco" in capsys.readouterr().out
