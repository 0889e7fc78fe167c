"""What parse_query makes of a text, and what it refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.errors import QuerySyntaxError, QueryTooDeep, Unsupported
from node.rdf.dataset import GraphScope
from node.sparql.algebra import (
    Aggregate,
    AlternativePath,
    BasicGraphPattern,
    Bind,
    Call,
    Exists,
    Form,
    Graph,
    Group,
    GroupKey,
    InlineData,
    InversePath,
    Link,
    Minus,
    NegatedPropertySet,
    Optional,
    Projection,
    RepeatedPath,
    SequencePath,
    Service,
    SubSelect,
    TriplePattern,
    Union,
    Variable,
)
from node.sparql.evaluable import evaluable
from node.sparql.iris import resolve
from node.sparql.parser import parse_query
from node.sparql.terms import Term, iri_term, literal_term
from node.sparql.tokens import MAX_TEXT

P = iri_term("http://ex.org/p")
X, Y = Variable("x"), Variable("y")
EITHER_WAY = AlternativePath((Link(P.value), InversePath(Link(P.value))))
XSD = "http://www.w3.org/2001/XMLSchema#"
SCOPE = GraphScope(("http://n/tier/public",), ("http://n/g1", "http://n/g2"))


def group(text: str) -> Group:
    return parse_query(f"PREFIX : <http://ex.org/> SELECT * WHERE {text}").select.pattern


def predicate(path: str) -> object:
    element = group(f"{{ ?x {path} ?y }}").elements[0]
    assert isinstance(element, BasicGraphPattern)
    return element.triples[0].predicate


def test_triples_share_subjects_and_predicates() -> None:
    """``;`` and ``,`` repeat what stands before them, and filters do not part a basic graph pattern."""
    made = group("{ ?x :p ?y , 1 ; a :C . FILTER(?y > 1) ?y :p ?x }")
    assert made.elements == (
        BasicGraphPattern(
            (
                TriplePattern(X, P, Y),
                TriplePattern(X, P, literal_term("1", datatype=XSD + "integer")),
                TriplePattern(
                    X, iri_term("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), iri_term("http://ex.org/C")
                ),
                TriplePattern(Y, P, X),
            )
        ),
    )
    assert made.filters == (Call(">", (Y, literal_term("1", datatype=XSD + "integer"))),)


def test_blank_nodes_and_collections_become_variables() -> None:
    """Brackets and collections are written out as the triples they stand for, each blank node a variable of its own."""
    element = group("{ [ :p ?x ] :p (1 ?y) , _:a . [ :p ?y ] }").elements[0]
    assert isinstance(element, BasicGraphPattern)
    names = {t.subject.name for t in element.triples if isinstance(t.subject, Variable)}
    assert len(element.triples) == 1 + 4 + 1 + 1 + 1
    assert all(name.startswith("_:") for name in names)
    assert len(names) == 4


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (":p", P),
        ("(:p)", P),
        ("^:p", InversePath(Link(P.value))),
        (":p/:p", SequencePath((Link(P.value), Link(P.value)))),
        (":p|:p", AlternativePath((Link(P.value), Link(P.value)))),
        (":p*", RepeatedPath(Link(P.value), 0, many=True)),
        (":p+", RepeatedPath(Link(P.value), 1, many=True)),
        (":p?", RepeatedPath(Link(P.value), 0, many=False)),
        ("^:p*", InversePath(RepeatedPath(Link(P.value), 0, many=True))),
        ("!:p", NegatedPropertySet((P.value,), ())),
        ("!(:p|^:p)", NegatedPropertySet((P.value,), (P.value,))),
        ("!()", NegatedPropertySet((), ())),
        (":p/(:p|^:p)*", SequencePath((Link(P.value), RepeatedPath(EITHER_WAY, 0, many=True)))),
    ],
)  # fmt: skip
def test_paths(path: str, wanted: object) -> None:
    """Paths bind as section 9.3 says: ``^`` and ``/`` before ``|``, the signs after a path before both."""
    assert predicate(path) == wanted


def test_elements_keep_their_order() -> None:
    """A group is its elements in the order of the text, each of its kind."""
    made = group(
        "{ ?x :p ?y OPTIONAL { } MINUS { } { } UNION { } { } GRAPH ?g { } GRAPH :p { } BIND(1 AS ?z) "
        "VALUES ?w { :p UNDEF } VALUES (?a ?b) { (1 UNDEF) } { SELECT ?x { } } SERVICE SILENT :p { } }"
    )
    assert [type(e) for e in made.elements] == [
        BasicGraphPattern, Optional, Minus, Union, Group, Graph, Graph, Bind, InlineData, InlineData, Group, Service,
    ]  # fmt: skip
    assert made.elements[8] == InlineData(("w",), ((P,), (None,)))
    inner = made.elements[10]
    assert isinstance(inner, Group)
    assert isinstance(inner.elements[0], SubSelect)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3", "(+ 1 (* 2 3))"),
        ("1 - 2 - 3", "(- (- 1 2) 3)"),
        ("1 -2", "(- 1 2)"),
        ("?x || ?y && !?x", "(|| ?x (&& ?y (unary ! ?x)))"),
        ("?x = 1 || ?y != -1", "(|| (= ?x 1) (!= ?y -1))"),
        ("?x IN (1, 2) && ?y NOT IN ()", "(&& (IN ?x 1 2) (NOT IN ?y))"),
        ("-?x * +?y", "(* (unary - ?x) (unary + ?y))"),
        ("<http://f>(1, ?x)", "(http://f 1 ?x)"),
        ("REGEX(STR(?x), 'a', \"i\")", "(REGEX (STR ?x) a i)"),
        ("COALESCE() = ((1))", "(= (COALESCE) 1)"),
        ("?x < 1 + 1", "(< ?x (+ 1 1))"),
    ],
)
def test_expressions(text: str, wanted: str) -> None:
    """Operators bind as section 19.8's rules nest."""

    def shown(e: object) -> str:
        if isinstance(e, Call):
            return f"({' '.join([e.name, *map(shown, e.arguments)])})"
        return f"?{e.name}" if isinstance(e, Variable) else e.value  # type: ignore[attr-defined]

    assert shown(group(f"{{ FILTER({text}) }}").filters[0]) == wanted


