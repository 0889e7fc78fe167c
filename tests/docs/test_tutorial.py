"""What the tutorial shows works as it is written."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from node.cli.nodes import create_node
from tests.command_line import Done, onconode


@pytest.fixture
def blocks(repository: Path) -> list[tuple[str, str]]:
    """The fenced blocks of the tutorial, as (language, text)."""
    text = (repository / "docs/tutorials/first-node.md").read_text(encoding="utf-8")
    return re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)


def run(command: list[str], folder: Path) -> Done:
    return onconode(*command[1:], folder=folder)


def test_the_first_node(tmp_path: Path, blocks: list[tuple[str, str]]) -> None:
    """Make, check, publish, ask, and the mistake that the text suggests: each does what the text says."""
    shell = [
        shlex.split(b)
        for language, b in blocks
        if language == "sh"
        for b in b.replace("\\\n", " ").split("\nonconode ")
    ]
    document = next(b for language, b in blocks if language == "json")
    (tmp_path / "tumours.jsonld").write_text(document, encoding="utf-8")
    made = next(c for c in shell if c[:2] == ["onconode", "init"])
    assert run(made, tmp_path).returncode == 0
    checked = run(["onconode", "publish", "tumours.jsonld", "--node", "mynode", "--dry-run"], tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    wrong = document.replace("NCIT:C2947", "NCIT:C29470")
    (tmp_path / "wrong.jsonld").write_text(wrong, encoding="utf-8")
    refused = run(["onconode", "publish", "wrong.jsonld", "--node", "mynode"], tmp_path)
    assert refused.returncode == 2
    assert "NCIT_C29470" in refused.stdout + refused.stderr
    assert run(["onconode", "publish", "tumours.jsonld", "--node", "mynode"], tmp_path).returncode == 0
    again = run(["onconode", "publish", "tumours.jsonld", "--node", "mynode"], tmp_path)
    assert "unchanged" in again.stdout
    question = next(c for c in shell if c[:2] == ["onconode", "query"] and "-e" in c)
    answer = run([*question, "--format", "json"], tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert len(json.loads(answer.stdout)["results"]["bindings"]) == 2
    gone = run(["onconode", "withdraw", "chordoma-2026", "--node", "mynode", "--reason", "made up"], tmp_path)
    assert gone.returncode == 0, gone.stderr
    assert json.loads(run([*question, "--format", "json"], tmp_path).stdout)["results"]["bindings"] == []


def test_a_node_is_not_made_twice(tmp_path: Path) -> None:
    """What is there stays as it is."""
    create_node(tmp_path / "n", base_iri="http://example.org/", title="t")
    before = (tmp_path / "n" / "node.toml").read_bytes()
    done = run(["onconode", "init", "n", "--base-iri", "http://other.example/"], tmp_path)
    assert done.returncode == 7
    assert "is there already" in done.stderr
    assert (tmp_path / "n" / "node.toml").read_bytes() == before
