"""``onconode member``: the federation this node knows."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import click

from node.assembly import build
from node.cli.nodes import node_option
from node.cli.output import Output, json_option, table
from node.config import CONFIG_FILE, load_settings
from node.federation.circuits import OpenCircuit, read_circuits
from node.federation.members import add_member, probe, remove_member


@click.group()
def member() -> None:
    """The other nodes that federated queries reach."""


@member.command("add")
@click.argument("url")
@node_option()
@click.option("--name", default=None, help="What to call it; taken from the address when not given.")
@json_option
def add(url: str, folder: Path, name: str | None, output: Output) -> None:
    """Add the node or SPARQL endpoint at URL; it is asked one query first."""
    load_settings(folder)
    found = probe(url)
    if name:
        found = dataclasses.replace(found, name=name)
    add_member(folder / CONFIG_FILE, found)
    output.say(f"Added {found.name}: {found.endpoint}")
    output.result(dataclasses.asdict(found))


@member.command("list")
@node_option()
@json_option
def list_command(folder: Path, output: Output) -> None:
    """The members in node.toml."""
    members = load_settings(folder).members
    output.result([dataclasses.asdict(m) for m in members])
    if members:
        output.say(table(["name", "endpoint"], [[m.name, m.endpoint] for m in members]))
    else:
        output.say("No members yet. Add one with: onconode member add URL --node DIR")


@member.command("check")
@node_option()
@json_option
@click.pass_context
def check(context: click.Context, folder: Path, output: Output) -> None:
    """Ask every member whether it answers. Exit code 6 when one does not."""
    node = build(folder)
    try:
        statuses = node.federation.check()
    finally:
        node.close()
    circuits = read_circuits(folder)
    output.result([dataclasses.asdict(s) | {"circuit": _circuit(circuits.get(s.endpoint))} for s in statuses])
    rows = [
        [
            s.name,
            "answers" if s.problem is None else "fails",
            f"{s.milliseconds:.0f} ms",
            "" if s.triples is None else f"{s.triples:,}",
            _circuit(circuits.get(s.endpoint)),
            s.problem or "",
        ]
        for s in statuses
    ]
    output.say(table(["member", "state", "time", "triples", "circuit", "problem"], rows))
    if any(s.problem for s in statuses):
        context.exit(6)


def _circuit(found: OpenCircuit | None) -> str:
    """What the serving node's circuit breaker for a member is at."""
    if found is None:
        return "closed"
    return f"open for {max(0, found.until - time.time()):.0f} s after {found.failures} failures"


@member.command("remove")
@click.argument("name_or_endpoint")
@node_option()
@json_option
def remove(name_or_endpoint: str, folder: Path, output: Output) -> None:
    """Take a member out, by name or endpoint."""
    load_settings(folder)
    removed = remove_member(folder / CONFIG_FILE, name_or_endpoint)
    output.say(f"Removed {removed.name}: {removed.endpoint}")
    output.result(dataclasses.asdict(removed))
