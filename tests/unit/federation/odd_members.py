"""Random data of terms that differ in one respect only, are equal and not the same, or look like something else."""

from __future__ import annotations

from random import Random

import pyoxigraph as ox
from random_queries import EX, GRAPHS, LITERALS, NODES, PREDICATES, TYPE, XSD


def _typed(value: str, name: str) -> ox.Literal:
    return ox.Literal(value, datatype=ox.NamedNode(name if ":" in name else XSD + name))


#: Terms that differ in one respect only, are equal and not the same, mean nothing, or look like something else.
ODD_LITERALS = [
    ox.Literal(""),
    ox.Literal("a", language="en-GB"),
    ox.Literal("a", language="de"),
    ox.Literal("A"),
    ox.Literal("1"),
    ox.Literal("\u00e9"),
    ox.Literal("e\u0301"),
    ox.Literal("\U0001f9ec \u200b\ufeff\u2028"),
    ox.Literal("\x01\x08\x0c\x0b\x7f\x85\ufffe"),
    ox.Literal("a\r\nb\r"),
    ox.Literal('"}},{"x":{"} . _:b <urn:x:y> ?x \\u0041 %s %%'),
    ox.Literal("WHERE {  } VALUES ?o { 1 } <urn:onconode:unbound>"),
    ox.Literal("l" * 300),
    _typed("1.0", "decimal"),
    _typed("1", "double"),
    _typed("1", "float"),
    _typed("01", "integer"),
    _typed("-0.0", "double"),
    _typed("NaN", "double"),
    _typed("INF", "double"),
    _typed("one", "integer"),
    _typed("99999999999999999999999", "integer"),
    _typed("1", "boolean"),
    _typed("false", "boolean"),
    _typed("2020-01-01T00:00:00Z", "dateTime"),
    _typed("2020-01-01T01:00:00+01:00", "dateTime"),
    _typed("2020-01-01T00:00:00.000", "dateTime"),
    _typed("2020-13-45", "date"),
    _typed("2020-02-29", "date"),
    _typed("P1Y", "duration"),
    _typed("x", EX + "dt"),
    _typed("a", "anyURI"),
]
ODD_NODES = [
    ox.NamedNode(text)
    for text in (
        EX,
        f"{EX}a",
        f"{EX}a/",
        f"{EX}a/n%201",
        f"{EX}a/\u00e9",
        f"{EX}a/e\u0301",
        f"{EX}a/it's(n1),;!*",
        f"{EX}?q=%25s&b=1",
        f"{EX}a#",
        f"{EX}a/#f?g/",
        "urn:x:n1",
        "mailto:n1@ex.org",
        "a:",
        "HTTP://EX.org/n1",
    )
]
ALL_LITERALS = [*LITERALS, *ODD_LITERALS]
ALL_NODES = [*NODES[:4], *ODD_NODES]
NAMES = [*GRAPHS, ODD_NODES[2]]


def odd_members(random: Random, *, members: int = 3, blank: bool = False, home: bool = False) -> list[ox.Store]:
    """Stores of a few triples of odd terms, of which some stand in several graphs, and some at several members.

    ``home``: most things are described by one of them alone.
    """
    stores = [ox.Store() for _ in range(members)]
    nodes = random.sample(ALL_NODES, random.randint(2, 5)) + NODES[:2]
    literals = random.sample(ALL_LITERALS, random.randint(3, 8))
    size = random.choice([0, 3, 7, 12, 12, 16])
    strays = random.choice([0.0, 0.0, 0.1]) if home else 0.3
    for at, store in enumerate(stores):
        blanks = [ox.BlankNode() for _ in range(2)] if blank else []
        own = [ox.NamedNode(f"http://m{at}.ex/a/{number}") for number in range(3)] if home else nodes
        for _ in range(size):
            subject = random.choice(own + blanks)
            predicate = random.choice([*PREDICATES[:3], PREDICATES[0], PREDICATES[0], TYPE])
            target = random.choice([*nodes, *literals, *blanks, *blanks, random.choice(PREDICATES), subject, *own])
            holders = [store] if random.random() >= strays or blank else random.sample(stores, 2)
            for holder in holders:
                holder.add(ox.Quad(subject, predicate, target))
                for graph in NAMES:
                    if random.random() < 0.2:
                        holder.add(ox.Quad(subject, predicate, target, graph))
    return stores
