"""Federation over real HTTP: exact answers, and for every fault an error that names the member."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from importlib import util
from pathlib import Path
from random import Random
from types import ModuleType

import pyoxigraph as ox
import pytest

from node.config import Member
from node.errors import (
    MemberError,
    MemberProtocolError,
    MemberTimeout,
    MemberUnavailable,
    QuerySyntaxError,
    ResultTooLarge,
    TooBusy,
)
from node.federation.members.endpoints import ask_endpoint, is_ready
from node.federation.members.membership import add_member, probe
from node.model.access import Tier
from node.policy.decide import OPERATOR
from node.rdf.formats import JSON, NTRIPLES, TURTLE
from node.sparql.results import read_json_results
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change
from tests.integration import sparql_server
from tests.integration.hub import BASE, EX, LOCAL, Hub, MakeHub, fill, graph, rows
from tests.integration.sparql_server import Fault, servers

QUERY = "PREFIX : <http://ex.org/> SELECT * { ?s :dx ?d . ?s :in ?x OPTIONAL { ?x :title ?t } }"

#: What takes two requests to each member, however near it is: what is described is found first.
TWO_ROUNDS = "PREFIX : <http://ex.org/> DESCRIBE ?x WHERE { ?s :in ?x }"


@pytest.mark.parametrize("summarised", [True, False])
def test_answers_over_http_are_those_of_one_store(make_hub: MakeHub, summarised: bool) -> None:
    """This node's own data and three members', with and without summaries."""
    with servers(3, summarised=summarised) as members:
        fill(members)
        hub = make_hub(members)
        wanted = hub.merged(QUERY)
        assert len(wanted.rows) >= 60
        assert rows(hub.ask(QUERY)) == rows(wanted)
        with hub.engine.query(QUERY, (JSON, NTRIPLES)) as answer:
            list(answer)
            assert [r.name for r in answer.report] == ["this node", "m0", "m1", "m2"]
            assert all(r.verdict == "answered" for r in answer.report)
        statuses = hub.engine.check()
        assert [s.reachable for s in statuses] == [True] * 3
        assert statuses[1].triples == (62 if summarised else None)


def test_every_form_and_format(make_hub: MakeHub) -> None:
    """ASK, CONSTRUCT and DESCRIBE come in the format that was asked for."""
    with servers(2) as members:
        fill(members)
        hub = make_hub(members)
        assert hub.ask("ASK { <http://ex.org/s00> <http://ex.org/in> ?x }").boolean is True
        with hub.engine.query("DESCRIBE <http://ex.org/d0>", (JSON, TURTLE)) as answer:
            assert answer.format is TURTLE
            assert b'"d0"' in b"".join(answer)
        with hub.engine.query("CONSTRUCT WHERE { ?s <http://ex.org/in> ?x }", (JSON, NTRIPLES)) as answer:
            assert b"".join(answer).count(b"\n") == 41


def test_what_is_not_public_is_not_told(make_hub: MakeHub, own_data: OxigraphStore) -> None:
    """An operator's query joins what only operators may see; the members get no word of it, a stranger no row."""
    with servers(1) as members:
        fill(members)
        hub = make_hub(members)
        secret = (
            "<http://ex.org/s9> <http://ex.org/secret> <http://ex.org/d0> .\n"
            "<http://ex.org/d0> <http://ex.org/title> <http://ex.org/s9> .\n"
        )
        own_data.apply(Change(put=(graph("hidden", secret, Tier.CONTROLLED),)))
        text = "SELECT * { ?s <http://ex.org/secret> ?x . ?x <http://ex.org/title> ?t }"
        own = f"SELECT * {{ SERVICE <{BASE}sparql> {{ ?s <http://ex.org/secret> ?x }} ?x <http://ex.org/title> ?t }}"
        try:
            assert hub.ask(text).rows == ()
            found, completeness = hub.judged(text, principal=OPERATOR)
            assert len(found.rows) == 2
            assert [(m.name, m.verdict) for m in completeness.members] == [
                ("this node", "pruned"),
                ("this node (controlled)", "answered"),
                ("m0", "answered"),
            ]
            everything, _ = hub.judged("SELECT * { ?s ?p ?o OPTIONAL { ?o ?q ?r } }", principal=OPERATOR)
            assert any("s9" in row for row in rows(everything))
            described, _ = hub.judged(
                "DESCRIBE ?x WHERE { ?s <http://ex.org/secret> ?x . FILTER EXISTS { ?t ?u ?s } }", principal=OPERATOR
            )
            assert len(described.rows) == 2
            assert hub.judged(own, principal=OPERATOR)[0].rows == ()
            with hub.engine.traced(text, principal=OPERATOR) as answer:
                document = json.loads(b"".join(answer))
            sources = {
                row["t"]["value"]: [(s["member"], s["graphs"]) for s in of_row]
                for row, of_row in zip(document["results"]["bindings"], document["sources"], strict=True)
            }
            kept = ("this node (controlled)", [f"{BASE}graph/hidden"])
            assert sources == {"http://ex.org/s9": [kept], "d0": [("m0", []), kept]}
            assert members[0].requests
            assert not [request for request in members[0].requests if "s9" in request or "d0" in request]
            # What is kept has no word in this one: members evaluate it, and are asked for the sources of its rows.
            del members[0].requests[:]
            public = "SELECT ?t { ?x <http://ex.org/dx> ?y ; <http://ex.org/in> ?t }"
            with hub.engine.traced(public, principal=OPERATOR) as answer:
                document = json.loads(b"".join(answer))
                verdicts = {m.name: m.verdict for m in answer.completeness.members}
            assert verdicts["this node (controlled)"] == "pruned"
            assert {s["member"] for of_row in document["sources"] for s in of_row} == {"this node", "m0"}
            assert [request for request in members[0].requests if "d0" in request]
            assert not [request for request in members[0].requests if "s9" in request]
        finally:
            own_data.apply(Change(remove=(f"{BASE}graph/hidden",)))


