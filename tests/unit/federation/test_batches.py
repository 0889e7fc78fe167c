"""Requests of one round that go to a member as one."""

from __future__ import annotations

from collections import Counter

import pyoxigraph as ox
import pytest
from merged_store import StoreSource, expected, federated, merge, same

from node.federation.calling.meter import Meter
from node.federation.fetching.batches import apart, as_one, batches
from node.federation.planning.plan import Scan
from node.federation.planning.requests import Job, Scope, scan_text
from node.sparql.terms import iri_term

DATA = """<s:1> <p:name> "" ; <p:name> "a\\tb\\nc" ; <p:age> 7 ; <p:knows> <s:2> .
<s:2> <p:name> "\\"0\\"" ; <p:age> 8 ."""


def store() -> ox.Store:
    made = ox.Store()
    made.load(DATA.encode(), format=ox.RdfFormat.TURTLE)
    return made


JOBS = [
    Job("a", "SELECT ?s ?o WHERE { ?s <p:name> ?o }", ("s", "o")),
    Job("a", "SELECT ?s WHERE { ?s <p:nothing> ?o }", ("s",)),
    Job("a", "SELECT ?o WHERE { VALUES ?s { <s:1> } ?s <p:name> ?o }", ("o",)),
    Job("a", "SELECT DISTINCT ?s ?v1 ?v2 WHERE { ?s <p:age> ?v1 ; <p:name> ?v2 } LIMIT 9", ("s", "v1", "v2")),
    Job("a", "SELECT ?s WHERE { ?s <p:age> ?o }", ("s",)),
]


def block(predicate: str, *subjects: str, conditions: tuple[str, ...] = ()) -> Job:
    """What subjects have of a predicate."""
    text = scan_text(Scan("s", iri_term(predicate), "o"), Scope()).where(conditions)
    cells = [f"<{subject}>".encode() for subject in subjects]
    return Job("a", text.block("s", cells), text.columns, 5.0, text.objects_of("s", cells))


BLOCKS = [block("p:name", "s:1", "s:2"), JOBS[1], block("p:age", "s:1", "s:2"), block("p:knows", "s:1"), JOBS[0]]

# The second condition is an error for names.
STRICT = [
    block("p:name", "s:1", "s:2", conditions=("STRLEN(?o) > 0", 'CONTAINS(?o, "a")')),
    block("p:age", "s:1", "s:2", conditions=("?o + 1 > 8",)),
    block("p:knows", "s:1", "s:2"),
]


@pytest.mark.parametrize("summarised", [True, False], ids=["TSV", "JSON"])
@pytest.mark.parametrize(
    "jobs",
    [JOBS, BLOCKS, [BLOCKS[2], BLOCKS[0]], STRICT],
    ids=["others", "subjects", "subjects alone", "with conditions"],
)
def test_rows_of_each_are_told_apart(jobs: list[Job], summarised: bool) -> None:
    """Each job gets the rows that it gets alone: with empty texts, tabs, line feeds, and fewer columns than others."""
    source, meter = StoreSource("a", store(), summarised=summarised), Meter(60, 100, 1 << 20)
    whole = as_one(jobs)
    tables = apart(source.select(whole.text, whole.columns, meter), jobs)
    for job, table in zip(jobs, tables, strict=True):
        alone = source.select(job.text, job.columns, meter)
        assert (table.columns, sorted(table.rows())) == (alone.columns, sorted(alone.rows()))

    if jobs is JOBS:
        assert len(tables[1]) == 0
        assert [b'""'] in list(tables[2].rows())
    elif jobs is not BLOCKS:
        assert whole.text.count("VALUES ?s") == 1


def test_little_goes_together_and_much_alone() -> None:
    """What brings many rows, and what has no rows, is a request of its own."""
    little, much = Job("a", "SELECT", ("s",), 100), Job("a", "SELECT *", ("s",), 7_950)
    ask, long = Job("a", "ASK", ()), Job("a", "x" * 200_000, ("s",))
    assert batches([little, little], unions=True) == [(little, little)]
    assert [len(b) for b in batches([little, much, much], unions=True)] == [1, 1, 1]
    assert batches([little, ask, little], unions=True) == [(little,), (ask,), (little,)]
    assert batches([long, long], unions=True) == [(long,), (long,)]
    assert [len(b) for b in batches([little] * 20, unions=True)] == [16, 4]
    assert batches([], unions=True) == []


def test_the_same_subjects_are_listed_once() -> None:
    """Also to engines that get no unions; what is about other subjects is asked for by itself."""
    names, nothing, ages, knows, all_names = BLOCKS
    assert batches(BLOCKS, unions=False) == [(names, ages), (nothing,), (knows,), (all_names,)]
    assert batches(BLOCKS, unions=True) == [(names, ages, nothing, knows, all_names)]
    # A constant object, a filter or a graph is not asked for so.
    for scan, scope in (
        (Scan("s", iri_term("p:a"), iri_term("o:1")), Scope()),
        (Scan("s", iri_term("p:a"), "s"), Scope()),
        (Scan("s", "p", "o"), Scope()),
        (Scan("s", iri_term("p:a"), "o", "g"), Scope()),
        (Scan("s", iri_term("p:a"), "o"), Scope(default=("g:1",))),
    ):
        assert scan_text(scan, scope).objects_of("s", [b"<s:1>"]) is None
    assert scan_text(Scan("s", iri_term("p:a"), "o"), Scope()).objects_of("o", [b"<s:1>"]) is None


