"""``onconode member``: the federation this node knows."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from node.assembly import build
from node.cli.nodes import node_option
from node.cli.output import Output, json_option, table
from node.config import CONFIG_FILE, Member, load_settings
from node.errors import MemberError
from node.federation.calling.circuits import OpenCircuit, read_circuits
from node.federation.members.membership import (
    MemberStatus,
    add_member,
    count,
    inspect,
    inspect_again,
    probe,
    remove_member,
)
from node.federation.members.probing import Probe, keep_probes, read_probes
from node.federation.members.summaries import Summary

#: So long a new member is counted.
_COUNT_SECONDS = 30.0


@click.group()
def member() -> None:
    """The other nodes that federated queries reach."""


@member.command("add")
@click.argument("url")
@node_option()
@click.option("--name", default=None, help="What to call it; taken from the address when not given.")
@click.option(
    "--replica-of",
    default="",
    metavar="NAME",
    help="The member that it is a standby of: while both hold the same, only one of them is asked.",
)
@click.option(
    "--mirror-of",
    multiple=True,
    metavar="NAME",
    help="A member whose data it holds as well: while it holds all of it, that member is not asked. Repeatable.",
)
@json_option
def add(url: str, folder: Path, name: str | None, replica_of: str, mirror_of: tuple[str, ...], output: Output) -> None:
    """Add the node or SPARQL endpoint at URL; it is asked one query first.

    Of an endpoint of another kind it is then found out what it can do and about how much it holds.
    """
    settings = load_settings(folder)
    found = dataclasses.replace(probe(url), replica_of=replica_of, mirror_of=mirror_of)
    if name:
        found = dataclasses.replace(found, name=name)
    add_member(folder / CONFIG_FILE, found)
    output.say(f"Added {found.name}: {found.endpoint}")
    click.echo("Finding out what it can do: two minutes at the most; it is a member already.", err=True)
    try:
        original = next((m.endpoint for m in settings.members if m.name == replica_of), None)
        seen = inspect(found, folder, standing_for=original)
        output.say("It is a node like this one." if seen is None else f"It is of another kind: {seen.summary}")
        if seen is not None:
            output.say(_counted(count(found, folder, seen, seconds=_COUNT_SECONDS)))
    except MemberError as error:
        seen = None
        output.say(f"What it can do could not be found out: {error} Later: onconode member check.")
    output.result(dataclasses.asdict(found) | {"probe": None if seen is None else dataclasses.asdict(seen)})


def _counted(held: Summary | None) -> str:
    says_nothing = "It does not say what it holds, so queries ask it for each pattern"
    if held is None:
        return f"{says_nothing}. How much it holds of what was not to be counted in {_COUNT_SECONDS:g} s."
    predicates, classes = len(held.predicates), len(held.classes)
    return f"{says_nothing}, in an order by what was counted: predicates {predicates:,}, classes {classes:,}."


@member.command("list")
@node_option()
@json_option
def list_command(folder: Path, output: Output) -> None:
    """The members in node.toml, and what was found out about those of another kind."""
    members, probes = load_settings(folder).members, read_probes(folder)
    output.result([dataclasses.asdict(m) | {"probe": _as_json(probes.get(m.endpoint))} for m in members])
    if members:
        rows = [
            [m.name, m.endpoint, m.replica_of, ", ".join(m.mirror_of), _in_words(probes.get(m.endpoint))]
            for m in members
        ]
        output.say(table(["name", "endpoint", "replica of", "mirror of", "found"], rows))
    else:
        output.say("No members yet. Add one with: onconode member add URL --node DIR")


@member.command("check")
@node_option()
@json_option
@click.pass_context
def check(context: click.Context, folder: Path, output: Output) -> None:
    """Ask every member whether it answers. Exit code 6 when one does not.

    What those of another kind can do is found out anew. Of members that hold the same, or all that another does, it is
    said whether they count as replicas or mirrors.
    """
    node = build(folder)
    try:
        statuses = node.federation.check()
        other = {s.endpoint for s in statuses if s.problem is None and s.triples is None}
        inspect_again([m for m in node.federation.members() if m.endpoint in other], folder)
    finally:
        node.close()
    settings = load_settings(folder)
    declared = {member.name: member for member in settings.members}
    probes = read_probes(folder)
    circuits = read_circuits(folder)
    output.result(
        [
            {name: value for name, value in dataclasses.asdict(s).items() if name != "graphs"}
            | {
                "circuit": _circuit(circuits.get(s.endpoint)),
                "probe": _as_json(probes.get(s.endpoint)),
                "replica_of": declared[s.name].replica_of,
                "mirror_of": list(declared[s.name].mirror_of),
            }
            for s in statuses
        ]
    )
    rows = [
        [
            s.name,
            "answers" if s.problem is None else "fails",
            f"{s.milliseconds:.0f} ms",
            "" if s.triples is None else f"{s.triples:,}",
            _in_words(probes.get(s.endpoint)),
            _circuit(circuits.get(s.endpoint)),
            _in_step(s, statuses, declared),
            s.problem or "",
        ]
        for s in statuses
    ]
    output.say(table(["member", "state", "time", "triples", "found", "circuit", "holds", "problem"], rows))
    if any(s.problem for s in statuses):
        context.exit(6)


def _in_step(status: MemberStatus, statuses: Sequence[MemberStatus], declared: Mapping[str, Member]) -> str:
    """Whether a declared replica or mirror holds what the others do, and who could be declared."""
    by_name = {s.name: s for s in statuses}
    member = declared[status.name]
    if of := member.replica_of:
        same = by_name[of].digest == status.digest is not None
        return f"in step with {of}" if same else f"not in step with {of}"
    held = [s.name for s in statuses if s is not status and _holds_all(status, s)]
    said = [f"all of {name}" if name in held else f"not all of {name}" for name in member.mirror_of]
    others = [by_name[name] for name in held if name not in member.mirror_of and not declared[name].replica_of]
    twins = [s.name for s in others if s.digest == status.digest]
    said += [f"the same as {', '.join(twins)}, not declared"] if twins else []
    parts = [s.name for s in others if s.digest != status.digest]
    said += [f"all of {', '.join(parts)}, not declared"] if parts else []
    return "; ".join(said)


def _holds_all(one: MemberStatus, other: MemberStatus) -> bool:
    """Whether one holds, and shows to everybody, all that another does, which is something."""
    if one.digest is None or other.digest is None or not other.triples:
        return False
    if one.digest == other.digest:
        return True
    return one.graphs is not None and other.graphs is not None and other.graphs.items() <= one.graphs.items()


def _in_words(found: Probe | None) -> str:
    return "" if found is None else found.summary


def _as_json(found: Probe | None) -> dict[str, object] | None:
    return None if found is None else dataclasses.asdict(found)


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
    keep_probes(folder, {removed.endpoint: None})
    output.say(f"Removed {removed.name}: {removed.endpoint}")
    output.result(dataclasses.asdict(removed))
