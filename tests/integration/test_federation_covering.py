"""A hub that holds what two partners do: it is asked for both, nothing is missing, and nobody is left out wrongly."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest

from node.errors import MemberError
from node.federation.calling import retries
from node.federation.calling.meter import Meter
from node.federation.members.completeness import MemberReport, Verdict
from node.federation.reporting.plan_pictures import as_text
from tests.integration import sparql_server
from tests.integration.hub import Hub, MakeHub, rows
from tests.integration.sparql_server import SparqlServer, servers
from tests.integration.test_federation_faults import FAULTS, QUERIES, SECONDS, is_lower_bound, marked

PREFIX = "PREFIX : <http://ex.org/> "
#: What is in which graph counts, too.
GRAPHS = {
    "graphs": "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?x :title ?t } } GROUP BY ?g",
    "names": "SELECT ?g { GRAPH ?g { } FILTER(STRSTARTS(STR(?g), 'http://ex.org/')) }",
    "any node": "SELECT ?x ?y { ?x :in* ?y }",
    "describe": "DESCRIBE ?x { ?x :title 'd1' }",
    "from": "SELECT * FROM :g0 FROM :g2 { ?x :in ?d OPTIONAL { ?d :title ?t } }",
    "from named": "SELECT * FROM NAMED :g1 { GRAPH ?g { ?s :in ?d } }",
}
TEXTS = {name: PREFIX + text for name, text in (QUERIES | GRAPHS).items()}
MIRRORS = {2: ("m0", "m1")}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else asks these members, so there is nothing to spread."""
    monkeypatch.setattr(retries, "PAUSE", 0.01)


def put(member: SparqlServer, graph: str, triples: str) -> None:
    with member.changing:
        member.store.update(f"{PREFIX} INSERT DATA {{ {triples} GRAPH :{graph} {{ {triples} }} }}")
        member.version += 1


def copy(partner: SparqlServer, hub: SparqlServer, graph: str = "") -> None:
    """The hub follows, in one graph or in all."""
    name = ox.NamedNode(f"http://ex.org/{graph}") if graph else None
    with hub.changing:
        for quad in list(partner.store.quads_for_pattern(None, None, None, name)):
            hub.store.extend([quad, ox.Quad(*quad.triple)])
        hub.version += 1


def fill(members: list[SparqlServer]) -> None:
    """Each has a graph of its own, and shares triples with the next; the last one has the graphs of all."""
    for at, member in enumerate(members):
        samples = " ".join(f":s{at}{i} :dx :glioma ; :in :d{at} ; a :Sample ." for i in range(20))
        put(member, f"g{at}", f'{samples} :d{(at + 1) % 3} :title "d{(at + 1) % 3}" . :s00 :dx :glioma .')
    for member in members[:-1]:
        copy(member, members[-1])


def hub_over(make_hub: MakeHub, members: list[SparqlServer], seconds: float = 20.0) -> Hub:
    """A hub of queries whose processes have started, over two partners and a member that mirrors them."""
    fill(members)
    hub = make_hub(members, None, MIRRORS, federation_seconds=seconds)
    hub.ask(TEXTS["join"])
    return hub


def reports(hub: Hub, query: str) -> dict[str, MemberReport]:
    """What each member did for a query that is answered exactly."""
    got, judged = hub.judged(TEXTS[query])
    wanted = hub.merged(TEXTS[query])
    assert rows(got) == rows(wanted)
    assert got.boolean == wanted.boolean
    assert judged.verdict is Verdict.COMPLETE
    return {report.name: report for report in judged.members}


def renew(members: list[SparqlServer]) -> None:
    """Nothing that was fetched before can be used again; what is mirrored stays as it is."""
    put(members[2], "g2", f':here :number "{members[2].version}" .')


def asked(member: SparqlServer) -> int:
    return sum(1 for request in member.requests if not request.startswith("GET"))


def assert_covered(found: dict[str, MemberReport]) -> None:
    for name in ("m0", "m1"):
        assert found[name].verdict == "pruned"
        assert found[name].reason.startswith("m2 holds all of it")


