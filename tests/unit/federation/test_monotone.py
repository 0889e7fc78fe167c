"""Which queries have a lower bound: the rule, and the rule held against data."""

from __future__ import annotations

from collections import Counter
from random import Random

import pyoxigraph as ox
import pytest
from merged_store import expected
from random_queries import QueryMaker, random_members

from node.federation.planning.monotone import obstacle
from node.sparql.parser import parse_query

MONOTONE = """
{ ?s ?p ?o }
{ ?s :p* ?o . ?o !(:p|^:q) ?x }
{ { ?s :p ?o } UNION { ?s :q ?o } FILTER(?o > 1 && EXISTS { ?s :r ?x }) }
{ GRAPH ?g { ?s ?p ?o } VALUES ?s { :a } BIND(STR(?s) AS ?t) }
{ ?s ?p ?o FILTER(EXISTS { ?s :r ?x FILTER EXISTS { ?x ?y ?z } } || ?o = 1) }
{ { SELECT DISTINCT ?s { ?s ?p ?o } ORDER BY ?s } }
{ ?s ?p ?o } ORDER BY ?s
{ ?s ?p ?o } LIMIT 5
""".strip().splitlines()

NOT_MONOTONE = {
    "{ ?s ?p ?o OPTIONAL { ?s :q ?x } }": "OPTIONAL",
    "{ ?s ?p ?o MINUS { ?s :q ?x } }": "MINUS",
    "{ ?s ?p ?o FILTER NOT EXISTS { ?s :q ?x } }": "NOT EXISTS",
    "{ ?s ?p ?o FILTER(!EXISTS { ?s :q ?x }) }": "EXISTS as a value",
    "{ ?s ?p ?o BIND(EXISTS { ?s :q ?x } AS ?b) }": "EXISTS as a value",
    "{ ?s ?p ?o FILTER EXISTS { ?s :q ?x OPTIONAL { ?x :r ?y } } }": "OPTIONAL",
    "{ ?s ?p ?o } ORDER BY ?s LIMIT 5": "LIMIT or OFFSET after ORDER BY",
    "{ { SELECT * { ?s ?p ?o } LIMIT 5 } }": "LIMIT or OFFSET in a sub-select",
    "{ { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } }": "GROUP BY or an aggregate",
    "{ ?s ?p ?o } GROUP BY ?s": "GROUP BY or an aggregate",
    "{ SERVICE :x { ?s ?p ?o } }": "SERVICE",
    "{ { ?s ?p ?o } UNION { GRAPH :g { OPTIONAL { ?s ?p ?o } } } }": "OPTIONAL",
}


@pytest.mark.parametrize("text", MONOTONE)
def test_monotone(text: str) -> None:
    """More data can only add rows to these."""
    assert obstacle(parse_query(f"PREFIX : <http://ex.org/> SELECT * {text}")) is None


@pytest.mark.parametrize("text", NOT_MONOTONE)
def test_not_monotone(text: str) -> None:
    """And may change or take rows of these; what does it is named."""
    columns = "?s" if text.endswith("GROUP BY ?s") else "*"
    assert obstacle(parse_query(f"PREFIX : <http://ex.org/> SELECT {columns} {text}")) == NOT_MONOTONE[text]


def test_what_is_called_monotone_is() -> None:
    """Random queries over random data and a part of it: a row of the part is a row of the whole, as often."""
    found = 0
    for number in range(1500):
        random = Random(f"monotone {number}")
        members = random_members(random)
        text = QueryMaker(random).query()
        try:
            query = parse_query(text)
            if "DESCRIBE" in text or query.select.limit is not None or obstacle(query) is not None:
                continue
            whole, part = ox.Store(), ox.Store()
            for member in members:
                whole.extend(member)
            part.extend(members[0])
            more, fewer = expected(whole, text), expected(part, text)
        except SyntaxError:
            continue
        found += bool(fewer)
        missing = Counter(fewer) - Counter(more)
        assert not missing or missing == Counter([False]), text
    assert found > 100
