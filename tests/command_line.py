"""Runs commands of ``onconode`` in the tests' own process: a process for each would mostly be busy with starting."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from node.cli.main import main


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: object
    stdout: str
    stderr: str


def onconode(*arguments: object, folder: Path | None = None) -> Done:
    """Run a command to its end, in this folder if one is given. Not for ``serve`` and ``demo``, which do not end."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    code: object = 0
    with (
        contextlib.chdir(folder or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", ["onconode", *map(str, arguments)]),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    for stream in (out, err):
        stream.seek(0)
    return Done(code, out.read(), err.read())
