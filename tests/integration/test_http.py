"""The real server on loopback, asked by real clients."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path
from urllib.parse import quote, urlsplit

import pyoxigraph
import pytest
import rdflib
import urllib3
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV as WRAPPER_CSV
from SPARQLWrapper import GET, JSON, JSONLD, N3, POST, RDFXML, TSV, TURTLE, XML, SPARQLWrapper

from node.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, Format
from node.sparql.results import read_json_results
from tests.integration.running_node import POOL, Service, onconode, running

DIAGNOSES = (
    "PREFIX onco: <https://w3id.org/onconode/vocab#> "
    "SELECT ?d (COUNT(*) AS ?n) WHERE { ?s onco:diagnosis ?d } GROUP BY ?d ORDER BY DESC(?n) ?d"
)
CONSTRUCT = "PREFIX dcat: <http://www.w3.org/ns/dcat#> CONSTRUCT { ?s a dcat:Dataset } WHERE { ?s a dcat:Dataset }"
FAKE = [str(Path(__file__).parent / "serve_fake.py")]


def expected(service: Service) -> list[tuple[str, str]]:
    body = POOL.request("GET", f"{service.address}sparql", fields={"query": DIAGNOSES, "format": "json"}).data
    return [(row["d"].value, row["n"].value) for row in read_json_results(body).rows]


@pytest.mark.parametrize("endpoint", ["sparql", "federation/sparql"])
@pytest.mark.parametrize("method", ["GET", "POST form", "POST direct"])
@pytest.mark.parametrize("format_", [*RESULT_FORMATS, *GRAPH_FORMATS], ids=lambda f: f.name)
def test_every_format_by_every_way(service: Service, endpoint: str, method: str, format_: Format) -> None:
    """urllib3, as most Python clients use it."""
    query = CONSTRUCT if format_.rdf else DIAGNOSES
    url, headers = f"{service.address}{endpoint}", {"Accept": format_.media_type}
    if method == "GET":
        answer = POOL.request("GET", url, fields={"query": query}, headers=headers)
    elif method == "POST form":
        answer = POOL.request_encode_body("POST", url, fields={"query": query}, encode_multipart=False, headers=headers)
    else:
        headers["Content-Type"] = "application/sparql-query"
        answer = POOL.request("POST", url, body=query.encode(), headers=headers)
    assert (answer.status, answer.headers["Content-Type"]) == (200, format_.content_type)
    if format_.rdf:
        assert len(list(pyoxigraph.parse(answer.data, format=format_.rdf))) == 2
    else:
        assert answer.data.count(b"NCIT_C") == len(expected(service)) > 5


@pytest.mark.parametrize("method", [GET, POST])
@pytest.mark.parametrize("format_", [JSON, XML, WRAPPER_CSV, TSV])
def test_sparqlwrapper_solutions(service: Service, method: str, format_: str) -> None:
    """SPARQLWrapper understands what it gets."""
    client = SPARQLWrapper(f"{service.address}sparql", returnFormat=format_)
    client.setMethod(method)
    client.setQuery(DIAGNOSES)
    result = client.query().convert()
    if format_ == JSON:
        rows = [(b["d"]["value"], b["n"]["value"]) for b in result["results"]["bindings"]]
        assert rows == expected(service)
    elif format_ == XML:
        assert len(result.getElementsByTagName("result")) == len(expected(service))
    else:
        assert result.count(b"NCIT_C") == len(expected(service))


@pytest.mark.parametrize("format_", [RDFXML, TURTLE, N3, JSONLD])
def test_sparqlwrapper_graphs(service: Service, format_: str) -> None:
    """The same for graphs."""
    client = SPARQLWrapper(f"{service.address}sparql", returnFormat=format_)
    client.setQuery(CONSTRUCT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdflib deprecates what SPARQLWrapper calls
        result = client.query().convert()
    found = result if isinstance(result, rdflib.Graph) else rdflib.Graph().parse(data=result, format="turtle")
    assert len(found) == 2


def test_rdflib_sparqlstore(service: Service) -> None:
    """rdflib asks the endpoint as if it were a graph."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = rdflib.Graph(SPARQLStore(f"{service.address}sparql"))
        rows = [(str(row[0]), str(row[1])) for row in graph.query(DIAGNOSES)]
    assert rows == expected(service)


