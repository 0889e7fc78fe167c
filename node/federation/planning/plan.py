"""What a query needs to see, as a tree: which triples can take part in a solution, and what may narrow them.

A *body* is a conjunction. Its **elements** must all match in every solution: triple patterns (scans), repeated paths
(closures), unions (choices), sub-selects that cut their solutions (rows) and graph names. Its **attachments** are
patterns that do not have to match: the right sides of ``OPTIONAL`` and ``MINUS`` and the patterns of ``EXISTS``.

Why what is fetched for a body is enough
----------------------------------------
Let M be the merge of all members' data and S ⊆ M what is fetched. A *context* gives some variables a set of candidates;
a solution *matters* when each of those variables that it binds has one of its candidates. The claim for every body and
context: the solutions that matter are the same, with the same multiplicities, over S and over M.

1. Every solution of a body, over S or over M, extends a solution of its elements. Elements only ask for triples that
   are there, so a solution of the elements over S is one over M. If S holds every triple that occurs in a mattering
   solution of the elements over M, the two agree on the elements, and K(v), the values that ``v`` takes there, holds
   every value that ``v`` can have in a mattering solution of the body, over S or over M.
2. Elements restrict each other, because a value that one of them cannot take is in no solution. Each is fetched with
   the candidates known so far, a superset of K, and its values narrow them for the next.
3. An attachment is only ever compared with solutions of what stands before it (``OPTIONAL``, ``MINUS``, section 18.2.2)
   or of its group (``FILTER EXISTS``). For a variable that is *certain* there (bound in each of those solutions) only
   the candidates K(v) can be compatible, so K(v) may be the attachment's context. A variable that is not certain there
   must not restrict it: an ``OPTIONAL`` that comes before the pattern that binds ``?x`` also decides whether there is
   a solution at all. What S makes of values outside K(v) is discarded by the elements, by 1.
4. An arm of a union is joined with the rest, so the whole context enters it. A variable leaves it with the candidates
   of all arms, if every arm is certain to bind it.
5. A sub-select without LIMIT and OFFSET is part of the conjunction around it, its variables that are not projected
   renamed apart. One with GROUP BY takes part by those keys that are plain variables: a group is in or out as a whole.
   One that cuts its solutions, or that counts all of them without GROUP BY, is fetched with no context.
6. A path ``p*`` from the candidates of one end is followed over all members until nothing new is reached: every edge of
   every path from them has come, whichever end it is, and whatever came from the other one too. Its zero-length
   solutions only need to know whether the candidate is a node of the graph: a triple that shows it is fetched if no
   other does.
7. A solution in which a filter of its group does not hold is no solution. So a filter whose variables are all certain
   may go along with the patterns that bind them; what it removes is in no mattering solution of these elements.
8. A *star* (patterns of one subject) none of whose subjects can be described at two members is matched whole at each
   member: what its triples are, joined, is in no other way joined over M (``locality``).
9. More triples of M never do harm: the argument only uses S ⊆ M and that certain triples are in S.

``FILTER(?x = <iri>)``, ``?x IN (<iri>, …)``, ``VALUES`` and ``BIND(<iri> AS ?x)`` give candidates of their own. Only
IRIs and plain strings are used so: numbers and dates compare by value, not by term.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from node.federation.calling.rows import cell
from node.sparql.algebra import Expression
from node.sparql.terms import Term, iri_term

#: A variable's name (renamed apart), or a constant.
Place: TypeAlias = str | Term
#: The graph a pattern is matched in; None is the default graph.
GraphPlace: TypeAlias = str | Term | None


@dataclass(frozen=True, slots=True)
class Scan:
    """One triple pattern."""

    s: Place
    p: Place
    o: Place
    graph: GraphPlace = None

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(v for v in (self.s, self.p, self.o, self.graph) if isinstance(v, str))


@dataclass(frozen=True, slots=True)
class Star:
    """Triple patterns of one subject, each with a predicate of its own, in the default graph."""

    subject: str
    scans: tuple[Scan, ...]

    @property
    def variables(self) -> frozenset[str]:
        return frozenset().union(*(scan.variables for scan in self.scans))


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a path: a predicate (None: any) followed from subject to object, or the other way."""

    predicate: str | None
    inverse: bool

    def reversed(self) -> Step:
        """The same edge in the other direction."""
        return Step(self.predicate, not self.inverse)

    def scan(self, source: Place, target: Place, graph: GraphPlace, *, any_predicate: str) -> Scan:
        """The edge as a triple pattern, ``any_predicate`` the variable that stands for any predicate."""
        predicate: Place = iri_term(self.predicate) if self.predicate is not None else any_predicate
        return Scan(target, predicate, source, graph) if self.inverse else Scan(source, predicate, target, graph)


