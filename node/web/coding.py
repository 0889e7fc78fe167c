"""The content coding of responses (RFC 9110, section 8.4): zstd (RFC 8878) or gzip, of long bodies as they come."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, cast

from flask import Response

from node.errors import NotAcceptable
from node.web.negotiation import CODINGS, Codings, read_accept_encoding
from node.web.reply import Reply

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: A body with fewer bytes goes as it is: it fits into one packet anyway.
SMALLEST = 1_000
#: Levels above take twice the time for an answer that is hardly shorter.
_GZIP_LEVEL = 3
_ZSTD_LEVEL = 1
_GZIP = zlib.MAX_WBITS | 16
_PACKABLE = re.compile(
    r"text/.*|image/svg\+xml|application/(?:.*\+)?(?:json|xml)"
    r"|application/(?:n-triples|n-quads|trig|x-turtle|sparql-query|javascript)"
)


class _Packer(Protocol):
    """What packs a body piece by piece; ``flush`` makes all that was given so far readable, or ends the body."""

    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self, mode: Any, /) -> bytes: ...


def require_coding(accept_encoding: str | None) -> Codings:
    """The codings a client takes. Raises NotAcceptable when it takes none, nor a body as it is (section 12.5.3)."""
    codings = read_accept_encoding(accept_encoding)
    if codings.best is None and not codings.identity:
        raise NotAcceptable(
            "there is no content coding that the header Accept-Encoding allows.",
            remedy=f"There are: {', '.join(CODINGS)}, identity.",
        )
    return codings


def coding_of(codings: Codings, content_type: str, length: int | None) -> str | None:
    """The coding that a body of this type and length (None: not known) is sent in, None for none."""
    if codings.best is None or length == 0:
        return None
    if not codings.identity:
        return codings.best
    worth_it = (length is None or length >= SMALLEST) and _PACKABLE.fullmatch(content_type.partition(";")[0])
    return codings.best if worth_it else None


def packed(body: bytes, coding: str) -> bytes:
    """A whole body in a coding."""
    make, _, end = _PACKERS[coding]
    packer = make()
    return packer.compress(body) + packer.flush(end)


class Packed:
    """A body in a coding, each chunk of it sent on at once. Closing it closes the body.

    When the body fails, so does this, and the packed stream lacks its end (RFC 1952, section 2.3.1; RFC 8878, section
    3.1.1) as the chunked body lacks its last chunk.
    """

    def __init__(self, body: Iterable[bytes], coding: str) -> None:
        self._body = body
        self._coding = coding

    def __iter__(self) -> Iterator[bytes]:
        make, flush, end = _PACKERS[self._coding]
        packer = make()
        for chunk in self._body:
            if chunk:
                # What is held back for a better ratio would wait for the next chunk, which may take long.
                yield packer.compress(chunk) + packer.flush(flush)
        yield packer.flush(end)

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def encode_reply(reply: Reply, codings: Codings) -> Reply:
    """A whole reply in the content coding that the client likes best, changed in place."""
    coding = coding_of(codings, reply.header("content-type") or "", len(reply.head))
    if coding is not None:
        reply.head = packed(reply.head, coding)
        reply.headers = [(name, value) for name, value in reply.headers if name != "content-length"]
        reply.headers += [("content-encoding", coding), ("content-length", str(len(reply.head)))]
    return reply


def encode(response: Response, codings: Codings) -> Response:
    """A response of Flask in the content coding that the client likes best.

    Changes nothing where that would be wrong: no body, a coding already, ``no-transform`` (RFC 9111, section
    5.2.2.6). The ETag becomes weak, because it stands for all codings (RFC 9110, section 8.8.1).
    """
    if response.cache_control.no_transform or "Content-Encoding" in response.headers:
        return response
    tag, weak = response.get_etag()
    if tag is not None and not weak:
        response.set_etag(tag, weak=True)
    if not _has_body(response):
        return response
    length = response.calculate_content_length() if response.is_sequence else response.content_length
    coding = coding_of(codings, response.mimetype or "", length)
    if coding is not None:
        if response.is_sequence:
            response.set_data(packed(response.get_data(), coding))
        else:
            response.direct_passthrough = False
            response.response = Packed(cast("Iterable[bytes]", response.response), coding)
            response.headers.pop("Content-Length", None)
        response.headers["Content-Encoding"] = coding
    return response


def _gzip() -> _Packer:
    return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)


def _zstd() -> _Packer:
    return zstd.ZstdCompressor(level=_ZSTD_LEVEL)


#: By coding: how its packer is made, how it is told to let go of all it has, and how to end.
_PACKERS: dict[str, tuple[Callable[[], _Packer], int, int]] = {
    "gzip": (_gzip, zlib.Z_SYNC_FLUSH, zlib.Z_FINISH),
    "zstd": (_zstd, zstd.ZstdCompressor.FLUSH_BLOCK, zstd.ZstdCompressor.FLUSH_FRAME),
}


def _has_body(response: Response) -> bool:
    if response.status_code < 200 or response.status_code in (204, 206, 304):
        return False
    return not response.is_sequence or any(cast("Iterable[bytes]", response.response))