def test_rdflib_reads_an_iri(service: Service) -> None:
    """rdflib dereferences a dataset's IRI with its own Accept header."""
    graph = rdflib.Graph().parse(f"{service.address}datasets/glioma-registry")
    dataset = rdflib.URIRef(f"{service.address}datasets/glioma-registry")
    assert (dataset, rdflib.RDF.type, rdflib.URIRef("http://www.w3.org/ns/dcat#Dataset")) in graph


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_curl(service: Service, tmp_path: Path) -> None:
    """As the pages say."""
    query = tmp_path / "query.rq"
    query.write_text(DIAGNOSES, encoding="utf-8")
    command = ["curl", "--silent", "--fail", f"{service.address}sparql", "-H", "Accept: text/csv"]
    done = subprocess.run([*command, "--data-urlencode", f"query@{query}"], capture_output=True, text=True, check=True)
    assert done.stdout.count("NCIT_C") == len(expected(service))


def test_every_iri_the_node_mints_resolves(service: Service) -> None:
    """All subjects under the base, for people, in Turtle, JSON-LD and N-Triples."""
    text = f"SELECT DISTINCT ?s WHERE {{ ?s ?p ?o FILTER STRSTARTS(STR(?s), '{service.address}') }}"
    body = POOL.request("GET", f"{service.address}sparql", fields={"query": text, "format": "json"}).data
    iris = sorted({row["s"].value.split("#")[0] for row in read_json_results(body).rows})
    assert len(iris) > 50
    shown = iris[::7]  # enough of each kind; all of them are alike
    for accept in ("text/html", "text/turtle", "application/ld+json", "application/n-triples"):
        for iri in shown:
            answer = POOL.request("GET", iri, headers={"Accept": accept})
            # A named graph is data and has no page.
            given = "text/turtle" if accept == "text/html" and "/graph/" in iri else accept
            assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (200, given), iri


def test_served_json_ld_is_what_was_published(service: Service) -> None:
    """JSON-LD names the node's own context, which is served, and reads like JSON."""
    body = POOL.request("GET", f"{service.address}datasets/glioma-registry?format=jsonld").data
    document = json.loads(body)
    assert document["@context"] == f"{service.address}context/v1.jsonld"
    assert document["title"]
    context = POOL.request("GET", document["@context"])
    assert context.headers["Content-Type"] == "application/ld+json"


def test_named_graph_and_protocol_dataset(service: Service) -> None:
    """The graph of a dataset as a whole, and as the dataset of a query."""
    graph = f"{service.address}graph/glioma-registry"
    whole = POOL.request("GET", graph, headers={"Accept": "application/n-triples"}).data
    count = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
    fields = {"query": count, "default-graph-uri": graph, "format": "json"}
    body = POOL.request("GET", f"{service.address}sparql", fields=fields).data
    assert read_json_results(body).rows[0]["n"].value == str(whole.count(b"\n"))


def test_a_long_answer_is_chunked_and_whole(service: Service) -> None:
    """Tens of megabytes pass through; every row is there."""
    query = "SELECT * WHERE { ?s ?p ?o . ?t ?q ?u } LIMIT 50000"
    answer = POOL.request("GET", f"{service.address}sparql", fields={"query": query}, headers={"Accept": "text/csv"})
    assert answer.headers.get("Transfer-Encoding") == "chunked"
    assert answer.data.count(b"\r\n") == 50_001


