"""Requests and replies of HTTP as values, for what is answered without a web framework. Pure.

Names of headers are in lower case: that is how RSGI gives and takes them, and their case never matters (RFC 9110,
section 5.1).
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from node.errors import NodeError
from node.web.problems import MEDIA_TYPE, headers_of, problem, status_of

#: No script, nothing from elsewhere, no frames: what the pages need and no more.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: What every response says, whatever it is.
COMMON_HEADERS: tuple[tuple[str, str], ...] = (
    ("access-control-allow-origin", "*"),
    (
        "access-control-expose-headers",
        "ETag, Link, Location, Onconode-Completeness, Onconode-Members, Onconode-Releases, Retry-After, Server-Timing, "
        "X-Request-Id",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("content-security-policy", PAGE_POLICY),
)
#: What the choice among representations depends on; at the SPARQL endpoints the answer also depends on who asks.
VARY = "Accept, Accept-Encoding"
VARY_BY_CALLER = f"{VARY}, Authorization"

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request. ``query_string`` is what stands after ``?``, still encoded; ``body`` at most the limit and a byte.

    ``headers``: several of one name are joined by commas. ``request_id``: its number in the log.
    """

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes = b""
    request_id: str = "none"


@dataclass(slots=True)
class Reply:
    """An answer. ``head`` are its first bytes, ``rest`` gives the others, None when there are none.

    Iterating ``rest`` raises what breaks the answer; whoever sends it must then break the connection. ``close`` ends
    whatever the answer comes from. ``notes`` are for the log; ``logged``: whoever sends
    it writes the log line, because whoever made it has not.
    """

    status: int
    headers: list[tuple[str, str]]
    head: bytes = b""
    rest: Iterator[bytes] | None = None
    close: Callable[[], None] = lambda: None
    notes: dict[str, Any] = field(default_factory=dict)
    logged: bool = True

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for key, value in self.headers if key == name), None)


def request_number(given: str | None) -> str:
    """The number of a request: what it brings in ``X-Request-Id`` if that can stand in a log, else a new one."""
    return given if given and _SANE_ID.fullmatch(given) else secrets.token_hex(8)


def problem_reply(error: NodeError, *, base: str, request_id: str, vary: str = VARY) -> Reply:
    """An error as a problem document. ``base`` is the node's base IRI."""
    document = problem(error, base=base, request_id=request_id)
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    headers = [
        ("content-type", MEDIA_TYPE),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        ("vary", vary),
        *((name.lower(), value) for name, value in headers_of(error).items()),
        *COMMON_HEADERS,
    ]
    return Reply(status_of(error), headers, body, notes={"problem": error.slug})
