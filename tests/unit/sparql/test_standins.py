"""Codes that stand for others: the answer is that of data in which the same is said of the code itself."""

from __future__ import annotations

from collections import Counter
from typing import cast

import pytest
from pyoxigraph import NamedNode, Quad, QuerySolutions, Store

from node.errors import Unsupported
from node.rdf.namespaces import RDFS_SUBCLASS_OF
from node.sparql.parser import parse_query
from node.sparql.standins import Standing, with_stand_ins
from node.sparql.standintriples import StandIn
from node.sparql.terms import iri_term

NS = "http://x/"
#: A code to the classes that stand for it; the code f:C is itself in the data.
STAND_INS = {"f:A": ("a1", "a2"), "f:B": ("b",), "f:C": ("c",)}
PROLOGUE = f"PREFIX : <{NS}> PREFIX f: <f:> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
DATA = """
s1 dx a1 . s1 dx a2 . s2 dx a2 . s3 dx b . s4 dx other . s5 dx f:C . s5 dx c . s6 dx below . s1 site b . s2 site c .
s3 note b . s1 note n1 . s1 note n2 . s2 note n1 . s4 age 5 .
below rdfs a1 . a1 rdfs top . a2 rdfs top . b rdfs top . other rdfs top .
"""


def node(text: str) -> NamedNode:
    if text == "rdfs":
        return NamedNode(RDFS_SUBCLASS_OF)
    return NamedNode(text if ":" in text else NS + text)


def store(*, with_codes: bool) -> Store:
    """The data; ``with_codes``: also with each statement about a stand-in made of the code, as if it were coded so."""
    made = Store()
    for line in DATA.replace("\n", " ").split(" . "):
        if not line.strip(" ."):
            continue
        subject, predicate, value = line.strip(" .").split()
        made.add(Quad(node(subject), node(predicate), node(value)))
        for code, names in STAND_INS.items():
            if with_codes and value in names and predicate in ("dx", "site"):
                made.add(Quad(node(subject), node(predicate), node(code)))
    return made


def standing(text: str) -> Standing:
    def stands_for(iri: str) -> tuple[StandIn, ...]:
        found = tuple(StandIn(iri_term(NS + name), {"by": iri_term(iri)}) for name in STAND_INS.get(iri, ()))
        return (StandIn(iri_term(iri)), *found) if iri == "f:C" else found

    return with_stand_ins(
        parse_query(PROLOGUE + text),
        properties={NS + "dx", NS + "site"},
        columns=("by", "own"),
        own="own",
        stands_for=stands_for,
    )


def solutions(data: Store, text: str) -> Counter[tuple[str, ...]]:
    found = cast("QuerySolutions", data.query(text))
    names = [v.value for v in found.variables]
    shown = [i for i, name in enumerate(names) if not name.startswith(("by", "own"))]
    return Counter(tuple(str(row[i]) for i in shown) for row in found)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (COUNT(*) AS ?n) { ?s :dx f:A }",
        "SELECT (COUNT(*) AS ?n) { ?s :dx f:C }",
        "SELECT (COUNT(*) AS ?n) { [] :dx f:A ; :note ?x }",
        "SELECT ?x (COUNT(?s) AS ?n) { ?s :dx f:A OPTIONAL { ?s :note ?x } } GROUP BY ?x",
        "SELECT (COUNT(*) AS ?n) { ?s :dx|:site f:B }",
        "SELECT (COUNT(*) AS ?n) { f:B ^:dx ?s }",
        "SELECT (COUNT(*) AS ?n) { :s1 :dx f:A }",
        "SELECT (COUNT(*) AS ?n) { :s9 :dx f:A }",
        "SELECT (COUNT(*) AS ?n) { { SELECT ?s { ?s :dx f:A } } }",
        "SELECT (COUNT(*) AS ?n) { ?s :dx f:A ; :site f:B }",
        "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s :dx [] FILTER NOT EXISTS { ?s :dx f:A } }",
        "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s :dx ?d MINUS { ?s :dx f:A } }",
        "SELECT (COUNT(DISTINCT ?s) AS ?n) { { ?s :dx f:A } UNION { ?s :site f:C } }",
        "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s :dx ?d FILTER(?d IN (f:A, :other)) }",
        "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s :dx ?d FILTER(?d = f:B || ?d = :other) }",
        "SELECT (COUNT(DISTINCT ?s) AS ?n) { VALUES ?d { f:A :other } ?s :dx ?d }",
        "SELECT (COUNT(DISTINCT ?s) AS ?n) { BIND(f:A AS ?d) ?s :dx ?d }",
        "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s :dx ?d } VALUES ?d { f:B f:C }",
        "SELECT (SUM(?m) AS ?n) { SELECT (COUNT(?s) AS ?m) { ?s :dx ?d } GROUP BY ?d VALUES ?d { f:B } }",
    ],
)
def test_what_is_counted_is_counted_once(text: str) -> None:
    """Counting over the rewritten query gives what counting gives where the codes themselves are said."""
    assert solutions(store(with_codes=False), standing(text).query.text) == solutions(
        store(with_codes=True), PROLOGUE + text
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT ?s { ?s :dx f:A }", {"s1": ["a1", "a2"], "s2": ["a2"]}),
        ("SELECT DISTINCT ?s { ?s :dx f:C }", {"s5": ["c", "f:C"]}),
        ("SELECT ?s { ?s :dx/rdfs:subClassOf* f:A }", {"s1": ["a1", "a2"], "s2": ["a2"], "s6": ["a1"]}),
        ("SELECT ?s ?d { ?s :dx ?d . ?d rdfs:subClassOf+ f:A }", {"s6": ["a1"]}),
        ("SELECT * { ?s :dx ?d VALUES ?d { f:B :other } }", {"s3": ["b"], "s4": [""]}),
        ("SELECT ?s { ?s :dx ?d FILTER(?d IN (f:B, :other)) }", {"s3": ["b"], "s4": ["other"]}),
        ("SELECT ?s { ?s :site ?x OPTIONAL { ?s :dx f:A } }", {"s1": ["a1", "a2"], "s2": ["a2"]}),
        ("SELECT ?s { { ?s :dx f:B } UNION { ?s :site f:C } }", {"s3": ["b"], "s2": ["c"]}),
    ],
)
def test_what_is_shown_says_by_which(text: str, expected: dict[str, list[str]]) -> None:
    """A column for what was found, and one for the code that it stood for; none for what was asked to the letter."""
    made = standing(text)
    found: dict[str, list[str]] = {}
    for row in cast("QuerySolutions", store(with_codes=False).query(made.query.text)):
        values = {name: row[name] for place in made.columns for name in (place["own"], place["by"])}
        owns = [values[place["own"]] for place in made.columns]
        own = next((o for o in owns if isinstance(o, NamedNode)), None)
        subject = cast("NamedNode", row["s"]).value.removeprefix(NS)
        found.setdefault(subject, []).append(own.value.removeprefix(NS) if own else "")
        for place in made.columns:
            stood = row[place["own"]]
            is_ours = isinstance(stood, NamedNode) and any(
                stood.value == NS + name for names in STAND_INS.values() for name in names
            )
            assert (row[place["by"]] is not None) == is_ours
    assert {s: sorted(v) for s, v in found.items()} == {s: sorted(v) for s, v in expected.items()}


