"""What every QuadStore does, run on each implementation there is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import Quad, QueryResultsFormat, RdfFormat, parse, parse_query_results

from node.errors import Conflict, DocumentSyntaxError, QuerySyntaxError, QueryTimeout, ResultTooLarge, StoreError
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import GRAPH_FORMATS, JSON, NTRIPLES, RESULT_FORMATS, TSV, TURTLE, Format
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget, Change, GraphContent, QuadStore

IDENTIFIERS = Identifiers("http://node.example/")
PUBLIC_GRAPH = IDENTIFIERS.tier_graph(Tier.PUBLIC)
CONTROLLED_GRAPH = IDENTIFIERS.tier_graph(Tier.CONTROLLED)
PUBLIC = GraphScope((PUBLIC_GRAPH,))
EVERYTHING = GraphScope((PUBLIC_GRAPH, CONTROLLED_GRAPH))
BUDGET = Budget(seconds=20, memory_bytes=1_000_000_000, result_bytes=100_000_000)
A, B, C = (IDENTIFIERS.graph(name) for name in "abc")

Make = Callable[[], QuadStore]


@pytest.fixture(params=[OxigraphStore])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Opens the same store, again and again if need be, as another process would."""
    opened: list[QuadStore] = []

    def open_store() -> QuadStore:
        opened.append(request.param(tmp_path / "data", identifiers=IDENTIFIERS, workers=2, queue_seconds=5))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(make: Make) -> QuadStore:
    return make()


def triples(*objects: str) -> bytes:
    return "".join(f"<http://x/s> <http://x/p> <http://x/{o}> .\n" for o in objects).encode()


def put(graph: str, tier: Tier | None, *objects: str) -> Change:
    return Change(put=(GraphContent(graph, tier, triples(*objects)),))


def answer(
    store: QuadStore,
    text: str,
    scope: GraphScope = PUBLIC,
    formats: tuple[Format, Format] = (JSON, NTRIPLES),
    budget: Budget = BUDGET,
) -> bytes:
    with store.query(text, scope=scope, formats=formats, budget=budget) as given:
        return b"".join(given)


def objects(store: QuadStore, scope: GraphScope = PUBLIC, text: str = "SELECT ?o { ?s ?p ?o } ORDER BY ?o") -> str:
    """The last letters of all ?o, in order, so that double solutions show."""
    bindings = json.loads(answer(store, text, scope))["results"]["bindings"]
    return "".join(row["o"]["value"][-1] for row in bindings)


def test_an_untouched_store_is_generation_zero_and_empty(store: QuadStore) -> None:
    """Everything can be asked of a node to which nothing was ever published."""
    assert store.generation().number == 0
    assert store.graphs(tuple(Tier)) == ()
    assert store.file("summary.json") is None
    assert objects(store) == ""
    assert answer(store, "ASK {}", formats=(TSV, TURTLE)) == b"true"


def test_a_change_makes_the_next_generation(store: QuadStore) -> None:
    """Numbers grow by one, whatever the change is; the answer says of which generation it is."""
    assert store.apply(put(A, Tier.PUBLIC, "1")).number == 1
    assert store.apply(Change()).number == 2
    assert store.apply(Change(files={"x": b"y"})).number == 3
    assert store.generation().number == 3
    with store.query("ASK {}", scope=PUBLIC, formats=(JSON, TURTLE), budget=BUDGET) as given:
        assert given.generation == store.generation()


def test_what_one_store_changes_others_see(make: Make) -> None:
    """Two stores on the same data stand for two processes: the next question is answered from the new generation."""
    one, other = make(), make()
    one.apply(put(A, Tier.PUBLIC, "1"))
    assert objects(other) == "1"
    other.apply(put(A, Tier.PUBLIC, "2"))
    assert objects(one) == "2"
    assert other.graphs((Tier.PUBLIC,)) == one.graphs((Tier.PUBLIC,)) == (A,)


