"""The real NCIt and OBI: what lies below and above their classes, by the node, and by rdflib following the edges."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import RDFS, Graph, URIRef

from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.ontology.installation import install
from node.rdf.dataset import GraphScope
from node.rdf.formats import CSV, NTRIPLES
from node.rdf.namespaces import OBO
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget

SHARED = Path(os.environ.get("ONCONODE_SHARED", Path(__file__).parents[3].parent / "shared")) / "data" / "ontologies"
IDS = Identifiers("http://node.example/")
PUBLIC = GraphScope((IDS.tier_graph(Tier.PUBLIC),))

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"no shared data at {SHARED} (ONCONODE_SHARED)"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OxigraphStore]:
    made = OxigraphStore(tmp_path_factory.mktemp("real"), identifiers=IDS, workers=1, queue_seconds=60)
    for name in ("ncit", "obi"):
        install(name, SHARED, store=made, identifiers=IDS)
    yield made
    made.close()


def asked(store: OxigraphStore, text: str, scope: GraphScope = PUBLIC) -> list[str]:
    with store.query(text, scope=scope, formats=(CSV, NTRIPLES), budget=Budget(120, 4 << 30, 1 << 30)) as answer:
        return b"".join(answer).decode().split()[1:]


@pytest.fixture(scope="module")
def edges(store: OxigraphStore) -> Graph:
    """Every edge that a query sees, for rdflib to follow."""
    graph = Graph()
    for row in asked(store, f"SELECT ?s ?o {{ ?s <{RDFS.subClassOf}> ?o }}"):
        low, high = row.split(",")
        graph.add((URIRef(low), RDFS.subClassOf, URIRef(high)))
    return graph


@pytest.mark.parametrize("prefix", ["NCIT_", "OBI_"])
def test_paths_mean_what_they_mean(store: OxigraphStore, edges: Graph, prefix: str) -> None:
    """Of 500 random classes: each class below and above, once; the same by * and, without the class itself, by +."""
    classes = sorted({str(c) for c in edges.subjects() if str(c).startswith(OBO + prefix)})
    for iri in random.Random(5).sample(classes, 500):
        term = URIRef(iri)
        below = sorted(map(str, edges.transitive_subjects(RDFS.subClassOf, term)))
        above = sorted(map(str, edges.transitive_objects(term, RDFS.subClassOf)))
        path = f"<{RDFS.subClassOf}>"
        assert sorted(asked(store, f"SELECT ?x {{ ?x {path}* <{iri}> }}")) == below
        assert sorted(asked(store, f"SELECT ?x {{ <{iri}> {path}* ?x }}")) == above
        assert sorted(asked(store, f"SELECT ?x {{ ?x {path}+ <{iri}> }}")) == [x for x in below if x != iri]


def test_what_obi_defines_is_found_in_its_release(tmp_path: Path) -> None:
    """Superclasses inferred from the edited sources of OBI are those of the released, reasoned OBI."""
    stores = {}
    for name, file in (("edit", "obi-edit-merged.nt.gz"), ("release", "obi.obo")):
        made = OxigraphStore(tmp_path / name, identifiers=IDS, workers=1, queue_seconds=60)
        stores[name] = made, install("obi", SHARED / "obi" / file, store=made, identifiers=IDS, version=name)
    try:
        edited, release = stores["edit"]
        assert release.inferred > 2_000
        assert release.inferred_graph is not None
        pairs = f"SELECT ?s ?o {{ ?s <{RDFS.subClassOf}> ?o FILTER(STRSTARTS(STR(?o), '{OBO}')) }}"
        inferred = asked(edited, pairs, GraphScope((release.inferred_graph,)))
        reference = Graph()
        for row in asked(stores["release"][0], pairs):
            low, high = row.split(",")
            reference.add((URIRef(low), RDFS.subClassOf, URIRef(high)))
        known = {str(s) for s in reference.subjects()}
        sound = [row.split(",") for row in inferred if set(row.split(",")) <= known]
        assert len(sound) > 2_000
        wrong = [
            (low, high)
            for low, high in sound
            if URIRef(high) not in set(reference.transitive_objects(URIRef(low), RDFS.subClassOf))
        ]
        assert wrong == []
    finally:
        for made, _ in stores.values():
            made.close()
