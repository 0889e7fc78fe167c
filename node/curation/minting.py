"""Gives IRIs to the rows of templates that have none yet: minted, registered, and written into the table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode

from node.curation.register import Minted, mint
from node.curation.settings import Curator
from node.curation.tables import placed_text, read_table
from node.curation.template_columns import Column, read_columns
from node.curation.workspace import TEMPLATES, Workspace
from node.errors import Conflict, Place, ProtocolError
from node.rdf.namespaces import RDFS_LABEL


@dataclass(frozen=True)
class Filled:
    """A row that got an IRI: the table, its line, and the row of the register."""

    file: str
    line: int
    minted: Minted


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises Conflict."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise Conflict(f"it cannot be written: {error.strerror}.", where=Place(source=str(path))) from error


def taken_iris(workspace: Workspace) -> set[str]:
    """The IRIs in use in the workspace, registered or not."""
    return {triple.subject.value for triple in workspace.merged if isinstance(triple.subject, NamedNode)}


def fill_templates(workspace: Workspace, curator: Curator) -> list[Filled]:
    """Mint an IRI for each row of a template that has a label which nothing is called yet, and no ID.

    Raises what reading a table raises, Conflict for a range that is used up; then nothing is changed.
    """
    names = workspace.expansion.names
    waiting: list[tuple[Path, int, str]] = []
    lines: dict[Path, list[int]] = {}
    tables: dict[Path, tuple[list[list[str]], Column]] = {}
    for path in workspace.template_files:
        rows = read_table(path, name=f"{TEMPLATES}/{path.name}")
        columns = read_columns(rows, f"{TEMPLATES}/{path.name}", names.one)
        id_column = next((c for c in columns if c.kind == "ID"), None)
        label = next((c for c in columns if c.kind == "LABEL"), None)
        label = label or next((c for c in columns if c.property == RDFS_LABEL and c.annotates is None), None)
        if id_column is None or label is None:
            continue
        found = [(at, row) for at, row in enumerate(rows) if at > 1 and not row[id_column.at] and row[label.at]]
        new = [(at, row) for at, row in found if label.kind != "LABEL" or not names.find(row[label.at], "")]
        waiting += [(path, at, row[label.at]) for at, row in new]
        if new:
            lines[path] = [row.line for row in rows]
            tables[path] = ([list(row.cells) for row in rows], id_column)
    if not waiting:
        return []
    labels = [label for _, _, label in waiting]
    made = mint(workspace.register_file, workspace.settings.vocabulary, curator, labels, taken=taken_iris(workspace))
    filled = []
    for (path, at, _), one in zip(waiting, made, strict=True):
        cells, column = tables[path]
        row = cells[at] + [""] * (column.at + 1 - len(cells[at]))
        row[column.at] = workspace.settings.shorten(one.iri)
        cells[at] = row
        filled.append(Filled(f"{TEMPLATES}/{path.name}", lines[path][at], one))
    for path, (cells, _) in tables.items():
        write_file(path, placed_text(zip(lines[path], cells, strict=True)))
    return filled


def mint_labels(workspace: Workspace, curator: Curator, labels: Sequence[str]) -> list[Minted]:
    """Mint an IRI for each label, for use in a table or in OWL. Raises ProtocolError for an empty label."""
    if not all(label.strip() for label in labels):
        raise ProtocolError("an IRI is minted for a term with a label.", remedy="Give the label.")
    return mint(workspace.register_file, workspace.settings.vocabulary, curator, labels, taken=taken_iris(workspace))
