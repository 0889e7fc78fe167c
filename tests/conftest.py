"""What all tests share: where the repository and the shared data are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data; the test is skipped, saying so, where it is absent."""
    path = Path(os.environ.get("ONCONODE_SHARED", REPOSITORY.parent / "shared"))
    if not (path / "data").is_dir():
        pytest.skip(f"the shared data is not there: set ONCONODE_SHARED (looked in {path})")
    return path