def test_only_the_hub_is_asked(make_hub: MakeHub) -> None:
    """For every kind of query, with graphs by name and without; the reports say why the others are not."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        for member in members:
            member.requests.clear()
        for query in TEXTS:
            renew(members)
            assert_covered(reports(hub, query))
        assert asked(members[0]) == asked(members[1]) == 0
        assert asked(members[2]) > 0


def test_undeclared_members_are_asked_all(make_hub: MakeHub) -> None:
    """One that tells the digests of others, and holds nothing of what it says, leaves nobody out."""
    with servers(3, digested=True) as members:
        fill(members)
        hub = make_hub(members)
        found = reports(hub, "join")
        assert {found[name].verdict for name in ("m0", "m1", "m2")} == {"answered"}
        hub = make_hub(members, None, {2: ("m0",)})
        found = reports(hub, "join")
        assert [found[name].verdict for name in ("m0", "m1", "m2")] == ["pruned", "answered", "answered"]


def test_a_partner_that_is_gone_is_not_missed(make_hub: MakeHub) -> None:
    """All of its data is at the hub. When it is back with other data it counts by itself, until the hub follows."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        port = int(members[0].base.rpartition(":")[2].rstrip("/"))
        reports(hub, "ask")
        members[0].close()
        for source in hub.engine.sources():
            source.close()
        for query in TEXTS:
            renew(members)
            found = reports(hub, query)
            assert_covered(found)
        assert "it could not be seen now: m0 " in found["m0"].reason
        returned = SparqlServer(port=port, digested=True)
        returned.store.extend(members[0].store)
        returned.version = members[0].version
        put(returned, "g0", ":new :in :d0 ; :dx :glioma ; :title 'n' .")
        members[0] = returned
        hub.engine.circuits.of("m0", returned.endpoint).succeeded()
        for query in TEXTS:
            reports(hub, query)
        assert reports(hub, "join")["m0"].verdict == "answered"
        copy(returned, members[2])
        assert_covered(reports(hub, "join"))


def test_out_of_step(make_hub: MakeHub) -> None:
    """A partner that is ahead of the hub, or behind it, is asked for itself; one that fails is then missed."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        put(members[0], "g0", ":new :in :d0 ; :dx :glioma .")
        for query in TEXTS:
            found = reports(hub, query)
            assert found["m1"].verdict == "pruned"
        assert reports(hub, "join")["m0"].verdict == "answered"
        members[0].fault = sparql_server.status(500)
        members[0].version += 1
        with pytest.raises(MemberError, match="m0"):
            hub.ask(TEXTS["join"])
        members[0].fault = None
        copy(members[0], members[2])
        assert_covered(reports(hub, "join"))
        # The same triples under another name are something else to who asks for graphs.
        put(members[1], "h1", ":s10 :dx :glioma .")
        assert reports(hub, "graphs")["m1"].reason != "m2 holds all of it"
        put(members[2], "h1", ":s10 :dx :glioma .")
        assert_covered(reports(hub, "graphs"))


def changes_once(member: SparqlServer, graph: str, triples: str) -> sparql_server.Fault:
    """The member gets these when anybody is asked for the first time."""
    left = [triples]

    def change(handler: sparql_server.Handler, body: bytes, kind: str) -> None:
        while left:
            put(member, graph, left.pop())
            body = handler.evaluate(handler.asked)[0]
        handler.reply(200, body, kind)

    return change


@pytest.mark.parametrize("changing", [0, 2])
def test_one_changes_in_the_middle(make_hub: MakeHub, changing: int) -> None:
    """The partner's own graph, there or at the hub. The answer is that of before or of afterwards, never a mixture."""
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        for number, query in enumerate(TEXTS):
            renew(members)
            before = hub.merged(TEXTS[query])
            change = changes_once(members[changing], "g0", f":n{number} :in :d0 ; :dx :glioma .")
            for member in members:
                member.fault = change
            got, judged = hub.judged(TEXTS[query])
            after = hub.merged(TEXTS[query])
            assert rows(got) in (rows(before), rows(after))
            assert judged.verdict is Verdict.COMPLETE
            for member in members:
                member.fault = None
            reports(hub, query)
            copy(members[changing], members[2 - changing], "g0")
            assert_covered(reports(hub, "join"))