def test_put_replaces_a_graph_whole_and_remove_drops_it(store: QuadStore) -> None:
    """From bytes or a file; graphs not named stay; removing what is not there is nothing."""
    store.apply(put(A, Tier.PUBLIC, "1", "2"))
    store.apply(put(B, Tier.PUBLIC, "3"))
    store.apply(put(A, Tier.PUBLIC, "2", "4"))
    assert objects(store) == "234"
    store.apply(Change(remove=(A, C)))
    assert objects(store) == "3"
    assert store.graphs((Tier.PUBLIC,)) == (B,)


def test_content_may_be_a_file(store: QuadStore, tmp_path: Path) -> None:
    """The file is read, not taken."""
    path = tmp_path / "content.nt"
    path.write_bytes(triples("1", "2"))
    store.apply(Change(put=(GraphContent(A, Tier.PUBLIC, path),), files={"copy.nt": path}))
    path.write_bytes(b"changed afterwards")
    assert objects(store) == "12"
    assert store.file("copy.nt") == triples("1", "2")


def test_a_triple_in_several_graphs_counts_once(store: QuadStore) -> None:
    """A tier graph is the RDF merge of its graphs, and what one of them loses stays while another has it."""
    store.apply(
        Change(put=(GraphContent(A, Tier.PUBLIC, triples("1", "2")), GraphContent(B, Tier.PUBLIC, triples("2"))))
    )
    assert objects(store) == "12"
    store.apply(Change(remove=(A,)))
    assert objects(store) == "2"


def test_tiers_are_seen_as_the_scope_says_and_are_disjoint(store: QuadStore) -> None:
    """Controlled triples need the controlled tier; one that is public too counts once, and comes back to the
    controlled tier when it stops being public."""
    store.apply(put(A, Tier.CONTROLLED, "1", "2"))
    store.apply(put(B, Tier.PUBLIC, "2", "3"))
    assert objects(store) == "23"
    assert objects(store, EVERYTHING) == "123"
    assert objects(store, GraphScope((CONTROLLED_GRAPH,))) == "1"
    store.apply(put(B, Tier.PUBLIC, "3"))
    assert objects(store) == "3"
    assert objects(store, EVERYTHING) == "123"


def test_a_graph_can_change_its_tier(store: QuadStore) -> None:
    """Opened or closed, it moves with everything in it."""
    store.apply(put(A, Tier.CONTROLLED, "1"))
    store.apply(put(A, Tier.PUBLIC, "1"))
    assert (objects(store), store.graphs((Tier.PUBLIC,)), store.graphs((Tier.CONTROLLED,))) == ("1", (A,), ())
    store.apply(put(A, Tier.CONTROLLED, "1"))
    assert (objects(store), store.graphs((Tier.PUBLIC,)), store.graphs((Tier.CONTROLLED,))) == ("", (), (A,))
    assert store.graphs((Tier.PUBLIC, Tier.CONTROLLED)) == (A,)


def test_a_graph_without_a_tier_is_in_no_default_graph(store: QuadStore) -> None:
    """It is kept, and asked for by whoever puts it in the scope."""
    store.apply(put(A, None, "1"))
    assert objects(store, EVERYTHING) == ""
    assert store.graphs(tuple(Tier)) == ()
    assert objects(store, GraphScope((), (A,)), "SELECT ?o { GRAPH ?g { ?s ?p ?o } }") == "1"
    store.apply(put(A, Tier.PUBLIC, "1"))
    assert objects(store) == "1"


def test_graph_names_only_what_is_in_scope(store: QuadStore) -> None:
    """GRAPH, FROM and FROM NAMED cannot reach a graph that the scope does not hold, however they are spelt."""
    store.apply(put(A, Tier.PUBLIC, "1"))
    store.apply(put(B, Tier.CONTROLLED, "2"))
    for text in (
        "SELECT ?o { GRAPH ?g { ?s ?p ?o } }",
        "select ?o { graph ?g { ?s ?p ?o } }",
        f"SELECT ?o FROM NAMED <{B}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        f"SELECT ?o FROM <{B}> {{ ?s ?p ?o }}",
        f"SELECT ?o FROM <{CONTROLLED_GRAPH}> {{ ?s ?p ?o }}",
        f"SELECT ?o {{ {{ GRAPH <{B}> {{ ?s ?p ?o }} }} UNION {{ GRAPH <{A}> {{ ?s ?p ?o }} }} }}",
    ):
        assert objects(store, GraphScope((PUBLIC_GRAPH,), (A,)), text) == "1"
    assert objects(store, PUBLIC, "SELECT ?o { GRAPH ?g { ?s ?p ?o } }") == ""
    assert objects(store, GraphScope(()), "SELECT ?o { ?s ?p ?o }") == ""


