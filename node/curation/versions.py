"""Versions of a vocabulary: which is later, and what a version says of how much has changed since the one before.

Three numbers, after Semantic Versioning: the first grows when a term is gone without having been obsolete, the second
with terms that are new, obsolete or elsewhere in the hierarchy, the third with names, definitions and mappings. A date
(2026-12-01) only has to be later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from node.curation.differences import Change
from node.errors import Conflict, ProtocolError

_NUMBERS = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MAJOR = frozenset({"NodeDeletion"})
_MINOR = frozenset(
    (
        *("ClassCreation", "NodeCreation", "NodeObsoletion", "NodeObsoletionWithDirectReplacement"),
        *("NodeUnobsoletion", "NodeMove", "NodeDeepening", "NodeShallowing", "PlaceUnder", "RemoveUnder"),
        *("EdgeCreation", "EdgeDeletion", "LogicalAxiomChange"),
    )
)


def latest(versions: Iterable[str]) -> str | None:
    """The latest of these versions, None for none; what is no version is passed over."""
    known = [version for version in versions if is_version(version)]
    return max(known, key=_key, default=None)


def is_version(text: str) -> bool:
    """Whether a text is three numbers or a date."""
    return bool(_NUMBERS.fullmatch(text) or _DATE.fullmatch(text))


def next_version(last: str | None, changes: Iterable[Change]) -> str:
    """The version that these changes ask for at least, after ``last`` (three numbers; None for a first release)."""
    if last is None:
        return "1.0.0"
    major, minor, patch = (int(part) for part in last.split("."))
    match _weight(changes):
        case 2:
            return f"{major + 1}.0.0"
        case 1:
            return f"{major}.{minor + 1}.0"
        case _:
            return f"{major}.{minor}.{patch + 1}"


def check_version(version: str, last: str | None, changes: Iterable[Change]) -> None:
    """Raise ProtocolError for what is no version, Conflict for one that is not late enough for these changes."""
    if not is_version(version):
        raise ProtocolError(
            f"{version[:60]!r} is no version.", remedy="Write three numbers (1.2.0) or a date (2026-12-01)."
        )
    if last is None:
        return
    if bool(_DATE.fullmatch(version)) != bool(_DATE.fullmatch(last)):
        raise Conflict(
            f"the last release is called {last}; {version} is of another kind, and nobody could tell which is later.",
            remedy="Go on with versions of one kind.",
        )
    if _key(version) <= _key(last):
        raise Conflict(f"{version} is not later than the last release, {last}.", remedy="Give a later version.")
    if _NUMBERS.fullmatch(version):
        least = next_version(last, changes)
        if _key(version) < _key(least):
            raise Conflict(
                f"what has changed since {last} asks for {least} or later, not {version}.",
                remedy=f"Release it as {least}: terms that are new, obsolete or moved change the second number, terms "
                "that are gone the first.",
            )


def _weight(changes: Iterable[Change]) -> int:
    types = {change.type for change in changes}
    return 2 if types & _MAJOR else 1 if types & _MINOR else 0


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.split(r"[.-]", version))
