"""What every QuadStore does, run on each implementation there is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Quad, QueryResultsFormat, RdfFormat, parse, parse_query_results

from node.errors import (
    Conflict,
    DocumentSyntaxError,
    MemberUnavailable,
    NodeError,
    NotFound,
    ProtocolError,
    QuerySyntaxError,
    QueryTimeout,
    ResultTooLarge,
    StoreError,
    TargetRefused,
    Unsupported,
)
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.rdf.dataset import GraphScope
from node.rdf.formats import GRAPH_FORMATS, JSON, NTRIPLES, RESULT_FORMATS, TSV, TURTLE, Format
from node.store.quads import Budget, Change, GraphContent, Owner, QuadStore, Update

IDENTIFIERS = Identifiers("http://node.example/")
PUBLIC_GRAPH = IDENTIFIERS.tier_graph(Tier.PUBLIC)
CONTROLLED_GRAPH = IDENTIFIERS.tier_graph(Tier.CONTROLLED)
PUBLIC = GraphScope((PUBLIC_GRAPH,))
EVERYTHING = GraphScope((PUBLIC_GRAPH, CONTROLLED_GRAPH))
BUDGET = Budget(seconds=20, memory_bytes=1_000_000_000, result_bytes=100_000_000)
A, B, C = (IDENTIFIERS.graph(name) for name in "abc")

Make = Callable[[], QuadStore]


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


def _counts(store: QuadStore) -> dict[str, object]:
    """The numbers that the summary of every store has; an embedded one says more."""
    summary = json.loads(store.file("summary.json") or b"")
    return {name: summary[name] for name in ("triples", "predicates", "classes")}


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
    assert _counts(store) == summary
    store.apply(Change(remove=(A, B)))
    assert _counts(store) == {"triples": 0, "predicates": {}, "classes": {}}


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


# --- SPARQL 1.1 Update ---

DEFAULT = IDENTIFIERS.default_graph
SKOLEM = IDENTIFIERS.skolem("")
G1, G2 = "http://x/g1", "http://x/g2"


def update(store: QuadStore, text: str, budget: Budget = BUDGET, **more: Any) -> int:
    """Carry out an update in which ``:`` is http://x/; returns the generation's number."""
    request = Update(
        f"PREFIX : <http://x/>\n{text}", base=IDENTIFIERS.base, default_graph=DEFAULT, skolem=SKOLEM, **more
    )
    return store.update(request, budget).number


def held(store: QuadStore, graph: str = DEFAULT) -> str:
    """The last letters of the objects in a graph."""
    return objects(store, GraphScope((graph,)))


def test_an_update_makes_the_next_generation_unless_nothing_changes(store: QuadStore) -> None:
    """What is there already, or not there to be deleted, is no change; nor is a triple that comes and goes."""
    assert update(store, "INSERT DATA { :s :p :1 . GRAPH :g1 { :s :p :2 } }") == 1
    assert (held(store), held(store, G1), objects(store)) == ("1", "2", "12")
    for text in (
        "",
        "INSERT DATA { :s :p :1 }",
        "DELETE DATA { :s :p :9 . GRAPH :nowhere { :s :p :1 } }",
        "DELETE { :s :p :1 } INSERT { :s :p :1 } WHERE {}",
        "INSERT DATA { :s :p :3 } ; DELETE DATA { :s :p :3 }",
        "MOVE :g1 TO :g1 ; COPY DEFAULT TO DEFAULT ; CLEAR SILENT GRAPH :nowhere ; CREATE SILENT GRAPH :g1",
    ):
        assert update(store, text) == 1
    assert update(store, "DELETE DATA { :s :p :1 }") == 2
    assert (held(store), objects(store)) == ("", "2")


def test_each_operation_sees_what_those_before_it_did(store: QuadStore) -> None:
    """And the deletions of one are worked out, with its insertions, from the state before it."""
    update(store, "INSERT DATA { :s :p :1 } ; INSERT { GRAPH :g1 { ?s ?p ?o } } WHERE { ?s ?p ?o }")
    assert (held(store), held(store, G1)) == ("1", "1")
    update(store, "DELETE { ?s ?p :1 } INSERT { ?s ?p :2 . GRAPH :g2 { ?s ?p ?o } } WHERE { ?s ?p ?o }")
    assert (held(store), held(store, G1), held(store, G2)) == ("2", "1", "1")
    assert objects(store) == "12"


