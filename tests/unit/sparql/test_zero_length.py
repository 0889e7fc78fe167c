"""Paths of length zero at terms that are not in the graph, with the engine's own answer beside."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from node.sparql.parser import parse_query
from node.sparql.terms import Term
from node.sparql.zero_length import without_lone_paths

PREFIX = "PREFIX : <http://ex.org/> "


def store() -> ox.Store:
    made = ox.Store()
    made.update(PREFIX + 'INSERT DATA { :a :p :b . :b :p :c ; :name "b" }')
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
    [
        "{ :a :p* ?v }",
        "{ :x :p+ ?v }",
        "{ :x :p* :y }",
        "{ :x :p* [] }",
        "{ :x :p*/:q ?v }",
        "{ ?s :p* ?v }",
        "{ GRAPH :g { :x :p* ?v } }",
        "{ ?s :p ?v FILTER EXISTS { :x :p* ?v } }",
    ],
)
def test_everything_else_is_left_alone(pattern: str) -> None:
    """What the engine answers rightly, and what cannot be said otherwise."""
    assert without_lone_paths(parse_query(f"{PREFIX}SELECT * {pattern}"), is_node) is None


def test_the_engine_still_needs_it() -> None:
    """When this fails, the engine has been mended and this module can go."""
    assert answer(f"{PREFIX}SELECT * {{ :x :p* ?v }}") == []
