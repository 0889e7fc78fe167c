"""A publication that is killed leaves the node as it was before or as it is after, never between."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from node.assembly import build
from node.cli.nodes import create_node
from node.policy.decide import OPERATOR
from node.rdf.formats import JSON, TURTLE
from node.sparql.results import read_json_results

KILLS = 60
COUNT = """
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX dcat: <http://www.w3.org/ns/dcat#>
SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?sample) AS ?samples) WHERE {
  { ?s ?p ?o } UNION { ?sample dct:isPartOf ?dataset }
}"""


def publish(folder: Path, source: Path) -> list[str]:
    return [sys.executable, "-m", "node", "publish", str(source), "--node", str(folder)]


def state(folder: Path) -> tuple[int, str, str, tuple[str, ...]]:
    """Generation, triples and samples that a query sees, and the datasets of the catalogue: all must fit together."""
    node = build(folder)
    try:
        with node.query(COUNT, OPERATOR, (JSON, TURTLE)) as answer:
            row = read_json_results(b"".join(answer)).rows[0]
        datasets = tuple(sorted(d.id for d in node.catalog.datasets()))
        return node.store.generation().number, row["triples"].value, row["samples"].value, datasets
    finally:
        node.close()


@pytest.mark.slow
def test_killed_at_any_moment_a_publication_is_whole_or_not_there(tmp_path: Path, repository: Path) -> None:
    """SIGKILL at 60 instants over a whole run of ``onconode publish``: old or new; run again, it completes."""
    first = repository / "examples/partners/sarcoma-biobank"
    second = repository / "examples/partners/neuro-registry"
    before = tmp_path / "before"
    create_node(before, base_iri="http://node.example/", title="t", publisher="t")
    assert subprocess.run(publish(before, first), capture_output=True, check=False).returncode == 0
    after = tmp_path / "after"
    shutil.copytree(before, after)
    started = time.monotonic()
    assert subprocess.run(publish(after, second), capture_output=True, check=False).returncode == 0
    seconds = time.monotonic() - started
    old, new = state(before), state(after)
    assert old != new
    random.seed(7)
    seen = {"old": 0, "new": 0}
    for kill in range(KILLS):
        victim = tmp_path / f"victim{kill}"
        shutil.copytree(before, victim)
        process = subprocess.Popen(publish(victim, second), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # most of the instants fall where things are written: towards the end
        time.sleep(seconds * (0.5 + 0.6 * random.random()) if kill % 4 else seconds * random.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = state(victim)
        assert found in (old, new), f"after kill {kill}"
        seen["old" if found == old else "new"] += 1
        if kill % 10 == 0:
            assert subprocess.run(publish(victim, second), capture_output=True, check=False).returncode == 0
            assert state(victim) == new
        shutil.rmtree(victim)
    assert seen["old"] > 0
    print(seen)