@pytest.mark.parametrize("results", RESULT_FORMATS, ids=lambda format_: format_.name)
def test_solutions_and_booleans_come_in_the_first_format(results: Format, store: QuadStore) -> None:
    """SELECT and ASK in any results format; the answer says which it is in."""
    store.apply(put(A, Tier.PUBLIC, "1"))
    for text, expected in (("SELECT ?o { ?s ?p ?o }", "http://x/1"), ("ASK { ?s ?p ?o }", "true")):
        with store.query(text, scope=PUBLIC, formats=(results, TURTLE), budget=BUDGET) as given:
            assert given.format is results
            body = b"".join(given)
        assert expected in body.decode()
        if results.results not in (QueryResultsFormat.CSV, None):
            parse_query_results(body, results.results)


@pytest.mark.parametrize("graph", GRAPH_FORMATS, ids=lambda format_: format_.name)
def test_graphs_come_in_the_second_format(graph: Format, store: QuadStore) -> None:
    """CONSTRUCT and DESCRIBE in any RDF format, JSON-LD too, and read back the same."""
    store.apply(put(A, Tier.PUBLIC, "1", "2"))
    expected = {Quad(q.subject, q.predicate, q.object) for q in parse(triples("1", "2"), format=RdfFormat.N_TRIPLES)}
    for text in ("CONSTRUCT WHERE { ?s ?p ?o }", "DESCRIBE <http://x/s>"):
        with store.query(text, scope=PUBLIC, formats=(JSON, graph), budget=BUDGET) as given:
            assert given.format is graph
            assert set(parse(b"".join(given), format=graph.rdf)) == expected
    assert (
        set(parse(answer(store, "CONSTRUCT { ?s ?p 1 } { ?s ?p 2 }", formats=(JSON, graph)), format=graph.rdf)) == set()
    )


def test_content_that_is_not_n_triples_changes_nothing(store: QuadStore) -> None:
    """One bad graph among good ones: none is there afterwards, and the store goes on working."""
    store.apply(put(A, Tier.PUBLIC, "1"))
    good = GraphContent(B, Tier.PUBLIC, triples("2"))
    for bad in (b"<http://x/s> <http://x/p> .\n", b"_:b <http://x/p> <http://x/o> .\n", b"PREFIX x: <http://x/>"):
        with pytest.raises(DocumentSyntaxError):
            store.apply(Change(put=(good, GraphContent(C, Tier.PUBLIC, bad)), files={"new": b""}))
        with pytest.raises(DocumentSyntaxError):
            store.apply(Change(put=(good, GraphContent(A, Tier.PUBLIC, bad)), files={"new": b""}))
    assert (store.generation().number, objects(store), store.file("new")) == (1, "1", None)
    assert store.apply(Change(put=(good,))).number == 2


