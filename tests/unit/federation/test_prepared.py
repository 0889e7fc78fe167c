"""Queries asked again: what is left to evaluate of them is kept, its answer and what it was made of before are not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pyoxigraph as ox
import pytest
from merged_store import BUDGET, NOWHERE, StoreSource, evaluate_in_memory, expected, federated_by, merge, same
from random_queries import QueryMaker, random_members

from node.errors import NodeError
from node.federation.calling.meter import Meter
from node.federation.calling.rows import Table
from node.federation.execution import Execution
from node.federation.fetching.cache import Kept
from node.federation.fetching.losses import Losses
from node.federation.fetching.prepared import LastStep, Prepared, PreparedQueries
from node.federation.fetching.scratch import Statements
from node.federation.fetching.trace import Trace
from node.federation.members.directory import Directory
from node.federation.members.summaries import Summary
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.parser import parse_query

EX = "http://ex.org/"
TEXT = f"SELECT * {{ ?s <{EX}p> ?o . ?o <{EX}q> ?x }}"


def store_of(*triples: tuple[str, str, str]) -> ox.Store:
    """A store with these triples; the terms are local names."""
    store = ox.Store()
    store.extend(ox.Quad(*(ox.NamedNode(EX + name) for name in triple)) for triple in triples)
    return store


def members() -> list[StoreSource]:
    """Two that a join needs both, and one that it does not need."""
    return [
        StoreSource("first", store_of(("a", "p", "b"), ("c", "p", "d")), remembers=True),
        StoreSource("second", store_of(("b", "q", "e"), ("d", "q", "f")), remembers=True),
        StoreSource("third", store_of(("x", "r", "y")), remembers=True),
    ]


class Counting:
    """Evaluates, and counts how often, and how often it was given the very statements of the time before."""

    def __init__(self) -> None:
        self.times = self.again = 0
        self._last: object = None

    @contextmanager
    def __call__(self, triples, quads, text, formats, budget) -> Iterator[object]:  # type: ignore[no-untyped-def]
        self.times += 1
        self.again += triples is self._last
        self._last = triples
        with evaluate_in_memory(triples, quads, text, formats, budget) as answer:
            yield answer


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def execution(counting: Counting) -> Iterator[Execution]:
    execution = Execution(counting, cache_bytes=1 << 20)
    yield execution
    execution.close()


def test_it_is_evaluated_each_time_over_what_was_prepared(execution: Execution, counting: Counting) -> None:
    """The members are asked nothing, and are reported as when they were."""
    sources = members()
    rows, first = federated_by(execution, sources, TEXT)
    asked = [len(source.requests) for source in sources]
    for times in (1, 2):
        again, answer = federated_by(execution, sources, TEXT)
        assert same(again, rows)
        assert [(m.name, m.verdict, m.rows) for m in answer.report] == [
            (m.name, m.verdict, m.rows) for m in first.report
        ]
        assert (counting.times, counting.again) == (1 + times, times)
    assert [len(source.requests) for source in sources] == asked
    assert [m.verdict for m in first.report] == ["answered", "answered", "pruned"]


@pytest.mark.parametrize("changing", [0, 1, 2])
def test_not_after_a_change_of_any_member(execution: Execution, counting: Counting, changing: int) -> None:
    """Not even one that the query did not need."""
    sources = members()
    assert len(federated_by(execution, sources, TEXT)[0]) == 2
    sources[changing].change(store_of(("b", "q", "new"), ("a", "p", "b")))
    rows = federated_by(execution, sources, TEXT)[0]
    assert same(rows, expected(merge([source.store for source in sources]), TEXT))
    assert counting.again == 0


def test_not_with_other_members(execution: Execution, counting: Counting) -> None:
    """A query over fewer or more of them is another; those that it is over again are as they were."""
    sources = members()
    assert len(federated_by(execution, sources, TEXT)[0]) == 2
    assert federated_by(execution, sources[:1], TEXT)[0] == []
    assert counting.again == 0
    assert len(federated_by(execution, sources, TEXT)[0]) == 2
    assert counting.again == 1


def test_not_where_something_may_be_missing_or_kept_back(execution: Execution, counting: Counting) -> None:
    """Not for a lower bound, nor with what others may not be told, nor where requests are to be shown."""
    sources = members()
    query = parse_query(TEXT)

    def ask(**how: object) -> int:
        meter = Meter(60.0, 1000, 1 << 30)
        with execution.answer(
            query,
            sources,
            formats=(JSON, NTRIPLES),
            meter=meter,
            budget=BUDGET,
            generation=NOWHERE,
            **how,  # type: ignore[arg-type]
        ) as answer:
            return b"".join(answer).count(b'"s":{')

    trace = Trace()
    assert ask() == ask() == 2
    assert counting.again == 1
    assert ask(losses=Losses(lambda: None)) == 2
    assert ask(trace=trace) == 2
    assert counting.again == 1
    assert [request.member for request in trace.requests] == ["first", "second"]
    sources[0].exportable = False
    assert ask() == ask() == 2
    assert counting.again == 1


def test_what_is_new_each_time_stays_new(execution: Execution, counting: Counting) -> None:
    """Functions without a fixed value are evaluated with the query, beside groups that members made before it too."""
    sources = members()
    for pattern in (
        f"?s <{EX}p> ?o . ?o <{EX}q> ?x BIND(STRUUID() AS ?id)",
        f"{{ SELECT ?s (STRUUID() AS ?id) {{ ?s <{EX}p> ?o }} GROUP BY ?s }} ?s <{EX}p> ?o . ?o <{EX}q> ?x",
        f"{{ SELECT ?s (COUNT(*) AS ?n) {{ ?s <{EX}p> ?o }} GROUP BY ?s }} BIND(STRUUID() AS ?id)",
    ):
        found = [str(federated_by(execution, sources, f"SELECT ?id {{ {pattern} }}")[0]) for _ in range(3)]
        assert len(set(found)) == 3, pattern
    assert counting.again


@pytest.mark.parametrize("seed", range(40))
def test_random_queries_asked_again(seed: int) -> None:
    """Some queries in turn, again and again, over members of which now and then one changes."""
    random = Random(seed)
    maker = QueryMaker(random)
    sources = [StoreSource(f"m{i}", store, remembers=True) for i, store in enumerate(random_members(random))]
    counting = Counting()
    execution = Execution(counting, cache_bytes=1 << 16)
    texts = [maker.query() for _ in range(4)]
    try:
        for _ in range(12):
            for source, store in zip(sources, random_members(random), strict=True):
                if random.random() < 0.1:
                    source.change(store)
            text = random.choice(texts)
            try:
                parse_query(text)
                wanted = expected(merge([source.store for source in sources]), text)
            except (NodeError, SyntaxError):
                continue
            got = federated_by(execution, sources, text)[0]
            assert "LIMIT" in text or "OFFSET" in text or same(got, wanted), text
    finally:
        execution.close()


def test_what_is_kept_is_bounded() -> None:
    """Statements that are many are not; and nothing is of a query that is answered in two steps, or of members that do
    not say what they hold."""
    summary = Summary(1, {}, {}, "1")
    directory = Directory({"a": summary})
    query = parse_query(TEXT)
    prepared = PreparedQueries(Kept(1 << 20))
    written = Statements()
    written.add(Table(("s",), b"x\n"), lambda _: b"x" * 10)
    small = prepared.put(query, directory, Prepared(LastStep("text", written), {"a": 1}))
    assert small.step.triples == [b"x" * 10]
    assert prepared.get(query, directory) is small
    assert prepared.get(query, Directory({"a": summary})) is None
    other = parse_query("SELECT * { ?s ?p ?o }")
    large = Prepared(LastStep("text", [b"x" * (1 << 19)]), {})
    assert prepared.put(other, directory, large) is large
    assert prepared.get(other, directory) is None
    silent = Directory({"a": summary, "b": None})
    prepared.put(other, silent, Prepared(LastStep("text"), {}))
    assert prepared.get(other, silent) is None
    describe = parse_query("DESCRIBE ?s { ?s ?p ?o }")
    prepared.put(describe, directory, Prepared(LastStep("text"), {}))
    assert prepared.get(describe, directory) is None
