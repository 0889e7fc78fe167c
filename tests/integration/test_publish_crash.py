"""A command that is killed leaves the node as it was before or as it is after, never between; given again, it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: The bench program takes 500; a kill is about half a second.
KILLS = int(os.environ.get("ONCONODE_KILLS", "120"))

# A case whose states are not those of its commands, as a node would be that a kill has broken.
BROKEN = """
import dataclasses, random, sys, tempfile
from pathlib import Path
from bench import crashes
folder = Path(sys.argv[1])
tempfile.tempdir = sys.argv[1]
case = crashes.cases(folder)[1]
for wrong in ({"old": "x", "new": "x"}, {"new": "x"}):
    try:
        crashes.kill_once(dataclasses.replace(case, seconds=0, **wrong), folder / wrong.__repr__(), random.Random(1))
    except crashes.Broken as error:
        print(error)
"""


def crashes(kills: int, repository: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.crashes", "--kills", str(kills)]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False, timeout=1200)


def test_a_few_kills(repository: Path) -> None:
    """One of each command, for every run of the tests; the next test takes many."""
    done = crashes(6, repository)
    assert done.returncode == 0, done.stderr
    for command in ("publish", "replace", "amend", "withdraw", "install", "rollback"):
        assert f"{command}: 1 kills" in done.stdout


@pytest.mark.slow
def test_many_kills(repository: Path) -> None:
    """Random instants over each command: old or new, and the same command again completes."""
    done = crashes(KILLS, repository)
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    # Kills came too late as well, so they came at every stage.
    assert " new" in done.stdout
    assert f"{KILLS} kills, each left the old or the new state" in done.stdout


def test_the_program_notices(repository: Path, tmp_path: Path) -> None:
    """A state that is neither the old nor the new one, and a command that does not come to its end."""
    done = subprocess.run(
        [sys.executable, "-c", BROKEN, str(tmp_path)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "neither old nor new" in done.stdout
    assert "did not come to its end" in done.stdout
