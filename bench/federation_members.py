"""The members of ``bench.federation``: servers over the data of fedbench, behind a proxy that counts and delays.

fedbench is not part of this repository: its folder is ``$ONCONODE_SHARED/bench/fedbench``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import urllib3

from node.assembly import build
from node.model.access import Tier
from node.store.quads import Change, GraphContent

SHARED = Path(os.environ.get("ONCONODE_SHARED", "../shared"))
FEDBENCH = SHARED / "bench" / "fedbench"
_NATIVE = Path(sys.executable).with_name("oxigraph")
_POOL = urllib3.PoolManager(timeout=urllib3.Timeout(total=30), retries=False)
_BLANK = re.compile(r"(?<![^ \n])_:(\w+)")


@dataclass(frozen=True)
class Data:
    """What ``generate.py`` of fedbench made: a file of N-Triples for each member, and one for their union."""

    folder: Path
    members: tuple[str, ...]
    triples: int


def fedbench(module: str) -> ModuleType:
    """A module of fedbench. Raises SystemExit, saying so, where it is absent."""
    path = FEDBENCH / f"{module}.py"
    if not path.exists():
        raise SystemExit(f"fedbench is not in {FEDBENCH}: set ONCONODE_SHARED.")
    spec = importlib.util.spec_from_file_location(f"fedbench_{module}", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def generated(folder: Path, triples: int, members: int) -> Data:
    """Data of this size over so many members, made once and kept below ``folder``."""
    target = folder / f"fb-{triples}-{members}"
    manifest = target / "manifest.json"
    if not manifest.exists():
        fedbench("generate").generate(str(target), triples, members, 1, 5000)
    told = json.loads(manifest.read_text(encoding="utf-8"))
    return Data(target, tuple(told["nodes"]), int(told["total"]))


class Ports:
    """Free ports, none given twice."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def take(self) -> int:
        """A port that nothing listens on now."""
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port: int = probe.getsockname()[1]
            if port not in self._given:
                self._given.add(port)
                return port


@contextmanager
def process(
    command: Sequence[str], log: Path, *, port: int, environment: dict[str, str] | None = None, seconds: float = 120
) -> Iterator[int]:
    """The process group of a command, once something listens on its port; ended with the block."""
    with log.open("ab") as out:
        started = subprocess.Popen(
            command, stdout=out, stderr=out, start_new_session=True, env={**os.environ, **(environment or {})}
        )
        try:
            deadline = time.monotonic() + seconds
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if started.poll() is not None or time.monotonic() > deadline:
                        raise SystemExit(f"{command[0]} did not start: see {log}") from None
                    time.sleep(0.05)
            yield started.pid
        finally:
            os.killpg(started.pid, signal.SIGTERM)
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, signal.SIGKILL)
                started.wait()


@dataclass(frozen=True)
class Network:
    """Endpoints behind the proxy: those of the members, and of the one store that holds everything.

    ``groups``: the process groups of the members and of the proxy.
    """

    members: dict[str, str]
    merged: str
    control: str
    groups: tuple[int, ...] = ()

    def counters(self) -> dict[str, int]:
        """Requests, and bytes sent and received, since they were last asked for."""
        told = json.loads(_POOL.request("GET", self.control).data)
        return {key: told[key] for key in ("requests", "sent", "received")}


@contextmanager
def network(data: Data, kind: str, *, latency_ms: float, ports: Ports, log: Path) -> Iterator[Network]:
    """The members as native Oxigraph servers (``native``) or nodes like this one (``nodes``), and the merged store."""
    with ExitStack() as stack:
        pairs: list[str] = []
        addresses: dict[str, str] = {}
        groups: list[int] = []
        for name in (*data.members, "merged"):
            outside, inside = ports.take(), ports.take()
            if kind == "native" or name == "merged":
                command = native(data.folder, name, inside)
                addresses[name] = f"http://127.0.0.1:{outside}/query"
            else:
                folder, outside = _node(data, name, outside)
                command = [sys.executable, "-m", "node", "serve", "--node", str(folder), "--port", str(inside)]
                addresses[name] = f"http://127.0.0.1:{outside}/sparql"
            groups.append(stack.enter_context(process(command, log, port=inside)))
            pairs.append(f"{outside}:{inside}")
        control = ports.take()
        proxy = [sys.executable, str(FEDBENCH / "proxy.py"), "--latency", str(latency_ms / 1000), "--control"]
        groups.append(stack.enter_context(process([*proxy, str(control), *pairs], log, port=control)))
        merged = addresses.pop("merged")
        yield Network(addresses, merged, f"http://127.0.0.1:{control}/", tuple(groups))


def native(folder: Path, name: str, port: int) -> list[str]:
    """What serves the triples of ``<name>.nt`` in this folder, from a store beside it, made once, at ``/query``."""
    store = folder / f"store-{name}"
    if not store.exists():
        file = str(folder / f"{name}.nt")
        subprocess.run([_NATIVE, "load", "--location", store, "--file", file], check=True, capture_output=True)
    return [str(_NATIVE), "serve-read-only", "--location", str(store), "--bind", f"127.0.0.1:{port}"]


def _node(data: Data, name: str, port: int) -> tuple[Path, int]:
    """A node that holds the member's triples, blank nodes replaced by IRIs, and the port of its base."""
    folder = data.folder / f"node-{name}"
    config = folder / "node.toml"
    if not config.exists():
        base = f"http://127.0.0.1:{port}/"
        init = [sys.executable, "-m", "node", "init", str(folder), "--base-iri", base]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL)
        node = build(folder)
        try:
            text = (data.folder / f"{name}.nt").read_text(encoding="utf-8")
            content = _BLANK.sub(rf"<{base}.well-known/genid/\1>", text).encode()
            node.store.apply(Change(put=(GraphContent(f"{base}graph/all", Tier.PUBLIC, content),)))
        finally:
            node.close()
        (folder / "port").write_text(str(port), encoding="utf-8")
    return folder, int((folder / "port").read_text(encoding="utf-8"))
