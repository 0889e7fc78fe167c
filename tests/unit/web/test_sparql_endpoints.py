"""The two SPARQL endpoints, for programs and for browsers."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pyoxigraph
import pytest
from flask.testing import FlaskClient
from web_fakes import BASE, REPORT, FakeNode, FakeTokens

from node.errors import MemberUnavailable, QueryTimeout, StoreError, TooBusy
from node.federation.members.completeness import judged
from node.rdf.dataset import GraphScope
from node.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, Format

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SELECT = f"SELECT ?t WHERE {{ <{BASE}datasets/glioma> <http://purl.org/dc/terms/description> ?t }}"
CONSTRUCT = f"CONSTRUCT WHERE {{ <{BASE}datasets/glioma> ?p ?o }}"
ENDPOINTS = ["/sparql", "/sparql/", "/federation/sparql", "/federation/sparql/"]


def url(path: str, query: str, **more: str) -> str:
    return f"{path}?{urlencode({'query': query, **more})}"


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("format_", RESULT_FORMATS, ids=lambda f: f.name)
def test_solutions_in_every_format_and_way(client: FlaskClient, path: str, format_: Format) -> None:
    """GET, POST of a form, POST of the query: the same answer."""
    headers = {"Accept": format_.media_type}
    answers = [
        client.get(url(path, SELECT), headers=headers),
        client.post(path, data={"query": SELECT}, headers=headers),
        client.post(path, data=SELECT, content_type="application/sparql-query", headers=headers),
        client.post(url(path, SELECT), headers=headers),
    ]
    for answer in answers:
        assert (answer.status_code, answer.content_type) == (200, format_.content_type)
        assert answer.data == answers[0].data
        assert b"Brain tumours." in answer.data
    assert answers[0].headers["Content-Length"] == str(len(answers[0].data))


@pytest.mark.parametrize("format_", GRAPH_FORMATS, ids=lambda f: f.name)
def test_graphs_in_every_format(client: FlaskClient, format_: Format) -> None:
    """CONSTRUCT is written in the graph format asked for."""
    answer = client.get(url("/sparql", CONSTRUCT), headers={"Accept": format_.media_type})
    assert (answer.status_code, answer.content_type) == (200, format_.content_type)
    assert len(list(pyoxigraph.parse(answer.data, format=format_.rdf))) == 6


def test_the_form_of_the_query_decides_between_the_formats(client: FlaskClient) -> None:
    """One header for both kinds, as clients send it; what the kind of answer cannot be in is 406."""
    both = {"Accept": "application/sparql-results+xml, application/n-triples"}
    assert client.get(url("/sparql", SELECT), headers=both).content_type == "application/sparql-results+xml"
    assert client.get(url("/sparql", CONSTRUCT), headers=both).content_type == "application/n-triples; charset=utf-8"
    assert client.get(url("/sparql", SELECT), headers={"Accept": "text/turtle"}).status_code == 406
    assert client.get(url("/sparql", CONSTRUCT), headers={"Accept": "text/csv"}).status_code == 406
    assert client.get(url("/sparql", SELECT), headers={"Accept": "image/png"}).status_code == 406


def test_a_406_ends_the_query(client: FlaskClient, fake_node: FakeNode) -> None:
    """The worker is free again although the answer was not wanted."""
    client.get(url("/sparql", SELECT), headers={"Accept": "text/turtle"})
    assert fake_node.store.answers[-1].closed


def test_the_customary_parameter_format(client: FlaskClient) -> None:
    """What SPARQLWrapper adds to its addresses does no harm, and a link can choose a file."""
    assert client.get(url("/sparql", SELECT, format="csv"), headers=BROWSER).content_type.startswith("text/csv")
    assert (
        client.get(url("/sparql", CONSTRUCT, format="json-ld", output="json-ld")).content_type == "application/ld+json"
    )
    xml = client.get(url("/sparql", CONSTRUCT, format="xml"), headers={"Accept": "application/rdf+xml"})
    assert xml.content_type == "application/rdf+xml"
    odd = client.get(url("/sparql", SELECT, format="whatever"), headers={"Accept": "text/csv"})
    assert odd.content_type.startswith("text/csv")


def test_the_dataset_of_the_request_narrows_the_scope(client: FlaskClient, fake_node: FakeNode) -> None:
    """Protocol parameters choose among what is visible and open nothing."""
    ask = "ASK { ?s ?p ?o }"
    graph = f"{BASE}graph/glioma"

    def boolean(**more: str) -> bool:
        return bool(json.loads(client.get(url("/sparql", ask, **more)).data)["boolean"])

    assert boolean()
    assert boolean(**{"default-graph-uri": graph})
    assert not boolean(**{"default-graph-uri": f"{BASE}graph/closed/records"})
    assert not boolean(**{"named-graph-uri": graph})
    named = client.get(url("/sparql", "ASK { GRAPH ?g { ?s ?p ?o } }", **{"named-graph-uri": graph}))
    assert json.loads(named.data)["boolean"]
    assert client.get(url("/federation/sparql", ask, **{"default-graph-uri": graph})).status_code == 200
    assert fake_node.federation.datasets == [GraphScope((graph,), ())]


def test_service_never_reaches_the_store(client: FlaskClient, fake_node: FakeNode) -> None:
    """SERVICE is the federation's to answer, over the dataset of the request, each time anew."""
    text = "ASK { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"
    graph = f"{BASE}graph/glioma"
    for more in ({}, {"default-graph-uri": graph}, {"default-graph-uri": f"{BASE}graph/closed/records"}):
        answer = client.get(url("/sparql", text, **more))
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        assert "ETag" not in answer.headers
    assert fake_node.called_out == [None, GraphScope((graph,), ()), GraphScope((), ())]
    assert fake_node.store.answers == []


