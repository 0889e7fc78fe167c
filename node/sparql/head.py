"""Puts a member of our own into the head of SPARQL JSON results while they stream past.

SPARQL 1.1 Query Results JSON (section 3.1) gives ``head`` the members ``vars`` and ``link``; clients read those by
name, so one more does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# A head longer than this is left as it is.
_MOST = 1 << 16


def with_head_member(chunks: Iterable[bytes], name: str, value: Callable[[], Any]) -> Iterator[bytes]:
    """The same document with ``"name": value()`` in its head, ``value`` being called when the head has come.

    A document that does not begin with its head is passed on as it is.
    """
    return with_head_text(chunks, name, lambda: json.dumps(value(), ensure_ascii=False))


def with_head_text(chunks: Iterable[bytes], name: str, text: Callable[[], str]) -> Iterator[bytes]:
    """As ``with_head_member``, of a value that is written already."""
    waiting = b""
    rest = iter(chunks)
    for chunk in rest:
        waiting += chunk
        end = _end_of_head(waiting)
        if end == 0 or len(waiting) > _MOST:
            break
        if end is not None:
            before = waiting[:end].rstrip()
            comma = "" if before.endswith(b"{") else ","
            yield before + f"{comma}{json.dumps(name)}:{text()}".encode()
            waiting = waiting[end:]
            break
    if waiting:
        yield waiting
    yield from rest


def _end_of_head(text: bytes) -> int | None:
    """Where the brace stands that closes the head; None when it has not come yet, 0 when there is no head in front."""
    packed = text[:200].translate(None, b" \t\r\n")
    if not packed.startswith(b'{"head":{'):
        return None if b'{"head":{'.startswith(packed) else 0
    depth, in_text, escaped = 0, False, False
    for at, byte in enumerate(text):
        if in_text:
            in_text = escaped or byte != 0x22
            escaped = not escaped and byte == 0x5C
        elif byte == 0x22:
            in_text = True
        elif byte in b"{[":
            depth += 1
        elif byte in b"}]":
            depth -= 1
            if depth == 1:
                return at
    return None
