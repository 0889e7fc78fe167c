"""Each row with the members and graphs that it is from."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from node.errors import ResultTooLarge, Unsupported
from node.federation import session
from node.store.oxigraph import OxigraphStore
from tests.integration.hub import BASE, Hub, MakeHub
from tests.integration.sparql_server import servers

PREFIX = "PREFIX : <http://ex.org/> "
OWN = f"{BASE}graph/own"


@pytest.fixture
def hub(make_hub: MakeHub) -> Iterator[Hub]:
    """This node says that :s0 is in :d1 and has :glioma; the others add to it."""
    with servers(2) as members:
        members[0].store.update(
            f'{PREFIX} INSERT DATA {{ :d1 :title "One" . :s0 :dx :glioma . :s1 :dx :gbm ; :in :d1 }}'
        )
        members[1].store.update(
            f'{PREFIX} INSERT DATA {{ :d1 :title "One" , "Eins" . :gbm :sub :glioma . :s1 :age 5 }}'
        )
        yield make_hub(members)


def traced(hub: Hub, text: str) -> list[tuple[dict[str, str], list[str]]]:
    """Each row's values with the names of its sources, a graph behind its member's name."""
    with hub.engine.traced(PREFIX + text) as answer:
        document = json.loads(b"".join(answer))
    assert document["head"]["completeness"]["verdict"] == "complete"
    rows = [
        {k: v["value"].removeprefix("http://ex.org/") for k, v in row.items()}
        for row in document["results"]["bindings"]
    ]
    assert len(rows) == len(document["sources"])
    sources = [
        [" ".join([s["member"], *(g.removeprefix(BASE) for g in s["graphs"])]) for s in row]
        for row in document["sources"]
    ]
    return sorted(zip(rows, sources, strict=True), key=str)


def test_rows_of_several_members(hub: Hub) -> None:
    """Whoever holds a triple of it, and nobody else."""
    assert traced(hub, "SELECT * { ?s :in ?x . ?x :title ?t }") == [
        ({"s": "s0", "x": "d1", "t": "Eins"}, ["m1", "this node graph/own"]),
        ({"s": "s0", "x": "d1", "t": "One"}, ["m0", "m1", "this node graph/own"]),
        ({"s": "s1", "x": "d1", "t": "Eins"}, ["m0", "m1"]),
        ({"s": "s1", "x": "d1", "t": "One"}, ["m0", "m1"]),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # what is not shown counts: a row stems from all solutions that agree with it
        ("SELECT DISTINCT ?x { ?s :in ?x }", [({"x": "d1"}, ["m0", "this node graph/own"])]),
        (
            "SELECT ?d (COUNT(?s) AS ?n) { ?s :dx ?d } GROUP BY ?d",
            [({"d": "gbm", "n": "1"}, ["m0"]), ({"d": "glioma", "n": "1"}, ["m0", "this node graph/own"])],
        ),
        ("SELECT (COUNT(*) AS ?n) { ?s :dx :gbm }", [({"n": "1"}, ["m0"])]),
        ("SELECT ?s { ?s :dx/:sub :glioma }", [({"s": "s1"}, ["m0", "m1"])]),
        ("SELECT ?s { [] :title 'Eins' . ?s ^:sub :gbm }", [({"s": "glioma"}, ["m1"])]),
        (
            "SELECT ?s ?a { ?s :in :d1 OPTIONAL { ?s :age ?a } }",
            [({"s": "s0"}, ["this node graph/own"]), ({"s": "s1", "a": "5"}, ["m0", "m1"])],
        ),
        ("SELECT ?v { { :s1 :age ?v } UNION { :s1 :dx ?v } }", [({"v": "5"}, ["m1"]), ({"v": "gbm"}, ["m0"])]),
        ("SELECT ?v { :s1 :age|:dx ?v }", [({"v": "5"}, ["m1"]), ({"v": "gbm"}, ["m0"])]),
        ("SELECT ?x { { SELECT ?x { ?s :in ?x ; :age ?a } } ?x :title 'Eins' }", [({"x": "d1"}, ["m1"])]),
        # what only decides that there is a row does not
        ("SELECT ?s { ?s :in :d1 FILTER EXISTS { ?s :age ?a } }", [({"s": "s1"}, ["m0"])]),
        ("SELECT ?d { ?d :sub* :glioma . :s1 :dx ?d }", [({"d": "gbm"}, ["m0"])]),
        ("SELECT (1 AS ?one) { }", [({"one": "1"}, [])]),
        ("SELECT ?s { ?s :nothing ?o }", []),
    ],
)
def test_forms(hub: Hub, text: str, wanted: object) -> None:
    """Grouping, hidden variables, paths, OPTIONAL, UNION, sub-selects, conditions."""
    assert traced(hub, text) == wanted


def test_limits(hub: Hub, monkeypatch: pytest.MonkeyPatch, own_data: OxigraphStore) -> None:
    """What would cost too much is refused, and so is what has no rows."""
    with pytest.raises(Unsupported), hub.engine.traced("ASK {}"):
        pass
    monkeypatch.setattr(session, "MOST", 1)
    with pytest.raises(ResultTooLarge, match="fewer rows"), hub.engine.traced(PREFIX + "SELECT * { ?s :in ?x }"):
        pass
