"""The partner's decisions: each names a column, an allowance has a reason, and nothing else is a decision."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from node.errors import DocumentSyntaxError
from node.publishing.safety.decisions import NO_DECISIONS, read_decisions

GOOD = """
[[drop]]
column = "Patient Name"
[[allow]]
column = "SLIDE"
reason = "numbers of glass slides, on no list of patients"
"""


def test_no_file_is_no_decision(tmp_path: Path) -> None:
    """Nothing is dropped or allowed by default."""
    assert read_decisions(tmp_path) is NO_DECISIONS
    assert not NO_DECISIONS.drops("NAME")
    assert NO_DECISIONS.reason("NAME") is None


def test_decisions_are_read(tmp_path: Path) -> None:
    """Names are compared as columns are: without case and separators."""
    (tmp_path / "safety.toml").write_text(GOOD)
    decisions = read_decisions(tmp_path)
    assert decisions.drops("PATIENT_NAME")
    assert decisions.reason("slide") == "numbers of glass slides, on no list of patients"
    assert not decisions.drops("slide")
    assert decisions.unknown(["SLIDE"]) == ["patient name"]
    assert list(decisions.statements()) == [
        "The column 'SLIDE' may look like a direct identifier; the publisher allowed it: "
        "numbers of glass slides, on no list of patients"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("all = true", "'all' is no decision"),
        ('[[allow]]\ncolumn = "A"', "without a reason"),
        ('[[allow]]\ncolumn = "A"\nreason = "because"', "without a reason"),
        ('[[allow]]\ncolumn = "A"\nreason = 5', "without a reason"),
        ('[[allow]]\ncolumn = "*"\nreason = "all of them are fine"', "names no column"),
        ('[[allow]]\nreason = "all of them are fine"', "names no column"),
        ('[[drop]]\ncolumn = "A"\nwhy = "x"', "'why' is not known"),
        ('drop = "A"', "not a list of tables"),
        ("drop = [1]", "not a list of tables"),
        ('[[drop]]\ncolumn = "A"\n[[allow]]\ncolumn = "a"\nreason = "a number of ours"', "both dropped and allowed"),
        ("[[drop]", "not a TOML file"),
        ("a" * 1_000_001, "more than 1,000,000 bytes"),
    ],
)
def test_what_is_no_decision_is_refused(text: str, message: str, tmp_path: Path) -> None:
    """With the file and what to write instead; a switch for everything is none."""
    (tmp_path / "safety.toml").write_text(text)
    with pytest.raises(DocumentSyntaxError, match=re.escape(message)) as told:
        read_decisions(tmp_path)
    assert told.value.where is not None
    assert told.value.where.source == str(tmp_path / "safety.toml")
