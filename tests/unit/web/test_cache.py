"""Answers kept in memory: what is kept, for how long, and what never is."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_fakes import FakeAnswer

from node.errors import QueryTimeout
from node.rdf.formats import JSON
from node.store.quads import Generation
from node.web.cache import AnswerCache, KeptAnswer, is_repeatable

SEVEN, EIGHT = Generation(7, Path()), Generation(8, Path())


def kept(body: bytes, generation: Generation = SEVEN) -> KeptAnswer:
    return KeptAnswer(JSON, generation, body)


def test_what_was_put_is_found_until_the_generation_changes() -> None:
    """The next generation starts with nothing, and nothing of the former one enters any more."""
    cache = AnswerCache(1_000_000)
    assert cache.get(SEVEN, b"k") is None
    cache.put(b"k", kept(b"seven"))
    found = cache.get(SEVEN, b"k")
    assert found is not None
    assert (b"".join(found), found.format, found.generation) == (b"seven", JSON, SEVEN)
    assert cache.get(SEVEN, b"other") is None
    assert cache.get(EIGHT, b"k") is None
    assert cache.size == 0
    cache.put(b"k", kept(b"seven"))
    assert cache.get(EIGHT, b"k") is None


def test_the_least_recently_used_goes_first() -> None:
    """And the budget is kept."""
    cache = AnswerCache(40_000)
    cache.get(SEVEN, b"")
    for i in range(16):
        cache.put(b"%d" % i, kept(b"x" * 1_800))
    assert cache.get(SEVEN, b"0") is not None
    cache.put(b"new", kept(b"x" * 1_800))
    assert cache.get(SEVEN, b"0") is not None
    assert cache.get(SEVEN, b"1") is None
    assert cache.get(SEVEN, b"new") is not None
    assert cache.size <= 40_000


def test_too_large_an_answer_is_not_kept() -> None:
    """One sixteenth of the budget at most; with a budget of 0 nothing at all."""
    cache = AnswerCache(160_000)
    cache.get(SEVEN, b"")
    cache.put(b"large", kept(b"x" * 10_000))
    cache.put(b"fits", kept(b"x" * 9_000))
    assert cache.get(SEVEN, b"large") is None
    assert cache.get(SEVEN, b"fits") is not None
    none = AnswerCache(0)
    none.get(SEVEN, b"")
    none.put(b"k", kept(b""))
    assert none.get(SEVEN, b"k") is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3_000)), max_size=200))
def test_the_size_is_that_of_what_is_kept(steps: list[tuple[int, int]]) -> None:
    """However often an answer is put again with another length."""
    cache = AnswerCache(20_000)
    cache.get(SEVEN, b"")
    for key, length in steps:
        cache.put(b"%d" % key, kept(b"x" * length))
        found = [cache.get(SEVEN, b"%d" % k) for k in range(10)]
        assert cache.size == sum(len(a.body) + 600 for a in found if a is not None) <= 20_000


def test_only_an_answer_read_to_its_end_is_kept() -> None:
    """Not one that fails, nor one whose reader leaves, nor one that grows too large on its way."""
    cache = AnswerCache(16_000)
    cache.get(SEVEN, b"")

    def read(key: bytes, answer: FakeAnswer, chunks: int = 1_000) -> list[bytes]:
        with cache.keeping(key, nullcontext(answer)) as open_:
            assert (open_.format, open_.generation) == (JSON, SEVEN)
            return [chunk for _, chunk in zip(range(chunks), open_, strict=False)]

    assert read(b"whole", FakeAnswer(JSON, [b"a", b"b"])) == [b"a", b"b"]
    assert cache.get(SEVEN, b"whole") == kept(b"ab")
    read(b"left", FakeAnswer(JSON, [b"a", b"b"]), 1)
    with pytest.raises(QueryTimeout):
        read(b"broken", FakeAnswer(JSON, [b"a"], failure=QueryTimeout("too long.")))
    assert len(read(b"large", FakeAnswer(JSON, [b"x" * 100] * 20))) == 20
    for key in (b"left", b"broken", b"large"):
        assert cache.get(SEVEN, key) is None


def test_several_threads() -> None:
    """What is found under a key is what was put there."""
    cache = AnswerCache(30_000)
    wrong: list[object] = []

    def work(seed: int) -> None:
        for i in range(2_000):
            key = (seed * 7 + i) % 40
            found = cache.get(SEVEN, b"%d" % key)
            if found is None:
                cache.put(b"%d" % key, kept(b"%d" % key * 50))
            elif found.body != b"%d" % key * 50:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert 0 < cache.size <= 30_000


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (RAND() AS ?x) {}",
        "SELECT (rAnD () AS ?x) {}",
        "SELECT (NOW# when\n#really\n ( ) AS ?x) {}",
        "SELECT * { ?s ?p ?o } ORDER BYRAND()",
        "SELECT (UUID() AS ?x) {}",
        "SELECT (STRUUID() AS ?x) {}",
        'SELECT (BNODE("a") AS ?x) {}',
        "SELECT (\\u0052AND() AS ?x) {}",
        "SELECT (R\\U00000041ND() AS ?x) {}",
    ],
)
def test_what_changes_each_time_is_not_repeatable(text: str) -> None:
    """Any case, with white space and comments before the parenthesis, glued to another word, or escaped."""
    assert not is_repeatable(text)


def test_ordinary_queries_are_repeatable() -> None:
    """A word inside a name or a text is no call."""
    assert is_repeatable('SELECT ?now { ?s ?now "Unknown brand" } #RAND')
    assert is_repeatable("ASK {}")


def test_the_test_takes_no_time_on_hostile_text() -> None:
    """Comments after the word are gone through once."""
    started = time.perf_counter()
    assert is_repeatable("NOW" + "#" * 200_000 + "\n" + " #\n" * 100_000)
    assert is_repeatable("NOW \n" * 200_000)
    assert time.perf_counter() - started < 2
