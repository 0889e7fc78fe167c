"""Columns: evidence is weighed, and what is innocent stays so."""

from __future__ import annotations

import random

import pytest

from node.publishing.safety.columns import MOST_DISTINCT, Column, masked
from node.publishing.safety.words import Kind


def kind(name: str, values: list[str]) -> Kind | None:
    column = Column(name)
    for line, value in enumerate(values, 2):
        column.add(value, line)
    suspicion = column.suspicion()
    return suspicion.kind if suspicion else None


def test_numbers_are_weighed_over_the_column() -> None:
    """One number in eleven has the check digit of the NHS by chance: a column of them does not."""
    chance = random.Random(1)
    numbers = [str(chance.randrange(10**9, 10**10)) for _ in range(500)]
    assert kind("X1", numbers) is None
    right = [n for n in numbers if sum(int(d) * w for d, w in zip(n, [*range(10, 1, -1), 1], strict=True)) % 11 == 0]
    assert len(right) > 30
    assert kind("X1", right) is Kind.NUMBER


def test_one_certain_value_is_enough() -> None:
    """Among a thousand others, and after those that are looked at in every way."""
    column = Column("NOTES")
    for i in range(MOST_DISTINCT + 500):
        column.add(f"remark {i:05d} x", i)
    assert column.suspicion() is None
    column.add("call anna.rossi@example.org", 9_999)
    suspicion = column.suspicion()
    assert suspicion is not None
    assert (suspicion.kind, suspicion.line) == (Kind.EMAIL, 9_999)
    assert "anna" not in suspicion.example


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("NACHNAME", ["Ax", "Byy", "Czz"], Kind.NAME),
        ("X1", ["Anna Rossi", "Jan Novak", "Eva Maier"], Kind.NAME),
        ("X1", ["Anna", "Jan", "Eva", "Peter", "Maria", "Paul", "Laura", "Marco"], Kind.NAME),
        ("DOB", ["1961", "1970", "1955"], None),
        ("DOB", ["22404", "25569", "20000"], Kind.BIRTH),
        ("MRN", ["451234", "451235"], Kind.RECORD),
        ("MRN", ["yes", "no"], None),
        ("OP_DATE", ["2019-01-02", "2019-05-06"], Kind.DATE),
        ("RELEASE_DATE", ["2019-01-02", "2019-05-06"], None),
        ("SAMPLE_ID", ["JD19610503", "AB19700101", "CD19551231"], Kind.BIRTH),
        ("PLZ", ["69120", "10115"], Kind.ADDRESS),
        ("NAME", ["HeLa", "MCF7", "A549", "U2OS"], None),
        ("GENE_NAME", ["TP53", "KRAS"], None),
        ("SEX", ["Male", "Female"], None),
        ("AGE", [str(i) for i in range(90)], None),
        ("INSTITUTE", ["Mayo Clinic", "Institut Curie", "Charité"], None),
        ("X", [], None),
        ("EMAIL", ["info@example.org", "biobank@example.org"], None),
    ],
)
def test_columns(name: str, values: list[str], expected: Kind | None) -> None:
    """Name, form and spread together."""
    assert kind(name, values) is expected


def test_a_value_is_shown_masked() -> None:
    """Enough to find it again, not enough to know it."""
    assert masked("Anna Rossi") == "An•• ••••i"
    assert masked("abc") == "•••"
    assert len(masked("x" * 500)) < 45
