"""Safety copies: made while the node changes, brought back in one step, and a dump that holds what is public."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from node.cli.nodes import create_node
from tests.command_line import onconode


def samples(node: Path) -> int:
    text = "SELECT (COUNT(*) AS ?n) { ?s <http://purl.org/dc/terms/isPartOf> ?d }"
    done = onconode("query", "--node", node, "-e", text, "--format", "json")
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout)["results"]["bindings"][0]["n"]["value"])


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A node with the descriptions of one example partner."""
    folder = tmp_path_factory.mktemp("copies") / "node"
    create_node(folder, base_iri="http://node.example/", title="t")
    assert onconode("publish", repository / "examples/partners/sarcoma-biobank", "--node", folder).returncode == 0
    return folder


@pytest.fixture
def node(published: Path, tmp_path: Path) -> Path:
    """The same, for one test to change."""
    return Path(shutil.copytree(published, tmp_path / "node"))


def test_a_copy_brings_the_state_back(node: Path, tmp_path: Path) -> None:
    """Backup, a change, restore: the node answers as at the backup; the copy answers on its own too."""
    before = samples(node)
    assert before > 0
    copy = tmp_path / "copy"
    assert onconode("backup", copy, "--node", node).returncode == 0
    assert samples(copy) == before
    assert onconode("withdraw", "sarcoma-collection", "--node", node, "--reason", "test").returncode == 0
    assert samples(node) < before
    assert onconode("restore", copy, "--node", node).returncode == 0
    assert samples(node) == before
    fresh = tmp_path / "fresh"
    assert onconode("restore", copy, "--node", fresh).returncode == 0
    assert samples(fresh) == before


def test_what_a_copy_refuses(node: Path, tmp_path: Path) -> None:
    """Nothing is overwritten; what is no copy, or of another node, is not brought back."""
    assert onconode("backup", node, "--node", node).returncode == 7
    other = tmp_path / "other"
    create_node(other, base_iri="http://other.example/", title="t")
    copy = tmp_path / "copy"
    assert onconode("backup", copy, "--node", node).returncode == 0
    refused = onconode("restore", copy, "--node", other)
    assert refused.returncode == 7
    assert "http://other.example/" in refused.stderr
    assert onconode("restore", tmp_path, "--node", node).returncode == 78


def test_a_dump_holds_what_is_public(node: Path, tmp_path: Path) -> None:
    """Every line parses as a quad of a named graph; records that are not open are not in it."""
    file = tmp_path / "all.nq.gz"
    done = onconode("dump", file, "--node", node, "--json")
    assert done.returncode == 0, done.stderr
    with gzip.open(file) as stream:
        quads = list(parse(stream, RdfFormat.N_QUADS))
    assert len(quads) == json.loads(done.stdout)["quads"] > 100
    assert all("/records" not in quad.graph_name.value for quad in quads)
    assert onconode("dump", file, "--node", node).returncode == 7
    assert onconode("dump", tmp_path / "all.txt", "--node", node).returncode == 2