def test_a_client_that_leaves_frees_its_worker(service: Service) -> None:
    """Connections dropped in the middle of an answer leave no worker behind."""
    target = f"/sparql?query={quote('SELECT * WHERE { ?s ?p ?o . ?t ?q ?u }')}"
    parts = urlsplit(service.address)
    for _ in range(6):
        with socket.create_connection((parts.hostname, parts.port), timeout=20) as client:
            client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert client.recv(1_000)
    started = time.monotonic()
    assert expected(service)
    assert time.monotonic() - started < 10


def test_the_log_has_one_line_a_request_without_queries(service: Service) -> None:
    """JSON lines; no query text."""
    marker = "SECRETMARKER"
    POOL.request(
        "GET", f"{service.address}sparql", fields={"query": f"ASK {{}} #{marker}"}, headers={"X-Request-Id": "t-1"}
    )
    deadline = time.monotonic() + 5
    lines: list[dict[str, object]] = []
    while not lines and time.monotonic() < deadline:
        text = service.log.read_text(encoding="utf-8")
        lines = [json.loads(line) for line in text.splitlines() if '"t-1"' in line]
    assert [line["path"] for line in lines] == ["/sparql"]
    assert marker not in text


def test_a_broken_answer_breaks_the_connection(tmp_path: Path) -> None:
    """HTTP/1.1: the last chunk never comes. HTTP/1.0: an error with its status. The next request is fine."""
    target = f"/sparql?query={quote('SELECT * WHERE { ?s ?p ?o } #breaks')}"
    with running([*FAKE, "0"], tmp_path / "log") as fake:
        parts = urlsplit(fake.address)
        for _ in range(5):
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
            # Mostly a body that ends too early; when nothing has been sent yet, no answer at all.
            connection.request("GET", target)
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                connection.getresponse().read()
            connection.close()
        with pytest.raises(urllib3.exceptions.HTTPError):
            POOL.request("GET", fake.address[:-1] + target)
        with socket.create_connection((parts.hostname, parts.port), timeout=20) as old:
            old.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
            assert old.recv(100).startswith(b"HTTP/1.0 422")
        assert fake.healthy()
        assert '"broken": "query-timeout"' in fake.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_stopping(published_node: tuple[Path, int], tmp_path: Path, number: signal.Signals) -> None:
    """Either signal, even twice and during an answer, ends the service with code 0, quietly, and all its processes."""
    command = ["-m", "node", "serve", "--node", str(published_node[0]), "--port", "0"]
    with running(command, tmp_path / "log") as started:
        children = descendants(started.process.pid)
        assert children
        parts = urlsplit(started.address)
        with socket.create_connection((parts.hostname, parts.port)) as busy:
            target = f"/sparql?query={quote('SELECT * WHERE { ?s ?p ?o . ?t ?q ?u . ?v ?w ?x }')}"
            busy.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert busy.recv(1_000)
            started.process.send_signal(number)
            started.process.send_signal(number)
            assert started.process.wait(15) == 0
        assert gone(children)


def test_killed_the_service_leaves_nothing_behind(published_node: tuple[Path, int], tmp_path: Path) -> None:
    """SIGKILL of the process that was started ends the one that serves and its workers as well."""
    command = [sys.executable, "-m", "node", "serve", "--node", str(published_node[0]), "--port", "0"]
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 30
    while "Serving at" not in log.read_text(encoding="utf-8") and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)
    children = descendants(process.pid)
    assert children
    process.kill()
    process.wait()
    assert gone(children)


def test_a_taken_port_and_an_unknown_host(service: Service, published_node: tuple[Path, int]) -> None:
    """Exit code 78 and a sentence, before anything is started."""
    port = str(urlsplit(service.address).port)
    taken = onconode("serve", "--node", str(published_node[0]), "--port", port)
    assert taken.returncode == 78
    assert "cannot be listened on" in taken.stderr
    assert "Traceback" not in taken.stderr
    unknown = onconode("serve", "--node", str(published_node[0]), "--host", "no such host", "--port", "0")
    assert unknown.returncode == 78
    assert "--host" in unknown.stderr


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those they started (Linux)."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def gone(pids: list[int], seconds: float = 10) -> bool:
    """Whether all of these processes end within some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
