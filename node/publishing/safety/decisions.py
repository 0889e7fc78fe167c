"""What a partner has decided about columns that look like direct identifiers: dropped, or allowed with a reason.

The decisions stand in ``safety.toml`` beside the data, or under ``[safety]`` in a mapping file:

    [[drop]]
    column = "PATIENT_NAME"

    [[allow]]
    column = "SLIDE"
    reason = "numbers of glass slides, given by us, on no list of patients"

There is no switch for all columns, and no allowance without a reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from node.errors import DocumentSyntaxError, Place
from node.publishing.safety.words import plain

FILE = "safety.toml"
_LARGEST = 1_000_000
#: A shorter reason explains nothing.
_SHORTEST_REASON = 10
_LONGEST_REASON = 500


@dataclass(frozen=True)
class Decisions:
    """Columns that are dropped, and columns that are allowed, by folded name: the name as written, and the reason."""

    path: Path | None = None
    dropped: frozenset[str] = frozenset()
    allowed: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def drops(self, column: str) -> bool:
        """Whether the partner has dropped this column."""
        return plain(column) in self.dropped

    def reason(self, column: str) -> str | None:
        """Why the partner allows this column, None when they do not."""
        written = self.allowed.get(plain(column))
        return None if written is None else written[1]

    def unknown(self, columns: Iterable[str]) -> list[str]:
        """The names (folded) that are decided on, but are none of these columns."""
        return sorted((self.dropped | set(self.allowed)) - {plain(column) for column in columns})

    def statements(self) -> Iterator[str]:
        """What is said of the allowed columns in the provenance of what is published."""
        for column, reason in self.allowed.values():
            yield f"The column {column!r} may look like a direct identifier; the publisher allowed it: {reason}"


NO_DECISIONS = Decisions()


def read_decisions(folder: Path) -> Decisions:
    """The decisions in ``safety.toml`` of a folder; none when there is no such file.

    Raises DocumentSyntaxError (file, field, remedy) for a file that cannot be read or says something else.
    """
    path = folder / FILE
    if not path.is_file():
        return NO_DECISIONS
    try:
        if path.stat().st_size > _LARGEST:
            raise DocumentSyntaxError(f"has more than {_LARGEST:,} bytes.", where=Place(source=str(path)))
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise DocumentSyntaxError(
            f"this is not a TOML file ({error}).", where=Place(source=str(path)), remedy="Correct it there."
        ) from error
    return decisions_in(content, path)


def decisions_in(content: Mapping[str, Any], path: Path) -> Decisions:
    """The decisions in what was read from ``path``: keys ``drop`` and ``allow``. Raises DocumentSyntaxError."""
    source = str(path)

    def refuse(what: str, where: str) -> NoReturn:
        raise DocumentSyntaxError(
            f"{what}.",
            where=Place(source=source, field=where),
            remedy='Write [[drop]] with column = "…", or [[allow]] with column = "…" and reason = "…".',
        )

    for key in content:
        if key not in ("drop", "allow"):
            refuse(f"{key!r} is no decision", str(key)[:60])
    dropped = {plain(_column(entry, {"column"}, "drop", refuse)) for entry in _entries(content, "drop", refuse)}
    allowed: dict[str, tuple[str, str]] = {}
    for entry in _entries(content, "allow", refuse):
        column = _column(entry, {"column", "reason"}, "allow", refuse)
        reason = entry.get("reason")
        if not isinstance(reason, str) or not _SHORTEST_REASON <= len(reason.strip()) <= _LONGEST_REASON:
            refuse(
                f"the column {column!r} is allowed without a reason "
                f"({_SHORTEST_REASON} to {_LONGEST_REASON} characters)",
                "allow",
            )
        if plain(column) in dropped:
            refuse(f"the column {column!r} is both dropped and allowed", "allow")
        allowed[plain(column)] = column, " ".join(reason.split())
    return Decisions(path, frozenset(dropped), allowed)


def _entries(content: Mapping[str, Any], key: str, refuse: Any) -> list[dict[str, Any]]:
    entries = content.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        refuse(f"{key!r} is not a list of tables", key)
    return list(entries)


def _column(entry: Mapping[str, Any], keys: set[str], key: str, refuse: Any) -> str:
    column = entry.get("column")
    if not isinstance(column, str) or not plain(column):
        refuse("a decision names no column", key)
    if set(entry) - keys:
        refuse(f"{sorted(set(entry) - keys)[0]!r} is not known here", key)
    return str(column)
