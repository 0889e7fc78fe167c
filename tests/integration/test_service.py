"""SERVICE over real HTTP, a real store and real workers: exact answers, and every fault an error that names it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pyoxigraph as ox
import pytest

from node.config import Identity, Limits, Member, Services, Settings
from node.errors import (
    MemberError,
    MemberProtocolError,
    MemberTimeout,
    MemberUnavailable,
    ResultTooLarge,
    TargetRefused,
)
from node.federation.engine import FederationEngine
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.policy.decide import ANONYMOUS, OPERATOR, Principal, decide
from node.rdf.dataset import GraphScope
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.evaluable import dataset_within
from node.sparql.parser import parse_query
from node.sparql.results import Results, read_json_results
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change, GraphContent
from tests.integration import sparql_server
from tests.integration.sparql_server import Fault, Handler, SparqlServer, servers
from tests.integration.test_federation_exact import FAULTS

BASE = "http://local.example/"
IDENTIFIERS = Identifiers(BASE)
ONE, TWO = "http://one.example/sparql", "http://two.example/sparql"
PREFIX = "PREFIX : <http://ex.org/> "
LOCAL = '<http://ex.org/s0> <http://ex.org/p> <http://ex.org/o0> .\n<http://ex.org/s1> <http://ex.org/p> "x" .\n'
SECRET = "<http://ex.org/s2> <http://ex.org/p> <http://ex.org/secret> .\n"
AT_ONE = "INSERT DATA { :s0 :x :y0 . :s1 :x :y1 , _:b . _:b :label 'b' . :s2 :x :y2 }"
AT_TWO = "INSERT DATA { :y0 :label 'zero' . :y2 :label 'two' . :s0 :x :w0 }"
QUERY = "SELECT * { ?s :p ?o SERVICE <ONE> { ?s :x ?y } }"

QUERY_TEXT = PREFIX + QUERY.replace("<ONE>", f"<{ONE}>")


def full(text: str) -> str:
    """With the prefix, and the services' addresses for their names."""
    return PREFIX + text.replace("<ONE>", f"<{ONE}>").replace("<TWO>", f"<{TWO}>")


class Node:
    """A node; the names one.example and two.example are two servers on loopback."""

    def __init__(
        self,
        folder: Path,
        store: OxigraphStore,
        names: dict[str, SparqlServer],
        members: Sequence[SparqlServer] = (),
        **services: object,
    ) -> None:
        self.identifiers = IDENTIFIERS
        self.names = names
        self.looked_up: list[str] = []
        self.store = store
        chosen: dict[str, object] = {
            "allow": ("http://one.example/", "http://two.example/"),
            "private_addresses": True,
            "seconds": 2.0,
        }
        settings = Settings(
            folder=folder,
            node=Identity(BASE),
            limits=Limits(federation_seconds=10.0, queue_seconds=5.0),
            services=Services(**(chosen | services)),  # type: ignore[arg-type]
            members=tuple(Member(m.endpoint, f"m{i}") for i, m in enumerate(members)),
        )
        self.engine = FederationEngine(self.store, self.identifiers, settings, resolve=self._resolve)

    def _resolve(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        self.looked_up.append(host)
        return [("127.0.0.1", int(self.names[host].base.rsplit(":", 1)[1].strip("/")))]

    def ask(self, text: str, principal: Principal = ANONYMOUS) -> Results:
        """At /sparql."""
        query = parse_query(full(text), BASE)
        tiers = decide(principal).tiers
        whole = GraphScope(tuple(self.identifiers.tier_graph(t) for t in tiers), self.store.graphs(tiers))
        scope = dataset_within(query, whole)
        with self.engine.query_node(query, scope, principal, (JSON, NTRIPLES)) as answer:
            return read_json_results(b"".join(answer))

    def ask_all(self, text: str) -> Results:
        """At /federation/sparql."""
        with self.engine.query(full(text), (JSON, NTRIPLES)) as answer:
            return read_json_results(b"".join(answer))

    def close(self) -> None:
        self.engine.close()


MakeNode = Callable[..., Node]


@pytest.fixture
def named() -> Iterator[dict[str, SparqlServer]]:
    """The two services."""
    with servers(2, summarised=False) as (one, two):
        one.store.update(PREFIX + AT_ONE)
        two.store.update(PREFIX + AT_TWO)
        yield {"one.example": one, "two.example": two}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OxigraphStore]:
    """What the node holds; no test changes it."""
    opened = OxigraphStore(
        tmp_path_factory.mktemp("service") / "data", identifiers=IDENTIFIERS, workers=2, queue_seconds=5.0
    )
    put = (
        GraphContent(f"{BASE}graph/own", Tier.PUBLIC, LOCAL.encode()),
        GraphContent(f"{BASE}graph/hidden", Tier.CONTROLLED, SECRET.encode()),
    )
    opened.apply(Change(put=put))
    yield opened
    opened.close()


