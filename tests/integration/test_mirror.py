"""A hub that mirrors two partners with the commands that its operator has, and a federation in which one goes."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.assembly import Node, build
from node.federation.members.completeness import Completeness, Verdict
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.results import read_json_results
from tests.command_line import onconode
from tests.integration.operated_node import Operated, operated

DCT = "http://purl.org/dc/terms/"
EX = "http://ex.org/"
PUBLISHER = Path(__file__).parents[2] / "examples" / "partners" / "neuro-registry"
QUERIES = {
    "joined": f"SELECT ?d ?t {{ ?d a <http://www.w3.org/ns/dcat#Dataset> ; <{DCT}title> ?t }}",
    "counted": "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c",
    "graphs": "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "blank": "SELECT ?d ?n { ?d <http://www.w3.org/ns/dcat#contactPoint> ?b . ?b ?p ?n }",
    "number": f"SELECT ?s ?n {{ ?s <{EX}number> ?n }}",
}
PRIVATE = "[services]\nprivate_addresses = true\n"


def run(*arguments: object) -> str:
    done = onconode(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def put(node: Operated, *numbers: int) -> None:
    triples = " ".join(f"<{EX}{node.service.address}/s{n}> <{EX}number> {n} ." for n in numbers)
    done = node.update(f"INSERT DATA {{ GRAPH <{node.service.address}graph/g> {{ {triples} }} }}")
    assert done.status in (200, 204), done.data


def answers(coordinator: Node) -> tuple[dict[str, list[str]], dict[str, Completeness]]:
    """The rows of each query, and what each member did for it."""
    found, judged = {}, {}
    for name, text in QUERIES.items():
        with coordinator.federation.query(text, (JSON, NTRIPLES)) as answer:
            results = read_json_results(b"".join(answer))
            found[name] = sorted(str(sorted((k, t.n3) for k, t in row.items())) for row in results.rows)
            judged[name] = answer.completeness
            assert judged[name].verdict is Verdict.COMPLETE
    return found, judged


def reasons(judged: Completeness) -> dict[str, str]:
    return {member.name: member.reason for member in judged.members}


@contextlib.contextmanager
def coordinating(folder: Path) -> Iterator[Node]:
    node = build(folder)
    try:
        yield node
    finally:
        node.close()


def end(node: Operated) -> None:
    node.service.process.send_signal(signal.SIGINT)
    node.service.process.wait()


@pytest.mark.slow
def test_a_hub_stands_for_its_partners(tmp_path: Path) -> None:
    """Mirrored, behind, mirrored again, one partner gone, a new coordinator, the hub gone; and the hub itself asks."""
    plain, theirs = tmp_path / "plain", tmp_path / "theirs"
    with (
        operated(tmp_path / "a") as a,
        operated(tmp_path / "c") as c,
        operated(tmp_path / "h", settings=PRIVATE) as hub,
    ):
        run("publish", PUBLISHER, "--node", a.folder)
        put(a, 1)
        put(c, 2)
        put(hub, 3)
        for folder in (plain, theirs):
            run("init", folder, "--base-iri", f"http://127.0.0.1:9/{folder.name}/")
            for name, node in (("a", a), ("c", c)):
                run("member", "add", node.service.address, "--node", folder, "--name", name)
        run("member", "add", hub.service.address, "--node", plain, "--name", "h")
        said = run("mirror", a.service.address, c.service.address, "--node", hub.folder)
        assert "left out" not in said
        assert "unchanged" in run("mirror", a.service.address, "--node", hub.folder)
        added = ("--name", "h", "--mirror-of", "a", "--mirror-of", "c")
        run("member", "add", hub.service.address, "--node", theirs, *added)
        assert "all of a; all of c" in run("member", "check", "--node", theirs)
        assert "all of a, c, not declared" in run("member", "check", "--node", plain)
        with coordinating(theirs) as coordinator, coordinating(plain) as other:
            wanted, asked = answers(other)
            assert {m.name for m in asked["graphs"].members if m.verdict == "answered"} >= {"a", "c", "h"}
            found, judged = answers(coordinator)
            assert found == wanted
            assert len(found["blank"]) > 0
            for completeness in judged.values():
                assert [reasons(completeness)[name] for name in ("a", "c")] == ["h holds all of it"] * 2
            # One changes, and is asked for itself until the hub has followed.
            put(c, 4)
            assert answers(coordinator)[0] == answers(other)[0]
            assert "h holds" not in reasons(answers(coordinator)[1]["number"])["c"]
            assert "all of a; not all of c" in run("member", "check", "--node", theirs)
            assert " 1 of them new or changed" in run("mirror", c.service.address, "--node", hub.folder)
            wanted = answers(other)[0]
            found, judged = answers(coordinator)
            assert found == wanted
            assert reasons(judged["number"])["c"] == "h holds all of it"
            end(a)
            found, judged = answers(coordinator)
            assert found == wanted
            assert "h holds all of it; it could not be seen now: a " in reasons(judged["number"])["a"]
        # So it is for one that has just started, and finds written down what was seen.
        with coordinating(theirs) as coordinator:
            assert answers(coordinator)[0] == wanted
            end(hub)
            with coordinator.federation.query(QUERIES["number"], (JSON, NTRIPLES), partial=True) as answer:
                assert len(read_json_results(b"".join(answer)).rows) == 2
                assert {m.name for m in answer.completeness.missing} == {"a", "h"}
    # The hub needs no word of anybody to know what it holds itself.
    with operated(tmp_path / "b") as b:
        put(b, 5)
        run("mirror", b.service.address, "--node", hub.folder)
        run("member", "add", b.service.address, "--node", hub.folder, "--name", "b")
        with coordinating(hub.folder) as own:
            for _ in range(2):
                found, judged = answers(own)
            assert len(found["number"]) == 5
            assert reasons(judged["number"])["b"] == "this node holds all of it"
            end(b)
            assert answers(own)[0] == found
        assert "graphs removed" in run("mirror", b.service.address, "--node", hub.folder, "--end")


@pytest.mark.slow
def test_what_cannot_be_mirrored_is_said(tmp_path: Path) -> None:
    """A node of the same name, what is no node, and a graph of which the hub has another."""
    with operated(tmp_path / "a") as a, operated(tmp_path / "h", settings=PRIVATE) as hub:
        put(a, 1)
        shared = f"INSERT DATA {{ GRAPH <{EX}shared> {{ <{EX}s> <{EX}number> "
        assert a.update(f"{shared} 1 }} }}").status in (200, 204)
        assert hub.update(f"{shared} 2 }} }}").status in (200, 204)
        found = json.loads(run("mirror", a.service.address, "--node", hub.folder, "--json"))["mirrors"][0]
        assert found["left"] == [[f"{EX}shared", "this node has another graph of this name"]]
        assert hub.true(f"GRAPH <{EX}shared> {{ ?s ?p 2 }} GRAPH <{a.service.address}graph/g> {{ ?x ?p 1 }}")
        # Nobody but the mirror changes what is mirrored.
        assert hub.update(f"CLEAR GRAPH <{a.service.address}graph/g>").status == 409
        for address, message in (
            (hub.service.address, "is this node itself"),
            ("ftp://a.example/", "not an http"),
            (f"{a.service.address}catalog/", "does not list its graphs"),
        ):
            done = onconode("mirror", address, "--node", hub.folder)
            assert done.returncode != 0
            assert message in done.stderr
        assert "nothing is mirrored" in onconode("mirror", f"{EX}", "--node", hub.folder, "--end").stderr
        run("mirror", a.service.address, "--node", hub.folder, "--end")
        assert not hub.true(f"GRAPH <{a.service.address}graph/g> {{ ?s ?p ?o }}")
        assert hub.true(f"GRAPH <{EX}shared> {{ ?s ?p 2 }}")
