"""What may not leave this node: no request holds a value of it, or depends on one, and answers are exact all the same.

One source of the federation is *kept*: the caller may read it, the others may not be told of it.
"""

from __future__ import annotations

import re
from random import Random

import pyoxigraph as ox
import pytest
from kept_members import EX, MARK, asked_of_others, hidden, sources
from merged_store import BUDGET, NOWHERE, StoreSource, evaluate_in_memory, expected, merge, same
from random_queries import QueryMaker, random_members

from node.errors import ResultTooLarge
from node.federation.calling.meter import Meter
from node.federation.execution import Execution
from node.model.access import Tier
from node.policy.decide import ANONYMOUS, OPERATOR, decide
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.parser import parse_query


@pytest.mark.parametrize("kind", ["ours", "large", "mixed"])
@pytest.mark.parametrize("part", range(4))
def test_random_queries(kind: str, part: int) -> None:
    """Exact, without a word of what may not leave; and with other terms in its place the requests are the same."""
    compared = narrowed = 0
    for number in range(30):
        seed = f"{kind} {part} {number}"
        random = Random(seed)
        *public, kept = random_members(random, members=4)
        text = QueryMaker(random).query()
        stores = [*public, hidden(kept, Random(seed))]
        try:
            wanted = expected(merge(stores), text)
        except SyntaxError:
            continue
        compared += 1
        rows, requests = asked_of_others(sources(stores, kind), text)
        assert same(rows, wanted), text
        assert not [request for request in requests if MARK in request], text
        _, others = asked_of_others(sources([*public, hidden(kept, Random(seed), "never-to-be-told")], kind), text)
        assert requests == others, text
        narrowed += any("VALUES ?s" in request for request in requests)
    assert compared >= 20
    assert narrowed or kind == "ours"


def store_of(text: str) -> ox.Store:
    """A store with these triples."""
    store = ox.Store()
    store.update(f"PREFIX : <{EX}> INSERT DATA {{ {text} }}")
    return store


def members_with_records() -> list[StoreSource]:
    """Donors at a member that holds many, whose sample is described at another, and records of some that are kept."""
    donors = " ".join(f":d{i} :sex :f . :d{i} :born {1900 + i} ." for i in range(50))
    samples = " ".join(f":s{i} :from :d{i} ; :code :c{i % 5} ." for i in range(50))
    records = " ".join(f':s{i} :record "{MARK} {i}" ; :seen :{MARK}-{i} .' for i in (3, 4))
    return sources([store_of(samples), store_of(donors), store_of(records)], "large")


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        # Which samples have records is not told either, though their names are known to everybody.
        ("?s :record ?r ; :from ?d . ?d :sex ?x", True),
        ("?s :record ?r . ?s :code ?c", False),
        ("?s :record ?r OPTIONAL { ?s :code ?c }", False),
        ("?s :seen/:nothing* ?r . ?s :from ?d", False),
        # What no record takes part in is sent as ever.
        ("?s :code :c3 ; :from ?d . ?d :born ?y", True),
        ("?s :code :c3 ; :from ?d . ?d :born ?y OPTIONAL { ?s :record ?r }", True),
        # Known to be of c3 whatever the records say: this may be told, and not which of them have one.
        ("?s :code :c3 ; :record ?r ; :from ?d", True),
    ],
)
def test_public_values_chosen_by_what_is_kept(pattern: str, *, told: bool) -> None:
    """Values are sent where they follow from what may leave alone."""
    text = f"PREFIX : <{EX}> SELECT * {{ {pattern} }}"
    members = members_with_records()
    rows, requests = asked_of_others(members, text)
    assert rows
    assert same(rows, expected(merge([member.store for member in members]), text))
    assert any("VALUES" in request for request in requests) is told
    # All ten of c3 or none, as two of them have records; and all donors or those ten of them.
    assert all(len(re.findall(f"<{EX}s[0-9]", request)) in (0, 10) for request in requests), requests
    assert all(len(re.findall(f"<{EX}d[0-9]", request)) in (0, 10, 50) for request in requests), requests


def test_what_no_kept_data_can_match_is_answered_as_ever() -> None:
    """No pattern has a match among them: members evaluate what they can, and are sent values."""
    sizes = store_of(" ".join(f":s{i} :size {i % 7} ." for i in range(50)))

    def asked(text: str) -> tuple[list[object], list[str]]:
        of_others, _, kept = (member.store for member in members_with_records())
        stores = [of_others, sizes, kept]
        rows, requests = asked_of_others(sources(stores, "large"), f"PREFIX : <{EX}> {text}")
        assert same(rows, expected(merge(stores), f"PREFIX : <{EX}> {text}"))
        assert not [request for request in requests if MARK in request]
        return rows, requests

    for text in ("SELECT ?s ?n { ?s :size ?n }", "SELECT ?n (COUNT(*) AS ?m) { ?s :from ?d ; :code ?n } GROUP BY ?n"):
        assert len(asked(text)[1]) == 1
    # A node of the kept graph would be one more end of a path of no step; a described one has more to it.
    for text in ("SELECT ?s ?t { ?s :size* ?t }", "DESCRIBE ?s { ?s :size 3 }"):
        assert any(MARK in str(row) for row in asked(text)[0])


def test_descriptions_of_what_was_found() -> None:
    """The resources of DESCRIBE are found with the help of kept data, and so not named to others."""
    members = members_with_records()
    text = f"PREFIX : <{EX}> DESCRIBE ?s WHERE {{ ?s :record ?r }}"
    rows, requests = asked_of_others(members, text)
    assert same(rows, expected(merge([member.store for member in members]), text))
    assert not [request for request in requests if re.search(f"<{EX}s[0-9]", request)]


def test_what_would_have_to_be_fetched_instead_is_limited() -> None:
    """Where everything would be too much, the query is refused with a limit."""
    execution = Execution(evaluate_in_memory, cache_bytes=0)
    query = parse_query(f"PREFIX : <{EX}> SELECT * {{ ?s :record ?r ; :from ?d . ?d :sex ?x }}")
    try:
        with (
            pytest.raises(ResultTooLarge) as refused,
            execution.answer(
                query,
                members_with_records(),
                formats=(JSON, NTRIPLES),
                meter=Meter(60.0, 100, 1_000),
                budget=BUDGET,
                generation=NOWHERE,
            ),
        ):
            pass
    finally:
        execution.close()
    assert MARK not in str(refused.value)


def test_the_policy_says_what_is_exportable() -> None:
    """Whoever asks, only what everybody may read is sent to others."""
    assert decide(ANONYMOUS).exportable == decide(OPERATOR).exportable == (Tier.PUBLIC,)
    assert decide(ANONYMOUS).kept == ()
    assert decide(OPERATOR).kept == (Tier.CONTROLLED,)
