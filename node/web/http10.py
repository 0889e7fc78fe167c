"""Answers for HTTP/1.0, which has no chunks: a body of unknown length ends, broken or not, with the connection."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any

from node.web.reply import Reply

_CHUNK_BYTES = 64 * 1024
_HELD_IN_MEMORY = 4_000_000


def held(reply: Reply) -> Reply:
    """A reply for HTTP/1.0, which some proxies speak to their upstream: with the length of its body.

    HTTP/1.0 has no chunks, so the end of the connection would be all that ends a body, broken or not. The body is
    held in a file until it is whole. Raises what its iterator raises.
    """
    if reply.rest is None:
        return reply
    with contextlib.ExitStack() as stack:
        stack.callback(reply.close)
        file = stack.enter_context(tempfile.SpooledTemporaryFile(_HELD_IN_MEMORY))
        file.write(reply.head)
        for chunk in reply.rest:
            file.write(chunk)
        reply.headers.append(("content-length", str(file.tell())))
        file.seek(0)
        rest: Iterator[bytes] = iter(lambda: file.read(_CHUNK_BYTES) or None, None)
        reply.head, reply.rest, reply.close = b"", rest, stack.pop_all().close
        return reply


def has_no_chunks(scope: Any) -> bool:
    """Whether a request (its RSGI scope) came by HTTP/1.0."""
    return scope.http_version in ("1", "1.0")
