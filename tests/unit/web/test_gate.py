"""Whose query is next, and who is told to come back."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from node.errors import TooBusy, TooManyQueries
from node.web.gate import Gate


def gate(places: int, per_client: int, queue_seconds: float = 0.05) -> Gate:
    return Gate("test", places=places, per_client=per_client, queue_seconds=queue_seconds)


def test_places_are_given_back() -> None:
    """So many at a time; a place that is left is free at once."""

    async def run() -> None:
        mine = gate(2, 2)
        await mine.enter("a")
        await mine.enter("b")
        with pytest.raises(TooBusy) as busy:
            await mine.enter("c")
        assert not isinstance(busy.value, TooManyQueries)
        mine.leave("a")
        await mine.enter("c")

    asyncio.run(run())


def test_a_client_has_its_own_limit() -> None:
    """With places left it is refused all the same, and told that it is itself in its way."""

    async def run() -> None:
        mine = gate(5, 2)
        await mine.enter("a")
        await mine.enter("a")
        with pytest.raises(TooManyQueries):
            await mine.enter("a")
        await mine.enter("b")
        mine.leave("a")
        await mine.enter("a")

    asyncio.run(run())


def test_the_next_place_goes_to_who_has_the_fewest() -> None:
    """Whoever came with many before waits behind whoever comes with one; one client's queries keep their order."""

    async def run() -> list[str]:
        mine = gate(3, 3, 5.0)
        order: list[str] = []

        async def ask(client: str, name: str) -> None:
            await mine.enter(client)
            order.append(name)

        for number in range(3):
            await ask("greedy", str(number))
        waiting = [asyncio.ensure_future(ask("greedy", f"g{i}")) for i in range(3)]
        await asyncio.sleep(0)
        waiting.append(asyncio.ensure_future(ask("modest", "m")))
        await asyncio.sleep(0)
        for client in ("greedy", "greedy", "modest", "greedy"):
            mine.leave(client)
            for _ in range(3):
                await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        return order

    assert asyncio.run(run()) == ["0", "1", "2", "m", "g0", "g1", "g2"]


def test_whoever_comes_again_has_kept_its_place() -> None:
    """A query that was refused is before those that came after it; among clients with as few, the first is first."""

    async def run() -> list[str]:
        mine = gate(1, 1, 0.05)
        order: list[str] = []

        async def ask(client: str) -> None:
            while True:
                with contextlib.suppress(TooBusy):
                    await mine.enter(client)
                    order.append(client)
                    return

        await mine.enter("holder")
        first = asyncio.ensure_future(ask("first"))
        # Twice it is refused before the others come.
        await asyncio.sleep(0.12)
        others = [asyncio.ensure_future(ask(name)) for name in ("second", "third")]
        await asyncio.sleep(0.12)
        for client in ("holder", "first", "second"):
            mine.leave(client)
            await asyncio.sleep(0.01)
        await asyncio.gather(first, *others)
        return order

    assert asyncio.run(run()) == ["first", "second", "third"]


def test_many_of_one_do_not_keep_out_one_of_another() -> None:
    """Sixty-four that wait, all long before the one of somebody else: it has the next place, refused before or not."""

    async def run() -> None:
        mine = gate(3, 2, 0.3)
        flood = [asyncio.ensure_future(mine.enter("flood")) for _ in range(64)]
        await asyncio.sleep(0)
        # A place is left to the others.
        async with asyncio.timeout(0.1):
            await mine.enter("single")
        async with asyncio.timeout(0.1):
            mine.leave("flood")
            await asyncio.sleep(0)
        mine.leave("single")
        async with asyncio.timeout(0.1):
            await mine.enter("single")
        results = await asyncio.gather(*flood, return_exceptions=True)
        assert sum(isinstance(result, TooManyQueries) for result in results) == 61

    asyncio.run(run())


def test_long_queries_do_not_keep_out_a_small_one() -> None:
    """While all that run have been running for a second, one more may; while any of them is new, it waits."""

    async def run() -> None:
        mine = Gate("test", places=2, per_client=1, queue_seconds=5.0, spare=1)
        loop = asyncio.get_running_loop()
        await mine.enter("long")
        await asyncio.sleep(0.5)
        await mine.enter("longer")
        started = loop.time()
        small = asyncio.ensure_future(mine.enter("small"))
        await asyncio.sleep(0.6)
        assert not small.done()
        await small
        assert loop.time() - started >= 1.0
        # The one place there was is taken, and its query is new.
        next_one = asyncio.ensure_future(mine.enter("next"))
        await asyncio.sleep(0.05)
        assert not next_one.done()
        mine.leave("small")
        async with asyncio.timeout(0.1):
            await next_one
        # Where others have ended, it is a place as any other.
        mine.leave("long")
        mine.leave("longer")
        await mine.enter("long")
        with pytest.raises(TooManyQueries):
            async with asyncio.timeout(6):
                await mine.enter("long")

    asyncio.run(run())


def test_when_to_come_again_follows_from_the_line() -> None:
    """With queries that take long and many before it, one is told to wait longer; never for more than half a minute."""

    async def run() -> list[int]:
        mine = gate(1, 1, 0.05)
        loop = asyncio.get_running_loop()
        started = loop.time()
        clock = started
        loop.time = lambda: clock  # type: ignore[method-assign]
        for _ in range(40):
            await mine.enter("a")
            clock += 4.0
            mine.leave("a")
        del loop.time  # type: ignore[method-assign]
        await mine.enter("a")
        waiting = [asyncio.ensure_future(mine.enter(f"c{number}")) for number in range(12)]
        refused = await asyncio.gather(*waiting, return_exceptions=True)
        return [error.retry_seconds for error in refused if isinstance(error, TooBusy)]

    told = asyncio.run(run())
    assert told[:3] == [4, 8, 12]
    assert told[-1] == 30


def test_one_that_is_cancelled_leaves_nothing_behind() -> None:
    """Neither its place in the line nor, if its turn came in that moment, the place itself."""

    async def run() -> None:
        mine = gate(1, 1, 5.0)
        await mine.enter("a")
        waiting = asyncio.ensure_future(mine.enter("b"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        again = asyncio.ensure_future(mine.enter("b"))
        await asyncio.sleep(0)
        mine.leave("a")
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
        async with asyncio.timeout(1):
            await mine.enter("c")

    asyncio.run(run())


def test_what_cannot_begin_tries_again_when_another_ends() -> None:
    """And gives up after a moment, so that a thread waits for it."""

    async def run() -> None:
        mine = gate(3, 3)
        free = 0

        def attempt() -> str | None:
            return "begun" if free else None

        await mine.enter("a")
        waiting = asyncio.ensure_future(mine.begin(attempt))
        await asyncio.sleep(0)
        free = 1
        mine.leave("a")
        assert await waiting == "begun"
        free = 0
        assert await mine.begin(attempt) is None
        assert await mine.run(len, "abc") == 3

    asyncio.run(run())
