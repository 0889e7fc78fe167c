"""A node of a test's own behind the real server, with the token of its operator."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from tests.command_line import onconode
from tests.integration.running_node import POOL, Service, running


@dataclass
class Operated:
    """``folder`` is the node's, ``token`` its operator's."""

    service: Service
    folder: Path
    token: str

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        *,
        operator: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """One request, as the operator or as a stranger; the body of the answer is as it came."""
        sent = {"Authorization": f"Bearer {self.token}"} if operator else {}
        return POOL.request(
            method,
            self.service.address + path,
            body=body,
            headers={**sent, **(headers or {})},
            decode_content=False,
        )

    def update(self, text: str, query: str = "") -> urllib3.BaseHTTPResponse:
        """An update, sent as it is."""
        return self.ask("POST", f"update{query}", text, headers={"Content-Type": "application/sparql-update"})

    def true(self, pattern: str, *, operator: bool = False) -> bool:
        """Whether the pattern has a solution."""
        answer = self.ask(
            "POST",
            "sparql",
            f"ASK {{ {pattern} }}",
            operator=operator,
            headers={"Content-Type": "application/sparql-query", "Accept": "application/sparql-results+json"},
        )
        assert answer.status == 200, answer.data
        return bool(json.loads(answer.data)["boolean"])


@contextmanager
def operated(folder: Path, *, settings: str = "") -> Iterator[Operated]:
    """A new node in this folder, served; ``settings`` are further lines of ``node.toml``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = onconode("init", str(folder), "--base-iri", f"http://127.0.0.1:{port}/", "--json")
    assert made.returncode == 0, made.stderr
    with (folder / "node.toml").open("a", encoding="utf-8") as out:
        out.write(settings)
    log = folder.with_suffix(".log")
    with running(["-m", "node", "serve", "--node", str(folder), "--port", str(port)], log) as service:
        yield Operated(service, folder, json.loads(made.stdout)["token"])
