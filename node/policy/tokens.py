"""The tokens of a node's operators: a file of their hashes beside the settings.

A token is 256 random bits, so that it cannot be guessed and its plain SHA-256 tells nothing of it. It is shown once,
when it is made. The file is no part of the data: safety copies do not hold it, and a copy that is served has no
operators.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from node.errors import ConfigurationError, Conflict, NotFound, Place, ProtocolError

TOKENS_FILE = "tokens.json"
#: In front of each token, so that people and scanners of source code recognise one that got where it should not be.
PREFIX = "onconode_"
_RANDOM_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_OWNER_ONLY = 0o600
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class Token:
    """What is kept of a token. ``created`` is UTC as ``xsd:dateTime`` text, ``sha256`` is hexadecimal."""

    name: str
    created: str
    sha256: str


class Tokens:
    """The tokens in one file. Safe to use from several threads, and to change from several processes."""

    def __init__(self, path: Path) -> None:
        """``path``: the file; where there is none, there is no token."""
        self._path = path
        self._known: tuple[tuple[int, int, int] | None, tuple[Token, ...]] = (None, ())

    def all(self) -> tuple[Token, ...]:
        """The tokens as the file has them now, by name; read again only when the file is another.

        Raises ConfigurationError when it cannot be read, is malformed, or when others than its owner may write it.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._wrong(f"cannot be read: {error.strerror}") from error
        # A rewritten file has another inode, as it is renamed into place: time and size alone could stay the same.
        state = (found.st_ino, found.st_mtime_ns, found.st_size)
        seen, tokens = self._known
        if seen != state:
            if found.st_mode & _OTHERS_WRITE:
                raise self._wrong("can be written by others than its owner", remedy=f"Run: chmod 600 {self._path}")
            tokens = self._read()
            self._known = (state, tokens)
        return tokens

    def create(self, name: str) -> str:
        """Make a token of this name. The token itself: it is kept nowhere.

        Raises Conflict when the name is taken, ProtocolError for what can be no name, ConfigurationError.
        """
        if not _NAME.fullmatch(name):
            raise ProtocolError(
                f"{name[:80]!r} cannot be the name of a token.",
                remedy="Take up to 64 letters, digits, '.', '_' and '-', a letter or digit first.",
            )
        secret = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        made = Token(name, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), _sha256(secret))
        with self._changing():
            tokens = self.all()
            if any(token.name == name for token in tokens):
                raise Conflict(
                    f"there is a token {name!r} already.",
                    remedy=f"Choose another name, or revoke it first: onconode token revoke {name}",
                )
            self._write((*tokens, made))
        return secret

    def revoke(self, name: str) -> None:
        """Forget a token; it is refused from then on. Raises NotFound, ConfigurationError."""
        with self._changing():
            tokens = self.all()
            kept = tuple(token for token in tokens if token.name != name)
            if len(kept) == len(tokens):
                raise NotFound(f"there is no token {name[:80]!r}.", remedy="onconode token list shows those there are.")
            self._write(kept)

    def accepts(self, secret: str) -> bool:
        """Whether this is a token of ours. Takes as long whichever it is, and whether or not it is one.

        Raises ConfigurationError.
        """
        digest = _sha256(secret)
        # No early end: how long it takes must not tell which token came close.
        return sum(hmac.compare_digest(digest, token.sha256) for token in self.all()) > 0

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One change at a time, over all processes: the folder of the file is the lock."""
        try:
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise self._wrong(f"cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _read(self) -> tuple[Token, ...]:
        try:
            document = json.loads(self._path.read_bytes())
        except OSError as error:
            raise self._wrong(f"cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise self._wrong(f"is not JSON: {error}", remedy=_START_AGAIN) from error
        entries = document.get("tokens") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise self._wrong("has no list 'tokens'", remedy=_START_AGAIN)
        tokens = [self._token(entry) for entry in entries]
        if len({token.name for token in tokens}) < len(tokens):
            raise self._wrong("has a name twice", remedy=_START_AGAIN)
        return tuple(sorted(tokens, key=lambda token: token.name))

    def _token(self, entry: Any) -> Token:
        fields = ("name", "created", "sha256")
        if isinstance(entry, dict) and set(entry) == set(fields) and all(isinstance(entry[f], str) for f in fields):
            token = Token(**entry)
            if _NAME.fullmatch(token.name) and _DIGEST.fullmatch(token.sha256):
                return token
        raise self._wrong("has an entry that is no token", remedy=_START_AGAIN)

    def _write(self, tokens: tuple[Token, ...]) -> None:
        text = json.dumps({"tokens": [asdict(token) for token in tokens]}, indent=1) + "\n"
        try:
            # mkstemp makes it for the owner alone, before anything is in it
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            partial = Path(name)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                    os.fchmod(out.fileno(), _OWNER_ONLY)
                    out.write(text)
                    out.flush()
                    os.fsync(out.fileno())
                partial.replace(self._path)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._wrong(f"cannot be written: {error.strerror}") from error

    def _wrong(self, what: str, remedy: str | None = None) -> ConfigurationError:
        return ConfigurationError(f"the file of tokens {what}.", where=Place(source=str(self._path)), remedy=remedy)


_START_AGAIN = "Remove it and make new tokens with: onconode token create NAME"


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
