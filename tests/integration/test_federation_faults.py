"""Every way of failing times every kind of query: the right verdict in time, never a wrong answer called complete."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from node.errors import MemberError
from node.federation.calling import retries
from node.federation.members.completeness import Completeness, Verdict
from node.federation.planning.monotone import obstacle
from node.sparql.parser import parse_query
from node.sparql.results import Results
from tests.integration import sparql_server
from tests.integration.hub import Hub, MakeHub, fill, rows
from tests.integration.sparql_server import Fault, SparqlServer, servers

QUERIES = {
    "join": "SELECT * { ?s :dx ?d ; :in ?x . ?x :title ?t }",
    "optional": "SELECT * { ?s :dx ?d ; :in ?x OPTIONAL { ?x :title ?t } }",
    "union": "SELECT * { { ?s :dx ?d } UNION { ?x :title ?d } }",
    "path": "SELECT ?s ?t { ?s :in/:title ?t }",
    "distinct": "SELECT DISTINCT ?x { ?s :in ?x } ORDER BY ?x",
    "count": "SELECT ?x (COUNT(?s) AS ?n) { ?s :in ?x } GROUP BY ?x",
    "top": "SELECT ?s ?x { ?s :in ?x } ORDER BY DESC(?s) LIMIT 30",
    "absent": "SELECT ?s { ?s :dx ?d FILTER NOT EXISTS { ?s :in ?x . ?x :title ?t } }",
    "ask": "ASK { ?s :in :d1 }",
    "construct": "CONSTRUCT { ?s :about ?t } WHERE { ?s :in ?x . ?x :title ?t }",
}

#: What a member does, and what its report may call it.
FAULTS: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "500": (sparql_server.status(500), ("refused",)),
    "503": (sparql_server.status(503), ("refused",)),
    "503, later": (sparql_server.status(503, **{"Retry-After": "60"}), ("refused",)),
    "429, soon": (sparql_server.status(429, **{"Retry-After": "0"}), ("refused",)),
    "429, later": (sparql_server.status(429, **{"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}), ("refused",)),
    "401": (sparql_server.status(401), ("refused",)),
    "404": (sparql_server.status(404), ("refused",)),
    "204": (sparql_server.status(204), ("refused",)),
    "redirect": (sparql_server.redirects_to("http://169.254.169.254/latest/meta-data/"), ("refused",)),
    "HTML": (sparql_server.html, ("refused",)),
    "HTML as results": (sparql_server.html_as_results, ("refused",)),
    "wrong type": (sparql_server.wrong_type, ("refused",)),
    "no type": (sparql_server.no_type, ("refused",)),
    "rows cut": (sparql_server.rows_cut_mid_line, ("refused",)),
    "body cut": (sparql_server.body_cut, ("truncated",)),
    "chunks cut": (sparql_server.chunks_cut, ("truncated",)),
    "no length": (sparql_server.no_length, ("refused",)),
    "gzip cut": (sparql_server.gzip_cut, ("truncated",)),
    "closed": (sparql_server.closed, ("unreachable",)),
    "garbage": (sparql_server.garbage, ("unreachable",)),
    "hangs": (sparql_server.hangs, ("timeout",)),
    "hangs after headers": (sparql_server.hangs_after_headers, ("timeout",)),
    "drips": (sparql_server.drips, ("timeout",)),
}
SECONDS = 0.8


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else asks these members, so there is nothing to spread."""
    monkeypatch.setattr(retries, "PAUSE", 0.01)


def text_of(query: str) -> str:
    return f"PREFIX : <http://ex.org/> {QUERIES[query]}"


def hub_over(make_hub: MakeHub, members: list[SparqlServer], seconds: float) -> Hub:
    """A hub whose processes have started."""
    fill(members)
    hub = make_hub(members, federation_seconds=seconds)
    hub.ask(text_of("join"))
    return hub


def judged_within(
    hub: Hub, text: str, seconds: float, *, partial: bool = False
) -> tuple[Results, Completeness] | MemberError:
    """An answer or the failure, in time; other processes on the machine get some of it."""
    started = time.monotonic()
    try:
        return hub.judged(text, partial=partial)
    except MemberError as error:
        return error
    finally:
        assert time.monotonic() - started < seconds + 2


def is_lower_bound(got: Results, wanted: Results) -> bool:
    if wanted.boolean is not None:
        return got.boolean is not True or wanted.boolean is True
    return not Counter(rows(got)) - Counter(rows(wanted))


