"""The body of a request: read up to a limit, and what can be wrong with one before anybody looks into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.errors import MediaTypeNotSupported, ProtocolError, RequestTooLarge

if TYPE_CHECKING:
    from flask import Request


def read_body(request: Request, limit: int) -> bytes:
    """The whole body. ``limit`` in bytes. Raises what ``check_body`` raises."""
    announced = request.content_length
    body = b"" if (announced or 0) > limit else request.stream.read(limit + 1)
    check_body(len(body), announced=announced, encoding=request.headers.get("Content-Encoding"), limit=limit)
    return body


def check_body(size: int, *, announced: int | None, encoding: str | None, limit: int) -> None:
    """Check a body of which ``size`` bytes came, one more than ``limit`` at most; ``announced``: Content-Length.

    Raises RequestTooLarge, MediaTypeNotSupported for a packed body, ProtocolError for one that ends too early.
    """
    coding = (encoding or "identity").strip().lower()
    if coding not in ("", "identity"):
        raise MediaTypeNotSupported(f"a body encoded as {coding[:40]} is not taken.", remedy="Send it as it is.")
    if (announced or 0) > limit or size > limit:
        raise RequestTooLarge(f"the body has more than the {limit} bytes that are taken.", remedy="Send less.")
    if announced is not None and size != announced:
        raise ProtocolError(f"the body ends after {size} of the {announced} bytes announced.", remedy="Send it all.")
