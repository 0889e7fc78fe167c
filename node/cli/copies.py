"""``onconode backup``, ``restore`` and ``dump``: safety copies of a node, and its data as one file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from node.assembly import build, dump_budget
from node.cli.nodes import node_option
from node.cli.output import Output, json_option
from node.config import CONFIG_FILE, load_settings
from node.errors import Conflict, Place, StoreError
from node.model.access import Tier
from node.publishing.dump import write_dump
from node.store.copies import back_up, bring_back


@click.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="DIR2")
@node_option()
@json_option
def backup(target: Path, folder: Path, output: Output) -> None:
    """Copy the node to the new folder DIR2, while it is served or not. The copy can be served as it is."""
    load_settings(folder)
    output.progress(f"copying to {target} …")
    generation = back_up(folder, target, settings_file=CONFIG_FILE)
    output.progress_done()
    output.say(f"Generation {generation.number} of {folder} is copied to {target}.")
    output.result({"copy": str(target), "generation": generation.number})


@click.command()
@click.argument("copy", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR2")
@node_option()
@json_option
def restore(copy: Path, folder: Path, output: Output) -> None:
    """Bring the safety copy DIR2 back, as the next generation of the node; the state before it is kept once more."""
    if (folder / CONFIG_FILE).exists():
        ours, theirs = load_settings(folder).node.base_iri, load_settings(copy, {}).node.base_iri
        if ours != theirs:
            raise Conflict(
                f"the copy is of the node {theirs}, the node in {folder} is {ours}.",
                remedy="Restore into the node it was made of, or into a new folder.",
            )
    output.progress(f"copying from {copy} …")
    generation = bring_back(copy, folder, settings_file=CONFIG_FILE)
    output.progress_done()
    output.say(f"{folder} is at generation {generation.number}, as {copy} was.")
    output.result({"node": str(folder), "generation": generation.number})


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@node_option()
@click.option("--all", "everything", is_flag=True, help="Also what is not public; for the operator's eyes only.")
@json_option
def dump(file: Path, folder: Path, everything: bool, output: Output) -> None:
    """Write everything public to FILE, as N-Quads (.nq) or TriG (.trig); .gz or .zst may follow.

    Its SHA-256 stands beside it in FILE.sha256. The same content is always the same file.
    """
    beside = file.with_name(f"{file.name}.sha256")
    for path in (file, beside):
        if path.exists():
            raise Conflict(f"{path} is there already.", remedy="Choose another name.")
    node = build(folder)
    tiers = tuple(Tier) if everything else (Tier.PUBLIC,)
    limits = node.settings.limits
    try:
        made = write_dump(
            node.store, file, budget=dump_budget(limits), tiers=tiers, private=everything, progress=output.progress
        )
        beside.write_text(f"{made.sha256}  {file.name}\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}.", where=Place(source=str(beside))) from error
    finally:
        output.progress_done()
        node.close()
    output.say(f"{made.quads:,} quads of generation {made.generation} are in {file}.\nSHA-256: {made.sha256}")
    output.result({"file": str(file), **asdict(made)})
