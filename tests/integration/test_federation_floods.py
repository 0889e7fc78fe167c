"""Queries that would take everything end with a limit that says which, and the others go on meanwhile."""

from __future__ import annotations

import threading
import time

import pytest

from node.errors import LimitExceeded, NodeError, QueryMemoryExceeded, QueryTimeout, ResultTooLarge, TooBusy
from node.federation.fetching import last_step
from tests.integration.hub import MakeHub, fill, rows
from tests.integration.sparql_server import SparqlServer, servers

SMALL = "PREFIX : <http://ex.org/> SELECT ?s ?t { ?s :dx :glioma ; :in ?d . ?d :title ?t }"
LIMITS = {"federation_seconds": 4.0, "result_bytes": 2_000_000, "query_memory_bytes": 200_000_000}

_LIMITS = (ResultTooLarge, QueryTimeout, QueryMemoryExceeded, TooBusy)
#: What each may end with: the fastest limit where the machine decides which is reached first.
FLOODS: list[tuple[str, tuple[type[LimitExceeded], ...]]] = [
    ("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", (ResultTooLarge,)),
    ("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", (QueryTimeout,)),
    ("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?i ?a ?e", _LIMITS),
    ("SELECT DISTINCT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?i", _LIMITS),
    ("CONSTRUCT { ?a ?e ?i } { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", _LIMITS),
]


def _filled(members: list[SparqlServer]) -> None:
    fill(members)
    for number, member in enumerate(members):
        member.store.update(
            "PREFIX : <http://ex.org/> INSERT DATA { "
            + " ".join(f":x{number}-{i} :note {i}, {i + 1}, {i + 2} ." for i in range(300))
            + " }"
        )


def test_each_ends_with_its_limit_while_others_are_answered(make_hub: MakeHub) -> None:
    """All floods at once, beside small queries that are asked one after another and all succeed."""
    with servers(3) as members:
        _filled(members)
        # One place is left for the small ones, and a process that is taken by nobody else.
        hub = make_hub(members, federation_queries=len(FLOODS) + 1, query_workers=len(FLOODS) + 1, **LIMITS)
        expected = rows(hub.merged(SMALL))
        assert rows(hub.ask(SMALL)) == expected
        ended: dict[str, NodeError] = {}

        def flood(text: str) -> None:
            try:
                hub.ask(text)
            except NodeError as error:
                ended[text] = error

        threads = [threading.Thread(target=flood, args=(text,)) for text, _ in FLOODS]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        answered = 0
        while any(thread.is_alive() for thread in threads):
            assert rows(hub.ask(SMALL)) == expected
            answered += 1
            assert time.monotonic() - started < 60
        for text, kinds in FLOODS:
            assert isinstance(ended.get(text), kinds), (text, ended.get(text))
            assert ended[text].remedy
        assert answered >= 3
        # Nothing is left behind: a place for everyone again.
        assert rows(hub.ask(SMALL)) == expected


@pytest.mark.parametrize(
    ("limit", "kind", "words"),
    [
        ({"federation_bytes": 20_000}, ResultTooLarge, "20,000 bytes from the members"),
        ({"federation_memory_bytes": 40_000}, QueryMemoryExceeded, "limits.federation_memory_bytes"),
        ({"federation_requests": 5}, LimitExceeded, "5 requests to members"),
    ],
)
def test_what_is_fetched_is_limited(
    make_hub: MakeHub, limit: dict[str, float], kind: type[LimitExceeded], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes, memory and requests: counted over all members, whatever each gives."""
    monkeypatch.setattr(last_step, "_PROCESS_BYTES", 100)
    with servers(3) as members:
        _filled(members)
        hub = make_hub(members, **limit)
        with pytest.raises(kind) as ended:
            hub.ask("SELECT * { ?s ?p ?o . ?o ?q ?r OPTIONAL { ?r ?t ?u } }")
        assert words in f"{ended.value.detail} {ended.value.remedy}"
        assert rows(hub.ask("SELECT ?x { VALUES ?x { 1 } }"))
