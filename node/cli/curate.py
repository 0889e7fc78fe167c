"""``onconode curate``: the curators' workbench, on a workspace folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from node.cli.output import Output, json_option
from node.curation.beginning import begin_hub, begin_local
from node.errors import ProtocolError

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
