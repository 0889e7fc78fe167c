"""``onconode curate``: the curators' workbench, on a workspace folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from node.cli.output import Output, json_option
from node.curation.beginning import begin_hub, begin_local
from node.curation.checking import Report, check
from node.curation.findings import ORDER, Finding, reaches
from node.curation.reasoning import Reasoner
from node.curation.workspace import Workspace
from node.errors import ConfigurationError, Place, ProtocolError

FC = TypeVar("FC", bound=Callable[..., Any])


def workspace_option() -> Callable[[FC], FC]:
    """``--workspace DIR``, the folder of the workspace a command works on."""
    return click.option(
        "--workspace",
        "-w",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        envvar="ONCONODE_WORKSPACE",
        help="The workspace's folder (where curation.toml is); the current one if not given.",
    )


def release_option() -> Callable[[FC], FC]:
    """``--release NAME=FILE``, several times: releases that take the place of those in the settings."""

    def read(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
        found = {}
        for value in values:
            name, mark, file = value.partition("=")
            if not (name and mark and file):
                raise ProtocolError(f"{value!r} names no release.", remedy="Write for example --release ncit=ncit.owl")
            found[name.strip()] = Path(file.strip())
        return found

    return click.option(
        "--release",
        "releases",
        multiple=True,
        callback=read,
        metavar="NAME=FILE",
        help="A release that the vocabulary hangs under, in place of the one in the settings; repeat it.",
    )


@click.group()
def curate() -> None:
    """Extend the vocabulary, check it, rehearse and release it: the curators' workbench."""


@curate.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--from", "origin", type=click.Choice(["hub"]), help="The vocabulary to work on: the hub's.")
@click.option("--local", "name", metavar="NAME", help="A new vocabulary of your own, with this short name.")
@click.option("--base-iri", help="The address below which the IRIs of your own vocabulary are.")
@click.option("--under", multiple=True, metavar="CLASS", help="A class that it hangs under (NCIT:C3262); repeat it.")
@click.option("--title", default="", help="What your own vocabulary is called.")
@json_option
def init_command(
    folder: Path,
    origin: str | None,
    name: str | None,
    base_iri: str | None,
    under: tuple[str, ...],
    title: str,
    output: Output,
) -> None:
    """Make a workspace in FOLDER: the hub vocabulary's (--from hub), or one of your own (--local NAME)."""
    if (origin is None) == (name is None):
        raise ProtocolError("say which vocabulary.", remedy="Give either --from hub or --local NAME.")
    if name is None:
        made = begin_hub(folder)
    elif base_iri is None:
        raise ProtocolError("your own terms need IRIs.", remedy="Give --base-iri, for example your node's.")
    else:
        made = begin_local(folder, name=name, base_iri=base_iri, under=under, title=title)
    output.say(f"{made.settings.vocabulary.title}: a workspace in {folder}.")
    output.say(f"  Next: write who you are into {folder / 'curation.toml'}, then: onconode curate check -w {folder}")
    output.result({"folder": folder, "ontology": made.settings.vocabulary.ontology})


@curate.command("check")
@workspace_option()
@release_option()
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write the findings to FILE as a table."
)
@click.option(
    "--fail-on",
    type=click.Choice([*ORDER, "never"]),
    default="error",
    show_default=True,
    help="Leave with exit code 2 when there is a finding as bad as this.",
)
@click.option("--no-reasoner", is_flag=True, help="Leave out what needs Java: only what tables and text show.")
@click.option("--java", type=click.Path(path_type=Path), help="The Java to use; without it that of the extra curation.")
@click.option("--memory", type=click.IntRange(64), default=2000, show_default=True, help="MiB for the reasoner.")
@click.option("--seconds", type=click.FloatRange(1), default=300.0, show_default=True, help="Time for one run of it.")
@json_option
@click.pass_context
def check_command(
    context: click.Context,
    folder: Path,
    releases: dict[str, Path],
    report: Path | None,
    fail_on: str,
    no_reasoner: bool,
    java: Path | None,
    memory: int,
    seconds: float,
    output: Output,
) -> None:
    """Check the vocabulary: its tables, annotations and structure, and with a reasoner what follows from it."""
    opened = Workspace.open(folder, releases)
    reasoner = None if no_reasoner else Reasoner(java, memory, seconds)
    try:
        found = check(opened, reasoner, output.progress)
    finally:
        output.progress_done()
    if report is not None:
        try:
            report.write_text(found.table(), encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"the report cannot be written: {error.strerror}.", where=Place(source=str(report))
            ) from error
    _say(found, output)
    output.result(found.document())
    if reaches(found.findings, fail_on):
        context.exit(2)


def _say(found: Report, output: Output) -> None:
    for one in found.findings:
        output.say("\n".join(_lines(one, found)))
    title = found.workspace.settings.vocabulary.title
    numbers = ", ".join(f"{count} {severity}" for severity, count in found.counts.items())
    looked = f"{found.terms} terms"
    if found.logic is not None:
        looked += f", {len(found.logic.own)} axioms with {len(found.logic.modules):,} of the releases"
    output.say(f"{title}: {looked}; {numbers}; {found.seconds:.1f} s.")
    partial = [one.name for one in found.workspace.base if not one.whole]
    if partial:
        output.say(
            f"  Of {' and '.join(partial)} only the packaged table was there; name whole releases with --release."
        )


def _lines(one: Finding, found: Report) -> list[str]:
    name = found.workspace.settings.shorten(one.subject) if one.subject else ""
    label = f" ({one.label})" if one.label and one.label != name else ""
    where = f"{one.place}: " if str(one.place) else ""
    lines = [f"{one.severity.upper():5} {one.rule}  {where}{name}{label}{': ' if name else ''}{one.message}"]
    lines += [f"        because {axiom}  [{where}]" for axiom, where in one.because]
    if one.remedy:
        lines.append(f"        {one.remedy}")
    return lines
