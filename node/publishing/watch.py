"""Notices that a partner's files changed while they were read, so that nothing is published that never was."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from node.errors import Place
from node.publishing.drafts import Finding, Severity

# What another process cannot help changing when it writes a file or puts another one in its place.
_Look = tuple[int, int, int]


class Watch:
    """What the files at some paths looked like when reading began."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._before = _look_at(paths)

    def changes(self, read: Collection[Path]) -> list[Finding]:
        """A violation for each file that does not look as it did; of those that were ``read``, of all if empty."""
        after = _look_at(self._paths)
        return [
            Finding(
                Severity.VIOLATION,
                "the file changed while it was read",
                Place(source=str(path)),
                remedy="Wait until it is written completely, then publish it again.",
            )
            for path, look in self._before.items()
            if after.get(path) != look and (not read or path in read)
        ]


def unreadable(error: OSError) -> Finding:
    """The violation that a file of a partner is which the system does not let us read."""
    where = Place(source=os.fsdecode(error.filename) if error.filename else None)
    return Finding(
        Severity.VIOLATION,
        f"the file cannot be read: {error.strerror or error}",
        where,
        remedy="Is it there, and may this user read it?",
    )


def _look_at(paths: Iterable[Path]) -> dict[Path, _Look]:
    """Size, time of change and number of every file at the paths; of none where there is nothing to see."""
    files = [Path(parent, name) for path in paths for parent, _, names in os.walk(path) for name in names]
    looks = {}
    files += [path for path in paths if not path.is_dir()]
    for file in files:
        try:
            seen = file.stat()
        except OSError:
            continue
        looks[file] = seen.st_size, seen.st_mtime_ns, seen.st_ino
    return looks
