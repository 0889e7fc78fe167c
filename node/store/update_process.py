"""The process that carries out an update, seen from the node: started, given a deadline, and heard or killed."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from node.errors import NodeError, QueryMemoryExceeded, QueryTimeout, StoreError
from node.model.access import Tier
from node.store.generations import translated
from node.store.passed import from_json
from node.store.quads import Budget, Generation, Update
from node.store.refusals import ended

_COMMAND = (sys.executable, "-P", "-m", "node.store.updater")
_PIECE_BYTES = 1 << 16


def carry_out(
    update: Update,
    budget: Budget,
    *,
    building: Path,
    current: Generation,
    tier_graphs: Mapping[Tier, str],
    lock: int,
) -> bool:
    """Carry out the update in the folder ``building``, a clone of ``current``. Returns whether anything changed.

    ``lock`` is the descriptor of the writer's lock: the process holds it too, so that nobody else writes while it
    lives. Raises what ``QuadStore.update`` says; the folder is then of no use.
    """
    deadline = time.monotonic() + budget.seconds
    with tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                bufsize=0,
                pass_fds=(lock,),
                # Its own session: Ctrl-C in a terminal is for the node.
                start_new_session=True,
                env={**os.environ, "RUST_BACKTRACE": "0"},
            )
        except OSError as error:
            raise translated(error, "the process for the update cannot be started") from error
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin as to, process.stdout as out:
            try:
                # One that dies while it is being told is heard of by its silence.
                with contextlib.suppress(BrokenPipeError):
                    _send(to, _asked(update, budget, building, current, tier_graphs), deadline)
                said = _heard(out, deadline)
            except TimeoutError:
                raise _too_slow(budget) from None
            finally:
                # It has said everything, or is to say nothing more: nothing may write in the folder from now on.
                process.kill()
                code = process.wait()
        complaints.seek(0)
        words = complaints.read(4000)
    if not said:
        raise _ended(code, words, budget)
    answer = json.loads(said)
    if "changed" in answer:
        return bool(answer["changed"])
    raise _refused(answer, update, budget)


def _asked(
    update: Update, budget: Budget, building: Path, current: Generation, tier_graphs: Mapping[Tier, str]
) -> bytes:
    asked: dict[str, Any] = {
        "folder": str(building),
        "number": current.number,
        "tier_graphs": dict(tier_graphs),
        "text": update.text,
        "base": update.base,
        "default_graph": update.default_graph,
        "skolem": update.skolem,
        "depth": update.depth,
        "tier": update.tier,
        "using": None if update.using is None else (update.using.default, update.using.named),
        "loads": {
            source: None if isinstance(given, NodeError) else str(given) for source, given in update.loads.items()
        },
        "seconds": budget.seconds,
        "memory_bytes": budget.memory_bytes,
        "result_bytes": budget.result_bytes,
    }
    return json.dumps(asked).encode() + b"\n"


def _send(pipe: IO[bytes], line: bytes, deadline: float) -> None:
    os.set_blocking(pipe.fileno(), False)
    left = memoryview(line)
    while left:
        _wait_for(pipe, selectors.EVENT_WRITE, deadline)
        with contextlib.suppress(BlockingIOError):
            left = left[os.write(pipe.fileno(), left[:_PIECE_BYTES]) :]


def _heard(pipe: IO[bytes], deadline: float) -> bytes:
    said = b""
    while True:
        _wait_for(pipe, selectors.EVENT_READ, deadline)
        piece = os.read(pipe.fileno(), _PIECE_BYTES)
        if not piece:
            return said
        said += piece


def _wait_for(pipe: IO[bytes], event: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, event)
        if not selector.select(max(deadline - time.monotonic(), 0.0)):
            raise TimeoutError


def _refused(answer: dict[str, Any], update: Update, budget: Budget) -> NodeError:
    if "not_loaded" in answer:
        given = update.loads[answer["not_loaded"]]
        assert isinstance(given, NodeError)
        return given
    return _too_large(budget) if "memory" in answer else from_json(answer["refused"])


def _ended(code: int, words: bytes, budget: Budget) -> NodeError:
    """Why the process ended without a word: as a query's worker would, but the caller wrote no query."""
    why = ended(code, words, budget)
    if isinstance(why, QueryTimeout):
        return _too_slow(budget)
    if isinstance(why, QueryMemoryExceeded):
        return _too_large(budget)
    how = f"by signal {-code}" if code < 0 else f"with code {code}"
    return StoreError(f"the update's process ended {how}.", remedy="Try again. Nothing of it has been done.")


def _too_large(budget: Budget) -> QueryMemoryExceeded:
    return QueryMemoryExceeded(
        f"the update needed more than {budget.memory_bytes / 1e6:,.0f} MB of memory, or nests too deeply.",
        remedy="Do it in several parts. Nothing of it has been done.",
    )


def _too_slow(budget: Budget) -> QueryTimeout:
    return QueryTimeout(
        f"the update did not finish within {budget.seconds:g} s.",
        remedy="Do it in several parts. Nothing of it has been done.",
    )
