"""Applies a change to the graphs of an open database.

Two ways lead there, and the cheaper one is taken. *In place*: delete what the new content of a graph no longer has, add
what is new, decide for each such triple anew where it belongs. *Afresh*: load everything that stays and everything
that is new into an empty store; deleting a triple from this database costs several times what loading one does, so
this wins when much goes away. Both read the new content as a stream, and load it in bulk when it is much.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse, serialize

from node.errors import DocumentSyntaxError, Place
from node.store.graphs import PIECE_BYTES, Graphs, Source, pieces
from node.store.quads import GraphContent

#: Deleting a triple from its graph and tier graph takes about twice as long as dumping and loading one that stays.
_DELETION_COST = 2.0
#: Up to so many new triples are added one by one: loading in bulk ends in counting everything there is.
_FEW = 5_000
#: In canonical N-Triples a line that starts so has a blank node as subject; one that ends so, as object. A literal
#: ends in a quote, a language tag or a datatype, so that nothing inside it can look like the latter.
_BLANK_NODE = re.compile(rb"^_:|> _:[^\s\"<>]+ \.$", re.MULTILINE)
_BLANK_SUBJECT = re.compile(rb"^_:(\S+) ", re.MULTILINE)
_BLANK_OBJECT = re.compile(rb"> _:([^\s\"<>]+) \.$", re.MULTILINE)
_TRIPLE_TERM = re.compile(rb"\)>> \.$", re.MULTILINE)


class Merge:
    """Changes of whole graphs on their way into ``graphs``.

    ``fresh`` makes an empty store, in case starting afresh is cheaper. ``deletion_cost`` is how much dearer deleting a
    triple is than moving one that stays, ``few`` how many triples are added one by one.
    """

    def __init__(
        self,
        graphs: Graphs,
        *,
        fresh: Callable[[], Store],
        deletion_cost: float = _DELETION_COST,
        few: int = _FEW,
    ) -> None:
        self._graphs = graphs
        self._fresh = fresh
        self._deletion_cost = deletion_cost
        self._few = few

    def run(self, put: Iterable[GraphContent], remove: Iterable[str]) -> None:
        """Put and remove graphs.

        Graph names are valid and named once; no graph changes its owner. Raises DocumentSyntaxError for content that is
        not N-Triples or holds blank nodes, and OSError; the graphs are then in no particular state.
        """
        graphs, put = self._graphs, tuple(put)
        old = dict(graphs.registry)
        gone = [graph for graph in remove if graph in old]
        # Nothing of these stays, at least not in the same tier.
        replaced = (c for c in put if c.graph in old and (old[c.graph].tier != c.tier or c.triples == b""))
        whole = [*gone, *(content.graph for content in replaced)]
        with contextlib.ExitStack() as files:
            differences = {
                content.graph: self._difference(
                    content, files, known=content.graph in old and content.graph not in whole
                )
                for content in put
            }
            for graph in gone:
                graphs.forget(graph)
            for content in put:
                graphs.declare(content.graph, content.tier, content.owner)
            touched = {*whole, *differences}
            deleted = sum(old[graph].triples for graph in whole) + sum(d.deleted for d in differences.values())
            staying = sum(state.triples for graph, state in old.items() if graph not in touched)
            staying += sum(old[graph].triples - d.deleted for graph, d in differences.items() if graph in old)
            if deleted * self._deletion_cost > staying:
                self._start_afresh(put, [graph for graph in old if graph not in touched])
            else:
                graphs.count_later(deleted)
                self._change_in_place(put, whole, differences)
        for graph in gone:
            graphs.store.remove_graph(NamedNode(graph))

    def _start_afresh(self, put: tuple[GraphContent, ...], untouched: list[str]) -> None:
        graphs = self._graphs
        old = graphs.moved_into(self._fresh())
        for content in put:
            graphs.digests.begin(content.graph)
        graphs.load(
            itertools.chain(
                (Source(g, graphs.registry[g].tier, partial(graphs.dumped, g, old), moved=True) for g in untouched),
                (Source(content.graph, content.tier, partial(canonical, content)) for content in put),
            )
        )
        for content in put:
            graphs.touch(content.graph)
        graphs.recount(content.graph for content in put)
        graphs.settle_tiers()

    def _change_in_place(
        self, put: tuple[GraphContent, ...], whole: list[str], differences: Mapping[str, _Difference]
    ) -> None:
        graphs = self._graphs
        deleted = {graph: graphs.dumped(graph) for graph in whole}
        deleted.update({graph: iter([d.gone]) for graph, d in differences.items() if d.gone})
        for graph, lines in deleted.items():
            for triple in itertools.chain.from_iterable(parse(p, format=RdfFormat.N_TRIPLES) for p in lines):
                graphs.discard(_in(graph, triple))
        number = sum(difference.number for difference in differences.values())
        if number <= self._few:
            for graph, difference in differences.items():
                for piece in difference.added():
                    for triple in parse(piece, format=RdfFormat.N_TRIPLES):
                        graphs.add(_in(graph, triple))
        else:
            sources = [Source(c.graph, c.tier, differences[c.graph].added) for c in put]
            graphs.load(sources, summarized=graphs.summarize(sources, number))
            graphs.settle(differences)

    def _difference(self, content: GraphContent, files: contextlib.ExitStack, *, known: bool) -> _Difference:
        """What replacing the graph by ``content`` deletes and adds; when it is not ``known``, all of it is added.

        Compared as canonical lines. The database knows numbers and dates by value (it returns ``"01"`` as ``"1"``),
        so such a line may count as deleted and as added; deleting comes first, and the result is the same.
        """
        gone = set(b"".join(self._graphs.dumped(content.graph)).split(b"\n")) if known else set()
        gone.discard(b"")
        # Small ones stay in memory: a change may replace more graphs than there can be open files.
        added = tempfile.SpooledTemporaryFile(PIECE_BYTES, dir=str(self._graphs.spool))  # noqa: SIM115  # by the stack
        files.enter_context(added)
        number = 0
        for piece in canonical(content):
            if not gone:
                added.write(piece)
                number += piece.count(b"\n")
                continue
            for line in piece.split(b"\n"):
                if line in gone:
                    gone.discard(line)
                elif line:
                    added.write(line + b"\n")
                    number += 1
        return _Difference(b"".join(line + b"\n" for line in gone), len(gone), added, number)


@dataclass(frozen=True)
class _Difference:
    """What replacing a graph deletes (lines and their number) and adds (a file of lines and their number)."""

    gone: bytes
    deleted: int
    file: IO[bytes] | tempfile.SpooledTemporaryFile[bytes]
    number: int

    def added(self) -> Iterator[bytes]:
        self.file.seek(0)
        yield from pieces(self.file)


def canonical(content: GraphContent, skolem: Callable[[bytes], bytes] | None = None) -> Iterator[bytes]:
    """The content as canonical N-Triples, in pieces of whole lines.

    Blank nodes become the IRIs that ``skolem`` gives for their labels. Raises DocumentSyntaxError, with the line, for
    what is not N-Triples; for blank nodes without ``skolem``, which cannot be told apart from those of other documents;
    and for triple terms, which are not RDF 1.1.
    """
    before = 0
    with _opened(content.triples) as file:
        while lines := file.readlines(PIECE_BYTES):
            try:
                quads = parse(b"".join(lines), format=RdfFormat.N_TRIPLES)
                piece = serialize(quads, format=RdfFormat.N_TRIPLES) or b""
            except SyntaxError as error:
                # The message counts lines within the piece; ours count within the content.
                said = re.sub(r"^Parser error (at|between) [^:]*: ", "", error.msg)
                raise _malformed(content, before + (error.lineno or 1), f"not N-Triples: {said}.") from error
            if skolem is not None and _BLANK_NODE.search(piece):
                piece = _without_blank_nodes(piece, skolem)
            for pattern, what in ((_BLANK_NODE, "a blank node"), (_TRIPLE_TERM, "a triple term")):
                if found := pattern.search(piece):
                    # Comments and empty lines are gone from the piece, so its line numbers do not count.
                    line = piece[piece.rfind(b"\n", 0, found.start()) + 1 :].split(b"\n", 1)[0].decode()
                    raise _malformed(content, None, f"holds {what}, which the store does not keep: {line[:200]}")
            before += len(lines)
            yield piece


def _without_blank_nodes(piece: bytes, skolem: Callable[[bytes], bytes]) -> bytes:
    piece = _BLANK_SUBJECT.sub(lambda found: b"<%b> " % skolem(found[1]), piece)
    return _BLANK_OBJECT.sub(lambda found: b"> <%b> ." % skolem(found[1]), piece)


def _in(graph: str, triple: Quad) -> Quad:
    return Quad(triple.subject, triple.predicate, triple.object, NamedNode(graph))


def _opened(triples: bytes | Path) -> IO[bytes]:
    return io.BytesIO(triples) if isinstance(triples, bytes) else triples.open("rb")


def _malformed(content: GraphContent, line: int | None, detail: str) -> DocumentSyntaxError:
    source = content.triples.name if isinstance(content.triples, Path) else None
    return DocumentSyntaxError(detail, where=Place(source=source, line=line, record=content.graph))
