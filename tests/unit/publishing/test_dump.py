"""The dump: all that is public, always the same bytes, whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from descriptions import description, write_json
from memory_store import MemoryAnswer, MemoryStore
from pyoxigraph import Dataset, RdfFormat, parse

from node.errors import Conflict, ProtocolError, StoreError
from node.model.access import Tier
from node.publishing import dump
from node.publishing.dump import ENDINGS, write_dump
from node.publishing.publish import NodeParts, publish
from node.store.quads import Budget

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BUDGET = Budget(10, 1_000_000_000, 1_000_000_000)
UNPACKED = {"": lambda data: data, ".gz": gzip.decompress, ".zst": zstd.decompress}


@pytest.fixture
def published(store: MemoryStore, parts: NodeParts, tmp_path: Path) -> MemoryStore:
    """An open dataset and one that is not."""
    odd = "a\u2028b\u0085c\n d"  # more ends of lines than N-Triples has
    for name, changes in (("gliomas", {"description": odd}), ("closed", {"accessRights": "RESTRICTED"})):
        assert publish([write_json(tmp_path, description(name, **changes))], node=parts).ok
    return store


def expected(store: MemoryStore, *tiers: Tier) -> Dataset:
    """What the store holds in these tiers."""
    lines = (
        f"{line.removesuffix('.')}<{name}> .\n"
        for name in store.graphs(tiers)
        for line in store.held[name][1].decode().split("\n")
        if line
    )
    return Dataset(parse("".join(lines).encode(), RdfFormat.N_QUADS))


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_holds_the_same(published: MemoryStore, tmp_path: Path, ending: str) -> None:
    """Formats and packings differ, quads do not; digest and size are those of the file."""
    target = tmp_path / f"all{ending}"
    made = write_dump(published, target, budget=BUDGET)
    data = target.read_bytes()
    assert (made.bytes, made.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    form = RdfFormat.N_QUADS if ending.startswith(".nq") else RdfFormat.TRIG
    packing = ending.removeprefix(".nq").removeprefix(".trig")
    found = list(parse(UNPACKED[packing](data), form))
    assert Dataset(found) == expected(published, Tier.PUBLIC)
    assert made.quads == len(found)
    assert not list(tmp_path.glob("*.partial"))


def test_what_is_not_open_only_for_operators(published: MemoryStore, tmp_path: Path) -> None:
    """And then nobody else on the machine may read the file."""
    write_dump(published, tmp_path / "public.nq", budget=BUDGET)
    write_dump(published, tmp_path / "all.nq", budget=BUDGET, tiers=tuple(Tier), private=True)
    assert "/graph/closed/records>" not in (tmp_path / "public.nq").read_text(encoding="utf-8")
    assert "/graph/closed/records>" in (tmp_path / "all.nq").read_text(encoding="utf-8")
    assert stat.S_IMODE((tmp_path / "all.nq").stat().st_mode) == 0o600


@pytest.mark.parametrize("ending", [".nq", ".nq.gz", ".trig.zst"])
def test_the_same_content_is_the_same_file(
    published: MemoryStore, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever order the store gives it, sorted in memory or in pieces on the disk; also at another time."""
    first = write_dump(published, tmp_path / f"a{ending}", budget=BUDGET)
    for name, (tier, triples) in published.held.items():
        published.held[name] = (tier, b"".join(reversed(triples.splitlines(keepends=True))))
    monkeypatch.setattr(dump, "_PIECE_BYTES", 300)
    monkeypatch.setattr("time.time", lambda: 1.0)
    second = write_dump(published, tmp_path / f"b{ending}", budget=BUDGET)
    assert second == first
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()


def test_lines_are_sorted(published: MemoryStore, tmp_path: Path) -> None:
    """By graph, and in it by line."""
    write_dump(published, tmp_path / "all.nq", budget=BUDGET)
    lines = (tmp_path / "all.nq").read_bytes().split(b"\n")[:-1]
    assert lines == sorted(lines, key=lambda line: (line.rsplit(b" ", 2)[1].strip(b"<>"), line))


def test_another_ending_is_refused(published: MemoryStore, tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(ProtocolError, match="format"):
        write_dump(published, tmp_path / "all.ttl", budget=BUDGET)
    assert not list(tmp_path.glob("all*"))


def test_a_dump_is_of_one_generation(published: MemoryStore, tmp_path: Path) -> None:
    """A change in between and it begins again; changes without end are an error, and nothing is left behind."""
    real, changes = published.query, [3]

    @contextmanager
    def query(text: str, **options: Any) -> Iterator[MemoryAnswer]:
        if changes[0]:
            changes[0] -= 1
            published.number += 1
        with real(text, **options) as answer:
            yield answer

    published.query = query  # type: ignore[method-assign]
    made = write_dump(published, tmp_path / "all.nq", budget=BUDGET)
    assert made.generation == published.number
    changes[0] = 1_000
    with pytest.raises(Conflict, match="changes faster"):
        write_dump(published, tmp_path / "more.nq", budget=BUDGET)
    assert not list(tmp_path.glob("more*"))


def test_a_folder_that_is_not_there(published: MemoryStore, tmp_path: Path) -> None:
    """The error of the system, with the file."""
    with pytest.raises(StoreError, match="No such file") as caught:
        write_dump(published, tmp_path / "nowhere" / "all.nq", budget=BUDGET)
    assert str(caught.value.where) == os.fspath(tmp_path / "nowhere" / "all.nq")
