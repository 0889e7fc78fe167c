"""One random query over random data spread at random, asked of the federation and of the store that holds all of it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pyoxigraph as ox
from merged_store import StoreSource, expected, federated, merge, same
from random_queries import QueryMaker, random_homes, random_members


def members(stores: Sequence[ox.Store], kind: str) -> list[StoreSource]:
    """``ours``: with summaries; ``large``: and made to look large; ``foreign``: without; ``mixed``: one without;
    ``homes``: with what was found out about namespaces."""
    factor = 1_000_000 if kind == "large" else 1
    silent = {"foreign": len(stores), "mixed": 1, "homes": len(stores)}.get(kind, 0)
    return [
        StoreSource(f"m{i}", s, summarised=i >= silent, exaggerate=factor, profiled=kind == "homes")
        for i, s in enumerate(stores)
    ]


def compared(random: Random, kind: str) -> tuple[str, str]:
    """``same``, ``empty`` (the same, and nothing), ``different``, or ``invalid`` for a text that is no query; the text.

    ``kind``: as for ``members``, or ``blank`` for foreign members with blank nodes.
    """
    blank = kind == "blank" or (kind == "homes" and random.random() < 0.3)
    data, nodes = random_homes(random, blank=blank) if kind == "homes" else (random_members(random, blank=blank), None)
    maker = QueryMaker(random, blank=blank, nodes=nodes)
    text = maker.apart() if nodes and random.random() < 0.4 else maker.query()
    try:
        wanted = expected(merge(data), text)
    except SyntaxError:
        return "invalid", text
    got = federated(members(data, "foreign" if kind == "blank" else kind), text)
    if not same(got, wanted, ordered=nodes is not None and not blank and "ORDER BY" in text.rpartition("}")[2]):
        return "different", text
    return ("empty" if wanted in ([], [False]) else "same"), text
