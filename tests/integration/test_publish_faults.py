"""Full and read-only disks, and several publishers at once: a clear error, nothing lost, and then it works."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

STORE_ERROR = 7


def run(fault: str, repository: Path, folder: Path, *, mounts: bool) -> list[dict[str, Any]]:
    """What came of a fault. The test is skipped, saying so, where mounts are needed and not to be had."""
    own = ["unshare", "--map-root-user", "--mount"]
    if mounts and (
        shutil.which("unshare") is None
        or subprocess.run(
            [*own, "mount", "-t", "tmpfs", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("this system lets nobody mount anything in a namespace of its own")
    result = folder.with_name("result.json")
    command = [sys.executable, "-m", "tests.integration.publishing_faults", fault, str(folder), str(result)]
    done = subprocess.run(
        [*(own if mounts else []), *command], cwd=repository, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: list[dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
    return told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


def check(attempts: list[dict[str, Any]], *words: str) -> None:
    """Each was either done, or ended with exit code 7, one clear sentence, and everything as it was."""
    for attempt in attempts:
        if attempt["code"] == 0:
            assert attempt["left"] == "new", attempt
        else:
            assert (attempt["code"], attempt["left"]) == (STORE_ERROR, "old"), attempt
            assert "Traceback" not in attempt["said"], attempt
            assert any(word in attempt["said"] for word in words), attempt
        assert attempt.get("afterwards", "new") == "new", attempt


def test_files_that_may_not_grow(repository: Path, folder: Path) -> None:
    """As with a quota, wherever in a command the limit is reached."""
    attempts = run("small-files", repository, folder, mounts=False)
    check(attempts, "a file would grow larger than it may")
    assert {a["code"] for a in attempts} == {0, STORE_ERROR}


@pytest.mark.slow
def test_a_full_disk(repository: Path, folder: Path) -> None:
    """A real one, with more and more space left; when there is enough the same command completes."""
    attempts = run("full-disk", repository, folder, mounts=True)
    check(attempts, "the disk is full")
    assert {a["code"] for a in attempts} == {0, STORE_ERROR}


@pytest.mark.slow
def test_a_full_disk_for_temporary_files(repository: Path, folder: Path) -> None:
    """The message names the temporary folder and not the node's disk. A withdrawal and a rollback need none."""
    attempts = run("full-temporary-folder", repository, folder, mounts=True)
    check(attempts, "temporary folder cannot be written: the disk is full")
    assert [(a["command"], a["code"]) for a in attempts] == [
        ("publish", 7),
        ("replace", 7),
        ("amend", 7),
        ("withdraw", 0),
        ("install", 7),
        ("rollback", 0),
    ]


@pytest.mark.slow
def test_a_read_only_disk(repository: Path, folder: Path) -> None:
    """Said as such."""
    attempts = run("read-only", repository, folder, mounts=True)
    check(attempts, "the disk is read-only")
    assert [a["code"] for a in attempts] == [STORE_ERROR] * 6


@pytest.mark.slow
def test_publishers_at_once(repository: Path, folder: Path) -> None:
    """Every command is done, or says that another process was faster; what is said to be done is there."""
    for told in run("at-once", repository, folder, mounts=False):
        codes = Counter(code for _, code in told["commands"])
        # The withdrawal and the two publications of what it withdraws exclude each other.
        assert set(codes) <= {0, 2, STORE_ERROR}, told
        for (name, code), said in zip(told["commands"], told["said"], strict=True):
            assert "Traceback" not in said
            if code == STORE_ERROR:
                assert "changed" in said, said
            elif code:
                assert name in ("replace", "publish"), told
                assert "was withdrawn" in said
        there = told["register"]
        for i, (name, code) in enumerate(told["commands"][:3]):
            assert (f"set{i}" in there) == (code == 0), name
        assert there["same"]["revision"] == sum(1 for name, code in told["commands"] if name == "same" and code == 0)
        assert (there["glioma-registry"]["state"] == "withdrawn") == (dict(told["commands"])["withdraw"] == 0)
        # One member of the feed for each publication and withdrawal since the node began.
        withdrawn = sum(entry["state"] == "withdrawn" for entry in there.values())
        assert told["feed"] == sum(entry["revision"] for entry in there.values()) + withdrawn
