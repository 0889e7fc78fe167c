"""What a query needs to see: elements, attachments, and which variables may narrow what."""

from __future__ import annotations

import pytest

from node.federation.planning.plan import Body, Choice, Closure, Names, Rows, Scan, Step
from node.federation.planning.unfold import unfold
from node.sparql.parser import parse_query
from node.sparql.terms import iri_term

P, Q, A = (iri_term(f"http://ex.org/{name}") for name in "pqa")


def body(pattern: str, before: str = "SELECT *", after: str = "") -> Body:
    return unfold(parse_query(f"PREFIX : <http://ex.org/> {before} WHERE {pattern} {after}"))


def test_triples_of_nested_groups_are_one_conjunction() -> None:
    """Braces alone part nothing: all their triples narrow each other."""
    made = body("{ ?x :p ?y . { ?y :q ?z { ?z :p :a } } }")
    assert made.elements == (Scan("x", P, "y"), Scan("y", Q, "z"), Scan("z", P, A))
    assert made.certain == {"x", "y", "z"}


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("{ ?x :p ?y OPTIONAL { ?y :q ?z } }", {"x", "y"}),
        ("{ OPTIONAL { ?y :q ?z } ?x :p ?y }", set()),
        ("{ ?x :p ?y OPTIONAL { ?x :q ?z } }", {"x", "y"}),
        ("{ ?x :p ?y MINUS { ?y :q ?z } ?z :p ?w }", {"x", "y"}),
        ("{ FILTER EXISTS { ?y :q ?z } ?x :p ?y }", {"x", "y"}),
        ("{ { FILTER EXISTS { ?y :q ?z } } ?x :p ?y }", set()),
        ("{ ?x :p ?y BIND(EXISTS { ?y :q ?w } AS ?e) ?y :p ?z }", {"x", "y"}),
        ("{ BIND(EXISTS { ?y :q ?w } AS ?e) ?y :p ?z }", set()),
        ("{ { ?x :p ?y } UNION { ?y :p ?z } OPTIONAL { ?y :q ?w } }", {"y"}),
        ("{ VALUES (?x ?y) { (:a UNDEF) } OPTIONAL { ?x :q ?y } }", {"x"}),
        ("{ BIND(:a AS ?x) OPTIONAL { ?x :q ?y } }", {"x"}),
        ("{ BIND(IRI('a') AS ?x) OPTIONAL { ?x :q ?y } }", set()),
        ("{ { SELECT ?x { ?x :p ?y } } OPTIONAL { ?x :q ?y } }", {"x"}),
        ("{ { SELECT ?x (COUNT(?y) AS ?n) { ?x :p ?y } GROUP BY ?x } OPTIONAL { ?x :q ?y } }", {"x"}),
        ("{ { SELECT (COUNT(?y) AS ?n) { ?x :p ?y } } OPTIONAL { ?x :q ?n } }", set()),
        ("{ { SELECT ?x { ?x :p ?y } LIMIT 1 } OPTIONAL { ?x :q ?y } }", {"x"}),
        ("{ GRAPH ?g { ?x :p ?y } OPTIONAL { ?x :q ?g } }", {"g", "x", "y"}),
    ],
)
def test_only_certain_variables_enter_what_need_not_match(pattern: str, allowed: set[str]) -> None:
    """What may narrow an attachment is bound in every solution of what stands before it, and only that."""
    assert body(pattern).attachments[-1].allowed == allowed


def test_a_filter_of_an_optional_sees_the_left_side() -> None:
    """EXISTS in a filter of an OPTIONAL's own group is tested on both sides together; deeper it is not."""
    made = body("{ ?x :p ?y OPTIONAL { ?z :p ?w FILTER EXISTS { ?x :q ?z } } }")
    assert made.attachments[0].body.attachments[0].allowed == {"x", "y", "z", "w"}
    made = body("{ ?x :p ?y OPTIONAL { { ?z :p ?w FILTER EXISTS { ?x :q ?z } } } }")
    assert made.attachments[0].body.attachments[0].allowed == {"z", "w"}


def test_sub_selects_take_part_with_their_own_names() -> None:
    """Variables that are not projected are not those of the outside."""
    made = body("{ ?x :p ?y { SELECT ?x { ?x :q ?y } } }")
    assert made.elements[0] == Scan("x", P, "y")
    inner = made.elements[1]
    assert isinstance(inner, Scan)
    assert inner.s == "x"
    assert inner.o not in ("x", "y")


