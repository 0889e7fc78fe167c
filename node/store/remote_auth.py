"""How an external store that asks is shown name and password: Basic (RFC 7617) and Digest (RFC 7616)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from node.errors import StoreError

_PARAMETER = re.compile(r'([a-zA-Z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES: Mapping[str, Callable[..., Any]] = {
    "MD5": hashlib.md5,
    "SHA-256": hashlib.sha256,
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data),
}


@dataclass
class _Challenge:
    """What one address asked for. ``counter`` numbers the requests under one nonce."""

    scheme: str
    parameters: Mapping[str, str]
    counter: count[int] = field(default_factory=lambda: count(1))


class Credentials:
    """One name and password, and what each address of the store said about itself. Safe to use from several threads."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._password = password
        self._challenges: dict[str, _Challenge | None] = {}
        self._lock = threading.Lock()
        #: The product, as far as its answers tell: ``virtuoso``, ``fuseki`` or empty.
        self.server = ""

    def knocked(self, url: str) -> bool:
        """Whether this address has answered before."""
        return _address(url) in self._challenges

    def learn(self, url: str, headers: Mapping[str, str]) -> bool:
        """Note what an answer says. True when it asks for a password and there is one."""
        if "virtuoso" in headers.get("Server", "").lower():
            self.server = "virtuoso"
        elif headers.get("Fuseki-Request-Id"):
            self.server = "fuseki"
        asked = headers.get("WWW-Authenticate", "")
        scheme, _, rest = asked.partition(" ")
        challenge = None
        if scheme.lower() in ("basic", "digest") and self._user:
            parameters = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PARAMETER.finditer(rest)}
            challenge = _Challenge(scheme.lower(), parameters)
        with self._lock:
            self._challenges[_address(url)] = challenge
        return challenge is not None

    def header(self, method: str, url: str) -> dict[str, str]:
        """The header that this address wants, as one pair; empty when it asked for none."""
        with self._lock:
            challenge = self._challenges.get(_address(url))
            number = next(challenge.counter) if challenge is not None else 0
        if challenge is None:
            return {}
        if challenge.scheme == "basic":
            pair = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {"Authorization": self._digest(challenge.parameters, number, method, url)}

    def _digest(self, asked: Mapping[str, str], number: int, method: str, url: str) -> str:
        algorithm = asked.get("algorithm", "MD5").upper()
        if algorithm not in _HASHES:
            raise StoreError(f"the external store asks for a password by Digest {algorithm}, which is not known here.")

        def hashed(text: str) -> str:
            return str(_HASHES[algorithm](text.encode()).hexdigest())

        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
        secret, request = hashed(f"{self._user}:{realm}:{self._password}"), hashed(f"{method}:{target}")
        fields = {"username": self._user, "realm": realm, "nonce": nonce, "uri": target}
        bare = {"algorithm": algorithm}
        if "qop" in asked:
            ours, counted = secrets.token_hex(8), f"{number:08x}"
            fields |= {"response": hashed(f"{secret}:{nonce}:{counted}:{ours}:auth:{request}"), "cnonce": ours}
            bare |= {"qop": "auth", "nc": counted}
        else:
            fields["response"] = hashed(f"{secret}:{nonce}:{request}")
        if "opaque" in asked:
            fields["opaque"] = asked["opaque"]
        quoted = [f'{name}="{value}"' for name, value in fields.items()]
        return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in bare.items())])


def _address(url: str) -> str:
    """What a challenge holds for: the address without its query."""
    return url.partition("?")[0]
