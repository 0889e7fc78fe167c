"""What the guide to tables shows works as it is written."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from node.cli.main import onconode


def test_the_guide_to_tables(repository: Path, tmp_path: Path) -> None:
    """The draft recognises what the guide says; its mapping publishes its table with the report shown."""
    text = (repository / "docs/how-to/publish-a-table.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"```csv\n(.*?)```", text, re.DOTALL)
    (mapping,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "samples.csv"
    path.write_text(table, encoding="utf-8")
    run = CliRunner().invoke
    node = ["--node", str(tmp_path / "mynode")]
    assert run(onconode, ["init", node[1], "--base-iri", "http://node.example/"]).exit_code == 0
    drafted = run(onconode, ["publish", str(path), "--suggest", *node])
    assert drafted.exit_code == 0, drafted.output
    assert "Diagnose is the diagnosis; Lokalisation is the site" in drafted.output
    assert 'property = "ignore"' in (tmp_path / "samples.mapping.toml").read_text(encoding="utf-8")
    again = run(onconode, ["publish", str(path), "--suggest", *node])
    assert "there is a mapping file already" in str(again.exception or again.output)
    (tmp_path / "samples.mapping.toml").write_text(mapping, encoding="utf-8")
    checked = run(onconode, ["publish", str(path), "--dry-run", *node])
    assert "1 would be published, 0 rejected" in checked.output, checked.output
    published = run(onconode, ["publish", str(path), *node])
    assert published.exit_code == 0, published.output
    for line in shown.splitlines():
        assert line in published.output
    unchanged = run(onconode, ["publish", str(tmp_path / "*.csv"), *node])
    assert "unchanged  gliomas-2024" in unchanged.output
