"""Generation folders: cloning, pointing, cleaning, locking, and what happens when the disk does not help."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from node.errors import Conflict, StoreError
from node.model.access import Tier
from node.store.generations import Generations, translated
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change, Generation, GraphContent

Open = Callable[..., OxigraphStore]
Ask = Callable[..., list[dict[str, str]]]

GRAPH = "http://node.example/graph/d"


def put(number: int, tier: Tier | None = Tier.PUBLIC) -> Change:
    """A change after which the graph and the file say this number."""
    return Change(
        put=(GraphContent(GRAPH, tier, f'<http://x/s> <http://x/n> "{number}" .\n'.encode()),),
        files={"n.txt": str(number).encode()},
    )


def names(data: Path) -> set[str]:
    return {entry.name for entry in (data / "generations").iterdir()}


def advance(generations: Generations) -> Generation:
    """One more generation, with an unchanged content."""
    with generations.writer() as current:
        building = generations.building(current)
        generations.clone(current, building)
        made = generations.finish(current, building)
        generations.remove_old(made)
        return made


def test_an_untouched_node_has_the_empty_generation_and_no_folder(tmp_path: Path) -> None:
    """Looking does not write: generation 0 exists by definition."""
    assert Generations(tmp_path / "data", writer_seconds=1).current().number == 0
    assert not (tmp_path / "data").exists()


def test_older_generations_keep_their_files(open_store: Open, tmp_path: Path) -> None:
    """A generation's files are never written again, though the next one shares them by hard link."""
    store = open_store()
    first = store.apply(Change(files={"a/kept.txt": b"kept", "a/changed.txt": b"old", "gone.txt": b"there"}))
    second = store.apply(Change(files={"a/changed.txt": b"new", "gone.txt": None}))
    assert (first.folder / "files/a/changed.txt").read_bytes() == b"old"
    assert (first.folder / "files/gone.txt").read_bytes() == b"there"
    assert (second.folder / "files/a/changed.txt").read_bytes() == b"new"
    assert not (second.folder / "files/gone.txt").exists()
    kept = [(g.folder / "files/a/kept.txt").stat().st_ino for g in (first, second)]
    assert kept[0] == kept[1]


def test_table_files_are_shared_with_the_generation_before(open_store: Open) -> None:
    """A clone costs no disk space for what stays."""
    store = open_store()
    store.apply(put(1))
    other = Change(put=(GraphContent("http://node.example/graph/e", Tier.PUBLIC, b"<a:s> <a:p> <a:o> .\n"),))
    after = store.apply(other)
    assert any(path.stat().st_nlink > 1 for path in (after.folder / "quads").glob("*.sst"))


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM])
def test_without_hard_links_files_are_copied(number: int, open_store: Open, tmp_path: Path) -> None:
    """A file system that cannot link costs space and time, nothing else."""

    def refuse(source: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number), str(source))

    open_store().apply(put(1))
    made = advance(Generations(tmp_path / "data", writer_seconds=1, link=refuse))
    assert made.number == 2
    assert (made.folder / "files/n.txt").read_bytes() == b"1"
    assert all(path.stat().st_nlink == 1 for path in made.folder.rglob("*") if path.is_file())


def test_other_errors_of_linking_are_errors(open_store: Open, tmp_path: Path) -> None:
    """Only what linking cannot do is worked around; a full disk is a full disk."""

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    open_store().apply(put(1))
    generations = Generations(tmp_path / "data", writer_seconds=1, link=full)
    with pytest.raises(OSError, match="No space left"):
        advance(generations)
    assert generations.current().number == 1


def test_current_and_previous_generation_are_kept(open_store: Open, tmp_path: Path) -> None:
    """Older ones go as soon as nobody reads them, with their lease files."""
    store = open_store()
    for number in range(1, 6):
        store.apply(put(number))
    assert names(tmp_path / "data") == {"CURRENT", "4", "4.lease", "5", "5.lease"}


