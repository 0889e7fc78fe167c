"""How much memory and time a table takes by its number of rows: ``python -m bench.table_memory 1000 200000``.

A table is made up for each number, and published into a new node by the command line, in a process of its own. What
should be: the memory of the longest is that of the shortest and some tens of megabytes, the time grows with the rows.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_COMMAND = Path(sys.executable).with_name("onconode")
_DIAGNOSES = ("Glioblastoma", "Breast Carcinoma", "Lung Adenocarcinoma", "Colon Adenocarcinoma", "GBM", "Chordoma")
_SITES = ("Brain", "Breast", "Lung", "Colon")
_MAPPING = """
[dataset]
id = "measured"
title = "A table made up for a measurement"
description = "It describes nobody."
licence = "CC BY 4.0"
access = "public"
[columns.Sample]
property = "sample-id"
[columns.Donor]
property = "donor-id"
[columns.Diagnosis]
property = "diagnosis"
[columns.Site]
property = "site"
[columns.Sex]
property = "sex"
[columns.Age]
property = "age-at-diagnosis"
unit = "years"
[columns.Type]
property = "sample-type"
"""


def write_table(path: Path, rows: int) -> None:
    """A table of this many samples, two of each donor."""
    rng = random.Random(rows)
    with path.open("w", encoding="utf-8") as out:
        out.write("Sample,Donor,Diagnosis,Site,Sex,Age,Type\n")
        for i in range(rows):
            kind = rng.choice(("Primary", "Metastasis"))
            out.write(f"S{i:08},D{i // 2:08},{rng.choice(_DIAGNOSES)},{rng.choice(_SITES)},")
            out.write(f"{'FM'[i // 2 % 2]},{rng.randrange(20, 95)},{kind}\n")


def run(*arguments: str) -> tuple[float, int]:
    """Seconds and peak kilobytes of one command."""
    begun = time.perf_counter()
    child = subprocess.Popen([_COMMAND, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        raise SystemExit(f"onconode {' '.join(arguments)} failed")
    return time.perf_counter() - begun, used.ru_maxrss


def main() -> None:
    """Print a line for each number of rows given."""
    with tempfile.TemporaryDirectory() as folder:
        table, node = Path(folder, "t.csv"), Path(folder, "node")
        Path(folder, "t.mapping.toml").write_text(_MAPPING, encoding="utf-8")
        print(f"{'rows':>10}  {'check':>18}  {'publish':>18}")
        for rows in map(int, sys.argv[1:] or ("1000", "50000")):
            write_table(table, rows)
            place = str(node / str(rows))
            run("init", place, "--base-iri", "http://node.example/", "--json")
            told = []
            for extra in (["--dry-run"], []):
                seconds, kilobytes = run("publish", str(table), "--node", place, "--json", *extra)
                told.append(f"{seconds:>7.1f} s {kilobytes / 1000:>5.0f} MB")
            print(f"{rows:>10,}  {told[0]:>18}  {told[1]:>18}", flush=True)


if __name__ == "__main__":
    main()