def test_a_round_is_one_request() -> None:
    """A member of our kind is asked once a round; one of another kind in the plainest way."""
    text = "SELECT * { ?s <p:name> ?n . ?t <p:age> ?a }"
    for alike, requests in ((True, 1), (False, 2)):
        # A member that may hold as much as any other keeps the query from being handed over whole.
        sources = [StoreSource(name, store()) for name in "ab"]
        for source in sources:
            source.alike = alike  # type: ignore[misc]
        assert same(federated(sources, text), expected(merge([s.store for s in sources]), text))
        assert [len(s.requests) for s in sources] == [requests, requests]


def test_one_member_says_yes() -> None:
    """An ASK that is true at one member alone is asked of each whole; one that only all together know, is not settled
    so."""
    parts = [
        "<s:1> <p:a> <s:2> . <s:2> <p:b> <s:3> .",
        "<s:3> <p:a> <s:4> . <s:5> <p:b> <s:6> .",
        "<s:4> <p:b> <s:7> .",
    ]
    for text, first in (
        ("ASK { ?x <p:a> ?y . ?y <p:b> ?z }", True),
        ("ASK { <s:3> <p:a> ?y . ?y <p:b> ?z }", True),
        ("ASK { ?x <p:a> ?y . ?y <p:b> ?z FILTER(?x = <s:5>) }", True),
        ("ASK { ?x <p:a> ?y . FILTER NOT EXISTS { ?y <p:b> ?z } }", False),
        ("ASK { ?x <p:a> ?y . ?y <p:b> ?z FILTER(NOW() > 5) }", False),
    ):
        sources = []
        for name, part in zip("abc", parts, strict=True):
            member = ox.Store()
            member.load(part.encode(), format=ox.RdfFormat.TURTLE)
            sources.append(StoreSource(name, member))
        assert federated(sources, text) == expected(merge([s.store for s in sources]), text), text
        assert any(r.startswith("ASK") for s in sources for r in s.requests) == first, text


def test_one_member_fills_a_limit() -> None:
    """A monotone query that joins is first asked of each member, and one with enough solutions answers it; nothing that
    more data could take away or put before is, and nothing that is in order."""
    parts = [
        "<s:1> <p:a> <s:2> . <s:2> <p:b> <s:3>, <s:4>, <s:5> .",
        "<s:3> <p:a> <s:4> . <s:4> <p:b> <s:6> . <s:2> <p:c> 1 .",
        "<s:4> <p:a> <s:2> .",
    ]
    for text, first, enough in (
        ("SELECT * { ?x <p:a> ?y . ?y <p:b> ?z } LIMIT 2", True, True),
        ("SELECT DISTINCT ?x { ?x <p:a> ?y . ?y <p:b> ?z } LIMIT 1", True, True),
        ("SELECT * { ?x <p:a> ?y . ?y <p:b> ?z } OFFSET 1 LIMIT 2", True, True),
        ("SELECT * { ?x <p:a> ?y . ?y <p:b> ?z } LIMIT 7", True, False),
        ("SELECT * { ?x <p:a> ?y . ?y <p:b> ?z } ORDER BY ?x LIMIT 2", False, False),
        ("SELECT * { ?x <p:a> ?y . ?y <p:b> ?z OPTIONAL { ?y <p:c> ?w } } LIMIT 2", False, False),
        ("SELECT (COUNT(*) AS ?n) { ?x <p:a> ?y . ?y <p:b> ?z } LIMIT 1", False, False),
    ):
        sources = []
        for name, part in zip("abc", parts, strict=True):
            member = ox.Store()
            member.load(part.encode(), format=ox.RdfFormat.TURTLE)
            sources.append(StoreSource(name, member))
        merged = merge([s.store for s in sources])
        got, all_of = federated(sources, text), expected(merged, text.partition(" OFFSET")[0].partition(" LIMIT")[0])
        assert len(got) == len(expected(merged, text)), text
        assert not Counter(got) - Counter(all_of), text
        whole = [text in request for s in sources for request in s.requests]
        assert any(whole) == first, text
        assert all(whole) == enough, text


def test_the_only_one_that_may_hold_something_is_asked_whole() -> None:
    """Though it says nothing, where the others say that they hold none of it; not where one of them holds some."""
    silent, other = ox.Store(), ox.Store()
    silent.load(b"<s:1> <p:a> <s:2> . <s:2> <p:b> 1, 2 .", format=ox.RdfFormat.TURTLE)
    other.load(b"<s:1> <p:a> <s:3> . <s:3> <p:c> 3 .", format=ox.RdfFormat.TURTLE)
    for text, whole in (
        ("SELECT ?x (SUM(?y) AS ?n) { ?x <p:b> ?y } GROUP BY ?x", True),
        ("SELECT (COUNT(*) AS ?n) { ?x <p:a> ?y OPTIONAL { ?y <p:b> ?z } }", False),
    ):
        sources = [StoreSource("a", silent, summarised=False), StoreSource("b", other)]
        assert same(federated(sources, text), expected(merge([silent, other]), text))
        assert [text in s.requests for s in sources] == [whole, False]
