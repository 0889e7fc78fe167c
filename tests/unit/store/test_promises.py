"""The node's word that its data stays as it is: what was promised is kept by every process, and never promised late."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from node.store import promises
from node.store.promises import CALM, USUAL, Promises

pytestmark = pytest.mark.skipif(promises.now() is None, reason="this system has no clock that promises are given by")


def clock() -> float:
    """The clock of promises."""
    time_now = promises.now()
    assert time_now is not None
    return time_now


def test_a_change_waits_for_what_was_promised(tmp_path: Path) -> None:
    """Of another object over the same folder, as it would be in another process."""
    server, writer = Promises(tmp_path), Promises(tmp_path)
    asked = clock()
    promised = server.promised()
    assert USUAL / 2 <= promised <= USUAL
    until = asked + promised
    with writer.kept():
        assert clock() >= until
        assert server.promised() == 0
        assert Promises(tmp_path).promised() == 0
    # One change after another waits once.
    started = clock()
    with writer.kept():
        pass
    assert clock() - started < USUAL / 2


def test_nothing_is_promised_for_a_while_after_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Promises(tmp_path)
    with Promises(tmp_path).kept():
        pass
    assert server.promised() == 0
    real = clock()
    monkeypatch.setattr(promises, "now", lambda: real + CALM + 0.5)
    assert server.promised() > 0


def test_a_first_change_waits_for_nothing(tmp_path: Path) -> None:
    started = clock()
    with Promises(tmp_path).kept():
        pass
    assert clock() - started < USUAL / 2


def test_promises_are_extended_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is at least half of the longest, and the file is written only when less is left."""
    server, begin = Promises(tmp_path), clock()
    for tenths in range(30):
        monkeypatch.setattr(promises, "now", lambda passed=tenths / 10: begin + passed)
        assert USUAL / 2 - 0.001 <= server.promised() <= USUAL


def test_a_longer_promise_is_for_those_who_want_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wanted, but no more than the longest; a change waits for it, in whichever process."""
    monkeypatch.setattr(promises, "LONGEST", 2.0)
    server, asked = Promises(tmp_path), clock()
    assert server.promised(1.2) <= 1.2
    assert 1.0 < (promised := server.promised(60.0)) <= 2.0
    # Whoever wants less is told what there is.
    assert server.promised() > 1.0
    with Promises(tmp_path).kept():
        assert clock() >= asked + promised - 1e-6


@pytest.mark.parametrize("written", [b"another-boot/time:[1] 1 0", b"", b"\xff rubbish"])
def test_what_cannot_be_read_counts_as_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bytes
) -> None:
    """What another boot has promised may still hold; an empty file holds no promise."""
    monkeypatch.setattr(promises, "LONGEST", 1.0)
    (tmp_path / "promise").write_bytes(written)
    started = clock()
    with Promises(tmp_path).kept():
        pass
    assert (clock() - started >= promises.LONGEST) == bool(written)


def test_the_word_of_a_killed_server_is_kept(tmp_path: Path) -> None:
    """By whoever changes the data next."""
    program = (
        "import sys; from pathlib import Path; from node.store import promises; asked = promises.now()\n"
        "print(asked + promises.Promises(Path(sys.argv[1])).promised(), flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    until = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    with Promises(tmp_path).kept():
        assert clock() >= until - 1e-6


def test_a_killed_writer_lets_go(tmp_path: Path) -> None:
    """What it had in hand is given up with it, and what was promised before stands."""
    server = Promises(tmp_path)
    program = (
        "import sys, time; from pathlib import Path; from node.store.promises import Promises\n"
        "with Promises(Path(sys.argv[1])).kept():\n    print('in', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "in\n"
        assert server.promised() == 0
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    time.sleep(0.2)
    assert server.promised() > 0


def test_promises_and_changes_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the order: no change happens within a promise that was made before it."""
    monkeypatch.setattr(promises, "CALM", 0.0)
    state, broken, stop = [0], list[str](), threading.Event()

    def promise() -> None:
        server = Promises(tmp_path)
        while not stop.is_set():
            before = clock()
            left = server.promised()
            seen = state[0]
            while left and clock() < before + left and not stop.is_set():
                if state[0] != seen:
                    # Seen while the promise may have ended in between: judged by the time before looking.
                    changed_at = times[-1]
                    if changed_at < before + left:
                        broken.append(f"{changed_at} < {before + left}")
                    break
                time.sleep(0.001)

    times = [0.0]
    threads = [threading.Thread(target=promise) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        with Promises(tmp_path).kept():
            times.append(clock())
            state[0] += 1
    stop.set()
    for thread in threads:
        thread.join()
    assert not broken