def test_an_update_that_fails_changes_nothing(store: QuadStore) -> None:
    """Whatever its operations had done by then."""
    update(store, "INSERT DATA { :s :p :1 }")
    for text, error in (
        ("INSERT DATA { :s :p :2 } ; DROP GRAPH :nowhere", NotFound),
        ("INSERT DATA { :s :p :2 } ; CREATE GRAPH :g1 ; CREATE GRAPH :g1", Conflict),
        ("INSERT DATA { :s :p :2 } ; COPY :nowhere TO :g1", NotFound),
        ("INSERT DATA { :s :p :2 } ; CLEAR GRAPH :nowhere", NotFound),
        ("INSERT DATA { :s :p :2 } ; LOAD <http://elsewhere.example/>", TargetRefused),
        ("INSERT DATA { :s :p :2 } ; nonsense", QuerySyntaxError),
        ("INSERT { :s :p :2 } WHERE { SERVICE <http://elsewhere.example/> { ?s ?p ?o } }", Unsupported),
    ):
        with pytest.raises(error):
            update(store, text)
    assert (store.generation().number, objects(store), store.graph(G1)) == (1, "1", None)


def test_with_and_using_say_what_a_pattern_is_asked_over(store: QuadStore) -> None:
    """WITH also says where templates write; USING wins over it in the pattern; an unknown graph is an empty one."""
    update(store, "INSERT DATA { :s :p :1 . GRAPH :g1 { :s :p :2 } GRAPH :g2 { :s :p :3 . :s :p :2 } }")
    update(store, "WITH :g1 DELETE { ?s :p ?o } INSERT { ?s :moved ?o } WHERE { ?s :p ?o }")
    assert objects(store, GraphScope((G1,)), "SELECT ?o { ?s <http://x/moved> ?o }") == "2"
    update(store, "WITH :g1 INSERT { ?s :q ?o } USING :g2 WHERE { ?s ?p ?o } ")
    assert held(store, G1) == "223"
    update(store, "INSERT { :s :r ?o } USING :unknown USING NAMED :g2 WHERE { GRAPH ?g { ?s :p ?o } }")
    assert held(store) == "123"
    update(store, "INSERT DATA { GRAPH :g2 { :s :q :2 } }")
    update(store, "INSERT { :s :n ?n } USING :g1 USING :g2 WHERE { SELECT (COUNT(*) AS ?n) { :s ?p ?o } }")
    update(store, "DELETE { :s :r ?o } USING NAMED :g2 WHERE { ?s ?p ?o }")
    assert objects(store, GraphScope((DEFAULT,)), "SELECT ?o { ?s <http://x/n> ?o }") == "5"
    assert objects(store, GraphScope((DEFAULT,)), "SELECT ?o { ?s <http://x/r> ?o }") == "23"


def test_the_protocols_dataset_replaces_the_one_of_the_text(store: QuadStore) -> None:
    """And cannot go with one."""
    update(store, "INSERT DATA { :s :p :1 . GRAPH :g1 { :s :p :2 } GRAPH :g2 { :s :p :3 } }")
    using = GraphScope((G1,), (G2,))
    update(store, "INSERT { :s :q ?o } WHERE { ?s :p ?o }", using=using)
    update(store, "INSERT { :s :r ?o } WHERE { GRAPH ?g { ?s :p ?o } }", using=using)
    assert held(store) == "123"
    for text in ("INSERT { :s :p ?o } USING :g2 WHERE { ?s ?p ?o }", "WITH :g1 DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }"):
        with pytest.raises(ProtocolError):
            update(store, text, using=using)


def test_new_blank_nodes_become_iris(store: QuadStore) -> None:
    """One for each solution, the same within it and within INSERT DATA; BNODE() too. The store has no blank nodes."""
    update(store, "INSERT DATA { _:a :p :1 . _:a :p _:b . _:b :p [] }")
    update(store, "INSERT { GRAPH :g1 { _:n :of ?o ; :and ?o . [] :of ?o } } WHERE { VALUES ?o { :1 :2 } }")
    update(store, "INSERT { GRAPH :g2 { ?o :is ?b ; :same ?b } } WHERE { VALUES ?o { :1 :2 } BIND (BNODE() AS ?b) }")
    everything = answer(store, "CONSTRUCT WHERE { ?s ?p ?o }", GraphScope((DEFAULT, G1, G2)), (JSON, NTRIPLES)).decode()
    lines = everything.splitlines()
    assert "_:" not in everything
    assert len({line.split()[0] for line in lines if "/of>" in line}) == 4
    assert {line.split()[0] for line in lines if "/and>" in line} < {
        line.split()[0] for line in lines if "/of>" in line
    }
    assert len({line.split()[2] for line in lines if "/is>" in line}) == 2
    assert {line.split()[2] for line in lines if "/is>" in line} == {
        line.split()[2] for line in lines if "/same>" in line
    }
    assert all(SKOLEM in line for line in lines)
    assert len(lines) == 3 + 6 + 4


