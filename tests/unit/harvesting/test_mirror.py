"""A copy of another node: as it is there, whatever is between, and nothing of this node's own is lost."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from node.config import Services
from node.errors import Conflict, MemberProtocolError, NotFound, ProtocolError
from node.federation.members.summaries import read_summary_file
from node.harvesting import mirror as module
from node.harvesting.mirror import Mirrored, end_mirror, mirror
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.ontology.mappings import core_code_map
from node.ontology.releases import core_vocabulary
from node.publishing.dump import write_dump
from node.publishing.publish import NodeParts
from node.store.oxigraph import OxigraphStore
from node.store.quads import Budget, Change, GraphContent

A, H = "http://a.example/", "http://h.example/"


def line(name: str) -> bytes:
    return f'<http://x/{name}> <http://x/p> "{name} <http://x/g> ." .\n'.encode()


@dataclass
class Theirs:
    """Another node. ``before_dump`` is done between its list of graphs and its dump."""

    store: OxigraphStore
    base: str = A
    before_dump: Callable[[], None] = lambda: None
    dumps: int = 0
    damage: Callable[[bytes], bytes] = field(default=lambda data: data)

    def put(self, **graphs: str) -> None:
        contents = [
            GraphContent(f"{self.base}graph/{name}", Tier.PUBLIC, b"".join(map(line, content.split())))
            for name, content in graphs.items()
        ]
        self.store.apply(Change(put=tuple(contents)))

    def graphs(self, _: str = "") -> dict[str, str]:
        data = self.store.file("summary.json")
        summary = None if data is None else read_summary_file(data, "")
        assert summary is not None
        return dict(summary.graphs or {})

    def dump(self, url: str, folder: Path, *, name: str, **_: object) -> Path:
        assert url == f"{self.base}dump.nq.gz"
        self.dumps += 1
        self.before_dump()
        path = folder / name
        write_dump(self.store, path, budget=Budget(30.0, 1 << 30, 1 << 30))
        path.write_bytes(self.damage(path.read_bytes()))
        return path


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[OxigraphStore, OxigraphStore]]:
    """Those of the other node and of this one."""
    made = [
        OxigraphStore(tmp_path / name, identifiers=Identifiers(base), workers=1, queue_seconds=5.0)
        for name, base in (("a", A), ("h", H))
    ]
    with closing(made[0]), closing(made[1]):
        yield made[0], made[1]


@pytest.fixture
def theirs(stores: tuple[OxigraphStore, OxigraphStore], monkeypatch: pytest.MonkeyPatch) -> Theirs:
    other = Theirs(stores[0])
    monkeypatch.setattr(module, "_graphs_of", other.graphs)
    monkeypatch.setattr(module, "download", other.dump)
    return other


@pytest.fixture
def node(stores: tuple[OxigraphStore, OxigraphStore]) -> NodeParts:
    return NodeParts(stores[1], Identifiers(H), core_vocabulary(), core_code_map())


def copied(node: NodeParts) -> Mirrored:
    return mirror(A, node=node, services=Services())


def own(node: NodeParts) -> dict[str, str]:
    return Theirs(node.store).graphs()  # type: ignore[arg-type]


def test_what_changes_and_goes_follows(theirs: Theirs, node: NodeParts) -> None:
    """Only what has changed is put; graphs without triples are there, too; nothing is fetched for nothing."""
    Theirs(node.store, H).put(own="mine")  # type: ignore[arg-type]
    theirs.put(one="s1 s2", two="s3", none="")
    assert copied(node) == Mirrored(A, 3, changed=3)
    assert own(node).items() > theirs.graphs().items()
    assert copied(node) == Mirrored(A, 3)
    assert theirs.dumps == 1
    theirs.put(two="s3 s4", three="s5")
    theirs.store.apply(Change(remove=(f"{A}graph/one",)))
    assert copied(node) == Mirrored(A, 3, changed=2, removed=1)
    assert own(node).keys() == theirs.graphs().keys() | {f"{H}graph/own"}
    theirs.store.apply(Change(remove=(f"{A}graph/two",)))
    assert copied(node) == Mirrored(A, 2, removed=1)
    assert theirs.dumps == 2
    assert end_mirror(A, node=node) == Mirrored(A, 0, removed=2)
    assert own(node).keys() == {f"{H}graph/own"}
    with pytest.raises(NotFound, match="Mirrored here: none"):
        end_mirror(A, node=node)


def test_graphs_of_others_stay_theirs(theirs: Theirs, node: NodeParts) -> None:
    """One of the same name is left as it is, and said, unless it is the same; the end takes nothing of others away."""
    here = Theirs(node.store)  # type: ignore[arg-type]
    here.put(same="s1", other="s2")
    theirs.put(same="s1", other="s3", new="s4")
    theirs.store.apply(Change(put=(GraphContent(f"{H}graph/yours", Tier.PUBLIC, line("s5")),)))
    left = (
        (f"{A}graph/other", "this node has another graph of this name"),
        (f"{H}graph/yours", "its name is of this node, which holds something else there"),
    )
    for changed in (1, 0):
        assert copied(node) == Mirrored(A, 4, changed=changed, left=left)
    end_mirror(A, node=node)
    assert own(node).keys() == {f"{A}graph/same", f"{A}graph/other"}


def test_a_node_that_changes_meanwhile(theirs: Theirs, node: NodeParts) -> None:
    """The copy is made again until it is faithful; one that never rests is told so."""
    theirs.put(one="s1")
    changes = iter(["s1 s2", "s1 s2 s3"])

    def change() -> None:
        if (content := next(changes, None)) is not None:
            theirs.put(one=content)

    theirs.before_dump = change
    assert copied(node) == Mirrored(A, 1, changed=1)
    assert own(node) == theirs.graphs()
    changes = (f"s{n}" for n in range(100))
    theirs.put(one="s")
    before = own(node)
    with pytest.raises(Conflict, match="faster than it can be mirrored"):
        copied(node)
    assert own(node) == before


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-9], lambda _: b"<html>", lambda data: data[: len(data) // 2] + b"\0" * 40, lambda _: b""],
)
def test_a_damaged_dump_changes_nothing(theirs: Theirs, node: NodeParts, damage: Callable[[bytes], bytes]) -> None:
    """What comes is no dump, or half of one."""
    theirs.put(one=" ".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200)))
    copied(node)
    before = own(node)
    theirs.put(one="s1 s2")
    theirs.damage = damage
    with pytest.raises((MemberProtocolError, Conflict)):
        copied(node)
    theirs.damage = lambda data: data
    assert own(node) == before
    assert copied(node) == Mirrored(A, 1, changed=1)


def test_a_full_disk_is_said(theirs: Theirs, node: NodeParts, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is no fault of the other node."""
    theirs.put(one="s1")

    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gzip, "open", full)
    with pytest.raises(module.StoreError, match="No space left"):
        copied(node)


@pytest.mark.parametrize(
    ("address", "message"), [("ftp://a.example/", "not an http"), (H, "this node itself"), (f"{H}sparql", "itself")]
)
def test_what_cannot_be_mirrored(node: NodeParts, address: str, message: str) -> None:
    """Nothing is asked."""
    with pytest.raises(ProtocolError, match=message):
        mirror(address, node=node, services=Services())
