"""How much of what real partners wrote is coded: the figures that the project promises, over all sample tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.coding import DIAGNOSES, VALUES, Measured, drawn, installed, measure
from node.ontology.branches import ANATOMICAL_SITE, ASSAY, DIAGNOSIS, SAMPLE_TYPE, SEX

pytestmark = [pytest.mark.shared, pytest.mark.slow]


@pytest.fixture(scope="module")
def measured(shared: Path) -> Measured:
    return measure(shared / "data" / "partners", installed(shared / "data" / "ontologies"))


def test_samples_carry_a_diagnosis(measured: Measured) -> None:
    """Of all samples of the 158 tables at least 94 % have an NCIt diagnosis that the installed release holds."""
    assert (measured.tables, measured.samples) == (158, 80_170)
    assert measured.diagnosed / measured.samples >= DIAGNOSES
    assert measured.used[DIAGNOSIS].whole == measured.samples


@pytest.mark.parametrize("property_iri", [ANATOMICAL_SITE, SAMPLE_TYPE, SEX, ASSAY])
def test_values_are_coded(measured: Measured, property_iri: str) -> None:
    """At least 90 % of the values of each property, over all its columns, those that say nothing of it included."""
    whole = measured.property(property_iri)
    assert whole.share >= VALUES
    assert whole.whole > 40_000 or property_iri == SEX


def test_the_list_in_the_documentation_holds(measured: Measured, repository: Path) -> None:
    """Every code that was looked up by hand is still what the coder gives."""
    text = (repository / "docs/reference/coding-sample.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ") and ":" in line]
    listed = {(row[0], row[1], row[2]) for row in rows if len(row) >= 6 and row[5].startswith("right")}
    given = {
        (match.property_iri.rpartition("#")[2], " ".join(match.written.split()), match.iri.rpartition("/")[2])
        for match in measured.matches
    }
    assert len(listed) == 200
    assert {(p, w, c.replace(":", "_")) for p, w, c in listed} <= given
    assert len(drawn(measured, 200, 5)) == 200
