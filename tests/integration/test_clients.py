"""The clients that people have ask a running node the same queries, and agree with the store.

The queries are in ``tests/clients/queries``: every form, and the operators that clients rewrite or take apart. Programs
that are not Python are installed by their own package managers into pytest's cache. Where such a program cannot be had
the test is skipped and says so; in continuous integration (``CI``) that is a failure.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore
from SPARQLWrapper import GET, JSON, POST, TURTLE, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import Unauthorized

from tests.command_line import onconode
from tests.conformance.comparison import Graph, Result, read_results, received, same, shown
from tests.integration.running_node import running

CLIENTS = Path(__file__).parents[1] / "clients"
QUERIES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((CLIENTS / "queries").glob("*.rq"))}
PARTNERS = Path(__file__).parents[2] / "examples" / "partners"
RESULTS, TRIPLES = "application/sparql-results+json", "application/n-triples"


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A node with all examples published (one of them with controlled records), and its port."""
    folder = tmp_path_factory.mktemp("clients") / "node"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for arguments in (
        ("init", str(folder), "--base-iri", f"http://127.0.0.1:{port}/"),
        ("publish", *map(str, sorted(PARTNERS.iterdir())), "--node", str(folder), "--no-proposals"),
    ):
        done = onconode(*arguments)
        assert done.returncode == 0, done.stderr
    return folder, port


