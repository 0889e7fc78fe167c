"""What every store asks of a change before it begins, and how the files of a generation change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from node.errors import Conflict, Place, StoreError
from node.rdf.terms import is_absolute_iri
from node.store.building import DIGESTS_FILE, REGISTRY_FILE, SUMMARY_FILE, write_file
from node.store.hierarchies import FOLDER
from node.store.quads import Change, GraphContent, Owner
from node.store.registry import Registry
from node.store.updates import not_the_operators


def check_change(change: Change, tier_graphs: Collection[str], files: Collection[str] = ()) -> None:
    """Raises StoreError for a change that no store can make; ``files`` are further names that are taken."""
    graphs = [content.graph for content in change.put] + list(change.remove)
    for graph in graphs:
        if not is_absolute_iri(graph):
            raise StoreError(f"a graph cannot be named {graph!r}: not an absolute IRI.")
        if graph in tier_graphs:
            raise StoreError("a tier graph cannot be changed by itself.", where=Place(record=graph))
    if len(set(graphs)) < len(graphs):
        raise StoreError("a change names the same graph more than once.")
    for name in change.files:
        own = name in (REGISTRY_FILE, SUMMARY_FILE, DIGESTS_FILE, *files) or name.split("/")[0] == FOLDER
        if own or not is_file_name(name):
            raise StoreError(f"a file of a generation cannot be named {name!r}.")


def check_base(change: Change, current: int) -> None:
    """Raises Conflict for a change that was worked out from another generation than the current one."""
    if change.base not in (None, current):
        raise Conflict(
            f"the node has changed since generation {change.base}, which this change was worked out from.",
            remedy="Do it again: it starts from what is there now.",
        )


def check_owners(change: Change, registry: Registry) -> None:
    """Raises Conflict when a graph would change its owner."""
    for content in change.put:
        if (known := registry.get(content.graph)) is not None and known.owner is not content.owner:
            raise _another_owner(content)


def _another_owner(content: GraphContent) -> Conflict:
    if content.owner is Owner.OPERATOR:
        return not_the_operators(content.graph)
    return Conflict(
        "an operator keeps a graph of this name by updates; a publication does not change it.",
        where=Place(record=content.graph),
        remedy="Drop that graph first, or move it: DROP GRAPH, MOVE.",
    )


def is_file_name(name: str) -> bool:
    """Whether a file of a generation can have this name: relative, and staying within its folder."""
    return all(part not in ("", ".", "..") for part in name.split("/")) and not set(name) & {"\\", "\0"}


def change_files(files: Path, changed: Mapping[str, bytes | Path | None]) -> None:
    """Write and remove files of a generation in the making. Raises OSError."""
    for name, written in changed.items():
        if written is None:
            _remove(files, name)
        else:
            write_file(files / name, written)


def _remove(files: Path, name: str) -> None:
    path = files / name
    path.unlink(missing_ok=True)
    # Folders that have become empty go too, so that the name is free for a file again.
    for parent in path.parents:
        if parent == files or not parent.is_dir() or any(parent.iterdir()):
            return
        parent.rmdir()
