"""What the guide to SPARQL Update and the Graph Store Protocol shows works as it is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.operated_node import operated


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide uses curl")
def test_the_commands_of_the_guide(repository: Path, tmp_path: Path) -> None:
    """All of them in order, in one shell; each request succeeds, and the triples are there."""
    text = (repository / "docs/how-to/change-data-with-update.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    (tmp_path / "links.ttl").write_text("<#a> <http://www.w3.org/2004/02/skos/core#related> [] .", encoding="utf-8")
    with operated(tmp_path / "mynode") as node:
        shell = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "NODE": node.service.address.rstrip("/"),
            "TOKEN": node.token,
            "CURL_HOME": str(tmp_path),
        }
        (tmp_path / ".curlrc").write_text("fail\nsilent\nshow-error\n", encoding="utf-8")
        # The third block removes the graph that the fourth changes.
        script = "\n".join([*blocks[:3], blocks[2].splitlines()[0], *blocks[3:]])
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=shell,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        related = "<https://node.example.org/datasets/a> ?p <https://node.example.org/datasets/b>"
        assert node.true(f"GRAPH <https://node.example.org/links> {{ {related} }}")
        assert node.ask("GET", "rdf-graph-store/links", operator=False).status == 200
