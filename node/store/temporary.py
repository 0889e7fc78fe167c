"""Temporary folders: one that is removed whatever happens, and what is said when the system refuses one."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from node.errors import StoreError
from node.store.generations import translated

_OF_WRITING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextlib.contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A new folder, removed at the end of the block. Raises StoreError when it cannot be made or written."""
    try:
        made = tempfile.TemporaryDirectory(prefix=prefix)
    except OSError as error:
        raise unwritable(error) from error
    with made as name:
        folder = Path(name)
        try:
            yield folder
        except OSError as error:
            named = error.filename
            within = isinstance(named, str | bytes) and Path(os.fsdecode(named)).is_relative_to(folder)
            if within or from_writing(error):
                raise unwritable(error) from error
            raise


def from_writing(error: OSError) -> bool:
    """Whether a system's error can only come from writing, and so not from a file that is read."""
    return error.errno in _OF_WRITING


def unwritable(error: OSError) -> StoreError:
    """The error for a temporary folder that cannot be written, from what the system says."""
    told = translated(error, "the temporary folder cannot be written")
    return StoreError(
        told.detail, where=told.where, remedy="Free some space there, or name another folder with TMPDIR."
    )
