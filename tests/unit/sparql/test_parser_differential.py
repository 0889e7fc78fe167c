"""The parser against rdflib's grammar and pyoxigraph's: they agree on what is a query."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from pyparsing import ParseException
from rdflib.plugins.sparql.parser import parseQuery

from node.errors import QuerySyntaxError
from node.sparql.parser import parse_query

QUERIES = [
    "SELECT * WHERE { ?s ?p ?o }",
    "SELECT ?s WHERE { ?s a <http://x> ; <http://p> 1, 2.5, 1e3, 'a'@en, \"b\"^^<http://t> . }",
    "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?s HAVING (COUNT(*) > 1) ORDER BY DESC(?n) LIMIT 5 OFFSET 2",
    "ASK { ?s <http://p>/<http://q>* ?o FILTER NOT EXISTS { ?o ^<http://p> ?s } }",
    "CONSTRUCT { ?s ?p [ ?q ?o ] } WHERE { ?s ?p ?o BIND(STR(?p) AS ?q) }",
    "CONSTRUCT WHERE { ?s ?p ?o }",
    "DESCRIBE ?s <http://x> FROM <http://g> WHERE { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * FROM NAMED <http://g> { OPTIONAL { ?s ?p ?o } MINUS { ?s ?p 1 } { } UNION { ?s ?p 2 } }",
    "SELECT * { VALUES (?a ?b) { (1 UNDEF) (<http://x> 'y') } } VALUES ?c { 1 }",
    "SELECT * { { SELECT DISTINCT ?s { ?s ?p ?o } ORDER BY ?s } ?s !(<http://p>|^<http://q>) ?o }",
    "SELECT * { FILTER(?x IN (1, 2) || ?y NOT IN (3) && -?z + 1 * 2 < 3) }",
    "PREFIX : <http://e/> PREFIX a.b: <http://f#> SELECT * { :x.y a.b:c%20d :e\\-f }",
    "SELECT * { ?s ?p (1 (2) [ ?q 3 ]) }",
    "SELECT * { SERVICE SILENT <http://x> { ?s ?p ?o } }",
    "SELECT (GROUP_CONCAT(DISTINCT ?x ; SEPARATOR=',') AS ?c) { ?s ?p ?x }",
    "SELECT * { BIND(IF(BOUND(?x), COALESCE(?x, 1), STRDT(?x, <http://f>)) AS ?y) }",
    # not queries
    "SELECT * { ?s ?p }",
    "SELECT * { ?s ?p ?o",
    "SELECT { ?s ?p ?o }",
    "SELECT * WHERE { FILTER }",
    "SELECT * { ?s 'p' ?o }",
    "SELECT * { ?s ?p ?o } GROUP",
    "SELECT * { BIND(1) }",
    "SELECT * { VALUES ?x { ?y } }",
    "SELECT * { OPTIONAL ?s ?p ?o }",
    "ASK { ?s ?p ?o } LIMIT x",
    "CONSTRUCT { ?s ?p ?o }",
    "SELECT ?x AS ?y { }",
    "SELECT * { ?s <http://p>** ?o }",
    "SELECT * { ?s _:b ?o }",
    "DESCRIBE { ?s ?p ?o }",
]


def _ours(text: str) -> bool:
    try:
        parse_query(text)
    except QuerySyntaxError:
        return False
    return True


def _rdflib(text: str) -> bool:
    try:
        parseQuery(text)
    except ParseException:
        return False
    return True


def _pyoxigraph(text: str) -> bool:
    try:
        ox.Store().query(text)
    except SyntaxError:
        return False
    return True


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", QUERIES)
def test_all_three_agree(text: str) -> None:
    """A text is a query for this parser if it is one for the two others."""
    asked = _rdflib(text) if "SERVICE" in text else _pyoxigraph(text)
    assert _ours(text) == _rdflib(text) == asked
