"""Blank nodes get the same IRIs whatever they were called and in whatever order they came."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from descriptions import BASE
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode

from node.model.identifiers import Identifiers
from node.publishing.skolem import BlankTriple, CyclicBlankNodes, skolemise

IDENTIFIERS = Identifiers(BASE)
P, Q = NamedNode("https://example.org/p"), NamedNode("https://example.org/q")
ROOT = NamedNode("https://example.org/root")


@st.composite
def trees(draw: st.DrawFn) -> list[BlankTriple]:
    """Trees of blank nodes under a root, with few different values so that twins are common."""
    nodes = [BlankNode(f"n{i}") for i in range(draw(st.integers(1, 12)))]
    triples: list[BlankTriple] = []
    for i, node in enumerate(nodes):
        parent = draw(st.sampled_from([ROOT, *nodes[:i]]))
        triples.append((parent, draw(st.sampled_from([P, Q])), node))
        if draw(st.booleans()):
            triples.append((node, P, Literal(draw(st.sampled_from(["a", "b"])))))
    return triples


@settings(max_examples=50, deadline=None)
@given(trees(), st.randoms(use_true_random=False))
def test_names_do_not_depend_on_labels_or_order(triples: list[BlankTriple], chance: random.Random) -> None:
    """Renaming blank nodes and shuffling triples gives the very same lines."""
    labels = {f"n{i}": f"m{n}" for i, n in enumerate(chance.sample(range(100), 20))}

    def renamed(term: object) -> object:
        return BlankNode(labels[term.value]) if isinstance(term, BlankNode) else term

    other = [tuple(map(renamed, triple)) for triple in triples]
    chance.shuffle(other)
    assert set(skolemise(triples, IDENTIFIERS).lines) == set(skolemise(other, IDENTIFIERS).lines)  # type: ignore[arg-type]


@settings(max_examples=50, deadline=None)
@given(trees())
def test_no_two_blank_nodes_become_one(triples: list[BlankTriple]) -> None:
    """There are as many skolem IRIs as there were blank nodes, and as many triples."""
    made = skolemise(triples, IDENTIFIERS)
    assert len(made.referrers) == len({t.value for triple in triples for t in triple if isinstance(t, BlankNode)})
    assert len(set(made.lines)) == len(set(map(str, triples)))
    assert all(name.startswith(f"{BASE}.well-known/genid/") for name in made.referrers)


def test_a_blank_node_with_two_parents_stays_one() -> None:
    """A contact of two datasets is one contact."""
    shared = BlankNode("c")
    made = skolemise([(ROOT, P, shared), (Q, P, shared), (shared, Q, Literal("x"))], IDENTIFIERS)
    assert len(made.referrers) == 1


def test_a_list_of_equal_members_is_named_in_linear_time() -> None:
    """RDFC-1.0 needs more than 20 s for 1,000 equal list members; here 20,000 take a moment."""
    nodes = [BlankNode(f"l{i}") for i in range(20_000)]
    triples: list[BlankTriple] = [(ROOT, P, nodes[0])]
    triples += [(node, P, Literal("same")) for node in nodes]
    triples += [(a, Q, b) for a, b in pairwise(nodes)]
    started = time.perf_counter()
    made = skolemise(triples, IDENTIFIERS)
    assert len(made.referrers) == len(nodes)
    assert time.perf_counter() - started < 10


def test_circles_are_refused_with_their_properties() -> None:
    """Nothing but the circle names its members; the error says which properties make it."""
    a, b = BlankNode("a"), BlankNode("b")
    with pytest.raises(CyclicBlankNodes) as caught:
        skolemise([(ROOT, P, a), (a, Q, b), (b, Q, a)], IDENTIFIERS)
    assert caught.value.predicates == (Q.value,)
