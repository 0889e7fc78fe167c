"""The list of what stores do not keep is the one that users read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.shortfalls import SHORTFALLS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "stores.md"


@pytest.mark.parametrize("store", SHORTFALLS)
def test_every_shortfall_is_in_the_reference(store: str) -> None:
    """In a row that names the store."""
    rows = [line.lower() for line in REFERENCE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    for reason in SHORTFALLS[store].values():
        assert any(store in row and reason.lower() in row for row in rows), reason
