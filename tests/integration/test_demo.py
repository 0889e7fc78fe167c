"""The main job: partners' data in, one federated answer out, run as a user runs it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.network import (
    POOL,
    assert_federation_equals_merged,
    free_ports,
    running_demo,
)


@pytest.mark.slow
def test_demo_on_the_example_data(tmp_path: Path) -> None:
    """Four nodes come up, every stored federated query equals one merged store, pages open, Ctrl-C ends all."""
    port = free_ports(4)
    with running_demo(["--data", str(tmp_path), "--port", str(port)], seconds=120) as (_, lines):
        text = "\n".join(lines)
        assert "4 nodes are up" in text
        assert "Asked alone, no node gives more than" in text
        assert "failed" not in text
        (network,) = tmp_path.iterdir()
        assert assert_federation_equals_merged(network, port) == 16
        for node in range(4):
            page = POOL.request("GET", f"http://127.0.0.1:{port + node}/", headers={"Accept": "text/html"})
            assert page.status == 200
            assert page.headers["Content-Type"].startswith("text/html")
    # the second run finds everything in place, ends by itself, and says the same
    started = time.monotonic()
    command = [sys.executable, "-m", "node", "demo", "--data", str(tmp_path), "--port", str(port), "--once", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert len(document["nodes"]) == 4
    assert all("problem" not in q for q in document["queries"])
    assert any(max(q["rows_alone"].values()) < q["rows"] for q in document["queries"])
    assert time.monotonic() - started < 60


@pytest.mark.slow
def test_a_taken_port_is_said_before_anything_is_made(tmp_path: Path) -> None:
    """The message names the port and the option; nothing is left behind."""
    port = free_ports(4)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + 2))
        other.listen()
        command = [sys.executable, "-m", "node", "demo", "--data", str(tmp_path), "--port", str(port), "--once"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert f"port {port + 2} is taken" in done.stderr
    assert "--port" in done.stderr
    assert not any(tmp_path.iterdir())


@pytest.mark.shared
@pytest.mark.slow
def test_demo_on_real_data(tmp_path: Path, shared: Path) -> None:
    """All 20 partners, at least 75,000 samples, at least 90 % coded, every answer equal to one merged store."""
    port = free_ports(21)
    started = time.monotonic()
    arguments = ["--partners", str(shared / "data" / "partners"), "--data", str(tmp_path), "--port", str(port)]
    with running_demo(arguments, seconds=600) as (_, lines):
        seconds = time.monotonic() - started
        text = "\n".join(lines)
        print(text)
        print(f"ready after {seconds:.0f} s")
        (network,) = tmp_path.iterdir()
        published = json.loads((network / "demo.json").read_text())["published"]
        assert len(published) == 20
        assert all(report["datasets"] and report["ok"] for report in published.values())
        held = [d for r in published.values() for d in r["datasets"] if d["outcome"] == "published"]
        samples = sum(d["samples"] for d in held)
        coded = sum(d["coding"]["coded"] for d in held if d["coding"])
        assert samples >= 75_000
        assert coded >= 0.9 * samples
        assert assert_federation_equals_merged(network, port) >= 12
