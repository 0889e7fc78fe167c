"""Applies a change to an open pyoxigraph store and keeps the tier graphs right.

What is kept right, for every triple x after every change: the tier graph of tier T holds x exactly when some graph of
T holds x and no graph of a more open tier does. So each tier graph is the RDF merge of its graphs, and the tier
graphs are pairwise disjoint.

Two ways lead there, and the cheaper one is taken. *In place*: delete what the new content of a graph no longer has,
decide anew where each deleted triple belongs, load what is new. *Afresh*: load everything that stays and everything
that is new into an empty store; deleting a triple from this database costs several times what loading one does, so
this wins when much goes away. Both read the new content as a stream and load it in bulk.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from pyoxigraph import NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse, serialize

from node.errors import DocumentSyntaxError, Place
from node.model.access import Tier
from node.rdf.namespaces import RDF_TYPE
from node.store.quads import GraphContent

#: How much N-Triples text is parsed in one go.
_PIECE_BYTES = 1 << 20
#: How much N-Quads text is loaded in one go. The loader takes about ten times that in memory.
_BATCH_BYTES = 32 << 20
#: Deleting a triple from its graph and tier graph takes about twice as long as dumping and loading one that stays.
_DELETION_COST = 2.0
#: In canonical N-Triples a line that starts so has a blank node as subject; one that ends so, as object. A literal
#: ends in a quote, a language tag or a datatype, so that nothing inside it can look like the latter.
_BLANK_NODE = re.compile(rb"^_:|> _:[^\s\"<>]+ \.$", re.MULTILINE)
_TRIPLE_TERM = re.compile(rb"\)>> \.$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """What is known of one named graph: its tier (None: in no tier) and the number of its triples."""

    tier: Tier | None
    triples: int


Registry = Mapping[str, Entry]
TierGraphs = Mapping[Tier, str]


@dataclass(frozen=True)
class _Source:
    """Triples on their way into a graph: pieces of canonical N-Triples, whole lines each."""

    graph: str
    tier: Tier | None
    pieces: Callable[[], Iterator[bytes]]


class Merge:
    """One change on its way into ``store``.

    ``fresh`` makes an empty store, in case starting afresh is cheaper; ``spool`` is a folder for temporary files.
    ``deletion_cost`` is how much dearer deleting a triple is than moving one that stays.
    """

    def __init__(
        self,
        store: Store,
        *,
        fresh: Callable[[], Store],
        registry: Registry,
        tier_graphs: TierGraphs,
        spool: Path,
        deletion_cost: float = _DELETION_COST,
    ) -> None:
        self._store = store
        self._fresh = fresh
        self._old = registry
        self._new = dict(registry)
        self._tier_graphs = tier_graphs
        self._spool = spool
        self._deletion_cost = deletion_cost

    def run(self, put: Iterable[GraphContent], remove: Iterable[str]) -> tuple[Store, dict[str, Entry]]:
        """Put and remove graphs. Returns the store that holds the result (the given or a fresh one) and its registry.

        Graph names are valid and named once. Raises DocumentSyntaxError for content that is not N-Triples or holds
        blank nodes, and OSError; the store is then in no particular state.
        """
        put = tuple(put)
        gone = [graph for graph in remove if graph in self._old]
        whole = gone + [c.graph for c in put if c.graph in self._old and self._old[c.graph].tier != c.tier]
        for graph in gone:
            del self._new[graph]
        for content in put:
            self._new[content.graph] = Entry(content.tier, 0)
        with contextlib.ExitStack() as files:
            differences = {
                content.graph: self._difference(content, files)
                for content in put
                if content.graph in self._old and content.graph not in whole
            }
            touched = {*whole, *differences}
            deleted = sum(self._old[graph].triples for graph in whole) + sum(d.deleted for d in differences.values())
            staying = sum(entry.triples for graph, entry in self._old.items() if graph not in touched)
            staying += sum(self._old[graph].triples - d.deleted for graph, d in differences.items())
            if deleted * self._deletion_cost > staying:
                self._start_afresh(put, [graph for graph in self._old if graph not in touched])
            else:
                self._change_in_place(put, whole, differences)
        for graph in gone:
            self._store.remove_graph(NamedNode(graph))
        for content in put:
            self._new[content.graph] = Entry(content.tier, _count(self._store, content.graph))
        return self._store, self._new

    def _start_afresh(self, put: tuple[GraphContent, ...], untouched: list[str]) -> None:
        old, self._store = self._store, self._fresh()
        kept = (_Source(g, self._old[g].tier, partial(self._dumped, old, g)) for g in untouched)
        self._load(itertools.chain(kept, (_source(content) for content in put)))
        for one, other in itertools.combinations(self._tier_graphs.values(), 2):
            self._settle(one, other)

    def _change_in_place(
        self, put: tuple[GraphContent, ...], whole: list[str], differences: Mapping[str, _Difference]
    ) -> None:
        deleted = {graph: b"".join(self._dumped(self._store, graph)) for graph in whole}
        deleted.update({graph: difference.gone for graph, difference in differences.items()})
        for graph, lines in deleted.items():
            name = NamedNode(graph)
            for quad in parse(lines, format=RdfFormat.N_TRIPLES):
                self._store.remove(Quad(quad.subject, quad.predicate, quad.object, name))
        # Only now does every graph hold what it keeps, so that the deleted triples can be given their place.
        for lines in deleted.values():
            for quad in parse(lines, format=RdfFormat.N_TRIPLES):
                self._place(quad)
        self._load(
            _Source(c.graph, c.tier, differences[c.graph].added) if c.graph in differences else _source(c) for c in put
        )
        tiers_in_use = {entry.tier for entry in self._new.values()}
        for content in put:
            for tier, tier_graph in self._tier_graphs.items():
                if content.tier not in (None, tier) and tier in tiers_in_use:
                    self._settle(content.graph, tier_graph)

    def _difference(self, content: GraphContent, files: contextlib.ExitStack) -> _Difference:
        """What replacing the graph by ``content`` deletes and adds.

        Compared as canonical lines. The database knows numbers and dates by value (it returns ``"01"`` as ``"1"``),
        so such a line may count as deleted and as added; deleting comes first, and the result is the same.
        """
        gone = set(b"".join(self._dumped(self._store, content.graph)).split(b"\n"))
        gone.discard(b"")
        # Small ones stay in memory: a change may replace more graphs than there can be open files.
        added = tempfile.SpooledTemporaryFile(_PIECE_BYTES, dir=str(self._spool))  # noqa: SIM115  # closed by the stack
        files.enter_context(added)
        for piece in canonical(content):
            for line in piece.split(b"\n"):
                if line in gone:
                    gone.discard(line)
                elif line:
                    added.write(line + b"\n")
        return _Difference(b"".join(line + b"\n" for line in gone), len(gone), added)

    def _dumped(self, store: Store, graph: str) -> Iterator[bytes]:
        with tempfile.TemporaryFile(dir=self._spool) as file:
            store.dump(file, RdfFormat.N_TRIPLES, from_graph=NamedNode(graph))
            file.seek(0)
            yield from _pieces(file)

    def _load(self, sources: Iterable[_Source]) -> None:
        """Load each source into its graph and the graph of its tier."""
        batch: list[bytes] = []
        size = 0
        for source in sources:
            graphs = [source.graph] if source.tier is None else [source.graph, self._tier_graphs[source.tier]]
            for piece in source.pieces():
                for graph in graphs:
                    # Canonical N-Triples holds " .\n" at the end of each line and nowhere else.
                    batch.append(piece.replace(b" .\n", f" <{graph}> .\n".encode()))
                    size += len(batch[-1])
                if size >= _BATCH_BYTES:
                    self._load_batch(batch)
                    batch, size = [], 0
        self._load_batch(batch)

    def _load_batch(self, batch: list[bytes]) -> None:
        if batch:
            # Lenient: it was parsed strictly just now.
            self._store.bulk_load(b"".join(batch), RdfFormat.N_QUADS, lenient=True)

    def _settle(self, graph: str, tier_graph: str) -> None:
        """Give every triple that is in both graphs its place."""
        both = f"SELECT ?s ?p ?o {{ GRAPH <{graph}> {{ ?s ?p ?o }} GRAPH <{tier_graph}> {{ ?s ?p ?o }} }}"
        for s, p, o in _solutions(self._store, both):
            self._place(Quad(s, p, o))

    def _place(self, triple: Quad) -> None:
        """Make the tier graphs right for one triple, from the graphs that hold it now."""
        parts = (triple.subject, triple.predicate, triple.object)
        holders = {quad.graph_name.value for quad in self._store.quads_for_pattern(*parts, None)}  # type: ignore[union-attr]
        tiers = {self._new[graph].tier for graph in holders if graph in self._new}
        place = next((tier for tier in Tier if tier in tiers), None)
        for tier, tier_graph in self._tier_graphs.items():
            if tier == place and tier_graph not in holders:
                self._store.add(Quad(*parts, NamedNode(tier_graph)))
            elif tier != place and tier_graph in holders:
                self._store.remove(Quad(*parts, NamedNode(tier_graph)))


@dataclass(frozen=True)
class _Difference:
    """What replacing a graph deletes (lines and their number) and adds (a file of lines)."""

    gone: bytes
    deleted: int
    file: IO[bytes] | tempfile.SpooledTemporaryFile[bytes]

    def added(self) -> Iterator[bytes]:
        self.file.seek(0)
        yield from _pieces(self.file)


def canonical(content: GraphContent) -> Iterator[bytes]:
    """The content as canonical N-Triples, in pieces of whole lines.

    Raises DocumentSyntaxError, with the line, for what is not N-Triples and for blank nodes and triple terms, which
    cannot be told apart from those of other documents and are not RDF 1.1, respectively.
    """
    before = 0
    with _opened(content.triples) as file:
        while lines := file.readlines(_PIECE_BYTES):
            try:
                quads = parse(b"".join(lines), format=RdfFormat.N_TRIPLES)
                piece = serialize(quads, format=RdfFormat.N_TRIPLES) or b""
            except SyntaxError as error:
                # The message counts lines within the piece; ours count within the content.
                said = re.sub(r"^Parser error (at|between) [^:]*: ", "", error.msg)
                raise _malformed(content, before + (error.lineno or 1), f"not N-Triples: {said}.") from error
            for pattern, what in ((_BLANK_NODE, "a blank node"), (_TRIPLE_TERM, "a triple term")):
                if found := pattern.search(piece):
                    # Comments and empty lines are gone from the piece, so its line numbers do not count.
                    line = piece[piece.rfind(b"\n", 0, found.start()) + 1 :].split(b"\n", 1)[0].decode()
                    raise _malformed(content, None, f"holds {what}, which the store does not keep: {line[:200]}")
            before += len(lines)
            yield piece


def summarize(store: Store, graph: str) -> dict[str, Any]:
    """How many triples a graph holds, how many with each predicate, and how many instances each class has."""
    predicates = _counts(store, f"SELECT ?x (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?x ?o }} }} GROUP BY ?x")
    classes = _counts(store, f"SELECT ?x (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s <{RDF_TYPE}> ?x }} }} GROUP BY ?x")
    return {"triples": sum(predicates.values()), "predicates": predicates, "classes": classes}


def write_registry(registry: Registry) -> bytes:
    """The registry as the JSON kept in the generation file ``graphs.json``."""
    graphs = {graph: {"tier": entry.tier, "triples": entry.triples} for graph, entry in sorted(registry.items())}
    return json.dumps({"graphs": graphs}, indent=1).encode()


def read_registry(text: bytes) -> dict[str, Entry]:
    """The registry from its JSON. Raises ValueError (KeyError, TypeError) when it is damaged."""
    return {
        graph: Entry(None if entry["tier"] is None else Tier(entry["tier"]), int(entry["triples"]))
        for graph, entry in json.loads(text)["graphs"].items()
    }


def _source(content: GraphContent) -> _Source:
    return _Source(content.graph, content.tier, partial(canonical, content))


def _opened(triples: bytes | Path) -> IO[bytes]:
    return io.BytesIO(triples) if isinstance(triples, bytes) else triples.open("rb")


def _pieces(file: IO[bytes] | tempfile.SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    while lines := file.readlines(_PIECE_BYTES):
        yield b"".join(lines)


def _malformed(content: GraphContent, line: int | None, detail: str) -> DocumentSyntaxError:
    source = content.triples.name if isinstance(content.triples, Path) else None
    return DocumentSyntaxError(detail, where=Place(source=source, line=line, record=content.graph))


def _count(store: Store, graph: str) -> int:
    return _counts(store, f"SELECT (1 AS ?x) (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")["1"]


def _counts(store: Store, query: str) -> dict[str, int]:
    """From a query that gives a term ?x and a count ?n. Terms that are no IRIs are named by their text."""
    return {solution["x"].value: int(solution["n"].value) for solution in _solutions(store, query)}


def _solutions(store: Store, query: str) -> QuerySolutions:
    answer = store.query(query)
    assert isinstance(answer, QuerySolutions)
    return answer
