"""Digests of graphs: of what is in them, and of nothing else."""

from __future__ import annotations

import contextlib
import json
import random
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, Triple, serialize

from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.store.digests import Digests, Sum, of_graphs, read_digests, whole, write_digests
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change, GraphContent, GraphState, Owner
from node.store.stored_form import as_stored, stored_form

XSD = "http://www.w3.org/2001/XMLSchema#"
GRAPH = NamedNode("http://x/g")
TYPES = ("integer", "decimal", "boolean", "gYear", "date", "dateTime", "double", "duration", "byte", "string")
NUMBERS = "0 -0 1 01 +1 -7 1.0 1.50 0.5 -0.0 .5 12.25 1e3 999999999999999999 9999999999999999999 0.33333333333333333333"
TIMES = "2020 0999 2020-02-28 2020-02-30 2020-01-01Z 2020-01-01T00:00:00.50Z P1Y true"
spellings = st.sampled_from([*NUMBERS.split(), *TIMES.split()])
literals = st.one_of(
    st.builds(lambda text, name: Literal(text, datatype=NamedNode(XSD + name)), spellings, st.sampled_from(TYPES)),
    st.builds(lambda text, tag: Literal(text, language=tag), st.text(max_size=4), st.sampled_from(("en", "en-GB"))),
    st.builds(Literal, st.text(st.characters(exclude_categories=("Cs",)), max_size=8)),
)


def line(value: Literal) -> bytes:
    written = serialize([Triple(GRAPH, GRAPH, value)], format=RdfFormat.N_TRIPLES)
    assert written is not None
    return written.removesuffix(b"\n")


@settings(max_examples=300, deadline=None)
@given(st.lists(literals, max_size=5))
def test_lines_as_the_store_gives_them_back(values: list[Literal]) -> None:
    """Each line by itself is what a store that holds nothing else gives back; a triple's text is its line."""
    lines = [line(value) for value in values]
    assert [f"{Triple(GRAPH, GRAPH, value)} .".encode() for value in values] == lines
    kept = []
    for value in values:
        store = Store()
        store.add(Quad(GRAPH, GRAPH, value))
        kept.append((store.dump(format=RdfFormat.N_QUADS) or b"").removesuffix(b"\n"))
    assert list(as_stored(lines)) == kept
    texts = sorted({one.decode() for one in lines})
    assert sorted({one.decode() for one in kept}) == list(stored_form(texts))


@given(st.sets(st.binary(max_size=4), max_size=8), st.randoms(use_true_random=False))
def test_sums_know_no_order_and_forget(lines: set[bytes], chance: random.Random) -> None:
    """Whatever came in between and went, in whatever order and pieces: the sum is that of what is there."""
    shuffled, passing = sorted(lines), [b"passing %d" % i for i in range(3)]
    chance.shuffle(shuffled)
    found = Sum().plus(passing[:2])
    for one in shuffled:
        found = found.plus([one])
    assert found.plus(passing[2:]).plus(passing, -1) == Sum().plus(lines)
    assert Sum().plus(lines).plus(lines, -1) == Sum()
    assert Sum().plus(lines).plus([b"one more"]) != Sum().plus(lines)


def quads(numbers: range) -> list[Quad]:
    return [Quad(NamedNode(f"http://x/{n}"), GRAPH, Literal(n), GRAPH) for n in numbers]


def test_a_triple_that_was_loaded_twice_counts_once() -> None:
    """What the sum has heard of is then more than the graph holds, and it is made anew."""
    held = b"".join(b"%s .\n" % str(quad.triple).encode() for quad in quads(range(5)))
    digests = Digests({})
    digests.begin("http://x/g")
    digests.loaded("http://x/g", held + held)
    registry = {"http://x/g": GraphState(Tier.PUBLIC, 5, Owner.NODE, "v")}
    assert digests.settled(registry, lambda _: [held]) == {"http://x/g": Sum().plus(held.splitlines())}


def test_only_sums_of_the_graphs_as_they_are_are_read() -> None:
    """A release that knew of no digests changes a graph and leaves the file as it was."""
    registry = {name: GraphState(Tier.PUBLIC, 1, Owner.NODE, "v") for name in ("http://x/a", "http://x/b")}
    sums = {name: Sum().plus([name.encode()]) for name in registry}
    written = write_digests(sums, registry)
    assert read_digests(written, registry) == sums
    changed = registry | {"http://x/b": GraphState(Tier.PUBLIC, 1, Owner.NODE, "w")}
    assert read_digests(written, changed) == {"http://x/a": sums["http://x/a"]}
    for damaged in (b"{", b"[]", b'{"graphs": {"http://x/a": 3}}'):
        assert read_digests(damaged, registry) == {}


def test_of_all_that_everybody_may_query() -> None:
    """Names of graphs and empty graphs count, since queries see them; what is not public does not."""
    sums = {name: Sum().plus([b"x"]) for name in ("http://x/a", "http://x/b", "http://x/c")}
    state = GraphState(Tier.PUBLIC, 1, Owner.NODE, "v")
    kept = {"http://x/a": state, "http://x/c": GraphState(Tier.CONTROLLED, 1, Owner.NODE, "v")}

    def shown(registry: dict[str, GraphState]) -> str:
        return whole(of_graphs(sums, registry))

    assert shown({"http://x/a": state}) == shown(kept)
    assert len({shown(kept), shown({"http://x/b": state}), shown({}), shown(dict.fromkeys(sums, state))}) == 4
    # Of single graphs the content counts alone.
    listed = of_graphs(sums, {"http://x/a": state, "http://x/b": state})
    assert listed["http://x/a"] == listed["http://x/b"] != of_graphs(sums, {"http://x/a": replace(state, triples=2)})


def text(*numbers: int) -> bytes:
    made = (quad for number in numbers for quad in quads(range(number, number + 1)))
    return b"".join(b"%s .\n" % str(quad.triple).encode() for quad in made)


def test_nodes_of_one_content_say_the_same(tmp_path: Path) -> None:
    """Whatever they held before; also where an older release, or damage, left no digests behind."""
    graph, other = "http://node.example/graph/a", "http://node.example/graph/b"

    def digest(store: OxigraphStore) -> str:
        data = store.file("summary.json")
        assert data is not None
        return str(json.loads(data)["digest"])

    def put(store: OxigraphStore, name: str, tier: Tier | None, triples: bytes) -> None:
        store.apply(Change(put=(GraphContent(name, tier, triples),)))

    one, two = (
        OxigraphStore(tmp_path / name, identifiers=Identifiers("http://node.example/"), workers=1, queue_seconds=1)
        for name in ("one", "two")
    )
    with contextlib.closing(one), contextlib.closing(two):
        put(one, graph, Tier.PUBLIC, text(1, 2, 3))
        put(two, other, Tier.PUBLIC, text(1, 2, 3))
        assert digest(one) != digest(two)
        put(two, graph, Tier.CONTROLLED, text(3))
        put(two, graph, Tier.PUBLIC, text(2, 3, 4))
        (file,) = (tmp_path / "two" / "generations").glob(f"{two.generation().number}/files/digests.json")
        file.write_bytes(b"")
        two.apply(Change(put=(GraphContent(graph, Tier.PUBLIC, text(3, 2, 1, 1)),), remove=(other,)))
        assert digest(one) == digest(two)
        put(two, other, None, text(5))
        assert digest(one) == digest(two)
