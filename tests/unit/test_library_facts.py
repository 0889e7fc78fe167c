"""What the design relies on in the libraries it uses: an upgrade that changes one of these fails here, loudly."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    parse,
)
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

A, B, S, P, X = (NamedNode(f"http://example.org/{name}") for name in ("a", "b", "s", "p", "x"))
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


def count(store: Store, text: str, **dataset: object) -> int:
    (row,) = store.query(text, **dataset)  # type: ignore[arg-type]
    return int(row["n"].value)


def test_a_clone_by_hard_links_is_a_store_of_its_own(tmp_path: Path) -> None:
    """Generations rest on this: table files are never written again, so that two folders can share them."""
    first, second = tmp_path / "1", tmp_path / "2"
    store = Store(str(first))
    store.bulk_extend(Quad(S, P, Literal(i), A) for i in range(1000))
    store.flush()
    del store
    second.mkdir()
    for source in first.iterdir():
        if source.suffix == ".sst":
            os.link(source, second / source.name)
        elif source.name != "LOCK":
            shutil.copyfile(source, second / source.name)
    writer = Store(str(second))
    writer.remove_graph(A)
    writer.add(Quad(S, P, X, B))
    writer.flush()
    writer.optimize()
    del writer
    assert len(Store.read_only(str(first))) == 1000
    assert len(Store.read_only(str(second))) == 1


def test_graph_arguments_override_from_everywhere() -> None:
    """Access control rests on this: nothing in the text widens the dataset that the arguments give."""
    store = Store()
    store.extend([Quad(S, P, X, A), Quad(S, P, X, B)])
    for text in (
        "SELECT (COUNT(*) AS ?n) FROM <http://example.org/b> WHERE { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) FROM NAMED <http://example.org/b> WHERE { GRAPH ?g { ?s ?p ?o } }",
        "SELECT (COUNT(*) AS ?n) WHERE { { SELECT * { GRAPH <http://example.org/b> { ?s ?p ?o } } } }",
        "SELECT (COUNT(*) AS ?n) WHERE { GRAPH <http://example.org/b> { ?s <http://example.org/p>* ?o } }",
        "SELECT (COUNT(*) AS ?n) WHERE { BIND(1 AS ?x) FILTER EXISTS { GRAPH <http://example.org/b> { ?s ?p ?o } } }",
    ):
        assert count(store, text, default_graph=[], named_graphs=[]) == 0, text


def test_several_default_graphs_are_concatenated() -> None:
    """Why there is one graph a tier and tiers are disjoint: a triple in two default graphs counts twice."""
    store = Store()
    store.extend([Quad(S, P, X, A), Quad(S, P, X, B)])
    assert count(store, COUNT, default_graph=[A, B]) == 2


def test_a_failing_update_changes_nothing() -> None:
    """All operations of one update request, or none."""
    store = Store()
    with pytest.raises((RuntimeError, OSError, ValueError)):
        store.update(
            "INSERT DATA { <http://example.org/s> <http://example.org/p> 1 } ; "
            "LOAD <http://127.0.0.1:1/nothing> INTO GRAPH <http://example.org/a>"
        )
    assert len(store) == 0


def test_a_remote_context_is_refused() -> None:
    """Ingestion never fetches, by itself."""
    with pytest.raises(SyntaxError, match="remote"):
        list(parse(b'{"@context": "http://example.org/c", "@id": "http://example.org/a"}', RdfFormat.JSON_LD))


def test_canonical_labels_do_not_depend_on_given_ones() -> None:
    """RDFC-1.0: isomorphic datasets become equal."""
    forms = []
    for labels in ("xy", "qr"):
        one, two = (BlankNode(label) for label in labels)
        dataset = Dataset([Quad(one, P, two), Quad(two, P, X)])
        dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        forms.append(dataset)
    assert forms[0] == forms[1]


def test_loading_renames_blank_nodes() -> None:
    """Why blank nodes are skolemised: the same label of two responses becomes two nodes."""
    store = Store()
    for _ in range(2):
        store.load(b"_:a <http://example.org/p> _:a .", RdfFormat.N_TRIPLES)
    assert len(store) == 2


def test_werkzeug_does_not_negotiate_for_linked_data() -> None:
    """Why negotiation is our own: no header and profiles give no match."""
    offered = ["application/ld+json", "text/turtle"]
    profile = 'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"'
    for header in ("", profile):
        assert parse_accept_header(header, MIMEAccept).best_match(offered) is None


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts private mappings on Linux only")
def test_a_query_over_its_memory_limit_aborts(tmp_path: Path) -> None:
    """The memory cap of a worker: the engine's allocation fails, and the process ends by SIGABRT."""
    program = (
        "import resource; from pyoxigraph import *\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (300 << 20, 300 << 20))\n"
        "store = Store(); n = NamedNode\n"
        "store.bulk_extend(Quad(n(f'http://e/{i}'), n('http://p'), Literal(i)) for i in range(3000))\n"
        "list(store.query('SELECT * { ?a ?p ?x . ?b ?q ?y } ORDER BY ?x ?y'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == -6, done.stderr[-300:]
