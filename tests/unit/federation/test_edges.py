"""Queries at the edges of SPARQL that random ones seldom make: cuts, names, keys, texts that look like ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pyoxigraph as ox
import pytest
from merged_store import StoreSource, evaluate_in_memory, expected, federated, federated_by, merge, same
from odd_checks import agrees
from odd_queries import Made
from random_checks import members

from node.errors import MemberProtocolError, QuerySyntaxError
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table
from node.federation.execution import Execution
from node.rdf.formats import Format
from node.sparql.parser import parse_query
from node.sparql.rows_text import RowsText
from node.store.quads import Answer, Budget

PREFIX = "PREFIX : <http://ex.org/> "


def homes() -> list[ox.Store]:
    """Members that describe things of their own; each value is one of several things."""
    stores = []
    for at in range(3):
        store = ox.Store()
        for number in range(4):
            thing = f"<http://m{at}.ex/s/{number}>"
            store.update(
                f"{PREFIX} INSERT DATA {{ {thing} :age {number} ; :site :t{number % 2} ; :note "
                f'"WHERE {{  }} <urn:onconode:unbound>" . GRAPH {thing} {{ {thing} :age {number} }} '
                f"GRAPH :g {{ {thing} :age {number} }} :t{number % 2} :in :t0 }}"
            )
        stores.append(store)
    return stores


def check(stores: list[ox.Store], made: Made) -> None:
    """The answer, whatever kind the members are of, and with a federation that has answered it before."""
    wanted = expected(merge(stores), made.whole or made.text)
    for kind in ("ours", "large", "mixed", "homes", "many homes"):
        execution = Execution(evaluate_in_memory, cache_bytes=1_000_000)
        try:
            sources = members(stores, kind)
            for _ in range(2):
                assert agrees(made, federated_by(execution, sources, made.text)[0], wanted), kind
        finally:
            execution.close()


@pytest.mark.parametrize(
    "pattern",
    [
        "{ { ?s :age ?a FILTER(?a > 2) } }",
        "{ { ?s :age ?a FILTER(?a > 2 || ?s = ?none) } }",
        "{ { SELECT DISTINCT ?t { ?s :site ?t } } }",
        "{ { SELECT ?t (COUNT(*) AS ?n) { ?s :site ?t } GROUP BY ?t } }",
        "{ { SELECT (SUM(?a) AS ?n) { ?s :age ?a } } }",
        "{ GRAPH ?g { ?g :age ?a } }",
        "{ GRAPH ?g { ?s :age ?a } }",
        "{ GRAPH :g { { ?s :age ?a } } }",
        "{ { { ?s :age ?a } } }",
    ],
)
@pytest.mark.parametrize("cut", [(1, 0), (2, 1), (5, 0)])
def test_a_few_solutions(pattern: str, cut: tuple[int, int]) -> None:
    """With a LIMIT, one triple pattern needs only a few triples; what stands around it may need more."""
    text = f"{PREFIX}SELECT * {pattern}"
    check(homes(), Made(f"{text} LIMIT {cut[0]} OFFSET {cut[1]}", text, cut))
    check(homes(), Made(f"{PREFIX}ASK {pattern}"))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("SELECT ?s ?a { ?s :age ?a ; :site ?t }", 4),
        ("SELECT DISTINCT ?s { ?s :age ?a ; :site ?t }", 4),
        ("SELECT DISTINCT ?t { ?s :age ?a ; :site ?t }", 1),
        ("SELECT ?s (COUNT(*) AS ?n) { ?s :age ?a ; :site ?t } GROUP BY ?s", 3),
        ("SELECT ?t (COUNT(*) AS ?n) { ?s :age ?a ; :site ?t } GROUP BY ?t", 1),
    ],
)
def test_an_offset_alone(text: str, offset: int) -> None:
    """It leaves out as many of all solutions, not of each member's."""
    check(homes(), Made(f"{PREFIX}{text} OFFSET {offset}", PREFIX + text, (1_000, offset)))


