"""Nobody sees what is not public: a node with graphs of all kinds answers like a store that holds the public ones only.

Every test asks as anybody may. The data are small and random; secrets are terms with a mark, and triples that connect
public terms in graphs that are not public.
"""

from __future__ import annotations

import random
import re
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urldefrag, urljoin

import pyoxigraph as ox
import pytest

from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.ontology.core import core_vocabulary
from node.sparql.parser import parse_query
from node.sparql.terms import Term
from node.sparql.zero_length import without_lone_paths
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change, GraphContent
from tests.command_line import onconode
from tests.integration.running_node import POOL, Service, running
from tests.integration.scope_queries import (
    MARK,
    NAME,
    NS,
    NUMBER,
    PREDICATES,
    PUBLIC_NODES,
    SECRET_NODES,
    SECRET_PREDICATE,
    Attempt,
    Attempts,
)

QUERIES = 2_000


@dataclass(frozen=True)
class Guarded:
    """A running node, the plain store with its public graphs, and the graphs' names."""

    address: str
    public: ox.Store
    #: What queries try to name, tier graphs and graphs that do not exist included; the public ones twice as often.
    graphs: tuple[str, ...]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A node with random graphs of every tier and one of none."""
    folder = tmp_path_factory.mktemp("scope") / "node"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    assert onconode("init", str(folder), "--base-iri", address).returncode == 0
    with (folder / "node.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[services]\nallow = ["{address}"]\nprivate_addresses = true\n')
    choice = random.Random(1)
    shown = {f"{NS}g{i}": triples(choice, 12, secret=False) for i in range(4)}
    put = [GraphContent(name, Tier.PUBLIC, content) for name, content in shown.items()]
    put += [GraphContent(f"{NS}{MARK}c{i}", Tier.CONTROLLED, triples(choice, 12, secret=True)) for i in range(2)]
    put.append(GraphContent(f"{NS}{MARK}h", None, triples(choice, 12, secret=True)))
    store = OxigraphStore(folder / "data", identifiers=Identifiers(address), workers=1, queue_seconds=5)
    store.apply(Change(put=tuple(put)))
    store.close()
    public = ox.Store()
    for name, content in shown.items():
        for quad in ox.parse(content, format=ox.RdfFormat.N_TRIPLES):
            public.add(ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(name)))
            public.add(quad)
    ours = Identifiers(address)
    others = (*(ours.tier_graph(tier) for tier in Tier), ours.default_graph, f"{NS}none")
    graphs = (*shown, *shown, *(each.graph for each in put if each.graph not in shown), *others)
    with running(["-m", "node", "serve", "--node", str(folder), "--port", str(port)], folder / "serve.log"):
        yield Guarded(address, public, graphs)


def triples(choice: random.Random, count: int, *, secret: bool) -> bytes:
    """Random triples between the terms of the generator; secret ones use public terms as well."""
    nodes = (*PUBLIC_NODES, *SECRET_NODES) if secret else PUBLIC_NODES
    predicates = (*PREDICATES, SECRET_PREDICATE) if secret else PREDICATES
    lines = {f"{choice.choice(nodes)} {choice.choice(predicates)} {choice.choice(nodes)} ." for _ in range(count)}
    mark = MARK if secret else ""
    lines.add(f'{choice.choice(nodes)} {NAME} "{mark} name {choice.randrange(9)}" .')
    number = choice.randrange(9) + (1_000_000 if secret else 0)
    lines.add(f'{choice.choice(nodes)} {NUMBER} "{number}"^^<http://www.w3.org/2001/XMLSchema#integer> .')
    return "\n".join(sorted(lines)).encode() + b"\n"


def ask(guarded: Guarded, attempt: Attempt, path: str = "sparql") -> tuple[int, bytes]:
    """Status and body of the node's answer, in JSON or N-Triples."""
    parameters = [("default-graph-uri", g) for g in attempt.default] + [("named-graph-uri", g) for g in attempt.named]
    address = f"{guarded.address}{path}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters)
    headers = {
        "Content-Type": "application/sparql-query",
        "Accept": "application/sparql-results+json, application/n-triples",
    }
    answer = POOL.request("POST", address, body=attempt.sent.encode(), headers=headers)
    return answer.status, answer.data


