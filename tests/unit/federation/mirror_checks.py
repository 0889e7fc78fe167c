"""One random query over members of which one holds all that others do, and those are left out."""

from __future__ import annotations

from random import Random

from merged_store import StoreSource, expected, federated, merge, same
from random_queries import QueryMaker, random_chains, random_homes, random_members

from node.errors import MemberUnavailable
from node.federation.members.covering import Covered, Holding
from node.federation.members.summaries import Summary

_GONE = MemberUnavailable("gone", member="any")


def with_mirrors(random: Random) -> tuple[str, str]:
    """``same``, ``empty``, ``different`` or ``invalid``, and the query. What is left out is never asked."""
    made = random.choice([random_members, random_homes, random_chains])(random)
    data, nodes = made if isinstance(made, tuple) else (made, None)
    maker = QueryMaker(random, nodes=nodes)
    kinds = [maker.query]
    if made is not data:
        kinds += [maker.apart, lambda: maker.values(ties=False), lambda: maker.paths(apart=False)]
    text = random.choice(kinds)()
    try:
        wanted = expected(merge(data), text)
    except SyntaxError:
        return "invalid", text
    large = random.choice([1, 1, 1000, 1_000_000])
    sources = [StoreSource(f"m{i}", store, exaggerate=large) for i, store in enumerate(data)]
    hub = random.choice(sources)
    partners = [source for source in sources if source is not hub and random.random() < 0.7]
    for partner in partners:
        hub.store.extend(partner.store)
    left = {partner.name: _left_out(partner, hub) for partner in partners}
    got = federated([left.get(source.name, source) for source in sources], text)  # type: ignore[misc]
    if any(partner.requests for partner in partners):
        return "different", f"{text}\n  asked: {[partner.requests for partner in partners]}"
    if not same(got, wanted, ordered="ORDER BY" in text.rpartition("}")[2] and made is not data):
        return "different", text
    return ("empty" if wanted in ([], [False]) else "same"), text


def _left_out(partner: StoreSource, hub: StoreSource) -> Covered:
    nothing = Summary(0, {}, {}, "nothing", digest="d", elsewhere=True)
    return Covered(partner, Holding("d", {}, error=_GONE), hub.name, None, nothing)  # type: ignore[arg-type]
