"""Downloads: resumed where they broke off, within limits, to places where they may go, and never half a file."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.config import Services
from node.errors import MemberError, ResultTooLarge, TargetRefused
from node.harvesting.download import download

CONTENT = bytes(range(256)) * 2_000
OPEN = Services(private_addresses=True)


class Server(http.server.ThreadingHTTPServer):
    """Serves one file; ``breaks`` are after how many bytes the next answers end."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.breaks: list[int] = []
        self.asked: list[str | None] = []
        self.content = CONTENT
        self.etag = '"one"'
        self.length = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/obo/ncit.owl"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", server.address)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/missing":
            self.send_error(404)
            return
        asked = self.headers.get("Range")
        server.asked.append(asked)
        start = 0
        if asked and self.headers.get("If-Range") == server.etag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
        else:
            self.send_response(200)
        body = server.content[start:]
        self.send_header("ETag", server.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.breaks.pop(0)] if server.breaks else body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing is written to the terminal."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_a_file_and_how_far_it_is(server: Server, tmp_path: Path) -> None:
    """The whole file comes, under a name that says its format, and nothing else is left."""
    told: list[tuple[int, int | None]] = []
    path = download(server.address, tmp_path, services=OPEN, progress=lambda done, whole: told.append((done, whole)))
    assert path.read_bytes() == CONTENT
    assert path.name.endswith("-ncit.owl")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_it_goes_on_where_it_broke_off(server: Server, tmp_path: Path) -> None:
    """Within one command, and by the next one when the server gave up too often."""
    server.breaks = [100_000, 50_000]
    assert download(server.address, tmp_path, services=OPEN).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-", "bytes=150000-"]
    server.breaks, server.asked = [10, 10, 10, 10], []
    with pytest.raises(MemberError) as caught:
        download(server.address, tmp_path / "next", services=OPEN)
    assert "goes on after the 40 bytes" in (caught.value.remedy or "")
    assert download(server.address, tmp_path / "next", services=OPEN).read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=40-"


def test_another_file_begins_anew(server: Server, tmp_path: Path) -> None:
    """When the server has a new release meanwhile, nothing of the old one is in the file."""
    server.breaks = [100_000]
    real = server.content

    def change(done: int, _whole: int | None) -> None:
        if done >= 100_000 and server.etag == '"one"':
            server.etag, server.content = '"two"', b"new" * 50_000

    assert download(server.address, tmp_path, services=OPEN, progress=change).read_bytes() == b"new" * 50_000
    assert server.asked == [None, "bytes=100000-"]
    assert real != server.content


def test_limits_and_places(server: Server, tmp_path: Path) -> None:
    """Too large, not there, not public, not encrypted, not an address: each says so and leaves no file."""
    with pytest.raises(ResultTooLarge, match="more than 1,000 bytes"):
        download(server.address, tmp_path, services=OPEN, max_bytes=1_000)
    base = server.address.removesuffix("/obo/ncit.owl")
    with pytest.raises(MemberError, match="404"):
        download(f"{base}/missing", tmp_path, services=OPEN)
    with pytest.raises(TargetRefused, match="not encrypted"):
        download(f"{base}/elsewhere", tmp_path, services=OPEN)
    with pytest.raises(TargetRefused, match="not public"):
        download(server.address, tmp_path, services=Services())
    with pytest.raises(TargetRefused):
        download("ftp://example.org/ncit.owl", tmp_path, services=OPEN)
    assert [p for p in tmp_path.rglob("*") if not p.name.endswith((".part", ".from"))] == []