@pytest.fixture(scope="module")
def endpoint(node_folder: tuple[Path, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of its query service, running."""
    folder, port = node_folder
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with running(["-m", "node", "serve", "--node", str(folder), "--port", str(port)], log) as service:
        yield f"{service.address}sparql"


@pytest.fixture(scope="module")
def wanted(node_folder: tuple[Path, int]) -> dict[str, Result]:
    """What each query gives on one plain store with the public graphs, and their merge as its default graph."""
    data = node_folder[0] / "data" / "generations"
    current = data / (data / "CURRENT").read_text(encoding="utf-8").strip()
    plain = ox.Store()
    for quad in ox.Store.read_only(str(current / "quads")):
        # The records of the dataset with controlled access are its only graph that is not public.
        if "/tier/" not in str(quad.graph_name) and "/records" not in str(quad.graph_name):
            plain.add(quad)
            plain.add(ox.Quad(quad.subject, quad.predicate, quad.object, ox.DefaultGraph()))
    return {name: evaluate(plain, text) for name, text in QUERIES.items()}


def evaluate(store: ox.Store, text: str) -> Result:
    """The answer of a store, by way of the same formats as the clients' answers."""
    answer = store.query(text)
    if isinstance(answer, ox.QueryTriples):
        return Graph(frozenset(answer))
    return read_results(answer.serialize(format=ox.QueryResultsFormat.JSON) or b"", ox.QueryResultsFormat.JSON)


def check(answers: dict[str, Result], wanted: dict[str, Result]) -> None:
    """All answers are right; every wrong one is reported."""
    wrong = [
        f"{name}: got\n{shown(answer)}\nwanted\n{shown(wanted[name])}"
        for name, answer in answers.items()
        if not same(answer, wanted[name], ordered="ORDER BY" in QUERIES[name])
    ]
    assert not wrong, "\n\n".join(wrong)


def test_queries_have_answers(wanted: dict[str, Result]) -> None:
    """The queries ask for something: a client that answers nothing would be found out."""
    assert len(wanted) >= 20
    assert all(answer is True or (not isinstance(answer, bool) and _size(answer)) for answer in wanted.values())


def _size(answer: Result) -> int:
    return len(answer.triples) if isinstance(answer, Graph) else len(getattr(answer, "rows", ()))


@pytest.mark.parametrize("method", [GET, POST])
def test_sparqlwrapper(endpoint: str, wanted: dict[str, Result], method: str) -> None:
    """SPARQLWrapper."""
    answers = {}
    for name, text in QUERIES.items():
        client = SPARQLWrapper(endpoint)
        client.setMethod(method)
        client.setQuery(text)
        client.setReturnFormat(TURTLE if client.queryType in ("CONSTRUCT", "DESCRIBE") else JSON)
        reply = client.query().response
        answers[name] = received(reply.headers["Content-Type"], reply.read(), ox.NamedNode)
    check(answers, wanted)


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib(endpoint: str, wanted: dict[str, Result], method: str) -> None:
    """rdflib's SPARQLStore, behind a graph."""
    answers = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdflib deprecates what it uses itself
        graph = rdflib.Graph(SPARQLStore(endpoint, method=method))  # type: ignore[arg-type]
        for name, text in QUERIES.items():
            result = graph.query(text)
            if result.graph is not None:
                answers[name] = received(TRIPLES, result.graph.serialize(format="nt").encode(), ox.NamedNode)
            else:
                answers[name] = received(RESULTS, result.serialize(format="json") or b"", ox.NamedNode)
    check(answers, wanted)


@pytest.mark.parametrize("way", ["--get", "--post"])
def test_curl(endpoint: str, wanted: dict[str, Result], way: str) -> None:
    """curl, with the query in the address and in the body."""
    curl = program("curl")
    answers = {}
    for name, text in QUERIES.items():
        form = TRIPLES if "CONSTRUCT" in text or "DESCRIBE" in text else RESULTS
        sent = ["--get", "--data-urlencode", f"query={text}"] if way == "--get" else ["--data-binary", text]
        kind = [] if way == "--get" else ["-H", "Content-Type: application/sparql-query"]
        command = [curl, "-sS", "--fail-with-body", "--compressed", "-H", f"Accept: {form}", *kind, *sent, endpoint]
        answers[name] = received(form, run(command), ox.NamedNode)
    check(answers, wanted)


def test_oxigraph(endpoint: str, wanted: dict[str, Result]) -> None:
    """Oxigraph's own client: a store elsewhere that asks the node by SERVICE."""
    elsewhere = ox.Store()
    answers = {}
    for name, text in QUERIES.items():
        prologue, query = re.fullmatch(r"((?:PREFIX [^\n]*\n)*)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
        if query.startswith("SELECT") and "ORDER BY" not in query:  # the order of a subquery is no order
            answers[name] = evaluate(elsewhere, f"{prologue} SELECT * {{ SERVICE <{endpoint}> {{ {query} }} }}")
    assert len(answers) > 10
    check(answers, wanted)


@pytest.mark.slow
def test_comunica(endpoint: str, wanted: dict[str, Result], tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Comunica, which takes queries apart as it sees fit."""
    install = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    folder = installed("comunica", install, pytestconfig)
    check(asked([program("node"), str(folder / "ask.mjs")], endpoint, tmp_path), wanted)


@pytest.mark.slow
def test_jena(endpoint: str, wanted: dict[str, Result], tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Apache Jena, which reads and writes every query anew."""
    install = [program("mvn"), "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
    folder = installed("jena", install, pytestconfig)
    check(asked([program("java"), "-cp", f"{folder}/lib/*", str(folder / "Ask.java")], endpoint, tmp_path), wanted)


def program(name: str) -> str:
    """Where a program is."""
    found = shutil.which(name)
    return found if found is not None else missing(f"there is no {name} on this machine")


def missing(why: str) -> str:
    """Fail in continuous integration, skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def run(command: Sequence[str], folder: Path | None = None) -> bytes:
    """What a command that succeeds prints."""
    done = subprocess.run(command, check=False, capture_output=True, timeout=300, cwd=folder)
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")[-3000:]
    return done.stdout


def installed(name: str, install: Sequence[str], config: pytest.Config) -> Path:
    """A copy of a folder of ``tests/clients`` with what it needs; made once for each state of its files."""
    assert config.cache is not None
    files = sorted((CLIENTS / name).iterdir())
    state = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    home = config.cache.mkdir("clients")
    folder = home / f"{name}-{state}"
    if not folder.exists():
        making = home / f"{name}-{state}.{os.getpid()}"
        shutil.copytree(CLIENTS / name, making)
        try:
            run(install, making)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            shutil.rmtree(making)
            missing(f"{name} cannot be installed: {error}")
        making.rename(folder)
    return folder


def asked(command: Sequence[str], endpoint: str, folder: Path) -> dict[str, Result]:
    """What a client of ``tests/clients`` makes of all queries."""
    for name, text in QUERIES.items():
        (folder / f"{name}.rq").write_text(text, encoding="utf-8")
    run([*command, endpoint, str(folder)])
    answers: dict[str, Result] = {}
    for name in QUERIES:
        graph, results = folder / f"{name}.nt", folder / f"{name}.srj"
        form, file = (TRIPLES, graph) if graph.exists() else (RESULTS, results)
        answers[name] = received(form, file.read_bytes(), ox.NamedNode)
    return answers


@pytest.fixture(scope="module")
def token(node_folder: tuple[Path, int]) -> str:
    """A token of the node's operator."""
    done = onconode("token", "create", "clients", "--node", str(node_folder[0]), "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["token"])


def names(endpoint: str, graph: str) -> set[str]:
    """The values of foaf:name in a graph, as anybody sees them."""
    client = SPARQLWrapper(endpoint, returnFormat=JSON)
    client.setQuery(f"SELECT ?n {{ GRAPH <{graph}> {{ ?s <http://xmlns.com/foaf/0.1/name> ?n }} }}")
    return {row["n"]["value"] for row in client.queryAndConvert()["results"]["bindings"]}


def test_rdflib_updates(endpoint: str, token: str) -> None:
    """rdflib's SPARQLUpdateStore adds to a graph, removes from it, and reads what is there."""
    graph_name = rdflib.URIRef("http://example.org/by-rdflib")
    update = f"{endpoint.removesuffix('sparql')}update"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdflib deprecates what it uses itself
        store = SPARQLUpdateStore(endpoint, update, autocommit=True, auth=("operator", token))
        graph = rdflib.Graph(store, graph_name)
        person = rdflib.URIRef("http://example.org/ada")
        graph.add((person, rdflib.FOAF.name, rdflib.Literal("Ada")))
        graph.update('INSERT DATA { <http://example.org/max> <http://xmlns.com/foaf/0.1/name> "Müller" }')
        assert {str(name) for name in graph.objects(None, rdflib.FOAF.name)} == {"Ada", "Müller"}
        graph.remove((person, None, None))
    assert names(endpoint, str(graph_name)) == {"Müller"}


def test_sparqlwrapper_updates(endpoint: str, token: str) -> None:
    """SPARQLWrapper with credentials updates; without them it may not."""
    graph = "http://example.org/by-sparqlwrapper"
    client = SPARQLWrapper(f"{endpoint.removesuffix('sparql')}update")
    client.setMethod(POST)
    client.setQuery(
        f'INSERT DATA {{ GRAPH <{graph}> {{ <http://example.org/ada> <http://xmlns.com/foaf/0.1/name> "Ada" }} }}'
    )
    with pytest.raises(Unauthorized):
        client.query()
    assert names(endpoint, graph) == set()
    client.setCredentials("operator", token)
    client.query()
    assert names(endpoint, graph) == {"Ada"}


def test_curl_puts_and_deletes_a_graph(endpoint: str, token: str, tmp_path: Path) -> None:
    """curl and the Graph Store Protocol."""
    graph = "http://example.org/by-curl"
    address = f"{endpoint.removesuffix('sparql')}rdf-graph-store?graph={quote(graph, safe='')}"
    document = tmp_path / "names.ttl"
    document.write_text(
        '<http://example.org/ada> <http://xmlns.com/foaf/0.1/name> "Ada", "阿达"@zh .', encoding="utf-8"
    )
    command = [program("curl"), "-sS", "--fail-with-body", "-H", f"Authorization: Bearer {token}"]
    run([*command, "-T", str(document), "-H", "Content-Type: text/turtle", address])
    assert names(endpoint, graph) == {"Ada", "阿达"}
    assert run([*command, "-H", "Accept: application/n-triples", address]).count(b"\n") == 2
    run([*command, "-X", "DELETE", address])
    assert names(endpoint, graph) == set()
