"""The reference names everything there is: settings, commands and their options."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click
import pytest

from node.cli.main import onconode
from node.config import Demand, Identity, Limits, Publishing, Server
from node.curation.rules import RULES


@pytest.mark.parametrize(
    ("table", "cls"),
    [("node", Identity), ("publishing", Publishing), ("server", Server), ("limits", Limits), ("demand", Demand)],
)
def test_every_setting_is_documented(repository: Path, table: str, cls: type) -> None:
    """Each setting has a row with its default."""
    text = (repository / "docs/reference/settings.md").read_text(encoding="utf-8")
    for field in dataclasses.fields(cls):
        default = "required" if field.default is dataclasses.MISSING else f"`{field.default}`"
        assert any(row.startswith(f"| `{table}.{field.name}` | {default} |") for row in text.splitlines()), (
            f"{table}.{field.name} ({default}) has no row in docs/reference/settings.md"
        )


def commands(group: click.Group, path: str) -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, f"{path} {name}")
        else:
            found.append((f"{path} {name}", command))
    return found


def test_every_command_and_option_is_documented(repository: Path) -> None:
    """Each command has a heading, each option of it is named under that heading."""
    text = (repository / "docs/reference/commands.md").read_text(encoding="utf-8")
    sections = {part.split("\n", 1)[0].strip("` "): part for part in text.split("\n## ")[1:]}
    for name, command in commands(onconode, "onconode"):
        assert name in sections, f"{name} has no section in docs/reference/commands.md"
        for parameter in command.params:
            for option in parameter.opts if isinstance(parameter, click.Option) else ():
                assert option in sections[name], f"{name} {option} is not explained"


def test_every_check_is_documented(repository: Path) -> None:
    """Each rule has a row with its severity, an example and what to do."""
    text = (repository / "docs/reference/checks.md").read_text(encoding="utf-8").partition("\n## ")[0]
    rows = {row.split("`")[1]: row for row in text.splitlines() if row.startswith("| `")}
    assert set(rows) == set(RULES)
    for name, rule in RULES.items():
        cells = [cell.strip() for cell in rows[name].strip("|").split(" | ")]
        assert len(cells) == 5, name
        assert cells[1] == rule.severity
        assert ("°" in cells[0]) == rule.in_robot
