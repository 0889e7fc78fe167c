"""Partial answers and plans on the command line, where a member is missing."""

from __future__ import annotations

from pathlib import Path
from xml.dom import minidom

from node.federation.members.profiles import PROFILES_FILE
from tests.command_line import onconode
from tests.integration.sparql_server import SparqlServer


def test_a_missing_member(tmp_path: Path) -> None:
    """It fails a query by name; a lower bound is given where there is one, and says who is missing."""
    folder = str(tmp_path / "node")
    assert onconode("init", folder, "--base-iri", "http://127.0.0.1:1/").returncode == 0
    with (tmp_path / "node" / "node.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[[members]]\nname = "gone"\nendpoint = "http://127.0.0.1:9/sparql"\n')
    asked = ("query", "--federation", "--node", folder, "--format", "csv", "-e")
    failed = onconode(*asked, "SELECT * { ?s a ?c }")
    assert failed.returncode == 6
    assert "gone cannot be reached" in failed.stderr
    partial = onconode(*asked, "SELECT * { ?s a ?c }", "--partial")
    assert partial.returncode == 0, partial.stderr
    assert "lower bound, without gone" in partial.stderr
    counted = onconode(*asked, "SELECT (COUNT(*) AS ?n) { ?s a ?c }", "--partial")
    assert counted.returncode == 6
    assert "no partial answer to a query with GROUP BY or an aggregate" in counted.stderr
    assert onconode("query", "--partial", "--node", folder, "-e", "ASK {}").returncode == 2


def test_a_plan(tmp_path: Path) -> None:
    """As text and as a picture."""
    folder, picture = str(tmp_path / "node"), tmp_path / "plan.svg"
    assert onconode("init", folder, "--base-iri", "http://127.0.0.1:1/").returncode == 0
    asked = ("query", "--federation", "--node", folder, "-e", "SELECT * { ?s a ?c OPTIONAL { ?s ?p ?o } }")
    shown = onconode(*asked, "--explain", "run", "--picture", str(picture))
    assert shown.returncode == 0, shown.stderr
    assert "Verdict: complete." in shown.stdout
    minidom.parse(str(picture))


def test_a_new_member_is_counted_once(tmp_path: Path) -> None:
    """One that says nothing of what it holds: as it is added, or by the first call, which stays until it is kept."""
    folder = tmp_path / "node"
    assert onconode("init", folder, "--base-iri", "http://127.0.0.1:1/").returncode == 0
    asked = ("query", "--federation", "--node", folder, "--format", "csv", "-e", "SELECT ?o { ?s <urn:p> ?o ; a ?c }")
    member = SparqlServer(summarised=False)
    try:
        member.store.update("INSERT DATA { <urn:s> <urn:p> 7 ; a <urn:C> }")
        added = onconode("member", "add", member.endpoint, "--node", folder)
        assert added.returncode == 0, added.stderr
        assert "predicates 2, classes 1" in added.stdout
        (folder / PROFILES_FILE).unlink()
        for counts in (True, False):
            before = len(member.requests)
            done = onconode(*asked)
            assert done.stdout.split() == ["o", "7"]
            assert any("GROUP BY" in text for text in member.requests[before:]) == counts
            assert '"triples": 2' in (folder / PROFILES_FILE).read_text(encoding="utf-8")
    finally:
        member.close()
