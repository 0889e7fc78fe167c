"""Files that change while they are read, or cannot be read; temporary folders that cannot be written, or were left."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from descriptions import description, write_json
from memory_store import MemoryStore

from node.errors import StoreError
from node.publishing import reading as publishing
from node.publishing.publish import NodeParts, publish
from node.publishing.spool import spool_folder


def at_reading(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object], *, after: bool) -> None:
    """Let something happen before or after each source is read, as another process might do it."""
    read = publishing.read_source

    def reading(*arguments: Any, **options: Any) -> Any:
        if not after:
            happens()
        result = read(*arguments, **options)
        if after:
            happens()
        return result

    monkeypatch.setattr(publishing, "read_source", reading)


def appended(path: Path) -> None:
    with path.open("a") as stream:
        stream.write("\n")


def replaced(path: Path) -> None:
    """Another file of the same size and time in its place."""
    new = path.with_name("new")
    new.write_bytes(path.read_bytes())
    os.utime(new, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    new.rename(path)


def touched(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def removed(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [appended, replaced, touched, removed])
@pytest.mark.parametrize("after", [True, False])
def test_a_file_that_changes_while_it_is_read_is_refused(
    parts: NodeParts,
    store: MemoryStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    after: bool,
) -> None:
    """Appended to, put anew, touched or removed: nothing is published of it, and the message says why."""
    path = write_json(tmp_path, description())
    at_reading(monkeypatch, lambda: change(path), after=after)
    report = publish([path], node=parts)
    assert not report.ok
    assert store.number == 0
    told = [*report.findings, *(f for d in report.datasets for f in d.findings)]
    assert any("changed while it was read" in f.message for f in told)
    assert all(str(path) in str(f.where) for f in told)


def test_other_files_of_a_folder_may_change(
    parts: NodeParts, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not read is not looked at; the other documents of the folder are published."""
    write_json(tmp_path, description("a"), "a.jsonld")
    notes = tmp_path / "notes.txt"
    notes.write_text("to do")
    at_reading(monkeypatch, lambda: appended(notes), after=False)
    assert publish([tmp_path], node=parts).ok
    assert store.number == 1


def test_one_changing_file_does_not_hold_back_the_others(
    parts: NodeParts, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each source stands or falls as a whole."""
    for name in "ab":
        write_json(tmp_path, description(name), f"{name}.jsonld")
    at_reading(monkeypatch, lambda: appended(tmp_path / "b.jsonld"), after=False)
    report = publish([tmp_path], node=parts)
    assert [d.outcome.value for d in report.datasets] == ["published", "rejected"]


def test_a_full_temporary_folder_is_told(
    parts: NodeParts, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's error without a file name comes from writing: it is no fault of the partner's file."""

    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    at_reading(monkeypatch, full, after=True)
    with pytest.raises(StoreError, match="temporary folder cannot be written: the disk is full"):
        publish([write_json(tmp_path, description())], node=parts)
    assert store.number == 0


def test_no_temporary_folder_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A clear error, not a traceback."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(StoreError, match="temporary folder"), spool_folder():
        pass


def test_what_a_killed_publisher_left_is_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder that nobody holds goes; that of a publisher at work stays, as does what is not ours."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, other = tmp_path / "onconode-publish-left", tmp_path / "something-else"
    for folder in (left, other):
        folder.mkdir()
        (folder / "file").write_text("x")
    with spool_folder() as mine, spool_folder() as another:
        assert not left.exists()
        assert mine.is_dir()
        assert another.is_dir()
        assert mine != another
        assert mine.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == [other]


@pytest.mark.parametrize(("module", "call"), [(os, "open"), (fcntl, "flock")])
def test_a_folder_removed_before_it_was_locked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: Any, call: str
) -> None:
    """Another publisher may take a new folder for one that was left; a new one is made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    real = getattr(module, call)
    gone: list[Path] = []

    def late(*arguments: Any, **options: Any) -> Any:
        if not gone:
            gone.extend(tmp_path.glob("onconode-publish-*"))
            for folder in gone:
                folder.rmdir()
        return real(*arguments, **options)

    monkeypatch.setattr(module, call, late)
    with spool_folder() as folder:
        assert gone
        assert folder.is_dir()
        assert folder != gone[0]
