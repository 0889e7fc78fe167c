"""``onconode mirror``."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from node.assembly import build
from node.cli.nodes import node_option
from node.cli.output import Output, json_option
from node.harvesting.mirror import Mirrored, end_mirror
from node.harvesting.mirror import mirror as mirror_node


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL…")
@node_option()
@click.option("--end", is_flag=True, help="Take out what was mirrored from there.")
@json_option
def mirror(urls: tuple[str, ...], folder: Path, end: bool, output: Output) -> None:
    """Hold here all that the nodes at these base addresses show to everybody, as it is there.

    Given again, it brings in what has changed there, and takes out what is gone. Whoever has this node and the others
    as members, and has said so (onconode member add --mirror-of), asks this one for all, while it is the same.
    """
    node = build(folder)
    done: list[Mirrored] = []
    try:
        for url in urls:
            if end:
                found = end_mirror(url, node=node.parts())
            else:
                found = mirror_node(url, node=node.parts(), services=node.settings.services, progress=output.progress)
            output.progress_done()
            done.append(found)
            output.say(_in_words(found, ended=end))
    finally:
        output.progress_done()
        node.close()
    output.result({"mirrors": [dataclasses.asdict(found) for found in done]})


def _in_words(found: Mirrored, *, ended: bool) -> str:
    if ended:
        return f"{found.origin}: {found.removed} graphs removed."
    if not found.changed and not found.removed:
        said = f"{found.origin}: unchanged, {found.graphs} graphs."
    else:
        said = (
            f"{found.origin}: {found.graphs} graphs, {found.changed} of them new or changed, {found.removed} removed."
        )
    left = [f"  left out: {graph}: {why}" for graph, why in found.left[:10]]
    more = [f"  and {len(found.left) - 10} more"] if len(found.left) > 10 else []
    not_all = ["  Not all of it is held here, so it is still asked for itself."] if left else []
    return "\n".join([said, *left, *more, *not_all])
