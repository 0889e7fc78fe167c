"""Commands that change a node where disks and other processes do not let them; prints what came of it as JSON.

A program of its own, because children are forked from one process without threads, and because some faults need mounts
in a namespace of their own: ``unshare -rm python -m tests.integration.publishing_faults full-disk FOLDER``.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.crashes import Case, Command, Told, cases, completed, given, state, warm_up


def attempted(case: Case, node: Path, prepare: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """Give a command where something is wrong: its exit code, what it said, and which state it left."""
    work = given(case.command, node)
    code, said = Told(lambda: (prepare(), work())).end()
    found = state(node)
    left = "old" if found == case.old else "new" if found == case.new else "neither"
    return {"command": case.command.name, "code": code, "said": said, "left": left}


def small_files(folder: Path) -> list[dict[str, Any]]:
    """No file may grow beyond a limit, as with a quota: each command at limits from nothing to enough."""
    told = []
    for case in cases(folder):
        for limit in (3_000, 64_000_000):
            node = folder / "there" / "victim"
            shutil.copytree(case.start, node)
            attempt = attempted(case, node, lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, -1)))
            completed(case.command, node)
            told.append(attempt | {"limit": limit, "afterwards": "new" if state(node) == case.new else "not new"})
            shutil.rmtree(node)
    return told


def full_disk(folder: Path) -> list[dict[str, Any]]:
    """The node's disk has so much space left; then it has enough."""
    mount = folder / "there"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(mount)], check=True)
    told = []
    for case in cases(folder):
        for free in (0, 100_000, 20_000_000):
            node = mount / "victim"
            shutil.copytree(case.start, node)
            filler = mount / "filler"
            with filler.open("wb") as out:
                out.truncate(0)
                size = max(0, shutil.disk_usage(mount).free - free)
                out.write(b"\0" * size)
            attempt = attempted(case, node)
            filler.unlink()
            completed(case.command, node)
            told.append(attempt | {"free": free, "afterwards": "new" if state(node) == case.new else "not new"})
            shutil.rmtree(node)
    return told


def full_temporary_folder(folder: Path) -> list[dict[str, Any]]:
    """The disk of the temporary folder is full, the node's is not."""
    mount = folder / "full"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(mount)], check=True)
    told = []
    for case in cases(folder):
        node = folder / "there" / "victim"
        shutil.copytree(case.start, node)
        told.append(attempted(case, node, lambda: setattr(tempfile, "tempdir", str(mount))))
        shutil.rmtree(node)
    return told


def read_only(folder: Path) -> list[dict[str, Any]]:
    """The node's disk is mounted read-only."""
    told = []
    for case in cases(folder):
        mount = folder / "there"
        mount.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(mount)], check=True)
        shutil.copytree(case.start, mount / "victim")
        subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
        told.append(attempted(case, mount / "victim"))
        subprocess.run(["umount", str(mount)], check=True)
        mount.rmdir()
    return told


def at_once(folder: Path) -> list[dict[str, Any]]:
    """Several publishers of different datasets, of the same dataset, and a withdrawal, all at the same moment."""
    publish, replace, _, withdraw, *_ = cases(folder)
    told = []
    for _ in range(2):
        node = folder / "node"
        shutil.copytree(replace.start, node)
        before = _generation(node)
        commands = [
            Command("other", ("publish", str(_described(folder, f"set{i}", "A set")), "--json")) for i in range(3)
        ]
        commands += [Command("same", ("publish", str(_described(folder, "same", f"Title {i}")))) for i in range(3)]
        commands += [withdraw.command, replace.command, publish.command]
        children = [Told(given(command, node)) for command in commands]
        ends = [child.end() for child in children]
        files = node / "data" / "generations" / str(_generation(node)) / "files"
        told.append(
            {
                "commands": [[c.name, code] for c, (code, _) in zip(commands, ends, strict=True)],
                "said": [said for _, said in ends],
                "generations": _generation(node) - before,
                "register": json.loads((files / "datasets.json").read_text()),
                "feed": json.loads((files / "feed" / "state.json").read_text())["members"],
            }
        )
        shutil.rmtree(node)
    return told


def _generation(node: Path) -> int:
    return int((node / "data" / "generations" / "CURRENT").read_text())


def _described(folder: Path, name: str, title: str) -> Path:
    path = folder / f"{name}-{title}.jsonld"
    document = {
        "@context": "https://w3id.org/onconode/context/v1.jsonld",
        "id": f"datasets/{name}",
        "type": "Dataset",
        "identifier": name,
        "title": title,
        "description": "Gliomas of one clinic.",
        "publisher": {"type": "Organization", "name": "A clinic"},
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "accessRights": "PUBLIC",
        "contactPoint": {"type": "Contact", "formattedName": "Office", "email": "mailto:office@example.org"},
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


FAULTS = {
    "small-files": small_files,
    "full-disk": full_disk,
    "full-temporary-folder": full_temporary_folder,
    "read-only": read_only,
    "at-once": at_once,
}


def main() -> None:
    fault, folder, result = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    tempfile.tempdir = str(folder)
    warm_up(folder)
    result.write_text(json.dumps(FAULTS[fault](folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
