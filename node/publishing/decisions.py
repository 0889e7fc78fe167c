"""What a partner has decided about proposed codes: a table beside the data, drafted here, filled in by the partner.

``decisions.sssom.tsv`` is an SSSOM/TSV table (``node.ontology.sssom``). Publishing adds a row for every candidate of
every value that is not certain, marked ``proposed``, and one with ``sssom:NoTermFound`` for a value without candidates.
The partner writes ``accepted`` or ``rejected``; the next publication does so. Rows are only ever added at the end, so
nothing that the partner wrote is lost or moved.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from node.errors import DocumentSyntaxError, Place
from node.ontology.branches import BRANCHES
from node.ontology.mappings import EXACT
from node.ontology.sssom import MANUAL, NO_TERM, REVIEWED, Match, Row, cells_of, header_of, read_sssom, write_sssom
from node.publishing.coder import Coder, Decided, key_of
from node.publishing.tally import OTHERS, Drafted, Tally
from node.rdf.namespaces import shorten

FILE = "decisions.sssom.tsv"
ACCEPTED, REJECTED, PROPOSED = "accepted", "rejected", "proposed"
#: How many rows one publication adds at most, those that would bring most samples first.
MOST_ADDED = 5_000

_ABOUT = (
    "What publishing could not code with certainty, and the classes that come into question. Write accepted or",
    "rejected into the column decision. To choose a class that is not listed, write its code (NCIT:C3058) into",
    "object_id and accept that row. sssom:NoTermFound accepted says that the words name nothing. Then publish again.",
)


class DecidingCoders:
    """Gives the coder for each source: one and the same for all that lie beside the same tables of decisions."""

    def __init__(self, coder: Coder) -> None:
        self._coders: dict[tuple[Path, ...], Coder] = {(): coder}

    def beside(self, source: Path, named: Path) -> Coder:
        """The coder for a source that was found under the path ``named`` on the command line.

        Raises DocumentSyntaxError when a table of decisions cannot be read.
        """
        files = decision_files(source, named)
        coder = self._coders.get(files)
        if coder is None:
            rows = [(row, path) for path in files for row in read_rows(path)]
            coder = self._coders[files] = self._coders[()].deciding(decided(rows))
        return coder


def decision_files(source: Path, named: Path) -> tuple[Path, ...]:
    """The tables that hold for a source: that of the path named, then the source's own, which counts more."""
    folders = dict.fromkeys((folder_of(named), source if source.is_dir() else source.parent))
    return tuple(path for folder in folders if (path := folder / FILE).is_file())


def folder_of(named: Path) -> Path:
    """The folder in which the decisions about a path lie: itself, or that of the file."""
    return named if named.is_dir() else named.parent


def read_rows(path: Path) -> list[Row]:
    """The rows of a table of decisions. Raises DocumentSyntaxError with file, line and column."""
    try:
        rows = read_sssom(path.read_bytes(), source=str(path))
    except OSError as error:
        raise DocumentSyntaxError(f"cannot be read: {error.strerror}.", where=Place(source=str(path))) from error
    for row in rows:
        if row.decision not in ("", ACCEPTED, REJECTED, PROPOSED):
            raise DocumentSyntaxError(
                f"this is no decision: {row.decision!r}.",
                where=Place(source=str(path), line=row.line, field="decision", record=row.match.written),
                remedy=f"Write {ACCEPTED}, {REJECTED} or {PROPOSED}.",
            )
        if row.match.property_iri not in BRANCHES:
            raise DocumentSyntaxError(
                "nothing is coded at this property.",
                where=Place(source=str(path), line=row.line, field="subject_category", record=row.match.written),
                remedy=f"Write one of: {', '.join(map(shorten, BRANCHES))}.",
            )
        if row.decision == ACCEPTED and not row.match.iri:
            raise DocumentSyntaxError(
                "a row is accepted that names no class.",
                where=Place(source=str(path), line=row.line, field="object_id", record=row.match.written),
                remedy="Write the code of the class, for example NCIT:C3058.",
            )
    return rows


