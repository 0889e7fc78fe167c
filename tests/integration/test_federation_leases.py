"""Members' leases, with a real server and publications by other processes: never an answer from what was before."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.config import Identity, Limits, Member, Settings
from node.federation.engine import FederationEngine
from node.federation.members.completeness import Completeness, Verdict
from node.federation.members.sources import RemoteSource
from node.federation.prompt import PromptQuery
from node.model.identifiers import Identifiers
from node.rdf.formats import JSON, NTRIPLES
from node.sparql.results import read_json_results
from node.store import promises
from node.store.oxigraph import OxigraphStore
from tests.integration.hub import BASE
from tests.integration.operated_node import Operated, operated

pytestmark = pytest.mark.slow

EX = "http://ex.org/"
QUERY = f"SELECT ?o {{ ?s <{EX}later> ?o }}"


@contextmanager
def coordinator(store: OxigraphStore, folder: Path, endpoint: str) -> Iterator[tuple[FederationEngine, RemoteSource]]:
    """An engine over a store of its own and one member."""
    members = (Member(endpoint=endpoint, name="member"),)
    limits = Limits(federation_seconds=20.0)
    engine = FederationEngine(
        store, Identifiers(BASE), Settings(folder=folder, node=Identity(BASE), limits=limits, members=members)
    )
    try:
        yield engine, engine.sources()[0]
    finally:
        engine.close()


def rows(engine: FederationEngine) -> tuple[int, int]:
    """How many rows there are, and how many requests the member got for them."""
    with engine.query(QUERY, (JSON, NTRIPLES)) as answer:
        found = len(read_json_results(b"".join(answer)).rows)
        return found, sum(m.requests for m in answer.report if m.name == "member")


def eventually(true: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until it is."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def put(node: Operated, number: int) -> None:
    """One more row, by a change in the server's process."""
    triple = f"<{EX}s{number}> <{EX}later> {number}"
    done = node.update(f"INSERT DATA {{ GRAPH <{node.service.address}graph/g> {{ {triple} }} }}")
    assert done.status in (200, 204), done.data


def published_elsewhere(node: Operated, number: int) -> None:
    """One more row, by a change in a process of its own, as ``onconode publish`` makes it."""
    program = (
        "import sys; from pathlib import Path; from node.assembly import build\n"
        "from node.store.quads import Change, GraphContent\nfrom node.model.access import Tier\n"
        "node = build(Path(sys.argv[1])); name = node.identifiers.base + 'graph/x' + sys.argv[2]\n"
        "triple = f'<http://ex.org/x{sys.argv[2]}> <http://ex.org/later> \"{sys.argv[2]}\" .\\n'\n"
        "node.store.apply(Change(put=(GraphContent(name, Tier.PUBLIC, triple.encode()),)))\nnode.close()\n"
    )
    subprocess.run([sys.executable, "-c", program, str(node.folder), str(number)], check=True, timeout=60)


def test_a_lease_saves_the_look_and_never_hides_a_change(own_data: OxigraphStore, tmp_path: Path) -> None:
    """Asked without pause while it is changed by its server and by another process."""
    with (
        operated(tmp_path / "node") as member,
        coordinator(own_data, tmp_path, f"{member.service.address}sparql") as (engine, source),
    ):
        assert rows(engine)[0] == 0

        def leased() -> bool:
            rows(engine)
            return source.lease is not None and source.lease.left() > 0

        eventually(leased)
        # A member that holds nothing of it is not even looked at.
        eventually(lambda: rows(engine) == (0, 0))

        there, wrong, stop = [0], list[str](), threading.Event()

        def watch() -> None:
            while not stop.is_set():
                least = there[0]
                found = rows(engine)[0]
                if found < least:
                    wrong.append(f"{found} rows, when {least} were there")
                there[0] = max(there[0], found)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            for number, change in enumerate((put, published_elsewhere), 1):
                eventually(lambda: source.lease is not None and source.lease.left() > promises.USUAL / 2)
                change(member, number)
                there[0] = max(there[0], number)
                assert rows(engine)[0] == number
        finally:
            stop.set()
            watching.join()
        assert not wrong


def test_a_query_asked_again_is_begun_without_waiting(own_data: OxigraphStore, tmp_path: Path) -> None:
    """While the leases run; its answer is what ``query`` gives, with nobody asked; never from what was before."""
    text = f"SELECT ?o ?x {{ ?s <{EX}later> ?o . <{EX}s0> <{EX}dx> ?x }}"
    formats = (JSON, NTRIPLES)

    def begun() -> PromptQuery:
        found: list[PromptQuery] = []

        def begins() -> bool:
            with engine.query(text, formats) as answer:
                b"".join(answer)
            query = engine.begin(text, formats)
            found.extend([] if query is None else [query])
            return bool(found)

        eventually(begins)
        return found[0]

    def answered(query: PromptQuery) -> tuple[int, Completeness]:
        eventually(query.ready)
        answer = query.answer()
        assert answer is not None
        with answer:
            document = json.loads(b"".join(answer))
            assert document["head"]["completeness"] == answer.completeness.document()
            return len(document["results"]["bindings"]), answer.completeness

    with (
        operated(tmp_path / "node") as member,
        coordinator(own_data, tmp_path, f"{member.service.address}sparql") as (engine, _),
    ):
        put(member, 1)
        number, completeness = answered(begun())
        assert (number, completeness.verdict) == (1, Verdict.COMPLETE)
        assert [(m.verdict, m.requests, m.rows) for m in completeness.members] == [
            ("answered", 0, 1),
            ("answered", 0, 1),
        ]
        before = engine.counters.queries["complete"]
        # A query that is not waited for gives its place back all the same.
        for _ in range(20):
            begun().close()
        assert engine.counters.queries["complete"] > before
        # Each holds one, until there is none.
        queries = [begun()]
        while (query := engine.begin(text, formats)) is not None:
            queries.append(query)
        assert len(queries) <= Limits().federation_places
        for query in queries:
            assert answered(query)[0] == 1
        assert engine.begin("SELECT", formats) is None
        assert answered(begun())[0] == 1
        put(member, 2)
        query = engine.begin(text, formats)
        assert query is None or answered(query)[0] == 2
        assert answered(begun())[0] == 2
