"""What of a node with an external store lies in its own folder: generations that hold files only, and the way back.

The number of the current generation is what counts: a change is done when it is there, and not before. While quads are
being changed, the file ``undo.json`` says how to undo that. Whoever finds it, and is not the one who wrote it, has come
after a crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from node.errors import Place, StoreError
from node.store.generations import Generations
from node.store.quads import Generation

#: The file of a generation that says which state of the external store belongs to it.
STAMP_FILE = "store.txt"
_JOURNAL = "undo.json"


class LocalState:
    """The generations in the folder ``data``."""

    def __init__(self, data: Path, generations: Generations) -> None:
        self._data = data
        self._generations = generations

    def stamp(self, generation: Generation) -> str | None:
        """The stamp of the external store's state that belongs to this generation; None when it has none yet."""
        try:
            return (generation.folder / "files" / STAMP_FILE).read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError("the node's files cannot be read.", where=Place(source=str(generation.folder))) from error

    @property
    def _journal(self) -> Path:
        return self._data / _JOURNAL

    def interrupted(self) -> bool:
        """Whether a change of the quads is under way, or was cut short."""
        return self._journal.exists()

    def undo(self) -> list[str]:
        """The statements that undo the change that was cut short; empty when none was."""
        try:
            journal = json.loads(self._journal.read_bytes())
            statements = [str(each) for each in journal["statements"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                "the note of how to undo a change that was cut short is damaged.",
                where=Place(source=str(self._journal)),
                remedy="Restore the node and the external store from backups of the same moment.",
            ) from error
        # Done: the number was written, only the note not yet removed.
        return statements if journal["generation"] == self._generations.current().number else []

    def note(self, generation: Generation, statements: list[str]) -> None:
        """Write down, durably, how to undo what is about to be done to the state that belongs to ``generation``."""
        new = self._journal.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump({"generation": generation.number, "statements": statements}, file)
            file.flush()
            os.fsync(file.fileno())
        new.rename(self._journal)
        _sync(self._data)

    def done(self) -> None:
        """What was noted is no longer to be undone."""
        self._journal.unlink(missing_ok=True)
        _sync(self._data)

    @contextlib.contextmanager
    def next(self, current: Generation) -> Iterator[Path]:
        """The folder of the next generation, in which everything is as it is now; gone unless it gets finished."""
        building = self._generations.building(current)
        try:
            self._generations.clone(current, building)
            yield building
        finally:
            self._generations.abandon(building)

    def finish(self, current: Generation, building: Path) -> Generation:
        """Make it the current one: the moment at which a change is done."""
        finished = self._generations.finish(current, building)
        self._generations.remove_old(finished)
        return finished


def new_stamp(number: int) -> str:
    """A stamp for the state that belongs to generation ``number``, unlike that of any other node's."""
    return f"{number}-{secrets.token_hex(8)}"


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
