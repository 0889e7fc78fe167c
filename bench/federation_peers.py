"""What ``bench.federation`` compares: this project's federation, Comunica (npm) and FedX (RDF4J, Maven Central)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from bench.federation_members import Network, Ports, process
from node.federation.members.profiles import PROFILES_FILE

_CLIENTS = Path(__file__).parents[1] / "tests" / "clients"
_JAVA = Path(__file__).with_name("fedx")
_PROFILE_SECONDS = 900.0


@dataclass(frozen=True)
class Peer:
    """A running federation: its endpoint, and its process group (0: none of its own)."""

    endpoint: str
    group: int


@contextmanager
def ours(
    network: Network, folder: Path, ports: Ports, log: Path, *, fixed: bool, keep: bool, usual_limits: bool = False
) -> Iterator[Peer]:
    """An empty node with the members in its ``node.toml``; ``fixed`` declares that their data does not change.

    It may fetch and answer more than a node may, unless it is to have the ``usual_limits``.
    """
    port = ports.take()
    node = folder / "coordinator"
    shutil.rmtree(node, ignore_errors=True)
    base = f"http://127.0.0.1:{port}/"
    subprocess.run(
        [sys.executable, "-m", "node", "init", str(node), "--base-iri", base], check=True, capture_output=True
    )
    with (node / "node.toml").open("a", encoding="utf-8") as config:
        for name, endpoint in network.members.items():
            config.write(f'\n[[members]]\nname = "{name}"\nendpoint = "{endpoint}"\n')
            if fixed:
                config.write('version = "bench"\n')
    command = [sys.executable, "-m", "node", "serve", "--node", str(node), "--port", str(port)]
    limits = {"ONCONODE_LIMITS_FEDERATION_BYTES": str(4_000_000_000), "ONCONODE_LIMITS_RESULT_BYTES": str(1 << 30)}
    if usual_limits:
        limits.clear()
    if not keep:
        limits["ONCONODE_LIMITS_FEDERATION_CACHE_BYTES"] = "0"
    with process(command, log, port=port, environment=limits) as group:
        endpoint = f"{base}federation/sparql"
        if fixed or not all(address.endswith("/sparql") for address in network.members.values()):
            # Of plain endpoints it is found out once about how much they hold.
            _profiled(endpoint, node / PROFILES_FILE, len(network.members))
        yield Peer(endpoint, group)


def _profiled(endpoint: str, file: Path, members: int) -> None:
    """Have all members profiled, and wait for that: it goes on beside the queries, of which some are to be measured."""
    started = time.monotonic()
    while sum("triples" in entry for entry in _entries(file)) < members:
        urllib3.request("GET", endpoint, fields={"query": "ASK { ?s ?p ?o }"})
        if time.monotonic() - started > _PROFILE_SECONDS:
            raise SystemExit(f"the members were not profiled within {_PROFILE_SECONDS:g} s")
        time.sleep(0.5)
    print(f"the members were profiled in {time.monotonic() - started:.0f} s")


def _entries(file: Path) -> list[dict[str, object]]:
    return list(json.loads(file.read_text(encoding="utf-8")).values()) if file.exists() else []


@contextmanager
def comunica(network: Network, ports: Ports, log: Path, *, seconds: float) -> Iterator[Peer]:
    """Comunica's HTTP server over the members, which gives a query up after so many seconds."""
    folder = Path.home() / ".cache" / "onconode" / "comunica"
    if not (folder / "node_modules").exists():
        shutil.copytree(_CLIENTS / "comunica", folder, dirs_exist_ok=True)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        subprocess.run(command, cwd=folder, check=True)
    port = ports.take()
    program = folder / "node_modules" / "@comunica" / "query-sparql" / "bin" / "http.js"
    command = ["node", str(program), "-p", str(port), "-t", f"{seconds:.0f}"]
    command += [f"sparql@{endpoint}" for endpoint in network.members.values()]
    memory = {"NODE_OPTIONS": "--max-old-space-size=6144"}
    with process(command, log, port=port, environment=memory) as group:
        yield Peer(f"http://127.0.0.1:{port}/sparql", group)


@contextmanager
def fedx(network: Network, ports: Ports, log: Path, *, seconds: float) -> Iterator[Peer]:
    """FedX over the members, behind the HTTP server of the JDK (``fedx/Serve.java``); it gives up after ``seconds``."""
    folder = Path.home() / ".cache" / "onconode" / "fedx"
    jars = folder / "jars"
    if not jars.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(_JAVA / "pom.xml", folder)
        plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
        subprocess.run(["mvn", "-q", "-B", plugin, f"-DoutputDirectory={jars}"], cwd=folder, check=True)
    port = ports.take()
    command = ["java", "-Xmx4g", "-cp", f"{jars}/*", str(_JAVA / "Serve.java"), str(port), f"{seconds:.0f}"]
    with process([*command, *network.members.values()], log, port=port) as group:
        yield Peer(f"http://127.0.0.1:{port}/sparql", group)