def test_ill_formed_and_partial_instances_are_left_out(store: QuadStore) -> None:
    """A literal as subject or predicate, an unbound variable: that triple is not there, the others are."""
    update(
        store,
        "INSERT { ?l :p :1 . :s ?l :2 . :s :p ?none . :s :p :3 . GRAPH ?l { :s :p :4 } }"
        " WHERE { BIND ('literal' AS ?l) OPTIONAL { ?none :never :there } }",
    )
    assert (objects(store), store.graphs((Tier.PUBLIC,))) == ("3", (DEFAULT,))


def test_clear_and_drop(store: QuadStore) -> None:
    """CLEAR leaves an empty graph, DROP none; the default graph is always there; NODE's graphs are never meant."""
    store.apply(put(A, Tier.PUBLIC, "9"))
    data = "INSERT DATA { :s :p :1 . GRAPH :g1 { :s :p :2 } GRAPH :g2 { :s :p :3 } }"
    update(store, data)
    update(store, "CLEAR GRAPH :g1")
    assert (held(store, G1), objects(store), store.graphs((Tier.PUBLIC,))) == (
        "",
        "139",
        tuple(sorted((A, DEFAULT, G1, G2))),
    )
    update(store, "DROP GRAPH :g1 ; DROP DEFAULT")
    assert (objects(store), store.graph(G1)) == ("39", None)
    update(store, data + "; CLEAR NAMED")
    assert (objects(store), held(store, G2)) == ("19", "")
    update(store, data + "; DROP NAMED")
    assert (objects(store), store.graph(G2)) == ("19", None)
    update(store, data + "; DROP ALL")
    assert (objects(store), held(store, A), store.graph(G1)) == ("9", "9", None)
    update(store, "INSERT DATA { :s :p :1 } ; CLEAR ALL ; CLEAR DEFAULT ; DROP DEFAULT")
    assert objects(store) == "9"


def test_create_copy_move_and_add(store: QuadStore) -> None:
    """Graphs as wholes, the default graph among them."""
    update(store, "CREATE GRAPH :g1")
    state = store.graph(G1)
    assert state is not None
    assert (state.tier, state.triples, state.owner) == (Tier.PUBLIC, 0, Owner.OPERATOR)
    update(store, "INSERT DATA { :s :p :1, :2 . GRAPH :g1 { :s :p :2, :3 } } ; ADD DEFAULT TO :g1")
    assert (held(store), held(store, G1)) == ("12", "123")
    update(store, "COPY DEFAULT TO :g1 ; COPY :g1 TO :g2")
    assert (held(store), held(store, G1), held(store, G2)) == ("12", "12", "12")
    update(store, "INSERT DATA { GRAPH :g2 { :s :p :4 } } ; MOVE :g2 TO DEFAULT")
    assert (held(store), store.graph(G2), objects(store)) == ("124", None, "124")
    update(store, "MOVE DEFAULT TO :g2 ; COPY SILENT :nowhere TO :g2 ; ADD SILENT GRAPH :nowhere TO :g3")
    assert (held(store), held(store, G2), store.graph("http://x/g3")) == ("", "124", None)


def test_load_adds_what_was_fetched(store: QuadStore, tmp_path: Path) -> None:
    """A file for each source, or the error to raise unless it is SILENT."""
    path = tmp_path / "loaded.nt"
    path.write_bytes(triples("1", "2") + b"_:a <http://x/q> _:b .\n_:b <http://x/q> <http://x/3> .\n")
    broken = tmp_path / "broken.nt"
    broken.write_bytes(triples("7") + b"nonsense")
    loads: dict[str, Path | NodeError] = {
        "http://x/doc": path,
        "http://x/broken": broken,
        "http://x/gone": MemberUnavailable("it is gone.", member="x"),
    }
    update(store, "LOAD :doc INTO GRAPH :g1 ; LOAD :doc", loads=loads)
    state = store.graph(G1)
    assert state is not None
    assert state.triples == 4
    assert objects(store, GraphScope((G1,)), "SELECT ?o { [] <http://x/q> [ <http://x/q> ?o ] }") == "3"
    assert objects(store, text="SELECT ?o { ?s <http://x/p> ?o } ORDER BY ?o") == "12"
    with pytest.raises(MemberUnavailable):
        update(store, "LOAD :gone", loads=loads)
    with pytest.raises(DocumentSyntaxError):
        update(store, "LOAD :broken", loads=loads)
    number = store.generation().number
    assert update(store, "LOAD SILENT :gone ; LOAD SILENT :broken ; LOAD SILENT :unknown", loads=loads) == number