def test_exists_stands_in_any_expression() -> None:
    """EXISTS and NOT EXISTS are found in filters, bindings, projections, keys, having and order."""
    query = parse_query(
        "SELECT ?x (EXISTS { ?x ?p 1 } AS ?e) WHERE { FILTER(1 = 1 && NOT EXISTS { ?x ?p 2 }) "
        "BIND(EXISTS { ?x ?p 3 } AS ?f) } GROUP BY ?x (EXISTS { } AS ?k) HAVING EXISTS { } ORDER BY DESC(EXISTS { })"
    )
    select = query.select
    assert isinstance(select.projection and select.projection[1].expression, Exists)
    assert isinstance(select.group[1].expression, Exists)
    assert select.group[0] == GroupKey(X, "x")
    assert isinstance(select.having[0], Exists)
    assert isinstance(select.order[0].expression, Exists)
    assert select.order[0].descending
    condition = select.pattern.filters[0]
    assert isinstance(condition, Call)
    assert condition.arguments[1] == Exists(
        Group((BasicGraphPattern((TriplePattern(X, Variable("p"), literal_term("2", datatype=XSD + "integer")),)),)),
        True,
    )


def test_modifiers_and_aggregates() -> None:
    """Everything after the pattern is read, and aggregates are seen wherever they stand."""
    select = parse_query(
        "SELECT DISTINCT ?x (COUNT(DISTINCT *) AS ?n) (GROUP_CONCAT(?y; SEPARATOR=', ') AS ?c) { } "
        "GROUP BY ?x HAVING(SUM(?y) > 1) ORDER BY ?x ASC(?n) OFFSET 2 LIMIT 1 VALUES ?x { 1 }"
    ).select
    assert select.distinct
    assert select.aggregates
    assert (select.limit, select.offset) == (1, 2)
    assert select.projection == (
        Projection("x"),
        Projection("n", Aggregate("COUNT", None, True)),
        Projection("c", Aggregate("GROUP_CONCAT", Y, False, ", ")),
    )
    assert select.values == InlineData(("x",), ((literal_term("1", datatype=XSD + "integer"),),))
    assert not parse_query("SELECT ?x { }").select.aggregates
    assert parse_query("SELECT (1 + COUNT(?x) AS ?n) { }").select.aggregates