@pytest.fixture
def make_node(tmp_path: Path, store: OxigraphStore) -> Iterator[MakeNode]:
    with ExitStack() as stack:

        def make(names: dict[str, SparqlServer], members: Sequence[SparqlServer] = (), **services: object) -> Node:
            node = Node(tmp_path, store, names, members, **services)
            stack.callback(node.close)
            return node

        yield make


def values(results: Results, *columns: str) -> list[tuple[str, ...]]:
    return sorted(tuple(row[c].value if c in row else "-" for c in columns) for row in results.rows)


def answer(term: object) -> bytes:
    """A service's answer of one row, about a subject that the node knows."""
    row = {"s": {"type": "uri", "value": "http://ex.org/s0"}, "y": term}
    return json.dumps({"head": {"vars": ["s", "y"]}, "results": {"bindings": [row]}}).encode()


def test_both_endpoints_answer(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """At /sparql over this node, at /federation/sparql over its members too; values are sent in a POST."""
    with servers(1) as (member,):
        member.store.update(PREFIX + "INSERT DATA { :s2 :p :o2 }")
        node = make_node(named, [member])
        text = "SELECT * { ?s :p ?o SERVICE <ONE> { ?s :x ?y } SERVICE <TWO> { ?y :label ?l } }"
        ex = "http://ex.org/"
        assert values(node.ask(text), "s", "l") == [(ex + "s0", "zero")]
        assert values(node.ask_all(text), "s", "l") == [(ex + "s0", "zero"), (ex + "s2", "two")]
        assert all("VALUES" in request for request in named["one.example"].requests)
        with node.engine.query(full(text), (JSON, NTRIPLES)) as answer:
            list(answer)
            assert {r.name for r in answer.report} == {
                "this node",
                "m0",
                f"the service <{ONE}>",
                f"the service <{TWO}>",
            }


def test_blank_nodes_over_the_node_and_over_all(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """They stay blank, and one through a whole answer; GRAPH ?g does not find where they are kept."""
    node = make_node(named)
    text = """SELECT ?s ?l ?g (isBlank(?y) AS ?b) { GRAPH ?g { ?s :p ?o } SERVICE <ONE> { ?s :x ?y }
        OPTIONAL { SERVICE <ONE> { ?y :label ?l } } FILTER (isBlank(?y)) }"""
    for ask in (node.ask, node.ask_all):
        assert values(ask(text), "s", "l", "g", "b") == [("http://ex.org/s1", "-", f"{BASE}graph/own", "true")]
    assert not node.ask("SELECT * { SERVICE <ONE> { ?s :x ?y FILTER isBlank(?y) } GRAPH ?g { ?a ?b ?y } }").rows


def test_every_form(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """ASK, CONSTRUCT and DESCRIBE, at both endpoints."""
    node = make_node(named)
    assert node.ask("ASK { ?s :p ?o SERVICE <ONE> { ?s :x :y1 } }").boolean is True
    for text, lines in (
        (
            "CONSTRUCT { ?s :made ?y } WHERE { ?s :p ?o SERVICE <ONE> { ?s :x ?y FILTER isIRI(?y) } }",
            2,
        ),
        ("DESCRIBE ?s { SERVICE <ONE> { ?s :x :y0 } }", 1),
    ):
        query = parse_query(full(text), BASE)
        scope = GraphScope((node.identifiers.tier_graph(Tier.PUBLIC),))
        with node.engine.query_node(query, scope, ANONYMOUS, (JSON, NTRIPLES)) as answer:
            assert b"".join(answer).count(b"\n") == lines
        with node.engine.query(full(text), (JSON, NTRIPLES)) as federated:
            assert b"".join(federated).count(b"\n") == lines


@pytest.mark.parametrize(("fault", "error"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_faults(make_node: MakeNode, named: dict[str, SparqlServer], fault: Fault, error: type[MemberError]) -> None:
    """A service that fails fails the query, by its name and in time; with SILENT the rest is answered."""
    node = make_node(named, seconds=0.7)
    named["one.example"].fault = fault
    started = time.monotonic()
    with pytest.raises((error, TargetRefused)) as caught:
        node.ask(QUERY)
    assert time.monotonic() - started < 3
    if isinstance(caught.value, MemberError):
        assert caught.value.member == ONE
        assert "SILENT" in str(caught.value.remedy)
    assert len(node.ask(QUERY.replace("SERVICE", "SERVICE SILENT")).rows) == 2
    named["one.example"].fault = None
    assert len(node.ask(QUERY).rows) == 3


def _xml(handler: Handler, body: bytes, kind: str) -> None:
    results = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    handler.reply(200, results.serialize(format=ox.QueryResultsFormat.XML), "application/sparql-results+xml")


def _xml_cut(handler: Handler, body: bytes, kind: str) -> None:
    """Cut where a result ends, so that what is left is nested well as far as it goes."""
    results = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    whole = results.serialize(format=ox.QueryResultsFormat.XML)
    handler.reply(200, whole[: whole.index(b"</result>") + len(b"</result>")], "application/sparql-results+xml")


def test_xml_is_read_when_a_service_has_nothing_else(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """The same answer; one that was cut is an error."""
    node = make_node(named)
    wanted = node.ask(QUERY)
    named["one.example"].fault = _xml
    assert values(node.ask(QUERY), "s", "o") == values(wanted, "s", "o")
    named["one.example"].fault = _xml_cut
    with pytest.raises(MemberProtocolError):
        node.ask(QUERY)


@pytest.mark.parametrize(
    "term",
    [
        {"type": "uri", "value": "http://x> } UNION { SERVICE <http://127.0.0.1:1/> { ?a ?b ?c } } #"},
        {"type": "uri", "value": "relative"},
        {"type": "uri", "value": "http://x/\ud800"},
        {"type": "literal", "value": "x", "datatype": "http://x> ) } #"},
        {"type": "literal", "value": "x", "xml:lang": "en) } #"},
        {"type": "literal", "value": "half \udc00"},
        {"type": "triple", "value": {}},
        {"type": "literal", "value": 1},
    ],
)
def test_an_answer_cannot_write_into_the_query(
    make_node: MakeNode, named: dict[str, SparqlServer], term: object
) -> None:
    """Terms go into a query's text: whatever would not be one term there is an error of the service."""
    node = make_node(named)
    document = answer(term)
    named["one.example"].fault = lambda handler, body, kind: handler.reply(200, document, kind)
    with pytest.raises(MemberProtocolError):
        node.ask(QUERY)


def test_texts_come_through_as_they_are(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """Quotes, backslashes, line ends, control characters, and what looks like SPARQL."""
    node = make_node(named)
    texts = [
        '"',
        "\\",
        "\n\r\t",
        "\x01\x7f",
        '" } SERVICE <http://x/> { ?a ?b ?c } #',
        "\u00e4\U0001f600",
        "'''",
        "a\\u0022b",
    ]
    for text in texts:
        document = answer({"type": "literal", "value": text, "xml:lang": "EN-gb"})
        named["one.example"].fault = lambda handler, body, kind, d=document: handler.reply(200, d, kind)  # type: ignore[misc]
        ((_, got),) = [(row["s"], row["y"]) for row in node.ask(QUERY).rows]
        assert (got.value, got.language) == (text, "en-gb")


def test_services_run_side_by_side(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """Two that do not wait for each other take the time of one; both are being asked at the same moment."""
    node = make_node(named)
    both = threading.Barrier(2, timeout=2)

    def meets(handler: Handler, body: bytes, kind: str) -> None:
        both.wait()
        handler.reply(200, body, kind)

    for server in named.values():
        server.fault = meets
    text = "SELECT * { ?s :p ?o SERVICE <ONE> { ?s :x ?y } OPTIONAL { SERVICE <TWO> { ?s :x ?z } } }"
    assert len(node.ask(text).rows) == 3


def test_a_busy_service_is_asked_again_after_its_pause(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """Retry-After is kept to when it is short; a long one is an error at once."""
    node = make_node(named, seconds=5.0)
    server = named["one.example"]

    def busy_once(handler: Handler, body: bytes, kind: str) -> None:
        server.fault = None
        handler.reply(503, b"", "text/plain", Retry_After="1")

    server.fault = busy_once
    started = time.monotonic()
    assert len(node.ask(QUERY).rows) == 3
    assert 1.0 <= time.monotonic() - started < 4
    server.fault = sparql_server.status(503, Retry_After="3600")
    started = time.monotonic()
    with pytest.raises(MemberUnavailable):
        node.ask(QUERY)
    assert time.monotonic() - started < 1


def test_redirects_of_listed_services_are_followed(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """To listed addresses, with the same request, three times at most."""
    node = make_node(named)
    one, two = named["one.example"], named["two.example"]
    one.fault = sparql_server.redirects_to(TWO)
    assert values(node.ask(QUERY), "s", "y") == [("http://ex.org/s0", "http://ex.org/w0")]
    two.fault = sparql_server.redirects_to(ONE)
    with pytest.raises(MemberProtocolError, match="more than 3 times"):
        node.ask(QUERY)
    one.fault = sparql_server.redirects_to("http://three.example/sparql")
    with pytest.raises(TargetRefused):
        node.ask(QUERY)
    assert "three.example" not in node.looked_up


def test_members_may_be_asked_without_being_listed(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """Their operator gave the address, loopback or not; a redirect of theirs is not followed."""
    one = named["one.example"]
    node = make_node(named, [one], allow=(), private_addresses=False)
    text = QUERY.replace("ONE", one.endpoint)
    assert len(node.ask(text).rows) == 3
    with pytest.raises(TargetRefused):
        node.ask(QUERY)
    with pytest.raises(TargetRefused):
        node.ask(QUERY.replace("ONE", one.base))
    one.fault = sparql_server.redirects_to(named["two.example"].endpoint)
    with pytest.raises(MemberProtocolError):
        node.ask(text)
    assert named["two.example"].requests == []


def test_a_service_loop_shows_no_more_than_the_caller_may_see(
    make_node: MakeNode, named: dict[str, SparqlServer]
) -> None:
    """This node's own endpoints as services, nested too: what is not public is the operator's, and in no federation."""
    node = make_node(named)
    own, all_ = f"{BASE}sparql", f"{BASE}federation/sparql"
    inner = f"SERVICE <{own}> {{ SERVICE <{all_}> {{ SERVICE <{own}> {{ ?s :p ?o }} }} }}"
    shouted = f"SERVICE <{own.upper().replace('SPARQL', 'sparql')}> {{ ?s :p ?o }}"
    plain, federated = (f"SERVICE <{service}> {{ ?s :p ?o }}" for service in (own, all_))
    for service in (plain, federated, inner, shouted):
        text = f"SELECT * {{ {service} }}"
        assert len(node.ask(text).rows) == 2, text
        assert len(node.ask_all(text).rows) == 2, text
        assert len(node.ask(text, OPERATOR).rows) == (3 if service in (plain, shouted) else 2), text
    hidden = f"SELECT * {{ SERVICE <{own}> {{ GRAPH ?g {{ ?s :p ?o }} }} }}"
    assert values(node.ask(hidden), "g") == [(f"{BASE}graph/own",)] * 2
    asked = f"SELECT * {{ SERVICE <{own}> {{ GRAPH <{BASE}graph/hidden> {{ ?s :p ?o }} }} }}"
    assert not node.ask(asked).rows
    assert node.ask(asked, OPERATOR).rows
    assert node.looked_up == []


def test_queries_with_services_are_explained(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """Before: that a service is asked first, and by whom the rest is answered. After: what it gave."""
    node = make_node(named)
    plan = node.engine.explain(QUERY_TEXT)
    assert named["one.example"].requests == []
    assert plan.parts[0].label == f"SERVICE <{ONE}>"
    assert plan.parts[0].role == "asked first"
    assert len(plan.parts) == 2
    assert plan.access.startswith("public")
    done = node.engine.explain(QUERY_TEXT, run=True)
    assert done.completeness is not None
    assert {m.name: m.rows for m in done.completeness.members}[f"the service <{ONE}>"] == 3
    assert [part.rows for part in done.parts if not part.constants] == [None]


def test_what_is_not_public_is_not_sent(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """The operator's own query joins it here."""
    node = make_node(named)
    got = node.ask(QUERY, OPERATOR)
    assert ("http://ex.org/s2", "http://ex.org/y2") in values(got, "s", "y")
    assert not any("VALUES" in request or "s2" in request for request in named["one.example"].requests)


def test_a_query_with_from_looks_at_its_own_dataset(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """Values to send, too, come from the graphs that the query names."""
    node = make_node(named)
    text = QUERY.replace("SELECT *", f"SELECT * FROM <{BASE}graph/own>")
    assert len(node.ask(text).rows) == 3
    assert not node.ask(QUERY.replace("SELECT *", f"SELECT * FROM <{BASE}graph/hidden>")).rows


def test_rows_and_bytes_are_limited(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """SILENT does not hide that the query's own limits are reached."""
    node = make_node(named, rows=2)
    with pytest.raises(ResultTooLarge):
        node.ask("SELECT * { SERVICE SILENT <ONE> { ?s ?p ?o } }")


def test_queries_give_their_places_and_threads_back(make_node: MakeNode, named: dict[str, SparqlServer]) -> None:
    """Failing services leave nothing behind that would keep the next query from being answered."""
    node = make_node(named, seconds=0.3)
    node.ask(QUERY)
    before = threading.active_count()
    named["one.example"].fault = sparql_server.hangs
    for _ in range(8):
        with pytest.raises(MemberTimeout):
            node.ask(QUERY)
    named["one.example"].fault = None
    assert len(node.ask(QUERY).rows) == 3
    deadline = time.monotonic() + 15
    while threading.active_count() > before + 10 and time.monotonic() < deadline:
        time.sleep(0.05)  # the servers' own threads end by themselves
    # One a query in the server, and the node's own, which are few and stay.
    assert threading.active_count() <= before + 10