NAMES = [
    "c0",
    "c1",
    "column0",
    "column1",
    "part_0",
    "part0",
    "order_0",
    "order0",
    "value0",
    "_value_0",
    "times0",
    "s",
    "g",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "SELECT DISTINCT ?NAME { ?x :age ?a ; :site ?NAME }",
        "SELECT ?x ?NAME { ?x :age ?NAME ; :site ?t } ORDER BY STR(?t) ?x LIMIT 7",
        "SELECT ?NAME (COUNT(*) AS ?n) (SUM(?a) AS ?b) { ?x :age ?a ; :site ?NAME } GROUP BY ?NAME",
        "SELECT ?t (SUM(?NAME) AS ?b) (COUNT(DISTINCT ?y) AS ?n) { ?x :age ?NAME ; :site ?t . ?y :in ?t } GROUP BY ?t",
        "SELECT ?t (SUM(?a) AS ?NAME) (AVG(?a) AS ?n) { ?x :age ?a ; :site ?t . ?y :site ?t } GROUP BY ?t",
        "SELECT ?x (SUM(?a) AS ?NAME) { ?x :age ?a ; :site ?t } GROUP BY ?x ORDER BY COUNT(?t) ?x LIMIT 4",
        "SELECT * { ?x :age ?NAME OPTIONAL { ?x :site ?t . ?t :in* ?y } }",
    ],
)
def test_variables_may_have_any_name(text: str, name: str) -> None:
    """Also those that members are asked for."""
    check(homes(), Made(PREFIX + text.replace("NAME", name)))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?t (COUNT(*) AS ?n) { ?x :age ?a ; :site ?t } GROUP BY ?t ?t",
        "SELECT ?t (COUNT(DISTINCT ?y) AS ?n) { ?x :site ?t . ?y :site ?t } GROUP BY ?t ?t",
        "SELECT ?x (COUNT(*) AS ?n) { ?x :age ?a ; :site ?t } GROUP BY ?t ?x ?t ORDER BY ?x LIMIT 3",
    ],
)
def test_keys_may_stand_twice(text: str) -> None:
    """What is grouped by twice is one key."""
    check(homes(), Made(PREFIX + text))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT DISTINCT ?n { ?x :age ?a ; :note ?n }",
        "SELECT ?n (COUNT(*) AS ?m) { ?x :age ?a ; :note ?n } GROUP BY ?n",
        "SELECT ?n (COUNT(DISTINCT ?y) AS ?m) { ?x :note ?n . ?y :note ?n } GROUP BY ?n",
        "SELECT (CONCAT('WHERE {  }', STR(COUNT(*))) AS ?m) ?t { ?x :age ?a ; :site ?t } GROUP BY ?t",
        "SELECT (CONCAT('WHERE {  }', STR(COUNT(DISTINCT ?y))) AS ?m) ?t { ?x :site ?t . ?y :site ?t } GROUP BY ?t",
        "SELECT ?x { ?x :age ?a ; :site ?t } ORDER BY CONCAT('WHERE {  }', STR(?x)) LIMIT 3",
    ],
)
def test_texts_may_look_like_ours(text: str) -> None:
    """Neither values nor constants are taken for what stands in the texts that are made here."""
    check(homes(), Made(PREFIX + text))


@pytest.mark.parametrize(
    "inner",
    [
        "SELECT ?y (COUNT(*) AS ?n) { FILTER NOT EXISTS { ?y :in ?z } } GROUP BY ?y",
        "SELECT (COUNT(*) AS ?n) (EXISTS { ?y :in ?z } AS ?e) { VALUES ?y { :t0 } }",
        "SELECT ?y (COUNT(*) AS ?n) { VALUES ?y { :t0 :t1 :t2 } FILTER EXISTS { ?y :in ?z } } GROUP BY ?y",
        "SELECT ?y (COUNT(*) AS ?n) { VALUES ?y { :t0 :t1 } } GROUP BY ?y HAVING (EXISTS { ?y :in ?z })",
    ],
)
def test_what_is_only_looked_at_is_fetched(inner: str) -> None:
    """A sub-select of inline data alone may still look at data."""
    check(homes(), Made(f"{PREFIX}SELECT * {{ {{ {inner} }} ?x :age 1 }}"))


@pytest.mark.parametrize(
    "looked_up", ["FILTER NOT EXISTS { ?w :kin ?z }", "OPTIONAL { ?w :kin ?z }", "MINUS { ?w :kin ?z }"]
)
def test_values_meet_though_they_are_looked_up(looked_up: str) -> None:
    """A value of two members joins them, also where it is asked whether it is a thing of one of them."""
    stores = homes()
    for at, store in enumerate(stores):
        one, two = f"<http://m{at}.ex/s/1>", f"<http://m{at}.ex/s/2>"
        data = f"{one} :p0 {two} , {'7' if at else '8'} ; :kin {two} . {two} :p1 {one} , {two} , 7"
        store.update(f"{PREFIX} INSERT DATA {{ {data} }}")
    check(stores, Made(f"{PREFIX}SELECT ?x ?y {{ ?x :p0 ?w . ?y :p1 ?w {looked_up} }}"))
    check(stores, Made(f"{PREFIX}SELECT ?x (COUNT(*) AS ?n) {{ ?x :p0 ?w . ?y :p1 ?w {looked_up} }} GROUP BY ?x"))