def test_forms() -> None:
    """The four forms, with what is particular to each."""
    assert parse_query("ASK { }").form is Form.ASK
    made = parse_query("CONSTRUCT { ?x ?p 1 } WHERE { ?x ?p ?y }")
    assert (made.form, len(made.template)) == (Form.CONSTRUCT, 1)
    short = parse_query("CONSTRUCT WHERE { ?x ?p ?y . ?y ?p ?x }")
    assert len(short.template) == 2
    assert short.select.pattern.elements == (BasicGraphPattern(short.template),)
    assert parse_query("CONSTRUCT { } WHERE { ?x ?p ?y }").template == ()
    described = parse_query("DESCRIBE ?x <http://a> WHERE { ?x ?p ?y }")
    assert described.described == (X, iri_term("http://a"))
    assert described.text[slice(*described.described_span)] == "DESCRIBE ?x <http://a>"
    assert parse_query("DESCRIBE <http://a>").select.pattern == Group(())
    assert parse_query("describe * { }").described_all


def test_dataset_clause_is_read_and_taken_out_in_place() -> None:
    """FROM and FROM NAMED are known, and can be blanked without moving anything else."""
    text = "PREFIX g: <http://n/>\nSELECT ?from FROM g:g1 # FROM <x>\nFROM NAMED <http://n/g2> { ?s ?p 'FROM <y>' }"
    query = parse_query(text)
    assert query.dataset is not None
    assert (query.dataset.default, query.dataset.named) == (("http://n/g1",), ("http://n/g2",))
    without = query.without_dataset_clause()
    assert len(without) == len(text)
    assert parse_query(without).dataset is None
    assert parse_query(without).select == query.select


def test_literals() -> None:
    """Strings, numbers and booleans with their values and types."""
    text = r"""'a\t\"' "b"@EN-gb "c"^^<http://t> 1 -2 +3.5 .5 1e6 -1.E-1 true FALSE '''d'e"''' "\u00e9" """
    rows = group(f"{{ VALUES ?x {{ {text} 'x'^^<{XSD}string> }} }}").elements[0]
    assert isinstance(rows, InlineData)
    assert [row[0] and row[0].n3 for row in rows.rows] == [
        '"a\\t\\""',
        '"b"@en-gb',
        '"c"^^<http://t>',
        f'"1"^^<{XSD}integer>',
        f'"-2"^^<{XSD}integer>',
        f'"+3.5"^^<{XSD}decimal>',
        f'".5"^^<{XSD}decimal>',
        f'"1e6"^^<{XSD}double>',
        f'"-1.E-1"^^<{XSD}double>',
        f'"true"^^<{XSD}boolean>',
        f'"false"^^<{XSD}boolean>',
        '"d\'e\\""',
        '"é"',
        '"x"',
    ]


def test_prefixed_names() -> None:
    """Local names may hold dots, colons, percent signs and escapes; the base resolves relative IRIs."""
    text = r"BASE <http://b/c/> PREFIX a.b: <d#> SELECT * { a.b:x.y a.b:%41\,z:1 <../e> . : ?p a.b: }"
    with pytest.raises(QuerySyntaxError, match="prefix : is not declared"):
        parse_query(text)
    element = parse_query(text.replace(" . :", " . a.b:")).select.pattern.elements[0]
    assert isinstance(element, BasicGraphPattern)
    first, second = element.triples
    assert [getattr(t, "value", "") for t in (first.subject, first.predicate, first.object, second.object)] == [
        "http://b/c/d#x.y", "http://b/c/d#%41,z:1", "http://b/e", "http://b/c/d#",
    ]  # fmt: skip


