"""``minted.tsv``: the register of every IRI that a workspace ever minted. Rows are only ever added at its end.

An IRI is minted from the range of one curator, so that two who work apart never mint the same; what the register
holds is never minted again, whatever became of the term. Two processes that mint at once take turns (a lock on the
file). Where two branches of a version-controlled workspace were merged, and both hold a row for one IRI, that is found.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from node.curation.settings import Curator, Vocabulary
from node.errors import Conflict, DocumentSyntaxError, Place
from node.rdf.terms import is_iri

FILE = "minted.tsv"

#: The header of the register.
COLUMNS = ("iri", "curator", "minted", "label")


@dataclass(frozen=True, slots=True)
class Minted:
    """One row: an IRI, who minted it, when (``xsd:dateTime`` text), for a term of what label, on which line."""

    iri: str
    curator: str
    minted: str
    label: str
    line: int = 0


def read_register(path: Path) -> list[Minted]:
    """All rows in order; none where there is no file. IRIs that stand in it twice are kept: ``collisions`` finds them.

    Raises DocumentSyntaxError with the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentSyntaxError(f"the register cannot be read: {error}.", where=Place(source=path.name)) from error
    return _parse(text, path.name)


def collisions(rows: Iterable[Minted]) -> list[tuple[Minted, Minted]]:
    """Pairs of rows that give one IRI to two terms: the first row of the IRI, and a later one."""
    first: dict[str, Minted] = {}
    found = []
    for row in rows:
        earlier = first.setdefault(row.iri, row)
        if earlier is not row:
            found.append((earlier, row))
    return found


def mint(
    path: Path, vocabulary: Vocabulary, curator: Curator, labels: Sequence[str], *, taken: Iterable[str] = ()
) -> list[Minted]:
    """A new IRI for each label, registered before it is returned.

    ``taken`` are IRIs in use beside those of the register. Raises Conflict when the curator's range is used up, the
    register holds an IRI twice or cannot be written; nothing is registered then.
    """
    try:
        with path.open("a+", encoding="utf-8", newline="") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            text = file.read()
            rows = _parse(text, path.name)
            for earlier, later in collisions(rows):
                raise Conflict(
                    f"{earlier.iri} is registered twice, for {earlier.label!r} and for {later.label!r}.",
                    where=Place(source=path.name, line=later.line),
                    remedy="Give one of the two terms a new IRI and remove its row, before anything more is minted.",
                )
            made = _choose(vocabulary, curator, labels, {row.iri for row in rows} | set(taken))
            out = io.StringIO()
            writer = csv.writer(out, delimiter="\t", lineterminator="\n")
            if not text.strip():
                writer.writerow(COLUMNS)
            elif not text.endswith("\n"):
                out.write("\n")
            writer.writerows((row.iri, row.curator, row.minted, row.label) for row in made)
            file.write(out.getvalue())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Conflict(f"the register cannot be written: {error.strerror}.", where=Place(source=str(path))) from error
    return made


def _choose(vocabulary: Vocabulary, curator: Curator, labels: Sequence[str], taken: set[str]) -> list[Minted]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made: list[Minted] = []
    # after the highest that was ever used: a number whose row was lost by hand is not found again
    used = [n for n in map(vocabulary.number_of, taken) if n is not None and curator.first <= n <= curator.last]
    number = max(used) + 1 if used else curator.first
    for label in labels:
        if number > curator.last:
            raise Conflict(
                f"the range of {curator.id!r} ({curator.first} to {curator.last}) is used up.",
                remedy="Give the curator a new range in curation.toml; the old rows keep theirs.",
            )
        made.append(Minted(vocabulary.iri_of(number), curator.id, now, " ".join(label.split())))
        number += 1
    return made


def _parse(text: str, name: str) -> list[Minted]:
    rows: list[Minted] = []
    for number, cells in enumerate(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE), 1):
        if not cells or (number == 1 and tuple(cells) == COLUMNS):
            continue
        if cells[0].startswith(("<<<<<<<", "=======", ">>>>>>>")):
            raise DocumentSyntaxError(
                "a merge was left unfinished here.",
                where=Place(source=name, line=number),
                remedy="Keep the rows of both sides, and remove the markers.",
            )
        if len(cells) != len(COLUMNS) or not is_iri(cells[0]):
            raise DocumentSyntaxError(
                f"a row has {len(COLUMNS)} cells, {', '.join(COLUMNS)}, the first an IRI.",
                where=Place(source=name, line=number),
            )
        rows.append(Minted(cells[0], cells[1], cells[2], cells[3], number))
    return rows


def check_range(
    vocabulary: Vocabulary, curators: Sequence[Curator], rows: Iterable[Minted]
) -> list[tuple[Minted, str]]:
    """Rows whose IRI lies in the range of another curator than the row names, with the id of that curator."""
    strays = []
    for row in rows:
        number = vocabulary.number_of(row.iri)
        if number is not None:
            owner = next((c for c in curators if c.first <= number <= c.last), None)
            if owner is not None and owner.id != row.curator:
                strays.append((row, owner.id))
    return strays
