"""Closures of hierarchies: what their files say, that they follow every change, that queries mean what they meant."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest

from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import CSV, NTRIPLES
from node.rdf.namespaces import RDFS, RDFS_SUBCLASS_OF, SKOS
from node.store.hierarchies import Hierarchies, LoadedHierarchies, write_hierarchies
from node.store.hierarchy import Hierarchy, write_hierarchy
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget, Change, GraphContent, Update
from node.store.statistics import Statistics

EX = "http://ex.org/"
SEEN, OTHER = ox.NamedNode("http://node.example/tier/public"), ox.NamedNode("http://node.example/tier/controlled")
IDS = Identifiers("http://node.example/")
UNDER = f"<{RDFS_SUBCLASS_OF}>"


def followed(edges: list[tuple[bytes, bytes]], end: bytes) -> set[bytes]:
    """Everything from which one edge or more lead to the end, found by following them."""
    found: set[bytes] = set()
    waiting = [end]
    while waiting:
        high = waiting.pop()
        fresh = {low for low, above in edges if above == high} - found
        found |= fresh
        waiting += fresh
    return found


def test_a_file_says_what_following_the_edges_says(tmp_path: Path) -> None:
    """Over random graphs with cycles, loops and several parents: everything below, each once, for + and for *."""
    chance = random.Random(11)
    for number in range(300):
        names = [f"<{EX}{i}>".encode() for i in range(chance.randint(1, 14))]
        edges = [(chance.choice(names), chance.choice(names)) for _ in range(chance.randint(1, 30))]
        path = tmp_path / str(number)
        path.write_bytes(write_hierarchy(edges))
        hierarchy = Hierarchy.of_file(path)
        for end in [*names, b"<http://ex.org/unknown>"]:
            below = followed(edges, end)
            assert sorted(hierarchy.below(end, itself=False)) == sorted(below)
            assert sorted(hierarchy.below(end, itself=True)) == sorted(below | {end})


def test_another_file_is_not_read(tmp_path: Path) -> None:
    """Half a file, or one of something else, is an error and not half an answer."""
    whole = write_hierarchy([(b"<a:a>", b"<a:b>")])
    for name, content in (("half", whole[:-1]), ("other", b"x" * len(whole))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match="not a closure"):
            Hierarchy.of_file(tmp_path / name)


# --- queries written anew ---


def generation(folder: Path, quads: list[ox.Quad]) -> tuple[ox.Store, Statistics]:
    store = ox.Store()
    store.extend(quads)
    for name, content in write_hierarchies(store, (SEEN.value, OTHER.value)).items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return store, Statistics(store, Hierarchies(folder))


def solutions(
    store: ox.Store, text: str, graphs: list[ox.NamedNode]
) -> tuple[tuple[str, ...], Counter[tuple[str, ...]]]:
    answer = store.query(text, default_graph=[*graphs], named_graphs=[SEEN, OTHER])
    assert isinstance(answer, ox.QuerySolutions)
    names = tuple(v.value for v in answer.variables)
    return names, Counter(tuple(str(row[name]) for name in names) for row in answer)


QUERIES = [
    "SELECT * { ?s :dx ?x . ?x rdfs:subClassOf* :c1 }",
    "SELECT ?s ?x { ?x rdfs:subClassOf+ :c1 . ?s :dx ?x }",
    "SELECT ?s { ?s :dx/rdfs:subClassOf* :c1 }",
    "SELECT ?s { ?s :of/:dx/rdfs:subClassOf+ :c2 ; :site ?y }",
    "SELECT ?s { ?s :dx/^rdfs:subClassOf* :c1 }",
    "SELECT ?x { :c2 ^rdfs:subClassOf* ?x }",
    "SELECT ?x { :c2 (^rdfs:subClassOf)+ ?x . ?s :dx ?x }",
    "SELECT ?x { :c2 rdfs:subClassOf* ?x }",
    "SELECT ?x { :c1 skos:narrower* ?x }",
    "SELECT ?s ?x { ?s :dx ?x . ?x skos:broader* :c1 ; rdfs:subClassOf* :c2 }",
    "SELECT * { ?s :dx ?x ; :site ?y . ?x rdfs:subClassOf* :c1 . ?y rdfs:subClassOf* :c2 }",
    "SELECT * { ?s :dx ?x ; :site :c3 ; :of ?t . ?x rdfs:subClassOf* :c1 }",
    "SELECT * { ?s :site ?y OPTIONAL { ?s :dx ?x . ?x rdfs:subClassOf* :c1 } }",
    "SELECT * { ?s :site ?y OPTIONAL { ?s :dx ?x . ?x rdfs:subClassOf* :c1 FILTER(?y != ?x) } }",
    "SELECT * { ?s :site ?y MINUS { ?s :dx ?x . ?x rdfs:subClassOf* :c1 } }",
    "SELECT * { { ?s :dx ?x . ?x rdfs:subClassOf* :c1 } UNION { ?s :site ?x . ?x rdfs:subClassOf+ :c2 } }",
    "SELECT * { { SELECT ?x { ?x rdfs:subClassOf* :c1 } } ?s :dx ?x }",
    "SELECT * { { SELECT DISTINCT ?x { ?x rdfs:subClassOf* :c1 } } OPTIONAL { ?s :dx ?x } }",
    "SELECT * { { SELECT ?x { ?x rdfs:subClassOf* :c1 } LIMIT 2000 } ?s :dx ?x }",
    "SELECT (COUNT(*) AS ?n) { ?s :dx ?x . ?x rdfs:subClassOf* :c1 }",
    "SELECT ?x (COUNT(DISTINCT ?s) AS ?n) { ?s :dx ?x . ?x rdfs:subClassOf* :c1 } GROUP BY ?x HAVING (?n > 1)",
    "SELECT ?s { [] :dx ?x . ?x rdfs:subClassOf* :c1 . ?s :site ?x }",
    "SELECT ?s { ?s :dx [ rdfs:subClassOf* :c1 ] }",
    "SELECT ?s { ?s :dx [ rdfs:subClassOf* :c1 ; rdfs:label ?l ] }",
    "SELECT * { ?x rdfs:subClassOf* :c1 ; rdfs:label ?l }",
    "SELECT * { ?x rdfs:subClassOf+ :nowhere }",
    "SELECT * { ?s :dx ?x . ?x rdfs:subClassOf* :nowhere }",
    "SELECT * { ?x rdfs:subClassOf* :c1 . ?x ?p ?x }",
    "SELECT * { ?a rdfs:subClassOf* ?b . ?b rdfs:subClassOf* :c1 . ?s :dx ?a }",
    "SELECT * { ?s :dx ?x . ?x rdfs:subClassOf* :c1 . VALUES ?x { :c1 :c2 UNDEF } }",
    "SELECT * { ?s :dx ?x . ?x rdfs:subClassOf* :c1 BIND(?x AS ?z) ?z rdfs:subClassOf* :c2 }",
    "SELECT * { ?s :dx ?x FILTER EXISTS { ?x rdfs:subClassOf* :c1 } }",
    "SELECT * { ?s :dx ?x FILTER NOT EXISTS { ?s :site ?y . ?y rdfs:subClassOf* :c1 } }",
    "SELECT * { GRAPH ?g { ?s :dx ?x . ?x rdfs:subClassOf* :c1 } }",
    "SELECT * { ?s :dx ?x . GRAPH ?g { ?x rdfs:subClassOf* :c1 } }",
    "SELECT * { ?s :dx ?x . ?x (rdfs:subClassOf|skos:broader)* :c1 }",
    "SELECT * { ?s :dx ?x . ?x rdfs:subClassOf* 'literal' }",
    "SELECT ?_h1 { ?_h1 :dx/rdfs:subClassOf* :c1 }",
]  # fmt: skip
_HEAD = f"PREFIX : <{EX}> PREFIX rdfs: <{RDFS}> PREFIX skos: <{SKOS}> "
#: Of these the paths are left to the engine.
_LEFT = {
    "GRAPH ?g { ?",
    "EXISTS",
    "'literal'",
    "|skos",
    ":c2 rdfs:subClassOf* ?x",
    ":dx/^rdfs:sub",
    "rdfs:label ?l ] }",
}


def random_quads(chance: random.Random) -> list[ox.Quad]:
    def node(text: str) -> ox.NamedNode:
        return ox.NamedNode(EX + text)

    def one(kind: str, most: int) -> ox.NamedNode:
        return node(f"{kind}{chance.randint(0, most)}")

    quads = []
    for _ in range(chance.randint(0, 16)):
        predicate = chance.choice((RDFS_SUBCLASS_OF, RDFS_SUBCLASS_OF, SKOS + "broader", SKOS + "narrower"))
        quads.append(ox.Quad(one("c", 8), ox.NamedNode(predicate), one("c", 8), SEEN))
    for predicate, kind in (("dx", "c"), ("dx", "c"), ("site", "c"), ("of", "s"), ("dx", "other")):
        quads += [
            ox.Quad(one("s", 5), node(predicate), one(kind, 8), chance.choice((SEEN, SEEN, OTHER)))
            for _ in range(chance.randint(0, 12))
        ]
    quads += [ox.Quad(node(f"c{i}"), ox.NamedNode(RDFS + "label"), ox.Literal(f"c {i}"), SEEN) for i in range(5)]
    quads.append(ox.Quad(one("c", 8), ox.NamedNode(RDFS_SUBCLASS_OF), ox.Literal("literal"), SEEN))
    return quads


@pytest.mark.parametrize("query", QUERIES)
def test_solutions_stay_the_same(tmp_path: Path, query: str) -> None:
    """The same columns in the same order, and the same solutions as often, over random data, as by following paths."""
    written = 0
    for seed in range(10):
        store, statistics = generation(tmp_path / str(seed), random_quads(random.Random(seed)))
        for graphs in ([SEEN], [SEEN, OTHER]):
            better = statistics.better(_HEAD + query, {"default_graph": graphs})
            if better is not None:
                written += 1
                assert "VALUES" in better
                assert solutions(store, better, graphs) == solutions(store, _HEAD + query, graphs), (seed, better)
    assert bool(written) is not any(part in query for part in _LEFT)


@pytest.mark.parametrize("query", QUERIES)
def test_solutions_stay_the_same_over_what_is_loaded(query: str) -> None:
    """The last step of a federated query: data in the unnamed graph of a store in memory."""
    for seed in range(10):
        store = ox.Store()
        store.extend(ox.Quad(q.subject, q.predicate, q.object) for q in random_quads(random.Random(seed)))
        better = Statistics(store, LoadedHierarchies(store), stars=False).better(_HEAD + query, {})
        if better is not None:
            found, asked_for = (store.query(text) for text in (better, _HEAD + query))
            assert isinstance(found, ox.QuerySolutions)
            assert isinstance(asked_for, ox.QuerySolutions)
            assert [v.value for v in found.variables] == [v.value for v in asked_for.variables]
            assert Counter(str(row) for row in found) == Counter(str(row) for row in asked_for)


def test_what_is_loaded_is_read_only_where_it_is_worth_it() -> None:
    """Not for a few triples beside many edges, nor where an edge has a blank node."""
    edges = [
        ox.Quad(ox.NamedNode(f"{EX}c{i}"), ox.NamedNode(RDFS_SUBCLASS_OF), ox.NamedNode(f"{EX}c1")) for i in range(9)
    ]
    data = [ox.Quad(ox.NamedNode(f"{EX}s{i}"), ox.NamedNode(f"{EX}dx"), ox.NamedNode(f"{EX}c2")) for i in range(9)]
    blank = ox.Quad(ox.BlankNode(), ox.NamedNode(RDFS_SUBCLASS_OF), ox.NamedNode(f"{EX}c1"))
    for quads, expected in ((edges + data, True), (edges + data[:2], False), ([*edges, *data, blank], False)):
        store = ox.Store()
        store.extend(quads)
        better = Statistics(store, LoadedHierarchies(store), stars=False).better(
            _HEAD + "SELECT ?s { ?s :dx/rdfs:subClassOf* :c1 }", {}
        )
        assert (better is not None) is expected


def test_a_term_that_is_in_no_triple(tmp_path: Path) -> None:
    """``?x p* <term>`` has the term itself as a solution (section 18.4, ZeroLengthPath); the engine leaves it out."""
    store, statistics = generation(tmp_path, random_quads(random.Random(1)))
    better = statistics.better(_HEAD + "SELECT * { ?x rdfs:subClassOf* :nowhere }", {"default_graph": [SEEN]})
    assert better is not None
    assert solutions(store, better, [SEEN]) == (("x",), Counter({(f"<{EX}nowhere>",): 1}))


def test_only_what_occurs_is_named(tmp_path: Path) -> None:
    """Terms below that are no object of the pattern are not in the text that the engine reads."""
    edges = [
        ox.Quad(ox.NamedNode(f"{EX}c{i}"), ox.NamedNode(RDFS_SUBCLASS_OF), ox.NamedNode(f"{EX}top"), SEEN)
        for i in range(500)
    ]
    dx = [ox.Quad(ox.NamedNode(f"{EX}s"), ox.NamedNode(f"{EX}dx"), ox.NamedNode(f"{EX}c{i}"), SEEN) for i in (7, 9)]
    _, statistics = generation(tmp_path, edges + dx)
    query = _HEAD + "SELECT ?s { { SELECT ?x { ?x rdfs:subClassOf* :top } } ?s :dx ?x }"
    better = statistics.better(query, {"default_graph": [SEEN]})
    assert better is not None
    assert {i for i in range(500) if f"c{i}>" in better} == {7, 9}


def test_what_is_sooner_followed_is_left(tmp_path: Path) -> None:
    """A pattern with few solutions beside a path with many: the path is followed from these."""
    made = [(f"c{i}", RDFS_SUBCLASS_OF, "top") for i in range(5000)]
    made += [(f"s{i}", EX + "dx", f"c{i}") for i in range(5000)] + [("s3", EX + "site", "here")]
    store, statistics = generation(
        tmp_path, [ox.Quad(ox.NamedNode(EX + s), ox.NamedNode(p), ox.NamedNode(EX + o), SEEN) for s, p, o in made]
    )
    query = _HEAD + "SELECT ?s { ?s :dx ?x . ?x rdfs:subClassOf* :top . ?s :site :here }"
    assert statistics.better(query, {"default_graph": [SEEN]}) is None
    assert statistics.better(query.replace("?s :site :here", ""), {"default_graph": [SEEN]}) is not None
    assert "VALUES" not in (
        statistics.better(query.replace("?s :site", ":s3 :dx ?x . ?s :site"), {"default_graph": [SEEN]}) or ""
    )
    assert len(store) == 10_001


# --- in the store ---


def asked(store: OxigraphStore, text: str, scope: GraphScope | None = None) -> set[str]:
    scope = scope or GraphScope((IDS.tier_graph(Tier.PUBLIC),))
    with store.query(_HEAD + text, scope=scope, formats=(CSV, NTRIPLES), budget=Budget(30, 1 << 30, 1 << 20)) as answer:
        rows = b"".join(answer).decode().split()
    assert len(rows) == len(set(rows))
    return {row.removeprefix(EX) for row in rows[1:]}


def content(graph: str, edges: str, tier: Tier | None = Tier.PUBLIC) -> GraphContent:
    lines = (f"<{EX}{low}> {UNDER} <{EX}{high}> .\n" for low, high in (edge.split("<") for edge in edges.split()))
    return GraphContent(f"{IDS.base}graph/{graph}", tier, "".join(lines).encode())


BELOW = "SELECT ?x { ?x rdfs:subClassOf* :a }"


def test_closures_follow_every_change(tmp_path: Path) -> None:
    """Publishing, replacing, updating and removing: what lies below is what the graphs say that the caller may see."""
    store = OxigraphStore(tmp_path, identifiers=IDS, workers=1, queue_seconds=10)
    both = GraphScope((IDS.tier_graph(Tier.PUBLIC), IDS.tier_graph(Tier.CONTROLLED)))
    try:
        store.apply(Change(put=(content("one", "b<a c<b"),)))
        assert asked(store, BELOW) == {"a", "b", "c"}
        store.apply(Change(put=(content("two", "d<c"), content("hidden", "e<d", Tier.CONTROLLED))))
        assert asked(store, BELOW) == {"a", "b", "c", "d"}
        assert asked(store, BELOW, both) == {"a", "b", "c", "d", "e"}
        named = GraphScope((f"{IDS.base}graph/one",), (f"{IDS.base}graph/one",))
        assert asked(store, BELOW, named) == {"a", "b", "c"}
        store.apply(Change(put=(content("none", "z<a", None),)))
        assert asked(store, BELOW) == {"a", "b", "c", "d"}
        store.apply(Change(put=(content("one", "c<b"),)))
        assert asked(store, BELOW) == {"a"}
        data = f"INSERT DATA {{ <{EX}b> {UNDER} <{EX}a> }}"
        update = Update(data, base=IDS.base, default_graph=IDS.default_graph, skolem=IDS.skolem(""))
        store.update(update, Budget(30, 1 << 30, 1 << 20))
        assert asked(store, BELOW) == {"a", "b", "c", "d"}
        store.apply(Change(remove=(f"{IDS.base}graph/two",)))
        assert asked(store, BELOW) == {"a", "b", "c"}
        store.apply(Change(files={"note": b"nothing of the graphs has changed"}))
        assert asked(store, BELOW) == {"a", "b", "c"}
        # nothing of it can be seen
        assert asked(store, "SELECT ?s { ?s ?p ?o }") == {"b", "c"}
    finally:
        store.close()


def test_a_generation_of_an_earlier_release(tmp_path: Path) -> None:
    """Without closures paths are followed; with the next change of a graph they are made."""
    store = OxigraphStore(tmp_path, identifiers=IDS, workers=1, queue_seconds=10)
    try:
        folder = store.apply(Change(put=(content("one", "b<a c<b"),))).folder / "files" / "hierarchies"
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        assert asked(store, BELOW) == {"a", "b", "c"}
        made = store.apply(Change(put=(GraphContent(f"{IDS.base}graph/x", Tier.PUBLIC, b"<a:a> <a:b> <a:c> .\n"),)))
        assert (made.folder / "files" / "hierarchies" / "index.json").exists()
        assert asked(store, BELOW) == {"a", "b", "c"}
    finally:
        store.close()
