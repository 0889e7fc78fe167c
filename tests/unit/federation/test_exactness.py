"""The specification: the federation's answer is that of one store that holds the RDF merge of the members' data."""

from __future__ import annotations

from random import Random

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from merged_store import (
    BUDGET,
    NOWHERE,
    evaluate_in_memory,
    expected,
    federated,
    federated_by,
    merge,
    same,
)
from random_checks import compared, members

from node.errors import LimitExceeded, ResultTooLarge, Unsupported
from node.federation.calling.meter import Meter
from node.federation.execution import Execution
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.parser import parse_query

# Facts about one thing lie at several members; some triples are held twice; graphs overlap across members.
MEMBERS = (
    """
    :s1 a :Sample ; :dx :glioma ; :in :d1 ; :age 40 . :s2 a :Sample ; :dx :gbm ; :in :d1 . :d1 :title "One"@en .
    :gbm :sub :glioma . :glioma :sub :tumour . :s1 :from :p1 . :p1 :sex "f" . :s5 :dx :odd ; :age 40 .
    GRAPH :g1 { :s1 a :Sample ; :dx :glioma . :d1 :title "One"@en } GRAPH :g2 { :s2 :dx :gbm }
    """,
    """
    :s2 :age 50 ; :from :p1 . :s3 a :Sample ; :dx :lgg ; :in :d2 ; :age 50 . :d2 :title "Two" . :s1 :dx :glioma .
    :lgg :sub :glioma . :local :sub :lgg . :s4 a :Sample ; :dx :local ; :in :d2 . :p2 :sex "m" . :loop :sub :loop .
    GRAPH :g1 { :s1 :dx :glioma . :s3 :dx :lgg ; :in :d2 } GRAPH :g3 { :d2 :title "Two" }
    """,
    """
    :s4 :from :p2 ; :age 7 . :s3 :from :p1 . :p1 :sex "f" ; :alive true . :tumour :label "tumour" . :gbm :label "GBM" .
    :d1 :cites :d2 . :d2 :cites :d3 . :d3 :cites :d1 . :s1 :note "x\\ty\\n\\"z\\"" . :sub :label "is a kind of" .
    GRAPH :g2 { :s2 :age 50 . :gbm :sub :glioma . :glioma :sub :tumour }
    """,
)  # fmt: skip