class Refusing(StoreSource):
    """A member that says over HTTP what is wrong with a query."""

    @contextmanager
    def answer(self, text: str, formats: tuple[Format, Format], meter: Meter) -> Iterator[Answer]:
        try:
            with super().answer(text, formats, meter) as answer:
                yield answer
        except SyntaxError as error:
            raise MemberProtocolError("it answered 400.", member=self.name) from error

    def select(self, text: str, columns: tuple[str, ...], meter: Meter) -> Table:
        try:
            return super().select(text, columns, meter)
        except SyntaxError as error:
            raise MemberProtocolError("it answered 400.", member=self.name) from error


class Strict(StoreSource):
    """A member that refuses what a node refuses."""

    def select(self, text: str, columns: tuple[str, ...], meter: Meter) -> Table:
        parse_query(text)
        return super().select(text, columns, meter)


@pytest.mark.parametrize(
    "text", ["SELECT ?g { GRAPH ?g { } }", "SELECT * { ?x :q ?o GRAPH :g0 { ?x :p* ?z } }", "SELECT * { ?x :p* ?x }"]
)
def test_requests_about_many_things_do_not_nest_too_deep(text: str) -> None:
    """What is looked for one by one is looked for in parts that a node takes."""
    things = " ".join(f":n{i} :q :o . GRAPH :g{i} {{ :n{i} :q :o }}" for i in range(900))
    store = ox.Store()
    store.update(f"{PREFIX} INSERT DATA {{ {things} :n1 :p :n2 . GRAPH :g0 {{ :n1 :p :n2 }} }}")
    stores = [store, *homes()[:1]]
    sources: list[StoreSource] = [Strict(f"m{at}", its) for at, its in enumerate(stores)]
    assert same(federated(sources, PREFIX + text), expected(merge(stores), PREFIX + text))


@contextmanager
def refusing(
    triples: Iterable[bytes],
    quads: Iterable[bytes],
    text: str | RowsText,
    formats: tuple[Format, Format],
    budget: Budget,
) -> Iterator[Answer]:
    """The last step, with the node's errors."""
    try:
        with evaluate_in_memory(triples, quads, text, formats, budget) as answer:
            yield answer
    except SyntaxError as error:
        raise QuerySyntaxError(f"{text}: {error.msg}") from error


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?x ?a (SUM(?a) AS ?a) { ?x :age ?a ; :site ?t } GROUP BY ?x ?a",
        "SELECT ?x ?a (COUNT(*) AS ?n) { ?x :age ?a ; :site ?t } GROUP BY ?x",
        "SELECT ?t (COUNT(DISTINCT ?x) AS ?t) { ?x :age ?a ; :site ?t } GROUP BY ?t",
        "SELECT (?a AS ?x) { ?x :age ?a ; :site ?t } ORDER BY ?a LIMIT 3",
        "SELECT ?x ?x { ?x :age ?a ; :site ?t }",
        "SELECT * { ?x :age ?a BIND(1 AS ?a) }",
        "SELECT * { { SELECT ?x ?a (COUNT(*) AS ?n) { ?x :age ?a ; :site ?t } GROUP BY ?x } }",
    ],
)
def test_what_is_forbidden_is_the_querys_fault(text: str) -> None:
    """No member is blamed for a query that means nothing, and the place is one in the text that was sent."""
    for stores in (homes(), homes()[:1]):
        execution = Execution(refusing, cache_bytes=0)
        sources: list[StoreSource] = [Refusing(f"m{i}", store) for i, store in enumerate(stores)]
        try:
            with pytest.raises(QuerySyntaxError, match=re.escape(text)):
                federated_by(execution, sources, PREFIX + text)
        finally:
            execution.close()


def test_what_differs_each_time_is_made_once_for_each_answer() -> None:
    """Also in a sub-select that would be answered first: one NOW in an answer, and another UUID in the next."""
    stores = homes()
    execution = Execution(evaluate_in_memory, cache_bytes=1_000_000)
    try:
        for kind in ("ours", "large"):
            sources: list[StoreSource] = members(stores, kind)
            text = f"{PREFIX}SELECT ?y ?u {{ {{ SELECT ?y (UUID() AS ?u) {{ :t1 :in* ?y }} }} }}"
            first, second = (federated_by(execution, sources, text)[0] for _ in range(2))
            assert len(first) == len(second) == 2
            assert not same(first, second)
            inner = (
                "{ SELECT ?y (NOW() AS ?now) { :t1 :in* ?y } } { SELECT (COUNT(*) AS ?n) (NOW() AS ?m) { ?x :in ?t } }"
            )
            text = f"{PREFIX}SELECT (?now = NOW() AS ?a) (?m = NOW() AS ?b) {{ {inner} }}"
            assert all("false" not in str(row) for row in federated(sources, text))
    finally:
        execution.close()
