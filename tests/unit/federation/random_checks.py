"""One random query over random data spread at random, asked of the federation and of the store that holds all of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from random import Random
from unittest.mock import patch

import pyoxigraph as ox
from merged_store import (
    BUDGET,
    NOWHERE,
    StoreSource,
    evaluate_in_memory,
    expected,
    federated,
    merge,
    same,
    solutions,
)
from mirror_checks import with_mirrors
from odd_checks import with_changes, with_kept, with_odd
from random_queries import EQUALS, QueryMaker, random_chains, random_homes, random_members
from service_oracle import FakeServices, no_own

from node.config import Services
from node.errors import QuerySyntaxError, Unsupported
from node.federation.calling.meter import Meter
from node.federation.execution import Execution
from node.federation.planning import order, reaches
from node.federation.services import ServiceResolver
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.algebra import Query
from node.sparql.parser import parse_query
from node.sparql.results import Results, read_json_results
from node.sparql.writer import written


def members(stores: Sequence[ox.Store], kind: str) -> list[StoreSource]:
    """``ours``: with summaries; ``large``: and made to look large; ``foreign``: without; ``mixed``: one without;
    ``homes``: with what was found out about namespaces; ``many`` and ``many homes``: made to look large enough to count
    for themselves."""
    factor = {"large": 1_000_000, "many": 1000, "many homes": 1000}.get(kind, 1)
    silent = {"foreign": len(stores), "mixed": 1, "homes": len(stores), "many homes": len(stores)}.get(kind, 0)
    return [
        StoreSource(f"m{i}", s, summarised=i >= silent, exaggerate=factor, profiled=kind.endswith("homes"))
        for i, s in enumerate(stores)
    ]


def with_services(random: Random) -> tuple[str, str]:
    """The same for a query with ``SERVICE``: the oracle has what each service holds as a named graph."""
    data = random_members(random)
    held = {f"http://service{i}.ex/sparql": store for i, store in enumerate(random_members(random, members=2))}
    merged = merge(data)
    for graph in list(merged.named_graphs()):
        merged.clear_graph(graph)
    for iri, store in held.items():
        for graph in list(store.named_graphs()):
            store.clear_graph(graph)
        # A service that holds nothing is still there; a graph that holds nothing is not.
        store.add(ox.Quad(ox.NamedNode("http://ex.org/there"), ox.NamedNode("http://ex.org/is"), ox.Literal("one")))
        merged.extend(ox.Quad(q.subject, q.predicate, q.object, ox.NamedNode(iri)) for q in list(store))
    text = QueryMaker(random, services=tuple(held)).query()
    try:
        parse_query(text)
        wanted = expected(merged, re.sub(r"SERVICE( SILENT)?", "GRAPH", text))
        got = federated_with_services(members(data, random.choice(["ours", "large", "mixed"])), held, text)
    except (SyntaxError, Unsupported, QuerySyntaxError):
        return "invalid", text
    if not same(got, wanted):
        return "different", text
    return ("empty" if wanted in ([], [False]) else "same"), text


def federated_with_services(sources: Sequence[StoreSource], held: dict[str, ox.Store], text: str) -> list[object]:
    """What the federation answers over these members, with services that hold this."""
    query, meter = parse_query(text), Meter(60.0, 100_000, 1 << 30)
    execution = Execution(evaluate_in_memory, cache_bytes=0)

    def look(question: Query, turn: Meter) -> Results:
        with execution.answer(
            written(question), sources, formats=(JSON, NTRIPLES), meter=turn, budget=BUDGET, generation=NOWHERE
        ) as answer:
            return read_json_results(b"".join(answer))

    resolver = ServiceResolver(FakeServices(held), Services())  # type: ignore[arg-type]
    try:
        resolved = resolver.resolve(query, look, told=None, own=no_own, meter=meter)
        with execution.answer(
            written(resolved.query),
            sources,
            formats=(JSON, NTRIPLES),
            meter=meter,
            budget=BUDGET,
            generation=NOWHERE,
            plan=resolved.plan,
            quads=resolved.quads,
        ) as answer:
            return solutions(answer, query)
    finally:
        execution.close()


def with_values(random: Random) -> tuple[str, str]:
    """The same for a query that counts or compares values, a part of which several members hold."""
    ties = random.random() < 0.5
    data, nodes = random_homes(random, more=EQUALS if ties else (), stray=5)
    text = QueryMaker(random, nodes=nodes).values(ties=ties)
    wanted = expected(merge(data), text)
    got = federated(
        members(data, random.choice(["ours", "many", "many", "homes", "many homes", "many homes", "large"])), text
    )
    if not same(got, wanted, ordered="ORDER BY" in text and not ties):
        return "different", text
    return ("empty" if not wanted else "same"), text


def with_paths(random: Random) -> tuple[str, str]:
    """The same for paths beside other patterns, over chains that are spread; now and then with little patience: members
    are asked for what they reach however little it is, from a few nodes at a time, and paths soon lead too far."""
    apart = random.random() < 0.3
    kinds = ["ours", "many", "many", "homes", "many homes", *(() if apart else ("large", "mixed", "foreign"))]
    kind = random.choice(kinds)
    blank = kind in ("foreign", "homes", "many homes") and random.random() < 0.5
    data, nodes = random_chains(random, blank=blank, home=apart)
    text = QueryMaker(random, nodes=nodes).paths(apart=apart)
    hasty = random.random() < 0.7
    edges = random.choice([20, 200, 100_000]) * (1000 if kind.startswith("many") else 1)
    with (
        patch.multiple(order, REQUEST=12.0 if hasty else order.REQUEST, _PATH_ROUNDS=random.choice([0.0, 5.0])),
        patch.multiple(order, _MOST=3.0 if hasty else 5000.0),
        patch.multiple(reaches, _FEW=0 if hasty else 1000, _EDGES=edges, _LEAST=random.choice([1, 200])),
    ):
        got = federated(members(data, kind), text)
    wanted = expected(merge(data), text)
    if not same(got, wanted):
        return "different", text
    return ("empty" if wanted in ([], [False]) else "same"), text


def with_guesses(random: Random) -> tuple[str, str]:
    """The same over members that say nothing, of which is known what they held some time ago, which may be no longer
    so."""
    blank = random.random() < 0.3
    data, nodes = random_homes(random, blank=blank, stray=random.choice([0, 0, 5]))
    sources = members(data, random.choice(["foreign", "foreign", "mixed"]))
    for source, store in zip(sources, data, strict=True):
        if not source.summarised and random.random() < 0.9:
            source.guess_from(_before(random, store, data), exaggerate=random.choice([1, 1000]))
    maker = QueryMaker(random, blank=blank, nodes=nodes)
    # What is counted of values may be the length of a blank node's label, which is another each time.
    text = random.choice([maker.apart, maker.query, maker.query if blank else lambda: maker.values(ties=False)])()
    try:
        wanted = expected(merge(data), text)
    except SyntaxError:
        return "invalid", text
    if random.random() < 0.3 and text.startswith("SELECT") and " LIMIT " not in text and len(wanted) > 2:
        # Some of the solutions, any of them.
        some = random.randint(1, 2)
        got = federated(sources, f"{text} LIMIT {some}")
        right = len(got) == some and not Counter(got) - Counter(wanted)
        return ("same" if right else "different"), f"{text} LIMIT {some}"
    got = federated(sources, text)
    if not same(got, wanted, ordered=not blank and "ORDER BY" in text.rpartition("}")[2]):
        return "different", text
    return ("empty" if wanted in ([], [False]) else "same"), text


def _before(random: Random, store: ox.Store, others: Sequence[ox.Store]) -> ox.Store:
    """What a member may have held before: what it holds now, less than that, more, or something else."""
    before = ox.Store()
    kind = random.choice(["now", "now", "less", "more", "other"])
    before.extend(q for q in store if kind == "more" or kind == "now" or (kind == "less" and random.random() < 0.7))
    if kind in ("more", "other"):
        before.extend(q for q in random.choice(others) if random.random() < 0.5)
    return before


def compared(random: Random, kind: str) -> tuple[str, str]:
    """``same``, ``empty`` (the same, and nothing), ``different``, or ``invalid`` for a text that is no query; the text.

    ``kind``: as for ``members``, or ``blank`` for foreign members with blank nodes, ``services``,
    ``values``, ``paths``, ``odd``, ``kept``, ``changes``, ``guesses`` or ``mirrors``.
    """
    if kind in _OWN:
        return _OWN[kind](random)
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


_OWN = {
    "values": with_values,
    "paths": with_paths,
    "services": with_services,
    "odd": with_odd,
    "kept": with_kept,
    "changes": with_changes,
    "guesses": with_guesses,
    "mirrors": with_mirrors,
}
