"""The stores that the contract is tried on: the embedded one, and a node on each external store there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from node.model.identifiers import Identifiers
from node.store.oxigraph import OxigraphStore
from node.store.quads import QuadStore
from node.store.remote import RemoteStore
from tests.contract.shortfalls import SHORTFALLS
from tests.servers import SERVERS, Server, started

IDENTIFIERS = Identifiers("http://node.example/")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Gives the server of a name, started when first asked for."""
    running: dict[str, tuple[Server, Iterator[Server]]] = {}

    def get(name: str) -> Server:
        if name not in running:
            entered = started(name, tmp_path_factory.mktemp(name))
            running[name] = (entered.__enter__(), entered)  # type: ignore[assignment]
        return running[name][0]

    yield get
    for _, entered in running.values():
        entered.__exit__(None, None, None)  # type: ignore[attr-defined]


@pytest.fixture(params=["embedded", *(pytest.param(name, marks=pytest.mark.slow) for name in SERVERS)])
def make(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Callable[[str], Server]
) -> Iterator[Callable[[], QuadStore]]:
    """Opens the same store, again and again if need be, as another process would."""
    kind: str = request.param
    parameters = [value for value in request.node.callspec.id.split("-", 1) if value != kind]
    name = "".join([request.node.originalname, *(f"[{value}]" for value in parameters)])
    if (reason := SHORTFALLS.get(kind, {}).get(name)) is not None:
        request.node.add_marker(pytest.mark.xfail(strict=True, reason=reason))
    opened: list[QuadStore] = []
    if kind != "embedded":
        servers(kind).empty()

    def open_store() -> QuadStore:
        data = tmp_path / "data"
        if kind == "embedded":
            opened.append(OxigraphStore(data, identifiers=IDENTIFIERS, workers=2, queue_seconds=5))
        else:
            settings = servers(kind).settings
            opened.append(RemoteStore(data, settings=settings, identifiers=IDENTIFIERS, places=8, queue_seconds=5))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(make: Callable[[], QuadStore]) -> QuadStore:
    """One of them, empty."""
    return make()
