"""Partial answers and plans on the command line, where a member is missing."""

from __future__ import annotations

from pathlib import Path
from xml.dom import minidom

from tests.command_line import onconode


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