@pytest.mark.parametrize("inner", ["SELECT ?x { ?x :q ?y } LIMIT 1", "SELECT (COUNT(*) AS ?x) { ?x :q ?y }"])
def test_sub_selects_that_cut_or_count_all_stand_alone(inner: str) -> None:
    """Narrowing them would change which rows are left, or how many were counted."""
    assert isinstance(body(f"{{ ?x :p ?y {{ {inner} }} }}").elements[1], Rows)


def test_after_grouping_only_keys_are_known() -> None:
    """HAVING is tested when the other variables are gone."""
    made = body("{ ?x :p ?y }", "SELECT ?x", "GROUP BY ?x HAVING EXISTS { ?y :q ?x }")
    assert made.attachments[0].allowed == {"x"}
    made = body("{ ?x :p ?y }", "SELECT ?k", "GROUP BY (?x AS ?k) HAVING EXISTS { ?x :q ?y }")
    assert made.attachments[0].allowed == set()


def test_paths() -> None:
    """Sequences become joins, alternatives choices, repetitions closures over their edges."""
    first, second = body("{ ?x :p/^:q ?y }").elements
    assert isinstance(first, Scan)
    assert first == Scan("x", P, first.o)
    assert second == Scan("y", Q, first.o)
    choice = body("{ ?x :p|:q ?y }").elements[0]
    assert isinstance(choice, Choice)
    assert [arm.elements for arm in choice.arms] == [(Scan("x", P, "y"),), (Scan("x", Q, "y"),)]
    assert body("{ ?x (:p/^:q)* :a }").elements == (
        Closure("x", A, (Step(P.value, inverse=False), Step(Q.value, inverse=True)), 0, once=False),
    )
    assert body("{ ?x :p+ ?y }").elements == (Closure("x", "y", (Step(P.value, inverse=False),), 1, once=False),)
    assert body("{ ?x (:p?)+ ?y }").elements == (Closure("x", "y", (Step(P.value, inverse=False),), 0, once=False),)
    assert body("{ ?x :p? ?y }").elements == (Closure("x", "y", (Step(P.value, inverse=False),), 0, once=True),)
    either = body("{ ?x !(:p|^:q) ?y }").elements[0]
    assert isinstance(either, Choice)
    assert len(either.arms) == 2


def test_graphs() -> None:
    """GRAPH marks its patterns; around nothing that must match in it, its name is what matters."""
    assert body("{ GRAPH :a { ?x :p ?y } }").elements == (Scan("x", P, "y", A),)
    assert body("{ GRAPH ?g { OPTIONAL { ?x :p ?y } } }").elements == (Names("g"),)
    assert body("{ GRAPH ?g { GRAPH :a { ?x :p ?y } } }").elements == (Scan("x", P, "y", A), Names("g"))


@pytest.mark.parametrize(
    ("pattern", "seeds"),
    [
        ("{ ?x :p ?y FILTER(?y = :a) }", {"y": {b"<http://ex.org/a>"}}),
        ("{ ?x :p ?y FILTER(:a = ?y && ?x IN (:p)) }", {"y": {b"<http://ex.org/a>"}, "x": {b"<http://ex.org/p>"}}),
        ("{ ?x :p ?y FILTER(?y = 'a') }", {}),
        ("{ ?x :p ?y FILTER(?y = :a || ?x = :a) }", {}),
        ("{ ?x :p ?y FILTER(?y != :a) }", {}),
        ("{ OPTIONAL { ?x :p ?y } FILTER(?y = :a) }", {}),
        ("{ VALUES ?y { :a 'l' } ?x :p ?y }", {"y": {b"<http://ex.org/a>", b'"l"'}}),
        ("{ VALUES ?y { :a 1 } ?x :p ?y }", {}),
        ("{ VALUES ?y { :a UNDEF } ?x :p ?y }", {}),
        ("{ BIND(:a AS ?y) ?x :p ?y }", {"y": {b"<http://ex.org/a>"}}),
    ],
)  # fmt: skip
def test_candidates_that_the_text_gives(pattern: str, seeds: dict[str, set[bytes]]) -> None:
    """Only terms that equal nothing that is written differently may narrow."""
    assert {name: set(cells) for name, cells in body(pattern).seeds} == seeds


def test_values_after_grouping_do_not_enter_the_groups() -> None:
    """A trailing VALUES is joined after aggregation: a variable that is not a key means something else there."""
    made = body("{ ?x :p ?y }", "SELECT ?x (COUNT(?y) AS ?n)", "GROUP BY ?x VALUES ?y { :a }")
    assert made.seeds == ()
    made = body("{ ?x :p ?y }", "SELECT ?x (COUNT(?y) AS ?n)", "GROUP BY ?x VALUES ?x { :a }")
    assert dict(made.seeds) == {"x": {b"<http://ex.org/a>"}}
