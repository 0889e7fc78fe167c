"""What the servers for tests share: the cache they are fetched into, free ports, and waiting until one answers."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from node.config import StoreSettings
from node.sparql.results import read_json_results
from node.store.remote_http import StoreClient

_POOL = urllib3.PoolManager(timeout=urllib3.Timeout(total=5), retries=False)
#: Graphs that a server keeps for itself.
_OF_THE_SERVER = ("http://www.openlinksw.com/", "http://www.w3.org/", "http://localhost:", "urn:")


class Unobtainable(Exception):
    """The server cannot be fetched or started here; says why."""


@dataclass(frozen=True)
class Server:
    """A running store. ``settings`` is what a node on it has in its table ``[store]``."""

    name: str
    settings: StoreSettings
    process: subprocess.Popen[bytes]
    log: Path

    def graphs(self) -> list[str]:
        """The named graphs that tests have left in it."""
        client = StoreClient(self.settings, 1)
        deadline = time.monotonic() + 60
        text = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
        reply = client.ask(text, default=(), named=(), graph=False, deadline=deadline)
        found = read_json_results(b"".join(iter(lambda: reply.read(1 << 16, deadline), b"")))
        reply.close()
        client.close()
        return [name for row in found.rows if not (name := row["g"].value).startswith(_OF_THE_SERVER)]

    def empty(self) -> None:
        """Drop everything that tests have left in it."""
        client = StoreClient(self.settings, 1)
        for graph in self.graphs():
            client.update(f"DROP SILENT GRAPH <{graph}>", time.monotonic() + 60)
        client.close()


def cache() -> Path:
    """The folder that keeps what was fetched, for all runs of this user."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "onconode"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(command: Sequence[str], *, folder: Path, seconds: float = 300) -> str:
    """The output of a command. Raises Unobtainable with its last words when it is not there or fails."""
    try:
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unobtainable(f"{command[0]}: {error}") from error
    if done.returncode:
        raise Unobtainable(f"{' '.join(command[:3])}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


@contextmanager
def serving(
    command: Sequence[str], *, folder: Path, address: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The process of this command, once ``address`` answers, and its log; killed at the end of the block."""
    log = folder / "server.log"
    with log.open("wb") as out:
        try:
            process = subprocess.Popen(
                command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
            )
        except OSError as error:
            raise Unobtainable(f"{command[0]}: {error}") from error
    try:
        _wait(process, address, log)
        yield process, log
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _POOL.request("GET", address)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise Unobtainable(f"it did not start: {log.read_text(errors='replace')[-500:]}")
