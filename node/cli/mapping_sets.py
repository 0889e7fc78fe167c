"""``onconode ontology mappings``: mapping sets between the codes of others and the classes used here."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import click

from node.assembly import build
from node.cli.nodes import node_option
from node.cli.output import Output, json_option, table
from node.errors import NotFound, ProtocolError
from node.ontology.code_systems import code_iri, code_name
from node.ontology.correspondences import Problem, Weight, told
from node.ontology.mapping_sets import Lead, add_set, check_file, export_set, remove_set
from node.rdf.namespaces import SEMAPV, shorten

_TOLD = 50


@click.group()
def mappings() -> None:
    """Mapping sets (SSSOM) between codes of other systems and NCIt and OBI."""


@mappings.command("add")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@node_option()
@click.option("--name", default="", help="What to call the set here. Default: made of its mapping_set_id.")
@click.option("--set-version", "version", default="", help="Its version, where the file says none.")
@click.option("--id", "identifier", default="", metavar="IRI", help="The mapping_set_id, where the file says none.")
@click.option("--licence", default="", metavar="IRI", help="The licence, where the file says none.")
@click.option(
    "--justification",
    default="",
    metavar="TERM",
    help="The justification of all rows (semapv:…), where the file has no such column.",
)
@click.option("--dry-run", is_flag=True, help="Check everything, install nothing.")
@json_option
@click.pass_context
def add(
    context: click.Context,
    file: Path,
    folder: Path,
    name: str,
    version: str,
    identifier: str,
    licence: str,
    justification: str,
    dry_run: bool,
    output: Output,
) -> None:
    """Check the SSSOM/TSV FILE and install it, in the place of a set of the same name. All of it or nothing."""
    slots = {"mapping_set_id": identifier, "license": licence, "mapping_justification": justification}
    node = build(folder)
    try:
        output.progress(f"checking {file.name} …")
        given = {slot: value for slot, value in slots.items() if value}
        found, data = check_file(file, vocabulary=node.vocabulary(), given=given)
        installed = None
        if found.ok and not dry_run:
            installed = add_set(
                found,
                data,
                source=file.name,
                store=node.store,
                identifiers=node.identifiers,
                name=name,
                version=version,
            )
    finally:
        output.progress_done()
        node.close()
    output.result(
        {
            "rows": len(found.rows),
            "problems": [_problem(problem) for problem in found.problems],
            "installed": dataclasses.asdict(installed) if installed else None,
        }
    )
    lines = list(told(found.problems))
    for line in lines[:_TOLD]:
        output.say(line)
    if len(lines) > _TOLD:
        output.say(f"… and {len(lines) - _TOLD:,} more; --json lists all")
    if installed:
        output.say(
            f"{installed.name} {installed.version}: {installed.rows:,} mappings of {installed.codes:,} codes "
            f"({_counted(installed.predicates)})"
        )
    if not found.ok:
        output.say("Nothing was installed.")
        context.exit(2)


@mappings.command("list")
@node_option()
@json_option
def list_command(folder: Path, output: Output) -> None:
    """The node's mapping sets, installed tables of codes too, and how many codes of each system they map."""
    node = build(folder)
    try:
        found = node.mappings()
    finally:
        node.close()
    coverage = {system: dict(counts) for system, counts in found.coverage().items()}
    output.result({"sets": [dataclasses.asdict(one) for one in found.sets], "coverage": coverage})
    rows = [
        [one.name, one.version, f"{one.rows:,}", f"{one.codes:,}", _counted(one.predicates), one.licence]
        for one in found.sets
    ]
    output.say(table(["name", "version", "mappings", "codes", "predicates", "licence"], rows))
    for system, counts in coverage.items():
        output.say(f"{system}: {sum(counts.values()):,} codes lead to a class, at best by {_counted(counts)}")


@mappings.command("show")
@click.argument("code")
@node_option()
@json_option
def show(code: str, folder: Path, output: Output) -> None:
    """Where CODE (ONCOTREE:GBM, ICDO3:9440/3, an IRI) leads, or what leads to an NCIt or OBI class."""
    iri = code_iri(code)
    if iri is None:
        raise ProtocolError(
            f"{code!r} is no code that is known here.",
            remedy="Write it like ONCOTREE:GBM, ICDO3:9440/3, UBERON:0000955, MONDO:0018177, NCIT:C3058, or as an IRI.",
        )
    node = build(folder)
    try:
        found = node.mappings()
        vocabulary = node.vocabulary()
    finally:
        node.close()
    leads = found.of_code(iri) or found.of_concept(iri)
    output.result([lead_document(lead) for lead in leads])
    if not leads:
        raise NotFound(
            f"no mapping set of this node has {code_name(iri)}.",
            remedy="onconode ontology mappings list says which sets there are.",
        )
    rows = []
    for lead in leads:
        concept = vocabulary.get(lead.concept)
        label = concept.label if concept else lead.row.object_label
        sure = "" if lead.row.confidence is None else f"{lead.row.confidence:g}"
        grounds = lead.row.justification.removeprefix(SEMAPV)
        names = [code_name(lead.code), shorten(lead.predicate), code_name(lead.concept)]
        rows.append([*names, label, grounds, sure, f"{lead.set.name} {lead.set.version}"])
    output.say(table(["code", "predicate", "class", "label", "justification", "confidence", "set"], rows))


@mappings.command("remove")
@click.argument("name")
@node_option()
@json_option
def remove(name: str, folder: Path, output: Output) -> None:
    """Take the mapping set NAME away, with its graph."""
    node = build(folder)
    try:
        gone = remove_set(name, store=node.store)
    finally:
        node.close()
    output.result(dataclasses.asdict(gone))
    output.say(f"Removed: {gone.name} {gone.version}.")


@mappings.command("export")
@click.argument("name")
@node_option()
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="A file; else standard output.")
@json_option
def export(name: str, folder: Path, target: Path | None, output: Output) -> None:
    """Write the mapping set NAME as SSSOM/TSV, an installed table of codes (oncotree, icdo3) too."""
    node = build(folder)
    try:
        data = export_set(name, store=node.store)
    finally:
        node.close()
    if target is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    target.write_bytes(data)
    output.result({"name": name, "file": str(target), "bytes": len(data)})
    output.say(f"{name}: {len(data):,} bytes in {target}")


def lead_document(lead: Lead) -> dict[str, Any]:
    """One mapping as plain values: how it is read, and the row that says so."""
    return {
        "code": lead.code,
        "predicate": lead.predicate,
        "concept": lead.concept,
        "justification": lead.row.justification,
        "confidence": lead.row.confidence,
        "comment": lead.row.comment,
        "set": lead.set.name,
        "version": lead.set.version,
        "mapping": lead.iri,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    where = {key: value for key, value in dataclasses.asdict(problem.where).items() if value is not None}
    return {
        "severity": str(Weight(problem.weight)),
        "message": problem.message,
        "where": where,
        "remedy": problem.remedy,
        "count": problem.count,
    }


def _counted(counts: Any) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