def answered(attempt: Attempt, body: bytes) -> object:
    """An answer of the node in a form that can be compared."""
    if attempt.form in ("CONSTRUCT", "DESCRIBE"):
        return frozenset(quad.triple for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES))
    return read(ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON))


_FROM = re.compile(r"\bFROM\s+<([^>]*)>")
_FROM_NAMED = re.compile(r"\bFROM\s+NAMED\s+<([^>]*)>")


def wanted(guarded: Guarded, attempt: Attempt, *, federated: bool) -> list[object]:
    """What the plain store says: by its engine, and if that differs by the Recommendation (section 18.4).

    The engine knows no path of length zero at a term that is not in the graph; the node knows some. ``federated``: to
    all members together the tier graph is a graph that nobody has.
    """
    tier = Identifiers(guarded.address).tier_graph(Tier.PUBLIC)
    shown = bool(attempt.default or attempt.named) and not federated

    def graph(name: str) -> ox.NamedNode | ox.DefaultGraph:
        # The protocol's parameters may name the tier graph that everybody sees; it is the default graph of this store.
        return ox.DefaultGraph() if name == tier and shown else ox.NamedNode(name)

    text, default, named = attempt.meant, attempt.default, attempt.named
    if not (default or named):
        default, named = tuple(_FROM.findall(text)), tuple(_FROM_NAMED.findall(text))
        text = _FROM.sub("", _FROM_NAMED.sub("", text))
    store, given = guarded.public, {}
    if len(default) > 1 and (tier not in default or federated):
        # The engine would put them one after another.
        store = ox.Store()
        for name in default:
            store.extend(
                ox.Quad(q.subject, q.predicate, q.object)
                for q in guarded.public.quads_for_pattern(None, None, None, graph(name))
            )
        for name in named:
            store.extend(guarded.public.quads_for_pattern(None, None, None, ox.NamedNode(name)))
    elif default or named:
        given = {"default_graph": [graph(g) for g in default], "named_graphs": [ox.NamedNode(g) for g in named]}

    def is_node(term: Term) -> bool:
        return bool(store.query(f"ASK {{ {{ {term.n3} ?p ?o }} UNION {{ ?s ?p {term.n3} }} }}", **given))

    answers = [plain(store.query(text, **given))]
    if (mended := without_lone_paths(parse_query(text, guarded.address), is_node)) is not None:
        answers.append(plain(store.query(mended.text, **given)))
    return answers


def plain(answer: ox.QueryTriples | ox.QuerySolutions | ox.QueryBoolean) -> object:
    """An answer of the plain store in a form that can be compared."""
    if isinstance(answer, ox.QueryTriples):
        return frozenset(answer)
    data = answer.serialize(format=ox.QueryResultsFormat.JSON) or b""
    return read(ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON))


def read(answer: ox.QuerySolutions | ox.QueryBoolean) -> object:
    """Solutions as a multiset, or a boolean."""
    if isinstance(answer, ox.QueryBoolean):
        return bool(answer)
    names = [variable.value for variable in answer.variables]
    return Counter(frozenset((name, row[name]) for name in names if row[name] is not None) for row in answer)


def check(guarded: Guarded, attempts: Attempts, count: int, path: str, *, refused: frozenset[int]) -> int:
    """Ask so many; every answer is the plain store's, every refusal says nothing. How many had an answer with content.

    ``refused``: statuses that are no answer but allowed here. All violations are reported.
    """
    wrong, full = [], 0
    for number in range(count):
        attempt = attempts.next()
        status, body = ask(guarded, attempt, path)
        told = f"query {number}: {attempt}\n{status} {body[:500].decode('utf-8', 'replace')}"
        if status != 200:
            # The engine does not read keywords with escapes in them, whatever the node makes of them.
            allowed = status in refused or (attempt.escaped and status == 400)
            if not allowed or (MARK.encode() in body and not attempt.names_secret):
                wrong.append(told)
            continue
        if MARK.encode() in body and not attempt.names_secret:
            wrong.append(f"shows a secret: {told}")
        answer = answered(attempt, body)
        right = wanted(guarded, attempt, federated=path.startswith("federation"))
        full += bool(answer)
        if answer not in right:
            wrong.append(f"{told}\nwanted {str(right)[:500]}")
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n\n".join(wrong[:5])
    return full


