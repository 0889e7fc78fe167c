"""The body of a request, read up to a limit."""

from __future__ import annotations

from flask import Request

from node.errors import MediaTypeNotSupported, ProtocolError, RequestTooLarge


def read_body(request: Request, limit: int) -> bytes:
    """The whole body. ``limit`` in bytes.

    Raises RequestTooLarge, MediaTypeNotSupported for a packed body, ProtocolError for one that ends too early.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise MediaTypeNotSupported(f"a body encoded as {encoding[:40]} is not taken.", remedy="Send it as it is.")
    announced = request.content_length
    body = b"" if (announced or 0) > limit else request.stream.read(limit + 1)
    if (announced or 0) > limit or len(body) > limit:
        raise RequestTooLarge(f"the body has more than the {limit} bytes that are taken.", remedy="Send less.")
    if announced is not None and len(body) != announced:
        raise ProtocolError(
            f"the body ends after {len(body)} of the {announced} bytes announced.", remedy="Send it all."
        )
    return body
