"""``onconode ontology drift`` and ``migrate``: codes of published data that a release no longer has in force."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from node.assembly import Node, build
from node.cli.nodes import node_option
from node.cli.output import Output, json_option, table
from node.cli.publications import by_option
from node.errors import DocumentSyntaxError, Place
from node.ontology.code_systems import code_name
from node.ontology.concepts import Vocabulary
from node.ontology.correspondences import read_mapping_file, told
from node.ontology.drift import kept_against, release_against
from node.ontology.releases import NAMES
from node.publishing.drafts import Outcome
from node.publishing.drift import Drifted, drifted
from node.publishing.migrate import Migrated, Migration, Replacement, chosen, migrate
from node.rdf.namespaces import shorten

_SHOWN = 40


@click.command("drift")
@node_option()
@click.option(
    "--against",
    metavar="FILE|VERSION",
    help="Another release, in a file or kept beside the active one: what would drift if it were active.",
)
@click.option("--as", "name", type=click.Choice(NAMES), help="What FILE is a release of. Default: by its classes.")
@json_option
def drift(folder: Path, against: str | None, name: str | None, output: Output) -> None:
    """Codes of published data that are obsolete, missing or moved, with counts and what takes their place."""
    node = build(folder)
    try:
        parts = node.parts()
        vocabulary = parts.vocabulary
        if against is None:
            found = drifted(parts)
        else:
            output.progress(f"reading {against} …")
            if Path(against).is_file():
                vocabulary, successors, _ = release_against(Path(against), vocabulary, name or "")
            else:
                vocabulary, successors, _ = kept_against(against, vocabulary, node.store)
            found = drifted(parts, vocabulary, successors)
    finally:
        output.progress_done()
        node.close()
    output.result([drift_document(one, vocabulary) for one in found])
    if not found:
        output.say("Every code of published data is in force." if against is None else "Nothing would drift.")
        return
    output.say(
        table(
            ["property", "code", "what", "samples", "datasets", "in its place", "or consider"],
            [_row(one, vocabulary) for one in found[:_SHOWN]],
        )
    )
    if len(found) > _SHOWN:
        output.say(f"… and {len(found) - _SHOWN:,} more; --json lists all")
    certain = sum(one.verdict.replacement is not None for one in found)
    datasets = {name for one in found for name in one.datasets}
    output.say(
        f"{len(found):,} codes in {sum(one.samples for one in found):,} places of {len(datasets):,} datasets; "
        f"{certain:,} have one class in their place."
    )
    if against is None:
        output.say("onconode ontology migrate --dry-run shows what a migration would do.")


@click.command("migrate")
@node_option()
@click.option("--dry-run", is_flag=True, help="Show what would be done, change nothing.")
@click.option("--dataset", default="", metavar="IRI", help="Only this dataset, by IRI or identifier.")
@click.option(
    "--map",
    "chosen_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="What is to take the place of codes, as SSSOM/TSV: it counts more than what the releases say.",
)
@by_option
@json_option
@click.pass_context
def migrate_command(
    context: click.Context,
    folder: Path,
    dry_run: bool,
    dataset: str,
    chosen_file: Path | None,
    by: str,
    output: Output,
) -> None:
    """Write the classes in force in the place of codes that have drifted, as a new version of each dataset."""
    node = build(folder)
    try:
        parts = node.parts()
        given = _chosen(chosen_file, parts.vocabulary) if chosen_file else {}
        done = migrate(parts, dataset=dataset, given=given, dry_run=dry_run, by=by, progress=output.progress)
        vocabulary = parts.vocabulary
    finally:
        output.progress_done()
        node.close()
    output.result(migration_document(done, vocabulary))
    if not output.json:
        _print(done, output, dry_run=dry_run)
    if not done.ok:
        context.exit(2)


def drift_hint(node: Node) -> str | None:
    """One sentence if codes of published data are no longer in force, else None."""
    found = drifted(node.parts())
    if not found:
        return None
    places = sum(one.samples for one in found)
    codes = "1 code is" if len(found) == 1 else f"{len(found):,} codes are"
    return f"{codes} no longer in force, at {places:,} places of published data: onconode ontology drift"


def _chosen(path: Path, vocabulary: Vocabulary) -> dict[str, Replacement]:
    given = {"mapping_set_id": path.name, "license": "unspecified", "mapping_justification": "semapv:MappingReview"}
    found = read_mapping_file(path.read_bytes(), source=path.name, given=given)
    if not found.ok:
        lines = list(told(found.problems))
        raise DocumentSyntaxError(
            f"the map has {len(lines):,} errors, the first: {lines[0].removeprefix('error: ')}",
            where=Place(source=path.name),
            remedy="Nothing was migrated.",
        )
    return chosen(found.rows, vocabulary, source=path.name)


def _print(done: Migration, output: Output, *, dry_run: bool) -> None:
    for one in done.datasets:
        if one.unresolved:
            codes = ", ".join(f"{code_name(c.code)} ({c.verdict.reason})" for c in one.unresolved[:5])
            more = f" and {len(one.unresolved) - 5:,} more" if len(one.unresolved) > 5 else ""
            output.say(f"left as it is  {one.dataset}: {codes}{more}; say with --map what is to take their place")
            continue
        assert one.report is not None
        outcome = "would be migrated" if one.report.outcome is Outcome.CHECKED else str(one.report.outcome)
        version = f", version {one.report.version}" if one.report.version else ""
        output.say(f"{outcome}  {one.dataset}{version}")
        for (property_iri, replacement), count in sorted(one.replaced.items(), key=lambda item: -item[1]):
            names = f"{code_name(replacement.old)} → {code_name(replacement.new)}"
            output.say(f"  {count:>8,}  {names}  {shorten(property_iri)} ({shorten(replacement.predicate)})")
        if one.report.outcome is Outcome.REJECTED:
            for finding in one.report.findings:
                output.say(f"  {finding}")
    for code in done.unused:
        output.say(f"not needed  {code_name(code)}: no affected dataset has it")
    if not done.datasets:
        output.say("Nothing to migrate: every code of published data is in force.")
    elif not dry_run:
        output.say(f"The node is at generation {done.generation}.")


def drift_document(one: Drifted, vocabulary: Vocabulary) -> dict[str, Any]:
    """One drifted code as plain values."""
    concept = vocabulary.get(one.code)
    return {
        "property": one.property_iri,
        "code": one.code,
        "label": concept.label if concept else None,
        "fault": str(one.verdict.fault),
        "samples": one.samples,
        "datasets": dict(sorted(one.datasets.items(), key=lambda item: (-item[1], item[0]))),
        "replacement": one.verdict.replacement,
        "way": list(one.verdict.way),
        "candidates": list(one.verdict.candidates),
        "reason": one.verdict.reason,
    }


def migration_document(done: Migration, vocabulary: Vocabulary) -> dict[str, Any]:
    """What became of a migration as plain values."""
    return {
        "generation": done.generation,
        "unused": list(done.unused),
        "datasets": [_dataset_document(one, vocabulary) for one in done.datasets],
    }


def _dataset_document(one: Migrated, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "dataset": one.dataset,
        "outcome": str(one.report.outcome) if one.report else "left",
        "version": one.report.version if one.report else "",
        "digest": one.report.digest if one.report else "",
        "replaced": [
            {"property": property_iri, **dataclasses.asdict(replacement), "count": count}
            for (property_iri, replacement), count in one.replaced.items()
        ],
        "unresolved": [drift_document(code, vocabulary) for code in one.unresolved],
        "findings": [str(finding) for finding in (one.report.findings if one.report else ())],
    }


def _row(one: Drifted, vocabulary: Vocabulary) -> Sequence[str]:
    return (
        shorten(one.property_iri),
        code_name(one.code),
        str(one.verdict.fault),
        f"{one.samples:,}",
        f"{len(one.datasets):,}",
        _named([one.verdict.replacement] if one.verdict.replacement else [], vocabulary) or one.verdict.reason,
        _named(one.verdict.candidates[:3], vocabulary),
    )


def _named(iris: Iterable[str], vocabulary: Vocabulary) -> str:
    names = []
    for iri in iris:
        concept = vocabulary.get(iri)
        names.append(f"{code_name(iri)} {concept.label}" if concept else code_name(iri))
    return ", ".join(names)
