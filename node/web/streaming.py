"""An answer on its way out: short ones whole, long ones as they come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Self

from node.store.quads import Answer

#: An answer up to this many bytes is sent whole, with its length; and an answer that fails before as many bytes are
#: there becomes a problem document instead of a broken connection.
HOLD_BYTES = 64 * 1024


class OpenAnswer:
    """An answer whose first bytes are here. Iterate for all its bytes, then close; the query ends with it.

    Iterating raises LimitExceeded or StoreError when evaluation fails; whoever sends the bytes must then break the
    connection, so that nobody takes the part for the whole.
    """

    def __init__(self, opening: AbstractContextManager[Answer]) -> None:
        """Enter the context manager of an answer and read up to ``HOLD_BYTES``. Raises what either raises."""
        self._stack = ExitStack()
        try:
            self.answer = self._stack.enter_context(opening)
            self._rest = iter(self.answer)
            self._head: list[bytes] = []
            self.complete = False
            held = 0
            while held < HOLD_BYTES:
                chunk = next(self._rest, None)
                if chunk is None:
                    self.complete = True
                    break
                self._head.append(chunk)
                held += len(chunk)
        except BaseException:
            self._stack.close()
            raise
        if self.complete:
            self._stack.close()

    @property
    def head(self) -> bytes:
        """The first bytes; all of them when ``complete``."""
        return b"".join(self._head)

    @property
    def rest(self) -> Iterator[bytes]:
        """The bytes after ``head``."""
        return iter(()) if self.complete else self._rest

    def read(self, most: int) -> bytes | None:
        """The whole answer, or None when it has more than ``most`` bytes. Closes it either way."""
        chunks: list[bytes] = []
        size = 0
        with self:
            for chunk in self:
                size += len(chunk)
                if size > most:
                    return None
                chunks.append(chunk)
        return b"".join(chunks)

    def __iter__(self) -> Iterator[bytes]:
        yield from self._head
        if not self.complete:
            yield from self._rest

    def close(self) -> None:
        """End the query. Closing twice does nothing."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
