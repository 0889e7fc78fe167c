"""The hierarchies of a generation: which predicates have their closure kept, where, and for which graphs.

For each tier graph and each such predicate there is a file beside the quads (``node.store.hierarchy``), made when the
edges change. It says what the triples of that graph say, whoever stated them, and nothing else; no query sees it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pyoxigraph import NamedNode, QueryResultsFormat, QuerySolutions, Store

from node.rdf.namespaces import RDFS, RDFS_SUBCLASS_OF, SKOS
from node.store.hierarchy import Hierarchy, write_hierarchy

#: The folder of a generation's files that holds them, and the file that lists them. The store itself writes both.
FOLDER = "hierarchies"
INDEX_FILE = f"{FOLDER}/index.json"
#: Predicates with their closure kept, and whether what is below is the object. Most paths end in a constant above.
PREDICATES: Mapping[str, bool] = {
    RDFS_SUBCLASS_OF: False,
    RDFS + "subPropertyOf": False,
    SKOS + "broader": False,
    SKOS + "broaderTransitive": False,
    SKOS + "narrower": True,
    SKOS + "narrowerTransitive": True,
}
_SPELLED = tuple(f"<{predicate}>".encode() for predicate in PREDICATES)
#: What stands for a blank node: mostly a restriction, above classes and below nothing.
_SKOLEM = b"/.well-known/genid/"


def holds_edge(lines: bytes) -> bool:
    """Whether N-Triples might hold an edge of a hierarchy."""
    return any(spelled in lines for spelled in _SPELLED)


def write_hierarchies(store: Store, graphs: Iterable[str]) -> dict[str, bytes]:
    """The files of these graphs' hierarchies, by name, the index included."""
    files: dict[str, bytes] = {}
    index: dict[str, dict[str, str]] = {}
    for number, graph in enumerate(graphs):
        index[graph] = {}
        for place, (predicate, downward) in enumerate(PREDICATES.items()):
            edges = _edges(store, graph, predicate)
            if edges:
                name = f"{FOLDER}/{number}-{place}"
                files[name] = write_hierarchy((o, s) for s, o in edges) if downward else write_hierarchy(edges)
                index[graph][predicate] = name
    files[INDEX_FILE] = (json.dumps(index, indent=1) + "\n").encode()
    return files


def _edges(store: Store, graph: str | None, predicate: str) -> list[tuple[bytes, bytes]]:
    """Subject and object of every triple that could be part of a longer path or of one from an IRI that has a name.

    In a graph of the store, or in its unnamed one.
    """
    default = None if graph is None else NamedNode(graph)
    answer = store.query(f"SELECT ?s ?o {{ ?s <{predicate}> ?o }}", default_graph=default)
    assert isinstance(answer, QuerySolutions)
    rows = (answer.serialize(None, QueryResultsFormat.TSV) or b"").split(b"\n")[1:-1]
    edges = [(s, o) for s, _, o in (row.partition(b"\t") for row in rows) if o.startswith(b"<")]
    subjects = {s for s, _ in edges}
    return [(s, o) for s, o in edges if _SKOLEM not in o or o in subjects]


class Hierarchies:
    """Reads the closures in the folder of a generation, each when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        """``folder``: of the generation. One without an index, from an earlier release, keeps no closure."""
        self._files = folder / "files"
        self._index: dict[str, dict[str, str]] | None = None
        self._read: dict[str, Hierarchy] = {}

    def reached(self, graphs: tuple[str, ...] | None, predicate: str, end: str, *, itself: bool) -> list[bytes] | None:
        """Every term (as in N-Triples) that a path ``predicate*`` (``itself``) or ``predicate+`` joins to an IRI.

        In the merge of these graphs, and in the direction that ``PREDICATES`` says: from below to the IRI above. None
        when that is not known here: no closure is kept of the graph or predicate, or edges lie in several graphs.
        """
        if self._index is None:
            self._index = self._listed()
        term = f"<{end}>".encode()
        if (
            graphs is None
            or predicate not in PREDICATES
            or _SKOLEM in term
            or any(graph not in self._index for graph in graphs)
        ):
            return None
        names = [name for graph in graphs if (name := self._index[graph].get(predicate))]
        if len(names) > 1:
            return None
        if not names:
            return [term] if itself else []
        if names[0] not in self._read:
            self._read[names[0]] = Hierarchy.of_file(self._files / names[0])
        return self._read[names[0]].below(term, itself=itself)

    def _listed(self) -> dict[str, dict[str, str]]:
        try:
            index: dict[str, dict[str, str]] = json.loads((self._files / INDEX_FILE).read_bytes())
        except FileNotFoundError:
            return {}
        return index


class LoadedHierarchies:
    """Closures over the unnamed graph of a store in memory, each made when it is first asked for and worth it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: dict[str, Hierarchy | None] = {}

    def reached(self, graphs: tuple[str, ...] | None, predicate: str, end: str, *, itself: bool) -> list[bytes] | None:
        """See ``Hierarchies.reached``."""
        term = f"<{end}>".encode()
        if graphs is not None or predicate not in PREDICATES or _SKOLEM in term:
            return None
        if predicate not in self._made:
            self._made[predicate] = self._make(predicate)
        made = self._made[predicate]
        return None if made is None else made.below(term, itself=itself)

    def _make(self, predicate: str) -> Hierarchy | None:
        """None where there is so little beside the edges that following them takes no longer than reading them all."""
        counted = self._store.query(f"SELECT (COUNT(*) AS ?n) {{ ?s <{predicate}> ?o }}")
        assert isinstance(counted, QuerySolutions)
        number = int(next(counted)["n"].value)
        if len(self._store) - number < number // 2:
            return None
        edges = _edges(self._store, None, predicate)
        if any(s.startswith(b"_:") for s, _ in edges):
            return None  # a blank node cannot be named in a query
        return Hierarchy(write_hierarchy((o, s) for s, o in edges) if PREDICATES[predicate] else write_hierarchy(edges))
