"""Kills ``onconode`` commands that change a node at random instants: the node is as before or as meant, never between.

    python -m bench.crashes --kills 500

Publishing, replacing, amending, withdrawing, installing a release and rolling back to another take turns.
Each command is given in a child process that is killed
(SIGKILL) after a random time; then the node's state is compared with what it was before and with what the whole command
makes of it, the same command is given again, and has to end with the latter. A state is everything the node has: all
quads, all files, and the number of the generation. Only times differ between runs; they are left out. A quarter of
the kills come at a random time after the command has begun to write, another one in the 10 ms around the moment at
which the new state becomes the current one. A command that ends before its kill does not count.

Children are forked from one process that has everything loaded, so that a kill falls into the work of a command and not
into the start of Python, and 500 of them take minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph

from node.cli.main import main, onconode
from node.cli.nodes import create_node

_EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "partners"
_VERSION = re.compile(rb'"version": "[0-9a-f]{16}"')
_SUM = re.compile(rb'"sum": "[^"]+"')
_DIGEST = re.compile(rb'"[0-9a-f]{64}"')
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DATASET = "glioma-registry"


@dataclass(frozen=True)
class Command:
    """A command as it is given, without ``--node``."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A command, the node that it starts from, that node's state and the one the command makes, and its duration."""

    command: Command
    start: Path
    old: str
    new: str
    seconds: float


class Broken(Exception):
    """A node that is neither as it was nor as it was meant to be, or that a command could not be completed on."""


def forked(work: Callable[[], object], output: int | None = None) -> int:
    """Run something in a child process, whose output goes to a descriptor, or nowhere; its process number."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        told = os.open(os.devnull, os.O_RDWR) if output is None else output
        for descriptor in (1, 2):
            os.dup2(told, descriptor)
        work()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def finished(pid: int) -> int:
    """Wait for a child; its exit code, negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Told:
    """A child process with what it writes, which is read at its end. For a few kilobytes: more and it would wait."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._reading, writing = os.pipe()
        self._pid = forked(work, writing)
        os.close(writing)

    def end(self) -> tuple[int, str]:
        """Wait for it; its exit code and what it wrote."""
        with os.fdopen(self._reading, encoding="utf-8") as stream:
            text = stream.read()
        return finished(self._pid), text


def given(command: Command, node: Path) -> Callable[[], None]:
    """The command on the node in this folder, to be run in a child: it ends the process with its exit code."""

    def work() -> None:
        sys.argv = ["onconode", *command.arguments, "--node", str(node)]
        main()

    return work


def completed(command: Command, node: Path) -> float:
    """Carry a command out; how many seconds it took. Raises Broken."""
    started = time.monotonic()
    if code := finished(forked(given(command, node))):
        raise Broken(f"{command.name} ended with {code}")
    return time.monotonic() - started


def state(node: Path) -> str:
    """A digest of everything in a node's current generation but times. Read in a child: the database has threads."""
    code, found = Told(lambda: print(_state(node), end="")).end()
    if code or len(found) != 64:
        raise Broken(f"{node} cannot be read: {found}")
    return found


def _state(node: Path) -> str:
    generations = node / "data" / "generations"
    current = (generations / "CURRENT").read_text().strip()
    parts = [current.encode()]
    store = pyoxigraph.Store.read_only(str(generations / current / "quads"))
    parts += sorted({_TIME.sub(b"T", str(quad).encode()) for quad in store})
    files = generations / current / "files"
    for path in sorted(p for p in files.rglob("*") if p.is_file()):
        parts += [str(path.relative_to(files)).encode(), _without_times(path)]
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _without_times(path: Path) -> bytes:
    content = path.read_bytes()
    if path.name == "graphs.json":  # versions of graphs are random
        content = _VERSION.sub(b"V", content)
    elif path.name == "digests.json":  # of triples that have times among them
        content = _VERSION.sub(b"V", _SUM.sub(b"S", content))
    elif path.name == "summary.json":
        content = _DIGEST.sub(b"D", content)  # of all and of each graph
    return _TIME.sub(b"T", content)


def cases(folder: Path) -> list[Case]:
    """The commands, each with a node to give it to."""
    partners = folder / "partners"  # a copy, because publishing writes proposals beside the data
    shutil.copytree(_EXAMPLES, partners)
    changed = folder / "changed" / "glioma-registry.jsonld"
    changed.parent.mkdir()
    document = json.loads((partners / "neuro-registry" / changed.name).read_text(encoding="utf-8"))
    dataset = document["@graph"][0]
    dataset["title"] = "The same registry a year later"
    for sample in dataset["samples"]:
        sample["sourceCode"] = "changed"
    changed.write_text(json.dumps(document), encoding="utf-8")
    publish = Command("publish", ("publish", str(partners / "neuro-registry")))
    first = folder / "first"
    create_node(first, base_iri="http://node.example/", title="A node", publisher="A clinic")
    completed(Command("first", ("publish", str(partners / "sarcoma-biobank"))), first)
    second = folder / "second"
    shutil.copytree(first, second)
    completed(publish, second)
    starts = (
        (publish, first),
        (Command("replace", ("publish", str(changed))), second),
        (Command("amend", ("amend", _DATASET, "--set", "title=Another title")), second),
        (Command("withdraw", ("withdraw", _DATASET, "--reason", "consent was taken back")), second),
        (Command("install", ("ontology", "install", "ncit", "--from", str(_release(folder, "ncit-2020")))), first),
        (Command("rollback", ("ontology", "rollback", "ncit", "--to", "2020")), _with_releases(folder, first)),
    )
    return [_case(command, start, folder / command.name) for command, start in starts]


