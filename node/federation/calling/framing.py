"""HTTP/1.1 on the wire, as a client sees it: a request as bytes, and an answer read from bytes as they come. No I/O.

RFC 9112. An answer is read strictly where its end is concerned: a body ends where its length or its last chunk says,
and what cannot be read so is an error, never a shorter answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: The head of an answer, the size line of a chunk, and what follows the last chunk may have so many bytes.
_HEAD_BYTES = 65_536
_LINE_BYTES = 4_096
#: Answers before the answer (status 1xx) that are passed over.
_INTERIM = 8
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?\Z")
_FOLDED = re.compile(rb"\r?\n[ \t]+")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\Z")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})\r\n")
_UNSENDABLE = re.compile(r"[\x00-\x20\x7f]")


class Malformed(ValueError):
    """What came is not an answer of HTTP/1.1, or one that could not be told from half of one."""


def request(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """A request as it is sent; ``headers`` hold ``Host``. Raises ValueError for what would be read otherwise."""
    if _UNSENDABLE.search(target) or not target.isascii():
        raise ValueError(f"{target[:100]!a} cannot be the target of a request")
    lines = [f"{method} {target} HTTP/1.1"]
    for name, value in headers.items():
        if "\r" in value or "\n" in value or "\0" in value:
            raise ValueError(f"the header {name} has a line break in it")
        lines.append(f"{name}: {value}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join((*lines, "", "")).encode("latin-1")
    return head if body is None else head + body


class AnswerReader:
    """One answer to a request of ``method``. ``feed`` it with what comes, ``ended`` when the connection has ended.

    ``status`` is 0 until the head is there; names in ``headers`` are in lower case, several of one name are joined by
    commas. ``take`` gives what has come of the body; ``finished`` once that is all. ``delimited``: whether the body's
    end can be seen; ``reusable``: whether the connection takes another request.
    """

    def __init__(self, method: str) -> None:
        self._method = method
        self._held = bytearray()
        self._body: list[bytes] = []
        self._left: int | None = 0
        self._chunked = False
        self._trailing = False
        self._interim = 0
        self._touched = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self.delimited = True
        self.finished = False
        self.reusable = False

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return self._touched

    def feed(self, data: bytes) -> None:
        """Take what came next. Raises Malformed."""
        self._touched = True
        if self.status and not self._chunked and not self._held:
            self._plain(data)
            return
        self._held += data
        if not self.status:
            self._head()
        if self.status:
            self._advance()

    def ended(self) -> None:
        """The connection has ended. Raises EOFError where more had to come."""
        if not self.delimited and self.status:
            self.finished = True
        if not self.finished:
            raise EOFError("the connection ended before the answer")

    def take(self) -> bytes:
        """What has come of the body since the last time."""
        body = self._body
        if not body:
            return b""
        self._body = []
        return body[0] if len(body) == 1 else b"".join(body)

    def _head(self) -> None:
        while not self.status:
            # Empty lines before an answer are passed over (section 2.2).
            while self._held and self._held[0] in b"\r\n":
                del self._held[0]
            end = _HEAD_END.search(self._held)
            if end is None:
                if len(self._held) > _HEAD_BYTES:
                    raise Malformed("the headers have no end")
                return
            head = bytes(self._held[: end.start()])
            del self._held[: end.end()]
            if len(head) > _HEAD_BYTES:
                raise Malformed("the headers are too long")
            self._read_head(head)

    def _read_head(self, head: bytes) -> None:
        if b"\n " in head or b"\n\t" in head:
            head = _FOLDED.sub(b" ", head)
        first, *lines = head.replace(b"\r\n", b"\n").split(b"\n")
        found = _STATUS.match(first)
        if found is None:
            raise Malformed("the answer does not begin with a status of HTTP/1.1")
        status = int(found[2])
        if status < 200:
            self._interim += 1
            if status == 101 or self._interim > _INTERIM:
                raise Malformed(f"the status {status} was not asked for")
            return
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or not _NAME.fullmatch(name):
                raise Malformed("a line of the headers is none")
            name, value = name.lower(), value.strip(" \t")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        self.status, self.headers = status, headers
        self._frame(old=found[1] == b"0")

    def _frame(self, *, old: bool) -> None:
        """How long the body is: section 6.3."""
        headers = self.headers
        options = {option.strip().lower() for option in headers.get("connection", "").split(",")}
        self.reusable = "close" not in options and (not old or "keep-alive" in options)
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if self._method == "HEAD" or self.status in (204, 304):
            self.finished = True
        elif coding is not None:
            if coding.strip().lower() != "chunked":
                raise Malformed(f"the transfer coding {coding[:60]} is not known")
            self._chunked = True
            # Who sends both may have been meant to be misread.
            self.reusable = self.reusable and length is None
        elif length is not None:
            sizes = {size.strip() for size in length.split(",")}
            size = sizes.pop()
            if sizes or not size.isascii() or not size.isdigit() or len(size) > 15:
                raise Malformed("the length of the answer is no number")
            self._left = int(size)
            self.finished = not self._left
        else:
            self._left, self.delimited, self.reusable = None, False, False

    def _advance(self) -> None:
        if self._chunked:
            self._chunks()
        elif self._held:
            data = bytes(self._held)
            self._held.clear()
            self._plain(data)

    def _plain(self, data: bytes) -> None:
        if self._left is None:
            self._body.append(data)
            return
        if len(data) > self._left:
            # More than was announced: nothing that comes on this connection can be trusted.
            data, self.reusable = data[: self._left], False
        if data:
            self._body.append(data)
            self._left -= len(data)
        self.finished = not self._left

    def _chunks(self) -> None:
        held, at = self._held, 0
        while not self.finished:
            if self._left == 0 and not self._trailing:
                at = self._whole_chunks(at)
            if self._left:
                piece = bytes(held[at : at + self._left])
                at += len(piece)
                self._body.append(piece)
                self._left = self._left - len(piece) or None
                if self._left:
                    break
            end = held.find(b"\n", at)
            if end < 0:
                break
            line = bytes(held[at:end]).removesuffix(b"\r")
            at = end + 1
            if self._trailing:
                self.finished = not line
            elif self._left is None:
                # What ends the data of a chunk.
                if line:
                    raise Malformed("a chunk is longer than it says")
                self._left = 0
            else:
                size = _SIZE.match(line)
                if size is None:
                    raise Malformed("the size of a chunk is no number")
                self._left = int(size[1], 16)
                self._trailing = not self._left
        del held[:at]
        if not self._left and len(held) > _LINE_BYTES and not self.finished:
            raise Malformed("a chunk has no size")
        if self.finished and held:
            self.reusable = False

    def _whole_chunks(self, at: int) -> int:
        """Take the chunks that begin there and are here to their ends, but for the last; where what is left begins.

        Some servers make a chunk of every few lines. What is unusual about one is left to the way that is for all.
        """
        held, pieces = self._held, []
        while (found := _CHUNK.match(held, at)) is not None:
            start = found.end()
            end = start + int(found[1], 16)
            if held[end : end + 2] != b"\r\n" or end == start:
                break
            pieces.append(held[start:end])
            at = end + 2
        if pieces:
            self._body.append(b"".join(pieces))
        return at
