"""``onconode token``: who may change the node over HTTP and read all of it."""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.nodes import node_option
from node.cli.output import Output, json_option, table
from node.config import load_settings
from node.policy.tokens import TOKENS_FILE, Tokens


@click.group()
def token() -> None:
    """The tokens of the node's operators, for /update, /rdf-graph-store and reading what is not open."""


@token.command("create")
@click.argument("name")
@node_option()
@json_option
def create(name: str, folder: Path, output: Output) -> None:
    """Make a token and print it, this once: the node keeps only its hash."""
    secret = _tokens(folder).create(name)
    output.say(f"The token {name}, which is not shown again:\n\n  {secret}\n")
    output.say('A client sends it as the header "Authorization: Bearer TOKEN", or as the password of Basic.')
    output.result({"name": name, "token": secret})


@token.command("list")
@node_option()
@json_option
def list_command(folder: Path, output: Output) -> None:
    """The names of the tokens and when they were made."""
    tokens = _tokens(folder).all()
    output.result([{"name": each.name, "created": each.created} for each in tokens])
    if tokens:
        output.say(table(["name", "created"], [[each.name, each.created] for each in tokens]))
    else:
        output.say("No tokens. Make one with: onconode token create NAME --node DIR")


@token.command("revoke")
@click.argument("name")
@node_option()
@json_option
def revoke(name: str, folder: Path, output: Output) -> None:
    """Make a token invalid, at once, also for a node that is being served."""
    _tokens(folder).revoke(name)
    output.say(f"The token {name} is revoked.")
    output.result({"revoked": name})


def _tokens(folder: Path) -> Tokens:
    return Tokens(load_settings(folder).folder / TOKENS_FILE)
