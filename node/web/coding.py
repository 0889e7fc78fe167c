"""The content coding of responses: gzip (RFC 9110, section 8.4), of short bodies at once, of long ones as they come.

There is no zstd: the standard library has it from Python 3.14 only, and no dependency brings it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import cast

from flask import Response

from node.web.negotiation import Codings

#: A body with fewer bytes goes as it is: it fits into one packet anyway.
SMALLEST = 1_000
#: Levels above take twice the time for an answer that is hardly shorter.
_LEVEL = 3
_GZIP = zlib.MAX_WBITS | 16
_PACKABLE = re.compile(
    r"text/.*|image/svg\+xml|application/(?:.*\+)?(?:json|xml)"
    r"|application/(?:n-triples|n-quads|trig|x-turtle|sparql-query|javascript)"
)


def encode(response: Response, codings: Codings) -> Response:
    """The response in the content coding that the client likes best.

    Changes nothing where that would be wrong: no body, a coding already, ``no-transform`` (RFC 9111, section
    5.2.2.6). The ETag becomes weak, because it stands for all codings (RFC 9110, section 8.8.1).
    """
    if response.cache_control.no_transform or "Content-Encoding" in response.headers:
        return response
    tag, weak = response.get_etag()
    if tag is not None and not weak:
        response.set_etag(tag, weak=True)
    if codings.gzip and _has_body(response) and (not codings.identity or _worth_it(response)):
        if response.is_sequence:
            packer = _packer()
            response.set_data(packer.compress(response.get_data()) + packer.flush())
        else:
            response.direct_passthrough = False
            response.response = Gzipped(cast("Iterable[bytes]", response.response))
            response.headers.pop("Content-Length", None)
        response.headers["Content-Encoding"] = "gzip"
    return response


class Gzipped:
    """A body in gzip, each chunk of it sent on at once. Closing it closes the body.

    When the body fails, so does this, and the gzip stream lacks its end (RFC 1952, section 2.3.1) as the chunked body
    lacks its last chunk.
    """

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        packer = _packer()
        for chunk in self._body:
            if chunk:
                # What is held back for a better ratio would wait for the next chunk, which may take long.
                yield packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield packer.flush()

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def _packer() -> zlib._Compress:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)


def _has_body(response: Response) -> bool:
    if response.status_code < 200 or response.status_code in (204, 206, 304):
        return False
    return not response.is_sequence or any(cast("Iterable[bytes]", response.response))


def _worth_it(response: Response) -> bool:
    length = response.calculate_content_length() if response.is_sequence else response.content_length
    return (length is None or length >= SMALLEST) and _PACKABLE.fullmatch(response.mimetype or "") is not None
