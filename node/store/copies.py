"""Safety copies of a node, and the way back. A copy is laid out as a node's folder and can be served as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

from node.errors import ConfigurationError, Conflict, Place, StoreError
from node.store.generations import Generations, translated
from node.store.quads import Generation

_WRITER_SECONDS = 60.0


def back_up(node: Path, target: Path, *, settings_file: str) -> Generation:
    """Copy settings and current generation of the node in the folder ``node`` to the new folder ``target``.

    The node may be served and changed meanwhile: the copy is of one generation. ``target`` appears whole or not at
    all. Raises Conflict when it exists, ConfigurationError, StoreError.
    """
    if target.exists():
        raise Conflict(f"{target} is there already.", remedy="Choose a new folder; a copy never overwrites another.")
    partial = target.with_name(f"{target.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    try:
        with Generations(node / "data", writer_seconds=_WRITER_SECONDS).reading() as current:
            folder = partial / "data" / "generations"
            folder.mkdir(parents=True)
            if current.number:
                name = str(current.number)
                shutil.copytree(current.folder, folder / name, ignore=shutil.ignore_patterns("LOCK", "LOG*"))
                (folder / f"{name}.lease").touch()
                (folder / "CURRENT").write_bytes(b"%d\n" % current.number)
            shutil.copyfile(node / settings_file, partial / settings_file)
            partial.rename(target)
            return current
    except OSError as error:
        raise translated(error, "the copy cannot be written") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def bring_back(copy: Path, node: Path, *, settings_file: str) -> Generation:
    """Make the generation in ``copy`` the current one of the node in ``node``, as its next generation.

    What was current stays on the disk as the previous generation. A folder without a node gets the copy's settings
    as well. Raises ConfigurationError when ``copy`` is none, StoreError, Conflict.
    """
    if not (copy / settings_file).is_file() or not (copy / "data" / "generations").is_dir():
        raise ConfigurationError(
            f"{copy} is not a safety copy.", remedy="Name a folder that was made by: onconode backup DIR2 --node DIR"
        )
    source = Generations(copy / "data", writer_seconds=_WRITER_SECONDS)
    try:
        node.mkdir(parents=True, exist_ok=True)
        if not (node / settings_file).exists():
            shutil.copyfile(copy / settings_file, node / settings_file)
    except OSError as error:
        raise translated(error, "the node's folder cannot be written") from error
    if source.current().number == 0:
        raise StoreError("the copy holds nothing.", where=Place(source=str(copy)))
    target = Generations(node / "data", writer_seconds=_WRITER_SECONDS)
    with source.reading() as held, target.writer() as current:
        building = target.building(current)
        try:
            target.clone(held, building)
            return target.finish(current, building)
        except OSError as error:
            raise translated(error, "the copy cannot be brought back") from error
        finally:
            target.abandon(building)
