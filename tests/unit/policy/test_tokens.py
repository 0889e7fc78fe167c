"""The tokens of operators: made once, kept as hashes, revoked at once."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from node.errors import ConfigurationError, Conflict, NotFound, ProtocolError
from node.policy.tokens import TOKENS_FILE, Tokens


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / TOKENS_FILE


def test_without_a_file_nothing_is_a_token(path: Path) -> None:
    """There is no default secret: not the empty text, not a name, not a hash of either."""
    tokens = Tokens(path)
    assert tokens.all() == ()
    for guess in ("", "operator", "admin", hashlib.sha256(b"").hexdigest()):
        assert not tokens.accepts(guess)


def test_a_token_is_accepted_and_only_its_hash_is_kept(path: Path) -> None:
    """What is on the disk is not enough to be an operator."""
    tokens = Tokens(path)
    secret = tokens.create("ci")
    assert tokens.accepts(secret)
    assert not tokens.accepts(secret[:-1])
    assert not tokens.accepts(secret.swapcase())
    text = path.read_text(encoding="utf-8")
    assert secret not in text
    (kept,) = json.loads(text)["tokens"]
    assert not tokens.accepts(kept["sha256"])
    assert kept["sha256"] == hashlib.sha256(secret.encode()).hexdigest()


def test_tokens_cannot_be_guessed(path: Path) -> None:
    """256 random bits each: 43 characters after the prefix, never the same."""
    tokens = Tokens(path)
    secrets = {tokens.create(f"t{i}") for i in range(20)}
    assert len(secrets) == 20
    assert all(len(secret.removeprefix("onconode_")) == 43 for secret in secrets)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_file_is_for_its_owner_alone(path: Path, umask: int) -> None:
    """Whatever the umask; also after it was rewritten."""
    before = os.umask(umask)
    try:
        Tokens(path).create("one")
        Tokens(path).create("two")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [TOKENS_FILE]


def test_a_change_by_another_process_is_seen_at_once(path: Path) -> None:
    """A revoked token is refused, a new one taken, by whoever has read the file before."""
    serving, elsewhere = Tokens(path), Tokens(path)
    first = elsewhere.create("operator")
    assert serving.accepts(first)
    elsewhere.revoke("operator")
    assert not serving.accepts(first)
    second = elsewhere.create("operator")
    assert serving.accepts(second)
    assert not serving.accepts(first)
    path.unlink()
    assert not serving.accepts(second)


def test_names_are_taken_once(path: Path) -> None:
    """A second token of one name is refused, and the first one stays."""
    tokens = Tokens(path)
    secret = tokens.create("ci")
    with pytest.raises(Conflict, match="already"):
        tokens.create("ci")
    assert tokens.accepts(secret)
    with pytest.raises(NotFound):
        tokens.revoke("other")


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "x" * 65, "ä", "x\n"])
def test_names_are_plain(path: Path, name: str) -> None:
    """What could be mistaken on a command line or in a file is no name."""
    with pytest.raises(ProtocolError):
        Tokens(path).create(name)
    assert not path.exists()


def test_tokens_made_at_once_are_all_kept(path: Path) -> None:
    """Changes from many threads, each with its own view of the file, do not lose one another."""
    with ThreadPoolExecutor(8) as pool:
        secrets = list(pool.map(lambda i: Tokens(path).create(f"t{i}"), range(24)))
    tokens = Tokens(path)
    assert len(tokens.all()) == 24
    assert all(tokens.accepts(secret) for secret in secrets)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"tokens": {}}',
        '{"tokens": [{"name": "a"}]}',
        '{"tokens": [{"name": "a", "created": "x", "sha256": ""}]}',
        '{"tokens": [{"name": "a", "created": "x", "sha256": 5}]}',
        json.dumps({"tokens": [{"name": "a", "created": "x", "sha256": "0" * 64}] * 2}),
        "\x00",
    ],
)
def test_a_malformed_file_is_said_to_be_so(path: Path, content: str) -> None:
    """Neither taken for an empty one, which would lock out, nor for one that lets in."""
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(ConfigurationError) as found:
        Tokens(path).accepts("x")
    assert str(path) in str(found.value)
    assert found.value.remedy


def test_a_file_that_others_may_write_is_refused(path: Path) -> None:
    """Whoever could write it could make himself an operator."""
    tokens = Tokens(path)
    secret = tokens.create("ci")
    path.chmod(0o660)
    with pytest.raises(ConfigurationError, match="others"):
        Tokens(path).accepts(secret)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Tokens(tmp_path / "no" / TOKENS_FILE).create("ci")
