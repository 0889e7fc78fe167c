"""Settings are checked once, at start, and every mistake is named with file, table and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.config import load_settings
from node.errors import ConfigurationError

GOOD = '[node]\nbase_iri = "http://example.org/"\n'


def write(folder: Path, text: str) -> Path:
    (folder / "node.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_least_a_node_needs_is_its_base(tmp_path: Path) -> None:
    """Everything else has a default."""
    settings = load_settings(write(tmp_path, GOOD), {})
    assert settings.node.base_iri == "http://example.org/"
    assert settings.server.port == 8080
    assert settings.data == tmp_path.resolve() / "data"


def test_replicas_are_named_by_their_original(tmp_path: Path) -> None:
    """Whichever of the two stands first."""
    text = GOOD + TWO.replace("X", "a") + ONE
    assert [m.replica_of for m in load_settings(write(tmp_path, text), {}).members] == ["a", ""]


def test_members_are_read_in_order(tmp_path: Path) -> None:
    """Members keep the order of the file."""
    text = (
        GOOD + '[[members]]\nname = "b"\nendpoint = "http://b/sparql"\n[[members]]\nname = "a"\nendpoint = "http://a/x"'
    )
    assert [m.name for m in load_settings(write(tmp_path, text), {}).members] == ["b", "a"]


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    """A container sets what it must without editing the file."""
    environment = {"ONCONODE_SERVER_PORT": "9000", "ONCONODE_LIMITS_QUERY_SECONDS": "2.5"}
    settings = load_settings(write(tmp_path, GOOD + "[server]\nport = 1\n"), environment)
    assert (settings.server.port, settings.limits.query_seconds) == (9000, 2.5)


ONE = '[[members]]\nname = "a"\nendpoint = "http://a/sparql"\n'
TWO = '[[members]]\nname = "b"\nendpoint = "http://b/sparql"\nreplica_of = "X"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "node.base_iri is missing"),
        ("[node", "cannot be read"),
        ('[node]\nbase_iri = "http://example.org"\n', "ends in '/'"),
        ('[node]\nbase_iri = "example.org/"\n', "absolute"),
        ('[node]\nbase_iri = "http://example.org/?q=/"\n', "without query"),
        ('[node]\nbase_iri = "http://exa mple.org/"\n', "absolute"),
        ("[node]\nbase_iri = 7\n", "must be a text, not 7"),
        (GOOD + 'titel = "x"\n', "node.titel is not a setting"),
        (GOOD + "[sever]\n", "sever is not a table"),
        (GOOD + '[server]\nport = "80"\n', "server.port must be a whole number"),
        (GOOD + "[server]\nport = 70000\n", "between 0 and 65535"),
        (GOOD + "[server]\nport = true\n", "server.port must be a whole number"),
        (GOOD + "[limits]\nquery_seconds = 0\n", "must be greater than 0"),
        (GOOD + "[limits]\nquery_seconds = -1.5\n", "must be greater than 0"),
        (GOOD + 'members = "x"\n', "node.members is not a setting"),
        ('members = "x"\n' + GOOD, "[[members]]"),
        (GOOD + '[[members]]\nname = "a"\n', "members[0].endpoint must be"),
        (GOOD + '[[members]]\nname = "a"\nendpoint = "ftp://a"\n', "http or https"),
        (GOOD + '[[members]]\nname = "a"\nendpoint = "http://a"\nweight = 1\n', "members[0].weight is not a setting"),
        (GOOD + '[[members]]\nname = "a"\nendpoint = "http://a"\n' * 2, "twice"),
        (GOOD + ONE + TWO.replace("X", "c"), "members[1].replica_of must be the name of another member"),
        (GOOD + ONE + TWO.replace("X", "b"), "members[1].replica_of must be the name of another member"),
        (GOOD + TWO.replace("X", "a") + ONE + 'replica_of = "b"\n', "members[0].replica_of must be the name"),
        (GOOD + ONE + 'mirror_of = "a"\n', "members[0].mirror_of must be a list of texts"),
        (GOOD + ONE + 'mirror_of = ["a"]\n', "members[0].mirror_of must name other members"),
        (GOOD + ONE + 'mirror_of = ["b"]\n', "members[0].mirror_of must name other members"),
        (GOOD + ONE + TWO.replace("X", "a") + 'mirror_of = ["a"]\n', "members[1].mirror_of is said of a"),
        (GOOD + ONE + 'mirror_of = ["b"]\n' + TWO.replace("X", "a"), "members[0].mirror_of must name other members"),
        (GOOD + ONE + 'version = "7"\n' + TWO.replace("X", "a"), "members[1].replica_of cannot go with version"),
        ("node = 7\n", "must be a table"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    """The message says which key of which file is wrong and how."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(write(tmp_path, text), {})
    assert said in str(caught.value)
    assert "node.toml" in str(caught.value)


def test_a_folder_without_a_node_says_how_to_make_one(tmp_path: Path) -> None:
    """The remedy is a command."""
    with pytest.raises(ConfigurationError, match="onconode init"):
        load_settings(tmp_path, {})


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    """The message names the variable, not the file."""
    with pytest.raises(ConfigurationError, match="ONCONODE_SERVER_PORT"):
        load_settings(write(tmp_path, GOOD), {"ONCONODE_SERVER_PORT": "eighty"})


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    """A file in another encoding is an error with its name, not a traceback."""
    (tmp_path / "node.toml").write_bytes(b'[node]\ntitle = "\xff"\n')
    with pytest.raises(ConfigurationError, match=r"node\.toml"):
        load_settings(tmp_path, {})


def test_a_cache_may_have_no_bytes(tmp_path: Path) -> None:
    """0 turns it off; less than that is a mistake."""
    assert load_settings(write(tmp_path, GOOD + "[limits]\ncache_bytes = 0\n"), {}).limits.cache_bytes == 0
    with pytest.raises(ConfigurationError, match="cache_bytes"):
        load_settings(write(tmp_path, GOOD + "[limits]\ncache_bytes = -1\n"), {})
