"""Plans before and after, as values, text and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.dom import minidom

import pyoxigraph as ox
import pytest
from merged_store import StoreSource, evaluate_in_memory

from node.errors import Unsupported
from node.federation.calling.meter import Meter
from node.federation.execution import Execution
from node.federation.fetching.trace import Trace
from node.federation.members.completeness import judged
from node.federation.reporting.explaining import Explanation, after
from node.federation.reporting.forecast import Way
from node.federation.reporting.plan_pictures import as_svg, as_text
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.parser import parse_query
from node.store.quads import Budget, Generation

PREFIX = "PREFIX : <http://ex.org/> "
TEXT = (
    PREFIX + "SELECT * { ?s :in ?x . { ?s :dx :gbm } UNION { ?s :dx/:sub* :glioma } OPTIONAL { ?x :title ?t } "
    "FILTER NOT EXISTS { ?s :note '<&\\u0001>' } }"
)


def sources() -> list[StoreSource]:
    data = (
        ":s1 :in :d1 ; :dx :gbm . :d2 :title 'Two'",
        ":s2 :in :d2 ; :dx :lgg . :lgg :sub :glioma",
        ":only :here :now",
    )
    return holding(data)


def holding(data: Sequence[str], *, profiled: bool = False) -> list[StoreSource]:
    made = []
    for at, text in enumerate(data):
        store = ox.Store()
        store.update(f"{PREFIX} INSERT DATA {{ {text} }}")
        made.append(StoreSource(f"m{at}", store, summarised=not profiled, profiled=profiled))
    return made


def explained(text: str, *, run: bool = False, members: list[StoreSource] | None = None) -> Explanation:
    execution = Execution(evaluate_in_memory, cache_bytes=0)
    query, members, trace = parse_query(text), members or sources(), Trace()
    try:
        plan = execution.explain(query, members, Meter(10, 100, 1 << 20))
        if not run:
            return plan
        with execution.answer(
            query,
            members,
            formats=(JSON, NTRIPLES),
            meter=Meter(10, 100, 1 << 20),
            budget=Budget(10, 1 << 30, 1 << 30),
            generation=Generation(0, Path()),
            trace=trace,
        ) as answer:
            list(answer)
            return after(plan, trace, answer.completeness, 0.5)
    finally:
        execution.close()


def test_before() -> None:
    """Which members, what they may hold, how many requests; nothing is fetched for it."""
    plan = explained(TEXT)
    parts = {part.label: part for part in plan.parts}
    first = parts["?s <http://ex.org/in> ?x"]
    assert [(s.member, s.estimate) for s in first.shares] == [("m0", 1), ("m1", 1)]
    assert first.rows is None
    assert parts["UNION"].role == "must match"
    assert parts["?x <http://ex.org/title> ?t"].role == "may match"
    assert plan.way is Way.HERE
    assert (plan.expected_rounds, plan.expected_requests) == (1, 2)
    assert plan.requests == ()
    assert "public" in plan.document()["access"]


def test_after() -> None:
    """What came for each part stands beside the estimate, and every request is there."""
    plan = explained(TEXT, run=True)
    parts = {part.label: part for part in plan.parts}
    assert parts["?s <http://ex.org/in> ?x"].rows == 2
    document = plan.document()
    assert document["completeness"]["verdict"] == "complete"
    assert sum(r["rows"] for r in document["requests"]) == sum(m["rows"] for m in document["completeness"]["members"])
    assert "came 2" in as_text(plan)
    assert "Verdict: complete." in as_text(plan)


@pytest.mark.parametrize(
    ("query", "way", "asked", "said"),
    [
        ("SELECT * { ?s :here ?o }", Way.ALONE, ("m2",), "m2 answers the whole query"),
        ("SELECT * { ?s :dx ?x FILTER(?x != :gbm) }", Way.EACH, ("m0", "m1"), "each for itself answers"),
        ("SELECT ?x (COUNT(*) AS ?n) { ?s :dx ?x } GROUP BY ?x", Way.GROUPS, ("m0", "m1"), "each groups"),
        ("ASK { ?s :in ?d ; :dx ?x }", Way.YES, ("m0", "m1"), "whether it is true at one of them alone"),
    ],
)
def test_where_it_is_evaluated(query: str, way: Way, asked: tuple[str, ...], said: str) -> None:
    """What is told is what happens: so many requests, and only to these members."""
    data = ("<http://a.ex/s1> :in :d1 ; :dx :gbm", "<http://b.ex/s1> :in :d1 ; :dx :lgg", ":only :here :now")
    plan = explained(PREFIX + query, run=True, members=holding(data, profiled=True))
    assert (plan.way, plan.asked, plan.expected_requests) == (way, asked, len(asked))
    assert sorted(r.member for r in plan.requests) == sorted(asked)
    assert said in as_text(plan)
    assert said in as_svg(plan)
    assert plan.document()["alone"] == (asked[0] if way is Way.ALONE else None)


def test_rows_are_told_from_triples() -> None:
    """Values that two members may hold are counted from rows: that is said, and so many requests there are."""
    data = ("<http://a.ex/s1> :dx :gbm ; :from :p1", "<http://b.ex/s1> :dx :lgg ; :from :p1", ":only :here :now")
    query = PREFIX + "SELECT ?x (COUNT(DISTINCT ?p) AS ?n) { ?s :dx ?x ; :from ?p } GROUP BY ?x"
    plan = explained(query, run=True, members=holding(data, profiled=True))
    assert (plan.way, plan.expected_rounds, plan.expected_requests, len(plan.requests)) == (Way.ROWS, 1, 2, 2)
    assert "joined and counted here" in as_text(plan)


def test_rounds_are_foreseen() -> None:
    """What waits for the values of something else is in a later round, and what is fetched is what was foreseen."""
    members = sources()
    many = " . ".join(f":x{n} :title 'Nothing {n}'" for n in range(5_000))
    members[1].store.update(f"{PREFIX} INSERT DATA {{ {many} }}")
    plan = explained(PREFIX + "SELECT * { ?s :in ?d . ?d :title ?t }", run=True, members=members)
    assert [(part.label, part.round) for part in plan.parts] == [
        ("?s <http://ex.org/in> ?d", 1),
        ("?d <http://ex.org/title> ?t", 2),
    ]
    assert (plan.expected_rounds, len(plan.requests)) == (2, plan.expected_requests)
    assert plan.expected_rows < 50
    assert "round 2" in as_text(plan)


@pytest.mark.parametrize("run", [False, True])
def test_pictures_are_well_formed_and_described(run: bool) -> None:
    """An XML document with title and description that screen readers find, whatever the query holds."""
    document = minidom.parseString(as_svg(explained(TEXT, run=run)))
    root = document.documentElement
    assert root is not None
    assert root.getAttribute("role") == "img"
    named = [root.getElementsByTagName(tag)[0].getAttribute("id") for tag in ("title", "desc")]
    assert root.getAttribute("aria-labelledby").split() == named
    assert "title" in root.getElementsByTagName("desc")[0].firstChild.data  # type: ignore[union-attr]


def test_a_picture_of_many_members_stays_a_picture() -> None:
    """Two hundred members do not make it wider than a dozen."""
    plan = explained(TEXT)
    many = Explanation(plan.parts, tuple(f"m{i}" for i in range(200)), Way.HERE, (), 1, 0, 0, 0.0, judged(()))
    assert len(as_svg(many)) < 20_000


def test_services_are_not_explained() -> None:
    """What they answer decides what else is asked."""
    with pytest.raises(Unsupported, match="SERVICE"):
        explained("SELECT * { SERVICE <http://x> { ?s ?p ?o } }")