def check(hub: Hub, query: str, outcomes: tuple[str, ...], seconds: float) -> None:
    """All or nothing fails by name, or is right because the member was not needed; a part is a part and says so."""
    text, name = text_of(query), "m1"
    wanted = hub.merged(text)
    made = judged_within(hub, text, seconds)
    if isinstance(made, MemberError):
        assert made.member == name
        assert made.outcome in outcomes, made
    else:
        assert rows(made[0]) == rows(wanted)
        assert made[0].boolean == wanted.boolean
        assert made[1].verdict is Verdict.COMPLETE
    made = judged_within(hub, text, seconds, partial=True)
    if isinstance(made, MemberError):
        reason = obstacle(parse_query(text))
        assert reason is not None, made
        assert reason in str(made)
    else:
        check_part(*made, wanted, name, outcomes)


def check_part(got: Results, judged: Completeness, wanted: Results, name: str, outcomes: tuple[str, ...]) -> None:
    """An answer that may lack a member's rows."""
    if judged.verdict is Verdict.COMPLETE:
        assert rows(got) == rows(wanted)
        assert got.boolean == wanted.boolean
        return
    assert [m.name for m in judged.missing] == [name]
    assert judged.missing[0].verdict in outcomes
    assert judged.missing[0].reason
    assert is_lower_bound(got, wanted)
    assert judged.verdict is (Verdict.UNKNOWN if got.boolean is False else Verdict.LOWER_BOUND)


#: One of each kind of failing that needs no waiting; the others are marked slow.
QUICK = ("500", "429, soon", "redirect", "HTML", "rows cut", "body cut", "closed")


def marked(fault: str) -> object:
    return fault if fault in QUICK else pytest.param(fault, marks=pytest.mark.slow)


@pytest.mark.parametrize("fault", [marked(fault) for fault in FAULTS])
def test_faults_and_queries(make_hub: MakeHub, fault: str) -> None:
    """A member fails from its first request on and from its third on; afterwards all is as if nothing had been."""
    failing, outcomes = FAULTS[fault]
    late = outcomes == ("timeout",)
    seconds = SECONDS if late else 20.0
    with servers(2) as members:
        hub = hub_over(make_hub, members, seconds)
        for query in QUERIES:
            for healthy in (0,) if late else (0, 2):
                members[1].fault, members[1].healthy = failing, healthy
                members[1].requests.clear()
                members[1].version += 1  # what was fetched before is not used again
                check(hub, query, outcomes, seconds)
                members[1].fault = None
                got, judged = hub.judged(text_of(query))
                assert rows(got) == rows(hub.merged(text_of(query)))
                assert judged.verdict is Verdict.COMPLETE
        assert not any("169.254" in request for member in members for request in member.requests)


@pytest.mark.parametrize("query", QUERIES)
def test_row_cap(make_hub: MakeHub, query: str) -> None:
    """An endpoint that gives its first rows and does not say so is found out by counting. Nodes of ours cut nothing."""
    with servers(2, summarised=False) as members:
        fill(members)
        hub = make_hub(members, federation_seconds=20.0)
        members[1].fault = sparql_server.capped
        check(hub, query, ("truncated",), 20.0)
        members[1].fault = None
        got, judged = hub.judged(text_of(query))
        assert rows(got) == rows(hub.merged(text_of(query)))
        assert judged.verdict is Verdict.COMPLETE


def test_disappears_and_returns(make_hub: MakeHub) -> None:
    """Nobody listens for a while: failures by name, lower bounds, and then complete answers again."""
    with servers(2) as members:
        hub = hub_over(make_hub, members, 20.0)
        port = int(members[1].base.rpartition(":")[2].rstrip("/"))
        for query in QUERIES:
            members[1].close()
            check(hub, query, ("unreachable",), 20.0)
            returned = SparqlServer(port=port)
            returned.store.extend(members[1].store)
            returned.version = members[1].version + 1
            members[1] = returned
            got, judged = hub.judged(text_of(query))
            assert rows(got) == rows(hub.merged(text_of(query)))
            assert judged.verdict is Verdict.COMPLETE


def test_there_are_enough_combinations() -> None:
    """Faults times queries, each from the first request or a later one, for all or nothing and for a part."""
    assert len(FAULTS) * len(QUERIES) >= 200
