"""What a person reads at the terminal."""

from __future__ import annotations

from node.cli.exit_codes import exit_code
from node.cli.output import table
from node.errors import ConfigurationError, Conflict, MemberTimeout, NodeError, QuerySyntaxError, Withdrawn


def test_table_aligns_numbers_right_and_cuts_long_texts() -> None:
    """Columns line up; a long value ends in an ellipsis."""
    lines = table(["name", "n"], [["a", "7"], ["b" * 80, "1200"]]).splitlines()
    assert lines[0].split() == ["name", "n"]
    assert lines[2].endswith("    7")
    assert "…" in lines[3]


def test_an_empty_table_still_has_its_header() -> None:
    """No rows is an answer too."""
    assert table(["name"], []).splitlines()[0] == "name"


def test_exit_codes_follow_the_tree() -> None:
    """The nearest class of an error decides."""
    assert exit_code(QuerySyntaxError("x")) == 2
    assert exit_code(Withdrawn("x")) == 4
    assert exit_code(Conflict("x")) == 7
    assert exit_code(MemberTimeout("x", member="m")) == 6
    assert exit_code(ConfigurationError("x")) == 78
    assert exit_code(NodeError("x")) == 1
