"""How many of a thousand made-up direct identifiers are found, and how often real columns are taken for them.

    python -m bench.direct_identifiers [--show] [--shared FOLDER]

Found: seeded identifiers of ``tests/seeded_identifiers.py``, for the locales that were known while the check was made
and for those held out. False alarms: all columns of all tables in the shared folder of partners; each that is
reported is counted as one, though some do hold addresses of institutions and names of staff.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from node.model.identifiers import Identifiers
from node.publishing.documents import read_document
from node.publishing.drafts import Finding, Severity
from node.publishing.ntriples import Description
from node.publishing.screening import TableScreen, screened
from node.publishing.tables import open_table
from tests.seeded_identifiers import HELD_OUT, KNOWN, Seed, seeds

SEED, HELD_OUT_SEED = 4, 1977
IDENTIFIERS = Identifiers("https://node.example.org/")


def found(seed: Seed, folder: Path) -> tuple[bool, int]:
    """Whether the seeded column is reported, and how many innocent ones are."""
    if seed.document:
        path = folder / "seed.jsonld"
        path.write_text(seed.document, encoding="utf-8")
        reading = read_document(path, IDENTIFIERS, folder)
        told: list[Finding] = []
        for draft in reading.drafts:
            told += screened(draft, Description.read(draft.public))
    else:
        screen = TableScreen("table", seed.header)
        for line, row in enumerate(seed.rows, 2):
            screen.see(row, line)
        told = screen.findings()
    columns = {f.where.field for f in told if f.severity is Severity.VIOLATION}
    return seed.column in columns, len(columns - {seed.column})


def measured(count: int, seed: int, locales: tuple[str, ...]) -> tuple[list[Seed], list[Seed], int]:
    """All seeds, those that were missed, and the number of innocent columns that were reported."""
    made, missed, innocent = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        for one in seeds(count, seed, locales):
            hit, others = found(one, Path(folder))
            made.append(one)
            innocent += others
            if not hit:
                missed.append(one)
    return made, missed, innocent


def alarms(shared: Path) -> tuple[int, list[tuple[str, Finding]]]:
    """The number of columns in the shared tables, and every finding on them."""
    columns, told = 0, []
    for path in tables(shared):
        if path.name.startswith("data_clinical"):
            table = open_table(path, ("PATIENT_ID",))
            header: Sequence[str] = table.columns
            rows = ((row.line, row.cells) for row in table.rows())
        else:
            lines = _rows(path)
            header = next(lines, [])
            rows = ((line, cells) for line, cells in enumerate(lines, 2))
        screen = TableScreen(str(path), header)
        for line, cells in rows:
            screen.see([*cells, *[""] * len(header)][: len(header)], line)
        columns += sum(bool(name) for name in header)
        told += [(path.name, finding) for finding in screen.findings()]
    return columns, told


def tables(shared: Path) -> list[Path]:
    """All tables of the shared partners."""
    partners = shared / "data" / "partners"
    found = [p for pattern in ("*.tsv", "*/*.csv", "*/*.tsv", "*/*.csv.gz") for p in partners.glob(pattern)]
    return sorted([*found, *partners.glob("*/*/data_clinical*.txt")])


def _rows(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(10_000_000)
    opener = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", errors="replace", newline="") as stream:
        if ".csv" in path.name:
            yield from ([cell.strip() for cell in row] for row in csv.reader(stream))
            return
        for line in stream:
            if not line.startswith("#"):
                yield [cell.strip() for cell in line.rstrip("\r\n").split("\t")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both measurements; exit code 1 when one falls short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print what was missed")
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parent.parent.parent / "shared")
    options = parser.parse_args(arguments)
    good = True
    for name, seed, locales in (("known locales", SEED, KNOWN), ("held-out locales", HELD_OUT_SEED, HELD_OUT)):
        made, missed, innocent = measured(1000, seed, locales)
        print(
            f"{name}: {len(made) - len(missed)} of {len(made)} found ({100 * (1 - len(missed) / len(made)):.1f} %), "
            f"{innocent} innocent columns reported"
        )
        totals, lost = Counter(s.kind for s in made), Counter(s.kind for s in missed)
        for kind, total in sorted(totals.items()):
            print(f"  {kind:24} {total - lost[kind]:4} of {total:4}")
        if options.show:
            for one in missed:
                shown = (
                    one.document[-300:]
                    if one.document
                    else str([row[one.header.index(one.column)] for row in one.rows][:5])
                )
                print(f"  missed: {one.kind}, {one.locale}, {one.column}: {shown}")
        good &= len(missed) <= 20
    if options.shared.is_dir():
        started = time.perf_counter()
        columns, told = alarms(options.shared)
        print(
            f"shared tables: {columns} columns in {time.perf_counter() - started:.1f} s, "
            f"{len(told)} reported ({100 * len(told) / columns:.2f} in 100)"
        )
        for table, finding in told:
            print(f"  {table}, field {finding.where.field}: {finding.message} [{finding.value}]"[:220])
        good &= len(told) * 100 < columns
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
