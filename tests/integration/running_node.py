"""Starts the real server on loopback for tests, and ends it as an operator would."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

POOL = urllib3.PoolManager(timeout=urllib3.Timeout(total=60), retries=False)


@dataclass
class Service:
    """A server that answers at ``address`` (with a slash at its end); ``log`` is what it writes."""

    address: str
    process: subprocess.Popen[str]
    log: Path

    def healthy(self) -> bool:
        """Whether the service says it is ready."""
        return POOL.request("GET", f"{self.address}health/ready").status == 200


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[Service]:
    """The service that this command starts, once it is ready; ended with SIGINT, its exit code checked."""
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen([sys.executable, *command], stdout=out, stderr=subprocess.STDOUT, text=True)
    try:
        service = Service(_address(process, log), process, log)
        _wait(service)
        yield service
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0, log.read_text(encoding="utf-8")[-2000:]
        assert "Traceback" not in log.read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()


def onconode(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "node", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def _address(process: subprocess.Popen[str], log: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text(encoding="utf-8").splitlines():
            if line.startswith("Serving at "):
                return line.split()[2].rstrip(";")
        time.sleep(0.05)
    raise AssertionError(f"the service did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")


def _wait(service: Service) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if service.healthy():
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)
    raise AssertionError("the service did not become ready")