def test_optional_filters_over_what_is_outside_stay_conditions() -> None:
    """A variable bound outside of an OPTIONAL is no reason to join columns inside of it."""
    text = "SELECT ?s { ?s :dx ?d OPTIONAL { ?s :site ?x FILTER(?d = f:A) } }"
    made = standing(text)
    assert made.columns == ()
    assert solutions(store(with_codes=False), made.query.text) == Counter(
        {(f"<{NS}{s}>",): n for s, n in (("s1", 2), ("s2", 1), ("s3", 1), ("s4", 1), ("s5", 2), ("s6", 1))}
    )


def test_an_unbound_variable_is_not_bound_by_its_columns() -> None:
    """A filter drops solutions in which its variable is unbound, and so it stays."""
    text = "SELECT ?s { ?s ?p [] OPTIONAL { ?s :site ?d } FILTER(?d = f:B) }"
    made = standing(text)
    assert {row[0] for row in solutions(store(with_codes=False), made.query.text)} == {f"<{NS}s1>"}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?s { ?s :note f:A }",
        "SELECT ?s { ?s ?p f:A }",
        "SELECT ?l { f:A rdfs:label ?l }",
        "SELECT ?s { VALUES ?n { f:A } ?s :note ?n }",
        "SELECT ?s { ?s :note ?n FILTER(?n = f:A) }",
        "SELECT ?s { ?s :dx ?d . ?s :note ?n FILTER(?n IN (f:A)) }",
        "SELECT ?s { ?s :dx/:note f:A }",
        "SELECT ?s { ?s :dx|:note f:A }",
        "SELECT ?s { { SELECT (?x AS ?d) { ?s :note ?x } } VALUES ?x { f:A } ?s :note ?x }",
    ],
)
def test_elsewhere_a_code_is_left_alone_and_said(text: str) -> None:
    """What may be something else than a code of a sample is asked to the letter."""
    made = standing(text)
    assert made.left == ("f:A",)
    assert made.taken == ()
    assert made.query.text == PROLOGUE + text


def test_what_is_added_takes_no_name_of_the_query() -> None:
    """Columns get another name where the query has a variable of theirs."""
    made = standing("SELECT ?own ?by { ?own :dx f:A ; :site ?by }")
    assert not {name for place in made.columns for name in place.values()} & {"own", "by"}


def test_describe_of_everything_is_refused() -> None:
    """It would describe what is added, too; with names it is answered."""
    with pytest.raises(Unsupported, match="DESCRIBE"):
        standing("DESCRIBE * { ?s :dx f:A }")
    assert standing("DESCRIBE ?s { ?s :dx f:A }").taken == ("f:A",)


def test_services_are_asked_what_was_written() -> None:
    """Their data are others'."""
    made = standing("SELECT ?s { SERVICE <http://e/> { ?s :dx f:A } }")
    assert made.taken == ()
