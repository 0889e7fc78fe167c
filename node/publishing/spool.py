"""The temporary folder of one publication, which outlives nobody: a killed publisher's is removed by the next one.

It holds what a partner publishes, also what only some may see, so that it must not lie about. A folder is in use as
long as somebody holds a lock on it, which the system takes away with the process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from node.store.temporary import unwritable

_PREFIX = "onconode-publish-"


@contextlib.contextmanager
def spool_folder() -> Iterator[Path]:
    """A new folder for this publication, removed at the end of the block. Raises StoreError when there can be none."""
    try:
        _remove_left(Path(tempfile.gettempdir()))
        folder, lock = _made()
    except OSError as error:
        raise unwritable(error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _made() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        # Until it is locked, another publisher may take it for one that was left.
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_SH)
            if folder.is_dir():
                return folder, lock
            os.close(lock)


def _remove_left(parent: Path) -> None:
    for left in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, or just removed by another
            lock = os.open(left, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left)
            finally:
                os.close(lock)
