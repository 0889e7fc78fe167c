"""Memory that federated queries share: what each has of its own, what goes to whoever comes, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from node.errors import QueryMemoryExceeded, TooBusy
from node.federation.calling.memory import Memory
from node.federation.fetching.last_step import bounded
from node.rdf.formats import JSON, NTRIPLES, Format
from node.store.quads import Answer, Budget

MB = 1_000_000


def test_one_query_may_have_all_but_what_is_the_others_own() -> None:
    memory = Memory(1000 * MB, 4)
    one = memory.share()
    one.take(800 * MB)
    with pytest.raises(QueryMemoryExceeded, match=r"820\.0 MB of memory or more .* may have 812\.5 MB"):
        one.take(20 * MB)
    assert memory.free == memory.shared - (800 * MB - memory.own)


def test_a_query_that_needs_little_gets_it_whatever_the_others_have() -> None:
    """And one that needs more than its own meanwhile is told to come again, since alone it would have got it."""
    memory = Memory(1000 * MB, 4)
    flood = memory.share()
    flood.take(memory.own + memory.shared)
    for little in [memory.share() for _ in range(3)]:
        little.take(memory.own)
        with pytest.raises(TooBusy):
            little.take(MB)
    flood.close()
    assert memory.free == memory.shared


def test_what_is_given_back_is_there_for_others() -> None:
    memory = Memory(100 * MB, 1)
    one = memory.share()
    with one.beside(90 * MB), pytest.raises(QueryMemoryExceeded):
        one.take(20 * MB)
    one.take(20 * MB)
    one.settle(15 * MB)
    one.settle(20 * MB)
    one.take(85 * MB)
    one.close()
    memory.share().take(100 * MB)


def test_last_steps_share_what_is_left() -> None:
    """The first is offered most of what is free, so that those beside it get something too; all is given back."""
    memory = Memory(1000 * MB, 4)
    shares = [memory.share() for _ in range(4)]
    sizes: list[int] = []
    with (
        shares[0].granted(MB, 1 << 40) as first,
        shares[1].granted(MB, 1 << 40) as second,
        shares[2].granted(MB, 1 << 40) as third,
        shares[3].granted(MB, 1 << 40) as last,
    ):
        sizes += [first, second, third, last]
        assert sum(sizes) <= 1000 * MB
    assert sizes[0] > 400 * MB
    assert min(sizes) >= 40 * MB
    assert memory.free == memory.shared
    with shares[0].granted(600 * MB, 1 << 40) as needed, shares[1].granted(MB, 30 * MB) as little:
        assert needed >= 600 * MB
        assert little == 30 * MB


def test_what_a_last_step_may_use_is_not_held_here() -> None:
    """Only what this process held has to be given back to the system by it."""
    share = Memory(1_000, 1).share()
    share.take(100)
    with share.granted(10, 500) as granted:
        assert granted > 100
        share.take(20)
    assert share.highest == 120


def test_a_step_that_others_left_too_little_may_come_again() -> None:
    memory = Memory(1000 * MB, 4)
    one, other = memory.share(), memory.share()
    with pytest.raises(QueryMemoryExceeded), one.granted(MB, 1 << 40):
        raise QueryMemoryExceeded("it needed more.")
    other.take(800 * MB)
    with pytest.raises(TooBusy), one.granted(MB, 1 << 40):
        raise QueryMemoryExceeded("it needed more.")


def test_a_last_step_gets_what_its_statements_take() -> None:
    """And is refused before it begins when there is not as much."""
    given: list[int] = []

    @contextmanager
    def evaluate(
        triples: Iterable[bytes], quads: Iterable[bytes], text: str, formats: tuple[Format, Format], budget: Budget
    ) -> Iterator[Answer]:
        given.append(budget.memory_bytes)
        yield None  # type: ignore[misc]

    memory = Memory(400 * MB, 1)
    step = bounded(evaluate, memory.share())
    budget = Budget(1.0, 1 << 40, MB)
    with step([], [b"x" * 100 * MB], "ASK {}", (JSON, NTRIPLES), budget):
        pass
    assert 232 * MB <= given[0] <= 400 * MB
    with (
        pytest.raises(QueryMemoryExceeded, match="federation_memory_bytes"),
        step([], [b"x" * 200 * MB], "ASK {}", (JSON, NTRIPLES), budget),
    ):
        pass
    assert len(given) == 1
