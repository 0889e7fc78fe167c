"""Namespaces as prefixes, and the values that are within them."""

from __future__ import annotations

import random

from node.federation.members.spaces import Cells, Holders, meet, prefixes

PARTS = ("http://a.org/", "http://a.org/x/", "http://a.org/x/NCIT_", "http://b.org/y#", "http://b.org/", "urn:z:")


def test_values_within_namespaces() -> None:
    """No value of a namespace is left out, and none is in that has nothing in common with it."""
    choice = random.Random(5)
    ends = ("", "1", "C5", "x/1", "x/NCIT_2", "y#a b", "é")
    for _ in range(500):
        values = frozenset(f"<{choice.choice(PARTS)}{choice.choice(ends)}>".encode() for _ in range(12))
        values |= {b'"text"', b"_:b1"} if choice.random() < 0.5 else frozenset()
        spaces = frozenset(choice.sample([*PARTS, "_:", '"', "http://a", "http://a.org/x/NCIT_C"], 3))
        found = Cells(values).within(spaces)
        begin = prefixes(spaces)
        assert {v for v in values if v.startswith(begin)} <= found <= values


def test_other_namespaces_are_left_out() -> None:
    """A group is in or out as a whole; one that a namespace goes on in is in."""
    values = frozenset({b"<http://a.org/1>", b"<http://a.org/x/NCIT_2>", b"<http://b.org/1>", b'"text"', b"_:b1"})
    cells = Cells(values)
    assert cells.within(frozenset({"http://b.org/"})) == {b"<http://b.org/1>"}
    assert cells.within(frozenset({"http://a.org/x/NCIT_C"})) == {b"<http://a.org/1>", b"<http://a.org/x/NCIT_2>"}
    assert cells.within(frozenset({'"', "_:"})) == {b'"text"', b"_:b1"}
    assert cells.within(frozenset({"http://"})) == values - {b'"text"', b"_:b1"}


def test_no_namespace_and_no_value() -> None:
    """Nothing is within none."""
    assert Cells(frozenset({b"<http://a.org/1>"})).within(frozenset()) == frozenset()
    assert Cells(frozenset()).within(frozenset({"http://a.org/"})) == frozenset()


def test_holders_of_nested_namespaces() -> None:
    """Whoever has a namespace around or within another one is found, whether anybody has that one or not."""
    choice = random.Random(7)
    spaces = [*PARTS, "", "_:", '"', "http://a", "http://a.org/x/NCIT_C", "http://a.org/x/y", "http://c.org/"]
    for _ in range(300):
        held = {name: frozenset(choice.sample(spaces, choice.randint(1, 4))) for name in "abcd"}
        holders = Holders(held, frozenset("e"))
        for space in spaces:
            overlapping = {n for n, its in held.items() if any(s.startswith(space) or space.startswith(s) for s in its)}
            assert holders.overlapping(space) == overlapping
            around = [s for s in holders.spaces if space.startswith(s)]
            assert holders.nearest(space) == max(around, key=len, default=None)
            assert holders.having(space) == {"e", *(n for n, its in held.items() if any(map(space.startswith, its)))}
        assert holders.nested == any(a != b and a.startswith(b) for a in holders.spaces for b in holders.spaces)
        assert holders.apart == all(len(holders.overlapping(space)) < 2 for space in holders.spaces - {"_:"})
        first, second = held["a"], held["b"]
        for iri in (f"{space}1" for space in spaces):
            assert iri.startswith(tuple(meet(first, second))) == all(map(iri.startswith, (tuple(first), tuple(second))))
