"""That mended queries get the right answers from the engine, and that no others are touched."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from node.sparql.mending import may_need_mending, mended
from node.sparql.parser import parse_query

BASE = "http://example.org/"
_DATA = b"""
@prefix : <http://example.org/> .
:a :name "x"@en ; :code "one" ; :near :b , :c .
:b :name "x"@en ; :code "one" .
:c :name "x"@en ; :code "two words" ; :number 1 .
"""


def solutions(text: str) -> list[dict[str, str]]:
    """What the engine answers over the data; a solution is without what is unbound."""
    store = ox.Store()
    store.load(_DATA, format=ox.RdfFormat.TURTLE)
    found = store.query(text, base_iri=BASE)
    assert isinstance(found, ox.QuerySolutions)
    names = [v.value for v in found.variables]
    return [{name: str(row[name]) for name in names if row[name] is not None} for row in found]


def mended_text(text: str) -> str:
    """The text that is asked instead, which parses to what was made of the query."""
    assert may_need_mending(text)
    query = mended(parse_query(text, BASE))
    assert query is not None
    again = parse_query(query.text)
    assert (again.select, again.template) == (query.select, query.template)
    return query.text


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (group_concat(?n) AS ?x) { ?s <name> ?n }",
        "SELECT (UCASE(?y) AS ?x) { { SELECT (LCASE(GROUP_CONCAT # (\n (?n)) AS ?y) { ?s <name> ?n } } }",
        "SELECT ?x { OPTIONAL { SELECT (GROUP_CONCAT(DISTINCT ?n; SEPARATOR='(') AS ?x) { ?s <name> ?n } } }",
        "SELECT (MIN(?y) AS ?x) { { SELECT (GROUP_CONCAT(?n) AS ?y) { ?s <name> ?n } GROUP BY ?s } }",
        "SELECT ?x { { GRAPH ?g { } } UNION { SELECT (GROUP_CONCAT(?n) AS ?x) { ?s <name> ?n } } }",
    ],
)  # fmt: skip
def test_concatenations_have_no_language(text: str) -> None:
    """GROUP_CONCAT gives a string without a tag wherever it stands; the engine alone keeps the tag."""
    (plain,) = solutions(text)
    (right,) = solutions(mended_text(text))
    assert plain["x"].endswith("@en")
    assert right["x"] == plain["x"].removesuffix("@en")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("SELECT ?s { ?s <name> ?n } GROUP BY ?s HAVING (GROUP_CONCAT(?n) = 'x')", 3),
        ("SELECT ?s { ?s <code> ?c "
         "FILTER EXISTS { SELECT (GROUP_CONCAT(?n) AS ?x) { ?t <name> ?n } HAVING (GROUP_CONCAT(?n) = 'x x x') } }", 3),
        ("SELECT ?s { ?s <code> ?c "
         "MINUS { SELECT ?s { ?s <name> ?n } GROUP BY ?s HAVING (LANG(GROUP_CONCAT(?n)) = '') } }", 0),
    ],
)  # fmt: skip
def test_concatenations_in_conditions(text: str, right: int) -> None:
    """The tag is gone for conditions too."""
    assert len(solutions(text)) == 3 - right
    assert len(solutions(mended_text(text))) == right


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?c (BNODE(?c) AS ?b) (BNODE(?c) AS ?same) (bnode #\n('other') AS ?other) { ?s <code> ?c }",
        "SELECT ?c ?b ?same ?other "
        "{ ?s <code> ?c BIND(BNODE(?c) AS ?b) BIND(1 AS ?i) BIND(BNODE(?c) AS ?same) BIND(BNODE('x') AS ?other) }",
        "SELECT DISTINCT ?c ?b (BNODE(?c) AS ?same) (BNODE('') AS ?other) "
        "{ ?s <code> ?c BIND(BNODE(?c) AS ?b) FILTER(?b = BNODE(?c)) } ORDER BY BNODE(?c)",
        "SELECT (?c AS ?solution) ?b ?same (BNODE('y') AS ?other) "
        "{ { SELECT ?c { ?s <code> ?c } } BIND(BNODE(?c) AS ?b) BIND(?b AS ?same) }",
    ],
)  # fmt: skip
def test_nodes_differ_between_solutions(text: str) -> None:
    """BNODE(text) is another node in every solution, for every text, and the same one within a solution."""
    rows = solutions(mended_text(text))
    assert len(rows) == 3
    assert len({row["b"] for row in rows}) == len({row["other"] for row in rows}) == 3
    assert all(row["b"] == row["same"] != row["other"] for row in rows)
    plain = solutions(text)
    assert len({row.get("b") for row in plain}) < 3


def test_optional_parts_keep_the_node() -> None:
    """What OPTIONAL adds to a solution after its node was made leaves the node as it is."""
    rows = solutions(mended_text("SELECT ?s ?b { ?s <name> ?n BIND(BNODE('x') AS ?b) OPTIONAL { ?s <near> ?t } }"))
    assert len(rows) == 4
    assert len({row["b"] for row in rows}) == len({(row["s"], row["b"]) for row in rows}) == 3


def test_what_is_no_string_gives_no_node() -> None:
    """Numbers, IRIs and literals with a language are errors for BNODE, as before."""
    text = "SELECT (BNODE(?n) AS ?a) (BNODE(?s) AS ?b) (BNODE(1) AS ?c) (BNODE(STR(?n)) AS ?d) { ?s <name> ?n }"
    assert [sorted(row) for row in solutions(mended_text(text))] == [["d"]] * 3


def test_nodes_of_a_construct() -> None:
    """A CONSTRUCT makes a node for every solution, the graphs of its FROM clause stay with the query."""
    text = "CONSTRUCT { ?b <of> ?s } FROM <g:g> WHERE { ?s <code> ?c BIND(BNODE('x') AS ?b) }"
    query = mended(parse_query(text, BASE))
    assert query is not None
    assert query.dataset is not None
    assert query.dataset.default == ("g:g",)
    store = ox.Store()
    store.load(_DATA, format=ox.RdfFormat.TURTLE)
    triples = store.query(query.text)
    assert isinstance(triples, ox.QueryTriples)
    assert len({t.subject for t in triples}) == 3


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (BNODE() AS ?b) { }",
        "SELECT * { ?s <code> ?c BIND(BNODE(?c) AS ?b) }",
        "SELECT (BNODE('x') AS ?b) (COUNT(*) AS ?n) { ?s <code> ?c }",
        "SELECT (COUNT(*) AS ?n) { ?s <code> ?c } GROUP BY (BNODE(?c) AS ?b)",
        "SELECT ?s { ?s <code> ?c BIND(BNODE(?c) AS ?b) ?t <near> ?s }",
        "SELECT ?s (BNODE(?c) AS ?b) { ?s <code> ?c { BIND(BNODE('x') AS ?d) } }",
        "SELECT ?s (BNODE('x') AS ?d) { ?s <code> ?c BIND(BNODE(?c) AS ?b) OPTIONAL { ?s <near> ?t } }",
        "SELECT ?s { ?s <code> ?c BIND(BNODE(?c) AS ?b) OPTIONAL { ?s <near> ?t } BIND(BNODE(?c) AS ?d) }",
        "SELECT (BNODE('x') AS ?d) { ?s <code> ?c } VALUES ?s { <a> <a> }",
        "SELECT ?s { ?s <code> ?c FILTER(BNODE(?c) != ?s || EXISTS { FILTER(ISBLANK(BNODE('x'))) }) }",
        "SELECT ?s ?b { ?s <code> ?c OPTIONAL { SELECT (BNODE('x') AS ?b) { } } }",
        "DESCRIBE ?s { ?s <code> ?c BIND(BNODE(?c) AS ?b) }",
        "SELECT ('GROUP_CONCAT(' AS ?x) (COUNT(?s) AS ?n) { ?s <name> ?n2 }",
        "SELECT ?s { SERVICE <s:s> { SELECT (GROUP_CONCAT(?s) AS ?x) { ?s ?p ?o BIND(BNODE('x') AS ?b) } } }",
    ],
)  # fmt: skip
def test_left_alone(text: str) -> None:
    """What is right already, and what could not surely be made right, stays as it was written."""
    assert may_need_mending(text)
    assert mended(parse_query(text, BASE)) is None


@pytest.mark.parametrize(
    "text", ["SELECT * { ?s ?p ?o }", "SELECT ?bnode { ?s <group_concat> ?bnode }", "ASK { ?s <bnode> 'group_concat' }"]
)
def test_most_texts_need_no_reading(text: str) -> None:
    """A text without a call of either function is not parsed for this."""
    assert not may_need_mending(text)


def test_long_chains_are_mended_without_recursion() -> None:
    """Operators that follow one another by the hundred do not exhaust the stack."""
    text = "SELECT (GROUP_CONCAT(?n) AS ?x) { ?s <name> ?n FILTER(" + "1 + " * 1500 + "1 > 0) }"
    query = mended(parse_query(text, BASE))
    assert query is not None
    assert "STR(GROUP_CONCAT(?n))" in query.text