def test_a_token_opens_what_others_do_not_see(client: FlaskClient, fake_node: FakeNode) -> None:
    """Each sees the answer over its own scope, however often; only the public one may be kept by caches of others."""
    store, name = fake_node.store, f"{BASE}graph/closed/records"
    closed = pyoxigraph.Quad(*[pyoxigraph.NamedNode(BASE + each) for each in ("s", "p", "o", "graph/closed/records")])
    store.store.add(closed)
    fake_node.tokens = FakeTokens()
    text, operator = f"ASK {{ GRAPH <{name}> {{ ?s ?p ?o }} }}", {"Authorization": "Bearer secret"}
    tags = set()
    for headers, expected, control in [({}, False, "public, no-cache"), (operator, True, "private, no-cache")] * 2:
        answer = client.get(url("/sparql", text), headers=headers)
        assert (answer.get_json(force=True)["boolean"], answer.headers["Cache-Control"]) == (expected, control)
        assert answer.headers["Vary"] == "Accept, Accept-Encoding, Authorization"
        again = client.get(url("/sparql", text), headers={**headers, "If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.headers["Cache-Control"]) == (304, control)
        tags.add(answer.headers["ETag"])
    assert len(tags) == len(store.answers) == 2
    stolen = client.get(url("/sparql", text), headers={"If-None-Match": ", ".join(tags - {answer.headers["ETag"]})})
    assert stolen.status_code == 304  # its own: the public answer's tag
    for path in ("/sparql", "/federation/sparql"):
        wrong = client.get(url(path, text), headers={"Authorization": "Bearer wrong"})
        assert (wrong.status_code, wrong.headers["Cache-Control"]) == (401, "no-store")
        assert "Bearer" in wrong.headers["WWW-Authenticate"]
    posted = client.post("/sparql", data={"query": text}, headers=operator)
    assert (posted.get_json(force=True)["boolean"], posted.headers["Cache-Control"]) == (True, "no-store")


def test_a_change_while_asking_is_noticed(client: FlaskClient, fake_node: FakeNode) -> None:
    """What may be seen is read from the generation that is asked: a tier that changes in between shows nothing."""
    store = fake_node.store
    store.changes_before_next_query = True
    answer = client.get(url("/sparql", SELECT))
    assert answer.status_code == 200
    assert [each.generation.number for each in store.answers] == [8, 8]
    assert answer.headers["ETag"] == client.get(url("/sparql", SELECT)).headers["ETag"]
    assert all(each.closed for each in store.answers)


def test_the_depth_of_a_query_is_limited(client: FlaskClient) -> None:
    """``limits.query_depth``: said as a limit, not as a syntax error."""
    deep = client.get(url("/sparql", "ASK " + "{" * 80 + "}" * 80))
    assert (deep.status_code, deep.get_json(force=True)["type"].rpartition("/")[2]) == (422, "query-too-deep")


def test_a_long_answer_is_streamed(client: FlaskClient) -> None:
    """No length is announced, all of it comes, and the query is closed behind it."""
    answer = client.get(
        url("/sparql", "SELECT * WHERE { ?s ?p ?o . ?t ?q ?o } LIMIT 20000"), headers={"Accept": "text/csv"}
    )
    assert "Content-Length" not in answer.headers
    assert answer.data.count(b"\r\n") == 20_001


def test_a_failure_after_the_first_bytes_is_raised(client: FlaskClient, fake_node: FakeNode) -> None:
    """The body's iterator raises, which breaks the connection in the server; the query is closed."""
    fake_node.store.broken["breaks"] = QueryTimeout("too long.")
    answer = client.get(url("/sparql", SELECT + "#breaks"), buffered=False)
    assert answer.status_code == 200
    with pytest.raises(QueryTimeout):
        answer.get_data()
    answer.close()
    assert fake_node.store.answers[-1].closed


def test_errors_of_the_store_and_of_members(client: FlaskClient, fake_node: FakeNode) -> None:
    """Each with its status; a fault of ours tells nothing."""
    fake_node.store.failures |= {
        "#busy": TooBusy("all workers are busy."),
        "#slow": QueryTimeout("too long."),
        "#fault": StoreError("/srv/secret/place is broken."),
    }
    busy = client.get(url("/sparql", "ASK {} #busy"))
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "2")
    assert client.get(url("/sparql", "ASK {} #slow")).status_code == 422
    fault = client.get(url("/sparql", "ASK {} #fault"))
    assert fault.status_code == 500
    assert "/srv" not in fault.text
    assert "#fault" not in fault.text
    page = client.get(url("/sparql", "ASK {} #fault"), headers=BROWSER)
    assert page.status_code == 500
    assert "#fault" not in page.text
    fake_node.federation.failure = MemberUnavailable("Other node cannot be reached.", member="Other node")
    member = client.get(url("/federation/sparql", "ASK {}"))
    assert (member.status_code, member.get_json(force=True)["member"]) == (502, "Other node")
    assert "Other node" in client.get(url("/federation/sparql", "ASK {}"), headers=BROWSER).text


def test_the_page_of_an_answer(client: FlaskClient) -> None:
    """A table with labels and links for solutions, a word for ASK, text for graphs; the query stays in the form."""
    diagnoses = "SELECT ?d WHERE { ?s <https://w3id.org/onconode/vocab#diagnosis> ?d } LIMIT 1"
    table = client.get(url("/sparql", diagnoses), headers=BROWSER)
    assert '<a href="http://purl.obolibrary.org/obo/NCIT_C3058">Glioblastoma</a>' in table.text
    assert "LIMIT 1</textarea>" in table.text
    assert "format=csv" in table.text
    assert '<p class="lead">Yes</p>' in client.get(url("/sparql", "ASK {}"), headers=BROWSER).text
    assert "<pre" in client.get(url("/sparql", CONSTRUCT), headers=BROWSER).text
    many = client.get(url("/sparql", "SELECT * WHERE { ?s ?p ?o . ?t ?q ?o } LIMIT 1500"), headers=BROWSER)
    assert "1,500 rows, the first 1,000 of them here" in many.text
    huge = client.get(url("/sparql", "SELECT * WHERE { ?s ?p ?o . ?t ?q ?o } LIMIT 40000"), headers=BROWSER)
    assert "too long for a page" in huge.text


def test_the_page_of_a_mistake(client: FlaskClient) -> None:
    """The form again, with what is wrong and the query to mend."""
    page = client.get(url("/sparql", 'SELECT "<b>'), headers=BROWSER)
    assert page.status_code == 400
    assert "The query is not valid SPARQL 1.1" in page.text
    assert "SELECT &#34;&lt;b&gt;</textarea>" in page.text


def test_members_report(client: FlaskClient) -> None:
    """A page lists what each member did; a program finds it in Server-Timing, whatever the name holds."""
    assert "Who was asked" in client.get(url("/federation/sparql", "ASK {}"), headers=BROWSER).text
    timing = client.get(url("/federation/sparql", "ASK {}")).headers["Server-Timing"]
    assert timing == 'member0;desc="Other node";dur=12'


def test_completeness_in_head_and_headers(client: FlaskClient) -> None:
    """JSON results say in their head what each member did, headers say it for every format."""
    reply = client.get(url("/federation/sparql", SELECT), headers={"Accept": "application/sparql-results+json"})
    said = reply.get_json(force=True)["head"]["completeness"]
    assert said["verdict"] == "complete"
    assert said["members"][0]["name"] == 'Other "node"'
    reply = client.get(url("/federation/sparql", SELECT) + "&partial=true", headers={"Accept": "text/csv"})
    assert reply.headers["Onconode-Completeness"].startswith("lower-bound;members=2;timeout=1;answered=1;requests=3;")
    first, second = reply.headers["Onconode-Members"].split(", ")
    assert first == '%"Lost %c3%a9";verdict=timeout;requests=1;ms=10'
    assert second == '"Other \\"node\\"";verdict=answered;requests=2;rows=3;bytes=400;ms=12'
    page = client.get(url("/federation/sparql", SELECT) + "&partial=true", headers=BROWSER).text
    assert "a lower bound" in page
    assert "timeout: too late" in page
    assert "Onconode-Completeness" not in client.get(url("/sparql", SELECT)).headers
    wrong = client.get(url("/federation/sparql", SELECT) + "&partial=maybe")
    assert wrong.status_code == 400
    assert "neither" in wrong.get_json(force=True)["detail"]


def test_methods_and_preflight(client: FlaskClient) -> None:
    """405 says what is allowed; a browser's script from elsewhere may ask."""
    refused = client.put("/sparql", data="x")
    assert refused.status_code == 405
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert refused.get_json(force=True)["type"].endswith("method-not-allowed")
    preflight = client.options(
        "/sparql", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    )
    assert preflight.status_code == 200
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert client.head(url("/sparql", SELECT)).status_code == 200


def test_bodies(client: FlaskClient) -> None:
    """Too large, encoded, or of another kind: each refused for what it is."""
    direct = {"content_type": "application/sparql-query"}
    assert client.post("/sparql", data="ASK {} #" + "x" * 20_000, **direct).status_code == 413
    assert client.post("/sparql", data=b"x", headers={"Content-Encoding": "gzip"}, **direct).status_code == 415
    assert client.post("/sparql", data="ASK {}", content_type="text/plain").status_code == 415


def test_the_page_of_the_federation_shows_plans_and_takes_parts(client: FlaskClient) -> None:
    """What a form can send reaches the endpoint: a button for the plan, and a box that stays ticked, files included."""
    page = client.get(url("/federation/sparql", SELECT, partial="true"), headers=BROWSER).text
    assert 'formaction="/federation/explain" name="format" value="svg"' in page
    assert 'name="partial" value="true" checked' in page
    assert page.count("partial=true") >= 4
    plain = client.get(url("/sparql", SELECT), headers=BROWSER).text
    assert "formaction" not in plain
    assert "partial" not in plain


def test_explain_in_every_format(client: FlaskClient) -> None:
    """Text, values and a picture, before and after."""
    text = client.get(url("/federation/explain", SELECT))
    assert text.content_type.startswith("text/plain")
    assert "Other node ≤ 7" in text.text
    document = client.post("/federation/explain?run=true&format=json", data={"query": SELECT}).get_json(force=True)
    assert document["completeness"]["verdict"] == "complete"
    assert document["parts"][0]["rows"] == 5
    form = {"query": SELECT, "run": "true", "format": "json"}
    assert client.post("/federation/explain", data=form).get_json(force=True) == document
    assert client.get(url("/federation/explain", SELECT, format="svg")).content_type == "image/svg+xml"
    turtle = client.get(url("/federation/explain", SELECT, run="true", format="ttl"))
    assert turtle.content_type.startswith("text/turtle")
    assert "wasAssociatedWith" in turtle.text
    assert "answered, 2 requests, 3 rows" in turtle.text
    assert client.get(url("/federation/explain", SELECT, format="ttl")).status_code == 400
    for wrong in ("/federation/explain", url("/federation/explain", SELECT, run="perhaps")):
        assert client.get(wrong).status_code == 400
    assert client.get(url("/federation/explain", SELECT), headers={"Accept": "audio/ogg"}).status_code == 406


def test_metrics(client: FlaskClient, fake_node: FakeNode) -> None:
    """OpenMetrics: sums since the start, and which members are left alone."""
    fake_node.federation.counters.answered(judged((REPORT,)))
    fake_node.federation.counters.failed("member-timeout", "Other node")
    reply = client.get("/metrics")
    assert reply.content_type.startswith("application/openmetrics-text")
    lines = reply.text.splitlines()
    assert 'onconode_federation_queries_total{result="complete"} 1' in lines
    assert 'onconode_member_outcomes_total{member="Other \\"node\\"",outcome="answered"} 1' in lines
    assert 'onconode_member_circuit_open{member="Other node"} 0' in lines
    assert lines[-1] == "# EOF"
