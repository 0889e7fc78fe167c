"""Publishing, from tables to a node that answers: seconds, processor seconds and memory, beside peers in the same run.

    python -m bench.publish real --partners DIR --ontologies DIR [--rounds 1]
    python -m bench.publish table [--rows 1000000]
    python -m bench.publish growth [--samples 500000]

``real`` publishes every partner's folder in one command into a node that has the releases, serves it and asks it one
question. Beside it: ``oxigraph load`` (PyPI ``oxigraph``) of the same triples, once each. ``table`` publishes a made
table with a mapping file; beside it ``oxigraph load`` of what came of it, and morph-kgc (``make rml``, if that has been
done) making triples of the same table with a mapping of as many properties. ``growth`` publishes one more
small dataset in an empty node and in one that holds a large one. Memory is that of the largest process at its highest.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import urllib3

from node.cli.output import table
from tests.integration.running_node import running

_BASE = "http://127.0.0.1:9/"
_OXIGRAPH = str(Path(sys.executable).with_name("oxigraph"))
_RML_PYTHON = Path(__file__).parents[1] / ".venv-rml" / "bin" / "python"
_COLUMNS = ["what", "samples or triples", "seconds", "processor s", "largest MiB", "µs each", "times oxigraph load"]
_QUESTION = "SELECT (COUNT(*) AS ?n) { ?s <https://w3id.org/onconode/vocab#diagnosis> ?d }"
_DIAGNOSES = ("Glioblastoma", "Chordoma", "Ewing Sarcoma", "Ependymoma", "Neuroblastoma", "Synovial Sarcoma")
_SITES = ("Brain", "Bone", "Liver", "Lung", "Kidney")

_MAPPING = """
[dataset]
id = "{id}"
title = "Made table"
description = "Rows that a program made; nobody is described."
licence = "CC BY 4.0"
access = "public"

[columns]
SAMPLE = {{ property = "sample-id" }}
PATIENT = {{ property = "donor-id" }}
DIAGNOSIS = {{ property = "diagnosis" }}
SITE = {{ property = "site" }}
TYPE = {{ property = "sample-type" }}
SEX = {{ property = "sex" }}
AGE = {{ property = "age-at-diagnosis", unit = "years" }}
"""

_RML = """
@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> . @prefix ex: <http://ex.org/> .
<#rows> rml:logicalSource [ rml:source "{table}" ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "http://ex.org/samples/{{SAMPLE}}" ; rr:class ex:Sample ] ; {properties} .
"""


@dataclass(frozen=True)
class Run:
    """What one command took. ``mebibytes``: of the largest of its processes, at its highest."""

    seconds: float
    processor: float
    mebibytes: float

    def row(self, what: str, number: int, peer: Run | None = None) -> list[str]:
        """A line of the table."""
        ratio = "" if peer is None else f"{self.seconds / peer.seconds:.1f}"
        each = f"{self.seconds / number * 1e6:,.0f}"
        return [
            what,
            f"{number:,}",
            f"{self.seconds:,.1f}",
            f"{self.processor:,.1f}",
            f"{self.mebibytes:,.0f}",
            each,
            ratio,
        ]


def main() -> None:
    """Run one of the comparisons and print its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True, dest="command")
    real = commands.add_parser("real")
    real.add_argument("--partners", type=Path, required=True)
    real.add_argument("--ontologies", type=Path, required=True)
    made = commands.add_parser("table")
    made.add_argument("--rows", type=int, default=1_000_000)
    growth = commands.add_parser("growth")
    growth.add_argument("--samples", type=int, default=500_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if arguments.command == "real":
            rows = list(_real(folder, arguments.partners, arguments.ontologies))
        elif arguments.command == "table":
            rows = list(_table(folder, arguments.rows))
        else:
            rows = list(_growth(folder, arguments.samples))
    print(table(_COLUMNS, rows))


def _real(folder: Path, partners: Path, ontologies: Path) -> Iterator[list[str]]:
    node = _node(folder, *("ncit", "obi", "oncotree", "icdo3", "gdc"), releases=ontologies)
    paths = [str(path) for path in sorted(partners.iterdir()) if path.is_dir()]
    publishing = _onconode("publish", *paths, "--node", str(node), "--no-proposals")
    started = time.perf_counter()
    with running(["-m", "node", "serve", "--node", str(node), "--port", "0"], folder / "log") as service:
        asking = urlencode({"query": _QUESTION, "format": "csv"})
        answer = urllib3.request("GET", f"{service.address}sparql?{asking}").data
        served = time.perf_counter() - started
    samples = int(answer.split()[1])
    load, triples = _load(folder, node)
    yield publishing.row("publish all partners", samples, load)
    yield Run(served, 0, 0).row("serve, and the first answer", samples)
    yield load.row("oxigraph load of the same triples", triples)


def _table(folder: Path, rows: int) -> Iterator[list[str]]:
    node = _node(folder)
    made = _made_table(folder, "made", rows)
    publishing = _onconode("publish", str(made), "--node", str(node))
    load, triples = _load(folder, node)
    yield publishing.row("publish the table", rows, load)
    yield load.row("oxigraph load of the same triples", triples)
    if not _RML_PYTHON.exists():
        print("there is no environment with morph-kgc (make rml): not compared")
        return
    names = ("PATIENT", "DIAGNOSIS", "SITE", "TYPE", "SEX", "AGE")
    properties = " ; ".join(
        f'rr:predicateObjectMap [ rr:predicate ex:{name} ; rr:objectMap [ rml:reference "{name}" ] ]' for name in names
    )
    (folder / "rml.ttl").write_text(_RML.format(table=made, properties=properties), encoding="utf-8")
    settings = f"[CONFIGURATION]\noutput_file={folder}/rml.nt\n[DataSource1]\nmappings={folder}/rml.ttl\n"
    (folder / "rml.ini").write_text(settings, encoding="utf-8")
    yield _run([str(_RML_PYTHON), "-m", "morph_kgc", str(folder / "rml.ini")]).row("morph-kgc, triples only", rows)


def _growth(folder: Path, samples: int) -> Iterator[list[str]]:
    small = _made_table(folder, "small", 2_000)
    empty, full = _node(folder, name="empty"), _node(folder, name="full")
    yield _onconode("publish", str(_made_table(folder, "large", samples)), "--node", str(full)).row(
        "the large one", samples
    )
    for name, node in (("one more in an empty node", empty), ("one more in the full node", full)):
        yield _onconode("publish", str(small), "--node", str(node)).row(name, 2_000)
    load, triples = _load(folder, full)
    yield load.row("oxigraph load of the full node", triples)


def _made_table(folder: Path, name: str, rows: int) -> Path:
    """A table of so many samples, with its mapping beside it."""
    chance = random.Random(rows)
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["SAMPLE", "PATIENT", "DIAGNOSIS", "SITE", "TYPE", "SEX", "AGE"])
        for i in range(rows):
            donor = i // 2
            values = (chance.choice(_DIAGNOSES), chance.choice(_SITES), chance.choice(("Primary", "Metastasis")))
            writer.writerow([f"{name}-{i}", f"d-{donor}", *values, ("female", "male")[donor % 2], 20 + donor % 60])
    path.with_suffix(".mapping.toml").write_text(_MAPPING.format(id=name), encoding="utf-8")
    return path