def test_a_text_that_needs_a_base_takes_it_along() -> None:
    """Relative IRIs mean the same wherever the text is sent; a text without them is sent as it is."""
    relative = parse_query("SELECT * { <a> ?p <http://x> }", "http://n.example/")
    assert relative.self_contained() == "BASE <http://n.example/>\nSELECT * { <a> ?p <http://x> }"
    assert parse_query(relative.self_contained()).select == relative.select
    for text in ("SELECT * { <http://a> ?p 1 }", "BASE <http://b/> SELECT * { <a> ?p 1 }"):
        assert parse_query(text, "http://n.example/").self_contained() == text


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ("SELECT", 1, 7),
        ("SELECT * { ?x ?p }", 1, 18),
        ("SELECT *\n{ ?x ?p ?y", 2, 11),
        ("SELECT * { ?x x:p ?y }", 1, 15),
        ("SELECT * {\n  ?x <rel> ?y }", 2, 6),
        ("SELECT * { ?x ?p 'a }", 1, 18),
        ("SELECT * { ?x ?p \"a\nb\" }", 1, 18),
        ("SELECT * { ?x ?p <a b> }", 1, 18),
        ("SELECT * { FILTER(NOSUCH(?x)) }", 1, 19),
        ("SELECT * { FILTER(BOUND(1)) }", 1, 19),
        ("SELECT * { FILTER(STR()) }", 1, 19),
        ("SELECT * { FILTER(1 = 2 = 3) }", 1, 25),
        ("SELECT * { VALUES (?x ?y) { (1) } }", 1, 29),
        ("SELECT * { ?x ?p ?y ?z ?p ?y }", 1, 21),
        ("SELECT * { . }", 1, 12),
        ("SELECT * { } LIMIT ?x", 1, 20),
        ("SELECT * { } LIMIT 1 LIMIT 2", 1, 22),
        ("SELECT ?x ?y, { }", 1, 13),
        ("ASK { } extra", 1, 9),
        ("INSERT DATA { <http://a> <http://b> 1 }", 1, 1),
        ("SELECT * { ?x (?y) 1 }", 1, 16),
        ("SELECT * { ?x - 5 }", 1, 15),
        ("SELECT * { ?x ?p - 5 }", 1, 18),
        ("SELECT * { ?x ?p \x00 }", 1, 18),
        ("PREFIX a:b <http://x> ASK { }", 1, 8),
        ("SELECT * { ?x ?p '\\uD800' }", 1, 19),
        ("CONSTRUCT { ?x ?p/?q ?y } { }", 1, 18),
        ("CONSTRUCT WHERE { ?x ?p ?y FILTER(1) }", 1, 28),
        ("SELECT * { [] }", 1, 15),
    ],
)  # fmt: skip
def test_errors_say_where(text: str, line: int, column: int) -> None:
    """What does not parse is refused with the line and column at which it stops making sense."""
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query(text)
    assert caught.value.where is not None
    assert (caught.value.where.line, caught.value.where.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * " + "{" * 500 + "}" * 500,
        "SELECT * { FILTER(" + "(" * 500 + "1" + ")" * 500 + ") }",
        "SELECT * { ?x " + "(" * 500 + "<http://p>" + ")" * 500 + " ?y }",
        "SELECT * { " + "FILTER EXISTS { " * 500 + "}" * 501,
        "SELECT * { ?x ?p " + "[ ?p " * 500 + "1" + "]" * 500 + " }",
        "SELECT * { ?x ?p " + "(" * 500 + ")" * 500 + " }",
        "SELECT * " + "{ SELECT * " * 500 + "{ }" + "}" * 500,
        "SELECT * { FILTER(" + "IF(1, 2, " * 500 + "1" + ")" * 500 + ") }",
    ],
)
def test_deep_nesting_is_a_clear_error(text: str) -> None:
    """However deep a text nests, the answer is one sentence and never a RecursionError."""
    with pytest.raises(QueryTooDeep, match="nests deeper than 64"):
        parse_query(text)
    with pytest.raises(QueryTooDeep, match="nests deeper than 10"):
        parse_query(text, depth=10)


def test_long_texts() -> None:
    """Long lists are read fast, whatever is longer than the limit is refused before it is read."""
    values = "VALUES ?s { " + "<http://example.org/a/rather/long/iri> " * 10_000 + "}"
    triples = "?s <http://p> ?o . " * 1_000
    signs = "FILTER(" + "!" * 450 + "?s) FILTER(" + "1+" * 450 + "1) FILTER(?s IN (1" + ", 1" * 10_000 + "))"
    started = time.perf_counter()
    made = parse_query(f"SELECT * {{ {values} {triples} {signs} }}")
    assert len(made.select.pattern.filters) == 3
    assert time.perf_counter() - started < 10
    with pytest.raises(QuerySyntaxError, match="at most"):
        parse_query("ASK { }" + " " * MAX_TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "\\u0053ELECT * { }",
        "SELECT * { ?x ?p '\\u0027' }",
        'SELECT * { ?x ?p "a\\u0022b" }',
        "SELECT * { ?x <http://\\u00E9x> '\\U0001F600' }",
    ],
)
def test_codepoint_escapes(text: str) -> None:
    """\\u and \\U escapes stand for characters anywhere; in a string they never end it."""
    parse_query(text)