def test_a_generation_that_is_read_stays_until_its_reader_is_done(open_store: Open, tmp_path: Path) -> None:
    """The shared lock on the lease file is what keeps it."""
    store = open_store()
    store.apply(put(1))
    reader = os.open(tmp_path / "data/generations/1.lease", os.O_RDONLY)
    fcntl.flock(reader, fcntl.LOCK_SH)
    for number in range(2, 5):
        store.apply(put(number))
    assert {"1", "1.lease"} <= names(tmp_path / "data")
    assert "2" not in names(tmp_path / "data")
    os.close(reader)
    store.apply(put(5))
    assert "1" not in names(tmp_path / "data")


def test_what_killed_writers_left_is_removed_by_the_next(open_store: Open, tmp_path: Path) -> None:
    """Half-built folders, half-removed ones, finished ones that never became current, orphaned small files."""
    store = open_store()
    store.apply(put(1))
    generations = tmp_path / "data/generations"
    for left in ("2-0a1b2c3d.building/quads", "0.removing/quads", "2/files"):
        (generations / left).mkdir(parents=True)
    for left in ("7.lease", "CURRENT.new", "2-0a1b2c3d.building/quads/LOCK"):
        (generations / left).write_bytes(b"?")
    store.apply(put(2))
    assert names(tmp_path / "data") == {"CURRENT", "1", "1.lease", "2", "2.lease"}
    assert store.file("n.txt") == b"2"


def test_a_first_change_cut_short_leaves_the_empty_node(open_store: Open, ask: Ask, tmp_path: Path) -> None:
    """Killed between the renaming of generation 1 and the pointer to it: still empty, and writable."""
    store = open_store()
    store.apply(put(1))
    (tmp_path / "data/generations/CURRENT").write_bytes(b"0\n")
    assert store.generation().number == 0
    assert ask(store, "SELECT * { ?s ?p ?o }") == []
    assert store.apply(put(7)).number == 1
    assert store.file("n.txt") == b"7"


@pytest.mark.parametrize(
    "pointer", [b"", b"1", b"one\n", b"-1\n", b"1 \n", b"1\n\n", b"\xff\n", b"00\n", b"99\n", None]
)
def test_a_damaged_pointer_is_an_error_that_says_what_to_do(
    pointer: bytes | None, open_store: Open, tmp_path: Path
) -> None:
    """No guess is made about which state of the node is the current one. The message holds no path."""
    store = open_store()
    store.apply(put(1))
    path = tmp_path / "data/generations/CURRENT"
    path.write_bytes(b"?")
    if pointer is None:
        path.unlink()
    else:
        path.write_bytes(pointer)
    for attempt in (store.generation, lambda: store.file("n.txt"), lambda: store.apply(put(2))):
        with pytest.raises(StoreError) as caught:
            attempt()
        assert "backup" in (caught.value.remedy or "")
        assert str(tmp_path) not in caught.value.detail
        assert str(tmp_path) in str(caught.value)
    path.write_bytes(b"1\n")
    assert store.apply(put(2)).number == 2


def test_a_writer_that_waits_too_long_is_told(open_store: Open, tmp_path: Path) -> None:
    """Conflict after the time that the constructor sets; nothing is left behind, and the next one gets in."""
    store = open_store(writer_seconds=0.1)
    store.apply(put(1))
    other = os.open(tmp_path / "data/writer.lock", os.O_RDWR)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(Conflict, match=r"more than 0\.1 s"):
        store.apply(put(2))
    os.close(other)
    assert store.apply(put(3)).number == 2