def _node(folder: Path, *names: str, releases: Path | None = None, name: str = "node") -> Path:
    node = folder / name
    _onconode("init", str(node), "--base-iri", _BASE)
    if releases is not None:
        _onconode("ontology", "install", *names, "--from", str(releases), "--node", str(node))
    else:
        _onconode("ontology", "install", "ncit", "obi", "oncotree", "--node", str(node))
    return node


def _load(folder: Path, node: Path) -> tuple[Run, int]:
    """What loading the node's public triples into a new store takes, and how many there are."""
    dump = folder / "dump.nq"
    _onconode("dump", str(dump), "--node", str(node))
    with dump.open("rb") as file:
        triples = sum(1 for _ in file)
    loading = _run([_OXIGRAPH, "load", "--location", str(folder / "loaded"), "--file", str(dump)])
    dump.unlink()
    return loading, triples


def _onconode(*words: str) -> Run:
    return _run([sys.executable, "-m", "node", *words])


def _run(command: Sequence[str]) -> Run:
    """Run a command to its end. Raises RuntimeError when it fails."""
    before = os.times()
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said) as process:
            watch = _Memory(process.pid)
            code = process.wait()
            largest = watch.end()
        seconds = time.perf_counter() - started
        after = os.times()
        said.seek(0)
        if code:
            raise RuntimeError(f"{' '.join(command)[:200]} ended with {code}: {said.read()[-2000:].decode()}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(seconds, used, largest / (1 << 20))


class _Memory(threading.Thread):
    """Looks at the resident memory of a process and its descendants while they run (Linux)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._ended = threading.Event()
        self._most = 0
        self.start()

    def run(self) -> None:
        while not self._ended.wait(0.1):
            self._most = max(self._most, *(_highest(pid) for pid in _family(self._pid)))

    def end(self) -> int:
        """Bytes of the largest process at its highest."""
        self._ended.set()
        self.join()
        return self._most


def _family(pid: int) -> Iterator[int]:
    yield pid
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = file.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


def _highest(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