@given(st.text(alphabet="abA1:/?#.%", max_size=12))
@settings(max_examples=300)
def test_relative_iris_resolve_as_the_store_resolves_them(reference: str) -> None:
    """An IRI that the parser resolves is letter for letter the one that the store would have stored."""
    base = "http://h/a/b/c?d#e"
    try:
        quads = list(ox.parse(f"<{reference}> <p:p> <o:o> .", format=ox.RdfFormat.TURTLE, base_iri=base))
    except SyntaxError:
        return
    assert resolve(base, reference) == quads[0].subject.value


@given(st.text(), st.sampled_from([None, "en", "de-CH"]), st.sampled_from([None, XSD + "date", XSD + "string"]))
def test_terms_are_spelled_as_pyoxigraph_spells_them(value: str, language: str | None, datatype: str | None) -> None:
    """The N-Triples spelling of a term is pyoxigraph's, so that terms can be compared as text."""
    if language is not None:
        assert literal_term(value, language=language).n3 == str(ox.Literal(value, language=language))
    else:
        kind = ox.NamedNode(datatype) if datatype else None
        assert literal_term(value, datatype=datatype).n3 == str(ox.Literal(value, datatype=kind))


def test_scope_is_the_default_graph_where_no_graph_can_be_named() -> None:
    """A text without GRAPH, FROM and SERVICE is not parsed: it sees the default graphs alone."""
    assert evaluable("SELECT * { not parsed", SCOPE).scope == GraphScope(SCOPE.default)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * " + "{" * 65 + "}" * 65,
        "SELECT * " + "{" * 50_000 + "}" * 50_000,
        "SELECT * { FILTER('" + "}" * 65 + "' = " + "(" * 65 + "1" + ")" * 65 + ") }",
        "SELECT * { FILTER(" + "!" * 2_500 + "?x) }",
        "SELECT * { ?s ?p " + "[ ?p " * 65 + "1" + "]" * 65 + "}",
    ],
)
def test_what_would_end_a_worker_never_reaches_it(text: str) -> None:
    """A text that needs no reading for its graphs is still read when it might nest too deep."""
    with pytest.raises(QueryTooDeep):
        evaluable(text, SCOPE)


def test_brackets_that_do_not_nest_are_not_counted() -> None:
    """Many brackets next to one another, or in strings, are no depth; the depth can be set."""
    for text in ("SELECT * { VALUES (?x) { " + "(1) " * 5_000 + "} }", "SELECT * { ?x ?p '" + "((((" * 100 + "' }"):
        assert evaluable(text, SCOPE).scope == GraphScope(SCOPE.default)
    assert evaluable("SELECT * " + "{" * 80 + "}" * 80, SCOPE, depth=80).scope == GraphScope(SCOPE.default)
    with pytest.raises(QueryTooDeep):
        evaluable("SELECT * { { } }", SCOPE, depth=1)


@pytest.mark.parametrize(
    "repeated",
    ["OPTIONAL { } ", "{ } UNION ", "BIND(1 AS ?x) ", "FILTER(1) ", "?x ?p ?y . ", "MINUS { } ", "VALUES ?x { 1 } "],
)  # fmt: skip
def test_long_chains_are_refused(repeated: str) -> None:
    """The engine's stack ends at some thousand patterns in a row; 1,900 pass, 2,100 do not."""
    end = "{ }" if "UNION" in repeated else ""
    parse_query("SELECT * { " + repeated * 1_900 + end + " }")
    with pytest.raises(QueryTooDeep, match="more than 2,000"):
        parse_query("SELECT * { " + repeated * 2_100 + end + " }")


def test_a_depth_beyond_the_stack_is_a_clear_error() -> None:
    """A node set to read deeper than Python can says so."""
    with pytest.raises(QueryTooDeep, match=r"limits\.query_depth"):
        parse_query("SELECT * { FILTER(" + "(" * 5_000 + "1" + ")" * 5_000 + ") }", depth=100_000)


