"""That sources read by several processes come back as if one had read them, and that no process is left."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.errors import Place, StoreError
from node.publishing import side_by_side
from node.publishing.side_by_side import each, size_of


@pytest.fixture(autouse=True)
def cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two, wherever this runs; and afterwards no process is left."""
    monkeypatch.setattr(side_by_side.os, "cpu_count", lambda: 2)
    yield
    assert multiprocessing.active_children() == []


def test_results_come_in_order() -> None:
    """Whatever can be pickled comes back in the order of the sources, and was made by other processes."""
    offset = 100  # known to the processes because they are copies

    found = list(each(range(20), lambda n: (n + offset, os.getpid()), size=10, worth=10))
    assert [n for n, _ in found] == list(range(100, 120))
    assert os.getpid() not in {pid for _, pid in found}


@pytest.mark.parametrize("sources", [range(20), range(1)])
def test_what_is_small_is_read_here(sources: range) -> None:
    """Below the size that is worth it, and for a single source, no process begins."""
    found = list(each(sources, lambda _: os.getpid(), size=10 if len(sources) == 1 else 9, worth=10))
    assert set(found) == {os.getpid()}


def test_errors_come_through() -> None:
    """An error of the node has its place and remedy afterwards."""

    def read(number: int) -> int:
        if number == 3:
            raise StoreError("no room.", where=Place(source="x"), remedy="Make some.")
        return number

    with pytest.raises(StoreError) as raised:
        list(each(range(9), read, size=1, worth=1))
    assert str(raised.value) == "x: no room. Make some."


def test_a_process_that_is_killed_is_an_error() -> None:
    """The system's killer of processes without memory, for instance, ends no publication half way."""

    def read(number: int) -> int:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    with pytest.raises(StoreError, match="was ended from outside"):
        list(each(range(9), read, size=1, worth=1))


def test_sizes(tmp_path: Path) -> None:
    """Of files, of the files in folders, and of what is not there."""
    (tmp_path / "a").write_bytes(b"123")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b").write_bytes(b"1234")
    assert size_of([tmp_path / "a", tmp_path / "folder", tmp_path / "gone"]) == 7
