"""Members are written into and taken out of node.toml without touching the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.config import Member, load_settings
from node.errors import ConfigurationError, Conflict, MemberUnavailable, NotFound, ProtocolError
from node.federation.members.membership import add_member, probe, remove_member

CONFIG = """# the settings of a node
[node]
base_iri = "http://n.example/"  # never changes

[limits]
query_seconds = 5.0 # short
"""
FIRST = Member(endpoint="http://a.example/sparql", name="a")
SECOND = Member(endpoint="http://b.example/sparql", name="b.example/über")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "node.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_members_come_and_go(config: Path) -> None:
    """What is added is what the settings then say; when all are gone the file is as it was."""
    add_member(config, FIRST)
    add_member(config, SECOND)
    assert load_settings(config.parent).members == (FIRST, SECOND)
    text = config.read_text(encoding="utf-8")
    assert text.startswith(CONFIG.rstrip())
    assert remove_member(config, "a") == FIRST
    assert load_settings(config.parent).members == (SECOND,)
    assert remove_member(config, SECOND.endpoint) == SECOND
    assert load_settings(config.parent).members == ()
    assert config.read_text(encoding="utf-8").strip() == CONFIG.strip()
    assert [p.name for p in config.parent.iterdir()] == ["node.toml"]


def test_names_and_endpoints_are_unique(config: Path) -> None:
    """The same endpoint or name a second time is a conflict, and nothing is written."""
    add_member(config, FIRST)
    before = config.read_bytes()
    for member in (Member(FIRST.endpoint, "c"), Member("http://c.example/sparql", "a")):
        with pytest.raises(Conflict, match="there already"):
            add_member(config, member)
    assert config.read_bytes() == before


def test_replicas(config: Path) -> None:
    """They are replicas of a member that is there and is none itself; without it they are members by themselves."""
    standby = Member("http://c.example/sparql", "c", replica_of="a")
    with pytest.raises(NotFound, match="no member is called a"):
        add_member(config, standby)
    add_member(config, FIRST)
    add_member(config, standby)
    assert load_settings(config.parent).members == (FIRST, standby)
    with pytest.raises(Conflict, match="it is a replica of: a"):
        add_member(config, Member("http://d.example/sparql", "d", replica_of="c"))
    remove_member(config, "a")
    assert load_settings(config.parent).members == (Member(standby.endpoint, "c"),)
    add_member(config, FIRST)
    config.write_text(config.read_text(encoding="utf-8") + 'version = "7"\n', encoding="utf-8")
    before = config.read_bytes()
    with pytest.raises(Conflict, match="Only nodes"):
        add_member(config, Member("http://d.example/sparql", "d", replica_of="a"))
    assert config.read_bytes() == before


def test_mirrors(config: Path) -> None:
    """They mirror members that are there and no replicas; one that goes is not mirrored any more."""
    hub = Member("http://h.example/sparql", "h", mirror_of=("a", SECOND.name))
    add_member(config, FIRST)
    with pytest.raises(NotFound, match=r"no member is called b\.example"):
        add_member(config, hub)
    add_member(config, SECOND)
    add_member(config, hub)
    assert load_settings(config.parent).members == (FIRST, SECOND, hub)
    add_member(config, Member("http://c.example/sparql", "c", replica_of="a"))
    for wrong in (("c",), ("a", "c")):
        with pytest.raises(Conflict, match="c is a replica itself"):
            add_member(config, Member("http://d.example/sparql", "d", mirror_of=wrong))
    with pytest.raises(Conflict, match="Say it of a"):
        add_member(config, Member("http://d.example/sparql", "d", replica_of="a", mirror_of=(SECOND.name,)))
    remove_member(config, "a")
    assert load_settings(config.parent).members[1] == Member(hub.endpoint, "h", mirror_of=(SECOND.name,))
    remove_member(config, SECOND.name)
    assert "mirror_of" not in config.read_text(encoding="utf-8")


def test_unknown_members_and_broken_files(config: Path) -> None:
    """Errors name the file and what is known."""
    add_member(config, FIRST)
    with pytest.raises(NotFound, match=r"Members: a\."):
        remove_member(config, "z")
    config.write_text("members = 1", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"\[\[members\]\]"):
        add_member(config, SECOND)
    config.write_text("[node", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        add_member(config, SECOND)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        remove_member(config.parent / "none.toml", "a")


def test_probe_refuses_what_cannot_be_a_member() -> None:
    """Other schemes, federations and addresses where nothing listens."""
    with pytest.raises(ProtocolError, match="not an http"):
        probe("ftp://a.example/")
    with pytest.raises(ProtocolError, match="is a federation"):
        probe("http://a.example/federation/sparql")
    with pytest.raises(MemberUnavailable, match=r"127\.0\.0\.1:9 cannot be reached"):
        probe("http://127.0.0.1:9/")
