"""Answers kept in memory, for as long as the generation they were read from is current. Pure: no HTTP, no clock.

A generation never changes, so an answer read from it stays right while it is current (docs/decisions/0007).
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from node.rdf.formats import Format
from node.sparql.words import mentions
from node.store.quads import Answer, Generation

#: An answer that is larger than this part of the budget is not kept: it would push out too many others.
_LARGEST_PART = 16
#: What an entry costs besides its bytes, so that a flood of tiny answers keeps within the budget too.
_ENTRY_BYTES = 600
_PIECE_BYTES = 64 * 1024
#: Looked for first, because that takes a twentieth of the time.
_VARYING_NAMES = ("rand", "now", "uuid", "bnode", "\\u")
# SPARQL 1.1 Query, sections 17.4.2.9, 17.4.2.12, 17.4.2.13, 17.4.4.5 and 17.4.5.1: what gives something else each time.
# Comments and white space may stand before the parenthesis; a "\u" escape may spell anything (section 19.2).
_VARYING = re.compile(r"(?:RAND|NOW|UUID|BNODE)(?:\s++|#[^\n\r]*+)*+\(|\\u", re.IGNORECASE)


def is_repeatable(text: str) -> bool:
    """Whether a query surely gives the same answer each time over the same data. In doubt it does not."""
    return not mentions(text, *_VARYING_NAMES) or _VARYING.search(text) is None


@dataclass(frozen=True)
class KeptAnswer:
    """A whole answer from memory. Implements ``quads.Answer``; its bytes come in pieces, as from a worker."""

    format: Format
    generation: Generation
    body: bytes

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), _PIECE_BYTES):
            yield self.body[start : start + _PIECE_BYTES]

    def close(self) -> None:
        """There is nothing to close."""


class AnswerCache:
    """Whole answers of one generation by key, least recently used out first. Safe to use from several threads.

    ``budget`` in bytes, 0 for none. Keys say all that an answer depends on besides the generation: text, RDF dataset
    and formats. Asking with another generation than the last time empties the cache: what was withdrawn is gone.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._largest = budget // _LARGEST_PART
        self._lock = threading.Lock()
        self._generation: int | None = None
        self._answers: OrderedDict[bytes, KeptAnswer] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """The bytes taken of the budget."""
        return self._size

    def get(self, generation: Generation, key: bytes) -> KeptAnswer | None:
        """The answer kept for the current generation under this key, None when there is none."""
        with self._lock:
            if generation.number != self._generation:
                self._generation = generation.number
                self._answers.clear()
                self._size = 0
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key: bytes, answer: KeptAnswer) -> None:
        """Keep a whole answer, unless it is too large or of another generation than was asked for last."""
        cost = len(answer.body) + _ENTRY_BYTES
        with self._lock:
            if cost > self._largest or answer.generation.number != self._generation:
                return
            former = self._answers.pop(key, None)
            if former is not None:
                self._size -= len(former.body) + _ENTRY_BYTES
            self._answers[key] = answer
            self._size += cost
            while self._size > self._budget:
                _, oldest = self._answers.popitem(last=False)
                self._size -= len(oldest.body) + _ENTRY_BYTES

    @contextmanager
    def keeping(self, key: bytes, opening: AbstractContextManager[Answer]) -> Iterator[Answer]:
        """An answer that is kept under this key once it has been read to its end, and only then."""
        with opening as answer:
            yield _Collected(self, key, answer, self._largest - _ENTRY_BYTES)


class _Collected:
    """An answer on its way that gathers its bytes, up to ``most`` of them, for the cache."""

    def __init__(self, cache: AnswerCache, key: bytes, answer: Answer, most: int) -> None:
        self._cache = cache
        self._key = key
        self._answer = answer
        self._most = most

    @property
    def format(self) -> Format:
        return self._answer.format

    @property
    def generation(self) -> Generation:
        return self._answer.generation

    def __iter__(self) -> Iterator[bytes]:
        gathered: list[bytes] = []
        room = self._most
        for chunk in self._answer:
            if room >= 0:
                room -= len(chunk)
                if room >= 0:
                    gathered.append(chunk)
                else:
                    gathered.clear()
            yield chunk
        # Only here has the answer come to its end: a failure or a client that leaves never gets this far.
        if room >= 0:
            self._cache.put(self._key, KeptAnswer(self.format, self.generation, b"".join(gathered)))

    def close(self) -> None:
        self._answer.close()
