"""Merging graphs into tier graphs, against a model made of Python sets."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode, Store

from node.errors import DocumentSyntaxError
from node.model.access import Tier
from node.store.digests import Digests, Sum
from node.store.graphs import Graphs
from node.store.merge import Merge, canonical
from node.store.quads import GraphContent, GraphState, Owner
from node.store.registry import read_registry, write_registry
from node.store.summary import Summary

TIER_GRAPHS = {tier: f"http://node.example/tier/{tier}" for tier in Tier}
INTEGER = "<http://www.w3.org/2001/XMLSchema#integer>"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"

SUBJECTS = ("<http://x/s1>", "<http://x/s2>")
PREDICATES = (TYPE, "<http://x/p>")
OBJECTS = (
    "<http://x/o>",
    f'"1"^^{INTEGER}',
    f'"01"^^{INTEGER}',
    '"ends like a line .\\n and goes on <http://x/> _:b ."',
    '"_:b"@en',
)
GRAPHS = tuple(f"http://node.example/graph/{name}" for name in "abcd")

triples = st.tuples(st.sampled_from(SUBJECTS), st.sampled_from(PREDICATES), st.sampled_from(OBJECTS))
contents = st.lists(triples, max_size=6)
tiers = st.sampled_from((Tier.PUBLIC, Tier.CONTROLLED, None))


@dataclass(frozen=True)
class Step:
    """A change: graph to (tier, triples), or to None for its removal; the cost of deletions; what is few; and beside
    how many times as much the summary is not counted anew."""

    graphs: dict[str, tuple[Tier | None, list[tuple[str, str, str]]] | None]
    deletion_cost: float
    few: int
    anew: int


steps = st.builds(
    Step,
    graphs=st.dictionaries(st.sampled_from(GRAPHS), st.none() | st.tuples(tiers, contents), min_size=1, max_size=3),
    deletion_cost=st.sampled_from((0.0, 2.0, 1e9)),
    few=st.sampled_from((0, 3, 100)),
    anew=st.sampled_from((0, 8)),
)


def text(content: list[tuple[str, str, str]]) -> bytes:
    """The triples as a partner might write them: a comment, uneven spaces, no last line end."""
    return ("# a comment\n\n" + "\n".join(f"{s}  {p}\t{o}." for s, p, o in content)).encode()


def known_by_value(triple: tuple[str, str, str]) -> str:
    """The triple as the store returns it."""
    s, p, o = triple
    return f"{s} {p} {o}".replace('"01"', '"1"')


def in_graph(store: Store, graph: str) -> set[str]:
    return {
        f"{q.subject} {q.predicate} {q.object}" for q in store.quads_for_pattern(None, None, None, NamedNode(graph))
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=5))
def test_tier_graphs_are_disjoint_merges_whatever_happens(history: list[Step]) -> None:
    """After any changes, each graph holds what was last put, and each tier graph the merge of its graphs' triples
    less what a more open tier shows; the registry, the summary and the digests say the same."""
    model: dict[str, tuple[Tier | None, set[str]]] = {}
    store, counted = Store(), Summary({}, {})
    registry: dict[str, GraphState] = {}
    sums: Mapping[str, Sum] = {}
    with tempfile.TemporaryDirectory() as spool:
        for step in history:
            graphs = Graphs(
                store,
                registry=registry,
                tier_graphs=TIER_GRAPHS,
                summary=counted,
                spool=Path(spool),
                batch_bytes=100,
                anew=step.anew,
                digests=Digests(sums),
            )
            merge = Merge(graphs, fresh=Store, deletion_cost=step.deletion_cost, few=step.few)
            put = [GraphContent(g, new[0], text(new[1])) for g, new in step.graphs.items() if new is not None]
            merge.run(put, [g for g, new in step.graphs.items() if new is None])
            changed = graphs.versioned()
            sums = graphs.digests.settled(graphs.registry, graphs.dumped)
            before, versions = model.copy(), {graph: state.version for graph, state in registry.items()}
            store, registry, counted = graphs.store, graphs.registry, graphs.summary()
            for graph, new in step.graphs.items():
                if new is None:
                    model.pop(graph, None)
                else:
                    model[graph] = (new[0], {known_by_value(t) for t in new[1]})

            for graph in GRAPHS:
                assert in_graph(store, graph) == model.get(graph, (None, set()))[1]
            assert sums == {
                graph: Sum().plus(f"{triple} .".encode() for triple in held) for graph, (_, held) in model.items()
            }
            public = set().union(*(held for tier, held in model.values() if tier == Tier.PUBLIC))
            controlled = set().union(*(held for tier, held in model.values() if tier == Tier.CONTROLLED))
            assert in_graph(store, TIER_GRAPHS[Tier.PUBLIC]) == public
            assert in_graph(store, TIER_GRAPHS[Tier.CONTROLLED]) == controlled - public
            assert {graph: (state.tier, state.triples) for graph, state in registry.items()} == {
                graph: (tier, len(held)) for graph, (tier, held) in model.items()
            }
            assert changed or model == before
            for graph, state in registry.items():
                assert state.version != versions.get(graph) or model[graph] == before[graph]
            summary = counted.values()
            assert json.loads(counted.write()) == json.loads(Summary.of(store, TIER_GRAPHS[Tier.PUBLIC]).write())
            assert summary["triples"] == len(public) == sum(summary["predicates"].values())
            assert summary["predicates"].get("http://x/p", 0) == sum(" <http://x/p> " in t for t in public)
            assert summary["classes"].get("http://x/o", 0) == sum(t.endswith(f"{TYPE} <http://x/o>") for t in public)
        assert {g.value for g in store.named_graphs()} <= {*model, *TIER_GRAPHS.values()}


def test_registry_survives_writing_and_reading() -> None:
    """The registry file says of each graph its tier, none included, its size, its owner and its version."""
    registry = {
        "http://x/a": GraphState(Tier.CONTROLLED, 3, Owner.OPERATOR, "v1"),
        "http://x/b": GraphState(None, 0, Owner.NODE, "v2"),
    }
    assert read_registry(write_registry(registry), 7) == registry


def test_a_registry_without_owners_and_versions_is_of_the_node() -> None:
    """As earlier releases wrote it: the version is then that of the generation."""
    text = b'{"graphs": {"http://x/a": {"tier": "public", "triples": 3}}}'
    assert read_registry(text, 7) == {"http://x/a": GraphState(Tier.PUBLIC, 3, Owner.NODE, "g7")}


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"<a:s> <a:p> <a:o> .\n<a:s> <a:p> nonsense .\n", 2, ""),
        (b"<a:s> <a:p> <a:o> .\n" * 60_000 + b"<a:s> <a:p> .\n", 60_001, ""),
        (b'<a:s> <a:p> "never closed .\n', 1, ""),
        (b"<relative> <a:p> <a:o> .\n", 1, "scheme"),
        (b"<a:s> <a:p> \xff .\n", 1, ""),
        (b"<a:s> <a:p> _:b .\n", None, "blank node"),
        (b"_:b <a:p> <a:o> .\n", None, "blank node"),
        (b'<a:s> <a:p> "x" .\n# _:c\n  _:b <a:p> <a:o> .', None, "blank node"),
        (b"<a:s> <a:p> <<( <a:s> <a:p> <a:o> )>> .\n", None, "triple term"),
    ],
)
def test_content_that_is_not_plain_triples_is_refused_with_its_place(
    content: bytes, line: int | None, says: str, tmp_path: Path
) -> None:
    """What does not parse is refused with its line, counted over the whole file, and the graph it was for."""
    path = tmp_path / "content.nt"
    path.write_bytes(content)
    for given_as in (content, path):
        with pytest.raises(DocumentSyntaxError) as caught:
            list(canonical(GraphContent("http://x/g", None, given_as)))
        assert caught.value.where is not None
        assert caught.value.where.line == line
        assert caught.value.where.record == "http://x/g"
        assert says in caught.value.detail
        assert str(tmp_path) not in str(caught.value)


def test_text_that_looks_like_a_blank_node_is_none() -> None:
    """Literals and IRIs may hold anything, and are no blank nodes for it."""
    lines = (
        b'<a:s> <a:p> "_:b" .\n<a:s> <a:p> "> _:b ."@en .\n<a:_:b> <a:p> "\\n_:b <a:b> ." .\n<a:s> <a:p> ")>> ." .\n'
    )
    assert b"".join(canonical(GraphContent("http://x/g", None, lines))) == lines