QUERIES = """
SELECT * { ?s ?p ?o }
SELECT * { :s1 ?p ?o }
SELECT * { ?s ?p :glioma }
SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p
SELECT (COUNT(*) AS ?n) { ?s :dx ?o }
SELECT * { :s1 :dx :glioma }
ASK { :s1 :dx :glioma }
ASK { :s1 :dx :lgg }
ASK { ?s :nothing ?o }
SELECT * { ?s :dx ?d ; :in ?x . ?x :title ?t }
SELECT * { ?s a :Sample ; :age ?a FILTER(?a > 40) }
SELECT * { ?s :from ?p . ?p :sex "f" . ?s2 :from ?p FILTER(?s != ?s2) }
SELECT * { ?d :sub* :glioma . ?s :dx ?d }
SELECT * { ?d :sub+ :glioma . ?s :dx ?d }
SELECT * { ?d :sub? :glioma . ?s :dx ?d }
SELECT * { :local :sub* ?d }
SELECT * { :local :sub+ ?d . ?d :label ?l }
SELECT * { ?a :sub* ?b }
SELECT * { ?a :sub+ ?b }
SELECT * { ?a :sub+ ?a }
SELECT * { ?s :dx/:sub* ?d . ?d :label ?l }
SELECT * { ?s ^:from ?p }
SELECT * { ?p ^:from/:dx ?d }
SELECT * { ?s :dx|:in ?o }
SELECT * { ?s (:dx|:in)/:title ?o }
SELECT * { ?s !(:dx|a) ?o }
SELECT * { ?s !(^:dx|:in) :s1 }
SELECT * { ?a (:cites/:cites)+ ?b }
SELECT * { :d1 :cites* ?b }
SELECT * { :nowhere :cites* ?b }
SELECT * { VALUES ?x { :nowhere :d1 :s1 } ?x :cites* ?y }
SELECT * { VALUES ?x { "One"@en "nothing" } ?x :cites? ?y }
SELECT * { ?x (:sub|^:sub)* :local }
SELECT * { ?s :dx ?d OPTIONAL { ?s :age ?a } }
SELECT * { OPTIONAL { ?s :age ?a } ?s :dx ?d }
SELECT * { ?s :dx ?d OPTIONAL { ?s :from ?p OPTIONAL { ?p :sex ?x } } }
SELECT * { ?s :dx ?d OPTIONAL { ?s :age ?a FILTER(?a < 45) } }
SELECT * { ?s :dx ?d OPTIONAL { ?s :from ?p FILTER EXISTS { ?d :label ?l } } }
SELECT * { ?s :dx ?d OPTIONAL { ?d :label ?l } OPTIONAL { ?x :title ?l } }
SELECT * { { ?s :dx :gbm } UNION { ?s :age 50 } OPTIONAL { ?s :in ?d } }
SELECT * { { ?s :dx ?x } UNION { ?t :age ?x } ?s :in ?d }
SELECT * { ?s :dx ?d MINUS { ?s :age 50 } }
SELECT * { ?s :dx ?d MINUS { ?x :age 50 } }
SELECT * { ?s :dx ?d MINUS { ?s :from ?p . ?p :alive true } }
SELECT * { ?s :dx ?d FILTER NOT EXISTS { ?s :in ?x } }
SELECT * { ?s :dx ?d FILTER EXISTS { ?d :sub+ ?x . ?x :label ?l } }
SELECT * { ?s :dx ?d FILTER NOT EXISTS { ?d :sub ?x MINUS { ?x :label ?l } } }
SELECT * { { FILTER EXISTS { ?s :age 7 } } ?s :dx ?d }
SELECT * { { FILTER NOT EXISTS { ?s :age 7 } } ?s :dx ?d }
SELECT * { BIND(:gbm AS ?d) ?s :dx ?d }
SELECT * { BIND(IRI("http://ex.org/gbm") AS ?d) ?s :dx ?d }
SELECT * { ?s :age ?a BIND(?a + 1 AS ?b) ?t :age ?b }
SELECT * { VALUES ?s { :s1 :s2 :s9 } ?s ?p ?o }
SELECT * { VALUES (?s ?o) { (:s1 UNDEF) (:s2 50) } ?s ?p ?o }
SELECT * { VALUES ?a { 40.0 "7"^^<http://www.w3.org/2001/XMLSchema#integer> } ?s :age ?a }
SELECT * { VALUES ?a { "07"^^<http://www.w3.org/2001/XMLSchema#integer> } ?s :age ?a }
SELECT * { ?s ?p ?o FILTER(?p IN (:dx, :in)) }
SELECT * { ?s ?p ?o . ?p :label ?l }
SELECT * { ?s :age ?a FILTER(?a = 40.0) }
SELECT ?d (COUNT(?s) AS ?n) (AVG(?a) AS ?m) { ?s :in ?d OPTIONAL { ?s :age ?a } } GROUP BY ?d HAVING (COUNT(?s) > 1)
SELECT ?d (COUNT(DISTINCT ?p) AS ?n) { ?s :in ?d ; :from ?p } GROUP BY ?d ORDER BY DESC(?n) ?d
SELECT (COUNT(DISTINCT ?p) AS ?n) { ?s :from ?p }
SELECT ?d ?t { { SELECT ?d (COUNT(*) AS ?n) { ?s :in ?d } GROUP BY ?d } ?d :title ?t FILTER(?n > 1) }
SELECT * { { SELECT ?s { ?s :age ?a } ORDER BY DESC(?a) ?s LIMIT 2 } ?s :dx ?d }
SELECT * { ?s :dx ?d { SELECT (MAX(?a) AS ?m) { ?x :age ?a } } }
SELECT * { ?s :dx ?d { SELECT DISTINCT ?d { ?s :dx ?d . ?s :age ?a } } }
SELECT ?s (EXISTS { ?s :age ?a } AS ?aged) { ?s :dx ?d }
SELECT ?s { ?s :age ?a } ORDER BY DESC(?a) ?s LIMIT 3
SELECT DISTINCT ?d { ?s :dx ?d } ORDER BY ?d OFFSET 1 LIMIT 2
SELECT * { GRAPH ?g { ?s ?p ?o } }
SELECT * { GRAPH :g1 { ?s :dx ?d } ?s :in ?x }
SELECT * { GRAPH ?g { ?s :dx ?d } GRAPH ?h { ?s :age ?a } }
SELECT * { GRAPH ?g { ?s :dx ?d OPTIONAL { ?s :in ?x } } }
SELECT ?g { GRAPH ?g { } }
SELECT * { GRAPH :g9 { } }
SELECT * { GRAPH :g3 { } }
SELECT * { GRAPH ?g { ?x :sub* :tumour } }
SELECT * { ?s :dx ?d FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?d } } }
SELECT * FROM :g1 FROM :g2 { ?s :dx ?d }
SELECT (COUNT(*) AS ?n) FROM :g1 FROM :g2 FROM :g9 { ?s ?p ?o }
SELECT * FROM NAMED :g1 { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }
SELECT * FROM :g2 FROM NAMED :g1 { ?s :sub* :tumour OPTIONAL { GRAPH ?g { ?s ?p ?o } } }
CONSTRUCT { ?s :has ?l } WHERE { ?s :dx ?d OPTIONAL { ?d :label ?l } }
CONSTRUCT WHERE { ?s :dx ?d ; :in ?x }
DESCRIBE :s1 :nowhere
DESCRIBE ?d WHERE { ?s :dx ?d FILTER EXISTS { ?s :age 50 } }
DESCRIBE * WHERE { ?s :age 40 }
SELECT * { }
SELECT (1 AS ?x) { }
SELECT * { ?s :dx ?d . ?s :nothing ?x }
SELECT * { ?s :note ?n }
SELECT * { ?x :note ?n . ?y :note ?n }
""".strip().splitlines()

