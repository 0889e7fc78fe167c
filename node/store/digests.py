"""A digest of what each graph holds, kept in time proportional to a change.

The digest of a set of triples is the sum modulo 2^2048 of one value for each: SHAKE128 of its line of N-Triples, as the
store gives it back, in 256 bytes. Sums do not depend on an order, a triple that comes adds its value, one that goes
takes it away. This is AdHash (M. Bellare, D. Micciancio, A New Paradigm for Collision-free Hashing: Incrementality at
Reduced Cost, EUROCRYPT 1997). Two sets with one sum are a solution of a balanced generalised birthday problem. The best
way known to find one (D. Wagner, A Generalized Birthday Problem, CRYPTO 2002) takes 2^(n/(1+k)) steps for each of 2^k
lists, one triple from each; 256 bits would fall to it. With 2048 bits and sets that differ by up to 2^30 triples, more
than a node holds, that is 2^96 steps. LtHash (K. Lewi et al., Securing Update Propagation with Homomorphic Hashing,
IACR ePrint 2019/227) argues in the same way.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from pyoxigraph import Quad

from node.model.access import Tier
from node.store.registry import Registry
from node.store.stored_form import as_stored

#: Bytes of a triple's value, and of a sum.
SIZE = 256
#: Single triples are added up so many at a time.
_TOGETHER = 10_000
#: So many pieces may wait to be added up.
_WAITING = 64
_MODULUS = 1 << (8 * SIZE)


@dataclass(frozen=True, slots=True)
class Sum:
    """The values of so many triples added up."""

    triples: int = 0
    value: int = 0

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the number and the sum."""
        return hashlib.sha256(f"{self.triples}\n".encode() + self.value.to_bytes(SIZE)).hexdigest()

    def plus(self, lines: Iterable[bytes], by: int = 1) -> Sum:
        """With these (or, by -1, without them): lines of N-Triples in the store's form, without their ends."""
        shake, number, value = hashlib.shake_128, int.from_bytes, 0
        triples = 0
        for line in lines:
            value += number(shake(line).digest(SIZE))
            triples += 1
        return self.and_of(Sum(triples, value), by)

    def and_of(self, other: Sum, by: int = 1) -> Sum:
        """With the triples of another (or, by -1, without them)."""
        return Sum(self.triples + by * other.triples, (self.value + by * other.value) % _MODULUS)


class Digests:
    """The sums of the graphs of a generation in the making.

    Each also counts the triples that it has heard of. A sum whose count is not the graph's (a triple was loaded twice)
    is made anew from what the graph holds when it is asked for; so is one that is not there.
    """

    def __init__(self, sums: Mapping[str, Sum]) -> None:
        self._sums = dict(sums)
        # Single triples that came (1) and went (-1), of each graph, that are not added up yet.
        self._single: dict[tuple[str, int], list[bytes]] = {}
        # Pieces that were loaded are added up by another thread, while the engine loads them.
        self._thread: ThreadPoolExecutor | None = None
        self._pieces: list[tuple[str, Future[Sum]]] = []

    def begin(self, graph: str) -> None:
        """The graph is empty now."""
        self.forget(graph)
        self._sums[graph] = Sum()

    def forget(self, graph: str) -> None:
        """The graph is gone."""
        self._sums.pop(graph, None)
        for by in (1, -1):
            self._single.pop((graph, by), None)
        self._pieces = [piece for piece in self._pieces if piece[0] != graph]

    def adjust(self, quad: Quad, by: int) -> None:
        """Its graph has got (1) or lost (-1) this triple."""
        graph = quad.graph_name.value  # type: ignore[union-attr]  # never the unnamed graph
        lines = self._single.setdefault((graph, by), [])
        lines.append(f"{quad.triple} .".encode())
        if len(lines) >= _TOGETHER:
            self._add_up()

    def _add_up(self) -> None:
        for (graph, by), lines in self._single.items():
            if (known := self._sums.get(graph)) is not None:
                self._sums[graph] = known.plus(as_stored(lines), by)
        self._single.clear()
        for graph, piece in self._pieces:
            self._sums[graph] = self._sums[graph].and_of(piece.result())
        self._pieces.clear()

    def loaded(self, graph: str, piece: bytes) -> None:
        """The graph is about to get these lines of canonical N-Triples, which it did not hold."""
        if graph not in self._sums:
            return
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="digest")
        self._pieces.append((graph, self._thread.submit(_sum_of, piece)))
        if len(self._pieces) >= _WAITING:
            self._add_up()

    def settled(self, registry: Registry, dumped: Callable[[str], Iterable[bytes]]) -> Mapping[str, Sum]:
        """The sum of each graph of the registry; ``dumped`` gives what a graph holds, in pieces of whole lines."""
        self._add_up()
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        for graph, state in registry.items():
            known = self._sums.get(graph)
            if known is None or known.triples != state.triples:
                found = Sum()
                for piece in dumped(graph):
                    found = found.plus(piece.splitlines())
                self._sums[graph] = replace(found, triples=state.triples)
        return {graph: self._sums[graph] for graph in registry}


def _sum_of(piece: bytes) -> Sum:
    """Of lines of canonical N-Triples."""
    return Sum().plus(as_stored(piece.splitlines()))


def of_graphs(sums: Mapping[str, Sum], registry: Registry) -> dict[str, str]:
    """The digest of each graph that everybody may query."""
    return {
        graph: replace(sums[graph], triples=state.triples).digest
        for graph, state in sorted(registry.items())
        if state.tier is Tier.PUBLIC
    }


def whole(graphs: Mapping[str, str]) -> str:
    """The digest of all that everybody may query, from those of the public graphs: SHA-256, in hexadecimal.

    Nothing else is public: the default graph is the merge of these graphs.
    """
    digest = hashlib.sha256()
    for graph, of_graph in sorted(graphs.items()):
        digest.update(f"<{graph}> {of_graph}\n".encode())
    return digest.hexdigest()


def write_digests(sums: Mapping[str, Sum], registry: Registry) -> bytes:
    """As JSON: of each graph the sum, with the version of the graph that it is of."""
    graphs = {
        graph: {
            "version": registry[graph].version,
            "triples": known.triples,
            "sum": base64.b64encode(known.value.to_bytes(SIZE)).decode(),
        }
        for graph, known in sorted(sums.items())
    }
    return json.dumps({"graphs": graphs}, indent=1).encode()


def read_digests(text: bytes, registry: Registry) -> dict[str, Sum]:
    """The sums that are of the graphs as they are: a release that knew of none left old ones as they were.

    A file that is damaged holds none: they can be had again.
    """
    try:
        return {
            graph: Sum(int(known["triples"]), int.from_bytes(base64.b64decode(known["sum"])))
            for graph, known in json.loads(text)["graphs"].items()
            if graph in registry and registry[graph].version == known["version"]
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