@pytest.mark.slow
def test_queries(guarded: Guarded) -> None:
    """Every form, operator, path, dataset clause and protocol parameter."""
    full = check(guarded, Attempts(11, guarded.graphs), QUERIES, "sparql", refused=frozenset())
    assert full > QUERIES / 4  # they ask for something that is there


@pytest.mark.slow
def test_federated_queries(guarded: Guarded) -> None:
    """The same over the federation, of which this node is the only member. What it does not support it says."""
    full = check(guarded, Attempts(12, guarded.graphs), 400, "federation/sparql", refused=frozenset((400,)))
    assert full > 50


@pytest.mark.slow
def test_services(guarded: Guarded) -> None:
    """A query that asks the node itself by ``SERVICE`` sees what anybody sees."""
    attempts = Attempts(13, guarded.graphs, service=f"{guarded.address}sparql")
    assert check(guarded, attempts, 200, "sparql", refused=frozenset()) > 50


def test_graph_store(guarded: Guarded) -> None:
    """The Graph Store Protocol gives no graph that is not public, and does not tell it from one that does not exist."""
    seen = {}
    for graph in guarded.graphs:
        address = f"{guarded.address}rdf-graph-store?graph={quote(graph, safe='')}"
        answer = POOL.request("GET", address, headers={"Accept": "application/n-triples"})
        assert MARK not in answer.data.decode().replace(graph, "").replace(quote(graph, safe=""), "")
        seen[graph] = answer.status
    missing = seen[f"{NS}none"]
    assert missing in (401, 404)
    assert {status for graph, status in seen.items() if MARK in graph or "/tier/controlled" in graph} == {missing}


@pytest.mark.parametrize("most", [300, pytest.param(1_500, marks=pytest.mark.slow)])
def test_no_page_shows_a_secret(published_node: tuple[Path, int], service: Service, most: int) -> None:
    """Following links and IRIs of the node from its first page to so many addresses, nobody finds a secret.

    Nor do the addresses of the secrets themselves, of which the example registry has some: the records of a dataset
    with controlled access.
    """
    terms, names = secrets_of(published_node[0])
    # That a concept of the packaged tables exists is no secret: pages of concepts name all of them. A term that only
    # begins like a secret is none either.
    packaged = core_vocabulary()
    secrets = {s: re.compile(rf"(?<!\w){re.escape(s)}(?!\w)") for s in terms if packaged.get(s) is None}
    assert len(secrets) > 20
    known = {name: "the store" for name in names if name.startswith(service.address)}
    known |= {service.address + path: "" for path in ("", ".well-known/void", "sparql", "federation/sparql", "queries")}
    todo = sorted(known)
    shown = []
    while todo:
        address = todo.pop()
        for accept in ("text/html", "text/turtle"):
            answer = POOL.request("GET", address, headers={"Accept": accept})
            text = answer.data.decode("utf-8", "replace")
            shown += [(address, accept, s) for s, whole in secrets.items() if whole.search(text) and s not in address]
            found = re.findall(r'href="([^"]+)"', text) if accept == "text/html" else re.findall(r"<([^>\s]+)>", text)
            for link in sorted({urldefrag(urljoin(address, each.replace("&amp;", "&"))).url for each in found}):
                if link.startswith(service.address) and link not in known and len(known) < most:
                    known[link] = address
                    todo.append(link)
    assert len(known) > 60
    assert not shown, shown[:10]


def secrets_of(folder: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The terms of a node that only graphs with controlled access hold, and the names of these graphs and terms."""
    data = folder / "data" / "generations"
    current = data / (data / "CURRENT").read_text(encoding="utf-8").strip()
    held = ox.Store.read_only(str(current / "quads"))
    tiers: dict[str, set[str]] = {tier: set() for tier in Tier}
    for quad in held:
        graph = str(quad.graph_name.value)
        if "/tier/" in graph:
            tiers[graph.rsplit("/", 1)[-1]] |= {str(t.value) for t in (quad.subject, quad.predicate, quad.object)}
    secret = tiers[Tier.CONTROLLED] - tiers[Tier.PUBLIC]
    # Short values, such as ages, are on any page.
    return frozenset(term for term in secret if len(term) > 8), frozenset(secret)
