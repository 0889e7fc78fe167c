"""Values that two members may hold both are counted and compared from rows, or from groups of the members."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from merged_store import StoreSource, expected, federated, merge, same

from node.sparql.relations import Relation, TooManyRows, join, join_all

PREFIX = "PREFIX : <http://ex.org/> "


def _store(text: str) -> ox.Store:
    store = ox.Store()
    store.update(
        "PREFIX : <http://ex.org/> PREFIX a: <http://a.ex/d/> PREFIX b: <http://b.ex/d/> "
        f"PREFIX as: <http://a.ex/s/> PREFIX bs: <http://b.ex/s/> INSERT DATA {{ {text} }}"
    )
    return store


#: Donors a:1 and b:2 are described at both members, a:3 half here and half there; samples at one each.
STORES = (
    _store(
        "a:1 a :Donor ; :sex 'f' ; :born 1950 ; :weight 60.5 . a:2 a :Donor ; :sex 'm' ; :born 1951 ; :weight 70 . "
        "a:3 a :Donor ; :sex 'f' . b:2 a :Donor ; :sex 'm' ; :born 1960 ; :weight 80 . "
        "as:1 :dx :c1 ; :of a:1 . as:2 :dx :c1 ; :of a:1 . as:3 :dx :c2 ; :of b:2 . as:4 :dx :c2 ; :of a:9 . "
        ":c1 :label 'one' ."
    ),
    _store(
        "b:1 a :Donor ; :sex 'f' ; :born 1955 ; :weight 50 . b:2 a :Donor ; :sex 'm' ; :born 1960 ; :weight 80 . "
        "a:1 a :Donor ; :sex 'f' ; :born 1950 ; :weight 60.5 . a:3 :born 1949 ; :weight 61 . "
        "bs:1 :dx :c1 ; :of a:1 . bs:2 :dx :c1 ; :of b:2 . bs:3 :dx :c2 ; :of b:1 . "
        ":c1 :label 'one' . :c2 :label 'two' ."
    ),
)
STAR = "?d a :Donor ; :sex ?sex ; :born ?y ; :weight ?w ."
JOIN = "?s :dx ?dx ; :of ?d . ?d a :Donor ."


def _members(factor: int = 10_000) -> list[StoreSource]:
    return [
        StoreSource(f"m{at}", store, summarised=False, profiled=True, exaggerate=factor)
        for at, store in enumerate(STORES)
    ]


def _texts(sources: list[StoreSource]) -> list[str]:
    return [text for source in sources for text in source.requests]


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT ?sex (COUNT(*) AS ?n) {{ {STAR} }} GROUP BY ?sex",
        f"SELECT ?sex ?decade (COUNT(*) AS ?n) {{ {STAR} BIND(FLOOR(?y / 10) * 10 AS ?decade) }} GROUP BY ?sex ?decade",
        f"SELECT ?sex (SUM(?w) AS ?n) (AVG(?y) AS ?a) (MIN(?y) AS ?m) {{ {STAR} }} GROUP BY ?sex ORDER BY ?sex",
        f"SELECT ?sex (COUNT(DISTINCT ?d) AS ?n) {{ {STAR} FILTER(?y > 1949) }} GROUP BY ?sex HAVING (COUNT(*) > 1)",
        f"SELECT (COUNT(*) AS ?n) {{ {STAR} }}",
    ],
)
def test_things_that_two_members_describe_are_counted_once(query: str) -> None:
    """Members group what they alone describe; what others describe too comes as triples."""
    sources = _members()
    assert same(federated(sources, PREFIX + query), expected(merge(STORES), PREFIX + query))
    assert any("MINUS" in text and "<http://a.ex/d/1>" in text for text in _texts(sources))
    assert not any("<http://a.ex/d/2>" in text for text in _texts(sources)), "held by one member, so it is not fetched"


def test_too_many_strays_are_not_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then all is fetched, and the same patterns are not tried again while the members' data stay."""
    monkeypatch.setattr("node.federation.planning.overlaps.MOST_STRAYS", 1)
    sources, query = _members(), f"{PREFIX}SELECT (COUNT(*) AS ?n) WHERE {{ {STAR} BIND(?y + 1 AS ?z) }}"
    assert same(federated(sources, query), expected(merge(STORES), query))
    assert not any("MINUS" in text for text in _texts(sources))


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT ?dx (COUNT(DISTINCT ?d) AS ?n) {{ {JOIN} }} GROUP BY ?dx",
        f"SELECT ?l (COUNT(DISTINCT ?d) AS ?n) (COUNT(*) AS ?m) {{ {JOIN} ?dx :label ?l }} GROUP BY ?l ORDER BY ?l",
        f"SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?dx) AS ?m) {{ {JOIN} }}",
        f"SELECT ?dx (SUM(?w) AS ?n) (AVG(DISTINCT ?w) AS ?a) {{ {JOIN} ?d :weight ?w }} GROUP BY ?dx",
        f"SELECT ?dx (MIN(?y) AS ?n) (MAX(?w) AS ?m) {{ {JOIN} ?d :weight ?w ; :born ?y FILTER(?w > 9) }} GROUP BY ?dx",
        f"SELECT ?dx {{ {JOIN} }} GROUP BY ?dx HAVING (COUNT(DISTINCT ?d) > 2)",
        "SELECT ?y (COUNT(*) AS ?n) WHERE { ?d :born ?y ; :sex ?sex ; a :Donor } GROUP BY ?y",
        "SELECT (COUNT(*) AS ?n) (SUM(?y) AS ?m) WHERE { ?d :sex 'nothing' . ?s :of ?d . ?d :born ?y }",
    ],
)
@pytest.mark.parametrize("factor", [1, 10_000])
def test_joined_values_are_counted_from_rows(query: str, factor: int) -> None:
    """No member is asked for whole triples of a star whose subject is not needed."""
    sources = _members(factor)
    assert same(federated(sources, PREFIX + query), expected(merge(STORES), PREFIX + query))
    if JOIN in query and "?s)" not in query:
        stars = [text for text in _texts(sources) if "ex.org/dx>" in text and "ex.org/of>" in text]
        assert stars
        assert all("DISTINCT" in text or "COUNT(*)" in text for text in stars)


