"""Two members that hold the same: whatever one of them does, the answer is whole, and only one is asked."""

from __future__ import annotations

import json
import time

import pytest

from node.errors import MemberError
from node.federation.calling import retries
from node.federation.members.completeness import MemberReport, Verdict
from node.federation.reporting.plan_pictures import as_text
from tests.integration import sparql_server
from tests.integration.hub import Hub, MakeHub, fill, rows
from tests.integration.sparql_server import SparqlServer, servers
from tests.integration.test_federation_faults import FAULTS, QUERIES, SECONDS, marked, text_of


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else asks these members, so there is nothing to spread."""
    monkeypatch.setattr(retries, "PAUSE", 0.01)


def hub_over(make_hub: MakeHub, members: list[SparqlServer], seconds: float = 20.0) -> Hub:
    """A hub whose processes have started, over ``m0``, ``m1`` and ``m2``, which is a replica of ``m1``."""
    fill(members[:2])
    members[2].store.extend(members[1].store)
    hub = make_hub(members, {2: "m1"}, federation_seconds=seconds)
    hub.ask(text_of("join"))
    return hub


def reports(hub: Hub, query: str) -> dict[str, MemberReport]:
    """What each member did for a query that is answered exactly."""
    got, judged = hub.judged(text_of(query))
    wanted = hub.merged(text_of(query))
    assert rows(got) == rows(wanted)
    assert got.boolean == wanted.boolean
    assert judged.verdict is Verdict.COMPLETE
    return {report.name: report for report in judged.members}


def add(member: SparqlServer, triples: str) -> None:
    with member.changing:
        member.store.update(f"PREFIX : <http://ex.org/> INSERT DATA {{ {triples} }}")
        member.version += 1


def renew(members: list[SparqlServer]) -> None:
    """Nothing that was fetched before can be used again; the replicas are in step."""
    for member in members:
        add(member, f':here :number "{sum(m.version for m in members[:1])}"')


def asked(member: SparqlServer) -> int:
    return sum(1 for request in member.requests if not request.startswith("GET"))


@pytest.mark.parametrize("fault", [marked(fault) for fault in FAULTS])
@pytest.mark.parametrize("failing", [1, 2])
def test_a_fault_at_one_replica_changes_nothing(make_hub: MakeHub, fault: str, failing: int) -> None:
    """From its first request on or a later one: the answer is exact and complete, and the report names the other."""
    late = FAULTS[fault][1] == ("timeout",)
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members, 4 * SECONDS if late else 20.0)
        for number, query in enumerate(QUERIES):
            members[failing].requests.clear()
            members[failing].fault, members[failing].healthy = FAULTS[fault][0], number % 2
            renew(members)
            found = reports(hub, query)
            assert not any(report.lost for report in found.values())
            members[failing].fault = None
        assert not any("169.254" in request for member in members for request in member.requests)


def test_one_of_two_is_asked(make_hub: MakeHub) -> None:
    """And its answer stands for both; the report says so."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        twice = 0
        for query in QUERIES:
            renew(members)
            reports(hub, "ask")  # learns what they hold now
            for member in members:
                member.requests.clear()
            found = reports(hub, query)
            # On a busy machine one may be slow enough for a second request.
            twice += bool(asked(members[1]) and asked(members[2]))
            assert [found[name].verdict for name in ("m1", "m2")].count("pruned") >= 1
        assert twice < len(QUERIES) / 2
        assert "replica of m" in found["m1"].reason + found["m2"].reason