def test_summaries_are_asked_for_again_and_changes_are_seen(make_hub: MakeHub) -> None:
    """A summary costs one small exchange while nothing changes; new data is in the next answer."""
    with servers(1) as members:
        hub = make_hub(members)
        text = "SELECT * { ?s <http://ex.org/new> ?o }"
        assert hub.ask(text).rows == ()
        assert hub.ask(text).rows == ()
        assert members[0].requests == ["GET /.well-known/void"] * 2
        members[0].store.update("PREFIX : <http://ex.org/> INSERT DATA { :a :new :b }")
        members[0].version += 1
        assert len(hub.ask(text).rows) == 1


FAULTS: list[tuple[str, Fault, type[MemberError]]] = [
    ("500", sparql_server.status(500), MemberUnavailable),
    ("502", sparql_server.status(502), MemberUnavailable),
    ("503", sparql_server.status(503, **{"Retry-After": "7"}), MemberUnavailable),
    ("429", sparql_server.status(429), MemberUnavailable),
    ("401", sparql_server.status(401), MemberUnavailable),
    ("403", sparql_server.status(403), MemberUnavailable),
    ("404", sparql_server.status(404), MemberProtocolError),
    ("204", sparql_server.status(204), MemberProtocolError),
    ("redirect", sparql_server.redirects_to("http://127.0.0.1:9/"), MemberProtocolError),
    ("html", sparql_server.html, MemberProtocolError),
    ("html as results", sparql_server.html_as_results, MemberProtocolError),
    ("wrong type", sparql_server.wrong_type, MemberProtocolError),
    ("no type", sparql_server.no_type, MemberProtocolError),
    ("rows cut", sparql_server.rows_cut_mid_line, MemberProtocolError),
    ("body cut", sparql_server.body_cut, MemberProtocolError),
    ("chunks cut", sparql_server.chunks_cut, MemberProtocolError),
    ("no length", sparql_server.no_length, MemberProtocolError),
    ("gzip cut", sparql_server.gzip_cut, MemberProtocolError),
    ("unknown encoding", sparql_server.unknown_encoding, MemberProtocolError),
    ("closed", sparql_server.closed, MemberUnavailable),
    ("garbage", sparql_server.garbage, MemberUnavailable),
    ("hangs", sparql_server.hangs, MemberTimeout),
    ("hangs after headers", sparql_server.hangs_after_headers, MemberTimeout),
    ("drips", sparql_server.drips, MemberTimeout),
]


