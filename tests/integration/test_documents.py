"""Documents for LOAD come whole and from where they should, or not at all; TLS names the host, not its address."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from node.config import Services
from node.errors import MemberError, MemberProtocolError, MemberTimeout, MemberUnavailable, ResultTooLarge
from node.federation.calling.documents import fetch_document

TURTLE = b"<urn:a> <urn:b> <urn:c> .\n"
CERTIFICATE = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=good.example"]


class _Documents(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hang = threading.Event()

    def do_GET(self) -> None:
        match self.path:
            case "/moved":
                self.send_response(302)
                self.send_header("Location", "/document")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/cut":
                self._start(TURTLE, len(TURTLE) + 1)
                self.close_connection = True
            case "/slow":
                self.hang.wait(5)
            case "/document":
                self._start(TURTLE + b"# for " + (self.headers["Host"] or "").encode())
            case _:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

    def _start(self, body: bytes, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "Text/Turtle; charset=utf-8")
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is nothing to print."""


@pytest.fixture
def server() -> Iterator[_Server]:
    made = _Server(("127.0.0.1", 0), _Documents)
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    _Documents.hang.set()
    made.shutdown()
    made.server_close()


def fetch(server: _Server, url: str, *, max_bytes: int = 1000, seconds: float = 5.0) -> tuple[bytes, str]:
    def resolve(host: str, port: int) -> Sequence[tuple[str, int]]:
        return [("127.0.0.1", server.server_address[1])]

    hosts = ("http://good.example/", "https://good.example/", "https://bad.example/")
    services = Services(load=hosts, private_addresses=True)
    return fetch_document(url, services=services, max_bytes=max_bytes, seconds=seconds, resolve=resolve)


def test_a_document_and_its_type(server: _Server) -> None:
    """Directly and after a redirect; the server is told the name it was called by."""
    for path in ("document", "moved"):
        body, media_type = fetch(server, f"http://good.example/{path}")
        assert body == TURTLE + b"# for good.example"
        assert media_type == "text/turtle"


@pytest.mark.parametrize(
    ("path", "error"),
    [("missing", MemberProtocolError), ("cut", MemberProtocolError), ("slow", MemberTimeout)],
)
def test_failures_are_errors_that_name_the_address(server: _Server, path: str, error: type[MemberError]) -> None:
    """Never half a document."""
    with pytest.raises(error) as caught:
        fetch(server, f"http://good.example/{path}", seconds=0.5)
    assert caught.value.member == f"http://good.example/{path}"


def test_a_document_that_is_too_long(server: _Server) -> None:
    """Ended where it exceeds what may come."""
    with pytest.raises(ResultTooLarge):
        fetch(server, "http://good.example/document", max_bytes=10)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command to make a certificate")
def test_certificates_are_checked_against_the_name(
    server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although the connection goes to an address: a certificate for another name, or of nobody we trust, is refused."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    files = ["-keyout", str(key), "-out", str(certificate), "-addext", "subjectAltName=DNS:good.example"]
    subprocess.run(["openssl", *CERTIFICATE, *files], check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with pytest.raises(MemberUnavailable):
        fetch(server, "https://good.example/document")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert fetch(server, "https://good.example/document")[0].startswith(TURTLE)
    with pytest.raises(MemberUnavailable):
        fetch(server, "https://bad.example/document")
