"""Members of which one is *kept*: the caller may read it, the others may not be told of it."""

from __future__ import annotations

from random import Random

import pyoxigraph as ox
from merged_store import StoreSource, evaluate_in_memory, federated_by

from node.federation.execution import Execution

EX = "http://ex.org/"
MARK = "not-to-be-told"


def hidden(store: ox.Store, random: Random, mark: str = MARK) -> ox.Store:
    """The same with some of its terms, the same ones wherever they stand, replaced by terms that are nowhere else."""
    terms = {str(term): term for quad in store for term in (quad.subject, quad.object)}
    chosen: dict[object, object] = {}

    for number, (_, old) in enumerate(sorted(terms.items())):
        chosen[old] = old
        if random.random() < 0.5:
            is_iri = isinstance(old, ox.NamedNode)
            chosen[old] = ox.NamedNode(f"{EX}{mark}/{number}") if is_iri else ox.Literal(f"{mark} {number}")
    made = ox.Store()
    made.extend(ox.Quad(chosen[q.subject], q.predicate, chosen[q.object], q.graph_name) for q in store)
    return made


def sources(stores: list[ox.Store], kind: str) -> list[StoreSource]:
    """Members, of which the last is kept."""
    factor = 1_000_000 if kind == "large" else 1
    silent = 1 if kind == "mixed" else 0
    last = len(stores) - 1
    return [
        StoreSource(f"m{i}", s, summarised=silent <= i < last, exaggerate=factor, exportable=i < last)
        for i, s in enumerate(stores)
    ]


def asked_of_others(members: list[StoreSource], text: str) -> tuple[list[object], list[str]]:
    """The answer, and the requests of members that may not be told."""
    execution = Execution(evaluate_in_memory, cache_bytes=0)
    try:
        rows = federated_by(execution, members, text)[0]
    finally:
        execution.close()
    return rows, sorted(request for member in members if member.exportable for request in member.requests)
