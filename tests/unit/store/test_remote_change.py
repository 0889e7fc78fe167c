"""The update text for an external store, carried out by an engine that takes SPARQL 1.1 by the letter."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from pyoxigraph import NamedNode, Quad, Store

from node.model.access import Tier
from node.store.remote_change import Names, Step, carried_out, copy, difference, edit, requests

NAMES = Names("http://n/", {tier: f"http://n/tier/{tier}" for tier in Tier})
GRAPHS = ("http://g/1", "http://g/2", "http://g/3")
GONE, NEW, WANTED, DELETED = (NAMES.scratch(number) for number in range(4))

Model = dict[str, tuple[Tier | None, frozenset[int]]]


def quad(value: int, graph: str) -> Quad:
    return Quad(NamedNode("http://s"), NamedNode("http://p"), NamedNode(f"http://o/{value}"), NamedNode(graph))


def held(store: Store, graph: str) -> frozenset[int]:
    quads = store.quads_for_pattern(None, None, None, NamedNode(graph))
    return frozenset(int(each.object.value.rpartition("/")[2]) for each in quads)  # type: ignore[union-attr]


def run(store: Store, statements: Sequence[str]) -> None:
    for request in requests(statements):
        store.update(request)


def fill(store: Store, graph: str, values: frozenset[int]) -> None:
    store.extend(quad(value, graph) for value in values)


def step(store: Store, graph: str, model: Model, tier: Tier | None, wanted: frozenset[int], number: int) -> Step:
    """What replacing a graph comes to, in scratch graphs of its own."""
    gone, new, target = (NAMES.scratch(3 * number + n) for n in range(3))
    fill(store, target, wanted)
    run(store, difference(graph, target, gone, new))
    before = model[graph][0] if graph in model else None
    return Step(graph, gone, new, graph in model and before != tier, before, tier)


def check(store: Store, model: Model) -> None:
    """Graphs hold what they should, tier graphs their merge, each triple in the most open tier alone."""
    seen: frozenset[int] = frozenset()
    for graph in GRAPHS:
        assert held(store, graph) == model.get(graph, (None, frozenset()))[1]
    for tier in Tier:
        values = frozenset().union(*(values for held_in, values in model.values() if held_in == tier))
        assert held(store, NAMES.tier_graphs[tier]) == values - seen
        seen |= values


@pytest.mark.parametrize("seed", range(12))
def test_random_changes_and_their_undoing_keep_the_tier_graphs_right(seed: int) -> None:
    """Against sets: changes of one to three graphs, half of them undone; each carried out up to twice, once in part."""
    chance = random.Random(seed)
    store, model = Store(), Model()
    for _ in range(12):
        chosen = chance.sample(GRAPHS, chance.randint(1, 3))
        after = dict(model)
        steps = []
        for number, graph in enumerate(chosen):
            removing = graph in model and chance.random() < 0.2
            tier = None if removing else chance.choice([*Tier, *Tier, None])
            wanted = frozenset() if removing else frozenset(chance.sample(range(8), chance.randint(0, 5)))
            steps.append(step(store, graph, model, tier, wanted, number))
            after[graph] = (tier, wanted)
        tiers = {tier for tier, _ in (*model.values(), *after.values())}
        forth = carried_out(steps, NAMES, tiers)
        back = carried_out([each.back() for each in reversed(steps)], NAMES, tiers)
        if chance.random() < 0.5:
            run(store, forth[: chance.randint(0, len(forth))])
            run(store, back[: chance.randint(0, len(back))])
            run(store, back)
            check(store, model)
        run(store, forth)
        run(store, forth)
        model = after
        check(store, model)
        for number in range(9):
            store.remove_graph(NamedNode(NAMES.scratch(number)))


def test_an_edit_deletes_and_then_inserts() -> None:
    """What is deleted and inserted stays; what is not there is not lost, what is there is not won."""
    store = Store()
    fill(store, GRAPHS[0], frozenset({1, 2, 3}))
    fill(store, DELETED, frozenset({2, 3, 9}))
    fill(store, WANTED, frozenset({1, 3, 4}))
    run(store, edit(GRAPHS[0], DELETED, WANTED, GONE, NEW))
    assert (held(store, GONE), held(store, NEW)) == ({2}, {4})


def test_copying_keeps_what_is_there() -> None:
    """An addition, not a replacement."""
    store = Store()
    fill(store, GRAPHS[0], frozenset({1}))
    fill(store, GRAPHS[1], frozenset({2}))
    run(store, [copy(GRAPHS[0], GRAPHS[1])])
    assert held(store, GRAPHS[1]) == {1, 2}


def test_the_stamp_is_replaced_and_can_be_taken_away() -> None:
    """There is one at a time, and the question for it finds it."""
    store = Store()
    run(store, NAMES.stamped("1-a") + NAMES.stamped("2-b") + NAMES.reserved(4))
    found = list(store.query(NAMES.stamp_query(), default_graph=[NamedNode(NAMES.state)]))  # type: ignore[arg-type]
    assert {(row["stamp"] or row["scratch"]).value for row in found} == {"2-b", "4"}
    run(store, NAMES.unstamped() + NAMES.reserved(0))
    assert len(store) == 0
