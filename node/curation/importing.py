"""Takes a table that somebody sent into a workspace: a template, or mappings, after it has been read whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from node.curation.minting import write_file
from node.curation.tables import Row, placed_text, read_table
from node.curation.template_columns import Column, read_columns
from node.curation.workspace import MAPPINGS, TEMPLATES, Workspace
from node.errors import Conflict, Place, ProtocolError

_MAPPING = ("subject_id", "predicate_id", "object_id")


@dataclass(frozen=True)
class Imported:
    """What was taken in: the new file of the workspace, whether it is a template, and how many rows it has."""

    path: Path
    is_template: bool
    rows: int
    without_id: int = 0


def import_table(workspace: Workspace, path: Path) -> Imported:
    """Copy a ROBOT template or an SSSOM/TSV table into the workspace.

    Raises DocumentSyntaxError for a table that is neither, or for a cell that cannot be read; Conflict where a table of
    the name is there; ProtocolError for another kind of file. Nothing is changed then.
    """
    if not path.name.endswith(".tsv"):
        raise ProtocolError(
            f"{path.name} is no table.",
            remedy="Give a template or an SSSOM table (.tsv); OWL goes into ontology.ttl.",
        )
    rows = [row for row in read_table(path) if not row[0].startswith("#")]
    header = rows[0].cells if rows else ()
    if all(name in header for name in _MAPPING):
        name = path.name if path.name.endswith(".sssom.tsv") else f"{path.name.removesuffix('.tsv')}.sssom.tsv"
        target = workspace.folder / MAPPINGS / name
        _absent(target)
        write_file(target, path.read_text(encoding="utf-8-sig"))
        return Imported(target, False, len(rows) - 1)
    target = workspace.folder / TEMPLATES / path.name
    _absent(target)
    text = path.read_text(encoding="utf-8-sig")
    columns = read_columns(read_table(path), path.name, workspace.expansion.names.one)
    tried_text, waiting = _with_ids(workspace, columns, rows)
    name = f"{TEMPLATES}/{path.name}"
    problems = workspace.with_draft(target, tried_text).expansion.problems
    for problem in problems:
        if problem.where is not None and problem.where.source == name:
            raise problem
    write_file(target, text)
    return Imported(target, True, len(rows) - 2, waiting)


def _with_ids(workspace: Workspace, columns: list[Column], rows: list[Row]) -> tuple[str, int]:
    """The text of a template with an IRI for each row that has none, so that all its cells are read; and how many."""
    at = next((column.at for column in columns if column.kind == "ID"), None)
    cells = [list(row.cells) for row in rows]
    given = 0
    for row in cells[2:] if at is not None else ():
        if at is not None and not (row[at] if at < len(row) else ""):
            given += 1
            row.extend([""] * (at + 1 - len(row)))
            row[at] = f"<{workspace.settings.vocabulary.namespace}unminted-{given}>"
    return placed_text((row.line, line) for row, line in zip(rows, cells, strict=True)), given


def _absent(target: Path) -> None:
    if target.exists():
        raise Conflict(
            "a table of that name is there already.",
            where=Place(source=f"{target.parent.name}/{target.name}"),
            remedy="Give the file another name, or merge the two.",
        )
