"""Requests of one round that go to a member as one."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from merged_store import StoreSource, expected, federated, merge, same

from node.federation.calling.meter import Meter
from node.federation.fetching.batches import apart, as_one, batches
from node.federation.planning.requests import Job

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


@pytest.mark.parametrize("summarised", [True, False], ids=["TSV", "JSON"])
def test_rows_of_each_are_told_apart(summarised: bool) -> None:
    """Each job gets the rows that it gets alone: with empty texts, tabs, line feeds, and fewer columns than others."""
    source, meter = StoreSource("a", store(), summarised=summarised), Meter(60, 100, 1 << 20)
    whole = as_one(JOBS)
    tables = apart(source.select(whole.text, whole.columns, meter), JOBS)
    for job, table in zip(JOBS, tables, strict=True):
        alone = source.select(job.text, job.columns, meter)
        assert (table.columns, sorted(table.rows())) == (alone.columns, sorted(alone.rows()))
    assert len(tables[1]) == 0
    assert [b'""'] in list(tables[2].rows())


def test_little_goes_together_and_much_alone() -> None:
    """What brings many rows, and what has no rows, is a request of its own."""
    little, much = Job("a", "SELECT", ("s",), 100), Job("a", "SELECT *", ("s",), 7_950)
    ask, long = Job("a", "ASK", ()), Job("a", "x" * 200_000, ("s",))
    assert batches([little, little]) == [(little, little)]
    assert [len(b) for b in batches([little, much, much])] == [1, 1, 1]
    assert batches([little, ask, little]) == [(little,), (ask,), (little,)]
    assert batches([long, long]) == [(long,), (long,)]
    assert [len(b) for b in batches([little] * 20)] == [16, 4]
    assert batches([]) == []


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
