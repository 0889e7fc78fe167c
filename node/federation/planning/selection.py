"""Which members can hold matches of a pattern, and about how many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar, cast

from node.federation.members.directory import Directory
from node.federation.members.spaces import Cells, Holders
from node.federation.members.summaries import Summary
from node.federation.planning.plan import Candidates, Place, Scan
from node.federation.planning.requests import Job, Scope, scan_text
from node.rdf.namespaces import RDF_TYPE
from node.sparql.terms import Term

T = TypeVar("T")

# What a pattern is thought to match at a member that says nothing about itself.
_UNKNOWN = 10_000
#: How many triples it is thought to have for each value of a variable.
FAN = 2.0
#: So many triples of one predicate, on average, make a subject one that is not looked through.
_MANY = 20


class Catalogue:
    """The members by name with what they say they hold (None: nothing), and what was found out by asking.

    ``alike``: those that evaluate expressions as this node's engine does. ``directory`` is that of the summaries.
    ``kept``: those whose values no other may be told; they say nothing of what they hold, and are asked always.
    ``guesses`` is the directory in which members that say nothing are thought to hold what they held some time ago.
    ``estimates`` is a catalogue of that, or this one where there are no guesses: for numbers, which decide in which
    order and how much at a time is asked for, and for nothing that an answer depends on.
    """

    def __init__(
        self,
        summaries: Mapping[str, Summary | None],
        scope: Scope,
        alike: frozenset[str] = frozenset(),
        directory: Directory | None = None,
        kept: frozenset[str] = frozenset(),
        *,
        guesses: Directory | None = None,
    ) -> None:
        self.estimates = self if guesses is None else Catalogue(guesses.summaries, scope, alike, guesses)
        self.summaries = summaries
        self.scope = scope
        self.alike = alike
        self.kept = kept
        self.directory = directory or Directory(summaries)
        self.asked: dict[tuple[str, str], bool] = {}
        self._partial = frozenset(n for n, s in summaries.items() if s is not None and not s.covers_graphs)
        self._cells: dict[frozenset[bytes], Cells] = {}
        self._anywhere = Holders({}, frozenset(summaries))
        self._of_scans: dict[tuple[str, Scan], object] = {}

    def count(self, name: str, scan: Scan, predicates: Candidates | None = None) -> int | None:
        """At most how many triples of the member match, judged by the constants; None if it does not say."""
        return None if name in self._unknown(scan) else self._counts(scan, predicates).get(name, 0)

    def in_default_graph(self, scan: Scan) -> bool:
        """Whether a pattern is matched in the members' default graphs."""
        return scan.graph is None and self.scope.default is None

    def subjects(self, scan: Scan) -> Holders:
        """Where the members' subjects of a pattern are."""
        if not self.in_default_graph(scan):
            return self._anywhere
        type_of = scan.o.value if isinstance(scan.o, Term) and scan.o.kind == "iri" else None
        return self.directory.subjects(_iri(scan.p), type_of)

    def objects(self, scan: Scan) -> Holders:
        """Where the members' objects of a pattern are."""
        return self.directory.objects(_iri(scan.p)) if self.in_default_graph(scan) else self._anywhere

    def possible(self, name: str, scan: Scan, column: str, values: frozenset[bytes]) -> frozenset[bytes]:
        """The values that the member can have as subject (``s``) or object (``o``) of a pattern."""
        if column not in "so":
            return values
        spaces = (self.subjects(scan) if column == "s" else self.objects(scan)).of(name)
        if spaces is None or not values:
            return values
        cells = self._cells.get(values)
        if cells is None:
            cells = self._cells[values] = Cells(values)
        if column == "o" and (listed := self._listed(name, scan)) is not None:
            return (values & listed) | (values - cells.named)
        return cells.within(spaces)

    def known(self, scan: Scan) -> tuple[Mapping[str, int], Collection[str]]:
        """At most how many triples match at each member that says so and can hold any; those that do not say."""
        counts, unknown = self._counts(scan), self._unknown(scan)
        return {name: n for name, n in counts.items() if name not in unknown} if unknown else counts, unknown

    def holds(self, name: str, scan: Scan) -> bool:
        """Whether the member can hold a match, as far as it says."""
        return self.count(name, scan) != 0

    def holding(self, scans: Iterable[Scan]) -> list[str]:
        """The members that can hold a match of each of these patterns, as far as they say, in their order."""
        held = [self._counts(scan).keys() | self._unknown(scan) for scan in dict.fromkeys(scans)]
        return [name for name in self.summaries if all(name in names for names in held)]

    def fan(self, name: str, scan: Scan, column: str) -> float:
        """About how many triples of the member match for each value of a subject (``s``) or object (``o``)."""
        return self.fans(scan, column).get(name, FAN)

    def fans(self, scan: Scan, column: str) -> Mapping[str, float]:
        """The same of each member that says so; of others it is thought to be 2."""
        if not isinstance(scan.p, Term) or column not in "so":
            return {}
        predicate = scan.p.value

        def find() -> dict[str, float]:
            found: dict[str, float] = {}
            for name, count in self.known(scan)[0].items():
                summary = self.summaries[name]
                assert summary is not None
                different = (summary.distinct_subjects if column == "s" else summary.distinct_objects)(predicate)
                if different:
                    found[name] = count / different
            return found

        return self._remembered("fans" + column, scan, find)

    def matches(self, name: str, scan: Scan, predicates: Candidates | None = None) -> float | None:
        """About how many triples of the member match, judged by constants too; None if it does not say."""
        if predicates is None or isinstance(scan.p, Term):
            return None if name in self._unknown(scan) else self.likely(scan).get(name, 0.0)
        count = self.count(name, scan, predicates)
        return count if not count else self._judged(name, scan, count)

    def likely(self, scan: Scan) -> Mapping[str, float]:
        """The same of each member that says so and can hold any."""

        def find() -> dict[str, float]:
            return {name: self._judged(name, scan, count) for name, count in self.known(scan)[0].items()}

        return self._remembered("matches", scan, find)

    def may_have_hubs(self, name: str) -> bool:
        """Whether to look through all triples of a subject of the member may be much, as far as is known: there is a
        predicate of which subjects have many."""
        summary = self.summaries[name]

        def find() -> bool:
            if summary is None:
                return True
            said = ((count, summary.distinct_subjects(p)) for p, count in summary.predicates.items())
            return any(not different or count > _MANY * different for count, different in said if count)

        return self.directory.remembered(("hubs", name), find)

    def _judged(self, name: str, scan: Scan, count: int) -> float:
        if isinstance(scan.s, Term):
            return min(float(count), 2.0 + self.fan(name, scan, "s"))
        if isinstance(scan.o, Term) and not _is_class(scan):
            # Some values are far more frequent than others.
            return min(float(count), 20.0 + 4.0 * self.fan(name, scan, "o"))
        return float(count)

    def _remembered(self, what: str, scan: Scan, find: Callable[[], T]) -> T:
        """What was found for a pattern, by this query or by one before it."""
        known = self._of_scans.get((what, scan))
        if known is None:
            places = tuple(place if isinstance(place, Term) else None for place in (scan.s, scan.p, scan.o))
            key = (what, places, self.in_default_graph(scan))
            known = self._of_scans[what, scan] = self.directory.remembered(key, find)
        return cast("T", known)

    def total(self, scan: Scan) -> int:
        """About how many triples match at all members together."""
        if self.scope.excludes(scan.graph):
            return 0

        def find() -> int:
            known, unknown = self.known(scan)
            return sum(known.values()) + _UNKNOWN * len(unknown)

        return self._remembered("total", scan, find)

    def sources(
        self, scan: Scan, predicates: Candidates | None, *, probing: bool = False
    ) -> tuple[list[str], list[Job]]:
        """The members to ask, and the questions that must be answered before the others are known.

        A member with a summary is asked when its summary does not rule the pattern out. One without is always asked,
        or, when ``probing`` (much would be sent to it) and there is no guess how much it has, when an ASK for the
        pattern's constants says yes. Put the answers in ``asked`` and call again.
        """
        if self.scope.excludes(scan.graph) or _impossible(scan):
            return [], []
        unknown, counts = self._unknown(scan), self._counts(scan, predicates)
        if not unknown:
            return list(counts), []
        chosen: list[str] = []
        questions: list[Job] = []
        text = f"ASK {{ {scan_text(scan, self.scope).pattern} }}"
        for name in self.summaries:
            if name not in unknown:
                if name in counts:
                    chosen.append(name)
                continue
            known = self.asked.get((name, text))
            guessed = self.estimates is not self and self.estimates.count(name, scan) is not None
            if known or (known is None and (guessed or not probing) and name not in self.kept):
                chosen.append(name)
            elif known is None:
                questions.append(Job(name, text, ()))
        return chosen, questions

    @property
    def anybody(self) -> list[str]:
        """The members to ask for what any may hold, whatever it says: but for those that others hold all of."""
        return [name for name, said in self.summaries.items() if said is None or not said.elsewhere]

    def idle(self, scans: Iterable[Scan]) -> list[str]:
        """The members that can hold no match of any of these patterns, as far as they say."""
        busy: set[str] = set()
        for scan in dict.fromkeys(scans):
            busy.update(self._unknown(scan), self._counts(scan))
        return [name for name in self.summaries if name not in busy]

    def only_source(self, scans: Sequence[Scan]) -> str | None:
        """The one member that can hold matches of these patterns, if there is one. It need not say so where all others
        say that they hold none."""
        holding: set[str] = set()
        for scan in scans:
            holding.update(self._unknown(scan), self._counts(scan))
        return holding.pop() if len(holding) == 1 else None

    def _unknown(self, scan: Scan) -> Collection[str]:
        """The members that do not say what they hold of this pattern."""
        if self._partial and not self.in_default_graph(scan):
            return {*self.directory.silent, *self._partial}
        return self.directory.silent

    def _counts(self, scan: Scan, predicates: Candidates | None = None) -> Mapping[str, int]:
        """At most how many triples match at each member that says so and can hold any, in the members' order."""
        subject, value = (place if isinstance(place, Term) else None for place in (scan.s, scan.o))
        if isinstance(scan.p, Term) or predicates is None or predicates.blank:
            return self.directory.counts(_iri(scan.p), subject, value)
        counts: dict[str, int] = {}
        for predicate in predicates.terms:
            if predicate.startswith(b"<"):
                for name, count in self.directory.counts(predicate[1:-1].decode(), subject, value).items():
                    counts[name] = counts.get(name, 0) + count
        return self.directory.in_order(counts)

    def _listed(self, name: str, scan: Scan) -> frozenset[bytes] | None:
        """The cells of all IRIs that the member has as object of a pattern; None: it does not say."""
        summary, predicate = self.summaries[name], _iri(scan.p)
        if summary is None or predicate is None:
            return None

        def find() -> frozenset[bytes] | None:
            values = summary.values(predicate)
            return None if values is None else frozenset(f"<{value}>".encode() for value in values)

        return self.directory.remembered(("listed", name, predicate), find)


def _iri(place: Place) -> str | None:
    return place.value if isinstance(place, Term) else None


def _is_class(scan: Scan) -> bool:
    return isinstance(scan.p, Term) and scan.p.value == RDF_TYPE


def _impossible(scan: Scan) -> bool:
    """Whether no triple can match: a literal as subject or predicate."""
    return any(isinstance(place, Term) and place.kind != "iri" for place in (scan.s, scan.p))