def test_scope_is_whole_where_a_graph_is_named() -> None:
    """GRAPH may name every graph that the caller may see."""
    assert evaluable("SELECT * { GRAPH ?g { ?s ?p ?o } }", SCOPE).scope == SCOPE
    assert evaluable("SELECT ?from { ?from ?p ?o }", SCOPE).scope == SCOPE


def test_scope_is_the_intersection_with_from() -> None:
    """FROM and FROM NAMED choose among what the caller may see; other graphs contribute nothing."""
    text = "SELECT * FROM <http://n/g1> FROM <http://n/secret> FROM NAMED <http://n/g2> FROM NAMED <http://x> { }"
    assert evaluable(text, SCOPE).scope == GraphScope(("http://n/g1",), ("http://n/g2",))
    assert evaluable("ASK FROM <http://n/tier/public> { ?s ?p ?o }", SCOPE).scope == GraphScope(())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://x> { } }",
        "SELECT * { FILTER EXISTS { service ?s { } } }",
        "SELECT * { } ORDER BY (EXISTS { SERVICE SILENT <http://x> { } })",
        "SELECT * { { SELECT * { BIND(NOT EXISTS { \\u0053ERVICE <http://x> { } } AS ?x) } } }",
    ],
)
def test_service_is_refused_wherever_it_stands(text: str) -> None:
    """SERVICE never reaches the store, which would call out itself."""
    with pytest.raises(Unsupported, match="SERVICE"):
        evaluable(text, SCOPE)


@pytest.mark.parametrize("text", ["SELECT * { ?s ?p 'SERVICE <http://x> {}' }", "ASK { } # service <http://x> { }"])
def test_the_word_service_is_not_service(text: str) -> None:
    """In strings and comments it means nothing."""
    assert not parse_query(text).services
    evaluable(text, SCOPE)


_MANIFEST = """PREFIX mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#>
PREFIX qt: <http://www.w3.org/2001/sw/DataAccess/tests/test-query#>
SELECT ?kind ?query { ?t a ?kind ; mf:action ?action . OPTIONAL { ?action qt:query ?q }
  BIND(COALESCE(?q, ?action) AS ?query) }"""
# What section 19 forbids beyond its grammar. This parser leaves it to the evaluator, which refuses it.
_LEFT_TO_THE_EVALUATOR = {
    *("agg08.rq", "agg09.rq", "agg10.rq", "agg11.rq", "agg12.rq", "group06.rq", "group07.rq", "syntax-SELECTscope2.rq"),
    *("syntax-BINDscope6.rq", "syntax-BINDscope7.rq", "syntax-BINDscope8.rq"),
    *("syn-bad-01.rq", "syn-bad-02.rq", "syn-bad-03.rq"),
}


def _w3c_queries(suite: Path) -> Iterator[tuple[Path, bool]]:
    for manifest in sorted(suite.glob("*/manifest.ttl")):
        store = ox.Store()
        store.load(path=manifest, format=ox.RdfFormat.TURTLE, base_iri=manifest.as_uri())
        for row in store.query(_MANIFEST):
            kind = row["kind"].value.partition("#")[2]
            if kind in ("PositiveSyntaxTest11", "NegativeSyntaxTest11", "QueryEvaluationTest", "CSVResultFormatTest"):
                path = manifest.parent / row["query"].value.rpartition("/")[2]
                if path.suffix == ".rq":
                    yield path, kind != "NegativeSyntaxTest11"


@pytest.mark.shared
def test_w3c_queries(shared: Path) -> None:
    """Every query of the W3C suite that is valid parses; every other is refused, here or by the evaluator."""
    checked = 0
    for path, valid in _w3c_queries(shared / "conformance" / "sparql11"):
        text = path.read_text(encoding="utf-8")
        checked += 1
        if valid or path.name in _LEFT_TO_THE_EVALUATOR:
            parse_query(text, base="http://example.org/")
        else:
            with pytest.raises(QuerySyntaxError):
                parse_query(text, base="http://example.org/")
        if not valid:
            with pytest.raises(SyntaxError):
                ox.Store().query(text, base_iri="http://example.org/")
    assert checked > 400


def test_term_is_hashable() -> None:
    """Terms are values."""
    assert len({P, iri_term(P.value), Term("literal", P.value)}) == 2
