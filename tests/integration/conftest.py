"""One published node behind the real server, shared by the tests that only ask it; and hubs over members in memory."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from node.model.identifiers import Identifiers
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change
from tests.command_line import onconode
from tests.integration.hub import BASE, LOCAL, Hub, MakeHub, graph
from tests.integration.running_node import Service, running
from tests.integration.sparql_server import SparqlServer

PARTNER = Path(__file__).parents[2] / "examples" / "partners" / "neuro-registry"


@pytest.fixture(scope="session")
def published_node(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A node's folder with the example registry published, and the port that its base IRI names."""
    folder = tmp_path_factory.mktemp("node") / "registry"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = onconode("init", str(folder), "--base-iri", f"http://127.0.0.1:{port}/", "--title", "Example registry")
    assert made.returncode == 0, made.stderr
    published = onconode("publish", str(PARTNER), "--node", str(folder))
    assert published.returncode == 0, published.stderr
    return folder, port


@pytest.fixture(scope="session")
def service(published_node: tuple[Path, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """That node, served."""
    folder, port = published_node
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with running(["-m", "node", "serve", "--node", str(folder), "--port", str(port)], log) as started:
        yield started


@pytest.fixture(scope="module")
def own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OxigraphStore]:
    """What this node holds; whoever changes it changes it back."""
    folder = tmp_path_factory.mktemp("hub") / "data"
    store = OxigraphStore(folder, identifiers=Identifiers(BASE), workers=1, queue_seconds=5.0)
    store.apply(Change(put=(graph("own", LOCAL),)))
    yield store
    store.close()


@pytest.fixture
def make_hub(own_data: OxigraphStore, tmp_path: Path) -> Iterator[MakeHub]:
    """Makes engines over ``own_data`` and members."""
    made: list[Hub] = []

    def make(
        members: list[SparqlServer],
        replicas: Mapping[int, str] | None = None,
        mirrors: Mapping[int, tuple[str, ...]] | None = None,
        **limits: float,
    ) -> Hub:
        made.append(Hub(tmp_path, own_data, members, replicas, mirrors, **limits))
        return made[-1]

    yield make
    for hub in made:
        hub.close()