@pytest.mark.parametrize("summarised", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("fault", "error"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_faults(make_hub: MakeHub, fault: Fault, error: type[MemberError], summarised: bool) -> None:
    """A member that fails at its first or a later request fails the query, by name and in time; then it recovers."""
    with servers(2, summarised=summarised) as members:
        fill(members)
        hub = make_hub(members, federation_seconds=1.0 if error is MemberTimeout else 20.0)
        members[1].fault = fault
        for healthy, query in ((0, QUERY), (1, TWO_ROUNDS)):
            members[1].healthy = healthy
            members[1].requests.clear()
            started = time.monotonic()
            with pytest.raises(error, match="m1 ") as caught:
                hub.ask(query)
            assert caught.value.member == "m1"
            assert time.monotonic() - started < 5
        members[1].fault = None
        assert rows(hub.ask(QUERY)) == rows(hub.merged(QUERY))


def test_a_member_that_is_down(make_hub: MakeHub) -> None:
    """Nobody listens: the query fails before anything is fetched, even if that member would not have been needed."""
    with servers(2) as members:
        fill(members)
        hub = make_hub(members)
        members[1].close()
        with pytest.raises(MemberUnavailable, match="m1 cannot be reached"):
            hub.ask("SELECT * { ?s <http://ex.org/none> ?o }")
        assert [s.problem is None for s in hub.engine.check()] == [True, False]


def test_an_answer_passed_on_whole_is_never_short(make_hub: MakeHub) -> None:
    """When one member answers the whole query, its failing in the middle is an error in the middle, not an end."""
    with servers(2) as members:
        members[0].store.update(
            "PREFIX : <http://ex.org/> INSERT DATA { " + " ".join(f":x{i} :only :y ." for i in range(5000)) + " }"
        )
        hub = make_hub(members)
        text = "SELECT * { ?s <http://ex.org/only> ?o }"
        assert len(hub.ask(text).rows) == 5000
        assert members[0].requests[-1] == text
        members[0].fault = sparql_server.body_cut
        with pytest.raises(MemberProtocolError, match="m0 broke off"):
            hub.ask(text)


def test_limits_and_syntax(make_hub: MakeHub) -> None:
    """Too many bytes, too many queries at once, no query: each its own error."""
    with servers(1) as members:
        fill(members)
        hub = make_hub(members, federation_bytes=4000, federation_queries=1, queue_seconds=0.05, federation_seconds=1.2)
        with pytest.raises(ResultTooLarge, match="Name the predicates"):
            hub.ask("SELECT * { ?s ?p ?o . ?o ?q ?r }")
        with pytest.raises(QuerySyntaxError):
            hub.ask("SELECT")
        members[0].fault = sparql_server.hangs
        # One, and the spare one.
        waiting = [threading.Thread(target=_times_out, args=(hub,)) for _ in range(2)]
        for thread in waiting:
            thread.start()
        time.sleep(0.3)
        with pytest.raises(TooBusy):
            hub.ask(QUERY)
        for thread in waiting:
            thread.join()


def _times_out(hub: Hub) -> None:
    with pytest.raises(MemberTimeout):
        hub.ask(QUERY)


def test_members_are_read_again_when_node_toml_changes(make_hub: MakeHub, tmp_path: Path) -> None:
    """A member added on the command line is in the next query, without a restart; this node itself is no member."""
    with servers(1) as members:
        fill(members)
        hub = make_hub([])
        assert hub.engine.members() == ()
        config = tmp_path / "node.toml"
        config.write_text(f'[node]\nbase_iri = "{BASE}"\n', encoding="utf-8")
        add_member(config, probe(members[0].base))
        add_member(config, Member(endpoint=f"{BASE}sparql", name="myself"))
        assert [m.endpoint for m in hub.engine.members()] == [members[0].endpoint]
        assert len(hub.ask(QUERY).rows) == 21


def test_probe_finds_the_endpoint() -> None:
    """A node's base, its endpoint, or any endpoint's address."""
    with servers(1) as members:
        for url in (members[0].base, members[0].base.rstrip("/"), members[0].endpoint):
            assert probe(url).endpoint == members[0].endpoint
        members[0].fault = sparql_server.html
        with pytest.raises(MemberProtocolError, match="text/html"):
            probe(members[0].base)


def test_asking_any_endpoint() -> None:
    """What the command line uses: an answer, or the endpoint's own explanation."""
    with servers(1) as members:
        with ask_endpoint(members[0].endpoint, "ASK {}", (JSON, TURTLE)) as answer:
            assert read_json_results(b"".join(answer)).boolean is True
        with (
            pytest.raises(MemberProtocolError, match=r"answered 400 .*: No: "),
            ask_endpoint(members[0].endpoint, "ASK", (JSON, TURTLE)),
        ):
            pass
        assert is_ready(f"{members[0].base}.well-known/void")
        assert not is_ready(f"{members[0].base}health")
    assert not is_ready(members[0].base)


def _module(path: Path) -> ModuleType:
    spec = util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("summarised", [True, False])
def test_fedbench(make_hub: MakeHub, own_data: OxigraphStore, shared: Path, tmp_path: Path, summarised: bool) -> None:
    """All queries of the federation benchmark over 50,000 triples at four members, blank nodes included."""
    bench = shared / "bench" / "fedbench"
    out = tmp_path / "generated"
    command = [sys.executable, str(bench / "generate.py"), "--out", str(out), "--triples", "50000", "--nodes", "4"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    check = _module(bench / "check.py")
    merged = ox.Store()
    merged.bulk_load(path=out / "merged.nt", format=ox.RdfFormat.N_TRIPLES)
    with servers(4, summarised=summarised) as members:
        for member, path in zip(members, sorted(p for p in out.glob("*.nt") if p.stem != "merged"), strict=True):
            member.store.bulk_load(path=path, format=ox.RdfFormat.N_TRIPLES)
        # Members with blank nodes are no nodes of ours, whatever they publish.
        hub = make_hub(members)
        own_data.apply(Change(remove=(f"{BASE}graph/own",)))
        verdicts = {}
        for path in sorted((bench / "queries").glob("*.rq")):
            text = path.read_text(encoding="utf-8")
            kind = JSON.media_type
            wanted = check.parse(merged.query(text).serialize(format=ox.QueryResultsFormat.JSON), kind)
            with hub.engine.query(text, (JSON, NTRIPLES)) as answer:
                got = check.parse(b"".join(answer), kind)
            verdicts[path.stem] = check.verdict(wanted, got, "ORDER BY" in text[text.rindex("}") :])
        own_data.apply(Change(put=(graph("own", LOCAL),)))
        assert len(verdicts) == 21
        assert set(verdicts.values()) == {"ok"}, verdicts


def test_random_data_over_http(make_hub: MakeHub) -> None:
    """Terms of every kind survive the journey: what is fetched joins with what is here."""
    random = Random(1)
    alphabet = "aé\"\\\n\t\r'<>{}^`|\x00\x07\u2028😀 "
    with servers(2) as members:
        for i in range(60):
            value = "".join(random.choice(alphabet) for _ in range(random.randint(0, 6)))
            plain, tagged = ox.Literal(value), ox.Literal(value, language="en")
            literal = random.choice([plain, tagged, ox.Literal(i % 7), ox.Literal(i / 2)])
            for member, name in zip(members, ("p", "q"), strict=True):
                subject, predicate = ox.NamedNode(f"{EX}{name}{i}"), ox.NamedNode(f"{EX}{name}")
                member.store.add(ox.Quad(subject, predicate, literal))
        hub = make_hub(members)
        text = "PREFIX : <http://ex.org/> SELECT * { ?a :p ?v . ?b :q ?v }"
        assert rows(hub.ask(text)) == rows(hub.merged(text))
        assert len(hub.ask(text).rows) >= 60