def decided(rows: Iterable[tuple[Row, Path]]) -> Decided:
    """The decisions in these rows, later files over earlier ones.

    Raises DocumentSyntaxError when one file accepts two classes for the same words: it cannot be told which is meant.
    """
    accepted: dict[tuple[str, str], tuple[Match, Path]] = {}
    rejected: dict[tuple[str, str], frozenset[str]] = {}
    for row, path in rows:
        match = row.match
        key = (match.property_iri, key_of(match.written))
        if row.decision == REJECTED or (row.decision == ACCEPTED and match.iri == NO_TERM):
            rejected[key] = rejected.get(key, frozenset()) | {match.iri}
        elif row.decision == ACCEPTED:
            before = accepted.get(key)
            if before is not None and before[1] == path and before[0].iri != match.iri:
                raise DocumentSyntaxError(
                    f"two classes are accepted for the same words: {before[0].iri} and {match.iri}.",
                    where=Place(source=str(path), line=row.line, record=match.written),
                    remedy="Accept one of them.",
                )
            grounds = MANUAL if match.justification == MANUAL else REVIEWED
            accepted[key] = replace(match, justification=grounds, confidence=1.0, source=FILE), path
    # a class that was rejected in a wider place and accepted in a nearer one is accepted
    return Decided({key: match for key, (match, _) in accepted.items()}, rejected)


def add_proposals(folder: Path, tallies: Mapping[str, Tally]) -> Drafted | None:
    """Add what is not certain to the table in this folder; None when there is nothing to add and no table.

    Raises OSError when the table cannot be written, and DocumentSyntaxError when it cannot be read.
    """
    path = folder / FILE
    old = read_rows(path) if path.is_file() else []
    known = {(row.match.property_iri, key_of(row.match.written)) for row in old}
    new = list(_proposals(tallies, known))[:MOST_ADDED]
    if not new and not old:
        return None
    if new:
        _replace(path, _added(path.read_text(encoding="utf-8-sig"), new) if old else _fresh(new))
    waiting = {
        (row.match.property_iri, key_of(row.match.written)) for row in (*old, *new) if row.decision in ("", PROPOSED)
    }
    settled = {
        (row.match.property_iri, key_of(row.match.written)) for row in old if row.decision in (ACCEPTED, REJECTED)
    }
    return Drafted(str(path), len(new), len(waiting - settled))


def _proposals(tallies: Mapping[str, Tally], known: set[tuple[str, str]]) -> Iterator[Row]:
    """A row for each candidate of each value that no row speaks of, the values that would bring most samples first."""
    values = [
        (count, property_iri, value, tally.candidates.get(value, ()))
        for property_iri, tally in tallies.items()
        for counts in (tally.proposed, tally.unknown)
        for value, count in counts.items()
        if value and value != OTHERS
    ]
    seen = set(known)
    for count, property_iri, value, candidates in sorted(values, key=lambda v: (-v[0], v[1], v[2])):
        key = (property_iri, key_of(value))
        if key in seen:
            continue
        seen.add(key)
        none = Match(property_iri, value, NO_TERM, "", EXACT, MANUAL, 0.0)
        for match in candidates or (none,):
            yield Row(replace(match, written=value), PROPOSED, count)


def _fresh(rows: Sequence[Row]) -> bytes:
    return write_sssom(rows, about=_ABOUT, identifier="https://w3id.org/onconode/mappings/decisions")


def _added(text: str, rows: Iterable[Row]) -> bytes:
    """The table with rows at its end, in the order of its own columns, whatever else it holds."""
    columns = header_of(text)
    lines = [text if text.endswith("\n") else f"{text}\n"]
    for row in rows:
        cells = cells_of(row)
        lines.append("\t".join(_quoted(cells.get(column, "")) for column in columns) + "\n")
    return "".join(lines).encode("utf-8")


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if '"' in cell else cell


def _replace(path: Path, content: bytes) -> None:
    """Write the whole file or none of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(path.stat().st_mode if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
