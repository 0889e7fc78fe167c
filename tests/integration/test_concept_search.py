"""How often a search over the real releases finds what was meant: the figures that the project promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.concept_search import CASES, cases, installed, measure, ours, reached

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def test_the_right_concept_comes_first(shared: Path) -> None:
    """Of 300 names, misspellings and texts of partners at least 90 % have it first, and 98 % among ten."""
    search = installed(shared / "data" / "ontologies")
    texts = cases(search.vocabulary, seed=1)
    assert len(texts) == CASES
    measured = measure({"onconode": ours(search)}, texts)["onconode"]
    assert reached(measured), [case.text for case, _found in measured.missed]
