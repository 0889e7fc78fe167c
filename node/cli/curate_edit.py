"""``onconode curate add``, ``set``, ``map``, ``mint``, ``import`` and ``obsolete``: changes to a workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from node.cli.curate import release_option, workspace_option
from node.cli.output import Output, json_option
from node.curation.editing import HEADERS, KINDS, Written, add_mapping, add_term, set_cells
from node.curation.importing import import_table
from node.curation.minting import fill_templates, mint_labels
from node.curation.obsoletion import make_obsolete
from node.curation.workspace import Workspace
from node.errors import NotFound, ProtocolError

FC = TypeVar("FC", bound=Callable[..., Any])


def curator_option() -> Callable[[FC], FC]:
    """``--curator ID``: who mints, as in the settings."""
    return click.option(
        "--curator", "by", required=True, envvar="ONCONODE_CURATOR", metavar="ID", help="Who you are in curation.toml."
    )


@click.command("add")
@workspace_option()
@release_option()
@curator_option()
@click.option("--label", required=True)
@click.option("--type", "kind", type=click.Choice(KINDS), default="class", show_default=True)
@click.option("--parent", multiple=True, metavar="CLASS", help="A superclass, or a class expression; repeat it.")
@click.option("--definition", default="")
@click.option("--source", multiple=True, help="Where the definition comes from; repeat it.")
@click.option("--synonym", multiple=True, help="An exact synonym; repeat it.")
@click.option("--set", "cells", multiple=True, metavar="HEADER=VALUE", help="Any other column of templates/terms.tsv.")
@json_option
def add_command(
    folder: Path,
    releases: dict[str, Path],
    by: str,
    label: str,
    kind: str,
    parent: tuple[str, ...],
    definition: str,
    source: tuple[str, ...],
    synonym: tuple[str, ...],
    cells: tuple[str, ...],
    output: Output,
) -> None:
    """Mint an IRI and add a term to templates/terms.tsv."""
    opened = Workspace.open(folder, releases)
    given = {
        "label": label,
        "type": kind,
        "parent property"
        if kind.endswith("property")
        else "individual of"
        if kind == "individual"
        else "parent": "|".join(parent),
        "definition": definition,
        "definition source": "|".join(source),
        "exact synonyms": "|".join(synonym),
        **_cells(cells),
    }
    _said(opened, add_term(opened, opened.settings.curator(by), given), "added", output)


@click.command("set")
@click.argument("term")
@click.argument("cells", nargs=-1, required=True, metavar="HEADER=VALUE…")
@workspace_option()
@release_option()
@json_option
def set_command(term: str, cells: tuple[str, ...], folder: Path, releases: dict[str, Path], output: Output) -> None:
    """Change cells of the row that makes TERM (a label, CURIE or IRI)."""
    opened = Workspace.open(folder, releases)
    _said(opened, set_cells(opened, _term(opened, term), _cells(cells)), "changed", output)


@click.command("obsolete")
@click.argument("term")
@click.option("--replaced-by", metavar="TERM", help="The term that takes its place.")
@click.option("--reason", default="", help="Why, as a note of the editor.")
@workspace_option()
@release_option()
@json_option
def obsolete_command(
    term: str, replaced_by: str | None, reason: str, folder: Path, releases: dict[str, Path], output: Output
) -> None:
    """Make TERM (a label, CURIE or IRI) obsolete; its IRI stays taken."""
    opened = Workspace.open(folder, releases)
    successor = _term(opened, replaced_by) if replaced_by else None
    done = make_obsolete(opened, _term(opened, term), replaced_by=successor, reason=reason)
    _said(opened, done, "made obsolete", output)


@click.command("mint")
@click.argument("labels", nargs=-1, metavar="[LABEL…]")
@workspace_option()
@release_option()
@curator_option()
@json_option
def mint_command(labels: tuple[str, ...], folder: Path, releases: dict[str, Path], by: str, output: Output) -> None:
    """Mint IRIs: one for each LABEL; without labels, for the rows of templates that have a label and no ID."""
    opened = Workspace.open(folder, releases)
    curator = opened.settings.curator(by)
    if labels:
        made = mint_labels(opened, curator, labels)
        for one in made:
            output.say(f"{opened.settings.shorten(one.iri)}  {one.label}")
        output.result([{"iri": one.iri, "label": one.label} for one in made])
        return
    filled = fill_templates(opened, curator)
    for row in filled:
        output.say(f"{row.file}, line {row.line}: {opened.settings.shorten(row.minted.iri)}  {row.minted.label}")
    if not filled:
        output.say("Every row with a label has an ID.")
    output.result(
        [{"iri": r.minted.iri, "label": r.minted.label, "where": {"source": r.file, "line": r.line}} for r in filled]
    )


@click.command("map")
@click.argument("subject")
@click.argument("predicate")
@click.argument("target", metavar="OBJECT")
@workspace_option()
@release_option()
@curator_option()
@click.option("--confidence", type=click.FloatRange(0, 1), default=1.0, show_default=True)
@click.option("--comment", default="")
@json_option
def map_command(
    subject: str,
    predicate: str,
    target: str,
    folder: Path,
    releases: dict[str, Path],
    by: str,
    confidence: float,
    comment: str,
    output: Output,
) -> None:
    """Map SUBJECT to OBJECT with PREDICATE: exactMatch, closeMatch, broadMatch, narrowMatch or relatedMatch."""
    opened = Workspace.open(folder, releases)
    where = add_mapping(
        opened,
        opened.settings.curator(by),
        _term(opened, subject),
        predicate.removeprefix("skos:"),
        _term(opened, target),
        confidence=confidence,
        comment=comment,
    )
    output.say(f"{where}: added.")
    output.result({"where": {"source": where.source, "line": where.line}})


@click.command("import")
@click.argument("table", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@workspace_option()
@release_option()
@json_option
def import_command(table: Path, folder: Path, releases: dict[str, Path], output: Output) -> None:
    """Take TABLE, a ROBOT template or an SSSOM table (.tsv), into the workspace once all of it can be read."""
    opened = Workspace.open(folder, releases)
    done = import_table(opened, table)
    output.say(f"{done.path}: {done.rows:,} rows.")
    if done.without_id:
        output.say(f"  {done.without_id:,} of them have no ID yet. Next: onconode curate mint --curator ID")
    output.result({"path": done.path, "rows": done.rows, "without_id": done.without_id})


#: The commands of this module, for the group.
COMMANDS = (add_command, set_command, obsolete_command, mint_command, map_command, import_command)


def _cells(written: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for one in written:
        header, mark, text = one.partition("=")
        if not (mark and header.strip()):
            raise ProtocolError(f"{one!r} sets nothing.", remedy=f"Write HEADER=VALUE, for example {HEADERS[7]}='…'.")
        found[header.strip()] = text.strip()
    return found


def _term(opened: Workspace, written: str) -> str:
    found = opened.expansion.names.find(written, "")
    if len(found) != 1:
        what = "several terms are" if found else "no term is"
        listed = ", ".join(opened.settings.shorten(one) for one in found[:5])
        raise NotFound(f"{what} called {written!r}{': ' + listed if listed else ''}.", remedy="Give its CURIE or IRI.")
    return found[0]


def _said(opened: Workspace, done: Written, what: str, output: Output) -> None:
    output.say(f"{opened.settings.shorten(done.iri)} ({done.label}): {what}, {done.place}.")
    where = {"source": done.place.source, "line": done.place.line}
    output.result({"iri": done.iri, "label": done.label, "where": where})
