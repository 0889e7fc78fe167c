"""The program that carries out one update: ``python -m node.store.updater``, one JSON line in, one JSON object out.

It works in the folder of a generation in the making and never on one that anybody reads, so that it may end at any
instant. Limits are set as in a query worker: memory by the kernel, time by whoever started it, which kills it, and by
the kernel's timer. It ends with its parent, which it notices by the end of standard input.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from node.errors import NodeError
from node.model.access import Tier
from node.rdf.dataset import GraphScope
from node.sparql.update import parse_update
from node.store.building import open_building
from node.store.engine import kernel_limits
from node.store.generations import translated
from node.store.passed import to_json
from node.store.quads import Budget, Update
from node.store.updates import Updates

#: The kernel's timer goes off this long after the deadline; the parent comes first if it is alive.
_ORPHAN_SECONDS = 1.0


class _NotLoaded(NodeError):
    """Stands for an error that the parent has: the document was not to be had."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.source = source


def _carried_out(asked: dict[str, Any]) -> dict[str, Any]:
    """Make the change. Returns whether there was one, or the refusal."""
    budget = Budget(asked["seconds"], asked["memory_bytes"], asked["result_bytes"])
    request = Update(
        text=asked["text"],
        base=asked["base"],
        default_graph=asked["default_graph"],
        skolem=asked["skolem"],
        depth=asked["depth"],
        tier=Tier(asked["tier"]),
        using=None if asked["using"] is None else GraphScope(*map(tuple, asked["using"])),
        loads={source: _NotLoaded(source) if path is None else Path(path) for source, path in asked["loads"].items()},
    )
    tier_graphs = {Tier(tier): graph for tier, graph in asked["tier_graphs"].items()}
    try:
        parsed = parse_update(request.text, request.base, depth=request.depth)
        with (
            open_building(Path(asked["folder"]), asked["number"], tier_graphs, budget.memory_bytes) as building,
            # On top of what an open database takes.
            kernel_limits(budget.seconds + _ORPHAN_SECONDS, budget.memory_bytes),
        ):
            Updates(building.graphs, building.merge, request, budget).run(parsed)
            return {"changed": building.write()}
    except _NotLoaded as error:
        return {"not_loaded": error.source}
    except NodeError as error:
        return {"refused": to_json(error)}
    except MemoryError:
        return {"memory": True}
    except (OSError, RuntimeError) as error:
        return {"refused": to_json(translated(error, "the update cannot be carried out"))}


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)


def main() -> NoReturn:
    """Carry out the update that standard input describes."""
    asked = json.loads(sys.stdin.buffer.readline())
    # Whatever prints by mistake must not end up in the answer.
    target = os.dup(1)
    os.dup2(2, 1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    said = json.dumps(_carried_out(asked)).encode()
    with open(target, "wb") as file:  # noqa: PTH123  # a descriptor, no path
        file.write(said)
    # Not sys.exit: everything is on the disk, and taking the interpreter down takes time.
    os._exit(0)


if __name__ == "__main__":
    main()
