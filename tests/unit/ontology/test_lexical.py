"""Spellings that mean the same are one name; likeness finds misspellings and reordered words, and only proposes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.ontology.lexical import Likeness, Spellings, without_side

NAMES = [
    ("acute myeloid leukemia", "aml"),
    ("b lymphoblastic leukemia/lymphoma", "bll"),
    ("hematopoietic and lymphoid tissue", "tissue"),
    ("base of the skull", "skull"),
    ("glioma", "glioma"),
    ("high grade glioma", "high"),
    ("lung adenocarcinoma", "luad"),
    ("adenocarcinoma, not otherwise specified", "adeno"),
    ("twin", "one"),
    ("twins", "other"),
]


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("Acute Myeloid Leukaemia", "aml"),
        ("ACUTE_MYELOID_LEUKEMIAS", "aml"),
        ("B-Lymphoblastic Leukemia/Lymphoma", "bll"),
        ("Haematopoietic and lymphoid tissues", "tissue"),
        ("Gliomas, NOS", "glioma"),
        ("Gliomata", "glioma"),
        ("High-Grade Glioma", "high"),
        ("Adenocarcinoma, NOS", None),
        ("twin", None),
        ("gliom", None),
        ("", None),
    ],
)
def test_spellings(text: str, thing: str | None) -> None:
    """Signs, plural and British spelling are undone; two things of one name, or a part of a name, are nothing."""
    assert Spellings(NAMES).find(text) == thing


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Left lung", "lung"),
        ("Lung, Right", "lung"),
        ("R. Kidney", "kidney"),
        ("bilateral ovaries", "ovaries"),
        ("lung", None),
        ("left", None),
        ("liver", None),
        ("Alright", None),
    ],
)
def test_sides(text: str, rest: str | None) -> None:
    """Only whole words for a side are taken away, and never all that there is."""
    assert without_side(text) == rest


@pytest.mark.parametrize(
    ("text", "thing"),
    [("Skull Base", "skull"), ("Lung adenocarcinomma", "luad"), ("grade high glioma", "high")],
)
def test_likeness(text: str, thing: str) -> None:
    """The best candidate is the one meant, with a score between the threshold and one."""
    (score, best), *_ = Likeness(NAMES).alike(text, most=3)
    assert best == thing
    assert 0.45 <= score <= 1


def test_nothing_is_alike_by_chance() -> None:
    """Words that no name has find nothing."""
    assert Likeness(NAMES).alike("zzz qqq", most=3) == []
    assert Likeness([]).alike("glioma", most=3) == []


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_an_answer(text: str) -> None:
    """No text breaks the search, and scores stay in their bounds."""
    assert all(0 <= score <= 1 for score, _ in Likeness(NAMES).alike(text, most=5))
    Spellings(NAMES).find(text)
    without_side(text)