def test_sums_of_floating_point_are_left_to_the_engine() -> None:
    """They depend on the order, so all is fetched."""
    stores = (*STORES, _store("a:1 :weight 1.5e0 . a:4 a :Donor ; :weight 2.5e0 . as:9 :dx :c1 ; :of a:4 ."))
    sources = [StoreSource(f"m{at}", s, summarised=False, profiled=True) for at, s in enumerate(stores)]
    query = f"{PREFIX}SELECT ?dx (SUM(?w) AS ?n) WHERE {{ {JOIN} ?d :weight ?w }} GROUP BY ?dx"
    assert same(federated(sources, query), expected(merge(stores), query))


def _relation(variables: str, *rows: str) -> Relation:
    return Relation(tuple(variables), {tuple(cell.encode() for cell in row): 1 for row in rows})


def test_joins_multiply_how_often_rows_occur() -> None:
    counted = Relation.of(("a",), [b'<x>\t"2"^^<i>\n<y>\t"1"^^<i>\n<x>\t"3"^^<i>\n'], counted=True)
    assert counted.rows == {(b"<x>",): 5, (b"<y>",): 1}
    other = Relation(("a", "b"), {(b"<x>", b"1"): 2, (b"<x>", b"2"): 1, (b"<z>", b"1"): 1})
    assert join(other, counted, "ab", 100).rows == {(b"<x>", b"1"): 10, (b"<x>", b"2"): 5}
    assert join(counted, other, "b", 100).rows == {(b"1",): 10, (b"2",): 5}
    assert join_all([counted, other], "a", 100).rows == {(b"<x>",): 15}


def test_joins_with_too_many_rows_are_given_up() -> None:
    left, right = _relation("ab", *(f"{i}k" for i in range(10))), _relation("bc", *(f"k{i}" for i in range(10)))
    assert len(join(left, right, "ac", 100).rows) == 100
    with pytest.raises(TooManyRows):
        join(left, right, "ac", 99)
