"""Descriptions of other kinds over HTTP, and one node that harvests another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from tests.command_line import onconode
from tests.integration.running_node import POOL, Service


@pytest.mark.parametrize("path", ["software/", "software/glioma-cohorts", "graph/software:glioma-cohorts"])
def test_software_is_served(service: Service, path: str) -> None:
    """As a page where there is one, and as data about it."""
    page = POOL.request("GET", service.address + path, headers={"Accept": "text/html"})
    assert page.status == 200
    data = POOL.request("GET", service.address + path, headers={"Accept": "text/turtle"})
    subjects = {quad.subject for quad in parse(data.data, RdfFormat.TURTLE)}
    named = f"{service.address}software/glioma-cohorts"
    assert NamedNode(named) in subjects or (path.endswith("/") and named.encode() in data.data)


def harvest(address: str, folder: Path) -> dict[str, object]:
    """The result of the command, which may call loopback."""
    done = subprocess.run(
        [sys.executable, "-m", "node", "harvest", address, "--node", str(folder), "--json"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "ONCONODE_SERVICES_PRIVATE_ADDRESSES": "true"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    document: dict[str, object] = json.loads(done.stdout)
    return document


def test_one_node_harvests_another(service: Service, tmp_path: Path) -> None:
    """All it lists, under its IRIs; a description that has not changed is said to be unchanged."""
    folder = tmp_path / "harvester"
    made = onconode("init", str(folder), "--base-iri", "https://harvester.example/", "--title", "Harvester")
    assert made.returncode == 0, made.stderr
    for outcome in ("published", "unchanged"):
        (catalogue,) = harvest(service.address, folder)["catalogues"]  # type: ignore[misc]
        assert catalogue["origin"] == service.address
        told = {d["dataset"]: d["outcome"] for d in catalogue["report"]["datasets"]}
        assert told == dict.fromkeys(["nor-glioma", "nor-paed", "software:glioma-cohorts"], outcome), catalogue
    refused = onconode("harvest", service.address, "--node", str(folder))
    assert refused.returncode == 3
    assert "not public" in refused.stderr
