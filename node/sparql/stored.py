"""The stored queries: SPARQL files with a comment header that says what each one asks.

A header line is ``# key: value``; keys are title, description, keywords (separated by commas) and endpoint (``node``
or ``federation``). A line that starts with ``#   `` goes on with the one before. The file's name is the query's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

from node.errors import ConfigurationError, NotFound, Place
from node.resources import resource

Endpoint = Literal["node", "federation"]

_KEYS = ("title", "description", "keywords", "endpoint")
_FIELD = re.compile(r"#\s?([a-z]+):\s*(.*)")
_CONTINUED = re.compile(r"#\s{2,}(\S.*)")


@dataclass(frozen=True)
class StoredQuery:
    """One question that the hub can answer. ``text`` is the whole file, header included.

    ``endpoint`` is where it makes sense to ask it: of one node, or of all members as if they were one store.
    """

    name: str
    title: str
    description: str
    keywords: tuple[str, ...]
    text: str
    endpoint: Endpoint


@lru_cache(maxsize=1)
def stored_queries() -> tuple[StoredQuery, ...]:
    """All stored queries, by name. Raises ConfigurationError for a file whose header is not complete."""
    folder = resource("queries")
    return tuple(read_query(path) for path in sorted(folder.glob("*.rq")))


def stored_query(name: str) -> StoredQuery:
    """The stored query of this name. Raises NotFound."""
    for query in stored_queries():
        if query.name == name:
            return query
    names = ", ".join(q.name for q in stored_queries())
    raise NotFound(f"there is no stored query called {name!r}.", remedy=f"There are: {names}.")


def read_query(path: Path) -> StoredQuery:
    """Read one query file. Raises ConfigurationError naming file, line and what is wrong with the header."""
    text = path.read_text(encoding="utf-8")
    values: dict[str, str] = {}
    last: str | None = None
    number = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("#"):
            break
        if found := _FIELD.fullmatch(line):
            last = found.group(1)
            if last not in _KEYS or last in values:
                raise _wrong(path, number, f"the key {last!r} is not one of {', '.join(_KEYS)}, or stands here twice.")
            values[last] = found.group(2).strip()
        elif last and (found := _CONTINUED.fullmatch(line)):
            values[last] = f"{values[last]} {found.group(1).strip()}"
    missing = next((key for key in _KEYS if not values.get(key)), None)
    if missing:
        raise _wrong(path, number, f"the header lacks {missing}.")
    if values["endpoint"] not in ("node", "federation"):
        raise _wrong(path, number, f"endpoint must be node or federation, not {values['endpoint']!r}.")
    return StoredQuery(
        name=path.stem,
        title=values["title"],
        description=values["description"],
        keywords=tuple(word.strip() for word in values["keywords"].split(",") if word.strip()),
        text=text,
        endpoint=cast("Endpoint", values["endpoint"]),
    )


def _wrong(path: Path, line: int, what: str) -> ConfigurationError:
    return ConfigurationError(what, where=Place(source=path.name, line=line))
