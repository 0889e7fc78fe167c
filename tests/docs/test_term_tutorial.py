"""The tutorial from a word to a term does what it says, command by command."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from tests.command_line import onconode


def test_from_a_word_to_a_term(tmp_path: Path, repository: Path) -> None:
    """Every command of the text, in order, with the files that it shows; the answers that it promises."""
    text = (repository / "docs/tutorials/from-a-word-to-a-term.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)
    study = tmp_path / "study"
    study.mkdir()
    (study / "LICENSE").write_text("CC BY 4.0\n")
    (study / "meta_study.txt").write_text(next(body for kind, body in blocks if kind == "text"))
    (study / "data_clinical_sample.txt").write_text(next(body for kind, body in blocks if kind == "tsv"))
    said = []
    for command in (line for kind, body in blocks if kind == "sh" for line in body.splitlines()):
        words = shlex.split(command)
        if words[0] == "onconode":
            done = onconode(*words[1:], folder=tmp_path)
            assert done.returncode == 0, command + "\n" + done.stdout + done.stderr
            said.append(done.stdout)
    whole = "".join(said)
    for promised in re.findall(r"`([A-Z][^`]+ \d samples[^`]*|installed on [^`]+)`", text):
        assert promised in whole
    assert (tmp_path / "rare/releases/1.0.0/docs/index.html").is_file()
    query = next(body for kind, body in blocks if kind == "sparql")
    found = onconode("query", "--node", "partner", "-e", query, "--format", "json", folder=tmp_path)
    rows = json.loads(found.stdout)["results"]["bindings"]
    assert sorted(row["sample"]["value"].rpartition("/")[2] for row in rows) == ["S1", "S2", "S3"]
