"""Mirroring: all that another node shows to everybody, held here as it is there, graph by graph.

A graph keeps its name and its triples, the IRIs that stand for blank nodes among them, so that whoever asks either node
finds the same. What the other node says of its graphs (``onco:namedGraph``, see ``docs/reference/void.md``) tells which
of them have changed, and whether the copy is faithful.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from node.config import Member, Services
from node.errors import Conflict, MemberError, MemberProtocolError, NotFound, ProtocolError, ResultTooLarge, StoreError
from node.federation.calling.addresses import Resolve, look_up
from node.federation.calling.meter import Meter
from node.federation.members.sources import RemoteSource
from node.federation.members.summaries import read_summary_file
from node.harvesting.download import download
from node.model.access import Tier
from node.publishing.dump import PATH as DUMP
from node.publishing.publish import NodeParts
from node.publishing.spool import spool_folder
from node.publishing.summary import FILE as SUMMARY
from node.store.digests import Sum
from node.store.graphs import PIECE_BYTES
from node.store.quads import Change, GraphContent

#: The file of a generation that holds which graphs are from which node.
MIRRORS = "mirrors.json"
#: How often the copy is made anew because one of the two nodes changed meanwhile.
_ATTEMPTS = 5
#: What the other node's summary may take: seconds, requests, bytes.
_SUMMARY = (60.0, 10, 100_000_000)
#: Bytes of a dump once it is unpacked.
_MOST_BYTES = 50_000_000_000


@dataclass(frozen=True)
class Mirrored:
    """What became of a mirror: ``graphs`` there are in all, of which ``changed`` were put and ``removed`` taken out.

    ``left`` are graphs that are not held as they are there, each with the reason: without any, all of it is held here.
    """

    origin: str
    graphs: int
    changed: int = 0
    removed: int = 0
    left: tuple[tuple[str, str], ...] = ()


def mirror(
    address: str,
    *,
    node: NodeParts,
    services: Services,
    resolve: Resolve = look_up,
    progress: Callable[[str], None] = lambda _: None,
) -> Mirrored:
    """Hold here what the node at this address, its base, shows to everybody; nothing is fetched if it has not changed.

    All of it changes in one step, to what the other node says it holds and nothing else. Raises ProtocolError for what
    is not a node that lists its graphs, MemberError, TargetRefused, LimitExceeded, StoreError, and Conflict when one of
    the two nodes changes all the time; this node is then as it was.
    """
    origin = _base(address, node)
    for _ in range(_ATTEMPTS):
        generation = node.store.generation().number
        theirs = _graphs_of(origin)
        ours = _own_graphs(node)
        mirrors = _mirrors(node)
        left = tuple(sorted(_refused(theirs, ours, mirrors, origin, node)))
        wanted = theirs.keys() - {graph for graph, _ in left}
        put = {graph for graph in wanted if ours.get(graph) != theirs[graph]}
        before = set(mirrors.get(origin, ()))
        # What this node has from elsewhere just as it is there stays whose it is.
        claimed = {graph for graph in wanted if graph in before or graph in put}
        gone = before - claimed
        if not put and not gone and origin in mirrors:
            return Mirrored(origin, len(theirs), left=left)
        mirrors[origin] = sorted(claimed)
        with spool_folder() as folder:
            contents: tuple[GraphContent, ...] = ()
            if put:
                progress(f"fetching {origin}{DUMP}")
                packed = download(f"{origin}{DUMP}", folder, services=services, name=DUMP, resolve=resolve)
                progress(f"storing {len(put)} graphs")
                contents = tuple(_contents(packed, put, folder, origin))
                if any(_digest(content) != theirs[content.graph] for content in contents):
                    continue  # the other node has changed since it listed them
            change = Change(put=contents, remove=tuple(sorted(gone)), files=_written(mirrors), base=generation)
            try:
                node.store.apply(change)
            except Conflict:
                if node.store.generation().number == generation:
                    raise
                continue
        return Mirrored(origin, len(theirs), len(put), len(gone), left)
    raise Conflict(
        f"{origin} or this node changes faster than it can be mirrored.",
        remedy="Give the same command again when both are at rest.",
    )


def end_mirror(address: str, *, node: NodeParts) -> Mirrored:
    """Take out what was mirrored from that node. Raises NotFound if nothing was; StoreError, Conflict."""
    origin = _base(address, node)
    for _ in range(_ATTEMPTS):
        generation = node.store.generation().number
        mirrors = _mirrors(node)
        if origin not in mirrors:
            known = ", ".join(sorted(mirrors)) or "none"
            raise NotFound(f"nothing is mirrored from {origin}.", remedy=f"Mirrored here: {known}.")
        gone = mirrors.pop(origin)
        try:
            node.store.apply(Change(remove=tuple(gone), files=_written(mirrors), base=generation))
        except Conflict:
            if node.store.generation().number == generation:
                raise
            continue
        return Mirrored(origin, 0, removed=len(gone))
    raise Conflict("the node was changed by others again and again.", remedy="Give the same command again.")


def _base(address: str, node: NodeParts) -> str:
    if not address.startswith(("http://", "https://")):
        raise ProtocolError(f"{address} is not an http or https address.", remedy="Give the base address of a node.")
    base = address.removesuffix("sparql")
    base = base if base.endswith("/") else f"{base}/"
    if base == node.identifiers.base:
        raise ProtocolError(f"{base} is this node itself.", remedy="Give the base address of another.")
    return base


def _graphs_of(origin: str) -> Mapping[str, str]:
    """The digest of each graph that a node shows."""
    source = RemoteSource(Member(f"{origin}sparql", origin))
    try:
        summary = source.summary(Meter(*_SUMMARY))
    except MemberError as error:
        # It need not be a member of this node.
        raise type(error)(error.detail, member=origin, remedy="Check the address, and that it runs.") from error
    finally:
        source.close()
    if summary is None or summary.graphs is None:
        raise ProtocolError(
            f"{origin} does not list its graphs with their digests.",
            remedy="A node does so at its base address, if it is not of an older release, nor on an external store, "
            "and has at most 600 graphs.",
        )
    return summary.graphs


def _own_graphs(node: NodeParts) -> Mapping[str, str]:
    """The digest of each public graph of this node."""
    data = node.store.file(SUMMARY)
    summary = None if data is None else read_summary_file(data, "")
    if summary is not None and summary.digest is None and summary.triples:
        raise ProtocolError(
            "this node keeps no digests, being on an external store.",
            remedy="Mirror others at a node with its own store.",
        )
    return (None if summary is None else summary.graphs) or {}


def _refused(
    theirs: Mapping[str, str], ours: Mapping[str, str], mirrors: Mapping[str, list[str]], origin: str, node: NodeParts
) -> Iterator[tuple[str, str]]:
    """The graphs of the other node that cannot be held as they are there."""
    others = {graph: other for other, graphs in mirrors.items() if other != origin for graph in graphs}
    own = set(mirrors.get(origin, ()))
    for graph, digest in theirs.items():
        if graph in own or ours.get(graph) == digest:
            continue
        if graph.startswith(node.identifiers.base):
            yield graph, "its name is of this node, which holds something else there"
        elif graph in others:
            yield graph, f"{others[graph]} has another graph of this name"
        elif node.store.graph(graph) is not None:
            yield graph, "this node has another graph of this name"


def _contents(packed: Path, wanted: set[str], folder: Path, origin: str) -> Iterator[GraphContent]:
    """These graphs of a dump, each in a file of N-Triples; one that is not in it is empty."""
    files = {graph: folder / f"graph-{number}.nt" for number, graph in enumerate(sorted(wanted))}
    for path in files.values():
        path.touch()
    names = {f"<{graph}> .\n".encode(): path for graph, path in files.items()}
    try:
        with gzip.open(packed) as lines, ExitStack() as opened:
            _sort_out(lines, names, opened)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
            raise StoreError(f"the dump cannot be unpacked: {error.strerror}.") from error
        raise MemberProtocolError(
            f"what {origin}{DUMP} gave is no whole file packed by gzip: {error}.", member=origin
        ) from error
    for graph, path in files.items():
        yield GraphContent(graph, Tier.PUBLIC, path)


def _sort_out(lines: Iterable[bytes], names: Mapping[bytes, Path], opened: ExitStack) -> None:
    """Write each line to the file of its graph, without the graph. A dump has its graphs one after another."""
    size = 0
    last: bytes | None = None
    out: IO[bytes] | None = None
    for line in lines:
        size += len(line)
        if size > _MOST_BYTES:
            raise ResultTooLarge(f"the dump has more than {_MOST_BYTES:,} bytes once it is unpacked.")
        at = line.rfind(b" <") + 1
        name = line[at:]
        if name != last:
            last = name
            opened.close()
            path = names.get(name)
            out = None if path is None else opened.enter_context(path.open("ab"))
        if out is not None:
            out.write(line[:at] + b".\n")


def _digest(content: GraphContent) -> str:
    """The digest of a graph in a file, whose triples are there once and as a store gives them back."""
    assert isinstance(content.triples, Path)
    found = Sum()
    with content.triples.open("rb") as file:
        while lines := file.readlines(PIECE_BYTES):
            found = found.plus(line.removesuffix(b"\n") for line in lines)
    return found.digest


def _mirrors(node: NodeParts) -> dict[str, list[str]]:
    data = node.store.file(MIRRORS)
    try:
        return {str(origin): list(map(str, graphs)) for origin, graphs in json.loads(data or b"{}").items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise StoreError(f"the list of mirrored nodes ({MIRRORS}) is damaged.") from error


def _written(mirrors: Mapping[str, list[str]]) -> dict[str, bytes | Path | None]:
    return {MIRRORS: json.dumps(dict(sorted(mirrors.items())), indent=1).encode()}
