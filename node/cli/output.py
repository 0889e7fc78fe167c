"""What commands print: answers on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from node.errors import NodeError
from node.rdf.namespaces import shorten
from node.sparql.results import Results, Term

_WIDEST = 60


@dataclass(frozen=True)
class Output:
    """How one command talks: for people, or (``--json``) one JSON document on standard output."""

    json: bool

    def say(self, text: str) -> None:
        """A line for people; not printed with ``--json``."""
        if not self.json:
            click.echo(text)

    def progress(self, text: str) -> None:
        """What is going on now, for a person at a terminal: the line is overwritten by the next one."""
        if sys.stderr.isatty() and not self.json:
            click.echo(f"\r\x1b[2K{text[:110]}", nl=False, err=True)

    def progress_done(self) -> None:
        """Clear the progress line."""
        if sys.stderr.isatty() and not self.json:
            click.echo("\r\x1b[2K", nl=False, err=True)

    def result(self, value: Any) -> None:
        """The machine-readable result, with ``--json`` only."""
        if self.json:
            click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json`` to a command and hand it an ``Output`` as ``output``."""

    def make(_context: click.Context, _parameter: click.Parameter, value: bool) -> Output:
        return Output(json=value)

    return click.option(
        "--json", "output", is_flag=True, callback=make, help="Print one JSON document instead of text."
    )(command)


def error_document(error: NodeError, code: int) -> dict[str, Any]:
    """An error as the JSON object that ``--json`` prints on standard error."""
    document: dict[str, Any] = {"problem": error.slug, "title": error.title, "detail": error.detail, "exit": code}
    if error.where is not None:
        document["where"] = {k: v for k, v in vars(error.where).items() if v is not None}
    if error.remedy:
        document["remedy"] = error.remedy
    return document


def cell(term: Term | None) -> str:
    """One value of a solution, short enough to read: CURIEs, plain literals, nothing for unbound."""
    if term is None:
        return ""
    if term.kind == "iri":
        return shorten(term.value)
    return " ".join(term.value.split())


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain text table; numbers to the right, long texts cut with an ellipsis."""
    cut = [[v if len(v) <= _WIDEST else v[: _WIDEST - 1] + "…" for v in row] for row in rows]
    widths = [max(len(h), *(len(row[i]) for row in cut)) if cut else len(h) for i, h in enumerate(header)]
    right = [bool(cut) and all(_is_number(row[i]) for row in cut) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        cells = (v.rjust(w) if r else v.ljust(w) for v, w, r in zip(row, widths, right, strict=True))
        return "  ".join(cells).rstrip()

    return "\n".join([line(header), "  ".join("─" * w for w in widths), *(line(row) for row in cut)])


def results_table(results: Results, *, most: int | None = None) -> str:
    """Solutions as a table with at most ``most`` rows and a note of how many more there are."""
    if results.boolean is not None:
        return "yes" if results.boolean else "no"
    rows = [[cell(row.get(v)) for v in results.variables] for row in results.rows[:most]]
    text = table(results.variables, rows)
    more = len(results.rows) - len(rows)
    return f"{text}\n… and {more:,} more rows" if more else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == ""
    return True
