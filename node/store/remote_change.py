"""What a change asks of an external store, as SPARQL 1.1 Update text; nothing here sends anything.

A change of a graph is a *step*: two scratch graphs that hold what the graph loses and what it wins. So a change costs
as much as it changes, and going back is the same step the other way round. Each statement may be carried out again,
from any half-way state, with the same result.

What holds afterwards for every triple x: the tier graph of tier T holds x exactly when some graph of T holds x and no
graph of a more open tier does (see ``node.store.graphs``, which keeps the same rule in the embedded store). To find the
graphs of a tier, the store holds one graph of its own, the *state*: the tier graph of each graph, and the number of the
generation.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from node.model.access import Tier

_X = "?s ?p ?o"
#: How many statements go into one request. Long requests are too much for some compilers.
_STATEMENTS = 12


@dataclass(frozen=True)
class Names:
    """The IRIs that the node uses in the store for itself, under ``base`` (the node's own)."""

    base: str
    tier_graphs: Mapping[Tier, str]

    @property
    def own(self) -> str:
        """What the names of all such graphs begin with."""
        return f"{self.base}.store/"

    @property
    def state(self) -> str:
        """The graph that says which graphs belong to which tier, and which generation all this is."""
        return f"{self.own}state"

    @property
    def nothing(self) -> str:
        """A graph that does not exist, for a dataset that is to be empty."""
        return f"{self.own}nothing"

    def scratch(self, number: int) -> str:
        """A graph that is there only during a change."""
        return f"{self.own}scratch/{number}"

    def stamp_query(self) -> str:
        """Asks for the stamp of the generation (?stamp) and the number of scratch graphs (?scratch) in the state."""
        return (
            f"SELECT ?stamp ?scratch {{ {{ <{self.base}> <{self.own}generation> ?stamp }} UNION "
            f"{{ <{self.base}> <{self.own}scratch> ?scratch }} }}"
        )

    def stamped(self, stamp: str) -> list[str]:
        """Note which generation this is."""
        return self._noted("generation", stamp)

    def unstamped(self) -> list[str]:
        """There is nothing of this node."""
        return self._noted("generation", None)

    def reserved(self, scratch: int) -> list[str]:
        """Note how many scratch graphs there may be."""
        return self._noted("scratch", str(scratch) if scratch else None)

    def _noted(self, what: str, value: str | None) -> list[str]:
        about = f"<{self.base}> <{self.own}{what}>"
        noted = [f"DELETE WHERE {{ GRAPH <{self.state}> {{ {about} ?value }} }}"]
        if value is not None:
            noted.append(f'INSERT DATA {{ GRAPH <{self.state}> {{ {about} "{value}" }} }}')
        return noted

    def in_tier(self, graph: str, tier: Tier | None) -> list[str]:
        """Note to which tier a graph belongs; None: to none, or it is no more."""
        about = f"<{graph}> <{self.own}tier>"
        noted = [f"DELETE WHERE {{ GRAPH <{self.state}> {{ {about} ?tier }} }}"]
        if tier is not None:
            noted.append(f"INSERT DATA {{ GRAPH <{self.state}> {{ {about} <{self.tier_graphs[tier]}> }} }}")
        return noted


@dataclass(frozen=True)
class Step:
    """A graph loses what ``gone`` holds and wins what ``new`` holds (None: nothing), and may change its tier.

    A graph that is not there has no tier, nor has one that is in no tier.
    """

    graph: str
    gone: str | None
    new: str | None
    #: Whether what stays in the graph changes its tier, too.
    moved: bool = False
    before: Tier | None = None
    after: Tier | None = None

    def back(self) -> Step:
        """The step that undoes this one."""
        return replace(self, gone=self.new, new=self.gone, before=self.after, after=self.before)


def difference(graph: str, wanted: str, gone: str, new: str) -> list[str]:
    """Put into ``gone`` what ``graph`` holds beyond ``wanted``, and into ``new`` what is wanted beyond that."""
    return [_without(graph, wanted, gone), _without(wanted, graph, new)]


def edit(graph: str, delete: str, insert: str, gone: str, new: str) -> list[str]:
    """Put into ``gone`` and ``new`` what deleting and then inserting the content of two graphs changes."""
    both = (
        f"INSERT {{ GRAPH <{gone}> {{ {_X} }} }} WHERE {{ GRAPH <{delete}> {{ {_X} }} GRAPH <{graph}> {{ {_X} }} "
        f"FILTER NOT EXISTS {{ GRAPH <{insert}> {{ {_X} }} }} }}"
    )
    return [both, _without(insert, graph, new)]


def copy(source: str, target: str) -> str:
    """Put what one graph holds into another."""
    return f"INSERT {{ GRAPH <{target}> {{ {_X} }} }} WHERE {{ GRAPH <{source}> {{ {_X} }} }}"


def _without(one: str, other: str, target: str) -> str:
    return (
        f"INSERT {{ GRAPH <{target}> {{ {_X} }} }} WHERE {{ GRAPH <{one}> {{ {_X} }} "
        f"FILTER NOT EXISTS {{ GRAPH <{other}> {{ {_X} }} }} }}"
    )


def carried_out(steps: Iterable[Step], names: Names, tiers: Collection[Tier | None]) -> list[str]:
    """The statements that carry out these steps. ``tiers`` are those that any graph has, before or after."""
    statements: list[str] = []
    settled: list[str] = []
    for step in steps:
        if step.before != step.after:
            statements += names.in_tier(step.graph, step.after)
        if step.gone is not None:
            statements.append(
                f"DELETE {{ GRAPH <{step.graph}> {{ {_X} }} }} WHERE {{ GRAPH <{step.gone}> {{ {_X} }} }}"
            )
            settled += _settled_anew(step.gone, names, tiers)
        if step.new is not None:
            statements.append(copy(step.new, step.graph))
            if step.after is not None:
                settled.append(copy(step.new, names.tier_graphs[step.after]))
                settled += _disjoint(step.new, names, tiers)
        if step.moved:
            settled += _settled_anew(step.graph, names, tiers)
    # Only when every graph holds what it is to hold can each triple be given its place.
    return statements + settled


def _settled_anew(graph: str, names: Names, tiers: Collection[Tier | None]) -> Iterator[str]:
    """Give each triple of a graph its place in the tier graphs, from the graphs that hold it now."""
    for tier, tier_graph in names.tier_graphs.items():
        if tier in tiers:
            yield f"DELETE {{ GRAPH <{tier_graph}> {{ {_X} }} }} WHERE {{ GRAPH <{graph}> {{ {_X} }} }}"
    yield (
        f"INSERT {{ GRAPH ?tier {{ {_X} }} }} WHERE {{ GRAPH <{graph}> {{ {_X} }} GRAPH ?holder {{ {_X} }} "
        f"GRAPH <{names.state}> {{ ?holder <{names.own}tier> ?tier }} }}"
    )
    yield from _disjoint(graph, names, tiers)


def _disjoint(graph: str, names: Names, tiers: Collection[Tier | None]) -> Iterator[str]:
    """Take each triple of a graph out of tier graphs where a more open one holds it."""
    in_use = [tier_graph for tier, tier_graph in names.tier_graphs.items() if tier in tiers]
    for opener, closer in itertools.combinations(in_use, 2):
        yield (
            f"DELETE {{ GRAPH <{closer}> {{ {_X} }} }} WHERE {{ GRAPH <{graph}> {{ {_X} }} "
            f"GRAPH <{opener}> {{ {_X} }} }}"
        )


def requests(statements: Iterable[str]) -> Iterator[str]:
    """The statements as requests of a bearable length."""
    left = iter(statements)
    while batch := list(itertools.islice(left, _STATEMENTS)):
        yield " ;\n".join(batch)
