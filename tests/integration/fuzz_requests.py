"""Makes HTTP requests from a seed: sound ones, sound ones with something wrong, and bytes that are hardly requests."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass
from urllib.parse import quote

_METHODS = (
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "G",
    "X" * 300,
)
_PATHS = (
    *("/", "/sparql", "/sparql/", "/federation/sparql", "/update", "/rdf-graph-store", "/.well-known/void", "/queries"),
    *("/datasets/", "/datasets/glioma-registry", "/graph/glioma-registry", "/shapes", "/context/v1.jsonld", "/metrics"),
    *("/health/live", "/problems/not-found", "/static/nope", "/nope", "/genid/x", "/vocabulary/ncit/1", "/code/C3262"),
)
_SEGMENTS = (
    "..",
    ".",
    "",
    "%2e%2e",
    "%2F",
    "%00",
    "%FF",
    "%",
    "%zz",
    "é",
    "\u202e",
    "a" * 5_000,
    "~",
    "@",
    ";x",
    "glioma-registry",
)
_QUERIES = (
    *("ASK {}", "SELECT * { ?s ?p ?o } LIMIT 3", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "DESCRIBE <urn:x>"),
    *(
        "CONSTRUCT WHERE { ?s ?p ?o }",
        "SELECT * { GRAPH ?g { ?s ?p ?o } } LIMIT 2",
        "nope",
        "",
        "ASK { SERVICE <urn:x> {} }",
    ),
    "SELECT ?x { VALUES ?x { 1 2 'é' } }",
)
_UPDATES = (
    *(
        "CLEAR ALL",
        "INSERT DATA { <urn:a> <urn:b> 1 }",
        "DELETE WHERE { ?s ?p ?o }",
        "LOAD <http://127.0.0.1:1/>",
        "DROP ALL",
    ),
    *(
        "INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> _:x } }",
        "CREATE GRAPH <urn:g>",
        "nope",
        "",
        "COPY DEFAULT TO <urn:h>",
    ),
)
_DOCUMENTS = (
    b"<urn:a> <urn:b> <urn:c> .",
    b"",
    b"@prefix",
    b"{}",
    b"<x/>",
    b"\xff\xfe",
    b'{"@id": "urn:a", "urn:b": 1}',
)
_TYPES = (
    *("application/sparql-query", "application/sparql-update", "application/x-www-form-urlencoded", "text/turtle"),
    *("application/n-triples", "application/ld+json", "application/rdf+xml", "application/json", "multipart/form-data"),
    *(
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
        ";",
        "a/b;c=d;;",
        "text/turtle; charset=utf-16",
        "x" * 2_000,
        "*/*",
    ),
)
_ACCEPTS = (
    *(
        "*/*",
        "text/html",
        "application/sparql-results+json",
        "text/csv",
        "text/turtle",
        "application/n-quads",
        "image/png",
    ),
    *(
        "",
        ",",
        ";q=1",
        "*/*;q=0",
        "text/html;q=nope",
        "a/b" * 2_000,
        "text/*;q=0.5,*/*;q=0.1",
        'a/b;c="d',
        "text/turtle;q=1.0001",
    ),
)
_PARAMETERS = (
    *(
        "query",
        "update",
        "default-graph-uri",
        "named-graph-uri",
        "using-graph-uri",
        "using-named-graph-uri",
        "graph",
        "default",
    ),
    *("format", "page", "nope", "", "q", "explain", "timeout"),
)
_ODD = (
    "\x00",
    "\x7f",
    "\r",
    "\n",
    "é",
    "🧬",
    "\\",
    '"',
    "'",
    "<",
    ">",
    "%",
    "&",
    "=",
    "+",
    "#",
    "?",
    ";",
    ",",
    " ",
    "{",
    "}",
)


@dataclass(frozen=True)
class Fuzzed:
    """The bytes of one request. ``whole``: a server has what it needs to answer; else it may wait for more."""

    data: bytes
    whole: bool


class Fuzzer:
    """Endless requests. ``token``: sent along with some of them, so that operators' operations are reached."""

    def __init__(self, seed: int, host: str, token: str | None) -> None:
        self._choice = random.Random(seed)
        self._host = host
        self._token = token

    def next(self) -> Fuzzed:
        """One more."""
        kind = self._choice.random()
        if kind < 0.05:
            return Fuzzed(self._noise(), whole=False)
        head, body, headers = self._request()
        whole = True
        if kind < 0.15:
            whole = self._break_framing(headers, body)
        lines = [head, *(f"{name}: {value}".encode("utf-8", "surrogateescape") for name, value in headers)]
        data = b"\r\n".join(lines) + b"\r\n\r\n" + body
        if kind > 0.95:
            return Fuzzed(self._flipped(data), whole=False)
        return Fuzzed(data, whole)

    def _request(self) -> tuple[bytes, bytes, list[tuple[str, str]]]:
        choice = self._choice
        method = choice.choice(_METHODS) if choice.random() < 0.4 else choice.choice(("GET", "POST"))
        target = self._target(method)
        headers = [("Host", self._host), ("Connection", "close")]
        body = b""
        if method not in ("GET", "HEAD") or choice.random() < 0.05:
            body, content_type = self._body()
            headers += [("Content-Length", str(len(body))), ("Content-Type", content_type)]
        headers += [self._header() for _ in range(choice.choice((0, 0, 1, 1, 2, 3, 60)))]
        if self._token is not None and choice.random() < 0.3:
            headers.append(("Authorization", f"Bearer {self._token}"))
        version = "HTTP/1.0" if choice.random() < 0.03 else "HTTP/1.1"
        return f"{method} {target} {version}".encode("utf-8", "surrogateescape"), body, headers

    def _target(self, method: str) -> str:
        choice = self._choice
        path = choice.choice(_PATHS[:6] if choice.random() < 0.6 else _PATHS)
        for _ in range(choice.choice((0, 0, 0, 1, 2))):
            path += "/" + choice.choice(_SEGMENTS)
        pairs = []
        for _ in range(choice.choice((0, 1, 1, 1, 2, 3))):
            name = choice.choice(_PARAMETERS) if choice.random() < 0.6 else "query"
            value = self._text()
            pairs.append(f"{name}={value if choice.random() < 0.05 else quote(value, safe='')}")
        target = path + ("?" + choice.choice(("&", "&", "&", ";", "&&")).join(pairs) if pairs else "")
        if choice.random() < 0.03:
            target = choice.choice(
                ("*", "http://elsewhere.example/sparql", "//x/y", "sparql", "?query=ASK{}", "/" * 3_000)
            )
        if choice.random() < 0.01:
            target += "x" * choice.choice((20_000, 40_000, 100_000))
        # What would end the request line early is another kind of request.
        return target.replace(" ", "%20").replace("\r", "%0D").replace("\n", "%0A") if method else target

    def _text(self) -> str:
        choice = self._choice
        kind = choice.random()
        if kind < 0.5:
            return choice.choice(_QUERIES)
        if kind < 0.7:
            return choice.choice(_UPDATES)
        if kind < 0.8:
            return f"http://{self._host}/graph/{choice.choice(('default', 'glioma-registry', 'x', ''))}"
        return "".join(choice.choice((*_ODD, "a", "ASK", "http://")) for _ in range(choice.randint(0, 12)))

    def _body(self) -> tuple[bytes, str]:
        choice = self._choice
        kind = choice.random()
        if kind < 0.25:
            return self._text().encode(), "application/sparql-query"
        if kind < 0.4:
            return choice.choice(_UPDATES).encode(), "application/sparql-update"
        if kind < 0.65:
            name = choice.choice(("query", "update", *_PARAMETERS))
            return f"{name}={quote(self._text(), safe='')}".encode(), "application/x-www-form-urlencoded"
        if kind < 0.9:
            return choice.choice(_DOCUMENTS), choice.choice(_TYPES)
        return choice.randbytes(choice.choice((1, 10, 1_000, 50_000))), choice.choice(_TYPES)

    def _header(self) -> tuple[str, str]:
        choice = self._choice
        value = "".join(
            choice.choice((*_ODD[4:], "a", "1", "W/", '"', "*")) for _ in range(choice.randint(0, 8))
        ).strip()
        names = (
            "If-None-Match",
            "If-Match",
            "Range",
            "Cookie",
            "X-Request-Id",
            "X-Forwarded-For",
            "Origin",
            "Slug",
            "If-Range",
        )
        return choice.choice(
            (
                ("Accept", choice.choice(_ACCEPTS)),
                ("Accept", choice.choice(_ACCEPTS)),
                (
                    "Accept-Encoding",
                    choice.choice(("gzip", "zstd", "br", "identity;q=0", "*;q=0", ",,", "gzip;q=nope")),
                ),
                ("Content-Encoding", choice.choice(("gzip", "deflate", "zstd", "identity", "nope", ""))),
                (
                    "Authorization",
                    choice.choice(("Bearer", "Bearer x", "Basic", "Basic eDp5", "Basic %%%", "Nope x", "Bearer é")),
                ),
                ("Expect", choice.choice(("100-continue", "nope"))),
                ("Upgrade", choice.choice(("websocket", "h2c"))),
                (choice.choice(names), value),
                (f"X-{value.encode().hex() or 'x'}", "y" * choice.choice((1, 100, 9_000))),
            )
        )

    def _break_framing(self, headers: list[tuple[str, str]], body: bytes) -> bool:
        """Make headers and body disagree; whether the server still has all that is announced."""
        kind = self._choice.randrange(6)
        if kind == 0:
            headers[:] = [(n, str(len(body) + 10) if n == "Content-Length" else v) for n, v in headers]
            return False
        if kind == 1:
            headers.append(("Content-Length", self._choice.choice(("-1", "x", "99999999999999999999", "1, 2", ""))))
        elif kind == 2:
            headers.append(
                ("Transfer-Encoding", self._choice.choice(("chunked", "gzip, chunked", "nope", "chunked, x")))
            )
        elif kind == 3:
            headers[:] = [(n, v) for n, v in headers if n != "Host"]
            return True
        elif kind == 4:
            headers.append(("Bad Name", "x"))
        else:
            headers.append((" Folded", "x"))
        return False

    def _noise(self) -> bytes:
        choice = self._choice
        return choice.choice(
            (
                *(
                    b"\r\n\r\n",
                    b"GET\r\n\r\n",
                    b"GET / HTTP/9.9\r\n\r\n",
                    b"\x16\x03\x01\x02\x00\x01\x00",
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                ),
                choice.randbytes(choice.randint(1, 300)),
                b"GET " + b"/" * 70_000,
                b"POST /sparql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                b"POST /sparql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx",
                b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 60\r\n\r\n"
                + gzip.compress(b"0" * 9_000),
                b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5_000,
            )
        )

    def _flipped(self, data: bytes) -> bytes:
        flipped = bytearray(data)
        for _ in range(self._choice.randint(1, 5)):
            flipped[self._choice.randrange(len(flipped))] = self._choice.randrange(256)
        return bytes(flipped)