@pytest.mark.parametrize(
    "change",
    [
        put("not an iri", Tier.PUBLIC),
        put(PUBLIC_GRAPH, Tier.PUBLIC),
        Change(remove=(CONTROLLED_GRAPH,)),
        Change(put=(GraphContent(A, Tier.PUBLIC, b""), GraphContent(A, Tier.CONTROLLED, b""))),
        Change(put=(GraphContent(A, Tier.PUBLIC, b""),), remove=(A,)),
        Change(put=(GraphContent(A, Tier.PUBLIC, Path("there/is/no/such/file.nt")),)),
        *(
            Change(files={name: b""})
            for name in ("", "/etc/x", "../x", "a/../x", "a//x", "a/", ".", "a\\x", "\0", "graphs.json", "summary.json")
        ),
        Change(files={"a": b"", "a/b": b""}),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_whole(change: Change, store: QuadStore) -> None:
    """Names that are none, a graph named twice, content that is not there, a file where a folder is."""
    store.apply(put(B, Tier.PUBLIC, "1"))
    with pytest.raises(StoreError):
        store.apply(replace(change, files={**change.files, "new": b""}))
    assert (store.generation().number, store.file("new")) == (1, None)


def test_a_change_worked_out_from_an_older_generation_is_refused(store: QuadStore) -> None:
    """Whoever names its base does not undo what came between."""
    base = store.generation().number
    assert store.apply(replace(put(A, Tier.PUBLIC, "1"), base=base)).number == 1
    with pytest.raises(Conflict):
        store.apply(replace(put(A, Tier.PUBLIC, "2"), base=base))
    assert objects(store) == "1"
    assert store.apply(replace(put(A, Tier.PUBLIC, "2"), base=1)).number == 2


def test_files_belong_to_the_generation(store: QuadStore) -> None:
    """Written, replaced, removed with the change; there is none of a name that could be none."""
    store.apply(Change(files={"a/b.txt": b"1", "c": b"2"}))
    store.apply(Change(files={"a/b.txt": None, "c": b"3", "never": None}))
    assert (store.file("a/b.txt"), store.file("c"), store.file("a"), store.file("../CURRENT")) == (
        None,
        b"3",
        None,
        None,
    )
    store.apply(Change(files={"a": b"now a file"}))
    assert store.file("a") == b"now a file"


def test_the_summary_counts_what_is_public(store: QuadStore) -> None:
    """Triples, triples by predicate, instances by class, of the public tier's merge."""
    typed = b"<http://x/s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://x/C> .\n"
    store.apply(Change(put=(GraphContent(A, Tier.PUBLIC, typed + triples("1")), GraphContent(B, Tier.PUBLIC, typed))))
    store.apply(put(C, Tier.CONTROLLED, "9"))
    summary = {
        "triples": 2,
        "predicates": {"http://www.w3.org/1999/02/22-rdf-syntax-ns#type": 1, "http://x/p": 1},
        "classes": {"http://x/C": 1},
    }
    assert json.loads(store.file("summary.json") or b"") == summary
    store.apply(Change(remove=(A, B)))
    assert json.loads(store.file("summary.json") or b"") == {"triples": 0, "predicates": {}, "classes": {}}


def test_errors_of_a_query_are_raised_when_it_is_asked(store: QuadStore) -> None:
    """Syntax with line and column; limits of time and size as their own errors."""
    content = b"".join(b'<http://x/s%d> <http://x/p> "%d" .\n' % (n, n) for n in range(1_000))
    store.apply(Change(put=(GraphContent(A, Tier.PUBLIC, content),)))
    with pytest.raises(QuerySyntaxError) as caught:
        answer(store, "SELECT ?s WHERE {\n ?s ?p }")
    assert caught.value.where is not None
    assert caught.value.where.line == 2
    with pytest.raises(QueryTimeout):
        answer(store, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", budget=replace(BUDGET, seconds=0.3))
    with pytest.raises(ResultTooLarge):
        answer(store, "SELECT * { ?s ?p ?o }", budget=replace(BUDGET, result_bytes=1_000))


def test_many_threads_ask_while_the_store_changes(store: QuadStore) -> None:
    """Every answer is of one generation, whole: two graphs and a file that always change together always agree."""

    def version(number: int) -> Change:
        content = b'<http://x/s> <http://x/version> "%d" .\n' % number
        return Change(
            put=tuple(
                GraphContent(graph, Tier.PUBLIC, content.replace(b"/s>", b"/%d>" % n)) for n, graph in enumerate((A, B))
            )
        )

    store.apply(version(1))
    failures: list[str] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            with store.query("SELECT ?v { ?s ?p ?v }", scope=PUBLIC, formats=(JSON, TURTLE), budget=BUDGET) as given:
                rows = json.loads(b"".join(given))["results"]["bindings"]
                versions = [row["v"]["value"] for row in rows]
                if versions != [str(given.generation.number)] * 2:
                    failures.append(f"{versions} in generation {given.generation.number}")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(2, 9):
        store.apply(version(number))
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
