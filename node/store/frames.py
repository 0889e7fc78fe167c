"""The language between the node and its query workers: frames on a pipe.

A frame is one byte that says what it is, four bytes of length (big-endian) and that many bytes. Control frames hold
JSON, data frames hold raw bytes. Nothing is pickled: what a worker sends is only ever read as text and numbers, so
that a worker which went wrong on a hostile query cannot make the node run anything.

To a worker: ``ASK`` (JSON: what to evaluate and within which limits), then, when the text is to be made of rows, any
number of ``ROWS`` frames and one ``RELATION`` for each relation, then, when it is to load data first, any number of
``TRIPLES`` and ``QUADS`` frames and one ``LOADED``. From a worker: ``FORM``, then ``DATA`` frames, then ``END``; or
``ERROR`` (JSON) at any place instead of what would follow; and ``THREAD`` before the first of these and whenever
another thread goes on.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable

_HEAD = struct.Struct(">cI")
HEAD_BYTES = _HEAD.size

# to the worker
ASK = b"a"
ROWS = b"r"
RELATION = b"n"
TRIPLES = b"t"
QUADS = b"q"
LOADED = b"l"

# from the worker
#: The kernel's number of the thread that evaluates queries from now on, as digits.
THREAD = b"p"
FORM = b"f"
DATA = b"d"
END = b"e"
ERROR = b"x"

#: Payload of FORM: the answer is written in the solutions format or in the graph format.
FORM_RESULTS = b"results"
FORM_GRAPH = b"graph"
#: Payload of END: the worker goes on, or ends itself because the query left it large.
END_READY = b""
END_RETIRING = b"retiring"

#: Kinds of ERROR after which a worker is as good as before, unless it was loading.
HARMLESS = frozenset({"syntax", "unsupported", "gone", "large", "rows"})

#: How much of an answer a worker collects before it sends it on.
DATA_BYTES = 64 * 1024


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    return _HEAD.pack(kind, len(payload)) + payload


def head(data: bytes | bytearray | memoryview) -> tuple[bytes, int]:
    """Kind and payload length from the first ``HEAD_BYTES`` bytes of a frame."""
    kind, length = _HEAD.unpack_from(data)
    return kind, length


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte. Raises OSError (BrokenPipeError when the other side is gone)."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class FrameReader:
    """Reads frames from a file descriptor, in as few system calls as the sender's writes allow.

    ``before`` is called before each of them that may wait, and may raise.
    """

    def __init__(self, descriptor: int, before: Callable[[], None] | None = None) -> None:
        self._descriptor = descriptor
        self._before = before
        self._buffer = bytearray()

    def read(self) -> tuple[bytes, bytes] | None:
        """The next frame as (kind, payload); None when the other side has closed the pipe, even inside a frame."""
        if not self._fill(HEAD_BYTES):
            return None
        kind, length = head(self._buffer)
        end = HEAD_BYTES + length
        if not self._fill(end):
            return None
        payload = bytes(memoryview(self._buffer)[HEAD_BYTES:end])
        del self._buffer[:end]
        return kind, payload

    def has_frame(self) -> bool:
        """Whether a whole frame has been received already, so that ``read`` would not wait."""
        return len(self._buffer) >= HEAD_BYTES and len(self._buffer) >= HEAD_BYTES + head(self._buffer)[1]

    def take(self) -> bool:
        """Take in once what has come, when something has; False when the other side has closed the pipe."""
        more = os.read(self._descriptor, DATA_BYTES + 64)
        self._buffer += more
        return bool(more)

    def next_kind(self) -> bytes | None:
        """The kind of the frame that ``read`` would return without waiting; None when it would wait."""
        return head(self._buffer)[0] if self.has_frame() else None

    def _fill(self, wanted: int) -> bool:
        while len(self._buffer) < wanted:
            if self._before is not None:
                self._before()
            more = os.read(self._descriptor, max(DATA_BYTES + 64, wanted - len(self._buffer)))
            if not more:
                return False
            self._buffer += more
        return True
