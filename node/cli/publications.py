"""``onconode publish``, ``onconode amend`` and ``onconode withdraw``."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from node.assembly import build
from node.cli.asking import asked_lines, level_lines
from node.cli.codings import drafted_lines, value_document, value_lines
from node.cli.nodes import node_option
from node.cli.output import Output, json_option
from node.cli.suggestions import suggest_mappings
from node.model.kinds import kind_of
from node.publishing.amend import Amendment
from node.publishing.amend import amend as amend_description
from node.publishing.asked import together
from node.publishing.drafts import DatasetReport, Finding, Outcome, Report, Severity
from node.publishing.profiles import profile
from node.publishing.publish import publish_sources
from node.publishing.publish import withdraw as withdraw_description
from node.publishing.report import ReportFile
from node.publishing.sources import find_sources, rml_sources
from node.publishing.tally import Tally, merged

_FINDINGS_SHOWN = 50
_DATASET_KEYS = ("dataset", "title", "source", "outcome", "samples", "donors", "version", "digest")


by_option = click.option(
    "--by",
    default="",
    metavar="NAME",
    envvar="ONCONODE_BY",
    help="Who does this, for the provenance that everybody may read; best a role, such as 'data desk'.",
)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
@node_option()
@click.option("--dry-run", is_flag=True, help="Check everything, change nothing.")
@click.option(
    "--mapping",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The mapping file of the tables at PATH, which are one dataset. Else TABLE.mapping.toml beside each table.",
)
@click.option("--suggest", is_flag=True, help="Draft the mapping file of each table, and change nothing else.")
@click.option("--rml", is_flag=True, help="PATH is a mapping in RML; what it makes is published.")
@click.option("--force", is_flag=True, help="With --suggest: write over a mapping file that is there.")
@click.option(
    "--no-proposals",
    is_flag=True,
    help="Do not add what could not be coded with certainty to decisions.sssom.tsv beside the data.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME|PATH",
    help="What the descriptions are held to, several times for several: a name or a Turtle file of SHACL shapes. "
    "Default: publishing.profile of the settings.",
)
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write every result to FILE as a SHACL validation report in Turtle.",
)
@by_option
@json_option
@click.pass_context
def publish(
    context: click.Context,
    paths: tuple[Path, ...],
    folder: Path,
    dry_run: bool,
    mapping: Path | None,
    suggest: bool,
    rml: bool,
    force: bool,
    no_proposals: bool,
    profiles: tuple[str, ...],
    report_file: Path | None,
    by: str,
    output: Output,
) -> None:
    """Validate and publish descriptions: JSON-LD or other RDF files, tables, study folders, or folders of these.

    A dataset with an error is not published at all; the others are. Exit code 2 when any was rejected.
    """
    if suggest:
        suggest_mappings(paths, folder, mapping, force=force, output=output)
        return
    node = build(folder)
    propose = not (dry_run or no_proposals)
    try:
        chosen = profile(profiles or node.settings.publishing.profile)
        with ReportFile(report_file) if report_file else nullcontext() as results:
            engine = node.settings.publishing.rml_python
            report = publish_sources(
                rml_sources(paths, engine) if rml else find_sources(paths, mapping),
                node=node.parts(),
                dry_run=dry_run,
                by=by,
                propose=propose,
                profile=chosen,
                record=results.add if results else lambda _broken, _place: None,
                progress=output.progress,
            )
    finally:
        output.progress_done()
        node.close()
    output.result(report_document(report))
    if not output.json:
        print_report(report)
    if not report.ok:
        context.exit(2)


@click.command()
@click.argument("iri")
@node_option()
@click.option("--reason", required=True, help="Why; shown to whoever asks for the description later.")
@by_option
@json_option
def withdraw(iri: str, folder: Path, reason: str, by: str, output: Output) -> None:
    """Take the dataset description IRI back. Its address answers 410 with the reason from then on."""
    node = build(folder)
    try:
        generation = withdraw_description(iri, reason, node.parts(), by=by)
    finally:
        node.close()
    output.say(f"Withdrawn: {iri}. The node is at generation {generation.number}.")
    output.result({"iri": iri, "reason": reason, "generation": generation.number})


@click.command()
@click.argument("iri")
@node_option()
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="TERM=VALUE",
    help="A value that takes the place of those there are; several for several values. TERM@LANG=VALUE for a language.",
)
@click.option("--remove", multiple=True, metavar="TERM", help="Take all values of this property out.")
@click.option(
    "--with",
    "document",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An RDF document with the values instead, for whatever is more than a text or an IRI.",
)
@click.option("--dry-run", is_flag=True, help="Check everything, change nothing.")
@by_option
@json_option
@click.pass_context
def amend(
    context: click.Context,
    iri: str,
    folder: Path,
    values: tuple[str, ...],
    remove: tuple[str, ...],
    document: Path | None,
    dry_run: bool,
    by: str,
    output: Output,
) -> None:
    """Change some of the description IRI, as a new version; the rest of it and its samples stay as they are."""
    if values and document:
        raise click.UsageError("--set and --with cannot be given together.")
    pairs = [_pair(text) for text in values]
    node = build(folder)
    try:
        report = amend_description(
            iri,
            Amendment(pairs, remove, document),
            node=node.parts(),
            dry_run=dry_run,
            by=by,
            progress=output.progress,
        )
    finally:
        output.progress_done()
        node.close()
    output.result(report_document(report))
    if not output.json:
        print_report(report)
    if not report.ok:
        context.exit(2)


def _pair(text: str) -> tuple[str, str]:
    term, equals, value = text.partition("=")
    if not equals or not term:
        raise click.UsageError(f"--set takes TERM=VALUE, not {text!r}.")
    return term, value


def print_report(report: Report) -> None:
    """What was done, dataset by dataset, and every finding, for people."""
    for dataset in report.datasets:
        told = f"{dataset.outcome.value:>9}  {dataset.dataset}: {dataset.title} {counts(dataset)}".rstrip()
        click.echo(told + _version(dataset))
        _print_findings(dataset.findings)
    _print_findings(report.findings)
    lines = (
        *coding_lines(report.datasets),
        *value_lines(_tallies(report)),
        *drafted_lines(report.decisions),
        *level_lines(report.datasets),
        *asked_lines(report.datasets),
    )
    for line in lines:
        click.echo(line)
    done = sum(d.outcome is Outcome.PUBLISHED for d in report.datasets)
    rejected = sum(d.outcome is Outcome.REJECTED for d in report.datasets)
    checked = sum(d.outcome is Outcome.CHECKED for d in report.datasets)
    unchanged = sum(d.outcome is Outcome.UNCHANGED for d in report.datasets)
    if checked:
        click.echo(f"{checked} would be published, {rejected} rejected; nothing was changed.")
    else:
        same = f"{unchanged} already there as it is, " if unchanged else ""
        click.echo(f"{done} published, {same}{rejected} rejected; the node is at generation {report.generation}.")


def _version(dataset: DatasetReport) -> str:
    return f" version {dataset.version}, sha256 {dataset.digest[:12]}…" if dataset.digest else ""


def counts(dataset: DatasetReport) -> str:
    """``(120 samples of 95 donors)``, or nothing for a description without samples."""
    return f"({dataset.samples:,} samples of {dataset.donors:,} donors)" if dataset.samples else ""


def coding_lines(datasets: tuple[DatasetReport, ...], *, most: int = 8) -> list[str]:
    """How many samples carry an NCIt diagnosis, and the commonest reasons why others do not."""
    reports = [d.coding for d in datasets if d.coding is not None and d.outcome is not Outcome.REJECTED]
    samples = sum(r.samples for r in reports)
    if not samples:
        return []
    coded = sum(r.coded for r in reports)
    lines = [
        f"NCIt diagnosis: {coded:,} of {samples:,} samples ({100 * coded / samples:.1f} %), {samples - coded:,} without"
    ]
    reasons: dict[str, dict[str, int]] = {}
    for report in reports:
        for reason, values in report.uncoded.items():
            for value, count in values.items():
                reasons.setdefault(reason, {})[value] = reasons.get(reason, {}).get(value, 0) + count
    for reason, tally in sorted(reasons.items(), key=lambda item: -sum(item[1].values())):
        top = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{value or '(empty)'} {count:,}" for value, count in top[:most])
        rest = f", {len(top) - most} more" if len(top) > most else ""
        lines.append(f"  {sum(tally.values()):>6,} {reason}: {named}{rest}")
    return lines


def report_document(report: Report) -> dict[str, Any]:
    """The report as plain values for ``--json``."""
    return {
        "datasets": [_dataset_document(dataset) for dataset in report.datasets],
        "findings": [asdict(finding) for finding in report.findings],
        "coding": value_document(_tallies(report)),
        "decisions": [asdict(drafted) for drafted in report.decisions],
        "asked": [asdict(asked) for asked in together(dataset.asked for dataset in report.datasets)],
        "generation": report.generation,
        "ok": report.ok,
    }


def _tallies(report: Report) -> dict[str, Tally]:
    kept = (d.coding for d in report.datasets if d.coding is not None and d.outcome is not Outcome.REJECTED)
    return merged(kept)


def _dataset_document(dataset: DatasetReport) -> dict[str, Any]:
    coding = dataset.coding
    return {
        "kind": kind_of(dataset.dataset)[0].value,
        **{key: getattr(dataset, key) for key in _DATASET_KEYS},
        "findings": [asdict(finding) for finding in dataset.findings],
        "levels": [{**asdict(level), "reached": level.reached} for level in dataset.levels],
        "asked": [asdict(asked) for asked in dataset.asked],
        "coding": coding
        and {
            "samples": coding.samples,
            "coded": coding.coded,
            "uncoded": {k: dict(v) for k, v in coding.uncoded.items()},
        },
    }


def _print_findings(findings: tuple[Finding, ...]) -> None:
    order = {Severity.VIOLATION: 0, Severity.WARNING: 1, Severity.INFO: 2}
    ranked = sorted(findings, key=lambda f: order[f.severity])
    for finding in ranked[:_FINDINGS_SHOWN]:
        click.echo(f"           {finding}", err=finding.severity is Severity.VIOLATION)
    if len(ranked) > _FINDINGS_SHOWN:
        click.echo(f"           … and {len(ranked) - _FINDINGS_SHOWN} more; --json lists all")
