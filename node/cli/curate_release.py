"""``onconode curate diff``, ``rehearse`` and ``release``: what a release changes, for whom, and making it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from node.assembly import Node, build, dump_budget
from node.cli.curate import release_option, workspace_option
from node.cli.output import Output, json_option
from node.cli.rehearsed import rehearsal_document, rehearsal_lines
from node.config import CONFIG_FILE, load_settings
from node.curation.collecting import told_by_endpoint, told_by_file
from node.curation.content import Content, content_of, read_content
from node.curation.differences import compare
from node.curation.kgcl import as_commands, as_document, as_lines, as_markdown, as_tsv, counted
from node.curation.reasoning import Reasoner
from node.curation.rehearsal import Side, rehearse
from node.curation.release import (
    between,
    checked,
    last_release,
    make,
    note_in_queue,
    plan,
    release_content,
    release_folder,
)
from node.curation.release_record import Planned, Verdict
from node.curation.workspace import Workspace
from node.errors import ConfigurationError, NotFound, Place, ProtocolError, Unsupported
from node.ontology.releases import install, release_of
from node.policy.decide import OPERATOR
from node.rdf.formats import JSON, NTRIPLES, format_of_file
from node.sparql.results import Results, read_json_results
from node.sparql.stored import stored_queries
from node.store.copies import back_up

FORMATS = ("words", "kgcl", "tsv", "json", "md")
_SHOWN = 200


@click.command("diff")
@click.argument("old", required=False)
@click.argument("new", required=False)
@workspace_option()
@click.option("--format", "form", type=click.Choice(FORMATS), default="words", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead.")
@json_option
def diff(old: str | None, new: str | None, folder: Path, form: str, out: Path | None, output: Output) -> None:
    """What has changed between OLD and NEW: versions released here, or files.

    Without NEW the workspace as it is; without OLD either, since the last release.
    """
    if new is not None and old is not None and _is_file(old) and _is_file(new):
        found = compare(read_content(Path(old)), read_content(Path(new)))
    else:
        workspace = Workspace.open(folder)
        chosen = old or last_release(workspace)
        before = _content(workspace, chosen) if chosen else content_of(b"")
        after = _content(workspace, new) if new else content_of(workspace.triples())
        found = between(workspace, before, after)
    if output.json:
        form = "json"
    title = f"Changes from {old or 'the last release'} to {new or 'the workspace'}"
    writers: dict[str, Callable[[], str]] = {
        "words": lambda: "\n".join(as_lines(found, most=None if out else _SHOWN)) + "\n",
        "kgcl": lambda: as_commands(found),
        "tsv": lambda: as_tsv(found),
        "json": lambda: json.dumps(as_document(found), ensure_ascii=False, indent=1) + "\n",
        "md": lambda: as_markdown(found, title=title),
    }
    text = writers[form]()
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror}.", where=Place(source=str(out))) from error
    counts = found.counts()
    output.say(f"{out}: {counted(sum(counts.values()), 'change')} of {counted(len(found.touched()), 'term')}.")


def _is_file(text: str) -> bool:
    return format_of_file(text) is not None and Path(text).is_file()


def _content(workspace: Workspace, chosen: str) -> Content:
    if _is_file(chosen):
        return read_content(Path(chosen))
    if "/" in chosen or format_of_file(chosen) is not None:
        raise NotFound(f"there is no file {chosen!r}.", remedy="Give a file, or a version that was released here.")
    return release_content(workspace, chosen)


@click.command("rehearse")
@workspace_option()
@click.option(
    "--node",
    "node_folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    envvar="ONCONODE_NODE",
    help="The node's folder (where node.toml is).",
)
@click.option("--release", "version", help="Rehearse a version that was released; default: the workspace as it is.")
@click.option("--from", "source", type=click.Path(path_type=Path, exists=True), help="Rehearse this file of --name.")
@click.option("--name", help="With --from: which vocabulary it is a release of (ncit, obi, or one's own).")
@click.option("--endpoint", "endpoints", multiple=True, metavar="URL", help="Another node to ask for its demand.")
@click.option("--demand", "files", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="What another node exported of its demand; repeat it.")  # fmt: skip
@click.option("--token-file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="A file with a token that the nodes at the addresses take.")  # fmt: skip
@json_option
def rehearse_command(
    folder: Path,
    node_folder: Path,
    version: str | None,
    source: Path | None,
    name: str | None,
    endpoints: tuple[str, ...],
    files: tuple[Path, ...],
    token_file: Path | None,
    output: Output,
) -> None:
    """What a release would change for a node: samples that gain a code or lose one, and answers of stored queries.

    The node itself is not changed: the release is installed in a scratch copy of it.
    """
    token = token_file.read_text(encoding="utf-8").strip() if token_file else ""
    told = [*(told_by_endpoint(address, token=token) for address in endpoints), *map(told_by_file, files)]
    with tempfile.TemporaryDirectory(prefix="onconode-rehearsal-") as scratch:
        installed, release = _release_file(folder, version, source, name, Path(scratch))
        with _both(node_folder, Path(scratch), installed, release, output) as (before, after):
            found = rehearse(_side(before), _side(after), stored_queries(), told, output.progress)
    output.progress_done()
    output.result(rehearsal_document(found))
    for line in rehearsal_lines(found):
        output.say(line)


def _release_file(
    folder: Path, version: str | None, source: Path | None, name: str | None, scratch: Path
) -> tuple[str, Path]:
    """The name of the vocabulary, and the file or folder that a node would install."""
    if source is not None:
        if name is None:
            raise ProtocolError("it is not said which vocabulary that file is.", remedy="Give --name, like ncit.")
        return name, source
    workspace = Workspace.open(folder)
    vocabulary = workspace.settings.vocabulary.name
    if version is not None:
        return vocabulary, release_folder(workspace, version) / f"{vocabulary}.nt"
    path = scratch / f"{vocabulary}.nt"
    path.write_bytes(workspace.triples())
    return vocabulary, path


@contextmanager
def _both(folder: Path, scratch: Path, name: str, release: Path, output: Output) -> Iterator[tuple[Node, Node]]:
    """The node as it is, and a copy of it with the release installed. Raises Unsupported for a store of others."""
    if load_settings(folder).store.kind != "embedded":
        raise Unsupported(
            "a node whose quads are in an external store cannot be copied for a rehearsal.",
            remedy="Restore a dump of it into a node with an embedded store, and rehearse there.",
        )
    output.progress("copying the node")
    copy = scratch / "node"
    back_up(folder, copy, settings_file=CONFIG_FILE)
    before = build(folder)
    try:
        after = build(copy)
        try:
            output.progress(f"installing {name} in the copy")
            active = release_of(after.store, name)
            # under the version that is there: its graph then changes by what is different, which is little
            version = active.version if active else None
            install(name, release, store=after.store, identifiers=after.identifiers, version=version)
            yield before, after
        finally:
            after.close()
    finally:
        before.close()


def _side(node: Node) -> Side:
    def ask(text: str) -> Results:
        with node.query(text, OPERATOR, (JSON, NTRIPLES)) as answer:
            return read_json_results(b"".join(answer))

    def read(text: str) -> Results:
        budget = dump_budget(node.settings.limits)
        with node.store.query(text, scope=node.scope(OPERATOR), formats=(JSON, NTRIPLES), budget=budget) as answer:
            return read_json_results(b"".join(answer))

    parts = node.parts()
    return Side(node.store, parts.vocabulary, parts.coder(proposing=False), ask, read)


@click.command("release")
@workspace_option()
@release_option()
@click.option("--version", help="What it is called (1.2.0 or 2026-12-01); default: the next that the changes ask for.")
@click.option("--date", "day", help="Its date (2026-12-01); default: SOURCE_DATE_EPOCH, else today.")
@click.option("--by", default="", help="Who releases it: a curator of the workspace.")
@click.option("--without-reasoner", is_flag=True, help="Leave out HermiT; the release says so.")
@click.option("--java", type=click.Path(path_type=Path), help="The Java to use; without it that of the extra curation.")
@click.option("--memory", type=click.IntRange(64), default=2000, show_default=True, help="MiB for the reasoner.")
@click.option("--seconds", type=click.FloatRange(1), default=300.0, show_default=True, help="Time for one run of it.")
@click.option("--dry-run", is_flag=True, help="Check and say what would go out, but write nothing.")
@json_option
def release(
    folder: Path,
    releases: dict[str, Path],
    version: str | None,
    day: str | None,
    by: str,
    without_reasoner: bool,
    java: Path | None,
    memory: int,
    seconds: float,
    dry_run: bool,
    output: Output,
) -> None:
    """Make a release of the workspace in releases/VERSION, if the checks pass; it never changes afterwards."""
    workspace = Workspace.open(folder, releases)
    if by:
        by = workspace.settings.curator(by).id
    output.progress("checking")
    reasoner = None if without_reasoner else Reasoner(java, memory, seconds)

    def judge(opened: Workspace) -> Verdict:
        return checked(opened, reasoner, output.progress)

    planned = plan(workspace, version=version, day=day, judge=judge)
    output.progress_done()
    for line in as_lines(planned.difference, most=_SHOWN):
        output.say(line)
    if dry_run:
        output.say(f"{planned.version} ({planned.date}) could be released; nothing was written.")
        output.result(_planned(planned))
        return
    output.progress("writing")
    made = make(workspace, planned, by=by)
    noted = note_in_queue(workspace)
    output.progress_done()
    output.say(f"{planned.version} ({planned.date}) is in {made.folder}: {counted(len(made.files), 'file')}.")
    if noted:
        output.say(f"  It serves {counted(len(noted), 'word')} of the queue: {', '.join(noted)}.")
    name = workspace.settings.vocabulary.name
    output.say(f"  Nodes install it with: onconode ontology install {name} --from {made.folder} --node DIR")
    output.result({**_planned(planned), "folder": made.folder, "digest": made.digest, "served": noted})


def _planned(planned: Planned) -> dict[str, Any]:
    return {
        "version": planned.version,
        "previous": planned.previous,
        "date": planned.date,
        "changes": planned.difference.counts(),
        "checks": asdict(planned.verdict),
    }
