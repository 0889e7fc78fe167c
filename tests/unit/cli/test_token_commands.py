"""``onconode init`` and ``onconode token``: a token is shown once and works until it is revoked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from node.cli.main import onconode
from node.errors import Conflict, NotFound
from node.policy.tokens import TOKENS_FILE, Tokens


def run(*arguments: str) -> Result:
    return CliRunner().invoke(onconode, arguments, catch_exceptions=False, standalone_mode=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "node"


@pytest.fixture
def first(folder: Path) -> str:
    """The token that ``init`` prints."""
    made = run("init", str(folder), "--base-iri", "http://node.example/", "--json")
    return str(json.loads(made.output)["token"])


def test_init_makes_one_token(folder: Path, first: str) -> None:
    """It works, and is nowhere but in the output."""
    tokens = Tokens(folder / TOKENS_FILE)
    assert [token.name for token in tokens.all()] == ["operator"]
    assert tokens.accepts(first)
    assert not any(first in path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())


def test_init_shows_it_to_people_too(tmp_path: Path) -> None:
    """On a line of its own."""
    made = run("init", str(tmp_path / "n"), "--base-iri", "http://node.example/")
    (line,) = (line.strip() for line in made.output.splitlines() if "onconode_" in line)
    assert Tokens(tmp_path / "n" / TOKENS_FILE).accepts(line)


def test_create_list_revoke(folder: Path, first: str) -> None:
    """The list has names and dates and nothing that would let in."""
    made = json.loads(run("token", "create", "ci", "--node", str(folder), "--json").output)
    tokens = Tokens(folder / TOKENS_FILE)
    assert tokens.accepts(made["token"])
    listed = json.loads(run("token", "list", "--node", str(folder), "--json").output)
    assert [(entry["name"], set(entry)) for entry in listed] == [
        ("ci", {"name", "created"}),
        ("operator", {"name", "created"}),
    ]
    with pytest.raises(Conflict):
        run("token", "create", "ci", "--node", str(folder))
    assert "revoked" in run("token", "revoke", "operator", "--node", str(folder)).output
    assert not tokens.accepts(first)
    assert tokens.accepts(made["token"])
    with pytest.raises(NotFound):
        run("token", "revoke", "operator", "--node", str(folder))


def test_a_copy_has_no_tokens(folder: Path, first: str, tmp_path: Path) -> None:
    """Whoever gets hold of a safety copy cannot find out even their hashes."""
    run("backup", str(tmp_path / "copy"), "--node", str(folder))
    assert not (tmp_path / "copy" / TOKENS_FILE).exists()
    assert not Tokens(tmp_path / "copy" / TOKENS_FILE).accepts(first)