Stores = list[ox.Store]


@pytest.fixture(scope="module")
def stores() -> Stores:
    made = []
    for text in MEMBERS:
        store = ox.Store()
        store.update(f"PREFIX : <http://ex.org/> INSERT DATA {{ {text} }}")
        # As at a node: the default graph holds everything that the named graphs hold, and a summary counts it.
        store.update("INSERT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }")
        made.append(store)
    return made


@pytest.mark.parametrize("kind", ["ours", "large", "foreign", "mixed", "homes"])
@pytest.mark.parametrize("text", QUERIES)
def test_written_queries(stores: Stores, text: str, kind: str) -> None:
    """Every operator, over data whose facts and graphs are spread over three members."""
    text = f"PREFIX : <http://ex.org/> {text}"
    wanted = expected(merge(stores), text)
    got = federated(members(stores, kind), text)
    assert same(got, wanted, ordered="ORDER BY" in text.rpartition("}")[2])


def test_there_are_answers_to_compare(stores: Stores) -> None:
    """The written queries are about the data: nearly all have solutions."""
    merged = merge(stores)
    empty = [q for q in QUERIES if expected(merged, f"PREFIX : <http://ex.org/> {q}") in ([], [False])]
    assert len(QUERIES) >= 90
    assert len(empty) <= 9


def check_random(random: Random, kind: str) -> bool:
    """One random query over random data; False when it is not a query."""
    verdict, text = compared(random, kind)
    assert verdict != "different", text
    return verdict != "invalid"


KINDS = [
    "ours",
    "large",
    "mixed",
    "blank",
    "homes",
    "services",
    "values",
    "paths",
    "guesses",
    "odd",
    "kept",
    "changes",
    "mirrors",
]