def test_threads_that_change_at_once_take_turns(open_store: Open) -> None:
    """Each change makes one generation; none is lost."""
    store = open_store()
    threads = [
        threading.Thread(target=store.apply, args=(Change(files={f"{n}.txt": b"here"}),), daemon=True) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.generation().number == 8
    assert all(store.file(f"{n}.txt") == b"here" for n in range(8))


FULL = """
import resource, sys
from pathlib import Path
from node.errors import StoreError
from node.model.access import Tier
from node.model.identifiers import Identifiers
from node.store.oxigraph import OxigraphStore
from node.store.quads import Change, GraphContent
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
store = OxigraphStore(Path(sys.argv[1]), identifiers=Identifiers("http://node.example/"), workers=1, queue_seconds=1)
lines = b"".join(b'<http://x/s%d> <http://x/p> "%064d" .\\n' % (n, n) for n in range(20_000))
try:
    store.apply(Change(put=(GraphContent("http://node.example/graph/big", Tier.PUBLIC, lines),)))
except StoreError as error:
    print(error.detail)
    sys.exit(7)
"""


def test_a_disk_that_takes_no_more_leaves_the_node_as_it_was(open_store: Open, ask: Ask, tmp_path: Path) -> None:
    """When a file cannot grow while the database writes, the change is refused whole and its leftovers are gone."""
    store = open_store()
    store.apply(put(1))
    command = [sys.executable, "-c", FULL, str(tmp_path / "data"), "400000"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (7, "the change cannot be written: a file would grow larger than it may.\n")
    assert store.generation().number == 1
    assert names(tmp_path / "data") == {"CURRENT", "1", "1.lease"}
    assert ask(store, "SELECT ?o { ?s ?p ?o }") == [{"o": "1"}]
    assert store.apply(put(2)).number == 2


def test_data_in_a_place_that_is_no_folder_is_an_error(open_store: Open, tmp_path: Path) -> None:
    """The system's refusal is told without a path in the text."""
    (tmp_path / "file").write_bytes(b"")
    store = open_store(tmp_path / "file" / "data")
    with pytest.raises(StoreError, match="cannot be written"):
        store.apply(put(1))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written_is_read_all_the_same(open_store: Open, ask: Ask, tmp_path: Path) -> None:
    """Queries need no writing; a change says who should make it."""
    store = open_store()
    store.apply(put(1))
    for folder in (tmp_path / "data", tmp_path / "data/generations"):
        folder.chmod(0o555)
    try:
        assert ask(store, "SELECT ?o { ?s ?p ?o }") == [{"o": "1"}]
        with pytest.raises(StoreError, match="permission"):
            store.apply(put(2))
    finally:
        for folder in (tmp_path / "data", tmp_path / "data/generations"):
            folder.chmod(0o755)


def test_data_restored_without_lease_files_can_be_read(open_store: Open, ask: Ask, tmp_path: Path) -> None:
    """A safety copy need not hold the lock files."""
    open_store().apply(put(1))
    shutil.copytree(tmp_path / "data", tmp_path / "copy", ignore=shutil.ignore_patterns("*.lease", "*.lock"))
    store = open_store(tmp_path / "copy")
    assert ask(store, "SELECT ?o { ?s ?p ?o }") == [{"o": "1"}]
    for number in range(2, 5):
        store.apply(put(number))
    assert ask(store, "SELECT ?o { ?s ?p ?o }") == [{"o": "4"}]


def test_a_database_that_is_damaged_is_an_error_not_an_empty_answer(open_store: Open, ask: Ask) -> None:
    """A missing table file is told to who asks and to who writes."""
    store = open_store()
    current = store.apply(put(1))
    for path in (current.folder / "quads").glob("*.sst"):
        path.unlink()
    with pytest.raises(StoreError) as caught:
        ask(store, "SELECT * { ?s ?p ?o }")
    assert str(current.folder) not in caught.value.detail
    with pytest.raises(StoreError, match="damaged") as caught:
        store.apply(put(2))
    assert str(current.folder) not in str(caught.value)
    assert store.generation() == current
    assert store.apply(Change(files={"n.txt": b"3"})).number == 2


def test_what_the_system_says_becomes_what_to_do() -> None:
    """By number or, in the database's messages, by words; unknown causes keep the system's words."""
    full = translated(OSError("IO error: No space left on device: While appending to file: /x/000012.sst"), "it failed")
    assert (full.detail, full.remedy is not None) == ("it failed: the disk is full.", True)
    assert translated(OSError(errno.EROFS, "Read-only file system", "/x"), "it failed").detail.endswith("is read-only.")
    odd = translated(OSError(errno.ELOOP, os.strerror(errno.ELOOP), "/x"), "it failed")
    assert odd.detail == f"it failed: {os.strerror(errno.ELOOP)}."
    assert "/x" in str(odd.where)
    assert translated(OSError("Corruption: /x/y"), "it failed").detail == "it failed: the database reports an error."