@dataclass(frozen=True, slots=True)
class Closure:
    """A repeated path. ``steps`` are all edges that occur in it: following any of them in any order reaches at least
    what the path reaches. ``once``: one step at most. ``wide``: the end from which it was found to lead to many nodes,
    if it was tried."""

    start: Place
    end: Place
    steps: tuple[Step, ...]
    minimum: int
    once: bool
    graph: GraphPlace = None
    wide: Place | None = None

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(v for v in (self.start, self.end, self.graph) if isinstance(v, str))


@dataclass(frozen=True, slots=True)
class Choice:
    """A union."""

    arms: tuple[Body, ...]

    @property
    def variables(self) -> frozenset[str]:
        return frozenset().union(*(arm.variables for arm in self.arms))


@dataclass(frozen=True, slots=True)
class Rows:
    """A sub-select that is answered for itself; ``visible`` are the variables it shares with the outside."""

    body: Body
    visible: frozenset[str]

    @property
    def variables(self) -> frozenset[str]:
        return self.visible


@dataclass(frozen=True, slots=True)
class Names:
    """``GRAPH`` around something that may match nothing in it: that the graph exists is then what matters."""

    graph: str | Term

    @property
    def variables(self) -> frozenset[str]:
        return frozenset((self.graph,)) if isinstance(self.graph, str) else frozenset()


Element: TypeAlias = Scan | Star | Closure | Choice | Rows | Names


@dataclass(frozen=True, slots=True)
class Attachment:
    """A pattern that does not have to match, and the variables whose candidates may enter it."""

    body: Body
    allowed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Body:
    """A conjunction. ``seeds`` are candidates that the query's text gives; ``certain`` variables are bound in every
    solution; ``filters`` are conditions on them that hold in every solution."""

    elements: tuple[Element, ...]
    attachments: tuple[Attachment, ...]
    seeds: tuple[tuple[str, frozenset[bytes]], ...]
    certain: frozenset[str]
    filters: tuple[Expression, ...] = ()

    @property
    def variables(self) -> frozenset[str]:
        """Every variable that candidates from outside could narrow."""
        inner = frozenset().union(*(e.variables for e in self.elements))
        return inner.union(*(a.allowed | a.body.variables for a in self.attachments), self.certain)

    def scans(self) -> Iterator[Scan]:
        """Every triple pattern anywhere in the body."""
        return (e for e in self.everything() if isinstance(e, Scan))

    def everything(self) -> Iterator[Element]:
        """Every element anywhere in the body."""
        for element in self.elements:
            yield element
            if isinstance(element, Choice):
                for arm in element.arms:
                    yield from arm.everything()
            elif isinstance(element, Rows):
                yield from element.body.everything()
        for attachment in self.attachments:
            yield from attachment.body.everything()


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a variable can be. ``terms`` are cells; ``blank`` names the members some of whose blank nodes it can be too.

    ``nodes_of``: graphs of which S knows of every candidate whether it is a node there. ``kept``: they were found with
    the help of data that may not leave this node, so that others are told ``shown`` in their place: at least as many,
    found without such data. None: nothing.
    """

    terms: frozenset[bytes]
    blank: frozenset[str] = field(default=frozenset())
    nodes_of: frozenset[GraphPlace] = field(default=frozenset())
    kept: bool = False
    shown: Candidates | None = None

    def __bool__(self) -> bool:
        return bool(self.terms or self.blank)

    def sendable(self) -> Candidates | None:
        """What others may be told."""
        return self.shown if self.kept else self

    def narrowed(self, other: Candidates | None) -> Candidates:
        """What both allow."""
        if other is None:
            return self
        both = Candidates(self.terms & other.terms, self.blank & other.blank, self.nodes_of | other.nodes_of)
        if not self.kept and not other.kept:
            return both
        ours, theirs = self.sendable(), other.sendable()
        return replace(both, kept=True, shown=theirs if ours is None else ours.narrowed(theirs))

    def widened(self, other: Candidates) -> Candidates:
        """What either allows."""
        either = Candidates(self.terms | other.terms, self.blank | other.blank, self.nodes_of & other.nodes_of)
        if not self.kept and not other.kept:
            return either
        ours, theirs = self.sendable(), other.sendable()
        return replace(either, kept=True, shown=None if ours is None or theirs is None else ours.widened(theirs))


def seed_cells(terms: list[Term]) -> frozenset[bytes] | None:
    """The terms as candidates, None when one of them could equal a term that is written differently."""
    if all(t.kind == "iri" or (t.kind == "literal" and t.datatype is None) for t in terms):
        return frozenset(cell(t) for t in terms)
    return None
