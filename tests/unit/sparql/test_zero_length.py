"""Paths of length zero at terms that are not in the graph, with the engine's own answer beside."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from node.sparql.parser import parse_query
from node.sparql.terms import Term
from node.sparql.zero_length import may_have_lone_paths, with_own_ends, without_lone_paths

PREFIX = "PREFIX : <http://ex.org/> "
#: What neither way touches: the engine answers it rightly, or it cannot be said otherwise.
LEFT_ALONE = [
    "{ :x :p+ ?v }",
    "{ :x :p* :y }",
    "{ :x :p* [] }",
    "{ :x :p*/:q ?v }",
    "{ :x (:p/:q)+ ?v }",
    "{ ?s :p* ?v }",
    "{ GRAPH :g { ?s :p* ?v } }",
    "{ ?s :p ?v FILTER EXISTS { ?s :p* ?v } }",
]
#: Paths that may be empty where the graph is another one, where a pattern is only looked at, and as parts of others.
BOTH = [
    ("{ :x :p*/:p* ?v }", ["v=<http://ex.org/x>"]),
    ("{ ?v :p?/^(:p+|:q*) :x }", ["v=<http://ex.org/x>"]),
    ("{ :x (:p*|:q*|:q) ?v }", ["v=<http://ex.org/x>"] * 2),
    ("{ :x (:p*|:q*)+ ?v }", ["v=<http://ex.org/x>"]),
    ("{ :x (:p*|:q?)/:p* :x }", [""] * 2),
    ("{ GRAPH :g { :x :p* ?v } }", ["v=<http://ex.org/x>"]),
    ("{ GRAPH :g { :b :p* ?v } }", ["v=<http://ex.org/b>"]),
    ("{ GRAPH :g { :y :p* ?v } }", ["v=<http://ex.org/y>", "v=<http://ex.org/z>"]),
    ("{ GRAPH :g { :y :p*/:p? ?v } }", ["v=<http://ex.org/y>", "v=<http://ex.org/z>", "v=<http://ex.org/z>"]),
    ("{ ?v :name ?n FILTER EXISTS { :x :p* ?w } }", ['n="b" v=<http://ex.org/b>']),
    ("{ ?v :name ?n FILTER NOT EXISTS { :x :p* ?w FILTER EXISTS { ?w :p* :x } } }", []),
    ("{ ?v :name ?n BIND(EXISTS { :x :p* ?w } AS ?e) FILTER(!?e) }", []),
    ("{ :a :name ?v } ORDER BY (EXISTS { :x :p* ?w })", []),
    ("{ GRAPH :g { :y :p ?v FILTER NOT EXISTS { :x :p? ?w } } }", []),
]


def store() -> ox.Store:
    made = ox.Store()
    made.update(PREFIX + 'INSERT DATA { :a :p :b . :b :p :c ; :name "b" . GRAPH :g { :y :p :z } }')
    return made


def is_node(term: Term) -> bool:
    return term.value in {f"http://ex.org/{name}" for name in "abc"}


def answer(text: str) -> list[str]:
    solutions = store().query(text)
    assert isinstance(solutions, ox.QuerySolutions)
    names = sorted(v.value for v in solutions.variables)
    return sorted(" ".join(f"{n}={s[n]}" for n in names if s[n] is not None) for s in solutions)


@pytest.mark.parametrize(
    ("pattern", "rows"),
    [
        ("{ :x :p* ?v }", ["v=<http://ex.org/x>"]),
        ("{ ?v :p? :x }", ["v=<http://ex.org/x>"]),
        ("{ ?v ^(:p*) 5 }", ['v="5"^^<http://www.w3.org/2001/XMLSchema#integer>']),
        ("{ :x (:p|:q)* :x }", [""]),
        ("{ :x :p* ?v . ?s :name ?n }", ['n="b" s=<http://ex.org/b> v=<http://ex.org/x>']),
        ("{ :x :p* ?v . ?v :name ?n }", []),
        ("{ ?s :name ?n OPTIONAL { :x :p* ?s } }", ['n="b" s=<http://ex.org/b>']),
        ("{ { SELECT ?v { :x :p? ?v } } UNION { :a :name ?v } }", ["v=<http://ex.org/x>"]),
        *BOTH,
    ],
)
def test_the_solution_is_there(pattern: str, rows: list[str]) -> None:
    """As section 18.4 has it; the engine by itself leaves it out."""
    query = parse_query(f"{PREFIX}SELECT * {pattern}")
    better = without_lone_paths(query, is_node)
    assert better is not None
    assert answer(better.text) == rows


@pytest.mark.parametrize(
    "pattern",
    ["{ :a :p* ?v }", *LEFT_ALONE],
)
def test_everything_else_is_left_alone(pattern: str) -> None:
    """What the engine answers rightly, and what cannot be said otherwise."""
    assert without_lone_paths(parse_query(f"{PREFIX}SELECT * {pattern}"), is_node) is None


@pytest.mark.parametrize(
    ("pattern", "rows"),
    [
        ("{ :x :p* ?v }", ["v=<http://ex.org/x>"]),
        ("{ :a :p* ?v }", ["v=<http://ex.org/a>", "v=<http://ex.org/b>", "v=<http://ex.org/c>"]),
        ("{ ?v :p? :x }", ["v=<http://ex.org/x>"]),
        ("{ ?v ^(:p*) 5 }", ['v="5"^^<http://www.w3.org/2001/XMLSchema#integer>']),
        ("{ :a :p* :a }", [""]),
        ("{ :x (:p|:q)* :x }", [""]),
        ("{ :b :p? ?v . ?v :p* ?w . ?w :p :c }", ["v=<http://ex.org/b> w=<http://ex.org/b>"]),
        ("{ :x :p* ?v . ?s :name ?n }", ['n="b" s=<http://ex.org/b> v=<http://ex.org/x>']),
        ("{ :x :p* ?v { ?v :name ?n } }", []),
        ("{ :a :p* ?v { ?v :name ?n } }", ['n="b" v=<http://ex.org/b>']),
        ("{ ?s :name ?n OPTIONAL { :x :p* ?s } }", ['n="b" s=<http://ex.org/b>']),
        ("{ ?s :p ?v MINUS { :b :p* ?v } }", []),
        ("{ { SELECT ?v { :x :p? ?v } } UNION { :a :name ?v } }", ["v=<http://ex.org/x>"]),
        ("{ :a :p?/:p? ?v }", [f"v=<http://ex.org/{v}>" for v in "abbc"]),
        *BOTH,
    ],
)
def test_the_solution_stands_beside_the_path(pattern: str, rows: list[str]) -> None:
    """Whether the term is in the graph or not."""
    text = f"{PREFIX}SELECT * {pattern}"
    assert may_have_lone_paths(text)
    better = with_own_ends(parse_query(text))
    assert better is not None
    assert answer(better.text) == rows


@pytest.mark.parametrize(
    "pattern",
    ["{ :x :p* ?v . ?v :name ?n }", *LEFT_ALONE],
)
def test_nothing_stands_beside_other_paths(pattern: str) -> None:
    """A term that another pattern finds is in the graph."""
    assert with_own_ends(parse_query(f"{PREFIX}SELECT * {pattern}")) is None


@pytest.mark.parametrize(
    ("text", "suspect"),
    [
        ("SELECT * { ?s ?p ?o }", False),
        ("SELECT DISTINCT\n * { ?s ?p ?o }", False),
        ("SELECT (COUNT( * ) AS ?n) (COUNT(DISTINCT *) AS ?m) { ?s ?p ?o }", False),
        ("SELECT ?s { ?s <http://ex.org/p>* ?o }", True),
        ("SELECT ?s { ?s (<http://ex.org/p>|<http://ex.org/q>) * ?o }", True),
        ("SELECT ?s { ?s <http://ex.org/p>? ?o }", True),
        ("SELECT ?s { ?s <http://ex.org/p>?/<http://ex.org/p> ?o }", True),
        ("SELECT ?s { ?s <http://ex.org/p>#\n* ?o }", True),
        ("SELECT ?s { ?s <http://ex.org/p>\\u002A ?o }", True),
    ],
)
def test_which_texts_are_read_for_it(text: str, suspect: bool) -> None:
    """A star or a question mark that may belong to a path."""
    assert may_have_lone_paths(text) is suspect


def test_the_engine_still_needs_it() -> None:
    """When this fails, the engine has been mended and this module can go."""
    assert answer(f"{PREFIX}SELECT * {{ :x :p* ?v }}") == []
