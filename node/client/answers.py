"""What a node answers: rows, a yes or no, or a graph, and how complete it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from node.client import frames
from node.federation.members.completeness import Completeness, Verdict
from node.federation.members.completeness import MemberReport as Member
from node.rdf.solutions import Parts
from node.sparql.results import Results
from node.sparql.terms import Term, iri_term, literal_term

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: A solution: variables to terms; one that is not bound is absent.
Row: TypeAlias = Mapping[str, Term]

_VERDICT = re.compile(r"[a-z-]+")


@dataclass(frozen=True)
class Answer:
    """One whole answer.

    ``variables`` and ``rows`` are of a SELECT, ``boolean`` of an ASK, ``graph`` (N-Triples) of a CONSTRUCT or DESCRIBE.
    ``completeness`` is there when a federation was asked. Iterating gives the rows.
    """

    variables: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    boolean: bool | None = None
    graph: str | None = None
    completeness: Completeness | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def values(self) -> list[dict[str, frames.Value | None]]:
        """The rows with plain Python values, None for what is not bound."""
        return [{name: frames.value_of(row.get(name)) for name in self.variables} for row in self.rows]

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a pandas frame. Raises ConfigurationError when pandas is not installed."""
        return frames.to_pandas(self.variables, self.rows)

    def to_polars(self) -> pl.DataFrame:
        """The rows as a polars frame. Raises ConfigurationError when polars is not installed."""
        return frames.to_polars(self.variables, self.rows)

    def _repr_html_(self) -> str | None:
        """What a notebook shows of it."""
        if self.boolean is not None or self.graph is not None:
            return None
        return html_table(self.variables, self.rows)


@dataclass(frozen=True)
class Stream:
    """Rows as they arrive. Iterate once. ``verdict`` is there when a federation was asked."""

    variables: tuple[str, ...]
    verdict: Verdict | None
    _rows: Iterator[dict[str, Parts]]

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            yield {name: _term(parts) for name, parts in row.items()}


def answer_of(results: Results, body: bytes) -> Answer:
    """An answer from JSON results, read and as they came."""
    said = json.loads(body)["head"].get("completeness")
    return Answer(results.variables, results.rows, results.boolean, completeness=completeness_of(said))


def completeness_of(said: Any) -> Completeness | None:
    """What the head of JSON results says; None when it says nothing, or not as this release does."""
    try:
        members = tuple(
            Member(
                name=str(m["name"]),
                endpoint=str(m["endpoint"]),
                verdict=str(m["verdict"]),
                requests=int(m["requests"]),
                rows=int(m["rows"]),
                bytes=int(m["bytes"]),
                milliseconds=float(m["milliseconds"]),
                reason=str(m.get("reason", "")),
            )
            for m in said["members"]
        )
        return Completeness(Verdict(said["verdict"]), members)
    except (KeyError, TypeError, ValueError):
        return None


def verdict_of(header: str | None) -> Verdict | None:
    """The verdict in ``Onconode-Completeness``."""
    word = _VERDICT.match(header or "")
    try:
        return None if word is None else Verdict(word.group().replace("-", " "))
    except ValueError:
        return None


def html_table(variables: tuple[str, ...], rows: tuple[Row, ...], most: int = 50) -> str:
    """The first rows as an HTML table."""
    head = "".join(f"<th>{_escaped(name)}</th>" for name in variables)
    body = "".join(
        f"<tr>{''.join(f'<td>{_escaped(row[name].value) if name in row else str()}</td>' for name in variables)}</tr>"
        for row in rows[:most]
    )
    more = f"<caption>{len(rows):,} rows{f', the first {most} of them here' if len(rows) > most else ''}</caption>"
    return f"<table>{more}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _term(parts: Parts) -> Term:
    if parts.kind == "iri":
        return iri_term(parts.value)
    if parts.kind == "bnode":
        return Term("bnode", parts.value)
    return literal_term(parts.value, language=parts.language, datatype=parts.datatype)