@pytest.mark.parametrize("fault", [marked(fault) for fault in FAULTS])
def test_faults(make_hub: MakeHub, fault: str) -> None:
    """A partner that fails changes nothing. Without the hub the partners are asked, and the hub's own is missing."""
    late = FAULTS[fault][1] == ("timeout",)
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members, 4 * SECONDS if late else 20.0)
        for query in QUERIES:
            members[0].fault = FAULTS[fault][0]
            renew(members)
            assert_covered(reports(hub, query))
            members[0].fault = None
        members[2].fault = FAULTS[fault][0]
        renew(members)
        with pytest.raises(MemberError, match="m2"):
            hub.ask(TEXTS["join"])
        got, judged = hub.judged(TEXTS["distinct"], partial=True)
        assert [report.name for report in judged.missing] == ["m2"]
        assert judged.verdict is Verdict.LOWER_BOUND
        assert is_lower_bound(got, hub.merged(TEXTS["distinct"]))
        assert {row["x"].value for row in got.rows} == {"http://ex.org/d0", "http://ex.org/d1"}
        members[2].fault = None
        hub.engine.circuits.of("m2", members[2].endpoint).succeeded()
        assert_covered(reports(hub, "join"))


def test_plans_and_sources_of_rows(make_hub: MakeHub) -> None:
    """A plan says who is not asked, and why; a row is from all that hold it, also from one that is not asked."""
    text = f"{PREFIX} SELECT ?s {{ ?s :in :d1 ; a :Sample }} ORDER BY ?s LIMIT 1"
    with servers(3, digested=True) as members:
        hub = hub_over(make_hub, members)
        plan = hub.engine.explain(TEXTS["join"])
        assert plan.covered == {"m0": "m2", "m1": "m2"}
        assert not {"m0", "m1"} & {share.member for part in plan.parts for share in part.shares}
        assert "Not asked: m0, as m2 holds all of it." in as_text(plan)
        assert {"member": "m1", "by": "m2"} in plan.document()["covered"]
        members[1].fault = sparql_server.status(500)
        with hub.engine.traced(text) as answer:
            document = json.loads(b"".join(answer))
        graph = ["http://ex.org/g1"]
        assert document["sources"][0] == [{"member": "m1", "graphs": graph}, {"member": "m2", "graphs": graph}]


def test_of_two_that_mirror_each_other_one_is_asked(make_hub: MakeHub) -> None:
    """Also where one is a replica's original, or what mirrors is mirrored in turn."""
    with servers(3, digested=True) as members:
        fill(members)
        copy(members[2], members[1])
        hub = make_hub(members, None, {1: ("m0", "m2"), 2: ("m1",)})
        for query in TEXTS:
            found = reports(hub, query)
            assert sorted(report.verdict for report in found.values()).count("pruned") >= 2
        assert [found[f"m{i}"].verdict for i in range(3)].count("answered") == 1
        hub = make_hub(members, {2: "m1"}, {1: ("m0",)})
        for query in TEXTS:
            found = reports(hub, query)
        assert found["m0"].reason.startswith("m1 holds all of it")
        members[1].close()
        for source in hub.engine.sources():
            source.close()
        for query in TEXTS:
            found = reports(hub, query)
            assert found["m0"].reason.startswith("m1 holds all of it")
            assert found["m2"].verdict == "answered"


def test_what_was_prepared_counts_again(make_hub: MakeHub) -> None:
    """While nobody changes, replicas and members that are left out say the same, so that no plan is made anew."""
    with servers(4, digested=True) as members:
        fill(members[:3])
        members[3].store.extend(members[2].store)
        hub = make_hub(members, {3: "m2"}, MIRRORS)
        hub.ask(TEXTS["join"])
        assert_covered(reports(hub, "join"))
        for member in members:
            member.requests.clear()
        assert_covered(reports(hub, "join"))
        assert [asked(member) for member in members] == [0, 0, 0, 0]

        def said() -> list[int]:
            in_step = hub.engine._execution._replicas.in_step(hub.engine.sources(), Meter(10.0, 100, 10_000_000))
            recalled = [source.recalled() for source in in_step]
            return [id(known.summary) for known in recalled if known is not None]

        assert said() == said()
        assert len(said()) == 3
