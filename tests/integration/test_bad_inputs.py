"""Whatever is wrong with an input: a clear error with its place, or the right data; no traceback, hang or flood."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.config import Identity
from node.model.identifiers import Identifiers
from node.ontology.mappings import core_code_map
from node.ontology.releases import core_vocabulary
from node.publishing.drafts import Finding, Outcome, Severity
from node.publishing.publish import NodeParts, publish
from node.store.oxigraph import OxigraphStore
from tests.command_line import onconode
from tests.integration.bad_inputs import CSV, MAPPING, TURTLE, Case, corpus

BASE = "https://node.example.org/"
CASES = corpus()
#: More memory no broken input may cost, the libraries included.
MOST_MEGABYTES = 1_000


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeParts]:
    """A node with nothing in it."""
    folder = tmp_path_factory.mktemp("node")
    identifiers = Identifiers(BASE)
    store = OxigraphStore(folder / "data", identifiers=identifiers, workers=1, queue_seconds=10)
    yield NodeParts(store, identifiers, core_vocabulary(), core_code_map(), Identity(BASE))
    store.close()


def written(case: Case, folder: Path) -> Path:
    """The files of a case in a folder; what has to be published of them."""
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content() if callable(content) else content
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder / case.target


def test_there_are_enough_of_them() -> None:
    """Each has a name of its own, so that none is there twice."""
    assert len(CASES) >= 600
    assert len({case.name for case in CASES}) == len(CASES)
    assert sum(bool(case.says or case.at) for case in CASES) >= 300


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_broken_input(case: Case, parts: NodeParts, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What has to be said is said, at its place in the partner's file; or the samples are there."""
    report = publish([written(case, tmp_path)], node=parts, dry_run=True)
    found = [*report.findings, *(f for d in report.datasets for f in d.findings)]
    shown = "\n".join(map(str, found))
    if case.says or case.at:
        assert not report.ok, shown
        told = [f for f in found if f.severity is Severity.VIOLATION]
        assert any(case.says in f"{f.message} {f.where}" and case.at in str(f.where) for f in told), shown
        assert all(d.outcome is Outcome.REJECTED for d in report.datasets) or len(case.files) > 1
    else:
        assert report.ok, shown
        assert sum(d.samples for d in report.datasets) == case.samples, shown
    assert all(finding.where.source and str(tmp_path) in finding.where.source for finding in found), shown
    assert all(len(str(finding)) < 5_000 for finding in found)
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a node that ``onconode init`` has made."""
    folder = tmp_path_factory.mktemp("nodes") / "node"
    assert onconode("init", folder, "--base-iri", BASE, "--title", "A node").returncode == 0
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "JSON-LD: single quotes",
        "JSON-LD: 100000 lists deep",
        "JSON-LD: context by file",
        "JSON-LD: sample: age a wrong integer",
        "JSON-LD: escape sequence of a terminal",
        "Turtle: samples in a circle",
        "RDF/XML: an unknown encoding",
        "gzip: cut off",
        "study: one line of 5 MB",
        "study: a zero-width space in an identifier",
        "table: Excel, a sheet with entities",
        "table: mapping deep",
        "file: Word",
    ],
)
def test_the_command_says_the_same(name: str, node: Path, tmp_path: Path) -> None:
    """Exit code 2, the finding in the text and in ``--json``, nothing published, and no control character printed."""
    (case,) = (case for case in CASES if case.name == name)
    path = written(case, tmp_path)
    done = onconode("publish", path, "--node", node)
    assert done.returncode == 2, done.stderr
    assert case.says in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not [c for c in done.stdout + done.stderr if ord(c) < 32 and c not in "\n\t\r"]
    document = json.loads(onconode("publish", path, "--node", node, "--json").stdout)
    assert document["ok"] is False
    assert all(dataset["outcome"] == "rejected" for dataset in document["datasets"])


def findings(path: Path, parts: NodeParts) -> list[Finding]:
    return list(publish([path], node=parts, dry_run=True).findings)


def test_what_is_no_file(parts: NodeParts, tmp_path: Path) -> None:
    """A pipe would be waited for without end, a device read without end."""
    os.mkfifo(tmp_path / "pipe.ttl")
    (tmp_path / "zero.ttl").symlink_to("/dev/zero")
    (tmp_path / "loop.ttl").symlink_to(tmp_path / "loop.ttl")
    for name in ("pipe.ttl", "zero.ttl"):
        (told,) = findings(tmp_path / name, parts)
        assert "neither a file nor a folder" in told.message
        assert told.where.source == str(tmp_path / name)
    (told,) = findings(tmp_path / "loop.ttl", parts)
    assert "cannot be read" in told.message or "neither a file" in told.message


def test_pipes_among_the_files_of_a_folder_are_passed_by(parts: NodeParts, tmp_path: Path) -> None:
    """Whatever lies beside the data."""
    (tmp_path / "d.ttl").write_text(TURTLE)
    (tmp_path / "t.csv").write_text(CSV)
    (tmp_path / "t.mapping.toml").write_text(MAPPING.replace('id = "x"', 'id = "y"'))
    for name in ("pipe.ttl", "pipe.csv", "pipe.json"):
        os.mkfifo(tmp_path / name)
    report = publish([tmp_path], node=parts, dry_run=True)
    assert report.ok, report
    assert sorted(d.dataset for d in report.datasets) == ["x", "y"]


def test_a_hundred_bad_files_hold_back_none(parts: NodeParts, tmp_path: Path) -> None:
    """Each is told at its own place; the good one passes."""
    for i in range(100):
        (tmp_path / f"{i:03d}.ttl").write_text(f"<a{i}>")
    (tmp_path / "good.ttl").write_text(TURTLE)
    report = publish([tmp_path], node=parts, dry_run=True)
    assert [d.outcome for d in report.datasets] == [Outcome.CHECKED]
    assert len({f.where.source for f in report.findings}) == 100


_CHILD = """
import resource, sys
from tests.integration import test_bad_inputs as tests
import pathlib, tempfile
for name in sys.argv[1:]:
    (case,) = (case for case in tests.CASES if case.name == name)
    with tempfile.TemporaryDirectory() as folder:
        path = tests.written(case, pathlib.Path(folder))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        identifiers = tests.Identifiers(tests.BASE)
        store = tests.OxigraphStore(pathlib.Path(folder) / "node", identifiers=identifiers, workers=1, queue_seconds=9)
        node = tests.NodeParts(store, identifiers, tests.core_vocabulary(), tests.core_code_map())
        assert not tests.publish([path], node=node, dry_run=True).ok
        store.close()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.parametrize(
    "name",
    ["a literal of 100 MB", "gzip: a bomb", "gzip: JSON bomb", "table: Excel, a sheet with entities", "RDF/XML: deep"],
)
def test_no_input_is_held_whole(name: str, repository: Path) -> None:
    """In a process of its own, whose largest size the system tells."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, name], cwd=repository, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MOST_MEGABYTES


def test_this_process_stays_small() -> None:
    """After all cases above."""
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 * MOST_MEGABYTES * 1024
