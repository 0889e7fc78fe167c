"""Random queries at the edges of SPARQL, and of members that change, keep things to themselves, or allow little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from random import Random
from unittest.mock import patch

import pyoxigraph as ox
from kept_members import MARK, asked_of_others, hidden, sources
from merged_store import StoreSource, evaluate_in_memory, expected, federated, federated_by, merge, same
from odd_members import odd_members
from odd_queries import Made, OddMaker

from node.errors import NodeError, QuerySyntaxError
from node.federation.execution import Execution
from node.federation.planning import counting, groups, inner, order, overlaps, requests

_FACTORS = (1, 1, 1000, 1_000_000)


@contextmanager
def little(random: Random) -> Iterator[None]:
    """Bounds within which plans change are now and then so low that small data reach them."""
    with ExitStack() as stack:
        if random.random() < 0.5:
            stack.enter_context(patch.object(requests, "BLOCK", random.choice([1, 2, 3])))
        if random.random() < 0.3:
            stack.enter_context(patch.object(inner, "MOST_ROWS", random.choice([0, 2])))
        if random.random() < 0.3:
            stack.enter_context(patch.object(groups, "MOST_ROWS", 3))
            stack.enter_context(patch.object(counting, "MOST_TRIPLES", random.choice([5, 3_000_000])))
        if random.random() < 0.5:
            stack.enter_context(patch.multiple(overlaps, _LEAST=0, MOST_STRAYS=random.choice([1, 20_000])))
        if random.random() < 0.3:
            stack.enter_context(patch.multiple(order, REQUEST=12.0, _MOST=3.0))
        yield


def members_of(random: Random, stores: Sequence[ox.Store], *, blank: bool) -> list[StoreSource]:
    """Each member of a kind of its own: a node, one that looks large, or one that says little or nothing."""
    kinds = [random.choice(["profiled", "silent"] if blank else ["node"] * 6 + ["profiled", "silent"]) for _ in stores]
    return [
        StoreSource(
            f"m{at}",
            store,
            summarised=kinds[at] == "node",
            profiled=kinds[at] == "profiled",
            exaggerate=random.choice(_FACTORS),
            detailed=kinds[at] == "profiled" or random.random() < 0.9,
        )
        for at, store in enumerate(stores)
    ]


def agrees(made: Made, got: list[object], wanted: list[object]) -> bool:
    """Whether an answer is one that the query allows, ``wanted`` being that of the whole query if there is one."""
    if made.number is None:
        return same(got, wanted, ordered="ORDER BY ISIRI" in made.text.rpartition("}")[2])
    # What a blank node stands beside is not known where rows are left out.
    got, wanted = (
        [tuple((k, t[:2] if t.startswith("_:") else t) for k, t in row) for row in rows] for rows in (got, wanted)
    )
    (limit, offset), all_of = made.number, Counter(wanted)
    if not Counter(got) <= all_of:
        return False
    if limit < 0:
        return set(got) == set(wanted)
    return len(got) == min(limit, max(0, len(wanted) - offset))


def with_odd(random: Random) -> tuple[str, str]:
    """Any member, any terms, any operators."""
    blank, home = random.random() < 0.25, random.random() < 0.5
    data = odd_members(random, blank=blank, home=home)
    made = OddMaker(random, blank=blank, members=data, home=home).made()
    try:
        wanted = expected(merge(data), made.whole or made.text)
    except (SyntaxError, QuerySyntaxError):
        return "invalid", made.text
    try:
        with little(random):
            got = federated(members_of(random, data, blank=blank), made.text)
    except NodeError as error:
        return "different", f"{made.text}\n  {type(error).__name__}: {error}"
    if not agrees(made, got, wanted):
        return "different", made.text
    return ("empty" if wanted in ([], [False]) else "same"), made.text


def with_kept(random: Random) -> tuple[str, str]:
    """One of the members is of what may be read and not told: no request to the others holds a term of it."""
    home = random.random() < 0.3
    *public, kept = odd_members(random, members=4, home=home)
    seed = random.random()
    made = OddMaker(random, members=public, home=home).made()
    stores = [*public, hidden(kept, Random(seed))]
    try:
        wanted = expected(merge(stores), made.whole or made.text)
    except (SyntaxError, QuerySyntaxError):
        return "invalid", made.text
    try:
        rows, requests = asked_of_others(sources(stores, random.choice(["ours", "large", "mixed"])), made.text)
    except NodeError as error:
        return "different", f"{made.text}\n  {type(error).__name__}: {error}"
    if not agrees(made, rows, wanted) or any(MARK in request for request in requests):
        return "different", made.text
    return ("empty" if wanted in ([], [False]) else "same"), made.text


def with_changes(random: Random) -> tuple[str, str]:
    """The same few queries again and again of one federation that keeps what it can, while members change between."""
    home = random.random() < 0.5
    data = odd_members(random, home=home)
    makers = [OddMaker(random, members=data, home=home).made() for _ in range(3)]
    sources = members_of(random, data, blank=False)
    for source in sources:
        source.remembers = random.random() < 0.7
    execution = Execution(evaluate_in_memory, cache_bytes=random.choice([0, 3_000, 1_000_000]))
    verdict = "empty"
    texts: list[str] = []
    try:
        for _ in range(8):
            if random.random() < 0.4:
                at = random.randrange(len(sources))
                if not sources[at].profiled:
                    data[at] = changed(random, data[at])
                    sources[at].change(data[at])
                    texts.append(f"m{at} changes")
            made = random.choice(makers)
            texts.append(made.text)
            try:
                wanted = expected(merge(data), made.whole or made.text)
            except (SyntaxError, QuerySyntaxError):
                return "invalid", made.text
            got = federated_by(execution, sources, made.text)[0]
            if not agrees(made, got, wanted):
                return "different", "\n  ".join(texts)
            if wanted not in ([], [False]):
                verdict = "same"
    except NodeError as error:
        return "different", "\n  ".join([*texts, f"{type(error).__name__}: {error}"])
    finally:
        execution.close()
    return verdict, texts[-1]


def changed(random: Random, store: ox.Store) -> ox.Store:
    """Another store with some of the same triples, and some more. The default graph covers the others."""
    made = ox.Store()
    quads = sorted([*store, *odd_members(random, members=2)[0]], key=str)
    left = {quad.triple for quad in quads if random.random() < 0.8}
    made.extend(quad for quad in quads if quad.triple in left)
    return made
