"""The registry of a generation: what is known of each of its named graphs, as kept in the file ``graphs.json``."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from node.model.access import Tier
from node.store.quads import GraphState, Owner

Registry = Mapping[str, GraphState]


def new_version() -> str:
    """A version that no graph has had before."""
    return secrets.token_hex(8)


def write_registry(registry: Registry) -> bytes:
    """The registry as JSON."""
    graphs = {
        graph: {"tier": state.tier, "triples": state.triples, "owner": state.owner, "version": state.version}
        for graph, state in sorted(registry.items())
    }
    return json.dumps({"graphs": graphs}, indent=1).encode()


def read_registry(text: bytes, generation: int) -> dict[str, GraphState]:
    """The registry of this generation from its JSON. Raises ValueError (KeyError, TypeError) when it is damaged.

    A registry from before there were owners and versions holds the node's graphs, all of the generation's version.
    """
    return {
        graph: GraphState(
            tier=None if known["tier"] is None else Tier(known["tier"]),
            triples=int(known["triples"]),
            owner=Owner(known.get("owner", Owner.NODE)),
            version=str(known.get("version", f"g{generation}")),
        )
        for graph, known in json.loads(text)["graphs"].items()
    }
