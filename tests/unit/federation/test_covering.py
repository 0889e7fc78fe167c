"""Who is left out because another holds all of it: only by digest, only where that was declared, never in a circle."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.config import Member
from node.errors import MemberUnavailable
from node.federation.members.covering import Covered, Holding, covered
from node.federation.members.source import Source
from node.federation.members.sources import RemoteSource
from node.federation.members.summaries import Summary
from node.store.digests import whole

DOWN = MemberUnavailable("down", member="x")


def source(name: str, *mirror_of: str) -> RemoteSource:
    return RemoteSource(Member(f"http://{name}.example/sparql", name, mirror_of=mirror_of))


def nothing(name: str, held: Holding) -> Summary:
    return Summary(0, {}, {}, f"nothing of {name}", digest=held.digest)


def holders(
    sources: list[RemoteSource],
    held: Mapping[str, Mapping[str, str]],
    *,
    failing: Collection[str] = (),
    apart: Collection[str] = (),
) -> dict[str, str]:
    """Who holds all of whom, where members hold these graphs."""

    def holding(one: Source) -> Holding | None:
        graphs = held.get(one.name)
        if graphs is None:
            return None
        return Holding(whole(graphs), graphs, error=DOWN if one.name in failing else None)

    found = covered(sources, holding, nothing, apart)
    assert [one.name for one in found] == [one.name for one in sources]
    return {one.name: one.holder for one in found if isinstance(one, Covered)}


@pytest.fixture
def three() -> Iterator[list[RemoteSource]]:
    """Two partners and what mirrors both."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(s)) for s in (source("a"), source("c"), source("h", "a", "c"))]


def test_each_graph_has_to_be_there_as_it_is(three: list[RemoteSource]) -> None:
    """By name and by digest."""
    a, c, own = {"g1": "1", "g2": "2"}, {"g3": "3"}, {"g0": "0"}
    assert holders(three, {"a": a, "c": c, "h": a | c | own}) == {"a": "h", "c": "h"}
    assert holders(three, {"a": a, "c": c, "h": a | c | {"g1": "9"}}) == {"c": "h"}
    assert holders(three, {"a": a | {"g4": "4"}, "c": c, "h": a | c}) == {"c": "h"}
    assert holders(three, {"a": {"g": "1"}, "c": c, "h": {"x": "1"} | c}) == {"c": "h"}
    # Nothing is held by anybody, and what is not known is held by nobody.
    assert holders(three, {"a": {}, "h": a}) == {}
    assert holders(three, {"a": a, "c": c}) == {}


def test_who_fails_or_changes_stands_for_nobody(three: list[RemoteSource]) -> None:
    """But what failed is held as it was seen last."""
    held = {"a": {"g1": "1"}, "c": {"g3": "3"}, "h": {"g1": "1", "g3": "3"}}
    assert holders(three, held, failing=["a"]) == {"a": "h", "c": "h"}
    assert holders(three, held, failing=["h"]) == {}
    assert holders(three, held, apart=["h"]) == {}
    assert holders(three, held, apart=["a"]) == {"c": "h"}


def test_only_the_one_that_is_said_to() -> None:
    """However much another holds."""
    sources = [source("a"), source("b", "c"), source("h")]
    held = {one.name: {"g": "1"} for one in sources}
    assert holders(sources, held) == {}


def test_what_holds_the_holder_holds_all() -> None:
    """The last one is asked, whichever order they come in."""
    held = {"a": {"g": "1"}, "b": {"g": "1", "h": "2"}, "c": {"g": "1", "h": "2", "i": "3"}}
    for chain in itertools.permutations([source("a"), source("b", "a"), source("c", "b")]):
        assert holders(list(chain), held) == {"a": "c", "b": "c"}
        assert holders(list(chain), held, failing=["b"]) == {"a": "c", "b": "c"}
        assert holders(list(chain), held, failing=["c"]) == {"a": "b"}


NAMES = ("a", "b", "c", "d")


@given(
    mirrors=st.fixed_dictionaries({name: st.sets(st.sampled_from(NAMES)) for name in NAMES}),
    held=st.fixed_dictionaries(
        {name: st.dictionaries(st.sampled_from("xyz"), st.sampled_from("12"), max_size=3) for name in NAMES}
    ),
    order=st.permutations(NAMES),
)
def test_nothing_is_ever_without_anyone_to_ask(
    mirrors: dict[str, set[str]], held: dict[str, dict[str, str]], order: list[str]
) -> None:
    """Each graph of a member that is left out is, as it is there, at one that is not."""
    found = holders([source(name, *sorted(mirrors[name] - {name})) for name in order], held)
    for name, holder in found.items():
        assert holder not in found
        assert held[name].items() <= held[holder].items()
