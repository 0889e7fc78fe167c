"""The generations of a node's data: numbered, immutable folders, one of which is current.

::

    DATA/
      writer.lock              held by the one process that makes the next generation
      promise                  until when the current generation stays the current one (``promises``)
      generations/
        CURRENT                the number of the current generation, replaced by rename
        7/quads/  7/files/     the previous generation
        7.lease                readers of generation 7 hold it shared; a writer that may take it alone removes 7
        8/  8.lease            the current generation
        9-5ce1f0aa.building/   the next one, while it is being made; left over after a crash, then removed

A generation is made as a clone of the current one: table files and all of ``files/`` by hard link (they are never
written again), the database's small mutable files by copying. It becomes the current one in two renames, each after
everything it makes visible is on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from node.errors import Conflict, Place, StoreError
from node.store.promises import Promises
from node.store.quads import Generation

_POINTER = "CURRENT"
_BUILDING = ".building"
_REMOVING = ".removing"
_LEASE = ".lease"
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_LOCK_POLL_SECONDS = 0.02
#: Errors of link(2) that say that this file system or these two places cannot do it, not that something is broken.
_NO_LINKS = frozenset({errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})


def _link(source: Path, target: Path) -> None:
    target.hardlink_to(source)


class Generations:
    """The folder ``DATA/generations`` and the lock on it.

    ``link`` makes a hard link; it is an argument so that a file system without them can be tried out.
    """

    def __init__(self, data: Path, *, writer_seconds: float, link: Callable[[Path, Path], None] = _link) -> None:
        self._data = data
        self._folder = data / "generations"
        self.promises = Promises(data)
        self._pointer = str(self._folder / _POINTER)
        self._writer_seconds = writer_seconds
        self._link = link
        self._lock: int | None = None
        #: The state of the pointer's file when it was read last, the folder that it named, and that generation.
        self._last: tuple[tuple[int, int, int] | None, str, Generation] = None, "", Generation(0, self._folder / "0")

    @property
    def lock(self) -> int:
        """The descriptor of the writer's lock, for a process to inherit. Only within ``writer``."""
        assert self._lock is not None
        return self._lock

    def current(self) -> Generation:
        """The generation that is current now; number 0, whose folder does not exist, for an untouched node.

        Raises StoreError when the pointer is damaged or names a generation that is not there.
        """
        try:
            # Asked several times for every query, hence by few system calls. Another generation is named by another
            # file, which takes the name of this one while this one is still there: it has a number of its own.
            last_state, last_folder, last = self._last
            if _state(os.stat(self._pointer)) == last_state and os.path.isdir(last_folder):  # noqa: PTH112, PTH116
                return last
            descriptor = os.open(self._pointer, os.O_RDONLY | os.O_CLOEXEC)
            try:
                text, state = os.read(descriptor, 100), _state(os.fstat(descriptor))
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            pointer = self._folder / _POINTER
            if self._numbers():
                # The first writer makes the pointer before the first generation.
                if pointer.exists():
                    return self.current()
                raise _damaged(pointer, "is missing, though there are generations beside it") from None
            return Generation(0, self._folder / "0")
        except OSError as error:
            raise translated(error, "the store cannot be read") from error
        pointer = self._folder / _POINTER
        if text == b"0\n":
            return Generation(0, self._folder / "0")
        number = text.removesuffix(b"\n").decode("ascii", "replace")
        if not text.endswith(b"\n") or not _NUMBER.fullmatch(number):
            raise _damaged(pointer, "does not hold the number of a generation")
        folder = self._folder / number
        if not os.path.isdir(folder):  # noqa: PTH112
            # A reader that was held up between two system calls while two generations passed sees this too.
            with contextlib.suppress(OSError):
                if pointer.read_bytes() != text:
                    return self.current()
            raise _damaged(pointer, f"names generation {number}, which is not there")
        found = Generation(int(number), folder)
        self._last = state, str(folder), found
        return found

    @contextlib.contextmanager
    def reading(self) -> Iterator[Generation]:
        """The current generation, which no writer removes while the block runs. Raises StoreError."""
        while True:
            current = self.current()
            if current.number == 0:
                yield current
                return
            try:
                lease = os.open(self._folder / f"{current.number}{_LEASE}", os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                if current.folder.is_dir():
                    raise StoreError(
                        f"generation {current.number} has no lease file.", where=Place(source=str(current.folder))
                    ) from None
                continue  # removed between two system calls: there is a newer one
            except OSError as error:
                raise translated(error, "the store cannot be read") from error
            try:
                fcntl.flock(lease, fcntl.LOCK_SH)
                if current.folder.is_dir():
                    yield current
                    return
            finally:
                os.close(lease)

    @contextlib.contextmanager
    def writer(self) -> Iterator[Generation]:
        """Be the only writer, of all threads and processes, and get the current generation.

        Leftovers of writers that were killed are gone when the block starts. Raises Conflict when another writer
        holds the lock for more than ``writer_seconds``; StoreError when the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._data / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise translated(error, "the store cannot be written") from error
        try:
            self._wait_for(lock)
            current = self.current()
            try:
                if current.number == 0:
                    # From here on a missing pointer next to a generation is damage, not a first start cut short.
                    self._point_to(0)
                    _sync(self._data)
                self._remove_leftovers(current.number)
            except OSError as error:
                raise translated(error, "the store cannot be written") from error
            self._lock = lock
            try:
                yield current
            finally:
                self._lock = None
        finally:
            os.close(lock)

    def building(self, current: Generation) -> Path:
        """The name of a folder to make the next generation in; each time a new one, out of the way of any other."""
        return self._folder / f"{current.number + 1}-{secrets.token_hex(4)}{_BUILDING}"

    def clone(self, current: Generation, building: Path) -> None:
        """Start the next generation with the content of ``current``. Call as the writer. Raises OSError."""
        (building / "quads").mkdir(parents=True)
        (building / "files").mkdir()
        if current.number == 0:
            return
        for source in sorted((current.folder / "quads").iterdir()):
            if source.name == "LOCK" or source.name.startswith("LOG"):
                continue
            if source.suffix == ".sst":
                self._link_or_copy(source, building / "quads" / source.name)
            else:
                shutil.copyfile(source, building / "quads" / source.name)
        for parent, folders, files in os.walk(current.folder / "files"):
            target = building / "files" / Path(parent).relative_to(current.folder / "files")
            for name in folders:
                (target / name).mkdir()
            for name in files:
                self._link_or_copy(Path(parent, name), target / name)

    def finish(self, current: Generation, building: Path) -> Generation:
        """Make what was built the current generation, durably, as soon as the node's word allows it.

        Call as the writer. Raises OSError.
        """
        number = current.number + 1
        _sync_tree(building)
        (self._folder / f"{number}{_LEASE}").touch()
        folder = building.rename(self._folder / str(number))
        _sync(self._folder)
        with self.promises.kept():
            self._point_to(number)
        return Generation(number, folder)

    def remove_old(self, current: Generation) -> None:
        """Remove the generations before the previous one that nobody reads. Call as the writer.

        What cannot be removed now stays for the next writer: the change is done, and is not undone by this.
        """
        for number in self._numbers():
            if number < current.number - 1:
                with contextlib.suppress(OSError):
                    self._remove_unread(number)

    def abandon(self, building: Path) -> None:
        """Remove a generation that will not be finished."""
        shutil.rmtree(building, ignore_errors=True)

    def _numbers(self) -> list[int]:
        try:
            names = [entry.name for entry in self._folder.iterdir()]
        except OSError:
            return []
        return sorted(int(name) for name in names if _NUMBER.fullmatch(name))

    def _wait_for(self, lock: int) -> None:
        deadline = time.monotonic() + self._writer_seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Conflict(
                        f"another process has been changing this node for more than {self._writer_seconds:g} s.",
                        remedy="Wait until it is done and try again.",
                    ) from None
                time.sleep(_LOCK_POLL_SECONDS)
            except OSError as error:
                raise translated(error, "the store cannot be locked") from error
            else:
                return

    def _remove_leftovers(self, current: int) -> None:
        for entry in list(self._folder.iterdir()):
            name = entry.name
            if name.endswith((_BUILDING, _REMOVING)) or (_NUMBER.fullmatch(name) and int(name) > current):
                shutil.rmtree(entry)
            elif name == f"{_POINTER}.new" or (name.endswith(_LEASE) and not entry.with_suffix("").is_dir()):
                entry.unlink()

    def _remove_unread(self, number: int) -> None:
        lease_file = self._folder / f"{number}{_LEASE}"
        lease = os.open(lease_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            # Renamed first, so that a generation is there whole or not at all.
            doomed = (self._folder / str(number)).rename(self._folder / f"{number}{_REMOVING}")
            lease_file.unlink()
        finally:
            os.close(lease)
        shutil.rmtree(doomed)

    def _point_to(self, number: int) -> None:
        new = self._folder / f"{_POINTER}.new"
        with new.open("wb") as file:
            file.write(b"%d\n" % number)
            file.flush()
            os.fsync(file.fileno())
        new.rename(self._folder / _POINTER)
        _sync(self._folder)

    def _link_or_copy(self, source: Path, target: Path) -> None:
        try:
            self._link(source, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            shutil.copyfile(source, target)


def _state(found: os.stat_result) -> tuple[int, int, int]:
    """What differs between two files of one name, and between two contents of one file."""
    return found.st_ino, found.st_ctime_ns, found.st_size


def _sync_tree(folder: Path) -> None:
    """Force a new generation to the disk: every folder, and every file that an older one does not share."""
    for parent, _, files in os.walk(folder):
        for name in files:
            path = Path(parent, name)
            if path.stat().st_nlink == 1:
                _sync(path)
        _sync(Path(parent))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged(pointer: Path, what: str) -> StoreError:
    return StoreError(
        f"the file that names the current generation {what}.",
        where=Place(source=str(pointer)),
        remedy="Restore the node from a backup, or, to go back to a generation that is still there, write its number "
        "and a line end into that file.",
    )


_CAUSES = {
    errno.ENOSPC: ("the disk is full", "Free some space on the disk that holds the node's data and try again."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space within the quota and try again."),
    errno.EFBIG: ("a file would grow larger than it may", "Raise the limit on file sizes and try again."),
    errno.EROFS: ("the disk is read-only", "Mount it writable, or move the node's folder."),
    errno.EACCES: ("permission was denied", "Run this as the user who owns the node's folder."),
    errno.EPERM: ("permission was denied", "Run this as the user who owns the node's folder."),
    errno.EMFILE: ("too many files are open", "Raise the limit on open files (ulimit -n) and try again."),
    errno.EIO: ("the disk reports an error", "Check the disk."),
}
#: RocksDB puts the system's words into its messages, not the number.
_CAUSE_IN_TEXT = tuple((os.strerror(number), cause) for number, cause in _CAUSES.items())


def translated(error: OSError | RuntimeError, what: str) -> StoreError:
    """An operating system's or database's error as ours. ``what`` says what did not work, as a clause.

    The path is in ``where``, not in the text: the text may go to any caller.
    """
    if isinstance(error, RuntimeError):
        # What pyoxigraph raises for a database whose files do not fit together.
        return StoreError(f"{what}: the database is damaged.", remedy="Restore the node from a backup.")
    cause = _CAUSES.get(error.errno or 0) or next((c for words, c in _CAUSE_IN_TEXT if words in str(error)), None)
    place = Place(source=os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
    if cause is None:
        said = error.strerror or "the database reports an error"
        return StoreError(f"{what}: {said}.", where=place)
    return StoreError(f"{what}: {cause[0]}.", where=place, remedy=cause[1])
