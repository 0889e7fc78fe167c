"""``onconode init`` and ``onconode serve``: a new node, and its HTTP service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import tomlkit

from node.cli.output import Output, json_option
from node.config import CONFIG_FILE, load_settings
from node.errors import ConfigurationError, Conflict, Place
from node.policy.tokens import TOKENS_FILE, Tokens

#: The name of the token that every new node gets.
FIRST_OPERATOR = "operator"

FC = TypeVar("FC", bound=Callable[..., Any])


def node_option(*, required: bool = True) -> Callable[[FC], FC]:
    """``--node DIR``, the folder of the node a command works on."""
    return click.option(
        "--node",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        required=required,
        envvar="ONCONODE_NODE",
        help="The node's folder (where node.toml is).",
    )


def create_node(folder: Path, *, base_iri: str, title: str, publisher: str = "") -> Path:
    """Write ``node.toml`` and the data folder; the path of the former.

    Raises Conflict when a node is there already, ConfigurationError when the settings are wrong or the folder
    cannot be written. A folder with anything half made is not left behind.
    """
    path = folder / CONFIG_FILE
    if path.exists():
        raise Conflict(f"{path} is there already.", remedy="Choose another folder, or edit that file.")
    existed = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(_node_toml(base_iri=base_iri, title=title, publisher=publisher), encoding="utf-8")
        load_settings(folder)
        (folder / "data").mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the folder cannot be written: {error.strerror}.", where=Place(source=str(folder))
        ) from error
    except ConfigurationError:
        path.unlink()
        if not existed:
            folder.rmdir()
        raise
    return path


def _node_toml(*, base_iri: str, title: str, publisher: str) -> str:
    document = tomlkit.document()
    document.add(tomlkit.comment("The settings of this node; docs/reference/settings.md explains every one."))
    table = tomlkit.table()
    table.add("base_iri", base_iri)
    table["base_iri"].comment("every IRI this node mints starts with it: never change it later")
    table.add("title", title)
    table.add("publisher", publisher or title)
    table["publisher"].comment("the organisation that answers for what is published here")
    document.add("node", table)
    document.add(tomlkit.nl())
    document.add(tomlkit.comment("Other nodes of the federation: onconode member add URL --node DIR"))
    return tomlkit.dumps(document)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--base-iri", required=True, help="The address of this node; every IRI it mints starts with it.")
@click.option("--title", default="An Onconode node", show_default=True, help="What people call this node.")
@click.option("--publisher", default="", help="The organisation behind it; the title when not given.")
@json_option
def init(folder: Path, base_iri: str, title: str, publisher: str, output: Output) -> None:
    """Make a new node in DIR, and a token for its operator, which is printed this once."""
    base = base_iri if base_iri.endswith("/") else base_iri + "/"
    path = create_node(folder, base_iri=base, title=title, publisher=publisher)
    # A folder that was a node once may still have tokens, of people who may be operators no longer.
    (folder / TOKENS_FILE).unlink(missing_ok=True)
    token = Tokens(folder / TOKENS_FILE).create(FIRST_OPERATOR)
    output.say(f"A new node is in {folder}; its settings are in {path}.")
    output.say(f"The operator's token, which is not shown again (onconode token makes others):\n\n  {token}\n")
    output.say(f"Next: onconode publish PATH --node {folder}, then onconode serve --node {folder}")
    output.result({"folder": str(folder), "settings": str(path), "base_iri": base, "token": token})


@click.command()
@node_option()
@click.option("--host", default=None, help="Where to listen; default from node.toml, 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Default from node.toml, 8080.")
@json_option
def serve(folder: Path, host: str | None, port: int | None, output: Output) -> None:
    """Serve the node over HTTP until Ctrl-C. The log is one JSON line a request on standard error."""
    from node.web.serve import serve as serve_node  # noqa: PLC0415 - other commands need no web server

    del output
    serve_node(folder, host, port)
