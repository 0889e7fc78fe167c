"""A node and its standby, made and kept in step with the commands that an operator has."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.assembly import Node, build
from node.errors import MemberError
from node.federation.members.completeness import Completeness, Verdict
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.results import read_json_results
from tests.command_line import onconode
from tests.integration.operated_node import Operated, operated
from tests.integration.running_node import POOL, running

EX = "http://ex.org/"
QUERY = f"SELECT ?s ?n {{ ?s <{EX}is> ?k . ?s <{EX}number> ?n }}"


def run(*arguments: object) -> str:
    done = onconode(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def put(node: Operated, *numbers: int) -> None:
    triples = " ".join(f'<{EX}s{n}> <{EX}is> "kind {n % 2}" ; <{EX}number> {n} .' for n in numbers)
    done = node.update(f"INSERT DATA {{ GRAPH <{node.service.address}graph/g> {{ {triples} }} }}")
    assert done.status in (200, 204), done.data


def asked(coordinator: Node) -> tuple[int, Completeness]:
    """How many rows there are, and what each member did."""
    with coordinator.federation.query(QUERY, (JSON, NTRIPLES)) as answer:
        found = len(read_json_results(b"".join(answer)).rows)
        return found, answer.completeness


def verdicts(judged: Completeness) -> dict[str, str]:
    assert judged.verdict is Verdict.COMPLETE
    return {member.name: member.verdict for member in judged.members}


@contextlib.contextmanager
def coordinating(folder: Path) -> Iterator[Node]:
    node = build(folder)
    try:
        yield node
    finally:
        node.close()


@pytest.mark.slow
def test_a_standby_takes_over(tmp_path: Path) -> None:
    """From a copy; out of step after a change, in step after the next copy; then the first is gone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    theirs, copy = tmp_path / "theirs", tmp_path / "copy"
    run("init", theirs, "--base-iri", "http://127.0.0.1:9/theirs/")
    with operated(tmp_path / "node") as node:
        put(node, 1, 2, 3)
        run("backup", copy, "--node", node.folder)
        log = tmp_path / "copy.log"
        with running(["-m", "node", "serve", "--node", str(copy), "--port", str(port)], log):
            standby = f"http://127.0.0.1:{port}/"
            while POOL.request("GET", f"{standby}health/ready").status != 200:
                pass
            run("member", "add", node.service.address, "--node", theirs, "--name", "first")
            assert "It is a node" in run(
                "member", "add", standby, "--node", theirs, "--name", "second", "--replica-of", "first"
            )
            assert "in step with first" in run("member", "check", "--node", theirs)
            with coordinating(theirs) as coordinator:
                found, judged = asked(coordinator)
                assert found == 3
                assert sorted(verdicts(judged).values()) == ["answered", "pruned", "pruned"]
                # One changes: both are asked, until the other has followed.
                put(node, 4)
                found, judged = asked(coordinator)
                assert found == 4
                assert verdicts(judged) | {"this node": ""} == {
                    "this node": "",
                    "first": "answered",
                    "second": "answered",
                }
                assert "not in step with first" in run("member", "check", "--node", theirs)
                run("backup", tmp_path / "copy-2", "--node", node.folder)
                run("restore", tmp_path / "copy-2", "--node", copy)
                found, judged = asked(coordinator)
                assert found == 4
                assert sorted(verdicts(judged).values()) == ["answered", "pruned", "pruned"]
                node.service.process.send_signal(signal.SIGINT)
                node.service.process.wait()
                for _ in range(3):
                    found, judged = asked(coordinator)
                    assert found == 4
                    assert verdicts(judged)["second"] == "answered"
                assert "first cannot be reached" in {m.name: m.reason for m in judged.members}["first"]
            # So it is for one that has just started, and finds written down what was seen.
            with coordinating(theirs) as coordinator:
                found, judged = asked(coordinator)
                assert found == 4
                assert verdicts(judged)["second"] == "answered"
            # Who has not seen the first cannot know what it held.
            (theirs / "replicas.json").unlink()
            with coordinating(theirs) as coordinator, pytest.raises(MemberError, match="first cannot be reached"):
                asked(coordinator)
            run("member", "remove", "first", "--node", theirs)
            with coordinating(theirs) as coordinator:
                assert asked(coordinator)[0] == 4