def _release(folder: Path, name: str) -> Path:
    """A made release of two classes, one of them called as the file is."""
    path = folder / f"{name}.ttl"
    path.write_text(
        "@prefix obo: <http://purl.obolibrary.org/obo/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        f"obo:NCIT_C1 a owl:Class . obo:NCIT_C2 a owl:Class ; rdfs:subClassOf obo:NCIT_C1 ; rdfs:label '{name}' .\n",
        encoding="utf-8",
    )
    return path


def _with_releases(folder: Path, start: Path) -> Path:
    """A node with two releases of NCIt, the later one active."""
    node = folder / "releases"
    shutil.copytree(start, node)
    for name in ("ncit-2020", "ncit-2021"):
        completed(Command("first", ("ontology", "install", "ncit", "--from", str(_release(folder, name)))), node)
    return node


def _case(command: Command, start: Path, scratch: Path) -> Case:
    seconds = 0.0
    for _ in range(2):  # the second time everything is in the disk's cache
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(start, scratch)
        seconds = completed(command, scratch)
    old, new = state(start), state(scratch)
    if old == new:
        raise Broken(f"{command.name} changes nothing")
    return Case(command, start, old, new, seconds)


def kill_once(case: Case, victim: Path, rng: random.Random) -> tuple[str | None, float]:
    """Kill the command once on a copy of its node, and give it again.

    What it left, ``old`` or ``new``, None if it ended before; and how many seconds the whole command took afterwards.

    Raises Broken with what is wrong.
    """
    shutil.copytree(case.start, victim)
    after = case.seconds * rng.uniform(0, 1.2)
    pid = forked(given(case.command, victim))
    stage = rng.choice(("", "", ".building", ".lease"))
    if stage:
        after = rng.uniform(0, case.seconds * 0.4 if stage == ".building" else 0.01)
        _wait_for(pid, victim, stage)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    killed = finished(pid) == -signal.SIGKILL
    found = state(victim)
    if found not in (case.old, case.new):
        raise Broken(f"{case.command.name}, killed after {after:.4f} s, left a state that is neither old nor new")
    seconds = completed(case.command, victim)
    if state(victim) != case.new:
        raise Broken(f"{case.command.name}, killed after {after:.4f} s and given again, did not come to its end")
    left = [entry.name for entry in (victim / "data" / "generations").iterdir() if entry.name.endswith(".building")]
    if left:
        raise Broken(f"{case.command.name}, killed after {after:.4f} s and given again, left {left[0]}")
    if case.command.name != "withdraw" and list(Path(tempfile.gettempdir()).glob("onconode-publish-*")):
        raise Broken(f"{case.command.name}, killed after {after:.4f} s and given again, left temporary files")
    shutil.rmtree(victim)
    return ("new" if found == case.new else "old") if killed else None, seconds


def _wait_for(pid: int, victim: Path, ending: str) -> None:
    """Until there is a new name with this ending among the generations, or the command has ended.

    The folder ``….building`` comes when writing begins, the file ``….lease`` just before the generation is in place.
    """
    folder = victim / "data" / "generations"
    before = set(folder.iterdir())
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if any(path.name.endswith(ending) for path in set(folder.iterdir()) - before):
            return
        time.sleep(0.0002)


def run(
    kills: int, *, seed: int, folder: Path, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Counter[str]]:
    """So many kills over all commands in turn; what state each left, by command. Raises Broken."""
    rng = random.Random(seed)
    prepared = cases(folder)
    for case in prepared:
        tell(f"{case.command.name} takes {case.seconds:.2f} s")
    seen: dict[str, Counter[str]] = {case.command.name: Counter() for case in prepared}
    done = 0
    while done < kills:
        case = prepared[done % len(prepared)]
        left, seconds = kill_once(case, folder / "victim", rng)
        # A machine is faster and slower with what else it does; kills are to fall all over a command all the same.
        if left == "old":
            prepared[done % len(prepared)] = replace(case, seconds=seconds)
        if left is not None:
            seen[case.command.name][left] += 1
            done += 1
    return seen


def warm_up(folder: Path) -> None:
    """Load in this process what all commands need, so that children have it."""
    node = folder / "warm"
    create_node(node, base_iri="http://node.example/", title="A node")
    source = str(_EXAMPLES / "neuro-registry")
    onconode.main(["publish", source, "--node", str(node), "--dry-run", "--json"], standalone_mode=False)


def kill_many(arguments: Sequence[str] | None = None) -> int:
    """The program; 0 when every kill left the old or the new state."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="onconode-crashes-") as name:
        folder = Path(name)
        tempfile.tempdir = str(folder / "temporary")
        Path(tempfile.tempdir).mkdir()
        _quietly(lambda: warm_up(folder))
        try:
            seen = run(chosen.kills, seed=chosen.seed, folder=folder, tell=print)
        except Broken as error:
            print(f"BROKEN: {error}", file=sys.stderr)
            return 1
    for command, states in seen.items():
        print(
            f"{command:>9}: {sum(states.values())} kills, " + ", ".join(f"{n} {s}" for s, n in sorted(states.items()))
        )
    print(f"{chosen.kills} kills, each left the old or the new state, and each command given again came to its end.")
    print(f"{time.monotonic() - started:.0f} s")
    return 0


def _quietly(work: Callable[[], None]) -> None:
    kept = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 1)
        work()
        sys.stdout.flush()
    finally:
        os.dup2(kept, 1)
        os.close(null)
        os.close(kept)


if __name__ == "__main__":
    sys.exit(kill_many())
