"""Everything a node publishes as one file: N-Quads or TriG, packed or not, always the same bytes for the same content.

Graphs come in the order of their names, triples in the order of their lines. A graph that is too large to be sorted in
memory is sorted in pieces on the disk, so that memory does not grow with the node.
"""

from __future__ import annotations

import gzip
import hashlib
import heapq
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Protocol, cast

from node.errors import Conflict, Place, ProtocolError, StoreError
from node.model.access import Tier
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.store.quads import Budget, QuadStore

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: The name under which a node serves its dump, below its base.
PATH = "dump.nq.gz"
#: The endings that a file may have: what is written, and how it is packed.
ENDINGS = tuple(f"{form}{packing}" for form in (".nq", ".trig") for packing in ("", ".gz", ".zst"))

_PIECE_BYTES = 32_000_000
_BATCH = 4_000  # lines written at once
_ATTEMPTS = 5


@dataclass(frozen=True)
class Dump:
    """What was written: how many quads and bytes, their SHA-256 (hexadecimal), and of which generation they are."""

    quads: int
    bytes: int
    sha256: str
    generation: int


def write_dump(
    store: QuadStore,
    target: Path,
    *,
    budget: Budget,
    tiers: tuple[Tier, ...] = (Tier.PUBLIC,),
    private: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Dump:
    """Write the graphs of these tiers to a new file, whose ending says how (``ENDINGS``), as of one generation.

    ``budget`` is for reading one graph; ``private`` lets nobody but the file's owner read it. The file appears whole or
    not at all. Raises ProtocolError for another ending, Conflict when the node changes all the time, StoreError, and
    what ``QuadStore.query`` raises.
    """
    ending = next((e for e in reversed(ENDINGS) if target.name.endswith(e)), None)
    if ending is None:
        raise ProtocolError(
            f"{target} does not end in the name of a format.", remedy=f"A dump ends in {', '.join(ENDINGS)}."
        )
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(0o600 if private else 0o644)
        for _ in range(_ATTEMPTS):
            try:
                made = _write(store, partial, ending, budget=budget, tiers=tiers, progress=progress)
            except _Changed:
                continue
            partial.rename(target)
            return made
    except OSError as error:
        raise StoreError(f"the dump cannot be written: {error.strerror}.", where=Place(source=str(target))) from error
    finally:
        partial.unlink(missing_ok=True)
    raise Conflict("the node changes faster than it can be dumped.", remedy="Do it again when it is at rest.")


class _Changed(Exception):
    """Another generation has become the current one."""


def _write(
    store: QuadStore,
    partial: Path,
    ending: str,
    *,
    budget: Budget,
    tiers: tuple[Tier, ...],
    progress: Callable[[str], None],
) -> Dump:
    generation = store.generation().number
    quads = 0
    with partial.open("wb") as file:
        digested = _Digested(file)
        with _packed(digested, ending) as target:
            for graph in sorted(store.graphs(tiers)):
                progress(f"{graph} …")
                with ExitStack() as pieces:
                    lines = _sorted(_pieces(store, graph, generation, budget), pieces)
                    quads += _write_graph(target, graph, lines, as_quads=ending.startswith(".nq"))
    if store.generation().number != generation:
        raise _Changed
    return Dump(quads, digested.size, digested.sha256.hexdigest(), generation)


def _write_graph(target: _Writable, graph: str, lines: Iterator[bytes], *, as_quads: bool) -> int:
    """Write one graph. ``lines`` are N-Triples without their line ends. How many there were."""
    name = f"<{graph}>".encode()
    # An N-Triples line ends in " ."; the graph's name comes before the point.
    end = b"%s .\n" % name if as_quads else b".\n"
    count = 0
    while batch := list(islice(lines, _BATCH)):
        if not count and not as_quads:
            target.write(name + b" {\n")
        target.write(b"".join([line[:-1] + end for line in batch]))
        count += len(batch)
    if count and not as_quads:
        target.write(b"}\n")
    return count


def _pieces(store: QuadStore, graph: str, generation: int, budget: Budget) -> Iterator[list[bytes]]:
    """The N-Triples lines of one named graph without their line ends, in lists of some megabytes, each sorted."""
    text = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    piece: list[bytes] = []
    size = 0
    rest = b""
    with store.query(text, scope=GraphScope(default=(graph,)), formats=(JSON, NTRIPLES), budget=budget) as answer:
        if answer.generation.number != generation:
            raise _Changed
        for chunk in answer:
            # Not splitlines: a literal may hold other characters that end a line elsewhere.
            *whole, rest = (rest + chunk).split(b"\n")
            piece += whole
            size += len(chunk)
            if size > _PIECE_BYTES:
                piece.sort()
                yield piece
                piece, size = [], 0
    piece.sort()
    yield piece


def _sorted(pieces: Iterator[list[bytes]], stack: ExitStack) -> Iterator[bytes]:
    """The lines of the pieces in order; all but one piece are kept in files, which live as long as ``stack``."""
    last = next(pieces)
    files = []
    for piece in pieces:
        file = stack.enter_context(tempfile.TemporaryFile(prefix="onconode-dump-"))  # noqa: SIM115  # the stack closes it
        file.writelines(line + b"\n" for line in last)
        file.seek(0)
        files.append(line[:-1] for line in file)
        last = piece
    return heapq.merge(*files, last) if files else iter(last)


def _packed(target: _Digested, ending: str) -> AbstractContextManager[_Writable]:
    if ending.endswith(".gz"):
        # Neither name nor time in the header: the same content is the same file.
        return gzip.GzipFile(filename="", mode="wb", fileobj=cast("IO[bytes]", target), mtime=0, compresslevel=6)
    if ending.endswith(".zst"):
        return zstd.ZstdFile(cast("IO[bytes]", target), "wb")
    return nullcontext(target)


class _Writable(Protocol):
    def write(self, data: bytes, /) -> int: ...


class _Digested:
    """A file that is written to, with the digest and size of what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()