def test_plans_and_sources_of_rows(make_hub: MakeHub) -> None:
    """A plan says who is in step; a row is from all that hold it, also from one that cannot be reached."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        plan = hub.engine.explain(text_of("join"))
        assert plan.replicas == (("m1", "m2"),)
        assert "m2" not in plan.members
        assert "In step, so that one is asked: m1, m2." in as_text(plan)
        members[1].fault = sparql_server.status(500)
        renew(members)
        text = "PREFIX : <http://ex.org/> SELECT ?s { ?s :in :d1 ; a :Sample } ORDER BY ?s LIMIT 1"
        with hub.engine.traced(text) as answer:
            document = json.loads(b"".join(answer))
        assert [source["member"] for source in document["sources"][0]] == ["m1", "m2"]


def test_undeclared_members_are_asked_both(make_hub: MakeHub) -> None:
    """One that tells the digest of another, and holds nothing of what it says, leaves nobody out."""
    with servers(3, digested=True) as members:
        fill(members[:2])
        members[2].store.extend(members[1].store)
        hub = make_hub(members)
        found = reports(hub, "join")
        assert {found[name].verdict for name in ("m1", "m2")} == {"answered"}
        members[1].fault = sparql_server.status(500)
        members[1].version += 1
        with pytest.raises(MemberError, match="m1"):
            hub.ask(text_of("join"))


def test_out_of_step(make_hub: MakeHub) -> None:
    """Replicas that hold different things are asked both and merged; one that fails is then missed."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        add(members[2], ":new :in :d0 ; :dx :glioma")
        for query in QUERIES:
            reports(hub, query)
        assert {reports(hub, "join")[name].verdict for name in ("m1", "m2")} == {"answered"}
        members[1].fault = sparql_server.status(500)
        members[1].version += 1
        with pytest.raises(MemberError, match="m1"):
            hub.ask(text_of("join"))
        members[1].fault = None
        add(members[1], ":new :in :d0 ; :dx :glioma")
        assert "replica" in "".join(report.reason for report in reports(hub, "join").values())


def changes_once(member: SparqlServer, triples: str) -> sparql_server.Fault:
    """The member gets these when anybody is asked for the first time."""
    left = [triples]

    def change(handler: sparql_server.Handler, body: bytes, kind: str) -> None:
        while left:
            add(member, left.pop())
            body = handler.evaluate(handler.asked)[0]
        handler.reply(200, body, kind)

    return change


@pytest.mark.parametrize("changing", [1, 2])
def test_a_replica_that_changes_in_the_middle(make_hub: MakeHub, changing: int) -> None:
    """It is in step no more. The answer is that of before, if it was seen before, or of afterwards; never a mixture."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        for number, query in enumerate(QUERIES):
            change = changes_once(members[changing], f":n{number} :in :d0 ; :dx :glioma")
            renew(members)
            before = hub.merged(text_of(query))
            for member in members:
                member.fault = change
            got, judged = hub.judged(text_of(query))
            after = hub.merged(text_of(query))
            assert rows(got) in (rows(before), rows(after))
            assert judged.verdict is Verdict.COMPLETE
            for member in members:
                member.fault = None
            reports(hub, query)
            members[3 - changing].store.extend(members[changing].store)
            members[3 - changing].version += 1
            assert "replica" in "".join(report.reason for report in reports(hub, "join").values())


def test_a_slow_replica_is_overtaken(make_hub: MakeHub) -> None:
    """One that has not begun to answer by its usual time is asked twice, within bounds; the quicker one counts then."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        for _ in range(12):
            renew(members)
            reports(hub, "join")
        first = members[1] if asked(members[1]) > asked(members[2]) else members[2]
        other = members[3 - members.index(first)]
        assert asked(first) > 5
        first.pause = 3.0
        before = asked(other)
        started = time.monotonic()
        renew(members)
        reports(hub, "join")
        assert time.monotonic() - started < 2.5
        assert asked(other) > before


def test_both_fail(make_hub: MakeHub) -> None:
    """The query fails and names one; a lower bound is without both; both come back."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        for member in members[1:]:
            member.fault = sparql_server.status(500)
        renew(members)
        with pytest.raises(MemberError, match=r"m[12]"):
            hub.ask(text_of("join"))
        _, judged = hub.judged(text_of("join"), partial=True)
        assert judged.verdict is Verdict.LOWER_BOUND
        assert [report.name for report in judged.missing] == ["m1", "m2"]
        for member in members:
            member.fault = None
        reports(hub, "join")


def test_one_disappears_and_returns_changed(make_hub: MakeHub) -> None:
    """While it is away the other stands for it; when it is back with other data it counts by itself."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        port = int(members[1].base.rpartition(":")[2].rstrip("/"))
        renew(members)
        reports(hub, "ask")
        members[1].close()
        for source in hub.engine.sources():
            source.close()
        for query in QUERIES:
            members[0].version += 1
            found = reports(hub, query)
            assert found["m1"].verdict == "pruned"
        assert "cannot be reached" in found["m1"].reason
        returned = SparqlServer(port=port, digested=True)
        returned.store.extend(members[1].store)
        returned.store.update("PREFIX : <http://ex.org/> INSERT DATA { :new :in :d0 ; :dx :glioma ; :title 'n' }")
        returned.version = members[1].version + 1
        members[1] = returned
        hub.engine.circuits.of("m1", returned.endpoint).succeeded()
        for query in QUERIES:
            reports(hub, query)