def test_neither_owner_changes_the_graphs_of_the_other(store: QuadStore) -> None:
    """Publications keep theirs, operators theirs; tier graphs are nobody's."""
    store.apply(put(A, Tier.PUBLIC, "1"))
    store.apply(put(B, Tier.CONTROLLED, "2"))
    update(store, "INSERT DATA { GRAPH :g1 { :s :p :3 } }")
    for text in (
        f"INSERT DATA {{ GRAPH <{A}> {{ :s :p :4 }} }}",
        f"DELETE DATA {{ GRAPH <{A}> {{ :s :p :1 }} }}",
        "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
        f"CLEAR GRAPH <{A}>",
        f"DROP GRAPH <{B}>",
        f"MOVE <{A}> TO :g2",
        f"COPY :g1 TO <{A}>",
        f"ADD :g1 TO <{A}>",
        f"INSERT DATA {{ GRAPH <{PUBLIC_GRAPH}> {{ :s :p :4 }} }}",
        f"CREATE GRAPH <{CONTROLLED_GRAPH}>",
    ):
        with pytest.raises(Conflict):
            update(store, text)
    with pytest.raises(Conflict):
        store.apply(put(G1, Tier.PUBLIC, "5"))
    with pytest.raises(Conflict):
        store.apply(Change(put=(GraphContent(A, Tier.PUBLIC, b"", Owner.OPERATOR),)))
    assert (objects(store), held(store, B)) == ("13", "2")
    update(
        store, f"COPY <{B}> TO :g2 ; INSERT {{ GRAPH :g1 {{ ?s ?p ?o }} }} USING <{PUBLIC_GRAPH}> WHERE {{ ?s ?p ?o }}"
    )
    assert (objects(store), held(store, G2), held(store, G1)) == ("123", "2", "123")
    assert update(store, f"CLEAR SILENT GRAPH <{A}>") == store.generation().number


def test_a_graphs_version_changes_with_it_alone(store: QuadStore) -> None:
    """By whatever way it changes; what is said of a graph is of the current generation."""
    assert store.graph(A) is None
    store.apply(put(A, Tier.PUBLIC, "1"))
    update(store, "INSERT DATA { GRAPH :g1 { :s :p :1 } }")
    seen: set[str] = set()

    def versions() -> tuple[str, str]:
        states = store.graph(A), store.graph(G1)
        assert states[0] is not None
        assert states[1] is not None
        return states[0].version, states[1].version

    before = versions()
    for step in (
        lambda: update(store, "INSERT DATA { GRAPH :g1 { :s :p :2 } }"),
        lambda: update(store, "DELETE DATA { GRAPH :g1 { :s :p :2 } }"),
        lambda: store.apply(Change(put=(GraphContent(G1, Tier.PUBLIC, triples("1", "3"), Owner.OPERATOR),))),
        lambda: update(store, "DROP GRAPH :g1 ; INSERT DATA { GRAPH :g1 { :s :p :1 } }"),
    ):
        seen.add(before[1])
        step()
        after = versions()
        assert after[0] == before[0]
        assert after[1] not in seen
        before = after
    store.apply(put(A, Tier.PUBLIC, "2"))
    assert versions()[0] != before[0]
    assert versions()[1] == before[1]


def test_the_summary_follows_updates(store: QuadStore) -> None:
    """Triples that several graphs hold count once; what nobody holds any more does not count."""
    update(store, "INSERT DATA { :s a :C . GRAPH :g1 { :s a :C . :t :p :1 } }")
    update(store, "DELETE DATA { :s a :C } ; DELETE WHERE { GRAPH :g1 { ?s :p ?o } }")
    type_ = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    assert _counts(store) == {"triples": 1, "predicates": {type_: 1}, "classes": {"http://x/C": 1}}


def test_an_update_has_limits(store: QuadStore) -> None:
    """Of time: it ends at its deadline, having done nothing, and the next one works."""
    content = b"".join(b'<http://x/s%d> <http://x/p> "%d" .\n' % (n, n) for n in range(500))
    store.apply(Change(put=(GraphContent(A, Tier.PUBLIC, content),)))
    product = "?a ?b ?c . ?d ?e ?f . ?g ?h ?j . ?k ?l ?m"
    endless = f"INSERT {{ :s :p ?n }} WHERE {{ SELECT (COUNT(*) AS ?n) {{ GRAPH ?i {{ {product} }} }} }}"
    with pytest.raises(QueryTimeout):
        update(store, endless, replace(BUDGET, seconds=2))
    assert store.generation().number == 1
    assert update(store, "INSERT DATA { :s :p :1 }") == 2
