"""Hierarchies asked where they are: one request, and the answer that the merge gives, whoever holds which edge."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from merged_store import StoreSource, evaluate_in_memory, expected, federated_by, merge, same

from node.federation.execution import Execution

EX = "http://ex.org/"
BELOW = "{ SELECT ?c { ?c <http://ex.org/sub>* <http://ex.org/top> } }"


def store_of(*triples: str) -> ox.Store:
    """A store with these triples of local names."""
    store = ox.Store()
    store.extend(ox.Quad(*(ox.NamedNode(EX + name) for name in triple.split())) for triple in triples)
    return store


EDGES = (*(f"c{n + 1} sub c{n}" for n in range(20)), "c0 sub top", "other sub elsewhere", "c3 sub c19")
DATA = ("s1 dx c20", "s2 dx top", "s3 dx other", "s4 dx c7", "s5 dx c7", "s6 dx nobody")


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT ?s ?c {{ {BELOW} ?s <{EX}dx> ?c }}",
        f"SELECT ?s ?c {{ {BELOW.replace('*', '+')} ?s <{EX}dx> ?c }}",
        f"SELECT ?s ?c {{ {BELOW.replace('*', '?')} ?s <{EX}dx> ?c }}",
        f"SELECT ?s ?c {{ {BELOW.replace('SELECT ?c', 'SELECT *')} ?s <{EX}dx> ?c }}",
        f"SELECT ?s ?x {{ {BELOW.replace('SELECT ?c', 'SELECT (?c AS ?x)')} ?s <{EX}dx> ?x }}",
        f"SELECT ?s ?c {{ {{ SELECT ?c {{ <{EX}c5> <{EX}sub>* ?c }} }} ?s <{EX}dx> ?c }}",
        f"SELECT ?s ?c {{ {{ SELECT ?c {{ <{EX}nobody> <{EX}sub>* ?c }} }} ?s <{EX}dx> ?c }}",
        f"SELECT ?s ?c {{ {{ SELECT ?c {{ ?c (<{EX}sub>|<{EX}none>)* <{EX}top> }} }} ?s <{EX}dx> ?c }}",
    ],
)
@pytest.mark.parametrize("spread", [1, 2])
def test_the_answer_is_that_of_the_merge(text: str, spread: int) -> None:
    """With all edges at one member, and with edges at both."""
    holder = StoreSource("holder", store_of(*EDGES[::spread]))
    partner = StoreSource("partner", store_of(*DATA, *(EDGES[1::spread] if spread > 1 else ())))
    execution = Execution(evaluate_in_memory, cache_bytes=0)
    try:
        rows = federated_by(execution, [holder, partner], text)[0]
    finally:
        execution.close()
    assert same(rows, expected(merge([holder.store, partner.store]), text))


def test_one_request_whatever_the_depth() -> None:
    holder, partner = StoreSource("holder", store_of(*EDGES)), StoreSource("partner", store_of(*DATA))
    execution = Execution(evaluate_in_memory, cache_bytes=0)
    try:
        federated_by(execution, [holder, partner], f"SELECT ?s ?c {{ {BELOW} ?s <{EX}dx> ?c }}")
    finally:
        execution.close()
    assert len(holder.requests) == 1
    assert len(partner.requests) == 1
