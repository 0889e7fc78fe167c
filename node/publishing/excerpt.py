"""Descriptions that are too long to be held in memory: sorted on disk, and judged by an excerpt.

The triples that ``node.publishing.records`` writes stand together record by record, each beginning with its type. What
can be wrong with a record follows from its properties and the classes it names, so that of records that look alike a
few stand for all. Memory is that of the different looks, not of the records.
"""

from __future__ import annotations

import heapq
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path

from node.publishing.ntriples import Description, split_line
from node.rdf.namespaces import DERIVES_FROM, RDF_TYPE

#: How many records of one look are in an excerpt.
ALIKE = 3
#: How many lines are sorted in memory at once: some 20 MB.
_AT_ONCE = 100_000

_TYPE = f"<{RDF_TYPE}>"
_DERIVES = f"<{DERIVES_FROM}>"

Lines = Sequence[str]


def sorted_lines(path: Path, through: Callable[[Lines], Lines] = lambda lines: lines) -> Iterator[str]:
    """The distinct lines of a file without their newline, sorted. ``through`` may change the lines, some at a time.

    What does not fit into memory is sorted in parts, which lie beside the file.
    """
    with ExitStack() as files:
        parts: list[Iterator[str]] = []
        for lines in parts_of(path):
            part = through(lines)
            kept = files.enter_context(
                tempfile.TemporaryFile("w+", dir=path.parent, prefix="part.", encoding="utf-8", newline="\n")
            )
            kept.writelines(f"{line}\n" for line in part)
            kept.seek(0)
            parts.append(line.rstrip("\n") for line in kept)
        before = None
        for line in heapq.merge(*parts):
            if line != before:
                yield line
            before = line


def parts_of(path: Path) -> Iterator[Lines]:
    """The lines of a file some at a time, distinct and sorted within each part."""
    with path.open(encoding="utf-8", newline="\n") as source:
        while lines := [line.rstrip("\n") for line in islice(source, _AT_ONCE)]:
            yield sorted(set(lines))


def excerpt(paths: Sequence[Path], dataset: str) -> Description:
    """What is to be judged of the description in these files: all but samples and donors, of which a few of each look.

    With a sample comes what it derives from. ``dataset`` is the dataset's IRI. The last record of each look stands for
    all that are left out.
    """
    base = f"<{dataset}/"
    looks: Counter[bytes] = Counter()
    chosen: set[str] = set()
    for record in chain.from_iterable(map(_records, paths)):
        subject = record[0][: record[0].index(" ")]
        if subject.startswith(base):
            look = _look(record, base)
            looks[look] += 1
            if looks[look] <= ALIKE:
                chosen.add(subject)
                chosen.update(value for _, predicate, value in map(split_line, record) if predicate == _DERIVES)
    lines: list[str] = []
    taken: dict[bytes, list[str]] = {}
    for record in chain.from_iterable(map(_records, paths)):
        subject = record[0][: record[0].index(" ")]
        if not subject.startswith(base) or subject in chosen:
            lines += record
            if subject in chosen:
                taken.setdefault(_look(record, base), []).append(subject)
    found = Description(lines)
    found.stands_for = {subjects[-1][1:-1]: looks[look] - len(subjects) + 1 for look, subjects in taken.items()}
    return found


def _records(path: Path) -> Iterator[list[str]]:
    """The lines of each record: from one that states a type of another subject to the next."""
    record: list[str] = []
    subject = ""
    with path.open(encoding="utf-8", newline="\n") as source:
        for text in source:
            line = text.rstrip("\n")
            this, predicate, _ = line.split(" ", 2)
            if predicate == _TYPE and this != subject and record:
                yield record
                record = []
            if not record:
                subject = this
            record.append(line)
    if record:
        yield record


def _look(record: Lines, base: str) -> bytes:
    """What the lines of a record say, but for which record it is, what it is called and which texts and numbers."""
    seen = set()
    for line in record:
        _, predicate, value = split_line(line)
        if value.startswith(base):
            kind = value[len(base) : value.find("/", len(base))]
        elif value.startswith("<"):
            kind = value.partition("#coding-")[0]
        elif value == '""':
            kind = "empty"
        else:
            kind = value[value.rindex('"') :]
        seen.add(f"{line[: len(base)] == base} {predicate} {kind}")
    return blake2b("\n".join(sorted(seen)).encode(), digest_size=16).digest()
