"""How far members may walk a repeated path by themselves, judged by what they say they hold. Pure.

Followed step by step, a path takes a round for each of its steps. A member that is asked for all edges that it can
reach from some nodes gives at once what would take many rounds; what it does not hold is still to be asked of the
others. So a path takes about as many rounds as it crosses from one member to another. What comes is the same: edges
that can be part of the path.

An engine walks from each node by itself, over edges that it has walked from another one. So no more nodes are sent at
once than the member can certainly walk from, until it is known how far the first of them led.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from node.federation.calling.rows import Table
from node.federation.planning.plan import Scan, Step
from node.federation.planning.requests import Job, ScanText
from node.federation.planning.selection import Catalogue

#: A member walks at most about so many edges for one request: a few seconds.
_EDGES = 5_000_000
#: Of so few edges all are asked for at once.
_FEW = 1_000
#: How far the first nodes led is only a guess for the others.
_LEAST = 200
#: No predicate is called so: whatever is either this or not is any.
_NO_PREDICATE = "<urn:onconode:no-predicate>"


@dataclass
class Reach:
    """One direction of a repeated path, for which members are asked round by round.

    ``starts``: of each member that is now asked for all it can reach, the nodes from which (as cells). ``beyond``: of
    each member, the nodes that lie on its way: all their edges there have come. ``most``: so many edges of one member
    are too many (``cut``).
    """

    scans: tuple[Scan, ...]
    path: str
    source: str
    catalogue: Catalogue
    starts: dict[str, frozenset[bytes]] = field(default_factory=dict)
    beyond: dict[str, set[bytes]] = field(default_factory=dict)
    most: int | None = None
    cut: bool = False
    _asked: set[Job] = field(default_factory=set)
    _came: dict[str, int] = field(default_factory=dict)

    @classmethod
    def along(cls, steps: Sequence[Step], scans: Sequence[Scan], source: str, catalogue: Catalogue) -> Reach | None:
        """One along these steps, whose edges ``scans`` match and lead away from the variable ``source``.

        None where members are not asked so: in named graphs, and where values may be known that may not be told.
        """
        if catalogue.kept or not all(map(catalogue.in_default_graph, scans)):
            return None
        return cls(tuple(scans), "|".join(dict.fromkeys(map(_written, steps))), source, catalogue)

    def begin(self, frontier: frozenset[bytes]) -> None:
        """Choose the members that are asked in the next round, from these nodes."""
        self.starts.clear()
        self._asked.clear()
        nodes = frozenset(node for node in frontier if node.startswith(b"<"))
        for name, held in self._holders().items():
            if held <= _FEW:
                continue
            fresh = nodes - self.beyond.get(name, frozenset())
            possible = frozenset().union(
                *(self.catalogue.possible(name, scan, self._column(scan), fresh) for scan in self.scans)
            )
            most = _EDGES // min(held, max(_LEAST, self._came.get(name, held)))
            if possible and most:
                self.starts[name] = frozenset(sorted(possible)[:most])

    def alone(self) -> bool:
        """Whether one member holds all edges, and can be asked for those it reaches."""
        names = {n for n in self.catalogue.summaries if any(self.catalogue.holds(n, scan) for scan in self.scans)}
        return len(names) == 1 and names <= self._holders().keys()

    def text(self, text: ScanText, column: str, starts: Sequence[bytes]) -> str:
        """The request for all matches whose ``column`` is reached from these nodes."""
        return text.reached(column, starts, f"({self.path})*", self.most)

    def asks(self, job: Job) -> Job:
        """The same job, remembered as one for all that can be reached."""
        self._asked.add(job)
        return job

    def asked(self, job: Job) -> bool:
        """Whether it is such a job."""
        return job in self._asked

    def take(self, name: str, table: Table) -> None:
        """What came of such a job of a member."""
        self.cut = self.cut or (self.most is not None and len(table) >= self.most)
        self._came[name] = max(self._came.get(name, 0), len(table))
        beyond = self.beyond.setdefault(name, set())
        beyond |= self.starts.get(name, frozenset())
        for column in "so":
            if column in table.columns:
                beyond |= table.values(column)

    def left(self, name: str, values: Collection[bytes]) -> frozenset[bytes]:
        """Those of some nodes whose edges the member has not given."""
        return frozenset(values) - self.beyond.get(name, frozenset()) - self.starts.get(name, frozenset())

    def _holders(self) -> Mapping[str, int]:
        """Of members that evaluate paths as this node's engine does, and say what they hold: how many edges."""
        catalogue, found = self.catalogue, {}
        for name in catalogue.summaries:
            if name in catalogue.alike:
                counts = [catalogue.count(name, scan) for scan in self.scans]
                if None not in counts and (held := sum(count or 0 for count in counts)):
                    found[name] = held
        return found

    def _column(self, scan: Scan) -> str:
        return "s" if scan.s == self.source else "o"


def _written(step: Step) -> str:
    predicate = f"({_NO_PREDICATE}|!{_NO_PREDICATE})" if step.predicate is None else f"<{step.predicate}>"
    return f"^{predicate}" if step.inverse else predicate
