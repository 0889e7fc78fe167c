"""Fixtures of the conformance suite: the running nodes, the judges, the report."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import ledger
from tests.conformance.cases import Suite
from tests.conformance.earl import Report
from tests.conformance.judging import Judge
from tests.conformance.manifests import read_suite
from tests.conformance.nodes import SPLITS, Network, RunningNode, network
from tests.conftest import REPOSITORY


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known when pytest is given this folder or a file in it."""
    parser.addoption("--earl", metavar="PATH", default=None, help="where to write the EARL report (Turtle)")


def suite() -> Suite | None:
    """The W3C tests, None where the shared folder is absent."""
    shared = Path(os.environ.get("ONCONODE_SHARED", REPOSITORY.parent / "shared"))
    folder = shared / "conformance" / "sparql11"
    return read_suite(folder) if folder.is_dir() else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of every entry of the manifests, by the name of the argument. Without manifests one that skips."""
    found = suite() or Suite((), (), (), (), (), {})
    chosen: dict[str, list[tuple[str, object]]] = {
        "evaluation": [(c.label, c) for c in found.cases if c.kind == "evaluation"],
        "federated": [
            (f"{c.label} {split}", (c, split)) for split in SPLITS for c in found.cases if c.kind == "evaluation"
        ],
        "syntax": [(c.label, c) for c in found.cases if c.kind in ("positive syntax", "negative syntax")],
        "update": [(c.label, c) for c in found.updates],
        "update_syntax": [(c.label, c) for c in found.cases if "update" in c.kind],
        "protocol": [(c.name, c) for c in found.protocol],
        "graph_store": [(c.name, c) for c in found.graph_store],
        "description": [(iri.rsplit("#", 1)[-1], iri) for iri in found.descriptions],
    }
    for argument in chosen.keys() & set(metafunc.fixturenames):
        labels = [label for label, _ in chosen[argument]]
        metafunc.parametrize(argument, [value for _, value in chosen[argument]], ids=labels)


@pytest.fixture(scope="session")
def nodes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """One node with three members, for the whole session."""
    with network(tmp_path_factory.mktemp("conformance")) as started:
        yield started


@pytest.fixture(scope="session")
def node(nodes: Network) -> RunningNode:
    """The node whose own endpoint is tested."""
    return nodes.coordinator


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """The EARL report, written at the end of the session."""
    made = Report()
    yield made
    if (found := suite()) is not None:
        for test, reason in found.left_out.items():
            made.leave_out("sparql", test, reason)
    path = pytestconfig.getoption("--earl", default=None)
    made.write(Path(path) if path else tmp_path_factory.getbasetemp() / "earl.ttl")


@pytest.fixture(scope="session")
def node_judge(report: Report) -> Judge:
    """Judges ``/sparql``."""
    return Judge("sparql", ledger.NODE, report)


@pytest.fixture(scope="session")
def update_judge(report: Report) -> Judge:
    """Judges ``/update``."""
    return Judge("update", ledger.UPDATE, report)


@pytest.fixture(scope="session")
def graph_store_judge(report: Report) -> Judge:
    """Judges ``/rdf-graph-store``."""
    return Judge("rdf-graph-store", ledger.GRAPH_STORE, report)


@pytest.fixture(scope="session")
def federation_judge(report: Report) -> Judge:
    """Judges ``/federation/sparql``."""
    return Judge("federation/sparql", ledger.FEDERATION, report)