@given(random=st.randoms(use_true_random=False), kind=st.sampled_from(KINDS))
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_queries(random: Random, kind: str) -> None:
    """Any query over any data however split."""
    check_random(random, kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", range(4))
def test_many_random_queries(part: int, kind: str) -> None:
    """The same, a thousand a kind and the same every time; of changes a fourth of that, each of eight queries."""
    number = 60 if kind == "changes" else 260
    checked = sum(check_random(Random(f"{kind} {part} {i}"), kind) for i in range(number))
    assert checked >= 0.8 * number


def test_blank_nodes_of_members_stay_apart_and_together() -> None:
    """Blank nodes join within a member, across its requests, and never with those of another."""
    data = [ox.Store(), ox.Store()]
    for at, store in enumerate(data):
        store.update(
            f'PREFIX : <http://ex.org/> INSERT DATA {{ :d{at} :contact _:c . _:c :fn "n{at}" ; :org _:o . _:o :in :x . '
            f'GRAPH :g {{ :d{at} :contact _:c }} :d{at} :contact :known . :known :fn "k" }}'
        )
    for pattern in (
        "{ ?d :contact ?c . ?c :fn ?n }",
        "{ ?d :contact ?c . ?c :org ?o . ?o :in ?x }",
        "{ ?d :contact/:org/:in ?x }",
        "{ ?d :contact ?c OPTIONAL { ?c :org ?o } FILTER EXISTS { ?c :fn ?n } }",
        "{ ?d :contact ?c MINUS { ?c :org ?o } }",
        "{ GRAPH :g { ?d :contact ?c } ?c :fn ?n }",
        "{ ?d :contact ?c . ?d2 :contact ?c FILTER(?d != ?d2) }",
        "{ :d0 (:contact|:org|:in)* ?c }",
        "{ ?c :in* :x }",
    ):
        text = f"PREFIX : <http://ex.org/> SELECT * {pattern}"
        wanted = expected(merge(data), text)
        assert wanted
        assert same(federated(members(data, "foreign"), text), wanted), pattern


def test_a_member_that_cannot_hold_matches_is_not_asked(stores: Stores) -> None:
    """Predicates and classes in the summaries decide whom to ask."""
    sources = members(stores, "ours")
    federated(sources, "PREFIX : <http://ex.org/> SELECT * { ?x :cites ?y . ?y :title ?t }")
    assert not [r for r in sources[0].requests if "cites" in r]
    assert not [r for r in sources[2].requests if "title" in r]


def test_a_query_of_one_member_goes_there_whole(stores: Stores) -> None:
    """What only one member can match, it answers itself, in one request."""
    sources = members(stores, "ours")
    text = "PREFIX : <http://ex.org/> SELECT (COUNT(*) AS ?n) { ?x :cites+ ?y OPTIONAL { ?y :alive ?z } }"
    assert same(federated(sources, text), expected(merge(stores), text))
    assert [s.requests for s in sources] == [[], [], [text]]


def test_a_limit_is_not_paid_for_with_everything(stores: Stores) -> None:
    """The first rows of one pattern need only as many triples of each member."""
    sources = members(stores, "ours")
    rows = federated(sources, "SELECT * { ?s ?p ?o } LIMIT 3")
    assert len(rows) == len(set(rows)) == 3
    assert all(len(s.requests) == 1 and "LIMIT 3" in s.requests[0] for s in sources)


def test_selective_patterns_narrow_the_others(stores: Stores) -> None:
    """A member that holds much gets values, not a request for all it has."""
    sources = members(stores, "large")
    federated(sources, "PREFIX : <http://ex.org/> SELECT * { ?p :alive true . ?s :from ?p ; :age ?a }")
    asked = [r for s in sources for r in s.requests if "age" in r]
    assert asked
    assert all("VALUES ?s {" in r for r in asked)


def test_reports_and_cache(stores: Stores) -> None:
    """The report says what each member did; parts come from the cache until a member's data has a new version."""
    execution = Execution(evaluate_in_memory, cache_bytes=1_000_000)
    sources = members(stores, "ours")
    text = "PREFIX : <http://ex.org/> SELECT * { ?x :title ?t OPTIONAL { ?x :cites ?y } }"
    first, answer = federated_by(execution, sources, text)
    assert [r.verdict for r in answer.report] == ["answered", "answered", "answered"]
    assert [len(s.requests) for s in sources] == [1, 1, 1]
    again, answer = federated_by(execution, sources, text)
    assert same(first, again)
    assert [r.verdict for r in answer.report] == ["answered", "answered", "answered"]
    assert [len(s.requests) for s in sources] == [1, 1, 1]
    store = ox.Store()
    store.extend(stores[0])
    store.update('PREFIX : <http://ex.org/> INSERT DATA { :d9 :title "Nine" }')
    sources[0].store, sources[0].version = store, 2
    changed, _ = federated_by(execution, sources, text)
    assert same(changed, expected(merge([store, *stores[1:]]), text))
    assert [len(s.requests) for s in sources] == [2, 1, 1]
    _, answer = federated_by(execution, sources, "PREFIX : <http://ex.org/> SELECT * { ?x :cites ?t . ?p :sex ?s }")
    assert [r.verdict for r in answer.report] == ["answered", "answered", "answered"]
    _, answer = federated_by(execution, sources, "PREFIX : <http://ex.org/> SELECT * { ?x :cites ?t . ?p :note ?s }")
    assert [r.verdict for r in answer.report] == ["pruned", "pruned", "answered"]
    execution.close()


def test_limits(stores: Stores) -> None:
    """Requests and bytes are bounded for the whole query, with an error that says what to do."""
    execution = Execution(evaluate_in_memory, cache_bytes=0)
    query = parse_query("SELECT * { ?s ?p ?o . ?o ?q ?z }")
    for meter, error in ((Meter(60, 2, 1 << 30), LimitExceeded), (Meter(60, 100, 100), ResultTooLarge)):
        with (
            pytest.raises(error, match=r"Make it more selective|Name the predicates"),
            execution.answer(
                query,
                members(stores, "ours"),
                formats=(JSON, NTRIPLES),
                meter=meter,
                budget=BUDGET,
                generation=NOWHERE,
            ),
        ):
            pass
    execution.close()


def test_service_is_refused(stores: Stores) -> None:
    """SERVICE within a federated query is not answered yet, and says so."""
    with pytest.raises(Unsupported, match="SERVICE"):
        federated(members(stores, "ours"), "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <http://x> { } } }")
